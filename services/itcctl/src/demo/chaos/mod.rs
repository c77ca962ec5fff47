//! `itcctl simulate`: the invented year on the simulated log, under a schedule of faults that a seed decides: crashes at
//! every step of the loop, processes that were replaced and do not know it, unknown outcomes, facts that come again, a timer
//! index that loses some or all, coordinators that forget, days that jump.
//!
//! * The whole topology: whatever happens, statement lines and ledger entries (pairs that cancel each other removed) end as
//!   they do without faults, and as the oracle says.
//! * Each worker alone, on the journal of such a year: what it writes, its rows and the timer index end as they do without
//!   faults.

mod alone;
mod misfortune;
mod topology;

use alone::Recording;
use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use itc_engine::topology::workers;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use stream::WorkerName;
use stream_testkit::{Fault, Mistake};
use topology::Story;

/// Years that a run of many seeds shares, so that the run without faults is made once for each.
const STORIES: u64 = 4;
const TIMERS: WorkerName = WorkerName("payment-timers");
/// Stands for each worker in turn.
const EVERY_WORKER: &str = "all";

/// Options of `itcctl simulate`.
#[derive(Debug, Clone, Args)]
pub struct SimulateArguments {
    /// Only this seed.
    #[arg(long, conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Seeds 1 to this one.
    #[arg(long, default_value_t = 100)]
    pub seeds: u64,
    /// One worker alone on a recorded journal instead of the whole topology; `all` for each of them.
    #[arg(long)]
    pub worker: Option<String>,
    /// How many documents the year has, besides its bills of entry.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub documents: u32,
    /// Say each fault.
    #[arg(long)]
    pub verbose: bool,
}

/// What is put under faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Every worker, from the feeds on.
    Topology,
    /// One worker on a recorded journal.
    Worker(WorkerName),
}

impl Level {
    /// Each worker alone.
    #[must_use]
    pub fn workers() -> Vec<Self> {
        workers().iter().map(|entry| Self::Worker(entry.name)).collect()
    }

    /// The command that runs one seed again.
    #[must_use]
    pub fn replay(self, seed: u64, documents: u32) -> String {
        match self {
            Self::Topology => format!("make sim SEED={seed} DOCUMENTS={documents}"),
            Self::Worker(worker) => format!("make sim SEED={seed} WORKER={worker} DOCUMENTS={documents}"),
        }
    }
}

/// What went wrong in a run.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// In words, in order.
    pub faults: Vec<String>,
    /// How often by kind. What was planned at a commit that never came is not counted.
    pub happened: BTreeMap<String, u64>,
}

impl Told {
    fn note(&mut self, kind: &str, text: String) {
        self.faults.push(text);
        if !kind.is_empty() {
            *self.happened.entry(kind.to_owned()).or_default() += 1;
        }
    }

    fn count_faults(&mut self, faults: &BTreeMap<Fault, u64>) {
        for (fault, count) in faults {
            *self.happened.entry(format!("{fault:?}")).or_default() += count;
        }
    }

    fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        for (kind, count) in other.happened {
            *self.happened.entry(kind).or_default() += count;
        }
    }
}

/// One seed that ended wrong.
#[derive(Debug)]
pub struct Failure {
    /// Of what.
    pub level: Level,
    /// Which seed.
    pub seed: u64,
    /// How.
    pub reason: String,
}

/// What many seeds gave.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many ran.
    pub ran: usize,
    /// What went wrong in all of them.
    pub told: Told,
    /// Those that ended wrong.
    pub failed: Vec<Failure>,
}

/// Runs seeds, and keeps the years that they share.
pub struct Simulator {
    documents: u32,
    stories: [OnceLock<Result<Story, String>>; 4],
    recordings: [OnceLock<Result<Recording, String>>; 4],
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Simulator({} documents)", self.documents)
    }
}

impl Simulator {
    /// A simulator of years of that many documents.
    #[must_use]
    pub fn new(documents: u32) -> Self {
        Self { documents, stories: Default::default(), recordings: Default::default() }
    }

    fn story(&self, number: u64) -> Result<&Story> {
        let place = self.stories.get(usize::try_from(number % STORIES)?).context("one of four")?;
        let told =
            place.get_or_init(|| Story::tell(number % STORIES, self.documents).map_err(|error| format!("{error:#}")));
        told.as_ref().map_err(|reason| anyhow::anyhow!("{reason}"))
    }

    fn recording(&self, number: u64) -> Result<&Recording> {
        let place = self.recordings.get(usize::try_from(number % STORIES)?).context("one of four")?;
        let record = || Ok(Recording::of(&self.story(number)?.record(number % STORIES)?));
        let recorded = place.get_or_init(|| record().map_err(|error: anyhow::Error| format!("{error:#}")));
        recorded.as_ref().map_err(|reason| anyhow::anyhow!("{reason}"))
    }

    /// Runs one seed: how it ended, and what was done to it.
    ///
    /// # Errors
    /// A message where the year cannot be made, or does not end right even without faults.
    pub fn run(&self, level: Level, seed: u64) -> Result<(Result<()>, Told)> {
        match level {
            Level::Topology => self.story(seed)?.run(seed),
            Level::Worker(worker) => self.recording(seed)?.run(worker, seed, None),
        }
    }

    /// Runs one seed on a worker whose log makes a mistake, to show that it would be noticed.
    ///
    /// # Errors
    /// As [`Simulator::run`].
    pub fn run_with(&self, mistake: Mistake, worker: WorkerName, seed: u64) -> Result<(Result<()>, Told)> {
        self.recording(seed)?.run(worker, seed, Some(mistake))
    }

    /// Runs many seeds on every core.
    ///
    /// # Errors
    /// As [`Simulator::run`].
    pub fn run_all(&self, jobs: &[(Level, u64)]) -> Result<Summary> {
        let bar = ProgressBar::new(u64::try_from(jobs.len())?).with_style(
            ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let (next, summary) = (AtomicUsize::new(0), Mutex::new(Summary::default()));
        let work = || -> Result<()> {
            while let Some((level, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (outcome, told) = self.run(*level, *seed)?;
                let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                summary.ran += 1;
                summary.told.add(told);
                if let Err(reason) = outcome {
                    let reason = format!("{reason:#}");
                    summary.failed.push(Failure { level: *level, seed: *seed, reason });
                }
                bar.inc(1);
            }
            Ok(())
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(outcome) => outcome,
                Err(_) => bail!("a worker panicked in mid-run"),
            })
        })?;
        bar.finish_and_clear();
        Ok(summary.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every kind of fault that many seeds must have shown.
#[must_use]
pub fn kinds(level: Level) -> Vec<String> {
    let own: &[&str] = match level {
        Level::Topology => &["a fact again", "days jump"],
        Level::Worker(_) => &["markers late"],
    };
    let named = misfortune::Known::KINDS.iter().chain(&misfortune::INDEX_KINDS).chain(own);
    Fault::ALL.iter().map(|fault| format!("{fault:?}")).chain(named.map(|&kind| kind.to_owned())).collect()
}

/// Runs the seeds. True where every one of them ended right.
///
/// # Errors
/// A message where a year cannot be made or a run without faults fails.
pub fn run(arguments: &SimulateArguments, out: &mut dyn Write) -> Result<bool> {
    let levels = levels(arguments.worker.as_deref())?;
    let seeds = arguments.seed.map_or(1..=arguments.seeds, |seed| seed..=seed);
    let jobs: Vec<(Level, u64)> = seeds.flat_map(|seed| levels.iter().map(move |level| (*level, seed))).collect();
    let summary = Simulator::new(arguments.documents).run_all(&jobs)?;
    if arguments.verbose {
        summary.told.faults.iter().try_for_each(|fault| writeln!(out, "  {fault}"))?;
    }
    for Failure { level, seed, reason } in &summary.failed {
        writeln!(out, "FAIL seed {seed}: {reason}")?;
        writeln!(out, "     replay it: {}", level.replay(*seed, arguments.documents))?;
    }
    let happened = summary.told.happened.iter().map(|(kind, count)| format!("{count} {kind}"));
    writeln!(out, "{}", happened.collect::<Vec<_>>().join(", "))?;
    let faults: u64 = summary.told.happened.values().sum();
    writeln!(out, "{} seeds, {faults} faults, {} failed", summary.ran, summary.failed.len())?;
    Ok(summary.failed.is_empty())
}

fn levels(worker: Option<&str>) -> Result<Vec<Level>> {
    match worker {
        None => Ok(vec![Level::Topology]),
        Some(EVERY_WORKER) => Ok(Level::workers()),
        Some(name) => match workers().iter().find(|entry| entry.name.0 == name) {
            Some(entry) => Ok(vec![Level::Worker(entry.name)]),
            None => {
                let names: Vec<&str> = workers().iter().map(|entry| entry.name.0).collect();
                bail!("there is no worker {name}; there are {} and {EVERY_WORKER}", names.join(", "))
            }
        },
    }
}
