//! Read-only queries over the rows of `filings`.

use crate::rows::{self, DocumentName, DocumentRow, ReturnRow, SavedRow, StatusRow, SupplierRow};
use gst_events::{FiledDocument, Gstr3bFilingStatus, SupplierForm};
use gst_types::{IstInstant, SupplierGstin, TaxPeriod};
use stream::{StateError, StateView};

/// How a supplier files, if it is known.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn supplier(rows: &StateView<'_>, supplier: SupplierGstin) -> Result<Option<SupplierRow>, StateError> {
    rows.get(&rows::supplier_key(supplier))
}

/// When a form was filed, if it was.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn filed_at(
    rows: &StateView<'_>,
    supplier: SupplierGstin,
    form: SupplierForm,
    period: TaxPeriod,
) -> Result<Option<IstInstant>, StateError> {
    Ok(rows.get::<ReturnRow>(&rows::return_key(supplier, form, period))?.map(|row| row.filed_at))
}

/// At most `limit` records saved in an unfiled form.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn saved_records(
    rows: &StateView<'_>,
    supplier: SupplierGstin,
    form: SupplierForm,
    period: TaxPeriod,
    limit: usize,
) -> Result<Vec<FiledDocument>, StateError> {
    let saved = rows.scan::<SavedRow>(&rows::saved_prefix(supplier, form, period), None, limit)?;
    Ok(saved.iter().filter_map(|(_, row)| serde_json::from_str(&row.document).ok()).collect())
}

/// The filed versions of a document, by the name under which it was first reported.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn document(
    rows: &StateView<'_>,
    supplier: SupplierGstin,
    name: &DocumentName,
) -> Result<Option<DocumentRow>, StateError> {
    rows.get(&rows::document_key(supplier, name))
}

/// What is known of a supplier's GSTR-3B that covers a period, and as of when (R37A-4).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn gstr3b_status(
    rows: &StateView<'_>,
    supplier: SupplierGstin,
    period: TaxPeriod,
) -> Result<(Gstr3bFilingStatus, Option<IstInstant>), StateError> {
    let known: SupplierRow = rows.get(&rows::supplier_key(supplier))?.unwrap_or_default();
    let status: StatusRow = rows.get(&rows::status_key(supplier, known.return_period_of(period)))?.unwrap_or_default();
    Ok(match (status.filed_at, status.not_filed_at) {
        (Some(at), _) => (Gstr3bFilingStatus::Filed, Some(at)),
        (None, Some(at)) => (Gstr3bFilingStatus::NotFiled, Some(at)),
        (None, None) => (Gstr3bFilingStatus::Unknown, None),
    })
}
