//! Capital goods: months and quarters used, and the credit left (CG-1 to CG-3).

use crate::amount::rounded;
use crate::rulebook::{CapitalGoodsMethod, Rulebook};
use gst_types::{IstDate, Paise};
use rust_decimal::Decimal;

/// Useful life in months.
const LIFE_IN_MONTHS: u32 = 60;
/// Percentage points lost for each quarter or part.
const POINTS_A_QUARTER: u32 = 5;

/// CG-1: the smallest number of months `m` with `event_date <= invoice_date + m months`. Adding months clamps to the
/// month's last day.
#[must_use]
pub fn months_used(invoice_date: IstDate, event_date: IstDate) -> u32 {
    let span = |date: IstDate| i64::from(date.year()) * 12 + i64::from(date.month());
    let calendar_months = u32::try_from(span(event_date) - span(invoice_date)).unwrap_or(0);
    if event_date <= invoice_date.plus_months(calendar_months) { calendar_months } else { calendar_months + 1 }
}

/// CG-2: the smallest number of quarters `q` with `event_date <= invoice_date + 3q months`: every quarter or part.
#[must_use]
pub fn quarters_or_part(invoice_date: IstDate, event_date: IstDate) -> u32 {
    months_used(invoice_date, event_date).div_ceil(3)
}

/// What is left of the life of capital goods (CG-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemainingLife {
    /// Months used, parts counted as whole.
    pub months_used: u32,
    /// Whole months left of sixty.
    pub remaining_months: u32,
    /// The credit of the months left.
    pub amount: Paise,
}

/// CG-1, rule 44(1)(b) and 44(6): `ITC * remaining months / 60`.
#[must_use]
pub fn remaining_life(itc: Paise, invoice_date: IstDate, event_date: IstDate) -> RemainingLife {
    let months_used = months_used(invoice_date, event_date);
    let remaining_months = LIFE_IN_MONTHS.saturating_sub(months_used);
    let exact = itc.to_rupees() * Decimal::from(remaining_months) / Decimal::from(LIFE_IN_MONTHS);
    RemainingLife { months_used, remaining_months, amount: rounded(exact) }
}

/// CG-3, rule 40: credit less five points for each quarter or part; never below zero.
#[must_use]
pub fn credit_after_quarters(itc: Paise, quarters: u32) -> Paise {
    let points = 100_u32.saturating_sub(POINTS_A_QUARTER.saturating_mul(quarters));
    rounded(itc.to_rupees() * Decimal::from(points) / Decimal::ONE_HUNDRED)
}

/// What a sale of capital goods costs (CG-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapitalGoodsSale {
    /// Months used, parts counted as whole.
    pub months_used: u32,
    /// Quarters or parts of quarters used.
    pub quarters_or_part: u32,
    /// The reduced credit by rule 44(6).
    pub rule_44_6_amount: Paise,
    /// The reduced credit by rule 40(2).
    pub rule_40_2_amount: Paise,
    /// The higher of the reduced credit, by the rulebook's method, and the tax on the sale value; goes to 3.1(a).
    pub payable: Paise,
}

/// CG-2, section 18(6): what is payable on a sale.
#[must_use]
pub fn sale(
    rulebook: &Rulebook,
    itc: Paise,
    invoice_date: IstDate,
    sale_date: IstDate,
    tax_on_sale_value: Paise,
) -> CapitalGoodsSale {
    let by_months = remaining_life(itc, invoice_date, sale_date);
    let quarters = quarters_or_part(invoice_date, sale_date);
    let by_quarters = credit_after_quarters(itc, quarters);
    let reduced = match rulebook.capital_goods_method() {
        CapitalGoodsMethod::Rule44Sub6 => by_months.amount,
        CapitalGoodsMethod::Rule40Sub2 => by_quarters,
    };
    CapitalGoodsSale {
        months_used: by_months.months_used,
        quarters_or_part: quarters,
        rule_44_6_amount: by_months.amount,
        rule_40_2_amount: by_quarters,
        payable: reduced.max(tax_on_sale_value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    #[test]
    fn cg_1_the_rules_own_illustration() {
        let left = remaining_life(Paise::from_rupees(12_000), day("2020-01-01"), day("2024-07-16"));
        assert_eq!((left.months_used, left.remaining_months, left.amount), (55, 5, Paise::from_rupees(1_000)));
    }

    #[test]
    fn cg_1_whole_months_are_not_rounded_up() {
        assert_eq!(months_used(day("2022-06-15"), day("2024-06-15")), 24);
        assert_eq!(months_used(day("2022-06-15"), day("2024-06-16")), 25);
        assert_eq!(months_used(day("2024-01-31"), day("2024-02-29")), 1);
        assert_eq!(months_used(day("2024-01-31"), day("2024-03-01")), 2);
        assert_eq!(months_used(day("2024-06-15"), day("2024-06-15")), 0);
        assert_eq!(months_used(day("2024-06-15"), day("2024-05-01")), 0);
    }

    #[test]
    fn cg_2_goods_older_than_five_years_pay_the_tax_on_the_sale() {
        let tax = Paise::from_rupees(1_000);
        let found = sale(&Rulebook::embedded(), Paise::from_rupees(60_000), day("2019-06-15"), day("2024-07-01"), tax);
        assert_eq!((found.rule_44_6_amount, found.rule_40_2_amount, found.payable), (Paise::ZERO, Paise::ZERO, tax));
    }

    #[test]
    fn cg_3_five_points_for_each_quarter_or_part() {
        let quarters = quarters_or_part(day("2024-01-31"), day("2024-05-01"));
        assert_eq!(quarters, 2);
        assert_eq!(credit_after_quarters(Paise::from_rupees(60_000), quarters), Paise::from_rupees(54_000));
    }

    proptest::proptest! {
        #[test]
        fn cg_1_months_used_is_the_smallest_that_reaches(start in 0_u32..4_000, length in 0_u32..3_000) {
            let invoice = day("2018-01-01").plus_days(start);
            let event = invoice.plus_days(length);
            let used = months_used(invoice, event);
            proptest::prop_assert!(event <= invoice.plus_months(used));
            proptest::prop_assert!(used == 0 || event > invoice.plus_months(used - 1));
            let quarters = quarters_or_part(invoice, event);
            proptest::prop_assert!(event <= invoice.plus_months(3 * quarters));
            proptest::prop_assert!(quarters == 0 || event > invoice.plus_months(3 * (quarters - 1)));
        }
    }
}
