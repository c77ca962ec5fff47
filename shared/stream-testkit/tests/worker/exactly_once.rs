//! Crashes, zombies, unknown outcomes and the traps of restoring: whatever happens, each event counts once.

use crate::toy::{
    Bank, Gate, JOURNAL, PUBLIC, date, deposit, fact, open_day, said, said_by_key, texts, three_deposits,
};
use proptest::prelude::*;
use stream::{Processor, Step, Worker, WorkerConfig, WorkerError};
use stream_testkit::{
    Fault, MemoryStore, Mistake, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex,
    TopologyDriver,
};

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

fn bank(broker: &SimulatedBroker, member: &str, transactional_id: &str, store: MemoryStore) -> BankWorker {
    Worker::new(Bank, bank_log(broker, member, transactional_id), store, SimulatedTimerIndex::new(), small_batches())
}

fn bank_log(broker: &SimulatedBroker, member: &str, transactional_id: &str) -> SimulatedLog {
    let settings = SimulatedLogSettings {
        worker: Bank::NAME,
        member: member.to_owned(),
        transactional_id: transactional_id.to_owned(),
        inputs: vec![JOURNAL.to_owned()],
    };
    SimulatedLog::new(broker, settings)
}

/// One record a batch, so that every record has its own commit.
fn small_batches() -> WorkerConfig {
    let mut config = WorkerConfig::default();
    config.poll.records_max = 1;
    config
}

fn run(worker: &mut BankWorker) {
    while worker.step().unwrap() != Step::Idle {}
}

const ONCE: [&str; 3] = ["10 1 on None", "20 2 on None", "30 3 on None"];

#[test]
fn a_crash_at_any_step_before_the_commit_is_decided_again_and_one_behind_it_is_not() {
    let crashes = [
        Fault::CrashBeforeTransaction,
        Fault::CrashWhileWriting,
        Fault::CrashBeforeCommit,
        Fault::CrashAfterCommit,
        Fault::CrashAfterStore,
    ];
    for fault in crashes {
        for keep_store in [false, true] {
            let broker = three_deposits();
            let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
            broker.inject(Bank::NAME, 1, fault);
            let died = loop {
                if let Err(error) = worker.step() {
                    break error;
                }
            };
            assert!(matches!(died, WorkerError::Log(_)), "{died}");
            let (_, store, _) = worker.into_parts();
            broker.expire_member("bank", "m0");
            let store = if keep_store { store } else { MemoryStore::new() };
            let mut worker = bank(&broker, "m1", "bank", store);
            run(&mut worker);
            assert_eq!(texts(&broker), ONCE, "{fault:?}, store kept: {keep_store}");
        }
    }
}

#[test]
fn an_unknown_outcome_is_settled_by_the_checkpoint_both_ways() {
    for fault in [Fault::UnknownCommitted, Fault::UnknownAborted, Fault::UnknownLate] {
        let broker = three_deposits();
        let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
        broker.inject(Bank::NAME, 1, fault);
        run(&mut worker);
        assert_eq!(texts(&broker), ONCE, "{fault:?}");
        let status = worker.status();
        assert_eq!(status.unknown_outcomes, 1);
        assert_eq!(
            (status.counters().read, status.counters().decided, status.counters().gap()),
            (3, 3, 0),
            "{fault:?}"
        );
    }
}

#[test]
fn an_aborted_batch_is_decided_again() {
    let broker = three_deposits();
    let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
    for _ in 0..3 {
        broker.inject(Bank::NAME, 0, Fault::Abort);
    }
    run(&mut worker);
    assert_eq!(texts(&broker), ONCE);
    assert_eq!(worker.status().aborts, 3);
    assert_eq!(worker.status().counters().gap(), 0);
}

#[test]
fn a_zombie_that_decided_before_it_was_replaced_commits_nothing() {
    for heirs_transactional_id in ["bank-0", "bank-1"] {
        let broker = three_deposits();
        let config = WorkerConfig { batch_changes_max: 1, ..WorkerConfig::default() };
        let log = bank_log(&broker, "m0", "bank-0");
        let mut zombie = Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), config);
        // It reads all three and commits the first.
        while !matches!(zombie.step().unwrap(), Step::Committed { .. }) {}
        // It is held up beyond its session, and another process takes over.
        broker.expire_member("bank", "m0");
        let mut heir = bank(&broker, "m1", heirs_transactional_id, MemoryStore::new());
        run(&mut heir);
        assert_eq!(zombie.step().unwrap(), Step::Fenced);
        assert_eq!(zombie.status().fenced, 1);
        assert!(zombie.status().partitions.is_empty(), "it gave its partitions up");
        assert_eq!(texts(&broker), ONCE, "{heirs_transactional_id}");
    }
}

#[test]
fn a_zombie_of_another_transactional_id_is_fenced_by_the_generation() {
    let broker = three_deposits();
    let mut zombie = bank(&broker, "m0", "bank-0", MemoryStore::new());
    assert_eq!(zombie.step().unwrap(), Step::Rebalanced);
    assert_eq!(zombie.step().unwrap(), Step::Restored);
    // The next step polls, decides and commits; in between it loses its session.
    broker.expire_member("bank", "m0");
    let mut heir = bank(&broker, "m1", "bank-1", MemoryStore::new());
    assert_eq!(heir.step().unwrap(), Step::Rebalanced);
    run(&mut heir);
    assert_eq!(zombie.step().unwrap(), Step::Rebalanced, "it hears that everything is lost");
    assert_eq!(texts(&broker), ONCE);
}

#[test]
fn a_commit_with_an_old_generation_is_fenced() {
    let broker = three_deposits();
    let mut first = bank(&broker, "m0", "bank-0", MemoryStore::new());
    assert_eq!(first.step().unwrap(), Step::Rebalanced);
    assert_eq!(first.step().unwrap(), Step::Restored);
    let log = first.log_mut();
    let polled = stream::Log::poll(log, &small_batches().poll).unwrap();
    assert!(matches!(polled, stream::Polled::Records(_)));
    let mut second = bank(&broker, "m1", "bank-1", MemoryStore::new());
    let _ = second.step();
    // The group went on; what the first member decided before may not count any more.
    let staged = stream::StagedBatch {
        offsets: [(stream::SourcePartition { topic: JOURNAL.into(), partition: 0 }, 1)].into(),
        ..stream::StagedBatch::default()
    };
    let refused = stream::Log::commit(first.log_mut(), staged);
    assert!(matches!(refused, Err(stream::CommitError::Fenced(_))), "{refused:?}");
}

#[test]
fn trap_t3_a_restore_up_to_the_last_stable_offset_is_noticed_and_halts() {
    for wrong in [true, false] {
        let broker = three_deposits();
        broker.delay_markers_in("itc.bank.changelog.v1");
        let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
        run(&mut worker);
        drop(worker);
        broker.expire_member("bank", "m0");
        let mut log = bank_log(&broker, "m1", "bank");
        if wrong {
            log.make(Mistake::RestoresToLastStableOffset);
        }
        let mut heir = Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), WorkerConfig::default());
        run(&mut heir);
        let halted: Vec<String> = heir.status().halted().map(|(_, reason)| reason.to_owned()).collect();
        if wrong {
            assert!(halted[0].contains("restore incomplete"), "{halted:?}");
        } else {
            assert!(halted.is_empty(), "{halted:?}");
            fact(&broker, JOURNAL, "anna", "f4", &deposit(5));
            run(&mut heir);
            assert_eq!(texts(&broker).last().unwrap(), "35 4 on None");
        }
    }
}

#[test]
fn trap_t3_nothing_is_read_while_a_transaction_hangs() {
    let broker = three_deposits();
    broker.inject(Bank::NAME, 1, Fault::CrashBeforeCommit);
    let mut zombie = bank(&broker, "m0", "bank-0", MemoryStore::new());
    while zombie.step().is_ok() {}
    broker.expire_member("bank", "m0");
    broker.let_transactions_hang(true);
    let mut heir = bank(&broker, "m1", "bank-1", MemoryStore::new());
    run(&mut heir);
    assert_eq!(texts(&broker), ["10 1 on None"], "nothing is read while it hangs");
    broker.let_transactions_hang(false);
    run(&mut heir);
    assert_eq!(texts(&broker), ONCE);
}

#[test]
fn trap_t4_a_coordinator_without_offsets_does_not_move_a_worker_with_a_checkpoint() {
    let outcome = |mistake: Option<Mistake>| {
        let broker = three_deposits();
        let process = |member: &str| {
            let mut log = bank_log(&broker, member, "bank");
            mistake.into_iter().for_each(|mistake| log.make(mistake));
            Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), small_batches())
        };
        let mut worker = process("m0");
        run(&mut worker);
        drop(worker);
        broker.expire_member("bank", "m0");
        broker.forget_offsets("bank");
        run(&mut process("m1"));
        (texts(&broker), broker.group_offset("bank", JOURNAL, 0))
    };
    let (said, offset) = outcome(None);
    assert_eq!(said, ONCE);
    assert_eq!(offset, None, "nothing was decided again, so nothing was committed");
    assert!(outcome(Some(Mistake::KeepsNoCheckpoint)).0.len() > ONCE.len(), "the mistake decides everything again");
}

#[test]
fn a_checkpoint_of_another_partition_count_or_schema_is_refused() {
    let broker = three_deposits();
    let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
    run(&mut worker);
    drop(worker);
    broker.expire_member("bank", "m0");
    let config = WorkerConfig { schema: 2, ..WorkerConfig::default() };
    let log = bank_log(&broker, "m1", "bank");
    let mut heir = Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), config);
    assert_eq!(heir.step().unwrap(), Step::Rebalanced);
    let refused = heir.step().unwrap_err();
    let expected = "partition 0 has a checkpoint with row schema 1, this program has 2: run the program version that \
                    wrote it, or rebuild the worker's rows";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_compacted_changelog_restores_the_same_rows() {
    let broker = three_deposits();
    let mut worker = bank(&broker, "m0", "bank", MemoryStore::new());
    run(&mut worker);
    let (_, before, _) = worker.into_parts();
    broker.compact("itc.bank.changelog.v1");
    broker.expire_member("bank", "m0");
    let mut heir = bank(&broker, "m1", "bank", MemoryStore::new());
    run(&mut heir);
    let (_, after, _) = heir.into_parts();
    assert_eq!(after.all_rows(0), before.all_rows(0));
}

fn story(driver: &mut TopologyDriver, keys: &[usize]) {
    let mut day = date("2025-01-01");
    for (number, key) in keys.iter().enumerate() {
        let name = format!("key-{}", key % 7);
        let event = if key % 5 == 0 { said("hello", 3) } else { deposit(1) };
        fact(driver.broker(), crate::toy::FEED, &name, &format!("f{number}"), &event);
        if key % 3 == 0 {
            open_day(driver.broker(), day);
            day = day.succ_opt().unwrap();
        }
    }
}

fn topology() -> TopologyDriver {
    let mut driver = TopologyDriver::new(2);
    let mut config = WorkerConfig { batch_changes_max: 5, page_changes_max: 2, ..WorkerConfig::default() };
    config.poll.records_max = 3;
    driver.add_with(&[crate::toy::FEED], config.clone(), || Gate);
    driver.add_with(&[JOURNAL], config, || Bank);
    driver
}

fn fault_strategy() -> impl Strategy<Value = (bool, u64, Fault)> {
    let fault = (0..Fault::ALL.len()).prop_map(|at| Fault::ALL[at]);
    (any::<bool>(), 0_u64..4, fault)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn faults_change_nothing_that_is_said(
        keys in proptest::collection::vec(0_usize..100, 1..25),
        faults in proptest::collection::vec(fault_strategy(), 0..12),
    ) {
        // The feed is read before the first day, so that both runs have the same journal.
        let run = |faults: &[(bool, u64, Fault)]| {
            let mut driver = topology();
            for (gate, after, fault) in faults {
                driver.broker().inject(if *gate { Gate::NAME } else { Bank::NAME }, *after, *fault);
            }
            let facts: Vec<usize> = keys.iter().map(|key| key - key % 3 + 1).collect();
            story(&mut driver, &facts);
            driver.run_until_idle().unwrap();
            for day in ["2025-01-01", "2025-01-02", "2025-01-03"] {
                open_day(driver.broker(), date(day));
            }
            driver.run_until_idle().unwrap();
            let rows: Vec<_> = (0..2)
                .map(|partition| driver.rows(Bank::NAME, partition).unwrap().range("a", "~", 1_000).unwrap())
                .collect();
            for name in driver.workers() {
                prop_assert_eq!(driver.status(name).unwrap().counters().gap(), 0);
            }
            Ok((said_by_key(&driver, PUBLIC), rows))
        };
        prop_assert_eq!(run(&faults)?, run(&[])?);
    }
}
