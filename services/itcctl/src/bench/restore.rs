//! A worker whose disk is lost: how quickly its rows come back from the changelog.

use super::drain::begin;
use super::process::cpu_of;
use crate::demo::children::{Surroundings, Workers};
use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// The counter of changelog records that restores have read.
const RECORDS: &str = "itc_restored_records_total";
/// How long the last restore of each partition took; one stream thread restores one partition after the other.
const SECONDS: &str = "itc_restore_seconds";

/// What a restore read, and what it took.
#[derive(Debug, Clone, Default)]
pub(super) struct Restored {
    pub(super) worker: &'static str,
    pub(super) records: u64,
    /// Of all partitions, from the first record to the last row applied.
    pub(super) took: Duration,
    /// CPU time of the process from its start until it was ready.
    pub(super) cpu: Duration,
}

/// Removes a worker's store and starts the worker again.
pub(super) fn restore(name: &'static str, surroundings: &Surroundings) -> Result<Restored> {
    fs::remove_dir_all(surroundings.store_of(name)).with_context(|| format!("removing the store of {name}"))?;
    let mut workers = Workers::spawn_some(&[name], surroundings)?;
    let worker = workers.list.first_mut().context("a worker was started")?;
    let process = worker.id().context("a worker has a process")?;
    begin(worker, process)?;
    let (metrics, cpu) = (worker.page("/metrics")?, cpu_of(process)?);
    Ok(Restored { worker: name, records: sum_in_millionths(&metrics, RECORDS) / 1_000_000, took: took(&metrics), cpu })
}

fn took(metrics: &str) -> Duration {
    Duration::from_micros(sum_in_millionths(metrics, SECONDS))
}

/// The sum of a figure over all its labels, in millionths: figures are plain decimals.
fn sum_in_millionths(metrics: &str, name: &str) -> u64 {
    let figures = metrics.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once(' '));
    figures.filter_map(|(_, figure)| millionths(figure)).sum()
}

fn millionths(figure: &str) -> Option<u64> {
    let (whole, fraction) = figure.split_once('.').unwrap_or((figure, "0"));
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_all_partitions_are_summed() {
        let metrics = "# HELP itc_restore_seconds x\nitc_restore_seconds{partition=\"0\"} 1.5\n\
                       itc_restore_seconds{partition=\"1\"} 0.0625004\nitc_restore_seconds_more{partition=\"1\"} 9\n\
                       itc_restored_records_total{partition=\"0\"} 20\nitc_restored_records_total{partition=\"1\"} 1\n";
        assert_eq!(took(metrics), Duration::from_micros(1_562_500));
        assert_eq!(sum_in_millionths(metrics, RECORDS), 21_000_000);
        assert_eq!(sum_in_millionths(metrics, "absent"), 0);
    }
}
