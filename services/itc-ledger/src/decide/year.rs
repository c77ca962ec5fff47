//! Rule 42(2): the year is calculated finally with the return of the September behind it (APP-3).
//!
//! Two walks over the entries of the year, both in pages: the first adds up the common credit and what its months gave up,
//! the second spreads the one difference of each head over the documents. A shortage goes out of what they kept, in
//! proportion, and an excess comes back to what they gave up, so that no document ends above its credit or below nothing.

use super::apportion::{PAGE, is_common_input, turnover_of};
use super::{LedgerAlert, Work};
use crate::rows::{self, CreditRow, Fact, ReturnEntryRow, ShareRow, TurnoverRow, YearRow};
use gst_events::{LedgerEntry, LedgerEntryKind, PermanentReversalRule};
use gst_rules::apportionment::{Turnover, rule_42_year};
use gst_rules::rule;
use gst_types::{FinancialYear, Head, IstDate, IstInstant, Paise, TaxAmounts, TaxPeriod};
use stream::{Cursor, DecideError, RowKey};

/// The month in whose return a year ends at the latest (rule 42(2)).
const LAST_MONTH: u32 = 9;

/// The first part of a cursor that stands in a year, not in a return.
const CURSOR: &str = "year";

/// What makes years be calculated: a return, or a turnover that is told again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct YearsOf {
    /// The period that was apportioned or whose turnover was told.
    pub(crate) period: TaxPeriod,
    /// Whether the return of the period is apportioned, so that with the September return the year before ends.
    pub(crate) is_apportioned: bool,
    /// From when the shares hold.
    pub(crate) at: IstInstant,
    /// The return in which they stand.
    pub(crate) return_period: TaxPeriod,
}

/// Where a walk stands.
struct Place {
    year: FinancialYear,
    is_spreading: bool,
    /// Behind which row; empty at the start.
    after: String,
}

impl Place {
    const fn start(year: FinancialYear) -> Self {
        Self { year, is_spreading: false, after: String::new() }
    }

    fn parse(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.0.splitn(4, '|');
        let (name, year, walk, after) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (name == CURSOR).then_some(())?;
        Some(Self { year: year.parse().ok()?, is_spreading: walk == "spread", after: after.to_owned() })
    }

    fn cursor(&self) -> Cursor {
        let walk = if self.is_spreading { "spread" } else { "sum" };
        Cursor(format!("{CURSOR}|{}|{walk}|{}", self.year, self.after))
    }
}

/// An entry whose credit is common, as the year sees it.
struct Common {
    number: u64,
    period: TaxPeriod,
    entry: LedgerEntry,
    row: CreditRow,
    /// What it gave up in the return of its period.
    given_up: TaxAmounts,
    partly_non_business: bool,
}

impl Common {
    fn kept(&self) -> TaxAmounts {
        (self.entry.tax - self.given_up).or_zero_if_negative()
    }
}

/// Whether that cursor stands in a year.
pub(crate) fn is_in_year(cursor: Option<&Cursor>) -> bool {
    cursor.is_some_and(|cursor| Place::parse(cursor).is_some())
}

impl Work<'_, '_> {
    /// Calculates the years that a period moves, a page at a time: with the September return the year before, and again
    /// every year that was calculated before.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub(crate) fn calculate_years(
        &mut self,
        of: &YearsOf,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>, DecideError> {
        let years = self.years_of(of)?;
        let Some(place) = after.and_then(Place::parse) else {
            return Ok(years.first().map(|year| Place::start(*year).cursor()));
        };
        let next = if place.is_spreading { self.spread(of, &place)? } else { self.sum_up(of, &place)? };
        let later = || years.iter().find(|year| **year > place.year).map(|year| Place::start(*year));
        Ok(next.or_else(later).map(|place| place.cursor()))
    }

    fn years_of(&self, of: &YearsOf) -> Result<Vec<FinancialYear>, DecideError> {
        let own = of.period.financial_year();
        let mut years = Vec::new();
        if of.is_apportioned && of.period.month() == LAST_MONTH {
            years.push(FinancialYear::of(own.first_day().minus_days(1)));
        }
        let known: Option<YearRow> = self.draft.get(&rows::year_key(self.recipient, own))?;
        years.extend(known.filter(|row| row.calculated_at.is_some()).map(|_| own));
        Ok(years)
    }

    /// The first walk. Where it ends, the difference is known and told.
    fn sum_up(&mut self, of: &YearsOf, place: &Place) -> Result<Option<Place>, DecideError> {
        let key = rows::year_key(self.recipient, place.year);
        let mut year: YearRow = self.draft.get(&key)?.unwrap_or_default();
        let turnovers = self.turnovers()?;
        if place.after.is_empty() {
            year = YearRow { calculated_at: year.calculated_at, due: year.due, ..YearRow::default() };
            for (_, told) in
                turnovers.iter().filter(|(at, told)| at.financial_year() == place.year && !told.section_17_4)
            {
                year.exempt += told.exempt;
                year.total += told.total;
            }
            if year.total.is_zero() {
                return Ok(None);
            }
        }
        let (page, last) = self.common_entries(place, &turnovers)?;
        for common in page {
            year.common += common.entry.tax;
            if common.partly_non_business {
                year.partly_non_business += common.entry.tax;
            }
            year.determined += common.given_up;
            year.given_up += common.given_up.or_zero_if_negative();
            year.kept += common.kept();
        }
        let next = match last {
            Some(after) => Some(Place { after, ..Place::start(place.year) }),
            None => {
                let before = year.due;
                year.due = final_of(&year) - year.determined;
                let first = year.calculated_at.is_none();
                year.calculated_at.get_or_insert(of.at);
                let changed = year.due != before;
                if changed {
                    self.tell_year(of, place.year, &year);
                }
                let spreads = changed || !first || !year.due.is_zero();
                spreads.then(|| Place { is_spreading: true, ..Place::start(place.year) })
            }
        };
        self.draft.put(&key, &year);
        Ok(next)
    }

    /// The second walk.
    fn spread(&mut self, of: &YearsOf, place: &Place) -> Result<Option<Place>, DecideError> {
        let key = rows::year_key(self.recipient, place.year);
        let mut year: YearRow = self.draft.get(&key)?.unwrap_or_default();
        let turnovers = self.turnovers()?;
        let (page, last) = self.common_entries(place, &turnovers)?;
        for common in page {
            let share = year.take_share(common.given_up.or_zero_if_negative(), common.kept());
            self.give_up_for_year(of, place.year, &year, common, share)?;
        }
        let next = last.map(|after| Place { after, is_spreading: true, year: place.year });
        self.draft.put(&key, &year);
        Ok(next)
    }

    /// The common entries among the next rows of the year's returns, and the key to go on behind, where more may follow.
    fn common_entries(
        &self,
        place: &Place,
        turnovers: &[(TaxPeriod, TurnoverRow)],
    ) -> Result<(Vec<Common>, Option<String>), DecideError> {
        let first = TaxPeriod::of(place.year.first_day());
        let end = rows::entries_of_period(self.recipient, TaxPeriod::of(place.year.next().first_day()));
        let after = match place.after.as_str() {
            "" => rows::entries_of_period(self.recipient, first),
            text => RowKey::from_text(text),
        };
        let page: Vec<(RowKey, ReturnEntryRow)> =
            self.draft.scan(&rows::entries_by_period(self.recipient), Some(&after), PAGE)?;
        let read = page.len();
        let page: Vec<(RowKey, ReturnEntryRow)> =
            page.into_iter().take_while(|(key, _)| key.as_str() < end.as_str()).collect();
        let more = page.len() == read && read == PAGE;
        let last = page.last().map(|(key, _)| key.as_str().to_owned()).filter(|_| more);
        let mut found = Vec::new();
        for (key, pointer) in page {
            let Some(period) = rows::period_in(&key) else { continue };
            found.extend(self.common_entry(period, pointer.number, turnovers)?);
        }
        Ok((found, last))
    }

    fn common_entry(
        &self,
        period: TaxPeriod,
        number: u64,
        turnovers: &[(TaxPeriod, TurnoverRow)],
    ) -> Result<Option<Common>, DecideError> {
        let turnover = turnover_of(turnovers, period);
        // A bank's half is no D1: rule 38 has no calculation of the year.
        if turnover.is_some_and(|turnover| turnover.section_17_4) {
            return Ok(None);
        }
        let entry = self.entry(number)?;
        if !moves_common_credit(entry.entry) {
            return Ok(None);
        }
        let (row, _) = self.owner(&entry.subject)?;
        if !is_common_input(&row, false) {
            return Ok(None);
        }
        let share: ShareRow =
            self.draft.get(&rows::share_of_entry(self.recipient, period, number))?.unwrap_or_default();
        let partly_non_business = turnover.is_some_and(|turnover| turnover.common_use_non_business);
        Ok(Some(Common { number, period, entry, row, given_up: share.tax, partly_non_business }))
    }

    fn give_up_for_year(
        &mut self,
        of: &YearsOf,
        financial_year: FinancialYear,
        year: &YearRow,
        common: Common,
        share: TaxAmounts,
    ) -> Result<(), DecideError> {
        let key = rows::year_share_of_entry(self.recipient, common.period, common.number);
        let before: ShareRow = self.draft.get(&key)?.unwrap_or_default();
        let tax = share - before.tax;
        if tax.is_zero() {
            return Ok(());
        }
        self.draft.put(&key, &ShareRow { tax: share });
        let (at, return_period) = stands(of, financial_year, year);
        let fact = Fact::Permanent {
            subject: common.entry.subject.clone(),
            rule: PermanentReversalRule::Rule42,
            return_period,
            tax,
            working: Some(working(financial_year, year, &common, share)),
            interest_from: (tax.or_zero_if_negative() != TaxAmounts::ZERO).then(|| interest_from(financial_year)),
        };
        let mut row = common.row;
        self.add_step(&mut row, at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    fn tell_year(&mut self, of: &YearsOf, financial_year: FinancialYear, year: &YearRow) {
        let (at, return_period) = stands(of, financial_year, year);
        for head in Head::ALL.into_iter().filter(|head| !year.due.of(*head).is_zero()) {
            let due = year.due.of(head);
            let words = if due > Paise::ZERO {
                format!("the shortage of {due} goes out in the return of {return_period}, with interest from 1 April")
            } else {
                format!("the excess of {} comes back in the return of {return_period}", -due)
            };
            self.alert(LedgerAlert {
                code: "RULE_42_YEAR_DIFFERS",
                subject: None,
                date: at.date(),
                message: format!("rule 42 for {financial_year}, {}; {words}", sums_of(year, head)),
                rule: Some(rule::APP_3),
            });
        }
    }
}

/// Entries that add to or take from common credit of their return (T of APP-3).
pub(super) const fn moves_common_credit(kind: LedgerEntryKind) -> bool {
    match kind {
        LedgerEntryKind::ItcAvailed
        | LedgerEntryKind::CreditNote
        | LedgerEntryKind::Amendment
        | LedgerEntryKind::ImportCreditDelta => true,
        LedgerEntryKind::TimeBarred
        | LedgerEntryKind::PermanentReversal
        | LedgerEntryKind::Reversal
        | LedgerEntryKind::Reclaim
        | LedgerEntryKind::ImportCreditAvailable => false,
    }
}

/// D1 and D2 of the whole year.
fn final_of(year: &YearRow) -> TaxAmounts {
    let turnover = Turnover { exempt: year.exempt, total: year.total };
    year.common.map(|head, common| rule_42_year(common, year.partly_non_business.of(head), turnover))
}

/// When and in which return the difference stands: that of September, or where the year is calculated again, the later one.
fn stands(of: &YearsOf, financial_year: FinancialYear, year: &YearRow) -> (IstInstant, TaxPeriod) {
    let september = TaxPeriod::of(financial_year.day_after_year_end(LAST_MONTH, 1));
    (year.calculated_at.map_or(of.at, |at| at.max(of.at)), of.return_period.max(september))
}

/// Rule 42(2)(a): a shortage bears interest from the first day of April behind the year.
fn interest_from(financial_year: FinancialYear) -> IstDate {
    financial_year.next().first_day()
}

fn sums_of(year: &YearRow, head: Head) -> String {
    let partly = year.partly_non_business.of(head);
    let d2 = if partly.is_zero() { String::new() } else { format!(" + {partly} × 5 %") };
    format!(
        "{}: {} × {} / {}{d2} = {}, in the returns {}",
        head.code(),
        year.common.of(head),
        year.exempt,
        year.total,
        final_of(year).of(head),
        year.determined.of(head)
    )
}

fn working(financial_year: FinancialYear, year: &YearRow, common: &Common, share: TaxAmounts) -> String {
    let heads = Head::ALL.into_iter().filter(|head| !share.of(*head).is_zero());
    let line = |head: Head| {
        let due = year.due.of(head);
        let (part, whole) = if due > Paise::ZERO {
            (common.kept().of(head), year.kept.of(head))
        } else {
            (common.given_up.of(head), year.given_up.of(head))
        };
        format!("{}; difference {due} × {part} / {whole}", sums_of(year, head))
    };
    format!("{financial_year}: {}", heads.map(line).collect::<Vec<_>>().join("; "))
}
