//! `itcctl demo`: a year of invented taxpayers through the whole engine, shown in tables and checked against an
//! independent recomputation; or a user's own files.

mod behaviour;
pub mod chaos;
mod check;
pub(crate) mod children;
pub(crate) mod engine;
pub(crate) mod faults;
mod generate;
pub(crate) mod kafka_engine;
mod look_around;
mod observe;
mod oracle;
pub(crate) mod parties;
mod random;
mod schedule;
mod simulated;
mod tables;
mod timeline;
mod working_days;
mod year;

use crate::feed::{self, translation::Supplement, translation::Translated};
use crate::feed_record::FeedRecord;
use crate::views::{self, simulated::SimulatedSource};
use anyhow::{Context, Result, bail};
use children::Surroundings;
use clap::Args;
use engine::Engine;
use faults::Faults;
use gst_types::{IstDate, IstInstant, RecipientGstin, TaxPeriod};
use kafka_engine::KafkaEngine;
use observe::Observed;
use simulated::SimulatedEngine;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tables::Names;

/// Options of `itcctl demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArguments {
    /// Your own files instead of the invented year; see `itcctl feed`.
    pub files: Vec<PathBuf>,
    /// A fresh Kafka, HOST:PORT; with --redis.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "simulated", required_unless_present = "simulated")]
    pub kafka: Option<String>,
    /// A Redis, <redis://HOST:PORT>, for workers that the demo starts.
    #[arg(long, value_name = "URL", requires = "kafka", required_unless_present_any = ["simulated", "workers"])]
    pub redis: Option<String>,
    /// Workers that run already, fresh ones, by their admin addresses; the calendar must go by commands.
    #[arg(long, value_name = "NAME=HOST:PORT", value_delimiter = ',', requires = "kafka", conflicts_with_all = ["redis", "keep", "faults"])]
    pub workers: Vec<String>,
    /// The same processors on the simulated log, in this process: neither Kafka nor Redis is needed.
    #[arg(long)]
    pub simulated: bool,
    /// With --simulated: answer this read-only command afterwards, such as "timers 27…"; may be given several times.
    #[arg(long, requires = "simulated", value_name = "COMMAND")]
    pub ask: Vec<String>,
    /// Leave the workers running and say how to look around.
    #[arg(long, conflicts_with = "simulated")]
    pub keep: bool,
    /// While the year runs, kill every worker process once in mid-batch and empty Redis once; the result must be the same.
    #[arg(long, requires = "kafka")]
    pub faults: bool,
    /// The invented year is the same for the same seed.
    #[arg(long, default_value_t = 2025)]
    pub seed: u64,
    /// How many documents the year has.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=99_999))]
    pub documents: u32,
    /// Whose dashboard, bills or register the files are, where they do not say.
    #[arg(long, value_name = "GSTIN")]
    pub recipient: Option<RecipientGstin>,
    /// The year of return periods in the files that name only a month.
    #[arg(long, value_name = "YYYY")]
    pub year: Option<i32>,
    /// The day on which forms in the files were filed, where they do not say.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub filed_on: Option<IstDate>,
}

/// What is fed, and between which days.
struct Story {
    days: BTreeMap<IstDate, Vec<FeedRecord>>,
    first_day: IstDate,
    last_day: IstDate,
    names: Names,
    /// The invented year, where it is one: then the outcome is known.
    year: Option<year::DemoYear>,
    nothing_refused: bool,
}

/// Runs the demo. True where everything came out as it must.
///
/// # Errors
/// A message where the engine cannot be started or a worker fails.
pub fn run(arguments: &DemoArguments, out: &mut dyn Write) -> Result<bool> {
    let story = if arguments.files.is_empty() { invented(arguments)? } else { own_files(arguments, out)? };
    let messages: usize = story.days.values().map(Vec::len).sum();
    let (days, first, last) = (story.days.len(), story.first_day, story.last_day);
    writeln!(out, "{messages} messages on {days} days between {first} and {last}")?;
    let Some(kafka) = &arguments.kafka else {
        writeln!(out, "Simulated: the same processors on a log in this process, without Kafka and Redis.")?;
        let mut engine = SimulatedEngine::start()?;
        let (right, observed) = show(&mut engine, &story, out)?;
        if let (Some((command, _)), true) = (look_around::commands(&observed).first(), arguments.ask.is_empty()) {
            writeln!(out, "\nAsk it more: --ask \"{command}\", and any other read-only command of itcctl")?;
        }
        for command in &arguments.ask {
            writeln!(out, "\n$ itcctl {command}")?;
            if let Err(error) = views::ask(command, &SimulatedSource(engine.simulation()), out) {
                writeln!(out, "itcctl: {error:#}")?;
            }
        }
        return Ok(right);
    };
    let Some(redis) = &arguments.redis else {
        writeln!(out, "Kafka at {kafka}, {} workers that run already", arguments.workers.len())?;
        let mut engine = KafkaEngine::attach(kafka, &arguments.workers, watch_signals()?)?;
        return Ok(show(&mut engine, &story, out)?.0);
    };
    let surroundings = Surroundings::find(kafka, redis, story.first_day)?;
    // User and password of the URL are not shown.
    let redis = redis.rsplit_once('@').map_or(redis.as_str(), |(_, address)| address);
    writeln!(out, "Kafka at {kafka}, Redis at {redis}, workers' logs in {}", surroundings.folder.display())?;
    let mut engine = KafkaEngine::start(&surroundings, watch_signals()?)?;
    if arguments.faults {
        engine.break_things(Faults::new(&surroundings));
    }
    let (right, observed) = show(&mut engine, &story, out)?;
    if let Some(broken) = engine.broken() {
        writeln!(out, "faults: {broken}")?;
    }
    if arguments.keep {
        engine.workers().keep();
        look_around::tell(&observed, engine.workers(), &surroundings, out)?;
        let ids: Vec<String> = engine.workers().ids().iter().map(u32::to_string).collect();
        writeln!(out, "Stop them with: kill {}", ids.join(" "))?;
    }
    Ok(right)
}

fn invented(arguments: &DemoArguments) -> Result<Story> {
    let year = generate::generate(arguments.seed, usize::try_from(arguments.documents)?)?;
    let recipients = year.recipients.iter().map(|party| (party.gstin.to_string(), party.name.clone()));
    let suppliers = year.suppliers.iter().map(|party| (party.gstin.to_string(), party.name.clone()));
    Ok(Story {
        days: schedule::schedule(&year)?,
        first_day: year.first_day,
        last_day: year.last_day,
        names: Names(recipients.chain(suppliers).collect()),
        year: Some(year),
        nothing_refused: true,
    })
}

/// The user's files by the day on which each record happened, from its `ce_time`.
fn own_files(arguments: &DemoArguments, out: &mut dyn Write) -> Result<Story> {
    let (recipient, year, filed_on) = (arguments.recipient, arguments.year, arguments.filed_on);
    let with = Supplement { recipient, year, filed_on, form: None, sent_at: None };
    let files: Vec<(PathBuf, Translated)> = feed::read_all(&arguments.files, &with)?;
    feed::write_summary(&files, false, out)?;
    let mut days: BTreeMap<IstDate, Vec<FeedRecord>> = BTreeMap::new();
    for record in files.iter().flat_map(|(_, file)| &file.records) {
        let sent_at = record.headers.iter().find(|(name, _)| name == "ce_time").map(|(_, text)| text);
        let sent_at: IstInstant = sent_at.context("a record without ce_time")?.parse()?;
        days.entry(sent_at.date()).or_default().push(record.clone());
    }
    let (Some(first_day), Some(last)) = (days.keys().next().copied(), days.keys().last().copied()) else {
        bail!("no file holds anything to feed");
    };
    let nothing_refused = files.iter().all(|(_, file)| file.refused.is_empty());
    // The 14th after the last fact, so that its statement is drafted.
    let last_day = TaxPeriod::of(last).next().day(14);
    Ok(Story { days, first_day, last_day, names: Names::default(), year: None, nothing_refused })
}

fn show(engine: &mut dyn Engine, story: &Story, out: &mut dyn Write) -> Result<(bool, Observed)> {
    engine::run_days(engine, &story.days, story.first_day, story.last_day)?;
    let observed = Observed::read(engine)?;
    tables::statements(&observed, &story.names, out)?;
    tables::table_4(&observed, &story.names, out)?;
    tables::reversals(&observed, &story.names, out)?;
    tables::timers(&observed, story.last_day, &story.names, out)?;
    timeline::print(&observed, &story.names, out)?;
    tables::answers(&observed, out)?;
    writeln!(out)?;
    let right = match &story.year {
        Some(year) => check::check(year, &oracle::expect(year), &observed, out)?,
        None => story.nothing_refused && observed.dead_letters.is_empty(),
    };
    Ok((right, observed))
}

/// Ctrl-C and SIGTERM set a flag that every wait looks at, so that the workers are ended in order.
pub(crate) fn watch_signals() -> Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            flag.store(true, Ordering::Release);
        });
    })?;
    Ok(stopped)
}
