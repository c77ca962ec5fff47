//! What workers write: a payload, its topic and its key.

use crate::public::{Alert, Request};
use crate::reads::EventPayload;
use gst_types::{BillOfEntryId, Gstin, RecipientGstin, SupplierGstin};
use stream::{Class, Encode, EventType, OutputRecord};

/// The topics of our own that workers write besides their changelogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Almost everything, by recipient GSTIN.
    RecipientJournal,
    /// By supplier GSTIN.
    SupplierJournal,
    /// By Bill of Entry.
    CustomsJournal,
    /// Public: IMS records.
    ImsRecords,
    /// Public: GSTR-2B chunks and manifests.
    Gstr2b,
    /// Public: ledger entries.
    Ledger,
    /// Public: a supplier's liability from rejected records.
    SupplierLiability,
    /// Public: evidence, artefact by artefact, and whole packs.
    Evidence,
    /// Public: what became of each request.
    Results,
    /// Public: alerts.
    Alerts,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 10] = [
        Self::RecipientJournal,
        Self::SupplierJournal,
        Self::CustomsJournal,
        Self::ImsRecords,
        Self::Gstr2b,
        Self::Ledger,
        Self::SupplierLiability,
        Self::Evidence,
        Self::Results,
        Self::Alerts,
    ];

    /// The topic's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RecipientJournal => "itc.recipient-journal.v1",
            Self::SupplierJournal => "itc.supplier-journal.v1",
            Self::CustomsJournal => "itc.customs-journal.v1",
            Self::ImsRecords => "itc.ims-records.v1",
            Self::Gstr2b => "itc.gstr2b.v1",
            Self::Ledger => "itc.ledger.v1",
            Self::SupplierLiability => "itc.supplier-liability.v1",
            Self::Evidence => "itc.evidence.v1",
            Self::Results => "itc.results.v1",
            Self::Alerts => "itc.alerts.v1",
        }
    }
}

/// One record that a worker writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing(OutputRecord);

impl Outgoing {
    fn new<P: EventPayload>(topic: Topic, key: String, payload: &P) -> Self {
        Self(OutputRecord {
            topic: topic.name(),
            subject: key.clone(),
            key,
            partition: None,
            event_type: P::TYPE,
            class: P::CLASS,
            headers: Vec::new(),
            // Payloads are plain data with text keys, which serde_json always writes.
            value: serde_json::to_vec(payload).unwrap_or_default(),
        })
    }

    /// To the recipient's journal.
    #[must_use]
    pub fn to_recipient<P: EventPayload>(recipient: RecipientGstin, payload: &P) -> Self {
        Self::new(Topic::RecipientJournal, recipient.to_string(), payload)
    }

    /// To the supplier's journal.
    #[must_use]
    pub fn to_supplier<P: EventPayload>(supplier: SupplierGstin, payload: &P) -> Self {
        Self::new(Topic::SupplierJournal, supplier.to_string(), payload)
    }

    /// To the journal of a Bill of Entry.
    #[must_use]
    pub fn to_customs<P: EventPayload>(bill_of_entry: &BillOfEntryId, payload: &P) -> Self {
        Self::new(Topic::CustomsJournal, bill_of_entry.to_string(), payload)
    }

    /// To one partition of the recipients' journal: it concerns every key there.
    #[must_use]
    pub fn to_recipient_partition<P: EventPayload>(partition: u32, payload: &P) -> Self {
        let mut outgoing = Self::new(Topic::RecipientJournal, String::new(), payload);
        outgoing.0.partition = Some(partition);
        outgoing
    }

    /// To a public topic, keyed by the GSTIN concerned.
    #[must_use]
    pub fn public<P: EventPayload>(topic: Topic, gstin: Gstin, payload: &P) -> Self {
        Self::new(topic, gstin.to_string(), payload)
    }

    /// What became of a request.
    #[must_use]
    pub fn result(gstin: Gstin, request: &Request) -> Self {
        Self::new(Topic::Results, gstin.to_string(), request)
    }

    /// What became of a request for a key that is no GSTIN, such as a Bill of Entry.
    #[must_use]
    pub fn result_for_key(key: String, request: &Request) -> Self {
        Self::new(Topic::Results, key, request)
    }

    /// An alert.
    #[must_use]
    pub fn alert(gstin: Gstin, alert: &Alert) -> Self {
        Self::new(Topic::Alerts, gstin.to_string(), alert)
    }

    /// The same record with its gapless number within key and topic, in the header `ce_sequence`.
    #[must_use]
    pub fn with_sequence(mut self, sequence: u64) -> Self {
        self.0.headers.push(("ce_sequence", sequence.to_string()));
        self
    }

    /// The type of event.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.0.event_type
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &OutputRecord {
        &self.0
    }
}

impl Encode for Outgoing {
    fn encode(&self) -> OutputRecord {
        self.0.clone()
    }

    fn answer(answer: &stream::Answer<'_>) -> Option<Self> {
        Some(crate::orders::answer_to(answer))
    }
}
