//! Return periods and financial years (ID-8 to ID-10, CAL-2, CAL-4).

use crate::date::IstDate;
use crate::text::{text_form, write_ascii, write_digits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A month of returns, written `MMYYYY`; a quarter is named by its last month (ID-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxPeriod {
    year: u16,
    month: u8,
}

/// Why a text is no period or financial year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// No period.
    #[error("a period is a month 01 to 12 and a year, MMYYYY (ID-8)")]
    Period,
    /// No financial year.
    #[error("a financial year is two years in a row, such as 2025-26 (ID-9)")]
    FinancialYear,
}

impl PeriodError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Period => "PERIOD_INVALID",
            Self::FinancialYear => "FINANCIAL_YEAR_INVALID",
        }
    }
}

/// How often a taxpayer files (QRMP taxpayers quarterly).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilingFrequency {
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
}

impl TaxPeriod {
    /// The period of that year and month.
    ///
    /// # Errors
    /// [`PeriodError::Period`] where the month is not 1 to 12 or the year has not four digits.
    pub fn new(year: i32, month: u32) -> Result<Self, PeriodError> {
        let in_range = (1000..=9999).contains(&year) && (1..=12).contains(&month);
        match (u16::try_from(year), u8::try_from(month)) {
            (Ok(year), Ok(month)) if in_range => Ok(Self { year, month }),
            _ => Err(PeriodError::Period),
        }
    }

    /// The month that a day lies in.
    #[must_use]
    pub fn of(date: IstDate) -> Self {
        let year = u16::try_from(date.year().clamp(1000, 9999)).unwrap_or(9999);
        Self { year, month: u8::try_from(date.month()).unwrap_or(1) }
    }

    /// The period that a day lies in for a taxpayer of that frequency (CAL-4): the month, or the quarter's last month.
    #[must_use]
    pub fn of_with(date: IstDate, frequency: FilingFrequency) -> Self {
        Self::of(date).in_frequency(frequency)
    }

    /// This month as a period of that frequency: itself, or the last month of its quarter (ID-10).
    #[must_use]
    pub fn in_frequency(self, frequency: FilingFrequency) -> Self {
        match frequency {
            FilingFrequency::Monthly => self,
            FilingFrequency::Quarterly => self.quarter_end(),
        }
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        i32::from(self.year)
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        u32::from(self.month)
    }

    /// The next month.
    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        if self.month == 1 {
            Self { year: self.year - 1, month: 12 }
        } else {
            Self { year: self.year, month: self.month - 1 }
        }
    }

    /// The next period of that frequency.
    #[must_use]
    pub fn next_with(self, frequency: FilingFrequency) -> Self {
        match frequency {
            FilingFrequency::Monthly => self.next(),
            FilingFrequency::Quarterly => self.quarter_end().next().quarter_end(),
        }
    }

    /// The period before of that frequency.
    #[must_use]
    pub fn previous_with(self, frequency: FilingFrequency) -> Self {
        match frequency {
            FilingFrequency::Monthly => self.previous(),
            FilingFrequency::Quarterly => self.quarter_end().previous().previous().previous(),
        }
    }

    /// Position in its quarter, 1 to 3 (M1, M2, M3; ID-10).
    #[must_use]
    pub fn month_of_quarter(self) -> u32 {
        (self.month() - 1) % 3 + 1
    }

    /// The last month of its quarter (ID-10).
    #[must_use]
    pub fn quarter_end(self) -> Self {
        match self.month_of_quarter() {
            1 => self.next().next(),
            2 => self.next(),
            _ => self,
        }
    }

    /// The first month of its quarter.
    #[must_use]
    pub fn quarter_start(self) -> Self {
        self.quarter_end().previous().previous()
    }

    /// The financial year that the month lies in (ID-9).
    #[must_use]
    pub fn financial_year(self) -> FinancialYear {
        FinancialYear { start: if self.month <= 3 { self.year - 1 } else { self.year } }
    }

    /// The first day of the month.
    #[must_use]
    pub fn first_day(self) -> IstDate {
        self.day(1)
    }

    /// The last day of the month.
    #[must_use]
    pub fn last_day(self) -> IstDate {
        self.next().first_day().minus_days(1)
    }

    /// That day of the month, clamped to its last day.
    #[must_use]
    pub fn day(self, day: u32) -> IstDate {
        let mut candidate = day.clamp(1, 31);
        loop {
            if let Some(date) = IstDate::from_ymd(self.year(), self.month(), candidate) {
                return date;
            }
            candidate -= 1;
        }
    }
}

impl fmt::Display for TaxPeriod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"000000";
        write_digits(u64::from(self.month), &mut text[..2]);
        write_digits(u64::from(self.year), &mut text[2..]);
        write_ascii(formatter, &text)
    }
}

impl FromStr for TaxPeriod {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PeriodError::Period);
        }
        let month = text[..2].parse().map_err(|_| PeriodError::Period)?;
        let year = text[2..].parse().map_err(|_| PeriodError::Period)?;
        Self::new(year, month)
    }
}

text_form!(TaxPeriod, "TaxPeriod", "^(0[1-9]|1[0-2])[0-9]{4}$", "return period, MMYYYY (ID-8)");

/// A financial year, April to March, written `2025-26` (ID-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FinancialYear {
    start: u16,
}

impl FinancialYear {
    /// The financial year that a day lies in (ID-9, CAL-2).
    #[must_use]
    pub fn of(date: IstDate) -> Self {
        TaxPeriod::of(date).financial_year()
    }

    /// The financial year that begins in April of that year.
    ///
    /// # Errors
    /// [`PeriodError::FinancialYear`] where the year has not four digits.
    pub fn starting_in(year: i32) -> Result<Self, PeriodError> {
        match u16::try_from(year) {
            Ok(start) if (1000..9999).contains(&start) => Ok(Self { start }),
            _ => Err(PeriodError::FinancialYear),
        }
    }

    /// The year in which it begins.
    #[must_use]
    pub fn start_year(self) -> i32 {
        i32::from(self.start)
    }

    /// The next financial year.
    #[must_use]
    pub fn next(self) -> Self {
        Self { start: self.start + 1 }
    }

    /// 1 April.
    #[must_use]
    pub fn first_day(self) -> IstDate {
        TaxPeriod { year: self.start, month: 4 }.first_day()
    }

    /// 31 March.
    #[must_use]
    pub fn last_day(self) -> IstDate {
        TaxPeriod { year: self.start + 1, month: 3 }.last_day()
    }

    /// A day in the calendar year after the one in which it begins, such as 30 November of the time limit (TL-1).
    #[must_use]
    pub fn day_after_year_end(self, month: u32, day: u32) -> IstDate {
        let month = u8::try_from(month.clamp(1, 12)).unwrap_or(12);
        TaxPeriod { year: self.start + 1, month }.day(day)
    }
}

impl fmt::Display for FinancialYear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"0000-00";
        write_digits(u64::from(self.start), &mut text[..4]);
        write_digits(u64::from(self.start) + 1, &mut text[5..]);
        write_ascii(formatter, &text)
    }
}

impl FromStr for FinancialYear {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (start, end) = text.split_once('-').ok_or(PeriodError::FinancialYear)?;
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(start, 4) || !digits(end, 2) {
            return Err(PeriodError::FinancialYear);
        }
        let start: i32 = start.parse().map_err(|_| PeriodError::FinancialYear)?;
        let end: i32 = end.parse().map_err(|_| PeriodError::FinancialYear)?;
        if (start + 1) % 100 == end { Self::starting_in(start) } else { Err(PeriodError::FinancialYear) }
    }
}

text_form!(FinancialYear, "FinancialYear", "^[0-9]{4}-[0-9]{2}$", "financial year, 2025-26 (ID-9)");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_8_periods_are_month_and_year_and_sort_by_year() {
        let october: TaxPeriod = "102025".parse().unwrap();
        let january: TaxPeriod = "012026".parse().unwrap();
        assert!(october < january);
        assert_eq!("132025".parse::<TaxPeriod>(), Err(PeriodError::Period));
        assert_eq!("002025".parse::<TaxPeriod>(), Err(PeriodError::Period));
    }

    #[test]
    fn id_9_financial_year_runs_from_april() {
        let of = |text: &str| FinancialYear::of(text.parse().unwrap()).to_string();
        assert_eq!(of("2026-03-31"), "2025-26");
        assert_eq!(of("2026-04-01"), "2026-27");
        assert_eq!("1999-00".parse::<FinancialYear>().unwrap().start_year(), 1999);
    }

    #[test]
    fn id_10_a_quarter_is_named_by_its_last_month() {
        let period: TaxPeriod = "102025".parse().unwrap();
        assert_eq!(period.quarter_end().to_string(), "122025");
        assert_eq!(period.next_with(FilingFrequency::Quarterly).to_string(), "032026");
        assert_eq!(period.previous_with(FilingFrequency::Quarterly).to_string(), "092025");
    }
}
