//! The traps of exactly-once that show on a simulated log: with the rule each event counts once, and with the mistake it
//! does not. A test that passed with the mistake would prove nothing.

use crate::toy::{Bank, FEED, JOURNAL, PUBLIC, date, deposit, fact, open_day, said, texts, three_deposits};
use stream::{Log, Processor, StagedBatch, Step, Worker, WorkerConfig, WorkerError};
use stream_testkit::{
    Fault, MemoryStore, Mistake, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex,
};

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

const ONCE: [&str; 3] = ["10 1 on None", "20 2 on None", "30 3 on None"];

fn log(broker: &SimulatedBroker, member: &str, transactional_id: &str, inputs: &[&str]) -> SimulatedLog {
    let settings = SimulatedLogSettings {
        worker: Bank::NAME,
        member: member.to_owned(),
        transactional_id: transactional_id.to_owned(),
        inputs: inputs.iter().map(|&topic| topic.to_owned()).collect(),
    };
    SimulatedLog::new(broker, settings)
}

/// A bank that commits after each change, and makes this mistake.
fn bank(broker: &SimulatedBroker, member: &str, transactional_id: &str, mistake: Option<Mistake>) -> BankWorker {
    let mut log = log(broker, member, transactional_id, &[JOURNAL]);
    if let Some(mistake) = mistake {
        log.make(mistake);
    }
    let config = WorkerConfig { batch_changes_max: 1, page_changes_max: 1, ..WorkerConfig::default() };
    Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), config)
}

/// Steps until nothing is left to do, or the process dies.
fn run(worker: &mut BankWorker) -> Result<(), WorkerError> {
    while worker.step()? != Step::Idle {}
    Ok(())
}

fn run_to_first_commit(worker: &mut BankWorker) {
    while !matches!(worker.step().expect("runs"), Step::Committed { .. }) {}
}

#[test]
fn trap_t2_a_late_answer_ends_no_transaction_of_a_new_producer() {
    let outcome = |mistake| {
        let broker = three_deposits();
        broker.inject(Bank::NAME, 1, Fault::UnknownLate);
        let mut worker = bank(&broker, "m0", "bank", mistake);
        if run(&mut worker).is_err() {
            // The process ends at what it cannot explain, and another one takes over.
            broker.expire_member("bank", "m0");
            run(&mut bank(&broker, "m1", "bank", None)).expect("runs");
        }
        texts(&broker)
    };
    assert_eq!(outcome(None), ONCE);
    assert!(outcome(Some(Mistake::KeepsProducer)).len() > ONCE.len(), "the mistake doubles an output");
}

#[test]
fn trap_t5_the_generation_is_the_one_of_the_poll() {
    let outcome = |mistake| {
        let broker = three_deposits();
        let mut held_up = bank(&broker, "m0", "bank-0", mistake);
        // It has polled three and commits the first; then it is held up beyond its session.
        run_to_first_commit(&mut held_up);
        broker.expire_member("bank", "m0");
        run(&mut bank(&broker, "m1", "bank-1", None)).expect("runs");
        // The client library joins again by itself, before the loop polls.
        broker.rejoin_unnoticed("bank", "m0");
        let step = held_up.step().expect("goes on");
        (texts(&broker), step)
    };
    assert_eq!(outcome(None), (ONCE.map(str::to_owned).to_vec(), Step::Fenced));
    assert!(outcome(Some(Mistake::TakesGenerationLate)).0.len() > ONCE.len(), "the mistake doubles an output");
}

#[test]
fn trap_t6_a_page_of_a_job_carries_offsets_and_so_the_generation() {
    let outcome = |mistake| {
        let broker = SimulatedBroker::new(1);
        for key in ["anna", "bert", "carl"] {
            fact(&broker, JOURNAL, key, &format!("f-{key}"), &deposit(10));
        }
        let mut held_up = bank(&broker, "m0", "bank-0", mistake);
        run(&mut held_up).expect("runs");
        open_day(&broker, date("2025-01-01"));
        // The day's job is open, its pages are still to come, when the session ends.
        run_to_first_commit(&mut held_up);
        broker.expire_member("bank", "m0");
        run(&mut bank(&broker, "m1", "bank-1", None)).expect("runs");
        let mut steps = Vec::new();
        while let Ok(step) = held_up.step() {
            if matches!(step, Step::Fenced | Step::Rebalanced | Step::Idle) {
                steps.push(step);
                break;
            }
        }
        let mut lines = texts(&broker);
        lines.retain(|text| text.starts_with("2025-01-01 "));
        (lines.len(), steps)
    };
    let (lines, steps) = outcome(None);
    assert_eq!((lines, steps.first()), (3, Some(&Step::Fenced)));
    assert!(outcome(Some(Mistake::LeavesOffsetsOut)).0 > 3, "the mistake doubles a key's part of the day");
}

#[test]
fn trap_t6_the_log_refuses_a_transaction_without_offsets() {
    let mut log = log(&SimulatedBroker::new(1), "m0", "bank", &[JOURNAL]);
    let refused = log.commit(StagedBatch::default()).expect_err("refused").to_string();
    assert!(refused.contains("a transaction without offsets runs no generation check"), "{refused}");
}

#[test]
fn trap_t12_a_worker_with_rows_reads_one_topic() {
    let broker = SimulatedBroker::new(1);
    let log = log(&broker, "m0", "bank", &[JOURNAL, FEED]);
    let mut worker = Worker::new(Bank, log, MemoryStore::new(), SimulatedTimerIndex::new(), WorkerConfig::default());
    let refused = worker.step().expect_err("refused").to_string();
    assert!(refused.contains("it has rows and reads 2 topics; it may read one"), "{refused}");
}

#[test]
fn trap_t11_nothing_is_open_while_a_batch_is_decided() {
    // The other worker's reader stops at the oldest open transaction; `decide` may take long, so none is open then.
    let outcome = |mistake| {
        let broker = three_deposits();
        broker.let_transactions_hang(true);
        let mut worker = bank(&broker, "m0", "bank", mistake);
        fact(&broker, JOURNAL, "anna", "f4", &said("unusable", 1));
        run(&mut worker).expect("runs");
        assert_eq!(texts(&broker), ONCE, "each commit is readable at once");
        // A process that dies in deciding leaves nothing open behind which others would wait.
        broker.inject(Bank::NAME, 0, Fault::CrashBeforeTransaction);
        fact(&broker, JOURNAL, "anna", "f5", &deposit(10));
        assert!(run(&mut worker).is_err());
        broker.publish_to(PUBLIC, 0, "somebody", Vec::new(), b"else".to_vec());
        texts(&broker)
    };
    assert_eq!(outcome(None).last().map(String::as_str), Some("else"));
    let held_up = outcome(Some(Mistake::OpensTransactionEarly));
    assert_eq!(held_up, ONCE, "with the mistake nobody reads what somebody else says behind it");
}
