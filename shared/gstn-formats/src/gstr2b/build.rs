//! Building a GSTR-2B, or a part of one, from statement lines.

use super::compute::{counterparty_summary, itc_summary};
use super::document::SupplyDocument;
use super::documents::{DocumentSet, ImportRow, ReversalDocuments, SupplierGroup, Supplies};
use super::isd::IsdDocument;
use super::section::{IsdSection, SupplySection};
use super::{FilePart, Gstr2b};
use crate::boe::{BoeRecord, ImportSection};
use crate::object::Extra;
use gst_types::{IstDate, RecipientGstin, SupplierGstin, TaxPeriod};

/// What stands at the head of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHeader {
    /// Whose statement.
    pub recipient: RecipientGstin,
    /// Of which period; a quarter by its last month.
    pub period: TaxPeriod,
    /// Day of generation.
    pub generated_on: IstDate,
    /// Version of GSTN's schema; `1.0` in every file of the portal.
    pub version: String,
}

/// Who reported a line, and in which return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierHeader {
    /// The supplier, operator or distributor.
    pub supplier: SupplierGstin,
    /// Trade name.
    pub trade_name: Option<String>,
    /// The supplier's return period.
    pub period: Option<TaxPeriod>,
    /// Day on which it was filed.
    pub filed_on: Option<IstDate>,
}

/// Which list a supplier's document stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placement {
    /// Tables 3 and 4 (`docdata`), by the document's availability.
    Statement,
    /// Table 5 (`docdata.itcrev`).
    Reversal,
    /// Table 6 (`docRejdata`). Reverse charge, availability and reason are not written there.
    Rejected,
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementLine {
    /// A supplier's document.
    Supply {
        /// Its section.
        section: SupplySection,
        /// Who reported it.
        supplier: SupplierHeader,
        /// The document.
        document: Box<SupplyDocument>,
        /// Which list it stands in.
        placement: Placement,
    },
    /// A distributor's document.
    Distributor {
        /// Its section.
        section: IsdSection,
        /// Who reported it.
        supplier: SupplierHeader,
        /// The document.
        document: Box<IsdDocument>,
    },
    /// An import.
    Import {
        /// Its section.
        section: ImportSection,
        /// The Bill of Entry; a supplier in a special economic zone is named in it.
        bill: Box<BoeRecord>,
    },
}

impl Gstr2b {
    /// A whole statement of these lines, with its totals. The same lines in the same order give the same bytes.
    #[must_use]
    pub fn build(header: &StatementHeader, lines: &[StatementLine]) -> Self {
        let mut statement = Self::build_part(header, lines, None);
        let nothing = DocumentSet::default();
        let documents = statement.documents.as_ref().unwrap_or(&nothing);
        let rejected = statement.rejected.as_ref().unwrap_or(&nothing);
        let summary = itc_summary(documents, rejected);
        let suppliers = counterparty_summary(documents);
        let rejected_suppliers = counterparty_summary(rejected);
        statement.summary = Some(summary);
        statement.suppliers = Some(suppliers);
        statement.rejected_suppliers = (!rejected_suppliers.sections.is_empty()).then_some(rejected_suppliers);
        statement
    }

    /// A file part: documents without totals. A large statement is published as parts that a reader merges section by
    /// section; a supplier's group may continue in the next part.
    #[must_use]
    pub fn build_part(header: &StatementHeader, lines: &[StatementLine], part: Option<FilePart>) -> Self {
        let mut documents = DocumentSet::default();
        let mut rejected = DocumentSet::default();
        for line in lines {
            place(line, &mut documents, &mut rejected);
        }
        Self {
            recipient: Some(header.recipient),
            period: header.period,
            generated_on: Some(header.generated_on),
            version: Some(header.version.clone()),
            checksum: None,
            summary: None,
            suppliers: None,
            rejected_suppliers: None,
            documents: Some(documents),
            rejected: (!rejected.is_empty()).then_some(rejected),
            part,
            extra: Extra::default(),
            layers: vec![serde_json::Map::new()],
        }
    }
}

fn place(line: &StatementLine, documents: &mut DocumentSet, rejected: &mut DocumentSet) {
    match line {
        StatementLine::Supply { section, supplier, document, placement } => {
            let mut document = document.as_ref().clone();
            let supplies = match placement {
                Placement::Statement => &mut documents.supplies,
                Placement::Reversal => reversals_of(documents),
                Placement::Rejected => {
                    document.reverse_charge = None;
                    document.availability = None;
                    document.reason = None;
                    document.ims_status = None;
                    &mut rejected.supplies
                }
            };
            append(supplies.entry(*section).or_default(), supplier, document);
        }
        StatementLine::Distributor { section, supplier, document } => {
            append(documents.distributors.entry(*section).or_default(), supplier, document.as_ref().clone());
        }
        StatementLine::Import { section, bill } => {
            let rows = documents.imports.entry(*section).or_default();
            append_import(rows, *section, bill.as_ref().clone());
        }
    }
}

fn reversals_of(documents: &mut DocumentSet) -> &mut Supplies {
    let reversals = documents.reversals.get_or_insert_with(Vec::new);
    if reversals.is_empty() {
        reversals.push(ReversalDocuments::default());
    }
    &mut reversals[0].supplies
}

/// Appends to the group of that supplier and period if it is the last one, else opens it: sorted lines give one group
/// each, and no line is moved.
fn append<T>(groups: &mut Vec<SupplierGroup<T>>, header: &SupplierHeader, document: T) {
    let same = |group: &&mut SupplierGroup<T>| {
        group.supplier == header.supplier && group.period == header.period && group.filed_on == header.filed_on
    };
    match groups.last_mut().filter(same) {
        Some(group) => group.documents.push(document),
        None => groups.push(SupplierGroup {
            supplier: header.supplier,
            trade_name: header.trade_name.clone(),
            period: header.period,
            filed_on: header.filed_on,
            documents: vec![document],
            extra: Extra::default(),
        }),
    }
}

fn append_import(rows: &mut Vec<ImportRow>, section: ImportSection, mut bill: BoeRecord) {
    // The file's owner is its recipient, and IMS's version of the record is no part of the statement.
    bill.recipient = None;
    bill.state.hash = None;
    let supplier = match section {
        ImportSection::Impg | ImportSection::Impga => None,
        ImportSection::ImpgSez | ImportSection::ImpgaSez => bill.sez_supplier,
    };
    let Some(supplier) = supplier else {
        rows.push(ImportRow::Bill(bill));
        return;
    };
    let trade_name = bill.sez_trade_name.take();
    bill.sez_supplier = None;
    if let Some(ImportRow::Group(group)) = rows.last_mut()
        && group.supplier == supplier
    {
        group.documents.push(bill);
        return;
    }
    rows.push(ImportRow::Group(SupplierGroup {
        supplier,
        trade_name,
        period: None,
        filed_on: None,
        documents: vec![bill],
        extra: Extra::default(),
    }));
}
