//! Days, instants and return periods of the oracle, counted by itself: nothing here is shared with the engine.

use std::fmt;

/// A calendar day in IST, as the number of days since 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    pub(crate) fn of(year: i64, month: i64, day: i64) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted - era * 400;
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
    }

    pub(crate) fn parts(self) -> (i64, i64, i64) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted - era * 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        Some(Self::of(parts.next()??, parts.next()??, parts.next()??))
    }

    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// The year in which the financial year of this day starts (CAL-2).
    pub(crate) fn financial_year(self) -> i64 {
        let (year, month, _) = self.parts();
        if month >= 4 { year } else { year - 1 }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

/// The IST day and the second of that day of an `at`.
pub(crate) fn instant(text: &str) -> Option<(Day, i64)> {
    let (date, time) = text.split_once('T')?;
    let mut parts = time.trim_end_matches('Z').splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let second = parts.next()?? * 3600 + parts.next()?? * 60 + parts.next()??;
    let second = if text.ends_with('Z') { second + 19_800 } else { second };
    Some((Day::parse(date)?.plus(second.div_euclid(86_400)), second.rem_euclid(86_400)))
}

/// A return period; a quarter is named by its last month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period {
    pub(crate) year: i64,
    pub(crate) month: i64,
}

impl Period {
    pub(crate) fn of(day: Day, quarterly: bool) -> Self {
        let (year, month, _) = day.parts();
        Self { year, month }.within(quarterly)
    }

    /// The quarter of this month where `quarterly`.
    pub(crate) fn within(self, quarterly: bool) -> Self {
        if quarterly { Self { year: self.year, month: (self.month + 2) / 3 * 3 } } else { self }
    }

    pub(crate) fn next(self, quarterly: bool) -> Self {
        Self::of(self.day_after(), quarterly)
    }

    /// The first day after the period.
    pub(crate) fn day_after(self) -> Day {
        if self.month == 12 { Day::of(self.year + 1, 1, 1) } else { Day::of(self.year, self.month + 1, 1) }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(Self { month: text.get(..2)?.parse().ok()?, year: text.get(2..)?.parse().ok()? })
    }

    /// The year in which its financial year starts.
    pub(crate) fn financial_year(self) -> i64 {
        if self.month >= 4 { self.year } else { self.year - 1 }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}{:04}", self.month, self.year)
    }
}
