//! What recipients do with their records, and how they book and pay.

use super::random::Random;
use super::working_days::{after, on_or_after};
use super::year::{DemoAction, DemoBill, DemoDocument, DemoPayment, DemoYear};
use gst_events::ImsAction;
use gst_types::{IstDate, Paise, TaxAmounts};
use gstn_formats::gstr1::Gstr1Section;

const BOOKED_PERCENT: u32 = 92;
/// Credit notes that the register links to their invoice; such a note is accepted expressly.
const LINKED_PERCENT: u32 = 65;

/// Fills in actions, register and payments of a document.
pub(crate) fn decide(year: &mut DemoYear, index: usize, random: &mut Random) {
    let Some(document) = year.documents.get(index).cloned() else { return };
    let Some(filed_on) = year.forms.get(document.form).map(|form| form.filed_on) else { return };
    let bypasses = document.reverse_charge || !year.credit_in_state(&document);
    let mut decided = document.clone();
    match document.section {
        Gstr1Section::CN => note(&mut decided, filed_on, random),
        _ if bypasses => {}
        _ => decided.actions = actions(&document, filed_on, random),
    }
    if decided.is_payable() && random.percent(BOOKED_PERCENT) {
        let booked_on = after(document.date.plus_days(random.between(1, 6)));
        decided.booked_on = Some(booked_on);
        decided.received_on = random.percent(90).then_some(booked_on);
    }
    if decided.is_payable() && !document.reverse_charge {
        decided.payments = payments(year, index, &decided, random);
    }
    if let Some(place) = year.documents.get_mut(index) {
        *place = decided;
    }
}

fn action(on: IstDate, action: ImsAction) -> DemoAction {
    DemoAction { on, action, declared: None }
}

/// Of a hundred: 48 accepted, 6 rejected, 12 pending, the rest untouched. Some act before the form is filed.
fn actions(document: &DemoDocument, filed_on: IstDate, random: &mut Random) -> Vec<DemoAction> {
    let early = document.saved_on.filter(|_| random.percent(15)).map(|saved_on| on_or_after(saved_on.plus_days(2)));
    let on = match early.filter(|on| *on < filed_on) {
        Some(on) => on,
        None => on_or_after(filed_on.plus_days(random.between(1, 2))),
    };
    match random.between(1, 100) {
        1..=46 => vec![action(on, ImsAction::Accept)],
        47..=52 => vec![action(on, ImsAction::Reject)],
        53..=64 => {
            let mut actions = vec![action(on, ImsAction::Pending)];
            if random.percent(70) {
                let later = after(on.plus_days(random.between(20, 75)));
                actions.push(action(later, if random.percent(85) { ImsAction::Accept } else { ImsAction::Reject }));
            }
            actions
        }
        // A mistake, put right before the return.
        65..=66 => vec![action(on, ImsAction::Reject), action(after(on), ImsAction::Accept)],
        _ => Vec::new(),
    }
}

/// A credit note: linked to its invoice and accepted, or left to IMS alone.
fn note(document: &mut DemoDocument, filed_on: IstDate, random: &mut Random) {
    let on = on_or_after(filed_on.plus_days(1));
    if random.percent(LINKED_PERCENT) {
        document.actions = vec![action(on, ImsAction::Accept)];
        if let Some(noted) = &mut document.noted {
            noted.accepted_on = on;
        }
        return;
    }
    document.noted = None;
    document.actions = match random.between(1, 100) {
        1..=30 => vec![action(on, ImsAction::Accept)],
        31..=50 => vec![action(on, ImsAction::Reject)],
        51..=75 => {
            // Refused for statements before October 2025 (AC-4), limited in time since (AC-5, AC-6).
            let mut actions = vec![action(on, ImsAction::Pending)];
            if random.percent(40) {
                actions.push(action(after(on.plus_days(25)), ImsAction::Accept));
            }
            actions
        }
        76..=90 => vec![DemoAction { on, action: ImsAction::Accept, declared: Some(half(&document.tax)) }],
        _ => Vec::new(),
    };
}

fn half(tax: &TaxAmounts) -> TaxAmounts {
    tax.map(|_, amount| Paise::new(amount.get() / 2))
}

/// Money for a document, spread as real ledgers are: most in time, some in part, some late, some never.
fn payments(year: &DemoYear, index: usize, document: &DemoDocument, random: &mut Random) -> Vec<DemoPayment> {
    let noted: Paise = year
        .documents
        .iter()
        .filter(|other| other.noted.is_some_and(|noted| noted.invoice == index))
        .map(|note| note.document_value)
        .sum();
    let owed = document.document_value - noted;
    let on = |days: u32| on_or_after(document.date.plus_days(days));
    let pay = |paid_on: IstDate, amount: Paise| DemoPayment { paid_on, told_on: paid_on, amount, deducted: false };
    let part = Paise::new(owed.get() * i64::from(random.between(30, 70)) / 100);
    let last_day = document.date.plus_days(180);
    let in_time = random.between(20, 95);
    let mut payments = match random.between(1, 100) {
        1..=60 => vec![pay(on(in_time), owed)],
        61..=70 => vec![pay(on(in_time), part), pay(on(in_time + 40), owed - part)],
        71..=75 => {
            let deducted = Paise::new(document.taxable_value.get() / 50);
            let tds = DemoPayment { deducted: true, ..pay(on(in_time), deducted) };
            vec![tds, pay(on(in_time), owed - deducted)]
        }
        76..=83 => vec![pay(on(in_time), part), pay(on(random.between(190, 250)), owed - part)],
        84..=90 => vec![pay(on(random.between(190, 270)), owed)],
        // Paid on the last good day, but we hear of it weeks later.
        91..=92 => vec![DemoPayment { told_on: on(205), ..pay(last_day, owed) }],
        93..=94 => vec![pay(on(in_time), part)],
        95..=96 => {
            let rest = owed - part;
            let third = Paise::new(rest.get() / 3);
            vec![pay(on(in_time), part), pay(on(195), third), pay(on(225), rest - third)]
        }
        _ => Vec::new(),
    };
    payments.retain(|payment| payment.told_on <= year.last_day && payment.amount > Paise::ZERO);
    payments
}

/// From October 2025 bills are in IMS: some are accepted, few are kept pending for a month.
pub(crate) fn decide_bills(bills: &mut [DemoBill], random: &mut Random) {
    for bill in bills {
        let in_ims = (bill.released_on.year(), bill.released_on.month()) >= (2025, 10);
        let on = after(bill.released_on);
        bill.actions = match random.between(1, 100) {
            _ if !in_ims => Vec::new(),
            _ if bill.moved.is_some() => vec![action(on, ImsAction::Accept)],
            1..=50 => vec![action(on, ImsAction::Accept)],
            51..=65 => vec![action(on, ImsAction::Pending), action(after(on.plus_days(28)), ImsAction::Accept)],
            _ => Vec::new(),
        };
    }
}
