//! The days on which things happen in the demo: eleven a month, so that the days between can be opened in one go.

use gst_types::{IstDate, TaxPeriod};

/// The demo year is 2025-26.
pub(crate) const FIRST_YEAR: i32 = 2025;
/// April.
pub(crate) const FIRST_PERIOD_MONTH: u32 = 4;

/// Around the cut-offs of the 11th and 13th, the draft of the 14th and the return of the 20th, and some between.
const WORKING_DAYS: [u32; 11] = [3, 7, 10, 11, 13, 15, 17, 19, 20, 24, 28];

/// That day of the month after which `period` is named.
pub(crate) fn working_day_of(period: TaxPeriod, day: u32) -> IstDate {
    period.day(day)
}

/// The first working day on or after a day.
pub(crate) fn on_or_after(day: IstDate) -> IstDate {
    let mut day = day;
    while !WORKING_DAYS.contains(&day.day()) {
        day = day.next();
    }
    day
}

/// The first working day after a day.
pub(crate) fn after(day: IstDate) -> IstDate {
    on_or_after(day.next())
}
