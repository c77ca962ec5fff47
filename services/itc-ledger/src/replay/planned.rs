//! What a replay comes to: entries and alerts, before they are compared with what was published.

use gst_events::{CreditSubject, LedgerCause, LedgerEntryKind, LedgerReason};
use gst_rules::RuleRef;
use gst_rules::table4::{self, EntryKind, ReturnLine};
use gst_types::{IstDate, Paise, TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;

/// An entry that should stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What gave rise to it; with subject, kind and cause it names the entry (R37-17).
    pub trigger: String,
    /// On what.
    pub subject: CreditSubject,
    /// What it does.
    pub kind: LedgerEntryKind,
    /// Of a reversal or re-claim, its cause.
    pub cause: Option<LedgerCause>,
    /// Of a reversal or re-claim, the event behind it.
    pub reason: Option<LedgerReason>,
    /// The return.
    pub period: TaxPeriod,
    /// Whether it belongs to that return and no other, filed or not.
    pub period_is_given: bool,
    /// The legal day.
    pub date: IstDate,
    /// Amounts.
    pub tax: TaxAmounts,
    /// From when it bears interest, where the rule names a day.
    pub interest_from: Option<IstDate>,
    /// Of a reversal or re-claim, what is unpaid after it.
    pub unpaid_after: Option<Paise>,
    /// Lines of Table 4.
    pub lines: Vec<String>,
    /// The rule that decided.
    pub rule: RuleRef,
    /// Configuration values applied.
    pub applied: BTreeMap<String, String>,
    /// Digest of the rulebook, first 16 characters.
    pub rules: String,
}

/// Something to tell a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAlert {
    /// What gave rise to it.
    pub trigger: String,
    /// Stable code.
    pub code: &'static str,
    /// On what.
    pub subject: CreditSubject,
    /// The legal day.
    pub date: IstDate,
    /// Plain words.
    pub message: &'static str,
    /// The rule.
    pub rule: RuleRef,
}

/// One outcome, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planning {
    /// An entry.
    Entry(Box<Planned>),
    /// An alert.
    Alert(PlannedAlert),
}

/// The lines of Table 4 for a kind of entry (T4-1 to T4-10).
#[must_use]
pub fn lines_of(kind: EntryKind) -> Vec<String> {
    table4::line(kind).lines.iter().map(|line| line.code().to_owned()).collect()
}

/// The one line of that code.
#[must_use]
pub fn line(line: ReturnLine) -> Vec<String> {
    vec![line.code().to_owned()]
}
