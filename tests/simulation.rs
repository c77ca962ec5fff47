//! The engine under seeded faults: it ends as it does without any. `make sim` runs more seeds, and replays one.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests fail the test, and faults are counted aloud"
)]

use itcctl::demo::chaos::{Level, Simulator, kinds};
use std::sync::LazyLock;
use stream::WorkerName;
use stream_testkit::Mistake;

const DOCUMENTS: u32 = 2;
/// As many as fit into half a minute of the gate's two cores; `make sim SEEDS=1000` for the night.
const TOPOLOGY_SEEDS: u64 = 40;
/// Of each worker alone: with eight workers a thousand.
const WORKER_SEEDS: u64 = 125;

/// The tests share its years.
static SIMULATOR: LazyLock<Simulator> = LazyLock::new(|| Simulator::new(DOCUMENTS));

/// Runs them, and fails with how to run the failed ones again.
fn run(jobs: &[(Level, u64)]) {
    let summary = SIMULATOR.run_all(jobs).expect("the year runs without faults");
    let faults: u64 = summary.told.happened.values().sum();
    let counted: Vec<String> = summary.told.happened.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!("{} seeds, {faults} faults: {}", summary.ran, counted.join(", "));
    let replays: Vec<String> = summary
        .failed
        .iter()
        .map(|failure| format!("{}\n  {}", failure.level.replay(failure.seed, DOCUMENTS), failure.reason))
        .collect();
    assert!(replays.is_empty(), "{} of {} failed; replay with:\n{}", replays.len(), summary.ran, replays.join("\n"));
    for kind in jobs.iter().take(1).flat_map(|(level, _)| kinds(*level)) {
        assert!(summary.told.happened.contains_key(&kind), "no seed shows {kind}");
    }
}

#[test]
fn faults_change_no_statement_and_no_ledger() {
    let jobs: Vec<_> = (1..=TOPOLOGY_SEEDS).map(|seed| (Level::Topology, seed)).collect();
    run(&jobs);
}

#[test]
fn faults_change_nothing_that_a_worker_writes_or_keeps() {
    let jobs: Vec<_> =
        Level::workers().into_iter().flat_map(|level| (1..=WORKER_SEEDS).map(move |seed| (level, seed))).collect();
    run(&jobs);
}

#[test]
fn a_log_that_makes_a_mistake_is_found_out() {
    for mistake in Mistake::ALL {
        let found = (1..=60).find(|seed| {
            let ran = SIMULATOR.run_with(mistake, WorkerName("itc-ledger"), *seed);
            ran.is_ok_and(|(outcome, _)| outcome.is_err())
        });
        println!("{mistake:?} is found out by seed {found:?}");
        assert!(found.is_some(), "{mistake:?} is not found out");
    }
}
