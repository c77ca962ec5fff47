//! The way of one document, from its filing to the re-claim, as the recipient's journal tells it.

use super::observe::Observed;
use super::tables::Names;
use crate::feed::translation::at_hour;
use crate::pretty::rupees;
use anyhow::Result;
use gst_events::{
    Acceptance, CreditAvailed, CreditSubject, DocumentFiled, DocumentSaved, EntryStatus, EventPayload, GoodsReceived,
    ImsAction, ImsRecordDecided, InvoiceBooked, InvoicePaymentChanged, LedgerEntryChanged, LedgerEntryKind,
    PaymentTimerFired, SupplierRecord,
};
use gst_types::{DocumentKey, DocumentKind, IstInstant, Paise, RecipientGstin};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::io::Write;
use stream::InputRecord;

struct Moment {
    at: IstInstant,
    text: String,
}

/// Prints the way of a document that was accepted, availed, reversed and re-claimed; of any other, if there is none.
pub(crate) fn print(observed: &Observed, names: &Names, out: &mut dyn Write) -> Result<()> {
    let Some((recipient, subject)) = choose(observed) else { return Ok(()) };
    let name = subject.to_string();
    let CreditSubject::Document(document) = subject else { return Ok(()) };
    let (supplier, buyer) = (names.of(document.supplier), names.of(recipient));
    writeln!(out, "\nThe way of invoice {} of {supplier} to {buyer}", document.number)?;
    let mut moments: Vec<Moment> =
        observed.journal.iter().filter_map(|record| moment(record, recipient, &document)).collect();
    for ((of, period), statement) in &observed.statements {
        if *of == recipient && statement.lines.iter().any(|line| line.subject.to_string() == name) {
            let (version, at) = (statement.sealed.version, statement.sealed.generated_at);
            moments.push(Moment { at, text: format!("in GSTR-2B of {period}, version {version}") });
        }
    }
    moments.sort_by_key(|moment| moment.at);
    let mut said = BTreeSet::new();
    for moment in moments.iter().filter(|moment| said.insert((moment.at.date(), moment.text.clone()))) {
        writeln!(out, "  {}  {}", moment.at.date(), moment.text)?;
    }
    if let Some(pack) = observed.evidence.get(&(recipient, name)) {
        let state =
            if pack.complete { "complete".to_owned() } else { format!("artefacts missing: {:?}", pack.missing) };
        let findings = if pack.findings.is_empty() { String::new() } else { format!(", {}", pack.findings.join(", ")) };
        writeln!(out, "  evidence pack: {} links, {state}{findings}", pack.artefacts.len())?;
    }
    Ok(())
}

/// The first document with the whole way behind it, an expressly accepted one if there is any.
pub(crate) fn choose(observed: &Observed) -> Option<(RecipientGstin, CreditSubject)> {
    let of = |kind: LedgerEntryKind| -> BTreeSet<(RecipientGstin, CreditSubject)> {
        let entries = observed.entries.iter().filter(|entry| entry.entry == kind);
        entries.map(|entry| (entry.recipient, entry.subject.clone())).collect()
    };
    let (reclaimed, reversed) = (of(LedgerEntryKind::Reclaim), of(LedgerEntryKind::Reversal));
    let whole: Vec<_> = reclaimed.intersection(&reversed).cloned().collect();
    let accepted: BTreeSet<(RecipientGstin, String)> = observed
        .records
        .values()
        .filter(|record| record.acceptance == Some(Acceptance::Explicit))
        .map(|record| (record.recipient, record.subject.to_string()))
        .collect();
    let expressly = whole.iter().find(|(recipient, subject)| accepted.contains(&(*recipient, subject.to_string())));
    let any = || {
        let mut availed = observed.entries.iter().filter(|entry| entry.entry == LedgerEntryKind::ItcAvailed);
        availed.next().map(|entry| (entry.recipient, entry.subject.clone()))
    };
    expressly.or(whole.first()).cloned().or_else(any)
}

fn read<P: EventPayload + DeserializeOwned>(record: &InputRecord) -> Option<P> {
    if record.header("ce_type") == Some(P::TYPE.0) { serde_json::from_slice(&record.value).ok() } else { None }
}

/// What a record of the journal says about the document.
fn moment(record: &InputRecord, recipient: RecipientGstin, document: &DocumentKey) -> Option<Moment> {
    if record.key_text() != recipient.to_string() {
        return None;
    }
    portal_moment(record, document)
        .or_else(|| books_moment(record, document))
        .or_else(|| credit_moment(record, document))
}

fn is_same(record: &SupplierRecord, document: &DocumentKey) -> bool {
    let number = record.number.parse().ok();
    number.is_some_and(|number| {
        DocumentKey::new(record.supplier, DocumentKind::Invoice, number, record.date) == *document
    })
}

fn portal_moment(record: &InputRecord, document: &DocumentKey) -> Option<Moment> {
    if let Some(it) = read::<DocumentSaved>(record).filter(|it| is_same(&it.document.record, document)) {
        let text =
            format!("saved by the supplier, on the IMS dashboard: {}", rupees(it.document.record.document_value));
        return Some(Moment { at: it.document.saved_at, text });
    }
    if let Some(it) = read::<DocumentFiled>(record).filter(|it| is_same(&it.document.record, document)) {
        let text = format!("filed by the supplier for {}", it.document.return_period);
        return Some(Moment { at: it.filed_at, text });
    }
    let it = read::<ImsRecordDecided>(record)?;
    let own = it.subject == CreditSubject::Document(document.clone());
    let word = match (it.action, it.acceptance) {
        (ImsAction::Accept, _) => "accepted in IMS",
        (ImsAction::Reject, _) => "rejected in IMS",
        (ImsAction::Pending, _) => "kept pending in IMS",
        (ImsAction::NoAction, Some(Acceptance::Deemed)) => "deemed accepted: nobody acted",
        (ImsAction::NoAction, _) => return None,
    };
    own.then(|| Moment { at: it.decided_at, text: word.to_owned() })
}

fn books_moment(record: &InputRecord, document: &DocumentKey) -> Option<Moment> {
    if let Some(it) = read::<InvoiceBooked>(record) {
        return (it.document == *document)
            .then(|| Moment { at: it.at, text: "booked in the purchase register".to_owned() });
    }
    if let Some(it) = read::<GoodsReceived>(record) {
        return (it.subject == CreditSubject::Document(document.clone()))
            .then(|| Moment { at: it.at, text: format!("goods received, {}", it.receipt_number) });
    }
    if let Some(it) = read::<InvoicePaymentChanged>(record) {
        let settled = it.document == *document && it.paid > Paise::ZERO;
        let text = format!("paid {} of {}, {} unpaid", rupees(it.paid), rupees(it.payable), rupees(it.unpaid));
        return settled.then_some(Moment { at: it.at, text });
    }
    let it = read::<PaymentTimerFired>(record)?;
    let text = format!("day 181: {} of {} unpaid ({})", rupees(it.unpaid), rupees(it.payable), it.rule);
    (it.document == *document).then(|| Moment { at: it.fires_on.start(), text })
}

fn credit_moment(record: &InputRecord, document: &DocumentKey) -> Option<Moment> {
    let subject = CreditSubject::Document(document.clone());
    if let Some(it) = read::<CreditAvailed>(record) {
        let text = format!("credit of {} availed with GSTR-3B of {}", rupees(it.claimed.total()), it.return_period);
        return (it.subject == subject).then_some(Moment { at: it.availed_at, text });
    }
    let entry = read::<LedgerEntryChanged>(record)?.entry;
    if entry.subject != subject {
        return None;
    }
    let (amount, lines) = (rupees(entry.tax.total()), entry.lines.join(", "));
    match (entry.entry, entry.status) {
        (LedgerEntryKind::Reversal, EntryStatus::Due) => {
            let text = format!("reversed {amount}, {lines} of {} ({})", entry.return_period, entry.rule);
            Some(Moment { at: entry.date.start(), text })
        }
        (LedgerEntryKind::Reversal, EntryStatus::Posted) => {
            let interest = entry.interest.as_ref().map(|interest| interest.total.total()).unwrap_or_default();
            let text =
                format!("reversal posted with GSTR-3B of {}, interest {}", entry.return_period, rupees(interest));
            Some(Moment { at: entry.posted_at?, text })
        }
        (LedgerEntryKind::Reclaim, EntryStatus::Due) => {
            let text = format!("re-claimed {amount}, {lines} of {} ({})", entry.return_period, entry.rule);
            // After the payment of the same day that it follows from.
            Some(Moment { at: at_hour(entry.date, 23), text })
        }
        (_, _) => None,
    }
}
