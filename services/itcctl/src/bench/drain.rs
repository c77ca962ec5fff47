//! One worker alone works off what lies in its input; then a pass-through of the same records does the least that exactly
//! once can cost.

use super::census::{Census, Grown};
use super::process::{cpu_of, disk_of, peak_memory_of};
use crate::demo::children::{Surroundings, Worker, Workers};
use crate::demo::kafka_engine::{Standing, now};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stream::{WorkerName, changelog_topic};
use stream_kafka::{KafkaSettings, PassThrough, PassThroughSettings, Stretch, Written};

/// Partitions of the topic where the pass-through writes: as our own topics have on one machine.
pub(super) const PASSED_TO_PARTITIONS: u32 = 8;
/// A transaction of the loop: its defaults.
const BATCH: (usize, usize) = (5_000, 8 << 20);
/// A worker is done when it says the same for this long.
const QUIET_FOR: Duration = Duration::from_millis(600);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A start takes some seconds, on a busy machine more.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Nothing new for so long is a fault.
const STILL_FOR: Duration = Duration::from_secs(120);

/// What a worker needed for what lay in its input, and what the pass-through needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Drained {
    pub(super) worker: &'static str,
    pub(super) read: u64,
    pub(super) skipped: u64,
    pub(super) events: Grown,
    pub(super) rows: Grown,
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    pub(super) peak_in_kib: u64,
    /// What its store takes on disk once it has ended.
    pub(super) store_bytes: u64,
    pub(super) passed_wall: Duration,
    pub(super) passed_cpu: Duration,
    /// By topic, what the worker wrote.
    pub(super) written: BTreeMap<String, Grown>,
}

impl Drained {
    /// The same worker again, on more records.
    pub(super) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.skipped += other.skipped;
        self.events.add(other.events);
        self.rows.add(other.rows);
        self.wall += other.wall;
        self.cpu += other.cpu;
        self.peak_in_kib = self.peak_in_kib.max(other.peak_in_kib);
        self.store_bytes = self.store_bytes.max(other.store_bytes);
        self.passed_wall += other.passed_wall;
        self.passed_cpu += other.passed_cpu;
        for (topic, grown) in &other.written {
            self.written.entry(topic.clone()).or_default().add(*grown);
        }
    }
}

/// Lets a worker drain its input; `fed` is how many records the feeds have held so far, and the pass-through writes to the
/// topic `passed_to`.
pub(super) fn drain(
    name: &'static str,
    fed: i64,
    passed_to: &str,
    surroundings: &Surroundings,
    census: &mut Census,
) -> Result<Drained> {
    let mut workers = Workers::spawn_some(&[name], surroundings)?;
    let worker = workers.list.first_mut().context("a worker was started")?;
    let process = worker.id().context("a worker has a process")?;
    let (began, cpu_before) = begin(worker, process)?;
    let before = positions(&worker.state()?);
    let (ended, cpu_after) = end(worker, process, fed)?;
    let state = worker.state()?;
    let peak_in_kib = peak_memory_of(process)?;
    drop(workers);
    let mut drained = Drained {
        worker: name,
        read: total(&state, "/counters/read"),
        skipped: total(&state, "/counters/skipped"),
        wall: ended - began,
        cpu: cpu_after.saturating_sub(cpu_before),
        peak_in_kib,
        store_bytes: disk_of(&surroundings.store_of(name))?,
        written: census.grown()?,
        ..Drained::default()
    };
    let changelog = changelog_topic(WorkerName(name));
    for (topic, grown) in &drained.written {
        if *topic == changelog { drained.rows.add(*grown) } else { drained.events.add(*grown) }
    }
    let after = positions(&state);
    let inputs = before.into_iter().filter_map(|((topic, partition), from)| {
        let to = *after.get(&(topic.clone(), partition))?;
        Some(Stretch { topic, partition, from, to })
    });
    pass_through(inputs.collect(), passed_to, surroundings, &mut drained)?;
    Ok(drained)
}

/// Waits until it has its partitions and begins to read.
pub(super) fn begin(worker: &mut Worker, process: u32) -> Result<(Instant, Duration)> {
    let started = now();
    while started.elapsed() < READY_WITHIN {
        worker.check_running()?;
        let (at, cpu) = (now(), cpu_of(process)?);
        if worker.is_ready() {
            return Ok((at, cpu));
        }
        std::thread::park_timeout(LOOK_AGAIN / 4);
    }
    bail!("{} is not ready; see {}", worker.name, worker.log())
}

/// Waits until it has read everything. Returns when that was, and its CPU time then.
fn end(worker: &mut Worker, process: u32, fed: i64) -> Result<(Instant, Duration)> {
    let mut before = Standing::default();
    let (mut moved, mut rested) = (now(), None);
    loop {
        worker.check_running()?;
        let (at, cpu) = (now(), cpu_of(process)?);
        let standing = Standing::of(worker)?;
        if let Some(why) = standing.halted {
            bail!("{why}");
        }
        if standing != before {
            (moved, rested) = (at, None);
        }
        // A reader of several topics learns its lag late: what it has read says more.
        let done = if worker.name == "ingest" { standing.read_by_ingest >= fed } else { standing.at_rest };
        if done {
            let since = *rested.get_or_insert((at, cpu));
            if at - since.0 >= QUIET_FOR {
                return Ok(since);
            }
        } else if moved.elapsed() >= STILL_FOR {
            bail!("{} stands still; see {}", worker.name, worker.log());
        }
        before = standing;
        std::thread::park_timeout(LOOK_AGAIN);
    }
}

fn partitions(state: &Value) -> impl Iterator<Item = &Value> {
    let threads = state.pointer("/threads").and_then(Value::as_array).into_iter().flatten();
    threads.flat_map(|thread| thread.pointer("/status/partitions").and_then(Value::as_array).into_iter().flatten())
}

/// The sum of a figure over all partitions.
fn total(state: &Value, path: &str) -> u64 {
    partitions(state).filter_map(|partition| partition.pointer(path).and_then(Value::as_u64)).sum()
}

/// The next offset of each partition.
fn positions(state: &Value) -> BTreeMap<(String, u32), i64> {
    let place = |partition: &Value| {
        let topic = partition.pointer("/topic")?.as_str()?.to_owned();
        let number = u32::try_from(partition.pointer("/partition")?.as_u64()?).ok()?;
        Some(((topic, number), partition.pointer("/next_offset")?.as_i64()?))
    };
    partitions(state).filter_map(place).collect()
}

fn pass_through(
    inputs: Vec<Stretch>,
    passed_to: &str,
    surroundings: &Surroundings,
    drained: &mut Drained,
) -> Result<()> {
    let each = |grown: &Grown| {
        let bytes = grown.value_bytes.checked_div(grown.records).unwrap_or_default();
        Written { records: grown.records, bytes_each: usize::try_from(bytes).unwrap_or_default() }
    };
    let settings = PassThroughSettings {
        kafka: KafkaSettings::plain(&surroundings.kafka),
        name: format!("{passed_to}.{}", drained.worker),
        inputs,
        records: drained.read,
        output: passed_to.to_owned(),
        partitions: PASSED_TO_PARTITIONS,
        events: each(&drained.events),
        rows: each(&drained.rows),
        batch: BATCH,
    };
    let through = PassThrough::open(settings)?;
    let (began, cpu_before) = (now(), cpu_of(std::process::id())?);
    let passed = through.run()?;
    drained.passed_wall = began.elapsed();
    drained.passed_cpu = cpu_of(std::process::id())?.saturating_sub(cpu_before);
    // What a worker has skipped last stands in its counters only once it is committed.
    drained.skipped += passed.read.saturating_sub(drained.read);
    drained.read = drained.read.max(passed.read);
    let wrote = drained.events.records + drained.rows.records;
    if passed.read != drained.read || passed.written.abs_diff(wrote) > 2 {
        bail!(
            "the pass-through of {} read {} of {} records and wrote {} of {wrote}",
            drained.worker,
            passed.read,
            drained.read,
            passed.written
        );
    }
    Ok(())
}
