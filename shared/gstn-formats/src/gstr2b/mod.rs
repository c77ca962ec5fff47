//! GSTR-2B, in both of its shapes: rate rows until September 2024, totals on the document after.
//!
//! The shape is told by the content; `version` is `1.0` in every file of the portal.

mod build;
mod compute;
mod document;
mod documents;
mod isd;
mod section;
mod summary;

pub use build::{Placement, StatementHeader, StatementLine, SupplierHeader};
pub use compute::{counterparty_summary, group_and_leaf, itc_summary};
pub use document::{OriginalDocument, RateItem, SupplyDocument};
pub use documents::{DocumentSet, ImportRow, ReversalDocuments, SupplierGroup, Supplies};
pub use isd::IsdDocument;
pub use section::{IsdSection, SummaryBlock, SummaryGroup, SummaryLeaf, SupplySection};
pub use summary::{
    BlockTotals, CounterpartyKey, CounterpartyRow, CounterpartySummary, GroupTotals, ItcSummary, Totals,
};

use crate::error::{FieldError, FormatError, Problem};
use crate::object::{Extra, Reader, Writer, required};
use gst_types::{IstDate, RecipientGstin, TaxPeriod};
use serde_json::{Map, Value};

/// Which part of a large statement a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart {
    /// Number of parts (`fc`).
    pub count: u64,
    /// Number of this part, from 1 (`file_num`); the first answer of the API has none.
    pub number: Option<u64>,
}

/// A statement, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr2b {
    /// Whose statement; other tools leave it out.
    pub recipient: Option<RecipientGstin>,
    /// Of which period; a quarter by its last month.
    pub period: TaxPeriod,
    /// Day of generation.
    pub generated_on: Option<IstDate>,
    /// Version of the schema as written.
    pub version: Option<String>,
    /// Check sum as written; how GSTN computes it is not published.
    pub checksum: Option<String>,
    /// Totals of credit (`itcsumm`).
    pub summary: Option<ItcSummary>,
    /// Totals per supplier (`cpsumm`).
    pub suppliers: Option<CounterpartySummary>,
    /// Totals per supplier of rejected documents (`cpSummRej`).
    pub rejected_suppliers: Option<CounterpartySummary>,
    /// Documents (`docdata`).
    pub documents: Option<DocumentSet>,
    /// Rejected documents (`docRejdata`).
    pub rejected: Option<DocumentSet>,
    /// Which part of a large statement this is.
    pub part: Option<FilePart>,
    /// What else stands beside them.
    pub extra: Extra,
    /// The layers around the statement, outermost first, each without its `data`.
    layers: Vec<Map<String, Value>>,
}

impl Gstr2b {
    /// Reads a statement with or without the `data` layer.
    ///
    /// # Errors
    /// [`FormatError`] naming the first field that is wrong. A statement only counts as a whole, so one wrong document
    /// refuses it.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let (layers, inner) = peel(value);
        let mut reader = Reader::new(inner)?;
        let within = |name: &'static str| move |error: FieldError| FormatError::Header(error.within(name));
        let summary = reader.take(&["itcsumm"]).map(|value| ItcSummary::read(&value)).transpose();
        let suppliers = reader.take(&["cpsumm"]).map(|value| CounterpartySummary::read(&value)).transpose();
        let rejected_suppliers = reader.take(&["cpSummRej"]).map(|value| CounterpartySummary::read(&value)).transpose();
        let documents = reader.take(&["docdata"]).map(|value| DocumentSet::read("docdata", value)).transpose();
        let rejected = reader.take(&["docRejdata"]).map(|value| DocumentSet::read("docRejdata", value)).transpose();
        let part = match (reader.count(&["fc"])?, reader.count(&["file_num"])?) {
            (Some(count), number) => Some(FilePart { count, number }),
            (None, Some(_)) => return Err(FieldError::new("fc", Problem::Missing).into()),
            (None, None) => None,
        };
        Ok(Self {
            recipient: reader.gstin(&["gstin", "rtin"])?.map(RecipientGstin),
            period: required(reader.period(&["rtnprd"])?, "rtnprd")?,
            generated_on: reader.date(&["gendt"])?,
            version: reader.text(&["version"])?,
            checksum: reader.text(&["chksum"])?,
            summary: summary.map_err(within("itcsumm"))?,
            suppliers: suppliers.map_err(within("cpsumm"))?,
            rejected_suppliers: rejected_suppliers.map_err(within("cpSummRej"))?,
            documents: documents?,
            rejected: rejected?,
            part,
            extra: reader.finish(),
            layers,
        })
    }

    /// The statement as JSON, in the layers in which it came; one that was built has the layer `data`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut writer = Writer::new(&self.extra);
        writer.optional_text("gstin", self.recipient.map(|gstin| gstin.to_string()));
        writer.text("rtnprd", self.period.to_string());
        writer.optional_text("version", self.version.clone());
        writer.optional_date("gendt", self.generated_on);
        writer.optional_text("chksum", self.checksum.clone());
        if let Some(part) = &self.part {
            writer.put("fc", Value::from(part.count));
            if let Some(number) = part.number {
                writer.put("file_num", Value::from(number));
            }
        }
        let values = [
            ("itcsumm", self.summary.as_ref().map(ItcSummary::to_value)),
            ("cpsumm", self.suppliers.as_ref().map(CounterpartySummary::to_value)),
            ("cpSummRej", self.rejected_suppliers.as_ref().map(CounterpartySummary::to_value)),
            ("docdata", self.documents.as_ref().map(DocumentSet::to_value)),
            ("docRejdata", self.rejected.as_ref().map(DocumentSet::to_value)),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                writer.put(name, value);
            }
        }
        self.layers.iter().rev().fold(writer.finish(), |inner, layer| {
            let mut outer = layer.clone();
            outer.insert("data".to_owned(), inner);
            Value::Object(outer)
        })
    }
}

/// Takes off the layers that the portal and service providers put around a statement.
fn peel(value: &Value) -> (Vec<Map<String, Value>>, &Value) {
    let mut layers = Vec::new();
    let mut inner = value;
    // Three layers are known (a provider's, the API's, the file's); the bound keeps a hostile file cheap.
    for _ in 0..4 {
        let Value::Object(map) = inner else { break };
        let Some(data) = map.get("data").filter(|data| data.is_object() && !map.contains_key("rtnprd")) else { break };
        let around = map.iter().filter(|(key, _)| *key != "data");
        layers.push(around.map(|(key, value)| (key.clone(), value.clone())).collect());
        inner = data;
    }
    (layers, inner)
}
