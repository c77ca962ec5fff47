//! Totals computed from documents, exact to the paisa: what `itcsumm` and `cpsumm` must say.

use super::document::SupplyDocument;
use super::documents::{DocumentSet, ImportRow, SupplierGroup, Supplies};
use super::isd::IsdDocument;
use super::section::{SummaryBlock, SummaryGroup, SummaryLeaf, SupplySection, import_key, import_leaf};
use super::summary::{CounterpartyKey, CounterpartyRow, CounterpartySummary, ItcSummary, Totals};
use crate::codes::{IsdDocumentType, ItcAvailability, NoteType};
use crate::ims_state::DeclaredReduction;
use crate::object::Extra;
use gst_types::{Paise, TaxAmounts};
use std::collections::BTreeMap;

/// `itcsumm` of these documents: `docdata` in its blocks, `docRejdata` in `itcRejected`. Blocks, groups and leaves
/// without documents are absent.
#[must_use]
pub fn itc_summary(documents: &DocumentSet, rejected: &DocumentSet) -> ItcSummary {
    let mut summary = ItcSummary::default();
    add_set(&mut summary, None, documents);
    for reversal in documents.reversals.iter().flatten() {
        add_supplies(&mut summary, Some(SummaryBlock::Reversal), &reversal.supplies);
    }
    add_set(&mut summary, Some(SummaryBlock::Rejected), rejected);
    summary
}

/// Adds a list; `block` overrides what the documents say themselves.
fn add_set(summary: &mut ItcSummary, block: Option<SummaryBlock>, set: &DocumentSet) {
    add_supplies(summary, block, &set.supplies);
    for (section, groups) in &set.distributors {
        for document in groups.iter().flat_map(|group| &group.documents) {
            let own = availability_block(document.eligible.unwrap_or(true));
            let group = match document.document_type {
                IsdDocumentType::Invoice => SummaryGroup::Distributor,
                IsdDocumentType::CreditNote => SummaryGroup::CreditNotes,
            };
            summary.add((block.unwrap_or(own), group, section.leaf()), Paise::ZERO, document.tax);
        }
    }
    for (section, rows) in &set.imports {
        for bill in rows.iter().flat_map(ImportRow::bills) {
            let block = block.unwrap_or(SummaryBlock::Available);
            let leaf = import_leaf(*section, bill.amended);
            summary.add((block, SummaryGroup::Imports, leaf), bill.taxable_value, bill.tax());
        }
    }
}

fn add_supplies(summary: &mut ItcSummary, block: Option<SummaryBlock>, supplies: &Supplies) {
    for (section, groups) in supplies {
        for document in groups.iter().flat_map(|group| &group.documents) {
            let block = block.unwrap_or_else(|| own_block(document));
            let (group, leaf) = group_and_leaf(*section, document);
            summary.add((block, group, leaf), document.taxable_value, counted_tax(block, group, document));
        }
    }
}

/// The tax that a document counts with: its own, but of a credit note that is accepted only what the recipient declared
/// to give back (RD-8). Rejected documents count in full (TB-6).
fn counted_tax(block: SummaryBlock, group: SummaryGroup, document: &SupplyDocument) -> TaxAmounts {
    let reduces_credit = group == SummaryGroup::CreditNotes && block != SummaryBlock::Rejected;
    match document.reduction {
        Some(DeclaredReduction::Partial(declared)) if reduces_credit => declared,
        Some(DeclaredReduction::NotRequired) if reduces_credit => TaxAmounts::ZERO,
        None | Some(DeclaredReduction::Full | DeclaredReduction::Partial(_) | DeclaredReduction::NotRequired) => {
            document.tax
        }
    }
}

const fn availability_block(available: bool) -> SummaryBlock {
    if available { SummaryBlock::Available } else { SummaryBlock::Unavailable }
}

fn own_block(document: &SupplyDocument) -> SummaryBlock {
    match document.availability {
        None | Some(ItcAvailability::Available) => SummaryBlock::Available,
        Some(ItcAvailability::NotAvailable | ItcAvailability::Temporary) => SummaryBlock::Unavailable,
    }
}

/// Where a document counts in its block: credit notes among the other supplies, everything else by reverse charge.
#[must_use]
pub fn group_and_leaf(section: SupplySection, document: &SupplyDocument) -> (SummaryGroup, SummaryLeaf) {
    let reverse_charge = document.reverse_charge.unwrap_or(false);
    let is_credit_note = document.note_type == Some(NoteType::Credit);
    match (is_credit_note, reverse_charge) {
        (true, false) => (SummaryGroup::CreditNotes, section.leaf()),
        (true, true) => (SummaryGroup::CreditNotes, reverse_charge_leaf(section)),
        (false, true) => (SummaryGroup::ReverseCharge, section.leaf()),
        (false, false) => (SummaryGroup::NonReverseCharge, section.leaf()),
    }
}

const fn reverse_charge_leaf(section: SupplySection) -> SummaryLeaf {
    match section {
        SupplySection::Cdnr => SummaryLeaf::CdnrReverseCharge,
        SupplySection::Cdnra => SummaryLeaf::CdnraReverseCharge,
        SupplySection::B2b | SupplySection::B2ba | SupplySection::Ecom | SupplySection::Ecoma => section.leaf(),
    }
}

/// Rows of one section while they are counted.
type Rows = BTreeMap<CounterpartyKey, CounterpartyRow>;

/// `cpsumm` of these documents (`cpSummRej` of the rejected ones): per supplier, period and type, in the order of the
/// key.
#[must_use]
pub fn counterparty_summary(documents: &DocumentSet) -> CounterpartySummary {
    let mut sections = BTreeMap::<&'static str, Rows>::new();
    for (section, groups) in &documents.supplies {
        let rows = sections.entry(section.names()[0]).or_default();
        for group in groups {
            for document in &group.documents {
                let kind = document.note_type.map(|note| note.code().to_owned());
                count(rows, group, kind, document.taxable_value, document.tax);
            }
        }
    }
    for (section, groups) in &documents.distributors {
        let rows = sections.entry(section.names()[0]).or_default();
        for group in groups {
            for document in &group.documents {
                count_distributor(rows, group, document);
            }
        }
    }
    for (section, import_rows) in &documents.imports {
        let rows = sections.entry(import_key(*section)).or_default();
        for row in import_rows {
            count_imports(rows, row);
        }
    }
    let sections = sections.into_iter().filter(|(_, rows)| !rows.is_empty());
    let sections = sections.map(|(section, rows)| (section, rows.into_values().collect())).collect();
    CounterpartySummary { sections, extra: Extra::default() }
}

fn count<T>(rows: &mut Rows, group: &SupplierGroup<T>, kind: Option<String>, taxable_value: Paise, tax: TaxAmounts) {
    let key = CounterpartyKey {
        supplier: group.supplier.gstin(),
        period: group.period,
        filed_on: group.filed_on,
        document_type: kind,
        port_code: None,
    };
    add_to_row(rows, key, group.trade_name.as_ref(), Totals::new(taxable_value, tax));
}

/// Distributors' documents have no taxable value, so their rows have none.
fn count_distributor(rows: &mut Rows, group: &SupplierGroup<IsdDocument>, document: &IsdDocument) {
    let key = CounterpartyKey {
        supplier: group.supplier.gstin(),
        period: group.period,
        filed_on: group.filed_on,
        document_type: Some(document.document_type.code().to_owned()),
        port_code: None,
    };
    let totals = Totals { taxable_value: None, tax: document.tax, extra: Extra::default() };
    add_to_row(rows, key, group.trade_name.as_ref(), totals);
}

/// Only Bills of suppliers in a special economic zone have a counterparty.
fn count_imports(rows: &mut Rows, row: &ImportRow) {
    let (group_supplier, group_name) = match row {
        ImportRow::Bill(_) => (None, None),
        ImportRow::Group(group) => (Some(group.supplier), group.trade_name.as_ref()),
    };
    for bill in row.bills() {
        let Some(supplier) = group_supplier.or(bill.sez_supplier) else { continue };
        let key = CounterpartyKey {
            supplier: supplier.gstin(),
            period: None,
            filed_on: None,
            document_type: None,
            port_code: Some(bill.id.port_code.clone()),
        };
        let name = group_name.or(bill.sez_trade_name.as_ref());
        add_to_row(rows, key, name, Totals::new(bill.taxable_value, bill.tax()));
    }
}

fn add_to_row(rows: &mut Rows, key: CounterpartyKey, trade_name: Option<&String>, totals: Totals) {
    match rows.get_mut(&key) {
        Some(row) => {
            row.documents += 1;
            row.totals.add_totals(&totals);
        }
        None => {
            let row = CounterpartyRow { key: key.clone(), trade_name: trade_name.cloned(), documents: 1, totals };
            rows.insert(key, row);
        }
    }
}
