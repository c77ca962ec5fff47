//! `itcctl simulate`: the invented year through the whole topology on the simulated log, under a schedule of faults that a
//! seed decides: crashes at every step of the loop, processes that were replaced and do not know it, unknown outcomes,
//! facts that come again, a timer index that loses some or all, coordinators that forget, days that jump.
//!
//! Whatever happens, statement lines and ledger entries (pairs that cancel each other removed) must end as they do
//! without faults, and as the oracle says.

use super::engine::Engine;
use super::observe::Observed;
use super::random::Random;
use super::{check, engine, generate, oracle, schedule};
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result, bail};
use clap::Args;
use gst_events::LedgerEntry;
use gst_types::IstDate;
use itc_engine::simulation::Simulation;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;
use stream::{InputRecord, PollLimits, TimerEntry, WorkerConfig, WorkerName, changelog_topic};
use stream_testkit::Fault;

/// More than one, so that keys spread.
const PARTITIONS: u32 = 2;
/// Years that a run of many seeds shares, so that the run without faults is made once for each.
const STORIES: u64 = 4;
const TIMERS: WorkerName = WorkerName("payment-timers");

/// Options of `itcctl simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArguments {
    /// Only this seed.
    #[arg(long, conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Seeds 1 to this one.
    #[arg(long, default_value_t = 100)]
    pub seeds: u64,
    /// How many documents the year has, besides its bills of entry.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub documents: u32,
    /// Say each fault.
    #[arg(long)]
    pub verbose: bool,
}

/// Runs the seeds. True where every one of them ended right.
///
/// # Errors
/// A message where a year cannot be made or a run without faults fails.
pub fn run(arguments: &SimulateArguments, out: &mut dyn Write) -> Result<bool> {
    let seeds = arguments.seed.map_or(1..=arguments.seeds, |seed| seed..=seed);
    let mut simulator = Simulator::new(arguments.documents);
    let mut failed = Vec::new();
    let (mut ran, mut faults) = (0_u64, 0_usize);
    for seed in seeds {
        let (outcome, told) = simulator.run(seed)?;
        ran += 1;
        faults += told.len();
        if arguments.verbose {
            for fault in &told {
                writeln!(out, "  {fault}")?;
            }
        }
        if let Err(reason) = outcome {
            writeln!(out, "FAIL seed {seed}: {reason:#}")?;
            writeln!(out, "     replay it: make sim SEED={seed} DOCUMENTS={}", arguments.documents)?;
            failed.push(seed);
        }
    }
    writeln!(out, "{ran} seeds, {faults} faults, {} failed", failed.len())?;
    Ok(failed.is_empty())
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ending {
    lines: BTreeSet<String>,
    entries: BTreeSet<String>,
    timers: Vec<TimerEntry>,
}

/// A year, and how it ends without faults.
struct Story {
    year: super::year::DemoYear,
    days: BTreeMap<IstDate, Vec<FeedRecord>>,
    ending: Ending,
}

/// Runs seeds, and keeps the years that they share.
pub struct Simulator {
    documents: u32,
    stories: BTreeMap<u64, Story>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Simulator({} documents)", self.documents)
    }
}

impl Simulator {
    /// A simulator of years of that many documents.
    #[must_use]
    pub const fn new(documents: u32) -> Self {
        Self { documents, stories: BTreeMap::new() }
    }

    /// Runs one seed: how it ended, and what was done to it.
    ///
    /// # Errors
    /// A message where the year cannot be made, or does not end right even without faults.
    pub fn run(&mut self, seed: u64) -> Result<(Result<()>, Vec<String>)> {
        let number = seed % STORIES;
        if !self.stories.contains_key(&number) {
            self.stories.insert(number, Story::tell(number, self.documents)?);
        }
        let story = self.stories.get(&number).context("it was just told")?;
        let mut chaos = Chaos::start(Some(seed))?;
        let outcome = story.end(&mut chaos).and_then(|ending| story.compare(&ending));
        Ok((outcome, chaos.told))
    }
}

impl Story {
    fn tell(number: u64, documents: u32) -> Result<Self> {
        let year = generate::generate(number, usize::try_from(documents)?)?;
        let days = schedule::schedule(&year)?;
        let nothing = Ending { lines: BTreeSet::new(), entries: BTreeSet::new(), timers: Vec::new() };
        let mut story = Self { year, days, ending: nothing };
        story.ending = story.end(&mut Chaos::start(None)?).context("without faults")?;
        Ok(story)
    }

    fn end(&self, chaos: &mut Chaos) -> Result<Ending> {
        engine::run_days(chaos, &self.days, self.year.first_day, self.year.last_day)?;
        chaos.settle()?;
        let observed = Observed::read(chaos)?;
        let mut said = Vec::new();
        if !check::check(&self.year, &oracle::expect(&self.year), &observed, &mut said)? {
            bail!("not as the oracle says:\n{}", String::from_utf8_lossy(&said));
        }
        chaos.ending(&observed)
    }

    fn compare(&self, ending: &Ending) -> Result<()> {
        let differences = |kind: &str, wanted: &BTreeSet<String>, got: &BTreeSet<String>| {
            let gone = wanted.difference(got).map(|it| format!("{kind} missing: {it}"));
            gone.chain(got.difference(wanted).map(|it| format!("{kind} too much: {it}"))).collect::<Vec<_>>()
        };
        let mut found = differences("line", &self.ending.lines, &ending.lines);
        found.extend(differences("entry", &self.ending.entries, &ending.entries));
        if self.ending.timers != ending.timers {
            found.push(format!("the timer index holds {:?}, not {:?}", ending.timers, self.ending.timers));
        }
        if found.is_empty() { Ok(()) } else { bail!("not as without faults:\n{}", found.join("\n")) }
    }
}

/// The simulated topology, with everything that can go wrong.
struct Chaos {
    simulation: Simulation,
    /// `None` for the run without faults.
    random: Option<Random>,
    /// Facts that may come again.
    past: Vec<FeedRecord>,
    told: Vec<String>,
}

impl Chaos {
    fn start(seed: Option<u64>) -> Result<Self> {
        // Small batches and pages: more commits, so more places to fail at.
        let config = WorkerConfig {
            poll: PollLimits { records_max: 7, bytes_max: 1 << 20, wait: Duration::ZERO },
            batch_changes_max: 40,
            page_changes_max: 10,
            page_keys_max: 3,
            ..WorkerConfig::default()
        };
        let simulation = Simulation::start_with(PARTITIONS, &BTreeMap::new(), &config)?;
        Ok(Self { simulation, random: seed.map(Random::new), past: Vec::new(), told: Vec::new() })
    }

    fn tell(&mut self, text: String) {
        let day = self.simulation.day().map_or_else(|| "before the first day".to_owned(), |day| day.to_string());
        self.told.push(format!("{day}: {text}"));
    }

    /// Some of what can go wrong, while workers are somewhere in the middle of their work.
    fn misfortune(&mut self) -> Result<()> {
        let Some(mut random) = self.random.take() else { return Ok(()) };
        let result = self.misfortunes(&mut random);
        self.random = Some(random);
        result
    }

    fn misfortunes(&mut self, random: &mut Random) -> Result<()> {
        // Most days are quiet, so that a year has some dozen faults and not some hundred.
        if !random.percent(25) {
            return Ok(());
        }
        let workers = self.simulation.driver_mut().workers();
        for _ in 0..random.between(1, 3) {
            for _ in 0..random.below(30) {
                if let Some(worker) = random.pick(&workers) {
                    self.simulation.driver_mut().step_worker(*worker)?;
                }
            }
            if let Some(worker) = random.pick(&workers) {
                self.one(*worker, random)?;
            }
        }
        Ok(())
    }

    fn one(&mut self, worker: WorkerName, random: &mut Random) -> Result<()> {
        let has_rows = worker.0 != "ingest";
        match random.below(10) {
            0..=3 => {
                let (after, fault) = (u64::from(random.between(0, 5)), Fault::ALL[random.below(Fault::ALL.len())]);
                self.simulation.driver_mut().broker().inject(worker, after, fault);
                self.tell(format!("{worker}: {fault:?} after {after} commits"));
            }
            4 => {
                let keep_store = random.percent(50);
                self.simulation.driver_mut().crash_and_restart(worker, keep_store)?;
                self.tell(format!("{worker} is killed; its disk is {}", if keep_store { "kept" } else { "lost" }));
            }
            5 => {
                self.simulation.driver_mut().replace(worker)?;
                self.tell(format!("{worker} is held up and replaced"));
            }
            6 if has_rows => {
                self.simulation.driver_mut().broker().forget_offsets(worker.0);
                self.simulation.driver_mut().crash_and_restart(worker, true)?;
                self.tell(format!("the coordinator forgets {worker}'s offsets, and it starts anew"));
            }
            7 if has_rows => {
                self.simulation.driver_mut().broker().compact(&changelog_topic(worker));
                self.simulation.driver_mut().crash_and_restart(worker, false)?;
                self.tell(format!("{worker}'s changelog is compacted, its disk lost"));
            }
            _ => self.index(random)?,
        }
        Ok(())
    }

    fn index(&mut self, random: &mut Random) -> Result<()> {
        let index = self.simulation.driver_mut().timer_index(TIMERS)?;
        let what = match random.below(6) {
            0 => {
                index.wipe();
                "is emptied"
            }
            1 => {
                index.snapshot();
                "is saved"
            }
            2 => {
                index.roll_back();
                "goes back to what was saved"
            }
            3 => {
                index.lose_half();
                "loses every second key"
            }
            4 => {
                index.falsify();
                "holds other keys"
            }
            _ => {
                index.set_available(false);
                "does not answer until the next fact"
            }
        };
        self.tell(format!("the timer index {what}"));
        Ok(())
    }

    /// Everything answers again, and every worker comes to rest.
    fn settle(&mut self) -> Result<()> {
        let driver = self.simulation.driver_mut();
        driver.timer_index(TIMERS)?.set_available(true);
        driver.wake_zombies()?;
        driver.run_until_idle()?;
        Ok(())
    }

    fn ending(&mut self, observed: &Observed) -> Result<Ending> {
        let mut lines = BTreeSet::new();
        for ((recipient, period), statement) in &observed.statements {
            for line in &statement.lines {
                lines.insert(format!("{recipient} {period} {}", serde_json::to_string(line)?));
            }
        }
        let cancelled: BTreeSet<&String> = observed.entries.iter().filter_map(|it| it.cancels.as_ref()).collect();
        let mut counted: BTreeMap<String, u32> = BTreeMap::new();
        for entry in &observed.entries {
            if entry.cancels.is_none() && !cancelled.contains(&entry.entry_id) {
                *counted.entry(without_ids(entry)?).or_default() += 1;
            }
        }
        let entries = counted.into_iter().map(|(entry, count)| format!("{count} x {entry}")).collect();
        // What a wrong index holds for days that have passed is never looked at; emptied, it is what the rows say.
        let driver = self.simulation.driver_mut();
        driver.timer_index(TIMERS)?.wipe();
        driver.crash_and_restart(TIMERS, true)?;
        driver.run_until_idle()?;
        let index = driver.timer_index(TIMERS)?;
        let timers = (0..PARTITIONS).flat_map(|partition| index.entries(partition)).collect();
        Ok(Ending { lines, entries, timers })
    }
}

/// Entries are numbered as they come, pairs that cancel each other included, so that the numbers tell the schedule.
fn without_ids(entry: &LedgerEntry) -> Result<String> {
    let mut value = serde_json::to_value(entry)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("entry_id");
        fields.remove("linked_entry_id");
    }
    Ok(value.to_string())
}

impl Engine for Chaos {
    fn feed(&mut self, records: &[FeedRecord]) -> Result<()> {
        for record in records {
            let again = self.random.as_mut().and_then(|random| match random.below(10) {
                0 | 1 => Some(record.clone()),
                2 => random.pick(&self.past).cloned(),
                _ => None,
            });
            let broker = self.simulation.driver_mut().broker();
            broker.publish(record.feed.topic(), &record.key, record.header_bytes(), record.value.clone());
            if let Some(again) = again {
                broker.publish(again.feed.topic(), &again.key, again.header_bytes(), again.value.clone());
                self.tell(format!("a fact of {} comes again", again.feed.topic()));
            }
            if self.random.is_some() {
                self.past.push(record.clone());
            }
        }
        self.misfortune()?;
        self.settle()
    }

    fn open_days_to(&mut self, day: IstDate) -> Result<()> {
        self.misfortune()?;
        let jumps = self.random.as_mut().is_some_and(|random| random.percent(50));
        if jumps {
            self.simulation.driver_mut().jump_to(day.naive())?;
        } else {
            self.simulation.open_days_to(day).with_context(|| format!("opening {day}"))?;
        }
        Ok(())
    }

    fn read(&mut self, topic: &str) -> Result<Vec<InputRecord>> {
        Ok(self.simulation.read_all(topic))
    }
}
