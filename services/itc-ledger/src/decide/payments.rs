//! What `payment-timers` says of documents.

use super::Work;
use crate::rows::{CreditRow, Fact, PaymentState};
use gst_events::{CreditSubject, InvoicePaymentChanged, PaymentTimerFired, TimerExclusion};
use gst_types::{DocumentKey, IstDate, IstInstant, TaxAmounts};
use stream::DecideError;

impl Work<'_, '_> {
    /// The state of a document's payment changed.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn payment_changed(&mut self, event: &InvoicePaymentChanged) -> Result<(), DecideError> {
        match (event.exclusion, &event.invoice) {
            (Some(TimerExclusion::DebitNoteInParent), Some(invoice)) => self.debit_note(event, invoice),
            (Some(_) | None, _) => self.payment_state(event),
        }
    }

    fn payment_state(&mut self, event: &InvoicePaymentChanged) -> Result<(), DecideError> {
        let mut row = self.own_credit(&CreditSubject::Document(event.document.clone()))?;
        self.set_arrival(&mut row, event.arrival);
        row.supplier = Some(event.supplier);
        row.supplier_period = Some(event.supplier_period);
        let note_to_post = match &event.credit_note {
            Some(note) => self.note_to_post(note, &event.document, event.credit_note_tax)?,
            None => TaxAmounts::ZERO,
        };
        let state = PaymentState {
            change: event.change,
            document_date: event.document_date,
            taxable_value: event.taxable_value,
            tax: event.tax,
            document_value: event.document_value,
            payable: event.payable,
            paid: event.paid,
            unpaid: event.unpaid,
            note_tax: event.note_tax,
            fires_on: event.fires_on,
            exclusion: event.exclusion,
            invoice_date: date_of_invoice(event),
            note_to_post,
            itc_availed: event.itc_availed,
        };
        let at = in_order(&mut row, event.at);
        self.add_step(&mut row, at, Fact::Payment(Box::new(state)))?;
        self.settle(row)?;
        Ok(())
    }

    /// R37-16, PARENT: the debit note's credit belongs to its invoice; what was known of it moves there.
    fn debit_note(&mut self, event: &InvoicePaymentChanged, invoice: &DocumentKey) -> Result<(), DecideError> {
        let mut note = self.own_credit(&CreditSubject::Document(event.document.clone()))?;
        let mut row = self.own_credit(&CreditSubject::Document(invoice.clone()))?;
        for mut step in std::mem::take(&mut note.steps) {
            row.step_count += 1;
            step.number = row.step_count;
            row.steps.push(step);
        }
        row.published.append(&mut note.published);
        row.alerted.append(&mut note.alerted);
        note.parent = Some(invoice.clone());
        note.summary = crate::rows::Summary::default();
        self.draft.put(&crate::rows::credit_key(self.recipient, &note.subject), &note);
        let fact = Fact::DebitNote {
            document: event.document.clone(),
            document_date: event.document_date,
            invoice_date: date_of_invoice(event),
            itc_availed: event.itc_availed,
        };
        let at = in_order(&mut row, event.at);
        self.add_step(&mut row, at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// R37-4: day 181 has come.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn timer_fired(&mut self, event: &PaymentTimerFired) -> Result<(), DecideError> {
        let mut row = self.own_credit(&CreditSubject::Document(event.document.clone()))?;
        let at = in_order(&mut row, event.fires_on.start());
        self.add_step(&mut row, at, Fact::Day181)?;
        self.settle(row)?;
        Ok(())
    }
}

/// TL-5: a day of the financial year of a debit note's invoice; while the invoice is not known, the year in its key says it.
fn date_of_invoice(event: &InvoicePaymentChanged) -> Option<IstDate> {
    event.invoice_date.or_else(|| event.invoice.as_ref().map(|invoice| invoice.financial_year.first_day()))
}

/// Each state is the whole truth as `payment-timers` knew it then, so its states keep their order: one told late counts
/// from when it is told.
fn in_order(row: &mut CreditRow, at: IstInstant) -> IstInstant {
    let at = row.payments_at.map_or(at, |before| before.max(at));
    row.payments_at = Some(at);
    at
}
