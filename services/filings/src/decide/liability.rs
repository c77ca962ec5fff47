//! The period in which a rejection raises the supplier's liability (SL-3).

use super::{Filing, StatusReport};
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{self, LiabilityRow, StatusRow, SupplierRow};
use gst_events::{LiabilityRaised, Outgoing, SupplierLiability, Topic};
use gst_rules::rule;
use gst_types::{IstInstant, SupplierGstin, TaxAmounts, TaxPeriod};
use stream::{DecideError, RowKey};

/// Periods looked at before the search is given up: a century, which no supplier has filed ahead.
const PERIODS_MAX: usize = 1200;
/// Liabilities of one supplier and period that are placed anew when its return turns out to have been filed before.
const LIABILITIES_MAX: usize = 5000;

/// SL-3: the supplier's first period behind the one in which the record was reported whose GSTR-3B was not filed by
/// `raised_at`, in the supplier's own frequency. A quarterly supplier's record of any month counts in its quarter.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn liability_period(
    draft: &Filing<'_>,
    supplier: SupplierGstin,
    reported_period: TaxPeriod,
    raised_at: IstInstant,
) -> Result<TaxPeriod, DecideError> {
    let known: SupplierRow = draft.get(&rows::supplier_key(supplier))?.unwrap_or_default();
    let mut period = known.return_period_of(reported_period);
    for _ in 0..PERIODS_MAX {
        period = known.return_period_of(period.next());
        let status: StatusRow = draft.get(&rows::status_key(supplier, period))?.unwrap_or_default();
        let told = status.filed_at.is_some_and(|filed_at| filed_at <= raised_at);
        let before_us = known.first_open_period.is_some_and(|first| period < first);
        if !told && !before_us {
            return Ok(period);
        }
    }
    Err(DecideError::Broken("a supplier's GSTR-3B is filed for a century ahead".to_owned()))
}

/// A rejection became final.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn liability_raised(draft: &mut Filing<'_>, fact: &LiabilityRaised) -> Result<Found, DecideError> {
    let row = LiabilityRow {
        recipient: fact.recipient,
        record_id: fact.record_id.clone(),
        reported_period: fact.reported_period,
        raised_at: fact.raised_at,
        tax: fact.tax,
        period: liability_period(draft, fact.supplier, fact.reported_period, fact.raised_at)?,
    };
    draft.put(&rows::liability_key(fact.supplier, &row), &row);
    publish(draft, fact.supplier, &row, row.tax);
    Ok(Found::LiabilityPlaced)
}

/// A return turns out to have been filed before liabilities were placed in its period: each is taken back there and
/// placed anew, so that the order in which the two were heard does not matter.
pub(super) fn return_filed(draft: &mut Filing<'_>, report: &StatusReport) -> Result<(), DecideError> {
    let supplier = report.supplier;
    let prefix = rows::liability_prefix(supplier, report.period);
    let placed: Vec<(RowKey, LiabilityRow)> = draft.scan(&prefix, None, LIABILITIES_MAX)?;
    for (key, mut row) in placed.into_iter().filter(|(_, row)| report.at < row.raised_at) {
        publish(draft, supplier, &row, -row.tax);
        row.period = liability_period(draft, supplier, row.reported_period, row.raised_at)?;
        draft.delete(&key);
        draft.put(&rows::liability_key(supplier, &row), &row);
        publish(draft, supplier, &row, row.tax);
    }
    Ok(())
}

fn publish(draft: &mut Filing<'_>, supplier: SupplierGstin, row: &LiabilityRow, tax: TaxAmounts) {
    let event = SupplierLiability {
        supplier,
        period: row.period,
        recipient: row.recipient,
        record_id: row.record_id.clone(),
        tax,
        rule: rule::SL_3,
    };
    draft.emit(Outgoing::public(Topic::SupplierLiability, supplier.gstin(), &event));
}
