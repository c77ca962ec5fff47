//! What `gstr2b` decides: which credit is availed, by claims and at locks. Key: recipient GSTIN.

use crate::reads::event_types;
use crate::vocabulary::{CreditSubject, RecordId, TableRow};
use gst_rules::RuleRef;
use gst_types::{IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The statement line behind a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimedLine {
    /// The record.
    pub record_id: RecordId,
    /// The statement.
    pub period: TaxPeriod,
    /// The row.
    pub table: TableRow,
    /// The effect of the line, signed as credit: a credit note is negative.
    pub credit: TaxAmounts,
}

/// Credit is taken in a filed return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditAvailed {
    /// Who takes it.
    pub recipient: RecipientGstin,
    /// The claim of the register; at a lock without a claim, an id made of period and record.
    pub claim_id: String,
    /// On what.
    pub subject: CreditSubject,
    /// In the return of which period.
    pub return_period: TaxPeriod,
    /// When that return was filed.
    pub availed_at: IstInstant,
    /// What is claimed, signed: a credit note is negative.
    pub claimed: TaxAmounts,
    /// The line, `None` where the claim is in no statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<ClaimedLine>,
    /// Whether the register told of the claim.
    pub from_register: bool,
    /// The rule.
    pub rule: RuleRef,
}

/// A claim of a filed return is in no statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimNotInStatement {
    /// Who claims.
    pub recipient: RecipientGstin,
    /// The claim.
    pub claim_id: String,
    /// On what.
    pub subject: CreditSubject,
    /// In the return of which period.
    pub return_period: TaxPeriod,
    /// What is claimed.
    pub claimed: TaxAmounts,
}

/// Every claim of a filed return is told: what its lines come to is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnClaimsTold {
    /// Whose return.
    pub recipient: RecipientGstin,
    /// Its period.
    pub period: TaxPeriod,
    /// When it was filed.
    pub filed_at: IstInstant,
}

event_types!(Decision by ["gstr2b"]:
    CreditAvailed = "itc.credit-availed.v1",
    ClaimNotInStatement = "itc.claim-not-in-statement.v1",
    ReturnClaimsTold = "itc.return-claims-told.v1",
);
