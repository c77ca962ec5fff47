//! Statements as `/rows`, the CLI and the case runner read them. Nothing here changes a row.

use crate::gstn;
use crate::lines::record_id;
use crate::rows::{BodyRow, ContentRow, LineRow, RowTotal, SealedRow, StatementRow, SubjectRow, key};
use crate::totals;
use gst_events::{CreditSubject, Gstr2bSealed, PublishedLine};
use gst_types::{RecipientGstin, TaxPeriod};
use std::collections::BTreeMap;
use stream::{Row, RowKey, StateError, StateView};

pub use crate::difference::{ChangeCause, LineChange, LineMove, VersionStep, causes_of, difference, history};

/// How many rows are read at once.
const PAGE: usize = 500;
/// Chunks read at once: up to 512 KiB each.
const CHUNKS_PAGE: usize = 16;

/// One version of a statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StatementView {
    /// Its manifest: version, totals, population of GSTR-3B, changes.
    pub sealed: Gstr2bSealed,
    /// Its lines, by table row, bucket and record.
    pub lines: Vec<PublishedLine>,
}

fn unreadable<R: Row>(_: serde_json::Error) -> StateError {
    StateError::Corrupt { key: R::TABLE, version: R::VERSION }
}

/// A version of a statement, the last one where none is named; `None` where there is no such version.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn statement(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    version: Option<u32>,
) -> Result<Option<StatementView>, StateError> {
    let Some(sealed) = manifest(rows, recipient, period, version)? else { return Ok(None) };
    let bodies = key::within::<BodyRow>(recipient, period);
    let mut wanted: BTreeMap<RowKey, usize> = BTreeMap::new();
    for (place, chunk) in sealed.chunks.iter().enumerate() {
        wanted.insert(bodies.clone().with(&chunk.chunk).with(chunk.version), place);
    }
    // In pages and not one by one: whoever asks another process pays for each question.
    let mut found: BTreeMap<usize, Vec<PublishedLine>> = BTreeMap::new();
    let mut after: Option<RowKey> = None;
    loop {
        let page: Vec<(RowKey, BodyRow)> = rows.scan(&bodies, after.as_ref(), CHUNKS_PAGE)?;
        let full = page.len() == CHUNKS_PAGE;
        for (body_key, body) in page {
            if let Some(place) = wanted.remove(&body_key) {
                found.insert(place, serde_json::from_str(&body.lines).map_err(unreadable::<BodyRow>)?);
            }
            after = Some(body_key);
        }
        if !full || wanted.is_empty() {
            break;
        }
    }
    if !wanted.is_empty() {
        return Err(StateError::Corrupt { key: BodyRow::TABLE, version: BodyRow::VERSION });
    }
    Ok(Some(StatementView { sealed, lines: found.into_values().flatten().collect() }))
}

/// The manifest of a version, the last one where none is named.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn manifest(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    version: Option<u32>,
) -> Result<Option<Gstr2bSealed>, StateError> {
    let version = match version {
        Some(version) => version,
        None => current(rows, recipient, period)?.version,
    };
    let sealed_key = key::within::<SealedRow>(recipient, period).with(format!("{version:06}"));
    let Some(row) = rows.get::<SealedRow>(&sealed_key)? else { return Ok(None) };
    serde_json::from_str(&row.manifest).map(Some).map_err(unreadable::<SealedRow>)
}

/// The periods of which a taxpayer has lines or statements, in order.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn statements(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    limit: usize,
) -> Result<Vec<(TaxPeriod, StatementRow)>, StateError> {
    let found = rows.scan::<StatementRow>(&key::of::<StatementRow>(recipient), None, limit)?;
    Ok(found.into_iter().filter_map(|(row_key, row)| Some((period_of(&row_key)?, row))).collect())
}

fn period_of(row_key: &RowKey) -> Option<TaxPeriod> {
    let sorted = row_key.parts().nth(1)?;
    TaxPeriod::new(sorted.get(..4)?.parse().ok()?, sorted.get(4..)?.parse().ok()?).ok()
}

/// Where a document or Bill of Entry counts now: each of its lines with its statement, which may not be made yet.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn lines_of(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
) -> Result<Vec<(TaxPeriod, PublishedLine)>, StateError> {
    let records: Vec<(RowKey, SubjectRow)> = rows.scan(&key::subject(recipient, subject), None, PAGE)?;
    let mut lines = Vec::new();
    for (row_key, _) in records {
        let id = record_id(&row_key, 2);
        let Some(line) = rows.get::<LineRow>(&key::record::<LineRow>(recipient, &id))? else { continue };
        let content: Option<ContentRow> = rows.get(&key::content(recipient, &line, &id))?;
        let Some(content) = content else { continue };
        lines.push((line.period, serde_json::from_str(&content.line).map_err(unreadable::<ContentRow>)?));
    }
    lines.sort_by_key(|(period, _)| *period);
    Ok(lines)
}

/// What counts in a statement now, kept up to date line by line; it may be ahead of the last version.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn current(rows: &StateView<'_>, recipient: RecipientGstin, period: TaxPeriod) -> Result<StatementRow, StateError> {
    Ok(rows.get(&key::within::<StatementRow>(recipient, period))?.unwrap_or_default())
}

/// The totals of a statement added up from its lines; equal to those of [`current`] at every time.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn recomputed_totals(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
) -> Result<BTreeMap<String, RowTotal>, StateError> {
    let prefix = key::within::<ContentRow>(recipient, period);
    let mut after: Option<RowKey> = None;
    let mut sums = BTreeMap::new();
    loop {
        let page = rows.scan::<ContentRow>(&prefix, after.as_ref(), PAGE)?;
        if page.is_empty() {
            return Ok(sums);
        }
        for (row_key, row) in page {
            let line: PublishedLine = serde_json::from_str(&row.line).map_err(unreadable::<ContentRow>)?;
            totals::add(&mut sums, line.table.as_str(), line.effect, true);
            after = Some(row_key);
        }
    }
}

/// What a version would populate in GSTR-3B from the lines that count now (TB-7).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn auto_population_now(
    rows: &StateView<'_>,
    rules: &gst_rules::Rulebook,
    recipient: RecipientGstin,
    period: TaxPeriod,
) -> Result<BTreeMap<String, gst_types::TaxAmounts>, StateError> {
    Ok(totals::auto_population(&current(rows, recipient, period)?.totals, rules.table4_part_b()))
}

/// A version of a statement as GSTN writes it (TB-9), the last one where none is named; `None` where there is no such
/// version.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn gstn_json(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    version: Option<u32>,
) -> Result<Option<serde_json::Value>, StateError> {
    Ok(statement(rows, recipient, period, version)?.map(|view| gstn::whole(&view)))
}

/// The same in file parts of at most `lines_max` documents, each with `fc` and `file_num`, as the portal cuts a large
/// download.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn gstn_json_parts(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    version: Option<u32>,
    lines_max: usize,
) -> Result<Option<Vec<serde_json::Value>>, StateError> {
    Ok(statement(rows, recipient, period, version)?.map(|view| gstn::parts(&view, lines_max)))
}
