//! Changes of GSTIN (BE-6 to BE-10) within customs' limits (BE-11).

use super::{Verdict, amended_section};
use crate::outcome::CustomsOutcome;
use crate::rows::{BillRow, Holder};
use gst_events::{BillOfEntryMovedIn, BillOfEntryMovedOut, CustomsBillGstinAmended, Outgoing};

/// A bill moves from one GSTIN to another of the same PAN: a reversal record for the one and, unless it has a record of
/// the bill already (BE-10), a credit record for the other. `move_id` names the move on both sides.
#[must_use]
pub fn amend_gstin(row: &mut Option<BillRow>, fact: &CustomsBillGstinAmended, move_id: &str) -> Verdict {
    let Some(bill) = row else { return Verdict::refused(CustomsOutcome::OriginalNotFound) };
    if let Some(refusal) = refusal(bill, fact) {
        return Verdict::refused(refusal);
    }
    let Some(from) = bill.holders.iter().position(|holder| holder.gstin == fact.from) else {
        return Verdict::refused(CustomsOutcome::OriginalNotFound);
    };
    bill.gstin_amended_on = Some(fact.amendment_date);
    let out = move_out(bill, from, fact, move_id);
    let (moved_in, outcome) = move_in(bill, from, fact, move_id);
    Verdict { events: out.into_iter().chain(moved_in).collect(), outcome }
}

/// BE-11, in its order. The day of a change of GSTIN is its amendment date.
fn refusal(bill: &BillRow, fact: &CustomsBillGstinAmended) -> Option<CustomsOutcome> {
    if bill.holders.iter().all(|holder| holder.gstin != fact.from) {
        Some(CustomsOutcome::OriginalNotFound)
    } else if fact.from.gstin().pan() != fact.to.gstin().pan() {
        Some(CustomsOutcome::PanMismatch)
    } else if bill.gstin_amended_on.is_some() {
        Some(CustomsOutcome::GstinAlreadyAmendedOnce)
    } else if bill.value_amendment_days.contains(&fact.amendment_date) {
        Some(CustomsOutcome::SameDayAsValueAmendment)
    } else {
        None
    }
}

/// The reversal record carries the previous holder's latest version (BE-8); both records have the day of receipt as
/// reference date.
fn move_out(bill: &mut BillRow, from: usize, fact: &CustomsBillGstinAmended, move_id: &str) -> Option<Outgoing> {
    let holder = bill.holders.get_mut(from)?;
    holder.moved_out = true;
    let left = Holder { section: amended_section(holder.section), ..holder.clone() };
    let event = BillOfEntryMovedOut {
        move_id: move_id.to_owned(),
        record_id: fact.reversal_record_id.clone(),
        details: bill.details_of(&left, Some(fact.received_at.date())),
        to: fact.to,
        amendment_date: fact.amendment_date,
        received_at: fact.received_at,
    };
    Some(Outgoing::to_recipient(fact.from, &event))
}

/// The credit record carries the bill's current value in full (BE-7).
fn move_in(
    bill: &mut BillRow,
    from: usize,
    fact: &CustomsBillGstinAmended,
    move_id: &str,
) -> (Option<Outgoing>, CustomsOutcome) {
    let known = bill.holders.iter().position(|holder| holder.gstin == fact.to);
    let (position, record_id, outcome) = match known {
        Some(position) => (position, None, CustomsOutcome::MovedWithoutCredit),
        None => {
            let section = bill.holders.get(from).map_or(gst_events::ImsSection::Impga, |holder| holder.section);
            bill.holders.push(Holder {
                gstin: fact.to,
                record_id: fact.credit_record_id.clone(),
                section: amended_section(section),
                taxable_value: bill.taxable_value,
                tax: bill.tax,
                moved_out: false,
            });
            (bill.holders.len() - 1, Some(fact.credit_record_id.clone()), CustomsOutcome::Moved)
        }
    };
    bill.current = position;
    let Some(holder) = bill.holders.get(position) else { return (None, outcome) };
    let event = BillOfEntryMovedIn {
        move_id: move_id.to_owned(),
        record_id,
        details: bill.details_of(holder, Some(fact.received_at.date())),
        from: fact.from,
        amendment_date: fact.amendment_date,
        received_at: fact.received_at,
    };
    (Some(Outgoing::to_recipient(fact.to, &event)), outcome)
}
