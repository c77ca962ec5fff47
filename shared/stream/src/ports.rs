//! The ports of the loop: the log, the store and the timer index. Real and simulated ones behave alike.

use crate::event::{DeadLetter, EventMeta, InputRecord, OutputRecord, SourcePartition};
use crate::measure::{Timings, WorkPhase};
use crate::processor::TimerEntry;
use crate::row::{RowChange, StateRead};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

/// How much one poll may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollLimits {
    /// Records.
    pub records_max: usize,
    /// Bytes of keys and values; the first record always comes, however large.
    pub bytes_max: usize,
    /// How long to wait for the first record.
    pub wait: Duration,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled {
    /// These partitions are ours now. They are paused until [`Log::resume`].
    Assigned(Vec<SourcePartition>),
    /// These partitions are no longer ours.
    Revoked(Vec<SourcePartition>),
    /// Records, in offset order for each partition.
    Records(Vec<InputRecord>),
    /// Nothing for now.
    Idle,
}

/// Trouble with the log outside a commit.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It may pass: try again.
    #[error("the log is out of reach for now: {0}")]
    Retry(String),
    /// The partition cannot go on without an operator; the message says what to do.
    #[error("the partition must halt: {0}")]
    Halt(String),
    /// The process cannot go on.
    #[error("the log failed for good: {0}")]
    Fatal(String),
}

/// How a commit can fail. Four outcomes, not two.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was committed; the batch may be decided again.
    #[error("the transaction was aborted: {0}")]
    Retry(String),
    /// Somebody else owns the partitions now; nothing was committed.
    #[error("fenced by a newer owner: {0}")]
    Fenced(String),
    /// It may or may not be committed: the log must be re-opened and the checkpoint read.
    #[error("the outcome of the transaction is unknown: {0}")]
    OutcomeUnknown(String),
    /// The process cannot go on.
    #[error("the log failed for good: {0}")]
    Fatal(String),
}

/// What a worker knew when it committed, one a partition, in the changelog under the key [`Checkpoint::KEY`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Number of this commit, from 1.
    pub sequence: u64,
    /// The next input offset.
    pub next_offset: i64,
    /// The last day opened.
    pub day: Option<NaiveDate>,
    /// Version of row keys and values as a whole; a worker refuses to start on a mismatch.
    pub schema: u32,
    /// The partition count of our topics; a worker refuses to start on a mismatch.
    pub partition_count: u32,
    /// The bucket count of the timer index; changing it rebuilds the index.
    pub timer_buckets: u32,
}

impl Checkpoint {
    /// The changelog key of checkpoints; no row key begins with `!`.
    pub const KEY: &'static str = "!checkpoint";

    /// The value in the changelog: JSON, so that an operator can read it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // A struct of numbers and a date has nothing that JSON cannot hold.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads such a value.
    ///
    /// # Errors
    /// A message with what to do.
    pub fn decode(value: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(value)
            .map_err(|error| format!("a checkpoint cannot be read ({error}); run the program version that wrote it"))
    }
}

/// One record of a changelog: a row, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogRecord {
    /// The row key, or [`Checkpoint::KEY`].
    pub key: String,
    /// The value, `None` for a deleted row.
    pub value: Option<Vec<u8>>,
    /// Its offset in the changelog.
    pub offset: i64,
}

/// Everything one transaction carries.
#[derive(Debug, Clone, Default)]
pub struct StagedBatch {
    /// Outputs with their id, cause, time and trace.
    pub outputs: Vec<(EventMeta, OutputRecord)>,
    /// Dead letters and the records they come from.
    pub dead_letters: Vec<(InputRecord, DeadLetter)>,
    /// Changed rows by partition, one change a row.
    pub rows: BTreeMap<u32, Vec<RowChange>>,
    /// Checkpoints by partition; empty for a worker without rows.
    pub checkpoints: BTreeMap<u32, Checkpoint>,
    /// What the timer index is told after the commit, by partition.
    pub timers: BTreeMap<u32, Vec<TimerEntry>>,
    /// Next input offsets; never empty, because they carry the check of the group's generation.
    pub offsets: BTreeMap<SourcePartition, i64>,
}

/// A batch that is committed. Only [`Log::commit`] makes one, and only one of these reaches store and timer index.
#[derive(Debug)]
pub struct CommittedBatch {
    /// What was committed.
    pub staged: StagedBatch,
    /// By partition, the changelog offset behind this batch.
    pub changelog_next: BTreeMap<u32, i64>,
}

/// A log with transactions: what a worker reads, and the one place where anything becomes true.
pub trait Log {
    /// Brings changes of assignment first and alone; otherwise the first record and what is at once available.
    /// The group's generation for the next commit is the one of this poll.
    ///
    /// # Errors
    /// [`LogError`].
    fn poll(&mut self, limits: &PollLimits) -> Result<Polled, LogError>;

    /// Goes on reading a partition from that offset.
    ///
    /// # Errors
    /// [`LogError`].
    fn resume(&mut self, source: &SourcePartition, next_offset: i64) -> Result<(), LogError>;

    /// Stops reading a partition, until [`Log::resume`].
    ///
    /// # Errors
    /// [`LogError`].
    fn pause(&mut self, source: &SourcePartition) -> Result<(), LogError>;

    /// The group's stable committed offset, `None` where the coordinator knows none. It waits for open transactions.
    ///
    /// # Errors
    /// [`LogError`].
    fn committed_offset(&mut self, source: &SourcePartition) -> Result<Option<i64>, LogError>;

    /// The first offset still there.
    ///
    /// # Errors
    /// [`LogError`].
    fn earliest_offset(&mut self, source: &SourcePartition) -> Result<i64, LogError>;

    /// Reads the committed records of a partition's changelog from `from` to its high watermark as of now, in order,
    /// and returns the offset behind them. It first makes sure that no older producer of this worker can still commit.
    /// `apply` may break off; the offset is then the one behind the record at which it did.
    ///
    /// # Errors
    /// [`LogError::Halt`] where a hanging transaction hides the end.
    fn restore(
        &mut self,
        partition: u32,
        from: i64,
        apply: &mut dyn FnMut(ChangelogRecord) -> ControlFlow<()>,
    ) -> Result<i64, LogError>;

    /// Commits one transaction: outputs, dead letters, rows, checkpoints and offsets together.
    ///
    /// # Errors
    /// [`CommitError`]; after [`CommitError::OutcomeUnknown`] the caller calls [`Log::reopen`] and restores; after
    /// [`CommitError::Fenced`] the caller forgets every partition, and the next poll assigns anew what is still ours.
    fn commit(&mut self, staged: StagedBatch) -> Result<CommittedBatch, CommitError>;

    /// Drops the producer and opens a new one, which ends every transaction the old one left open.
    ///
    /// # Errors
    /// [`LogError`].
    fn reopen(&mut self) -> Result<(), LogError>;

    /// The partition count of our own topics.
    ///
    /// # Errors
    /// [`LogError`].
    fn partition_count(&mut self) -> Result<u32, LogError>;

    /// Time since some fixed moment, for the limits of a batch only, never for a decision.
    fn clock(&mut self) -> Duration {
        Duration::ZERO
    }

    /// How long the phases of its transactions took, where it measures them.
    fn timings(&self) -> Timings {
        Timings::new()
    }

    /// The phase in which the last [`Log::commit`] ended.
    fn last_phase(&self) -> WorkPhase {
        WorkPhase::Commit
    }

    /// How many committed records of a partition lie behind `next_offset`, where it is known without asking.
    fn lag_in_records(&self, _source: &SourcePartition, _next_offset: i64) -> Option<i64> {
        None
    }
}

/// Trouble with the embedded store; the partition is dropped and restored from its changelog.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// What a store says of a partition it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The last checkpoint applied; `None` where a first restore was broken off before it came to one.
    pub checkpoint: Option<Checkpoint>,
    /// The changelog offset behind what was applied: restoring goes on from here, and only then are the rows whole.
    pub changelog_next: i64,
}

/// The embedded store of the rows of this process's partitions: a cache of the changelog.
pub trait Store {
    /// The rows of a partition.
    fn rows(&self, partition: u32) -> &dyn StateRead;

    /// Applies rows and checkpoints of a committed batch, atomically for each partition.
    ///
    /// # Errors
    /// [`StoreError`].
    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError>;

    /// What the store holds of a partition, `None` where it holds nothing to go on from.
    ///
    /// # Errors
    /// [`StoreError`].
    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError>;

    /// Applies restored rows, then the checkpoint and the changelog offset behind them, atomically. Rows without them are
    /// lost with the process.
    ///
    /// # Errors
    /// [`StoreError`].
    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError>;

    /// Forgets a partition's rows on this disk.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clear(&mut self, partition: u32) -> Result<(), StoreError>;

    /// Brings what is only in memory to the disk, before a partition is given up or the process ends.
    ///
    /// # Errors
    /// [`StoreError`].
    fn flush(&mut self) -> Result<(), StoreError>;
}

/// Why the timer index did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TimerError {
    /// It is out of reach; timers wait, other work goes on.
    #[error("the timer index is out of reach: {0}")]
    Unavailable(String),
}

/// The index of what fires when. It may vanish, go back or be wrong at any moment: rows decide, it only shows.
pub trait TimerIndex {
    /// The sequence of the last checkpoint the index has seen for a partition, `None` where it knows nothing.
    ///
    /// # Errors
    /// [`TimerError`].
    fn watermark(&mut self, partition: u32) -> Result<Option<u64>, TimerError>;

    /// Writes absolute values and then the watermark.
    ///
    /// # Errors
    /// [`TimerError`].
    fn apply(&mut self, partition: u32, entries: &[TimerEntry], watermark: u64) -> Result<(), TimerError>;

    /// How many keys the index has for that day.
    ///
    /// # Errors
    /// [`TimerError`].
    fn count(&mut self, partition: u32, fires_on: NaiveDate) -> Result<u64, TimerError>;

    /// At most `limit` entries of that day behind `after`, by bucket and key.
    ///
    /// # Errors
    /// [`TimerError`].
    fn due(
        &mut self,
        partition: u32,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, TimerError>;

    /// Forgets everything of a partition, its watermark too: also days and buckets that no row knows any more.
    ///
    /// # Errors
    /// [`TimerError`].
    fn clear(&mut self, partition: u32) -> Result<(), TimerError>;

    /// Replaces everything the index has for a day.
    ///
    /// # Errors
    /// [`TimerError`].
    fn replace_day(&mut self, partition: u32, fires_on: NaiveDate, entries: &[TimerEntry]) -> Result<(), TimerError>;
}
