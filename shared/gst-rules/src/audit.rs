//! The audit pack: completeness (AUD-1, AUD-3), cross checks (AUD-4), late payment (AUD-5) and retention (AUD-6).

use crate::amount::percent_of;
use crate::calendar::{DAYS_TO_PAY, annual_return_due, last_day_to_pay};
use crate::rule::{AUD_4, C_15, RuleRef};
use crate::rulebook::{GstinChecksum, Rulebook};
use gst_types::{FinancialYear, Gstin, IstDate, Paise, StateCode, TaxAmounts};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// The artefacts of a pack: invoice or bill, receipt, IMS record, return line, payment (AUD-1).
pub const ARTEFACTS: [u8; 5] = [1, 2, 3, 4, 5];

/// How strong artefact 3 is (AUD-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AcceptanceGrade {
    /// Accepted by somebody.
    Explicit,
    /// Accepted by silence: a lower grade, not a missing artefact.
    Deemed,
}

impl AcceptanceGrade {
    /// The grade of an artefact 3 of that kind.
    #[must_use]
    pub fn of_kind(kind: &str) -> Self {
        if kind == "DEEMED_ACCEPTED" { Self::Deemed } else { Self::Explicit }
    }

    /// The word used in packs and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Explicit => "EXPLICIT",
            Self::Deemed => "DEEMED",
        }
    }
}

/// What the invoice (artefact 1) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceFacts {
    /// Its date.
    pub date: Option<IstDate>,
    /// Whether it is a Bill of Entry: customs is paid, not a supplier, so no 180 days run (R37-6).
    pub is_bill_of_entry: bool,
    /// Value without tax.
    pub taxable_value: Option<Paise>,
    /// Rate in percent, where there is one.
    pub rate_percent: Option<Decimal>,
    /// Tax per head.
    pub tax: TaxAmounts,
}

/// What is known of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFacts {
    /// The supplier's GSTIN as written.
    pub supplier_gstin: String,
    /// The State where goods or services were received, if recorded.
    pub receiving_state: Option<StateCode>,
    /// The numbers of the artefacts that are there.
    pub present: BTreeSet<u8>,
    /// Artefact 1.
    pub invoice: Option<InvoiceFacts>,
    /// The day of the last payment (artefact 5).
    pub paid_on: Option<IstDate>,
    /// Whether a rule 37 reversal is linked.
    pub has_rule_37_reversal: bool,
    /// Whether its re-claim is linked.
    pub has_reclaim: bool,
}

/// Something to look at that does not make a pack incomplete (AUD-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackWarning {
    /// The GSTIN's check digit is wrong.
    GstinCheckDigit,
    /// IGST although supplier and receipt are in one State.
    IgstOnSameStateSupply,
    /// A head is more than a rupee away from rate times value.
    TaxNotRateTimesValue,
}

impl PackWarning {
    /// The word used in packs and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::GstinCheckDigit => "GSTIN_CHECK_DIGIT",
            Self::IgstOnSameStateSupply => "IGST_ON_SAME_STATE_SUPPLY",
            Self::TaxNotRateTimesValue => "TAX_NOT_RATE_TIMES_VALUE",
        }
    }

    /// The rule that asks for the check.
    #[must_use]
    pub const fn rule(self) -> RuleRef {
        match self {
            Self::GstinCheckDigit | Self::IgstOnSameStateSupply => C_15,
            Self::TaxNotRateTimesValue => AUD_4,
        }
    }
}

/// A link that a pack paid late carries (AUD-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtraLink {
    /// The reversal under rule 37.
    Rule37Reversal,
    /// Its re-claim.
    Reclaim,
}

impl ExtraLink {
    /// The word used in packs and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rule37Reversal => "RULE37_REVERSAL",
            Self::Reclaim => "RECLAIM",
        }
    }
}

/// The judgement of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackJudgement {
    /// Whether all five artefacts are there and nothing is found (AUD-3).
    pub complete: bool,
    /// Numbers of the artefacts that are not there.
    pub missing: Vec<u8>,
    /// The last day to pay (R37-2).
    pub last_day_to_pay: Option<IstDate>,
    /// Day of the payment, the invoice date being day 0.
    pub paid_on_day: Option<i64>,
    /// Whether that was within 180 days.
    pub within_180: Option<bool>,
    /// Links of a late payment that are there.
    pub extra_links: Vec<ExtraLink>,
    /// Whether a late payment has no reversal: finding `RULE37_REVERSAL_MISSING` (AUD-5).
    pub reversal_missing: bool,
    /// Warnings, in the order of the rule.
    pub warnings: Vec<PackWarning>,
    /// The right check digit, where it is warned about.
    pub expected_check_digit: Option<char>,
}

/// AUD-1 to AUD-5: judges a pack, such as that of AUD-8.
#[must_use]
pub fn judge_pack(rulebook: &Rulebook, facts: &PackFacts) -> PackJudgement {
    let missing: Vec<u8> = ARTEFACTS.into_iter().filter(|number| !facts.present.contains(number)).collect();
    let invoice_date = facts.invoice.filter(|invoice| !invoice.is_bill_of_entry).and_then(|invoice| invoice.date);
    let paid_on_day = facts.paid_on.zip(invoice_date).map(|(paid, invoiced)| paid.days_since(invoiced));
    let within_180 = paid_on_day.map(|day| day <= i64::from(DAYS_TO_PAY));
    let late = within_180 == Some(false);
    let reversal_missing = late && !facts.has_rule_37_reversal;
    let links = [(ExtraLink::Rule37Reversal, facts.has_rule_37_reversal), (ExtraLink::Reclaim, facts.has_reclaim)];
    let warnings = warnings(rulebook, facts);
    let expected_check_digit = if warnings.contains(&PackWarning::GstinCheckDigit) {
        Gstin::check_character_of(&facts.supplier_gstin)
    } else {
        None
    };
    PackJudgement {
        complete: missing.is_empty() && !reversal_missing,
        missing,
        last_day_to_pay: invoice_date.map(last_day_to_pay),
        paid_on_day,
        within_180,
        extra_links: links.into_iter().filter(|(_, is_there)| late && *is_there).map(|(link, _)| link).collect(),
        reversal_missing,
        warnings,
        expected_check_digit,
    }
}

fn warnings(rulebook: &Rulebook, facts: &PackFacts) -> Vec<PackWarning> {
    let mut warnings = Vec::new();
    let gstin = Gstin::parse(&facts.supplier_gstin).ok();
    let digit_is_looked_at = match rulebook.gstin_checksum() {
        GstinChecksum::Warn | GstinChecksum::Reject => true,
        GstinChecksum::Off => false,
    };
    if digit_is_looked_at && !gstin.is_some_and(Gstin::has_right_check_character) {
        warnings.push(PackWarning::GstinCheckDigit);
    }
    let same_state = gstin.map(Gstin::state).zip(facts.receiving_state).is_some_and(|(from, at)| from == at);
    if same_state && facts.invoice.is_some_and(|invoice| invoice.tax.igst > Paise::ZERO) {
        warnings.push(PackWarning::IgstOnSameStateSupply);
    }
    if facts.invoice.is_some_and(|invoice| is_tax_off(&invoice)) {
        warnings.push(PackWarning::TaxNotRateTimesValue);
    }
    warnings
}

/// How far a head may be from rate times value: one rupee (RND-1, AUD-4).
const TOLERANCE: Paise = Paise::from_rupees(1);

/// AUD-4: whether a head is more than a rupee away from rate times value; CGST and SGST from half of it each.
fn is_tax_off(invoice: &InvoiceFacts) -> bool {
    let Some((value, rate)) = invoice.taxable_value.zip(invoice.rate_percent) else { return false };
    let is_off = |found: Paise, expected: Paise| (found - expected).max(expected - found) > TOLERANCE;
    let tax = invoice.tax;
    if tax.cgst.is_zero() && tax.sgst.is_zero() {
        return is_off(tax.igst, percent_of(value, rate));
    }
    let half = percent_of(value, rate / Decimal::TWO);
    is_off(tax.cgst, half) || is_off(tax.sgst, half) || is_off(tax.igst, Paise::ZERO)
}

/// Until when a record is kept (AUD-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Until the end of that day.
    Until(IstDate),
    /// As long as proceedings are open.
    IndefiniteHold,
}

/// Months after the due date of the annual return (section 36).
const RETENTION_IN_MONTHS: u32 = 72;

/// AUD-6: 72 months after the due date of the annual return of the record's year, or one year after the final disposal of
/// proceedings if that is later; without end while they are open (conflict C10).
#[must_use]
pub fn retention(annual_return_due: IstDate, final_disposal_on: Option<IstDate>, proceedings_open: bool) -> Retention {
    if proceedings_open {
        return Retention::IndefiniteHold;
    }
    let normal = annual_return_due.plus_months(RETENTION_IN_MONTHS);
    Retention::Until(final_disposal_on.map_or(normal, |disposal| disposal.plus_months(12).max(normal)))
}

/// AUD-6: the due date of the annual return for a record of that date, where it was not extended.
#[must_use]
pub fn annual_return_due_for(document_date: IstDate) -> IstDate {
    annual_return_due(FinancialYear::of(document_date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn facts() -> PackFacts {
        PackFacts {
            supplier_gstin: "29AAACX0123A1ZZ".to_owned(),
            receiving_state: None,
            present: ARTEFACTS.into(),
            invoice: Some(InvoiceFacts {
                date: Some(day("2026-04-08")),
                is_bill_of_entry: false,
                taxable_value: Some(Paise::from_rupees(2_330_000)),
                rate_percent: Some(Decimal::from(18)),
                tax: TaxAmounts { igst: Paise::from_rupees(419_400), ..TaxAmounts::ZERO },
            }),
            paid_on: Some(day("2026-06-22")),
            has_rule_37_reversal: false,
            has_reclaim: false,
        }
    }

    fn judged(facts: &PackFacts) -> PackJudgement {
        judge_pack(&Rulebook::embedded(), facts)
    }

    #[test]
    fn aud_8_the_worked_pack() {
        let found = judged(&PackFacts { supplier_gstin: "29AAACX0123A1Z5".to_owned(), ..facts() });
        assert!(found.complete);
        assert_eq!((found.paid_on_day, found.last_day_to_pay), (Some(75), Some(day("2026-10-05"))));
        assert_eq!(found.warnings, vec![PackWarning::GstinCheckDigit]);
        assert_eq!(found.expected_check_digit, Some('Z'));
    }

    #[test]
    fn aud_3_a_missing_artefact() {
        let found = judged(&PackFacts { present: [1, 2, 4, 5].into(), ..facts() });
        assert_eq!((found.complete, found.missing), (false, vec![3]));
    }

    #[test]
    fn aud_5_day_180_is_in_time_and_day_181_needs_a_reversal() {
        let paid = |on: &str| judged(&PackFacts { paid_on: Some(day(on)), ..facts() });
        assert!(paid("2026-10-05").complete);
        assert!(paid("2026-10-06").reversal_missing);
        let linked = judged(&PackFacts {
            paid_on: Some(day("2026-10-06")),
            has_rule_37_reversal: true,
            has_reclaim: true,
            ..facts()
        });
        assert_eq!(linked.extra_links, vec![ExtraLink::Rule37Reversal, ExtraLink::Reclaim]);
        assert!(linked.complete);
    }

    #[test]
    fn r37_6_an_import_has_no_180_days() {
        let invoice = facts().invoice.map(|invoice| InvoiceFacts { is_bill_of_entry: true, ..invoice });
        let found = judged(&PackFacts { invoice, paid_on: Some(day("2027-04-08")), ..facts() });
        assert_eq!((found.complete, found.last_day_to_pay, found.within_180), (true, None, None));
    }

    #[test]
    fn aud_4_one_rupee_of_tolerance_per_head() {
        let with = |tax: TaxAmounts| {
            let invoice = facts().invoice.map(|invoice| InvoiceFacts { tax, ..invoice });
            judged(&PackFacts { invoice, ..facts() }).warnings
        };
        let igst = |text: &str| TaxAmounts { igst: text.parse().unwrap(), ..TaxAmounts::ZERO };
        assert_eq!(with(igst("419401.00")), vec![]);
        assert_eq!(with(igst("419401.01")), vec![PackWarning::TaxNotRateTimesValue]);
        let halves = |cgst: &str, sgst: &str| TaxAmounts {
            cgst: cgst.parse().unwrap(),
            sgst: sgst.parse().unwrap(),
            ..TaxAmounts::ZERO
        };
        assert_eq!(with(halves("209700.00", "209701.00")), vec![]);
        assert_eq!(with(halves("209700.00", "209701.01")), vec![PackWarning::TaxNotRateTimesValue]);
    }

    #[test]
    fn c15_igst_in_one_state() {
        let at = |state: &str| judged(&PackFacts { receiving_state: state.parse().ok(), ..facts() }).warnings;
        assert_eq!(at("29"), vec![PackWarning::IgstOnSameStateSupply]);
        assert_eq!(at("27"), vec![]);
    }

    #[test]
    fn aud_6_seventy_two_months_or_a_year_after_disposal() {
        let due = annual_return_due_for(day("2024-04-15"));
        assert_eq!(retention(due, None, false), Retention::Until(day("2031-12-31")));
        assert_eq!(retention(due, Some(day("2031-02-28")), false), Retention::Until(day("2032-02-28")));
        assert_eq!(retention(due, Some(day("2030-02-28")), false), Retention::Until(day("2031-12-31")));
        assert_eq!(retention(due, None, true), Retention::IndefiniteHold);
    }
}
