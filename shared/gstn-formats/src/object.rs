//! Reading and writing one JSON object without losing anything of it.
//!
//! A [`Reader`] takes known keys out of the object and leaves the rest; it remembers in [`Extra`] how known keys were
//! spelled where that is not how we write them. A [`Writer`] puts all of it back.

use crate::error::{FieldError, Problem};
use crate::number::{amount_of, amount_to_number};
use gst_types::{Gstin, IstDate, MoneyError, Paise, StateCode, TaxAmounts, TaxPeriod};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Spellings of one key: the one that we write first, then those that we also accept.
pub(crate) type Names = &'static [&'static str];

/// What of a source object the typed fields do not carry, so that writing gives the same JSON back.
///
/// `Extra::default()` belongs to a record that we make ourselves: every known key is written, in our spelling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra {
    /// Keys that this crate does not know, as they came.
    pub unknown: Map<String, Value>,
    /// Known keys with a default that the source left out.
    absent: BTreeSet<&'static str>,
    /// Known keys under another accepted name.
    aliases: BTreeMap<&'static str, &'static str>,
    /// Known values in another accepted form: how we would write it, and how it came.
    forms: BTreeMap<&'static str, (Value, Value)>,
    /// Known keys that held an object where we write a list of objects.
    lone_objects: BTreeSet<&'static str>,
}

/// Takes known keys out of one object.
pub(crate) struct Reader {
    map: Map<String, Value>,
    extra: Extra,
}

type Read<T> = Result<T, FieldError>;

impl Reader {
    pub(crate) fn new(value: &Value) -> Read<Self> {
        match value {
            Value::Object(map) => Ok(Self { map: map.clone(), extra: Extra::default() }),
            _ => Err(FieldError::new("record", Problem::WrongShape("an object"))),
        }
    }

    /// Reads an object that nobody else needs, without copying it.
    pub(crate) fn owned(value: Value) -> Read<Self> {
        match value {
            Value::Object(map) => Ok(Self { map, extra: Extra::default() }),
            _ => Err(FieldError::new("record", Problem::WrongShape("an object"))),
        }
    }

    /// Reads the plain values of an object whose lists hold everything else: they are not copied.
    pub(crate) fn header(value: &Value) -> Read<Self> {
        let Value::Object(map) = value else {
            return Err(FieldError::new("record", Problem::WrongShape("an object")));
        };
        let plain = map.iter().filter(|(_, value)| !(value.is_array() || value.is_object()));
        let map = plain.map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self { map, extra: Extra::default() })
    }

    /// Takes a value out; `null` and the empty text count as absent and stay where they are.
    pub(crate) fn take(&mut self, names: Names) -> Option<Value> {
        let blank = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let name = names.iter().copied().find(|name| self.map.get(*name).is_some_and(|value| !blank(value)))?;
        if name != names[0] {
            self.extra.aliases.insert(names[0], name);
        }
        self.map.shift_remove(name)
    }

    /// Whether the object has that key, whatever its value.
    pub(crate) fn has(&self, names: Names) -> bool {
        names.iter().any(|name| self.map.contains_key(*name))
    }

    /// A value, left where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.map.get(name)
    }

    /// Remembers that a value came in another form than we would write.
    fn note_form(&mut self, name: &'static str, ours: Value, came: Value) {
        if ours != came {
            self.extra.forms.insert(name, (ours, came));
        }
    }

    /// Reads a text and what it means; keeps its form where `write` of the meaning is another text.
    pub(crate) fn coded<T>(
        &mut self,
        names: Names,
        read: impl FnOnce(&str) -> Result<T, Problem>,
        write: impl FnOnce(&T) -> String,
    ) -> Read<Option<T>> {
        let Some(value) = self.take(names) else { return Ok(None) };
        let Value::String(text) = &value else {
            return Err(FieldError::new(names[0], Problem::WrongShape("a text")));
        };
        let meaning = read(text).map_err(|problem| FieldError::new(names[0], problem))?;
        self.note_form(names[0], Value::String(write(&meaning)), value);
        Ok(Some(meaning))
    }

    pub(crate) fn text(&mut self, names: Names) -> Read<Option<String>> {
        self.coded(names, |text| Ok(text.to_owned()), Clone::clone)
    }

    /// A document number: a text, never a JSON number (ID-5).
    pub(crate) fn document_number(&mut self, names: Names) -> Read<Option<String>> {
        match self.take(names) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(_)) => Err(FieldError::new(names[0], Problem::DocumentNumberNotText)),
            Some(_) => Err(FieldError::new(names[0], Problem::WrongShape("a text"))),
        }
    }

    pub(crate) fn date(&mut self, names: Names) -> Read<Option<IstDate>> {
        self.coded(names, |text| IstDate::parse_gstn(text.trim()).map_err(Problem::from), |date| date.to_gstn())
    }

    pub(crate) fn period(&mut self, names: Names) -> Read<Option<TaxPeriod>> {
        self.coded(names, |text| text.trim().parse().map_err(Problem::Period), TaxPeriod::to_string)
    }

    pub(crate) fn gstin(&mut self, names: Names) -> Read<Option<Gstin>> {
        self.coded(names, |text| Gstin::parse(text).map_err(Problem::from), Gstin::to_string)
    }

    pub(crate) fn state(&mut self, names: Names) -> Read<Option<StateCode>> {
        self.coded(names, |text| text.trim().parse().map_err(|_| Problem::StateCode), StateCode::to_string)
    }

    /// `"Y"` or `"N"`; the portal's own calls show JSON booleans.
    pub(crate) fn flag(&mut self, names: Names) -> Read<Option<bool>> {
        let Some(value) = self.take(names) else { return Ok(None) };
        let flag = match &value {
            Value::Bool(flag) => *flag,
            Value::String(text) if text.eq_ignore_ascii_case("Y") => true,
            Value::String(text) if text.eq_ignore_ascii_case("N") => false,
            _ => return Err(FieldError::new(names[0], Problem::UnknownCode("Y, N"))),
        };
        self.note_form(names[0], Value::from(yes_no(flag)), value);
        Ok(Some(flag))
    }

    pub(crate) fn optional_amount(&mut self, names: Names) -> Read<Option<Paise>> {
        match self.take(names) {
            None => match self.map.get(names[0]) {
                Some(Value::String(_)) => Err(FieldError::new(names[0], MoneyError::NotANumber.into())),
                _ => Ok(None),
            },
            Some(Value::Number(number)) => {
                amount_of(&number).map(Some).map_err(|error| FieldError::new(names[0], error.into()))
            }
            Some(_) => Err(FieldError::new(names[0], MoneyError::NotANumber.into())),
        }
    }

    /// An amount; absent means zero.
    pub(crate) fn amount(&mut self, names: Names) -> Read<Paise> {
        let amount = self.optional_amount(names)?;
        if amount.is_none() {
            self.extra.absent.insert(names[0]);
        }
        Ok(amount.unwrap_or(Paise::ZERO))
    }

    /// Amounts under four names, in the order of the heads; absent means zero.
    pub(crate) fn tax(&mut self, heads: &[Names; 4]) -> Read<TaxAmounts> {
        Ok(TaxAmounts {
            igst: self.amount(heads[0])?,
            cgst: self.amount(heads[1])?,
            sgst: self.amount(heads[2])?,
            cess: self.amount(heads[3])?,
        })
    }

    pub(crate) fn number(&mut self, names: Names) -> Read<Option<Number>> {
        match self.take(names) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => Err(FieldError::new(names[0], Problem::WrongShape("a number"))),
        }
    }

    /// A number of an identity, kept digit by digit: a text, or (in GSTR-2A) a JSON number.
    pub(crate) fn digits(&mut self, names: Names, as_number: bool) -> Read<Option<String>> {
        let Some(value) = self.take(names) else { return Ok(None) };
        let digits = match &value {
            Value::Number(number) => number.as_str().to_owned(),
            Value::String(text) => text.trim().to_owned(),
            _ => return Err(FieldError::new(names[0], Problem::WrongShape("digits"))),
        };
        self.note_form(names[0], digits_value(&digits, as_number), value);
        Ok(Some(digits))
    }

    /// A small count, written as a number or as digits in a text.
    pub(crate) fn count(&mut self, names: Names) -> Read<Option<u64>> {
        let Some(value) = self.take(names) else { return Ok(None) };
        let count = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let count = count.ok_or_else(|| FieldError::new(names[0], Problem::WrongShape("a whole number")))?;
        self.note_form(names[0], Value::from(count), value);
        Ok(Some(count))
    }

    /// A list; absent gives `None`.
    pub(crate) fn list(&mut self, names: Names) -> Read<Option<Vec<Value>>> {
        match self.take(names) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(FieldError::new(names[0], Problem::WrongShape("a list"))),
        }
    }

    /// Remembers that a key with a default was left out, so that writing leaves it out too.
    pub(crate) fn note_absent(&mut self, name: &'static str) {
        self.extra.absent.insert(name);
    }

    /// Remembers that an object stood where we write a list of objects.
    pub(crate) fn note_lone_object(&mut self, name: &'static str) {
        self.extra.lone_objects.insert(name);
    }

    /// Takes a key out only if its value is that code, whatever the letter case.
    pub(crate) fn take_code(&mut self, name: &'static str, code: &str) -> bool {
        let is_code = |value: &Value| value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(code));
        if !self.map.get(name).is_some_and(is_code) {
            return false;
        }
        if let Some(came) = self.map.shift_remove(name) {
            self.note_form(name, Value::from(code), came);
        }
        true
    }

    /// Takes the empty text of a coded key whose absence means the same.
    pub(crate) fn take_blank(&mut self, name: &str) -> bool {
        let blank = self.map.get(name).is_some_and(|value| value.as_str() == Some(""));
        if blank {
            self.map.shift_remove(name);
        }
        blank
    }

    /// What is left.
    pub(crate) fn finish(mut self) -> Extra {
        self.extra.unknown = self.map;
        self.extra
    }
}

/// Turns an absent value into an error that names the field.
pub(crate) fn required<T>(value: Option<T>, name: &'static str) -> Read<T> {
    value.ok_or_else(|| FieldError::new(name, Problem::Missing))
}

/// Turns an absent GSTIN into an error that names the field.
pub(crate) fn required_gstin(value: Option<Gstin>, name: &'static str) -> Read<Gstin> {
    value.ok_or_else(|| FieldError::new(name, Problem::GstinMissing))
}

/// Digits as a text, or as a JSON number where they are one.
pub(crate) fn digits_value(digits: &str, as_number: bool) -> Value {
    match digits.parse::<u64>() {
        Ok(number) if as_number => Value::from(number),
        _ => Value::from(digits),
    }
}

pub(crate) const fn yes_no(flag: bool) -> &'static str {
    if flag { "Y" } else { "N" }
}

/// Writes one object: known keys in the order of the calls, then what the source had besides.
pub(crate) struct Writer<'a> {
    map: Map<String, Value>,
    extra: &'a Extra,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(extra: &'a Extra) -> Self {
        Self { map: Map::new(), extra }
    }

    /// Writes a value under the name and in the form in which it came, if it still says the same.
    pub(crate) fn put(&mut self, name: &'static str, value: Value) {
        let spelled = self.extra.aliases.get(name).copied().unwrap_or(name);
        let value = match self.extra.forms.get(name) {
            Some((ours, came)) if *ours == value => came.clone(),
            _ => value,
        };
        let value = match value {
            Value::Array(mut list) if list.len() == 1 && self.extra.lone_objects.contains(name) => list.remove(0),
            value => value,
        };
        self.map.insert(spelled.to_owned(), value);
    }

    pub(crate) fn text(&mut self, name: &'static str, text: impl Into<String>) {
        self.put(name, Value::String(text.into()));
    }

    pub(crate) fn optional_text(&mut self, name: &'static str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(crate) fn optional_flag(&mut self, name: &'static str, flag: Option<bool>) {
        self.optional_text(name, flag.map(yes_no));
    }

    pub(crate) fn optional_date(&mut self, name: &'static str, date: Option<IstDate>) {
        self.optional_text(name, date.map(IstDate::to_gstn));
    }

    /// Whether the source left out a key with a default.
    pub(crate) fn was_absent(&self, name: &str) -> bool {
        self.extra.absent.contains(name)
    }

    /// Writes an amount, unless it is zero and the source left it out.
    pub(crate) fn amount(&mut self, name: &'static str, amount: Paise) {
        if !(amount.is_zero() && self.was_absent(name)) {
            self.put(name, Value::Number(amount_to_number(amount)));
        }
    }

    pub(crate) fn optional_amount(&mut self, name: &'static str, amount: Option<Paise>) {
        if let Some(amount) = amount {
            self.put(name, Value::Number(amount_to_number(amount)));
        }
    }

    /// Writes the four heads under their first names.
    pub(crate) fn tax(&mut self, heads: &[Names; 4], tax: &TaxAmounts) {
        self.amount(heads[0][0], tax.igst);
        self.amount(heads[1][0], tax.cgst);
        self.amount(heads[2][0], tax.sgst);
        self.amount(heads[3][0], tax.cess);
    }

    /// The object, with the unknown keys of the source behind the known ones.
    pub(crate) fn finish(mut self) -> Value {
        for (name, value) in &self.extra.unknown {
            if !self.map.contains_key(name) {
                self.map.insert(name.clone(), value.clone());
            }
        }
        Value::Object(self.map)
    }
}
