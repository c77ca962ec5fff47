//! Metrics: their names, units and when to be alarmed. No label ever holds a GSTIN.

use crate::threads::Shared;
use prometheus::{Encoder, IntGaugeVec, Opts, Registry, TextEncoder};
use std::sync::Arc;
use stream::{IndexPhase, PartitionStatus, Phase, WorkerStatus};

/// Records of the input that are not read yet, by topic and partition. Alert: above 100,000 for 15 minutes.
pub const LAG_RECORDS: &str = "itc_lag_records";
/// What became of the records read, by `class`. Alert: `class="parked"` rises.
pub const RECORDS: &str = "itc_records_total";
/// Records read minus those accounted for. Alert: not 0.
pub const CONSERVATION_GAP_RECORDS: &str = "itc_conservation_gap_records";
/// Transactions by `outcome`: committed, aborted, unknown, fenced. Alert: unknown or aborted above 1 a minute for 15 minutes.
pub const TRANSACTIONS: &str = "itc_transactions_total";
/// Events written.
pub const OUTPUTS: &str = "itc_outputs_total";
/// Inputs and parts of inputs put aside. Alert: rises.
pub const DEAD_LETTERS: &str = "itc_dead_letters_total";
/// Decisions by `outcome` and the rule that decided.
pub const DECISIONS: &str = "itc_decisions_total";
/// Partitions by `phase`: restoring, running, halted. Alert: any halted; restoring for 30 minutes.
pub const PARTITIONS: &str = "itc_partitions";
/// Parked keys. Alert: above 0.
pub const PARKED_KEYS: &str = "itc_parked_keys";
/// Keys of which something waits for its turn.
pub const WAITING_KEYS: &str = "itc_waiting_keys";
/// Open jobs. Alert: above 0 for 6 hours.
pub const OPEN_JOBS: &str = "itc_open_jobs";
/// Days whose timers wait for the timer index. Alert: above 0 for 1 hour.
pub const TIMERS_WAITING_DAYS: &str = "itc_timers_waiting_days";
/// Partitions whose timer index does not answer. Alert: above 0 for 15 minutes.
pub const TIMER_INDEX_UNAVAILABLE: &str = "itc_timer_index_unavailable_partitions";
/// How long ago a stream thread ended its last step, in milliseconds. Alert: above 60,000 while not restoring.
pub const STEP_SILENCE_MS: &str = "itc_step_silence_milliseconds";

/// A table of figures with the same labels.
struct Figures<'a> {
    registry: &'a Registry,
}

impl Figures<'_> {
    /// Registers one metric with its rows of label values and figures.
    fn add(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        rows: &[(Vec<String>, i64)],
    ) -> Result<(), prometheus::Error> {
        let vector = IntGaugeVec::new(Opts::new(name, help), labels)?;
        for (values, figure) in rows {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            // Several threads may have a row of the same labels: they add up.
            vector.get_metric_with_label_values(&values)?.add(*figure);
        }
        self.registry.register(Box::new(vector))
    }
}

fn figure(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The metrics of all stream threads in Prometheus' text form.
pub(crate) fn text(worker: &str, threads: &[Arc<Shared>]) -> Result<String, prometheus::Error> {
    let registry = Registry::new_custom(None, Some([("worker".to_owned(), worker.to_owned())].into()))?;
    let statuses: Vec<WorkerStatus> = threads.iter().filter_map(|thread| thread.status()).collect();
    let figures = Figures { registry: &registry };
    add_partitions(&figures, &statuses)?;
    add_totals(&figures, &statuses)?;
    let silence: Vec<_> =
        threads.iter().map(|thread| (vec![thread.number.to_string()], figure(thread.silence().as_millis()))).collect();
    figures.add(STEP_SILENCE_MS, "Milliseconds since a stream thread ended its last step", &["thread"], &silence)?;
    let mut buffer = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

fn add_partitions(figures: &Figures<'_>, statuses: &[WorkerStatus]) -> Result<(), prometheus::Error> {
    let partitions: Vec<&PartitionStatus> = statuses.iter().flat_map(|status| &status.partitions).collect();
    let place = |partition: &PartitionStatus| vec![partition.topic.clone(), partition.partition.to_string()];
    let of = |read: &dyn Fn(&PartitionStatus) -> i64| -> Vec<(Vec<String>, i64)> {
        partitions.iter().map(|partition| (place(partition), read(partition))).collect()
    };
    let labels = ["topic", "partition"];
    let lags: Vec<_> =
        partitions.iter().filter_map(|partition| partition.lag_in_records.map(|lag| (place(partition), lag))).collect();
    figures.add(LAG_RECORDS, "Records of the input not read yet", &labels, &lags)?;
    let gaps = of(&|partition| partition.counters.gap());
    figures.add(CONSERVATION_GAP_RECORDS, "Records read minus those accounted for", &labels, &gaps)?;
    figures.add(PARKED_KEYS, "Parked keys", &labels, &of(&|partition| figure(partition.parked_keys)))?;
    figures.add(
        WAITING_KEYS,
        "Keys that wait for their turn",
        &labels,
        &of(&|partition| figure(partition.waiting_keys)),
    )?;
    figures.add(OPEN_JOBS, "Open jobs", &labels, &of(&|partition| figure(partition.open_jobs)))?;
    let waiting = of(&|partition| figure(partition.timers_waiting_days));
    figures.add(TIMERS_WAITING_DAYS, "Days whose timers wait for the timer index", &labels, &waiting)?;
    let unavailable = of(&|partition| i64::from(partition.index == IndexPhase::Unavailable));
    figures.add(TIMER_INDEX_UNAVAILABLE, "Partitions whose timer index does not answer", &labels, &unavailable)?;
    let mut phases: Vec<_> = ["restoring", "running", "halted"].map(|phase| (vec![phase.to_owned()], 0)).into();
    phases.extend(partitions.iter().map(|partition| {
        let phase = match partition.phase {
            Phase::Restoring => "restoring",
            Phase::Running => "running",
            Phase::Halted(_) => "halted",
        };
        (vec![phase.to_owned()], 1)
    }));
    figures.add(PARTITIONS, "Partitions by phase", &["phase"], &phases)
}

fn add_totals(figures: &Figures<'_>, statuses: &[WorkerStatus]) -> Result<(), prometheus::Error> {
    let (mut records, mut transactions, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut outputs, mut dead_letters) = (Vec::new(), Vec::new());
    for status in statuses {
        let counters = status.counters();
        for (class, count) in [
            ("read", counters.read),
            ("decided", counters.decided),
            ("refused", counters.refused),
            ("duplicate", counters.duplicate),
            ("dead_lettered", counters.dead_lettered),
            ("parked", counters.parked),
            ("waiting", counters.waiting),
            ("skipped", counters.skipped),
        ] {
            records.push((vec![class.to_owned()], count));
        }
        for (outcome, count) in [
            ("committed", status.commits),
            ("aborted", status.aborts),
            ("unknown", status.unknown_outcomes),
            ("fenced", status.fenced),
        ] {
            transactions.push((vec![outcome.to_owned()], figure(count)));
        }
        let outcomes = status.outcomes.iter();
        decisions.extend(outcomes.map(|(outcome, count)| (vec![outcome.clone()], figure(*count))));
        outputs.push((Vec::new(), figure(status.outputs)));
        dead_letters.push((Vec::new(), figure(status.dead_letters)));
    }
    figures.add(RECORDS, "What became of the records read", &["class"], &records)?;
    figures.add(TRANSACTIONS, "Transactions by outcome", &["outcome"], &transactions)?;
    figures.add(DECISIONS, "Decisions by outcome and rule", &["outcome"], &decisions)?;
    figures.add(OUTPUTS, "Events written", &[], &outputs)?;
    figures.add(DEAD_LETTERS, "Inputs and parts of inputs put aside", &[], &dead_letters)
}
