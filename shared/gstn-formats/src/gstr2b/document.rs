//! Suppliers' documents in a GSTR-2B, in both shapes: rate rows until September 2024, totals on the document after.

use super::section::SupplySection;
use crate::codes::{ImsAction, InvoiceType, ItcAvailability, NoteType, UnavailableReason};
use crate::error::FieldError;
use crate::ims_state::DeclaredReduction;
use crate::number::{checked_sum, checked_tax_sum};
use crate::object::{Extra, Names, Reader, Writer, required};
use gst_types::{IstDate, MoneyError, Paise, StateCode, TaxAmounts};
use serde_json::{Number, Value};

/// The heads as GSTR-2B names them.
pub(crate) const HEADS: [Names; 4] = [&["igst"], &["cgst"], &["sgst"], &["cess"]];

/// One rate of a document (until September 2024).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateItem {
    /// Row id.
    pub number: Option<Number>,
    /// Rate in percent.
    pub rate: Option<Number>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax of the row.
    pub tax: TaxAmounts,
    /// What else the row holds.
    pub extra: Extra,
}

impl RateItem {
    fn read(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        Ok(Self {
            number: reader.number(&["num"])?,
            rate: reader.number(&["rt"])?,
            taxable_value: reader.amount(&["txval"])?,
            tax: reader.tax(&HEADS)?,
            extra: reader.finish(),
        })
    }

    fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        for (name, number) in [("num", &self.number), ("rt", &self.rate)] {
            if let Some(number) = number {
                writer.put(name, Value::Number(number.clone()));
            }
        }
        writer.amount("txval", self.taxable_value);
        writer.tax(&HEADS, &self.tax);
        writer.finish()
    }
}

/// The document that an amendment replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalDocument {
    /// Its number.
    pub number: String,
    /// Its date.
    pub date: IstDate,
    /// What note it was; notes only.
    pub note_type: Option<NoteType>,
}

/// An invoice, note or operator's document in a GSTR-2B.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplyDocument {
    /// Number.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// Credit or debit; notes only.
    pub note_type: Option<NoteType>,
    /// Type of invoice (`typ`; of notes `suptyp`).
    pub invoice_type: Option<InvoiceType>,
    /// What it amends.
    pub original: Option<OriginalDocument>,
    /// Value with tax.
    pub document_value: Paise,
    /// Place of supply.
    pub place_of_supply: Option<StateCode>,
    /// Whether the recipient pays the tax; absent from rejected documents.
    pub reverse_charge: Option<bool>,
    /// Whether the credit is available; absent from rejected documents.
    pub availability: Option<ItcAvailability>,
    /// Why not; none also where the file gives a reason that GSTN does not have.
    pub reason: Option<UnavailableReason>,
    /// Taxable value, summed where there are rate rows.
    pub taxable_value: Paise,
    /// Tax, summed where there are rate rows. Positive also for credit notes.
    pub tax: TaxAmounts,
    /// Rate rows; none in the shape from October 2024.
    pub items: Option<Vec<RateItem>>,
    /// Differential rate as written: 0.65; 1, 100 and absence mean the full rate.
    pub differential_rate: Option<Number>,
    /// Action in IMS (`imsStatus`).
    pub ims_status: Option<ImsAction>,
    /// Reduction declared in IMS.
    pub reduction: Option<DeclaredReduction>,
    /// Remark made in IMS.
    pub remarks: Option<String>,
    /// Registration number of the e-invoice.
    pub irn: Option<String>,
    /// What else the document holds.
    pub extra: Extra,
}

impl SupplyDocument {
    pub(crate) fn read(section: SupplySection, value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let names = DocumentNames::of(section);
        let number = required(reader.document_number(names.number)?, names.number[0])?;
        let date = required(reader.date(names.date)?, names.date[0])?;
        let note_type =
            if section.holds_notes() { Some(required(read_note_type(&mut reader, &["typ"])?, "typ")?) } else { None };
        let original = Self::read_original(section, &names, &mut reader)?;
        let availability = reader.coded(&["itcavl"], ItcAvailability::read, |it| it.code().to_owned())?;
        let reason = read_reason(&mut reader)?;
        // Beside an availability we write the empty reason ourselves; elsewhere it stays as it came.
        if availability.is_some() && reason.is_none() && !reader.take_blank("rsn") {
            reader.note_absent("rsn");
        }
        let (taxable_value, tax, items) = Self::read_amounts(&mut reader)?;
        Ok(Self {
            number,
            date,
            note_type,
            invoice_type: reader.coded(names.invoice_type, InvoiceType::read, |it| it.code().to_owned())?,
            original,
            document_value: reader.amount(&["val"])?,
            place_of_supply: reader.state(&["pos"])?,
            reverse_charge: reader.flag(&["rev"])?,
            availability,
            reason,
            taxable_value,
            tax,
            items,
            differential_rate: reader.number(&["diffprcnt"])?,
            ims_status: reader.coded(&["imsStatus"], ImsAction::read, |it| it.code().to_owned())?,
            reduction: DeclaredReduction::read(&mut reader)?,
            remarks: reader.text(&["remarks"])?,
            irn: reader.text(&["irn"])?,
            extra: reader.finish(),
        })
    }

    fn read_original(
        section: SupplySection,
        names: &DocumentNames,
        reader: &mut Reader,
    ) -> Result<Option<OriginalDocument>, FieldError> {
        if !section.is_amendment() {
            return Ok(None);
        }
        let number = reader.document_number(names.original_number)?;
        let date = reader.date(names.original_date)?;
        // GSTN's own documentation shows an amendment that does not say what it amends.
        if number.is_none() && date.is_none() {
            return Ok(None);
        }
        let number = required(number, names.original_number[0])?;
        let date = required(date, names.original_date[0])?;
        let note_type = if section.holds_notes() { read_note_type(reader, &["onttyp"])? } else { None };
        Ok(Some(OriginalDocument { number, date, note_type }))
    }

    fn read_amounts(reader: &mut Reader) -> Result<(Paise, TaxAmounts, Option<Vec<RateItem>>), FieldError> {
        let Some(rows) = reader.list(&["items", "itms"])? else {
            return Ok((reader.amount(&["txval"])?, reader.tax(&HEADS)?, None));
        };
        let read = |(index, row)| RateItem::read(row).map_err(|error| error.within(index).within("items"));
        let items: Vec<RateItem> = rows.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let too_large = |error: MoneyError| FieldError::new("items", error.into());
        let taxable_value = checked_sum(items.iter().map(|item| item.taxable_value)).map_err(too_large)?;
        let taxes: Vec<TaxAmounts> = items.iter().map(|item| item.tax).collect();
        let tax = checked_tax_sum(&taxes).map_err(too_large)?;
        Ok((taxable_value, tax, Some(items)))
    }

    pub(crate) fn to_value(&self, section: SupplySection) -> Value {
        let names = DocumentNames::of(section);
        let mut writer = Writer::new(&self.extra);
        if let Some(original) = &self.original {
            writer.optional_text("onttyp", original.note_type.map(NoteType::code));
            writer.text(names.original_number[0], original.number.clone());
            writer.text(names.original_date[0], original.date.to_gstn());
        }
        writer.text(names.number[0], self.number.clone());
        writer.optional_text("typ", self.note_type.map(NoteType::code));
        writer.optional_text(names.invoice_type[0], self.invoice_type.map(InvoiceType::code));
        writer.text(names.date[0], self.date.to_gstn());
        writer.amount("val", self.document_value);
        writer.optional_text("pos", self.place_of_supply.map(|state| state.to_string()));
        writer.optional_flag("rev", self.reverse_charge);
        writer.optional_text("itcavl", self.availability.map(ItcAvailability::code));
        match self.reason {
            Some(reason) => writer.text("rsn", reason.code()),
            None if self.availability.is_some() && !writer.was_absent("rsn") => writer.text("rsn", ""),
            None => {}
        }
        if let Some(rate) = &self.differential_rate {
            writer.put("diffprcnt", Value::Number(rate.clone()));
        }
        match &self.items {
            Some(items) => writer.put("items", Value::Array(items.iter().map(RateItem::to_value).collect())),
            None => {
                writer.amount("txval", self.taxable_value);
                writer.tax(&HEADS, &self.tax);
            }
        }
        writer.optional_text("imsStatus", self.ims_status.map(ImsAction::code));
        DeclaredReduction::write(self.reduction, &mut writer);
        writer.optional_text("remarks", self.remarks.clone());
        writer.optional_text("irn", self.irn.clone());
        writer.finish()
    }

    /// Whether only 65 % of the rate applies.
    #[must_use]
    pub fn has_differential_rate(&self) -> bool {
        self.differential_rate.as_ref().is_some_and(|rate| !matches!(rate.as_str(), "1" | "1.0" | "1.00" | "100"))
    }
}

/// Other tools write reasons of their own (section 17(5)); such a text stays where it is.
fn read_reason(reader: &mut Reader) -> Result<Option<UnavailableReason>, FieldError> {
    if reader.peek("rsn").and_then(Value::as_str).is_some_and(|text| UnavailableReason::read(text).is_err()) {
        return Ok(None);
    }
    reader.coded(&["rsn"], UnavailableReason::read, |reason| reason.code().to_owned())
}

fn read_note_type(reader: &mut Reader, names: Names) -> Result<Option<NoteType>, FieldError> {
    // Some tools write the words out.
    let read = |text: &str| match text.trim().to_ascii_uppercase().as_str() {
        "CREDIT NOTE" => Ok(NoteType::Credit),
        "DEBIT NOTE" => Ok(NoteType::Debit),
        code => NoteType::read(code),
    };
    reader.coded(names, read, |note| note.code().to_owned())
}

/// Keys that differ between invoices and notes.
struct DocumentNames {
    number: Names,
    date: Names,
    invoice_type: Names,
    original_number: Names,
    original_date: Names,
}

impl DocumentNames {
    const fn of(section: SupplySection) -> Self {
        if section.holds_notes() {
            Self {
                number: &["ntnum", "nt_num"],
                date: &["dt", "ntdt", "nt_dt"],
                invoice_type: &["suptyp"],
                original_number: &["ontnum", "ont_num"],
                original_date: &["ontdt", "ont_dt"],
            }
        } else {
            Self {
                number: &["inum"],
                date: &["dt", "idt"],
                invoice_type: &["typ"],
                original_number: &["oinum"],
                original_date: &["oidt"],
            }
        }
    }
}
