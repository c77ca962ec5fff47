//! Who a supplier is and how often it files (EG-9).

use super::Filing;
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{SupplierRow, supplier_key};
use gst_events::TaxpayerRegistered;
use gst_types::{SupplierGstin, TaxPeriod};
use stream::DecideError;

/// A supplier is registered with us, or files at another frequency from a period on.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn registered(draft: &mut Filing<'_>, fact: &TaxpayerRegistered) -> Result<Found, DecideError> {
    let key = supplier_key(SupplierGstin(fact.gstin));
    let mut row: SupplierRow = draft.get(&key)?.unwrap_or_default();
    let from = fact.effective_from.map(at_quarter_start);
    // A later fact rules from its period on, whatever was said of later periods before.
    row.frequencies.retain(|(earlier, _)| *earlier < from);
    row.frequencies.push((from, fact.filing_frequency));
    row.first_open_period = fact.first_open_period.or(row.first_open_period);
    draft.put(&key, &row);
    Ok(Found::Registered)
}

/// EG-9: a change takes effect at the start of a quarter, this one's or the next one's.
fn at_quarter_start(period: TaxPeriod) -> TaxPeriod {
    if period == period.quarter_start() { period } else { period.quarter_end().next() }
}
