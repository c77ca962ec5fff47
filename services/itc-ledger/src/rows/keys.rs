//! Keys of the rows: table, recipient, then what sorts within it.

use super::CreditRow;
use gst_events::CreditSubject;
use gst_types::{BillOfEntryId, DocumentKey, FinancialYear, IstDate, RecipientGstin, SupplierGstin, TaxPeriod};
use stream::RowKey;

/// Numbers are written with this width, so that text order is number order.
pub(super) fn padded(number: u64) -> String {
    format!("{number:020}")
}

/// Periods are written year first, so that text order is time order.
pub(super) fn sortable(period: TaxPeriod) -> String {
    format!("{:04}-{:02}", period.year(), period.month())
}

/// A key of the recipient's table of that name.
pub(super) fn of(table: &str, recipient: RecipientGstin) -> RowKey {
    RowKey::table(table).with(recipient)
}

/// `credit|gstin|`.
#[must_use]
pub fn credits_of(recipient: RecipientGstin) -> RowKey {
    of("credit", recipient)
}

/// `credit|gstin|subject`.
#[must_use]
pub fn credit_key(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
    credits_of(recipient).with(subject)
}

/// `bill|gstin|id`.
#[must_use]
pub fn bill_key(recipient: RecipientGstin, bill: &BillOfEntryId) -> RowKey {
    of("bill", recipient).with(bill)
}

/// `recipient|gstin`.
#[must_use]
pub fn recipient_key(recipient: RecipientGstin) -> RowKey {
    RowKey::table("recipient").with(recipient)
}

/// `entry|gstin|`.
#[must_use]
pub fn entries_of(recipient: RecipientGstin) -> RowKey {
    of("entry", recipient)
}

/// `entry|gstin|number`.
#[must_use]
pub fn entry_key(recipient: RecipientGstin, number: u64) -> RowKey {
    entries_of(recipient).with(padded(number))
}

/// `of_period|gstin|`: every entry, by return.
#[must_use]
pub fn entries_by_period(recipient: RecipientGstin) -> RowKey {
    of("of_period", recipient)
}

/// `of_period|gstin|period|`: every entry of a return.
#[must_use]
pub fn entries_of_period(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    of("of_period", recipient).with(sortable(period))
}

/// `of_period|gstin|period|number`.
#[must_use]
pub fn entry_of_period_key(recipient: RecipientGstin, period: TaxPeriod, number: u64) -> RowKey {
    entries_of_period(recipient, period).with(padded(number))
}

/// `open|gstin|period|`: the due entries of a return.
#[must_use]
pub fn open_of_period(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    of("open", recipient).with(sortable(period))
}

/// `open|gstin|period|number`.
#[must_use]
pub fn open_key(recipient: RecipientGstin, period: TaxPeriod, number: u64) -> RowKey {
    open_of_period(recipient, period).with(padded(number))
}

/// `interest|gstin|`: entries with interest, in the order of the filed returns.
#[must_use]
pub fn interests_of(recipient: RecipientGstin) -> RowKey {
    of("interest", recipient)
}

/// `interest|gstin|n`.
#[must_use]
pub fn interest_key(recipient: RecipientGstin, number: u64) -> RowKey {
    interests_of(recipient).with(padded(number))
}

/// `table4|gstin|`: the returns of a recipient, in time order.
#[must_use]
pub fn returns_of(recipient: RecipientGstin) -> RowKey {
    of("table4", recipient)
}

/// `table4|gstin|period`.
#[must_use]
pub fn table4_key(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    returns_of(recipient).with(sortable(period))
}

/// The period in the key of a return.
#[must_use]
pub fn period_in(key: &RowKey) -> Option<TaxPeriod> {
    let (year, month) = key.parts().nth(1)?.split_once('-')?;
    TaxPeriod::new(year.parse().ok()?, month.parse().ok()?).ok()
}

/// `watch|gstin|supplier|period`.
#[must_use]
pub fn watch_key(recipient: RecipientGstin, supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    of("watch", recipient).with(supplier).with(sortable(period))
}

/// `watching|gstin|supplier|quarter|`: the documents that hang on the returns of the period's quarter, by arrival.
#[must_use]
pub fn watching(recipient: RecipientGstin, supplier: SupplierGstin, period: TaxPeriod) -> RowKey {
    of("watching", recipient).with(supplier).with(sortable(period.quarter_start()))
}

/// `watching|gstin|supplier|quarter|arrival|subject`.
#[must_use]
pub fn watching_key(recipient: RecipientGstin, supplier: SupplierGstin, period: TaxPeriod, row: &CreditRow) -> RowKey {
    watching(recipient, supplier, period).with(padded(row.arrival)).with(&row.subject)
}

/// `due|date|`.
#[must_use]
pub fn due_on(date: IstDate) -> RowKey {
    RowKey::table("due").with(date)
}

/// `due|date|gstin|`: the documents of a recipient for which rule 37A falls due on a day, in order of arrival.
#[must_use]
pub fn due_of(date: IstDate, recipient: RecipientGstin) -> RowKey {
    due_on(date).with(recipient)
}

/// `due|date|gstin|arrival|subject`.
#[must_use]
pub fn due_key(date: IstDate, recipient: RecipientGstin, row: &CreditRow) -> RowKey {
    due_of(date, recipient).with(padded(row.arrival)).with(&row.subject)
}

/// `blocked|date|`.
#[must_use]
pub fn blocked_on(date: IstDate) -> RowKey {
    RowKey::table("blocked").with(date)
}

/// `blocked|date|gstin|`: the returns of a recipient that the reversal statement holds back, looked at again on a day.
#[must_use]
pub fn blocked_of(date: IstDate, recipient: RecipientGstin) -> RowKey {
    blocked_on(date).with(recipient)
}

/// `blocked|date|gstin|period`.
#[must_use]
pub fn blocked_key(date: IstDate, recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    blocked_of(date, recipient).with(sortable(period))
}

/// `annual|gstin|year`.
#[must_use]
pub fn annual_key(recipient: RecipientGstin, year: FinancialYear) -> RowKey {
    of("annual", recipient).with(year)
}

/// `annual|gstin|`.
#[must_use]
pub fn annual_returns_of(recipient: RecipientGstin) -> RowKey {
    of("annual", recipient)
}

/// `balance|gstin|`.
#[must_use]
pub fn balances_of(recipient: RecipientGstin) -> RowKey {
    of("balance", recipient)
}

/// `balance|gstin|date|n`.
#[must_use]
pub fn balance_key(recipient: RecipientGstin, date: IstDate, number: u64) -> RowKey {
    balances_of(recipient).with(date).with(padded(number))
}

/// `note|gstin|`.
#[must_use]
pub fn notes_of(recipient: RecipientGstin) -> RowKey {
    of("note", recipient)
}

/// `note|gstin|key`.
#[must_use]
pub fn note_key(recipient: RecipientGstin, note: &DocumentKey) -> RowKey {
    of("note", recipient).with(note)
}

/// `alias|gstin|key`.
#[must_use]
pub fn alias_key(recipient: RecipientGstin, document: &DocumentKey) -> RowKey {
    of("alias", recipient).with(document)
}

/// `rulebook|digest`.
#[must_use]
pub fn rulebook_key(digest: &str) -> RowKey {
    RowKey::table("rulebook").with(digest)
}

/// `passed|all`.
#[must_use]
pub fn passed_key() -> RowKey {
    RowKey::table("passed").with("all")
}
