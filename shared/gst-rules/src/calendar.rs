//! Dates that follow from dates: statement windows (section 3 of the IMS reference), due dates (CAL-5, AC-5), day 181
//! (R37-2, R37-3), rule 37A (R37A-2), the time limit (TL-1) and the reference date of an import (BOE-6).
//!
//! Functions that look at a cut-off take a function from period to its last day, so that an extension (PD-6) that a worker
//! keeps in its rows is looked at first and [`default_last_day`] otherwise.

use crate::Rulebook;
use crate::rulebook::{PeriodRule, Rule37aReturn, TimeLimitRule};
use gst_types::{FilingFrequency, FinancialYear, IstDate, StateCode, TaxPeriod};

/// A date that a notification may extend for one period (PD-6).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CalendarItem {
    /// End of the window of monthly forms and GSTR-1A (PD-1).
    #[serde(rename = "GSTR1_MONTHLY")]
    Gstr1Monthly,
    /// End of the window of quarterly forms, IFF, GSTR-5 and GSTR-6 (PD-3).
    #[serde(rename = "GSTR1_QUARTERLY")]
    Gstr1Quarterly,
    /// Due date of the monthly GSTR-3B (AC-5).
    #[serde(rename = "GSTR3B_MONTHLY")]
    Gstr3bMonthly,
    /// Due date of the quarterly GSTR-3B (AC-5).
    #[serde(rename = "GSTR3B_QUARTERLY")]
    Gstr3bQuarterly,
}

impl CalendarItem {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Gstr1Monthly, Self::Gstr1Quarterly, Self::Gstr3bMonthly, Self::Gstr3bQuarterly];

    /// The word used in events, rows and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gstr1Monthly => "GSTR1_MONTHLY",
            Self::Gstr1Quarterly => "GSTR1_QUARTERLY",
            Self::Gstr3bMonthly => "GSTR3B_MONTHLY",
            Self::Gstr3bQuarterly => "GSTR3B_QUARTERLY",
        }
    }

    /// The item of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.code() == code)
    }

    /// The window item of a supplier of that frequency (PD-1, PD-3).
    #[must_use]
    pub const fn gstr1_of(frequency: FilingFrequency) -> Self {
        match frequency {
            FilingFrequency::Monthly => Self::Gstr1Monthly,
            FilingFrequency::Quarterly => Self::Gstr1Quarterly,
        }
    }

    /// The GSTR-3B item of a taxpayer of that frequency (AC-5).
    #[must_use]
    pub const fn gstr3b_of(frequency: FilingFrequency) -> Self {
        match frequency {
            FilingFrequency::Monthly => Self::Gstr3bMonthly,
            FilingFrequency::Quarterly => Self::Gstr3bQuarterly,
        }
    }
}

/// The last day of an item for a period where nothing is extended (PD-1, PD-3, CAL-5). `state` matters for the quarterly
/// GSTR-3B alone; a quarter is named by its last month.
#[must_use]
pub fn default_last_day(rulebook: &Rulebook, item: CalendarItem, period: TaxPeriod, state: StateCode) -> IstDate {
    match item {
        CalendarItem::Gstr1Monthly => window_last_day(rulebook, FilingFrequency::Monthly, period),
        CalendarItem::Gstr1Quarterly => window_last_day(rulebook, FilingFrequency::Quarterly, period),
        CalendarItem::Gstr3bMonthly => gstr3b_due(rulebook, period, FilingFrequency::Monthly, state),
        CalendarItem::Gstr3bQuarterly => gstr3b_due(rulebook, period, FilingFrequency::Quarterly, state),
    }
}

/// The last day of a period's window where nothing is extended: the 11th (PD-1) or 13th (PD-3) of the next month.
#[must_use]
pub fn window_last_day(rulebook: &Rulebook, supplier_frequency: FilingFrequency, period: TaxPeriod) -> IstDate {
    let day = match supplier_frequency {
        FilingFrequency::Monthly => rulebook.gstr1_monthly_day(period),
        FilingFrequency::Quarterly => rulebook.gstr1_quarterly_day(period),
    };
    period.next().day(day)
}

/// The last day on which the data of an import of the period may reach the GST system (PD-8): the 13th of the next month.
#[must_use]
pub fn import_last_day(rulebook: &Rulebook, period: TaxPeriod) -> IstDate {
    period.next().day(rulebook.import_day(period))
}

/// No notification has moved a cut-off by more than this many months; the search for a window starts there.
const LONGEST_EXTENSION_IN_MONTHS: u32 = 6;

/// The period in whose window a day lies (PD-1, PD-3, CF-4), whyever the form comes so late (EG-8): the first whose last day
/// is not before it. An extended last day
/// moves the end of its period and the start of the next one together (PD-6).
#[must_use]
pub fn window_period(filed_on: IstDate, last_day: impl Fn(TaxPeriod) -> IstDate) -> TaxPeriod {
    let mut period = TaxPeriod::of(filed_on);
    for _ in 0..LONGEST_EXTENSION_IN_MONTHS {
        period = period.previous();
    }
    while last_day(period) < filed_on {
        period = period.next();
    }
    period
}

/// The statement of a GSTR-1A (PD-4, CF-3): its window period, but never before the period after its return period.
#[must_use]
pub fn gstr1a_period(
    filed_on: IstDate,
    return_period: TaxPeriod,
    last_day: impl Fn(TaxPeriod) -> IstDate,
) -> TaxPeriod {
    window_period(filed_on, last_day).max(return_period.next())
}

/// The statement of an import (PD-8): the month of the reference date, or the first whose cut-off the receipt meets.
#[must_use]
pub fn import_period(
    reference_date: IstDate,
    received_on: IstDate,
    last_day: impl Fn(TaxPeriod) -> IstDate,
) -> TaxPeriod {
    window_period(received_on, last_day).max(TaxPeriod::of(reference_date))
}

/// The first period in which quarterly recipients have one statement for a quarter (PD-5).
const FIRST_QUARTERLY_STATEMENT: (i32, u32) = (2024, 10);

/// The statement that carries a window period for a recipient of that frequency (PD-5): from Oct 2024 the last month of
/// the quarter for quarterly filers, before it every month.
#[must_use]
pub fn recipient_statement(window: TaxPeriod, frequency: FilingFrequency) -> TaxPeriod {
    if (window.year(), window.month()) < FIRST_QUARTERLY_STATEMENT { window } else { window.in_frequency(frequency) }
}

/// The first day on which the draft of a period can be made (GN-1): the 14th of the next month, or the day after the
/// latest of the period's cut-offs.
#[must_use]
pub fn draft_available_on(rulebook: &Rulebook, period: TaxPeriod, cut_offs: &[IstDate]) -> IstDate {
    let draft_day = period.next().day(rulebook.draft_day(period));
    cut_offs.iter().map(|last_day| last_day.next()).fold(draft_day, Ord::max)
}

/// The due date of GSTR-3B (CAL-5): the 20th of the next month, or the 22nd or 24th after the quarter by State group.
#[must_use]
pub fn gstr3b_due(rulebook: &Rulebook, period: TaxPeriod, frequency: FilingFrequency, state: StateCode) -> IstDate {
    let period = period.in_frequency(frequency);
    period.next().day(rulebook.gstr3b_due_day(period, frequency, state))
}

/// The due date of the annual return (AUD-6): 31 December after the financial year.
#[must_use]
pub fn annual_return_due(year: FinancialYear) -> IstDate {
    year.day_after_year_end(12, 31)
}

/// The last day on which a specified record of that statement may be pending (AC-5): the due date of GSTR-3B of the next
/// tax period of the recipient.
#[must_use]
pub fn specified_pending_until(
    statement: TaxPeriod,
    frequency: FilingFrequency,
    gstr3b_due: impl Fn(TaxPeriod) -> IstDate,
) -> IstDate {
    gstr3b_due(statement.next_with(frequency))
}

/// Days in which a supplier must be paid (section 16(2), second proviso).
pub const DAYS_TO_PAY: u32 = 180;

/// R37-2: the last day on which a payment is in time. The invoice date itself is not counted (conflict C1).
#[must_use]
pub fn last_day_to_pay(invoice_date: IstDate) -> IstDate {
    invoice_date.plus_days(DAYS_TO_PAY)
}

/// R37-2: the day on which the timer fires, at 00:00 IST.
#[must_use]
pub fn day_181(invoice_date: IstDate) -> IstDate {
    last_day_to_pay(invoice_date).next()
}

/// R37-3: the return of the reversal. `NEXT_PERIOD` is the period after the one that contains day 180.
#[must_use]
pub fn rule_37_return_period(invoice_date: IstDate, rule: PeriodRule, frequency: FilingFrequency) -> TaxPeriod {
    match rule {
        PeriodRule::PeriodOfDay181 => TaxPeriod::of_with(day_181(invoice_date), frequency),
        PeriodRule::NextPeriod => TaxPeriod::of_with(last_day_to_pay(invoice_date), frequency).next_with(frequency),
    }
}

/// The dates of rule 37A for credit availed in a financial year (R37A-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule37aDates {
    /// 30 September after the year: the supplier's last day.
    pub supplier_deadline: IstDate,
    /// 30 November after the year: the last day for the recipient's return with the reversal.
    pub recipient_deadline: IstDate,
    /// 1 October after the year: the reversal falls due at 00:00 IST.
    pub due_on: IstDate,
    /// The return of the reversal.
    pub reversal_return: TaxPeriod,
}

/// R37A-2: the dates of rule 37A for credit availed in `year`.
#[must_use]
pub fn rule_37a_dates(year: FinancialYear, rule: Rule37aReturn, frequency: FilingFrequency) -> Rule37aDates {
    let supplier_deadline = year.day_after_year_end(9, 30);
    let month = match (frequency, rule) {
        (FilingFrequency::Quarterly, Rule37aReturn::October | Rule37aReturn::September)
        | (FilingFrequency::Monthly, Rule37aReturn::September) => supplier_deadline,
        (FilingFrequency::Monthly, Rule37aReturn::October) => supplier_deadline.next(),
    };
    Rule37aDates {
        supplier_deadline,
        recipient_deadline: year.day_after_year_end(11, 30),
        due_on: supplier_deadline.next(),
        reversal_return: TaxPeriod::of(month),
    }
}

/// TL-1 to TL-3: the last day on which a return with credit of documents of that year may be filed.
///
/// `annual_return_filed_on` ends it earlier (TL-2); `september_return_due` replaces the 20 October of the years before
/// 2021-22 where it was extended (TL-3).
#[must_use]
pub fn section_16_4_cutoff(
    rulebook: &Rulebook,
    year: FinancialYear,
    annual_return_filed_on: Option<IstDate>,
    september_return_due: Option<IstDate>,
) -> IstDate {
    let normal = match rulebook.time_limit_rule(year) {
        TimeLimitRule::November30 => year.day_after_year_end(11, 30),
        TimeLimitRule::SeptemberReturn => september_return_due.unwrap_or_else(|| september_return_due_of(year)),
    };
    annual_return_filed_on.map_or(normal, |filed| filed.min(normal))
}

/// TL-3: the due date of the September return after a year; for 2017-18, by the one-time extension, that of March 2019.
fn september_return_due_of(year: FinancialYear) -> IstDate {
    if year.start_year() == 2017 {
        let march_2019 = year.next().last_day();
        return TaxPeriod::of(march_2019).next().day(20);
    }
    year.day_after_year_end(10, 20)
}

/// EL-2, EL-4: 30 November after the financial year of a document of that date.
#[must_use]
pub fn november_30_after(document_date: IstDate) -> IstDate {
    FinancialYear::of(document_date).day_after_year_end(11, 30)
}

/// BOE-6: the reference date of an import, the latest of its dates.
#[must_use]
pub fn bill_of_entry_reference_date(
    out_of_charge_on: IstDate,
    duty_paid_on: IstDate,
    amended_on: Option<IstDate>,
) -> IstDate {
    let cleared = out_of_charge_on.max(duty_paid_on);
    amended_on.map_or(cleared, |amended| amended.max(cleared))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn period(text: &str) -> TaxPeriod {
        text.parse().unwrap()
    }

    fn window(frequency: FilingFrequency, filed_on: &str) -> String {
        let rulebook = Rulebook::embedded();
        window_period(day(filed_on), |period| window_last_day(&rulebook, frequency, period)).to_string()
    }

    #[test]
    fn pd_1_pd_3_windows_end_on_the_11th_and_13th() {
        assert_eq!(window(FilingFrequency::Monthly, "2025-11-11"), "102025");
        assert_eq!(window(FilingFrequency::Monthly, "2025-11-12"), "112025");
        assert_eq!(window(FilingFrequency::Quarterly, "2025-11-13"), "102025");
        assert_eq!(window(FilingFrequency::Quarterly, "2025-12-14"), "122025");
    }

    #[test]
    fn pd_4_gstr1a_goes_to_the_next_period_at_the_earliest() {
        let rulebook = Rulebook::embedded();
        let last_day = |period| window_last_day(&rulebook, FilingFrequency::Monthly, period);
        assert_eq!(gstr1a_period(day("2025-10-14"), period("092025"), last_day), period("102025"));
        assert_eq!(gstr1a_period(day("2025-10-11"), period("092025"), last_day), period("102025"));
    }

    #[test]
    fn pd_6_an_extension_moves_both_ends() {
        let rulebook = Rulebook::embedded();
        let extended = |of: TaxPeriod| {
            if of == period("102025") {
                day("2025-11-15")
            } else {
                window_last_day(&rulebook, FilingFrequency::Monthly, of)
            }
        };
        assert_eq!(window_period(day("2025-11-15"), extended), period("102025"));
        assert_eq!(window_period(day("2025-11-16"), extended), period("112025"));
        assert_eq!(draft_available_on(&rulebook, period("102025"), &[extended(period("102025"))]), day("2025-11-16"));
        assert_eq!(draft_available_on(&rulebook, period("112025"), &[extended(period("112025"))]), day("2025-12-14"));
    }

    #[test]
    fn pd_8_imports_go_by_reference_date_and_receipt() {
        let rulebook = Rulebook::embedded();
        let statement = |received| import_period(day("2025-11-20"), day(received), |of| import_last_day(&rulebook, of));
        assert_eq!(statement("2025-12-13"), period("112025"));
        assert_eq!(statement("2025-12-14"), period("122025"));
        assert_eq!(statement("2025-11-21"), period("112025"));
    }

    #[test]
    fn pd_5_quarterly_statements_from_october_2024() {
        assert_eq!(recipient_statement(period("102025"), FilingFrequency::Quarterly), period("122025"));
        assert_eq!(recipient_statement(period("082024"), FilingFrequency::Quarterly), period("082024"));
    }

    #[test]
    fn ac_5_pending_until_the_next_due_date() {
        let rulebook = Rulebook::embedded();
        let until = |statement: &str, frequency, state: &str| {
            let state = state.parse().unwrap();
            specified_pending_until(period(statement), frequency, |of| gstr3b_due(&rulebook, of, frequency, state))
        };
        assert_eq!(until("102025", FilingFrequency::Monthly, "07"), day("2025-12-20"));
        assert_eq!(until("122025", FilingFrequency::Quarterly, "29"), day("2026-04-22"));
        assert_eq!(until("122025", FilingFrequency::Quarterly, "07"), day("2026-04-24"));
    }

    #[test]
    fn r37_3_the_period_of_day_181_or_the_next_one() {
        let of = |rule| rule_37_return_period(day("2025-04-05"), rule, FilingFrequency::Monthly);
        assert_eq!(of(PeriodRule::PeriodOfDay181), period("102025"));
        assert_eq!(of(PeriodRule::NextPeriod), period("112025"));
        let september_30 = day("2025-09-30").minus_days(180);
        for rule in [PeriodRule::PeriodOfDay181, PeriodRule::NextPeriod] {
            assert_eq!(rule_37_return_period(september_30, rule, FilingFrequency::Monthly), period("102025"));
        }
    }

    #[test]
    fn r37a_2_dates_of_credit_availed_in_2024_25() {
        let dates = rule_37a_dates("2024-25".parse().unwrap(), Rule37aReturn::October, FilingFrequency::Monthly);
        assert_eq!(dates.due_on, day("2025-10-01"));
        assert_eq!(dates.recipient_deadline, day("2025-11-30"));
        assert_eq!(dates.reversal_return, period("102025"));
    }

    #[test]
    fn tl_1_tl_3_cutoff_by_year() {
        let cutoff = |year: &str| section_16_4_cutoff(&Rulebook::embedded(), year.parse().unwrap(), None, None);
        assert_eq!(cutoff("2024-25"), day("2025-11-30"));
        assert_eq!(cutoff("2021-22"), day("2022-11-30"));
        assert_eq!(cutoff("2020-21"), day("2021-10-20"));
        assert_eq!(cutoff("2017-18"), day("2019-04-20"));
    }

    #[test]
    fn boe_6_the_latest_date_counts() {
        let reference = bill_of_entry_reference_date(day("2026-04-10"), day("2026-05-01"), None);
        assert_eq!(reference, day("2026-05-01"));
    }

    proptest::proptest! {
        #[test]
        fn pd_1_each_day_lies_in_exactly_one_window(days in 0_u32..4_000) {
            let rulebook = Rulebook::embedded();
            let filed_on = day("2020-08-12").plus_days(days);
            for frequency in [FilingFrequency::Monthly, FilingFrequency::Quarterly] {
                let last_day = |of| window_last_day(&rulebook, frequency, of);
                let found = window_period(filed_on, last_day);
                proptest::prop_assert!(last_day(found.previous()) < filed_on && filed_on <= last_day(found));
            }
        }
    }
}
