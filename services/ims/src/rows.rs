//! What `ims` remembers. Every key begins with the taxpayer's GSTIN behind the table, so that a family is one range read.
//!
//! | table | key | deleted |
//! | --- | --- | --- |
//! | `profile` | GSTIN | never; one a taxpayer |
//! | `period` | GSTIN, period | never; one a statement |
//! | `record` | GSTIN, record | a saved version when it is edited or deleted; others stay for the audit (AUD-6) |
//! | `document` | GSTIN, section and document key | with its record |
//! | `bill` | GSTIN, Bill of Entry | never |
//! | `dependent` | GSTIN, amendment | when every earlier version is final |
//! | `liable` | GSTIN, period, record | when the period is locked |
//! | `waiting` | GSTIN, target | when the document comes, or after `waiting_days_max` |
//! | `proposal` | GSTIN, proposal | when it is answered, or on the day it expires |
//! | `due` | day, GSTIN, what | when the day is opened |
//! | `extension` | item, period | never; one a notification |

use gst_events::{
    CreditSubject, ImsAction, ImsSection, ItcReduction, RecordId, StatementLine, SupplierForm, TableRow,
    UnavailableReason,
};
use gst_types::{
    DocumentKey, FilingFrequency, FinancialYear, IstDate, IstInstant, Paise, RecipientGstin, StateCode, SupplierGstin,
    TaxAmounts, TaxPeriod,
};
use serde::{Deserialize, Serialize};
use stream::{Row, RowKey};

/// From which month on a taxpayer files how often, and when its GSTR-3B falls due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyRow {
    /// The first month; absent: from the start.
    pub from: Option<TaxPeriod>,
    /// How often.
    pub frequency: FilingFrequency,
    /// Day of the month after the period; absent: by frequency and State (CAL-5).
    pub due_day: Option<u32>,
}

/// A taxpayer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProfileRow {
    /// Whether it was registered; before, it counts as monthly with every period open.
    pub registered: bool,
    /// Frequencies, in order (EG-9).
    pub frequencies: Vec<FrequencyRow>,
    /// The last period whose GSTR-3B is filed, or counts as filed.
    pub locked_through: Option<TaxPeriod>,
    /// The earliest statement of a record, which is the first one where nothing is known to be filed.
    pub first_statement: Option<TaxPeriod>,
    /// Whether commands need a second person.
    pub needs_approval: bool,
    /// Filed annual returns (EL-2).
    pub annual_returns: Vec<(FinancialYear, IstDate)>,
}

impl Row for ProfileRow {
    const TABLE: &'static str = "profile";
}

/// A statement of a taxpayer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PeriodRow {
    /// How many versions were made (GN-7).
    pub version: u32,
    /// Whether the last version no longer is what counts (GN-5).
    pub stale: bool,
    /// Whether its GSTR-3B was told of.
    pub filed_at: Option<IstInstant>,
}

impl Row for PeriodRow {
    const TABLE: &'static str = "period";
}

/// What kind of record it is; the effect hangs on it (GN-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordKind {
    /// A document of a supplier.
    Document,
    /// A document of an input service distributor.
    Isd,
    /// A line of the portal's rule 37A list.
    Rule37a,
    /// A Bill of Entry or its value amendment.
    BillOfEntry,
    /// A Bill of Entry that came from another GSTIN (BE-7).
    BillOfEntryIn,
    /// The reversal record of the previous GSTIN (BE-8).
    BillOfEntryReversal,
}

/// How far a record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordState {
    /// Saved in an unfiled form.
    Saved,
    /// Filed or received.
    Filed,
    /// Taken from the dashboard because the Bill of Entry moved (BE-12).
    Withdrawn,
    /// Left IMS at the time limit without credit (EL-4).
    Lapsed,
}

/// Where a record counts, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// The statement.
    pub period: TaxPeriod,
    /// The row of GSTR-2B.
    pub table: TableRow,
    /// The effect.
    pub effect: TaxAmounts,
    /// In Table 4, why.
    pub unavailable: Option<UnavailableReason>,
    /// Late (GN-11).
    pub late_feed: bool,
}

impl From<&LineRow> for StatementLine {
    fn from(row: &LineRow) -> Self {
        Self {
            period: row.period,
            table: row.table.clone(),
            effect: row.effect,
            unavailable: row.unavailable,
            late_feed: row.late_feed,
        }
    }
}

/// The stored declaration (RD-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReductionRow {
    /// Whether credit is to be reduced.
    pub required: bool,
    /// The declared amounts.
    pub declared: Option<TaxAmounts>,
}

impl From<ItcReduction> for ReductionRow {
    fn from(answer: ItcReduction) -> Self {
        Self { required: answer.required, declared: answer.declared }
    }
}

impl From<ReductionRow> for ItcReduction {
    fn from(row: ReductionRow) -> Self {
        Self { required: row.required, declared: row.declared }
    }
}

/// One version of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// Its kind.
    pub kind: RecordKind,
    /// Its section; absent for what never is in IMS.
    pub section: Option<ImsSection>,
    /// What credit hangs on it.
    pub subject: CreditSubject,
    /// Supplier, distributor or SEZ unit.
    pub supplier: Option<SupplierGstin>,
    /// Number as reported.
    pub number: String,
    /// Date.
    pub date: IstDate,
    /// The form.
    pub form: Option<SupplierForm>,
    /// The form's return period.
    pub return_period: Option<TaxPeriod>,
    /// How often the supplier files.
    pub supplier_frequency: Option<FilingFrequency>,
    /// When this version was saved.
    pub saved_at: Option<IstInstant>,
    /// When the form was filed or the data received.
    pub filed_at: Option<IstInstant>,
    /// The month whose window it fell into (PD-1 to PD-8); the statement follows from it and the frequency.
    pub window: Option<TaxPeriod>,
    /// The version that it amends.
    pub original: Option<RecordId>,
    /// The filed version that amends it.
    pub amended_by: Option<RecordId>,
    /// Of an amendment, the key of the first version.
    pub first_version: Option<DocumentKey>,
    /// Of an amendment, the number and date that it names (AM-10).
    pub original_document: Option<(String, IstDate)>,
    /// The supplier's trade name.
    pub trade_name: Option<String>,
    /// Invoice reference number.
    pub irn: Option<String>,
    /// ICEGATE's reference date of a Bill of Entry.
    pub reference_date: Option<IstDate>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Document value.
    pub document_value: Paise,
    /// Full tax.
    pub tax: TaxAmounts,
    /// Place of supply.
    pub place_of_supply: Option<StateCode>,
    /// Invoice type.
    pub invoice_type: Option<String>,
    /// Whether the recipient pays the tax.
    pub reverse_charge: bool,
    /// Of an ISD document, whether its credit is eligible.
    pub isd_eligible: bool,
    /// Of a reversal record, the original amount (BE-8).
    pub reversal_limit: Option<TaxAmounts>,
    /// The action.
    pub action: ImsAction,
    /// The declaration.
    pub reduction: Option<ReductionRow>,
    /// The remarks.
    pub remarks: Option<String>,
    /// When the action was taken.
    pub acted_at: Option<IstInstant>,
    /// Since when it is pending (CF-1).
    pub pending_since: Option<IstDate>,
    /// How far it has come.
    pub state: RecordState,
    /// Why its credit is not available (EL-1, EL-2), known at filing.
    pub unavailable: Option<UnavailableReason>,
    /// Whether an amendment of the same statement counts instead (AM-4).
    pub superseded: bool,
    /// Whether it arrived after its statement was locked (GN-11).
    pub late_feed: bool,
    /// The statement whose lock makes it final; absent while pending, held or unfiled.
    pub counts_in: Option<TaxPeriod>,
    /// Where it counts.
    pub line: Option<LineRow>,
    /// The day on which it is looked at again (AC-6, EL-4, CF-1).
    pub due_on: Option<IstDate>,
    /// The rule that decided last.
    pub rule: gst_rules::RuleRef,
}

impl Row for RecordRow {
    const TABLE: &'static str = "record";
}

/// Which record a document key means now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// The record.
    pub record_id: RecordId,
    /// Where it came in place of a version that is gone: when. Actions up to then were meant for that version (AM-1).
    pub reset_at: Option<IstInstant>,
    /// The deleted version, where the action on it was taken after the deletion: it is meant for the next version, which is
    /// not heard of yet (EG-6).
    pub acted_later: Option<Box<RecordRow>>,
}

impl Row for DocumentRow {
    const TABLE: &'static str = "document";
}

/// The records of a Bill of Entry at one taxpayer, in order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BillRow {
    /// Its versions: original, value amendments, the record of a move to this taxpayer.
    pub versions: Vec<RecordId>,
    /// The reversal record, where it moved away.
    pub reversal: Option<RecordId>,
    /// What the taxpayer reversed of it by himself, outside GSTR-2B (T4-9).
    pub reversed_outside: TaxAmounts,
}

impl Row for BillRow {
    const TABLE: &'static str = "bill";
}

/// An amendment whose effect hangs on an earlier version that is not final (AM-3, AM-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependentRow {}

impl Row for DependentRow {
    const TABLE: &'static str = "dependent";
}

/// A rejection that raises the supplier's liability when its statement is locked (SL-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiableRow {
    /// The amount (SL-2).
    pub tax: TaxAmounts,
}

impl Row for LiableRow {
    const TABLE: &'static str = "liable";
}

/// Actions that came before their document, as JSON, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Request id and request.
    pub requests: Vec<(String, String)>,
}

impl Row for WaitingRow {
    const TABLE: &'static str = "waiting";
}

/// An action that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalRow {
    /// The request, as JSON.
    pub request: String,
    /// The last day on which it can be approved.
    pub expires_on: IstDate,
}

impl Row for ProposalRow {
    const TABLE: &'static str = "proposal";
}

/// Something falls due for a taxpayer on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRow {
    /// What; the record, proposal or target is in it.
    pub what: Due,
}

impl Row for DueRow {
    const TABLE: &'static str = "due";
}

/// What falls due. On one day the time limit comes first and the draft last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// A pending record is looked at (AC-6, EL-4, CF-1).
    Record(RecordId),
    /// A proposal expires.
    Proposal(String),
    /// Waiting actions have waited long enough.
    Waiting(String),
    /// The draft of the earliest open period (GN-1).
    Draft,
}

/// An extended date (PD-6).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ExtensionRow {
    /// When each extension was entered, and the last day from then on; in order of entry.
    pub entered: Vec<(IstInstant, IstDate)>,
}

impl Row for ExtensionRow {
    const TABLE: &'static str = "extension";
}

/// A period as it sorts: year, then month.
#[must_use]
pub fn sortable(period: TaxPeriod) -> String {
    format!("{:04}{:02}", period.year(), period.month())
}

/// The keys of the rows.
pub mod key {
    use super::*;

    /// Of a taxpayer.
    #[must_use]
    pub fn profile(recipient: RecipientGstin) -> RowKey {
        RowKey::table(ProfileRow::TABLE).with(recipient)
    }

    /// Of a statement.
    #[must_use]
    pub fn period(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
        RowKey::table(PeriodRow::TABLE).with(recipient).with(sortable(period))
    }

    /// The prefix of a taxpayer's records.
    #[must_use]
    pub fn records(recipient: RecipientGstin) -> RowKey {
        RowKey::table(RecordRow::TABLE).with(recipient)
    }

    /// Of a record.
    #[must_use]
    pub fn record(recipient: RecipientGstin, id: &RecordId) -> RowKey {
        records(recipient).with(id)
    }

    /// Of a target: a document in its section, or a Bill of Entry in its section.
    #[must_use]
    pub fn document(recipient: RecipientGstin, target: &str) -> RowKey {
        RowKey::table(DocumentRow::TABLE).with(recipient).with(target)
    }

    /// Of a Bill of Entry.
    #[must_use]
    pub fn bill(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
        RowKey::table(BillRow::TABLE).with(recipient).with(subject)
    }

    /// The prefix of the amendments that hang on earlier versions.
    #[must_use]
    pub fn dependents(recipient: RecipientGstin) -> RowKey {
        RowKey::table(DependentRow::TABLE).with(recipient)
    }

    /// Of an amendment that hangs on an earlier version.
    #[must_use]
    pub fn dependent(recipient: RecipientGstin, id: &RecordId) -> RowKey {
        dependents(recipient).with(id)
    }

    /// The prefix of the rejections that will raise liabilities.
    #[must_use]
    pub fn liables(recipient: RecipientGstin) -> RowKey {
        RowKey::table(LiableRow::TABLE).with(recipient)
    }

    /// Of a rejection that will raise a liability.
    #[must_use]
    pub fn liable(recipient: RecipientGstin, period: TaxPeriod, id: &RecordId) -> RowKey {
        liables(recipient).with(sortable(period)).with(id)
    }

    /// Of the actions that wait for a target.
    #[must_use]
    pub fn waiting(recipient: RecipientGstin, target: &str) -> RowKey {
        RowKey::table(WaitingRow::TABLE).with(recipient).with(target)
    }

    /// Of a proposal.
    #[must_use]
    pub fn proposal(recipient: RecipientGstin, id: &str) -> RowKey {
        RowKey::table(ProposalRow::TABLE).with(recipient).with(id)
    }

    /// Of what falls due.
    #[must_use]
    pub fn due(on: IstDate, recipient: RecipientGstin, what: &Due) -> RowKey {
        let key = RowKey::table(DueRow::TABLE).with(on).with(recipient);
        match what {
            Due::Record(id) => key.with("1-record").with(id),
            Due::Proposal(id) => key.with("2-proposal").with(id),
            Due::Waiting(target) => key.with("3-waiting").with(target),
            Due::Draft => key.with("9-draft"),
        }
    }

    /// Of an extended date.
    #[must_use]
    pub fn extension(item: &str, period: TaxPeriod) -> RowKey {
        RowKey::table(ExtensionRow::TABLE).with(item).with(sortable(period))
    }
}

stream::shown_rows!(
    ProfileRow,
    PeriodRow,
    RecordRow,
    DocumentRow,
    BillRow,
    DependentRow,
    LiableRow,
    WaitingRow,
    ProposalRow,
    DueRow,
    ExtensionRow
);
