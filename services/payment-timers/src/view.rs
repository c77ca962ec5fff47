//! Read-only questions over committed rows, for the admin port, `itcctl` and the case runner.

use crate::rows::{self, AccountRow, DocumentRow, DueRow, PointerRow};
use gst_events::TimerExclusion;
use gst_types::{DocumentKey, IstDate, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use serde::Serialize;
use std::collections::BTreeMap;
use stream::{RowKey, StateError, StateView};

/// Rows of one recipient read at a time.
const PAGE: usize = 500;

/// What a document owes, and when its 180 days end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// The document.
    pub document: DocumentKey,
    /// The date of issue that counts.
    pub document_date: IstDate,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax by head.
    pub tax: TaxAmounts,
    /// Document value.
    pub document_value: Paise,
    /// Total less credit notes.
    pub payable: Paise,
    /// Settled, with what is deemed paid.
    pub paid: Paise,
    /// Payable less paid.
    pub unpaid: Paise,
    /// The last good day.
    pub last_day_to_pay: Option<IstDate>,
    /// The day on which the timer fires.
    pub day_181: Option<IstDate>,
    /// Why there is no timer.
    pub exclusion: Option<TimerExclusion>,
    /// Credit that would be reversed.
    pub credit_at_stake: TaxAmounts,
    /// Order of arrival.
    pub arrival: u64,
}

fn view_of(row: &DocumentRow) -> Option<DocumentView> {
    let facts = row.facts()?;
    let balance = row.balance();
    Some(DocumentView {
        document: row.document.clone(),
        document_date: facts.document_date,
        taxable_value: facts.taxable_value,
        tax: facts.tax,
        document_value: facts.document_value,
        payable: balance.payable(),
        paid: balance.paid(),
        unpaid: balance.unpaid(),
        last_day_to_pay: row.last_day(),
        day_181: row.fires_on(),
        exclusion: row.exclusion,
        credit_at_stake: row.stake.or_zero_if_negative(),
        arrival: row.arrival,
    })
}

/// One document.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn document(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    document: &DocumentKey,
) -> Result<Option<DocumentView>, StateError> {
    let row: Option<DocumentRow> = rows.get(&rows::document_key(recipient, document))?;
    Ok(row.as_ref().and_then(view_of))
}

/// At most `limit` documents of a recipient behind `after`, by key.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn documents(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    after: Option<&DocumentKey>,
    limit: usize,
) -> Result<Vec<DocumentView>, StateError> {
    let after = after.map(|document| rows::document_key(recipient, document));
    let page: Vec<(RowKey, DocumentRow)> = rows.scan(&rows::documents_of(recipient), after.as_ref(), limit)?;
    Ok(page.iter().filter_map(|(_, row)| view_of(row)).collect())
}

/// A running timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimerView {
    /// Day 181.
    pub fires_on: IstDate,
    /// What is owed.
    pub document: DocumentView,
    /// Days on which a warning will be given.
    pub warnings: Vec<IstDate>,
}

/// The running timers of a recipient, by day 181 and arrival, at most `limit` behind `after`. The second value continues
/// the list, `None` at its end.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn timers(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    after: Option<&RowKey>,
    limit: usize,
) -> Result<(Vec<TimerView>, Option<RowKey>), StateError> {
    let prefix = RowKey::table("timer").with(recipient);
    let page: Vec<(RowKey, PointerRow)> = rows.scan(&prefix, after, limit)?;
    let next = (page.len() == limit).then(|| page.last().map(|(key, _)| key.clone())).flatten();
    let mut timers = Vec::with_capacity(page.len());
    for (key, pointer) in page {
        let fires_on = key.parts().nth(1).and_then(|day| day.parse().ok());
        let row: Option<DocumentRow> = rows.get(&rows::document_key(recipient, &pointer.document))?;
        let Some((fires_on, row)) = fires_on.zip(row) else { continue };
        let Some(document) = view_of(&row) else { continue };
        timers.push(TimerView { fires_on, document, warnings: row.warned_on });
    }
    Ok((timers, next))
}

/// Money on account by supplier (R37-15); suppliers without any are absent.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn unallocated(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
) -> Result<BTreeMap<SupplierGstin, Paise>, StateError> {
    let mut accounts = BTreeMap::new();
    let mut after: Option<RowKey> = None;
    loop {
        let page: Vec<(RowKey, AccountRow)> = rows.scan(&rows::accounts_of(recipient), after.as_ref(), PAGE)?;
        let full = page.len() == PAGE;
        for (key, row) in page {
            let supplier = key.parts().nth(1).and_then(|part| part.parse().ok());
            accounts.extend(supplier.map(|supplier| (supplier, row.amount)));
            after = Some(key);
        }
        if !full {
            return Ok(accounts);
        }
    }
}

/// What falls due on one day for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueView {
    /// Day 181.
    pub fires_on: IstDate,
    /// Whose.
    pub recipient: String,
    /// How many documents.
    pub documents: u64,
    /// The credit that hangs on them.
    pub credit_at_stake: Paise,
}

/// What falls due next in this partition, at most `limit` rows, by day and recipient, from `from` on.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn due_next(rows: &StateView<'_>, from: IstDate, limit: usize) -> Result<Vec<DueView>, StateError> {
    let table = RowKey::table("due");
    let start = rows::due_on(from);
    let found = rows.raw().range(start.as_str(), &table.after_prefix(), limit)?;
    let mut due = Vec::with_capacity(found.len());
    for (key, value) in found {
        let key = RowKey::from_text(key);
        let row: DueRow = stream::read_row(&value)?;
        let (day, recipient) = (key.parts().next().and_then(|day| day.parse().ok()), key.parts().nth(1));
        if let (Some(fires_on), Some(recipient)) = (day, recipient) {
            let credit_at_stake = Paise::new(row.stake_in_paise);
            due.push(DueView { fires_on, recipient: recipient.to_owned(), documents: row.documents, credit_at_stake });
        }
    }
    Ok(due)
}

/// The documents of a recipient that fire on a day, in the order in which they do.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn due_documents(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    fires_on: IstDate,
    limit: usize,
) -> Result<Vec<DocumentView>, StateError> {
    let page: Vec<(RowKey, PointerRow)> = rows.scan(&rows::timers_of(recipient, fires_on), None, limit)?;
    let mut found = Vec::with_capacity(page.len());
    for (_, pointer) in page {
        found.extend(document(rows, recipient, &pointer.document)?);
    }
    Ok(found)
}
