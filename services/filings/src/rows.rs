//! Rows of `filings`. Saved records live until they are deleted or filed; all others as long as the supplier's documents
//! may be amended or asked about (AUD-6).

use gst_events::{FiledDocument, ImsSection, RecordId, SupplierForm};
use gst_types::{
    DocumentKind, DocumentNumber, FilingFrequency, FinancialYear, IstDate, IstInstant, RecipientGstin, SupplierGstin,
    TaxAmounts, TaxPeriod,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use stream::{Row, RowKey};

/// How a supplier files. Key `supplier|GSTIN`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SupplierRow {
    /// Frequencies and the period from which each holds (`None`: from the start), in the order of their periods.
    pub frequencies: Vec<(Option<TaxPeriod>, FilingFrequency)>,
    /// The first period whose GSTR-3B is not filed, where the registration says so.
    pub first_open_period: Option<TaxPeriod>,
}

impl Row for SupplierRow {
    const TABLE: &'static str = "supplier";
}

impl SupplierRow {
    /// EG-9: how often the supplier files in that period; monthly where nobody said.
    #[must_use]
    pub fn frequency_in(&self, period: TaxPeriod) -> FilingFrequency {
        let holds = |from: &Option<TaxPeriod>| from.is_none_or(|from| from <= period);
        let latest = self.frequencies.iter().rev().find(|(from, _)| holds(from));
        latest.map_or(FilingFrequency::Monthly, |(_, frequency)| *frequency)
    }

    /// The period of the GSTR-3B that covers `period` (R37A-4).
    #[must_use]
    pub fn return_period_of(&self, period: TaxPeriod) -> TaxPeriod {
        period.in_frequency(self.frequency_in(period))
    }
}

/// A filed form. Key `return|GSTIN|form|period`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRow {
    /// When it was filed.
    pub filed_at: IstInstant,
}

impl Row for ReturnRow {
    const TABLE: &'static str = "return";
}

/// A record saved in an unfiled form. Key `saved|GSTIN|form|period|section|number|year`, of an amendment
/// `…|original number|original date`: what makes a second save an edit (IN-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRow {
    /// Its version.
    pub record_id: RecordId,
    /// The document as recipients know it, in JSON: its optional fields have no fixed order in a row.
    pub document: String,
    /// The root of the document that it amends, where one is known.
    pub root: Option<DocumentName>,
    /// The recipient of the version that it amends, where that is another one (AM-12).
    pub previous_recipient: Option<RecipientGstin>,
}

impl Row for SavedRow {
    const TABLE: &'static str = "saved";
}

/// The name under which a document was first reported: what amendments link to (AM-10).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentName {
    /// Invoice, note or operator's document.
    pub kind: DocumentKind,
    /// Its number.
    pub number: DocumentNumber,
    /// Its date.
    pub date: IstDate,
}

/// One filed version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledVersion {
    /// The record.
    pub record_id: RecordId,
    /// Who received it.
    pub recipient: RecipientGstin,
    /// Its number.
    pub number: DocumentNumber,
    /// Its date.
    pub date: IstDate,
    /// The form.
    pub form: SupplierForm,
    /// The form's return period.
    pub return_period: TaxPeriod,
    /// When it was filed.
    pub filed_at: IstInstant,
    /// Whether it amends an earlier one.
    pub amendment: bool,
}

/// A filed document and its filed amendments. Key `document|GSTIN|kind|number|date` of the original.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DocumentRow {
    /// The versions, oldest first.
    pub versions: Vec<FiledVersion>,
    /// The key of the saved amendment that is not filed yet (AM-11).
    pub saved_amendment: Option<String>,
}

impl Row for DocumentRow {
    const TABLE: &'static str = "document";
}

impl DocumentRow {
    /// Whether a filed amendment exists.
    #[must_use]
    pub fn is_amended(&self) -> bool {
        self.versions.iter().any(|version| version.amendment)
    }
}

/// Which document a filed version belongs to. Key `version|GSTIN|kind|number|date` of that version; needed where
/// amendments may name any version (AM-11, CHAIN).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// The original.
    pub root: DocumentName,
}

impl Row for VersionRow {
    const TABLE: &'static str = "version";
}

/// One use of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberUse {
    /// The record that uses it.
    pub record_id: RecordId,
    /// Its section.
    pub section: ImsSection,
    /// The form.
    pub form: SupplierForm,
    /// The form's return period.
    pub return_period: TaxPeriod,
    /// The key of the saved record. Once it is filed no row stands there.
    pub saved: String,
}

/// Who uses a number in a financial year (ID-6, AM-10). Key `number|GSTIN|kind|year|number`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRow {
    /// The one document that may use it: the name of its original.
    pub document: DocumentName,
    /// Its records with that number.
    pub uses: Vec<NumberUse>,
}

impl Row for NumberRow {
    const TABLE: &'static str = "number";
}

/// What is known of a supplier's GSTR-3B. Key `status|GSTIN|period`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatusRow {
    /// When it was filed; the earliest report counts.
    pub filed_at: Option<IstInstant>,
    /// The latest instant as of which it was not filed.
    pub not_filed_at: Option<IstInstant>,
}

impl Row for StatusRow {
    const TABLE: &'static str = "status";
}

/// A recipient that watches a supplier's periods of a quarter (R37A-4): one return may cover them all. Key
/// `watch|GSTIN|first month of the quarter|recipient`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchRow {
    /// Who watches.
    pub recipient: RecipientGstin,
    /// The months of the quarter that are watched.
    pub periods: BTreeSet<TaxPeriod>,
}

impl Row for WatchRow {
    const TABLE: &'static str = "watch";
}

/// A liability that found its period (SL-3). Key `liability|GSTIN|period|recipient|record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiabilityRow {
    /// Who rejected.
    pub recipient: RecipientGstin,
    /// What was rejected.
    pub record_id: RecordId,
    /// The return period of the form in which it was reported.
    pub reported_period: TaxPeriod,
    /// When the rejection became final.
    pub raised_at: IstInstant,
    /// The amount.
    pub tax: TaxAmounts,
    /// The period whose liability rises.
    pub period: TaxPeriod,
}

impl Row for LiabilityRow {
    const TABLE: &'static str = "liability";
}

/// The number of an ISD document. Key `isd|GSTIN|kind|year|number|recipient`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsdRow {
    /// The record that uses it.
    pub record_id: RecordId,
}

impl Row for IsdRow {
    const TABLE: &'static str = "isd";
}

/// A period that sorts as time passes.
fn sortable(period: TaxPeriod) -> String {
    format!("{:04}{:02}", period.year(), period.month())
}

const fn form_word(form: SupplierForm) -> &'static str {
    match form {
        SupplierForm::Gstr1 => "GSTR1",
        SupplierForm::Iff => "IFF",
        SupplierForm::Gstr1a => "GSTR1A",
        SupplierForm::Gstr5 => "GSTR5",
        SupplierForm::Gstr6 => "GSTR6",
    }
}

fn table<R: Row>(supplier: SupplierGstin) -> RowKey {
    RowKey::table(R::TABLE).with(supplier)
}

/// Key of a [`SupplierRow`].
#[must_use]
pub fn supplier_key(supplier: SupplierGstin) -> RowKey {
    table::<SupplierRow>(supplier)
}

/// Key of a [`ReturnRow`].
#[must_use]
pub fn return_key(supplier: SupplierGstin, form: SupplierForm, period: TaxPeriod) -> RowKey {
    table::<ReturnRow>(supplier).with(form_word(form)).with(sortable(period))
}

/// Prefix of the records saved in a form.
#[must_use]
pub fn saved_prefix(supplier: SupplierGstin, form: SupplierForm, period: TaxPeriod) -> RowKey {
    table::<SavedRow>(supplier).with(form_word(form)).with(sortable(period))
}

/// Key of a [`DocumentRow`] by its original's name.
#[must_use]
pub fn document_key(supplier: SupplierGstin, name: &DocumentName) -> RowKey {
    table::<DocumentRow>(supplier).with(name.kind.code()).with(&name.number).with(name.date)
}

/// Key of a [`VersionRow`].
#[must_use]
pub fn version_key(supplier: SupplierGstin, name: &DocumentName) -> RowKey {
    table::<VersionRow>(supplier).with(name.kind.code()).with(&name.number).with(name.date)
}

/// Key of a [`NumberRow`].
#[must_use]
pub fn number_key(supplier: SupplierGstin, kind: DocumentKind, year: FinancialYear, number: &DocumentNumber) -> RowKey {
    table::<NumberRow>(supplier).with(kind.code()).with(year).with(number)
}

/// Key of a [`StatusRow`].
#[must_use]
pub fn status_key(supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    table::<StatusRow>(supplier).with(sortable(period))
}

/// Prefix of the watches of a supplier's quarter, in the order of their recipients.
#[must_use]
pub fn watch_prefix(supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    table::<WatchRow>(supplier).with(sortable(period.quarter_start()))
}

/// Key of a [`WatchRow`].
#[must_use]
pub fn watch_key(supplier: SupplierGstin, period: TaxPeriod, recipient: RecipientGstin) -> RowKey {
    watch_prefix(supplier, period).with(recipient)
}

/// Prefix of the liabilities of a supplier's period.
#[must_use]
pub fn liability_prefix(supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    table::<LiabilityRow>(supplier).with(sortable(period))
}

/// Key of a [`LiabilityRow`].
#[must_use]
pub fn liability_key(supplier: SupplierGstin, row: &LiabilityRow) -> RowKey {
    liability_prefix(supplier, row.period).with(row.recipient).with(&row.record_id)
}

/// Key of an [`IsdRow`].
#[must_use]
pub fn isd_key(
    isd: SupplierGstin,
    kind: DocumentKind,
    year: FinancialYear,
    number: &str,
    recipient: RecipientGstin,
) -> RowKey {
    table::<IsdRow>(isd).with(kind.code()).with(year).with(number.trim().to_ascii_uppercase()).with(recipient)
}

/// Key of a [`SavedRow`]: the same form, period, section and document, or for an amendment the same original, by
/// whichever of its names it was called (IN-6, AM-11).
#[must_use]
pub fn saved_key(document: &FiledDocument, number: &DocumentNumber, original: Option<&DocumentName>) -> RowKey {
    let record = &document.record;
    let prefix =
        saved_prefix(record.supplier, document.form, document.return_period).with(section_word(record.section));
    match original {
        Some(original) => prefix.with(&original.number).with(original.date),
        None => prefix.with(number).with(FinancialYear::of(record.date)),
    }
}

const fn section_word(section: ImsSection) -> &'static str {
    match section {
        ImsSection::B2b => "B2B",
        ImsSection::B2ba => "B2BA",
        ImsSection::Dn => "DN",
        ImsSection::Dna => "DNA",
        ImsSection::Cn => "CN",
        ImsSection::Cna => "CNA",
        ImsSection::Eco => "ECO",
        ImsSection::Ecoa => "ECOA",
        ImsSection::Impg => "IMPG",
        ImsSection::Impga => "IMPGA",
        ImsSection::Impgsez => "IMPGSEZ",
        ImsSection::Impgseza => "IMPGSEZA",
    }
}

stream::shown_rows!(
    SupplierRow,
    ReturnRow,
    SavedRow,
    DocumentRow,
    VersionRow,
    NumberRow,
    StatusRow,
    WatchRow,
    LiabilityRow,
    IsdRow
);
