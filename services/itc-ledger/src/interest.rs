//! Interest of a posted reversal (INT-1 to INT-4, R37A-3).

use crate::decide::Work;
use crate::rows::{BalanceRow, CreditRow, RecipientRow};
use gst_events::ReversalInterest;
use gst_events::{InterestBasis, InterestSlice, LedgerCause, LedgerEntry, LedgerEntryKind, LedgerReason};
use gst_rules::interest::{self, BasisApplied, LedgerBalance, Reversal, Slice, days_by_rate, interest_on_amount};
use gst_rules::rulebook::DatedRate;
use gst_rules::{Rulebook, rule37a};
use gst_types::{Head, IstDate, Paise, TaxAmounts};
use rust_decimal::Decimal;
use stream::DecideError;

/// The interest of a reversal in a return filed on that day; `None` where it bears none.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn of_entry(
    work: &Work<'_, '_>,
    recipient: &RecipientRow,
    row: &CreditRow,
    entry: &LedgerEntry,
    filed_on: IstDate,
) -> Result<Option<ReversalInterest>, DecideError> {
    if let Some(from) = entry.interest_from {
        return Ok(Some(from_named_day(work.rules, entry.tax, from, filed_on)));
    }
    if entry.entry != LedgerEntryKind::Reversal || !bears(work.rules, recipient, row, entry, filed_on) {
        return Ok(None);
    }
    let balances = if recipient.balances > 0 { Some(work.balances()?) } else { None };
    let facts = ReversalFacts {
        tax: entry.tax,
        day_181: row.summary.state.as_ref().and_then(|state| state.fires_on),
        availed_on: row.summary.first_claim.map(|(filed_at, _)| filed_at.date()),
        reversed_on: filed_on,
    };
    Ok(Some(compute(work.rules, &facts, balances.as_deref())))
}

/// Whether a reversal bears interest at all: day 181 does, rule 37A where it is late or section 41 is chosen, and no
/// other, because the credit was never in hand or the amount bears it already.
fn bears(rules: &Rulebook, recipient: &RecipientRow, row: &CreditRow, entry: &LedgerEntry, filed_on: IstDate) -> bool {
    match (entry.cause, entry.reason) {
        (Some(LedgerCause::Rule37), Some(LedgerReason::Day181)) => true,
        (Some(LedgerCause::Rule37a), Some(LedgerReason::SupplierNotFiled)) => {
            let Some((claimed_at, period)) = row.summary.first_claim else { return false };
            let year = rule37a::availed_year(rules, period, claimed_at.date());
            let dates = rule37a::dates(rules, year, recipient.frequency_on(entry.date));
            rule37a::is_interest_due(rules, &dates, filed_on)
        }
        (Some(_) | None, _) => false,
    }
}

/// What the interest of a reversal is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReversalFacts {
    /// The amounts reversed.
    pub tax: TaxAmounts,
    /// Day 181 of the document, where it has a timer.
    pub day_181: Option<IstDate>,
    /// When the return with the first claim was filed.
    pub availed_on: Option<IstDate>,
    /// When the return with the reversal is filed.
    pub reversed_on: IstDate,
}

/// INT-1 to INT-4: the interest per head, in spans that are rounded by themselves.
#[must_use]
pub fn compute(rules: &Rulebook, facts: &ReversalFacts, balances: Option<&[BalanceRow]>) -> ReversalInterest {
    let rates = rules.interest_rates();
    let series: Option<Vec<LedgerBalance>> = balances.map(|balances| balances.iter().map(balance_of).collect());
    let reversal = Reversal {
        amount: facts.tax.total(),
        day_181: facts.day_181,
        availed_on: facts.availed_on,
        balances: series.as_deref(),
        reversed_on: facts.reversed_on,
    };
    let whole = interest::reversal_interest(rules, &reversal, &rates);
    let worked = |slices: &[Slice]| -> Vec<InterestSlice> {
        slices.iter().map(|slice| worked(rules, facts, slice, &rates)).collect()
    };
    let sum = |slices: &[Slice]| -> TaxAmounts { worked(slices).iter().map(|slice| slice.interest).sum() };
    let basis = match whole.basis {
        BasisApplied::Availment => InterestBasis::Availment,
        BasisApplied::Utilisation => InterestBasis::Utilisation,
    };
    ReversalInterest {
        basis,
        ceiling: whole.ceiling,
        total: sum(&whole.slices),
        by_availment: whole.availment.as_deref().map(sum),
        by_utilisation: whole.utilisation.as_deref().map(sum),
        slices: worked(&whole.slices),
    }
}

/// APP-3, INT-4: interest from the day that the rule names, on the heads that go out.
fn from_named_day(rules: &Rulebook, tax: TaxAmounts, from: IstDate, reversed_on: IstDate) -> ReversalInterest {
    let tax = tax.or_zero_if_negative();
    let rates = rules.interest_rates();
    let whole = interest_on_amount(tax.total(), from, reversed_on, &rates, rules.day_count());
    let slice = Slice { from, amount: tax.total(), days: whole.days, interest: whole.interest };
    let facts = ReversalFacts { tax, day_181: None, availed_on: None, reversed_on };
    let slice = worked(rules, &facts, &slice, &rates);
    ReversalInterest {
        basis: InterestBasis::NamedDay,
        ceiling: false,
        total: slice.interest,
        slices: vec![slice],
        by_availment: None,
        by_utilisation: None,
    }
}

/// INT-4: a slice by head, each rounded by itself, with its worked line.
fn worked(rules: &Rulebook, facts: &ReversalFacts, slice: &Slice, rates: &[DatedRate]) -> InterestSlice {
    let principal = shares(facts.tax, slice.amount);
    let of_head = |_: Head, amount: Paise| {
        interest_on_amount(amount, slice.from, facts.reversed_on, rates, rules.day_count()).interest
    };
    let interest = principal.map(of_head);
    let spans = days_by_rate(slice.from, facts.reversed_on, rates, rules.day_count());
    let working = working(&principal, &spans);
    InterestSlice { from: slice.from, to: facts.reversed_on, days: slice.days, principal, interest, working }
}

fn balance_of(row: &BalanceRow) -> LedgerBalance {
    LedgerBalance { date: row.date, balance: row.balance, return_due_date: row.return_due_date }
}

/// A part of the whole, split over the heads in proportion; the last head takes the rounding difference.
fn shares(whole: TaxAmounts, part: Paise) -> TaxAmounts {
    let total = whole.total();
    if part == total {
        return whole;
    }
    let mut split = whole.map(|_, amount| part.proportion(amount, total));
    let last = Head::ALL.into_iter().rev().find(|head| !whole.of(*head).is_zero());
    if let Some(head) = last {
        let rest = part - split.total();
        split.set(head, split.of(head) + rest);
    }
    split
}

/// `principal × days × rate / 36500`, head by head; a span in which the rate changes has a term for each rate.
fn working(principal: &TaxAmounts, spans: &[(i64, Decimal)]) -> String {
    let terms: Vec<String> = spans.iter().map(|(days, percent)| format!("{days} × {}", percent.normalize())).collect();
    let terms = match terms.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(" + ")),
    };
    let heads = Head::ALL.into_iter().filter(|head| !principal.of(*head).is_zero());
    let lines: Vec<String> =
        heads.map(|head| format!("{}: {} × {terms} / 36500", head.code(), principal.of(head))).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn igst(text: &str) -> TaxAmounts {
        TaxAmounts { igst: text.parse().unwrap(), ..TaxAmounts::ZERO }
    }

    fn rules(basis: &str) -> Rulebook {
        Rulebook::embedded().with_overrides(&[("interest.basis".to_owned(), basis.to_owned())].into()).unwrap()
    }

    #[test]
    fn int_1_availment_worked() {
        let facts = ReversalFacts {
            tax: igst("10000.00"),
            day_181: Some(day("2024-10-13")),
            availed_on: Some(day("2024-05-20")),
            reversed_on: day("2024-11-20"),
        };
        let interest = compute(&rules("AVAILMENT"), &facts, None);
        assert_eq!((interest.slices[0].days, interest.total), (184, igst("907.40")));
        assert_eq!(interest.slices[0].working, "igst: 10000.00 × 184 × 18 / 36500");
        assert!(!interest.ceiling);
        assert!(compute(&rules("AUTO"), &facts, None).ceiling);
    }

    #[test]
    fn int_2_utilisation_worked() {
        let facts = ReversalFacts {
            tax: igst("10000.00"),
            day_181: Some(day("2024-10-13")),
            availed_on: Some(day("2024-05-20")),
            reversed_on: day("2024-11-20"),
        };
        let zero = BalanceRow { date: day("2024-06-20"), balance: TaxAmounts::ZERO, return_due_date: None };
        let interest = compute(&rules("AUTO"), &facts, Some(&[zero]));
        assert_eq!((interest.slices[0].days, interest.total), (153, igst("754.52")));
        // INT-1: both figures are published where both can be computed.
        assert_eq!((interest.by_availment, interest.by_utilisation), (Some(igst("907.40")), Some(igst("754.52"))));
        let full = BalanceRow { balance: igst("10000.00"), ..zero };
        assert!(compute(&rules("AUTO"), &facts, Some(&[full])).slices.is_empty());
    }

    #[test]
    fn int_4_a_change_of_rate_has_a_term_of_its_own() {
        let spans = [(9, Decimal::from(18)), (10, Decimal::from(24))];
        assert_eq!(working(&igst("36500.00"), &spans), "igst: 36500.00 × (9 × 18 + 10 × 24) / 36500");
    }

    #[test]
    fn int_1_before_october_2022_interest_runs_from_availing_also_where_balances_are_known() {
        let facts = ReversalFacts {
            tax: igst("10000.00"),
            day_181: Some(day("2022-09-30")),
            availed_on: Some(day("2022-04-20")),
            reversed_on: day("2022-10-20"),
        };
        let zero = BalanceRow { date: day("2022-06-20"), balance: TaxAmounts::ZERO, return_due_date: None };
        let old = compute(&rules("AUTO"), &facts, Some(&[zero]));
        assert_eq!((old.basis, old.ceiling), (InterestBasis::Availment, false));
        let first_of_the_new_law = ReversalFacts { day_181: Some(day("2022-10-01")), ..facts };
        let new = compute(&rules("AUTO"), &first_of_the_new_law, Some(&[zero]));
        assert_eq!(new.basis, InterestBasis::Utilisation);
    }

    #[test]
    fn int_3_cess_balance_does_not_cover_a_shortfall() {
        let facts = ReversalFacts {
            tax: igst("100000.00"),
            day_181: Some(day("2024-10-13")),
            availed_on: Some(day("2024-05-20")),
            reversed_on: day("2024-11-20"),
        };
        let amount = |text: &str| text.parse::<Paise>().unwrap();
        let balance = TaxAmounts {
            igst: amount("10000.00"),
            cgst: amount("30000.00"),
            sgst: amount("30000.00"),
            cess: amount("500000.00"),
        };
        let row = BalanceRow { date: day("2024-06-20"), balance, return_due_date: None };
        assert_eq!(compute(&rules("AUTO"), &facts, Some(&[row])).slices[0].principal, igst("30000.00"));
    }

    #[test]
    fn int_4_a_slice_of_two_heads_is_split_without_loss() {
        let whole = TaxAmounts { cgst: "100.00".parse().unwrap(), sgst: "100.01".parse().unwrap(), ..TaxAmounts::ZERO };
        let part: Paise = "33.33".parse().unwrap();
        assert_eq!(shares(whole, part).total(), part);
    }
}
