//! What `gstr2b` remembers. Every key begins with the taxpayer's GSTIN behind the table.
//!
//! | table | key | deleted |
//! | --- | --- | --- |
//! | `line` | GSTIN, record | when the record counts nowhere |
//! | `content` | GSTIN, statement, table row, hash of the supplier, record | with its line |
//! | `subject` | GSTIN, document or Bill of Entry, record | with its line |
//! | `statement` | GSTIN, statement | never |
//! | `dirty` | GSTIN, statement, bucket | when the bucket is published |
//! | `change` | GSTIN, statement, record | when a version tells of it |
//! | `chunk` | GSTIN, statement, chunk | when a version has no such chunk any more |
//! | `body` | GSTIN, statement, chunk, version | kept for the audit (AUD-6) |
//! | `sealed` | GSTIN, statement, version | kept for the audit (AUD-6) |
//! | `sequence` | GSTIN | never |
//! | `claim` | GSTIN, return period, claim | when the return is filed |
//! | `availed` | GSTIN, record or document | with its line |

use gst_events::{CreditSubject, RecordId, TableRow};
use gst_types::{IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::{Row, RowKey};

/// Where a record counts now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// The statement.
    pub period: TaxPeriod,
    /// The row.
    pub table: TableRow,
    /// The hash of the supplier, which chooses the bucket.
    pub hash: String,
    /// The effect.
    pub effect: TaxAmounts,
    /// On what credit hangs.
    pub subject: CreditSubject,
}

impl Row for LineRow {
    const TABLE: &'static str = "line";
}

/// One line as it is published, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRow {
    /// The published line.
    pub line: String,
}

impl Row for ContentRow {
    const TABLE: &'static str = "content";
}

/// That a record counts for a document or Bill of Entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectRow {}

impl Row for SubjectRow {
    const TABLE: &'static str = "subject";
}

/// Lines and tax of a table row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowTotal {
    /// How many lines.
    pub lines: u64,
    /// Their effect.
    pub effect: TaxAmounts,
}

/// A statement: its totals, kept up to date with every line, and how far it is published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatementRow {
    /// Totals by table row; rows without lines are left out.
    pub totals: BTreeMap<String, RowTotal>,
    /// The last version published; 0 before the first.
    pub version: u32,
    /// How many hexadecimal digits of the hash name a bucket; fixed with the first version.
    pub bucket_digits: u32,
    /// When its GSTR-3B was filed.
    pub locked_at: Option<IstInstant>,
}

impl Row for StatementRow {
    const TABLE: &'static str = "statement";
}

/// That a bucket is not as it was last published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirtyRow {}

impl Row for DirtyRow {
    const TABLE: &'static str = "dirty";
}

/// What a record was in the last version, and the event that changed it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The published line as it was; absent: it was not in it.
    pub before: Option<String>,
    /// The last event that changed it.
    pub cause: String,
}

impl Row for ChangeRow {
    const TABLE: &'static str = "change";
}

/// A chunk as it was last published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRow {
    /// SHA-256 of the lines as written, hexadecimal.
    pub digest: String,
    /// The version that first carried it.
    pub version: u32,
    /// How many lines.
    pub lines: u64,
}

impl Row for ChunkRow {
    const TABLE: &'static str = "chunk";
}

/// The lines of a chunk of a version, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyRow {
    /// A JSON list of published lines.
    pub lines: String,
}

impl Row for BodyRow {
    const TABLE: &'static str = "body";
}

/// The manifest of a version, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRow {
    /// The manifest.
    pub manifest: String,
}

impl Row for SealedRow {
    const TABLE: &'static str = "sealed";
}

/// The last number on the public topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SequenceRow {
    /// The number.
    pub last: u64,
}

impl Row for SequenceRow {
    const TABLE: &'static str = "sequence";
}

/// A claim whose return is not filed as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// On what.
    pub subject: CreditSubject,
    /// How much.
    pub tax: TaxAmounts,
}

impl Row for ClaimRow {
    const TABLE: &'static str = "claim";
}

/// Claims on a line, or, under the document, claims that wait for their return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AvailedRow {
    /// How many claims of returns that were filed.
    pub filed: u32,
    /// How many claims wait for their return.
    pub waiting: u32,
}

impl Row for AvailedRow {
    const TABLE: &'static str = "availed";
}

/// A period as it sorts: year, then month.
#[must_use]
pub fn sortable(period: TaxPeriod) -> String {
    format!("{:04}{:02}", period.year(), period.month())
}

/// The keys of the rows.
pub mod key {
    use super::*;

    /// The prefix of a taxpayer's rows of a table.
    #[must_use]
    pub fn of<R: Row>(recipient: RecipientGstin) -> RowKey {
        RowKey::table(R::TABLE).with(recipient)
    }

    /// The prefix of a statement's rows of a table.
    #[must_use]
    pub fn within<R: Row>(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
        of::<R>(recipient).with(sortable(period))
    }

    /// Of a record's row of a table.
    #[must_use]
    pub fn record<R: Row>(recipient: RecipientGstin, id: &RecordId) -> RowKey {
        of::<R>(recipient).with(id)
    }

    /// Of a line in its statement.
    #[must_use]
    pub fn content(recipient: RecipientGstin, line: &LineRow, id: &RecordId) -> RowKey {
        within::<ContentRow>(recipient, line.period).with(&line.table).with(&line.hash).with(id)
    }

    /// The prefix of the records of a subject.
    #[must_use]
    pub fn subject(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
        of::<SubjectRow>(recipient).with(subject)
    }
}

stream::shown_rows!(
    LineRow,
    ContentRow,
    SubjectRow,
    StatementRow,
    DirtyRow,
    ChangeRow,
    ChunkRow,
    BodyRow,
    SealedRow,
    SequenceRow,
    ClaimRow,
    AvailedRow
);
