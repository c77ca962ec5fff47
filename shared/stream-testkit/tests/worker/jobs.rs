//! Long walks: whatever the page schedule, each key sees marks and events in the order of the log.

use crate::toy::{Bank, JOURNAL, PUBLIC, ToyEvent, date, deposit, fact, open_day, said, said_by_key};
use proptest::prelude::*;
use std::collections::BTreeMap;
use stream::{Processor, Step, Worker, WorkerConfig};
use stream_testkit::{Fault, TopologyDriver};
use stream_testkit::{MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex};

#[derive(Debug, Clone)]
enum Told {
    Deposit(u8, u32),
    Said(u8, u32),
    Panic(u8),
    Day,
    Idle,
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        4 => (0_u8..6, 0_u32..9).prop_map(|(key, lines)| Told::Deposit(key, lines)),
        2 => (0_u8..6, 0_u32..20).prop_map(|(key, count)| Told::Said(key, count)),
        1 => (5_u8..6).prop_map(Told::Panic),
        3 => Just(Told::Day),
        2 => Just(Told::Idle),
    ]
}

fn limits() -> impl Strategy<Value = WorkerConfig> {
    (1_usize..30, 1_usize..6, 1_usize..4, 1_usize..8).prop_map(|(batch, page, keys, records)| {
        let mut config = WorkerConfig {
            batch_changes_max: batch,
            page_changes_max: page,
            page_keys_max: keys,
            ..WorkerConfig::default()
        };
        config.poll.records_max = records;
        config
    })
}

/// What is said by key, the processor's rows, and the parked keys.
type Played = (Said, Vec<(String, Vec<u8>)>, Vec<String>);
type Said = BTreeMap<String, Vec<(String, String)>>;

fn play(told: &[Told], config: WorkerConfig, faults: &[(u64, Fault)]) -> Played {
    let mut driver = TopologyDriver::new(1);
    driver.add_with(&[JOURNAL], config, || Bank);
    for (after, fault) in faults {
        driver.broker().inject(Bank::NAME, *after, *fault);
    }
    let mut day = date("2025-01-01");
    for (number, told) in told.iter().enumerate() {
        let id = format!("f{number}");
        let key = |key: &u8| format!("key-{key}");
        match told {
            Told::Deposit(account, lines) => {
                let event = ToyEvent::Deposited { key: String::new(), amount: 1, lines: *lines, timer: None };
                fact(driver.broker(), JOURNAL, &key(account), &id, &event);
            }
            Told::Said(account, count) => fact(driver.broker(), JOURNAL, &key(account), &id, &said("hello", *count)),
            Told::Panic(account) => fact(driver.broker(), JOURNAL, &key(account), &id, &said("broken", 0)),
            Told::Day => {
                open_day(driver.broker(), day);
                day = day.succ_opt().unwrap();
            }
            Told::Idle => {
                driver.run_until_idle().unwrap();
            }
        }
    }
    driver.run_until_idle().unwrap();
    assert_eq!(driver.status(Bank::NAME).unwrap().counters().gap(), 0);
    let rows = driver.rows(Bank::NAME, 0).unwrap();
    let own = rows.range("a", "~", 1_000).unwrap();
    let left = rows.range("~job", "~parked", 1_000).unwrap();
    let waiting = rows.range("~waiting", "~x", 1_000).unwrap();
    let parked = rows.range("~parked", "~q", 1_000).unwrap();
    let left: Vec<String> = left.into_iter().chain(waiting).map(|(key, _)| key).collect();
    if parked.is_empty() {
        assert_eq!(left, Vec::<String>::new(), "nothing of a closed job is left over");
    }
    (said_by_key(&driver, PUBLIC), own, parked.into_iter().map(|(key, _)| key).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_page_schedule_says_the_same_per_key(told in proptest::collection::vec(told(), 1..40), config in limits()) {
        prop_assert_eq!(play(&told, config, &[]), play(&told, WorkerConfig::default(), &[]));
    }

    #[test]
    fn any_crash_between_pages_says_the_same_per_key(
        told in proptest::collection::vec(told(), 1..40),
        config in limits(),
        after in proptest::collection::vec((0_u64..6, prop_oneof![
            Just(Fault::CrashBeforeCommit), Just(Fault::CrashAfterCommit), Just(Fault::UnknownCommitted),
            Just(Fault::UnknownAborted), Just(Fault::Abort),
        ]), 0..8),
    ) {
        prop_assert_eq!(play(&told, config, &after), play(&told, WorkerConfig::default(), &[]));
    }
}

#[test]
fn a_year_of_quiet_days_costs_one_batch_and_no_row() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[JOURNAL], || Bank);
    for day in date("2025-01-01").iter_days().take(365) {
        open_day(driver.broker(), day);
    }
    let report = driver.run_until_idle().unwrap();
    assert!(report.steps < 10, "{report:?}");
    assert_eq!(report.commits, 1, "the days' closing words, in one transaction");
    assert_eq!(said_by_key(&driver, PUBLIC)["partition 0"].len(), 365);
    assert_eq!(driver.rows(Bank::NAME, 0).unwrap().range("", "\u{7f}", 10).unwrap(), []);
}

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

fn bank(broker: &SimulatedBroker, config: WorkerConfig) -> BankWorker {
    let settings = SimulatedLogSettings {
        worker: Bank::NAME,
        member: "m0".to_owned(),
        transactional_id: "bank".to_owned(),
        inputs: vec![JOURNAL.to_owned()],
    };
    Worker::new(Bank, SimulatedLog::new(broker, settings), MemoryStore::new(), SimulatedTimerIndex::new(), config)
}

#[test]
fn a_key_is_not_held_up_by_a_long_day_nor_by_another_keys_long_part() {
    let broker = SimulatedBroker::new(1);
    let config = WorkerConfig { batch_changes_max: 20, page_changes_max: 10, ..WorkerConfig::default() };
    let mut worker = bank(&broker, config);
    let giant = ToyEvent::Deposited { key: String::new(), amount: 1, lines: 5_000, timer: None };
    fact(&broker, JOURNAL, "a-giant", "g", &giant);
    for number in 0..200 {
        fact(&broker, JOURNAL, &format!("key-{number:03}"), &format!("f{number}"), &deposit(1));
    }
    while worker.step().unwrap() != Step::Idle {}
    open_day(&broker, date("2025-01-01"));
    // The day opens, and its walk begins.
    while worker.status().partitions[0].open_jobs == 0 {
        worker.step().unwrap();
    }
    fact(&broker, JOURNAL, "key-199", "late", &deposit(5));
    let mut steps = 0;
    let decided = |broker: &SimulatedBroker| {
        let records = broker.read_committed(PUBLIC, &mut BTreeMap::new());
        records.iter().any(|record| record.meta().id.starts_with("late/"))
    };
    while !decided(&broker) {
        worker.step().unwrap();
        steps += 1;
    }
    assert!(steps <= 2, "it took {steps} steps");
    assert!(worker.status().partitions[0].open_jobs > 0, "the day is still walked");
    let records = broker.read_committed(PUBLIC, &mut BTreeMap::new());
    let own: Vec<_> = records.iter().filter(|record| record.key_text() == "key-199").collect();
    let text = |at: usize| String::from_utf8_lossy(&own[at].value).into_owned();
    assert_eq!(text(0), "1 1 on None");
    assert_eq!(text(1), "2025-01-01 2 0 day Some(2025-01-01)", "the day comes before the later deposit");
    assert_eq!(text(2), "7 2 on Some(2025-01-01)");
}
