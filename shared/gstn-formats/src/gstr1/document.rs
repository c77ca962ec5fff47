//! One document of a supplier's file.

use super::item::Gstr1Item;
use super::section::{Gstr1Section, Gstr1Table};
use crate::codes::{InvoiceType, NoteType};
use crate::error::{FieldError, Problem};
use crate::number::{checked_sum, checked_tax_sum};
use crate::object::{Extra, Names, Reader, Writer, required, required_gstin, yes_no};
use gst_types::{IstDate, MoneyError, Paise, RecipientGstin, StateCode, SupplierGstin, TaxAmounts};
use serde_json::Value;

/// The row's `flag` that asks to delete it.
const DELETE: &str = "D";

/// An invoice, note or operator's document as a supplier reports it.
///
/// The number is the text of the file: whether it is a document number in law is decided later
/// (`DOCUMENT_NUMBER_INVALID`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr1Document {
    /// What it is.
    pub section: Gstr1Section,
    /// Who reports it: the supplier, or the e-commerce operator of an ECO document.
    pub supplier: SupplierGstin,
    /// For whom.
    pub recipient: RecipientGstin,
    /// Number as the file has it.
    pub number: String,
    /// Date of the document.
    pub date: IstDate,
    /// Number and date of the document that it amends (B2BA, CNA, DNA, ECOA).
    pub original: Option<(String, IstDate)>,
    /// Type of invoice; of a note, of the invoice behind it.
    pub invoice_type: Option<InvoiceType>,
    /// Place of supply.
    pub place_of_supply: Option<StateCode>,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
    /// Taxable value, summed over the rate rows: from here on a document has one amount for each head (IN-8).
    pub taxable_value: Paise,
    /// Tax, summed over the rate rows. Positive also for credit notes.
    pub tax: TaxAmounts,
    /// Value with tax as the supplier wrote it; not always the sum.
    pub document_value: Paise,
    /// Whether the row asks to delete the document (flag `D`); then number, date and flag may be all there is.
    pub delete: bool,
    /// Registration number of the e-invoice.
    pub irn: Option<String>,
    /// The supplier behind an e-commerce operator (`ecom.b2b`); none where that supplier is unregistered.
    pub ecommerce_supplier: Option<SupplierGstin>,
    /// Rate rows; empty where the document has one row that says no more than its totals.
    pub items: Vec<Gstr1Item>,
    /// What else the record holds.
    pub extra: Extra,
}

/// What a group says for all its documents.
pub(super) struct GroupHeader {
    supplier: SupplierGstin,
    recipient: RecipientGstin,
    ecommerce_supplier: Option<SupplierGstin>,
}

impl GroupHeader {
    pub(super) fn read(table: Gstr1Table, group: &Value, supplier: Option<SupplierGstin>) -> Result<Self, FieldError> {
        let mut reader = Reader::header(group)?;
        let names = if table.recipient_key() == "rtin" { &["rtin"] } else { &["ctin"] };
        let recipient = required_gstin(reader.gstin(names)?, table.recipient_key())?;
        let behind = if table.is_ecom() { reader.gstin(&["stin"])? } else { None };
        Ok(Self {
            supplier: supplier.unwrap_or(SupplierGstin(recipient)),
            recipient: RecipientGstin(recipient),
            ecommerce_supplier: behind.map(SupplierGstin),
        })
    }
}

impl Gstr1Document {
    /// The table that the document stands in.
    #[must_use]
    pub const fn table(&self) -> Gstr1Table {
        match (self.section, self.ecommerce_supplier.is_some()) {
            (Gstr1Section::B2B, _) => Gstr1Table::B2b,
            (Gstr1Section::B2BA, _) => Gstr1Table::B2ba,
            (Gstr1Section::DN | Gstr1Section::CN, _) => Gstr1Table::Cdnr,
            (Gstr1Section::DNA | Gstr1Section::CNA, _) => Gstr1Table::Cdnra,
            (Gstr1Section::ECO, true) => Gstr1Table::EcomB2b,
            (Gstr1Section::ECO, false) => Gstr1Table::EcomUrp2b,
            (Gstr1Section::ECOA, true) => Gstr1Table::EcomaB2ba,
            (Gstr1Section::ECOA, false) => Gstr1Table::EcomaUrp2ba,
        }
    }

    pub(super) fn read(table: Gstr1Table, group: &GroupHeader, record: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(record)?;
        let note = if table.holds_notes() {
            Some(required(reader.coded(&["ntty"], NoteType::read, |note| note.code().to_owned())?, "ntty")?)
        } else {
            None
        };
        let (number, date) = Self::read_identity(table, &mut reader)?;
        let delete = reader.take_code("flag", DELETE);
        let original = if table.is_amendment() { Self::read_original(table, &mut reader, delete)? } else { None };
        let reverse_charge = reader.flag(&["rchrg"])?;
        if reverse_charge.is_none() {
            reader.note_absent("rchrg");
        }
        let items = Self::read_items(&mut reader, delete)?;
        let too_large = |error: MoneyError| FieldError::new("itms", error.into());
        let taxable_value = checked_sum(items.iter().map(|item| item.taxable_value)).map_err(too_large)?;
        let taxes: Vec<TaxAmounts> = items.iter().map(|item| item.tax).collect();
        let tax = checked_tax_sum(&taxes).map_err(too_large)?;
        let plain = items == [Gstr1Item::of_totals(taxable_value, tax)];
        Ok(Self {
            section: section_of(table, note),
            supplier: group.supplier,
            recipient: group.recipient,
            number,
            date,
            original,
            invoice_type: reader.coded(&["inv_typ"], InvoiceType::read, |kind| kind.code().to_owned())?,
            place_of_supply: reader.state(&["pos"])?,
            reverse_charge: reverse_charge.unwrap_or(false),
            taxable_value,
            tax,
            document_value: reader.amount(&["val"])?,
            delete,
            irn: reader.text(&["irn"])?,
            ecommerce_supplier: group.ecommerce_supplier,
            items: if plain { Vec::new() } else { items },
            extra: reader.finish(),
        })
    }

    fn read_identity(table: Gstr1Table, reader: &mut Reader) -> Result<(String, IstDate), FieldError> {
        let number = Self::read_number(reader, number_names(table))?;
        let date = reader.date(date_names(table))?;
        Ok((required(number, number_names(table)[0])?, required(date, date_names(table)[0])?))
    }

    /// A number that is there and empty is a number, if not a valid one: whoever sent it learns that from ID-5.
    fn read_number(reader: &mut Reader, names: Names) -> Result<Option<String>, FieldError> {
        let empty = names.iter().any(|name| reader.peek(name).is_some_and(Value::is_string)).then(String::new);
        Ok(reader.document_number(names)?.or(empty))
    }

    /// A row that is to be deleted may leave out what it amended.
    fn read_original(
        table: Gstr1Table,
        reader: &mut Reader,
        delete: bool,
    ) -> Result<Option<(String, IstDate)>, FieldError> {
        let (number, date) = original_names(table);
        match (reader.document_number(number)?, reader.date(date)?) {
            (Some(number), Some(date)) => Ok(Some((number, date))),
            (None, None) if delete => Ok(None),
            (None, _) => Err(FieldError::new(number[0], Problem::Missing)),
            (Some(_), None) => Err(FieldError::new(date[0], Problem::Missing)),
        }
    }

    fn read_items(reader: &mut Reader, delete: bool) -> Result<Vec<Gstr1Item>, FieldError> {
        let no_rows = |rows: &Value| rows.as_array().is_some_and(Vec::is_empty);
        let rows = if reader.peek("itms").is_some_and(no_rows) { None } else { reader.list(&["itms"])? };
        let Some(rows) = rows else {
            if !delete {
                return Err(FieldError::new("itms", Problem::Missing));
            }
            reader.note_absent("itms");
            return Ok(Vec::new());
        };
        let read = |(index, row)| Gstr1Item::read(row).map_err(|error| error.within(index).within("itms"));
        rows.iter().enumerate().map(read).collect()
    }

    /// The record as it stands in its group's list.
    #[must_use]
    pub fn to_record(&self) -> Value {
        let table = self.table();
        let mut writer = Writer::new(&self.extra);
        match self.section {
            Gstr1Section::DN | Gstr1Section::DNA => writer.text("ntty", NoteType::Debit.code()),
            Gstr1Section::CN | Gstr1Section::CNA => writer.text("ntty", NoteType::Credit.code()),
            Gstr1Section::B2B | Gstr1Section::B2BA | Gstr1Section::ECO | Gstr1Section::ECOA => {}
        }
        writer.text(number_names(table)[0], self.number.clone());
        writer.text(date_names(table)[0], self.date.to_gstn());
        if let Some((number, date)) = &self.original {
            let names = original_names(table);
            writer.text(names.0[0], number.clone());
            writer.text(names.1[0], date.to_gstn());
        }
        if self.delete {
            writer.text("flag", DELETE);
        }
        writer.amount("val", self.document_value);
        writer.optional_text("pos", self.place_of_supply.map(|state| state.to_string()));
        if self.reverse_charge || !writer.was_absent("rchrg") {
            writer.text("rchrg", yes_no(self.reverse_charge));
        }
        writer.optional_text("inv_typ", self.invoice_type.map(InvoiceType::code));
        writer.optional_text("irn", self.irn.clone());
        if !writer.was_absent("itms") {
            writer.put("itms", Value::Array(self.item_rows()));
        }
        writer.finish()
    }

    fn item_rows(&self) -> Vec<Value> {
        if self.items.is_empty() {
            vec![Gstr1Item::of_totals(self.taxable_value, self.tax).to_value()]
        } else {
            self.items.iter().map(Gstr1Item::to_value).collect()
        }
    }
}

const fn section_of(table: Gstr1Table, note: Option<NoteType>) -> Gstr1Section {
    match table {
        Gstr1Table::B2b => Gstr1Section::B2B,
        Gstr1Table::B2ba => Gstr1Section::B2BA,
        Gstr1Table::Cdnr => match note {
            Some(NoteType::Debit) => Gstr1Section::DN,
            Some(NoteType::Credit) | None => Gstr1Section::CN,
        },
        Gstr1Table::Cdnra => match note {
            Some(NoteType::Debit) => Gstr1Section::DNA,
            Some(NoteType::Credit) | None => Gstr1Section::CNA,
        },
        Gstr1Table::EcomB2b | Gstr1Table::EcomUrp2b => Gstr1Section::ECO,
        Gstr1Table::EcomaB2ba | Gstr1Table::EcomaUrp2ba => Gstr1Section::ECOA,
    }
}

const fn number_names(table: Gstr1Table) -> Names {
    if table.holds_notes() { &["nt_num"] } else { &["inum"] }
}

const fn date_names(table: Gstr1Table) -> Names {
    if table.holds_notes() { &["nt_dt"] } else { &["idt"] }
}

const fn original_names(table: Gstr1Table) -> (Names, Names) {
    if table.holds_notes() { (&["ont_num"], &["ont_dt"]) } else { (&["oinum"], &["oidt"]) }
}
