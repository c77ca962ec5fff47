//! The whole topology under seeded faults: it ends as it does without any. `make sim` runs more seeds, and replays one.

use itcctl::demo::chaos::Simulator;

/// As many as fit into about a minute of the gate; `make sim SEEDS=1000` for the night. The loop itself runs under a
/// thousand schedules in `shared/stream-testkit`.
const SEEDS: u64 = 30;
const DOCUMENTS: u32 = 2;

#[test]
fn faults_change_no_statement_and_no_ledger() {
    let mut simulator = Simulator::new(DOCUMENTS);
    let (mut faults, mut failed) = (0, Vec::new());
    for seed in 1..=SEEDS {
        let (outcome, told) = simulator.run(seed).expect("the year runs without faults");
        faults += told.len();
        if let Err(reason) = outcome {
            println!("FAIL seed {seed}: {reason:#}\n  {}", told.join("\n  "));
            failed.push(format!("make sim SEED={seed} DOCUMENTS={DOCUMENTS}"));
        }
    }
    println!("{SEEDS} seeds, {faults} faults");
    assert!(failed.is_empty(), "{} of {SEEDS} seeds failed; replay with:\n{}", failed.len(), failed.join("\n"));
}
