//! How long a fact takes to be public, while facts come at a steady rate and every worker runs.

use super::story;
use crate::demo::kafka_engine::now;
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result, bail};
use gst_events::{CreditSubject, ImsRecord, LedgerEntry, Topic};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stream::InputRecord;
use stream_kafka::{KafkaSettings, Publisher, PublisherSettings, TopicFollower, TopicReader};

/// What does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(30);
/// A look at the public topic: its precision is what the figures cannot be finer than.
const LOOK: Duration = Duration::from_millis(1);

/// Times from the feed to the public topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Latency {
    sorted: Vec<Duration>,
}

impl Latency {
    /// The time that so many of a hundred stay below.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.sorted.len() * percent).div_ceil(100).saturating_sub(1);
        self.sorted.get(place).copied().unwrap_or_default()
    }

    /// How many were measured.
    pub(super) fn count(&self) -> usize {
        self.sorted.len()
    }
}

/// From a document that a supplier saves to its IMS record.
pub(super) fn to_ims_record(kafka: &str, numbers: std::ops::Range<usize>, rate: u32) -> Result<Latency> {
    let number = |record: &InputRecord| {
        let record: ImsRecord = serde_json::from_slice(&record.value)?;
        Ok(record.number)
    };
    measure(kafka, Topic::ImsRecords, numbers, rate, &story::saved, &number)
}

/// From a claim in a filed return to its ledger entry.
pub(super) fn to_ledger_entry(kafka: &str, numbers: std::ops::Range<usize>, rate: u32) -> Result<Latency> {
    let number = |record: &InputRecord| {
        let entry: LedgerEntry = serde_json::from_slice(&record.value)?;
        Ok(match entry.subject {
            CreditSubject::Document(key) => key.number.to_string(),
            CreditSubject::BillOfEntry(id) => id.to_string(),
        })
    };
    measure(kafka, Topic::Ledger, numbers, rate, &story::claim, &number)
}

fn measure(
    kafka: &str,
    public: Topic,
    numbers: std::ops::Range<usize>,
    rate: u32,
    fact: &dyn Fn(usize) -> Result<FeedRecord>,
    number_of: &dyn Fn(&InputRecord) -> Result<String>,
) -> Result<Latency> {
    let mut settings = KafkaSettings::plain(kafka);
    let starts = TopicReader::open(&settings, "itcctl-bench")?.stable_ends(public.name())?;
    let mut follower = TopicFollower::open(&settings, "itcctl-bench-follower", public.name(), &starts)?;
    // A feed is written for throughput; here each record is on its way at once.
    settings.properties.insert("linger.ms".to_owned(), "0".to_owned());
    let mut publisher = Publisher::open(PublisherSettings::new(settings, "itcctl-bench-feed"))?;
    let (began, every) = (now(), Duration::from_secs(1) / rate.max(1));
    let mut sent: BTreeMap<String, Instant> = BTreeMap::new();
    let mut latency = Latency::default();
    let (mut next, mut due) = (numbers.start, Duration::ZERO);
    while next < numbers.end || !sent.is_empty() {
        if next < numbers.end && began.elapsed() >= due {
            publisher.publish(&fact(next)?.for_kafka(), &mut |_| {})?;
            sent.insert(story::document_number(next), now());
            (next, due) = (next + 1, due + every);
        }
        for record in follower.look(LOOK)? {
            let number = number_of(&record)?;
            latency.sorted.extend(sent.remove(&number).map(|at| at.elapsed()));
        }
        if next == numbers.end && began.elapsed() > due + PATIENCE {
            bail!("{} of {} facts did not come to {}", sent.len(), numbers.len(), public.name());
        }
    }
    latency.sorted.sort();
    latency.sorted.first().context("nothing was measured")?;
    Ok(latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let latency = Latency { sorted: (1..=200).map(Duration::from_millis).collect() };
        assert_eq!(latency.percentile(50), Duration::from_millis(100));
        assert_eq!(latency.percentile(99), Duration::from_millis(198));
        assert_eq!(Latency::default().percentile(50), Duration::ZERO);
    }
}
