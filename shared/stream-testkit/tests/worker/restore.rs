//! A restore that is broken off goes on from its place.

use crate::toy::{Bank, JOURNAL, deposit, fact};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stream::{Processor, Step, Store, Worker, WorkerConfig};
use stream_testkit::{MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex};

const CHANGELOG: &str = "itc.bank.changelog.v1";

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

/// A process that reads so many records of its changelog in one step, and how many it has read.
fn bank(broker: &SimulatedBroker, number: u32, store: MemoryStore, records_max: u64) -> (BankWorker, Arc<AtomicU64>) {
    let settings = SimulatedLogSettings {
        worker: Bank::NAME,
        member: format!("m{number}"),
        transactional_id: "bank".to_owned(),
        inputs: vec![JOURNAL.to_owned()],
    };
    let config = WorkerConfig { restore_records_max: records_max, batch_changes_max: 10, ..WorkerConfig::default() };
    let log = SimulatedLog::new(broker, settings);
    let mut worker = Worker::new(Bank, log, store, SimulatedTimerIndex::new(), config);
    let read = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&read);
    worker.watch_restores(move |_, progress| {
        assert!(progress.records >= seen.load(Ordering::Relaxed), "all pieces are one restore");
        seen.store(progress.records, Ordering::Relaxed);
    });
    (worker, read)
}

/// Ends a process as a crash does, with what its disk holds.
fn crash(broker: &SimulatedBroker, number: u32, worker: BankWorker) -> MemoryStore {
    let (_, store, _) = worker.into_parts();
    broker.expire_member("bank", &format!("m{number}"));
    store
}

fn run(worker: &mut BankWorker) {
    while worker.step().unwrap() != Step::Idle {}
}

/// Two hundred accounts, and what a process that was never disturbed holds of them.
fn accounts(compacted: bool) -> (SimulatedBroker, MemoryStore, u64) {
    let broker = SimulatedBroker::new(1);
    for number in 0..400 {
        fact(&broker, JOURNAL, &format!("key-{}", number % 200), &format!("f{number}"), &deposit(1));
    }
    let (mut worker, _) = bank(&broker, 0, MemoryStore::new(), u64::MAX);
    run(&mut worker);
    let before = crash(&broker, 0, worker);
    if compacted {
        broker.compact(CHANGELOG);
    }
    let (mut worker, read) = bank(&broker, 1, MemoryStore::new(), u64::MAX);
    run(&mut worker);
    let whole = crash(&broker, 1, worker);
    assert_eq!(whole.all_rows(0), before.all_rows(0));
    (broker, whole, read.load(Ordering::Relaxed))
}

#[test]
fn a_first_restore_broken_off_at_60_percent_goes_on_from_there() {
    // A compacted changelog has one checkpoint, at its end: the place must stand without one.
    for compacted in [false, true] {
        let (broker, whole, records) = accounts(compacted);
        assert!(records > 300, "{records}");
        let (mut worker, read) = bank(&broker, 2, MemoryStore::new(), records / 10);
        while read.load(Ordering::Relaxed) < records * 6 / 10 {
            worker.step().unwrap();
        }
        let read_before = read.load(Ordering::Relaxed);
        assert!(worker.status().partitions.iter().all(|one| one.next_offset == 0), "nothing is read from half a store");
        let disk = crash(&broker, 2, worker);
        assert!(disk.checkpoint(0).unwrap().is_some_and(|stored| stored.changelog_next > 0));
        let (mut worker, read) = bank(&broker, 3, disk, u64::MAX);
        run(&mut worker);
        assert_eq!(read.load(Ordering::Relaxed), records - read_before, "only the rest is read");
        fact(&broker, JOURNAL, "key-7", "again", &deposit(5));
        run(&mut worker);
        let after = crash(&broker, 3, worker);
        let changed = |store: &MemoryStore, key: &str| store.all_rows(0).iter().any(|(row, _)| row.contains(key));
        assert!(changed(&after, "key-7"));
        let rest = |store: &MemoryStore| {
            let mut rows = store.all_rows(0);
            rows.retain(|key, _| !key.contains("key-7") && !key.contains("again"));
            rows
        };
        assert_eq!(rest(&after), rest(&whole));
    }
}

#[test]
fn a_restore_in_pieces_is_the_restore_in_one() {
    let (broker, whole, records) = accounts(false);
    for records_max in [1, 2, 7, records - 1, records, records + 1] {
        let (mut worker, read) = bank(&broker, 2, MemoryStore::new(), records_max);
        let ends = Arc::new(AtomicU64::new(0));
        let (seen, ended) = (Arc::clone(&read), Arc::clone(&ends));
        worker.watch_restores(move |_, progress| {
            seen.store(progress.records, Ordering::Relaxed);
            ended.fetch_add(u64::from(progress.ended), Ordering::Relaxed);
        });
        run(&mut worker);
        assert_eq!(ends.load(Ordering::Relaxed), 1, "however many pieces, it is one restore");
        assert_eq!(read.load(Ordering::Relaxed), records, "every record is read once");
        assert_eq!(crash(&broker, 2, worker).all_rows(0), whole.all_rows(0), "{records_max} at a time");
    }
}
