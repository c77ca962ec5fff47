//! What the loop keeps in memory of a partition. All of it is read back from rows and checkpoint after an abort.

use crate::event::{InputRecord, SourcePartition};
use crate::kept::{JobRow, KeptRecord, KeyRow, RulesRow, Walk, job_key};
use crate::ports::Checkpoint;
use crate::processor::{Rules, TimerEntry};
use crate::row::{Row, RowKey, StateError, StateView};
use crate::status::Counters;
use crate::worker::WorkerError;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How many rows one read of a load asks for.
const LOAD_PAGE: usize = 1_000;

/// Why a record was not gone past.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Rows could not be read: drop the batch and try again.
    Retry(#[expect(dead_code, reason = "kept for the debug output of a stop")] StateError),
    /// The partition cannot go past this record; the text says why and what to do.
    Halt(String),
    /// The worker stops.
    Worker(Box<WorkerError>),
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Store(_) => Self::Retry(error),
            StateError::Corrupt { .. } => {
                Self::Halt(format!("{error}; run the program version that wrote it, or rebuild the partition"))
            }
        }
    }
}

impl From<WorkerError> for Stop {
    fn from(error: WorkerError) -> Self {
        Self::Worker(Box::new(error))
    }
}

/// An open job.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) record: Arc<InputRecord>,
    pub(crate) day: Option<NaiveDate>,
    pub(crate) rules: u64,
    pub(crate) walk: Walk,
    pub(crate) cursor: Option<String>,
    pub(crate) outstanding: u64,
    pub(crate) dirty: bool,
    /// Whether its row is in the store or in the batch.
    pub(crate) stored: bool,
}

impl Job {
    pub(crate) fn row(&self) -> JobRow {
        JobRow {
            record: KeptRecord::from(&*self.record),
            day: self.day,
            rules: self.rules,
            walk: self.walk,
            cursor: self.cursor.clone(),
            outstanding: self.outstanding,
        }
    }

    fn from_row(number: u64, row: JobRow) -> Self {
        Self {
            number,
            record: Arc::new(InputRecord::from(row.record)),
            day: row.day,
            rules: row.rules,
            walk: row.walk,
            cursor: row.cursor,
            outstanding: row.outstanding,
            dirty: false,
            stored: true,
        }
    }
}

/// How far a rebuild of the timer index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rebuild {
    /// Nothing is done yet.
    Begins,
    /// It is emptied, and filled up to this day.
    Behind(Option<NaiveDate>),
}

/// How far the timer index follows the rows.
#[derive(Default)]
pub(crate) struct IndexState {
    /// The checkpoint it saw last, as far as we know.
    pub(crate) applied: Option<u64>,
    /// What it is to be told.
    pub(crate) backlog: BTreeMap<(NaiveDate, String), TimerEntry>,
    /// Whether it is rebuilt, and how far.
    pub(crate) rebuild: Option<Rebuild>,
    /// Whether it did not answer last.
    pub(crate) unavailable: bool,
    /// Whether its watermark is to be moved.
    pub(crate) behind: bool,
}

impl IndexState {
    pub(crate) fn in_step(&self) -> bool {
        !self.unavailable && self.rebuild.is_none() && self.backlog.is_empty()
    }
}

pub(crate) struct Partition<R> {
    pub(crate) source: SourcePartition,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) committed_offset: i64,
    pub(crate) next_offset: i64,
    /// When the last record read was written.
    pub(crate) read_up_to_in_ms: Option<i64>,
    pub(crate) day: Option<NaiveDate>,
    pub(crate) rules: BTreeMap<u64, R>,
    pub(crate) rules_number: u64,
    pub(crate) jobs: VecDeque<Job>,
    /// Keys with a queue that is worked off in pages.
    pub(crate) waiting: BTreeSet<String>,
    pub(crate) parked: BTreeSet<String>,
    /// Whether a day may have ended ids of facts.
    pub(crate) expiry_due: bool,
    /// Whether rows of keys may have become useless.
    pub(crate) sweep_due: bool,
    pub(crate) sweep_after: Option<RowKey>,
    /// Whether there may be rows of keys at all.
    pub(crate) key_rows: bool,
    /// Whether the next page begins with jobs.
    pub(crate) jobs_first: bool,
    /// The queue that was worked off last.
    pub(crate) last_queue: Option<String>,
    pub(crate) partition_count: u32,
    pub(crate) halt_at: Option<(i64, String)>,
    pub(crate) halted: Option<String>,
    pub(crate) index: IndexState,
    pub(crate) counters: Counters,
}

impl<R: Rules> Partition<R> {
    pub(crate) fn new(source: SourcePartition, next_offset: i64) -> Self {
        Self {
            source,
            checkpoint: None,
            committed_offset: next_offset,
            next_offset,
            read_up_to_in_ms: None,
            day: None,
            rules: BTreeMap::from([(0, R::initial())]),
            rules_number: 0,
            jobs: VecDeque::new(),
            waiting: BTreeSet::new(),
            parked: BTreeSet::new(),
            expiry_due: false,
            sweep_due: false,
            sweep_after: None,
            key_rows: true,
            jobs_first: false,
            last_queue: None,
            partition_count: 0,
            halt_at: None,
            halted: None,
            index: IndexState::default(),
            counters: Counters::default(),
        }
    }

    /// Reads back what the rows say, after a restore or an abort. Returns how many events wait, and how many of them
    /// stand at the head of a parked key.
    pub(crate) fn load(&mut self, rows: &StateView<'_>) -> Result<(), Stop> {
        self.next_offset = self.checkpoint.as_ref().map_or(self.committed_offset, |checkpoint| checkpoint.next_offset);
        self.day = self.checkpoint.as_ref().and_then(|checkpoint| checkpoint.day);
        self.rules = BTreeMap::from([(0, R::initial())]);
        self.jobs.clear();
        self.waiting.clear();
        self.parked.clear();
        self.expiry_due = true;
        self.sweep_due = true;
        self.sweep_after = None;
        self.key_rows = true;
        each_row::<RulesRow>(rows, |key, row| {
            let rules = R::activated(&row.payload).map_err(unknown_rules)?;
            self.rules.insert(number_in(key), rules);
            Ok(())
        })?;
        self.rules_number = self.rules.keys().next_back().copied().unwrap_or(0);
        each_row::<JobRow>(rows, |key, row| {
            self.jobs.push_back(Job::from_row(number_in(key), row));
            Ok(())
        })?;
        each_row::<KeyRow>(rows, |key, row| {
            let key = key.parts().next().unwrap_or_default().replace("%7C", "|");
            if row.parked {
                self.parked.insert(key);
            } else if row.waits() {
                self.waiting.insert(key);
            }
            Ok(())
        })
    }

    /// The rules of that number; they are loaded with the partition.
    pub(crate) fn rules_of(&self, number: u64) -> Result<&R, Stop> {
        self.rules.get(&number).ok_or_else(|| Stop::Halt(format!("rules {number} are not in the rows")))
    }

    pub(crate) fn queue_exists(&self, key: &str) -> bool {
        self.waiting.contains(key) || self.parked.contains(key)
    }

    pub(crate) fn job_mut(&mut self, number: u64) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.number == number)
    }

    pub(crate) fn oldest_job(&self) -> Option<u64> {
        self.jobs.front().map(|job| job.number)
    }
}

pub(crate) fn unknown_rules(error: String) -> Stop {
    Stop::Halt(format!(
        "this build does not know the rulebook that takes effect here: {error}; run a build that has it"
    ))
}

fn number_in(key: &RowKey) -> u64 {
    key.parts().next().and_then(|part| part.parse().ok()).unwrap_or(0)
}

fn each_row<T: Row>(rows: &StateView<'_>, mut each: impl FnMut(&RowKey, T) -> Result<(), Stop>) -> Result<(), Stop> {
    let table = RowKey::table(T::TABLE);
    let mut after: Option<RowKey> = None;
    loop {
        let page = rows.scan::<T>(&table, after.as_ref(), LOAD_PAGE)?;
        let full = page.len() == LOAD_PAGE;
        for (key, row) in page {
            each(&key, row)?;
            after = Some(key);
        }
        if !full {
            return Ok(());
        }
    }
}

/// The row of a job.
pub(crate) fn row_of(job: &Job) -> (RowKey, JobRow) {
    (job_key(job.number), job.row())
}
