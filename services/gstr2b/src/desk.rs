//! The desk at which one taxpayer's event is decided.

use crate::outcome::Outcome;
use crate::rows::{SequenceRow, StatementRow, key};
use gst_events::{ActiveRulebook, EventPayload, Outgoing, Topic};
use gst_rules::RuleRef;
use gst_types::{RecipientGstin, TaxPeriod};
use serde::de::DeserializeOwned;
use stream::{Context, Cursor, DecideError, Decision, Draft, StateView};

/// What `gstr2b` decides about one event.
pub(crate) type Decided = Decision<Outgoing, Outcome>;

/// Room for the changes and events of one more line on a page.
const ROOM_OF_A_LINE: usize = 8;

/// Bytes of published lines of one page: they go out twice, as event and as row, in one transaction.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) draft: Draft<'a, Outgoing>,
    pub(crate) context: &'a Context<'a, ActiveRulebook>,
    pub(crate) recipient: RecipientGstin,
    /// Bytes of lines published on this page.
    pub(crate) published_bytes: usize,
}

impl<'a> Desk<'a> {
    pub(crate) fn open(rows: StateView<'a>, context: &'a Context<'a, ActiveRulebook>) -> Result<Self, DecideError> {
        let recipient =
            context.key.parse().map_err(|_| DecideError::Broken("the journal's key is no GSTIN".to_owned()))?;
        Ok(Self { draft: Draft::new(rows), context, recipient, published_bytes: 0 })
    }

    pub(crate) fn statement(&self, period: TaxPeriod) -> Result<StatementRow, DecideError> {
        Ok(self.draft.get(&key::within::<StatementRow>(self.recipient, period))?.unwrap_or_default())
    }

    pub(crate) fn put_statement(&mut self, period: TaxPeriod, row: &StatementRow) {
        self.draft.put(&key::within::<StatementRow>(self.recipient, period), row);
    }

    pub(crate) fn is_page_full(&self) -> bool {
        let used = self.draft.change_count() + self.draft.event_count();
        let too_many = used > 0 && used + ROOM_OF_A_LINE > self.context.page.changes_max;
        too_many || self.published_bytes >= PAGE_BYTES_MAX
    }

    /// Writes to the public topic with the next number of this taxpayer.
    pub(crate) fn publish<P: EventPayload>(&mut self, payload: &P) -> Result<(), DecideError> {
        let sequence_key = key::of::<SequenceRow>(self.recipient);
        let mut sequence: SequenceRow = self.draft.get(&sequence_key)?.unwrap_or_default();
        sequence.last += 1;
        self.draft.put(&sequence_key, &sequence);
        let outgoing = Outgoing::public(Topic::Gstr2b, self.recipient.gstin(), payload);
        self.draft.emit(outgoing.with_sequence(sequence.last));
        Ok(())
    }

    pub(crate) fn decided(self, rule: RuleRef) -> Decided {
        self.draft.finish(Outcome::Decided(rule))
    }

    pub(crate) fn page(self, rule: RuleRef, cursor: String) -> Decided {
        self.draft.finish_page(Outcome::Decided(rule), Some(Cursor(cursor)))
    }
}

/// A kept JSON text; it was written by this worker, so it reads.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, DecideError> {
    serde_json::from_str(text).map_err(|error| DecideError::Broken(format!("kept JSON cannot be read: {error}")))
}

/// A value as JSON.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, DecideError> {
    serde_json::to_string(value).map_err(|error| DecideError::Broken(format!("a value cannot be kept: {error}")))
}
