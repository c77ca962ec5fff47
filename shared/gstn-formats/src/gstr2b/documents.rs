//! The document lists of a GSTR-2B (`docdata`, `docRejdata`).

use super::document::SupplyDocument;
use super::isd::IsdDocument;
use super::section::{IsdSection, SupplySection, import_key, import_names};
use crate::boe::{BoeRecord, BoeVocabulary, ImportSection};
use crate::error::{FieldError, Problem, RecordError};
use crate::object::{Extra, Names, Reader, Writer, required_gstin};
use gst_types::{IstDate, SupplierGstin, TaxPeriod};
use serde_json::Value;
use std::collections::BTreeMap;

/// Documents of one supplier and supplier's period. The same supplier has one group per late period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierGroup<T> {
    /// The supplier, operator or distributor.
    pub supplier: SupplierGstin,
    /// Trade name.
    pub trade_name: Option<String>,
    /// The supplier's return period.
    pub period: Option<TaxPeriod>,
    /// Day on which the supplier filed it.
    pub filed_on: Option<IstDate>,
    /// The documents.
    pub documents: Vec<T>,
    /// What else the group holds.
    pub extra: Extra,
}

/// A row of an import section: a Bill of Entry, or the Bills of one supplier in a special economic zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportRow {
    /// One Bill of Entry.
    Bill(BoeRecord),
    /// Bills of one supplier.
    Group(SupplierGroup<BoeRecord>),
}

impl ImportRow {
    /// The Bills of the row.
    #[must_use]
    pub fn bills(&self) -> &[BoeRecord] {
        match self {
            Self::Bill(bill) => std::slice::from_ref(bill),
            Self::Group(group) => &group.documents,
        }
    }
}

/// Suppliers' documents by section.
pub type Supplies = BTreeMap<SupplySection, Vec<SupplierGroup<SupplyDocument>>>;

/// Documents of Table 5 (`itcrev`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReversalDocuments {
    /// The documents.
    pub supplies: Supplies,
    /// What else the object holds.
    pub extra: Extra,
}

/// All documents of one list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentSet {
    /// Suppliers' documents.
    pub supplies: Supplies,
    /// Distributors' documents.
    pub distributors: BTreeMap<IsdSection, Vec<SupplierGroup<IsdDocument>>>,
    /// Imports.
    pub imports: BTreeMap<ImportSection, Vec<ImportRow>>,
    /// Documents of Table 5; a list of one object, some write the object alone.
    pub reversals: Option<Vec<ReversalDocuments>>,
    /// What else the list holds.
    pub extra: Extra,
}

type Read<T> = Result<T, RecordError>;

impl DocumentSet {
    pub(crate) fn read(path: &str, value: Value) -> Read<Self> {
        let mut reader = open(path, value)?;
        let supplies = read_supplies(path, &mut reader)?;
        let mut distributors = BTreeMap::new();
        for section in IsdSection::ALL {
            let Some(list) = list_of(path, &mut reader, section.names())? else { continue };
            let amendment = section == IsdSection::Isda;
            let read = |document: &Value| IsdDocument::read(amendment, document);
            distributors.insert(section, read_groups(path, section.names()[0], &["doclist"], list, read)?);
        }
        let mut imports = BTreeMap::new();
        for section in ImportSection::ALL {
            let Some(list) = list_of(path, &mut reader, import_names(section))? else { continue };
            imports.insert(section, read_imports(path, section, list)?);
        }
        let reversals = match reader.take(&["itcrev"]) {
            None => None,
            Some(value) => Some(read_reversals(path, &mut reader, value)?),
        };
        Ok(Self { supplies, distributors, imports, reversals, extra: reader.finish() })
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        write_supplies(&self.supplies, &mut writer);
        for (section, groups) in &self.distributors {
            let rows = groups.iter().map(|group| group.to_value("doclist", IsdDocument::to_value));
            writer.put(section.names()[0], Value::Array(rows.collect()));
        }
        for (section, rows) in &self.imports {
            let write = |bill: &BoeRecord| bill.to_value(BoeVocabulary::Gstr2b);
            let rows = rows.iter().map(|row| match row {
                ImportRow::Bill(bill) => write(bill),
                ImportRow::Group(group) => group.to_value("boe", write),
            });
            writer.put(import_key(*section), Value::Array(rows.collect()));
        }
        if let Some(reversals) = &self.reversals {
            let rows = reversals.iter().map(ReversalDocuments::to_value);
            writer.put("itcrev", Value::Array(rows.collect()));
        }
        writer.finish()
    }

    /// Suppliers' documents of Tables 3 and 4, or of a rejected list, each with its section and group.
    pub fn supply_documents(
        &self,
    ) -> impl Iterator<Item = (SupplySection, &SupplierGroup<SupplyDocument>, &SupplyDocument)> {
        self.supplies.iter().flat_map(|(section, groups)| {
            groups.iter().flat_map(move |group| group.documents.iter().map(move |document| (*section, group, document)))
        })
    }

    /// Number of documents, whatever they are.
    #[must_use]
    pub fn len(&self) -> usize {
        let supplies =
            |supplies: &Supplies| -> usize { supplies.values().flatten().map(|group| group.documents.len()).sum() };
        let distributors: usize = self.distributors.values().flatten().map(|group| group.documents.len()).sum();
        let imports: usize = self.imports.values().flatten().map(|row| row.bills().len()).sum();
        let reversals: usize = self.reversals.iter().flatten().map(|reversal| supplies(&reversal.supplies)).sum();
        supplies(&self.supplies) + distributors + imports + reversals
    }

    /// Whether there is no document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReversalDocuments {
    fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        write_supplies(&self.supplies, &mut writer);
        writer.finish()
    }
}

impl<T> SupplierGroup<T> {
    fn to_value(&self, list_key: &'static str, write: impl Fn(&T) -> Value) -> Value {
        let mut writer = Writer::new(&self.extra);
        writer.text("ctin", self.supplier.to_string());
        writer.optional_text("trdnm", self.trade_name.clone());
        writer.optional_date("supfildt", self.filed_on);
        writer.optional_text("supprd", self.period.map(|period| period.to_string()));
        writer.put(list_key, Value::Array(self.documents.iter().map(write).collect()));
        writer.finish()
    }
}

fn open(path: &str, value: Value) -> Read<Reader> {
    Reader::owned(value).map_err(|error| RecordError::new(path, None, None, error))
}

fn list_of(path: &str, reader: &mut Reader, names: Names) -> Read<Option<Vec<Value>>> {
    reader.list(names).map_err(|error| RecordError::new(path, None, None, error))
}

fn read_supplies(path: &str, reader: &mut Reader) -> Read<Supplies> {
    let mut supplies = Supplies::new();
    for section in SupplySection::ALL {
        let Some(list) = list_of(path, reader, section.names())? else { continue };
        let read = |document: &Value| SupplyDocument::read(section, document);
        supplies.insert(section, read_groups(path, section.names()[0], section.list_names(), list, read)?);
    }
    Ok(supplies)
}

fn write_supplies(supplies: &Supplies, writer: &mut Writer<'_>) {
    for (section, groups) in supplies {
        let write = |document: &SupplyDocument| document.to_value(*section);
        let rows = groups.iter().map(|group| group.to_value(section.list_names()[0], write));
        writer.put(section.names()[0], Value::Array(rows.collect()));
    }
}

fn read_groups<T>(
    path: &str,
    key: &str,
    list: Names,
    groups: Vec<Value>,
    read: impl Fn(&Value) -> Result<T, FieldError>,
) -> Read<Vec<SupplierGroup<T>>> {
    let section = format!("{path}.{key}");
    let read_one = |(index, group)| read_group(&section, index, list, group, &read);
    groups.into_iter().enumerate().map(read_one).collect()
}

fn read_group<T>(
    section: &str,
    index: usize,
    list: Names,
    group: Value,
    read: impl Fn(&Value) -> Result<T, FieldError>,
) -> Read<SupplierGroup<T>> {
    let in_group = |error| RecordError::new(section, Some(index), None, error);
    let mut reader = Reader::owned(group).map_err(in_group)?;
    let documents = reader.list(list).map_err(in_group)?;
    let documents =
        documents.ok_or_else(|| in_group(FieldError::new(list[0], Problem::WrongShape("a list of documents"))))?;
    let in_record = |record, error| RecordError::new(section, Some(index), Some(record), error);
    let documents = documents.iter().enumerate();
    let documents = documents.map(|(record, value)| read(value).map_err(|error| in_record(record, error)));
    let documents = documents.collect::<Result<_, _>>()?;
    let mut header = || -> Result<_, FieldError> {
        let supplier = required_gstin(reader.gstin(&["ctin"])?, "ctin")?;
        let trade_name = reader.text(&["trdnm"])?;
        Ok((supplier, trade_name, reader.period(&["supprd"])?, reader.date(&["supfildt"])?))
    };
    let (supplier, trade_name, period, filed_on) = header().map_err(in_group)?;
    let supplier = SupplierGstin(supplier);
    Ok(SupplierGroup { supplier, trade_name, period, filed_on, documents, extra: reader.finish() })
}

fn read_imports(path: &str, section: ImportSection, rows: Vec<Value>) -> Read<Vec<ImportRow>> {
    let section = format!("{path}.{}", import_key(section));
    let read = |bill: &Value| BoeRecord::parse(bill, BoeVocabulary::Gstr2b);
    let read_row = |(index, row): (usize, Value)| {
        if row.get("boe").is_some() {
            read_group(&section, index, &["boe"], row, read).map(ImportRow::Group)
        } else {
            read(&row).map(ImportRow::Bill).map_err(|error| RecordError::new(&section, None, Some(index), error))
        }
    };
    rows.into_iter().enumerate().map(read_row).collect()
}

fn read_reversals(path: &str, outer: &mut Reader, value: Value) -> Read<Vec<ReversalDocuments>> {
    let path = format!("{path}.itcrev");
    let rows = match value {
        Value::Array(rows) => rows,
        alone => {
            outer.note_lone_object("itcrev");
            vec![alone]
        }
    };
    let read_one = |row: Value| {
        let mut reader = open(&path, row)?;
        Ok(ReversalDocuments { supplies: read_supplies(&path, &mut reader)?, extra: reader.finish() })
    };
    rows.into_iter().map(read_one).collect()
}
