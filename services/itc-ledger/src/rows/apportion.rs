//! Rows of apportionment (APP-3 to APP-5).

use super::keys::{of, padded, sortable};
use gst_events::CreditSubject;
use gst_types::{FinancialYear, Head, IstInstant, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
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

/// What is apportioned in a return, while it is walked: `apportioned|gstin|period`. Kept beside the return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApportionedRow {
    /// C2: common credit of inputs and services; under rule 38 what is halved.
    pub common: TaxAmounts,
    /// Credit of common capital goods, times the months of the return in which their life runs.
    pub capital_months: TaxAmounts,
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

/// Rule 42 for a financial year, while it is walked and afterwards: `year|gstin|year`. Never deleted: a turnover that is told
/// later calculates the year again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct YearRow {
    /// When it was calculated first, with the return of September; `None` while that walk goes on.
    pub calculated_at: Option<IstInstant>,
    /// E of the year.
    pub exempt: Paise,
    /// F of the year.
    pub total: Paise,
    /// C2 of the year.
    pub common: TaxAmounts,
    /// The part of it that was also used outside business (D2).
    pub partly_non_business: TaxAmounts,
    /// D1 and D2 as the returns of the year determined them.
    pub determined: TaxAmounts,
    /// Sum of what documents gave up in those returns.
    pub given_up: TaxAmounts,
    /// Sum of what documents kept.
    pub kept: TaxAmounts,
    /// The final figure less the determined one: above zero a shortage, below an excess.
    pub due: TaxAmounts,
    /// How much of `kept` or `given_up` the second walk has passed.
    pub passed: TaxAmounts,
}

impl Row for YearRow {
    const TABLE: &'static str = "year";
}

impl YearRow {
    /// The part of the difference that falls on a document which gave up and kept that much. The parts are differences of
    /// one running figure: together they are the whole, without a paisa of drift.
    pub fn take_share(&mut self, given_up: TaxAmounts, kept: TaxAmounts) -> TaxAmounts {
        let year = *self;
        self.passed = year.passed.map(|head, passed| {
            let (weight, whole) = year.weights(head, given_up, kept);
            (passed + weight).min(whole)
        });
        self.due.map(|head, due| {
            let (_, whole) = year.weights(head, given_up, kept);
            due.proportion(self.passed.of(head), whole) - due.proportion(year.passed.of(head), whole)
        })
    }

    /// A shortage falls on what was kept, an excess on what was given up: of the document, of all.
    fn weights(&self, head: Head, given_up: TaxAmounts, kept: TaxAmounts) -> (Paise, Paise) {
        if self.due.of(head) > Paise::ZERO {
            (kept.of(head), self.kept.of(head))
        } else {
            (given_up.of(head), self.given_up.of(head))
        }
    }
}

/// `year|gstin|year`.
#[must_use]
pub fn year_key(recipient: RecipientGstin, year: FinancialYear) -> RowKey {
    of("year", recipient).with(year)
}

/// `share|gstin|period|year|number`: what an entry gave up beyond the share of its return, when the year was calculated.
#[must_use]
pub fn year_share_of_entry(recipient: RecipientGstin, period: TaxPeriod, number: u64) -> RowKey {
    of("share", recipient).with(sortable(period)).with("year").with(padded(number))
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
