//! One record of the Invoice Management System, as downloaded, saved or reset.

use crate::codes::{InvoiceType, SourceFilingStatus, SourceForm};
use crate::error::{FieldError, Problem};
use crate::gstr1::Gstr1Section;
use crate::ims_state::ImsState;
use crate::object::{Extra, Names, Reader, Writer, required, required_gstin};
use gst_types::{IstDate, Paise, PeriodError, StateCode, SupplierGstin, TaxAmounts, TaxPeriod};
use serde_json::Value;

/// The heads as IMS names them: as GSTR-1, but for the cess.
const HEADS: [Names; 4] = [&["iamt"], &["camt"], &["samt"], &["cess", "csamt"]];

/// The supplier's return period of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourcePeriod {
    /// Month and year (API).
    Period(TaxPeriod),
    /// Only the month, 1 to 12 (offline tool): the year is known from elsewhere.
    Month(u32),
}

impl SourcePeriod {
    fn read(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        match (text.len(), text.parse::<u32>()) {
            (1 | 2, Ok(month)) if (1..=12).contains(&month) => Ok(Self::Month(month)),
            (1 | 2, _) => Err(PeriodError::Period.into()),
            _ => Ok(Self::Period(text.parse()?)),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Period(period) => period.to_string(),
            Self::Month(month) => format!("{month:02}"),
        }
    }

    /// The period, where a record that names only a month belongs to that calendar year.
    ///
    /// # Errors
    /// [`PeriodError`] where the year has not four digits.
    pub fn in_year(self, year: i32) -> Result<TaxPeriod, PeriodError> {
        match self {
            Self::Period(period) => Ok(period),
            Self::Month(month) => TaxPeriod::new(year, month),
        }
    }
}

/// The key of a section in IMS files.
#[must_use]
pub const fn ims_section_key(section: Gstr1Section) -> &'static str {
    match section {
        Gstr1Section::B2B => "b2b",
        Gstr1Section::B2BA => "b2ba",
        Gstr1Section::DN => "b2bdn",
        Gstr1Section::DNA => "b2bdna",
        Gstr1Section::CN => "b2bcn",
        Gstr1Section::CNA => "b2bcna",
        Gstr1Section::ECO => "ecom",
        Gstr1Section::ECOA => "ecoma",
    }
}

/// The section of a key, in any of the spellings in use (`B2BCN`, `CN`, `eco`).
#[must_use]
pub fn ims_section_from_key(key: &str) -> Option<Gstr1Section> {
    let key = key.to_ascii_lowercase();
    Gstr1Section::ALL
        .into_iter()
        .find(|section| key == ims_section_key(*section) || key == section.code().to_ascii_lowercase())
}

/// A document in IMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImsRecord {
    /// What it is.
    pub section: Gstr1Section,
    /// Who reported it.
    pub supplier: SupplierGstin,
    /// Trade name of the supplier.
    pub trade_name: Option<String>,
    /// Number as the file has it.
    pub number: String,
    /// Date of the document.
    pub date: IstDate,
    /// Number and date of the document that it amends.
    pub original: Option<(String, IstDate)>,
    /// Type of invoice; absent for operators' documents.
    pub invoice_type: Option<InvoiceType>,
    /// The form it was reported in.
    pub source_form: Option<SourceForm>,
    /// The supplier's return period.
    pub source_period: Option<SourcePeriod>,
    /// Whether that return is filed.
    pub filing_status: Option<SourceFilingStatus>,
    /// Value with tax.
    pub document_value: Paise,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax; positive also for credit notes.
    pub tax: TaxAmounts,
    /// Place of supply.
    pub place_of_supply: Option<StateCode>,
    /// Action, blocks, declarations, remark, version.
    pub state: ImsState,
    /// What else the record holds.
    pub extra: Extra,
}

impl ImsRecord {
    /// Reads a record of that section.
    ///
    /// # Errors
    /// [`FieldError`] naming the field: supplier, number and date are required, in amendments also the original's.
    pub fn parse(section: Gstr1Section, value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let names = IdentityNames::of(section);
        let supplier = required_gstin(reader.gstin(&["stin", "ctin"])?, "stin")?;
        let number = required(reader.document_number(names.number)?, names.number[0])?;
        let date = required(reader.date(names.date)?, names.date[0])?;
        let original = if section.is_amendment() {
            let number = required(reader.document_number(names.original_number)?, names.original_number[0])?;
            Some((number, required(reader.date(names.original_date)?, names.original_date[0])?))
        } else {
            None
        };
        Ok(Self {
            section,
            supplier: SupplierGstin(supplier),
            trade_name: reader.text(&["tradenm", "trdnm"])?,
            number,
            date,
            original,
            invoice_type: reader.coded(&["inv_typ"], InvoiceType::read, |kind| kind.code().to_owned())?,
            source_form: reader.coded(&["srcform"], SourceForm::read, |form| form.code().to_owned())?,
            source_period: reader.coded(&["rtnprd"], SourcePeriod::read, SourcePeriod::write)?,
            filing_status: reader.coded(&["srcfilstatus"], SourceFilingStatus::read, |it| it.code().to_owned())?,
            document_value: reader.amount(&["val"])?,
            taxable_value: reader.amount(&["txval"])?,
            tax: reader.tax(&HEADS)?,
            place_of_supply: reader.state(&["pos"])?,
            state: ImsState::read(&mut reader)?,
            extra: reader.finish(),
        })
    }

    /// The record as it stands in its section's list.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let names = IdentityNames::of(self.section);
        let mut writer = Writer::new(&self.extra);
        writer.text("stin", self.supplier.to_string());
        writer.optional_text("tradenm", self.trade_name.clone());
        writer.text(names.number[0], self.number.clone());
        writer.text(names.date[0], self.date.to_gstn());
        if let Some((number, date)) = &self.original {
            writer.text(names.original_number[0], number.clone());
            writer.text(names.original_date[0], date.to_gstn());
        }
        writer.optional_text("inv_typ", self.invoice_type.map(InvoiceType::code));
        writer.optional_text("srcform", self.source_form.map(SourceForm::code));
        writer.optional_text("rtnprd", self.source_period.as_ref().map(SourcePeriod::write));
        writer.optional_text("srcfilstatus", self.filing_status.map(SourceFilingStatus::code));
        writer.amount("val", self.document_value);
        writer.optional_text("pos", self.place_of_supply.map(|state| state.to_string()));
        writer.amount("txval", self.taxable_value);
        writer.tax(&HEADS, &self.tax);
        self.state.write(&mut writer);
        writer.finish()
    }
}

/// Keys of number and date: notes have their own.
struct IdentityNames {
    number: Names,
    date: Names,
    original_number: Names,
    original_date: Names,
}

impl IdentityNames {
    const fn of(section: Gstr1Section) -> Self {
        match section {
            Gstr1Section::DN | Gstr1Section::DNA | Gstr1Section::CN | Gstr1Section::CNA => Self {
                number: &["nt_num", "inum"],
                date: &["nt_dt", "idt"],
                original_number: &["ont_num", "oinum"],
                original_date: &["ont_dt", "oidt"],
            },
            Gstr1Section::B2B | Gstr1Section::B2BA | Gstr1Section::ECO | Gstr1Section::ECOA => {
                Self { number: &["inum"], date: &["idt"], original_number: &["oinum"], original_date: &["oidt"] }
            }
        }
    }
}
