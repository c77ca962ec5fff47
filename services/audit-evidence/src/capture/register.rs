//! The purchase register: the invoice at hand, its receipt, files and notes (artefacts 1 and 2).

use super::{Capture, Effect, Facts, Source, word};
use crate::rows::InvoiceSeen;
use gst_events::{CreditSubject, EvidenceReferenced, GoodsReceived, InvoiceBooked, InvoiceCorrected, NoteAccepted};
use gst_types::TaxPeriod;

pub(super) fn booked(event: &InvoiceBooked) -> Capture {
    let facts = Facts::default()
        .with("supplier_gstin", event.document.supplier)
        .with("document_value", event.document_value)
        .with("reverse_charge", event.reverse_charge)
        .amounts(event.taxable_value, &event.tax)
        .maybe("supplier_period", event.supplier_period)
        .maybe("invoice", event.invoice.as_ref());
    let seen = InvoiceSeen { date: event.document_date, taxable_value: event.taxable_value, tax: event.tax };
    let mut capture = Capture::new(subject(&event.document), 1, "TAX_INVOICE", event.at, Source::PurchaseRegister)
        .facts(facts)
        .dated(event.document_date)
        .effect(Effect::Booked(seen));
    let period = event.supplier_period.unwrap_or_else(|| TaxPeriod::of(event.document_date));
    capture.reported = Some((event.document.supplier, period));
    capture
}

pub(super) fn corrected(event: &InvoiceCorrected) -> Capture {
    let facts = Facts::default()
        .with("supplier_gstin", event.document.supplier)
        .with("document_value", event.document_value)
        .amounts(event.taxable_value, &event.tax);
    let capture =
        Capture::new(subject(&event.document), 1, "TAX_INVOICE_CORRECTED", event.at, Source::PurchaseRegister)
            .facts(facts);
    match event.document_date {
        Some(date) => {
            let seen = InvoiceSeen { date, taxable_value: event.taxable_value, tax: event.tax };
            capture.dated(date).effect(Effect::Booked(seen))
        }
        None => capture.effect(Effect::Amounts { taxable_value: event.taxable_value, tax: event.tax }),
    }
}

pub(super) fn received(event: &GoodsReceived) -> Capture {
    let facts = Facts::default().with("receipt_number", &event.receipt_number).with("received_on", event.received_on);
    Capture::new(event.subject.clone(), 2, &event.kind, event.at, Source::PurchaseRegister)
        .facts(facts)
        .actor(event.actor.as_ref())
        .effect(Effect::Received(event.received_on))
}

pub(super) fn file(event: &EvidenceReferenced) -> Capture {
    let facts = Facts::default()
        .with("file_sha256", &event.sha256)
        .with("file_size_in_bytes", event.size_in_bytes)
        .with("file_media_type", &event.media_type)
        .with("file_storage_reference", &event.storage_reference);
    // Numbers outside 1 to 5 are refused before (AUD-2).
    let number = u8::try_from(event.artefact).unwrap_or_default();
    Capture::new(event.subject.clone(), event.artefact, &event.kind, event.at, Source::PurchaseRegister)
        .facts(facts)
        .actor(event.actor.as_ref())
        .effect(Effect::File(number))
}

pub(super) fn note_accepted(event: &NoteAccepted) -> Capture {
    let facts = Facts::default()
        .with("note", &event.note)
        .with("note_date", event.note_date)
        .with("note_kind", word(event.note.kind))
        .with("document_value", event.document_value)
        .amounts(event.taxable_value, &event.tax);
    Capture::new(subject(&event.invoice), 0, "CREDIT_NOTE", event.at, Source::PurchaseRegister).facts(facts)
}

fn subject(document: &gst_types::DocumentKey) -> CreditSubject {
    CreditSubject::Document(document.clone())
}
