//! Dates of a taxpayer: windows, statements and limits, with the extensions that were entered by an instant (PD-6).

use crate::rows::{ExtensionRow, ProfileRow, RecordKind, RecordRow, sortable};
use gst_events::SupplierForm;
use gst_rules::Rulebook;
use gst_rules::calendar::{
    CalendarItem, default_last_day, draft_available_on, gstr1a_period, import_last_day, import_period,
    november_30_after, window_period,
};
use gst_types::{FilingFrequency, IstDate, IstInstant, RecipientGstin, TaxPeriod};
use std::collections::BTreeMap;
use stream::{Row, RowKey, StateError, StateView};

/// More extensions than notifications ever made; a bound for one range read.
const EXTENSIONS_MAX: usize = 2000;

/// The calendar as one taxpayer sees it.
#[derive(Debug)]
pub struct Dates<'a> {
    rules: &'a Rulebook,
    recipient: RecipientGstin,
    extensions: BTreeMap<String, ExtensionRow>,
}

impl<'a> Dates<'a> {
    /// Reads the extensions.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn read(rows: StateView<'_>, rules: &'a Rulebook, recipient: RecipientGstin) -> Result<Self, StateError> {
        let table = RowKey::table(ExtensionRow::TABLE);
        let found = rows.scan::<ExtensionRow>(&table, None, EXTENSIONS_MAX)?;
        let extensions = found.into_iter().map(|(key, row)| (key.as_str().to_owned(), row)).collect();
        Ok(Self { rules, recipient, extensions })
    }

    /// The last day of an item's period as it stood at that instant (PD-6).
    #[must_use]
    pub fn last_day(&self, item: CalendarItem, period: TaxPeriod, as_of: IstInstant) -> IstDate {
        self.extended(item, period, as_of)
            .unwrap_or_else(|| default_last_day(self.rules, item, period, self.recipient.gstin().state()))
    }

    fn extended(&self, item: CalendarItem, period: TaxPeriod, as_of: IstInstant) -> Option<IstDate> {
        let key = RowKey::table(ExtensionRow::TABLE).with(item.code()).with(sortable(period));
        let row = self.extensions.get(key.as_str())?;
        row.entered.iter().rev().find(|(entered_at, _)| *entered_at <= as_of).map(|(_, date)| *date)
    }

    /// The month whose window the filing of a supplier's form fell into (PD-1, PD-3, PD-4). Nothing moves a record into an
    /// earlier statement afterwards, a recompute neither (GN-8).
    #[must_use]
    pub fn window_of_form(
        &self,
        form: SupplierForm,
        supplier: FilingFrequency,
        return_period: TaxPeriod,
        filed_at: IstInstant,
    ) -> TaxPeriod {
        let item = match form {
            SupplierForm::Gstr1 | SupplierForm::Gstr1a => CalendarItem::gstr1_of(supplier),
            SupplierForm::Iff | SupplierForm::Gstr5 | SupplierForm::Gstr6 => CalendarItem::Gstr1Quarterly,
        };
        let last_day = |period| self.last_day(item, period, filed_at);
        match form {
            SupplierForm::Gstr1a => gstr1a_period(filed_at.date(), return_period, last_day),
            SupplierForm::Gstr1 | SupplierForm::Iff | SupplierForm::Gstr5 | SupplierForm::Gstr6 => {
                window_period(filed_at.date(), last_day)
            }
        }
    }

    /// The month of an import (PD-8).
    #[must_use]
    pub fn window_of_import(&self, reference_date: IstDate, received_at: IstInstant) -> TaxPeriod {
        import_period(reference_date, received_at.date(), |period| import_last_day(self.rules, period))
    }

    /// The due date of a GSTR-3B as it stood at that instant.
    #[must_use]
    pub fn gstr3b_due(&self, profile: &ProfileRow, period: TaxPeriod, as_of: IstInstant) -> IstDate {
        let item = CalendarItem::gstr3b_of(profile.frequency_of(period));
        if let Some(extended) = self.extended(item, period, as_of) {
            return extended;
        }
        match profile.due_day_of(period) {
            Some(day) => period.next().day(day),
            None => default_last_day(self.rules, item, period, self.recipient.gstin().state()),
        }
    }

    /// The last day on which a specified record of that statement may be pending (AC-5).
    #[must_use]
    pub fn pending_until(&self, profile: &ProfileRow, statement: TaxPeriod, as_of: IstInstant) -> IstDate {
        self.gstr3b_due(profile, profile.period_after(statement), as_of)
    }

    /// The first day on which the draft of a period can be made (GN-1).
    #[must_use]
    pub fn draft_from(&self, period: TaxPeriod, as_of: IstInstant) -> IstDate {
        let extended = [CalendarItem::Gstr1Monthly, CalendarItem::Gstr1Quarterly]
            .map(|item| self.extended(item, period, as_of))
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        draft_available_on(self.rules, period, &extended)
    }

    /// The last day of credit for a document of that date (EL-4).
    #[must_use]
    pub fn lapses_after(&self, document_date: IstDate) -> IstDate {
        november_30_after(document_date)
    }

    /// The instant at which a saved record would be filed (ED-9): now, or the first instant of the month after its
    /// return period.
    #[must_use]
    pub fn filed_now(record: &RecordRow, now: IstInstant) -> IstInstant {
        match (record.kind, record.return_period) {
            (RecordKind::Document, Some(period)) => now.max(period.next().first_day().start()),
            (
                RecordKind::Document
                | RecordKind::Isd
                | RecordKind::Rule37a
                | RecordKind::BillOfEntry
                | RecordKind::BillOfEntryIn
                | RecordKind::BillOfEntryReversal,
                _,
            ) => now,
        }
    }
}
