//! The whole topology in one process on the simulated log: the processors are the same, only the ports differ.

use crate::topology::{FEEDS, FROM_CUSTOMS, FROM_RECIPIENTS, FROM_SUPPLIERS, JOURNALS};
use gst_events::{DayOpened, DueDateExtended, EventPayload, RulebookActivated};
use gst_rules::Rulebook;
use gst_types::IstDate;
use std::collections::BTreeMap;
use stream::{InputRecord, Processor, StateView, WorkerConfig, WorkerName};
use stream_testkit::{DriverError, SimulatedBroker, TopologyDriver};

/// Every worker on one simulated log, with the calendar in the caller's hand.
#[derive(Debug)]
pub struct Simulation {
    driver: TopologyDriver,
    partitions: u32,
    marks_written: u64,
}

impl Simulation {
    /// A topology whose topics have that many partitions; the embedded rulebook is in force with `rows` over it.
    ///
    /// # Errors
    /// [`DriverError`] where a worker does not start.
    pub fn start(partitions: u32, rows: &BTreeMap<String, String>) -> Result<Self, DriverError> {
        Self::start_with(partitions, rows, &config_of(rows))
    }

    /// As [`Simulation::start`], with limits of the loop of its own.
    ///
    /// # Errors
    /// [`DriverError`] where a worker does not start.
    pub fn start_with(
        partitions: u32,
        rows: &BTreeMap<String, String>,
        config: &WorkerConfig,
    ) -> Result<Self, DriverError> {
        let mut driver = statement_workers(partitions, config);
        driver.add_with(FROM_RECIPIENTS, config.clone(), payment_timers::PaymentTimers::new);
        driver.add_with(FROM_RECIPIENTS, config.clone(), itc_ledger::ItcLedger::new);
        driver.add_with(FROM_RECIPIENTS, config.clone(), audit_evidence::AuditEvidence::new);
        Self::begin(driver, partitions, rows)
    }

    /// As [`Simulation::start`], with the workers alone that a statement comes from; what follows from credit is left out.
    ///
    /// # Errors
    /// [`DriverError`] where a worker does not start.
    pub fn start_statements(partitions: u32, rows: &BTreeMap<String, String>) -> Result<Self, DriverError> {
        Self::begin(statement_workers(partitions, &config_of(rows)), partitions, rows)
    }

    fn begin(
        mut driver: TopologyDriver,
        partitions: u32,
        rows: &BTreeMap<String, String>,
    ) -> Result<Self, DriverError> {
        driver.set_mark_writer(|broker: &SimulatedBroker, day| {
            let date = IstDate::from_naive(day);
            let mark = DayOpened { date, commands: Vec::new(), command_offsets: BTreeMap::new() };
            write_mark(broker, &format!("day/{date}"), &mark);
            Ok(())
        });
        let mut simulation = Self { driver, partitions, marks_written: 0 };
        let digest = Rulebook::embedded().released_digest().to_owned();
        simulation.mark(&RulebookActivated { digest, rows: rows.clone() })?;
        Ok(simulation)
    }

    /// Writes a mark into every partition of every journal and lets every worker come to rest.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn mark<P: EventPayload>(&mut self, mark: &P) -> Result<(), DriverError> {
        self.marks_written += 1;
        write_mark(self.driver.broker(), &format!("mark/{}", self.marks_written), mark);
        self.driver.run_until_idle().map(drop)
    }

    /// A due date moves (PD-6).
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn extend_due_date(&mut self, extension: &DueDateExtended) -> Result<(), DriverError> {
        self.mark(extension)
    }

    /// Publishes a record to a feed and lets every worker come to rest.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn publish(
        &mut self,
        topic: &str,
        key: &str,
        headers: Vec<(String, Vec<u8>)>,
        value: Vec<u8>,
    ) -> Result<(), DriverError> {
        self.driver.broker().publish(topic, key, headers, value);
        self.driver.run_until_idle().map(drop)
    }

    /// Opens every day up to and including `day`.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn open_days_to(&mut self, day: IstDate) -> Result<(), DriverError> {
        self.driver.advance_to(day.naive()).map(drop)
    }

    /// The last day opened.
    #[must_use]
    pub fn day(&self) -> Option<IstDate> {
        self.driver.day().map(IstDate::from_naive)
    }

    /// The committed records of a topic since it was read here last.
    pub fn read_new(&mut self, topic: &str) -> Vec<InputRecord> {
        self.driver.read_committed(topic)
    }

    /// All committed records of a topic.
    #[must_use]
    pub fn read_all(&self, topic: &str) -> Vec<InputRecord> {
        self.driver.read_all(topic)
    }

    /// The rows of a worker's partition.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn rows(&self, worker: WorkerName, partition: u32) -> Result<StateView<'_>, DriverError> {
        Ok(StateView::new(self.driver.rows(worker, partition)?))
    }

    /// The partition count of every topic.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.partitions
    }

    /// The driver, for faults and statuses.
    pub fn driver_mut(&mut self) -> &mut TopologyDriver {
        &mut self.driver
    }
}

/// The workers' settings: repeats are recognised for as long as the rulebook's rows say.
fn config_of(rows: &BTreeMap<String, String>) -> WorkerConfig {
    let default = WorkerConfig::default();
    let told = rows.get("repeat_window_days").and_then(|days| days.parse().ok());
    WorkerConfig { repeat_window_days: told.unwrap_or(default.repeat_window_days), ..default }
}

/// The workers from the feeds to the statements.
fn statement_workers(partitions: u32, config: &WorkerConfig) -> TopologyDriver {
    let mut driver = TopologyDriver::new(partitions);
    driver.add_with(&FEEDS, config.clone(), ingest::Ingest::new);
    driver.add_with(FROM_SUPPLIERS, config.clone(), filings::Filings::new);
    driver.add_with(FROM_CUSTOMS, config.clone(), customs::Customs::new);
    driver.add_with(FROM_RECIPIENTS, config.clone(), ims::Ims::new);
    driver.add_with(FROM_RECIPIENTS, config.clone(), gstr2b::Gstr2b::new);
    driver
}

fn write_mark<P: EventPayload>(broker: &SimulatedBroker, id: &str, mark: &P) {
    // Marks are plain data with text keys, which serde_json always writes.
    let value = serde_json::to_vec(mark).unwrap_or_default();
    for journal in JOURNALS {
        for partition in 0..broker.partition_count() {
            let id = format!("calendar/{id}/{}/{partition}", journal.name());
            let headers = [("ce_id", id.as_str()), ("ce_type", P::TYPE.0), ("itc-class", P::CLASS.code())];
            let headers = headers.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
            broker.publish_to(journal.name(), partition, "", headers, value.clone());
        }
    }
}

/// What a worker alone reads instead of a topic: what it writes must not come back to it.
#[must_use]
pub fn copy_of(topic: &str) -> String {
    format!("copy.{topic}")
}

/// One worker on a log of its own. It reads [`copy_of`] its journal; `ingest`, which writes to none of its feeds, reads
/// the feeds. `None` where there is no such worker.
#[must_use]
pub fn alone(worker: WorkerName, partitions: u32, config: &WorkerConfig) -> Option<TopologyDriver> {
    let mut one = Alone { worker, config, driver: TopologyDriver::new(partitions), found: false };
    one.add(&FEEDS, ingest::Ingest::new);
    one.add(FROM_SUPPLIERS, filings::Filings::new);
    one.add(FROM_CUSTOMS, customs::Customs::new);
    one.add(FROM_RECIPIENTS, ims::Ims::new);
    one.add(FROM_RECIPIENTS, gstr2b::Gstr2b::new);
    one.add(FROM_RECIPIENTS, payment_timers::PaymentTimers::new);
    one.add(FROM_RECIPIENTS, itc_ledger::ItcLedger::new);
    one.add(FROM_RECIPIENTS, audit_evidence::AuditEvidence::new);
    one.found.then_some(one.driver)
}

/// The one worker that is looked for.
struct Alone<'a> {
    worker: WorkerName,
    config: &'a WorkerConfig,
    driver: TopologyDriver,
    found: bool,
}

impl Alone<'_> {
    fn add<P: Processor + 'static>(&mut self, inputs: &[&str], make: fn() -> P) {
        if P::NAME == self.worker {
            let copies: Vec<String> =
                inputs.iter().map(|topic| if P::HAS_ROWS { copy_of(topic) } else { (*topic).to_owned() }).collect();
            let inputs: Vec<&str> = copies.iter().map(String::as_str).collect();
            self.driver.add_with(&inputs, self.config.clone(), make);
            self.found = true;
        }
    }
}
