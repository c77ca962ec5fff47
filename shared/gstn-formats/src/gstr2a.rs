//! GSTR-2A: still the only place for two facts, whether a supplier has filed GSTR-1 (`cfs`) and GSTR-3B (`cfs3b`).
//! Its imports are read too; documents are not, they come with GSTR-1 and GSTR-2B.

use crate::boe::{BoeRecord, BoeVocabulary, ImportSection};
use crate::error::{FieldError, FormatError, Problem, RecordError};
use crate::gstr1::unwrapped;
use crate::ims_download::read_list;
use crate::object::{Reader, required, required_gstin};
use gst_types::{DateError, IstDate, PeriodError, RecipientGstin, SupplierGstin, TaxPeriod};
use serde_json::Value;

/// Sections whose groups name a supplier.
const SUPPLIER_SECTIONS: [&str; 9] = ["b2b", "b2ba", "cdn", "cdna", "cdnr", "cdnra", "isd", "ecom", "ecoma"];

/// A recipient's GSTR-2A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr2a {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Of which period.
    pub period: TaxPeriod,
    source: Value,
}

/// What a group of GSTR-2A says about its supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierFilingFacts {
    /// The supplier.
    pub supplier: SupplierGstin,
    /// Whether GSTR-1 is filed (`cfs`).
    pub gstr1_filed: Option<bool>,
    /// Whether GSTR-3B is filed (`cfs3b`).
    pub gstr3b_filed: Option<bool>,
    /// Day on which GSTR-1 was filed (`fldtr1`).
    pub gstr1_filed_on: Option<IstDate>,
    /// Period of that GSTR-1 (`flprdr1`).
    pub gstr1_period: Option<TaxPeriod>,
    /// Day from which the registration is cancelled (`dtcancel`).
    pub cancelled_on: Option<IstDate>,
}

impl Gstr2a {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FormatError::Header`] where GSTIN or period is missing or wrong.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let source = unwrapped(value);
        let mut reader = Reader::header(source)?;
        let recipient = required_gstin(reader.gstin(&["gstin"])?, "gstin")?;
        let period = required(reader.period(&["fp", "ret_period"])?, "fp")?;
        Ok(Self { recipient: RecipientGstin(recipient), period, source: source.clone() })
    }

    /// What each supplier's group says, in the order of the file; a bad group is an error in its place.
    #[must_use]
    pub fn suppliers(&self) -> Vec<Result<SupplierFilingFacts, RecordError>> {
        let mut facts = Vec::new();
        for key in SUPPLIER_SECTIONS {
            let Some(list) = self.source.get(key) else { continue };
            read_list(key, list, &mut facts, SupplierFilingFacts::read);
        }
        facts
    }

    /// The imports, in the order of the file; a bad record is an error in its place.
    #[must_use]
    pub fn bills_of_entry(&self) -> Vec<Result<(ImportSection, BoeRecord), RecordError>> {
        let mut bills = Vec::new();
        for (key, list) in self.source.as_object().into_iter().flatten() {
            let Some(section) = ImportSection::from_key(key) else { continue };
            read_list(key, list, &mut bills, |record| {
                BoeRecord::parse(record, BoeVocabulary::Gstr2a).map(|bill| (section, bill))
            });
        }
        bills
    }

    /// The file as it came, without the API's outer layers.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }
}

impl SupplierFilingFacts {
    fn read(group: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::header(group)?;
        let supplier = required_gstin(reader.gstin(&["ctin"])?, "ctin")?;
        let mut date = |name: &'static [&'static str]| -> Result<Option<IstDate>, FieldError> {
            reader.coded(name, read_date, IstDate::to_string)
        };
        let (gstr1_filed_on, cancelled_on) = (date(&["fldtr1"])?, date(&["dtcancel"])?);
        Ok(Self {
            supplier: SupplierGstin(supplier),
            gstr1_filed: reader.flag(&["cfs"])?,
            gstr3b_filed: reader.flag(&["cfs3b"])?,
            gstr1_filed_on,
            gstr1_period: reader.coded(&["flprdr1"], read_period, TaxPeriod::to_string)?,
            cancelled_on,
        })
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Month and year of `Nov-19`, or of `Nov-2019`.
fn month_and_year(text: &str) -> Option<(u32, i32)> {
    let (month, year) = text.split_once('-')?;
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
    let digits: i32 = year.parse().ok()?;
    let year = match year.len() {
        2 => 2_000 + digits,
        4 => digits,
        _ => return None,
    };
    Some((u32::try_from(month).ok()? + 1, year))
}

/// `18-Nov-19`; the usual `18-11-2019` is read too.
fn read_date(text: &str) -> Result<IstDate, Problem> {
    let text = text.trim();
    let named = || {
        let (day, rest) = text.split_once('-')?;
        let (month, year) = month_and_year(rest)?;
        IstDate::from_ymd(year, month, day.parse().ok()?)
    };
    named().map_or_else(|| IstDate::parse_gstn(text).map_err(|_| DateError::GstnDate.into()), Ok)
}

/// `Nov-19`; the usual `112019` is read too.
fn read_period(text: &str) -> Result<TaxPeriod, Problem> {
    let text = text.trim();
    match month_and_year(text) {
        Some((month, year)) => Ok(TaxPeriod::new(year, month)?),
        None => text.parse().map_err(|error: PeriodError| error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_header_name_the_month() {
        assert_eq!(read_date("18-Nov-19"), Ok("2019-11-18".parse().unwrap()));
        assert_eq!(read_date("31-Feb-20"), Err(DateError::GstnDate.into()));
        assert_eq!(read_period("Apr-18"), Ok("042018".parse().unwrap()));
        assert_eq!(read_period("Foo-18"), Err(PeriodError::Period.into()));
    }
}
