//! A processor that numbers the records of each key, and the topics that it works on.

use serde::{Deserialize, Serialize};
use stream::{
    Class, Context, DecideError, Decision, Decode, DecodeFailure, Draft, Encode, EventType, InputRecord, Mark, Outcome,
    OutcomeKind, OutputRecord, Processor, Reaction, Route, Row, RowKey, Rules, StateView, WorkerName,
};

pub(crate) const INPUT: &str = "test.process.input";
pub(crate) const OUTPUT: &str = "test.process.output";
pub(crate) const NAME: WorkerName = WorkerName("test-process");

/// The headers of a record that it counts.
pub(crate) fn headers(id: &str) -> Vec<(String, Vec<u8>)> {
    let headers = [("ce_id", id), ("ce_type", "Counted"), ("itc-class", "decision")];
    headers.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into()
}

pub(crate) struct Counted(String);

impl Decode for Counted {
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure> {
        Ok(Some(Self(record.key_text().to_owned())))
    }

    fn mark(_record: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
        Ok(None)
    }
}

pub(crate) struct Said {
    key: String,
    number: u64,
}

impl Encode for Said {
    fn encode(&self) -> OutputRecord {
        OutputRecord {
            topic: OUTPUT,
            key: self.key.clone(),
            partition: None,
            event_type: EventType("Said"),
            class: Class::Public,
            subject: String::new(),
            headers: Vec::new(),
            value: self.number.to_string().into_bytes(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct CountRow(u64);

impl Row for CountRow {
    const TABLE: &'static str = "count";
}

pub(crate) struct NoRules;

impl Rules for NoRules {
    fn initial() -> Self {
        Self
    }

    fn activated(_payload: &[u8]) -> Result<Self, String> {
        Ok(Self)
    }
}

pub(crate) struct Done;

impl Outcome for Done {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        "COUNTED"
    }

    fn rule(&self) -> &'static str {
        "T-1"
    }
}

/// Numbers the records of each key.
pub(crate) struct Counter;

impl Processor for Counter {
    const NAME: WorkerName = NAME;
    const REACTIONS: &'static [Reaction] = &[Reaction { reads: EventType("Counted"), causes: &[EventType("Said")] }];
    type Event = Counted;
    type Output = Said;
    type Rules = NoRules;
    type Outcome = Done;

    fn route(&self, event: &Counted) -> Route {
        Route::Key(event.0.clone())
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Counted,
        _context: &Context<'_, NoRules>,
    ) -> Result<Decision<Said, Done>, DecideError> {
        let mut draft = Draft::new(*rows);
        let key = RowKey::table(CountRow::TABLE).with(&event.0);
        let number = draft.get::<CountRow>(&key)?.map_or(0, |row| row.0) + 1;
        draft.put(&key, &CountRow(number));
        draft.emit(Said { key: event.0.clone(), number });
        Ok(draft.finish(Done))
    }
}
