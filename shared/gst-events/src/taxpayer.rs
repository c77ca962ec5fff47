//! Facts and commands of taxpayers. Key: the GSTIN that acted or is reported on.

use crate::reads::event_types;
use crate::vocabulary::{Actor, ImsAction, ImsSection, ItcReduction, Origin, RecordId};
use gst_types::{
    BillOfEntryId, FilingFrequency, FinancialYear, Gstin, IstDate, IstInstant, RecipientGstin, SupplierGstin,
    TaxAmounts, TaxPeriod,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which roles a GSTIN is registered with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxpayerRole {
    /// It takes credit.
    Recipient,
    /// It reports documents.
    Supplier,
    /// Both.
    Both,
}

/// A GSTIN and how it files. A later one changes what it names, from `effective_from` on (EG-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxpayerRegistered {
    /// The number.
    pub gstin: Gstin,
    /// Its roles; the fact goes to the journal of each.
    pub role: TaxpayerRole,
    /// How often it files.
    pub filing_frequency: FilingFrequency,
    /// Day of the month after the period on which its GSTR-3B falls due; absent: by frequency and State (CAL-5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gstr3b_due_day: Option<u32>,
    /// The first period whose GSTR-3B is not filed; earlier ones count as filed. Absent: every period is open to
    /// facts told as such, and the first statement is that of the first period with a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_open_period: Option<TaxPeriod>,
    /// From which period on the frequency holds; absent: from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<TaxPeriod>,
    /// Whether its commands need a second person (maker and checker).
    #[serde(default)]
    pub needs_approval: bool,
    /// When it was registered with us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<IstInstant>,
}

/// Which record an action is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImsTarget {
    /// Exactly this version.
    Record {
        /// The version.
        record_id: RecordId,
    },
    /// The current version of a supplier's document.
    Document {
        /// The section.
        section: ImsSection,
        /// The supplier.
        supplier: SupplierGstin,
        /// The number.
        number: String,
        /// The document date.
        date: IstDate,
    },
    /// The latest record of a Bill of Entry in that section.
    BillOfEntry {
        /// The section.
        section: ImsSection,
        /// The Bill of Entry.
        bill_of_entry: BillOfEntryId,
    },
}

/// A recipient acts on a record (section 4 of the IMS rules).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImsActionRequested {
    /// Who acts.
    pub recipient: RecipientGstin,
    /// On what.
    pub target: ImsTarget,
    /// The new state.
    pub action: ImsAction,
    /// Remarks, at most 250 characters (AC-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// The declared reduction (RD-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_reduction: Option<ItcReduction>,
    /// The action that the sender last saw (an optimistic lock), where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_action: Option<ImsAction>,
    /// When it was taken.
    pub at: IstInstant,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Command or fact.
    #[serde(default)]
    pub origin: Origin,
}

/// A second person approves a proposed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImsActionApproved {
    /// The taxpayer.
    pub recipient: RecipientGstin,
    /// The id of the event that proposed it.
    pub proposal_id: String,
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: IstInstant,
}

/// A second person turns a proposed action down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImsActionDenied {
    /// The taxpayer.
    pub recipient: RecipientGstin,
    /// The id of the event that proposed it.
    pub proposal_id: String,
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: IstInstant,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A recipient asks for its statement, first generation or recompute alike (GN-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementRequested {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Which.
    pub period: TaxPeriod,
    /// When it was asked for.
    pub at: IstInstant,
    /// Command or fact.
    #[serde(default)]
    pub origin: Origin,
}

/// A taxpayer filed its own GSTR-3B: the period closes (EF-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipientReturnFiled {
    /// Who filed.
    pub recipient: RecipientGstin,
    /// The period; of a quarterly filer the last month.
    pub period: TaxPeriod,
    /// When.
    pub filed_at: IstInstant,
    /// Acknowledgement number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Table 4 as filed, by line (`4A5`), where told; also the reverse-charge tax paid in 3.1(d), as `3.1d` (ECR-4).
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub table4: std::collections::BTreeMap<String, TaxAmounts>,
    /// Command or fact.
    #[serde(default)]
    pub origin: Origin,
}

/// A taxpayer filed its annual return (TL-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnnualReturnFiled {
    /// Who filed.
    pub recipient: RecipientGstin,
    /// The financial year.
    pub financial_year: FinancialYear,
    /// When.
    pub filed_at: IstInstant,
}

/// The balance of the electronic credit ledger after a debit (INT-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditLedgerBalanceReported {
    /// Whose ledger.
    pub recipient: RecipientGstin,
    /// When the balance was so.
    pub at: IstInstant,
    /// The balance.
    pub balance: TaxAmounts,
    /// Where the fall comes from paying tax in a return, that return's due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_due_date: Option<IstDate>,
}

/// The opening balance of the Electronic Credit Reversal and Re-claimed Statement, as declared on the portal (ECR-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReversalStatementOpened {
    /// Whose statement.
    pub recipient: RecipientGstin,
    /// The balance before the first period that we know; it may be negative (ECR-3). The last one told holds.
    pub opening: TaxAmounts,
    /// When it was declared.
    pub at: IstInstant,
}

/// The portal lists a reversal under rule 37A in Table 5 (TB-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule37aReversalListed {
    /// The record.
    #[serde(default)]
    pub record_id: RecordId,
    /// Who reverses.
    pub recipient: RecipientGstin,
    /// Who did not file.
    pub supplier: SupplierGstin,
    /// B2B, B2BA, DN or DNA.
    pub section: ImsSection,
    /// Document number.
    pub number: String,
    /// Document date.
    pub date: IstDate,
    /// The reversal, positive.
    pub tax: TaxAmounts,
    /// When it was listed.
    pub at: IstInstant,
}

/// What an operator wants a worker to do with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperatorAction {
    /// Decide a parked key's waiting events again.
    Release,
    /// Put one waiting event of a parked key among the dead letters.
    Drop {
        /// Its id.
        event_id: String,
    },
    /// Take a dead letter in again, as it was or mended; the worker is the one that put it aside.
    Replay {
        /// The letter's place, `partition/offset`.
        letter: String,
        /// The record that was put aside.
        record: crate::orders::ReplayedRecord,
    },
    /// Leave a dead letter aside for good.
    Discard {
        /// The letter's place, `partition/offset`.
        letter: String,
    },
    /// Move a due date (PD-6); the key is `*`.
    ExtendDueDate {
        /// The new date.
        extension: crate::calendar::DueDateExtended,
    },
    /// Open the days up to and including one, where the calendar goes by commands and not by the clock; the key is `*`.
    OpenDays {
        /// The last day to open.
        through: IstDate,
    },
    /// Activate a rulebook; the key is `*`.
    ActivateRulebook {
        /// Which.
        rulebook: crate::calendar::RulebookActivated,
    },
}

/// A command of an operator to one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperatorCommand {
    /// The worker.
    pub worker: String,
    /// The GSTIN or Bill of Entry, or `*`.
    pub key: String,
    /// What to do.
    pub command: OperatorAction,
    /// Why, for the record.
    pub reason: String,
    /// Who.
    pub actor: Actor,
}

event_types!(Fact by ["ingest"]:
    TaxpayerRegistered = "itc.taxpayer-registered.v1",
    ImsActionRequested = "itc.ims-action-requested.v1",
    ImsActionApproved = "itc.ims-action-approved.v1",
    ImsActionDenied = "itc.ims-action-denied.v1",
    StatementRequested = "itc.statement-requested.v1",
    RecipientReturnFiled = "itc.recipient-return-filed.v1",
    AnnualReturnFiled = "itc.annual-return-filed.v1",
    CreditLedgerBalanceReported = "itc.credit-ledger-balance-reported.v1",
    ReversalStatementOpened = "itc.reversal-statement-opened.v1",
    Rule37aReversalListed = "itc.rule-37a-reversal-listed.v1",
    OperatorCommand = "itc.operator-command.v1",
);
