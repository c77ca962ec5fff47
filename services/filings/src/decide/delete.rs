//! Deleting a saved record (IN-6): it disappears with the action on it, and its number and its original are free again.

use super::save::{free_number, withdraw};
use super::{Filing, audience, document_in, kind_of};
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{self, DocumentRow, NumberRow, NumberUse, ReturnRow, SavedRow};
use gst_events::{SupplierRecordDeleted, WithdrawalReason};
use gst_rules::Rulebook;
use gst_types::{DocumentNumber, FinancialYear};
use stream::{DecideError, RowKey};

/// A supplier deletes a saved record, named by its version or by section, number and date.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn delete(draft: &mut Filing<'_>, fact: &SupplierRecordDeleted, rules: &Rulebook) -> Result<Found, DecideError> {
    let mut filed = false;
    for one in uses_of(draft, fact)? {
        let key = RowKey::from_text(one.saved.clone());
        match draft.get::<SavedRow>(&key)?.filter(|row| row.record_id == one.record_id) {
            Some(row) => return remove(draft, &key, &row, fact, rules),
            // Its row is gone, so it is filed.
            None => filed = true,
        }
    }
    if let (Some(form), Some(period)) = (fact.form, fact.return_period) {
        filed |= draft.get::<ReturnRow>(&rows::return_key(fact.supplier, form, period))?.is_some();
    }
    Ok(if filed { Found::AlreadyFiled } else { Found::RecordNotFound })
}

/// The records that the fact may mean, latest first.
fn uses_of(draft: &Filing<'_>, fact: &SupplierRecordDeleted) -> Result<Vec<NumberUse>, DecideError> {
    let (Ok(number), Some(kind)) = (fact.number.parse::<DocumentNumber>(), kind_of(fact.section)) else {
        return Ok(Vec::new());
    };
    let key = rows::number_key(fact.supplier, kind, FinancialYear::of(fact.date), &number);
    let Some(row) = draft.get::<NumberRow>(&key)? else { return Ok(Vec::new()) };
    let meant = |one: &NumberUse| {
        one.section == fact.section
            && fact.form.is_none_or(|form| form == one.form)
            && fact.return_period.is_none_or(|period| period == one.return_period)
            && fact.record_id.as_ref().is_none_or(|record_id| *record_id == one.record_id)
    };
    Ok(row.uses.into_iter().rev().filter(meant).collect())
}

fn remove(
    draft: &mut Filing<'_>,
    key: &RowKey,
    row: &SavedRow,
    fact: &SupplierRecordDeleted,
    rules: &Rulebook,
) -> Result<Found, DecideError> {
    let document = document_in(row)?;
    draft.delete(key);
    free_number(draft, &document, key.as_str())?;
    if let Some(root) = &row.root {
        let original = rows::document_key(fact.supplier, root);
        if let Some(mut amended) = draft.get::<DocumentRow>(&original)? {
            amended.saved_amendment.take_if(|saved| saved == key.as_str());
            if amended.versions.is_empty() && amended.saved_amendment.is_none() {
                draft.delete(&original);
            } else {
                draft.put(&original, &amended);
            }
        }
    }
    for to in audience(&document, row.previous_recipient, rules.supplier_gstin_change()) {
        withdraw(draft, to.recipient(), &row.record_id, WithdrawalReason::Deleted, fact.at);
    }
    Ok(Found::Deleted)
}
