//! The commit point and what follows it, or does not.

use crate::batch::{Batch, rows_below};
use crate::event::SourcePartition;
use crate::measure::{TransactionOutcome, WorkPhase};
use crate::partition::Stop;
use crate::ports::{Checkpoint, CommitError, CommittedBatch, Log, LogError, Store, TimerIndex};
use crate::processor::Processor;
use crate::row::StateView;
use crate::worker::{Step, Worker, WorkerError};
use std::collections::BTreeSet;

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Commits the batch: outputs, rows, checkpoints and offsets together; then the store, then the timer index.
    pub(crate) fn commit(&mut self) -> Result<Step, WorkerError> {
        let mut batch = std::mem::take(&mut self.batch);
        let store = &self.store;
        let Ok(mut staged) = batch.stage(|partition| rows_below(store, P::HAS_ROWS, partition)) else {
            let touched = batch.touched.clone();
            self.batch = batch;
            self.rewind()?;
            for source in touched {
                self.store.clear(source.partition)?;
                self.assign_again(&source)?;
            }
            return Ok(Step::Aborted);
        };
        for source in &batch.touched {
            let Some(partition) = self.partitions.get(source) else { continue };
            staged.offsets.insert(source.clone(), partition.next_offset);
            if P::HAS_ROWS {
                let checkpoint = self.checkpoint_of(source);
                staged.checkpoints.extend(checkpoint.map(|checkpoint| (source.partition, checkpoint)));
            }
        }
        let ended = self.log.commit(staged);
        self.count_end(&ended);
        match ended {
            Ok(committed) => self.committed(batch, &committed),
            Err(CommitError::Retry(_)) => {
                self.totals.aborts += 1;
                self.retries += 1;
                self.batch = batch;
                self.rewind()?;
                Ok(Step::Aborted)
            }
            Err(CommitError::Fenced(_)) => self.give_up(),
            Err(CommitError::OutcomeUnknown(_)) => self.outcome_unknown(batch),
            Err(CommitError::Fatal(reason)) => Err(WorkerError::Log(reason)),
        }
    }

    fn count_end(&mut self, ended: &Result<CommittedBatch, CommitError>) {
        let outcome = match ended {
            Ok(_) => TransactionOutcome::Committed,
            Err(CommitError::Retry(_)) => TransactionOutcome::Aborted,
            Err(CommitError::Fenced(_)) => TransactionOutcome::Fenced,
            Err(CommitError::OutcomeUnknown(_)) => TransactionOutcome::Unknown,
            Err(CommitError::Fatal(_)) => TransactionOutcome::Failed,
        };
        *self.totals.transactions.entry((outcome, self.log.last_phase())).or_default() += 1;
    }

    fn checkpoint_of(&self, source: &SourcePartition) -> Option<Checkpoint> {
        let partition = self.partitions.get(source)?;
        Some(Checkpoint {
            sequence: partition.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence) + 1,
            next_offset: partition.next_offset,
            day: partition.day,
            schema: self.config.schema,
            partition_count: partition.partition_count,
            timer_buckets: self.config.timer_buckets,
        })
    }

    fn committed(&mut self, mut batch: Batch, committed: &CommittedBatch) -> Result<Step, WorkerError> {
        self.retries = 0;
        self.tell_decisions(std::mem::take(&mut batch.spans));
        self.totals.commits += 1;
        let outputs = u64::try_from(committed.staged.outputs.len()).unwrap_or(u64::MAX);
        self.totals.outputs += outputs;
        self.totals.dead_letters += u64::try_from(committed.staged.dead_letters.len()).unwrap_or(u64::MAX);
        for (outcome, count) in &batch.outcomes {
            *self.totals.outcomes.entry(*outcome).or_default() += count;
        }
        for (source, counters) in &batch.counters {
            if let Some(partition) = self.partitions.get_mut(source) {
                partition.counters.add(counters);
            }
        }
        let applied = if P::HAS_ROWS { self.write_store(committed) } else { Ok(()) };
        for (source, offset) in &committed.staged.offsets {
            if let Some(partition) = self.partitions.get_mut(source) {
                partition.committed_offset = *offset;
                partition.checkpoint = committed.staged.checkpoints.get(&source.partition).cloned();
            }
        }
        if applied.is_err() {
            // The changelog has it all: the partition's rows are dropped and restored.
            for source in batch.touched {
                self.store.clear(source.partition)?;
                self.assign_again(&source)?;
            }
            return Ok(Step::Committed { records: batch.records, outputs });
        }
        if self.processor.timers().is_some() {
            let began = self.log.clock();
            self.tell_index(committed);
            self.took(WorkPhase::TimerIndex, began);
        }
        Ok(Step::Committed { records: batch.records, outputs })
    }

    fn write_store(&mut self, committed: &CommittedBatch) -> Result<(), crate::ports::StoreError> {
        let began = self.log.clock();
        let applied = self.store.apply(committed);
        self.took(WorkPhase::Store, began);
        applied
    }

    /// Drops the batch and reads again from what is committed.
    pub(crate) fn rewind(&mut self) -> Result<(), WorkerError> {
        // The log may have to be polled before it commits again.
        self.pages_next = false;
        let batch = std::mem::take(&mut self.batch);
        let mut sources: BTreeSet<_> = batch.touched;
        sources.extend(self.pending.drain(..).map(|record| record.source));
        for source in sources {
            let number = source.partition;
            let Some(partition) = self.partitions.get_mut(&source) else { continue };
            if partition.halted.is_some() {
                continue;
            }
            let next = if P::HAS_ROWS {
                match partition.load(&StateView::new(self.store.rows(number))) {
                    Ok(()) => partition.next_offset,
                    Err(Stop::Halt(reason)) => {
                        partition.halted = Some(reason);
                        continue;
                    }
                    Err(Stop::Worker(error)) => return Err(*error),
                    Err(Stop::Retry(_)) => {
                        self.assign_again(&source)?;
                        continue;
                    }
                }
            } else {
                partition.next_offset = partition.committed_offset;
                partition.next_offset
            };
            match self.log.resume(&source, next) {
                Ok(()) => {}
                Err(LogError::Retry(_)) => self.assign_again(&source)?,
                Err(LogError::Halt(reason) | LogError::Fatal(reason)) => return Err(WorkerError::Log(reason)),
            }
        }
        Ok(())
    }

    /// Somebody else owns the partitions: everything in memory is dropped.
    fn give_up(&mut self) -> Result<Step, WorkerError> {
        self.totals.fenced += 1;
        self.batch = Batch::default();
        self.pending.clear();
        self.partitions.clear();
        self.assigning.clear();
        self.unproven.clear();
        self.store.flush()?;
        Ok(Step::Fenced)
    }

    /// The transaction is committed or it is not: a new producer makes it one of the two, the checkpoint says which.
    fn outcome_unknown(&mut self, batch: Batch) -> Result<Step, WorkerError> {
        self.totals.unknown_outcomes += 1;
        self.reopen_due = true;
        let mut sources = batch.touched.clone();
        sources.extend(self.pending.drain(..).map(|record| record.source));
        for source in sources {
            if let Some(partition) = self.partitions.get(&source) {
                let counters = batch.counters.get(&source).copied().unwrap_or_default();
                self.unproven.insert(source.clone(), (partition.next_offset, counters));
            }
            self.assign_again(&source)?;
        }
        Ok(Step::Aborted)
    }

    /// Takes a partition through restore again.
    pub(crate) fn assign_again(&mut self, source: &SourcePartition) -> Result<(), WorkerError> {
        if !self.assigning.contains(source) {
            self.assigning.push_back(source.clone());
        }
        match self.log.pause(source) {
            Ok(()) | Err(LogError::Retry(_)) => Ok(()),
            Err(LogError::Halt(reason) | LogError::Fatal(reason)) => Err(WorkerError::Log(reason)),
        }
    }
}
