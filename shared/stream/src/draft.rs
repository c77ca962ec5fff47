//! A decision in the making: the rows as they were, what this decision has changed so far, and what it will say.

use crate::event::DeadLetter;
use crate::overlay::merged_range;
use crate::processor::{Cursor, Decision, TimerEntry};
use crate::row::{Row, RowChange, RowKey, StateError, StateRead, StateView, scan_rows, write_row};
use std::collections::BTreeMap;

/// Collects the row changes and events of one decision and shows each step what the steps before it changed.
pub struct Draft<'a, O> {
    rows: StateView<'a>,
    changes: BTreeMap<String, Option<Vec<u8>>>,
    events: Vec<O>,
    timers: Vec<TimerEntry>,
    dead_letters: Vec<DeadLetter>,
}

impl<O> std::fmt::Debug for Draft<'_, O> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Draft({} rows, {} events)", self.changes.len(), self.events.len())
    }
}

impl<'a, O> Draft<'a, O> {
    /// Begins a decision on these rows.
    #[must_use]
    pub fn new(rows: StateView<'a>) -> Self {
        Self { rows, changes: BTreeMap::new(), events: Vec::new(), timers: Vec::new(), dead_letters: Vec::new() }
    }

    /// One row as of this step.
    ///
    /// # Errors
    /// [`StateError`] where the store fails or the value is of an unknown version.
    pub fn get<R: Row>(&self, key: &RowKey) -> Result<Option<R>, StateError> {
        StateView::new(self).get(key)
    }

    /// At most `limit` rows whose keys begin with `prefix`, behind `after` if given, as of this step.
    ///
    /// # Errors
    /// [`StateError`] where the store fails or a value is of an unknown version.
    pub fn scan<R: Row>(
        &self,
        prefix: &RowKey,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<(RowKey, R)>, StateError> {
        scan_rows(self, prefix, after, limit)
    }

    /// Writes a row.
    pub fn put<R: Row>(&mut self, key: &RowKey, row: &R) {
        self.changes.insert(key.as_str().to_owned(), Some(write_row(row)));
    }

    /// Deletes a row.
    pub fn delete(&mut self, key: &RowKey) {
        self.changes.insert(key.as_str().to_owned(), None);
    }

    /// Says something.
    pub fn emit(&mut self, event: O) {
        self.events.push(event);
    }

    /// How many events this decision says so far; a page ends before the page limit.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// How many rows this decision changes so far.
    #[must_use]
    pub fn change_count(&self) -> usize {
        self.changes.len()
    }

    /// Tells the timer index what now falls due on a day for a key.
    pub fn timer(&mut self, entry: TimerEntry) {
        self.timers.push(entry);
    }

    /// Puts a part of the input that cannot be used aside, without losing the rest.
    pub fn dead_letter(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }

    /// Ends the decision.
    #[must_use]
    pub fn finish<C>(self, outcome: C) -> Decision<O, C> {
        self.finish_page(outcome, None)
    }

    /// Ends a page of the decision; with a cursor, the rest is decided later from there.
    #[must_use]
    pub fn finish_page<C>(self, outcome: C, resume: Option<Cursor>) -> Decision<O, C> {
        let rows =
            self.changes.into_iter().map(|(key, value)| RowChange { key: RowKey::from_text(key), value }).collect();
        Decision { rows, events: self.events, timers: self.timers, dead_letters: self.dead_letters, resume, outcome }
    }
}

impl<O> StateRead for Draft<'_, O> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.rows.raw().get(key),
        }
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        merged_range(&self.changes, self.rows.raw(), from, to, limit)
    }
}
