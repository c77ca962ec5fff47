//! What is different between two versions of a statement, line by line, and which event caused it.

use crate::rows::{ChangeRow, ContentRow, LineRow, SealedRow, key};
use crate::view::{StatementView, manifest, statement};
use gst_events::{Gstr2bSealed, PublishedLine, RecordId};
use gst_types::{IstInstant, RecipientGstin, TaxPeriod};
use std::collections::BTreeMap;
use stream::{Row, RowKey, StateError, StateView};

/// Manifests read at once; a statement has a handful of versions.
const VERSIONS_PAGE: usize = 50;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineMove {
    /// It is in the newer version only.
    Entered,
    /// It is in the older version only.
    Left,
    /// It is in both, not the same.
    Changed,
}

/// The event that a manifest names for a change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChangeCause {
    /// The version that tells of it.
    pub version: u32,
    /// The id of the event.
    pub event_id: String,
}

/// One line that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LineChange {
    /// The record.
    pub record_id: RecordId,
    /// What became of it.
    pub change: LineMove,
    /// The line in the older version.
    pub before: Option<PublishedLine>,
    /// The line in the newer version.
    pub after: Option<PublishedLine>,
    /// The last event between the two versions that changed it; a manifest names only so many.
    pub cause: Option<ChangeCause>,
}

/// The lines that differ between two versions of a statement, by record; `None` where one of them does not exist.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn difference(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    older: u32,
    newer: u32,
) -> Result<Option<Vec<LineChange>>, StateError> {
    let (Some(before), Some(after)) =
        (statement(rows, recipient, period, Some(older))?, statement(rows, recipient, period, Some(newer))?)
    else {
        return Ok(None);
    };
    let mut causes: BTreeMap<RecordId, ChangeCause> = BTreeMap::new();
    for version in older.saturating_add(1)..=newer {
        let Some(sealed) = manifest(rows, recipient, period, Some(version))? else { continue };
        causes.extend(causes_of(&sealed));
    }
    let (before, mut after) = (by_record(before), by_record(after));
    let mut changes = Vec::new();
    for (record_id, before) in before {
        let after = after.remove(&record_id);
        if after.as_ref() != Some(&before) {
            let change = if after.is_some() { LineMove::Changed } else { LineMove::Left };
            changes.push(LineChange { record_id, change, before: Some(before), after, cause: None });
        }
    }
    let entered = after.into_iter().map(|(record_id, line)| LineChange {
        record_id,
        change: LineMove::Entered,
        before: None,
        after: Some(line),
        cause: None,
    });
    changes.extend(entered);
    for change in &mut changes {
        change.cause = causes.remove(&change.record_id);
    }
    changes.sort_by(|one, other| one.record_id.cmp(&other.record_id));
    Ok(Some(changes))
}

fn by_record(view: StatementView) -> BTreeMap<RecordId, PublishedLine> {
    view.lines.into_iter().map(|line| (line.record_id.clone(), line)).collect()
}

/// The records that a manifest says were changed, each with the event.
#[must_use]
pub fn causes_of(sealed: &Gstr2bSealed) -> BTreeMap<RecordId, ChangeCause> {
    let told = sealed.changes.iter().filter_map(|words| told(words));
    told.map(|told| {
        let cause = ChangeCause { version: sealed.version, event_id: told.event_id.to_owned() };
        (RecordId(told.record.to_owned()), cause)
    })
    .collect()
}

/// What a version of a statement did with a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionStep {
    /// The version.
    pub version: u32,
    /// When it was generated.
    pub generated_at: IstInstant,
    /// What became of the record's line.
    pub change: LineMove,
    /// The row in which it stands then, of one that left the row in which it stood.
    pub row: String,
    /// The event that caused it; none is told of the first version.
    pub event_id: Option<String>,
}

/// The way of a record through the versions of a statement.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn history(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    record: &RecordId,
) -> Result<Vec<VersionStep>, StateError> {
    let mut steps: Vec<VersionStep> = Vec::new();
    let mut first_version: Option<(u32, IstInstant)> = None;
    let mut first_row: Option<String> = None;
    let mut after: Option<RowKey> = None;
    loop {
        let page: Vec<(RowKey, SealedRow)> =
            rows.scan(&key::within::<SealedRow>(recipient, period), after.as_ref(), VERSIONS_PAGE)?;
        let full = page.len() == VERSIONS_PAGE;
        for (row_key, row) in page {
            after = Some(row_key);
            let sealed: Gstr2bSealed = serde_json::from_str(&row.manifest)
                .map_err(|_| StateError::Corrupt { key: SealedRow::TABLE, version: SealedRow::VERSION })?;
            first_version = first_version.or(Some((sealed.version, sealed.generated_at)));
            let told = sealed.changes.iter().filter_map(|words| told(words)).find(|told| told.record == record.0);
            let Some(told) = told else { continue };
            if steps.is_empty() && told.change != LineMove::Entered {
                first_row = Some(told.from.to_owned());
            }
            steps.push(VersionStep {
                version: sealed.version,
                generated_at: sealed.generated_at,
                change: told.change,
                row: told.to.to_owned(),
                event_id: Some(told.event_id.to_owned()),
            });
        }
        if !full {
            break;
        }
    }
    if steps.is_empty() {
        first_row = unchanged_since_the_first(rows, recipient, period, record)?;
    }
    if let (Some(row), Some((version, generated_at))) = (first_row, first_version) {
        steps.insert(0, VersionStep { version, generated_at, change: LineMove::Entered, row, event_id: None });
    }
    Ok(steps)
}

/// The row of a line that no manifest tells of, where it is in the versions: what came after the last one is not.
fn unchanged_since_the_first(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    record: &RecordId,
) -> Result<Option<String>, StateError> {
    let line: Option<LineRow> = rows.get(&key::record::<LineRow>(recipient, record))?;
    let Some(line) = line.filter(|line| line.period == period) else { return Ok(None) };
    let pending: Option<ChangeRow> = rows.get(&key::within::<ChangeRow>(recipient, period).with(record))?;
    let is_new = pending.is_some_and(|pending| pending.before.is_none());
    let content: Option<ContentRow> = rows.get(&key::content(recipient, &line, record))?;
    Ok((!is_new && content.is_some()).then(|| line.table.to_string()))
}

/// One change as a manifest words it: `entered ROW RECORD by EVENT`, `left ROW RECORD by EVENT`,
/// `changed ROW to ROW RECORD by EVENT`.
#[derive(Debug, PartialEq, Eq)]
struct Told<'a> {
    change: LineMove,
    from: &'a str,
    to: &'a str,
    record: &'a str,
    event_id: &'a str,
}

fn told(words: &str) -> Option<Told<'_>> {
    let (what, rest) = words.split_once(' ')?;
    let (from, rest) = rest.split_once(' ')?;
    let (change, to, rest) = match what {
        "entered" => (LineMove::Entered, from, rest),
        "left" => (LineMove::Left, from, rest),
        "changed" => {
            let (to, rest) = rest.strip_prefix("to ")?.split_once(' ')?;
            (LineMove::Changed, to, rest)
        }
        _ => return None,
    };
    let (record, event_id) = rest.rsplit_once(" by ")?;
    Some(Told { change, from, to, record, event_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_and_event_of_a_change_are_read_from_its_words() {
        let of = |words| told(words).map(|told| (told.change, told.from, told.to, told.record, told.event_id));
        let row = "3.A.I.B2B";
        assert_eq!(of("entered 3.A.I.B2B f1#0 by e7"), Some((LineMove::Entered, row, row, "f1#0", "e7")));
        assert_eq!(of("left 3.A.I.B2B a by b#1 by e/8"), Some((LineMove::Left, row, row, "a by b#1", "e/8")));
        let moved = Some((LineMove::Changed, row, "6.A.I.B2B", "f1#0", "e7"));
        assert_eq!(of("changed 3.A.I.B2B to 6.A.I.B2B f1#0 by e7"), moved);
        assert_eq!(of("and 12 more"), None);
    }
}
