//! What `filings` tells each recipient about its suppliers' documents and returns. Key: recipient GSTIN.

use crate::reads::event_types;
use crate::supplier::{IsdDocumentType, OriginalDocument, SupplierForm, SupplierRecord};
use crate::vocabulary::RecordId;
use gst_types::{FilingFrequency, IstDate, IstInstant, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A document as a recipient hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FiledDocument {
    /// The version of the record.
    pub record_id: RecordId,
    /// Its content; number and dates are checked.
    pub record: SupplierRecord,
    /// The form it is reported in.
    pub form: SupplierForm,
    /// The form's return period.
    pub return_period: TaxPeriod,
    /// How often the supplier files, which chooses the window (PD-1, PD-3).
    pub supplier_frequency: FilingFrequency,
    /// When this version was saved.
    pub saved_at: IstInstant,
    /// Of an amendment, the record that it amends (AM-10): the latest filed version of the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_record_id: Option<RecordId>,
}

/// A supplier saved a new record (IN-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentSaved {
    /// The document.
    pub document: FiledDocument,
}

/// A supplier edited a saved record; the action on it is reset (IN-6, AM-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentChanged {
    /// The document now.
    pub document: FiledDocument,
    /// The version that it replaces.
    pub replaces: RecordId,
}

/// Why a saved record disappears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WithdrawalReason {
    /// The supplier deleted it (IN-6).
    Deleted,
    /// An edit gave it to another recipient.
    RecipientChanged,
}

/// A saved record is gone, with the action on it (IN-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentWithdrawn {
    /// Whose dashboard.
    pub recipient: RecipientGstin,
    /// The version.
    pub record_id: RecordId,
    /// Why.
    pub reason: WithdrawalReason,
    /// When.
    pub at: IstInstant,
}

/// The form with this record was filed (IN-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentFiled {
    /// The document as filed.
    pub document: FiledDocument,
    /// The filing instant, which alone decides the statement (PD-2).
    pub filed_at: IstInstant,
    /// Where the amendment took the document from another recipient (AM-12), or gave it to one: the nil record of the
    /// previous recipient says so.
    #[serde(default)]
    pub recipient_changed: bool,
}

/// A document of an input service distributor; it bypasses IMS (IN-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IsdDocumentReported {
    /// The record.
    pub record_id: RecordId,
    /// The distributor.
    pub isd: SupplierGstin,
    /// Who receives the credit.
    pub recipient: RecipientGstin,
    /// The return period.
    pub return_period: TaxPeriod,
    /// Invoice or credit note.
    pub document_type: IsdDocumentType,
    /// Number.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// Of a credit note, the invoice that it belongs to, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OriginalDocument>,
    /// Credit by head.
    pub tax: TaxAmounts,
    /// Whether the distributor marks it as eligible.
    pub itc_eligible: bool,
    /// The filing instant.
    pub filed_at: IstInstant,
}

/// What is known of a supplier's GSTR-3B (R37A-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Gstr3bFilingStatus {
    /// Filed.
    Filed,
    /// Reported as not filed so far.
    NotFiled,
    /// Nobody said anything.
    Unknown,
}

/// What is known of a supplier's GSTR-3B that the recipient watches: of a quarterly filer one return for all its months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierGstr3bStatus {
    /// Who watches.
    pub recipient: RecipientGstin,
    /// Whose return.
    pub supplier: SupplierGstin,
    /// The months of that return as they are watched, in time order; all lie in one quarter.
    pub periods: Vec<TaxPeriod>,
    /// The status.
    pub status: Gstr3bFilingStatus,
    /// When it was filed, or as of when it was not; absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<IstInstant>,
}

event_types!(Decision by ["filings"]:
    DocumentSaved = "itc.document-saved.v1",
    DocumentChanged = "itc.document-changed.v1",
    DocumentWithdrawn = "itc.document-withdrawn.v1",
    DocumentFiled = "itc.document-filed.v1",
    IsdDocumentReported = "itc.isd-document-reported.v1",
    SupplierGstr3bStatus = "itc.supplier-gstr3b-status.v1",
);
