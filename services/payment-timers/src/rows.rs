//! What is remembered, by recipient. Nothing here is deleted by a payment alone: a note, an amendment or a
//! re-allocation may come years later. Index rows go as soon as what they point at is settled or over.

use crate::balance::Balance;
use gst_events::{PaymentReallocated, TimerExclusion};
use gst_rules::calendar;
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use serde::{Deserialize, Serialize};
use stream::{Row, RowKey};

/// What one witness says of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The date of issue.
    pub document_date: IstDate,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with the tax charged on it.
    pub document_value: Paise,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
}

/// One document of a recipient: `document|gstin|key`. Deleted by an operator's purge alone (AUD-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// Its key.
    pub document: DocumentKey,
    /// Order of arrival among the recipient's documents.
    pub arrival: u64,
    /// As the register has it.
    pub booked: Option<Facts>,
    /// As filed; it counts where both are known.
    pub filed: Option<Facts>,
    /// Supply without consideration.
    pub schedule_i: bool,
    /// Deemed paid under section 15(2)(b).
    pub deemed: Paise,
    /// Of a debit note, its invoice.
    pub invoice: Option<DocumentKey>,
    /// The period in which the supplier reported it.
    pub supplier_period: TaxPeriod,
    /// Why it has no timer.
    pub exclusion: Option<TimerExclusion>,
    /// Value with tax of its credit notes.
    pub note_value: Paise,
    /// Tax of its credit notes.
    pub note_tax: TaxAmounts,
    /// Value of the debit notes that count with it.
    pub added_value: Paise,
    /// Settled money.
    pub settled: Paise,
    /// Credit that would be reversed, as `itc-ledger` tells it.
    pub stake: TaxAmounts,
    /// The day under which a timer row stands.
    pub armed_for: Option<IstDate>,
    /// The day 181 for which it fired.
    pub fired_for: Option<IstDate>,
    /// The document date under which it stands among the unpaid ones.
    pub open_under: Option<IstDate>,
    /// Days on which warnings stand in the rows.
    pub warned_on: Vec<IstDate>,
}

impl Row for DocumentRow {
    const TABLE: &'static str = "document";
}

impl DocumentRow {
    /// What counts: the filed document, else the booked one.
    #[must_use]
    pub fn facts(&self) -> Option<&Facts> {
        self.filed.as_ref().or(self.booked.as_ref())
    }

    /// What it owes.
    #[must_use]
    pub fn balance(&self) -> Balance {
        Balance {
            total: self.facts().map_or(Paise::ZERO, |facts| facts.document_value) + self.added_value,
            notes: self.note_value,
            deemed: self.deemed,
            settled: self.settled,
            all_deemed: self.exclusion == Some(TimerExclusion::ScheduleI),
        }
    }

    /// Whether 180 days run.
    #[must_use]
    pub fn has_timer(&self) -> bool {
        self.exclusion.is_none()
    }

    /// The last good day (R37-2), with a timer.
    #[must_use]
    pub fn last_day(&self) -> Option<IstDate> {
        let facts = self.facts()?;
        self.has_timer().then(|| calendar::last_day_to_pay(facts.document_date))
    }

    /// Day 181 (R37-2), with a timer.
    #[must_use]
    pub fn fires_on(&self) -> Option<IstDate> {
        self.last_day().map(IstDate::next)
    }

    /// The document to which its money and credit belong (R37-16): itself, or under PARENT its invoice.
    #[must_use]
    pub fn owner(&self) -> &DocumentKey {
        match (self.exclusion, &self.invoice) {
            (Some(TimerExclusion::DebitNoteInParent), Some(invoice)) => invoice,
            (Some(_) | None, _) => &self.document,
        }
    }

    /// The credit that hangs on it, in paise.
    #[must_use]
    pub fn stake_in_paise(&self) -> i64 {
        self.stake.or_zero_if_negative().total().get()
    }
}

/// Counters of a recipient: `recipient|gstin`. Never deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecipientRow {
    /// The number of the document that arrived last.
    pub arrivals: u64,
    /// The last day whose own dates were acted on for this recipient.
    pub passed: Option<IstDate>,
}

impl Row for RecipientRow {
    const TABLE: &'static str = "recipient";
}

/// The last day whose own dates were acted on in this partition: `passed|`. Never deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedRow {
    /// The day.
    pub date: IstDate,
}

impl Row for PassedRow {
    const TABLE: &'static str = "passed";
}

/// Names a document where the key alone cannot: an unpaid one, a due timer, a debit note of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerRow {
    /// The document.
    pub document: DocumentKey,
}

impl Row for PointerRow {
    const TABLE: &'static str = "pointer";
}

/// Money on account: `account|gstin|supplier` (R37-15). Deleted at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// How much.
    pub amount: Paise,
}

impl Row for AccountRow {
    const TABLE: &'static str = "account";
}

/// An advance: `advance|gstin|id` (R37-7). Kept, so that its adjustments can be explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceRow {
    /// Whose money it is.
    pub supplier: SupplierGstin,
    /// How much was paid.
    pub paid: Paise,
    /// How much of it is adjusted.
    pub adjusted: Paise,
}

impl Row for AdvanceRow {
    const TABLE: &'static str = "advance";
}

/// A credit note that was counted: `note|gstin|key`, so that a second witness counts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRow {
    /// Its invoice.
    pub invoice: DocumentKey,
}

impl Row for NoteRow {
    const TABLE: &'static str = "note";
}

/// Settled money on its way to documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Whose money.
    pub recipient: RecipientGstin,
    /// To whom.
    pub supplier: SupplierGstin,
    /// For which document.
    pub document: Option<DocumentKey>,
    /// How much.
    pub amount: Paise,
    /// The day that counts (R37-7).
    pub counts_on: IstDate,
    /// When we were told.
    pub at: IstInstant,
    /// Whether it is moved money (R37-15).
    pub moved: bool,
}

/// A credit note accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedNote {
    /// The note.
    pub note: DocumentKey,
    /// Its invoice.
    pub invoice: DocumentKey,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with tax.
    pub document_value: Paise,
    /// When it was accepted.
    pub at: IstInstant,
}

/// A correction of a booked document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The document.
    pub document: DocumentKey,
    /// The corrected date.
    pub document_date: Option<IstDate>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with tax.
    pub document_value: Paise,
    /// Credit of the document from now on.
    pub itc_availed: Option<TaxAmounts>,
    /// When it was corrected.
    pub at: IstInstant,
}

/// A fact that waits for its document (`early|gstin|document|n`) or for its day (`later|date|gstin|money|n`). Deleted
/// when it is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeptFact {
    /// Money.
    Money(Settlement),
    /// A note.
    Note(AcceptedNote),
    /// A correction.
    Correction(Correction),
    /// Money moved from a document.
    Move(PaymentReallocated),
}

impl Row for KeptFact {
    const TABLE: &'static str = "early";
}

/// What falls due on a day for a recipient: `due|date|gstin`. Deleted when it fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DueRow {
    /// How many documents.
    pub documents: u64,
    /// The credit that hangs on them.
    pub stake_in_paise: i64,
}

impl Row for DueRow {
    const TABLE: &'static str = "due";
}

/// How many recipients have something due on a day: `due_count|date`. Deleted at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DueCountRow {
    /// Recipients.
    pub recipients: u64,
}

impl Row for DueCountRow {
    const TABLE: &'static str = "due_count";
}

/// Arrivals and other numbers are written with this width, so that text order is number order.
fn padded(number: u64) -> String {
    format!("{number:012}")
}

/// `document|gstin|key`.
#[must_use]
pub fn document_key(recipient: RecipientGstin, document: &DocumentKey) -> RowKey {
    documents_of(recipient).with(document)
}

/// `document|gstin|`.
#[must_use]
pub fn documents_of(recipient: RecipientGstin) -> RowKey {
    RowKey::table("document").with(recipient)
}

/// `recipient|gstin`.
#[must_use]
pub fn recipient_key(recipient: RecipientGstin) -> RowKey {
    RowKey::table("recipient").with(recipient)
}

/// `passed|all`.
#[must_use]
pub fn passed_key() -> RowKey {
    RowKey::table("passed").with("all")
}

/// `open|gstin|pan|`: the unpaid documents of the suppliers with one PAN.
#[must_use]
pub fn open_of_pan(recipient: RecipientGstin, supplier: SupplierGstin) -> RowKey {
    RowKey::table("open").with(recipient).with(supplier.gstin().pan())
}

/// `open|gstin|pan|supplier|`: the unpaid documents of one supplier, oldest first.
#[must_use]
pub fn open_of(recipient: RecipientGstin, supplier: SupplierGstin) -> RowKey {
    open_of_pan(recipient, supplier).with(supplier)
}

/// `open|gstin|pan|supplier|date|arrival`.
#[must_use]
pub fn open_key(recipient: RecipientGstin, row: &DocumentRow, under: IstDate) -> RowKey {
    open_of(recipient, row.document.supplier).with(under).with(padded(row.arrival))
}

/// `account|gstin|`.
#[must_use]
pub fn accounts_of(recipient: RecipientGstin) -> RowKey {
    RowKey::table("account").with(recipient)
}

/// `account|gstin|supplier`.
#[must_use]
pub fn account_key(recipient: RecipientGstin, supplier: SupplierGstin) -> RowKey {
    accounts_of(recipient).with(supplier)
}

/// `advance|gstin|id`.
#[must_use]
pub fn advance_key(recipient: RecipientGstin, advance_id: &str) -> RowKey {
    RowKey::table("advance").with(recipient).with(advance_id)
}

/// `note|gstin|key`.
#[must_use]
pub fn note_key(recipient: RecipientGstin, note: &DocumentKey) -> RowKey {
    RowKey::table("note").with(recipient).with(note)
}

/// `child|gstin|invoice|`: the debit notes that count with an invoice.
#[must_use]
pub fn children_of(recipient: RecipientGstin, invoice: &DocumentKey) -> RowKey {
    RowKey::table("child").with(recipient).with(invoice)
}

/// `debit_note|gstin|invoice|`: every debit note that names an invoice, whether it counts with it or not (TL-5).
#[must_use]
pub fn debit_notes_of(recipient: RecipientGstin, invoice: &DocumentKey) -> RowKey {
    RowKey::table("debit_note").with(recipient).with(invoice)
}

/// `early|gstin|document|`.
#[must_use]
pub fn early_of(recipient: RecipientGstin, document: &DocumentKey) -> RowKey {
    RowKey::table("early").with(recipient).with(document)
}

/// `early|gstin|document|n`.
#[must_use]
pub fn early_key(recipient: RecipientGstin, document: &DocumentKey, number: u64) -> RowKey {
    early_of(recipient, document).with(padded(number))
}

/// `timer|gstin|date|`: the documents of a recipient that fire on a day, in order of arrival.
#[must_use]
pub fn timers_of(recipient: RecipientGstin, fires_on: IstDate) -> RowKey {
    RowKey::table("timer").with(recipient).with(fires_on)
}

/// `timer|gstin|date|arrival|document`.
#[must_use]
pub fn timer_key(recipient: RecipientGstin, fires_on: IstDate, row: &DocumentRow) -> RowKey {
    timers_of(recipient, fires_on).with(padded(row.arrival)).with(&row.document)
}

/// `due|date|`.
#[must_use]
pub fn due_on(date: IstDate) -> RowKey {
    RowKey::table("due").with(date)
}

/// `due|date|gstin`.
#[must_use]
pub fn due_key(date: IstDate, recipient: impl std::fmt::Display) -> RowKey {
    due_on(date).with(recipient)
}

/// `due_count|date`.
#[must_use]
pub fn due_count_key(date: IstDate) -> RowKey {
    RowKey::table("due_count").with(date)
}

/// `later|date|`: what else happens on a day, behind the timers.
#[must_use]
pub fn later_on(date: IstDate) -> RowKey {
    RowKey::table("later").with(date)
}

/// `later|date|gstin|warning|`.
#[must_use]
pub fn warnings_of(date: IstDate, recipient: RecipientGstin) -> RowKey {
    later_on(date).with(recipient).with("warning")
}

/// `later|date|gstin|warning|arrival|document`.
#[must_use]
pub fn warning_key(date: IstDate, recipient: RecipientGstin, row: &DocumentRow) -> RowKey {
    warnings_of(date, recipient).with(padded(row.arrival)).with(&row.document)
}

/// `later|date|gstin|money|`: money that counts from a later day only (R37-7).
#[must_use]
pub fn later_money_of(date: IstDate, recipient: RecipientGstin) -> RowKey {
    later_on(date).with(recipient).with("money")
}

/// `later|date|gstin|money|n`.
#[must_use]
pub fn later_money_key(date: IstDate, recipient: RecipientGstin, number: u64) -> RowKey {
    later_money_of(date, recipient).with(padded(number))
}

stream::shown_rows!(
    DocumentRow,
    RecipientRow,
    PassedRow,
    PointerRow,
    AccountRow,
    AdvanceRow,
    NoteRow,
    KeptFact,
    DueRow,
    DueCountRow
);
