//! Marks as records, and the last of them as the writer's memory.

use gst_events::{DayOpened, DueDateExtended, EventPayload, RulebookActivated, Topic};
use gst_types::{DateError, IstDate};
use std::collections::BTreeMap;
use stream::{EventMeta, InputRecord, OutputRecord};

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenMark {
    /// A rulebook takes effect.
    Rulebook(RulebookActivated),
    /// A due date moves.
    DueDate(DueDateExtended),
    /// A day begins; a day that was opened before only carries the position in the commands.
    Day(DayOpened),
}

/// A mark with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMark {
    /// The `ce_id`, the same however often the plan is made.
    pub id: String,
    /// The mark.
    pub mark: TakenMark,
}

impl PlannedMark {
    /// The record to write into each partition of each journal; its topic names only the first of them.
    #[must_use]
    pub fn record(&self) -> (EventMeta, OutputRecord) {
        match &self.mark {
            TakenMark::Rulebook(mark) => record_of(&self.id, mark),
            TakenMark::DueDate(mark) => record_of(&self.id, mark),
            TakenMark::Day(mark) => record_of(&self.id, mark),
        }
    }
}

fn record_of<P: EventPayload>(id: &str, payload: &P) -> (EventMeta, OutputRecord) {
    let meta = EventMeta {
        id: id.to_owned(),
        event_type: P::TYPE.0.to_owned(),
        class: Some(P::CLASS),
        ..EventMeta::default()
    };
    let record = OutputRecord {
        topic: Topic::RecipientJournal.name(),
        key: String::new(),
        partition: None,
        event_type: P::TYPE,
        class: P::CLASS,
        subject: "*".to_owned(),
        headers: Vec::new(),
        // Marks are plain data with text keys, which serde_json always writes.
        value: serde_json::to_vec(payload).unwrap_or_default(),
    };
    (meta, record)
}

/// The last day written, which carries the position in the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMark {
    /// The day.
    pub date: IstDate,
    /// Ids of commands taken in.
    pub commands: Vec<String>,
    /// Position in the commands behind the last one taken in.
    pub command_offsets: BTreeMap<u32, i64>,
}

/// The last mark in a journal's record; `None` where the record is no day.
///
/// # Errors
/// [`DateError`] where the record says that it is a day but holds none.
pub fn read_last(record: &InputRecord) -> Result<Option<LastMark>, DateError> {
    if record.header("ce_type") != Some(DayOpened::TYPE.0) {
        return Ok(None);
    }
    let day: DayOpened = serde_json::from_slice(&record.value).map_err(|_| DateError::Date)?;
    Ok(Some(LastMark { date: day.date, commands: day.commands, command_offsets: day.command_offsets }))
}
