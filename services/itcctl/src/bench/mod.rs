//! `itcctl bench`: what the engine costs on this machine, on a real Kafka and Redis. Each worker alone drains what lies in
//! its input, beside a pass-through of the same records; then all together, and how long a fact takes at a steady rate.

mod census;
mod drain;
mod latency;
mod process;
mod report;
mod restore;
mod story;

use crate::demo::children::{Surroundings, WORKERS, Workers};
use crate::demo::engine::Engine;
use crate::demo::faults::flush_redis;
use crate::demo::kafka_engine::{KafkaEngine, now};
use crate::demo::watch_signals;
use crate::feed::publish::{FeedPort, KafkaFeeds};
use crate::feed_record::FeedRecord;
use crate::topics;
use anyhow::{Context, Result};
use census::{Census, Grown};
use clap::Args;
use drain::{Drained, PASSED_TO_PARTITIONS, drain};
use latency::Latency;
use process::{cpu_of, machine, peak_memory_of};
use restore::{Restored, restore};
use service_kit::{Effective, Layers, Settings};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use story::Story;
use stream_kafka::{KafkaSettings, TopicSpec, create_topics, delete_topics};

/// Options of `itcctl bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArguments {
    /// A fresh Kafka, HOST:PORT, of which nothing is kept.
    #[arg(long, value_name = "HOST:PORT")]
    pub kafka: String,
    /// A Redis, <redis://HOST:PORT>, which is emptied.
    #[arg(long, value_name = "URL")]
    pub redis: String,
    /// How many documents the month has of which medians are told.
    #[arg(long, default_value_t = 20_000)]
    pub documents: usize,
    /// Medians of so many runs.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Further sizes, one run each, to see how the cost of a document grows.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    pub growth: Vec<usize>,
    /// Documents a second while times from feed to public topic are taken.
    #[arg(long, default_value_t = 100)]
    pub rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 20)]
    pub seconds: u32,
}

/// Workers in the order in which they drain: each finds what those before it wrote.
const BEFORE_REACTIONS: [&str; 3] = ["ingest", "filings", "customs"];
const AFTER_RETURNS: [&str; 5] = ["ims", "gstr2b", "payment-timers", "itc-ledger", "audit-evidence"];

/// Every worker alone, at one size.
#[derive(Debug, Clone)]
struct Alone {
    documents: usize,
    workers: Vec<Drained>,
    restored: Vec<Restored>,
}

/// All workers together.
#[derive(Debug, Clone, Default)]
struct Together {
    wall: Duration,
    cpu: Duration,
    broker_cpu: Option<Duration>,
    peaks_in_kib: BTreeMap<&'static str, u64>,
    grown: BTreeMap<String, Grown>,
}

/// One Kafka, used again and again.
struct Bench<'a> {
    surroundings: Surroundings,
    kafka: KafkaSettings,
    stopped: Arc<AtomicBool>,
    fed: i64,
    runs: u32,
    passed_to: String,
    out: &'a mut dyn Write,
}

/// Runs the benchmark. True where everything came to an end; what misses a target is said, and is no failure.
///
/// # Errors
/// A message where the engine cannot be started or a worker fails.
pub fn run(arguments: &BenchArguments, out: &mut dyn Write) -> Result<bool> {
    let mut surroundings = Surroundings::find(&arguments.kafka, &arguments.redis, story::first_day()?)?;
    // What workers do by default is measured.
    surroundings.options.clear();
    writeln!(out, "machine: {}", machine())?;
    let kafka = KafkaSettings::plain(&arguments.kafka);
    let mut bench =
        Bench { surroundings, kafka, stopped: watch_signals()?, fed: 0, runs: 0, passed_to: String::new(), out };
    let mut runs = Vec::new();
    for number in 1..=arguments.runs {
        writeln!(bench.out, "\n{} documents, run {number} of {}", arguments.documents, arguments.runs)?;
        runs.push(bench.alone(arguments.documents)?);
    }
    let mut growth = Vec::new();
    for documents in &arguments.growth {
        writeln!(bench.out, "\n{documents} documents")?;
        growth.push(bench.alone(*documents)?);
    }
    let (mut together, mut latencies) = (Vec::new(), None);
    for number in 1..=arguments.runs {
        let last = number == arguments.runs;
        writeln!(bench.out, "\n{} documents, all workers together, run {number}", arguments.documents)?;
        let (run, told) = bench.together(arguments, last)?;
        together.push(run);
        latencies = told.or(latencies);
    }
    let out = bench.out;
    report::alone(&runs, out)?;
    growth.extend(runs.first().cloned());
    growth.sort_by_key(|run| run.documents);
    report::growth(&growth, out)?;
    let settings: Settings = Effective::from_layers(&Layers::default())?.read()?;
    report::memory(&growth, &together, settings.memory_bound_in_bytes(), out)?;
    report::together(arguments.documents, &together, out)?;
    report::bytes(arguments.documents, &together, out)?;
    if let Some(largest) = growth.last() {
        report::stores(largest, out)?;
        report::restores(largest, out)?;
    }
    if let Some((record, entry)) = latencies {
        report::latency(arguments.rate, &record, &entry, out)?;
    }
    writeln!(out, "\nmachine: {}", machine())?;
    Ok(true)
}

impl Bench<'_> {
    /// Topics, stores and timers as on the first day.
    fn begin_anew(&mut self) -> Result<()> {
        topics::delete_all(&self.kafka)?;
        flush_redis(&self.surroundings.redis)?;
        // A topic of its own for each run: a transactional producer waits long for one that was deleted and made again.
        self.runs += 1;
        let name = format!("bench.pass-through-{}.v1", self.runs);
        if !self.passed_to.is_empty() {
            delete_topics(&self.kafka, &[&self.passed_to])?;
        }
        self.passed_to.clone_from(&name);
        let config = [("cleanup.policy".to_owned(), "delete".to_owned())].into();
        let spec = TopicSpec { name, partitions: PASSED_TO_PARTITIONS, replication: 1, config };
        create_topics(&self.kafka, &[spec])?;
        topics::create_on_fresh_kafka(&self.kafka)?;
        // The broker says that they are there before it leads them.
        const TRIES: u32 = 50;
        for _ in 0..TRIES {
            if Census::begin(&self.kafka).is_ok() {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(200));
        }
        self.fed = 0;
        Ok(())
    }

    /// Starts every worker, lets everybody register and opens the days before the facts.
    fn open(&mut self, story: Story) -> Result<KafkaEngine> {
        self.begin_anew()?;
        let workers = Workers::start(&self.surroundings, &|| false)?;
        let mut engine = KafkaEngine::with(workers, &self.surroundings.kafka, Arc::clone(&self.stopped))?;
        let registrations = collected(|each| story.registrations(each))?;
        engine.open_days_to(story::first_day()?)?;
        engine.feed(&registrations)?;
        engine.open_days_to(story::day_of_facts()?)?;
        // Two commands for the calendar stand in a feed, too.
        self.fed += i64::try_from(registrations.len())? + 2;
        Ok(engine)
    }

    fn publish(&mut self, facts: impl FnOnce(story::Each<'_>) -> Result<()>) -> Result<()> {
        let mut feeds = KafkaFeeds::new(self.kafka.clone(), "itcctl-bench");
        let fed = &mut self.fed;
        facts(&mut |record| {
            *fed += 1;
            feeds.publish(&record)
        })?;
        feeds.flush()
    }

    /// Every worker alone.
    fn alone(&mut self, documents: usize) -> Result<Alone> {
        let story = Story { first: 0, documents };
        drop(self.open(story)?);
        let mut census = Census::begin(&self.kafka)?;
        let mut drained: Vec<Drained> = Vec::new();
        self.publish(|each| story.filings(each))?;
        census.grown()?;
        for name in BEFORE_REACTIONS {
            drained.push(self.drain(name, &mut census)?);
        }
        self.publish(|each| story.reactions(each))?;
        census.grown()?;
        let more = self.drain("ingest", &mut census)?;
        if let Some(ingest) = drained.first_mut() {
            ingest.add(&more);
        }
        self.close_the_month()?;
        census.grown()?;
        for name in AFTER_RETURNS {
            drained.push(self.drain(name, &mut census)?);
        }
        let mut restored = Vec::new();
        for name in AFTER_RETURNS {
            restored.push(restore(name, &self.surroundings)?);
        }
        Ok(Alone { documents, workers: drained, restored })
    }

    /// Days up to the returns, and the returns.
    fn close_the_month(&mut self) -> Result<()> {
        let workers = Workers::start_some(&["ingest", "calendar"], &self.surroundings, &|| false)?;
        let mut engine = KafkaEngine::with(workers, &self.surroundings.kafka, Arc::clone(&self.stopped))?;
        engine.open_days_to(story::day_of_returns()?)?;
        let returns = collected(Story::returns)?;
        engine.feed(&returns)?;
        self.fed += i64::try_from(returns.len())? + 1;
        Ok(())
    }

    fn drain(&mut self, name: &'static str, census: &mut Census) -> Result<Drained> {
        let drained = drain(name, self.fed, &self.passed_to, &self.surroundings, census)?;
        report::drained(&drained, self.out)?;
        Ok(drained)
    }

    /// All workers at once; where `with_latency`, also how long facts take afterwards.
    fn together(
        &mut self,
        arguments: &BenchArguments,
        with_latency: bool,
    ) -> Result<(Together, Option<(Latency, Latency)>)> {
        let story = Story { first: 0, documents: arguments.documents };
        let mut engine = self.open(story)?;
        let mut census = Census::begin(&self.kafka)?;
        let facts = [collected(|each| story.filings(each))?, collected(|each| story.reactions(each))?];
        let returns = collected(Story::returns)?;
        let (began, before) = (now(), self.used(&mut engine)?);
        for records in &facts {
            engine.feed(records)?;
        }
        engine.open_days_to(story::day_of_returns()?)?;
        engine.feed(&returns)?;
        let wall = began.elapsed();
        let after = self.used(&mut engine)?;
        let mut peaks_in_kib = BTreeMap::new();
        for worker in &engine.workers().list {
            peaks_in_kib.insert(worker.name, peak_memory_of(worker.id().context("a process")?)?);
        }
        let broker_cpu = after.1.zip(before.1).map(|(after, before)| after.saturating_sub(before));
        let cpu = after.0.saturating_sub(before.0);
        let grown = census.grown()?;
        report::ran_together(arguments.documents, wall, cpu, self.out)?;
        let mut latencies = None;
        if with_latency {
            let count = usize::try_from(arguments.rate * arguments.seconds)?;
            let numbers = arguments.documents..arguments.documents + count;
            let record = latency::to_ims_record(&self.surroundings.kafka, numbers.clone(), arguments.rate)?;
            let entry = latency::to_ledger_entry(&self.surroundings.kafka, numbers, arguments.rate)?;
            latencies = Some((record, entry));
        }
        Ok((Together { wall, cpu, broker_cpu, peaks_in_kib, grown }, latencies))
    }

    /// CPU time of all workers and, where it is ours to see, of the broker.
    fn used(&self, engine: &mut KafkaEngine) -> Result<(Duration, Option<Duration>)> {
        let workers = engine.workers().ids().into_iter().map(cpu_of).sum::<Result<Duration>>()?;
        // `local.sh` keeps the broker's process id beside the workers' folder.
        let file = self.surroundings.folder.with_file_name("kafka").join("pid");
        let broker = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
        Ok((workers, broker.map(cpu_of).transpose()?))
    }
}

fn collected(facts: impl FnOnce(story::Each<'_>) -> Result<()>) -> Result<Vec<FeedRecord>> {
    let mut records = Vec::new();
    facts(&mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

/// Where a worker stands among all, for tables.
fn place_of(worker: &str) -> usize {
    WORKERS.iter().position(|name| *name == worker).unwrap_or(WORKERS.len())
}
