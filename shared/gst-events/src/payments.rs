//! Facts of money settled with suppliers (R37-7). Key: recipient GSTIN.

use crate::reads::event_types;
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A supplier was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentMade {
    /// Who paid.
    pub recipient: RecipientGstin,
    /// The payment; bank reference or the like.
    pub payment_id: String,
    /// Who was paid.
    pub supplier: SupplierGstin,
    /// For which document, where told (R37-15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentKey>,
    /// How much.
    pub amount: Paise,
    /// An advance counts for nothing until it is adjusted (R37-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_id: Option<String>,
    /// When the payer's account was debited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit_date: Option<IstDate>,
    /// The date on the instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument_date: Option<IstDate>,
    /// When the supplier's account was credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_credit_date: Option<IstDate>,
    /// When we were told; the day that counts where the configured date is absent.
    pub at: IstInstant,
}

/// Which tax was deducted at source; a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TdsKind {
    /// Income tax.
    #[serde(rename = "INCOME_TAX")]
    IncomeTax,
    /// GST under section 51.
    #[serde(rename = "GST_SECTION_51")]
    GstSection51,
}

/// Tax was deducted from the supplier's money and paid for him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TdsDeducted {
    /// Who deducted.
    pub recipient: RecipientGstin,
    /// The deduction.
    pub deduction_id: String,
    /// From which document.
    pub document: DocumentKey,
    /// Which tax.
    pub kind: TdsKind,
    /// How much.
    pub amount: Paise,
    /// When, which is the day that counts.
    pub at: IstInstant,
}

/// Mutual debts were set off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BookAdjusted {
    /// Who set off.
    pub recipient: RecipientGstin,
    /// The set-off.
    pub adjustment_id: String,
    /// Against which document.
    pub document: DocumentKey,
    /// How much.
    pub amount: Paise,
    /// The supplier's confirmation; without it the set-off does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_document: Option<String>,
    /// When.
    pub at: IstInstant,
}

/// Part of an advance is put against a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvanceAdjusted {
    /// Who adjusts.
    pub recipient: RecipientGstin,
    /// The adjustment.
    pub adjustment_id: String,
    /// The advance, as its payment named it.
    pub advance_id: String,
    /// Against which document.
    pub document: DocumentKey,
    /// How much.
    pub amount: Paise,
    /// When, which is the day that counts.
    pub at: IstInstant,
}

/// A commercial note without GST settles part of a document (R37-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommercialNoteReceived {
    /// Who received it.
    pub recipient: RecipientGstin,
    /// The note.
    pub note_id: String,
    /// Against which document.
    pub document: DocumentKey,
    /// How much.
    pub amount: Paise,
    /// When.
    pub at: IstInstant,
}

/// Settled money is moved from one document to another (R37-15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReallocated {
    /// Who moves it.
    pub recipient: RecipientGstin,
    /// The re-allocation.
    pub reallocation_id: String,
    /// From which document.
    pub from: DocumentKey,
    /// To which document.
    pub to: DocumentKey,
    /// How much.
    pub amount: Paise,
    /// When, from which day it counts.
    pub at: IstInstant,
}

event_types!(Fact by ["ingest"]:
    PaymentMade = "itc.payment-made.v1",
    TdsDeducted = "itc.tds-deducted.v1",
    BookAdjusted = "itc.book-adjusted.v1",
    AdvanceAdjusted = "itc.advance-adjusted.v1",
    CommercialNoteReceived = "itc.commercial-note-received.v1",
    PaymentReallocated = "itc.payment-reallocated.v1",
);
