//! Telling decisions to whoever follows documents.

use crate::decide::Case;
use crate::event::{DeadLetter, EventMeta, InputRecord};
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::Processor;
use crate::trace::{DecisionSpan, TraceContext};
use crate::worker::Worker;

/// More decisions of one batch are not told: a watch is there to look, and must not cost memory.
const SPANS_MAX: usize = 10_000;

/// The place of a decision in its trace.
pub(crate) struct Place {
    parent: Option<[u8; 8]>,
    context: TraceContext,
    /// What its events carry.
    pub(crate) header: String,
}

impl Place {
    /// The decision whose events begin with that prefix; a later page of it stands at a place of its own.
    pub(crate) fn of(meta: &EventMeta, prefix: &str, said: u32) -> Self {
        let told = TraceContext::told(meta);
        let above = told.unwrap_or_else(|| TraceContext::begun_by(&meta.id));
        let context = if said == 0 { above.child(prefix) } else { above.child(&format!("{prefix}@{said}")) };
        Self { parent: told.map(|told| told.span_id), context, header: context.traceparent() }
    }
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Notes the time, where somebody wants to know it.
    pub(crate) fn decision_begins(&mut self) {
        if self.decision_watch.is_some() {
            self.batch.decision_began = self.log.clock();
        }
    }

    /// Keeps a decision to be told once it is committed.
    pub(crate) fn follow(
        &mut self,
        case: &Case<'_, P::Event>,
        place: &Place,
        (outcome, rule): (&str, &str),
        outputs: usize,
    ) {
        if let Some(span) = self.span(case.record, &case.meta.event_type, place) {
            let outputs = u32::try_from(outputs).unwrap_or(u32::MAX);
            self.batch.spans.push(DecisionSpan { outcome: outcome.to_owned(), rule: rule.to_owned(), outputs, ..span });
        }
    }

    /// Keeps that a record was put aside.
    pub(crate) fn follow_aside(&mut self, record: &InputRecord, letter: &DeadLetter) {
        if self.decision_watch.is_none() {
            return;
        }
        let meta = record.meta();
        let place = Place::of(&meta, &format!("{}/{}/put-aside", meta.id, P::NAME), 0);
        if let Some(span) = self.span(record, &meta.event_type, &place) {
            let (outcome, rule) = (letter.code.clone(), letter.rule.clone());
            self.batch.spans.push(DecisionSpan { outcome, rule, put_aside: true, ..span });
        }
    }

    fn span(&mut self, record: &InputRecord, event_type: &str, place: &Place) -> Option<DecisionSpan> {
        let watch = self.decision_watch.as_ref()?;
        if self.batch.spans.len() >= SPANS_MAX || !watch.wants(&place.context) {
            return None;
        }
        Some(DecisionSpan {
            context: place.context,
            parent: place.parent,
            event_type: event_type.to_owned(),
            outcome: String::new(),
            rule: String::new(),
            put_aside: false,
            outputs: 0,
            topic: record.source.topic.clone(),
            partition: record.source.partition,
            offset: record.offset,
            began: self.batch.decision_began,
            ended: self.log.clock(),
        })
    }

    /// Tells the decisions of a committed batch.
    pub(crate) fn tell_decisions(&mut self, spans: Vec<DecisionSpan>) {
        if spans.is_empty() {
            return;
        }
        let now = self.log.clock();
        if let Some(watch) = &mut self.decision_watch {
            watch.decided(spans, now);
        }
    }
}
