//! Bills of Entry: facts from customs (key: the Bill of Entry) and what `customs` tells the recipients.

use crate::reads::event_types;
use crate::vocabulary::{ImsSection, Origin, RecordId};
use gst_rules::RuleRef;
use gst_types::{BillOfEntryId, IstDate, IstInstant, Paise, Percent, RecipientGstin, SupplierGstin, TaxAmounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kinds of Bill of Entry (BOE-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BillOfEntryType {
    /// Duty paid, goods free.
    #[default]
    HomeConsumption,
    /// Warehoused: no duty, no credit. Some feeds call it `WAREHOUSING` (BOE-2).
    #[serde(alias = "WAREHOUSING")]
    IntoBond,
    /// Cleared from the warehouse.
    ExBond,
    /// Cleared from an SEZ.
    Sez,
    /// Re-import.
    ReImport,
    /// Project import.
    Project,
    /// Baggage.
    Baggage,
    /// Courier.
    Courier,
    /// Transit: no duty, no credit.
    Transit,
    /// Transhipment: no duty, no credit.
    Transhipment,
}

/// Steps of a Bill of Entry (BOE-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomsStatusWord {
    /// Filed.
    Filed,
    /// Under assessment.
    UnderAssessment,
    /// Customs asked.
    QueryRaised,
    /// The importer answered.
    QueryReplied,
    /// Duty assessed.
    AssessmentComplete,
    /// Assessed provisionally.
    ProvisionallyAssessed,
    /// Duty paid.
    DutyPaid,
    /// Under examination.
    Examination,
    /// Goods released.
    OutOfCharge,
    /// Cancelled.
    Cancelled,
    /// Purged.
    Purged,
    /// Amended after release.
    Amended,
    /// Re-assessed after release.
    Reassessed,
}

/// The content of a Bill of Entry at one time. Only IGST and cess occur (BOE-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryDetails {
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// IMPG or IMPGSEZ, for amendments IMPGA or IMPGSEZA.
    pub section: ImsSection,
    /// Its kind.
    #[serde(default)]
    pub bill_of_entry_type: BillOfEntryType,
    /// The importer.
    pub importer: RecipientGstin,
    /// The value on which IGST was computed (DUT-4).
    pub taxable_value: Paise,
    /// IGST and cess.
    pub tax: TaxAmounts,
    /// Of an IMPGSEZ, the SEZ supplier; never part of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sez_supplier: Option<SupplierGstin>,
    /// Of an ex-bond bill, its into-bond bill; information only (BOE-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<BillOfEntryId>,
    /// ICEGATE's reference date, where the feed has it (BOE-6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_date: Option<IstDate>,
}

/// A Bill of Entry came from customs for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomsBillReported {
    /// The record it becomes.
    #[serde(default)]
    pub record_id: RecordId,
    /// The content.
    pub details: BillOfEntryDetails,
    /// When the GST system received it (PD-8).
    pub received_at: IstInstant,
}

/// Customs reported a step of a Bill of Entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomsStatusReported {
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// The feed's word; an unknown one is kept and changes nothing (BOE-4).
    pub status: String,
    /// When.
    pub at: IstInstant,
}

/// Customs amended the values; the record carries the whole revised values (BE-4, BOE-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomsBillValueAmended {
    /// The record it becomes.
    #[serde(default)]
    pub record_id: RecordId,
    /// The content after the amendment.
    pub details: BillOfEntryDetails,
    /// When the GST system received it.
    pub received_at: IstInstant,
}

/// Customs moved a Bill of Entry to another GSTIN (BE-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomsBillGstinAmended {
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// The previous holder.
    pub from: RecipientGstin,
    /// The new holder.
    pub to: RecipientGstin,
    /// The customs date of the amendment (BE-11).
    pub amendment_date: IstDate,
    /// The reversal record of the previous holder.
    #[serde(default)]
    pub reversal_record_id: RecordId,
    /// The credit record of the new holder, where one arises (BE-10).
    #[serde(default)]
    pub credit_record_id: RecordId,
    /// When the GST system received it.
    pub received_at: IstInstant,
    /// Who says so.
    #[serde(default)]
    pub origin: Origin,
}

/// The kind of customs station (BOE-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomsStation {
    /// Sea port.
    SeaPort,
    /// Inland container depot.
    Icd,
    /// Air freight station.
    AirFreightStation,
    /// Airport.
    Airport,
    /// Land customs station.
    LandStation,
}

/// What a Bill of Entry says about its value, its duties and its arrival beside IGST and cess (BOE-9). It causes no entry:
/// customs' figures count, and a difference from the computation is told (DUT-2 to DUT-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomsDutyReported {
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// The importer.
    pub importer: RecipientGstin,
    /// Assessable value (DUT-1).
    pub assessable_value: Paise,
    /// Basic customs duty.
    #[serde(default)]
    pub bcd: Paise,
    /// Agriculture Infrastructure and Development Cess.
    #[serde(default)]
    pub aidc: Paise,
    /// Social Welfare Surcharge (DUT-3).
    #[serde(default)]
    pub sws: Paise,
    /// Anti-dumping and every other customs duty.
    #[serde(default)]
    pub other_duties: Paise,
    /// The last sale price in bond (DUT-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_price_in_bond: Option<Paise>,
    /// Rate of IGST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub igst_percent: Option<Percent>,
    /// Group of the rate table, which gives the rate of the day where the bill names none (RATE-1, DUT-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_group: Option<String>,
    /// Rate of compensation cess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cess_percent: Option<Percent>,
    /// When the bill was presented (DUT-7, BOE-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presented_on: Option<IstDate>,
    /// When the vessel, aircraft or vehicle arrived (DUT-7, BOE-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<IstDate>,
    /// Where it arrived (BOE-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<CustomsStation>,
    /// Country of consignment, ISO code (BOE-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_country: Option<String>,
    /// When it was told.
    pub at: IstInstant,
}

/// A figure of customs beside what the computation gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DutyDifference {
    /// `taxable_value`, `igst` or `cess`.
    pub field: String,
    /// As customs has it; it counts.
    pub customs: Paise,
    /// As computed, in whole rupees where it is a duty (DUT-9).
    pub computed: Paise,
}

/// A Bill of Entry says another IGST, cess or value than its own figures give. A warning, not a correction. The whole truth
/// each time; without differences there are none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryDutyDiffers {
    /// Whose bill.
    pub recipient: RecipientGstin,
    /// Which one.
    pub bill_of_entry: BillOfEntryId,
    /// What differs by more than a rupee.
    pub differences: Vec<DutyDifference>,
    /// The rate of IGST applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub igst_percent: Option<Percent>,
    /// The day whose rates apply (DUT-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_rate_date: Option<IstDate>,
    /// The rule.
    pub rule: RuleRef,
}

/// A recipient has a Bill of Entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryReceived {
    /// The record.
    pub record_id: RecordId,
    /// The content; without a reference date it is no IMS record yet.
    pub details: BillOfEntryDetails,
    /// When the GST system received it.
    pub received_at: IstInstant,
}

/// The values of a recipient's Bill of Entry changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryAmended {
    /// The new record.
    pub record_id: RecordId,
    /// The content after the amendment.
    pub details: BillOfEntryDetails,
    /// The values before.
    pub tax_before: TaxAmounts,
    /// The taxable value before.
    pub taxable_value_before: Paise,
    /// Since when credit may be taken, if it may (BOE-5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible_at: Option<IstInstant>,
    /// When the GST system received it.
    pub received_at: IstInstant,
}

/// A Bill of Entry went a step further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryStatusChanged {
    /// The content as of now; with a reference date once out of charge and paid (BOE-6).
    pub details: BillOfEntryDetails,
    /// The record it belongs to.
    pub record_id: RecordId,
    /// The last step known; `None` while no known word has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CustomsStatusWord>,
    /// The feed's word.
    pub raw_status: String,
    /// When.
    pub at: IstInstant,
    /// Since when credit may be taken, if it may: the later of out of charge and duty paid (BOE-5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible_at: Option<IstInstant>,
    /// Whether this step made credit available for the first time.
    #[serde(default)]
    pub became_eligible: bool,
    /// When the GST system received the bill.
    pub received_at: IstInstant,
}

/// A Bill of Entry left its previous holder; written together with [`BillOfEntryMovedIn`] in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryMovedOut {
    /// The move; the same on both sides.
    pub move_id: String,
    /// The reversal record.
    pub record_id: RecordId,
    /// The content as of now, still in the name of the previous holder.
    pub details: BillOfEntryDetails,
    /// The new holder.
    pub to: RecipientGstin,
    /// The customs date of the amendment.
    pub amendment_date: IstDate,
    /// When the GST system received it; its day is the reference date of both records.
    pub received_at: IstInstant,
}

/// A Bill of Entry came to its new holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillOfEntryMovedIn {
    /// The move; the same on both sides.
    pub move_id: String,
    /// The credit record; absent where the new holder has a record of the bill already (BE-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<RecordId>,
    /// The content as of now, in the name of the new holder.
    pub details: BillOfEntryDetails,
    /// The previous holder.
    pub from: RecipientGstin,
    /// The customs date of the amendment.
    pub amendment_date: IstDate,
    /// When the GST system received it.
    pub received_at: IstInstant,
}

event_types!(Fact by ["ingest"]:
    CustomsBillReported = "itc.customs-bill-reported.v1",
    CustomsStatusReported = "itc.customs-status-reported.v1",
    CustomsBillValueAmended = "itc.customs-bill-value-amended.v1",
    CustomsBillGstinAmended = "itc.customs-bill-gstin-amended.v1",
    CustomsDutyReported = "itc.customs-duty-reported.v1",
);
event_types!(Decision by ["customs"]:
    BillOfEntryReceived = "itc.bill-of-entry-received.v1",
    BillOfEntryAmended = "itc.bill-of-entry-amended.v1",
    BillOfEntryStatusChanged = "itc.bill-of-entry-status-changed.v1",
    BillOfEntryMovedOut = "itc.bill-of-entry-moved-out.v1",
    BillOfEntryMovedIn = "itc.bill-of-entry-moved-in.v1",
    BillOfEntryDutyDiffers = "itc.bill-of-entry-duty-differs.v1",
);
