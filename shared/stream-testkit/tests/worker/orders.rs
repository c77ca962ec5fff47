//! Operators: parked keys are released and thinned out, dead letters are taken in again, each once.

use crate::toy::{
    Bank, FEED, Gate, JOURNAL, PUBLIC, RESULTS, ToyEvent, date, deposit, fact, fact_at, open_day, said, said_by_key,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::{
    Context, DecideError, Decision, Decode, InputRecord, KeptRecord, Order, OrderAction, Processor, Reaction, Route,
    StateError, StateView, WorkerConfig, WorkerName,
};
use stream_testkit::{Fault, TopologyDriver};

#[derive(Serialize, Deserialize)]
enum Action {
    Release,
    Drop(String),
    Replay(String, Box<KeptRecord>),
    Discard(String),
}

#[derive(Serialize, Deserialize)]
struct Written {
    worker: String,
    key: String,
    action: Action,
}

/// What an operator wrote.
pub(crate) fn order_of(value: &[u8]) -> Result<Order, serde_json::Error> {
    let Written { worker, key, action } = serde_json::from_slice(value)?;
    let action = match action {
        Action::Release => OrderAction::Release,
        Action::Drop(event_id) => OrderAction::Drop { event_id },
        Action::Replay(letter, record) => OrderAction::Replay { letter, record },
        Action::Discard(letter) => OrderAction::Discard { letter },
    };
    Ok(Order { worker, key, action })
}

fn order(driver: &mut TopologyDriver, topic: &str, id: &str, worker: &str, key: &str, action: Action) {
    let value = serde_json::to_vec(&Written { worker: worker.to_owned(), key: key.to_owned(), action }).unwrap();
    let headers = [("ce_id", id), ("ce_type", "Order"), ("itc-class", "fact")];
    driver.publish(topic, key, &headers, &value);
    driver.run_until_idle().unwrap();
}

/// The bank before and after its bug is mended.
struct Mendable(Arc<AtomicBool>);

impl Processor for Mendable {
    const NAME: WorkerName = Bank::NAME;
    const REACTIONS: &'static [Reaction] = Bank::REACTIONS;
    type Event = ToyEvent;
    type Output = crate::toy::ToyOutput;
    type Rules = crate::toy::Interest;
    type Outcome = crate::toy::Ok1;

    fn route(&self, event: &ToyEvent) -> Route {
        Bank.route(event)
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Self::Rules>,
    ) -> Result<Decision<Self::Output, Self::Outcome>, DecideError> {
        match event {
            ToyEvent::Said { text, .. } if ["broken", "unusable"].contains(&text.as_str()) && self.mended() => {
                Bank.decide(rows, &said("mended", 1), context)
            }
            ToyEvent::Said { .. } | ToyEvent::Deposited { .. } | ToyEvent::DayOpened { .. } => {
                Bank.decide(rows, event, context)
            }
        }
    }

    fn job_keys(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        Bank.job_keys(rows, event, after, limit)
    }
}

impl Mendable {
    fn mended(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn mendable() -> (TopologyDriver, Arc<AtomicBool>) {
    let mended = Arc::new(AtomicBool::new(false));
    let mut driver = TopologyDriver::new(1);
    let flag = Arc::clone(&mended);
    driver.add(&[JOURNAL], move || Mendable(Arc::clone(&flag)));
    (driver, mended)
}

fn texts(driver: &TopologyDriver, key: &str) -> Vec<String> {
    let said = said_by_key(driver, PUBLIC);
    said.get(key).into_iter().flatten().map(|(_, text)| text.clone()).collect()
}

fn answers(driver: &TopologyDriver) -> Vec<String> {
    driver.read_all(RESULTS).iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

fn counters(driver: &TopologyDriver) -> (i64, i64, i64, i64) {
    let counters = driver.status(Bank::NAME).unwrap().counters();
    (counters.parked, counters.waiting, counters.dead_lettered, counters.gap())
}

/// Anna is parked at f2; f3, her part of 2 January and f4 wait.
fn park(driver: &mut TopologyDriver) {
    open_day(driver.broker(), date("2025-01-01"));
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(1));
    fact(driver.broker(), JOURNAL, "anna", "f2", &said("broken", 1));
    fact(driver.broker(), JOURNAL, "anna", "f3", &deposit(2));
    open_day(driver.broker(), date("2025-01-02"));
    fact(driver.broker(), JOURNAL, "anna", "f4", &deposit(4));
    driver.run_until_idle().unwrap();
}

const IN_ORDER: [&str; 5] = [
    "BalanceChanged 1 1 on Some(2025-01-01)",
    "Line mended 0",
    "BalanceChanged 3 2 on Some(2025-01-01)",
    "Line 2025-01-02 4 0 day Some(2025-01-02)",
    "BalanceChanged 8 3 on Some(2025-01-02)",
];

#[test]
fn a_released_key_is_decided_in_its_order_and_as_of_its_days() {
    for fault in [None, Some(Fault::CrashBeforeCommit), Some(Fault::CrashAfterCommit), Some(Fault::UnknownCommitted)] {
        let (mut driver, mended) = mendable();
        park(&mut driver);
        assert_eq!(counters(&driver), (1, 2, 0, 0));
        mended.store(true, Ordering::Relaxed);
        if let Some(fault) = fault {
            driver.broker().inject(Bank::NAME, 0, fault);
        }
        order(&mut driver, JOURNAL, "o1", "bank", "anna", Action::Release);
        assert_eq!(texts(&driver, "anna"), IN_ORDER, "{fault:?}");
        assert_eq!(answers(&driver), ["RELEASED"], "{fault:?}");
        assert_eq!(driver.status(Bank::NAME).unwrap().partitions[0].parked_keys, 0);
        assert_eq!(driver.status(Bank::NAME).unwrap().counters().gap(), 0, "{fault:?}");
        // The same command again, and another one, change nothing.
        order(&mut driver, JOURNAL, "o1", "bank", "anna", Action::Release);
        order(&mut driver, JOURNAL, "o2", "bank", "anna", Action::Release);
        assert_eq!(answers(&driver), ["RELEASED", "DUPLICATE_IGNORED", "NOT_PARKED"]);
        assert_eq!(texts(&driver, "anna").len(), 5);
    }
}

#[test]
fn a_release_before_the_bug_is_mended_parks_again() {
    let (mut driver, mended) = mendable();
    park(&mut driver);
    order(&mut driver, JOURNAL, "o1", "bank", "anna", Action::Release);
    assert_eq!(counters(&driver), (1, 2, 0, 0));
    assert_eq!(driver.status(Bank::NAME).unwrap().partitions[0].parked_keys, 1);
    mended.store(true, Ordering::Relaxed);
    order(&mut driver, JOURNAL, "o2", "bank", "anna", Action::Release);
    assert_eq!(texts(&driver, "anna"), IN_ORDER);
    assert_eq!(counters(&driver), (0, 0, 0, 0));
}

#[test]
fn a_dropped_event_is_a_dead_letter_and_the_rest_keeps_its_order() {
    let (mut driver, _) = mendable();
    park(&mut driver);
    order(&mut driver, JOURNAL, "o1", "bank", "anna", Action::Drop("nothing".to_owned()));
    order(&mut driver, JOURNAL, "o2", "bank", "anna", Action::Drop("f3".to_owned()));
    order(&mut driver, JOURNAL, "o3", "bank", "anna", Action::Drop("f2".to_owned()));
    order(&mut driver, JOURNAL, "o4", "bank", "bert", Action::Drop("f2".to_owned()));
    assert_eq!(answers(&driver), ["NO_SUCH_EVENT", "DROPPED", "DROPPED", "NOT_PARKED"]);
    assert_eq!(counters(&driver), (0, 1, 2, 0));
    order(&mut driver, JOURNAL, "o5", "bank", "anna", Action::Release);
    let expected = [
        "BalanceChanged 1 1 on Some(2025-01-01)",
        "Line 2025-01-02 2 0 day Some(2025-01-02)",
        "BalanceChanged 6 2 on Some(2025-01-02)",
    ];
    assert_eq!(texts(&driver, "anna"), expected);
    let letters = driver.read_all("itc.dead-letters.v1");
    let told: Vec<_> = letters
        .iter()
        .map(|letter| (letter.header("ce_id").unwrap(), letter.header("itc-dead-letter-code").unwrap()))
        .collect();
    assert_eq!(told, [("f3", "DROPPED"), ("f2", "DROPPED")]);
    // What was dropped may still be taken in, later.
    let replay = replay_of(&letters[0], JOURNAL);
    order(&mut driver, JOURNAL, "o6", "bank", "anna", replay);
    assert_eq!(texts(&driver, "anna").last().unwrap(), "BalanceChanged 8 3 on Some(2025-01-02)");
}

fn replay_of(letter: &InputRecord, topic: &str) -> Action {
    let own = |name: &str| name.starts_with("itc-dead-letter-") && !name.ends_with("first-seen-in-ms");
    let kept = KeptRecord {
        topic: topic.to_owned(),
        headers: letter.headers.iter().filter(|(name, _)| !own(name)).cloned().collect(),
        offset: letter.header("itc-dead-letter-offset").unwrap().parse().unwrap(),
        ..KeptRecord::from(letter)
    };
    Action::Replay(format!("{}/{}", letter.source.partition, letter.offset), Box::new(kept))
}

#[test]
fn a_letter_is_replayed_once_whatever_happens() {
    for fault in [None, Some(Fault::CrashBeforeCommit), Some(Fault::CrashAfterCommit), Some(Fault::UnknownAborted)] {
        let (mut driver, mended) = mendable();
        fact(driver.broker(), JOURNAL, "anna", "f1", &said("unusable", 1));
        driver.run_until_idle().unwrap();
        let letter = driver.read_all("itc.dead-letters.v1").remove(0);
        let replay = || replay_of(&letter, JOURNAL);
        // Too early: it cannot be used still.
        order(&mut driver, JOURNAL, "o1", "bank", "anna", replay());
        assert_eq!(answers(&driver), ["PUT_ASIDE_AGAIN"]);
        let again = driver.read_all("itc.dead-letters.v1").remove(1);
        assert_eq!(again.header("itc-dead-letter-offset"), Some("0"), "it names the first place");
        mended.store(true, Ordering::Relaxed);
        if let Some(fault) = fault {
            driver.broker().inject(Bank::NAME, 0, fault);
        }
        let second = || replay_of(&again, JOURNAL);
        order(&mut driver, JOURNAL, "o2", "bank", "bert", second());
        order(&mut driver, JOURNAL, "o3", "bank", "anna", second());
        order(&mut driver, JOURNAL, "o3", "bank", "anna", second());
        order(&mut driver, JOURNAL, "o4", "bank", "anna", second());
        order(&mut driver, JOURNAL, "o5", "bank", "anna", replay());
        let expected = ["PUT_ASIDE_AGAIN", "OTHER_KEY", "REPLAYED", "DUPLICATE_IGNORED", "LETTER_DONE", "LETTER_DONE"];
        assert_eq!(answers(&driver), expected, "{fault:?}");
        assert_eq!(texts(&driver, "anna"), ["Line mended 0"], "{fault:?}");
        assert_eq!(driver.status(Bank::NAME).unwrap().counters().gap(), 0, "{fault:?}");
        // The fact itself, delivered again, is known.
        fact(driver.broker(), JOURNAL, "anna", "f1", &said("unusable", 1));
        driver.run_until_idle().unwrap();
        assert_eq!(texts(&driver, "anna").len(), 1);
    }
}

#[test]
fn a_discarded_letter_is_not_replayed() {
    let (mut driver, mended) = mendable();
    fact(driver.broker(), JOURNAL, "anna", "f1", &said("unusable", 1));
    driver.run_until_idle().unwrap();
    let letter = driver.read_all("itc.dead-letters.v1").remove(0);
    mended.store(true, Ordering::Relaxed);
    order(&mut driver, JOURNAL, "o1", "bank", "anna", Action::Discard("0/0".to_owned()));
    order(&mut driver, JOURNAL, "o2", "bank", "anna", replay_of(&letter, JOURNAL));
    assert_eq!(answers(&driver), ["DISCARDED", "LETTER_DONE"]);
    assert!(texts(&driver, "anna").is_empty());
}

#[test]
fn a_fact_too_old_to_tell_is_decided_when_an_operator_says_so() {
    let mut driver = TopologyDriver::new(1);
    let config = WorkerConfig { repeat_window_days: 3, ..WorkerConfig::default() };
    driver.add_with(&[JOURNAL], config, || Bank);
    open_day(driver.broker(), date("2025-02-01"));
    fact_at(driver.broker(), JOURNAL, "anna", "f1", Some("2025-01-01T10:00:00Z"), &deposit(7));
    driver.run_until_idle().unwrap();
    let letter = driver.read_all("itc.dead-letters.v1").remove(0);
    assert_eq!(letter.header("itc-dead-letter-code"), Some(stream::TOO_OLD_TO_TELL_REPEAT));
    order(&mut driver, JOURNAL, "o1", "bank", "anna", replay_of(&letter, JOURNAL));
    assert_eq!(texts(&driver, "anna"), ["BalanceChanged 7 1 on Some(2025-02-01)"]);
    assert_eq!(answers(&driver), ["REPLAYED"]);
}

#[test]
fn a_fact_without_a_time_before_the_first_day_is_known_for_ever() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[JOURNAL], || Bank);
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(7));
    open_day(driver.broker(), date("2025-01-01"));
    open_day(driver.broker(), date("2025-01-02"));
    driver.run_until_idle().unwrap();
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(7));
    driver.run_until_idle().unwrap();
    assert_eq!(texts(&driver, "anna").iter().filter(|text| text.starts_with("BalanceChanged")).count(), 1);
}

#[test]
fn a_worker_without_rows_takes_a_letter_in_under_its_first_name() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[FEED], || Gate);
    driver.add(&[JOURNAL], || Bank);
    fact(driver.broker(), FEED, "anna", "f1", &said("gate-panic", 0));
    fact(driver.broker(), FEED, "anna", "f2", &deposit(1));
    driver.run_until_idle().unwrap();
    let letter = driver.read_all("itc.dead-letters.v1").remove(0);
    let Action::Replay(place, mut kept) = replay_of(&letter, FEED) else { panic!("a replay") };
    // As it was, it fails again, and the letter still names the first place.
    order(&mut driver, FEED, "o1", "gate", "anna", Action::Replay(place.clone(), kept.clone()));
    let letters = driver.read_all("itc.dead-letters.v1");
    assert_eq!((letters.len(), letters[1].header("itc-dead-letter-topic")), (2, Some(FEED)));
    // Mended, it passes; replayed twice it is decided once, because its id is the first one's.
    kept.value = serde_json::to_vec(&deposit(5)).unwrap();
    kept.headers.iter_mut().filter(|(name, _)| name == "ce_type").for_each(|(_, value)| *value = b"Deposited".to_vec());
    for id in ["o2", "o3"] {
        order(&mut driver, FEED, id, "gate", "anna", Action::Replay(place.clone(), kept.clone()));
    }
    assert_eq!(answers(&driver), ["PUT_ASIDE_AGAIN", "REPLAYED", "REPLAYED"]);
    let ids: Vec<_> = driver.read_all(JOURNAL).iter().map(|record| record.meta().id).collect();
    assert_eq!(ids, ["f2/gate/0", "f1/gate/0", "f1/gate/0"]);
    let changed = texts(&driver, "anna");
    assert_eq!(changed[..2], ["BalanceChanged 1 1 on None", "BalanceChanged 6 2 on None"]);
    assert_eq!(changed.len(), 3, "the third says that it is known: {changed:?}");
    assert_eq!(driver.status(Gate::NAME).unwrap().counters().gap(), 0);
}

#[test]
fn an_order_to_another_worker_is_none_of_ours() {
    let (mut driver, _) = mendable();
    park(&mut driver);
    order(&mut driver, JOURNAL, "o1", "somebody", "anna", Action::Release);
    fact(driver.broker(), JOURNAL, "bert", "f9", &deposit(1));
    driver.run_until_idle().unwrap();
    assert!(answers(&driver).is_empty());
    assert_eq!(driver.status(Bank::NAME).unwrap().counters().skipped, 1);
    assert!(ToyEvent::decode(&driver.read_all(JOURNAL)[0]).is_ok());
}
