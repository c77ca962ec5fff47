//! A supplier's GSTR-3B: filed, not filed or unknown, told to each recipient that watches a month of it (R37A-4). A
//! recipient hears of a return once, with all the months of it that it watches.

use super::{Filing, Verdict, liability};
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{self, StatusRow, SupplierRow, WatchRow};
use gst_events::{Gstr3bFilingStatus, Outgoing, SupplierGstr3bStatus, SupplierWatched};
use gst_types::{IstInstant, RecipientGstin, SupplierGstin, TaxPeriod};
use std::collections::BTreeSet;
use stream::{Cursor, DecideError, RowKey};

/// Watches read at once.
const WATCHES_PER_READ: usize = 200;

/// What somebody says of a supplier's GSTR-3B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusReport {
    /// Whose return.
    pub supplier: SupplierGstin,
    /// The period; of a quarterly filer the last month.
    pub period: TaxPeriod,
    /// Whether it is filed.
    pub filed: bool,
    /// When it was filed, or as of when it was not.
    pub at: IstInstant,
}

/// A report comes: it is kept, liabilities that it concerns find another period (SL-3), and those who watch hear of it,
/// page by page. A return stays filed; a later report that it was not is kept beside it.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn reported(
    draft: &mut Filing<'_>,
    report: &StatusReport,
    outcome: Found,
    cursor: Option<&Cursor>,
    changes_max: usize,
) -> Result<Verdict, DecideError> {
    let key = rows::status_key(report.supplier, report.period);
    if cursor.is_none() {
        let before: StatusRow = draft.get(&key)?.unwrap_or_default();
        let mut row = before.clone();
        if report.filed {
            row.filed_at = Some(row.filed_at.map_or(report.at, |known| known.min(report.at)));
        } else {
            row.not_filed_at = Some(row.not_filed_at.map_or(report.at, |known| known.max(report.at)));
        }
        if row == before {
            return Ok(outcome.into());
        }
        draft.put(&key, &row);
        if report.filed {
            liability::return_filed(draft, report)?;
        }
    }
    let row: StatusRow = draft.get(&key)?.unwrap_or_default();
    tell(draft, report, &row, outcome, cursor, changes_max)
}

fn tell(
    draft: &mut Filing<'_>,
    report: &StatusReport,
    row: &StatusRow,
    outcome: Found,
    cursor: Option<&Cursor>,
    changes_max: usize,
) -> Result<Verdict, DecideError> {
    let supplier: SupplierRow = draft.get(&rows::supplier_key(report.supplier))?.unwrap_or_default();
    let prefix = rows::watch_prefix(report.supplier, report.period);
    // The prefix itself sorts before the first watch: the row to resume behind before any watch was reached.
    let mut after = cursor.map_or_else(|| prefix.clone(), |cursor| RowKey::from_text(cursor.0.clone()));
    loop {
        let page: Vec<(RowKey, WatchRow)> = draft.scan(&prefix, Some(&after), WATCHES_PER_READ)?;
        if page.is_empty() {
            return Ok(outcome.into());
        }
        for (key, watch) in page {
            if draft.event_count() > 0 && draft.change_count() + draft.event_count() + 2 > changes_max {
                let resume = Some(Cursor(after.as_str().to_owned()));
                return Ok(Verdict { outcome, diverged: None, resume });
            }
            let covered = |period: &TaxPeriod| supplier.return_period_of(*period) == report.period;
            let periods: Vec<TaxPeriod> = watch.periods.into_iter().filter(covered).collect();
            if !periods.is_empty() {
                say(draft, report.supplier, watch.recipient, &periods, row);
            }
            after = key;
        }
    }
}

/// A recipient begins to watch a supplier's period and hears at once what is known.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn watched(draft: &mut Filing<'_>, fact: &SupplierWatched) -> Result<Found, DecideError> {
    let supplier: SupplierRow = draft.get(&rows::supplier_key(fact.supplier))?.unwrap_or_default();
    let key = rows::status_key(fact.supplier, supplier.return_period_of(fact.period));
    let row: StatusRow = draft.get(&key)?.unwrap_or_default();
    let key = rows::watch_key(fact.supplier, fact.period, fact.recipient);
    let known: Option<WatchRow> = draft.get(&key)?;
    let mut watch = known.unwrap_or_else(|| WatchRow { recipient: fact.recipient, periods: BTreeSet::new() });
    watch.periods.insert(fact.period);
    draft.put(&key, &watch);
    say(draft, fact.supplier, fact.recipient, &[fact.period], &row);
    Ok(Found::Watched)
}

/// Says what is known in the order in which it happened: not filed as of then, filed then. So whoever watches late
/// hears the same as whoever watched from the start.
fn say(
    draft: &mut Filing<'_>,
    supplier: SupplierGstin,
    recipient: RecipientGstin,
    periods: &[TaxPeriod],
    row: &StatusRow,
) {
    let mut emit = |status, at| {
        let event = SupplierGstr3bStatus { recipient, supplier, periods: periods.to_vec(), status, at };
        draft.emit(Outgoing::to_recipient(recipient, &event));
    };
    let not_filed = row.not_filed_at.filter(|at| row.filed_at.is_none_or(|filed| *at < filed));
    if not_filed.is_some() {
        emit(Gstr3bFilingStatus::NotFiled, not_filed);
    }
    if row.filed_at.is_some() {
        emit(Gstr3bFilingStatus::Filed, row.filed_at);
    }
    if not_filed.is_none() && row.filed_at.is_none() {
        emit(Gstr3bFilingStatus::Unknown, None);
    }
}
