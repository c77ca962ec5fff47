//! One worker alone on a recorded journal: whatever goes wrong, what it writes, its rows and its timer index end as they
//! do without faults.

use super::misfortune::{Known, Misfortune, small_steps, spoil_index};
use super::topology::PARTITIONS;
use super::{TIMERS, Told};
use crate::demo::random::Random;
use anyhow::{Context, Result, bail};
use gst_events::Topic;
use itc_engine::simulation::{Simulation, alone, copy_of};
use itc_engine::topology::{WorkerEntry, workers};
use itc_ledger::ItcLedger;
use itc_ledger::rows::RecipientRow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;
use stream::{
    InputRecord, PartitionStatus, Phase, Processor, Row, RowKey, TimerEntry, WorkerConfig, WorkerName, changelog_topic,
    read_row, write_row,
};
use stream_testkit::{Mistake, TopologyDriver};

/// Differences told one by one.
const DIFFERENCES_TOLD: usize = 6;

/// Version and trace in a `traceparent`.
const TRACE_LENGTH: usize = 35;

/// What each worker read in a year, and what it makes of it without faults.
pub(super) struct Recording {
    read: BTreeMap<&'static str, Vec<InputRecord>>,
    endings: BTreeMap<&'static str, OnceLock<Result<Ending, String>>>,
}

/// What a worker leaves.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    /// Everything that it wrote, and how often.
    written: BTreeMap<String, u32>,
    /// In order, what it wrote under a key that it decides by.
    in_order: BTreeMap<String, Vec<String>>,
    rows: BTreeMap<String, Vec<u8>>,
    timers: Vec<TimerEntry>,
}

impl Recording {
    pub(super) fn of(simulation: &Simulation) -> Self {
        let of = |entry: &WorkerEntry| entry.inputs.iter().flat_map(|topic| simulation.read_all(topic)).collect();
        Self {
            read: workers().iter().map(|entry| (entry.name.0, of(entry))).collect(),
            endings: workers().iter().map(|entry| (entry.name.0, OnceLock::new())).collect(),
        }
    }

    /// Runs a worker under the faults of a seed.
    pub(super) fn run(&self, worker: WorkerName, seed: u64, mistake: Option<Mistake>) -> Result<(Result<()>, Told)> {
        let read = self.read.get(worker.0).with_context(|| format!("there is no worker {worker}"))?;
        let ending = self.endings.get(worker.0).with_context(|| format!("there is no worker {worker}"))?;
        let ending = ending.get_or_init(|| {
            let quiet = Alone::start(worker, &WorkerConfig::default(), read);
            quiet.and_then(Alone::without_faults).map_err(|error| format!("{error:#}"))
        });
        let wanted = match ending {
            Ok(ending) => ending,
            Err(reason) => bail!("{worker} fails without faults: {reason}"),
        };
        // Workers do not share their schedules.
        let mixed = worker.0.bytes().fold(seed, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut random = Random::new(mixed);
        let mut run = Alone::start(worker, &steps_of(&mut random), read)?;
        if let Some(mistake) = mistake {
            run.driver.make(worker, mistake)?;
        }
        let outcome = run.under_faults(&mut random).and_then(|()| run.ending()).and_then(|got| wanted.compare(&got));
        let faults = run.driver.broker().faults_that_happened();
        run.told.count_faults(&faults);
        Ok((outcome, run.told))
    }
}

/// Batches and pages of any size, so that their ends fall elsewhere with every seed.
fn steps_of(random: &mut Random) -> WorkerConfig {
    let mut config = small_steps();
    config.poll.records_max = 1 + random.below(20);
    config.batch_changes_max = 10 + random.below(50);
    config.page_changes_max = 10 + random.below(30);
    config.page_keys_max = 1 + random.below(10);
    config.restore_records_max = u64::from(random.between(20, 2_000));
    config
}

/// A worker, and what it is still to read.
struct Alone<'a> {
    known: Known,
    driver: TopologyDriver,
    to_come: Vec<VecDeque<&'a InputRecord>>,
    /// The keys that it decides by, where what it writes has such keys too.
    keys: BTreeSet<&'a [u8]>,
    /// The timer index has said something wrong, which it cannot notice before its day.
    index_lied: bool,
    told: Told,
}

impl<'a> Alone<'a> {
    fn start(worker: WorkerName, config: &WorkerConfig, read: &'a [InputRecord]) -> Result<Self> {
        let driver = alone(worker, PARTITIONS, config).with_context(|| format!("there is no worker {worker}"))?;
        let mut to_come: BTreeMap<_, VecDeque<&InputRecord>> = BTreeMap::new();
        for record in read {
            to_come.entry(&record.source).or_default().push_back(record);
        }
        // What comes from several feeds, or from several suppliers to one recipient, has no order among them.
        let by_recipient = |record: &&InputRecord| &*record.source.topic == Topic::RecipientJournal.name();
        let keys = read.iter().filter(by_recipient).filter_map(|record| record.key.as_deref()).collect();
        let to_come = to_come.into_values().collect();
        let known = Known::of(worker);
        Ok(Self { known, driver, to_come, keys, index_lied: false, told: Told::default() })
    }

    /// Lets so many more records of a partition come. False where there are none.
    fn publish(&mut self, at: usize, count: usize) -> bool {
        let Some(queue) = self.to_come.get_mut(at) else { return false };
        let count = count.min(queue.len());
        for record in queue.drain(..count) {
            let topic =
                if self.known.has_rows { copy_of(&record.source.topic) } else { record.source.topic.to_string() };
            let (headers, value) = (record.headers.clone(), record.value.clone());
            self.driver.broker().publish_to(&topic, record.source.partition, record.key_text(), headers, value);
        }
        count > 0
    }

    fn without_faults(mut self) -> Result<Ending> {
        for at in 0..self.to_come.len() {
            self.publish(at, usize::MAX);
        }
        self.driver.run_until_idle()?;
        self.ending()
    }

    fn under_faults(&mut self, random: &mut Random) -> Result<()> {
        self.driver.let_crashes_keep_stores(random.percent(50));
        if self.known.has_rows && random.percent(30) {
            self.driver.broker().delay_markers_in(&changelog_topic(self.known.worker));
            self.told.note("markers late", "markers come late to the changelog".to_owned());
        }
        while self.to_come.iter().any(|queue| !queue.is_empty()) {
            let count = match random.below(4) {
                0 => 1 + random.below(4),
                1 | 2 => 10 + random.below(40),
                _ => 100 + random.below(200),
            };
            self.publish(random.below(self.to_come.len()), count);
            for _ in 0..random.below(12) {
                self.driver.step_worker(self.known.worker)?;
            }
            if random.percent(30) {
                self.one(random)?;
            }
            if random.percent(25) {
                self.settle()?;
            }
        }
        self.settle()
    }

    fn one(&mut self, random: &mut Random) -> Result<()> {
        let Misfortune { kind, text } = if self.known.worker == TIMERS && random.percent(40) {
            let which = random.below(6);
            self.index_lied |= which >= 4;
            spoil_index(&self.driver.timer_index(TIMERS)?, which)
        } else {
            self.known.strikes(&mut self.driver, random)?
        };
        self.told.note(&kind, text);
        Ok(())
    }

    /// Everything answers again, and the worker comes to rest.
    fn settle(&mut self) -> Result<()> {
        self.driver.timer_index(self.known.worker)?.set_available(true);
        self.driver.wake_zombies()?;
        self.driver.run_until_idle()?;
        Ok(())
    }

    fn assert_all_read(&self) -> Result<()> {
        let status = self.driver.status(self.known.worker)?;
        let idle = |one: &PartitionStatus| one.phase == Phase::Running && one.lag_in_records.unwrap_or(0) == 0;
        let topics = workers().iter().find(|entry| entry.name == self.known.worker).map_or(0, |it| it.inputs.len());
        match status.partitions.iter().find(|one| !idle(one)) {
            None if status.partitions.len() != topics * usize::try_from(PARTITIONS)? => {
                bail!("it does not read every partition: {:?}", status.partitions)
            }
            None => Ok(()),
            Some(one) => bail!("it does not read on: {one:?}"),
        }
    }

    fn ending(&mut self) -> Result<Ending> {
        let worker = self.known.worker;
        let index = self.driver.timer_index(worker)?;
        if self.index_lied {
            // A lie about a day that is still to come is found on that day; emptied, the index is what the rows say.
            index.wipe();
            self.driver.crash_and_restart(worker, true)?;
            self.driver.run_until_idle()?;
        }
        self.assert_all_read()?;
        let mut ending = Ending {
            written: BTreeMap::new(),
            in_order: BTreeMap::new(),
            rows: BTreeMap::new(),
            timers: (0..PARTITIONS).flat_map(|partition| index.entries(partition)).collect(),
        };
        for topic in self.driver.broker().topics() {
            let is_input = workers().iter().any(|entry| {
                entry.inputs.iter().any(|input| topic == copy_of(input) || !self.known.has_rows && topic == *input)
            });
            if !is_input && topic != changelog_topic(worker) {
                self.driver.read_all(&topic).iter().for_each(|record| ending.add(record, &self.keys));
            }
        }
        for partition in 0..PARTITIONS {
            for (key, value) in self.driver.rows(worker, partition)?.range("", "\u{10ffff}", usize::MAX)? {
                let value = comparable(worker, &key, value)?;
                ending.rows.insert(format!("{partition} {key}"), value);
            }
        }
        Ok(ending)
    }
}

/// A row, without what tells the schedule: how far a day's job had come when something of a recipient was decided. What
/// counts is the later of that and the partition's own row, and that one is compared.
fn comparable(worker: WorkerName, key: &str, value: Vec<u8>) -> Result<Vec<u8>> {
    let of_recipient = key.starts_with(RowKey::table(RecipientRow::TABLE).as_str());
    if of_recipient && worker == ItcLedger::NAME {
        Ok(write_row(&RecipientRow { passed: None, ..read_row(&value)? }))
    } else if of_recipient && worker == TIMERS {
        Ok(write_row(&payment_timers::rows::RecipientRow { passed: None, ..read_row(&value)? }))
    } else {
        Ok(value)
    }
}

impl Ending {
    fn add(&mut self, record: &InputRecord, keys: &BTreeSet<&[u8]>) {
        let headers = record.headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value);
            // The trace is the event's; its last part is the page that decided it, which tells the schedule.
            let text = if name == "traceparent" { text.get(..TRACE_LENGTH).unwrap_or(&text) } else { &text };
            format!("{name}={text}")
        });
        let headers = headers.collect::<Vec<_>>().join(" ");
        let (topic, key, value) = (&record.source.topic, record.key_text(), String::from_utf8_lossy(&record.value));
        let text = format!("{topic}/{} {key}: {headers} {value}", record.source.partition);
        let to_suppliers = [Topic::SupplierJournal, Topic::SupplierLiability].iter().any(|it| **topic == *it.name());
        if !to_suppliers && record.key.as_deref().is_some_and(|key| !key.is_empty() && keys.contains(key)) {
            self.in_order.entry(format!("{topic} {key}")).or_default().push(record.meta().id);
        }
        *self.written.entry(text).or_default() += 1;
    }

    fn compare(&self, got: &Self) -> Result<()> {
        let mut found = differences("written", &self.written, &got.written);
        found.extend(differences("order", &self.in_order, &got.in_order));
        found.extend(differences("row", &self.rows, &got.rows));
        if self.timers != got.timers {
            found.push(format!("the timer index holds {:?}, not {:?}", got.timers, self.timers));
        }
        if found.is_empty() {
            return Ok(());
        }
        let more = found.len().saturating_sub(DIFFERENCES_TOLD);
        found.truncate(DIFFERENCES_TOLD);
        bail!("not as without faults:\n{}\nand {more} more", found.join("\n"))
    }
}

fn differences<V: PartialEq + std::fmt::Debug>(
    kind: &str,
    wanted: &BTreeMap<String, V>,
    got: &BTreeMap<String, V>,
) -> Vec<String> {
    let keys: BTreeSet<&String> = wanted.keys().chain(got.keys()).collect();
    let differ = keys.into_iter().filter(|key| wanted.get(*key) != got.get(*key));
    differ.map(|key| format!("{kind}: {key}: {:?}, not {:?}", got.get(key), wanted.get(key))).collect()
}
