//! Facts of suppliers: what was saved, deleted and filed. Key: supplier GSTIN.

use crate::reads::event_types;
use crate::vocabulary::{ImsSection, Origin, RecordId};
use gst_types::{IstDate, IstInstant, Paise, RecipientGstin, StateCode, SupplierGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The forms in which suppliers report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SupplierForm {
    /// Statement of outward supplies.
    #[serde(rename = "GSTR1")]
    Gstr1,
    /// Invoice furnishing facility, months 1 and 2 of a quarter.
    #[serde(rename = "IFF")]
    Iff,
    /// Corrections of the same period's GSTR-1.
    #[serde(rename = "GSTR1A")]
    Gstr1a,
    /// Return of a non-resident; bypasses IMS (IN-4).
    #[serde(rename = "GSTR5")]
    Gstr5,
    /// Return of an input service distributor; bypasses IMS (IN-4).
    #[serde(rename = "GSTR6")]
    Gstr6,
}

/// The sections of a supplier's form that carry a registered recipient (IN-3).
pub type SupplierSection = ImsSection;

/// The document that an amendment amends (AM-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OriginalDocument {
    /// Its number, as reported.
    pub number: String,
    /// Its date.
    pub date: IstDate,
}

/// One document as a supplier reports it. Amounts of credit notes are positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierRecord {
    /// The section; of the first eight of [`ImsSection`].
    pub section: SupplierSection,
    /// Who reports it.
    pub supplier: SupplierGstin,
    /// Who receives it.
    pub recipient: RecipientGstin,
    /// The number as reported; its form is checked when it is decided (ID-5).
    pub number: String,
    /// The document date.
    pub date: IstDate,
    /// For amendments, the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OriginalDocument>,
    /// `R`, `DE`, `SEWP`, `SEWOP` or `CBW`; no effect on the result.
    pub invoice_type: String,
    /// Place of supply.
    pub place_of_supply: StateCode,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Document value, tax included.
    pub document_value: Paise,
    /// The supplier's trade name, if the feed has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_name: Option<String>,
    /// Invoice reference number of an e-invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irn: Option<String>,
}

/// A record was saved in an unfiled form, or an earlier save of it edited (IN-1, IN-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierRecordSaved {
    /// The form.
    pub form: SupplierForm,
    /// The form's return period; for a quarterly GSTR-1 the last month.
    pub return_period: TaxPeriod,
    /// The new version of the record.
    #[serde(default)]
    pub record_id: RecordId,
    /// Its content.
    pub record: SupplierRecord,
    /// When it was saved.
    pub at: IstInstant,
    /// Who says so.
    #[serde(default)]
    pub origin: Origin,
}

/// A saved record was deleted from an unfiled form (IN-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierRecordDeleted {
    /// Whose.
    pub supplier: SupplierGstin,
    /// The form, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<SupplierForm>,
    /// Its return period, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_period: Option<TaxPeriod>,
    /// The exact version, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<RecordId>,
    /// The section.
    pub section: SupplierSection,
    /// The number.
    pub number: String,
    /// The date.
    pub date: IstDate,
    /// When.
    pub at: IstInstant,
    /// Who says so.
    #[serde(default)]
    pub origin: Origin,
}

/// A form was filed with every record saved in it (IN-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierReturnFiled {
    /// Whose.
    pub supplier: SupplierGstin,
    /// The form.
    pub form: SupplierForm,
    /// Its return period.
    pub return_period: TaxPeriod,
    /// The filing instant, which alone decides the statement (PD-2).
    pub filed_at: IstInstant,
    /// Who says so.
    #[serde(default)]
    pub origin: Origin,
}

/// Invoice or credit note of an input service distributor (ELG-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum IsdDocumentType {
    /// Invoice.
    #[serde(rename = "ISDI")]
    Invoice,
    /// Credit note.
    #[serde(rename = "ISDC")]
    CreditNote,
}

/// A document of a filed GSTR-6 (IN-4). Key: the distributor's GSTIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IsdDocumentFiled {
    /// The record.
    #[serde(default)]
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

/// Somebody looked at a supplier's GSTR-3B of a period: filed, or not filed so far (R37A-4, SL-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplierStatusReported {
    /// Whose return.
    pub supplier: SupplierGstin,
    /// The period; of a quarterly filer the last month of its quarter.
    pub period: TaxPeriod,
    /// Whether it is filed.
    pub filed: bool,
    /// When it was filed, or as of when it was not.
    pub at: IstInstant,
}

event_types!(Fact by ["ingest"]:
    SupplierRecordSaved = "itc.supplier-record-saved.v1",
    SupplierRecordDeleted = "itc.supplier-record-deleted.v1",
    SupplierReturnFiled = "itc.supplier-return-filed.v1",
    IsdDocumentFiled = "itc.isd-document-filed.v1",
    SupplierStatusReported = "itc.supplier-status-reported.v1",
);
