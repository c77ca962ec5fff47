//! Rates of tax in percent, exact.

use crate::text::text_form;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A rate in percent, such as 18 or 0.25; never negative, at most 1000 with four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(Decimal);

/// A text that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a plain number of percent such as 18 or 0.25 (RATE-1)")]
pub struct PercentError;

/// The most decimals that a rate has.
const MOST_DECIMALS: u32 = 4;

impl Percent {
    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl TryFrom<Decimal> for Percent {
    type Error = PercentError;
    fn try_from(number: Decimal) -> Result<Self, PercentError> {
        let number = number.normalize();
        let fits = number >= Decimal::ZERO && number <= Decimal::ONE_THOUSAND && number.scale() <= MOST_DECIMALS;
        if fits { Ok(Self(number)) } else { Err(PercentError) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Percent {
    type Err = PercentError;
    fn from_str(text: &str) -> Result<Self, PercentError> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: Decimal = text.parse().ok().filter(|_| plain).ok_or(PercentError)?;
        Self::try_from(number)
    }
}

text_form!(Percent, "Percent", "^[0-9]{1,4}(\\.[0-9]{1,4})?$", "a rate in percent, such as 18 or 0.25 (RATE-1)");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_1_rates_are_read_exactly_or_refused() {
        let read = |text: &str| text.parse::<Percent>().map(|rate| rate.to_string());
        assert_eq!(read("0.25").as_deref(), Ok("0.25"));
        assert_eq!(read("18.00").as_deref(), Ok("18"));
        for wrong in ["", "-1", "18%", "1e2", "1000.01", "0.00001", "."] {
            assert_eq!(read(wrong), Err(PercentError), "{wrong}");
        }
    }
}
