//! The two workers on one simulated log, with stand-ins for the workers before them.
pub(crate) mod customs;
pub(crate) mod expect;
pub(crate) mod filings;
pub(crate) mod monthly;
pub(crate) mod story;

use gst_events::{DayOpened, EventPayload, RulebookActivated, Topic};
use gst_rules::Rulebook;
use gst_types::{IstDate, IstInstant};
use std::collections::BTreeMap;
use stream::{InputRecord, StateView, WorkerName};
use stream_testkit::{SimulatedBroker, TopologyDriver};

const JOURNAL: &str = Topic::RecipientJournal.name();

/// Both workers.
pub(crate) struct Bench {
    pub(crate) driver: TopologyDriver,
    numbers: u64,
}

fn headers(id: &str, event: &str, class: &str, time: &str) -> Vec<(String, Vec<u8>)> {
    let pairs = [("ce_id", id), ("ce_type", event), ("itc-class", class), ("ce_time", time), ("ce_causationid", id)];
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn mark<P: EventPayload>(broker: &SimulatedBroker, id: &str, payload: &P) {
    let value = serde_json::to_vec(payload).unwrap();
    for partition in 0..broker.partition_count() {
        let headers = headers(id, P::TYPE.0, "mark", "2024-01-01T00:00:00+05:30");
        broker.publish_to(JOURNAL, partition, "", headers, value.clone());
    }
}

impl Bench {
    /// Both workers with these rows of the rulebook.
    pub(crate) fn new(config: &BTreeMap<String, String>) -> Self {
        let mut driver = TopologyDriver::new(1);
        driver.add(&[JOURNAL], payment_timers::PaymentTimers::new);
        driver.add(&[JOURNAL], itc_ledger::ItcLedger::new);
        driver.set_mark_writer(|broker: &SimulatedBroker, day| {
            let date = IstDate::from_naive(day);
            let opened = DayOpened { date, commands: Vec::new(), command_offsets: BTreeMap::new() };
            mark(broker, &format!("day/{date}"), &opened);
            Ok(())
        });
        let digest = Rulebook::embedded().released_digest().to_owned();
        mark(driver.broker(), "rules", &RulebookActivated { digest, rows: config.clone() });
        driver.run_until_idle().unwrap();
        Self { driver, numbers: 0 }
    }

    /// Opens every day up to that of an instant.
    pub(crate) fn open_to(&mut self, at: IstInstant) {
        self.driver.advance_to(at.date().naive()).unwrap();
    }

    /// Writes an event into the journal without running anything.
    pub(crate) fn write<P: EventPayload>(&mut self, key: &str, at: IstInstant, payload: &P) {
        self.numbers += 1;
        let class = P::CLASS.code();
        let headers = headers(&format!("event-{}", self.numbers), P::TYPE.0, class, &at.to_string());
        self.driver.broker().publish(JOURNAL, key, headers, serde_json::to_vec(payload).unwrap());
    }

    /// Writes an event into the journal and lets both workers come to rest.
    pub(crate) fn tell<P: EventPayload>(&mut self, key: &str, at: IstInstant, payload: &P) {
        self.write(key, at, payload);
        self.driver.run_until_idle().unwrap();
    }

    /// All records of a topic.
    pub(crate) fn all(&self, topic: Topic) -> Vec<InputRecord> {
        self.driver.read_all(topic.name())
    }

    /// The rows of a worker.
    pub(crate) fn rows(&self, worker: &'static str) -> StateView<'_> {
        StateView::new(self.driver.rows(WorkerName(worker), 0).unwrap())
    }
}
