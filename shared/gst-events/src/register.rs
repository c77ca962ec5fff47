//! Facts of the recipient's purchase register, a witness of its own. Key: recipient GSTIN.

use crate::reads::event_types;
use crate::vocabulary::{Actor, CreditSubject};
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An invoice, debit note or ISD document is booked; its 180 days run from its date (R37-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceBooked {
    /// Who booked it.
    pub recipient: RecipientGstin,
    /// The document; its kind is `INVOICE`, `DEBIT_NOTE` or `ISD_INVOICE`.
    pub document: DocumentKey,
    /// The date of issue printed on it.
    pub document_date: IstDate,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with the tax charged on it; for reverse charge without tax.
    pub document_value: Paise,
    /// Whether the recipient pays the tax (R37-5).
    #[serde(default)]
    pub reverse_charge: bool,
    /// Supply without consideration under Schedule I (R37-5).
    #[serde(default)]
    pub schedule_i: bool,
    /// Value with tax that is deemed paid under section 15(2)(b) (R37-5).
    #[serde(default)]
    pub section_15_2_b_amount: Paise,
    /// The period in which the supplier reported it; absent: the period of the document date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_period: Option<TaxPeriod>,
    /// Of a debit note, its invoice (R37-16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<DocumentKey>,
    /// When it was booked.
    pub at: IstInstant,
}

/// A booked document is corrected to these full new values (R37-13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceCorrected {
    /// Whose register.
    pub recipient: RecipientGstin,
    /// The document as first booked.
    pub document: DocumentKey,
    /// The corrected date of issue; absent: unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_date: Option<IstDate>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Document value.
    pub document_value: Paise,
    /// Credit of the document from now on, in place of the old; absent: unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_availed: Option<TaxAmounts>,
    /// When it was corrected.
    pub at: IstInstant,
}

/// Goods or services were received (artefact 2, AUD-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoodsReceived {
    /// Who received them.
    pub recipient: RecipientGstin,
    /// Under which document.
    pub subject: CreditSubject,
    /// Number of the goods receipt note or service acceptance.
    pub receipt_number: String,
    /// `GRN`, `DELIVERY_CHALLAN` or `SERVICE_ACCEPTANCE`.
    pub kind: String,
    /// When they were received.
    pub received_on: IstDate,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When it was recorded.
    pub at: IstInstant,
}

/// A credit note with GST was accepted against an invoice (R37-11). Amounts are positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteAccepted {
    /// Who accepted it.
    pub recipient: RecipientGstin,
    /// The note.
    pub note: DocumentKey,
    /// Its date.
    pub note_date: IstDate,
    /// The invoice it lowers.
    pub invoice: DocumentKey,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Value with tax.
    pub document_value: Paise,
    /// When it was accepted.
    pub at: IstInstant,
}

/// Credit is claimed in a return. A claim in a filed return counts on its filing date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditClaimed {
    /// Who claims.
    pub recipient: RecipientGstin,
    /// The claim; a document may have several.
    pub claim_id: String,
    /// On what.
    pub subject: CreditSubject,
    /// In the return of which period.
    pub return_period: TaxPeriod,
    /// When that return was filed; absent: not filed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_at: Option<IstInstant>,
    /// The amounts.
    pub tax: TaxAmounts,
    /// When it was recorded.
    pub at: IstInstant,
}

/// Which provision takes the credit away for good (T4-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PermanentReversalRule {
    /// Banks and financial institutions.
    #[serde(rename = "38")]
    Rule38,
    /// Inputs and input services in common use.
    #[serde(rename = "42")]
    Rule42,
    /// Capital goods in common use.
    #[serde(rename = "43")]
    Rule43,
    /// Blocked credit.
    #[serde(rename = "17_5")]
    Section17_5,
    /// What the taxpayer reversed by himself, outside GSTR-2B, because the GSTIN of a Bill of Entry was changed away from him:
    /// 4(B)(2), never re-claimed (T4-9).
    #[serde(rename = "BOE_GSTIN_CHANGED")]
    BoeGstinChanged,
}

/// Credit of a document is reversed for good (R37-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermanentReversalRecorded {
    /// Who reverses.
    pub recipient: RecipientGstin,
    /// The reversal.
    pub reversal_id: String,
    /// On what.
    pub subject: CreditSubject,
    /// By which provision.
    pub rule: PermanentReversalRule,
    /// In the return of which period.
    pub return_period: TaxPeriod,
    /// The amounts.
    pub tax: TaxAmounts,
    /// When it was recorded.
    pub at: IstInstant,
}

/// What alone the credit of a document serves; absent where it is common (APP-3, APP-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExclusiveUse {
    /// Taxable supplies (T4): all of it stays.
    Taxable,
    /// Exempt supplies (T2): all of it goes out.
    Exempt,
    /// Outside business (T1): all of it goes out.
    NonBusiness,
    /// A supply from the same PAN, which a bank keeps in full (APP-5).
    SamePan,
}

/// What a document was bought for (BLK-1); the words of the function `eligibility`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditCategorySet {
    /// Whose register.
    pub recipient: RecipientGstin,
    /// Which document.
    pub subject: CreditSubject,
    /// The category, such as `MOTOR_VEHICLE_UPTO_13`.
    pub category: String,
    /// The use, where an exception hangs on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// What alone it serves, for rules 38, 42 and 43; absent where it is in common use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusive_use: Option<ExclusiveUse>,
    /// Why, where a person overrode a proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: IstInstant,
}

/// Turnover of a period, for the proportions of rules 42 and 43 (APP-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnoverReported {
    /// Whose.
    pub recipient: RecipientGstin,
    /// Of which period.
    pub period: TaxPeriod,
    /// Exempt turnover.
    pub exempt: Paise,
    /// Total turnover in the State.
    pub total: Paise,
    /// Whether common credit is partly used outside business (D2 of rule 42).
    #[serde(default)]
    pub common_use_non_business: bool,
    /// Whether the recipient is a bank or financial institution that opted under section 17(4): rule 38 in place of 42 and 43.
    #[serde(default)]
    pub section_17_4: bool,
    /// When.
    pub at: IstInstant,
}

/// A file or record that proves one of the five artefacts (AUD-1, AUD-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceReferenced {
    /// Whose pack.
    pub recipient: RecipientGstin,
    /// Of which document.
    pub subject: CreditSubject,
    /// Artefact number, 1 to 5.
    pub artefact: u32,
    /// What it is, such as `TAX_INVOICE`.
    pub kind: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Size of the file in bytes.
    pub size_in_bytes: u64,
    /// Media type.
    pub media_type: String,
    /// Where it is kept.
    pub storage_reference: String,
    /// Who stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When.
    pub at: IstInstant,
}

event_types!(Fact by ["ingest"]:
    InvoiceBooked = "itc.invoice-booked.v1",
    InvoiceCorrected = "itc.invoice-corrected.v1",
    GoodsReceived = "itc.goods-received.v1",
    NoteAccepted = "itc.note-accepted.v1",
    CreditClaimed = "itc.credit-claimed.v1",
    PermanentReversalRecorded = "itc.permanent-reversal-recorded.v1",
    CreditCategorySet = "itc.credit-category-set.v1",
    TurnoverReported = "itc.turnover-reported.v1",
    EvidenceReferenced = "itc.evidence-referenced.v1",
);
