//! Bill of Entry records in the spellings of GSTR-2A, GSTR-2B and IMS.
//!
//! Reading accepts every spelling of a key whatever the vocabulary; the vocabulary says how we write.

use crate::codes::BoeAmendType;
use crate::error::{FieldError, Problem};
use crate::ims_state::ImsState;
use crate::object::{Extra, Names, Reader, Writer, digits_value, required};
use gst_types::{BillOfEntryId, Gstin, IstDate, Paise, PortCode, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use serde_json::Value;

/// Whose names of the keys are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoeVocabulary {
    /// `portcd benum bedt iamt csamt amd`, the number a JSON number.
    Gstr2a,
    /// `portcode boenum boedt igst cess isamd`.
    Gstr2b,
    /// `portcd boenum boedt irefdt igst cess`.
    Ims,
}

/// The four import sections of IMS and GSTR-2B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportSection {
    /// Import of goods.
    Impg,
    /// The same, amended.
    Impga,
    /// Goods from a special economic zone on a Bill of Entry.
    ImpgSez,
    /// The same, amended.
    ImpgaSez,
}

impl ImportSection {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Impg, Self::Impga, Self::ImpgSez, Self::ImpgaSez];

    /// The section's key. IMS and GSTR-2B disagree on the last one; both are read.
    #[must_use]
    pub const fn key(self, vocabulary: BoeVocabulary) -> &'static str {
        match (self, vocabulary) {
            (Self::Impg, _) => "impg",
            (Self::Impga, _) => "impga",
            (Self::ImpgSez, _) => "impgsez",
            (Self::ImpgaSez, BoeVocabulary::Ims) => "impgseza",
            (Self::ImpgaSez, BoeVocabulary::Gstr2a | BoeVocabulary::Gstr2b) => "impgasez",
        }
    }

    /// The section of that key, in either spelling.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        match key.to_ascii_lowercase().as_str() {
            "impg" => Some(Self::Impg),
            "impga" => Some(Self::Impga),
            "impgsez" => Some(Self::ImpgSez),
            "impgasez" | "impgseza" => Some(Self::ImpgaSez),
            _ => None,
        }
    }
}

/// Keys of one vocabulary, each with the other accepted spellings behind it.
struct BoeNames {
    reference_date: Names,
    port: Names,
    number: Names,
    date: Names,
    igst: Names,
    cess: Names,
    amended: Names,
    sez_supplier: Names,
    sez_trade_name: Names,
    number_as_number: bool,
}

const GSTR2A: BoeNames = BoeNames {
    reference_date: &["refdt", "irefdt"],
    port: &["portcd", "portcode"],
    number: &["benum", "boenum"],
    date: &["bedt", "boedt"],
    igst: &["iamt", "igst"],
    cess: &["csamt", "cess"],
    amended: &["amd", "isamd"],
    sez_supplier: &["sgstin", "ctin"],
    sez_trade_name: &["tdname", "trdnm"],
    number_as_number: true,
};
const GSTR2B: BoeNames = BoeNames {
    reference_date: &["refdt", "irefdt"],
    port: &["portcode", "portcd"],
    number: &["boenum", "benum"],
    date: &["boedt", "bedt"],
    igst: &["igst", "iamt"],
    cess: &["cess", "csamt"],
    amended: &["isamd", "amd"],
    sez_supplier: &["ctin", "sgstin"],
    sez_trade_name: &["trdnm", "tdname"],
    number_as_number: false,
};
const IMS: BoeNames = BoeNames { reference_date: &["irefdt", "refdt"], port: &["portcd", "portcode"], ..GSTR2B };

impl BoeVocabulary {
    const fn names(self) -> &'static BoeNames {
        match self {
            Self::Gstr2a => &GSTR2A,
            Self::Gstr2b => &GSTR2B,
            Self::Ims => &IMS,
        }
    }

    /// The vocabulary that a record's keys belong to, if it looks like a Bill of Entry at all.
    #[must_use]
    pub fn detect(record: &Value) -> Option<Self> {
        let has = |key: &str| record.get(key).is_some();
        if has("irefdt") || (has("boenum") && has("portcd")) {
            Some(Self::Ims)
        } else if has("benum") {
            Some(Self::Gstr2a)
        } else if has("boenum") {
            Some(Self::Gstr2b)
        } else {
            None
        }
    }
}

/// One Bill of Entry as the GST system shows it to its importer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoeRecord {
    /// Whose record it is; GSTN's records leave it to the file around them, a feed may write it as `gstin`.
    pub recipient: Option<RecipientGstin>,
    /// Port, number and date.
    pub id: BillOfEntryId,
    /// ICEGATE reference date, which fixes the period; may not be known yet.
    pub reference_date: Option<IstDate>,
    /// Day on which the GST system received it.
    pub received_on: Option<IstDate>,
    /// Assessable value for integrated tax.
    pub taxable_value: Paise,
    /// Integrated tax.
    pub igst: Paise,
    /// Compensation cess.
    pub cess: Paise,
    /// Whether it was amended.
    pub amended: Option<bool>,
    /// What the amendment changed.
    pub amend_type: Option<BoeAmendType>,
    /// Supplier in the special economic zone; in GSTR-2B the group names it.
    pub sez_supplier: Option<SupplierGstin>,
    /// Trade name of that supplier.
    pub sez_trade_name: Option<String>,
    /// Period of the credit (IMS).
    pub credit_period: Option<TaxPeriod>,
    /// Action and declarations (IMS, and in GSTR-2B the reduction declared).
    pub state: ImsState,
    /// What else the record holds.
    pub extra: Extra,
}

impl BoeRecord {
    /// Reads a record; every spelling of a key is accepted.
    ///
    /// # Errors
    /// [`FieldError`] naming the field: port, number and date are required.
    pub fn parse(value: &Value, vocabulary: BoeVocabulary) -> Result<Self, FieldError> {
        let names = vocabulary.names();
        let mut reader = Reader::new(value)?;
        let port =
            reader.coded(names.port, |text| text.parse::<PortCode>().map_err(Problem::from), PortCode::to_string);
        let port = required(port?, names.port[0])?;
        let number = required(reader.digits(names.number, names.number_as_number)?, names.number[0])?;
        let date = required(reader.date(names.date)?, names.date[0])?;
        let id =
            BillOfEntryId::new(port, &number, date).map_err(|error| FieldError::new(names.number[0], error.into()))?;
        let amend_type = reader.coded(&["amendType"], BoeAmendType::read, |kind| kind.code().to_owned())?;
        Ok(Self {
            recipient: reader.gstin(&["gstin", "rtin"])?.map(RecipientGstin),
            id,
            reference_date: reader.date(names.reference_date)?,
            received_on: reader.date(&["recdt"])?,
            taxable_value: reader.amount(&["txval"])?,
            igst: reader.amount(names.igst)?,
            cess: reader.amount(names.cess)?,
            amended: reader.flag(names.amended)?,
            amend_type,
            sez_supplier: reader.gstin(names.sez_supplier)?.map(SupplierGstin),
            sez_trade_name: reader.text(names.sez_trade_name)?,
            credit_period: reader.period(&["itcprd"])?,
            state: ImsState::read(&mut reader)?,
            extra: reader.finish(),
        })
    }

    /// Reads a record in whatever vocabulary its keys show.
    ///
    /// # Errors
    /// [`FieldError`] as [`Self::parse`]; a record without any Bill of Entry number is missing `boenum`.
    pub fn parse_any(value: &Value) -> Result<(BoeVocabulary, Self), FieldError> {
        let vocabulary = BoeVocabulary::detect(value).unwrap_or(BoeVocabulary::Gstr2b);
        Self::parse(value, vocabulary).map(|record| (vocabulary, record))
    }

    /// Integrated tax and cess as amounts of the four heads.
    #[must_use]
    pub const fn tax(&self) -> TaxAmounts {
        TaxAmounts { igst: self.igst, cgst: Paise::ZERO, sgst: Paise::ZERO, cess: self.cess }
    }

    /// The record in that vocabulary.
    #[must_use]
    pub fn to_value(&self, vocabulary: BoeVocabulary) -> Value {
        let names = vocabulary.names();
        let mut writer = Writer::new(&self.extra);
        writer.optional_text("gstin", self.recipient.map(|gstin| gstin.to_string()));
        writer.optional_date(names.reference_date[0], self.reference_date);
        writer.optional_date("recdt", self.received_on);
        writer.text(names.port[0], self.id.port_code.to_string());
        writer.put(names.number[0], digits_value(self.id.number(), names.number_as_number));
        writer.text(names.date[0], self.id.date.to_gstn());
        writer.optional_flag(names.amended[0], self.amended);
        writer.optional_text("amendType", self.amend_type.map(BoeAmendType::code));
        writer.optional_text(names.sez_supplier[0], self.sez_supplier.map(SupplierGstin::gstin).map(text_of));
        writer.optional_text(names.sez_trade_name[0], self.sez_trade_name.clone());
        writer.amount("txval", self.taxable_value);
        writer.amount(names.igst[0], self.igst);
        writer.amount(names.cess[0], self.cess);
        writer.optional_text("itcprd", self.credit_period.map(|period| period.to_string()));
        self.state.write(&mut writer);
        writer.finish()
    }
}

fn text_of(gstin: Gstin) -> String {
    gstin.to_string()
}
