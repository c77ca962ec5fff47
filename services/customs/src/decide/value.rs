//! Value amendments (BE-4, BE-5, BOE-10) and their customs limit (BE-11).

use super::{Verdict, amended_section};
use crate::outcome::CustomsOutcome;
use crate::rows::{BillRow, Holder};
use gst_events::{BillOfEntryAmended, BillOfEntryDetails, CustomsBillValueAmended, Outgoing};
use gst_types::{IstDate, Paise, TaxAmounts};

/// The values of a bill are amended; the fact carries the whole revised values. It may be the first record of the bill
/// at that GSTIN, where it counts in full (BE-5); a bill that nobody reported has nothing to amend (BE-11).
///
/// The day of the amendment is its reference date (BE-11), or, where the feed has none, the day on which it came.
#[must_use]
pub fn amend_value(row: &mut Option<BillRow>, fact: &CustomsBillValueAmended) -> Verdict {
    let day = fact.details.reference_date.unwrap_or_else(|| fact.received_at.date());
    let Some(bill) = row else { return Verdict::refused(CustomsOutcome::OriginalNotFound) };
    if bill.gstin_amended_on == Some(day) {
        return Verdict::refused(CustomsOutcome::SameDayAsGstinAmendment);
    }
    let mut details = fact.details.clone();
    details.section = amended_section(details.section);
    let (position, before) = place(bill, &details);
    if let Some(holder) = bill.holders.get_mut(position) {
        let moved_out = holder.moved_out;
        *holder = Holder { gstin: holder.gstin, moved_out, ..Holder::of(&details, &fact.record_id) };
    }
    bill.current = position;
    bill.taxable_value = details.taxable_value;
    bill.tax = details.tax;
    bill.received_at = fact.received_at;
    bill.sez_supplier = details.sez_supplier.or(bill.sez_supplier);
    note_day(bill, day, fact);
    Verdict { events: amended(bill, fact, before), outcome: CustomsOutcome::ValueAmended }
}

/// Whose record is amended, and its values before. After a change of GSTIN it is the new holder's (BE-5).
fn place(bill: &mut BillRow, details: &BillOfEntryDetails) -> (usize, (Paise, TaxAmounts)) {
    let known = bill.holders.iter().position(|holder| holder.gstin == details.importer);
    let position = match known {
        Some(position) if bill.holders.get(position).is_some_and(|holder| holder.moved_out) => bill.current,
        Some(position) => position,
        None => {
            // The GSTIN may have changed before we heard of it (BE-10): the amendment is then its first record.
            bill.holders.push(Holder {
                tax: TaxAmounts::ZERO,
                taxable_value: Paise::ZERO,
                ..Holder::of(details, &gst_events::RecordId::default())
            });
            bill.holders.len() - 1
        }
    };
    let before = bill.holders.get(position).map(|holder| (holder.taxable_value, holder.tax));
    (position, before.unwrap_or((Paise::ZERO, TaxAmounts::ZERO)))
}

/// BOE-6: a reference date told by the feed holds; one told for the version before moves to the amendment's day.
fn note_day(bill: &mut BillRow, day: IstDate, fact: &CustomsBillValueAmended) {
    bill.value_amendment_days.push(day);
    bill.amended_on = Some(bill.amended_on.map_or(day, |earlier| earlier.max(day)));
    bill.given_reference_date =
        fact.details.reference_date.or_else(|| bill.given_reference_date.map(|given| given.max(day)));
}

fn amended(bill: &BillRow, fact: &CustomsBillValueAmended, before: (Paise, TaxAmounts)) -> Vec<Outgoing> {
    let Some(holder) = bill.holder() else { return Vec::new() };
    let event = BillOfEntryAmended {
        record_id: fact.record_id.clone(),
        details: bill.details_of(holder, bill.reference_date()),
        tax_before: before.1,
        taxable_value_before: before.0,
        eligible_at: bill.eligible_at(),
        received_at: fact.received_at,
    };
    vec![Outgoing::to_recipient(holder.gstin, &event)]
}
