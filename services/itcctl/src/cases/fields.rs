//! Reading a case file's values: a missing or wrong field is told by its name.

use anyhow::{Context, Result, anyhow};
use gst_types::{IstDate, IstInstant, Paise, TaxAmounts};
use serde_json::{Map, Value};
use std::str::FromStr;

/// The fields of one object of a case file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self> {
        value.as_object().map(Self).ok_or_else(|| anyhow!("not an object"))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str> {
        self.optional_text(name).ok_or_else(|| anyhow!("field {name} is missing or no text"))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn object(&self, name: &str) -> Result<Self> {
        let value = self.0.get(name).ok_or_else(|| anyhow!("field {name} is missing"))?;
        Self::of(value).with_context(|| format!("field {name}"))
    }

    pub(crate) fn optional_object(&self, name: &str) -> Option<Self> {
        self.0.get(name).and_then(Value::as_object).map(Self)
    }

    pub(crate) fn list(&self, name: &str) -> &'a [Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn parse<T: FromStr>(&self, name: &str) -> Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(name)?.parse::<T>().with_context(|| format!("field {name}"))
    }

    pub(crate) fn optional<T: FromStr>(&self, name: &str) -> Result<Option<T>>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.optional_text(name).map(|text| text.parse::<T>().with_context(|| format!("field {name}"))).transpose()
    }

    pub(crate) fn amount(&self, name: &str) -> Result<Paise> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// The four heads; an absent head is zero.
    pub(crate) fn heads(&self) -> Result<TaxAmounts> {
        Ok(TaxAmounts {
            igst: self.amount("igst")?,
            cgst: self.amount("cgst")?,
            sgst: self.amount("sgst")?,
            cess: self.amount("cess")?,
        })
    }

    pub(crate) fn has_any_head(&self) -> bool {
        ["igst", "cgst", "sgst", "cess"].iter().any(|head| self.0.contains_key(*head))
    }

    pub(crate) fn at(&self) -> Result<IstInstant> {
        self.parse("at")
    }

    pub(crate) fn date(&self, name: &str) -> Result<IstDate> {
        self.parse(name)
    }
}
