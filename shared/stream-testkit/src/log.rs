//! The log port on a simulated broker.

use crate::broker::{BrokerState, Fault, SimulatedBroker};
use crate::group::Heard;
use crate::mistake::Mistake;
use crate::topic::{NewRecord, PartitionLog, TransactionId, index_of, offset_of};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::{
    ChangelogRecord, Checkpoint, CommitError, CommittedBatch, DEAD_LETTERS_TOPIC, InputRecord, Log, LogError,
    PollLimits, Polled, SourcePartition, StagedBatch, WorkerName, changelog_topic, dead_letter_headers, output_headers,
    partition_for_key,
};

/// Who reads and writes through a log.
#[derive(Debug, Clone)]
pub struct SimulatedLogSettings {
    /// The worker; its name is also the consumer group's.
    pub worker: WorkerName,
    /// The member of the group, one for each process.
    pub member: String,
    /// The transactional id; a restarted process keeps it.
    pub transactional_id: String,
    /// The topics it reads.
    pub inputs: Vec<String>,
}

struct Reading {
    next: usize,
    paused: bool,
}

/// The log of one worker process. Faults are injected at the broker.
pub struct SimulatedLog {
    broker: SimulatedBroker,
    settings: SimulatedLogSettings,
    changelog: String,
    epoch: u64,
    generation: u64,
    joined: bool,
    reading: BTreeMap<SourcePartition, Reading>,
    /// Whether the process died at a fault.
    crashed: bool,
    /// Whether a newer producer of the same id fenced this one; the next assignment brings a new one.
    fenced: bool,
    /// Whether it is dead for the timer index too, which is told behind the store.
    dead: Arc<AtomicBool>,
    mistakes: BTreeSet<Mistake>,
    /// With [`Mistake::OpensTransactionEarly`], where it has written before, and what it has open.
    written_to: BTreeSet<(&'static str, u32)>,
    early: Option<TransactionId>,
}

impl std::fmt::Debug for SimulatedLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SimulatedLog({})", self.settings.member)
    }
}

impl SimulatedLog {
    /// A log of a new process; older producers of the same transactional id are fenced from now on.
    #[must_use]
    pub fn new(broker: &SimulatedBroker, settings: SimulatedLogSettings) -> Self {
        let epoch = broker.change().open_producer(&settings.transactional_id);
        Self {
            broker: broker.clone(),
            changelog: changelog_topic(settings.worker),
            settings,
            epoch,
            generation: 0,
            joined: false,
            reading: BTreeMap::new(),
            crashed: false,
            fenced: false,
            dead: Arc::default(),
            mistakes: BTreeSet::new(),
            written_to: BTreeSet::new(),
            early: None,
        }
    }

    /// Makes a mistake from now on.
    pub fn make(&mut self, mistake: Mistake) {
        self.mistakes.insert(mistake);
    }

    /// True once the process has died between store and timer index, for [`crate::SimulatedTimerIndex::of_process`].
    #[must_use]
    pub fn death(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.dead)
    }

    fn sources(&self, state: &mut BrokerState) -> Vec<SourcePartition> {
        let count = self.broker.partition_count();
        let mut sources = Vec::new();
        for topic in &self.settings.inputs {
            let topic = state.create(topic, count);
            sources.extend((0..count).map(|partition| SourcePartition { topic: Arc::clone(&topic), partition }));
        }
        sources
    }

    /// What the group has to say before anything is read.
    fn hear(&mut self) -> Option<Polled> {
        let broker = self.broker.clone();
        let member = self.settings.member.clone();
        let mut state = broker.lock();
        let is_member =
            state.groups.get(self.settings.worker.0).is_some_and(|group| group.is_member(&self.settings.member));
        if !is_member && self.joined {
            // The session timed out: everything is lost, and the member may join again.
            self.joined = false;
            let lost: Vec<_> = std::mem::take(&mut self.reading).into_keys().collect();
            if !lost.is_empty() {
                return Some(Polled::Revoked(lost));
            }
        }
        if !is_member {
            drop(state);
            state = broker.change();
            let sources = self.sources(&mut state);
            state.groups.entry(self.settings.worker.0.to_owned()).or_default().join(&member, &sources);
            self.joined = true;
        }
        let group = state.groups.get_mut(self.settings.worker.0)?;
        self.generation = group.generation;
        // A member that was removed and came back by itself hears of it here: what it read is not its own any more.
        let lost: Vec<_> = self.reading.keys().filter(|source| !group.is_owner(source, &member)).cloned().collect();
        if !lost.is_empty() {
            self.reading.retain(|source, _| !lost.contains(source));
            return Some(Polled::Revoked(lost));
        }
        match group.hear(&member) {
            Heard::Nothing => None,
            Heard::Revoked(lost) => {
                self.reading.retain(|source, _| !lost.contains(source));
                drop(state);
                // Somebody may wait for these partitions.
                drop(broker.change());
                Some(Polled::Revoked(lost))
            }
            Heard::Assigned(sources) => {
                for source in &sources {
                    self.reading.insert(source.clone(), Reading { next: 0, paused: true });
                }
                Some(Polled::Assigned(sources))
            }
        }
    }

    fn read(&mut self, limits: &PollLimits) -> Vec<InputRecord> {
        let state = self.broker.lock();
        let mut records: Vec<InputRecord> = Vec::new();
        let mut bytes = 0;
        for (source, reading) in &mut self.reading {
            let Some(log) = state.partition(source).filter(|_| !reading.paused) else { continue };
            let to = log.last_stable_offset();
            if reading.next >= to {
                continue;
            }
            let mut next = to;
            for (record, _) in log.committed(reading.next, to, |id| state.is_committed(id)) {
                bytes += record.key.as_ref().map_or(0, Vec::len) + record.value.len();
                if records.len() >= limits.records_max || (bytes > limits.bytes_max && !records.is_empty()) {
                    next = index_of(record.offset);
                    break;
                }
                records.push((**record).clone());
            }
            reading.next = next;
        }
        records
    }

    fn write(&self, state: &mut BrokerState, transaction: TransactionId, staged: &StagedBatch) {
        let count = self.broker.partition_count();
        let mut append = |topic: &str, partition: u32, record: NewRecord| {
            if let Some(log) = state.partition_mut(topic, partition, count) {
                log.append(Some(transaction), record);
            }
        };
        for (meta, output) in &staged.outputs {
            let partition = output.partition.unwrap_or_else(|| partition_for_key(output.key.as_bytes(), count));
            let record = NewRecord {
                key: Some(output.key.as_bytes().to_vec()),
                headers: output_headers(self.settings.worker, meta, output),
                value: output.value.clone(),
                is_tombstone: false,
            };
            append(output.topic, partition, record);
        }
        for (record, letter) in &staged.dead_letters {
            let key = record.key.clone();
            let partition = partition_for_key(key.as_deref().unwrap_or_default(), count);
            let headers = dead_letter_headers(self.settings.worker, record, letter, "simulated");
            let value = letter.part.clone().unwrap_or_else(|| record.value.clone());
            append(DEAD_LETTERS_TOPIC, partition, NewRecord { key, headers, value, is_tombstone: false });
        }
    }

    fn write_rows(&self, state: &mut BrokerState, transaction: TransactionId, staged: &StagedBatch) {
        let count = self.broker.partition_count();
        let mut append = |topic: &str, partition: u32, record: NewRecord| {
            if let Some(log) = state.partition_mut(topic, partition, count) {
                log.append(Some(transaction), record);
            }
        };
        for (partition, changes) in &staged.rows {
            for change in changes {
                append(&self.changelog, *partition, row_record(change.key.as_str(), change.value.as_ref()));
            }
        }
        let checkpoints = staged.checkpoints.iter().filter(|_| !self.mistakes.contains(&Mistake::KeepsNoCheckpoint));
        for (partition, checkpoint) in checkpoints {
            append(&self.changelog, *partition, row_record(Checkpoint::KEY, Some(&checkpoint.encode())));
        }
    }

    /// Whether the group still knows this member with the generation of the last poll.
    fn send_offsets(&self, state: &mut BrokerState, transaction: TransactionId, staged: &StagedBatch) -> bool {
        if self.mistakes.contains(&Mistake::LeavesOffsetsOut) {
            return true;
        }
        let Some(group) = state.groups.get_mut(self.settings.worker.0) else { return false };
        let late = self.mistakes.contains(&Mistake::TakesGenerationLate);
        let generation = if late { group.generation } else { self.generation };
        if group.generation != generation || !group.is_member(&self.settings.member) {
            return false;
        }
        for (source, offset) in &staged.offsets {
            group.pending.insert(source.clone(), (transaction, *offset));
        }
        true
    }

    /// [`Mistake::OpensTransactionEarly`]: the transaction of the batch that is to be decided, with a record wherever one
    /// before it wrote.
    fn open_early(&mut self) {
        let broker = self.broker.clone();
        let mut state = broker.change();
        self.early = self.early.or_else(|| state.begin(&self.settings.transactional_id, self.epoch));
        for (topic, partition) in &self.written_to {
            if let Some(log) = state.partition_mut(topic, *partition, broker.partition_count()) {
                log.append(self.early, NewRecord::default());
            }
        }
    }

    /// What was opened early gives way to the batch's own transaction.
    fn close_early(&mut self, state: &mut BrokerState, staged: &StagedBatch) {
        if let Some(early) = self.early.take() {
            state.end_of(&self.settings.transactional_id, self.epoch, early, false);
        }
        let count = self.broker.partition_count();
        let outputs = staged.outputs.iter();
        self.written_to
            .extend(outputs.map(|(_, output)| (output.topic, partition_for_key(output.key.as_bytes(), count))));
    }

    fn dies(&mut self, place: &str) -> CommitError {
        self.crashed = true;
        CommitError::Fatal(format!("simulated crash {place}"))
    }

    /// What goes wrong when everything is sent, before the commit point.
    fn fails_before_commit(
        &mut self,
        state: &mut BrokerState,
        fault: Option<Fault>,
        transaction: TransactionId,
    ) -> Option<CommitError> {
        let id = &self.settings.transactional_id;
        match fault {
            Some(Fault::CrashBeforeCommit) => Some(self.dies("before the commit point")),
            Some(Fault::UnknownLate) => {
                state.end_arrives_late(id, self.epoch);
                Some(CommitError::OutcomeUnknown("no answer in time".to_owned()))
            }
            Some(Fault::UnknownAborted) => Some(CommitError::OutcomeUnknown("the answer is lost".to_owned())),
            Some(Fault::Abort) => {
                state.end_of(id, self.epoch, transaction, false);
                Some(CommitError::Retry("simulated abort".to_owned()))
            }
            Some(
                Fault::CrashBeforeTransaction
                | Fault::CrashWhileWriting
                | Fault::CrashBeforeOffsets
                | Fault::CrashAfterCommit
                | Fault::CrashBeforeIndex
                | Fault::CrashAfterStore
                | Fault::UnknownCommitted,
            )
            | None => None,
        }
    }

    /// After a fenced commit the partitions are gone; the next poll joins anew.
    fn leave(&mut self, state: &mut BrokerState) {
        let sources = self.sources(state);
        if let Some(group) = state.groups.get_mut(self.settings.worker.0) {
            group.expire(&self.settings.member, &sources);
        }
        self.reading.clear();
        self.joined = false;
    }
}

fn row_record(key: &str, value: Option<&Vec<u8>>) -> NewRecord {
    NewRecord {
        key: Some(key.as_bytes().to_vec()),
        headers: Vec::new(),
        value: value.cloned().unwrap_or_default(),
        is_tombstone: value.is_none(),
    }
}

/// What a dead process answers to every call.
const CRASHED: &str = "simulated crash: the process is dead";

fn crashed() -> LogError {
    LogError::Fatal(CRASHED.to_owned())
}

impl Log for SimulatedLog {
    fn poll(&mut self, limits: &PollLimits) -> Result<Polled, LogError> {
        if self.crashed {
            return Err(crashed());
        }
        if let Some(heard) = self.hear() {
            return Ok(heard);
        }
        let records = self.read(limits);
        if self.mistakes.contains(&Mistake::OpensTransactionEarly) && !records.is_empty() {
            self.open_early();
        }
        Ok(if records.is_empty() { Polled::Idle } else { Polled::Records(records) })
    }

    fn resume(&mut self, source: &SourcePartition, next_offset: i64) -> Result<(), LogError> {
        if let Some(reading) = self.reading.get_mut(source) {
            *reading = Reading { next: index_of(next_offset), paused: false };
        }
        Ok(())
    }

    fn pause(&mut self, source: &SourcePartition) -> Result<(), LogError> {
        if let Some(reading) = self.reading.get_mut(source) {
            reading.paused = true;
        }
        Ok(())
    }

    fn committed_offset(&mut self, source: &SourcePartition) -> Result<Option<i64>, LogError> {
        let mut state = self.broker.change();
        if std::mem::take(&mut self.fenced) {
            self.epoch = state.open_producer(&self.settings.transactional_id);
        }
        let group = self.settings.worker.0;
        let pending = state.groups.get(group).and_then(|group| group.pending.get(source).copied());
        if let Some((transaction, _)) = pending {
            // A stable offset waits for the open transaction, which ends at its timeout at the latest.
            if state.hanging {
                return Err(LogError::Retry("a transaction holds this partition's offset".to_owned()));
            }
            state.time_out(transaction);
        }
        Ok(state.groups.get(group).and_then(|group| group.committed.get(source).copied()))
    }

    fn earliest_offset(&mut self, _source: &SourcePartition) -> Result<i64, LogError> {
        Ok(0)
    }

    fn restore(
        &mut self,
        partition: u32,
        from: i64,
        apply: &mut dyn FnMut(ChangelogRecord) -> ControlFlow<()>,
    ) -> Result<i64, LogError> {
        let count = self.broker.partition_count();
        let mut state = self.broker.change();
        let topic = state.create(&self.changelog, count);
        let source = SourcePartition { topic, partition };
        let to = if self.mistakes.contains(&Mistake::RestoresToLastStableOffset) {
            state.partition(&source).map_or(0, PartitionLog::last_stable_offset)
        } else {
            let to = state.partition(&source).map_or(0, PartitionLog::high_watermark);
            if !state.wait_for_stability(&source) {
                return Err(LogError::Halt(format!(
                    "hanging transaction in {} {partition}: abort it with kafka-transactions.sh, then start again",
                    self.changelog
                )));
            }
            to
        };
        let state = &*state;
        let Some(log) = state.partition(&source) else { return Ok(0) };
        for (record, is_tombstone) in log.committed(index_of(from), to, |id| state.is_committed(id)) {
            let value = (!is_tombstone).then(|| record.value.clone());
            if apply(ChangelogRecord { key: record.key_text().to_owned(), value, offset: record.offset }).is_break() {
                return Ok(record.offset + 1);
            }
        }
        Ok(offset_of(to))
    }

    fn commit(&mut self, staged: StagedBatch) -> Result<CommittedBatch, CommitError> {
        let broker = self.broker.clone();
        let mut state = broker.change();
        let id = &self.settings.transactional_id.clone();
        if self.crashed {
            return Err(CommitError::Fatal(CRASHED.to_owned()));
        }
        if staged.offsets.is_empty() {
            return Err(CommitError::Fatal("a transaction without offsets runs no generation check".to_owned()));
        }
        let fault = state.next_fault(self.settings.worker);
        if fault == Some(Fault::CrashBeforeTransaction) {
            return Err(self.dies("before its transaction"));
        }
        self.close_early(&mut state, &staged);
        let Some(transaction) = state.begin(id, self.epoch) else {
            self.fenced = true;
            self.leave(&mut state);
            return Err(CommitError::Fenced("a newer producer of the same transactional id exists".to_owned()));
        };
        self.write(&mut state, transaction, &staged);
        if state.late_end_arrives(id, self.epoch, transaction) {
            return Err(CommitError::Fatal("the transaction was ended by a late answer to an earlier one".to_owned()));
        }
        if fault == Some(Fault::CrashWhileWriting) {
            return Err(self.dies("while writing"));
        }
        self.write_rows(&mut state, transaction, &staged);
        if fault == Some(Fault::CrashBeforeOffsets) {
            return Err(self.dies("before its offsets are sent"));
        }
        if !self.send_offsets(&mut state, transaction, &staged) {
            state.end_of(id, self.epoch, transaction, false);
            self.leave(&mut state);
            return Err(CommitError::Fenced("the group has a newer generation".to_owned()));
        }
        if let Some(error) = self.fails_before_commit(&mut state, fault, transaction) {
            return Err(error);
        }
        if !state.end_of(id, self.epoch, transaction, true) {
            self.fenced = true;
            self.leave(&mut state);
            return Err(CommitError::Fenced("a newer producer of the same transactional id exists".to_owned()));
        }
        if fault == Some(Fault::CrashAfterCommit) {
            return Err(self.dies("behind the commit point"));
        }
        if fault == Some(Fault::UnknownCommitted) {
            return Err(CommitError::OutcomeUnknown("the answer is lost".to_owned()));
        }
        // It dies with its next call.
        self.crashed = matches!(fault, Some(Fault::CrashAfterStore | Fault::CrashBeforeIndex));
        self.dead.store(fault == Some(Fault::CrashBeforeIndex), Ordering::Relaxed);
        let next = |partition: &u32| {
            let source = SourcePartition { topic: Arc::from(self.changelog.as_str()), partition: *partition };
            (*partition, state.partition(&source).map_or(0, |log| offset_of(log.high_watermark())))
        };
        let changelog_next = staged.checkpoints.keys().map(next).collect();
        Ok(CommittedBatch { staged, changelog_next })
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        if self.crashed {
            return Err(crashed());
        }
        self.early = None;
        let id = &self.settings.transactional_id;
        if self.mistakes.contains(&Mistake::KeepsProducer) {
            self.broker.change().abort_open(id, self.epoch);
        } else {
            self.epoch = self.broker.change().open_producer(id);
        }
        Ok(())
    }

    fn partition_count(&mut self) -> Result<u32, LogError> {
        Ok(self.broker.partition_count())
    }

    fn lag_in_records(&self, source: &SourcePartition, next_offset: i64) -> Option<i64> {
        let state = self.broker.lock();
        let log = state.partition(source)?;
        let behind = log.committed(index_of(next_offset), log.last_stable_offset(), |id| state.is_committed(id));
        i64::try_from(behind.count()).ok()
    }
}
