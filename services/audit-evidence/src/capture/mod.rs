//! What each event proves about a document (AUD-1, AUD-2). Pure: an event in, artefacts out; one file per source.

mod customs;
mod ledger;
mod payments;
mod portal;
mod register;

use crate::Event;
use crate::rows::{InvoiceSeen, PaymentDuty, Settlement};
use gst_events::{Acceptance, Actor, CreditSubject};
use gst_types::{DocumentKey, Head, IstDate, IstInstant, Paise, StateCode, SupplierGstin, TaxAmounts, TaxPeriod};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;

pub(crate) use portal::supplier_status;

/// The system that an artefact comes from; the actor where no person is named (AUD-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The purchase register.
    PurchaseRegister,
    /// The register of payments.
    Payments,
    /// The GST portal, through the workers that follow it.
    Portal,
    /// Customs, as the ICEGATE feed tells.
    Customs,
    /// The credit ledger of this engine.
    CreditLedger,
}

impl Source {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::PurchaseRegister => "purchase-register",
            Self::Payments => "payment-register",
            Self::Portal => "gst-portal",
            Self::Customs => "icegate",
            Self::CreditLedger => "itc-ledger",
        }
    }

    /// The service as an actor.
    pub(crate) fn actor(self) -> Actor {
        Actor { subject: self.code().to_owned(), role: Some("SERVICE".to_owned()) }
    }
}

/// What an artefact changes in the pack besides lengthening its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Link,
    /// The document is at hand.
    Booked(InvoiceSeen),
    /// Its amounts are corrected.
    Amounts { taxable_value: Paise, tax: TaxAmounts },
    /// Goods or services came.
    Received(IstDate),
    /// A file proves that artefact.
    File(u8),
    /// The supplier filed it.
    Filed { seen: InvoiceSeen, receiving_state: Option<StateCode> },
    /// The recipient's dashboard.
    Record { record_id: String, acceptance: Option<Acceptance>, accepted_on: IstDate, seen: InvoiceSeen },
    /// A line of Table 4; the day where credit was taken by it.
    Line { availed_on: Option<IstDate> },
    /// A payment names the document.
    PaymentSeen,
    /// What is settled on it; the day where this event settled money.
    Settled { settlement: Settlement, duty: PaymentDuty },
    /// Customs has the duty.
    DutyPaid,
    /// A rule 37 reversal.
    Rule37Reversal,
    /// Its re-claim.
    Reclaim,
}

/// One artefact, or one change of the judgement, of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) subject: CreditSubject,
    pub(crate) artefact: u32,
    /// `None`: nothing is added to the chain, only the judgement may change.
    pub(crate) kind: Option<String>,
    /// Whether it begins a pack where there is none; a decision on a record that is not accepted does not.
    pub(crate) begins: bool,
    pub(crate) at: IstInstant,
    pub(crate) source: Source,
    pub(crate) actor: Option<Actor>,
    pub(crate) document_date: Option<IstDate>,
    /// Of artefact 5, the day whose number since the invoice is told (AUD-2).
    pub(crate) paid_on: Option<IstDate>,
    pub(crate) facts: Facts,
    pub(crate) effect: Effect,
    /// The supplier's period in which it is reported, as far as this event knows.
    pub(crate) reported: Option<(SupplierGstin, TaxPeriod)>,
    /// The amended number under which the document goes from now on.
    pub(crate) alias: Option<DocumentKey>,
}

impl Capture {
    /// An artefact of that number and kind.
    pub(crate) fn new(subject: CreditSubject, artefact: u32, kind: &str, at: IstInstant, source: Source) -> Self {
        Self {
            subject,
            artefact,
            kind: Some(kind.to_owned()),
            begins: true,
            at,
            source,
            actor: None,
            document_date: None,
            paid_on: None,
            facts: Facts::default(),
            effect: Effect::Link,
            reported: None,
            alias: None,
        }
    }

    pub(crate) fn facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    pub(crate) fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(crate) fn actor(mut self, actor: Option<&Actor>) -> Self {
        self.actor = actor.cloned();
        self
    }

    pub(crate) fn dated(mut self, date: IstDate) -> Self {
        self.document_date = Some(date);
        self
    }

    pub(crate) fn paid_on(mut self, date: IstDate) -> Self {
        self.paid_on = Some(date);
        self
    }
}

/// What an artefact says, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts(pub(crate) BTreeMap<String, String>);

impl Facts {
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    pub(crate) fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The amounts per head, as `tax_igst` and so on.
    pub(crate) fn heads(self, name: &str, tax: &TaxAmounts) -> Self {
        Head::ALL.into_iter().fold(self, |facts, head| facts.with(&format!("{name}_{}", head.code()), tax.of(head)))
    }

    /// The taxable value and the tax.
    pub(crate) fn amounts(self, taxable_value: Paise, tax: &TaxAmounts) -> Self {
        self.with("taxable_value", taxable_value).heads("tax", tax)
    }
}

/// A closed word as it stands in JSON.
pub(crate) fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The artefacts of an event; none for events that are not about one document.
pub(crate) fn of(event: &Event) -> Vec<Capture> {
    match event {
        Event::InvoiceBooked(event) => vec![register::booked(event)],
        Event::InvoiceCorrected(event) => vec![register::corrected(event)],
        Event::GoodsReceived(event) => vec![register::received(event)],
        Event::EvidenceReferenced(event) => vec![register::file(event)],
        Event::NoteAccepted(event) => vec![register::note_accepted(event)],
        Event::PaymentMade(event) => payments::paid(event).into_iter().collect(),
        Event::TdsDeducted(event) => vec![payments::deducted(event)],
        Event::BookAdjusted(event) => vec![payments::set_off(event)],
        Event::AdvanceAdjusted(event) => vec![payments::advance_adjusted(event)],
        Event::CommercialNoteReceived(event) => vec![payments::commercial_note(event)],
        Event::PaymentReallocated(event) => payments::reallocated(event),
        Event::InvoicePaymentChanged(event) => vec![payments::changed(event)],
        Event::PaymentTimerFired(event) => vec![payments::fired(event)],
        Event::DocumentFiled(event) => portal::filed(event).into_iter().collect(),
        Event::IsdDocumentReported(event) => portal::distributed(event).into_iter().collect(),
        Event::ImsRecordDecided(event) => vec![portal::record_decided(event)],
        Event::CreditAvailed(event) => vec![ledger::claimed(event)],
        Event::LedgerEntryChanged(event) => vec![ledger::entry(&event.entry)],
        Event::BillOfEntryReceived(event) => vec![customs::received(event)],
        Event::BillOfEntryAmended(event) => vec![customs::amended(event)],
        Event::BillOfEntryStatusChanged(event) => vec![customs::status_changed(event)],
        Event::BillOfEntryMovedOut(event) => vec![customs::moved_out(event)],
        Event::BillOfEntryMovedIn(event) => vec![customs::moved_in(event)],
        Event::SupplierGstr3bStatus(_)
        | Event::ImsActionRequested(_)
        | Event::ActionProposed(_)
        | Event::ImsActionApproved(_)
        | Event::PeriodLocked(_)
        | Event::DayOpened(_) => Vec::new(),
    }
}
