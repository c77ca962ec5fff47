//! A worker whose disk is lost: how quickly its rows come back from the changelog.

use super::drain::begin;
use super::process::cpu_of;
use crate::demo::children::{Surroundings, Workers};
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::time::Duration;

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
    let (state, cpu) = (worker.state()?, cpu_of(process)?);
    let took = Duration::from_millis(total(&state, "took_in_ms"));
    Ok(Restored { worker: name, records: total(&state, "records"), took, cpu })
}

/// The sum of a figure over the restores of all partitions; one stream thread restores one partition after the other.
fn total(state: &Value, figure: &str) -> u64 {
    let threads = state.pointer("/threads").and_then(Value::as_array).into_iter().flatten();
    let restores = threads.flat_map(|thread| thread.get("restores").and_then(Value::as_object).into_iter().flatten());
    restores.filter_map(|(_, restore)| restore.get(figure)?.as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_all_partitions_are_summed() {
        let state = serde_json::json!({ "threads": [
            { "restores": { "j/0": { "records": 20, "took_in_ms": 1500 }, "j/1": { "records": 1, "took_in_ms": 62 } } },
            { "restores": {} },
        ] });
        assert_eq!((total(&state, "records"), total(&state, "took_in_ms")), (21, 1562));
        assert_eq!(total(&state, "absent"), 0);
    }
}
