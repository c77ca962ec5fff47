//! Table 4 of GSTR-3B (`itc_elg`): eligible credit.

use crate::error::{FieldError, FormatError, Problem};
use crate::gstr1::unwrapped;
use crate::number::saturating_add_tax;
use crate::object::{Extra, Names, Reader, Writer};
use gst_types::{RecipientGstin, TaxAmounts, TaxPeriod};
use serde_json::Value;
use std::collections::BTreeMap;

/// The heads as GSTR-3B names them.
const HEADS: [Names; 4] = [&["iamt"], &["camt"], &["samt"], &["csamt"]];

/// A line of Table 4 that somebody fills in; 4(C) is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table4Line {
    /// 4(A)(1): import of goods.
    A1,
    /// 4(A)(2): import of services.
    A2,
    /// 4(A)(3): inward supplies with reverse charge.
    A3,
    /// 4(A)(4): from input service distributors.
    A4,
    /// 4(A)(5): all other credit.
    A5,
    /// 4(B)(1): reversed for good (rules 38, 42, 43, section 17(5)).
    B1,
    /// 4(B)(2): reversed for a time (rules 37, 37A and others).
    B2,
    /// 4(D)(1): reclaimed after 4(B)(2).
    D1,
    /// 4(D)(2): not eligible by section 16(4) or place of supply.
    D2,
}

impl Table4Line {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 9] =
        [Self::A1, Self::A2, Self::A3, Self::A4, Self::A5, Self::B1, Self::B2, Self::D1, Self::D2];

    /// The key of the list that holds the line, and the line's `ty`. The codes were not renamed with the form of 2022.
    #[must_use]
    pub const fn list_and_type(self) -> (&'static str, &'static str) {
        match self {
            Self::A1 => ("itc_avl", "IMPG"),
            Self::A2 => ("itc_avl", "IMPS"),
            Self::A3 => ("itc_avl", "ISRC"),
            Self::A4 => ("itc_avl", "ISD"),
            Self::A5 => ("itc_avl", "OTH"),
            Self::B1 => ("itc_rev", "RUL"),
            Self::B2 => ("itc_rev", "OTH"),
            Self::D1 => ("itc_inelg", "RUL"),
            Self::D2 => ("itc_inelg", "OTH"),
        }
    }
}

/// One row as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItcElgRow {
    /// The code of the line; unknown codes are kept.
    pub line_type: String,
    /// Its amounts.
    pub tax: TaxAmounts,
    /// What else the row holds.
    pub extra: Extra,
}

/// Table 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItcElg {
    /// 4(A).
    pub available: Vec<ItcElgRow>,
    /// 4(B).
    pub reversed: Vec<ItcElgRow>,
    /// 4(C), as written.
    pub net: TaxAmounts,
    /// 4(D).
    pub ineligible: Vec<ItcElgRow>,
    /// What else the table holds.
    pub extra: Extra,
    /// What else the object of 4(C) holds.
    pub net_extra: Extra,
}

impl ItcElg {
    /// Reads the object `itc_elg`.
    ///
    /// # Errors
    /// [`FieldError`] naming the field.
    pub fn parse(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let available = read_rows(&mut reader, "itc_avl", &["itc_avl"])?;
        let reversed = read_rows(&mut reader, "itc_rev", &["itc_rev"])?;
        let ineligible = read_rows(&mut reader, "itc_inelg", &["itc_inelg"])?;
        let net = reader.take(&["itc_net"]).unwrap_or_else(|| {
            reader.note_absent("itc_net");
            Value::Object(serde_json::Map::new())
        });
        let mut net = Reader::new(&net).map_err(|_| FieldError::new("itc_net", Problem::WrongShape("an object")))?;
        let net_tax = net.tax(&HEADS).map_err(|error| error.within("itc_net"))?;
        Ok(Self { available, reversed, net: net_tax, ineligible, extra: reader.finish(), net_extra: net.finish() })
    }

    /// Table 4 of these amounts, every line written, 4(C) computed. Lines that are not given are zero.
    #[must_use]
    pub fn build(lines: &BTreeMap<Table4Line, TaxAmounts>) -> Self {
        let mut table = Self {
            available: Vec::new(),
            reversed: Vec::new(),
            net: TaxAmounts::ZERO,
            ineligible: Vec::new(),
            extra: Extra::default(),
            net_extra: Extra::default(),
        };
        for line in Table4Line::ALL {
            let tax = lines.get(&line).copied().unwrap_or(TaxAmounts::ZERO);
            let line_type = line.list_and_type().1.to_owned();
            table.rows_of_mut(line).push(ItcElgRow { line_type, tax, extra: Extra::default() });
        }
        table.net = table.computed_net();
        table
    }

    /// The amounts of a line; zero where it is not there.
    #[must_use]
    pub fn amounts(&self, line: Table4Line) -> TaxAmounts {
        let rows = match line {
            Table4Line::A1 | Table4Line::A2 | Table4Line::A3 | Table4Line::A4 | Table4Line::A5 => &self.available,
            Table4Line::B1 | Table4Line::B2 => &self.reversed,
            Table4Line::D1 | Table4Line::D2 => &self.ineligible,
        };
        let (_, line_type) = line.list_and_type();
        let of_line = rows.iter().filter(|row| row.line_type.eq_ignore_ascii_case(line_type));
        of_line.fold(TaxAmounts::ZERO, |sum, row| saturating_add_tax(&sum, &row.tax))
    }

    /// 4(A) less 4(B); may be negative (TB-8).
    #[must_use]
    pub fn computed_net(&self) -> TaxAmounts {
        let reversed = self.reversed.iter().map(|row| -row.tax);
        let rows = self.available.iter().map(|row| row.tax).chain(reversed);
        rows.fold(TaxAmounts::ZERO, |sum, tax| saturating_add_tax(&sum, &tax))
    }

    fn rows_of_mut(&mut self, line: Table4Line) -> &mut Vec<ItcElgRow> {
        match line {
            Table4Line::A1 | Table4Line::A2 | Table4Line::A3 | Table4Line::A4 | Table4Line::A5 => &mut self.available,
            Table4Line::B1 | Table4Line::B2 => &mut self.reversed,
            Table4Line::D1 | Table4Line::D2 => &mut self.ineligible,
        }
    }

    /// The object `itc_elg`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        for (name, rows) in [("itc_avl", &self.available), ("itc_rev", &self.reversed), ("itc_inelg", &self.ineligible)]
        {
            if !(rows.is_empty() && writer.was_absent(name)) {
                writer.put(name, Value::Array(rows.iter().map(ItcElgRow::to_value).collect()));
            }
        }
        let mut net = Writer::new(&self.net_extra);
        net.tax(&HEADS, &self.net);
        let net = net.finish();
        let empty = net.as_object().is_none_or(serde_json::Map::is_empty);
        if !(empty && writer.was_absent("itc_net")) {
            writer.put("itc_net", net);
        }
        writer.finish()
    }
}

fn read_rows(reader: &mut Reader, name: &'static str, names: Names) -> Result<Vec<ItcElgRow>, FieldError> {
    let Some(rows) = reader.list(names)? else {
        reader.note_absent(name);
        return Ok(Vec::new());
    };
    let read = |(index, row)| ItcElgRow::read(row).map_err(|error: FieldError| error.within(index).within(name));
    rows.iter().enumerate().map(read).collect()
}

impl ItcElgRow {
    fn read(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let line_type = reader.text(&["ty"])?.ok_or_else(|| FieldError::new("ty", Problem::Missing))?;
        Ok(Self { line_type, tax: reader.tax(&HEADS)?, extra: reader.finish() })
    }

    fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        writer.text("ty", self.line_type.clone());
        writer.tax(&HEADS, &self.tax);
        writer.finish()
    }
}

/// A GSTR-3B: whose, for which period, and its Table 4. The rest is kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr3b {
    /// Who files; empty in a template.
    pub filer: Option<RecipientGstin>,
    /// For which period; empty in a template.
    pub period: Option<TaxPeriod>,
    /// Table 4.
    pub credit: Option<ItcElg>,
    /// What else the return holds.
    pub extra: Extra,
}

impl Gstr3b {
    /// Reads a return; the API's outer layers are taken off.
    ///
    /// # Errors
    /// [`FormatError::Header`] naming the field.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let mut reader = Reader::new(unwrapped(value))?;
        let credit = reader.take(&["itc_elg"]).map(|value| ItcElg::parse(&value)).transpose();
        Ok(Self {
            filer: reader.gstin(&["gstin"])?.map(RecipientGstin),
            period: reader.period(&["ret_period", "fp"])?,
            credit: credit.map_err(|error| error.within("itc_elg"))?,
            extra: reader.finish(),
        })
    }

    /// The return as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        writer.optional_text("gstin", self.filer.map(|gstin| gstin.to_string()));
        writer.optional_text("ret_period", self.period.map(|period| period.to_string()));
        if let Some(credit) = &self.credit {
            writer.put("itc_elg", credit.to_value());
        }
        writer.finish()
    }
}
