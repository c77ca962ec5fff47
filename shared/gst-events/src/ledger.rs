//! What `itc-ledger` decides: entries of credit, per document and head. Public and in the recipient's journal.

use crate::reads::event_types;
use crate::vocabulary::CreditSubject;
use gst_rules::RuleRef;
use gst_types::{IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LedgerEntryKind {
    /// Credit taken: 4(A)(1) Bill of Entry, 4(A)(3) reverse charge, 4(A)(4) ISD, else 4(A)(5).
    ItcAvailed,
    /// Barred by time: 4(D)(2) only (TL-9).
    TimeBarred,
    /// Tax of an accepted credit note: 4(A)(5), negative.
    CreditNote,
    /// Credit corrected with an amendment: 4(A)(5), signed.
    Amendment,
    /// Taken away for good: 4(B)(1).
    PermanentReversal,
    /// Taken away for now: 4(B)(2).
    Reversal,
    /// Taken again: 4(A)(5) and 4(D)(1).
    Reclaim,
    /// Credit of a Bill of Entry may now be claimed; no line.
    ImportCreditAvailable,
    /// Credit of a Bill of Entry changed with its values: 4(A)(1), signed.
    ImportCreditDelta,
}

/// What a reversal or re-claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum LedgerCause {
    /// The supplier was not paid within 180 days.
    #[serde(rename = "RULE_37")]
    Rule37,
    /// The supplier did not file its GSTR-3B.
    #[serde(rename = "RULE_37A")]
    Rule37a,
}

/// The event behind a reversal or re-claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum LedgerReason {
    /// Day 181 came.
    #[serde(rename = "DAY_181")]
    Day181,
    /// Money was settled.
    #[serde(rename = "PAYMENT")]
    Payment,
    /// Money dated in time arrived late.
    #[serde(rename = "LATE_INPUT")]
    LateInput,
    /// A credit note was accepted.
    #[serde(rename = "CREDIT_NOTE")]
    CreditNote,
    /// The document was amended.
    #[serde(rename = "AMENDMENT")]
    Amendment,
    /// Money was moved.
    #[serde(rename = "REALLOCATION")]
    Reallocation,
    /// Credit was reversed for good.
    #[serde(rename = "PERMANENT_REVERSAL")]
    PermanentReversal,
    /// Credit was claimed late.
    #[serde(rename = "CLAIM")]
    Claim,
    /// The supplier did not file.
    #[serde(rename = "SUPPLIER_NOT_FILED")]
    SupplierNotFiled,
    /// The supplier filed.
    #[serde(rename = "SUPPLIER_FILED")]
    SupplierFiled,
}

/// An entry is due when decided, and posted when the return of its period is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryStatus {
    /// Decided.
    Due,
    /// Its return is filed.
    Posted,
}

/// How interest was computed (INT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InterestBasis {
    /// From the filing of the return with the claim.
    Availment,
    /// From the day on which the credit was utilised.
    Utilisation,
    /// From the day that the rule itself names: of a year's shortage under rule 42(2)(a), 1 April.
    NamedDay,
}

/// One span of interest; rounded by itself (INT-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterestSlice {
    /// First day, not counted.
    pub from: IstDate,
    /// Last day, counted.
    pub to: IstDate,
    /// Counted days.
    pub days: i64,
    /// The amounts that bear it.
    pub principal: TaxAmounts,
    /// Interest by head.
    pub interest: TaxAmounts,
    /// The worked line: `principal × days × rate`.
    pub working: String,
}

/// Interest of a posted reversal (section 2.1 of the payment rules).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReversalInterest {
    /// How it was computed.
    pub basis: InterestBasis,
    /// Whether it is the largest possible, for want of balances.
    pub ceiling: bool,
    /// Spans; none where nothing was utilised.
    pub slices: Vec<InterestSlice>,
    /// Their sum by head.
    pub total: TaxAmounts,
    /// Interest from the claim on, whatever was applied; absent where its day is not known (INT-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_availment: Option<TaxAmounts>,
    /// Interest from utilisation on, whatever was applied; absent where the balances are not known (INT-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_utilisation: Option<TaxAmounts>,
}

/// One entry of credit. Entries are only ever added; what undoes one is another that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntry {
    /// The entry.
    pub entry_id: String,
    /// Whose credit.
    pub recipient: RecipientGstin,
    /// Of what.
    pub subject: CreditSubject,
    /// The supplier, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierGstin>,
    /// What it does.
    pub entry: LedgerEntryKind,
    /// Of a reversal or re-claim, its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<LedgerCause>,
    /// Of a reversal or re-claim, the event behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LedgerReason>,
    /// The return to which it belongs.
    pub return_period: TaxPeriod,
    /// Lines of GSTR-3B Table 4, such as `4A5`; a re-claim has two, some entries none.
    pub lines: Vec<String>,
    /// The legal day.
    pub date: IstDate,
    /// Amounts; positive but for credit notes, amendments and import deltas.
    pub tax: TaxAmounts,
    /// Of a reversal or re-claim, what is unpaid after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaid_after: Option<Paise>,
    /// Where the rule names a day from which the amount bears interest, that day: of a year's shortage, 1 April (APP-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_from: Option<IstDate>,
    /// Due or posted.
    pub status: EntryStatus,
    /// Of a posted reversal that bears it, the interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<ReversalInterest>,
    /// The entry that this one follows: of a re-claim its reversal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_entry_id: Option<String>,
    /// The entry that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancels: Option<String>,
    /// Whether it may be re-claimed; only of reversals (ECR-5).
    #[serde(default)]
    pub reclaimable: bool,
    /// The rule that decided.
    pub rule: RuleRef,
    /// The configuration values applied, key to value.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub applied: std::collections::BTreeMap<String, String>,
    /// Digest of the rulebook in force.
    pub rulebook_digest: String,
    /// When it was posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<IstInstant>,
}

/// An entry became due or was posted; the same value goes to the public ledger topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntryChanged {
    /// The entry as it stands.
    pub entry: LedgerEntry,
}

/// A recipient has credit on documents of that supplier and period: rule 37A's watch begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierWatched {
    /// Whom.
    pub supplier: SupplierGstin,
    /// The period in which the supplier reported.
    pub period: TaxPeriod,
    /// Who watches.
    pub recipient: RecipientGstin,
}

/// A line of Table 4 that was filed differently from what our entries come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FiledLineDifference {
    /// The line, such as `4A5`.
    pub line: String,
    /// What our entries come to.
    pub ours: TaxAmounts,
    /// What was filed.
    pub filed: TaxAmounts,
    /// Filed less ours.
    pub difference: TaxAmounts,
}

/// A GSTR-3B was filed with other totals than ours. The whole truth each time: the last one of a period holds, and one
/// without lines says that nothing differs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilingDiffers {
    /// Whose return.
    pub recipient: RecipientGstin,
    /// Its period.
    pub period: TaxPeriod,
    /// When it was filed.
    pub filed_at: IstInstant,
    /// Acknowledgement number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The lines that differ.
    pub lines: Vec<FiledLineDifference>,
}

event_types!(Decision by ["itc-ledger"]:
    LedgerEntryChanged = "itc.ledger-entry-changed.v1",
    SupplierWatched = "itc.supplier-watched.v1",
    FilingDiffers = "itc.filing-differs.v1",
);
event_types!(Public by ["itc-ledger"]:
    LedgerEntry = "itc.ledger-entry.v1",
);
