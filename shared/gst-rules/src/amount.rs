//! Proportions of money. Everything ends in the one rounding of `gst_types::round_half_up_to_paise` (RND-1, RND-2) or, for
//! returns and duty totals, in [`to_whole_rupees`] (RND-3, DUT-9).

use gst_types::{Paise, round_half_up_to_paise};
use rust_decimal::{Decimal, RoundingStrategy};

/// Larger than any amount of a return: what a product beyond fifteen digits becomes, so that it can never look small.
const BEYOND_ANY_RETURN: Paise = Paise::new(99_999_999_999_999_999);

/// Rupees rounded to paise, half up.
pub(crate) fn rounded(rupees: Decimal) -> Paise {
    round_half_up_to_paise(rupees).unwrap_or(BEYOND_ANY_RETURN)
}

/// `percent` of an amount, rounded once (RND-1).
#[must_use]
pub fn percent_of(amount: Paise, percent: Decimal) -> Paise {
    let exact = amount.to_rupees().checked_mul(percent).map(|product| product / Decimal::ONE_HUNDRED);
    exact.map_or(BEYOND_ANY_RETURN, rounded)
}

/// `dividend / divisor` in paise, rounded once, half away from zero; zero where the divisor is zero. Integers of 128 bits
/// hold the product of any two amounts, so nothing is lost before the rounding.
pub(crate) fn divided(dividend: i128, divisor: i128) -> Paise {
    if divisor == 0 {
        return Paise::ZERO;
    }
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let away = if rest.unsigned_abs() * 2 >= divisor.unsigned_abs() { dividend.signum() * divisor.signum() } else { 0 };
    i64::try_from(quotient + away).map_or(BEYOND_ANY_RETURN, Paise::new)
}

/// An amount in a foreign currency at a rate of exchange, rounded once (DUT-1).
#[must_use]
pub fn at_exchange_rate(foreign: Decimal, rate: Decimal) -> Paise {
    foreign.checked_mul(rate).map_or(BEYOND_ANY_RETURN, rounded)
}

/// The nearest whole rupee, 50 paise up (RND-3, section 170; DUT-9, section 154A Customs Act).
#[must_use]
pub fn to_whole_rupees(amount: Paise) -> Paise {
    rounded(amount.to_rupees().round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Paise {
        text.parse().unwrap()
    }

    #[test]
    fn rnd_1_half_a_paisa_goes_up() {
        assert_eq!(percent_of(amount("1234.56"), Decimal::from(18)), amount("222.22"));
        assert_eq!(percent_of(amount("0.50"), Decimal::ONE), amount("0.01"));
    }

    #[test]
    fn rnd_2_division_rounds_half_away_from_zero() {
        let paise = |dividend, divisor| divided(dividend, divisor).get();
        assert_eq!((paise(5, 10), paise(4, 10), paise(-5, 10), paise(-4, 10)), (1, 0, -1, 0));
        assert_eq!((paise(7, 3), paise(8, 3), paise(1, 0)), (2, 3, 0));
    }

    #[test]
    fn rnd_3_fifty_paise_go_up() {
        assert_eq!(to_whole_rupees(amount("1234.49")), amount("1234.00"));
        assert_eq!(to_whole_rupees(amount("1234.50")), amount("1235.00"));
        assert_eq!(to_whole_rupees(amount("0.49")), Paise::ZERO);
    }
}
