//! The rows the loop itself keeps, in tables whose names begin with `~`, so that they never meet a processor's.

use crate::event::{InputRecord, SourcePartition};
use crate::row::{Row, RowKey, show_row};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A record kept in a row, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecord {
    /// The topic it was read from.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: i64,
    /// When it was stamped, milliseconds since 1970.
    pub timestamp_in_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its value.
    pub value: Vec<u8>,
}

impl From<&InputRecord> for KeptRecord {
    fn from(record: &InputRecord) -> Self {
        Self {
            topic: record.source.topic.to_string(),
            partition: record.source.partition,
            offset: record.offset,
            timestamp_in_ms: record.timestamp_in_ms,
            key: record.key.clone(),
            headers: record.headers.clone(),
            value: record.value.clone(),
        }
    }
}

impl From<KeptRecord> for InputRecord {
    fn from(kept: KeptRecord) -> Self {
        Self {
            source: SourcePartition { topic: Arc::from(kept.topic), partition: kept.partition },
            offset: kept.offset,
            timestamp_in_ms: kept.timestamp_in_ms,
            key: kept.key,
            headers: kept.headers,
            value: kept.value,
        }
    }
}

/// Where a job's walk over its keys stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walk {
    /// Over [`crate::Processor::job_keys`].
    Rows,
    /// The timer index is to be compared with the rows of that day first.
    TimersUnchecked(NaiveDate),
    /// Over the keys that the timer index has for that day.
    TimersByIndex(NaiveDate),
    /// Over what the rows of that day still say, after the index.
    TimersByRows(NaiveDate),
    /// Every key is passed; the job closes when no key's part is left over.
    Done,
}

/// An open job, `~job|number`; deleted when it closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// The record that opened it; its offset and one is the job's number.
    pub record: KeptRecord,
    /// The last day opened when it was read.
    pub day: Option<NaiveDate>,
    /// The number of the rules in force when it was read.
    pub rules: u64,
    /// Where the walk stands.
    pub walk: Walk,
    /// The last key passed by the walk.
    pub cursor: Option<String>,
    /// Keys whose part waits in their own queue.
    pub outstanding: u64,
}

impl Row for JobRow {
    const TABLE: &'static str = "~job";
}

/// What the loop knows of a key, `~key|key`; deleted when nothing of the key waits and no open job needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// The last job that is done for the key or stands in its queue.
    pub jobs_passed: u64,
    /// The number of the first waiting item.
    pub first: u64,
    /// The number behind the last waiting item.
    pub next: u64,
    /// The jobs that stand in the queue and hold up their job's closing.
    pub queued_jobs: Vec<u64>,
    /// Whether the key is parked.
    pub parked: bool,
}

impl KeyRow {
    /// Whether something of the key waits.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.first < self.next
    }
}

impl Row for KeyRow {
    const TABLE: &'static str = "~key";
}

/// An event that waits for its key's turn, `~waiting|key|number`; deleted when it is decided, released or dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// The record.
    pub record: KeptRecord,
    /// The last day opened when it was read.
    pub day: Option<NaiveDate>,
    /// The number of the rules in force when it was read.
    pub rules: u64,
    /// Whether it is the key's part of a job.
    pub job: bool,
    /// Where the last page ended, if it is decided in part.
    pub cursor: Option<String>,
    /// How many events the pages so far said.
    pub said: u32,
}

impl Row for WaitingRow {
    const TABLE: &'static str = "~waiting";
}

/// A parked key, `~parked|key`; deleted by an operator's command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRow {
    /// What went wrong: a panic's message or the broken invariant.
    pub reason: String,
    /// The type of the event that could not be decided.
    pub event_type: String,
    /// Its id.
    pub event_id: String,
    /// Its offset.
    pub offset: i64,
    /// The last day opened when it was parked.
    pub since: Option<NaiveDate>,
}

impl Row for ParkedRow {
    const TABLE: &'static str = "~parked";
}

/// A fact that was decided, `~seen|key|id`; deleted by the first day behind the repeat window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRow {
    /// The last day on which a repeat is recognised.
    pub until: NaiveDate,
}

impl Row for SeenRow {
    const TABLE: &'static str = "~seen";
}

/// Which ids end on a day, `~seen-until|date|key|id`; deleted with its [`SeenRow`]. Its key says everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenUntilRow;

impl Row for SeenUntilRow {
    const TABLE: &'static str = "~seen-until";
}

/// Rules that were activated, `~rules|number`; kept for ever, a handful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesRow {
    /// The activation's payload.
    pub payload: Vec<u8>,
}

impl Row for RulesRow {
    const TABLE: &'static str = "~rules";
}

pub(crate) fn job_key(number: u64) -> RowKey {
    RowKey::table(JobRow::TABLE).with(format_args!("{number:020}"))
}

pub(crate) fn rules_key(number: u64) -> RowKey {
    RowKey::table(RulesRow::TABLE).with(format_args!("{number:020}"))
}

pub(crate) fn key_key(key: &str) -> RowKey {
    RowKey::table(KeyRow::TABLE).with(key)
}

pub(crate) fn seen_key(key: &str, id: &str) -> RowKey {
    RowKey::table(SeenRow::TABLE).with(key).with(id)
}

pub(crate) fn seen_until_key(until: NaiveDate, key: &str, id: &str) -> RowKey {
    RowKey::table(SeenUntilRow::TABLE).with(until).with(key).with(id)
}

/// The row of a parked key.
#[must_use]
pub fn parked_key(key: &str) -> RowKey {
    RowKey::table(ParkedRow::TABLE).with(key)
}

/// The row of a waiting event of a key.
#[must_use]
pub fn waiting_key(key: &str, number: u64) -> RowKey {
    RowKey::table(WaitingRow::TABLE).with(key).with(format_args!("{number:020}"))
}

/// A key as it stands inside row keys, so that keys compare as their rows do.
pub(crate) fn row_order(key: &str) -> String {
    RowKey::table("").with(key).as_str().to_owned()
}

/// A stored row of the loop's own as JSON, for people who look. Those that hold whole records are not shown: they are bytes.
#[must_use]
pub fn show_kept_row(table: &str, value: &[u8]) -> Option<serde_json::Value> {
    match table {
        KeyRow::TABLE => show_row::<KeyRow>(value),
        ParkedRow::TABLE => show_row::<ParkedRow>(value),
        SeenRow::TABLE => show_row::<SeenRow>(value),
        SeenUntilRow::TABLE => show_row::<SeenUntilRow>(value),
        _ => None,
    }
}
