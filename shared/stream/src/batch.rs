//! What one transaction will carry, while it is being decided.

use crate::event::{DeadLetter, EventMeta, InputRecord, OutputRecord, SourcePartition};
use crate::overlay::{Changes, NoRows, Overlay};
use crate::ports::StagedBatch;
use crate::processor::TimerEntry;
use crate::row::{Row, RowChange, RowKey, StateError, StateRead, write_row};
use crate::status::Counters;
use crate::trace::DecisionSpan;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An outcome's code and rule.
pub(crate) type OutcomeName = (&'static str, &'static str);

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) outputs: Vec<(EventMeta, OutputRecord)>,
    pub(crate) dead_letters: Vec<(InputRecord, DeadLetter)>,
    changes: BTreeMap<u32, Changes>,
    change_count: usize,
    /// Bytes of values that this batch writes.
    pub(crate) bytes: usize,
    pub(crate) timers: BTreeMap<u32, Vec<TimerEntry>>,
    pub(crate) touched: BTreeSet<SourcePartition>,
    pub(crate) counters: BTreeMap<SourcePartition, Counters>,
    pub(crate) outcomes: BTreeMap<OutcomeName, u64>,
    pub(crate) records: u64,
    pub(crate) began_at: Option<Duration>,
    /// Its decisions, where somebody follows them.
    pub(crate) spans: Vec<DecisionSpan>,
    /// When the decision at work began.
    pub(crate) decision_began: Duration,
    /// Whether a job waits for this batch to be committed before it goes on.
    pub(crate) cut: bool,
}

static NO_CHANGES: Changes = Changes::new();

impl Batch {
    /// The rows of a partition as of now.
    pub(crate) fn view<'a>(&'a self, partition: u32, below: &'a dyn StateRead) -> Overlay<'a> {
        Overlay { changes: self.changes.get(&partition).unwrap_or(&NO_CHANGES), below }
    }

    pub(crate) fn put<R: Row>(&mut self, partition: u32, key: &RowKey, row: &R) {
        self.change(partition, key.as_str().to_owned(), Some(write_row(row)));
    }

    pub(crate) fn delete(&mut self, partition: u32, key: &RowKey) {
        self.change(partition, key.as_str().to_owned(), None);
    }

    pub(crate) fn change(&mut self, partition: u32, key: String, value: Option<Vec<u8>>) {
        self.change_count += 1;
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.entry(partition).or_default().insert(key, value);
    }

    pub(crate) fn counters(&mut self, source: &SourcePartition) -> &mut Counters {
        if !self.counters.contains_key(source) {
            self.counters.insert(source.clone(), Counters::default());
        }
        self.counters.entry(source.clone()).or_default()
    }

    /// Events, dead letters and row changes so far.
    pub(crate) fn size(&self) -> usize {
        self.outputs.len() + self.dead_letters.len() + self.change_count
    }

    /// Whether there is anything besides offsets.
    pub(crate) fn says_something(&self) -> bool {
        self.size() > 0 || !self.timers.is_empty()
    }

    /// Whether a timer of that day is told only after this batch is committed.
    pub(crate) fn tells_timers_of(&self, partition: u32, day: chrono::NaiveDate) -> bool {
        self.timers.get(&partition).is_some_and(|entries| entries.iter().any(|entry| entry.fires_on == day))
    }

    /// The changes to be committed. A row that came and went inside the batch is none.
    pub(crate) fn stage<'a>(&mut self, below: impl Fn(u32) -> &'a dyn StateRead) -> Result<StagedBatch, StateError> {
        let mut rows = BTreeMap::new();
        for (partition, changes) in std::mem::take(&mut self.changes) {
            let stored = below(partition);
            let mut kept = Vec::with_capacity(changes.len());
            for (key, value) in changes {
                if value.is_some() || stored.get(&key)?.is_some() {
                    kept.push(RowChange { key: RowKey::from_text(key), value });
                }
            }
            rows.insert(partition, kept);
        }
        Ok(StagedBatch {
            outputs: std::mem::take(&mut self.outputs),
            dead_letters: std::mem::take(&mut self.dead_letters),
            rows,
            timers: std::mem::take(&mut self.timers),
            ..StagedBatch::default()
        })
    }
}

/// The rows below a batch: the store's, or none for a worker without rows.
pub(crate) fn rows_below(store: &impl crate::ports::Store, has_rows: bool, partition: u32) -> &dyn StateRead {
    if has_rows { store.rows(partition) } else { &NoRows }
}
