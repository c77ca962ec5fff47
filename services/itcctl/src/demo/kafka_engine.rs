//! Real processes on a real Kafka. The demo writes the days itself, as the calendar: the next day opens when every worker
//! is at rest.

use super::children::{Surroundings, Worker, Workers};
use super::engine::Engine;
use super::faults::{Broken, Faults};
use super::topics;
use crate::feed::publish::{FeedPort, KafkaFeeds};
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result, bail};
use calendar::{LastMark, PlanInput, PlannedMark, TakenMark, plan};
use gst_events::{RulebookActivated, Topic};
use gst_rules::Rulebook;
use gst_types::IstDate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stream::{InputRecord, WorkerName};
use stream_kafka::{KafkaSettings, MarkWriter, TopicReader};

/// A worker that is at rest says the same this many times in a row: what one has just committed must have reached the
/// next one's lag by then.
const SAME_ANSWERS: u32 = 3;
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// A day of the demo is done in well under a second; a minute and a half of nothing new is a fault.
const STILL_FOR: Duration = Duration::from_secs(90);
/// Days opened by one transaction: more than any gap of the demo year.
const DAYS_MAX: usize = 366;

/// The topology as processes.
#[derive(Debug)]
pub(crate) struct KafkaEngine {
    workers: Workers,
    feeds: KafkaFeeds,
    marks: MarkWriter,
    reader: TopicReader,
    last: Option<LastMark>,
    first_day: IstDate,
    fed: i64,
    faults: Option<Faults>,
    stopped: Arc<AtomicBool>,
}

/// What all workers together say about themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Standing {
    at_rest: bool,
    read_by_ingest: i64,
    offsets: BTreeMap<String, i64>,
    behind_day: bool,
    halted: Option<String>,
}

impl KafkaEngine {
    /// Creates the topics and starts every worker.
    pub(crate) fn start(surroundings: &Surroundings, first_day: IstDate, stopped: Arc<AtomicBool>) -> Result<Self> {
        let kafka = KafkaSettings::plain(&surroundings.kafka);
        topics::create(&kafka).with_context(|| format!("Kafka at {}", surroundings.kafka))?;
        let flag = Arc::clone(&stopped);
        let workers = Workers::start(surroundings, &move || flag.load(Ordering::Acquire))?;
        let marks = MarkWriter::open(&kafka, WorkerName("calendar"))?;
        let reader = TopicReader::open(&kafka, "itcctl-demo")?;
        let feeds = KafkaFeeds::new(&surroundings.kafka, "itcctl-demo");
        Ok(Self { workers, feeds, marks, reader, last: None, first_day, fed: 0, faults: None, stopped })
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
        let (mut before, mut same, mut still) = (Standing::default(), 0, Duration::ZERO);
        loop {
            if self.stopped.load(Ordering::Acquire) {
                bail!("stopped");
            }
            for worker in &mut self.workers.list {
                worker.check_running()?;
            }
            let now = self.standing()?;
            if let Some(why) = now.halted {
                bail!("{why}");
            }
            let done = now.at_rest && !now.behind_day && now.read_by_ingest >= self.fed;
            let moved = now != before;
            same = if done && !moved { same + 1 } else { 0 };
            if same >= SAME_ANSWERS {
                return Ok(());
            }
            still = if moved { Duration::ZERO } else { still + LOOK_AGAIN };
            if still >= STILL_FOR {
                bail!("the workers did not come to rest within {} s; see {}", STILL_FOR.as_secs(), self.folder());
            }
            before = now;
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }

    fn folder(&self) -> String {
        let log = self.workers.list.first().and_then(|worker| worker.log.parent());
        log.map(|folder| folder.display().to_string()).unwrap_or_default()
    }

    fn standing(&self) -> Result<Standing> {
        let day = self.last.as_ref().map(|last| last.date.to_string());
        let mut standing = Standing { at_rest: true, ..Standing::default() };
        for worker in &self.workers.list {
            standing.add(worker, day.as_deref())?;
        }
        Ok(standing)
    }
}

impl Standing {
    fn add(&mut self, worker: &Worker, day: Option<&str>) -> Result<()> {
        let state = worker.state()?;
        for thread in list(&state, "/threads") {
            for partition in list(thread, "/status/partitions") {
                let number = |path: &str| partition.pointer(path).and_then(Value::as_i64);
                if let Some(reason) = partition.pointer("/phase/Halted").and_then(Value::as_str) {
                    self.halted = Some(format!("{} halted: {reason}; see {}", worker.name, worker.log.display()));
                }
                let waits = ["/open_jobs", "/timers_waiting_days"].into_iter().any(|path| number(path) != Some(0));
                self.at_rest &= number("/lag_in_records") == Some(0) && !waits;
                let topic = partition.pointer("/topic").and_then(Value::as_str).unwrap_or_default();
                let place = format!("{}/{topic}/{}", worker.name, number("/partition").unwrap_or_default());
                let offset = number("/next_offset").unwrap_or_default();
                self.offsets.insert(place, offset + number("/checkpoint").unwrap_or_default());
                if worker.name == "ingest" {
                    self.read_by_ingest += number("/counters/read").unwrap_or_default();
                } else if day.is_some() {
                    self.behind_day |= partition.pointer("/day").and_then(Value::as_str) != day;
                }
            }
        }
        Ok(())
    }
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
        let broken = match &mut self.faults {
            Some(faults) => faults.strike(&mut self.workers)?,
            None => Broken::Nothing,
        };
        if broken == Broken::Ingest {
            // A new process counts from zero; it is at rest when its lag says so.
            self.fed = 0;
        }
        self.settle()?;
        if broken == Broken::Ingest {
            self.fed = self.standing()?.read_by_ingest;
        }
        Ok(())
    }

    fn open_days_to(&mut self, day: IstDate) -> Result<()> {
        if self.last.as_ref().is_some_and(|last| last.date >= day) {
            return Ok(());
        }
        let digest = Rulebook::embedded().released_digest().to_owned();
        let first_rulebook = RulebookActivated { digest, rows: BTreeMap::new() };
        let input = PlanInput {
            last: self.last.as_ref(),
            through: day,
            first_day: self.last.is_none().then_some(self.first_day),
            first_rulebook: &first_rulebook,
            commands: &[],
            days_max: DAYS_MAX,
            command_ids_max: 1,
        };
        let planned = plan(&input)?;
        let marks: Vec<_> = planned.marks.iter().map(PlannedMark::record).collect();
        self.marks.write(&calendar::JOURNALS.map(Topic::name), &marks)?;
        for planned in planned.marks {
            if let TakenMark::Day(mark) = planned.mark {
                let (date, commands) = (mark.date, mark.commands);
                self.last = Some(LastMark { date, commands, command_offsets: mark.command_offsets });
            }
        }
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
