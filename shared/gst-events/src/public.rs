//! What the world hears: IMS records, GSTR-2B, supplier liability, evidence, results and alerts.

use crate::ims::{Acceptance, BillAmendment, StatementReason, UnavailableReason};
use crate::reads::event_types;
use crate::supplier::{OriginalDocument, SupplierForm};
use crate::vocabulary::{Actor, CreditSubject, ImsAction, ImsSection, ItcReduction, RecordId, TableRow};
use gst_rules::rule::{self, RuleRef};
use gst_types::{Gstin, IstDate, IstInstant, Paise, RecipientGstin, StateCode, SupplierGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::{EventMeta, WorkerName};

/// A record on a recipient's dashboard, with the flags of AC-10 under plain names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImsRecord {
    /// Whose dashboard.
    pub recipient: RecipientGstin,
    /// The version of the record.
    pub record_id: RecordId,
    /// The document or Bill of Entry.
    pub subject: CreditSubject,
    /// The section; absent for documents of input service distributors, which are in IMS only where the rulebook says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<ImsSection>,
    /// The supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierGstin>,
    /// Number as reported.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// The source form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<SupplierForm>,
    /// The source form's return period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_period: Option<TaxPeriod>,
    /// Whether the source form is filed (IN-2).
    pub filed: bool,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// The action.
    pub action: ImsAction,
    /// How it is accepted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// Whether it is on the dashboard.
    pub visible_in_ims: bool,
    /// Whether Pending would not be refused now.
    pub pending_allowed: bool,
    /// Whether remarks can be given (AC-8).
    pub remarks_allowed: bool,
    /// Whether a reduction can be declared (RD-6).
    pub itc_reduction_allowed: bool,
    /// The stored declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_reduction: Option<ItcReduction>,
    /// The stored remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// The statement given by the filing; absent while unfiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gstr2b_period: Option<TaxPeriod>,
    /// The rule that decided last.
    pub rule: RuleRef,
}

/// One line of a published GSTR-2B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedLine {
    /// The record.
    pub record_id: RecordId,
    /// The document or Bill of Entry.
    pub subject: CreditSubject,
    /// The supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierGstin>,
    /// The supplier's trade name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_name: Option<String>,
    /// The section of IMS; absent for what never is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<ImsSection>,
    /// The source form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<SupplierForm>,
    /// Place of supply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_supply: Option<StateCode>,
    /// `R`, `DE`, `SEWP`, `SEWOP` or `CBW`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_type: Option<String>,
    /// Of an amendment, the number and date it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OriginalDocument>,
    /// Invoice reference number of an e-invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irn: Option<String>,
    /// ICEGATE's reference date of a Bill of Entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_date: Option<IstDate>,
    /// Of an amended Bill of Entry, what was amended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_amendment: Option<BillAmendment>,
    /// The action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ImsAction>,
    /// The declaration (RD-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_reduction: Option<ItcReduction>,
    /// The remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// Number as reported.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// The supplier's return period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_period: Option<TaxPeriod>,
    /// The supplier's filing date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_filed_on: Option<IstDate>,
    /// The row.
    pub table: TableRow,
    /// The effect (section "expect" of the case format).
    pub effect: TaxAmounts,
    /// Taxable value of the document.
    pub taxable_value: Paise,
    /// Document value.
    pub document_value: Paise,
    /// Full tax of the document.
    pub tax: TaxAmounts,
    /// In Table 4 rows of suppliers' documents, why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<UnavailableReason>,
    /// How it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
    /// Arrived late (GN-11).
    #[serde(default)]
    pub late_feed: bool,
    /// The rule that decided.
    pub rule: RuleRef,
}

/// A part of a GSTR-2B. Readers act on [`Gstr2bSealed`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gstr2bChunk {
    /// Whose statement.
    pub recipient: RecipientGstin,
    /// Which.
    pub period: TaxPeriod,
    /// The version that carries this chunk first.
    pub version: u32,
    /// The chunk within the statement, by row and bucket.
    pub chunk: String,
    /// SHA-256 of the lines as written, hexadecimal.
    pub digest: String,
    /// The lines, at most 500.
    pub lines: Vec<PublishedLine>,
}

/// One chunk as a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealedChunk {
    /// The chunk.
    pub chunk: String,
    /// Its digest.
    pub digest: String,
    /// The version that first carried it.
    pub version: u32,
    /// How many lines it has.
    pub lines: u64,
}

/// A GSTR-2B is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gstr2bSealed {
    /// Whose statement.
    pub recipient: RecipientGstin,
    /// Which.
    pub period: TaxPeriod,
    /// The number of versions with this one.
    pub version: u32,
    /// Why it was made.
    pub reason: StatementReason,
    /// When.
    pub generated_at: IstInstant,
    /// Its chunks, in order.
    pub chunks: Vec<SealedChunk>,
    /// How many lines it has.
    pub lines: u64,
    /// Totals per row.
    pub totals: BTreeMap<String, TaxAmounts>,
    /// GSTR-3B Table 4 as auto-populated, by line (TB-7).
    pub gstr3b_auto_population: BTreeMap<String, TaxAmounts>,
    /// Records that entered, left or changed since the version before, each with the event that caused it.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Whether events of this taxpayer wait behind a fault.
    #[serde(default)]
    pub incomplete: bool,
}

/// A supplier's liability of a period rises because a rejection became final (SL-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierLiability {
    /// Whose liability.
    pub supplier: SupplierGstin,
    /// The period whose liability rises.
    pub period: TaxPeriod,
    /// Who rejected.
    pub recipient: RecipientGstin,
    /// The rejected record.
    pub record_id: RecordId,
    /// The amount by head.
    pub tax: TaxAmounts,
    /// The rule.
    pub rule: RuleRef,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    /// Done.
    Applied,
    /// Not done, for the reason in the code.
    Refused,
    /// It was delivered before; nothing changed (EG-6).
    DuplicateIgnored,
    /// It waits for a document or a second person.
    Waiting,
}

/// The answer to one request, echoing its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The `ce_id` of the request.
    pub request_id: String,
    /// What became of it.
    pub status: RequestStatus,
    /// The refusal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The portal's error code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_code: Option<String>,
    /// Plain words.
    pub message: String,
    /// The rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Of a request with many records, the one that this answer is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<RecordId>,
    /// The worker that decided.
    pub worker: String,
    /// The instant in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<IstInstant>,
}

impl Request {
    /// The answer to what `meta` brought: its id is the one that the sender gave.
    #[must_use]
    pub fn answer(meta: &EventMeta, worker: WorkerName, status: RequestStatus, message: &str) -> Self {
        Self {
            request_id: meta.cause.clone().unwrap_or_else(|| meta.id.clone()),
            status,
            code: None,
            portal_code: None,
            message: message.to_owned(),
            rule: None,
            record_id: None,
            worker: worker.0.to_owned(),
            at: None,
        }
    }

    /// The answer to what was delivered before (EG-6).
    #[must_use]
    pub fn repeated(meta: &EventMeta, worker: WorkerName, at: Option<IstInstant>) -> Self {
        let answer =
            Self::answer(meta, worker, RequestStatus::DuplicateIgnored, "this was delivered before; nothing changed");
        Self { rule: Some(rule::EG_6), at, ..answer }
    }
}

/// Something a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// Stable code, such as `TIME_BARRED_16_4`.
    pub code: String,
    /// The taxpayer concerned.
    pub gstin: Gstin,
    /// The document or Bill of Entry, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<CreditSubject>,
    /// The legal day.
    pub date: IstDate,
    /// Plain words.
    pub message: String,
    /// The rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// The worker that says so.
    pub worker: String,
}

/// One artefact of a pack (AUD-2), linked to the one before by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceArtefact {
    /// Position in the chain, from 1.
    pub position: u64,
    /// Artefact number 1 to 5; 0 for a further link such as a reversal.
    pub artefact: u32,
    /// What it is, such as `TAX_INVOICE` or `RULE37_REVERSAL`.
    pub kind: String,
    /// The event that it was taken from.
    pub event_id: String,
    /// When it was captured: the instant in the event (IST).
    pub captured_at: IstInstant,
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What it says, field by field, in key order.
    pub facts: BTreeMap<String, String>,
    /// Of each field above (`kind`, `facts.arn`), the first 16 digits of its SHA-256, so that a change can be named.
    #[serde(default)]
    pub field_digests: BTreeMap<String, String>,
    /// Hash of the artefact before; empty for the first.
    pub previous_hash: String,
    /// SHA-256 over this artefact without this field, hexadecimal.
    pub hash: String,
}

/// One artefact more in the evidence of a document, and how its pack stands with it. Put together in the order of the
/// topic, each behind the hash of the one before, they are the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceAdded {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Of what.
    pub subject: CreditSubject,
    /// The artefact, with its place in the chain.
    pub artefact: EvidenceArtefact,
    /// Whether all five are there now and consistent.
    pub complete: bool,
    /// How strong artefact 3 is: accepted by somebody or by silence (AUD-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// Numbers of those still missing.
    pub missing: Vec<u32>,
    /// Cross checks that do not hold (AUD-4).
    pub warnings: Vec<String>,
    /// Findings that make it incomplete (AUD-5).
    pub findings: Vec<String>,
    /// The last day on which the pack must be kept, proceedings apart (AUD-6).
    pub keep_until: IstDate,
    /// SHA-256 over this addition without this field, hexadecimal.
    pub hash: String,
}

/// The evidence of one document is deleted: its retention has ended (AUD-6). What is told of the document later begins a
/// chain anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceDeleted {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Of what.
    pub subject: CreditSubject,
    /// The last day on which it had to be kept.
    pub keep_until: IstDate,
    /// Position of its last artefact.
    pub last_position: u64,
    /// Hash of its last artefact.
    pub last_hash: String,
}

/// The evidence of one document (AUD-1, AUD-3), whole: told where its verdict changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidencePack {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Of what.
    pub subject: CreditSubject,
    /// The chain, of a very long one its end.
    pub artefacts: Vec<EvidenceArtefact>,
    /// Whether all five are there and consistent.
    pub complete: bool,
    /// How strong artefact 3 is: accepted by somebody or by silence (AUD-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// Numbers of the missing ones.
    pub missing: Vec<u32>,
    /// Cross checks that did not hold (AUD-4).
    pub warnings: Vec<String>,
    /// Findings that make it incomplete (AUD-5).
    pub findings: Vec<String>,
    /// The last day on which it must be kept, proceedings apart (AUD-6).
    pub keep_until: IstDate,
    /// As in an artefact; `artefacts` stands for the last one's hash.
    #[serde(default)]
    pub field_digests: BTreeMap<String, String>,
    /// SHA-256 over this pack without this field, hexadecimal.
    #[serde(default)]
    pub hash: String,
}

event_types!(Public by ["ims"]: ImsRecord = "itc.ims-record.v1");
event_types!(Public by ["gstr2b"]:
    Gstr2bChunk = "itc.gstr2b-chunk.v1",
    Gstr2bSealed = "itc.gstr2b-sealed.v1",
);
event_types!(Public by ["filings"]: SupplierLiability = "itc.supplier-liability-raised.v1");
event_types!(Public by ["audit-evidence"]:
    EvidenceAdded = "itc.evidence-added.v1",
    EvidencePack = "itc.evidence-pack.v1",
    EvidenceDeleted = "itc.evidence-deleted.v1",
);
event_types!(Public by ["ingest", "filings", "customs", "ims", "gstr2b", "payment-timers", "itc-ledger", "audit-evidence"]:
    Request = "itc.request-result.v1",
    Alert = "itc.alert.v1",
);
