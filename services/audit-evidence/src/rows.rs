//! What the worker remembers. Everything of a document is deleted on the day after its pack's `keep_until` (AUD-6);
//! artefacts are never changed before (AUD-7).

use gst_events::{Acceptance, CreditSubject};
use gst_types::{
    DocumentKey, IstDate, IstInstant, Paise, RecipientGstin, StateCode, SupplierGstin, TaxAmounts, TaxPeriod,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use stream::{Row, RowKey};

/// One artefact, as the JSON that is published but for its fields' digests, which follow from it. Added, never changed;
/// deleted with its pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtefactRow {
    /// The artefact.
    pub json: String,
}

impl Row for ArtefactRow {
    const TABLE: &'static str = "artefact";
}

/// What an invoice or bill says, for the cross checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceSeen {
    /// Its date.
    pub date: IstDate,
    /// Value without tax.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
}

/// One version of the record on the recipient's dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordSeen {
    /// How it is accepted, if it is.
    pub acceptance: Option<Acceptance>,
    /// Since when.
    pub accepted_on: Option<IstDate>,
    /// Digest of what was captured of it last, so that a repeated decision adds nothing.
    pub digest: String,
}

/// What is settled on a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Invoice total less credit notes.
    pub payable: Paise,
    /// Settled.
    pub paid: Paise,
    /// Day of the last money settled.
    pub last_paid_on: Option<IstDate>,
}

/// Why a document needs no payment to the supplier, or none in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PaymentDuty {
    /// Within 180 days (R37-2).
    #[default]
    Within180Days,
    /// Outside rule 37 (R37-5): a payment is proven, whenever it was made.
    WithoutTimer,
    /// Deemed paid (Schedule I): nothing is to be proven.
    DeemedPaid,
}

/// The pack of one document: the end of its chain and what its judgement needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRow {
    /// Position of the last artefact.
    pub last_position: u64,
    /// Hash of the last artefact.
    pub last_hash: String,
    /// The last day on which the pack is kept (AUD-6).
    pub keep_until: IstDate,
    /// Artefacts proven by files.
    pub files: BTreeSet<u8>,
    /// The document as booked, or the bill as customs reported it.
    pub booked: Option<InvoiceSeen>,
    /// The document as the portal has it.
    pub filed: Option<InvoiceSeen>,
    /// Place of supply, where it tells the receiving State.
    pub receiving_state: Option<StateCode>,
    /// Day of the first receipt.
    pub received_on: Option<IstDate>,
    /// The versions of its record, by record id.
    pub records: BTreeMap<String, RecordSeen>,
    /// Whether a line of Table 4 tells of it.
    pub line_seen: bool,
    /// Legal day on which credit was first taken.
    pub availed_on: Option<IstDate>,
    /// Whether a payment, deduction or set-off names it.
    pub payment_seen: bool,
    /// What is settled.
    pub settlement: Option<Settlement>,
    /// What is expected of the payment.
    pub payment_duty: PaymentDuty,
    /// Whether customs says that the duty is paid.
    pub duty_paid: bool,
    /// Whether a rule 37 reversal is linked.
    pub has_rule_37_reversal: bool,
    /// Whether a re-claim is linked.
    pub has_reclaim: bool,
    /// The supplier's period under which it is found when its GSTR-3B is heard of.
    pub reported: Option<(SupplierGstin, TaxPeriod)>,
    /// Amended numbers that lead here.
    pub aliases: BTreeSet<DocumentKey>,
    /// The judgement as published last.
    pub judgement: Judgement,
}

impl Row for PackRow {
    const TABLE: &'static str = "pack";
}

impl PackRow {
    /// A pack before its first artefact.
    #[must_use]
    pub fn new(keep_until: IstDate) -> Self {
        Self {
            last_position: 0,
            last_hash: String::new(),
            keep_until,
            files: BTreeSet::new(),
            booked: None,
            filed: None,
            receiving_state: None,
            received_on: None,
            records: BTreeMap::new(),
            line_seen: false,
            availed_on: None,
            payment_seen: false,
            settlement: None,
            payment_duty: PaymentDuty::default(),
            duty_paid: false,
            has_rule_37_reversal: false,
            has_reclaim: false,
            reported: None,
            aliases: BTreeSet::new(),
            judgement: Judgement::default(),
        }
    }

    /// The strongest acceptance of its records (AUD-3).
    #[must_use]
    pub fn acceptance(&self) -> Option<Acceptance> {
        // The enum's order is from the stronger to the weaker.
        self.records.values().filter_map(|record| record.acceptance).min()
    }
}

/// Completeness of a pack (AUD-3 to AUD-5).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether nothing is missing and nothing found.
    pub complete: bool,
    /// Missing artefacts.
    pub missing: Vec<u8>,
    /// Cross checks that did not hold.
    pub warnings: Vec<String>,
    /// Findings.
    pub findings: Vec<String>,
}

/// A filed return, for the acknowledgement in artefact 4. Kept as long as a document of its year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRow {
    /// When it was filed.
    pub filed_at: IstInstant,
    /// Acknowledgement number.
    pub arn: Option<String>,
}

impl Row for ReturnRow {
    const TABLE: &'static str = "return";
}

/// Who asked for an IMS action, by the asking event, until the decision that it causes is long there
/// (`waiting_days_max` of the rulebook).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRow {
    /// The person or service.
    pub subject: String,
    /// Its role.
    pub role: Option<String>,
    /// When it acted.
    pub at: IstInstant,
    /// Of an approval, who proposed the action, and when.
    pub proposer: Option<(String, IstInstant)>,
}

impl Row for ActorRow {
    const TABLE: &'static str = "actor";
}

/// The first version of an amended document. Deleted with its pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRow {
    /// Whose pack it is.
    pub first: DocumentKey,
}

impl Row for AliasRow {
    const TABLE: &'static str = "alias";
}

/// A document by its supplier's period. Deleted with its pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedRow {
    /// The document.
    pub subject: CreditSubject,
}

impl Row for ReportedRow {
    const TABLE: &'static str = "reported";
}

/// What is deleted on a day. Deleted with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DueRow {
    /// A pack with all that belongs to it.
    Pack(CreditSubject),
    /// A return.
    Return(TaxPeriod),
    /// An actor, by the event's id.
    Actor(String),
}

impl Row for DueRow {
    const TABLE: &'static str = "due";
}

/// The key of a pack.
#[must_use]
pub fn pack_key(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
    RowKey::table(PackRow::TABLE).with(recipient).with(subject)
}

/// The prefix of a document's artefacts.
#[must_use]
pub fn artefacts_prefix(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
    RowKey::table(ArtefactRow::TABLE).with(recipient).with(subject)
}

/// The key of an artefact; positions sort as numbers.
#[must_use]
pub fn artefact_key(recipient: RecipientGstin, subject: &CreditSubject, position: u64) -> RowKey {
    artefacts_prefix(recipient, subject).with(format_args!("{position:010}"))
}

/// The key of a return.
#[must_use]
pub fn return_key(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    RowKey::table(ReturnRow::TABLE).with(recipient).with(period)
}

/// The key of an actor.
#[must_use]
pub fn actor_key(recipient: RecipientGstin, event_id: &str) -> RowKey {
    RowKey::table(ActorRow::TABLE).with(recipient).with(event_id)
}

/// The key of an alias.
#[must_use]
pub fn alias_key(recipient: RecipientGstin, amended: &DocumentKey) -> RowKey {
    RowKey::table(AliasRow::TABLE).with(recipient).with(amended)
}

/// The prefix of the documents of a supplier's period.
#[must_use]
pub fn reported_prefix(recipient: RecipientGstin, supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    RowKey::table(ReportedRow::TABLE).with(recipient).with(supplier).with(period)
}

/// The prefix of what is deleted on a day.
#[must_use]
pub fn due_prefix(day: IstDate) -> RowKey {
    RowKey::table(DueRow::TABLE).with(day)
}

/// The key of something to be deleted on a day.
#[must_use]
pub fn due_key(day: IstDate, recipient: RecipientGstin, what: &DueRow) -> RowKey {
    let prefix = due_prefix(day).with(recipient);
    match what {
        DueRow::Pack(subject) => prefix.with("pack").with(subject),
        DueRow::Return(period) => prefix.with("return").with(period),
        DueRow::Actor(event_id) => prefix.with("actor").with(event_id),
    }
}

stream::shown_rows!(ArtefactRow, PackRow, ReturnRow, ActorRow, AliasRow, ReportedRow, DueRow);
