//! Dates and instants of Indian Standard Time (ID-11, CAL-1). A legal day is an IST calendar day.

use crate::text::{read_digits, text_form, write_ascii, write_digits};
use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use std::fmt;
use std::str::FromStr;

/// A calendar day in India, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IstDate(NaiveDate);

/// Why a text is no date or instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// No day of the calendar.
    #[error("not a day of the calendar written YYYY-MM-DD")]
    Date,
    /// No day of the calendar in GSTN's spelling.
    #[error("not a day of the calendar written DD-MM-YYYY")]
    GstnDate,
    /// No instant.
    #[error("not an instant written YYYY-MM-DDTHH:MM:SS, with +05:30, Z or nothing behind it")]
    Instant,
}

impl DateError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Date | Self::GstnDate => "DATE_INVALID",
            Self::Instant => "INSTANT_INVALID",
        }
    }
}

impl IstDate {
    /// The day of that year, month and day of month, if there is one.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// Wraps a calendar day that is already known to be Indian.
    #[must_use]
    pub const fn from_naive(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The calendar day.
    #[must_use]
    pub const fn naive(self) -> NaiveDate {
        self.0
    }

    /// Reads GSTN's spelling, `DD-MM-YYYY`.
    ///
    /// # Errors
    /// [`DateError::GstnDate`] where the text is no day of the calendar, such as 31-02-2025.
    pub fn parse_gstn(text: &str) -> Result<Self, DateError> {
        if text.len() != 10 {
            return Err(DateError::GstnDate);
        }
        NaiveDate::parse_from_str(text, "%d-%m-%Y").map(Self).map_err(|_| DateError::GstnDate)
    }

    /// GSTN's spelling, `DD-MM-YYYY`.
    #[must_use]
    pub fn to_gstn(self) -> String {
        self.0.format("%d-%m-%Y").to_string()
    }

    /// The day so many calendar days later (CAL-3). Saturates at the calendar's end.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX))
    }

    /// The day so many calendar days earlier. Saturates at the calendar's start.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self(self.0.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN))
    }

    /// The day so many months later, clamped to the month's last day (CAL-3).
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX))
    }

    /// Calendar days from `earlier` to this day; negative where this day is the earlier one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_days(1)
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// The first instant of the day.
    #[must_use]
    pub fn start(self) -> IstInstant {
        IstInstant(self.0.and_time(NaiveTime::MIN))
    }
}

impl fmt::Display for IstDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match date_digits(self.0) {
            Some(text) => write_ascii(formatter, &text),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// `YYYY-MM-DD`; `None` for a year that has not four digits.
fn date_digits(date: NaiveDate) -> Option<[u8; 10]> {
    let year = u64::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
    let mut text = *b"0000-00-00";
    write_digits(year, &mut text[..4]);
    write_digits(u64::from(date.month()), &mut text[5..7]);
    write_digits(u64::from(date.day()), &mut text[8..]);
    Some(text)
}

/// Reads `YYYY-MM-DD`.
fn date_of(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = i32::try_from(read_digits(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, read_digits(&[m1, m2])?, read_digits(&[d1, d2])?)
}

impl FromStr for IstDate {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        date_of(text.as_bytes()).map(Self).ok_or(DateError::Date)
    }
}

text_form!(IstDate, "IstDate", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "calendar day in India, YYYY-MM-DD (CAL-1)");

/// An instant on India's clock, to the second, written `YYYY-MM-DDTHH:MM:SS+05:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IstInstant(NaiveDateTime);

/// Seconds that India's clock is ahead of UTC; there is no daylight saving (CAL-1).
const IST_OFFSET_SECONDS: i32 = 5 * 3600 + 30 * 60;

impl IstInstant {
    /// The IST day that the instant lies on.
    #[must_use]
    pub fn date(self) -> IstDate {
        IstDate(self.0.date())
    }

    /// The instant of a date and time that is already known to be Indian.
    #[must_use]
    pub const fn from_naive(instant: NaiveDateTime) -> Self {
        Self(instant)
    }

    /// The instant so many seconds after 1970-01-01T00:00:00Z, if the calendar has it.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let utc = DateTime::from_timestamp(seconds, 0)?;
        Some(Self(utc.with_timezone(&FixedOffset::east_opt(IST_OFFSET_SECONDS)?).naive_local()))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.and_utc().timestamp() - i64::from(IST_OFFSET_SECONDS)
    }
}

impl fmt::Display for IstInstant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        IstDate(self.0.date()).fmt(formatter)?;
        let mut time = *b"T00:00:00+05:30";
        write_digits(u64::from(self.0.hour()), &mut time[1..3]);
        write_digits(u64::from(self.0.minute()), &mut time[4..6]);
        write_digits(u64::from(self.0.second()), &mut time[7..9]);
        write_ascii(formatter, &time)
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS`.
fn local_instant_of(text: &[u8]) -> Option<NaiveDateTime> {
    let (date, time) = text.split_at_checked(10)?;
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
    date_of(date)?.and_hms_opt(read_digits(&[h1, h2])?, read_digits(&[m1, m2])?, read_digits(&[s1, s2])?)
}

impl FromStr for IstInstant {
    type Err = DateError;
    /// Reads RFC 3339 (any offset, brought to IST), or a text without offset, which is IST (ID-11).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(local) = local_instant_of(text.strip_suffix("+05:30").unwrap_or(text).as_bytes()) {
            return Ok(Self(local));
        }
        let with_offset = DateTime::parse_from_rfc3339(text).map_err(|_| DateError::Instant)?;
        Self::from_unix_seconds(with_offset.timestamp()).ok_or(DateError::Instant)
    }
}

text_form!(
    IstInstant,
    "IstInstant",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}",
    "instant, YYYY-MM-DDTHH:MM:SS+05:30 (CAL-1)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cal_1_the_indian_day_starts_at_half_past_six_in_the_evening_of_utc() {
        let last: IstInstant = "2024-10-12T18:29:59Z".parse().unwrap();
        let first: IstInstant = "2024-10-12T18:30:00Z".parse().unwrap();
        assert_eq!(last.date().to_string(), "2024-10-12");
        assert_eq!(first.date().to_string(), "2024-10-13");
        assert_eq!(first.to_string(), "2024-10-13T00:00:00+05:30");
    }

    #[test]
    fn id_11_texts_of_dates_and_instants_are_read_as_they_are_written() {
        for text in ["0001-01-01", "2024-02-29", "9999-12-31"] {
            assert_eq!(text.parse::<IstDate>().unwrap().to_string(), text);
        }
        for text in ["", "2024-2-29", "2025-02-29", "2024-13-01", "+024-01-01", "2024-01-011", "२-01-01", "2024/01/01"]
        {
            assert_eq!(text.parse::<IstDate>(), Err(DateError::Date), "{text}");
        }
        for (text, read) in [
            ("2024-10-13T23:59:58", "2024-10-13T23:59:58+05:30"),
            ("2024-10-13T23:59:58+05:30", "2024-10-13T23:59:58+05:30"),
            ("2024-10-13T18:29:59.999Z", "2024-10-13T23:59:59+05:30"),
            ("2024-10-13T20:00:00+02:00", "2024-10-13T23:30:00+05:30"),
        ] {
            assert_eq!(text.parse::<IstInstant>().unwrap().to_string(), read);
        }
        for text in ["2024-10-13", "2024-10-13T24:00:00", "2024-10-13T23:60:00", "2024-10-13T23:59", "2024-10-13 at 9"]
        {
            assert_eq!(text.parse::<IstInstant>(), Err(DateError::Instant), "{text}");
        }
        // A year beyond four digits is written as it is, and never cut short.
        assert_eq!(IstDate::from_ymd(12024, 1, 2).unwrap().to_string(), "+12024-01-02");
    }

    #[test]
    fn cal_3_adding_months_clamps_to_the_month_end() {
        let date = IstDate::from_ymd(2024, 1, 31).unwrap();
        assert_eq!(date.plus_months(1).to_string(), "2024-02-29");
    }

    #[test]
    fn r37_2_worked_last_days_to_pay() {
        let day = |text: &str| text.parse::<IstDate>().unwrap();
        assert_eq!(day("2024-04-15").plus_days(180), day("2024-10-12"));
        assert_eq!(day("2023-09-05").plus_days(180), day("2024-03-03"));
        assert_eq!(day("2025-12-31").plus_days(180), day("2026-06-29"));
    }

    #[test]
    fn impossible_dates_are_refused() {
        assert_eq!(IstDate::parse_gstn("31-02-2025"), Err(DateError::GstnDate));
        assert_eq!("2025-02-31".parse::<IstDate>(), Err(DateError::Date));
    }
}
