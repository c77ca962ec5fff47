//! The figures as tables that can be put into a page of documentation. Whole numbers only.

use super::census::Grown;
use super::drain::Drained;
use super::latency::Latency;
use super::{Alone, Together, place_of};
use anyhow::Result;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// Of a pass-through's rate.
const RATIO_MIN_IN_PERCENT: u64 = 50;
/// CPU time for each record read, with one row, one event and one changelog record: nanoseconds.
const CPU_MAX_IN_NS: u64 = 7_000;

fn number(count: impl TryInto<u64>) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}

/// A division that says 0 where there is nothing to divide by.
fn per(figure: u64, of: u64) -> u64 {
    figure.checked_div(of).unwrap_or_default()
}

fn rate(count: u64, wall: Duration) -> u64 {
    per(count.saturating_mul(1_000), number(wall.as_millis()))
}

/// Nanoseconds for each.
fn nanoseconds_each(time: Duration, count: u64) -> u64 {
    per(number(time.as_nanos()), count)
}

fn median(mut figures: Vec<u64>) -> u64 {
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Microseconds with one digit, of nanoseconds: also CPU-seconds per million.
fn tenths(nanoseconds: u64) -> String {
    let tenths = (nanoseconds + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// 62 percent as 0.62.
fn ratio(percent: u64) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}

fn thousands(figure: u64) -> String {
    let digits = figure.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line while the benchmark runs.
pub(super) fn drained(it: &Drained, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "  {:<15} {:>9} records ({} skipped), {} events, {} rows in {} ms, {} ms of CPU; pass-through {} ms, {} ms of CPU",
        it.worker,
        it.read,
        it.skipped,
        it.events.records,
        it.rows.records,
        it.wall.as_millis(),
        it.cpu.as_millis(),
        it.passed_wall.as_millis(),
        it.passed_cpu.as_millis(),
    )?;
    Ok(())
}

/// One line while the benchmark runs.
pub(super) fn ran_together(documents: usize, wall: Duration, cpu: Duration, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  {documents} documents in {} ms, {} ms of CPU", wall.as_millis(), cpu.as_millis())?;
    Ok(())
}

/// A worker's figures, each with the documents of its run.
type Measured<'a> = (&'static str, Vec<(u64, &'a Drained)>);

/// Every worker's figures of all runs.
fn by_worker(runs: &[Alone]) -> Vec<Measured<'_>> {
    let mut all: BTreeMap<usize, Measured<'_>> = BTreeMap::new();
    for run in runs {
        for drained in &run.workers {
            let place = all.entry(place_of(drained.worker)).or_insert((drained.worker, Vec::new()));
            place.1.push((number(run.documents), drained));
        }
    }
    all.into_values().collect()
}

/// Each worker alone, as medians, beside a pass-through.
pub(super) fn alone(runs: &[Alone], out: &mut dyn Write) -> Result<()> {
    let Some(first) = runs.first() else { return Ok(()) };
    writeln!(
        out,
        "\nEach worker alone, {} documents, medians of {} runs. Pass-through: the same records read and as many written, \
         in transactions of the same size; its ratio to it is of records a second (target {}).\n",
        thousands(number(first.documents)),
        runs.len(),
        ratio(RATIO_MIN_IN_PERCENT),
    )?;
    writeln!(
        out,
        "| worker | documents/s | records read | skipped | events | rows | records/s | pass-through | ratio | CPU-s per M read | \
         pass-through | per M read or written |"
    )?;
    writeln!(out, "| --- |{}", " ---: |".repeat(11))?;
    let mut missed = Vec::new();
    for (worker, figures) in by_worker(runs) {
        let of = |figure: &dyn Fn(u64, &Drained) -> u64| {
            median(figures.iter().map(|(documents, drained)| figure(*documents, drained)).collect())
        };
        let ours = of(&|_, it| rate(it.read, it.wall));
        let theirs = of(&|_, it| rate(it.read, it.passed_wall));
        let share = of(&|_, it| per(rate(it.read, it.wall) * 100, rate(it.read, it.passed_wall)));
        let touched = |it: &Drained| it.read - it.skipped + it.events.records + it.rows.records;
        let each = of(&|_, it| nanoseconds_each(it.cpu, touched(it)));
        writeln!(
            out,
            "| {worker} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            thousands(of(&|documents, it| rate(documents, it.wall))),
            thousands(of(&|_, it| it.read)),
            thousands(of(&|_, it| it.skipped)),
            thousands(of(&|_, it| it.events.records)),
            thousands(of(&|_, it| it.rows.records)),
            thousands(ours),
            thousands(theirs),
            ratio(share),
            tenths(of(&|_, it| nanoseconds_each(it.cpu, it.read))),
            tenths(of(&|_, it| nanoseconds_each(it.passed_cpu, it.read))),
            tenths(each),
        )?;
        if share < RATIO_MIN_IN_PERCENT {
            missed.push(format!("{worker}: ratio {} is below {}", ratio(share), ratio(RATIO_MIN_IN_PERCENT)));
        }
        // One record read, one event, one row: three that are touched.
        if each * 3 > CPU_MAX_IN_NS {
            let (is, max) = (tenths(each * 3), tenths(CPU_MAX_IN_NS));
            missed.push(format!("{worker}: {is} CPU-s per million of one read, one event, one row; target {max}"));
        }
    }
    for line in missed {
        writeln!(out, "target missed: {line}")?;
    }
    Ok(())
}

/// CPU time of each worker for a document, at each size.
pub(super) fn growth(sizes: &[Alone], out: &mut dyn Write) -> Result<()> {
    let (Some(smallest), Some(largest)) = (sizes.first(), sizes.last()) else { return Ok(()) };
    writeln!(out, "\nGrowth: microseconds of CPU a document, by documents of the month (target: within 20 %).\n")?;
    let headings: Vec<String> = sizes.iter().map(|run| thousands(number(run.documents))).collect();
    writeln!(
        out,
        "| worker | {} | last / first |\n| --- |{}",
        headings.join(" | "),
        " ---: |".repeat(sizes.len() + 1)
    )?;
    let cost = |run: &Alone, worker: Option<&str>| {
        let wanted = run.workers.iter().filter(|drained| worker.is_none_or(|name| name == drained.worker));
        nanoseconds_each(wanted.map(|drained| drained.cpu).sum(), number(run.documents))
    };
    let names = by_worker(sizes).into_iter().map(|(worker, _)| Some(worker)).chain([None]);
    for name in names {
        let costs: Vec<String> = sizes.iter().map(|run| tenths(cost(run, name))).collect();
        let grew = per(cost(largest, name) * 100, cost(smallest, name));
        writeln!(out, "| {} | {} | {} |", name.unwrap_or("all"), costs.join(" | "), ratio(grew))?;
    }
    Ok(())
}

/// The most memory that each worker held.
pub(super) fn memory(sizes: &[Alone], together: &[Together], bound_in_bytes: u64, out: &mut dyn Write) -> Result<()> {
    let bound = bound_in_bytes >> 20;
    writeln!(
        out,
        "\nMemory: the most that each worker held, MiB, and how many records it worked off in one go. Bound by the options \
         in use: {bound} MiB.\n"
    )?;
    writeln!(out, "| worker | records | alone | all together |\n| --- | ---: | ---: | ---: |")?;
    for (worker, figures) in by_worker(sizes) {
        let peak = figures.iter().map(|(_, drained)| drained.peak_in_kib).max().unwrap_or_default();
        let records = figures.iter().map(|(_, drained)| drained.read).max().unwrap_or_default();
        let beside = together.iter().filter_map(|run| run.peaks_in_kib.get(worker)).max().copied().unwrap_or_default();
        writeln!(out, "| {worker} | {} | {} | {} |", thousands(records), peak / 1_024, beside / 1_024)?;
        if peak.max(beside) / 1_024 > bound {
            writeln!(out, "target missed: {worker} held more than the bound")?;
        }
    }
    Ok(())
}

/// All workers at once.
pub(super) fn together(documents: usize, runs: &[Together], out: &mut dyn Write) -> Result<()> {
    let documents = number(documents);
    let of = |figure: &dyn Fn(&Together) -> u64| median(runs.iter().map(figure).collect());
    writeln!(
        out,
        "\nEnd to end, all workers at once, {} documents, medians of {} runs: {} documents/s from the first record fed to \
         the last ledger entry; {} CPU-s per million documents in the workers, {} in the broker.",
        thousands(documents),
        runs.len(),
        thousands(of(&|run| rate(documents, run.wall))),
        tenths(of(&|run| nanoseconds_each(run.cpu, documents))),
        tenths(of(&|run| nanoseconds_each(run.broker_cpu.unwrap_or_default(), documents))),
    )?;
    Ok(())
}

/// Bytes of a document in each worker's store.
pub(super) fn stores(run: &Alone, out: &mut dyn Write) -> Result<()> {
    let documents = number(run.documents);
    writeln!(
        out,
        "\nStores on disk, {} documents, as workers leave them: tables are compressed, and the newest of them lie there twice, \
         in the store's own journal.\n",
        thousands(documents)
    )?;
    writeln!(out, "| store | rows written a document | bytes a document |\n| --- | ---: | ---: |")?;
    for drained in run.workers.iter().filter(|drained| drained.rows.records > 0) {
        let rows = ratio(per(drained.rows.records * 100, documents));
        writeln!(out, "| {} | {rows} | {} |", drained.worker, per(drained.store_bytes, documents))?;
    }
    Ok(())
}

/// How quickly a lost store comes back.
pub(super) fn restores(run: &Alone, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "\nA lost store, restored from its changelog, {} documents; CPU with the start of the process.\n",
        thousands(number(run.documents))
    )?;
    writeln!(
        out,
        "| worker | changelog records | ms | records/s | CPU-s per M records | 1,000,000 records take |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for it in run.restored.iter().filter(|it| it.records > 0) {
        let per_second = rate(it.records, it.took);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} s |",
            it.worker,
            thousands(it.records),
            thousands(number(it.took.as_millis())),
            thousands(per_second),
            tenths(nanoseconds_each(it.cpu, it.records)),
            per(1_000_000, per_second),
        )?;
    }
    Ok(())
}

/// Bytes of a document in each topic.
pub(super) fn bytes(documents: usize, runs: &[Together], out: &mut dyn Write) -> Result<()> {
    let Some(run) = runs.last() else { return Ok(()) };
    let documents = number(documents);
    writeln!(out, "\nBytes a document (keys, values and headers, before compression).\n")?;
    writeln!(out, "| topic | records a document | bytes a document |\n| --- | ---: | ---: |")?;
    let mut kinds: BTreeMap<&str, Grown> = BTreeMap::new();
    for (topic, grown) in &run.grown {
        kinds.entry(kind_of(topic)).or_default().add(*grown);
        write_bytes(topic, grown, documents, out)?;
    }
    for (kind, grown) in kinds {
        write_bytes(&format!("**{kind}**"), &grown, documents, out)?;
    }
    Ok(())
}

fn write_bytes(name: &str, grown: &Grown, documents: u64, out: &mut dyn Write) -> Result<()> {
    let each = per(grown.records * 100, documents);
    writeln!(out, "| {name} | {} | {} |", ratio(each), per(grown.bytes, documents))?;
    Ok(())
}

fn kind_of(topic: &str) -> &'static str {
    if topic.contains("-journal.") {
        "journals"
    } else if topic.contains(".changelog.") {
        "changelogs"
    } else if topic.starts_with("itc.") && !topic.starts_with("itc.operator-commands") {
        "public topics"
    } else {
        "feeds"
    }
}

/// Times from feed to public topic.
pub(super) fn latency(documents_a_second: u32, record: &Latency, entry: &Latency, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "\nFrom the feed to the public topic at {documents_a_second} documents a second, milliseconds.\n")?;
    writeln!(out, "| | measured | p50 | p99 |\n| --- | ---: | ---: | ---: |")?;
    for (name, it) in [("a saved document to its IMS record", record), ("a claim to its ledger entry", entry)] {
        let (half, most) = (it.percentile(50).as_millis(), it.percentile(99).as_millis());
        writeln!(out, "| {name} | {} | {half} | {most} |", it.count())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        assert_eq!(tenths(7_049), "7.0");
        assert_eq!(tenths(7_050), "7.1");
        assert_eq!(ratio(62), "0.62");
        assert_eq!(ratio(105), "1.05");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
        assert_eq!(median(vec![3, 1, 2]), 2);
        assert_eq!(median(Vec::new()), 0);
        assert_eq!(rate(10, Duration::ZERO), 0);
    }
}
