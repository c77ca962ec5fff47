//! When a document fires, and what is told before (R37-2, R37-17).

use super::Work;
use crate::rows::{self, DocumentRow, DueCountRow, DueRow, PointerRow};
use gst_events::{Outgoing, PaymentTimerFired, PaymentTimerWarning};
use gst_rules::rule;
use gst_types::{IstDate, IstInstant};
use stream::{Cursor, RowKey, StateError, TimerEntry};

/// Changes that firing one document makes at most: its row, its timer, the two rows of the day, and the event.
const CHANGES_OF_ONE: usize = 5;

impl Work<'_, '_> {
    /// Brings the rows that find a document in step with what it owes: among the unpaid ones, under its day 181, and under
    /// its days of warning.
    pub(super) fn schedule(&mut self, row: &mut DocumentRow) -> Result<(), StateError> {
        let owing = row.has_timer() && !row.balance().unpaid().is_zero();
        let date = row.facts().map(|facts| facts.document_date);
        let open = if owing { date } else { None };
        if row.open_under != open {
            if let Some(under) = row.open_under {
                self.draft.delete(&rows::open_key(self.recipient, row, under));
            }
            if let Some(under) = open {
                let pointer = PointerRow { document: row.document.clone() };
                self.draft.put(&rows::open_key(self.recipient, row, under), &pointer);
            }
            row.open_under = open;
        }
        let ahead = |day: &IstDate| self.today.is_none_or(|today| *day > today);
        let fires_on = if owing { row.fires_on().filter(ahead) } else { None };
        if row.armed_for != fires_on {
            if let Some(day) = row.armed_for {
                self.disarm(row, day)?;
            }
            if let Some(day) = fires_on {
                let pointer = PointerRow { document: row.document.clone() };
                self.draft.put(&rows::timer_key(self.recipient, day, row), &pointer);
                self.change_due(day, 1, row.stake_in_paise())?;
            }
            row.armed_for = fires_on;
        }
        self.schedule_warnings(row, if owing { date } else { None })
    }

    fn schedule_warnings(&mut self, row: &mut DocumentRow, date: Option<IstDate>) -> Result<(), StateError> {
        let passed = self.passed()?;
        let days: Vec<IstDate> = match date {
            Some(date) => {
                let warning_days = self.rules.warning_days();
                let ahead = |day: &IstDate| {
                    passed.is_none_or(|passed| *day > passed) && self.today.is_none_or(|today| *day >= today)
                };
                warning_days.into_iter().map(|number| date.plus_days(number)).filter(ahead).collect()
            }
            None => Vec::new(),
        };
        for day in row.warned_on.iter().filter(|day| !days.contains(day)) {
            self.draft.delete(&rows::warning_key(*day, self.recipient, row));
        }
        for day in days.iter().filter(|day| !row.warned_on.contains(day)) {
            let pointer = PointerRow { document: row.document.clone() };
            self.draft.put(&rows::warning_key(*day, self.recipient, row), &pointer);
        }
        row.warned_on = days;
        Ok(())
    }

    fn disarm(&mut self, row: &DocumentRow, day: IstDate) -> Result<(), StateError> {
        self.draft.delete(&rows::timer_key(self.recipient, day, row));
        self.change_due(day, -1, -row.stake_in_paise())
    }

    /// Changes what falls due on a day for this recipient, and tells the index the new figures.
    pub(super) fn change_due(&mut self, day: IstDate, documents: i64, stake: i64) -> Result<(), StateError> {
        let key = rows::due_key(day, self.recipient);
        let before: Option<DueRow> = self.draft.get(&key)?;
        let mut due = before.unwrap_or_default();
        due.documents = due.documents.saturating_add_signed(documents);
        due.stake_in_paise = due.stake_in_paise.saturating_add(stake);
        let recipients = match (before.is_some(), due.documents > 0) {
            (false, true) => 1,
            (true, false) => -1,
            (true, true) | (false, false) => 0,
        };
        if due.documents > 0 {
            self.draft.put(&key, &due);
        } else {
            due = DueRow::default();
            self.draft.delete(&key);
        }
        if recipients != 0 {
            let key = rows::due_count_key(day);
            let mut count: DueCountRow = self.draft.get(&key)?.unwrap_or_default();
            count.recipients = count.recipients.saturating_add_signed(recipients);
            if count.recipients == 0 {
                self.draft.delete(&key);
            } else {
                self.draft.put(&key, &count);
            }
        }
        self.draft.timer(TimerEntry {
            fires_on: day.naive(),
            key: self.recipient.to_string(),
            documents: due.documents,
            credit_at_stake_in_paise: due.stake_in_paise,
        });
        Ok(())
    }

    /// R37-2: fires the documents of a day, in order of arrival, a page at a time. A document that a touch on this day
    /// made due again fires as well.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn fire_day(
        &mut self,
        day: IstDate,
        after: Option<&Cursor>,
        changes_max: usize,
    ) -> Result<Option<Cursor>, StateError> {
        let prefix = rows::timers_of(self.recipient, day);
        let after = after.map(|cursor| RowKey::from_text(cursor.0.clone()));
        let limit = (changes_max / CHANGES_OF_ONE).max(1);
        let page: Vec<(RowKey, PointerRow)> = self.draft.scan(&prefix, after.as_ref(), limit)?;
        let more = page.len() == limit;
        let mut last = None;
        for (key, pointer) in page {
            if let Some(mut row) = self.document(&pointer.document)? {
                self.disarm(&row, day)?;
                row.armed_for = None;
                self.fire(&mut row, day);
                self.draft.put(&rows::document_key(self.recipient, &row.document), &row);
            }
            last = Some(key);
        }
        Ok(if more { last.map(|key| Cursor(key.as_str().to_owned())) } else { None })
    }

    /// A fact of before day 181 that arrives when that day is open leaves a document unpaid: it fires at once.
    pub(super) fn fire_if_over(&mut self, row: &mut DocumentRow, at: IstInstant) {
        let Some(fires_on) = row.fires_on() else { return };
        let over = self.today.is_some_and(|today| fires_on <= today) && at.date() < fires_on;
        if over && row.fired_for != Some(fires_on) && !row.balance().unpaid().is_zero() {
            self.fire(row, fires_on);
        }
    }

    fn fire(&mut self, row: &mut DocumentRow, fires_on: IstDate) {
        let balance = row.balance();
        row.fired_for = Some(fires_on);
        let event = PaymentTimerFired {
            recipient: self.recipient,
            document: row.document.clone(),
            fires_on,
            payable: balance.payable(),
            paid: balance.paid(),
            unpaid: balance.unpaid(),
            arrival: row.arrival,
            rule: rule::R37_2,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &event));
    }

    /// R37-17: tells of the documents of this recipient that near their day 181.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn warn_day(&mut self, day: IstDate, changes_max: usize) -> Result<bool, StateError> {
        let limit = (changes_max / CHANGES_OF_ONE).max(1);
        let page: Vec<(RowKey, PointerRow)> = self.draft.scan(&rows::warnings_of(day, self.recipient), None, limit)?;
        let more = page.len() == limit;
        for (key, pointer) in page {
            self.draft.delete(&key);
            let Some(mut row) = self.document(&pointer.document)? else { continue };
            row.warned_on.retain(|warned| *warned != day);
            self.draft.put(&rows::document_key(self.recipient, &row.document), &row);
            let (Some(facts), Some(last_day)) = (row.facts(), row.last_day()) else { continue };
            let event = PaymentTimerWarning {
                recipient: self.recipient,
                document: row.document.clone(),
                day_number: u32::try_from(day.days_since(facts.document_date)).unwrap_or(0),
                last_day_to_pay: last_day,
                unpaid: row.balance().unpaid(),
                credit_at_stake: row.stake.or_zero_if_negative(),
            };
            self.draft.emit(Outgoing::to_recipient(self.recipient, &event));
        }
        Ok(more)
    }
}
