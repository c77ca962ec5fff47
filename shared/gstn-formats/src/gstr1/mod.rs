//! GSTR-1, GSTR-1A and IFF: what a supplier saves and files.
//!
//! The three share one shape. Only sections that name a registered recipient reach IMS and GSTR-2B (`b2b`, `b2ba`,
//! `cdnr`, `cdnra`, `ecom.b2b`, `ecom.urp2b`, `ecoma.b2ba`, `ecoma.urp2ba`); all others are kept untouched.

mod build;
mod document;
mod item;
mod section;

pub use document::Gstr1Document;
pub use item::Gstr1Item;
pub use section::{Gstr1Section, Gstr1Table};

use crate::error::{FieldError, FormatError, Problem, RecordError};
use crate::object::{Reader, required, required_gstin};
use gst_types::{IstDate, SupplierGstin, TaxPeriod};
use section::{KNOWN_HEADER_KEYS, OTHER_SECTIONS};
use serde_json::Value;

/// A supplier's file: whose it is, for which period, and the JSON itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr1 {
    /// Who files.
    pub supplier: SupplierGstin,
    /// For which return period; of an IFF the month.
    pub period: TaxPeriod,
    source: Value,
}

impl Gstr1 {
    /// Reads the header (`gstin`, `fp`). The API's outer layers (`data`) are taken off.
    ///
    /// # Errors
    /// [`FormatError::Header`] where GSTIN or period is missing or wrong: then no document has an owner.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let value = unwrapped(value);
        let mut reader = Reader::header(value)?;
        let supplier = required_gstin(reader.gstin(&["gstin"])?, "gstin")?;
        let period = required(reader.period(&["fp", "ret_period"])?, "fp")?;
        Ok(Self { supplier: SupplierGstin(supplier), period, source: value.clone() })
    }

    /// Day of filing, where the file is a download of a filed return (`fil_dt`).
    #[must_use]
    pub fn filed_on(&self) -> Option<IstDate> {
        IstDate::parse_gstn(self.source.get("fil_dt")?.as_str()?).ok()
    }

    /// Every document that names a registered recipient, in the order of the file; a bad one is an error in its place
    /// and does not lose the others. A section that the format does not have gives a notice
    /// ([`RecordError::is_notice`]).
    #[must_use]
    pub fn documents(&self) -> Vec<Result<Gstr1Document, RecordError>> {
        documents_of(&self.source, Some(self.supplier))
    }

    /// The file as it came, without the API's outer layers.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }

    /// A file of these documents: each a record with its own rate rows, or one row made of its totals.
    ///
    /// Records are grouped by table and recipient in the order in which they first appear. The same documents give the
    /// same bytes. The supplier of a document is not written: it is the header's.
    #[must_use]
    pub fn build(supplier: SupplierGstin, period: TaxPeriod, documents: &[Gstr1Document]) -> Value {
        build::build(supplier, period, documents)
    }
}

/// The object that holds the sections, below the layers that the API and service providers put around it.
pub(crate) fn unwrapped(value: &Value) -> &Value {
    let mut inner = value;
    // Two layers are in use (a provider's and the API's); the bound keeps a hostile file from costing more.
    for _ in 0..4 {
        match inner.get("data") {
            Some(data) if data.is_object() && inner.get("gstin").is_none() => inner = data,
            _ => break,
        }
    }
    inner
}

/// Documents of all tables. Without a header the group's own GSTIN stands in for the supplier: then only shapes count.
pub(crate) fn documents_of(source: &Value, supplier: Option<SupplierGstin>) -> Vec<Result<Gstr1Document, RecordError>> {
    let mut documents = Vec::new();
    for table in Gstr1Table::ALL {
        let Some(section) = table.find(source) else { continue };
        table_documents(table, section, supplier, &mut documents);
    }
    documents.extend(unknown_sections(source).map(Err));
    documents
}

fn table_documents(
    table: Gstr1Table,
    section: &Value,
    supplier: Option<SupplierGstin>,
    documents: &mut Vec<Result<Gstr1Document, RecordError>>,
) {
    let fail = |group, record, error| RecordError::new(table.path(), group, record, error);
    let Some(groups) = section.as_array() else {
        let error = FieldError::new("", Problem::WrongShape("a list of groups"));
        documents.push(Err(fail(None, None, error)));
        return;
    };
    for (group_index, group) in groups.iter().enumerate() {
        let header = match document::GroupHeader::read(table, group, supplier) {
            Ok(header) => header,
            Err(error) => {
                documents.push(Err(fail(Some(group_index), None, error)));
                continue;
            }
        };
        let Some(records) = group.get(table.list_key()).and_then(Value::as_array) else {
            let error = FieldError::new(table.list_key(), Problem::WrongShape("a list of documents"));
            documents.push(Err(fail(Some(group_index), None, error)));
            continue;
        };
        for (record_index, record) in records.iter().enumerate() {
            let read = Gstr1Document::read(table, &header, record);
            documents.push(read.map_err(|error| fail(Some(group_index), Some(record_index), error)));
        }
    }
}

/// Reads a record and writes it back; `None` where it cannot be read.
pub(crate) fn rewrite_record(table: Gstr1Table, group: &Value, record: &Value) -> Option<Value> {
    let header = document::GroupHeader::read(table, group, None).ok()?;
    Some(Gstr1Document::read(table, &header, record).ok()?.to_record())
}

/// Whether a section exists in the format but names no registered recipient.
pub(crate) fn is_other_section(key: &str) -> bool {
    OTHER_SECTIONS.contains(&key)
}

/// Lists and objects under a name that GSTR-1 does not have.
fn unknown_sections(source: &Value) -> impl Iterator<Item = RecordError> + '_ {
    let known = |key: &str| {
        KNOWN_HEADER_KEYS.contains(&key)
            || OTHER_SECTIONS.contains(&key)
            || Gstr1Table::ALL.iter().any(|table| table.top_key() == key)
    };
    source
        .as_object()
        .into_iter()
        .flatten()
        .filter(move |(key, value)| {
            let is_section = value.is_array() || value.is_object();
            is_section && !known(key)
        })
        .map(|(key, _)| RecordError::new(key, None, None, FieldError::new("", Problem::UnknownSection)))
}
