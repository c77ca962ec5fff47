//! The driver names who does not come to rest, and what it cannot do.

use crate::toy::{FEED, Gate, Interest, JOURNAL, LINE, Ok1, PUBLIC, ToyEvent, ToyOutput, date, deposit, fact, said};
use stream::{Class, Context, DecideError, Decision, Decode, DecodeFailure, Draft, InputRecord, Mark};
use stream::{Processor, Reaction, Route, StateView, WorkerName};
use stream_testkit::TopologyDriver;

/// Answers each of its own answers.
struct Echo;

#[derive(Debug)]
struct Heard;

impl Decode for Heard {
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure> {
        Ok((record.header("ce_type") == Some("Line")).then_some(Self))
    }

    fn mark(_record: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
        Ok(None)
    }
}

impl Processor for Echo {
    const NAME: WorkerName = WorkerName("echo");
    const REACTIONS: &'static [Reaction] = &[Reaction { reads: LINE, causes: &[LINE] }];
    const HAS_ROWS: bool = false;
    type Event = Heard;
    type Output = ToyOutput;
    type Rules = Interest;
    type Outcome = Ok1;

    fn route(&self, _event: &Heard) -> Route {
        Route::Partition
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        _event: &Heard,
        _context: &Context<'_, Interest>,
    ) -> Result<Decision<ToyOutput, Ok1>, DecideError> {
        let mut draft = Draft::new(*rows);
        let (key, value) = ("x".to_owned(), b"again".to_vec());
        draft.emit(ToyOutput { topic: PUBLIC, key, event_type: LINE, class: Class::Public, value });
        Ok(draft.finish(Ok1))
    }
}

#[test]
fn whoever_does_not_come_to_rest_is_named() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[FEED], || Gate);
    driver.add(&[PUBLIC], || Echo);
    driver.set_steps_max(500);
    driver.publish(PUBLIC, "x", &[("ce_type", "Line"), ("ce_id", "f1")], b"{}");
    let restless = driver.run_until_idle().unwrap_err().to_string();
    assert!(restless.starts_with("the topology does not come to rest after 50"), "{restless}");
    assert!(restless.contains("echo") && !restless.contains("gate"), "{restless}");
}

#[test]
fn a_day_without_a_writer_of_marks_and_an_unknown_worker_are_told() {
    let mut driver = TopologyDriver::new(1);
    let told = driver.advance_to(date("2025-01-01")).unwrap_err().to_string();
    assert_eq!(told, "day 2025-01-01 cannot be opened: no writer of marks was set");
    driver.set_mark_writer(|_: &stream_testkit::SimulatedBroker, _| Err("the pen is dry".to_owned()));
    let told = driver.advance_to(date("2025-01-01")).unwrap_err().to_string();
    assert_eq!(told, "day 2025-01-01 cannot be opened: the pen is dry");
    assert_eq!(driver.status(WorkerName("nobody")).unwrap_err().to_string(), "there is no worker nobody");
}

#[test]
fn two_partitions_of_one_topic_are_chosen_by_key() {
    let mut driver = TopologyDriver::new(2);
    driver.add(&[FEED], || Gate);
    for key in ["21", "foobar", "abc"] {
        fact(driver.broker(), FEED, key, key, &deposit(1));
    }
    driver.run_until_idle().unwrap();
    let partitions: Vec<_> = driver.read_committed(JOURNAL).iter().map(|record| record.source.partition).collect();
    // murmur2 of "21", "foobar" and "abc" is -973932308, -790332482 and 479470107; without the sign even, even, odd.
    assert_eq!(partitions, [0, 0, 1]);
    let unread: ToyEvent = said("later", 0);
    fact(driver.broker(), FEED, "21", "later", &unread);
    driver.run_until_idle().unwrap();
    assert_eq!(driver.read_committed(JOURNAL).len(), 1);
}
