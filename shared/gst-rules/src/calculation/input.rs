//! Reading the inputs of a calculation, and writing its outputs.

use super::CalculationError;
use crate::rulebook::DatedRate;
use gst_types::{FilingFrequency, Head, IstDate, Paise, StateCode, TaxAmounts, TaxPeriod};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::str::FromStr;

/// One object of inputs, which knows its place for messages.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    function: &'static str,
    place: String,
    fields: &'a Map<String, Value>,
}

/// Rates and exchange rates above this are no rates; the limit keeps products within exact arithmetic.
const LARGEST_RATE: i64 = 1_000_000;
/// Decimals of a rate that are kept exactly.
const MOST_DECIMALS: u32 = 10;

impl<'a> Inputs<'a> {
    pub(super) fn of(function: &'static str, value: &'a Value) -> Result<Self, CalculationError> {
        Self::at(function, String::new(), value)
    }

    fn at(function: &'static str, place: String, value: &'a Value) -> Result<Self, CalculationError> {
        match value {
            Value::Object(fields) => Ok(Self { function, place, fields }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                let field = if place.is_empty() { "inputs".to_owned() } else { place };
                Err(CalculationError::BadInput {
                    function: function.to_owned(),
                    field,
                    expected: "an object".to_owned(),
                })
            }
        }
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn bad(&self, name: &str, expected: &str) -> CalculationError {
        let field = format!("{}{name}", self.place);
        CalculationError::BadInput { function: self.function.to_owned(), field, expected: expected.to_owned() }
    }

    pub(super) fn missing(&self, name: &str) -> CalculationError {
        CalculationError::MissingInput { function: self.function.to_owned(), field: format!("{}{name}", self.place) }
    }

    /// An absent or null field is `None`; a number counts as its own digits.
    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, CalculationError> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.as_str())),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(self.bad(name, "a text")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, CalculationError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, CalculationError> {
        self.optional_text(name)?.map(|text| text.parse().map_err(|_| self.bad(name, expected))).transpose()
    }

    fn required<T>(&self, name: &str, found: Option<T>) -> Result<T, CalculationError> {
        found.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_amount(&self, name: &str) -> Result<Option<Paise>, CalculationError> {
        self.optional(name, "an amount with at most two decimals")
    }

    pub(super) fn amount(&self, name: &str) -> Result<Paise, CalculationError> {
        self.required(name, self.optional_amount(name)?)
    }

    pub(super) fn amount_or_zero(&self, name: &str) -> Result<Paise, CalculationError> {
        Ok(self.optional_amount(name)?.unwrap_or(Paise::ZERO))
    }

    /// An exact decimal of any size that a `Decimal` holds.
    pub(super) fn optional_decimal(&self, name: &str) -> Result<Option<Decimal>, CalculationError> {
        self.optional(name, "a decimal number")
    }

    pub(super) fn decimal(&self, name: &str) -> Result<Decimal, CalculationError> {
        self.required(name, self.optional_decimal(name)?)
    }

    pub(super) fn optional_rate(&self, name: &str) -> Result<Option<Decimal>, CalculationError> {
        let found = self.optional_decimal(name)?;
        match found {
            Some(rate) if rate.abs() > Decimal::from(LARGEST_RATE) || rate.scale() > MOST_DECIMALS => {
                Err(self.bad(name, "a rate"))
            }
            Some(_) | None => Ok(found),
        }
    }

    pub(super) fn rate(&self, name: &str) -> Result<Decimal, CalculationError> {
        self.required(name, self.optional_rate(name)?)
    }

    pub(super) fn optional_date(&self, name: &str) -> Result<Option<IstDate>, CalculationError> {
        self.optional(name, "a day written YYYY-MM-DD")
    }

    pub(super) fn date(&self, name: &str) -> Result<IstDate, CalculationError> {
        self.required(name, self.optional_date(name)?)
    }

    pub(super) fn optional_period(&self, name: &str) -> Result<Option<TaxPeriod>, CalculationError> {
        self.optional(name, "a period written MMYYYY")
    }

    pub(super) fn period(&self, name: &str) -> Result<TaxPeriod, CalculationError> {
        self.required(name, self.optional_period(name)?)
    }

    pub(super) fn optional_state(&self, name: &str) -> Result<Option<StateCode>, CalculationError> {
        self.optional(name, "a state code of two digits")
    }

    pub(super) fn state(&self, name: &str) -> Result<StateCode, CalculationError> {
        self.required(name, self.optional_state(name)?)
    }

    /// One of our own words, by its `from_code`.
    pub(super) fn optional_word<T>(
        &self,
        name: &str,
        from_code: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, CalculationError> {
        self.optional_text(name)?.map(|text| from_code(text).ok_or_else(|| self.bad(name, "a known word"))).transpose()
    }

    pub(super) fn word<T>(&self, name: &str, from_code: impl Fn(&str) -> Option<T>) -> Result<T, CalculationError> {
        self.required(name, self.optional_word(name, from_code)?)
    }

    pub(super) fn filing_frequency(&self) -> Result<FilingFrequency, CalculationError> {
        let found = self.optional_word("filing_frequency", |word| match word {
            "MONTHLY" => Some(FilingFrequency::Monthly),
            "QUARTERLY" => Some(FilingFrequency::Quarterly),
            _ => None,
        })?;
        Ok(found.unwrap_or(FilingFrequency::Monthly))
    }

    pub(super) fn flag(&self, name: &str, absent: bool) -> Result<bool, CalculationError> {
        match self.raw(name) {
            None => Ok(absent),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(self.bad(name, "true or false"))
            }
        }
    }

    /// The four heads that stand beside the other fields; an absent head is zero.
    pub(super) fn own_heads(&self) -> Result<TaxAmounts, CalculationError> {
        let mut heads = TaxAmounts::ZERO;
        for head in Head::ALL {
            heads.set(head, self.amount_or_zero(head.code())?);
        }
        Ok(heads)
    }

    pub(super) fn optional_heads(&self, name: &str) -> Result<Option<TaxAmounts>, CalculationError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        Self::at(self.function, format!("{}{name}.", self.place), value)?.own_heads().map(Some)
    }

    pub(super) fn heads_or_zero(&self, name: &str) -> Result<TaxAmounts, CalculationError> {
        Ok(self.optional_heads(name)?.unwrap_or_default())
    }

    pub(super) fn heads(&self, name: &str) -> Result<TaxAmounts, CalculationError> {
        self.required(name, self.optional_heads(name)?)
    }

    pub(super) fn optional_array(&self, name: &str) -> Result<Option<&'a [Value]>, CalculationError> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                Err(self.bad(name, "a list"))
            }
        }
    }

    /// A list of objects.
    pub(super) fn optional_list(&self, name: &str) -> Result<Option<Vec<Inputs<'a>>>, CalculationError> {
        let Some(values) = self.optional_array(name)? else { return Ok(None) };
        let places = values.iter().enumerate();
        places
            .map(|(index, value)| Self::at(self.function, format!("{}{name}[{index}].", self.place), value))
            .collect::<Result<Vec<_>, _>>()
            .map(Some)
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<Inputs<'a>>, CalculationError> {
        self.required(name, self.optional_list(name)?)
    }

    /// A list of amounts.
    pub(super) fn optional_amounts(&self, name: &str) -> Result<Option<Vec<Paise>>, CalculationError> {
        let Some(values) = self.optional_array(name)? else { return Ok(None) };
        let amount = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_str().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let amounts: Option<Vec<Paise>> = values.iter().map(amount).collect();
        amounts.ok_or_else(|| self.bad(name, "a list of amounts")).map(Some)
    }

    /// A table of rates, each from its day on.
    pub(super) fn optional_rates(&self, name: &str) -> Result<Option<Vec<DatedRate>>, CalculationError> {
        let Some(rows) = self.optional_list(name)? else { return Ok(None) };
        rows.iter()
            .map(|row| Ok(DatedRate { from: row.date("from")?, percent: row.rate("rate")? }))
            .collect::<Result<Vec<_>, _>>()
            .map(Some)
    }
}

/// A value as its text.
pub(super) fn text(value: impl Display) -> Value {
    Value::String(value.to_string())
}

/// A value as its text, or null.
pub(super) fn optional(value: Option<impl Display>) -> Value {
    value.map_or(Value::Null, text)
}

/// All four heads.
pub(super) fn heads(amounts: TaxAmounts) -> Value {
    json!({
        "igst": text(amounts.igst),
        "cgst": text(amounts.cgst),
        "sgst": text(amounts.sgst),
        "cess": text(amounts.cess),
    })
}
