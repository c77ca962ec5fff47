//! What `ims` decides: which record counts, where and how much; that a statement is due; that a period is locked.

use crate::reads::event_types;
use crate::supplier::{OriginalDocument, SupplierForm};
use crate::taxpayer::ImsActionRequested;
use crate::vocabulary::{CreditSubject, ImsAction, ImsSection, ItcReduction, Origin, RecordId, TableRow};
use gst_rules::RuleRef;
use gst_types::{
    DocumentKey, FilingFrequency, Gstin, IstDate, IstInstant, Paise, RecipientGstin, StateCode, SupplierGstin,
    TaxAmounts, TaxPeriod,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a record came to be accepted (EF-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Acceptance {
    /// The recipient accepted it.
    Explicit,
    /// Silence.
    Deemed,
}

/// What a record in IMPGA or IMPGSEZA amends (TB-9): our own words, because the portal's codes are not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BillAmendment {
    /// The values (BE-4).
    Value,
    /// The GSTIN: the reversal record of the previous one (BE-8).
    GstinOut,
    /// The GSTIN: the credit record of the new one (BE-7).
    GstinIn,
}

/// Why credit of a document is not available (EL-1, EL-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum UnavailableReason {
    /// Place of supply (EL-1).
    #[serde(rename = "P")]
    PlaceOfSupply,
    /// Time limit (EL-2).
    #[serde(rename = "C")]
    TimeLimit,
}

/// A line of GSTR-2B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementLine {
    /// The statement in which the record counts.
    pub period: TaxPeriod,
    /// The row.
    pub table: TableRow,
    /// The effect: in Part B rows a positive reduction; in Tables 4 and 6 the document value; in Table 5 the reversal.
    pub effect: TaxAmounts,
    /// In Table 4 rows of suppliers' documents, why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<UnavailableReason>,
    /// Arrived after the period it belongs to was locked (GN-11).
    #[serde(default)]
    pub late_feed: bool,
}

/// The whole current decision on one record: what it is and where it counts. A later one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImsRecordDecided {
    /// Whose record.
    pub recipient: RecipientGstin,
    /// The record.
    pub record_id: RecordId,
    /// What credit hangs on it.
    pub subject: CreditSubject,
    /// The section; absent for records that never were in IMS (ISD documents, rule 37A lines).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<ImsSection>,
    /// The supplier, distributor or SEZ unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierGstin>,
    /// Number as reported.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// The form, of a supplier's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<SupplierForm>,
    /// The return period in which it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_period: Option<TaxPeriod>,
    /// How often the supplier files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_frequency: Option<FilingFrequency>,
    /// When the form was filed or the Bill of Entry received; absent while only saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_at: Option<IstInstant>,
    /// The supplier's trade name, where the feed has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_name: Option<String>,
    /// Invoice reference number of an e-invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irn: Option<String>,
    /// ICEGATE's reference date of a Bill of Entry (PD-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_date: Option<IstDate>,
    /// Of an amended Bill of Entry, what was amended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_amendment: Option<BillAmendment>,
    /// Of an amendment, the document it amends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<RecordId>,
    /// Of an amendment, the number and date it names (AM-10); of a distributor's credit note, its invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OriginalDocument>,
    /// Of an amendment, the key of the first version of the document: credit and payment timer hang on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends_document: Option<DocumentKey>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Document value, tax included.
    pub document_value: Paise,
    /// Full tax of the record.
    pub tax: TaxAmounts,
    /// Place of supply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_supply: Option<StateCode>,
    /// `R`, `DE`, `SEWP`, `SEWOP` or `CBW`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_type: Option<String>,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
    /// The recipient's action.
    pub action: ImsAction,
    /// How it is accepted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// The stored declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_reduction: Option<ItcReduction>,
    /// The stored remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// Where it counts; absent: in no statement for now (pending, held, superseded, saved, withdrawn).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<StatementLine>,
    /// The statement given by the filing (section 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_period: Option<TaxPeriod>,
    /// The instant in the fact that led here.
    pub decided_at: IstInstant,
    /// The rule that decided.
    pub rule: RuleRef,
}

/// A command about a record or statement was refused; it changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionRefused {
    /// Who asked.
    pub recipient: RecipientGstin,
    /// The id of the event that asked.
    pub request_id: String,
    /// The refusal code (section 16 of the IMS rules).
    pub code: String,
    /// The rule.
    pub rule: RuleRef,
    /// The instant in the request.
    pub at: IstInstant,
}

/// An action waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionProposed {
    /// The id of the event that asked.
    pub proposal_id: String,
    /// What was asked.
    pub request: ImsActionRequested,
    /// The last day on which it can be approved.
    pub expires_on: IstDate,
}

/// Why a statement is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatementReason {
    /// The first version (GN-1).
    Generated,
    /// Asked for again (GN-5).
    Recomputed,
}

/// A statement is to be made from what counts now (GN-1, GN-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementDue {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Which.
    pub period: TaxPeriod,
    /// The number of versions with this one.
    pub version: u32,
    /// Why.
    pub reason: StatementReason,
    /// The generation instant.
    pub generated_at: IstInstant,
    /// How often the recipient files.
    pub filing_frequency: FilingFrequency,
}

/// A GSTR-3B was filed: everything counted in its period is final (EF-6). To both journals of that GSTIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodLocked {
    /// Who filed.
    pub gstin: Gstin,
    /// The period.
    pub period: TaxPeriod,
    /// When.
    pub filed_at: IstInstant,
    /// The last version of the statement; absent where none was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_version: Option<u32>,
    /// Table 4 as filed, by line, where told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub table4: BTreeMap<String, TaxAmounts>,
    /// Acknowledgement number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Command or fact.
    #[serde(default)]
    pub origin: Origin,
}

/// A rejection became final and raises the supplier's liability (SL-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiabilityRaised {
    /// Whose liability.
    pub supplier: SupplierGstin,
    /// Who rejected.
    pub recipient: RecipientGstin,
    /// The rejected record.
    pub record_id: RecordId,
    /// Its document.
    pub document: DocumentKey,
    /// The return period of the form in which it was reported (SL-3).
    pub reported_period: TaxPeriod,
    /// The amount by head (SL-2).
    pub tax: TaxAmounts,
    /// When the recipient's GSTR-3B was filed.
    pub raised_at: IstInstant,
    /// The rule.
    pub rule: RuleRef,
}

/// A fact of the portal was applied although our rules would have refused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortalDiverged {
    /// Whose.
    pub recipient: RecipientGstin,
    /// The id of the fact.
    pub fact_id: String,
    /// The code with which a command would have been refused.
    pub code: String,
    /// The rule.
    pub rule: RuleRef,
    /// The instant in the fact.
    pub at: IstInstant,
}

event_types!(Decision by ["ims"]:
    ImsRecordDecided = "itc.ims-record-decided.v1",
    ActionRefused = "itc.action-refused.v1",
    ActionProposed = "itc.action-proposed.v1",
    StatementDue = "itc.statement-due.v1",
    PeriodLocked = "itc.period-locked.v1",
    LiabilityRaised = "itc.liability-raised.v1",
    PortalDiverged = "itc.portal-diverged.v1",
);
