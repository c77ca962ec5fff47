//! Keeping the timer index in step, outside the critical path: its failure never stops the loop.

use crate::event::SourcePartition;
use crate::jobs::all_entries;
use crate::partition::{IndexState, Rebuild};
use crate::ports::{CommittedBatch, Log, Store, TimerError, TimerIndex};
use crate::processor::Processor;
use crate::row::StateView;
use crate::worker::Worker;

/// How many days one step of a rebuild writes.
const REBUILD_DAYS: usize = 16;

impl IndexState {
    /// Begins with a partition whose last checkpoint is `sequence`.
    pub(crate) fn begin(&mut self, sequence: Option<u64>, rebuild: bool) {
        self.applied = sequence;
        self.behind = true;
        self.rebuild = rebuild.then_some(Rebuild::Begins);
    }
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Tells the index what a committed batch says of timers.
    pub(crate) fn tell_index(&mut self, committed: &CommittedBatch) {
        for source in committed.staged.offsets.keys() {
            let Some(partition) = self.partitions.get_mut(source) else { continue };
            let entries = committed.staged.timers.get(&source.partition);
            for entry in entries.into_iter().flatten() {
                partition.index.backlog.insert((entry.fires_on, entry.key.clone()), entry.clone());
            }
            partition.index.behind = true;
            if partition.index.backlog.len() > self.config.index_backlog_max {
                partition.index.backlog.clear();
                partition.index.rebuild = Some(Rebuild::Begins);
            }
            let source = source.clone();
            self.sync_index(&source);
        }
    }

    /// Brings every index that is not in step a bounded piece nearer. True if a rebuild moved.
    pub(crate) fn sync_indexes(&mut self) -> bool {
        if self.processor.timers().is_none() {
            return false;
        }
        let behind = |index: &IndexState| index.behind || !index.in_step();
        let sources: Vec<_> =
            self.partitions.values().filter(|one| behind(&one.index)).map(|one| one.source.clone()).collect();
        let mut moved = false;
        for source in sources {
            moved |= self.sync_index(&source);
        }
        moved
    }

    fn sync_index(&mut self, source: &SourcePartition) -> bool {
        let was_unavailable = self.partitions.get(source).is_some_and(|partition| partition.index.unavailable);
        let synced = self.try_sync(source);
        let Some(partition) = self.partitions.get_mut(source) else { return false };
        partition.index.unavailable = synced.is_err();
        match synced {
            Ok(moved) => moved || was_unavailable,
            Err(TimerError::Unavailable(_)) => false,
        }
    }

    fn try_sync(&mut self, source: &SourcePartition) -> Result<bool, TimerError> {
        let number = source.partition;
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(false) };
        let target = partition.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence);
        let seen = self.index.watermark(number)?.unwrap_or(0);
        if partition.index.rebuild.is_none() && seen != partition.index.applied.unwrap_or(0) {
            // It was flushed, rolled back or missed something: rows say what it should hold.
            partition.index.rebuild = Some(Rebuild::Begins);
        }
        let mut moved = false;
        if let Some(at) = partition.index.rebuild {
            moved = true;
            let after = match at {
                Rebuild::Begins => {
                    // First everything goes: of days that no row knows nothing else would tell the index.
                    self.index.clear(number)?;
                    self.totals.index_repairs.rebuilds += 1;
                    partition.index.rebuild = Some(Rebuild::Behind(None));
                    None
                }
                Rebuild::Behind(day) => day,
            };
            let rows = StateView::new(self.store.rows(number));
            let Some(schedule) = self.processor.timers() else { return Ok(false) };
            let unreadable = |error: crate::row::StateError| TimerError::Unavailable(error.to_string());
            let days = schedule.days(&rows, after, REBUILD_DAYS).map_err(unreadable)?;
            for day in &days {
                let entries = all_entries(schedule, &rows, *day).map_err(unreadable)?;
                self.index.replace_day(number, *day, &entries)?;
                self.totals.index_repairs.entries_written += entries.len() as u64;
                partition.index.rebuild = Some(Rebuild::Behind(Some(*day)));
            }
            if days.len() == REBUILD_DAYS {
                return Ok(true);
            }
        }
        let entries: Vec<_> = partition.index.backlog.values().cloned().collect();
        self.index.apply(number, &entries, target)?;
        partition.index.applied = Some(target);
        partition.index.backlog.clear();
        partition.index.rebuild = None;
        partition.index.behind = false;
        Ok(moved)
    }
}
