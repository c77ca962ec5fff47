//! The totals of a GSTR-2B: `itcsumm` (per block, group and leaf) and `cpsumm` (per supplier and period).

use super::document::HEADS;
use super::section::{SummaryBlock, SummaryGroup, SummaryLeaf};
use crate::error::{FieldError, Problem};
use crate::number::{saturating_add, saturating_add_tax};
use crate::object::{Extra, Names, Reader, Writer, required};
use gst_types::{Gstin, IstDate, Paise, PortCode, TaxAmounts, TaxPeriod};
use serde_json::Value;
use std::collections::BTreeMap;

/// Taxable value and heads of some documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Taxable value; totals before 2025 have none.
    pub taxable_value: Option<Paise>,
    /// Tax.
    pub tax: TaxAmounts,
    /// What else stands beside them.
    pub extra: Extra,
}

impl Totals {
    /// Totals that we make ourselves.
    #[must_use]
    pub fn new(taxable_value: Paise, tax: TaxAmounts) -> Self {
        Self { taxable_value: Some(taxable_value), tax, extra: Extra::default() }
    }

    /// Adds other totals; the taxable value stays absent where neither has one.
    pub(crate) fn add_totals(&mut self, other: &Self) {
        match other.taxable_value {
            Some(taxable_value) => self.add(taxable_value, other.tax),
            None => self.tax = saturating_add_tax(&self.tax, &other.tax),
        }
    }

    /// Adds documents.
    pub fn add(&mut self, taxable_value: Paise, tax: TaxAmounts) {
        self.taxable_value = Some(saturating_add(self.taxable_value.unwrap_or(Paise::ZERO), taxable_value));
        self.tax = saturating_add_tax(&self.tax, &tax);
    }

    fn take(reader: &mut Reader) -> Result<(Option<Paise>, TaxAmounts), FieldError> {
        Ok((reader.optional_amount(&["txval"])?, reader.tax(&HEADS)?))
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.optional_amount("txval", self.taxable_value);
        writer.tax(&HEADS, &self.tax);
    }
}

/// One group of a block: its totals and what they are made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupTotals {
    /// The group's own totals; their `extra` is the group's.
    pub totals: Totals,
    /// Its leaves.
    pub leaves: BTreeMap<SummaryLeaf, Totals>,
}

/// One block: its groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockTotals {
    /// The groups.
    pub groups: BTreeMap<SummaryGroup, GroupTotals>,
    /// What else the block holds.
    pub extra: Extra,
}

/// `itcsumm`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItcSummary {
    /// The blocks.
    pub blocks: BTreeMap<SummaryBlock, BlockTotals>,
    /// What else it holds.
    pub extra: Extra,
}

impl ItcSummary {
    pub(crate) fn read(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let mut blocks = BTreeMap::new();
        for block in SummaryBlock::ALL {
            let Some(value) = reader.take(block.names()) else { continue };
            let read = read_block(&value).map_err(|error| error.within(block.key()))?;
            blocks.insert(*block, read);
        }
        Ok(Self { blocks, extra: reader.finish() })
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        for (block, totals) in &self.blocks {
            let mut groups = Writer::new(&totals.extra);
            for (group, totals) in &totals.groups {
                groups.put(group.key(), write_group(totals));
            }
            writer.put(block.key(), groups.finish());
        }
        writer.finish()
    }

    /// Adds documents to a leaf and to its group.
    pub fn add(
        &mut self,
        (block, group, leaf): (SummaryBlock, SummaryGroup, SummaryLeaf),
        taxable_value: Paise,
        tax: TaxAmounts,
    ) {
        let group = self.blocks.entry(block).or_default().groups.entry(group).or_default();
        group.totals.add(taxable_value, tax);
        group.leaves.entry(leaf).or_default().add(taxable_value, tax);
    }

    /// The totals of a leaf, if the summary has it.
    #[must_use]
    pub fn leaf(&self, block: SummaryBlock, group: SummaryGroup, leaf: SummaryLeaf) -> Option<&Totals> {
        self.blocks.get(&block)?.groups.get(&group)?.leaves.get(&leaf)
    }
}

fn read_block(value: &Value) -> Result<BlockTotals, FieldError> {
    let mut reader = Reader::new(value)?;
    let mut groups = BTreeMap::new();
    for group in SummaryGroup::ALL {
        let Some(value) = reader.take(group.names()) else { continue };
        let read = read_group(&value).map_err(|error| error.within(group.key()))?;
        groups.insert(*group, read);
    }
    Ok(BlockTotals { groups, extra: reader.finish() })
}

fn read_group(value: &Value) -> Result<GroupTotals, FieldError> {
    let mut reader = Reader::new(value)?;
    let mut leaves = BTreeMap::new();
    for leaf in SummaryLeaf::ALL {
        let Some(value) = reader.take(leaf.names()) else { continue };
        let read = read_leaf(&value).map_err(|error| error.within(leaf.key()))?;
        leaves.insert(*leaf, read);
    }
    let (taxable_value, tax) = Totals::take(&mut reader)?;
    Ok(GroupTotals { totals: Totals { taxable_value, tax, extra: reader.finish() }, leaves })
}

fn read_leaf(value: &Value) -> Result<Totals, FieldError> {
    let mut reader = Reader::new(value)?;
    let (taxable_value, tax) = Totals::take(&mut reader)?;
    Ok(Totals { taxable_value, tax, extra: reader.finish() })
}

fn write_group(group: &GroupTotals) -> Value {
    let mut writer = Writer::new(&group.totals.extra);
    group.totals.put(&mut writer);
    for (leaf, totals) in &group.leaves {
        let mut row = Writer::new(&totals.extra);
        totals.put(&mut row);
        writer.put(leaf.key(), row.finish());
    }
    writer.finish()
}

/// Sections of `cpsumm`: as those of the documents, without `itcrev`, which is kept as it comes.
const COUNTERPARTY_SECTIONS: [Names; 12] = [
    &["b2b"],
    &["b2ba"],
    &["cdnr"],
    &["cdnra"],
    &["ecom", "eco"],
    &["ecoma", "ecoa"],
    &["isd"],
    &["isda"],
    &["impg"],
    &["impga"],
    &["impgsez"],
    &["impgasez", "impgseza"],
];

/// Whose documents a row counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterpartyKey {
    /// The supplier, operator or distributor.
    pub supplier: Gstin,
    /// The supplier's period.
    pub period: Option<TaxPeriod>,
    /// Day on which the supplier filed.
    pub filed_on: Option<IstDate>,
    /// Type of note (`nttyp`) or distributor's document (`doctyp`).
    pub document_type: Option<String>,
    /// Port (imports from special economic zones).
    pub port_code: Option<PortCode>,
}

/// Totals of one supplier and supplier's period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterpartyRow {
    /// Whose documents.
    pub key: CounterpartyKey,
    /// Trade name.
    pub trade_name: Option<String>,
    /// Number of documents.
    pub documents: u64,
    /// Their totals; the `extra` is the row's.
    pub totals: Totals,
}

/// `cpsumm` or `cpSummRej`: rows by section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CounterpartySummary {
    /// The rows, by the section's key.
    pub sections: BTreeMap<&'static str, Vec<CounterpartyRow>>,
    /// What else it holds.
    pub extra: Extra,
}

impl CounterpartySummary {
    pub(crate) fn read(value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let mut sections = BTreeMap::new();
        for names in COUNTERPARTY_SECTIONS {
            let Some(rows) = reader.list(names)? else { continue };
            let read = |(index, row)| {
                CounterpartyRow::read(names[0], row).map_err(|error: FieldError| error.within(index).within(names[0]))
            };
            sections.insert(names[0], rows.iter().enumerate().map(read).collect::<Result<_, _>>()?);
        }
        Ok(Self { sections, extra: reader.finish() })
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        for (section, rows) in &self.sections {
            let rows = rows.iter().map(|row| row.to_value(section));
            writer.put(section, Value::Array(rows.collect()));
        }
        writer.finish()
    }
}

/// The key under which a section's rows say the type of their documents.
fn document_type_names(section: &str) -> Names {
    if matches!(section, "isd" | "isda") { &["doctyp"] } else { &["nttyp", "typ"] }
}

impl CounterpartyRow {
    fn read(section: &str, value: &Value) -> Result<Self, FieldError> {
        let mut reader = Reader::new(value)?;
        let supplier = required(reader.gstin(&["ctin"])?, "ctin")?;
        let port = |text: &str| text.parse::<PortCode>().map_err(Problem::from);
        let key = CounterpartyKey {
            supplier,
            period: reader.period(&["supprd"])?,
            filed_on: reader.date(&["supfildt"])?,
            document_type: reader.text(document_type_names(section))?,
            port_code: reader.coded(&["portcode", "portcd"], port, PortCode::to_string)?,
        };
        let trade_name = reader.text(&["trdnm"])?;
        let documents = required(reader.count(&["ttldocs"])?, "ttldocs")?;
        let (taxable_value, tax) = Totals::take(&mut reader)?;
        let totals = Totals { taxable_value, tax, extra: reader.finish() };
        Ok(Self { key, trade_name, documents, totals })
    }

    fn to_value(&self, section: &str) -> Value {
        let mut writer = Writer::new(&self.totals.extra);
        writer.text("ctin", self.key.supplier.to_string());
        writer.optional_text("trdnm", self.trade_name.clone());
        writer.optional_text("supprd", self.key.period.map(|period| period.to_string()));
        writer.optional_date("supfildt", self.key.filed_on);
        writer.optional_text(document_type_names(section)[0], self.key.document_type.clone());
        writer.optional_text("portcode", self.key.port_code.as_ref().map(PortCode::to_string));
        writer.put("ttldocs", Value::from(self.documents));
        self.totals.put(&mut writer);
        writer.finish()
    }
}
