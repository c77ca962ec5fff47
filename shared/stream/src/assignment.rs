//! Partitions come and go: restore, compare, resume.

use crate::event::SourcePartition;
use crate::measure::{RestoreProgress, WorkPhase};
use crate::partition::{Partition, Stop};
use crate::ports::{ChangelogRecord, Checkpoint, Log, LogError, Store, StoreError, StoredCheckpoint, TimerIndex};
use crate::processor::Processor;
use crate::row::{RowChange, RowKey, StateView};
use crate::worker::{Step, Worker, WorkerError};
use std::ops::ControlFlow;

/// How many restored rows are applied to the store at once.
const RESTORE_CHUNK: usize = 10_000;

/// After how many changelog records a restore says how far it is.
const WATCH_EVERY: u64 = 10_000;

/// Why a partition was not restored.
enum Refused {
    Log(LogError),
    Stop(Stop),
    /// There is more to read.
    Unfinished,
}

/// How far a restore is.
enum Restored {
    Part,
    Whole(Option<Checkpoint>),
}

/// What one step of a restore reads.
struct Piece<'a, S> {
    store: &'a mut S,
    number: u32,
    checkpoint: Option<Checkpoint>,
    rows: Vec<RowChange>,
    read: u64,
    read_max: u64,
    failed: Option<Refused>,
}

impl<S: Store> Piece<'_, S> {
    fn take(&mut self, record: ChangelogRecord) -> ControlFlow<()> {
        self.read += 1;
        let behind = record.offset + 1;
        let taken =
            self.keep(record).and_then(|()| if self.rows.len() >= RESTORE_CHUNK { self.apply(behind) } else { Ok(()) });
        match taken {
            Ok(()) if self.is_full() => ControlFlow::Break(()),
            Ok(()) => ControlFlow::Continue(()),
            Err(refused) => {
                self.failed = Some(refused);
                ControlFlow::Break(())
            }
        }
    }

    fn keep(&mut self, record: ChangelogRecord) -> Result<(), Refused> {
        if record.key != Checkpoint::KEY {
            self.rows.push(RowChange { key: RowKey::from_text(record.key), value: record.value });
            return Ok(());
        }
        if let Some(value) = record.value {
            self.checkpoint = Some(Checkpoint::decode(&value).map_err(|reason| Refused::Stop(Stop::Halt(reason)))?);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.read >= self.read_max
    }

    fn apply(&mut self, behind: i64) -> Result<(), Refused> {
        let stored = StoredCheckpoint { checkpoint: self.checkpoint.clone(), changelog_next: behind };
        Ok(self.store.apply_restored(self.number, std::mem::take(&mut self.rows), Some(stored))?)
    }

    /// Applies the rest.
    fn end(mut self, behind: i64) -> Result<Option<Checkpoint>, Refused> {
        if let Some(refused) = self.failed.take() {
            return Err(refused);
        }
        self.apply(behind)?;
        Ok(self.checkpoint)
    }
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Stop(Stop::from(WorkerError::from(error)))
    }
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    pub(crate) fn assigned(&mut self, sources: Vec<SourcePartition>) -> Result<Step, WorkerError> {
        if P::HAS_ROWS {
            let known = self.partitions.keys().chain(&self.assigning).chain(&sources).map(|source| &source.topic);
            let topics: std::collections::BTreeSet<_> = known.collect();
            if topics.len() > 1 {
                let what = format!("it has rows and reads {} topics; it may read one", topics.len());
                return Err(WorkerError::Contract { worker: P::NAME, what });
            }
        }
        // Whoever gave it up in the middle begins anew.
        self.restored.retain(|source, _| !sources.contains(source));
        self.assigning.extend(sources);
        Ok(Step::Rebalanced)
    }

    pub(crate) fn revoked(&mut self, sources: &[SourcePartition]) -> Result<Step, WorkerError> {
        for source in sources {
            self.partitions.remove(source);
            self.batch.touched.remove(source);
            self.batch.counters.remove(source);
            self.unproven.remove(source);
        }
        self.assigning.retain(|source| !sources.contains(source));
        self.pending.retain(|record| !sources.contains(&record.source));
        if P::HAS_ROWS {
            self.store.flush()?;
        }
        Ok(Step::Rebalanced)
    }

    /// Restores the next partition that was assigned, and reads it from its checkpoint.
    pub(crate) fn restore_next(&mut self) -> Result<Step, WorkerError> {
        if self.reopen_due {
            match self.log.reopen() {
                Ok(()) => self.reopen_due = false,
                Err(LogError::Retry(_)) => return Ok(Step::Idle),
                Err(LogError::Halt(reason) | LogError::Fatal(reason)) => return Err(WorkerError::Log(reason)),
            }
        }
        let Some(source) = self.assigning.pop_front() else { return Ok(Step::Idle) };
        let began = self.log.clock();
        let restored = if P::HAS_ROWS { self.restore(&source) } else { self.place_of_feed(&source) };
        self.took(WorkPhase::Restore, began);
        let before = self.partitions.remove(&source);
        let reason = match restored {
            Ok(mut partition) => {
                partition.counters = before.map(|partition| partition.counters).unwrap_or_default();
                if let Some((position, counters)) = self.unproven.remove(&source)
                    && partition.next_offset >= position
                {
                    partition.counters.add(&counters);
                }
                self.partitions.insert(source, partition);
                return Ok(Step::Restored);
            }
            Err(Refused::Unfinished) => {
                self.partitions.extend(before.map(|partition| (source.clone(), partition)));
                self.assigning.push_front(source);
                return Ok(Step::Restored);
            }
            Err(Refused::Log(LogError::Retry(_)) | Refused::Stop(Stop::Retry(_))) => {
                self.partitions.extend(before.map(|partition| (source.clone(), partition)));
                self.assigning.push_back(source);
                return Ok(Step::Idle);
            }
            Err(Refused::Log(LogError::Fatal(reason))) => return Err(WorkerError::Log(reason)),
            Err(Refused::Stop(Stop::Worker(error))) => return Err(*error),
            Err(Refused::Log(LogError::Halt(reason)) | Refused::Stop(Stop::Halt(reason))) => reason,
        };
        let mut partition = Partition::new(source.clone(), 0);
        partition.halted = Some(reason);
        self.partitions.insert(source, partition);
        Ok(Step::Restored)
    }

    /// A worker without rows starts where its group stands, or at the earliest record: repeats are recognised where
    /// the fact is decided.
    fn place_of_feed(&mut self, source: &SourcePartition) -> Result<Partition<P::Rules>, Refused> {
        let next = match self.log.committed_offset(source)? {
            Some(offset) => offset,
            None => self.log.earliest_offset(source)?,
        };
        self.log.resume(source, next)?;
        Ok(Partition::new(source.clone(), next))
    }

    fn restore(&mut self, source: &SourcePartition) -> Result<Partition<P::Rules>, Refused> {
        let partition_count = self.log.partition_count()?;
        // In this order: a stable offset first, so that whatever it covers is below the high watermark read next.
        let committed = self.log.committed_offset(source)?;
        let Restored::Whole(checkpoint) = self.restore_rows(source)? else { return Err(Refused::Unfinished) };
        if let Some(checkpoint) = &checkpoint {
            self.compare_settings(source.partition, checkpoint, partition_count)?;
        }
        let next = match (&checkpoint, committed) {
            (Some(checkpoint), Some(offset)) if offset > checkpoint.next_offset => {
                return Err(restore_incomplete(offset, checkpoint.next_offset));
            }
            // The checkpoint outranks the group: both are of the same transaction, but a coordinator may forget.
            (Some(checkpoint), _) => checkpoint.next_offset,
            (None, committed) => {
                let earliest = self.log.earliest_offset(source)?;
                match committed {
                    Some(offset) if offset > earliest => return Err(restore_incomplete(offset, earliest)),
                    Some(_) | None => earliest,
                }
            }
        };
        let mut partition = Partition::new(source.clone(), next);
        partition.partition_count = partition_count;
        let rebuild_index = checkpoint.as_ref().is_some_and(|found| found.timer_buckets != self.config.timer_buckets);
        partition.index.begin(checkpoint.as_ref().map(|found| found.sequence), rebuild_index);
        partition.checkpoint = checkpoint;
        partition.load(&StateView::new(self.store.rows(source.partition)))?;
        self.log.resume(source, partition.next_offset)?;
        Ok(partition)
    }

    /// Brings the store a piece nearer to the high watermark of the changelog. A piece is kept with its place, so that a
    /// restore that is broken off goes on from there.
    fn restore_rows(&mut self, source: &SourcePartition) -> Result<Restored, Refused> {
        let number = source.partition;
        // A store that cannot say what it holds is dropped: the changelog has it all.
        let stored = self.store.checkpoint(number).unwrap_or_default();
        if stored.is_none() {
            self.store.clear(number)?;
        }
        let from = stored.as_ref().map_or(0, |stored| stored.changelog_next);
        let mut piece = Piece {
            store: &mut self.store,
            number,
            checkpoint: stored.and_then(|stored| stored.checkpoint),
            rows: Vec::new(),
            read: 0,
            read_max: self.config.restore_records_max.max(1),
            failed: None,
        };
        let watch = &mut self.restore_watch;
        let before = self.restored.get(source).copied().unwrap_or_default();
        let mut tell = |read: u64, ended: bool| {
            if let Some(watch) = watch.as_mut() {
                watch(source, RestoreProgress { records: before + read, ended });
            }
        };
        let behind = self.log.restore(number, from, &mut |record| {
            let flow = piece.take(record);
            if piece.read.is_multiple_of(WATCH_EVERY) {
                tell(piece.read, false);
            }
            flow
        });
        let (read, is_part) = (piece.read, piece.is_full());
        self.restored.insert(source.clone(), before + read);
        let behind = behind?;
        if piece.failed.is_none() && behind < from {
            let reason = format!(
                "the changelog ends at {behind}, but the store has seen it up to {from}: records are lost; find out why, \
                 then remove this partition's store to restore from what is left"
            );
            return Err(Refused::Stop(Stop::Halt(reason)));
        }
        let checkpoint = piece.end(behind)?;
        tell(read, !is_part);
        if is_part {
            return Ok(Restored::Part);
        }
        self.restored.remove(source);
        Ok(Restored::Whole(checkpoint))
    }

    fn compare_settings(&self, partition: u32, found: &Checkpoint, count: u32) -> Result<(), Refused> {
        let mismatch = |what, found, expected, advice| {
            Refused::Stop(Stop::from(WorkerError::Mismatch { partition, what, found, expected, advice }))
        };
        if found.schema != self.config.schema {
            let advice = "run the program version that wrote it, or rebuild the worker's rows";
            return Err(mismatch("row schema", found.schema, self.config.schema, advice));
        }
        if found.partition_count != count {
            let advice = "a journal's partition count never changes; write a new generation with `itcctl journal copy`";
            return Err(mismatch("partition count", found.partition_count, count, advice));
        }
        Ok(())
    }
}

fn restore_incomplete(offset: i64, checkpoint: i64) -> Refused {
    Refused::Stop(Stop::Halt(format!(
        "restore incomplete: the group has committed offset {offset}, but the changelog ends with the checkpoint of \
         {checkpoint}; look for a hanging transaction or lost changelog records, then start again"
    )))
}
