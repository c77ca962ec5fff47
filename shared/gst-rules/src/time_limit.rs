//! Section 16(4): the last day to take credit (TL-1 to TL-3), its reliefs (TL-4), debit notes (TL-5), Bills of Entry (TL-7)
//! and self-invoices (TL-8).

use crate::calendar::section_16_4_cutoff;
use crate::rule::{RuleRef, TL_1, TL_4, TL_7};
use crate::rulebook::{BillOfEntryTimeLimit, Rulebook};
use gst_types::{FinancialYear, IstDate};

/// What kind of document the credit rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitedDocument {
    /// Invoice of a supplier.
    Invoice,
    /// Debit note of a supplier.
    DebitNote,
    /// Bill of Entry.
    BillOfEntry,
    /// The recipient's own invoice for reverse charge; its own date counts (TL-8).
    SelfInvoice,
}

/// What the time limit is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimitFacts {
    /// What the document is.
    pub document: LimitedDocument,
    /// Its date.
    pub document_date: IstDate,
    /// The date of the invoice that a debit note belongs to.
    pub original_invoice_date: Option<IstDate>,
    /// The day on which the recipient filed the annual return of the year (TL-2).
    pub annual_return_filed_on: Option<IstDate>,
    /// The due date of the September return, where it was extended (TL-3).
    pub september_return_due: Option<IstDate>,
    /// The day of the order that cancelled the recipient's registration (TL-4).
    pub cancellation_order_on: Option<IstDate>,
    /// The day of the order that restored it (TL-4).
    pub revocation_order_on: Option<IstDate>,
}

impl TimeLimitFacts {
    /// The facts of a document of that kind and date, nothing else being known.
    #[must_use]
    pub const fn of(document: LimitedDocument, document_date: IstDate) -> Self {
        Self {
            document,
            document_date,
            original_invoice_date: None,
            annual_return_filed_on: None,
            september_return_due: None,
            cancellation_order_on: None,
            revocation_order_on: None,
        }
    }

    /// TL-1, TL-5, TL-8: the financial year that counts: the document's own, but that of the invoice for a debit note
    /// dated before 1 Jan 2021.
    #[must_use]
    pub fn financial_year(&self) -> FinancialYear {
        let before_2021 = IstDate::from_ymd(2021, 1, 1).is_some_and(|own_year| self.document_date < own_year);
        let date = match (self.document, self.original_invoice_date) {
            (LimitedDocument::DebitNote, Some(invoice_date)) if before_2021 => invoice_date,
            (
                LimitedDocument::DebitNote
                | LimitedDocument::Invoice
                | LimitedDocument::BillOfEntry
                | LimitedDocument::SelfInvoice,
                _,
            ) => self.document_date,
        };
        FinancialYear::of(date)
    }
}

/// The last days on which a return with the credit may be filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit {
    /// The financial year that counts.
    pub financial_year: FinancialYear,
    /// The cut-off of section 16(4), without relief.
    pub cutoff: IstDate,
    /// The day of section 16(5), for the years that it covers.
    pub extended_by_16_5: Option<IstDate>,
    /// The end of the window of section 16(6), where registration was restored and the document was not barred before.
    pub window_end: Option<IstDate>,
    /// Whether the document was barred already on the day of the cancellation order.
    pub barred_on_cancellation: bool,
}

/// Days after the revocation order (section 16(6)).
const DAYS_AFTER_REVOCATION: u32 = 30;

/// TL-1 to TL-5: the last days for a document.
#[must_use]
pub fn cutoff(rulebook: &Rulebook, facts: &TimeLimitFacts) -> TimeLimit {
    let year = facts.financial_year();
    let cutoff = section_16_4_cutoff(rulebook, year, facts.annual_return_filed_on, facts.september_return_due);
    let relieved = (2017..=2020).contains(&year.start_year());
    let extended_by_16_5 = if relieved { IstDate::from_ymd(2021, 11, 30) } else { None };
    let barred_on_cancellation = facts.cancellation_order_on.is_some_and(|order| order > cutoff);
    let window_end = match (facts.cancellation_order_on, facts.revocation_order_on) {
        (Some(_), Some(revoked)) if !barred_on_cancellation => {
            Some(cutoff.max(revoked.plus_days(DAYS_AFTER_REVOCATION)))
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    TimeLimit { financial_year: year, cutoff, extended_by_16_5, window_end, barred_on_cancellation }
}

/// Whether a claim in a return filed on some day is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimitDecision {
    /// In time under section 16(4) itself.
    InTime,
    /// In time by section 16(5).
    By16Sub5,
    /// In time by section 16(6).
    By16Sub6,
    /// A Bill of Entry after the cut-off: allowed, and flagged as disputed (TL-7, SOFT).
    AllowedDisputed,
    /// A Bill of Entry, which the limit does not reach (TL-7, NONE).
    NotLimited,
    /// Too late.
    TimeBarred,
    /// Too late, and barred already when registration was cancelled, so that section 16(6) does not help.
    AlreadyTimeBarredOnCancellation,
}

impl TimeLimitDecision {
    /// Whether credit may be taken.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        match self {
            Self::InTime | Self::By16Sub5 | Self::By16Sub6 | Self::AllowedDisputed | Self::NotLimited => true,
            Self::TimeBarred | Self::AlreadyTimeBarredOnCancellation => false,
        }
    }

    /// The rule that decided.
    #[must_use]
    pub const fn rule(self) -> RuleRef {
        match self {
            Self::InTime | Self::TimeBarred => TL_1,
            Self::By16Sub5 | Self::By16Sub6 | Self::AlreadyTimeBarredOnCancellation => TL_4,
            Self::AllowedDisputed | Self::NotLimited => TL_7,
        }
    }

    /// The subsection that allows the claim, as case files write it.
    #[must_use]
    pub const fn by(self) -> Option<&'static str> {
        match self {
            Self::InTime => Some("16(4)"),
            Self::By16Sub5 => Some("16(5)"),
            Self::By16Sub6 => Some("16(6)"),
            Self::AllowedDisputed | Self::NotLimited | Self::TimeBarred | Self::AlreadyTimeBarredOnCancellation => None,
        }
    }

    /// The flag of an allowed but disputed claim (TL-7).
    #[must_use]
    pub const fn flag(self) -> Option<&'static str> {
        match self {
            Self::AllowedDisputed => Some("SECTION_16_4_DISPUTED"),
            Self::InTime
            | Self::By16Sub5
            | Self::By16Sub6
            | Self::NotLimited
            | Self::TimeBarred
            | Self::AlreadyTimeBarredOnCancellation => None,
        }
    }

    /// Why the claim is refused.
    #[must_use]
    pub const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::TimeBarred => Some("TIME_BARRED"),
            Self::AlreadyTimeBarredOnCancellation => Some("ALREADY_TIME_BARRED_ON_CANCELLATION_ORDER_DATE"),
            Self::InTime | Self::By16Sub5 | Self::By16Sub6 | Self::AllowedDisputed | Self::NotLimited => None,
        }
    }
}

/// TL-1, TL-4, TL-7: judges a claim in a return filed on that day. Re-claims are exempt and never asked for (TL-6).
#[must_use]
pub fn judge_claim(rulebook: &Rulebook, facts: &TimeLimitFacts, claim_filed_on: IstDate) -> TimeLimitDecision {
    let limit = cutoff(rulebook, facts);
    let within = |last_day: Option<IstDate>| last_day.is_some_and(|last_day| claim_filed_on <= last_day);
    if claim_filed_on <= limit.cutoff {
        return TimeLimitDecision::InTime;
    }
    if within(limit.extended_by_16_5) {
        return TimeLimitDecision::By16Sub5;
    }
    if within(limit.window_end) {
        return TimeLimitDecision::By16Sub6;
    }
    let too_late = if limit.barred_on_cancellation {
        TimeLimitDecision::AlreadyTimeBarredOnCancellation
    } else {
        TimeLimitDecision::TimeBarred
    };
    match (facts.document, rulebook.bill_of_entry_time_limit()) {
        (LimitedDocument::BillOfEntry, BillOfEntryTimeLimit::Soft) => TimeLimitDecision::AllowedDisputed,
        (LimitedDocument::BillOfEntry, BillOfEntryTimeLimit::None) => TimeLimitDecision::NotLimited,
        (LimitedDocument::BillOfEntry, BillOfEntryTimeLimit::Hard)
        | (LimitedDocument::Invoice | LimitedDocument::DebitNote | LimitedDocument::SelfInvoice, _) => too_late,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn invoice(date: &str) -> TimeLimitFacts {
        TimeLimitFacts::of(LimitedDocument::Invoice, day(date))
    }

    fn judged(facts: &TimeLimitFacts, filed: &str) -> TimeLimitDecision {
        judge_claim(&Rulebook::embedded(), facts, day(filed))
    }

    #[test]
    fn tl_1_only_the_filing_day_counts() {
        assert_eq!(judged(&invoice("2025-01-15"), "2025-11-30"), TimeLimitDecision::InTime);
        assert_eq!(judged(&invoice("2025-01-15"), "2025-12-01"), TimeLimitDecision::TimeBarred);
    }

    #[test]
    fn tl_2_the_annual_return_ends_it_earlier() {
        let facts = TimeLimitFacts { annual_return_filed_on: Some(day("2025-10-18")), ..invoice("2024-12-15") };
        assert_eq!(cutoff(&Rulebook::embedded(), &facts).cutoff, day("2025-10-18"));
    }

    #[test]
    fn tl_4_reliefs() {
        assert_eq!(judged(&invoice("2020-08-14"), "2021-11-30"), TimeLimitDecision::By16Sub5);
        assert_eq!(judged(&invoice("2020-08-14"), "2021-12-01"), TimeLimitDecision::TimeBarred);
        let cancelled = |on: &str| TimeLimitFacts {
            cancellation_order_on: Some(day(on)),
            revocation_order_on: Some(day("2024-02-10")),
            ..invoice("2022-07-01")
        };
        assert_eq!(judged(&cancelled("2023-11-30"), "2024-03-11"), TimeLimitDecision::By16Sub6);
        assert_eq!(judged(&cancelled("2023-11-30"), "2024-03-12"), TimeLimitDecision::TimeBarred);
        let late = judged(&cancelled("2023-12-01"), "2024-03-11");
        assert_eq!(late, TimeLimitDecision::AlreadyTimeBarredOnCancellation);
    }

    #[test]
    fn tl_5_a_debit_note_has_its_own_year_from_2021() {
        let note = |date: &str| TimeLimitFacts {
            original_invoice_date: Some(day("2019-01-10")),
            ..TimeLimitFacts::of(LimitedDocument::DebitNote, day(date))
        };
        assert_eq!(note("2020-12-31").financial_year().to_string(), "2018-19");
        assert_eq!(note("2021-01-01").financial_year().to_string(), "2020-21");
    }

    #[test]
    fn tl_7_a_bill_of_entry_is_disputed_by_default() {
        let bill = TimeLimitFacts::of(LimitedDocument::BillOfEntry, day("2022-08-16"));
        assert_eq!(judged(&bill, "2024-04-20"), TimeLimitDecision::AllowedDisputed);
        assert_eq!(judged(&bill, "2023-11-30"), TimeLimitDecision::InTime);
    }

    #[test]
    fn tl_8_a_self_invoice_counts_by_its_own_date() {
        let own = TimeLimitFacts::of(LimitedDocument::SelfInvoice, day("2024-07-10"));
        assert_eq!(own.financial_year().to_string(), "2024-25");
    }
}
