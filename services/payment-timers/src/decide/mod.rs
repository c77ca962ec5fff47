//! The rules, one file per family. Every function works on a [`Work`]: the rows as of now, the rules and the day.

pub mod documents;
pub mod money;
pub mod notes;
pub mod portal;
pub mod schedule;
pub mod stake;

use crate::rows::{self, DocumentRow, KeptFact, PassedRow, RecipientRow};
use gst_events::{InvoicePaymentChanged, Outgoing, PaymentChange};
use gst_rules::{RuleRef, Rulebook, rule};
use gst_types::{DocumentKey, IstDate, IstInstant, RecipientGstin, TaxAmounts};
use stream::{Draft, StateError};

/// One decision in the making, for one recipient.
#[derive(Debug)]
pub struct Work<'w, 'a> {
    /// Rows and outputs.
    pub draft: &'w mut Draft<'a, Outgoing>,
    /// The rules in force.
    pub rules: &'w Rulebook,
    /// Whose documents.
    pub recipient: RecipientGstin,
    /// The last day opened.
    pub today: Option<IstDate>,
}

/// What a change says besides the balance.
#[derive(Debug, Clone)]
pub struct Change {
    /// What changed.
    pub kind: PaymentChange,
    /// The legal day.
    pub effective_on: IstDate,
    /// When we were told.
    pub at: IstInstant,
    /// A credit note just accepted, and its tax.
    pub note: Option<(DocumentKey, TaxAmounts)>,
    /// Credit that an amendment brings.
    pub itc_availed: Option<TaxAmounts>,
}

impl Change {
    /// A change of that kind, told at that instant and effective on its day.
    #[must_use]
    pub fn of(kind: PaymentChange, at: IstInstant) -> Self {
        Self { kind, effective_on: at.date(), at, note: None, itc_availed: None }
    }

    const fn rule(&self) -> RuleRef {
        match self.kind {
            PaymentChange::DocumentKnown => rule::R37_2,
            PaymentChange::Payment => rule::R37_7,
            PaymentChange::LateInput => rule::R37_10,
            PaymentChange::CreditNote => rule::R37_11,
            PaymentChange::Amendment => rule::R37_13,
            PaymentChange::Reallocation => rule::R37_15,
        }
    }
}

impl Work<'_, '_> {
    /// The row of a document.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn document(&self, document: &DocumentKey) -> Result<Option<DocumentRow>, StateError> {
        self.draft.get(&rows::document_key(self.recipient, document))
    }

    /// The row of the document to which money and credit of that one belong (R37-16).
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn owner(&self, document: &DocumentKey) -> Result<Option<DocumentRow>, StateError> {
        let Some(row) = self.document(document)? else { return Ok(None) };
        if row.owner() == &row.document {
            return Ok(Some(row));
        }
        let owner = row.owner().clone();
        self.document(&owner)
    }

    /// Under which document a fact waits: the one it names, or where that counts with an invoice, the invoice.
    pub(super) fn awaited(&self, document: &DocumentKey) -> Result<DocumentKey, StateError> {
        Ok(self.document(document)?.map_or_else(|| document.clone(), |row| row.owner().clone()))
    }

    /// The next number of this recipient.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn next_number(&mut self) -> Result<u64, StateError> {
        let key = rows::recipient_key(self.recipient);
        let mut row: RecipientRow = self.draft.get(&key)?.unwrap_or_default();
        row.arrivals += 1;
        self.draft.put(&key, &row);
        Ok(row.arrivals)
    }

    /// The last day whose own dates were acted on for this recipient.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn passed(&self) -> Result<Option<IstDate>, StateError> {
        let partition: Option<PassedRow> = self.draft.get(&rows::passed_key())?;
        let own: Option<RecipientRow> = self.draft.get(&rows::recipient_key(self.recipient))?;
        Ok(partition.map(|row| row.date).max(own.and_then(|row| row.passed)))
    }

    /// Keeps a fact until its document is known.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn keep_early(&mut self, document: &DocumentKey, fact: &KeptFact) -> Result<(), StateError> {
        let awaited = self.awaited(document)?;
        let number = self.next_number()?;
        self.draft.put(&rows::early_key(self.recipient, &awaited, number), fact);
        Ok(())
    }

    /// Writes a document with its timer, and says what it owes now.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn tell(&mut self, mut row: DocumentRow, change: &Change) -> Result<(), StateError> {
        let Some(facts) = row.facts().cloned() else { return Ok(()) };
        self.schedule(&mut row)?;
        let invoice_date = self.invoice_date_of(&row)?;
        let balance = row.balance();
        let (note, note_tax) = change.note.clone().unzip();
        let event = InvoicePaymentChanged {
            recipient: self.recipient,
            document: row.document.clone(),
            supplier: row.document.supplier,
            document_date: facts.document_date,
            tax: facts.tax,
            taxable_value: facts.taxable_value,
            document_value: facts.document_value,
            payable: balance.payable(),
            paid: balance.paid(),
            unpaid: balance.unpaid(),
            note_tax: row.note_tax,
            last_day_to_pay: row.last_day(),
            fires_on: row.fires_on(),
            exclusion: row.exclusion,
            supplier_period: row.supplier_period,
            invoice: row.invoice.clone(),
            invoice_date,
            credit_note: note,
            credit_note_tax: note_tax.unwrap_or_default(),
            itc_availed: change.itc_availed,
            change: change.kind,
            effective_on: change.effective_on,
            at: change.at,
            arrival: row.arrival,
            rule: change.rule(),
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &event));
        self.fire_if_over(&mut row, change.at);
        self.draft.put(&rows::document_key(self.recipient, &row.document), &row);
        Ok(())
    }
}
