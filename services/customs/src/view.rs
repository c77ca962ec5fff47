//! Read-only queries over the rows of `customs`.

use crate::decide::duty::{DutyCheck, check};
use crate::rows::{BillRow, DutyRow, bill_key, duty_key};
use gst_events::{CustomsDutyReported, RecordId};
use gst_rules::Rulebook;
use gst_types::{BillOfEntryId, IstDate, IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use stream::{StateError, StateView};

/// A Bill of Entry as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillView {
    /// Port, number and date.
    pub key: BillOfEntryId,
    /// The last known status word; `None` before the first (BOE-4).
    pub status: Option<&'static str>,
    /// The feed's last word, known or not.
    pub raw_status: Option<String>,
    /// Since when credit may be taken; `None` while it may not (BOE-5).
    pub itc_eligible_at: Option<IstInstant>,
    /// The reference date; `None` while not known (BOE-6).
    pub reference_date: Option<IstDate>,
    /// The month of the reference date.
    pub return_period: Option<TaxPeriod>,
    /// The credit: IGST and cess, zero while not eligible (BOE-1).
    pub credit: TaxAmounts,
    /// Whose bill it is.
    pub holder: Option<RecipientGstin>,
    /// The holder's latest record.
    pub record_id: Option<RecordId>,
}

/// The bill of that identity, if it is known.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn bill(rows: &StateView<'_>, bill_of_entry: &BillOfEntryId) -> Result<Option<BillView>, StateError> {
    Ok(rows.get::<BillRow>(&bill_key(bill_of_entry))?.map(|row| of_row(&row)))
}

fn of_row(row: &BillRow) -> BillView {
    let eligible_at = row.eligible_at();
    let reference_date = row.reference_date();
    BillView {
        key: row.bill_of_entry.clone(),
        status: row.life().status().map(gst_rules::bill_of_entry::BillOfEntryStatus::code),
        raw_status: row.raw_status.clone(),
        itc_eligible_at: eligible_at,
        reference_date,
        return_period: reference_date.map(TaxPeriod::of),
        credit: if eligible_at.is_some() { row.tax } else { TaxAmounts::ZERO },
        holder: row.holder().map(|holder| holder.gstin),
        record_id: row.holder().map(|holder| holder.record_id.clone()),
    }
}

/// What the computation says of a bill, where its duties were told (DUT-2 to DUT-9).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn duty(
    rows: &StateView<'_>,
    bill_of_entry: &BillOfEntryId,
    rules: &Rulebook,
) -> Result<Option<DutyCheck>, StateError> {
    let bill: Option<BillRow> = rows.get(&bill_key(bill_of_entry))?;
    let duty: Option<DutyRow> = rows.get(&duty_key(bill_of_entry))?;
    let fact = duty.and_then(|row| serde_json::from_str::<CustomsDutyReported>(&row.json).ok());
    Ok(bill.zip(fact).and_then(|(bill, fact)| check(&bill, &fact, rules)))
}
