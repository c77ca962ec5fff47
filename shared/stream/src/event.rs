//! Records as they are read and written, and how events are recognised in them.

use chrono::NaiveDate;
use std::fmt;
use std::sync::Arc;

/// The name of a type of event, the `ce_type` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(pub &'static str);

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// What a record is, the `itc-class` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Something that happened outside; repeats are recognised by its id.
    Fact,
    /// Something a worker decided.
    Decision,
    /// A day, a rulebook or a due date: it concerns every key of the partition.
    Mark,
    /// Said to the world on a public topic.
    Public,
}

impl Class {
    /// The word in the header.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Decision => "decision",
            Self::Mark => "mark",
            Self::Public => "public",
        }
    }

    /// The class of that word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Fact, Self::Decision, Self::Mark, Self::Public].into_iter().find(|class| class.code() == code)
    }
}

/// A partition of an input topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePartition {
    /// The partition. It stands first, because numbers tell two of them apart sooner than names of topics do.
    pub partition: u32,
    /// The topic.
    pub topic: Arc<str>,
}

/// Where a record stands in its log; offsets order arrivals within a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
}

/// A record as it was read.
#[derive(Debug, Clone)]
pub struct InputRecord {
    /// The topic and partition it was read from.
    pub source: SourcePartition,
    /// Its offset there.
    pub offset: i64,
    /// When the broker or producer stamped it, milliseconds since 1970; only for measuring lag.
    pub timestamp_in_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its value.
    pub value: Vec<u8>,
}

impl InputRecord {
    /// The last header of that name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rev().find(|(header, _)| header == name)?;
        std::str::from_utf8(value).ok()
    }

    /// The key as text; empty where there is none.
    #[must_use]
    pub fn key_text(&self) -> &str {
        self.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default()
    }

    /// Where the record stands.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { partition: self.source.partition, offset: self.offset }
    }

    /// The event's headers. A record without a `ce_id` is named by its place, so that it is still one event.
    #[must_use]
    pub fn meta(&self) -> EventMeta {
        let text = |name: &str| self.header(name).map(str::to_owned);
        let place = || format!("{}/{}/{}", self.source.topic, self.source.partition, self.offset);
        EventMeta {
            id: text("ce_id").unwrap_or_else(place),
            event_type: text("ce_type").unwrap_or_default(),
            time: text("ce_time"),
            cause: text("ce_causationid"),
            traceparent: text("traceparent"),
            class: self.header("itc-class").and_then(Class::from_code),
        }
    }
}

/// The headers that identify an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventMeta {
    /// `ce_id`: the same id means the same event, however often it is delivered.
    pub id: String,
    /// `ce_type`.
    pub event_type: String,
    /// `ce_time`: when it was sent, not the legal date inside.
    pub time: Option<String>,
    /// `ce_causationid`: the id of the event that this one follows from.
    pub cause: Option<String>,
    /// `traceparent` of W3C trace context.
    pub traceparent: Option<String>,
    /// `itc-class`.
    pub class: Option<Class>,
}

/// A record that a decision writes; the loop adds id, cause, time and trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRecord {
    /// The topic.
    pub topic: &'static str,
    /// The record key, for a journal the GSTIN or Bill of Entry concerned.
    pub key: String,
    /// The partition, for a mark that concerns a whole partition; otherwise the key decides.
    pub partition: Option<u32>,
    /// The type of event.
    pub event_type: EventType,
    /// The class.
    pub class: Class,
    /// `ce_subject`.
    pub subject: String,
    /// Further headers, such as `ce_sequence`.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON value.
    pub value: Vec<u8>,
}

/// An input, or a part of one, that cannot be used, with everything needed to mend and release it (section 8 of the
/// architecture). The loop adds source, offset, key, raw bytes and build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Stable code, such as `AMOUNT_TOO_MANY_DECIMALS`.
    pub code: String,
    /// The field at fault, such as `b2b[0].inv[2].itms[0].txval`; empty where it is the whole record.
    pub field: String,
    /// The rule that says so, such as `ID-4`.
    pub rule: String,
    /// What an operator reads; never a payload.
    pub message: String,
    /// The part at fault where only a part is put aside; otherwise the whole value is kept.
    pub part: Option<Vec<u8>>,
}

/// Why a record is no event of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeFailure(pub DeadLetter);

/// What concerns every key of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A day begins.
    DayOpened(NaiveDate),
    /// A rulebook takes effect; the value is what [`crate::Rules::activated`] reads.
    RulesActivated,
}

/// Events that a worker reads. A record of another type is skipped undecoded.
pub trait Decode: Sized {
    /// Whether a record of that `ce_type` is of use: an event that is read, a mark or an order. Of the others a log need
    /// bring nothing but their place, which spares a worker the copy of records that it skips: half of a journal or more.
    #[must_use]
    fn reads(_event_type: &str) -> bool {
        true
    }

    /// The event in a record, `None` where this worker does not read its type.
    ///
    /// # Errors
    /// [`DecodeFailure`] where the type is read but the value is not of it; the record becomes a dead letter.
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure>;

    /// The mark in a record, whether or not the worker reads its type; the loop keeps the day and the rules.
    ///
    /// # Errors
    /// [`DecodeFailure`] where the value is not of its type.
    fn mark(record: &InputRecord) -> Result<Option<Mark>, DecodeFailure>;

    /// An operator's order in a record, to whichever worker; the loop carries out those to its own.
    ///
    /// # Errors
    /// [`DecodeFailure`] where the value is not of its type.
    fn order(_record: &InputRecord) -> Result<Option<crate::orders::Order>, DecodeFailure> {
        Ok(None)
    }
}

/// Events that a worker writes.
pub trait Encode {
    /// The record to write.
    fn encode(&self) -> OutputRecord;

    /// What is said of an operator's order.
    fn answer(_answer: &crate::orders::Answer<'_>) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}
