//! Bills of Entry: the bill, its duty, its moves (AUD-1, the list for imports).

use super::{Capture, Effect, Facts, Source, word};
use crate::rows::InvoiceSeen;
use gst_events::{
    BillOfEntryAmended, BillOfEntryDetails, BillOfEntryMovedIn, BillOfEntryMovedOut, BillOfEntryReceived,
    BillOfEntryStatusChanged, CreditSubject, CustomsStatusWord,
};
use gst_types::IstInstant;

fn bill(details: &BillOfEntryDetails, artefact: u32, kind: &str, at: IstInstant) -> Capture {
    let facts = Facts::default()
        .with("bill_of_entry_type", word(details.bill_of_entry_type))
        .with("section", word(details.section))
        .maybe("sez_supplier", details.sez_supplier)
        .maybe("reference_date", details.reference_date)
        .amounts(details.taxable_value, &details.tax);
    Capture::new(CreditSubject::BillOfEntry(details.bill_of_entry.clone()), artefact, kind, at, Source::Customs)
        .facts(facts)
        .dated(details.bill_of_entry.date)
}

fn seen(details: &BillOfEntryDetails) -> Effect {
    Effect::Booked(InvoiceSeen {
        date: details.bill_of_entry.date,
        taxable_value: details.taxable_value,
        tax: details.tax,
    })
}

pub(super) fn received(event: &BillOfEntryReceived) -> Capture {
    bill(&event.details, 1, "BILL_OF_ENTRY", event.received_at).effect(seen(&event.details))
}

pub(super) fn amended(event: &BillOfEntryAmended) -> Capture {
    bill(&event.details, 1, "BILL_OF_ENTRY_AMENDED", event.received_at).effect(seen(&event.details))
}

/// Once the duty is paid, customs' word is the challan; a file may be added (AUD-1).
pub(super) fn status_changed(event: &BillOfEntryStatusChanged) -> Capture {
    let is_duty_paid = event.status == Some(CustomsStatusWord::DutyPaid) || event.eligible_at.is_some();
    let (artefact, kind, effect) =
        if is_duty_paid { (5, "DUTY_PAID", Effect::DutyPaid) } else { (0, "CUSTOMS_STATUS", Effect::Link) };
    let mut capture = bill(&event.details, artefact, kind, event.at).effect(effect);
    capture.facts = capture
        .facts
        .with("customs_status", &event.raw_status)
        .maybe("eligible_at", event.eligible_at)
        .with("record_id", &event.record_id);
    capture
}

pub(super) fn moved_out(event: &BillOfEntryMovedOut) -> Capture {
    let mut capture = bill(&event.details, 0, "BILL_OF_ENTRY_MOVED_OUT", event.received_at);
    capture.facts =
        capture.facts.with("move_id", &event.move_id).with("to", event.to).with("amendment_date", event.amendment_date);
    capture
}

pub(super) fn moved_in(event: &BillOfEntryMovedIn) -> Capture {
    let mut capture = bill(&event.details, 1, "BILL_OF_ENTRY_MOVED_IN", event.received_at).effect(seen(&event.details));
    capture.facts = capture
        .facts
        .with("move_id", &event.move_id)
        .with("from", event.from)
        .with("amendment_date", event.amendment_date);
    capture
}
