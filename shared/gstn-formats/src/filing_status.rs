//! The public filing status of a taxpayer (`EFiledlist` of "track returns").

use crate::error::{FieldError, FormatError, Problem, RecordError};
use crate::object::{Extra, Reader, Writer, required};
use gst_types::{Gstin, IstDate, TaxPeriod};
use serde_json::Value;

/// One filed return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReturn {
    /// Who filed, where the entry itself says so (a feed's single entry).
    pub filer: Option<Gstin>,
    /// `GSTR1`, `GSTR3B`, `GSTR9`, `IFF`, `GSTR1A` and others, upper case.
    pub return_type: String,
    /// Return period.
    pub period: TaxPeriod,
    /// Day of filing.
    pub filed_on: IstDate,
    /// Acknowledgement number.
    pub arn: Option<String>,
    /// `ONLINE` or `OFFLINE`.
    pub mode: Option<String>,
    /// Status in words; `Filed`.
    pub status: Option<String>,
    /// Whether the return is valid; absent on annual returns and on some others.
    pub valid: Option<bool>,
    /// What else the entry holds.
    pub extra: Extra,
}

impl FiledReturn {
    /// Reads one entry.
    ///
    /// # Errors
    /// [`FieldError`] naming the field: type, period and day of filing are required.
    pub fn parse(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let return_type = reader.coded(&["rtntype"], |text| Ok(text.trim().to_ascii_uppercase()), Clone::clone)?;
        let period = reader.coded(&["ret_prd"], read_period, TaxPeriod::to_string)?;
        Ok(Self {
            filer: reader.gstin(&["gstin"])?,
            return_type: required(return_type, "rtntype")?,
            period: required(period, "ret_prd")?,
            filed_on: required(reader.date(&["dof"])?, "dof")?,
            arn: reader.text(&["arn"])?,
            mode: reader.text(&["mof"])?,
            status: reader.text(&["status"])?,
            valid: reader.flag(&["valid"])?,
            extra: reader.finish(),
        })
    }

    /// The entry as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        writer.optional_text("gstin", self.filer.map(|gstin| gstin.to_string()));
        writer.optional_flag("valid", self.valid);
        writer.optional_text("mof", self.mode.clone());
        writer.text("dof", self.filed_on.to_gstn());
        writer.text("rtntype", self.return_type.clone());
        writer.text("ret_prd", self.period.to_string());
        writer.optional_text("arn", self.arn.clone());
        writer.optional_text("status", self.status.clone());
        writer.finish()
    }

    /// Whether the entry says that the return was filed and is valid.
    #[must_use]
    pub fn is_filed(&self) -> bool {
        let filed = self.status.as_deref().is_none_or(|status| status.trim().eq_ignore_ascii_case("filed"));
        filed && self.valid != Some(false)
    }
}

/// One service provider leaves out the leading zero (`32018`).
fn read_period(text: &str) -> Result<TaxPeriod, Problem> {
    let text = text.trim();
    if text.len() == 5 { Ok(format!("0{text}").parse()?) } else { Ok(text.parse()?) }
}

/// The returns of one taxpayer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EFiledList {
    /// Whose; the service itself does not repeat it.
    pub filer: Option<Gstin>,
    /// The returns, a bad entry as an error in its place.
    pub returns: Vec<Result<FiledReturn, RecordError>>,
}

impl EFiledList {
    /// Reads the answer for one taxpayer (`{"EFiledlist": [...]}`, with or without the API's `data`).
    ///
    /// # Errors
    /// [`FormatError`] where there is no list.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let inner = value.get("data").filter(|data| data.is_object()).unwrap_or(value);
        let mut reader = Reader::new(inner)?;
        let filer = reader.gstin(&["gstin"])?;
        let entries = required(reader.list(&["EFiledlist", "efiledlist"])?, "EFiledlist")?;
        let read = |(index, entry)| {
            FiledReturn::parse(entry).map_err(|error| RecordError::new("EFiledlist", None, Some(index), error))
        };
        Ok(Self { filer, returns: entries.iter().enumerate().map(read).collect() })
    }

    /// Reads a file of one taxpayer or a list of several.
    ///
    /// # Errors
    /// [`FormatError`] where one of them has no list.
    pub fn parse_all(value: &Value) -> Result<Vec<Self>, FormatError> {
        match value {
            Value::Array(taxpayers) => taxpayers.iter().map(Self::parse).collect(),
            alone => Ok(vec![Self::parse(alone)?]),
        }
    }
}
