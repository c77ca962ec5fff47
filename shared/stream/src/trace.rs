//! Traces, as W3C Trace Context writes them. Every id is derived from the ids of events, so that a record that is decided
//! again, or decided by another build, stands at the same place of the same trace.

use crate::event::EventMeta;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace: everything that follows from one message of a feed.
    pub trace_id: [u8; 16],
    /// The decision, or what came before us.
    pub span_id: [u8; 8],
    /// Whether who began the trace wants to see it.
    pub sampled: bool,
}

impl TraceContext {
    /// The place of an event: as its header says; otherwise a trace of its own, named by the event.
    #[must_use]
    pub fn of(meta: &EventMeta) -> Self {
        Self::told(meta).unwrap_or_else(|| Self::begun_by(&meta.id))
    }

    /// The trace that an event of that id begins.
    pub(crate) fn begun_by(id: &str) -> Self {
        Self { trace_id: first(&digest("trace", id)), span_id: span_id(id), sampled: true }
    }

    /// What the event's header says, `None` where there is none or it is none.
    #[must_use]
    pub fn told(meta: &EventMeta) -> Option<Self> {
        meta.traceparent.as_deref().and_then(Self::parse)
    }

    /// Reads a `traceparent`. Later versions are read as far as they are known here; ids of zeros are invalid.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version: [u8; 1] = bytes(version)?;
        if version == [0xff] || (version == [0] && parts.next().is_some()) {
            return None;
        }
        let (trace_id, span_id, [flags]) = (bytes(trace)?, bytes(span)?, bytes(flags)?);
        let valid = trace_id != [0; 16] && span_id != [0; 8];
        valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// The place of a decision, which is named as the events that it says are.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self { span_id: span_id(name), ..*self }
    }

    /// The header.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        HEXLOWER.encode_append(&self.trace_id, &mut text);
        text.push('-');
        HEXLOWER.encode_append(&self.span_id, &mut text);
        text.push_str(if self.sampled { "-01" } else { "-00" });
        text
    }
}

/// A decision that is committed, for whoever follows a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionSpan {
    /// Its place.
    pub context: TraceContext,
    /// What it follows from; `None` where the trace begins with it.
    pub parent: Option<[u8; 8]>,
    /// The type of the event that was decided.
    pub event_type: String,
    /// The outcome's code, or the dead letter's.
    pub outcome: String,
    /// The rule that decided.
    pub rule: String,
    /// Whether the record was put aside.
    pub put_aside: bool,
    /// How many events it said.
    pub outputs: u32,
    /// The topic the event was read from.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: u32,
    /// Its offset.
    pub offset: i64,
    /// When the decision began, by the log's clock.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
}

/// Hears of decisions once they are committed. What is aborted is never told.
pub trait DecisionWatch: Send {
    /// Whether a trace is of interest; the others cost nothing.
    fn wants(&self, context: &TraceContext) -> bool;

    /// Takes the decisions of one commit; `now` is the log's clock. It must not wait.
    fn decided(&mut self, spans: Vec<DecisionSpan>, now: Duration);
}

fn digest(kind: &str, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    hash.finalize().into()
}

fn span_id(name: &str) -> [u8; 8] {
    first(&digest("span", name))
}

/// The first bytes of a digest. All zeros would be no id, and is as likely as any other id: never.
fn first<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    let mut id = [0; N];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    id
}

/// Bytes of small hexadecimal digits, as many as wanted.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn event(id: &str, traceparent: Option<&str>) -> EventMeta {
        EventMeta { id: id.to_owned(), traceparent: traceparent.map(str::to_owned), ..EventMeta::default() }
    }

    #[test]
    fn the_example_of_the_standard_is_read_and_written() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.traceparent(), EXAMPLE);
        let unsampled = EXAMPLE.replace("-01", "-00");
        assert_eq!(TraceContext::parse(&unsampled).unwrap().traceparent(), unsampled);
        // A later version may have more parts, and flags that we do not know.
        assert!(TraceContext::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03-more").unwrap().sampled);
    }

    #[test]
    fn what_the_standard_forbids_is_no_context() {
        for text in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_follow_from_events_alone() {
        let told = TraceContext::of(&event("a", Some(EXAMPLE)));
        assert_eq!(told.traceparent(), EXAMPLE);
        let own = TraceContext::of(&event("a", None));
        assert_eq!(own, TraceContext::of(&event("a", Some("nonsense"))));
        assert_ne!(own.trace_id, TraceContext::of(&event("b", None)).trace_id);
        let decision = own.child("a/ims");
        assert_eq!((decision.trace_id, decision.sampled), (own.trace_id, true));
        assert_ne!(decision.span_id, own.span_id);
        assert_eq!(decision, own.child("a/ims"));
        assert_ne!(decision, own.child("a/gstr2b"));
    }
}
