//! What is different between two versions of a statement, line by line, and which event caused it.

use crate::view::{StatementView, manifest, statement};
use gst_events::{Gstr2bSealed, PublishedLine, RecordId};
use gst_types::{RecipientGstin, TaxPeriod};
use std::collections::BTreeMap;
use stream::{StateError, StateView};

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
    told.map(|(record, event_id)| {
        (RecordId(record.to_owned()), ChangeCause { version: sealed.version, event_id: event_id.to_owned() })
    })
    .collect()
}

/// Record and event of one change as a manifest words it: `entered ROW RECORD by EVENT`, `left ROW RECORD by EVENT`,
/// `changed ROW to ROW RECORD by EVENT`.
fn told(words: &str) -> Option<(&str, &str)> {
    let (what, rest) = words.split_once(' ')?;
    let (_, rest) = rest.split_once(' ')?;
    let rest = match what {
        "changed" => rest.strip_prefix("to ")?.split_once(' ')?.1,
        "entered" | "left" => rest,
        _ => return None,
    };
    rest.rsplit_once(" by ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_and_event_of_a_change_are_read_from_its_words() {
        assert_eq!(told("entered 3.A.I.B2B f1#0 by e7"), Some(("f1#0", "e7")));
        assert_eq!(told("left 6.A.I.B2B a by b#1 by e/8"), Some(("a by b#1", "e/8")));
        assert_eq!(told("changed 3.A.I.B2B to 6.A.I.B2B f1#0 by e7"), Some(("f1#0", "e7")));
        assert_eq!(told("and 12 more"), None);
    }
}
