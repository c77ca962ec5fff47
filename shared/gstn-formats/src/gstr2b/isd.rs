//! Documents of input service distributors in a GSTR-2B.

use super::document::HEADS;
use crate::codes::IsdDocumentType;
use crate::error::FieldError;
use crate::object::{Extra, Reader, Writer, required};
use gst_types::{IstDate, TaxAmounts};
use serde_json::Value;

/// A distributor's invoice or credit note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsdDocument {
    /// Invoice or credit note.
    pub document_type: IsdDocumentType,
    /// Number.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// Number of the invoice that a credit note belongs to.
    pub invoice_number: Option<String>,
    /// Date of that invoice.
    pub invoice_date: Option<IstDate>,
    /// Tax; positive also for credit notes.
    pub tax: TaxAmounts,
    /// Whether the credit is eligible.
    pub eligible: Option<bool>,
    /// Type, number and date of the document that it amends.
    pub original: Option<(Option<IsdDocumentType>, String, IstDate)>,
    /// What else the document holds.
    pub extra: Extra,
}

impl IsdDocument {
    pub(crate) fn read(amendment: bool, value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let code = |kind: &IsdDocumentType| kind.code().to_owned();
        let document_type = required(reader.coded(&["doctyp"], IsdDocumentType::read, code)?, "doctyp")?;
        let number = required(reader.document_number(&["docnum"])?, "docnum")?;
        let date = required(reader.date(&["docdt"])?, "docdt")?;
        let original = if amendment {
            let kind = reader.coded(&["odoctyp"], IsdDocumentType::read, code)?;
            let number = required(reader.document_number(&["odocnum"])?, "odocnum")?;
            Some((kind, number, required(reader.date(&["odocdt"])?, "odocdt")?))
        } else {
            None
        };
        Ok(Self {
            document_type,
            number,
            date,
            invoice_number: reader.document_number(&["oinvnum"])?,
            invoice_date: reader.date(&["oinvdt"])?,
            tax: reader.tax(&HEADS)?,
            eligible: reader.flag(&["itcelg"])?,
            original,
            extra: reader.finish(),
        })
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        if let Some((kind, number, date)) = &self.original {
            writer.optional_text("odoctyp", kind.map(IsdDocumentType::code));
            writer.text("odocnum", number.clone());
            writer.text("odocdt", date.to_gstn());
        }
        writer.text("doctyp", self.document_type.code());
        writer.text("docnum", self.number.clone());
        writer.text("docdt", self.date.to_gstn());
        writer.optional_text("oinvnum", self.invoice_number.clone());
        writer.optional_date("oinvdt", self.invoice_date);
        writer.tax(&HEADS, &self.tax);
        writer.optional_flag("itcelg", self.eligible);
        writer.finish()
    }
}
