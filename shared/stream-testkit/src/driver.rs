//! All workers of a topology in one process, stepped until none has anything left to do.

use crate::broker::SimulatedBroker;
use crate::index::SimulatedTimerIndex;
use crate::log::{SimulatedLog, SimulatedLogSettings};
use crate::mistake::Mistake;
use crate::store::MemoryStore;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use stream::{
    DecisionWatch, InputRecord, Processor, StateRead, Step, Worker, WorkerConfig, WorkerError, WorkerName, WorkerStatus,
};

/// How many steps one run may take. A story's event takes some hundred; this is far above and still ends in seconds.
const STEPS_MAX: u64 = 300_000;

/// A worker of any processor.
pub trait AnyWorker {
    /// Its name.
    fn name(&self) -> WorkerName;

    /// Does the next bounded piece of work.
    ///
    /// # Errors
    /// [`WorkerError`].
    fn step(&mut self) -> Result<Step, WorkerError>;

    /// The committed rows of a partition.
    fn rows(&self, partition: u32) -> &dyn StateRead;

    /// What it says of itself.
    fn status(&self) -> WorkerStatus;

    /// Tells every decision once it is committed.
    fn watch_decisions(&mut self, watch: Box<dyn DecisionWatch>);

    /// Ends it and keeps its store, as a process that dies leaves its disk.
    fn into_store(self: Box<Self>) -> MemoryStore;
}

impl<P: Processor> AnyWorker for Worker<P, SimulatedLog, MemoryStore, SimulatedTimerIndex> {
    fn name(&self) -> WorkerName {
        P::NAME
    }

    fn step(&mut self) -> Result<Step, WorkerError> {
        Worker::step(self)
    }

    fn rows(&self, partition: u32) -> &dyn StateRead {
        Worker::rows(self, partition)
    }

    fn status(&self) -> WorkerStatus {
        Worker::status(self)
    }

    fn watch_decisions(&mut self, watch: Box<dyn DecisionWatch>) {
        Worker::watch_decisions(self, watch);
    }

    fn into_store(self: Box<Self>) -> MemoryStore {
        let (_, store, _) = self.into_parts();
        store
    }
}

/// Who writes the calendar's marks.
pub trait MarkWriter {
    /// Writes `DayOpened` of that day, and what takes effect with it, into every partition of every journal.
    ///
    /// # Errors
    /// A message.
    fn open_day(&mut self, broker: &SimulatedBroker, day: NaiveDate) -> Result<(), String>;
}

impl<F: FnMut(&SimulatedBroker, NaiveDate) -> Result<(), String>> MarkWriter for F {
    fn open_day(&mut self, broker: &SimulatedBroker, day: NaiveDate) -> Result<(), String> {
        self(broker, day)
    }
}

/// Why a topology does not run.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// A worker stopped.
    #[error("{worker} stopped: {error}")]
    Worker {
        /// Which one.
        worker: WorkerName,
        /// Why.
        error: WorkerError,
    },
    /// A worker halted a partition.
    #[error("{worker} halted partition {partition} of {topic}: {reason}")]
    Halted {
        /// Which one.
        worker: WorkerName,
        /// The input topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// Why, and what to do.
        reason: String,
    },
    /// Some worker always has something to do.
    #[error("the topology does not come to rest after {steps} steps; still busy: {busy}")]
    Restless {
        /// How many steps were made.
        steps: u64,
        /// Who is busy, with the last thing it did.
        busy: String,
    },
    /// There is no such worker.
    #[error("there is no worker {0}")]
    NoSuchWorker(WorkerName),
    /// A process that was replaced committed something.
    #[error("a process of {0} that was replaced has committed")]
    ZombieCommitted(WorkerName),
    /// The writer of marks failed, or there is none.
    #[error("day {day} cannot be opened: {reason}")]
    Marks {
        /// The day.
        day: NaiveDate,
        /// Why.
        reason: String,
    },
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Steps of all workers.
    pub steps: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Processes that crashed at an injected fault and were started again.
    pub crashes: u64,
}

/// What a process is started with.
struct Beginning<'a> {
    broker: &'a SimulatedBroker,
    number: u64,
    /// Where it runs: processes of one place follow each other with one transactional id.
    place: u64,
    store: MemoryStore,
    index: &'a SimulatedTimerIndex,
    mistake: Option<Mistake>,
}

type Start = Box<dyn Fn(Beginning<'_>) -> Box<dyn AnyWorker>>;

struct Slot {
    name: WorkerName,
    worker: Option<Box<dyn AnyWorker>>,
    start: Start,
    starts: u64,
    place: u64,
    index: SimulatedTimerIndex,
    mistake: Option<Mistake>,
    /// The broker's version at which it had nothing to do.
    idle_at: Option<u64>,
    last: Step,
}

/// A process that was replaced while it was held up.
struct Zombie {
    name: WorkerName,
    member: String,
    process: Box<dyn AnyWorker>,
}

/// All workers of a topology on one simulated broker.
pub struct TopologyDriver {
    broker: SimulatedBroker,
    slots: Vec<Slot>,
    marks: Option<Box<dyn MarkWriter>>,
    day: Option<NaiveDate>,
    positions: BTreeMap<String, BTreeMap<u32, i64>>,
    steps_max: u64,
    crashes_keep_stores: bool,
    /// Processes that were replaced and do not know it yet.
    zombies: Vec<Zombie>,
}

impl std::fmt::Debug for TopologyDriver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.slots.iter().map(|slot| slot.name.0).collect();
        write!(formatter, "TopologyDriver({})", names.join(", "))
    }
}

impl TopologyDriver {
    /// A topology without workers; every topic has that many partitions.
    #[must_use]
    pub fn new(partition_count: u32) -> Self {
        Self {
            broker: SimulatedBroker::new(partition_count),
            slots: Vec::new(),
            marks: None,
            day: None,
            positions: BTreeMap::new(),
            steps_max: STEPS_MAX,
            crashes_keep_stores: false,
            zombies: Vec::new(),
        }
    }

    /// Adds a worker that reads these topics. `make` is called for every start of its process.
    pub fn add<P: Processor + 'static>(&mut self, inputs: &[&str], make: impl Fn() -> P + 'static) {
        self.add_with(inputs, WorkerConfig::default(), make);
    }

    /// As [`TopologyDriver::add`], with limits of its own.
    pub fn add_with<P: Processor + 'static>(
        &mut self,
        inputs: &[&str],
        config: WorkerConfig,
        make: impl Fn() -> P + 'static,
    ) {
        let inputs: Vec<String> = inputs.iter().map(|&topic| topic.to_owned()).collect();
        let start = move |beginning: Beginning<'_>| {
            let settings = SimulatedLogSettings {
                worker: P::NAME,
                member: member_of(P::NAME, beginning.number),
                transactional_id: format!("{}-{}", P::NAME, beginning.place),
                inputs: inputs.clone(),
            };
            let mut log = SimulatedLog::new(beginning.broker, settings);
            if let Some(mistake) = beginning.mistake {
                log.make(mistake);
            }
            let index = beginning.index.of_process(log.death());
            Box::new(Worker::new(make(), log, beginning.store, index, config.clone())) as Box<dyn AnyWorker>
        };
        let (index, store) = (SimulatedTimerIndex::new(), MemoryStore::new());
        let worker =
            start(Beginning { broker: &self.broker, number: 0, place: 0, store, index: &index, mistake: None });
        self.slots.push(Slot {
            name: P::NAME,
            worker: Some(worker),
            start: Box::new(start),
            starts: 1,
            place: 0,
            index,
            mistake: None,
            idle_at: None,
            last: Step::Idle,
        });
    }

    /// How many steps one run may take before it is called restless.
    pub fn set_steps_max(&mut self, steps_max: u64) {
        self.steps_max = steps_max;
    }

    /// Who writes the days for [`TopologyDriver::advance_to`].
    pub fn set_mark_writer(&mut self, marks: impl MarkWriter + 'static) {
        self.marks = Some(Box::new(marks));
    }

    /// The broker, for faults, raw reads and marks.
    #[must_use]
    pub fn broker(&self) -> &SimulatedBroker {
        &self.broker
    }

    /// Writes a record; the key decides the partition.
    pub fn publish(&mut self, topic: &str, key: &str, headers: &[(&str, &str)], value: &[u8]) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        self.broker.publish(topic, key, headers, value.to_vec());
    }

    /// Whether a process that crashes at an injected fault finds its store again. At first it does not.
    pub fn let_crashes_keep_stores(&mut self, keep: bool) {
        self.crashes_keep_stores = keep;
    }

    /// Lets every process of a worker make a mistake, beginning with a new one.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn make(&mut self, worker: WorkerName, mistake: Mistake) -> Result<(), DriverError> {
        let at = self.at(worker)?;
        self.slots[at].mistake = Some(mistake);
        self.restart(at, true);
        Ok(())
    }

    /// Steps every worker until none has anything left to do. A process that crashes at an injected fault is started
    /// again.
    ///
    /// # Errors
    /// [`DriverError`], also where a worker halted a partition.
    pub fn run_until_idle(&mut self) -> Result<RunReport, DriverError> {
        let mut report = RunReport::default();
        loop {
            let mut rested = true;
            for at in 0..self.slots.len() {
                if self.slots[at].idle_at == Some(self.broker.version()) {
                    continue;
                }
                rested &= !self.step(at, &mut report)?;
            }
            if rested {
                return self.halted().map_or(Ok(report), Err);
            }
            if report.steps > self.steps_max {
                return Err(DriverError::Restless { steps: report.steps, busy: self.busy() });
            }
        }
    }

    /// Steps one worker. True if it was not idle.
    fn step(&mut self, at: usize, report: &mut RunReport) -> Result<bool, DriverError> {
        let slot = &mut self.slots[at];
        let Some(worker) = slot.worker.as_mut() else { return Ok(false) };
        let version = self.broker.version();
        report.steps += 1;
        match worker.step() {
            Ok(Step::Idle) => {
                slot.idle_at = Some(version);
                slot.last = Step::Idle;
                Ok(false)
            }
            Ok(step) => {
                report.commits += u64::from(matches!(step, Step::Committed { .. }));
                slot.idle_at = None;
                slot.last = step;
                Ok(true)
            }
            Err(WorkerError::Log(reason)) if reason.starts_with("simulated crash") => {
                report.crashes += 1;
                self.restart(at, self.crashes_keep_stores);
                Ok(true)
            }
            Err(error) => Err(DriverError::Worker { worker: slot.name, error }),
        }
    }

    fn restart(&mut self, at: usize, keep_store: bool) {
        let slot = &mut self.slots[at];
        let store = slot.worker.take().map(AnyWorker::into_store).filter(|_| keep_store).unwrap_or_default();
        self.broker.expire_member(slot.name.0, &member_of(slot.name, slot.starts - 1));
        slot.worker = Some((slot.start)(Beginning {
            broker: &self.broker,
            number: slot.starts,
            place: slot.place,
            store,
            index: &slot.index,
            mistake: slot.mistake,
        }));
        slot.starts += 1;
        slot.idle_at = None;
    }

    /// Tells `watch` every decision of a worker's present process once it is committed.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn watch_decisions(&mut self, worker: WorkerName, watch: Box<dyn DecisionWatch>) -> Result<(), DriverError> {
        let at = self.at(worker)?;
        if let Some(running) = self.slots[at].worker.as_mut() {
            running.watch_decisions(watch);
        }
        Ok(())
    }

    /// Steps one worker once, whatever the others do. True if it was not idle.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn step_worker(&mut self, worker: WorkerName) -> Result<bool, DriverError> {
        let at = self.at(worker)?;
        self.step(at, &mut RunReport::default())
    }

    /// Starts a new process elsewhere for one that is held up beyond its session, and leaves that one as it stands until
    /// [`TopologyDriver::wake_zombies`].
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn replace(&mut self, worker: WorkerName) -> Result<(), DriverError> {
        let at = self.at(worker)?;
        let member = member_of(worker, self.slots[at].starts - 1);
        let held_up = self.slots[at].worker.take();
        self.slots[at].place += 1;
        self.zombies.extend(held_up.map(|process| Zombie { name: worker, member, process }));
        self.restart(at, false);
        Ok(())
    }

    /// Lets processes that were replaced go on, until each has heard of it; none may commit.
    ///
    /// # Errors
    /// [`DriverError::ZombieCommitted`].
    pub fn wake_zombies(&mut self) -> Result<(), DriverError> {
        for (at, Zombie { name, member, mut process }) in std::mem::take(&mut self.zombies).into_iter().enumerate() {
            if at % 2 == 0 {
                // The client library has joined again before the loop hears of it.
                self.broker.rejoin_unnoticed(name.0, &member);
            }
            loop {
                match process.step() {
                    Ok(Step::Committed { .. }) => return Err(DriverError::ZombieCommitted(name)),
                    Ok(Step::Restored | Step::Skipped | Step::Aborted | Step::IndexRepaired) => {}
                    Ok(Step::Fenced | Step::Rebalanced | Step::Idle) | Err(_) => break,
                }
            }
            // It ends here; one that was held up before it had joined is a member only now.
            self.broker.expire_member(name.0, &member);
        }
        Ok(())
    }

    fn busy(&self) -> String {
        let busy = self.slots.iter().filter(|slot| slot.last != Step::Idle);
        busy.map(|slot| format!("{} ({:?})", slot.name, slot.last)).collect::<Vec<_>>().join(", ")
    }

    fn halted(&self) -> Option<DriverError> {
        self.slots.iter().find_map(|slot| {
            let status = slot.worker.as_ref()?.status();
            let (partition, reason) = status.halted().next()?;
            Some(DriverError::Halted {
                worker: slot.name,
                topic: partition.topic.clone(),
                partition: partition.partition,
                reason: reason.to_owned(),
            })
        })
    }

    /// Opens every day up to and including `day`, one after the other, and lets the topology come to rest after each.
    /// The first day ever opened is `day` itself.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn advance_to(&mut self, day: NaiveDate) -> Result<RunReport, DriverError> {
        let mut report = RunReport::default();
        while self.open_next_day(day)? {
            let run = self.run_until_idle()?;
            report.steps += run.steps;
            report.commits += run.commits;
            report.crashes += run.crashes;
        }
        Ok(report)
    }

    /// Opens every day up to and including `day` before any worker hears of them, and lets the topology come to rest.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn jump_to(&mut self, day: NaiveDate) -> Result<RunReport, DriverError> {
        while self.open_next_day(day)? {}
        self.run_until_idle()
    }

    /// Opens the day behind the last one; false where that is later than `until`.
    fn open_next_day(&mut self, until: NaiveDate) -> Result<bool, DriverError> {
        let next = self.day.map_or(Some(until), |last| last.succ_opt());
        let Some(day) = next.filter(|day| *day <= until) else { return Ok(false) };
        let Some(marks) = &mut self.marks else {
            return Err(DriverError::Marks { day, reason: "no writer of marks was set".to_owned() });
        };
        marks.open_day(&self.broker, day).map_err(|reason| DriverError::Marks { day, reason })?;
        self.day = Some(day);
        Ok(true)
    }

    /// The last day opened by [`TopologyDriver::advance_to`].
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        self.day
    }

    /// The committed records of a topic that came since it was read here last, partition by partition.
    pub fn read_committed(&mut self, topic: &str) -> Vec<InputRecord> {
        self.broker.read_committed(topic, self.positions.entry(topic.to_owned()).or_default())
    }

    /// All committed records of a topic.
    #[must_use]
    pub fn read_all(&self, topic: &str) -> Vec<InputRecord> {
        self.broker.read_committed(topic, &mut BTreeMap::new())
    }

    /// Ends a worker's process as a crash does and starts it again, with the store its disk held or with none.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn crash_and_restart(&mut self, worker: WorkerName, keep_store: bool) -> Result<(), DriverError> {
        let at = self.at(worker)?;
        self.restart(at, keep_store);
        Ok(())
    }

    /// The timer index of a worker. Whoever changes it wakes the worker.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn timer_index(&mut self, worker: WorkerName) -> Result<SimulatedTimerIndex, DriverError> {
        let at = self.at(worker)?;
        self.slots[at].idle_at = None;
        Ok(self.slots[at].index.clone())
    }

    /// The workers' names, in the order in which they were added.
    #[must_use]
    pub fn workers(&self) -> Vec<WorkerName> {
        self.slots.iter().map(|slot| slot.name).collect()
    }

    /// A worker, for its rows and status.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn worker(&self, worker: WorkerName) -> Result<&dyn AnyWorker, DriverError> {
        let at = self.at(worker)?;
        self.slots[at].worker.as_deref().ok_or(DriverError::NoSuchWorker(worker))
    }

    /// The committed rows of a worker's partition.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn rows(&self, worker: WorkerName, partition: u32) -> Result<&dyn StateRead, DriverError> {
        Ok(self.worker(worker)?.rows(partition))
    }

    /// What a worker says of itself.
    ///
    /// # Errors
    /// [`DriverError::NoSuchWorker`].
    pub fn status(&self, worker: WorkerName) -> Result<WorkerStatus, DriverError> {
        Ok(self.worker(worker)?.status())
    }

    fn at(&self, worker: WorkerName) -> Result<usize, DriverError> {
        self.slots.iter().position(|slot| slot.name == worker).ok_or(DriverError::NoSuchWorker(worker))
    }
}

fn member_of(worker: WorkerName, number: u64) -> String {
    format!("{worker}-{number}")
}
