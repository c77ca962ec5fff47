//! Stream threads and what they show to the rest of the process.

use crate::parts::{ChosenIndex, ChosenStore};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use stream::{
    DecisionWatch, Log, Phase, Processor, RestoreProgress, SourcePartition, StateRead, Step, Worker, WorkerStatus,
};
use stream_kafka::KafkaLog;

/// Turns a row's table and stored value into JSON for people who look; `None` where it does not know the table.
pub type RowDecoder = fn(&str, &[u8]) -> Option<serde_json::Value>;

/// Hears how far the restore of a partition is.
pub type RestoreWatch = Box<dyn FnMut(&SourcePartition, RestoreProgress) + Send>;

/// Knows no table: values are shown in hexadecimal.
#[must_use]
pub fn no_row_decoder(_table: &str, _value: &[u8]) -> Option<serde_json::Value> {
    None
}

/// What a stream thread runs.
pub trait StreamLoop {
    /// Does the next bounded piece of work.
    ///
    /// # Errors
    /// A message where the process cannot go on.
    fn step(&mut self) -> Result<Step, String>;

    /// What the loop says of itself.
    fn status(&self) -> WorkerStatus;

    /// The committed rows of a partition.
    fn rows(&self, partition: u32) -> &dyn StateRead;

    /// The partition count of our topics, `None` where it is not known for now.
    fn partition_count(&mut self) -> Option<u32>;

    /// Tells `watch` how far a restore is, by partition in records of the changelog. A loop without rows restores nothing.
    fn watch_restores(&mut self, _watch: RestoreWatch) {}

    /// Tells `watch` every decision once it is committed. A loop that decides nothing tells nothing.
    fn watch_decisions(&mut self, _watch: Box<dyn DecisionWatch>) {}

    /// What it waits for before it can work at all, `None` once it has it; until then the process is not ready.
    fn waits_for(&self) -> Option<&'static str> {
        None
    }

    /// Whether the loop works only once a group has given it partitions, or has said that there are none for it.
    fn waits_for_group(&self) -> bool {
        false
    }

    /// Ends the loop in good order: nothing is open when it returns.
    ///
    /// # Errors
    /// A message where something could not be brought to the disk; nothing is lost by it.
    fn finish(self: Box<Self>) -> Result<(), String>;
}

/// The generic loop on Kafka, as [`crate::run`] builds it.
#[derive(Debug)]
pub struct WorkerLoop<P: Processor>(pub Worker<P, KafkaLog, ChosenStore, ChosenIndex>);

impl<P: Processor> StreamLoop for WorkerLoop<P> {
    fn step(&mut self) -> Result<Step, String> {
        self.0.step().map_err(|error| error.to_string())
    }

    fn status(&self) -> WorkerStatus {
        self.0.status()
    }

    fn rows(&self, partition: u32) -> &dyn StateRead {
        self.0.rows(partition)
    }

    fn partition_count(&mut self) -> Option<u32> {
        self.0.log_mut().partition_count().ok()
    }

    fn watch_restores(&mut self, watch: RestoreWatch) {
        self.0.watch_restores(watch);
    }

    fn watch_decisions(&mut self, watch: Box<dyn DecisionWatch>) {
        self.0.watch_decisions(watch);
    }

    fn waits_for_group(&self) -> bool {
        true
    }

    /// Between steps no transaction is open. The last commit and the store go first, so that a slow good-bye to the group
    /// loses nothing.
    fn finish(mut self: Box<Self>) -> Result<(), String> {
        self.0.finish().map_err(|error| error.to_string())
    }
}

/// A question for a stream thread, answered between two steps.
pub(crate) type Query = Box<dyn FnOnce(&mut dyn StreamLoop) + Send>;

/// Questions that may wait; more are refused, because the thread's work comes first.
const QUERIES_MAX: usize = 16;
/// Questions answered between two steps.
const QUERIES_PER_STEP: usize = 4;
/// How often a busy thread shows its status; an idle one shows it at each step.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// After steps that came to nothing, wait this long times their number, at most a second: a broker in trouble is not
/// helped by being asked faster.
const ABORT_PAUSE: Duration = Duration::from_millis(50);

/// How far the restores of a partition are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Restore {
    /// Records that the last one has read.
    pub(crate) records: u64,
    /// Records that all of them have read.
    pub(crate) total_records: u64,
    /// How many have come to their end.
    pub(crate) ended: u64,
    /// Whether the last one has not.
    pub(crate) under_way: bool,
    /// When the last one began, in milliseconds since the thread did.
    pub(crate) began_in_ms: u64,
    /// How long the last one has taken so far, or took.
    pub(crate) took: Duration,
}

impl Restore {
    /// Records a second of the last one.
    pub(crate) fn records_per_second(&self) -> u64 {
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        self.records.saturating_mul(1_000) / millis
    }
}

/// What a stream thread shows.
pub(crate) struct Shared {
    pub(crate) number: u32,
    started: Instant,
    heartbeat_in_ms: AtomicU64,
    step_ended_in_ms: AtomicU64,
    settled: AtomicBool,
    waits_for: Mutex<Option<&'static str>>,
    status: Mutex<Option<WorkerStatus>>,
    queries: SyncSender<Query>,
    restores: Mutex<BTreeMap<String, Restore>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(number: u32) -> (Arc<Self>, Receiver<Query>) {
        let (queries, receiver) = sync_channel(QUERIES_MAX);
        let shared = Self {
            number,
            started: now(),
            heartbeat_in_ms: AtomicU64::new(0),
            step_ended_in_ms: AtomicU64::new(0),
            settled: AtomicBool::new(false),
            waits_for: Mutex::new(None),
            status: Mutex::new(None),
            queries,
            restores: Mutex::default(),
        };
        (Arc::new(shared), receiver)
    }

    pub(crate) fn status(&self) -> Option<WorkerStatus> {
        lock(&self.status).clone()
    }

    /// How long ago the last step ended.
    pub(crate) fn silence(&self) -> Duration {
        let beat = Duration::from_millis(self.heartbeat_in_ms.load(Ordering::Acquire));
        self.started.elapsed().saturating_sub(beat)
    }

    /// Why the thread is not ready, `None` where it is.
    pub(crate) fn not_ready(&self) -> Option<String> {
        let Some(status) = self.status() else { return Some("not started".to_owned()) };
        if let Some(what) = *lock(&self.waits_for) {
            return Some(format!("waits for {what}"));
        }
        if !self.settled.load(Ordering::Acquire) {
            return Some("the group has not assigned partitions yet".to_owned());
        }
        let of = |phase: &Phase| match phase {
            Phase::Running => None,
            Phase::Restoring => Some("restoring".to_owned()),
            Phase::Halted(reason) => Some(format!("halted: {reason}")),
        };
        status.partitions.iter().find_map(|partition| {
            of(&partition.phase).map(|what| format!("{}/{} is {what}", partition.topic, partition.partition))
        })
    }

    pub(crate) fn owns(&self, partition: u32) -> bool {
        self.status().is_some_and(|status| status.partitions.iter().any(|owned| owned.partition == partition))
    }

    /// Hands a question over; false where too many wait.
    pub(crate) fn ask(&self, query: Query) -> bool {
        match self.queries.try_send(query) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    fn step_ended(&self) {
        self.beat();
        self.step_ended_in_ms.store(self.heartbeat_in_ms.load(Ordering::Acquire), Ordering::Release);
    }

    fn beat(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heartbeat_in_ms.store(elapsed, Ordering::Release);
    }

    /// How far each partition's restores are, by topic/partition.
    pub(crate) fn restores(&self) -> BTreeMap<String, Restore> {
        lock(&self.restores).clone()
    }

    /// A restore moves: it is one long step, so that it beats for itself.
    fn restoring(&self, source: &SourcePartition, progress: RestoreProgress) {
        self.beat();
        let mut restores = lock(&self.restores);
        let restore = restores.entry(format!("{}/{}", source.topic, source.partition)).or_default();
        // One that was given up in the middle says nothing more; whoever has read less than it is another.
        if !restore.under_way || progress.records < restore.records {
            restore.records = 0;
            restore.began_in_ms = self.step_ended_in_ms.load(Ordering::Acquire);
        }
        restore.total_records += progress.records - restore.records;
        restore.records = progress.records;
        restore.under_way = !progress.ended;
        restore.ended += u64::from(progress.ended);
        restore.took = self.started.elapsed().saturating_sub(Duration::from_millis(restore.began_in_ms));
    }

    fn show(&self, stream_loop: &dyn StreamLoop) {
        *lock(&self.waits_for) = stream_loop.waits_for();
        *lock(&self.status) = Some(stream_loop.status());
    }
}

/// Runs a loop until it is told to stop, then ends it in good order.
pub(crate) fn drive(
    mut stream_loop: Box<dyn StreamLoop>,
    shared: &Arc<Shared>,
    queries: &Receiver<Query>,
    stop: &AtomicBool,
) -> Result<(), String> {
    let mut shown = now();
    let mut aborted: u32 = 0;
    let watching = Arc::clone(shared);
    stream_loop.watch_restores(Box::new(move |source, progress| watching.restoring(source, progress)));
    shared.settled.store(!stream_loop.waits_for_group(), Ordering::Release);
    shared.show(stream_loop.as_ref());
    while !stop.load(Ordering::Acquire) {
        let step = stream_loop.step();
        shared.step_ended();
        let step = match step {
            Ok(step) => step,
            Err(error) => {
                shared.show(stream_loop.as_ref());
                // The error that stopped the loop says more than one of its ending.
                let _ = stream_loop.finish();
                return Err(error);
            }
        };
        if step == Step::Rebalanced {
            shared.settled.store(true, Ordering::Release);
        }
        queries.try_iter().take(QUERIES_PER_STEP).for_each(|query| query(stream_loop.as_mut()));
        let busy = tell(&step, shared.number);
        if !busy || shown.elapsed() >= SHOW_EVERY {
            shown = now();
            shared.show(stream_loop.as_ref());
        }
        aborted = if step == Step::Aborted { aborted.saturating_add(1) } else { 0 };
        if aborted > 0 {
            std::thread::park_timeout((ABORT_PAUSE * aborted.min(20)).min(Duration::from_secs(1)));
        }
    }
    shared.show(stream_loop.as_ref());
    stream_loop.finish()
}

/// Logs what a step did, where it is worth a line. Returns whether the thread is busy with records.
fn tell(step: &Step, thread: u32) -> bool {
    match step {
        Step::Idle => false,
        Step::Skipped => true,
        Step::Committed { records, outputs } => {
            tracing::debug!(thread, records, outputs, "committed");
            true
        }
        Step::Aborted => {
            tracing::warn!(thread, "a batch was aborted and is decided again");
            false
        }
        Step::Fenced => {
            tracing::warn!(thread, "fenced by a newer owner; everything in memory was given up");
            false
        }
        Step::Rebalanced | Step::Restored | Step::IndexRepaired => {
            tracing::info!(thread, step = ?step, "the loop");
            false
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "heartbeats and pauses of the process; no decision looks at them")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_in_pieces_counts_as_one() {
        let (shared, _) = Shared::new(0);
        let source = SourcePartition { topic: "journal".into(), partition: 3 };
        let told = |records, ended| {
            shared.restoring(&source, RestoreProgress { records, ended });
            // The next piece is another step.
            shared.step_ended();
            let restore = shared.restores()["journal/3"];
            (restore.records, restore.total_records, restore.ended, restore.under_way)
        };
        assert_eq!(told(500, false), (500, 500, 0, true));
        assert_eq!(told(1_000, false), (1_000, 1_000, 0, true));
        assert_eq!(told(1_200, true), (1_200, 1_200, 1, false));
        // It comes back and reads only the tail.
        assert_eq!(told(7, true), (7, 1_207, 2, false));
        // One that is given up in the middle never ends; the next one begins anew.
        assert_eq!(told(40, false), (40, 1_247, 2, true));
        assert_eq!(told(10, true), (10, 1_257, 3, false));
    }
}
