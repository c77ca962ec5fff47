//! Credit taken in returns, and credit taken away for good.

use super::Work;
use crate::rows::{self, Fact, LineFact, NoteRow};
use gst_events::{CreditAvailed, CreditSubject, PermanentReversalRecorded};
use gst_types::{DocumentKind, TaxAmounts};
use stream::DecideError;

impl Work<'_, '_> {
    /// A claim in a filed return, or a line of its statement.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn credit_availed(&mut self, event: &CreditAvailed) -> Result<(), DecideError> {
        let (mut row, subject) = self.owner(&event.subject)?;
        let tax = match &event.subject {
            CreditSubject::Document(note) if note.kind == DocumentKind::CreditNote => {
                let key = rows::note_key(self.recipient, note);
                let before: NoteRow = self.draft.get(&key)?.unwrap_or_default();
                let rest = (-event.claimed - before.by_register).or_zero_if_negative();
                let positive_back = event.claimed.or_zero_if_negative();
                self.draft.put(&key, &NoteRow { by_line: before.by_line - event.claimed, ..before });
                positive_back - rest
            }
            CreditSubject::Document(_) | CreditSubject::BillOfEntry(_) => event.claimed,
        };
        let fact = Fact::Claim {
            subject,
            return_period: event.return_period,
            tax,
            line: event.line.as_ref().map(|line| LineFact {
                record: line.record_id.0.clone(),
                table: line.table.clone(),
                credit: line.credit,
            }),
        };
        self.add_step(&mut row, event.availed_at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// R37-14: a permanent reversal.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn reversed_permanently(&mut self, event: &PermanentReversalRecorded) -> Result<(), DecideError> {
        let (mut row, subject) = self.owner(&event.subject)?;
        let fact = Fact::Permanent { subject, rule: event.rule, return_period: event.return_period, tax: event.tax };
        self.add_step(&mut row, event.at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// R37-11: of a credit note accepted in the register, the tax that no line of a statement has taken out already.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn note_to_post(&mut self, note: &gst_types::DocumentKey, tax: TaxAmounts) -> Result<TaxAmounts, DecideError> {
        let key = rows::note_key(self.recipient, note);
        let before: NoteRow = self.draft.get(&key)?.unwrap_or_default();
        let rest = (tax - before.by_line).or_zero_if_negative();
        self.draft.put(&key, &NoteRow { by_register: before.by_register + rest, ..before });
        Ok(rest)
    }
}
