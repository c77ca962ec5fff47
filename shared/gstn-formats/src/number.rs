//! Numbers of GSTN JSON: read and written through their text, never through a float.

use gst_types::{Head, MoneyError, Paise, TaxAmounts};
use serde_json::{Number, Value};

/// The amount that a JSON number says.
///
/// # Errors
/// [`MoneyError`] for an exponent, a third decimal or too many digits.
pub(crate) fn amount_of(number: &Number) -> Result<Paise, MoneyError> {
    number.as_str().parse()
}

/// The amount as GSTN writes it: the shortest plain number.
pub(crate) fn amount_to_number(amount: Paise) -> Number {
    // The shortest text of an amount is always a JSON number, so the fallback is never taken.
    amount.to_shortest().parse().unwrap_or_else(|_| Number::from(0))
}

/// The sum of amounts of one document.
///
/// # Errors
/// [`MoneyError::TooLarge`] where no return could hold it.
pub(crate) fn checked_sum(amounts: impl Iterator<Item = Paise>) -> Result<Paise, MoneyError> {
    let total: i128 = amounts.map(|amount| i128::from(amount.get())).sum();
    let total = Paise::new(i64::try_from(total).map_err(|_| MoneyError::TooLarge)?);
    // The text form knows the widest amount.
    total.to_shortest().parse()
}

/// The sums of the four heads of one document.
///
/// # Errors
/// [`MoneyError::TooLarge`] where no return could hold one of them.
pub(crate) fn checked_tax_sum(amounts: &[TaxAmounts]) -> Result<TaxAmounts, MoneyError> {
    let mut total = TaxAmounts::ZERO;
    for head in Head::ALL {
        total.set(head, checked_sum(amounts.iter().map(|tax| tax.of(head)))?);
    }
    Ok(total)
}

/// Adds totals of a whole file. Only an invented file reaches the end of the range, and then stays there.
pub(crate) fn saturating_add(left: Paise, right: Paise) -> Paise {
    Paise::new(left.get().saturating_add(right.get()))
}

/// As [`saturating_add`], head by head.
pub(crate) fn saturating_add_tax(left: &TaxAmounts, right: &TaxAmounts) -> TaxAmounts {
    left.zip(right, saturating_add)
}

/// Whether two JSON values say the same: numbers by their decimal value, objects whatever their key order.
#[must_use]
pub fn same_json(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => same_decimal(left.as_str(), right.as_str()),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_json(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same_json(value, other)))
        }
        (left, right) => left == right,
    }
}

/// Whether two plain decimals are the same number; numbers with an exponent only where their text is the same.
fn same_decimal(left: &str, right: &str) -> bool {
    left == right
        || match (plain_digits(left), plain_digits(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        }
}

/// Sign, whole digits and fraction without the zeros that do not count.
fn plain_digits(text: &str) -> Option<(bool, &str, &str)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let negative = unsigned.len() < text.len() && !(whole.is_empty() && fraction.is_empty());
    Some((negative, whole, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(same_json(&json(r#"{"a":1.50,"b":[0]}"#), &json(r#"{"b":[-0.0],"a":1.5}"#)));
        assert!(!same_json(&json("1.5"), &json("1.51")));
        assert!(!same_json(&json("10"), &json("1")));
        assert!(!same_json(&json(r#""1""#), &json("1")));
        assert!(!same_json(&json(r#"{"a":null}"#), &json("{}")));
    }

    #[test]
    fn id_4_the_text_of_the_number_counts() {
        assert_eq!(amount_of(json("99999999999.99").as_number().unwrap()), Ok(Paise::new(9_999_999_999_999)));
        assert_eq!(amount_of(json("1.005").as_number().unwrap()), Err(MoneyError::TooManyDecimals));
        assert_eq!(amount_of(json("1e2").as_number().unwrap()), Err(MoneyError::NotANumber));
        assert_eq!(amount_to_number(Paise::new(14_850)).as_str(), "148.5");
    }
}
