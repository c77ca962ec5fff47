//! Metrics: their names, units and when to be alarmed. No label ever holds a GSTIN.

use crate::threads::{Restore, Shared};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stream::{Counters, IndexPhase, PartitionStatus, Phase, Timing, WorkerStatus};

/// Records of the input that are not read yet, by topic and partition. Alert: above 100,000 for 15 minutes.
pub const LAG_RECORDS: &str = "itc_lag_records";
/// At most how old the oldest record that is not read yet is, by topic and partition; 0 where all is read. Alert: above 300
/// for 15 minutes.
pub const LAG_SECONDS: &str = "itc_lag_seconds";
/// What became of the records read, by `class`. Alert: `class="parked"` rises.
pub const RECORDS: &str = "itc_records_total";
/// Records read minus those accounted for. Alert: not 0.
pub const CONSERVATION_GAP_RECORDS: &str = "itc_conservation_gap_records";
/// Transactions by `outcome` (committed, aborted, unknown, fenced, failed) and the `phase` in which they ended. Alert:
/// unknown or aborted above 1 a minute for 15 minutes.
pub const TRANSACTIONS: &str = "itc_transactions_total";
/// How long each `phase` of the loop took: poll, decide, produce, flush, `send_offsets`, commit, store, `timer_index`,
/// restore.
pub const PHASE_SECONDS: &str = "itc_phase_seconds";
/// Events written.
pub const OUTPUTS: &str = "itc_outputs_total";
/// Inputs and parts of inputs put aside. Alert: rises.
pub const DEAD_LETTERS: &str = "itc_dead_letters_total";
/// Decisions by `outcome` and the rule that decided.
pub const DECISIONS: &str = "itc_decisions_total";
/// Partitions by `phase`: restoring, running, halted. Alert: any halted; restoring for 30 minutes.
pub const PARTITIONS: &str = "itc_partitions";
/// Restores that have come to their end, by topic and partition of the input; one is one, however many pieces it is read in.
/// Alert: above 3 an hour.
pub const RESTORES: &str = "itc_restores_total";
/// Records of changelogs read by restores, by topic and partition of the input. Its rate is the speed of a restore.
pub const RESTORED_RECORDS: &str = "itc_restored_records_total";
/// How long the last restore of a partition has taken so far, or took.
pub const RESTORE_SECONDS: &str = "itc_restore_seconds";
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
/// Rebuilds of the timer index of a partition. Alert: above 1 an hour without a restart of Redis or of the worker.
pub const TIMER_INDEX_REBUILDS: &str = "itc_timer_index_rebuilds_total";
/// Days of the timer index compared with the rows before their timers fire, by `result`: equal, repaired.
pub const TIMER_INDEX_DAYS: &str = "itc_timer_index_comparisons_total";
/// Entries written by rebuilds and repairs of the timer index.
pub const TIMER_INDEX_REPAIRED: &str = "itc_timer_index_repaired_entries_total";
/// How long ago a stream thread ended its last step. Alert: above 60 while not restoring.
pub const STEP_SILENCE_SECONDS: &str = "itc_step_silence_seconds";

/// A number as Prometheus holds it. Figures are no money: beyond 2^53 the last digit of a count may be lost.
fn number(value: impl TryInto<i64>) -> f64 {
    let value: i64 = value.try_into().unwrap_or(i64::MAX);
    // Nothing in the standard library turns all of an i64 into a float without a cast.
    value.to_string().parse().unwrap_or_default()
}

/// One line of a metric: its labels' values, and the figure.
type Line = (Vec<String>, f64);

/// The families of a page, in the order they are added.
struct Figures<'a> {
    worker: &'a str,
    families: Vec<MetricFamily>,
}

impl Figures<'_> {
    fn labels(&self, names: &[&str], values: &[String]) -> Vec<LabelPair> {
        let given = names.iter().copied().zip(values.iter().map(String::as_str));
        let mut pairs: Vec<(&str, &str)> = given.chain([("worker", self.worker)]).collect();
        pairs.sort_unstable();
        let pair = |(name, value): (&str, &str)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value.to_owned());
            pair
        };
        pairs.into_iter().map(pair).collect()
    }

    fn family(&mut self, name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) {
        // Prometheus takes a family without a line for an error.
        if metrics.is_empty() {
            return;
        }
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.families.push(family);
    }

    /// What goes up and down.
    fn gauge(&mut self, name: &str, help: &str, labels: &[&str], lines: &[Line]) {
        let metrics = self.figures(labels, lines, |metric, figure| {
            let mut gauge = Gauge::default();
            gauge.set_value(figure);
            metric.set_gauge(gauge);
        });
        self.family(name, help, MetricType::GAUGE, metrics);
    }

    /// What only rises while the process lives.
    fn counter(&mut self, name: &str, help: &str, labels: &[&str], lines: &[Line]) {
        let metrics = self.figures(labels, lines, |metric, figure| {
            let mut counter = Counter::default();
            counter.set_value(figure);
            metric.set_counter(counter);
        });
        self.family(name, help, MetricType::COUNTER, metrics);
    }

    /// A metric for each line.
    fn figures(&self, labels: &[&str], lines: &[Line], set: impl Fn(&mut Metric, f64)) -> Vec<Metric> {
        let metric = |(values, figure): (Vec<String>, f64)| {
            let mut metric = Metric::from_label(self.labels(labels, &values));
            set(&mut metric, figure);
            metric
        };
        summed(lines).into_iter().map(metric).collect()
    }

    fn histogram(&mut self, name: &str, help: &str, label: &str, timings: &BTreeMap<&str, Timing>) {
        let metric = |(value, timing): (&&str, &Timing)| {
            let mut metric = Metric::from_label(self.labels(&[label], &[(*value).to_owned()]));
            metric.set_histogram(histogram(timing));
            metric
        };
        let metrics = timings.iter().map(metric).collect();
        self.family(name, help, MetricType::HISTOGRAM, metrics);
    }
}

/// Several threads may have a line of the same labels: they add up.
#[expect(clippy::float_arithmetic, reason = "Prometheus holds figures as floats; none of them is money")]
fn summed(lines: &[Line]) -> BTreeMap<Vec<String>, f64> {
    let mut sums: BTreeMap<Vec<String>, f64> = BTreeMap::new();
    for (values, figure) in lines {
        *sums.entry(values.clone()).or_default() += figure;
    }
    sums
}

fn histogram(timing: &Timing) -> Histogram {
    let mut cumulative = 0;
    let bucket = |(bound, count): (&Duration, &u64)| {
        cumulative += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound.as_secs_f64());
        bucket.set_cumulative_count(cumulative);
        bucket
    };
    let buckets = Timing::BOUNDS.iter().zip(&timing.counts).map(bucket).collect();
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets);
    histogram.set_sample_count(timing.count());
    histogram.set_sample_sum(timing.total.as_secs_f64());
    histogram
}

/// The metrics of all stream threads in Prometheus' text form.
pub(crate) fn text(worker: &str, threads: &[Arc<Shared>]) -> Result<String, prometheus::Error> {
    let statuses: Vec<WorkerStatus> = threads.iter().filter_map(|thread| thread.status()).collect();
    let mut figures = Figures { worker, families: Vec::new() };
    add_lag(&mut figures, &statuses, unix_now());
    add_partitions(&mut figures, &statuses);
    add_totals(&mut figures, &statuses);
    add_phases(&mut figures, &statuses);
    add_index_repairs(&mut figures, &statuses);
    let restores: Vec<(String, Restore)> = threads.iter().flat_map(|thread| thread.restores()).collect();
    add_restores(&mut figures, &restores);
    let silence: Vec<Line> =
        threads.iter().map(|thread| (vec![thread.number.to_string()], thread.silence().as_secs_f64())).collect();
    figures.gauge(STEP_SILENCE_SECONDS, "Seconds since a stream thread ended its last step", &["thread"], &silence);
    let mut buffer = Vec::new();
    TextEncoder::new().encode(&figures.families, &mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "how old unread records are is shown to people; no decision looks at it")]
fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

const PLACE: [&str; 2] = ["topic", "partition"];

fn place(partition: &PartitionStatus) -> Vec<String> {
    vec![partition.topic.clone(), partition.partition.to_string()]
}

fn partitions_of(statuses: &[WorkerStatus]) -> Vec<&PartitionStatus> {
    statuses.iter().flat_map(|status| &status.partitions).collect()
}

fn add_lag(figures: &mut Figures<'_>, statuses: &[WorkerStatus], now: Duration) {
    let partitions = partitions_of(statuses);
    let records = partitions.iter().filter_map(|partition| Some((place(partition), number(partition.lag_in_records?))));
    figures.gauge(LAG_RECORDS, "Records of the input not read yet", &PLACE, &records.collect::<Vec<_>>());
    let ages = partitions.iter().filter_map(|partition| Some((place(partition), lag(partition, now)?.as_secs_f64())));
    let help = "Seconds since the last record read was written, while others are not read yet; 0 where all is read";
    figures.gauge(LAG_SECONDS, help, &PLACE, &ages.collect::<Vec<_>>());
}

/// At most how old the oldest unread record is. It is younger than the last one read; of a partition of which nothing was
/// read yet nothing is known.
fn lag(partition: &PartitionStatus, now: Duration) -> Option<Duration> {
    if partition.lag_in_records? == 0 {
        return Some(Duration::ZERO);
    }
    let read_up_to = Duration::from_millis(u64::try_from(partition.read_up_to_in_ms?).ok()?);
    Some(now.saturating_sub(read_up_to))
}

fn add_partitions(figures: &mut Figures<'_>, statuses: &[WorkerStatus]) {
    let partitions = partitions_of(statuses);
    let of = |read: &dyn Fn(&PartitionStatus) -> f64| -> Vec<Line> {
        partitions.iter().map(|partition| (place(partition), read(partition))).collect()
    };
    let gaps = of(&|partition| number(partition.counters.gap()));
    figures.gauge(CONSERVATION_GAP_RECORDS, "Records read minus those accounted for", &PLACE, &gaps);
    figures.gauge(PARKED_KEYS, "Parked keys", &PLACE, &of(&|partition| number(partition.parked_keys)));
    let waiting = of(&|partition| number(partition.waiting_keys));
    figures.gauge(WAITING_KEYS, "Keys that wait for their turn", &PLACE, &waiting);
    figures.gauge(OPEN_JOBS, "Open jobs", &PLACE, &of(&|partition| number(partition.open_jobs)));
    let waiting = of(&|partition| number(partition.timers_waiting_days));
    figures.gauge(TIMERS_WAITING_DAYS, "Days whose timers wait for the timer index", &PLACE, &waiting);
    let unavailable = of(&|partition| number(i64::from(partition.index == IndexPhase::Unavailable)));
    figures.gauge(TIMER_INDEX_UNAVAILABLE, "Partitions whose timer index does not answer", &PLACE, &unavailable);
    let mut phases: Vec<Line> = ["restoring", "running", "halted"].map(|phase| (vec![phase.to_owned()], 0.0)).into();
    phases.extend(partitions.iter().map(|partition| {
        let phase = match partition.phase {
            Phase::Restoring => "restoring",
            Phase::Running => "running",
            Phase::Halted(_) => "halted",
        };
        (vec![phase.to_owned()], 1.0)
    }));
    figures.gauge(PARTITIONS, "Partitions by phase", &["phase"], &phases);
}

/// What became of records, by its word.
fn classes(counters: Counters) -> [(&'static str, i64); 8] {
    let Counters { read, decided, refused, duplicate, dead_lettered, parked, waiting, skipped } = counters;
    [
        ("read", read),
        ("decided", decided),
        ("refused", refused),
        ("duplicate", duplicate),
        ("dead_lettered", dead_lettered),
        ("parked", parked),
        ("waiting", waiting),
        ("skipped", skipped),
    ]
}

fn add_totals(figures: &mut Figures<'_>, statuses: &[WorkerStatus]) {
    let (mut records, mut decisions) = (Vec::new(), Vec::new());
    // They begin at 0, so that the first that ends so is seen as a rise.
    let begin = ["committed", "aborted", "unknown", "fenced", "failed"].map(|outcome| (outcome, "commit"));
    let mut transactions: Vec<Line> =
        begin.map(|(outcome, phase)| (vec![outcome.to_owned(), phase.to_owned()], 0.0)).into();
    let (mut outputs, mut dead_letters) = (Vec::new(), Vec::new());
    for status in statuses {
        records.extend(classes(status.counters()).map(|(class, count)| (vec![class.to_owned()], number(count))));
        transactions.extend(
            status
                .transactions
                .iter()
                .map(|ends| (vec![ends.outcome.code().to_owned(), ends.phase.code().to_owned()], number(ends.count))),
        );
        decisions.extend(status.outcomes.iter().map(|(outcome, count)| (vec![outcome.clone()], number(*count))));
        outputs.push((Vec::new(), number(status.outputs)));
        dead_letters.push((Vec::new(), number(status.dead_letters)));
    }
    figures.counter(RECORDS, "What became of the records read", &["class"], &records);
    let help = "Transactions by outcome and the phase in which they ended";
    figures.counter(TRANSACTIONS, help, &["outcome", "phase"], &transactions);
    figures.counter(DECISIONS, "Decisions by outcome and rule", &["outcome"], &decisions);
    figures.counter(OUTPUTS, "Events written", &[], &outputs);
    figures.counter(DEAD_LETTERS, "Inputs and parts of inputs put aside", &[], &dead_letters);
}

fn add_phases(figures: &mut Figures<'_>, statuses: &[WorkerStatus]) {
    let mut phases: BTreeMap<&str, Timing> = BTreeMap::new();
    for (phase, timing) in statuses.iter().flat_map(|status| &status.timings) {
        phases.entry(phase.code()).or_default().merge(timing);
    }
    figures.histogram(PHASE_SECONDS, "Seconds that each phase of the loop took", "phase", &phases);
}

fn add_index_repairs(figures: &mut Figures<'_>, statuses: &[WorkerStatus]) {
    let (mut rebuilds, mut days, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for status in statuses {
        let repairs = status.index_repairs;
        rebuilds.push((Vec::new(), number(repairs.rebuilds)));
        let equal = repairs.days_compared.saturating_sub(repairs.days_repaired);
        days.push((vec!["equal".to_owned()], number(equal)));
        days.push((vec!["repaired".to_owned()], number(repairs.days_repaired)));
        entries.push((Vec::new(), number(repairs.entries_written)));
    }
    figures.counter(TIMER_INDEX_REBUILDS, "Rebuilds of a partition's timer index from its rows", &[], &rebuilds);
    let help = "Days of the timer index compared with the rows before their timers fire";
    figures.counter(TIMER_INDEX_DAYS, help, &["result"], &days);
    let help = "Entries that rebuilds and repairs wrote into the timer index";
    figures.counter(TIMER_INDEX_REPAIRED, help, &[], &entries);
}

fn add_restores(figures: &mut Figures<'_>, restores: &[(String, Restore)]) {
    let (mut ended, mut records, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for (source, restore) in restores {
        let (topic, partition) = source.rsplit_once('/').unwrap_or((source, ""));
        let place = vec![topic.to_owned(), partition.to_owned()];
        ended.push((place.clone(), number(restore.ended)));
        records.push((place.clone(), number(restore.total_records)));
        seconds.push((place, restore.took.as_secs_f64()));
    }
    figures.counter(RESTORES, "Restores that have come to their end", &PLACE, &ended);
    figures.counter(RESTORED_RECORDS, "Changelog records read by restores", &PLACE, &records);
    let help = "Seconds that the last restore of a partition has taken so far, or took";
    figures.gauge(RESTORE_SECONDS, help, &PLACE, &seconds);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use stream::{IndexRepairs, TransactionEnds, TransactionOutcome, WorkPhase};

    fn partition(lag_in_records: Option<i64>, read_up_to_in_ms: Option<i64>) -> PartitionStatus {
        PartitionStatus {
            topic: "input".to_owned(),
            partition: 3,
            phase: Phase::Running,
            next_offset: 42,
            checkpoint: 1,
            lag_in_records,
            read_up_to_in_ms,
            day: None,
            open_jobs: 0,
            timers_waiting_days: 0,
            waiting_keys: 0,
            parked_keys: 0,
            index: IndexPhase::None,
            counters: Counters { read: 3, decided: 3, ..Counters::default() },
        }
    }

    #[test]
    fn the_lag_in_seconds_is_the_age_of_the_last_record_read_while_others_wait() {
        let now = Duration::from_secs(1_000);
        let lag = |records, read_up_to| lag(&partition(records, read_up_to), now);
        assert_eq!(lag(Some(5), Some(990_000)), Some(Duration::from_secs(10)));
        assert_eq!(lag(Some(0), Some(990_000)), Some(Duration::ZERO), "all is read");
        assert_eq!(lag(Some(5), Some(2_000_000)), Some(Duration::ZERO), "a clock that is ahead");
        assert_eq!(lag(Some(5), None), None, "nothing was read yet");
        assert_eq!(lag(None, Some(1)), None, "nobody knows");
    }

    #[test]
    fn a_page_has_help_type_and_unit_of_every_metric_and_no_counter_without_total() {
        let mut timing = Timing::default();
        timing.add(Duration::from_millis(3));
        timing.add(Duration::from_secs(60));
        let status = WorkerStatus {
            worker: "w",
            partitions: vec![partition(Some(7), Some(1))],
            outcomes: [("FILED (AC-1)".to_owned(), 3)].into(),
            transactions: vec![TransactionEnds {
                outcome: TransactionOutcome::Aborted,
                phase: WorkPhase::Flush,
                count: 2,
            }],
            timings: [(WorkPhase::Flush, timing)].into(),
            index_repairs: IndexRepairs { rebuilds: 1, days_compared: 5, days_repaired: 2, entries_written: 9 },
            ..WorkerStatus::default()
        };
        let mut figures = Figures { worker: "w", families: Vec::new() };
        let statuses = [status.clone(), status];
        add_lag(&mut figures, &statuses, Duration::from_secs(9));
        add_partitions(&mut figures, &statuses);
        add_totals(&mut figures, &statuses);
        add_phases(&mut figures, &statuses);
        add_index_repairs(&mut figures, &statuses);
        let restore = Restore {
            records: 5,
            total_records: 20,
            ended: 2,
            took: Duration::from_millis(1_500),
            ..Restore::default()
        };
        add_restores(&mut figures, &[("input/3".to_owned(), restore)]);
        let mut seen = BTreeSet::new();
        for family in &figures.families {
            let (name, counts) = (family.name(), family.get_field_type() == MetricType::COUNTER);
            assert_eq!(name.ends_with("_total"), counts, "{name}");
            assert!(!family.help().is_empty() && seen.insert(name.to_owned()), "{name}");
        }
        let mut buffer = Vec::new();
        TextEncoder::new().encode(&figures.families, &mut buffer).expect("encodes");
        let text = String::from_utf8(buffer).expect("is text");
        for line in [
            r#"itc_transactions_total{outcome="aborted",phase="flush",worker="w"} 4"#,
            r#"itc_transactions_total{outcome="unknown",phase="commit",worker="w"} 0"#,
            r#"itc_phase_seconds_bucket{phase="flush",worker="w",le="0.001"} 0"#,
            r#"itc_phase_seconds_bucket{phase="flush",worker="w",le="0.005"} 2"#,
            r#"itc_phase_seconds_bucket{phase="flush",worker="w",le="+Inf"} 4"#,
            r#"itc_phase_seconds_sum{phase="flush",worker="w"} 120.006"#,
            r#"itc_timer_index_comparisons_total{result="repaired",worker="w"} 4"#,
            r#"itc_timer_index_comparisons_total{result="equal",worker="w"} 6"#,
            r#"itc_restores_total{partition="3",topic="input",worker="w"} 2"#,
            r#"itc_restored_records_total{partition="3",topic="input",worker="w"} 20"#,
            r#"itc_restore_seconds{partition="3",topic="input",worker="w"} 1.5"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn figures_come_out_as_they_went_in() {
        for (value, figure) in [(0_i64, 0.0), (-5, -5.0), (1 << 53, 9_007_199_254_740_992.0)] {
            assert_eq!(number(value).to_bits(), f64::to_bits(figure));
        }
    }
}
