//! A taxpayer's periods: frequency (EG-9), the earliest open one (PD-7) and the one before (GN-3).

use crate::rows::{FrequencyRow, ProfileRow};
use gst_rules::calendar::recipient_statement;
use gst_types::{FilingFrequency, FinancialYear, IstDate, TaxPeriod};

impl ProfileRow {
    /// How a month is filed: by the frequency in force at the start of its quarter (EG-9).
    #[must_use]
    pub fn frequency_of(&self, month: TaxPeriod) -> FilingFrequency {
        self.entry_of(month).map_or(FilingFrequency::Monthly, |entry| entry.frequency)
    }

    /// The due day told at registration for that month's GSTR-3B.
    #[must_use]
    pub fn due_day_of(&self, month: TaxPeriod) -> Option<u32> {
        self.entry_of(month).and_then(|entry| entry.due_day)
    }

    fn entry_of(&self, month: TaxPeriod) -> Option<&FrequencyRow> {
        let holds = |entry: &&FrequencyRow| entry.from.is_none_or(|from| from.quarter_start() <= month);
        self.frequencies.iter().rev().find(holds).or_else(|| self.frequencies.first())
    }

    /// Registers a frequency from a month on; from the start where no month is named.
    pub fn set_frequency(&mut self, entry: FrequencyRow) {
        match entry.from {
            None => self.frequencies = vec![entry],
            Some(from) => {
                self.frequencies.retain(|one| one.from.is_none_or(|begins| begins < from));
                self.frequencies.push(entry);
            }
        }
    }

    /// The statement that carries a window month (PD-5).
    #[must_use]
    pub fn statement_of(&self, window: TaxPeriod) -> TaxPeriod {
        recipient_statement(window, self.frequency_of(window))
    }

    /// The return period that a month belongs to, in the taxpayer's frequency.
    #[must_use]
    pub fn return_period_of(&self, month: TaxPeriod) -> TaxPeriod {
        month.in_frequency(self.frequency_of(month))
    }

    /// The return period after that one.
    #[must_use]
    pub fn period_after(&self, period: TaxPeriod) -> TaxPeriod {
        self.return_period_of(period.next())
    }

    /// The earliest period whose GSTR-3B is not filed, where it is known.
    #[must_use]
    pub fn earliest_open(&self) -> Option<TaxPeriod> {
        match self.locked_through {
            Some(locked) => Some(self.period_after(locked)),
            None => self.first_statement,
        }
    }

    /// The statement in which a record of that home counts now: never one that is locked (PD-7, GN-11).
    #[must_use]
    pub fn open_from(&self, home: TaxPeriod) -> TaxPeriod {
        match self.locked_through {
            Some(locked) if home <= locked => self.period_after(locked),
            Some(_) | None => home,
        }
    }

    /// Whether the GSTR-3B of a period is filed or counts as filed.
    #[must_use]
    pub fn is_locked(&self, period: TaxPeriod) -> bool {
        self.locked_through.is_some_and(|locked| period <= locked)
    }

    /// Whether a month is the first or second of a quarterly filer's quarter.
    #[must_use]
    pub fn is_inner_month(&self, period: TaxPeriod) -> bool {
        self.return_period_of(period) != period
    }

    /// The day on which the annual return of a year was filed, if it was.
    #[must_use]
    pub fn annual_return(&self, year: FinancialYear) -> Option<IstDate> {
        self.annual_returns.iter().find(|(of, _)| *of == year).map(|(_, filed)| *filed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> TaxPeriod {
        text.parse().unwrap()
    }

    #[test]
    fn eg_9_a_frequency_holds_for_whole_quarters() {
        let mut profile = ProfileRow::default();
        profile.set_frequency(FrequencyRow { from: None, frequency: FilingFrequency::Monthly, due_day: Some(20) });
        let quarterly =
            FrequencyRow { from: Some(period("012026")), frequency: FilingFrequency::Quarterly, due_day: Some(24) };
        profile.set_frequency(quarterly);
        assert_eq!(profile.statement_of(period("122025")), period("122025"));
        assert_eq!(profile.statement_of(period("022026")), period("032026"));
        assert_eq!(profile.period_after(period("122025")), period("032026"));
        assert_eq!(profile.due_day_of(period("032026")), Some(24));
    }

    #[test]
    fn pd_7_a_record_counts_in_no_locked_period() {
        let profile = ProfileRow { locked_through: Some(period("102025")), ..ProfileRow::default() };
        assert_eq!(profile.open_from(period("092025")), period("112025"));
        assert_eq!(profile.open_from(period("122025")), period("122025"));
    }
}
