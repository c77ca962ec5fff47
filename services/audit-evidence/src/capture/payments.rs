//! Money settled with the supplier (artefact 5), and day 181.

use super::{Capture, Effect, Facts, Source, word};
use crate::rows::{PaymentDuty, Settlement};
use gst_events::{
    AdvanceAdjusted, BookAdjusted, CommercialNoteReceived, CreditSubject, InvoicePaymentChanged, PaymentChange,
    PaymentMade, PaymentReallocated, PaymentTimerFired, TdsDeducted, TimerExclusion,
};
use gst_types::{DocumentKey, IstInstant};

fn payment(document: &DocumentKey, kind: &str, at: IstInstant, facts: Facts) -> Capture {
    Capture::new(CreditSubject::Document(document.clone()), 5, kind, at, Source::Payments)
        .facts(facts)
        .paid_on(at.date())
        .effect(Effect::PaymentSeen)
}

/// A payment that names no document is settled by `payment-timers`, which says on which (R37-15); an advance proves
/// nothing until it is adjusted (R37-7).
pub(super) fn paid(event: &PaymentMade) -> Option<Capture> {
    let document = event.document.as_ref().filter(|_| event.advance_id.is_none())?;
    let value_date = event.debit_date.or(event.instrument_date).unwrap_or(event.at.date());
    let facts = Facts::default()
        .with("bank_reference", &event.payment_id)
        .with("amount", event.amount)
        .with("value_date", value_date)
        .maybe("instrument_date", event.instrument_date)
        .maybe("supplier_credit_date", event.supplier_credit_date);
    Some(payment(document, "SUPPLIER_PAYMENT", event.at, facts).paid_on(value_date))
}

pub(super) fn deducted(event: &TdsDeducted) -> Capture {
    let facts = Facts::default()
        .with("deduction_id", &event.deduction_id)
        .with("tds_kind", word(event.kind))
        .with("tds_amount", event.amount);
    payment(&event.document, "TAX_DEDUCTED_AT_SOURCE", event.at, facts)
}

pub(super) fn set_off(event: &BookAdjusted) -> Capture {
    let facts = Facts::default()
        .with("adjustment_id", &event.adjustment_id)
        .with("amount", event.amount)
        .maybe("confirmation_document", event.confirmation_document.as_ref());
    let capture = payment(&event.document, "SET_OFF", event.at, facts);
    // Without the supplier's confirmation it settles nothing (R37-7).
    match event.confirmation_document {
        Some(_) => capture,
        None => Capture { artefact: 0, kind: Some("SET_OFF_UNCONFIRMED".to_owned()), effect: Effect::Link, ..capture },
    }
}

pub(super) fn advance_adjusted(event: &AdvanceAdjusted) -> Capture {
    let facts = Facts::default()
        .with("adjustment_id", &event.adjustment_id)
        .with("advance_id", &event.advance_id)
        .with("amount", event.amount);
    payment(&event.document, "ADVANCE_ADJUSTED", event.at, facts)
}

pub(super) fn commercial_note(event: &CommercialNoteReceived) -> Capture {
    let facts = Facts::default().with("note_id", &event.note_id).with("amount", event.amount);
    Capture::new(CreditSubject::Document(event.document.clone()), 0, "COMMERCIAL_NOTE", event.at, Source::Payments)
        .facts(facts)
}

pub(super) fn reallocated(event: &PaymentReallocated) -> Vec<Capture> {
    let link = |document: &DocumentKey, kind: &str| {
        let facts = Facts::default()
            .with("reallocation_id", &event.reallocation_id)
            .with("from", &event.from)
            .with("to", &event.to)
            .with("amount", event.amount);
        Capture::new(CreditSubject::Document(document.clone()), 0, kind, event.at, Source::Payments).facts(facts)
    };
    vec![link(&event.from, "PAYMENT_MOVED_OUT"), link(&event.to, "PAYMENT_MOVED_IN")]
}

/// The whole truth of a document's payment. It is an artefact where money was settled; otherwise only the judgement
/// may change.
pub(super) fn changed(event: &InvoicePaymentChanged) -> Capture {
    let settles = match event.change {
        PaymentChange::Payment | PaymentChange::LateInput | PaymentChange::Reallocation => true,
        PaymentChange::DocumentKnown | PaymentChange::CreditNote | PaymentChange::Amendment => false,
    };
    let facts = Facts::default()
        .with("change", word(event.change))
        .with("payable", event.payable)
        .with("paid", event.paid)
        .with("unpaid", event.unpaid)
        .with("value_date", event.effective_on)
        .maybe("last_day_to_pay", event.last_day_to_pay)
        .with("rule", event.rule);
    let last_paid_on = settles.then_some(event.effective_on);
    let settlement = Settlement { payable: event.payable, paid: event.paid, last_paid_on };
    let capture =
        Capture::new(CreditSubject::Document(event.document.clone()), 5, "PAYMENT_SETTLED", event.at, Source::Payments);
    let capture = capture
        .facts(facts)
        .dated(event.document_date)
        .paid_on(event.effective_on)
        .effect(Effect::Settled { settlement, duty: duty_of(event.exclusion) });
    if settles { capture } else { Capture { kind: None, begins: false, ..capture } }
}

const fn duty_of(exclusion: Option<TimerExclusion>) -> PaymentDuty {
    match exclusion {
        None => PaymentDuty::Within180Days,
        Some(TimerExclusion::ScheduleI) => PaymentDuty::DeemedPaid,
        Some(
            TimerExclusion::ReverseCharge
            | TimerExclusion::IsdCredit
            | TimerExclusion::ImportBoe
            | TimerExclusion::DebitNoteInParent
            | TimerExclusion::DebitNoteWithoutTimer,
        ) => PaymentDuty::WithoutTimer,
    }
}

pub(super) fn fired(event: &PaymentTimerFired) -> Capture {
    let facts = Facts::default()
        .with("fires_on", event.fires_on)
        .with("payable", event.payable)
        .with("paid", event.paid)
        .with("unpaid", event.unpaid)
        .with("rule", event.rule);
    let at = event.fires_on.start();
    Capture::new(CreditSubject::Document(event.document.clone()), 0, "PAYMENT_TIMER_FIRED", at, Source::Payments)
        .facts(facts)
}
