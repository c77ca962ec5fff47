//! Documents of the register, and their corrections (R37-2, R37-5, R37-13, R37-16).

use super::{Change, Work};
use crate::rows::{self, Correction, DocumentRow, Facts, KeptFact, PointerRow};
use gst_events::{InvoiceBooked, InvoiceCorrected, Outgoing, PaymentChange, RegisterDiffers, TimerExclusion};
use gst_rules::rulebook::DebitNoteTimer;
use gst_types::{DocumentKey, DocumentKind, FinancialYear, IstDate, IstInstant, Paise, TaxAmounts, TaxPeriod};
use stream::{RowKey, StateError};

/// Facts that wait for one document, read at once; a document rarely has more than a few.
const EARLY_MAX: usize = 1_000;

/// Debit notes of one invoice, read at once.
const CHILDREN_MAX: usize = 1_000;

impl Work<'_, '_> {
    /// R37-5, R37-6, R37-16: why a document has no timer.
    #[must_use]
    pub fn exclusion_of(
        &self,
        document: &DocumentKey,
        reverse_charge: bool,
        schedule_i: bool,
        invoice: Option<&DocumentKey>,
    ) -> Option<TimerExclusion> {
        if reverse_charge {
            return Some(TimerExclusion::ReverseCharge);
        }
        let of_kind = match document.kind {
            DocumentKind::IsdInvoice | DocumentKind::IsdCreditNote => Some(TimerExclusion::IsdCredit),
            DocumentKind::DebitNote => match (self.rules.debit_note_timer(), invoice) {
                (DebitNoteTimer::Own, _) | (DebitNoteTimer::Parent, None) => None,
                (DebitNoteTimer::Parent, Some(_)) => Some(TimerExclusion::DebitNoteInParent),
                (DebitNoteTimer::None, _) => Some(TimerExclusion::DebitNoteWithoutTimer),
            },
            DocumentKind::Invoice | DocumentKind::CreditNote | DocumentKind::Eco => None,
        };
        of_kind.or(schedule_i.then_some(TimerExclusion::ScheduleI))
    }

    /// A document enters the register.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn invoice_booked(&mut self, event: &InvoiceBooked) -> Result<(), StateError> {
        let facts = Facts {
            document_date: event.document_date,
            taxable_value: event.taxable_value,
            tax: event.tax,
            document_value: event.document_value,
            reverse_charge: event.reverse_charge,
        };
        let known = self.document(&event.document)?;
        let is_new = known.is_none();
        let mut row = match known {
            Some(row) => row,
            None => self.new_document(&event.document, event.supplier_period, &facts)?,
        };
        let before = row.clone();
        row.booked = Some(facts);
        row.schedule_i = event.schedule_i;
        row.deemed = event.section_15_2_b_amount;
        row.invoice = event.invoice.clone().or(row.invoice);
        if let (Some(period), None) = (event.supplier_period, &row.filed) {
            row.supplier_period = period;
        }
        self.register_differs(&before, &row);
        self.put_document(row, &before, is_new, event.at, None)
    }

    /// A row for a document that is heard of for the first time.
    pub(super) fn new_document(
        &mut self,
        document: &DocumentKey,
        supplier_period: Option<TaxPeriod>,
        facts: &Facts,
    ) -> Result<DocumentRow, StateError> {
        Ok(DocumentRow {
            document: document.clone(),
            arrival: self.next_number()?,
            booked: None,
            filed: None,
            schedule_i: false,
            deemed: Paise::ZERO,
            invoice: None,
            supplier_period: supplier_period.unwrap_or_else(|| TaxPeriod::of(facts.document_date)),
            exclusion: None,
            note_value: Paise::ZERO,
            note_tax: TaxAmounts::ZERO,
            added_value: Paise::ZERO,
            settled: Paise::ZERO,
            stake: TaxAmounts::ZERO,
            armed_for: None,
            fired_for: None,
            open_under: None,
            warned_on: Vec::new(),
        })
    }

    /// Writes a document after its facts changed, with what hangs on them: its exclusion, its invoice where it counts
    /// there, and facts that waited for it.
    pub(super) fn put_document(
        &mut self,
        mut row: DocumentRow,
        before: &DocumentRow,
        is_new: bool,
        at: IstInstant,
        itc_availed: Option<TaxAmounts>,
    ) -> Result<(), StateError> {
        let reverse_charge = row.facts().is_some_and(|facts| facts.reverse_charge);
        row.exclusion = self.exclusion_of(&row.document, reverse_charge, row.schedule_i, row.invoice.as_ref());
        let document = row.document.clone();
        let in_parent = row.exclusion == Some(TimerExclusion::DebitNoteInParent);
        if is_new {
            row.added_value = self.value_of_children(&document)?;
        }
        let changed = is_new || itc_availed.is_some() || row != *before;
        if let Some(invoice) = row.invoice.as_ref().filter(|_| changed) {
            let named = rows::debit_notes_of(self.recipient, invoice).with(&document);
            self.draft.put(&named, &PointerRow { document: document.clone() });
        }
        let year_of = |row: &DocumentRow| row.facts().map(|facts| FinancialYear::of(facts.document_date));
        let year_moved =
            if is_new { year_of(&row) != Some(document.financial_year) } else { year_of(&row) != year_of(before) };
        if changed {
            let kind = if is_new { PaymentChange::DocumentKnown } else { PaymentChange::Amendment };
            let change = Change { itc_availed, ..Change::of(kind, at) };
            self.tell(row.clone(), &change)?;
        }
        if year_moved {
            self.tell_debit_notes(&document, at)?;
        }
        if let (true, Some(invoice)) = (in_parent && changed, row.invoice.clone()) {
            self.add_to_invoice(&document, &invoice, at)?;
        }
        if is_new { self.release_early(&document) } else { Ok(()) }
    }

    /// R37-16, PARENT: the debit note counts with its invoice, recomputed as an amendment.
    fn add_to_invoice(
        &mut self,
        document: &DocumentKey,
        invoice: &DocumentKey,
        at: IstInstant,
    ) -> Result<(), StateError> {
        let child = rows::children_of(self.recipient, invoice).with(document);
        self.draft.put(&child, &PointerRow { document: document.clone() });
        let Some(mut parent) = self.document(invoice)? else { return Ok(()) };
        parent.added_value = self.value_of_children(invoice)?;
        self.tell(parent, &Change::of(PaymentChange::Amendment, at))
    }

    /// TL-5: the year of an invoice limits the credit of its debit notes, which are told anew when it moves.
    fn tell_debit_notes(&mut self, invoice: &DocumentKey, at: IstInstant) -> Result<(), StateError> {
        let prefix = rows::debit_notes_of(self.recipient, invoice);
        let notes: Vec<(RowKey, PointerRow)> = self.draft.scan(&prefix, None, CHILDREN_MAX)?;
        for (_, note) in notes {
            if let Some(row) = self.document(&note.document)? {
                self.tell(row, &Change::of(PaymentChange::Amendment, at))?;
            }
        }
        Ok(())
    }

    /// TL-5: of a debit note, the date of its invoice as it stands.
    pub(super) fn invoice_date_of(&self, row: &DocumentRow) -> Result<Option<IstDate>, StateError> {
        let invoice = row.invoice.as_ref().filter(|_| row.document.kind == DocumentKind::DebitNote);
        let Some(invoice) = invoice else { return Ok(None) };
        Ok(self.document(invoice)?.and_then(|invoice| invoice.facts().map(|facts| facts.document_date)))
    }

    fn value_of_children(&self, invoice: &DocumentKey) -> Result<Paise, StateError> {
        let prefix = rows::children_of(self.recipient, invoice);
        let children: Vec<(RowKey, PointerRow)> = self.draft.scan(&prefix, None, CHILDREN_MAX)?;
        let mut total = Paise::ZERO;
        for (_, child) in children {
            if let Some(row) = self.document(&child.document)? {
                total += row.facts().map_or(Paise::ZERO, |facts| facts.document_value);
            }
        }
        Ok(total)
    }

    fn release_early(&mut self, document: &DocumentKey) -> Result<(), StateError> {
        let prefix = rows::early_of(self.recipient, document);
        let waiting: Vec<(RowKey, KeptFact)> = self.draft.scan(&prefix, None, EARLY_MAX)?;
        for (key, fact) in waiting {
            self.draft.delete(&key);
            match fact {
                KeptFact::Money(money) => {
                    self.settle(money)?;
                }
                KeptFact::Note(note) => {
                    self.count_note(&note)?;
                }
                KeptFact::Correction(correction) => {
                    self.correct(&correction)?;
                }
                KeptFact::Move(event) => {
                    self.payment_reallocated(&event)?;
                }
            }
        }
        Ok(())
    }

    /// R37-13: a correction of the register; false while its document is not known.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn invoice_corrected(&mut self, event: &InvoiceCorrected) -> Result<bool, StateError> {
        self.correct(&Correction {
            document: event.document.clone(),
            document_date: event.document_date,
            taxable_value: event.taxable_value,
            tax: event.tax,
            document_value: event.document_value,
            itc_availed: event.itc_availed,
            at: event.at,
        })
    }

    fn correct(&mut self, correction: &Correction) -> Result<bool, StateError> {
        let Some(before) = self.document(&correction.document)? else {
            self.keep_early(&correction.document, &KeptFact::Correction(correction.clone()))?;
            return Ok(false);
        };
        let mut row = before.clone();
        let Some(old) = row.booked.as_ref().or(row.filed.as_ref()) else { return Ok(true) };
        row.booked = Some(Facts {
            document_date: correction.document_date.unwrap_or(old.document_date),
            taxable_value: correction.taxable_value,
            tax: correction.tax,
            document_value: correction.document_value,
            reverse_charge: old.reverse_charge,
        });
        self.register_differs(&before, &row);
        self.put_document(row, &before, false, correction.at, correction.itc_availed)?;
        Ok(true)
    }

    /// Says in which fields register and portal differ, whenever one of them changed. The filed document counts.
    pub(super) fn register_differs(&mut self, before: &DocumentRow, row: &DocumentRow) {
        let (Some(booked), Some(filed)) = (&row.booked, &row.filed) else { return };
        if before.booked == row.booked && before.filed == row.filed {
            return;
        }
        let heads = |tax: &TaxAmounts| format!("{}/{}/{}/{}", tax.igst, tax.cgst, tax.sgst, tax.cess);
        let fields = [
            ("document_date", booked.document_date.to_string(), filed.document_date.to_string()),
            ("document_value", booked.document_value.to_string(), filed.document_value.to_string()),
            ("tax", heads(&booked.tax), heads(&filed.tax)),
            ("reverse_charge", booked.reverse_charge.to_string(), filed.reverse_charge.to_string()),
        ];
        for (field, register, filed) in fields.into_iter().filter(|(_, register, filed)| register != filed) {
            let event = RegisterDiffers {
                recipient: self.recipient,
                document: row.document.clone(),
                field: field.to_owned(),
                register,
                filed,
            };
            self.draft.emit(Outgoing::to_recipient(self.recipient, &event));
        }
    }
}
