//! Real processes on a real Kafka. The calendar opens days by command: the next day is asked for when every worker is at
//! rest.

use super::children::{Surroundings, Worker, Workers};
use super::engine::Engine;
use super::faults::Faults;
use crate::connection::KafkaArguments;
use crate::feed::publish::{FeedPort, KafkaFeeds};
use crate::feed_record::{Feed, FeedRecord};
use crate::topics;
use anyhow::{Context, Result, bail};
use gst_events::{Actor, OperatorAction, OperatorCommand};
use gst_types::IstDate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stream::InputRecord;
use stream_kafka::TopicReader;

/// Workers are at rest once they have said the same for this long: what one has just committed must have reached the next
/// one's lag by then, which takes some milliseconds.
const QUIET_FOR: Duration = Duration::from_millis(120);
/// On a busy machine that takes longer, and so does a look at all workers: this many looks must pass, too.
const QUIET_FOR_LOOKS: u32 = 8;
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// A day of the demo is done in well under a second; a minute and a half of nothing new is a fault.
const STILL_FOR: Duration = Duration::from_secs(90);

/// The topology as processes.
#[derive(Debug)]
pub(crate) struct KafkaEngine {
    workers: Workers,
    feeds: KafkaFeeds,
    reader: TopicReader,
    /// The last day asked for.
    last: Option<IstDate>,
    fed: i64,
    faults: Option<Faults>,
    stopped: Arc<AtomicBool>,
}

/// What all workers together say about themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    pub(crate) at_rest: bool,
    pub(crate) read_by_ingest: i64,
    offsets: BTreeMap<String, i64>,
    behind_day: bool,
    pub(crate) halted: Option<String>,
}

impl KafkaEngine {
    /// Creates the topics and starts every worker.
    pub(crate) fn start(surroundings: &Surroundings, stopped: Arc<AtomicBool>) -> Result<Self> {
        let kafka = KafkaArguments::at(&surroundings.kafka).settings()?;
        topics::create_on_fresh_kafka(&kafka).with_context(|| format!("Kafka at {}", surroundings.kafka))?;
        let flag = Arc::clone(&stopped);
        let workers = Workers::start(surroundings, &move || flag.load(Ordering::Acquire))?;
        Self::with(workers, &surroundings.kafka, stopped)
    }

    /// Takes workers that run already, on topics that are there.
    pub(crate) fn attach(kafka: &str, addresses: &[String], stopped: Arc<AtomicBool>) -> Result<Self> {
        let flag = Arc::clone(&stopped);
        let workers = Workers::attach(addresses, &move || flag.load(Ordering::Acquire))?;
        Self::with(workers, kafka, stopped)
    }

    /// On workers that are ready.
    pub(crate) fn with(workers: Workers, kafka: &str, stopped: Arc<AtomicBool>) -> Result<Self> {
        let kafka = KafkaArguments::at(kafka).settings()?;
        let reader = TopicReader::open(&kafka, "itcctl-demo")?;
        let feeds = KafkaFeeds::new(kafka, "itcctl-demo");
        let mut engine = Self { workers, feeds, reader, last: None, fed: 0, faults: None, stopped };
        engine.settle()?;
        // What stood in the feeds before counts as fed.
        engine.fed = engine.standing()?.read_by_ingest;
        Ok(engine)
    }

    /// Breaks things while the year runs.
    pub(crate) fn break_things(&mut self, faults: Faults) {
        self.faults = Some(faults);
    }

    /// What was broken, in words.
    pub(crate) fn broken(&self) -> Option<String> {
        self.faults.as_ref().map(Faults::summary)
    }

    /// The worker processes.
    pub(crate) fn workers(&mut self) -> &mut Workers {
        &mut self.workers
    }

    fn settle(&mut self) -> Result<()> {
        let mut before = Standing::default();
        let (mut moved_at, mut slowest) = (now(), Duration::ZERO);
        loop {
            if self.stopped.load(Ordering::Acquire) {
                bail!("stopped");
            }
            for worker in &mut self.workers.list {
                worker.check_running()?;
            }
            let looked_at = now();
            let standing = self.standing()?;
            if let Some(why) = standing.halted {
                bail!("{why}");
            }
            if standing != before {
                (moved_at, slowest) = (now(), Duration::ZERO);
            }
            slowest = slowest.max(looked_at.elapsed());
            let still = moved_at.elapsed();
            let done = standing.at_rest && !standing.behind_day && standing.read_by_ingest >= self.fed;
            if done && still >= QUIET_FOR.max(slowest * QUIET_FOR_LOOKS) {
                return Ok(());
            }
            if still >= STILL_FOR {
                bail!("the workers did not come to rest within {} s; see their logs", STILL_FOR.as_secs());
            }
            before = standing;
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }

    fn standing(&self) -> Result<Standing> {
        let day = self.last.map(|last| last.to_string());
        let mut standing = Standing { at_rest: true, ..Standing::default() };
        for worker in &self.workers.list {
            standing.add(worker, day.as_deref())?;
        }
        Ok(standing)
    }
}

impl Standing {
    /// What one worker says.
    pub(crate) fn of(worker: &Worker) -> Result<Self> {
        let mut standing = Self { at_rest: true, ..Self::default() };
        standing.add(worker, None)?;
        Ok(standing)
    }

    fn add(&mut self, worker: &Worker, day: Option<&str>) -> Result<()> {
        let state = worker.state()?;
        for thread in list(&state, "/threads") {
            for partition in list(thread, "/status/partitions") {
                let number = |path: &str| partition.pointer(path).and_then(Value::as_i64);
                if let Some(reason) = partition.pointer("/phase/Halted").and_then(Value::as_str) {
                    self.halted = Some(format!("{} halted: {reason}; see {}", worker.name, worker.log()));
                }
                let waits = ["/open_jobs", "/timers_waiting_days"].into_iter().any(|path| number(path) != Some(0));
                self.at_rest &= number("/lag_in_records") == Some(0) && !waits;
                let topic = partition.pointer("/topic").and_then(Value::as_str).unwrap_or_default();
                let place = format!("{}/{topic}/{}", worker.name, number("/partition").unwrap_or_default());
                let offset = number("/next_offset").unwrap_or_default();
                self.offsets.insert(place, offset + number("/checkpoint").unwrap_or_default());
                if worker.name == "ingest" {
                    // Feeds hold no transaction markers, so that offsets count records.
                    self.read_by_ingest += offset;
                } else if day.is_some() {
                    self.behind_day |= partition.pointer("/day").and_then(Value::as_str) != day;
                }
            }
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "how long workers rest or take; no decision looks at it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

impl Engine for KafkaEngine {
    fn feed(&mut self, records: &[FeedRecord]) -> Result<()> {
        for record in records {
            self.feeds.publish(record)?;
        }
        self.feeds.flush()?;
        self.fed += i64::try_from(records.len())?;
        if let Some(faults) = &mut self.faults {
            faults.strike(&mut self.workers)?;
        }
        self.settle()
    }

    fn open_days_to(&mut self, day: IstDate) -> Result<()> {
        if self.last.is_some_and(|last| last >= day) {
            return Ok(());
        }
        let command = OperatorCommand {
            worker: "calendar".to_owned(),
            key: "*".to_owned(),
            command: OperatorAction::OpenDays { through: day },
            reason: "every worker is at rest".to_owned(),
            actor: Actor { subject: "itcctl demo".to_owned(), role: None },
        };
        let id = format!("demo-open-{day}");
        self.feeds.publish(&FeedRecord::fact(Feed::OperatorCommands, &id, "*", None, &command))?;
        self.feeds.flush()?;
        // `ingest` reads the command too, and leaves it to the calendar.
        self.fed += 1;
        self.last = Some(day);
        self.settle()
    }

    fn read(&mut self, topic: &str) -> Result<Vec<InputRecord>> {
        let mut records = Vec::new();
        self.reader.read_all(topic, &mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }
}
