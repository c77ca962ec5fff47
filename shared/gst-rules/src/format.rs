//! Indian digit grouping (FMT-1) and lakh and crore (FMT-2).

use crate::amount::rounded;
use gst_types::{MoneyError, Paise, round_half_up_to_paise};
use rust_decimal::{Decimal, RoundingStrategy};
use std::str::FromStr;

/// One lakh, 1,00,000.
const LAKH: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);
/// One crore, 1,00,00,000.
const CRORE: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

/// FMT-1: two decimals, half up; the last three digits of the rupees, then pairs; the minus sign first.
#[must_use]
pub fn grouped(value: Decimal) -> String {
    let text = rounded(value).to_string();
    let unsigned = text.trim_start_matches('-');
    let sign = if unsigned.len() < text.len() { "-" } else { "" };
    let (rupees, paise) = unsigned.split_once('.').unwrap_or((unsigned, "00"));
    let mut grouped = String::new();
    for (index, digit) in rupees.chars().enumerate() {
        let to_come = rupees.len() - index;
        if index > 0 && (to_come == 3 || to_come > 3 && to_come % 2 == 1) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{paise}")
}

/// FMT-2: from one lakh on, one decimal, half up, and `lakh` or from one crore `crore`; `None` below.
#[must_use]
pub fn in_words(value: Decimal) -> Option<String> {
    let (unit, word) = match value.abs() {
        size if size >= CRORE => (CRORE, "crore"),
        size if size >= LAKH => (LAKH, "lakh"),
        _ => return None,
    };
    let units = (value / unit).round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero);
    Some(format!("{units:.1} {word}"))
}

/// FMT-2: reads an amount as people write it: with commas, `Rs`, the rupee sign, `lakh` or `crore`.
///
/// # Errors
/// [`MoneyError`] where the text is no amount.
pub fn parse_amount(text: &str) -> Result<Paise, MoneyError> {
    let lower = text.to_lowercase().replace([',', '₹'], "");
    let (negative, unsigned) = match lower.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, lower.trim()),
    };
    let currency = ["rs.", "rs", "inr"];
    let number = currency.iter().find_map(|prefix| unsigned.trim().strip_prefix(prefix)).unwrap_or(unsigned).trim();
    let number = number.strip_suffix("/-").unwrap_or(number).trim();
    let units = [
        ("lakhs", LAKH),
        ("lakh", LAKH),
        ("lacs", LAKH),
        ("lac", LAKH),
        ("crores", CRORE),
        ("crore", CRORE),
        ("cr", CRORE),
    ];
    let (digits, unit) = units
        .iter()
        .find_map(|(word, unit)| number.strip_suffix(word).map(|digits| (digits.trim(), *unit)))
        .unwrap_or((number, Decimal::ONE));
    let value = Decimal::from_str(digits).map_err(|_| MoneyError::NotANumber)?;
    let amount = round_half_up_to_paise(value.checked_mul(unit).ok_or(MoneyError::TooLarge)?)?;
    Ok(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn fmt_1_the_last_three_then_pairs() {
        assert_eq!(grouped(decimal("0")), "0.00");
        assert_eq!(grouped(decimal("999")), "999.00");
        assert_eq!(grouped(decimal("1234567.891")), "12,34,567.89");
        assert_eq!(grouped(decimal("-2750000")), "-27,50,000.00");
        assert_eq!(grouped(decimal("987654321012.5")), "9,87,65,43,21,012.50");
        assert_eq!(grouped(decimal("-0.001")), "0.00");
    }

    #[test]
    fn fmt_2_words_from_one_lakh() {
        assert_eq!(in_words(decimal("419400.00")).as_deref(), Some("4.2 lakh"));
        assert_eq!(in_words(decimal("2749400.00")).as_deref(), Some("27.5 lakh"));
        assert_eq!(in_words(decimal("100000")).as_deref(), Some("1.0 lakh"));
        assert_eq!(in_words(decimal("10000000")).as_deref(), Some("1.0 crore"));
        assert_eq!(in_words(decimal("99999.99")), None);
    }

    #[test]
    fn fmt_2_amounts_as_people_write_them() {
        assert_eq!(parse_amount("4.2 lakh"), Ok(Paise::from_rupees(420_000)));
        assert_eq!(parse_amount("1.25 crore"), Ok(Paise::from_rupees(12_500_000)));
        assert_eq!(parse_amount("Rs 3,57,000"), Ok(Paise::from_rupees(357_000)));
        assert_eq!(parse_amount("₹ -1,000.50"), Ok(Paise::new(-100_050)));
        assert_eq!(parse_amount("-Rs. 10"), Ok(Paise::from_rupees(-10)));
        assert_eq!(parse_amount("Rs.3,57,000/-"), Ok(Paise::from_rupees(357_000)));
        assert_eq!(parse_amount("ten"), Err(MoneyError::NotANumber));
    }

    proptest::proptest! {
        #[test]
        fn fmt_1_grouping_is_read_back(paise in -9_999_999_999_999_i64..9_999_999_999_999) {
            let amount = Paise::new(paise);
            proptest::prop_assert_eq!(parse_amount(&grouped(amount.to_rupees())), Ok(amount));
        }
    }
}
