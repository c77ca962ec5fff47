//! Interest under section 50: which day it starts (INT-1), on how much (INT-2, INT-3), and its arithmetic (INT-4, INT-5).

use crate::amount::{rounded, to_whole_rupees};
use crate::rule::{INT_1, INT_2, RuleRef};
use crate::rulebook::{DatedRate, DayCount, InterestBasis, Rulebook};
use gst_types::{IstDate, Paise, TaxAmounts};
use rust_decimal::Decimal;

/// Days of a year in interest, also of a leap year (INT-4).
const DAYS_OF_A_YEAR: i64 = 365;

/// Interest on one amount over one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Days that bear interest.
    pub days: i64,
    /// The interest, two decimals.
    pub interest: Paise,
}

impl Interest {
    /// The interest in whole rupees, as the return takes it (RND-3).
    #[must_use]
    pub fn payable_rupees(self) -> Paise {
        to_whole_rupees(self.interest)
    }
}

/// INT-4: simple interest on `amount` from one day to another. Each counted day bears the rate in force on it; the sum is
/// rounded once. No day counts where `to` is before `from`.
#[must_use]
pub fn interest_on_amount(
    amount: Paise,
    from: IstDate,
    to: IstDate,
    rates: &[DatedRate],
    day_count: DayCount,
) -> Interest {
    let first = first_day(from, day_count);
    if to < first {
        return Interest { days: 0, interest: Paise::ZERO };
    }
    let spans = days_by_rate(from, to, rates, day_count);
    let percent_days: Decimal = spans.into_iter().map(|(days, percent)| percent * Decimal::from(days)).sum();
    let exact = amount.to_rupees() * percent_days / Decimal::from(100 * DAYS_OF_A_YEAR);
    Interest { days: to.days_since(first) + 1, interest: rounded(exact) }
}

fn first_day(from: IstDate, day_count: DayCount) -> IstDate {
    match day_count {
        DayCount::ExcludeStart => from.next(),
        DayCount::IncludeBoth => from,
    }
}

/// INT-4: the counted days of a span with the rate in force on them, a pair for each rate, in order.
#[must_use]
pub fn days_by_rate(from: IstDate, to: IstDate, rates: &[DatedRate], day_count: DayCount) -> Vec<(i64, Decimal)> {
    let first = first_day(from, day_count);
    let mut sorted = rates.to_vec();
    sorted.sort_by_key(|rate| rate.from);
    let mut spans = Vec::new();
    for (index, rate) in sorted.iter().enumerate() {
        let begins = rate.from.max(first);
        let ends = sorted.get(index + 1).map_or(to, |next| next.from.minus_days(1).min(to));
        if begins <= ends {
            spans.push((ends.days_since(begins) + 1, rate.percent));
        }
    }
    spans
}

/// A balance of the electronic credit ledger after a debit (INT-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerBalance {
    /// The day of the debit; for a return, the day it was filed.
    pub date: IstDate,
    /// The balance per head.
    pub balance: TaxAmounts,
    /// Due date of the return, where the fall comes from paying tax in one.
    pub return_due_date: Option<IstDate>,
}

impl LedgerBalance {
    /// INT-3: IGST, CGST and SGST together; cess is left out.
    #[must_use]
    pub fn combined(&self) -> Paise {
        self.balance.igst + self.balance.cgst + self.balance.sgst
    }

    /// INT-2: the day on which credit counts as utilised: the earlier of due date and filing, or the day of the debit.
    #[must_use]
    pub fn utilised_on(&self) -> IstDate {
        self.return_due_date.map_or(self.date, |due| due.min(self.date))
    }
}

/// A part of the reversed amount with the day from which it bears interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The day interest starts.
    pub from: IstDate,
    /// The part.
    pub amount: Paise,
    /// Days that bear interest.
    pub days: i64,
    /// Interest on the part, rounded by itself (INT-4).
    pub interest: Paise,
}

/// What interest on a reversal is computed from.
#[derive(Debug, Clone, Copy)]
pub struct Reversal<'a> {
    /// The amount reversed, W.
    pub amount: Paise,
    /// Day 181 of the document (`calendar::day_181`); `None` where the cause has none, which counts as the law from 1 Oct 2022.
    pub day_181: Option<IstDate>,
    /// The day on which the return with the claim was filed, if known.
    pub availed_on: Option<IstDate>,
    /// The series of credit-ledger balances; `None` where it is unknown.
    pub balances: Option<&'a [LedgerBalance]>,
    /// The day on which the return with the reversal is filed.
    pub reversed_on: IstDate,
}

/// The basis that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasisApplied {
    /// From the day the return with the claim was filed.
    Availment,
    /// From utilisation, on the part utilised.
    Utilisation,
}

impl BasisApplied {
    /// The word used in events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Availment => "AVAILMENT",
            Self::Utilisation => "UTILISATION",
        }
    }

    /// The rule that says how the basis works.
    #[must_use]
    pub const fn rule(self) -> RuleRef {
        match self {
            Self::Availment => INT_1,
            Self::Utilisation => INT_2,
        }
    }
}

/// Interest on a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalInterest {
    /// The basis that was applied.
    pub basis: BasisApplied,
    /// Whether the figure is only an upper bound, because the balances are unknown (INT-1).
    pub ceiling: bool,
    /// The lowest combined balance that counts; `None` where none does.
    pub minimum_combined_balance: Option<Paise>,
    /// The part of the amount that was utilised; `None` where the balances are unknown.
    pub utilised: Option<Paise>,
    /// The slices of the basis applied.
    pub slices: Vec<Slice>,
    /// Their interest; `None` where the basis applied cannot be computed.
    pub interest: Option<Paise>,
    /// The one slice by availment, where the day of the claim is known.
    pub availment: Option<Vec<Slice>>,
    /// The slices by utilisation, where the balances are known.
    pub utilisation: Option<Vec<Slice>>,
    /// Interest by availment, where the day of the claim is known.
    pub by_availment: Option<Paise>,
    /// Interest by utilisation, where the balances are known.
    pub by_utilisation: Option<Paise>,
}

/// The last day of the old sub-rule (3) of rule 37: interest from availment (INT-1).
fn is_old_law(day_181: IstDate) -> bool {
    IstDate::from_ymd(2022, 10, 1).is_some_and(|new_law| day_181 < new_law)
}

/// INT-1: which basis applies, and whether the figure is only a ceiling.
#[must_use]
pub fn basis_of(setting: InterestBasis, day_181: Option<IstDate>, balances_known: bool) -> (BasisApplied, bool) {
    match (setting, balances_known) {
        (InterestBasis::Availment, _) => (BasisApplied::Availment, false),
        (InterestBasis::Auto, _) if day_181.is_some_and(is_old_law) => (BasisApplied::Availment, false),
        (InterestBasis::Auto | InterestBasis::Utilisation, true) => (BasisApplied::Utilisation, false),
        (InterestBasis::Auto | InterestBasis::Utilisation, false) => (BasisApplied::Availment, true),
    }
}

/// INT-1 to INT-4: interest on a reversal, by the rulebook's basis and day count, with both figures where both are known.
#[must_use]
pub fn reversal_interest(rulebook: &Rulebook, reversal: &Reversal<'_>, rates: &[DatedRate]) -> ReversalInterest {
    let day_count = rulebook.day_count();
    let (basis, ceiling) = basis_of(rulebook.interest_basis(), reversal.day_181, reversal.balances.is_some());
    let slice = |from: IstDate, amount: Paise| {
        let part = interest_on_amount(amount, from, reversal.reversed_on, rates, day_count);
        Slice { from, amount, days: part.days, interest: part.interest }
    };
    let availment: Option<Vec<Slice>> = reversal.availed_on.map(|availed| vec![slice(availed, reversal.amount)]);
    let counting: Option<Vec<&LedgerBalance>> = reversal.balances.map(|balances| counting(balances, reversal));
    let utilisation: Option<Vec<Slice>> = counting.as_ref().map(|balances| {
        utilised_parts(balances, reversal.amount).into_iter().map(|(from, amount)| slice(from, amount)).collect()
    });
    let sum = |slices: &Vec<Slice>| slices.iter().map(|slice| slice.interest).sum::<Paise>();
    let by_availment = availment.as_ref().map(sum);
    let by_utilisation = utilisation.as_ref().map(sum);
    let utilised = utilisation.as_ref().map(|slices| slices.iter().map(|slice| slice.amount).sum());
    let (slices, interest) = match basis {
        BasisApplied::Availment => (availment.clone().unwrap_or_default(), by_availment),
        BasisApplied::Utilisation => (utilisation.clone().unwrap_or_default(), by_utilisation),
    };
    let minimum_combined_balance = counting.and_then(|balances| balances.iter().map(|one| one.combined()).min());
    ReversalInterest {
        basis,
        ceiling,
        minimum_combined_balance,
        utilised,
        slices,
        interest,
        availment,
        utilisation,
        by_availment,
        by_utilisation,
    }
}

/// INT-2: balances from before the claim, or of the day of reversal and later, do not count. In order of their days.
fn counting<'a>(balances: &'a [LedgerBalance], reversal: &Reversal<'_>) -> Vec<&'a LedgerBalance> {
    let mut counting: Vec<&LedgerBalance> = balances
        .iter()
        .filter(|one| reversal.availed_on.is_none_or(|availed| availed <= one.date) && one.date < reversal.reversed_on)
        .collect();
    counting.sort_by_key(|one| one.date);
    counting
}

/// INT-2: each rise of the largest shortfall so far is a part of its own; a later top-up takes nothing back.
fn utilised_parts(balances: &[&LedgerBalance], amount: Paise) -> Vec<(IstDate, Paise)> {
    let mut largest = Paise::ZERO;
    let mut parts = Vec::new();
    for one in balances {
        let shortfall = (amount - one.combined()).or_zero_if_negative().min(amount);
        if shortfall > largest {
            parts.push((one.utilised_on(), shortfall - largest));
            largest = shortfall;
        }
    }
    parts
}

/// The day of the proviso to rule 88B(1): cash that lay in the ledger from the due date on bears no interest (INT-5).
fn is_cash_left_out(filed_on: IstDate) -> bool {
    IstDate::from_ymd(2024, 7, 10).is_some_and(|proviso| filed_on >= proviso)
}

/// Interest of a late GSTR-3B (INT-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateReturnInterest {
    /// Days of delay.
    pub days: i64,
    /// Interest per head.
    pub interest: TaxAmounts,
    /// Interest in whole rupees per head (RND-3).
    pub payable_rupees: TaxAmounts,
}

/// INT-5: interest of a late return, per head on the tax paid in cash less the cash that lay in the ledger all the time.
#[must_use]
pub fn late_return_interest(
    rulebook: &Rulebook,
    due_on: IstDate,
    filed_on: IstDate,
    cash_tax: TaxAmounts,
    minimum_cash_balance: TaxAmounts,
) -> LateReturnInterest {
    let rates = rulebook.interest_rates();
    let left_out = if is_cash_left_out(filed_on) { minimum_cash_balance } else { TaxAmounts::ZERO };
    let bearing = (cash_tax - left_out).or_zero_if_negative();
    let interest =
        bearing.map(|_, tax| interest_on_amount(tax, due_on, filed_on, &rates, DayCount::ExcludeStart).interest);
    LateReturnInterest {
        days: filed_on.days_since(due_on).max(0),
        interest,
        payable_rupees: interest.map(|_, amount| to_whole_rupees(amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn amount(text: &str) -> Paise {
        text.parse().unwrap()
    }

    fn rulebook(basis: &str) -> Rulebook {
        let own = [("interest.basis".to_owned(), basis.to_owned())].into();
        Rulebook::embedded().with_overrides(&own).unwrap()
    }

    fn igst(date: &str, text: &str) -> LedgerBalance {
        let balance = TaxAmounts { igst: amount(text), ..TaxAmounts::ZERO };
        LedgerBalance { date: day(date), balance, return_due_date: None }
    }

    #[test]
    fn int_4_a_change_of_rate_inside_the_span() {
        let rates = [
            DatedRate { from: day("2017-07-01"), percent: Decimal::from(18) },
            DatedRate { from: day("2024-03-01"), percent: Decimal::from(24) },
        ];
        let of =
            |day_count| interest_on_amount(amount("36500.00"), day("2024-02-20"), day("2024-03-10"), &rates, day_count);
        assert_eq!(of(DayCount::ExcludeStart), Interest { days: 19, interest: amount("402.00") });
        assert_eq!(of(DayCount::IncludeBoth), Interest { days: 20, interest: amount("420.00") });
    }

    #[test]
    fn int_1_availment_is_the_ceiling_where_balances_are_unknown() {
        let reversal = Reversal {
            amount: amount("10000.00"),
            day_181: Some(day("2024-10-13")),
            availed_on: Some(day("2024-05-20")),
            balances: None,
            reversed_on: day("2024-11-20"),
        };
        let rules = Rulebook::embedded();
        let found = reversal_interest(&rules, &reversal, &rules.interest_rates());
        assert_eq!((found.basis, found.ceiling), (BasisApplied::Availment, true));
        assert_eq!(found.interest, Some(amount("907.40")));
        assert_eq!(found.by_utilisation, None);
    }

    #[test]
    fn int_2_a_top_up_takes_nothing_back() {
        let balances = [igst("2025-06-20", "40000.00"), igst("2025-07-20", "60000.00"), igst("2025-08-20", "15000.00")];
        let reversal = Reversal {
            amount: amount("50000.00"),
            day_181: None,
            availed_on: Some(day("2025-05-20")),
            balances: Some(&balances),
            reversed_on: day("2025-11-20"),
        };
        let rules = rulebook("UTILISATION");
        let found = reversal_interest(&rules, &reversal, &rules.interest_rates());
        assert_eq!(found.utilised, Some(amount("35000.00")));
        assert_eq!(found.interest, Some(amount("1888.77")));
    }

    #[test]
    fn int_3_cess_balance_does_not_count() {
        let mut balance = igst("2025-06-20", "10000.00");
        balance.balance.cgst = amount("30000.00");
        balance.balance.sgst = amount("30000.00");
        balance.balance.cess = amount("500000.00");
        assert_eq!(balance.combined(), amount("70000.00"));
    }

    #[test]
    fn int_5_cash_in_the_ledger_bears_no_interest() {
        let heads = |igst: &str, cgst: &str| TaxAmounts { igst: amount(igst), cgst: amount(cgst), ..TaxAmounts::ZERO };
        let found = late_return_interest(
            &Rulebook::embedded(),
            day("2026-02-20"),
            day("2026-03-02"),
            heads("50000.00", "1000.00"),
            heads("20000.00", "4000.00"),
        );
        assert_eq!(found.days, 10);
        assert_eq!(found.interest, heads("147.95", "0.00"));
    }

    proptest::proptest! {
        #[test]
        fn int_2_slices_sum_to_what_was_utilised(balances in proptest::collection::vec(0_i64..2_000_000, 0..12), amount in 1_i64..1_000_000) {
            let start = day("2025-01-01");
            let series: Vec<LedgerBalance> = balances.iter().enumerate().map(|(index, paise)| LedgerBalance {
                date: start.plus_days(u32::try_from(index).unwrap() * 10),
                balance: TaxAmounts { cgst: Paise::new(*paise), ..TaxAmounts::ZERO },
                return_due_date: None,
            }).collect();
            let reversal = Reversal { amount: Paise::new(amount), day_181: None, availed_on: None, balances: Some(&series), reversed_on: day("2026-01-01") };
            let rules = rulebook("UTILISATION");
            let found = reversal_interest(&rules, &reversal, &rules.interest_rates());
            let lowest = found.minimum_combined_balance.unwrap_or(Paise::new(amount));
            let expected = (Paise::new(amount) - lowest).or_zero_if_negative();
            proptest::prop_assert_eq!(found.utilised, Some(expected));
            proptest::prop_assert_eq!(found.interest, Some(found.slices.iter().map(|slice| slice.interest).sum()));
        }
    }
}
