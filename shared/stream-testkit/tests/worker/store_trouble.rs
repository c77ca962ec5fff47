//! A store that fails: its partition is dropped and restored from the changelog, and nothing is lost or doubled.

use crate::toy::{Bank, JOURNAL, PUBLIC, deposit, fact};
use std::cell::Cell;
use std::collections::BTreeMap;
use stream::{
    CommittedBatch, Processor, RowChange, StateError, StateRead, Step, Store, StoreError, StoredCheckpoint, Worker,
    WorkerConfig,
};
use stream_testkit::{MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex};

/// Fails at given calls.
#[derive(Default)]
struct Flaky {
    inner: MemoryStore,
    reads: Cell<u32>,
    applies: u32,
    failing_read: u32,
    failing_apply: u32,
    clears: u32,
}

impl StateRead for Flaky {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.reads.set(self.reads.get() + 1);
        if self.reads.get() == self.failing_read {
            return Err(StateError::Store("the disk is gone".to_owned()));
        }
        self.inner.rows(0).get(key)
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        self.inner.rows(0).range(from, to, limit)
    }
}

impl Store for Flaky {
    fn rows(&self, _partition: u32) -> &dyn StateRead {
        self
    }

    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError> {
        self.applies += 1;
        if self.applies == self.failing_apply {
            return Err(StoreError("the disk is full".to_owned()));
        }
        self.inner.apply(committed)
    }

    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.inner.checkpoint(partition)
    }

    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError> {
        self.inner.apply_restored(partition, rows, stored)
    }

    fn clear(&mut self, partition: u32) -> Result<(), StoreError> {
        self.clears += 1;
        self.inner.clear(partition)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn a_store_that_fails_is_restored_from_the_changelog() {
    for failing_read in 0..12 {
        for failing_apply in 0..4 {
            let broker = SimulatedBroker::new(1);
            for number in 1..=3 {
                fact(&broker, JOURNAL, "anna", &format!("f{number}"), &deposit(10));
            }
            let settings = SimulatedLogSettings {
                worker: Bank::NAME,
                member: "m0".to_owned(),
                transactional_id: "bank".to_owned(),
                inputs: vec![JOURNAL.to_owned()],
            };
            let mut config = WorkerConfig::default();
            config.poll.records_max = 1;
            let store = Flaky { failing_read, failing_apply, ..Flaky::default() };
            let log = SimulatedLog::new(&broker, settings);
            let mut worker = Worker::new(Bank, log, store, SimulatedTimerIndex::new(), config);
            while worker.step().unwrap() != Step::Idle {}
            let records = broker.read_committed(PUBLIC, &mut BTreeMap::new());
            let texts: Vec<_> =
                records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect();
            assert_eq!(texts, ["10 1 on None", "20 2 on None", "30 3 on None"], "{failing_read} {failing_apply}");
            assert_eq!(worker.status().counters().gap(), 0);
            let (_, store, _) = worker.into_parts();
            let failures = u32::from((1..=store.reads.get()).contains(&failing_read)) + u32::from(failing_apply > 0);
            assert_eq!(store.clears, 1 + 2 * failures, "once before each restore, and once when it failed");
        }
    }
}
