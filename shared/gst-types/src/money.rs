//! Money (ID-4, RND-1, RND-2): paise inside, decimal strings with two digits outside, never a float.

use crate::text::{text_form, write_ascii, write_digits};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

/// An exact amount in paise, one hundredth of a rupee; negative where a rule allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Paise(i64);

/// Why a text or number is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("an amount is a plain decimal number (ID-4)")]
    NotANumber,
    /// More than two decimals that are not zero.
    #[error("an amount has at most two decimals (ID-4)")]
    TooManyDecimals,
    /// Larger than any amount of a return.
    #[error("an amount has at most fifteen digits before the point (ID-4)")]
    TooLarge,
}

impl MoneyError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "AMOUNT_NOT_A_NUMBER",
            Self::TooManyDecimals => "AMOUNT_TOO_MANY_DECIMALS",
            Self::TooLarge => "AMOUNT_TOO_LARGE",
        }
    }
}

/// Rounds rupees to paise, half away from zero: the one rounding of money (RND-1, RND-2).
///
/// # Errors
/// [`MoneyError::TooLarge`] where the amount has more than fifteen digits before the point.
pub fn round_half_up_to_paise(rupees: Decimal) -> Result<Paise, MoneyError> {
    let hundredfold = rupees.checked_mul(Decimal::ONE_HUNDRED).ok_or(MoneyError::TooLarge)?;
    let paise = hundredfold.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let whole = paise.to_i64().ok_or(MoneyError::TooLarge)?;
    if whole.unsigned_abs() > Paise::LARGEST.unsigned_abs() { Err(MoneyError::TooLarge) } else { Ok(Paise(whole)) }
}

impl Paise {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Fifteen digits of rupees: GSTN's widest amount field. Sums of millions of them still fit in 64 bits.
    const LARGEST: i64 = 99_999_999_999_999_999;

    /// An amount of so many paise.
    #[must_use]
    pub const fn new(paise: i64) -> Self {
        Self(paise)
    }

    /// An amount of whole rupees.
    #[must_use]
    pub const fn from_rupees(rupees: i64) -> Self {
        Self(rupees * 100)
    }

    /// The number of paise.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The amount in rupees, for rates and proportions.
    #[must_use]
    pub fn to_rupees(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The amount, or zero where it is negative.
    #[must_use]
    pub const fn or_zero_if_negative(self) -> Self {
        if self.0 < 0 { Self(0) } else { self }
    }

    /// `self * part / whole`, rounded once (R37-4). Zero where `whole` is zero.
    #[must_use]
    pub fn proportion(self, part: Self, whole: Self) -> Self {
        if whole.is_zero() {
            return Self::ZERO;
        }
        // 128 bits hold the product of any two amounts, so nothing is lost or overflows before the one rounding.
        let (dividend, divisor) = (i128::from(self.0) * i128::from(part.0), i128::from(whole.0));
        let (quotient, rest) = (dividend / divisor, dividend % divisor);
        let half = rest.unsigned_abs() * 2 >= divisor.unsigned_abs();
        let away_from_zero = if half { dividend.signum() * divisor.signum() } else { 0 };
        Self(i64::try_from(quotient + away_from_zero).unwrap_or(Self::LARGEST))
    }

    /// The shortest plain number, as GSTN writes amounts in JSON: `20`, `148.5`, `7498.26`.
    #[must_use]
    pub fn to_shortest(self) -> String {
        self.to_rupees().normalize().to_string()
    }
}

impl fmt::Display for Paise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paise = self.0.unsigned_abs();
        // 20 digits hold every amount; leading zeros but the one before the point are left out.
        let mut text = *b"-00000000000000000000.00";
        write_digits(paise / 100, &mut text[1..21]);
        write_digits(paise, &mut text[22..]);
        let first = text[1..20].iter().position(|digit| *digit != b'0').map_or(20, |place| place + 1);
        if self.0 < 0 {
            text[first - 1] = b'-';
        }
        write_ascii(formatter, &text[if self.0 < 0 { first - 1 } else { first }..])
    }
}

impl FromStr for Paise {
    type Err = MoneyError;
    /// Reads a plain decimal (`"1234.5"`, also `"-150.00"`). An exponent, a comma or a third decimal is an error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 2 {
            return Err(MoneyError::TooManyDecimals);
        }
        let rupees: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let paise = fraction.bytes().zip([10, 1]).map(|(digit, worth)| i64::from(digit - b'0') * worth).sum();
        let total = rupees.checked_mul(100).and_then(|sum| sum.checked_add(paise)).ok_or(MoneyError::TooLarge)?;
        if total > Self::LARGEST {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(if unsigned.len() < text.len() { -total } else { total }))
    }
}

text_form!(
    Paise,
    "Amount",
    "^-?[0-9]{1,15}\\.[0-9]{2}$",
    "rupees as a decimal string with two digits after the point (ID-4)"
);

impl Add for Paise {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for Paise {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Paise {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl AddAssign for Paise {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl SubAssign for Paise {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
impl Sum for Paise {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// One of the four tax accounts; heads never mix except as the utilisation order allows (ID-4, UTL-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Head {
    /// Integrated tax: inter-State supplies and imports.
    Igst,
    /// Central tax.
    Cgst,
    /// State or Union-territory tax.
    Sgst,
    /// Compensation cess.
    Cess,
}

impl Head {
    /// All heads, in the order of the forms.
    pub const ALL: [Self; 4] = [Self::Igst, Self::Cgst, Self::Sgst, Self::Cess];

    /// The word used in events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Igst => "igst",
            Self::Cgst => "cgst",
            Self::Sgst => "sgst",
            Self::Cess => "cess",
        }
    }
}

/// Amounts of the four heads (ID-4). An absent head is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TaxAmounts {
    /// Integrated tax.
    #[serde(default)]
    pub igst: Paise,
    /// Central tax.
    #[serde(default)]
    pub cgst: Paise,
    /// State or Union-territory tax.
    #[serde(default)]
    pub sgst: Paise,
    /// Compensation cess.
    #[serde(default)]
    pub cess: Paise,
}

impl TaxAmounts {
    /// Zero in every head.
    pub const ZERO: Self = Self { igst: Paise::ZERO, cgst: Paise::ZERO, sgst: Paise::ZERO, cess: Paise::ZERO };

    /// The amount of one head.
    #[must_use]
    pub const fn of(&self, head: Head) -> Paise {
        match head {
            Head::Igst => self.igst,
            Head::Cgst => self.cgst,
            Head::Sgst => self.sgst,
            Head::Cess => self.cess,
        }
    }

    /// Changes the amount of one head.
    pub fn set(&mut self, head: Head, amount: Paise) {
        match head {
            Head::Igst => self.igst = amount,
            Head::Cgst => self.cgst = amount,
            Head::Sgst => self.sgst = amount,
            Head::Cess => self.cess = amount,
        }
    }

    /// Applies `change` to each head by itself.
    #[must_use]
    pub fn map(&self, mut change: impl FnMut(Head, Paise) -> Paise) -> Self {
        let mut result = Self::ZERO;
        for head in Head::ALL {
            result.set(head, change(head, self.of(head)));
        }
        result
    }

    /// Combines two sets of amounts head by head.
    #[must_use]
    pub fn zip(&self, other: &Self, mut combine: impl FnMut(Paise, Paise) -> Paise) -> Self {
        self.map(|head, amount| combine(amount, other.of(head)))
    }

    /// The total tax, only for comparing two versions of a document (upward or downward); never a ledger figure.
    #[must_use]
    pub fn total(&self) -> Paise {
        self.igst + self.cgst + self.sgst + self.cess
    }

    /// Whether every head is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Whether some head is below zero.
    #[must_use]
    pub fn has_negative(&self) -> bool {
        Head::ALL.iter().any(|head| self.of(*head).is_negative())
    }

    /// Each head, or zero where it is negative.
    #[must_use]
    pub fn or_zero_if_negative(&self) -> Self {
        self.map(|_, amount| amount.or_zero_if_negative())
    }

    /// The smaller of the two amounts in each head.
    #[must_use]
    pub fn min(&self, other: &Self) -> Self {
        self.zip(other, Ord::min)
    }

    /// The larger of the two amounts in each head.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        self.zip(other, Ord::max)
    }
}

impl Add for TaxAmounts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(&other, Add::add)
    }
}
impl Sub for TaxAmounts {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(&other, Sub::sub)
    }
}
impl Neg for TaxAmounts {
    type Output = Self;
    fn neg(self) -> Self {
        self.map(|_, amount| -amount)
    }
}
impl AddAssign for TaxAmounts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl SubAssign for TaxAmounts {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Sum for TaxAmounts {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_4_amounts_are_read_exactly_or_refused() {
        assert_eq!("1234.5".parse(), Ok(Paise::new(123_450)));
        assert_eq!("-150.00".parse(), Ok(Paise::new(-15_000)));
        assert_eq!("148.500".parse(), Ok(Paise::new(14_850)));
        assert_eq!("1.005".parse::<Paise>(), Err(MoneyError::TooManyDecimals));
        assert_eq!("1e3".parse::<Paise>(), Err(MoneyError::NotANumber));
        assert_eq!("1,000".parse::<Paise>(), Err(MoneyError::NotANumber));
        for text in ["0.00", "-0.01", "0.10", "7.05", "100.00", "-92233720368547758.08", "92233720368547758.07"] {
            let paise = text.replace('.', "").parse().unwrap();
            assert_eq!(Paise::new(paise).to_string(), text);
        }
        assert_eq!("9999999999999999".parse::<Paise>(), Err(MoneyError::TooLarge));
    }

    #[test]
    fn r37_4_worked_proportion() {
        let reversed = Paise::from_rupees(18_000).proportion(Paise::from_rupees(59_000), Paise::from_rupees(118_000));
        assert_eq!(reversed, Paise::from_rupees(9_000));
    }

    #[test]
    fn r37_4_the_widest_amounts_do_not_overflow() {
        let widest = Paise::new(Paise::LARGEST);
        assert_eq!(widest.proportion(widest, widest), widest);
        assert_eq!(Paise::new(1).proportion(Paise::new(1), Paise::new(2)), Paise::new(1));
        assert_eq!(Paise::new(-1).proportion(Paise::new(1), Paise::new(2)), Paise::new(-1));
    }

    #[test]
    fn gstn_writes_the_shortest_number() {
        assert_eq!(Paise::new(2_000).to_shortest(), "20");
        assert_eq!(Paise::new(14_850).to_shortest(), "148.5");
        assert_eq!(Paise::new(-1).to_shortest(), "-0.01");
    }

    proptest::proptest! {
        #[test]
        fn text_form_round_trips(paise in -9_999_999_999_999_i64..9_999_999_999_999) {
            let amount = Paise::new(paise);
            proptest::prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            proptest::prop_assert_eq!(amount.to_shortest().parse(), Ok(amount));
        }
    }
}
