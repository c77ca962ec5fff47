//! Rows of `customs`. A bill is kept as long as its credit may be asked about (AUD-6); its early steps until it comes.

use gst_events::{BillOfEntryDetails, BillOfEntryType, ImsSection, RecordId};
use gst_rules::bill_of_entry::{BillOfEntryStatus, Lifecycle};
use gst_rules::calendar::bill_of_entry_reference_date;
use gst_types::{BillOfEntryId, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use serde::{Deserialize, Serialize};
use stream::{Row, RowKey};

/// A step as customs told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: IstInstant,
    /// The feed's word.
    pub word: String,
}

/// A GSTIN that has, or had, a record of the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    pub gstin: RecipientGstin,
    /// Its latest record.
    pub record_id: RecordId,
    /// The section of that record.
    pub section: ImsSection,
    /// The taxable value of that record.
    pub taxable_value: Paise,
    /// The tax of that record.
    pub tax: TaxAmounts,
    /// Whether a change of GSTIN took the bill away.
    pub moved_out: bool,
}

/// What is known of one Bill of Entry. Key `bill|PORT/NUMBER/DATE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillRow {
    /// Its identity.
    pub bill_of_entry: BillOfEntryId,
    /// Its kind.
    pub kind: BillOfEntryType,
    /// The SEZ supplier of an IMPGSEZ.
    pub sez_supplier: Option<SupplierGstin>,
    /// The into-bond bill of an ex-bond one.
    pub parent: Option<BillOfEntryId>,
    /// Every GSTIN that ever had a record (BE-10), in the order in which they came.
    pub holders: Vec<Holder>,
    /// Whose bill it is now: a position in `holders`.
    pub current: usize,
    /// The taxable value as of now.
    pub taxable_value: Paise,
    /// The tax as of now.
    pub tax: TaxAmounts,
    /// When the GST system received the latest version.
    pub received_at: IstInstant,
    /// The reference date of the latest version, where the feed told it.
    pub given_reference_date: Option<IstDate>,
    /// The known steps, in the order in which they came.
    pub steps: Vec<Step>,
    /// The last word of the feed, known or not.
    pub raw_status: Option<String>,
    /// The day of the latest value amendment.
    pub amended_on: Option<IstDate>,
    /// The days of all value amendments (BE-11).
    pub value_amendment_days: Vec<IstDate>,
    /// The day of the change of GSTIN (BE-11).
    pub gstin_amended_on: Option<IstDate>,
}

impl Row for BillRow {
    const TABLE: &'static str = "bill";
}

/// Steps that came before their bill. Key `early|PORT/NUMBER/DATE`; deleted when the bill comes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EarlyRow {
    /// The steps, in the order in which they came.
    pub steps: Vec<Step>,
}

impl Row for EarlyRow {
    const TABLE: &'static str = "early";
}

/// What a bill said of its duties, and what was told about it. Key `duty|PORT/NUMBER/DATE`; kept like its bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRow {
    /// The fact in its public form.
    pub json: String,
    /// The differences told last: field, customs' figure, ours.
    pub told: Vec<(String, Paise, Paise)>,
    /// Whether a late filing was told.
    pub late_told: bool,
}

impl Row for DutyRow {
    const TABLE: &'static str = "duty";
}

/// The key of what a bill said of its duties.
#[must_use]
pub fn duty_key(bill_of_entry: &BillOfEntryId) -> RowKey {
    RowKey::table(DutyRow::TABLE).with(bill_of_entry)
}

/// The key of a bill.
#[must_use]
pub fn bill_key(bill_of_entry: &BillOfEntryId) -> RowKey {
    RowKey::table(BillRow::TABLE).with(bill_of_entry)
}

/// The key of a bill's early steps.
#[must_use]
pub fn early_key(bill_of_entry: &BillOfEntryId) -> RowKey {
    RowKey::table(EarlyRow::TABLE).with(bill_of_entry)
}

impl BillRow {
    /// The row of a bill as its first record tells it.
    #[must_use]
    pub fn first(details: &BillOfEntryDetails, record_id: &RecordId, received_at: IstInstant) -> Self {
        Self {
            bill_of_entry: details.bill_of_entry.clone(),
            kind: details.bill_of_entry_type,
            sez_supplier: details.sez_supplier,
            parent: details.parent.clone(),
            holders: vec![Holder::of(details, record_id)],
            current: 0,
            taxable_value: details.taxable_value,
            tax: details.tax,
            received_at,
            given_reference_date: details.reference_date,
            steps: Vec::new(),
            raw_status: None,
            amended_on: None,
            value_amendment_days: Vec::new(),
            gstin_amended_on: None,
        }
    }

    /// Whose bill it is now.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        self.holders.get(self.current)
    }

    /// Where its life stands (BOE-4, BOE-5).
    #[must_use]
    pub fn life(&self) -> Lifecycle {
        let mut life = Lifecycle::new(type_for_rules(self.kind));
        for step in &self.steps {
            life.apply(step.at, &step.word);
        }
        life
    }

    /// Since when credit may be taken, if it may now (BOE-5).
    #[must_use]
    pub fn eligible_at(&self) -> Option<IstInstant> {
        let life = self.life();
        if life.is_credit_due() { life.eligible_at() } else { None }
    }

    /// BOE-6: the reference date: the latest of what the feed told, out of charge, duty paid and amendment; the steps are
    /// known once both are.
    #[must_use]
    pub fn reference_date(&self) -> Option<IstDate> {
        let first = |status: BillOfEntryStatus| {
            self.steps.iter().find(|step| step.word == status.code()).map(|step| step.at.date())
        };
        let computed = match (first(BillOfEntryStatus::OutOfCharge), first(BillOfEntryStatus::DutyPaid)) {
            (Some(released), Some(paid)) => Some(bill_of_entry_reference_date(released, paid, self.amended_on)),
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        // A day told before goods or duty were through is no later than theirs: the latest holds.
        match (self.given_reference_date, computed) {
            (Some(given), Some(computed)) => Some(given.max(computed)),
            (given, computed) => given.or(computed),
        }
    }

    /// The content of a holder's record as of now.
    #[must_use]
    pub fn details_of(&self, holder: &Holder, reference_date: Option<IstDate>) -> BillOfEntryDetails {
        BillOfEntryDetails {
            bill_of_entry: self.bill_of_entry.clone(),
            section: holder.section,
            bill_of_entry_type: self.kind,
            importer: holder.gstin,
            taxable_value: holder.taxable_value,
            tax: holder.tax,
            sez_supplier: self.sez_supplier,
            parent: self.parent.clone(),
            reference_date,
        }
    }
}

impl Holder {
    /// A holder of the record with that content.
    #[must_use]
    pub fn of(details: &BillOfEntryDetails, record_id: &RecordId) -> Self {
        Self {
            gstin: details.importer,
            record_id: record_id.clone(),
            section: details.section,
            taxable_value: details.taxable_value,
            tax: details.tax,
            moved_out: false,
        }
    }
}

/// The type as the rules name it.
pub(crate) fn type_for_rules(kind: BillOfEntryType) -> gst_rules::bill_of_entry::BillOfEntryType {
    use gst_rules::bill_of_entry::BillOfEntryType as Rules;
    match kind {
        BillOfEntryType::HomeConsumption => Rules::HomeConsumption,
        BillOfEntryType::IntoBond => Rules::IntoBond,
        BillOfEntryType::ExBond => Rules::ExBond,
        BillOfEntryType::Sez => Rules::Sez,
        BillOfEntryType::ReImport => Rules::ReImport,
        BillOfEntryType::Project => Rules::Project,
        BillOfEntryType::Baggage => Rules::Baggage,
        BillOfEntryType::Courier => Rules::Courier,
        BillOfEntryType::Transit => Rules::Transit,
        BillOfEntryType::Transhipment => Rules::Transhipment,
    }
}

stream::shown_rows!(BillRow, EarlyRow, DutyRow);
