//! What is remembered, by recipient. Facts and entries of a document stay as long as the document's evidence does (AUD-6);
//! an operator's purge deletes them. Index rows go as soon as what they point at is done.

use gst_events::{
    BillOfEntryDetails, CreditSubject, CustomsStatusWord, ExclusiveUse, LedgerCause, LedgerEntryKind, PaymentChange,
    PermanentReversalRule, TableRow, TimerExclusion,
};
use gst_types::{
    BillOfEntryId, DocumentKey, FilingFrequency, IstDate, IstInstant, Paise, SupplierGstin, TaxAmounts, TaxPeriod,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::Row;

mod apportion;
mod keys;

pub use apportion::*;
pub use keys::*;

/// What `payment-timers` says of a document: the whole truth at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentState {
    /// What changed.
    pub change: PaymentChange,
    /// The date of issue that counts.
    pub document_date: IstDate,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with the tax charged on it.
    pub document_value: Paise,
    /// Total less credit notes.
    pub payable: Paise,
    /// Settled, with what is deemed paid.
    pub paid: Paise,
    /// Payable less paid.
    pub unpaid: Paise,
    /// Tax of the credit notes so far.
    pub note_tax: TaxAmounts,
    /// Day 181, with a timer.
    pub fires_on: Option<IstDate>,
    /// Why there is no timer.
    pub exclusion: Option<TimerExclusion>,
    /// Of a debit note, a day of the financial year of its invoice (TL-5): its date, or the first of the year in its key.
    pub invoice_date: Option<IstDate>,
    /// Of a credit note just accepted, the tax still to be taken out.
    pub note_to_post: TaxAmounts,
    /// Of an amendment that brings it, the credit from now on.
    pub itc_availed: Option<TaxAmounts>,
}

/// The line of a statement behind a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFact {
    /// Its record.
    pub record: String,
    /// Its row.
    pub table: TableRow,
    /// Its credit, signed.
    pub credit: TaxAmounts,
}

/// One fact about the credit of a document or Bill of Entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// What it owes changed.
    Payment(Box<PaymentState>),
    /// Its day 181 has come; the day itself is computed from the state, this says that it is over.
    Day181,
    /// A debit note counts with it (R37-16, PARENT).
    DebitNote {
        /// The debit note.
        document: DocumentKey,
        /// Its date.
        document_date: IstDate,
        /// A day of the financial year of its invoice (TL-5).
        invoice_date: Option<IstDate>,
        /// Credit that an amendment of it brings.
        itc_availed: Option<TaxAmounts>,
    },
    /// Credit is taken in a return.
    Claim {
        /// On what; a debit note may count with its invoice.
        subject: CreditSubject,
        /// The return.
        return_period: TaxPeriod,
        /// How much, signed.
        tax: TaxAmounts,
        /// The line of the statement, where it has one.
        line: Option<LineFact>,
    },
    /// Credit is taken away for good.
    Permanent {
        /// On what.
        subject: CreditSubject,
        /// By which provision.
        rule: PermanentReversalRule,
        /// The return.
        return_period: TaxPeriod,
        /// How much; negative where an apportionment gives back.
        tax: TaxAmounts,
        /// The worked line, of what was computed here (APP-3 to APP-5).
        working: Option<String>,
        /// From when it bears interest, where the provision names a day (rule 42(2)(a)).
        interest_from: Option<IstDate>,
    },
    /// What it was bought for; blocked credit goes out with each claim (BLK-1, BLK-3).
    Category {
        /// The clause of section 17(5) that blocks it; absent where nothing does.
        blocked_by: Option<String>,
        /// What alone it serves; absent where it is common (APP-3).
        exclusive_use: Option<ExclusiveUse>,
        /// Whether it is a capital good, which rule 43 apportions.
        is_capital_goods: bool,
    },
    /// The portal lists a reversal under rule 37A (R37A-7).
    Listed {
        /// How much.
        tax: TaxAmounts,
    },
    /// Credit of a Bill of Entry may be claimed (BOE-5).
    ImportEligible {
        /// How much.
        tax: TaxAmounts,
        /// The reference date.
        reference_date: Option<IstDate>,
    },
    /// A Bill of Entry was cancelled or purged: its credit may be claimed no longer (BOE-4).
    ImportEnded,
    /// The values of a Bill of Entry changed after that (BOE-10).
    ImportDelta {
        /// New less old.
        tax: TaxAmounts,
    },
}

/// A fact with its legal instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it holds. Facts of one writer keep that writer's order.
    pub at: IstInstant,
    /// Order of arrival among the facts of this document.
    pub number: u64,
    /// The event that told of it.
    pub trigger: String,
    /// Digest of the rulebook in force when it arrived (the first 16 characters).
    pub rules: String,
    /// The fact.
    pub fact: Fact,
}

/// An entry that was published for a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its number among the recipient's entries.
    pub number: u64,
    /// What gave rise to it.
    pub trigger: String,
    /// On what.
    pub subject: CreditSubject,
    /// What it does.
    pub kind: LedgerEntryKind,
    /// Of a reversal or re-claim, its cause.
    pub cause: Option<LedgerCause>,
    /// How much.
    pub tax: TaxAmounts,
    /// Of a reversal or re-claim, what was unpaid after it.
    pub unpaid_after: Option<Paise>,
    /// The return that the rule gives.
    pub planned_period: TaxPeriod,
    /// The return in which it stands: that one, or where that was filed, a later one.
    pub period: TaxPeriod,
    /// The legal day.
    pub date: IstDate,
    /// Whether another entry undid it, or it undid another.
    pub out: bool,
}

/// What the facts of a document come to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Credit availed by subject: the document and the debit notes that count with it.
    pub availed: BTreeMap<CreditSubject, TaxAmounts>,
    /// Tax of its credit notes.
    pub note_tax: TaxAmounts,
    /// Permanent reversals.
    pub permanent: TaxAmounts,
    /// The target of rule 37.
    pub target_37: TaxAmounts,
    /// Reversed and not re-claimed, all causes.
    pub reversed: TaxAmounts,
    /// Whether the cause of rule 37A is open.
    pub open_37a: bool,
    /// Whether rule 37 ever had a target above zero.
    pub ever_37: bool,
    /// Whether the latest of its reversals and re-claims is a reversal.
    pub last_is_reversal: Option<bool>,
    /// The first claim: when its return was filed, and its period.
    pub first_claim: Option<(IstInstant, TaxPeriod)>,
    /// The last state of its payment.
    pub state: Option<PaymentState>,
    /// When rule 37A falls due for it.
    pub due_37a: Option<IstDate>,
}

impl Summary {
    /// Credit availed of the document with its debit notes.
    #[must_use]
    pub fn all_availed(&self) -> TaxAmounts {
        self.availed.values().copied().sum()
    }

    /// R37-4: what may still be reversed.
    #[must_use]
    pub fn base(&self) -> TaxAmounts {
        (self.all_availed() - self.note_tax - self.permanent).or_zero_if_negative()
    }
}

/// Everything about the credit of one document or Bill of Entry: `credit|gstin|subject`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRow {
    /// What it is.
    pub subject: CreditSubject,
    /// The supplier, where there is one.
    pub supplier: Option<SupplierGstin>,
    /// The period in which the supplier reported it.
    pub supplier_period: Option<TaxPeriod>,
    /// Order of arrival among the recipient's documents; the largest number while that is not known.
    pub arrival: u64,
    /// The invoice to which its credit belongs (R37-16, PARENT).
    pub parent: Option<DocumentKey>,
    /// Facts, in order of arrival.
    pub steps: Vec<Step>,
    /// How many facts came so far.
    pub step_count: u64,
    /// The latest instant of `payment-timers`' facts, whose order is kept.
    pub payments_at: Option<IstInstant>,
    /// Entries published.
    pub published: Vec<Published>,
    /// Alerts given: what gave rise to them, and their code.
    pub alerted: Vec<(String, String)>,
    /// The day under which a row of rule 37A stands.
    pub due_under: Option<IstDate>,
    /// The supplier's period that is watched.
    pub watched: Option<TaxPeriod>,
    /// What the facts come to.
    pub summary: Summary,
}

impl Row for CreditRow {
    const TABLE: &'static str = "credit";
}

impl CreditRow {
    /// A row of something heard of for the first time.
    #[must_use]
    pub fn new(subject: &CreditSubject) -> Self {
        let supplier = match subject {
            CreditSubject::Document(document) => Some(document.supplier),
            CreditSubject::BillOfEntry(_) => None,
        };
        Self {
            subject: subject.clone(),
            supplier,
            supplier_period: None,
            arrival: u64::MAX,
            parent: None,
            steps: Vec::new(),
            step_count: 0,
            payments_at: None,
            published: Vec::new(),
            alerted: Vec::new(),
            due_under: None,
            watched: None,
            summary: Summary::default(),
        }
    }
}

/// A Bill of Entry as customs last told: `bill|gstin|id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillRow {
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// The last step known.
    pub status: Option<CustomsStatusWord>,
    /// Since when credit may be taken.
    pub eligible_at: Option<IstInstant>,
    /// The reference date.
    pub reference_date: Option<IstDate>,
    /// IGST and cess.
    pub tax: TaxAmounts,
}

impl Row for BillRow {
    const TABLE: &'static str = "bill";
}

impl BillRow {
    /// The row of a bill with that content.
    #[must_use]
    pub fn of(details: &BillOfEntryDetails) -> Self {
        Self {
            bill_of_entry: details.bill_of_entry.clone(),
            status: None,
            eligible_at: None,
            reference_date: details.reference_date,
            tax: details.tax,
        }
    }
}

/// A recipient: `recipient|gstin`. Never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecipientRow {
    /// From which period on it files how often.
    pub frequencies: BTreeMap<Option<TaxPeriod>, FilingFrequency>,
    /// The number of its last entry.
    pub entries: u64,
    /// The number of the last record about it on the public topic, without gaps.
    pub sequence: u64,
    /// How many balances of its credit ledger are known.
    pub balances: u64,
    /// How many entries with interest were posted.
    pub interests: u64,
    /// The last day whose own dates were acted on for this recipient.
    pub passed: Option<IstDate>,
    /// The opening balance of its reversal statement (ECR-1).
    pub opening: TaxAmounts,
}

impl Row for RecipientRow {
    const TABLE: &'static str = "recipient";
}

impl RecipientRow {
    /// How often it files in the month of a day; monthly where nobody said.
    #[must_use]
    pub fn frequency_on(&self, day: IstDate) -> FilingFrequency {
        let month = TaxPeriod::of(day);
        let latest = self.frequencies.iter().rev().find(|(from, _)| from.is_none_or(|from| from <= month));
        latest.map_or(FilingFrequency::Monthly, |(_, frequency)| *frequency)
    }

    /// The return period that a day lies in (CAL-4).
    #[must_use]
    pub fn period_of(&self, day: IstDate) -> TaxPeriod {
        TaxPeriod::of_with(day, self.frequency_on(day))
    }
}

/// One entry as it stands, as JSON: `entry|gstin|number`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    /// The entry in its public form.
    pub json: String,
}

impl Row for EntryRow {
    const TABLE: &'static str = "entry";
}

/// Names an entry: `open|gstin|period|number`, `interest|gstin|n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPointerRow {
    /// Its number.
    pub number: u64,
}

impl Row for EntryPointerRow {
    const TABLE: &'static str = "open";
}

/// What an entry did to the lines of its return: `of_period|gstin|period|number`. The sums of the return are made of
/// these rows and nothing else, so that each rupee of a line leads to its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnEntryRow {
    /// Its number.
    pub number: u64,
    /// What it added to each line; netting may take from a line (R37-9).
    pub lines: BTreeMap<String, TaxAmounts>,
}

impl Row for ReturnEntryRow {
    const TABLE: &'static str = "of_period";
}

/// A document that hangs on a supplier's return: `watching|gstin|supplier|quarter|arrival|subject`. One return may cover
/// all months of the quarter, and what it moves is settled by arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchingRow {
    /// Which one.
    pub subject: CreditSubject,
    /// The month in which the supplier reported it.
    pub period: TaxPeriod,
}

impl Row for WatchingRow {
    const TABLE: &'static str = "watching";
}

/// Names a document or Bill of Entry: `due|…`, `capital|…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectPointerRow {
    /// Which one.
    pub subject: CreditSubject,
}

impl Row for SubjectPointerRow {
    const TABLE: &'static str = "due";
}

/// Table 4 of a return, summed up from entries: `table4|gstin|period`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table4Row {
    /// Sums by line.
    pub lines: BTreeMap<String, TaxAmounts>,
    /// Interest of its posted reversals, before rounding to rupees.
    pub interest: TaxAmounts,
    /// When the return was filed, if it was.
    pub filed_at: Option<IstInstant>,
    /// When it was filed, of a return that the reversal statement does not let through (ECR-2): it posts nothing.
    pub blocked_at: Option<IstInstant>,
    /// Table 4 as filed, by line, where told.
    pub as_filed: BTreeMap<String, TaxAmounts>,
    /// Acknowledgement number of the filed return.
    pub arn: Option<String>,
    /// Whether every claim of the filed return is told, so that it can be compared.
    pub is_compared: bool,
    /// By line, filed less ours, as told last.
    pub differences: BTreeMap<String, TaxAmounts>,
}

impl Row for Table4Row {
    const TABLE: &'static str = "table4";
}

/// A supplier's GSTR-3B of a period: `watch|gstin|supplier|period` (R37A-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WatchRow {
    /// As of when it was reported as not filed, first.
    pub not_filed_at: Option<IstInstant>,
    /// When it was filed.
    pub filed_at: Option<IstInstant>,
}

impl Row for WatchRow {
    const TABLE: &'static str = "watch";
}

/// A return that the reversal statement holds back, looked at again on that day: `blocked|date|gstin|period` (ECR-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedRow {
    /// The period.
    pub period: TaxPeriod,
}

impl Row for BlockedRow {
    const TABLE: &'static str = "blocked";
}

/// The recipient's annual return: `annual|gstin|year` (TL-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnualReturnRow {
    /// When it was filed.
    pub filed_on: IstDate,
}

impl Row for AnnualReturnRow {
    const TABLE: &'static str = "annual";
}

/// A balance of the credit ledger: `balance|gstin|date|n` (INT-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceRow {
    /// The day of the debit.
    pub date: IstDate,
    /// The balance after it.
    pub balance: TaxAmounts,
    /// Due date of the return, where the fall comes from one.
    pub return_due_date: Option<IstDate>,
}

impl Row for BalanceRow {
    const TABLE: &'static str = "balance";
}

/// Tax of a credit note that was taken out: `note|gstin|key`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoteRow {
    /// The invoice that it lowers; absent while only the portal told of it, which names none (R37-11).
    pub invoice: Option<DocumentKey>,
    /// By the acceptance that the register told.
    pub by_register: TaxAmounts,
    /// By a line of a statement.
    pub by_line: TaxAmounts,
}

impl Row for NoteRow {
    const TABLE: &'static str = "note";
}

/// The document to which an amendment's key leads: `alias|gstin|key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRow {
    /// The key of its first version.
    pub document: DocumentKey,
}

impl Row for AliasRow {
    const TABLE: &'static str = "alias";
}

/// A rulebook that facts arrived under: `rulebook|digest`. Never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulebookRow {
    /// Digest of the released rows.
    pub released: String,
    /// The deployment's own rows.
    pub own: BTreeMap<String, String>,
}

impl Row for RulebookRow {
    const TABLE: &'static str = "rulebook";
}

/// The last day whose 1 October has been acted on in this partition: `passed|all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedRow {
    /// The day.
    pub date: IstDate,
}

impl Row for PassedRow {
    const TABLE: &'static str = "passed";
}

stream::shown_rows!(
    CreditRow,
    BillRow,
    RecipientRow,
    EntryRow,
    EntryPointerRow,
    ReturnEntryRow,
    WatchingRow,
    SubjectPointerRow,
    Table4Row,
    WatchRow,
    BlockedRow,
    AnnualReturnRow,
    BalanceRow,
    NoteRow,
    AliasRow,
    RulebookRow,
    PassedRow,
    TurnoverRow,
    ApportionedRow,
    ShareRow,
    YearRow
);
