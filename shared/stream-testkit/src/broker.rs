//! Topics, transactions, producers and groups in memory, as a broker keeps them.

use crate::group::Group;
use crate::topic::{NewRecord, PartitionLog, TransactionId, index_of, offset_of};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stream::{InputRecord, SourcePartition, WorkerName, partition_for_key};

/// What goes wrong at a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process dies when it has decided and before its transaction opens (steps 0 and 1 of the loop).
    CrashBeforeTransaction,
    /// The process dies when some of its records are written (step 2); its transaction stays open.
    CrashWhileWriting,
    /// The process dies when all of its records are written, before the offsets (step 3); its transaction stays open.
    CrashBeforeOffsets,
    /// The process dies when the offsets are sent, before the commit point (step 4); its transaction stays open.
    CrashBeforeCommit,
    /// The process dies right behind the commit point (step 5), before store and timer index hear of it.
    CrashAfterCommit,
    /// The process dies when the store has heard of the commit and the timer index has not (the middle of step 6).
    CrashBeforeIndex,
    /// The process dies when store and timer index have heard of the commit (step 6).
    CrashAfterStore,
    /// The answer is lost, the transaction is committed.
    UnknownCommitted,
    /// The answer is lost, the transaction is not committed.
    UnknownAborted,
    /// No answer comes in time: the call to commit reaches the coordinator later, where it ends whatever transaction the
    /// same producer has open by then (T2).
    UnknownLate,
    /// The transaction is aborted.
    Abort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Committed,
    Aborted,
}

#[derive(Default)]
struct Producer {
    epoch: u64,
    open: Option<TransactionId>,
}

#[derive(Default)]
pub(crate) struct BrokerState {
    topics: BTreeMap<Arc<str>, Vec<PartitionLog>>,
    transactions: Vec<State>,
    producers: BTreeMap<String, Producer>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// The topic whose partitions hear of the end of a transaction only later.
    late_markers_in: Option<String>,
    held_markers: Vec<(TransactionId, Arc<str>)>,
    faults: BTreeMap<&'static str, VecDeque<(u64, Fault)>>,
    happened: BTreeMap<Fault, u64>,
    /// By transactional id, the epoch of a producer whose call to commit is still under way.
    late_ends: BTreeMap<String, u64>,
    pub(crate) hanging: bool,
}

/// A broker that the logs of one simulation share. Clones are the same broker.
#[derive(Clone)]
pub struct SimulatedBroker {
    state: Arc<Mutex<BrokerState>>,
    version: Arc<AtomicU64>,
    partition_count: u32,
}

impl std::fmt::Debug for SimulatedBroker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SimulatedBroker({} partitions a topic)", self.partition_count)
    }
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 11] = [
        Self::CrashBeforeTransaction,
        Self::CrashWhileWriting,
        Self::CrashBeforeOffsets,
        Self::CrashBeforeCommit,
        Self::CrashAfterCommit,
        Self::CrashBeforeIndex,
        Self::CrashAfterStore,
        Self::UnknownCommitted,
        Self::UnknownAborted,
        Self::UnknownLate,
        Self::Abort,
    ];
}

impl SimulatedBroker {
    /// An empty broker. Every topic has that many partitions, and comes to be when it is first named.
    #[must_use]
    pub fn new(partition_count: u32) -> Self {
        Self { state: Arc::default(), version: Arc::default(), partition_count: partition_count.max(1) }
    }

    /// The partition count of every topic.
    #[must_use]
    pub fn partition_count(&self) -> u32 {
        self.partition_count
    }

    /// A number that grows with every change; whoever had nothing to do at a number has nothing to do while it stays.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, BrokerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`SimulatedBroker::lock`], for a change.
    pub(crate) fn change(&self) -> MutexGuard<'_, BrokerState> {
        self.version.fetch_add(1, Ordering::Relaxed);
        self.lock()
    }

    /// Writes one record outside a transaction; the key decides the partition.
    pub fn publish(&self, topic: &str, key: &str, headers: Vec<(String, Vec<u8>)>, value: Vec<u8>) {
        let partition = partition_for_key(key.as_bytes(), self.partition_count);
        self.publish_to(topic, partition, key, headers, value);
    }

    /// Writes one record outside a transaction into that partition, as `calendar` writes marks into each.
    pub fn publish_to(&self, topic: &str, partition: u32, key: &str, headers: Vec<(String, Vec<u8>)>, value: Vec<u8>) {
        let record = NewRecord { key: Some(key.as_bytes().to_vec()), headers, value, is_tombstone: false };
        let count = self.partition_count;
        if let Some(log) = self.change().partition_mut(topic, partition, count) {
            log.append(None, record);
        }
    }

    /// The committed records of a topic from these positions on, partition by partition; moves the positions.
    #[must_use]
    pub fn read_committed(&self, topic: &str, positions: &mut BTreeMap<u32, i64>) -> Vec<InputRecord> {
        let state = self.lock();
        let mut records = Vec::new();
        for (partition, log) in (0_u32..).zip(state.topics.get(topic).map(Vec::as_slice).unwrap_or_default()) {
            let position = positions.entry(partition).or_default();
            let to = log.last_stable_offset();
            let committed = log.committed(index_of(*position), to, |id| state.is_committed(id));
            records.extend(committed.map(|(record, _)| (**record).clone()));
            *position = offset_of(to).max(*position);
        }
        records
    }

    /// Every topic that was named.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        self.lock().topics.keys().map(ToString::to_string).collect()
    }

    /// Keeps only the last committed record of each key, as the cleaner of a compacted topic does.
    pub fn compact(&self, topic: &str) {
        let mut state = self.change();
        let states = state.transactions.clone();
        for log in state.topics.get_mut(topic).into_iter().flatten() {
            log.compact(|id| states.get(id) == Some(&State::Committed));
        }
    }

    /// Lets a fault happen at that worker's commit, after so many that succeed.
    pub fn inject(&self, worker: WorkerName, after_commits: u64, fault: Fault) {
        self.change().faults.entry(worker.0).or_default().push_back((after_commits, fault));
    }

    /// Whether a worker still has faults before it.
    #[must_use]
    pub fn has_faults(&self, worker: WorkerName) -> bool {
        self.lock().faults.get(worker.0).is_some_and(|faults| !faults.is_empty())
    }

    /// How often each fault has happened. What was injected may never have its turn.
    #[must_use]
    pub fn faults_that_happened(&self) -> BTreeMap<Fault, u64> {
        self.lock().happened.clone()
    }

    /// Removes a member from a group, as after its session timed out.
    pub fn expire_member(&self, group: &str, member: &str) {
        let mut state = self.change();
        let sources = state.groups.get(group).map(Group::sources).unwrap_or_default();
        if let Some(group) = state.groups.get_mut(group) {
            group.expire(member, &sources);
        }
    }

    /// Lets a member that was removed come back by itself, as the client library does between two polls: its process
    /// believes that nothing happened.
    pub fn rejoin_unnoticed(&self, group: &str, member: &str) {
        let mut state = self.change();
        let sources = state.groups.get(group).map(Group::sources).unwrap_or_default();
        if let Some(group) = state.groups.get_mut(group) {
            group.join(member, &sources);
        }
    }

    /// Makes a group's coordinator answer that it knows no offsets, once it is asked next (T4).
    pub fn forget_offsets(&self, group: &str) {
        if let Some(group) = self.change().groups.get_mut(group) {
            group.committed.clear();
        }
    }

    /// The offset a group committed.
    #[must_use]
    pub fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Option<i64> {
        let source = SourcePartition { topic: Arc::from(topic), partition };
        self.lock().groups.get(group).and_then(|group| group.committed.get(&source).copied())
    }

    /// From now on, partitions of that topic hear of the end of transactions only when somebody waits for it (T3).
    pub fn delay_markers_in(&self, topic: &str) {
        self.change().late_markers_in = Some(topic.to_owned());
    }

    /// Open transactions of other producers never end, not even by their timeout.
    pub fn let_transactions_hang(&self, hang: bool) {
        self.change().hanging = hang;
    }
}

impl BrokerState {
    pub(crate) fn is_committed(&self, id: TransactionId) -> bool {
        self.transactions.get(id) == Some(&State::Committed)
    }

    pub(crate) fn partition(&self, source: &SourcePartition) -> Option<&PartitionLog> {
        self.topics.get(&source.topic)?.get(usize::try_from(source.partition).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, topic: &str, partition: u32, count: u32) -> Option<&mut PartitionLog> {
        if !self.topics.contains_key(topic) {
            self.create(topic, count);
        }
        self.topics.get_mut(topic)?.get_mut(usize::try_from(partition).ok()?)
    }

    /// Makes sure that a topic is there; returns its shared name.
    pub(crate) fn create(&mut self, topic: &str, count: u32) -> Arc<str> {
        if let Some((name, _)) = self.topics.get_key_value(topic) {
            return Arc::clone(name);
        }
        let name: Arc<str> = Arc::from(topic);
        let logs = (0..count).map(|partition| PartitionLog::new(&name, partition)).collect();
        self.topics.insert(Arc::clone(&name), logs);
        name
    }

    /// Fences older producers of that id, ends what they left open, and returns the new epoch.
    pub(crate) fn open_producer(&mut self, transactional_id: &str) -> u64 {
        let producer = self.producers.entry(transactional_id.to_owned()).or_default();
        producer.epoch += 1;
        let (epoch, open) = (producer.epoch, producer.open.take());
        if let Some(open) = open {
            self.end(open, false);
        }
        epoch
    }

    /// Aborts what a producer has open, and leaves the producer as it is.
    pub(crate) fn abort_open(&mut self, transactional_id: &str, epoch: u64) {
        let producer = self.producers.get_mut(transactional_id).filter(|producer| producer.epoch == epoch);
        if let Some(open) = producer.and_then(|producer| producer.open.take()) {
            self.end(open, false);
        }
    }

    /// Begins a transaction, unless a newer producer of that id exists.
    pub(crate) fn begin(&mut self, transactional_id: &str, epoch: u64) -> Option<TransactionId> {
        let id = self.transactions.len();
        let producer = self.producers.get_mut(transactional_id).filter(|producer| producer.epoch == epoch)?;
        producer.open = Some(id);
        self.transactions.push(State::Open);
        Some(id)
    }

    /// Ends a transaction of a producer, unless it was fenced or the transaction ended without it.
    pub(crate) fn end_of(&mut self, transactional_id: &str, epoch: u64, id: TransactionId, commit: bool) -> bool {
        let producer = self.producers.get_mut(transactional_id);
        let Some(producer) = producer.filter(|producer| producer.epoch == epoch && producer.open == Some(id)) else {
            return false;
        };
        producer.open = None;
        self.end(id, commit);
        true
    }

    fn end(&mut self, id: TransactionId, commit: bool) {
        if self.transactions.get(id) != Some(&State::Open) {
            return;
        }
        self.transactions[id] = if commit { State::Committed } else { State::Aborted };
        for group in self.groups.values_mut() {
            group.end(id, commit);
        }
        let late = self.late_markers_in.clone();
        for (topic, logs) in &mut self.topics {
            if late.as_deref() == Some(&**topic) {
                self.held_markers.push((id, Arc::clone(topic)));
                continue;
            }
            for log in logs {
                log.end(id);
            }
        }
    }

    /// Time passes until what hides the end of this partition is over: late markers come, and the broker aborts open
    /// transactions at their timeout. False where a transaction hangs.
    pub(crate) fn wait_for_stability(&mut self, source: &SourcePartition) -> bool {
        for (id, topic) in std::mem::take(&mut self.held_markers) {
            for log in self.topics.get_mut(&topic).into_iter().flatten() {
                log.end(id);
            }
        }
        let open = self.partition(source).map(PartitionLog::open_transactions).unwrap_or_default();
        if !open.is_empty() && self.hanging {
            return false;
        }
        for id in open {
            self.time_out(id);
        }
        true
    }

    /// A producer's call to commit is under way, and its process has stopped waiting for it.
    pub(crate) fn end_arrives_late(&mut self, transactional_id: &str, epoch: u64) {
        self.late_ends.insert(transactional_id.to_owned(), epoch);
    }

    /// Whether such a call arrives now and, its epoch still being the newest, commits this transaction as far as it is
    /// written.
    pub(crate) fn late_end_arrives(&mut self, transactional_id: &str, epoch: u64, id: TransactionId) -> bool {
        self.late_ends.remove(transactional_id) == Some(epoch) && self.end_of(transactional_id, epoch, id, true)
    }

    /// The broker aborts a transaction at its timeout and fences its producer.
    pub(crate) fn time_out(&mut self, id: TransactionId) {
        for producer in self.producers.values_mut() {
            if producer.open == Some(id) {
                producer.open = None;
                producer.epoch += 1;
            }
        }
        self.end(id, false);
    }

    /// The fault that happens at this commit of a worker.
    pub(crate) fn next_fault(&mut self, worker: WorkerName) -> Option<Fault> {
        let faults = self.faults.get_mut(worker.0)?;
        let (left, fault) = faults.front_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        let fault = *fault;
        faults.pop_front();
        *self.happened.entry(fault).or_default() += 1;
        Some(fault)
    }
}
