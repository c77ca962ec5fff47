//! A bill comes from customs: for the first time, or again (BE-13).

use super::{Verdict, status};
use crate::outcome::CustomsOutcome;
use crate::rows::{BillRow, Holder, Step};
use gst_events::{BillOfEntryReceived, CustomsBillReported, Outgoing};

/// A bill is reported. Steps that came before it are taken now, in the order in which they came.
#[must_use]
pub fn report(row: &mut Option<BillRow>, early: Vec<Step>, fact: &CustomsBillReported) -> Verdict {
    if let Some(known) = row {
        return report_again(known, fact);
    }
    let mut bill = BillRow::first(&fact.details, &fact.record_id, fact.received_at);
    let mut events = vec![received(fact)];
    for step in early {
        events.extend(status::step(&mut bill, step).events);
    }
    *row = Some(bill);
    Verdict { events, outcome: CustomsOutcome::Received }
}

fn received(fact: &CustomsBillReported) -> Outgoing {
    let event = BillOfEntryReceived {
        record_id: fact.record_id.clone(),
        details: fact.details.clone(),
        received_at: fact.received_at,
    };
    Outgoing::to_recipient(fact.details.importer, &event)
}

/// A known bill comes again. For a GSTIN without a record it is one (the original after an amendment that came first);
/// for another it counts only where it brings the reference date that was not known.
fn report_again(bill: &mut BillRow, fact: &CustomsBillReported) -> Verdict {
    if bill.holders.iter().all(|holder| holder.gstin != fact.details.importer) {
        bill.holders.push(Holder::of(&fact.details, &fact.record_id));
        return Verdict { events: vec![received(fact)], outcome: CustomsOutcome::Received };
    }
    let is_current = bill.holder().is_some_and(|holder| holder.gstin == fact.details.importer);
    match (fact.details.reference_date, bill.reference_date()) {
        (Some(date), None) if is_current => {
            bill.given_reference_date = Some(date);
            let events = status::tell(bill, fact.received_at, false);
            Verdict { events, outcome: CustomsOutcome::ReferenceDateGiven }
        }
        (Some(_) | None, _) => Verdict { events: Vec::new(), outcome: CustomsOutcome::ReceivedAgain },
    }
}
