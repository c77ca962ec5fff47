//! GST credit notes (R37-11).

use super::{Change, Work};
use crate::rows::{self, AcceptedNote, KeptFact, NoteRow};
use gst_events::{NoteAccepted, PaymentChange};
use stream::StateError;

/// What became of a credit note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteCounted {
    /// It lowers its invoice.
    Counted,
    /// It was counted before.
    CountedBefore,
    /// Its invoice is not known yet.
    Waits,
}

impl Work<'_, '_> {
    /// R37-11: a credit note lowers payable and base together, from its acceptance.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn note_accepted(&mut self, event: &NoteAccepted) -> Result<NoteCounted, StateError> {
        self.count_note(&AcceptedNote {
            note: event.note.clone(),
            invoice: event.invoice.clone(),
            tax: event.tax,
            document_value: event.document_value,
            at: event.at,
        })
    }

    pub(super) fn count_note(&mut self, note: &AcceptedNote) -> Result<NoteCounted, StateError> {
        let key = rows::note_key(self.recipient, &note.note);
        if self.draft.get::<NoteRow>(&key)?.is_some() {
            return Ok(NoteCounted::CountedBefore);
        }
        let Some(mut row) = self.owner(&note.invoice)? else {
            self.keep_early(&note.invoice, &KeptFact::Note(note.clone()))?;
            return Ok(NoteCounted::Waits);
        };
        self.draft.put(&key, &NoteRow { invoice: note.invoice.clone() });
        row.note_value += note.document_value;
        row.note_tax += note.tax;
        let change =
            Change { note: Some((note.note.clone(), note.tax)), ..Change::of(PaymentChange::CreditNote, note.at) };
        self.tell(row, &change)?;
        Ok(NoteCounted::Counted)
    }
}
