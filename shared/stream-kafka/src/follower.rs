//! Following a topic as it grows, without a group: for the calendar, which waits for commands.

use crate::reader::TopicReader;
use crate::record::u32_of;
use crate::settings::KafkaSettings;
use rdkafka::error::KafkaError;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use stream::{InputRecord, LogError};

/// Records taken in by one look: more than an operator gives in a day, and little memory.
const RECORDS_MAX: usize = 1_000;

/// Committed records of one topic in the order of each partition, from given offsets on. It stays assigned, so that a look
/// costs no round trip; reading anew for each look costs about a second.
#[derive(Debug)]
pub struct TopicFollower {
    reader: TopicReader,
    /// Partitions whose end, as of its time, was not reached yet.
    behind: BTreeSet<u32>,
}

impl TopicFollower {
    /// Begins to follow all partitions of a topic, each from the offset in `starts` or from its beginning.
    ///
    /// # Errors
    /// [`LogError`] where the settings are refused, the broker does not answer or the topic does not exist.
    pub fn open(
        kafka: &KafkaSettings,
        client_id: &str,
        topic: &str,
        starts: &BTreeMap<u32, i64>,
    ) -> Result<Self, LogError> {
        let reader = TopicReader::open(kafka, client_id)?;
        let count = reader.partition_count(topic)?;
        reader.assign(topic, (0..count).map(|partition| (partition, starts.get(&partition).copied())))?;
        Ok(Self { reader, behind: (0..count).collect() })
    }

    /// What came since the last look, and waits at most that long for the first record.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer.
    pub fn look(&mut self, wait: Duration) -> Result<Vec<InputRecord>, LogError> {
        let mut records = Vec::new();
        let mut wait = wait;
        while records.len() < RECORDS_MAX {
            match self.reader.poll(wait) {
                None => break,
                Some(Ok(record)) => records.push(record),
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.behind.remove(&u32_of(partition));
                }
                Some(Err(error)) => return Err(self.reader.retry("following", &error)),
            }
            // What lies behind a record that came is fetched already; the caller waits for the first only.
            wait = Duration::ZERO;
        }
        Ok(records)
    }

    /// True once everything that was there when the following began has been given out.
    #[must_use]
    pub fn caught_up(&self) -> bool {
        self.behind.is_empty()
    }
}
