//! The loop: poll, decide, commit, apply. Everything a worker is besides its logic.

use crate::batch::Batch;
use crate::event::{InputRecord, SourcePartition};
use crate::measure::{IndexRepairs, RestoreProgress, Timings, TransactionEnds, TransactionOutcome, WorkPhase};
use crate::partition::{Partition, Stop};
use crate::ports::{Log, LogError, PollLimits, Polled, Store, TimerIndex};
use crate::processor::{Processor, WorkerName};
use crate::row::StateRead;
use crate::status::{PartitionStatus, Phase, WorkerStatus};
use crate::trace::DecisionWatch;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The limits of a worker, and what its checkpoints record.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// How much one poll may bring.
    pub poll: PollLimits,
    /// How many events, dead letters and changed rows a batch may hold before it is committed.
    pub batch_changes_max: usize,
    /// How many bytes of values a batch may write before it is committed.
    pub batch_bytes_max: usize,
    /// How long a batch may be decided before it is committed.
    pub batch_time_max: Duration,
    /// How many events and changed rows one page of a decision may hold.
    pub page_changes_max: usize,
    /// How many keys one page of a job asks for.
    pub page_keys_max: usize,
    /// After how many skipped records their offsets are committed.
    pub skipped_records_max: u64,
    /// After how long the offsets of skipped records are committed.
    pub skipped_time_max: Duration,
    /// How many records of a changelog one step of a restore reads.
    pub restore_records_max: u64,
    /// For how many days after it was sent a fact's repeat is recognised.
    pub repeat_window_days: u32,
    /// The share of records put aside above which the worker stops, in percent.
    pub dead_letter_share_max_in_percent: u64,
    /// Over how many records that share is looked at.
    pub dead_letter_window_in_records: u64,
    /// Version of row keys and values as a whole.
    pub schema: u32,
    /// Bucket count of the timer index.
    pub timer_buckets: u32,
    /// How many entries wait for an index that does not answer, before it is rebuilt from rows instead.
    pub index_backlog_max: usize,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            // A batch of this size takes some 50 ms, which amortises the commit and bounds memory.
            poll: PollLimits { records_max: 5_000, bytes_max: 8 << 20, wait: Duration::from_millis(100) },
            // Well below librdkafka's queue of 500,000 messages.
            batch_changes_max: 20_000,
            // A fraction of librdkafka's queue in bytes, and what one commit should have in flight.
            batch_bytes_max: 8 << 20,
            // Far below the transaction timeout of 5 s, although the transaction opens only after it.
            batch_time_max: Duration::from_millis(500),
            page_changes_max: 2_000,
            page_keys_max: 500,
            skipped_records_max: 50_000,
            skipped_time_max: Duration::from_secs(10),
            // Some three seconds, so that an order to stop or a partition given away is heard within a long restore.
            restore_records_max: 500_000,
            repeat_window_days: 400,
            dead_letter_share_max_in_percent: 50,
            dead_letter_window_in_records: 1_000,
            schema: 1,
            timer_buckets: 64,
            // About 10 MB.
            index_backlog_max: 100_000,
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing to do for now.
    Idle,
    /// Partitions came or went.
    Rebalanced,
    /// A partition is restored, or a piece of it; or it is halted.
    Restored,
    /// Records were read of which nothing had to be committed yet.
    Skipped,
    /// A batch or a page was committed.
    Committed {
        /// Records read.
        records: u64,
        /// Events written.
        outputs: u64,
    },
    /// A batch was dropped; its records are read again.
    Aborted,
    /// The timer index was brought a step nearer to the rows.
    IndexRepaired,
    /// Somebody else owns the partitions now.
    Fenced,
}

/// Why a worker stops.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The log failed for good.
    #[error("the log failed for good: {0}")]
    Log(String),
    /// The store failed even after the partition was dropped.
    #[error(transparent)]
    Store(#[from] crate::ports::StoreError),
    /// A decision wrote what its worker does not declare.
    #[error("{worker} wrote {writes} because of {reads}, which its table of reactions does not declare")]
    UndeclaredReaction {
        /// The worker.
        worker: WorkerName,
        /// The type read.
        reads: String,
        /// The type written.
        writes: &'static str,
    },
    /// The checkpoint was written with other settings.
    #[error("partition {partition} has a checkpoint with {what} {found}, this program has {expected}: {advice}")]
    Mismatch {
        /// The partition.
        partition: u32,
        /// What differs.
        what: &'static str,
        /// In the checkpoint.
        found: u32,
        /// In this program.
        expected: u32,
        /// What to do.
        advice: &'static str,
    },
    /// Too large a share of the input is unusable: then the worker is wrong, not the data.
    #[error(
        "{dead} of the last {read} records were unusable, the limit is {limit_in_percent} %: the last code was {code}; mend \
         the worker or the feed, or raise the limit"
    )]
    TooManyDeadLetters {
        /// Records put aside.
        dead: u64,
        /// Records read.
        read: u64,
        /// The limit.
        limit_in_percent: u64,
        /// The code of the last of them.
        code: String,
    },
    /// The worker does what a worker of its kind must not do.
    #[error("{worker} breaks the rules of the loop: {what}")]
    Contract {
        /// The worker.
        worker: WorkerName,
        /// What it does.
        what: String,
    },
}

/// Hears of a restore's progress.
pub(crate) type RestoreWatch = Box<dyn FnMut(&SourcePartition, RestoreProgress) + Send>;

/// Totals since the start.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) commits: u64,
    pub(crate) aborts: u64,
    pub(crate) unknown_outcomes: u64,
    pub(crate) fenced: u64,
    pub(crate) outputs: u64,
    pub(crate) dead_letters: u64,
    pub(crate) outcomes: BTreeMap<crate::batch::OutcomeName, u64>,
    pub(crate) transactions: BTreeMap<(TransactionOutcome, WorkPhase), u64>,
    pub(crate) timings: Timings,
    pub(crate) index_repairs: IndexRepairs,
}

/// A processor with the loop around it, on its log, store and timer index. One thread owns it.
pub struct Worker<P: Processor, L, S, T> {
    pub(crate) processor: P,
    pub(crate) log: L,
    pub(crate) store: S,
    pub(crate) index: T,
    pub(crate) config: WorkerConfig,
    pub(crate) partitions: BTreeMap<SourcePartition, Partition<P::Rules>>,
    pub(crate) assigning: VecDeque<SourcePartition>,
    pub(crate) pending: VecDeque<InputRecord>,
    pub(crate) batch: Batch,
    pub(crate) pages_next: bool,
    pub(crate) retries: u32,
    pub(crate) reopen_due: bool,
    pub(crate) restore_watch: Option<RestoreWatch>,
    /// How many records the restores that are under way have read.
    pub(crate) restored: BTreeMap<SourcePartition, u64>,
    pub(crate) decision_watch: Option<Box<dyn DecisionWatch>>,
    pub(crate) totals: Totals,
    pub(crate) recent: crate::decide::RecentShare,
    /// Counters of a batch whose outcome is unknown, by partition with the position that proves it.
    pub(crate) unproven: BTreeMap<SourcePartition, (i64, crate::status::Counters)>,
}

impl<P: Processor, L, S, T> std::fmt::Debug for Worker<P, L, S, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Worker({}, {} partitions)", P::NAME, self.partitions.len())
    }
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// A worker that owns no partition yet; [`Worker::step`] makes it work.
    pub fn new(processor: P, log: L, store: S, index: T, config: WorkerConfig) -> Self {
        Self {
            processor,
            log,
            store,
            index,
            config,
            partitions: BTreeMap::new(),
            assigning: VecDeque::new(),
            pending: VecDeque::new(),
            batch: Batch::default(),
            pages_next: false,
            retries: 0,
            reopen_due: false,
            restore_watch: None,
            restored: BTreeMap::new(),
            decision_watch: None,
            totals: Totals::default(),
            recent: crate::decide::RecentShare::default(),
            unproven: BTreeMap::new(),
        }
    }

    /// Does the next bounded piece of work: a rebalance, a restore, a batch, a page of a job, a repair of the index.
    ///
    /// # Errors
    /// [`WorkerError`] where the process cannot go on; a partition that cannot go on is halted instead and shown in
    /// [`Worker::status`].
    pub fn step(&mut self) -> Result<Step, WorkerError> {
        if !self.assigning.is_empty() {
            return self.restore_next();
        }
        if self.pending.is_empty() {
            let due = self.page_work();
            if due && std::mem::replace(&mut self.pages_next, false) {
                let step = self.run_pages()?;
                if step != Step::Idle {
                    return Ok(step);
                }
            }
            let began = self.log.clock();
            let moved = self.sync_indexes();
            if moved {
                self.took(WorkPhase::TimerIndex, began);
                return Ok(Step::IndexRepaired);
            }
            match self.poll(due)? {
                Polled::Assigned(sources) => return self.assigned(sources),
                Polled::Revoked(sources) => return self.revoked(&sources),
                Polled::Records(records) => self.pending.extend(records),
                Polled::Idle if due => return self.run_pages(),
                Polled::Idle => return self.commit_skipped_if_due(),
            }
        }
        self.pages_next = true;
        self.decide_pending()
    }

    fn poll(&mut self, due: bool) -> Result<Polled, WorkerError> {
        let mut limits = self.config.poll;
        if due {
            limits.wait = Duration::ZERO;
        }
        // After an abort the batch is halved each time, so that one record that no transaction takes stands alone.
        limits.records_max = (limits.records_max >> self.retries.min(16)).max(1);
        let began = self.log.clock();
        let polled = self.log.poll(&limits);
        self.took(WorkPhase::Poll, began);
        match polled {
            Ok(polled) => Ok(polled),
            Err(LogError::Retry(_)) => Ok(Polled::Idle),
            Err(LogError::Halt(reason) | LogError::Fatal(reason)) => Err(WorkerError::Log(reason)),
        }
    }

    /// Adds the time since `began` to a phase.
    pub(crate) fn took(&mut self, phase: WorkPhase, began: Duration) {
        let took = self.log.clock().saturating_sub(began);
        self.totals.timings.entry(phase).or_default().add(took);
    }

    fn decide_pending(&mut self) -> Result<Step, WorkerError> {
        let began = self.log.clock();
        while let Some(record) = self.pending.pop_front() {
            let source = record.source.clone();
            if let Err(stop) = self.take_record(&record) {
                return self.stopped(&source, record.offset, stop);
            }
            if self.batch_is_full() {
                break;
            }
        }
        self.stage_jobs();
        self.took(WorkPhase::Decide, began);
        if self.batch.says_something() || self.skipped_enough() {
            return self.commit();
        }
        Ok(Step::Skipped)
    }

    pub(crate) fn batch_is_full(&mut self) -> bool {
        let now = self.log.clock();
        let began_at = *self.batch.began_at.get_or_insert(now);
        self.batch.cut
            || self.batch.size() >= self.config.batch_changes_max
            || self.batch.bytes >= self.config.batch_bytes_max
            || (self.batch.says_something() && now.saturating_sub(began_at) >= self.config.batch_time_max)
    }

    fn skipped_enough(&mut self) -> bool {
        let now = self.log.clock();
        let began_at = *self.batch.began_at.get_or_insert(now);
        self.batch.records >= self.config.skipped_records_max
            || (self.batch.records > 0 && now.saturating_sub(began_at) >= self.config.skipped_time_max)
    }

    fn commit_skipped_if_due(&mut self) -> Result<Step, WorkerError> {
        if self.batch.records > 0 && self.skipped_enough() { self.commit() } else { Ok(Step::Idle) }
    }

    /// Carries out what a decision could not go past: try again, halt a partition, or stop.
    pub(crate) fn stopped(&mut self, source: &SourcePartition, offset: i64, stop: Stop) -> Result<Step, WorkerError> {
        match stop {
            Stop::Retry(_) if P::HAS_ROWS => {
                // The store cannot be read: the partition is dropped and restored from its changelog.
                self.store.clear(source.partition)?;
                self.rewind()?;
                self.assign_again(source)?;
                return Ok(Step::Aborted);
            }
            Stop::Retry(_) => {}
            Stop::Halt(reason) => {
                if let Some(partition) = self.partitions.get_mut(source) {
                    partition.halt_at = Some((offset, reason));
                }
            }
            Stop::Worker(error) => return Err(*error),
        }
        self.rewind()?;
        Ok(Step::Aborted)
    }

    /// Ends in good order: commits what was only skipped so far and brings the store to its disk. What is polled but
    /// not decided is read again by whoever comes next.
    ///
    /// # Errors
    /// [`WorkerError`]; nothing is lost then either.
    pub fn finish(&mut self) -> Result<(), WorkerError> {
        self.pending.clear();
        if self.assigning.is_empty() && self.batch.records > 0 {
            self.stage_jobs();
            self.commit()?;
        }
        if P::HAS_ROWS {
            self.store.flush()?;
        }
        Ok(())
    }

    /// Whoever wants to see a long restore move: called every 10,000 records and at the end of each piece.
    pub fn watch_restores(&mut self, watch: impl FnMut(&SourcePartition, RestoreProgress) + Send + 'static) {
        self.restore_watch = Some(Box::new(watch));
    }

    /// Whoever follows documents: told of every decision once it is committed.
    pub fn watch_decisions(&mut self, watch: Box<dyn DecisionWatch>) {
        self.decision_watch = Some(watch);
    }

    /// What the worker says of itself.
    pub fn status(&self) -> WorkerStatus {
        let outcomes = self.totals.outcomes.iter();
        let ends = self.totals.transactions.iter();
        let mut timings = self.log.timings();
        for (phase, timing) in &self.totals.timings {
            timings.entry(*phase).or_default().merge(timing);
        }
        WorkerStatus {
            worker: P::NAME.0,
            partitions: self.partition_statuses(),
            commits: self.totals.commits,
            aborts: self.totals.aborts,
            unknown_outcomes: self.totals.unknown_outcomes,
            fenced: self.totals.fenced,
            outputs: self.totals.outputs,
            dead_letters: self.totals.dead_letters,
            outcomes: outcomes.map(|((code, rule), count)| (format!("{code} ({rule})"), *count)).collect(),
            transactions: ends
                .map(|((outcome, phase), count)| TransactionEnds { outcome: *outcome, phase: *phase, count: *count })
                .collect(),
            timings,
            index_repairs: self.totals.index_repairs,
        }
    }

    fn partition_statuses(&self) -> Vec<PartitionStatus> {
        let restoring = self.assigning.iter().filter(|source| !self.partitions.contains_key(source));
        let mut statuses: Vec<_> = restoring.map(PartitionStatus::restoring).collect();
        let owns_timers = self.processor.timers().is_some();
        for (source, partition) in &self.partitions {
            let mut status = partition.status(owns_timers);
            status.lag_in_records = self.log.lag_in_records(source, partition.next_offset);
            if self.assigning.contains(source) {
                status.phase = Phase::Restoring;
            }
            statuses.push(status);
        }
        statuses.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
        statuses
    }

    /// The rows of a partition as they are committed.
    pub fn rows(&self, partition: u32) -> &dyn StateRead {
        self.store.rows(partition)
    }

    /// The processor.
    pub fn processor(&self) -> &P {
        &self.processor
    }

    /// The log, for faults in tests and for its metrics.
    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// The log, the store and the timer index, for instance to start anew on the same store.
    pub fn into_parts(self) -> (L, S, T) {
        (self.log, self.store, self.index)
    }
}
