//! The invented year through the whole topology, with everything that can go wrong.

use super::misfortune::{Known, Misfortune, small_steps, spoil_index};
use super::{TIMERS, Told};
use crate::demo::engine::{self, Engine};
use crate::demo::observe::Observed;
use crate::demo::random::Random;
use crate::demo::{check, generate, oracle, schedule, year};
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result, bail, ensure};
use audit_evidence::{AuditEvidence, rows::PackRow};
use gst_events::LedgerEntry;
use gst_types::IstDate;
use itc_engine::simulation::Simulation;
use std::collections::{BTreeMap, BTreeSet};
use stream::{InputRecord, Processor, Row, RowKey, TimerEntry, WorkerName};

/// More than one, so that keys spread.
pub(super) const PARTITIONS: u32 = 2;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ending {
    lines: BTreeSet<String>,
    entries: BTreeSet<String>,
    timers: Vec<TimerEntry>,
}

/// A year, and how it ends without faults.
pub(super) struct Story {
    year: year::DemoYear,
    days: BTreeMap<IstDate, Vec<FeedRecord>>,
    ending: Ending,
}

impl Story {
    pub(super) fn tell(number: u64, documents: u32) -> Result<Self> {
        let year = generate::generate(number, usize::try_from(documents)?)?;
        let days = schedule::schedule(&year)?;
        let nothing = Ending { lines: BTreeSet::new(), entries: BTreeSet::new(), timers: Vec::new() };
        let mut story = Self { year, days, ending: nothing };
        story.ending = story.end(&mut Chaos::start(None)?).context("without faults")?;
        Ok(story)
    }

    /// Runs it under the faults of a seed: how it ended, and what was done to it.
    pub(super) fn run(&self, seed: u64) -> Result<(Result<()>, Told)> {
        let mut chaos = Chaos::start(Some(seed))?;
        let outcome = self.end(&mut chaos).and_then(|ending| self.compare(&ending));
        let faults = chaos.simulation.driver_mut().broker().faults_that_happened();
        chaos.told.count_faults(&faults);
        Ok((outcome, chaos.told))
    }

    /// What each topic holds at the end of the year, where facts came again and nothing else went wrong.
    pub(super) fn record(&self, seed: u64) -> Result<Simulation> {
        let mut chaos = Chaos::start(None)?;
        chaos.repeats = Some(Random::new(seed));
        self.end(&mut chaos).context("with facts that come again")?;
        Ok(chaos.simulation)
    }

    fn end(&self, chaos: &mut Chaos) -> Result<Ending> {
        engine::run_days(chaos, &self.days, self.year.first_day, self.year.last_day)?;
        chaos.settle()?;
        let observed = Observed::read(chaos)?;
        let mut said = Vec::new();
        if !check::check(&self.year, &oracle::expect(&self.year), &observed, &mut said)? {
            bail!("not as the oracle says:\n{}", String::from_utf8_lossy(&said));
        }
        chaos.compare_evidence(&observed)?;
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
    /// `None` where no fact comes again.
    repeats: Option<Random>,
    /// Facts that may come again.
    past: Vec<FeedRecord>,
    told: Told,
}

impl Chaos {
    fn start(seed: Option<u64>) -> Result<Self> {
        let mut simulation = Simulation::start_with(PARTITIONS, &BTreeMap::new(), &small_steps())?;
        let random = seed.map(Random::new);
        // Half of the seeds lose the disk with the process.
        simulation.driver_mut().let_crashes_keep_stores(seed.is_some_and(|seed| seed % 2 == 0));
        // A sequence of its own, so that what comes again does not depend on what breaks.
        let repeats = seed.map(|seed| Random::new(seed ^ 0x5eed));
        Ok(Self { simulation, random, repeats, past: Vec::new(), told: Told::default() })
    }

    fn tell(&mut self, kind: &str, text: &str) {
        let day = self.simulation.day().map_or_else(|| "before the first day".to_owned(), |day| day.to_string());
        self.told.note(kind, format!("{day}: {text}"));
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
        let driver = self.simulation.driver_mut();
        let Misfortune { kind, text } = match random.below(10) {
            8 | 9 => spoil_index(&driver.timer_index(TIMERS)?, random.below(6)),
            _ => Known::of(worker).strikes(driver, random)?,
        };
        self.tell(&kind, &text);
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

    /// Whoever folds the topic has the packs that the rows have, and no other.
    fn compare_evidence(&self, observed: &Observed) -> Result<()> {
        let (mut kept, mut equal) = (0, 0);
        for partition in 0..PARTITIONS {
            let rows = self.simulation.rows(AuditEvidence::NAME, partition)?;
            kept += rows.scan::<PackRow>(&RowKey::table(PackRow::TABLE), None, usize::MAX)?.len();
            for ((recipient, _), folded) in &observed.evidence {
                let pack = audit_evidence::view::pack(&rows, *recipient, &folded.subject)?;
                equal += usize::from(pack.as_ref() == Some(folded));
            }
        }
        let told = observed.evidence.len();
        ensure!(kept == told && equal == told, "of {kept} packs the topic has {told}, and {equal} are equal");
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
            let again = self.repeats.as_mut().and_then(|random| match random.below(10) {
                0 | 1 => Some(record.clone()),
                2 => random.pick(&self.past).cloned(),
                _ => None,
            });
            let broker = self.simulation.driver_mut().broker();
            broker.publish(record.feed.topic(), &record.key, record.header_bytes(), record.value.clone());
            if let Some(again) = again {
                broker.publish(again.feed.topic(), &again.key, again.header_bytes(), again.value.clone());
                self.tell("a fact again", &format!("a fact of {} comes again", again.feed.topic()));
            }
            if self.repeats.is_some() {
                self.past.push(record.clone());
            }
        }
        self.misfortune()?;
        self.settle()
    }

    fn open_days_to(&mut self, day: IstDate) -> Result<()> {
        self.misfortune()?;
        let jumps = self.random.as_mut().is_some_and(|random| random.percent(50));
        if jumps && self.simulation.day().is_some_and(|last| last.plus_days(1) < day) {
            self.tell("days jump", &format!("the days to {day} are opened at once"));
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
