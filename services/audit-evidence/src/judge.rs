//! Whether a pack is complete, and what does not fit in it (AUD-3 to AUD-5).

use crate::rows::{InvoiceSeen, Judgement, PackRow, PaymentDuty};
use gst_events::CreditSubject;
use gst_rules::Rulebook;
use gst_rules::audit::{ARTEFACTS, InvoiceFacts, PackFacts, PackWarning, judge_pack};
use gst_types::{DocumentKind, Head, IstDate, Paise, TaxAmounts};
use std::collections::BTreeSet;

/// The finding of a late payment without reversal (AUD-5).
pub const REVERSAL_MISSING: &str = "RULE37_REVERSAL_MISSING";

/// How far amounts of two artefacts may be apart: a rupee (AUD-4).
const TOLERANCE: Paise = Paise::from_rupees(1);

/// A check between artefacts that does not hold (AUD-4): a warning, never a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrossCheck {
    /// Booked and filed tax differ in a head.
    InvoiceAndRecordDiffer,
    /// Less is paid than payable.
    PaymentBelowInvoice,
    /// Accepted before the document's date.
    AcceptedBeforeInvoice,
    /// Credit taken before the record was accepted.
    ClaimedBeforeAcceptance,
    /// Received before the document's date.
    ReceivedBeforeInvoice,
    /// Paid late and reversed, but not re-claimed although all is paid.
    ReclaimNotMade,
}

impl CrossCheck {
    /// Stable code, the word in packs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvoiceAndRecordDiffer => "AMOUNTS_1_AND_3_DIFFER",
            Self::PaymentBelowInvoice => "AMOUNTS_1_AND_5_DIFFER",
            Self::AcceptedBeforeInvoice => "ACCEPTED_BEFORE_INVOICE_DATE",
            Self::ClaimedBeforeAcceptance => "CLAIMED_BEFORE_ACCEPTANCE",
            Self::ReceivedBeforeInvoice => "RECEIVED_BEFORE_INVOICE_DATE",
            Self::ReclaimNotMade => "RECLAIM_NOT_MADE",
        }
    }
}

/// Judges a pack as it stands.
#[must_use]
pub fn judge(rulebook: &Rulebook, subject: &CreditSubject, pack: &PackRow) -> Judgement {
    let facts = pack_facts(subject, pack);
    let found = judge_pack(rulebook, &facts);
    let is_import = matches!(subject, CreditSubject::BillOfEntry(_));
    // A bill has an importer and no supplier's GSTIN whose check digit could be looked at.
    let warnings = found.warnings.iter().filter(|warning| !is_import || **warning != PackWarning::GstinCheckDigit);
    let checks = cross_checks(pack, found.within_180 == Some(false));
    Judgement {
        complete: found.complete,
        missing: found.missing,
        warnings: warnings
            .map(|warning| warning.code())
            .chain(checks.map(CrossCheck::code))
            .map(str::to_owned)
            .collect(),
        findings: if found.reversal_missing { vec![REVERSAL_MISSING.to_owned()] } else { Vec::new() },
    }
}

fn pack_facts(subject: &CreditSubject, pack: &PackRow) -> PackFacts {
    let invoice = pack.booked.or(pack.filed);
    PackFacts {
        supplier_gstin: match subject {
            CreditSubject::Document(key) => key.supplier.to_string(),
            CreditSubject::BillOfEntry(_) => String::new(),
        },
        receiving_state: pack.receiving_state,
        present: present(subject, pack),
        invoice: invoice.map(|seen| InvoiceFacts {
            date: Some(seen.date),
            taxable_value: Some(seen.taxable_value),
            rate_percent: None,
            is_bill_of_entry: matches!(subject, CreditSubject::BillOfEntry(_)),
            tax: seen.tax,
        }),
        paid_on: late_payment_day(pack),
        has_rule_37_reversal: pack.has_rule_37_reversal,
        has_reclaim: pack.has_reclaim,
    }
}

/// The artefacts that are there, and those that this kind of document does not need (AUD-1).
#[must_use]
pub fn present(subject: &CreditSubject, pack: &PackRow) -> BTreeSet<u8> {
    ARTEFACTS.into_iter().filter(|number| !is_needed(subject, pack, *number) || is_there(pack, *number)).collect()
}

fn is_there(pack: &PackRow, number: u8) -> bool {
    let told = match number {
        1 => pack.booked.is_some(),
        2 => pack.received_on.is_some(),
        3 => pack.acceptance().is_some(),
        4 => pack.line_seen,
        _ => {
            // Where money was moved away again, what `payment-timers` says outweighs the payment's own words.
            let settled = pack.settlement.map_or(pack.payment_seen, |settlement| settlement.paid > Paise::ZERO);
            pack.duty_paid || settled
        }
    };
    told || pack.files.contains(&number)
}

/// Notes and a distributor's documents bring no goods and are not paid for.
fn is_needed(subject: &CreditSubject, pack: &PackRow, number: u8) -> bool {
    let deemed_paid = match pack.payment_duty {
        PaymentDuty::Within180Days | PaymentDuty::WithoutTimer => false,
        PaymentDuty::DeemedPaid => true,
    };
    let is_supply = match subject {
        CreditSubject::BillOfEntry(_) => true,
        CreditSubject::Document(key) => match key.kind {
            DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::Eco => true,
            DocumentKind::CreditNote | DocumentKind::IsdInvoice | DocumentKind::IsdCreditNote => false,
        },
    };
    match number {
        2 => is_supply,
        5 => is_supply && !deemed_paid,
        _ => true,
    }
}

/// AUD-5: the day of the last payment where rule 37 looks at it. Credit taken only after that payment was never to be
/// reversed (R37-12).
fn late_payment_day(pack: &PackRow) -> Option<IstDate> {
    let has_timer = match pack.payment_duty {
        PaymentDuty::Within180Days => true,
        PaymentDuty::WithoutTimer | PaymentDuty::DeemedPaid => false,
    };
    let paid_on = pack.settlement?.last_paid_on?;
    let availed_before = pack.availed_on.is_some_and(|availed_on| availed_on <= paid_on);
    (has_timer && availed_before).then_some(paid_on)
}

fn cross_checks(pack: &PackRow, paid_late: bool) -> impl Iterator<Item = CrossCheck> {
    let invoice_date = pack.booked.or(pack.filed).map(|seen| seen.date);
    let accepted_on = pack.records.values().filter_map(|record| record.accepted_on).min();
    let is_before = |earlier: Option<IstDate>, later: Option<IstDate>| earlier.zip(later).is_some_and(|(a, b)| a < b);
    let unpaid = pack.settlement.filter(|settlement| settlement.last_paid_on.is_some());
    let unpaid = unpaid.is_some_and(|settlement| settlement.payable - settlement.paid > TOLERANCE);
    [
        (CrossCheck::InvoiceAndRecordDiffer, pack.booked.zip(pack.filed).is_some_and(|(a, b)| differ(a, b))),
        (CrossCheck::PaymentBelowInvoice, unpaid),
        (CrossCheck::AcceptedBeforeInvoice, is_before(accepted_on, invoice_date)),
        (CrossCheck::ClaimedBeforeAcceptance, is_before(pack.availed_on, accepted_on)),
        (CrossCheck::ReceivedBeforeInvoice, is_before(pack.received_on, invoice_date)),
        (CrossCheck::ReclaimNotMade, paid_late && !unpaid && pack.has_rule_37_reversal && !pack.has_reclaim),
    ]
    .into_iter()
    .filter_map(|(check, fails)| fails.then_some(check))
}

fn differ(booked: InvoiceSeen, filed: InvoiceSeen) -> bool {
    let (a, b): (TaxAmounts, TaxAmounts) = (booked.tax, filed.tax);
    Head::ALL.into_iter().any(|head| (a.of(head) - b.of(head)).max(b.of(head) - a.of(head)) > TOLERANCE)
}
