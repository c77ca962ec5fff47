//! What a worker says of itself, for `/statez`, metrics and tests.

use crate::event::SourcePartition;
use crate::kept::Walk;
use crate::measure::{IndexRepairs, Timings, TransactionEnds};
use crate::partition::{Job, Partition};
use crate::processor::Rules;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of the records read. `read` is the sum of the others; a difference means that one was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Records read.
    pub read: i64,
    /// Decided by a rule.
    pub decided: i64,
    /// Refused by a rule.
    pub refused: i64,
    /// Decided before.
    pub duplicate: i64,
    /// Put aside whole.
    pub dead_lettered: i64,
    /// The event at which a key was parked.
    pub parked: i64,
    /// Waiting for a fact that has not come, or for its key's turn.
    pub waiting: i64,
    /// Of a type that this worker does not read, or an old day.
    pub skipped: i64,
}

impl Counters {
    /// `read` minus the sum of all others: 0 unless a record was lost or counted twice.
    #[must_use]
    pub fn gap(&self) -> i64 {
        let Self { read, decided, refused, duplicate, dead_lettered, parked, waiting, skipped } = *self;
        read - decided - refused - duplicate - dead_lettered - parked - waiting - skipped
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.decided += other.decided;
        self.refused += other.refused;
        self.duplicate += other.duplicate;
        self.dead_lettered += other.dead_lettered;
        self.parked += other.parked;
        self.waiting += other.waiting;
        self.skipped += other.skipped;
    }
}

/// What a partition is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// It is assigned and its rows are not restored yet.
    Restoring,
    /// It is read.
    Running,
    /// It cannot go on; the text says why and what to do.
    Halted(String),
}

/// What the timer index is doing for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum IndexPhase {
    /// This worker owns no timers.
    None,
    /// It has seen every checkpoint.
    InStep,
    /// It is rebuilt from rows.
    Rebuilding,
    /// It does not answer; timers of untouched keys wait.
    Unavailable,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionStatus {
    /// The input topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// What it is doing.
    pub phase: Phase,
    /// The next offset to be read.
    pub next_offset: i64,
    /// The number of the last checkpoint, 0 before the first.
    pub checkpoint: u64,
    /// How many records of the input are not read yet, where the log can say.
    pub lag_in_records: Option<i64>,
    /// When the last record read was written, milliseconds since 1970; what is unread is younger.
    pub read_up_to_in_ms: Option<i64>,
    /// The last day opened.
    pub day: Option<NaiveDate>,
    /// Open jobs.
    pub open_jobs: usize,
    /// The days whose timers wait for the timer index.
    pub timers_waiting_days: usize,
    /// Keys of which something waits for its turn, parked ones excepted.
    pub waiting_keys: usize,
    /// Parked keys.
    pub parked_keys: usize,
    /// The timer index.
    pub index: IndexPhase,
    /// What became of the records read since the partition was assigned.
    pub counters: Counters,
}

/// A worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WorkerStatus {
    /// Its name.
    pub worker: &'static str,
    /// Its partitions.
    pub partitions: Vec<PartitionStatus>,
    /// Transactions committed.
    pub commits: u64,
    /// Transactions aborted and decided again.
    pub aborts: u64,
    /// Transactions whose outcome was unknown at first.
    pub unknown_outcomes: u64,
    /// How often partitions were lost to a newer owner.
    pub fenced: u64,
    /// Events written.
    pub outputs: u64,
    /// Parts of inputs and whole inputs put aside.
    pub dead_letters: u64,
    /// Decisions by outcome code and rule, `CODE (RULE)`.
    pub outcomes: BTreeMap<String, u64>,
    /// Transactions by how and in which phase they ended.
    pub transactions: Vec<TransactionEnds>,
    /// How long the phases of the loop took.
    pub timings: Timings,
    /// What was done to keep the timer index like the rows.
    pub index_repairs: IndexRepairs,
}

impl PartitionStatus {
    pub(crate) fn restoring(source: &SourcePartition) -> Self {
        Self {
            topic: source.topic.to_string(),
            partition: source.partition,
            phase: Phase::Restoring,
            next_offset: 0,
            checkpoint: 0,
            lag_in_records: None,
            read_up_to_in_ms: None,
            day: None,
            open_jobs: 0,
            timers_waiting_days: 0,
            waiting_keys: 0,
            parked_keys: 0,
            index: IndexPhase::None,
            counters: Counters::default(),
        }
    }
}

impl<R: Rules> Partition<R> {
    pub(crate) fn status(&self, owns_timers: bool) -> PartitionStatus {
        let timers = |job: &&Job| match job.walk {
            Walk::TimersUnchecked(_) | Walk::TimersByIndex(_) | Walk::TimersByRows(_) => true,
            Walk::Rows | Walk::Done => false,
        };
        let phase = self.halted.clone().map_or(Phase::Running, Phase::Halted);
        PartitionStatus {
            phase,
            next_offset: self.next_offset,
            read_up_to_in_ms: self.read_up_to_in_ms,
            checkpoint: self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.sequence),
            day: self.day,
            open_jobs: self.jobs.len(),
            timers_waiting_days: self.jobs.iter().filter(timers).count(),
            waiting_keys: self.waiting.len(),
            parked_keys: self.parked.len(),
            index: match (owns_timers, &self.index) {
                (false, _) => IndexPhase::None,
                (true, index) if index.unavailable => IndexPhase::Unavailable,
                (true, index) if index.in_step() => IndexPhase::InStep,
                (true, _) => IndexPhase::Rebuilding,
            },
            counters: self.counters,
            ..PartitionStatus::restoring(&self.source)
        }
    }
}

impl WorkerStatus {
    /// The counters of all partitions together.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        for partition in &self.partitions {
            sum.add(&partition.counters);
        }
        sum
    }

    /// The halted partitions, each with why and what to do.
    pub fn halted(&self) -> impl Iterator<Item = (&PartitionStatus, &str)> {
        self.partitions.iter().filter_map(|partition| match &partition.phase {
            Phase::Halted(reason) => Some((partition, reason.as_str())),
            Phase::Restoring | Phase::Running => None,
        })
    }
}
