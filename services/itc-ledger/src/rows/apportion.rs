//! Rows of apportionment (APP-3 to APP-5).

use super::keys::{of, padded, sortable};
use gst_events::CreditSubject;
use gst_types::{IstInstant, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
use serde::{Deserialize, Serialize};
use stream::{Row, RowKey};

/// Turnover of a period as told last: `turnover|gstin|period`. Never deleted: a later period without one uses its ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnoverRow {
    /// E: exempt turnover.
    pub exempt: Paise,
    /// F: total turnover in the State.
    pub total: Paise,
    /// Whether common credit is partly used outside business (D2).
    pub common_use_non_business: bool,
    /// Whether the recipient is a bank that opted under section 17(4).
    pub section_17_4: bool,
    /// When it was told.
    pub at: IstInstant,
}

impl Row for TurnoverRow {
    const TABLE: &'static str = "turnover";
}

/// What is apportioned in a return, while it is walked and afterwards: `apportioned|gstin|period`. Kept for the year's
/// recomputation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApportionedRow {
    /// C2: common credit of inputs and services; under rule 38 what is halved.
    pub common: TaxAmounts,
    /// Credit of common capital goods, times the months of the return in which their life runs.
    pub capital_months: TaxAmounts,
    /// E of the ratio applied.
    pub exempt: Paise,
    /// F of the ratio applied.
    pub total: Paise,
}

impl Row for ApportionedRow {
    const TABLE: &'static str = "apportioned";
}

/// What one entry or capital good gave up in a return: `share|gstin|period|…`, so that a second turnover posts the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShareRow {
    /// Taken out, signed.
    pub tax: TaxAmounts,
}

impl Row for ShareRow {
    const TABLE: &'static str = "share";
}

/// `turnover|gstin|`, in time order.
#[must_use]
pub fn turnovers_of(recipient: RecipientGstin) -> RowKey {
    of("turnover", recipient)
}

/// `turnover|gstin|period`.
#[must_use]
pub fn turnover_key(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    turnovers_of(recipient).with(sortable(period))
}

/// `apportioned|gstin|period`.
#[must_use]
pub fn apportioned_key(recipient: RecipientGstin, period: TaxPeriod) -> RowKey {
    of("apportioned", recipient).with(sortable(period))
}

/// `share|gstin|period|entry|number`.
#[must_use]
pub fn share_of_entry(recipient: RecipientGstin, period: TaxPeriod, number: u64) -> RowKey {
    of("share", recipient).with(sortable(period)).with("entry").with(padded(number))
}

/// `share|gstin|period|capital|subject`.
#[must_use]
pub fn share_of_asset(recipient: RecipientGstin, period: TaxPeriod, subject: &CreditSubject) -> RowKey {
    of("share", recipient).with(sortable(period)).with("capital").with(subject)
}

/// `capital|gstin|`: capital goods in common use. A good leaves when its category changes.
#[must_use]
pub fn capital_goods_of(recipient: RecipientGstin) -> RowKey {
    of("capital", recipient)
}

/// `capital|gstin|subject`.
#[must_use]
pub fn capital_key(recipient: RecipientGstin, subject: &CreditSubject) -> RowKey {
    capital_goods_of(recipient).with(subject)
}
