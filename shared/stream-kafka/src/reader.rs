//! Reading committed records without a group: for tools, and for the calendar's last mark.

use crate::client::Listener;
use crate::log::REQUEST_TIMEOUT;
use crate::record::{TopicNames, i32_of, input_record, u32_of};
use crate::settings::{self, KafkaSettings};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;
use stream::{InputRecord, LogError};

/// Waits for one poll; the end of a partition comes much sooner.
const POLL_WAIT: Duration = Duration::from_millis(200);
/// This many polls without a record or an end are 30 s: trouble with the broker.
const POLLS_MAX: u32 = 150;

/// Reads committed records of any partitions, from given offsets to the end as it is when the reading begins.
pub struct TopicReader {
    consumer: BaseConsumer<Listener>,
    listener: Listener,
    names: TopicNames,
}

impl std::fmt::Debug for TopicReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TopicReader")
    }
}

impl TopicReader {
    /// Opens a reader; `client_id` names it in the broker's logs, and as group for permissions. It joins no group.
    ///
    /// # Errors
    /// [`LogError::Fatal`] where the settings are refused.
    pub fn open(kafka: &KafkaSettings, client_id: &str) -> Result<Self, LogError> {
        let listener = Listener::default();
        let consumer = settings::assigned_reader(kafka, client_id, client_id)
            .create_with_context(listener.clone())
            .map_err(|error| LogError::Fatal(format!("the reader cannot be made: {error}")))?;
        Ok(Self { consumer, listener, names: TopicNames::default() })
    }

    pub(crate) fn retry(&self, doing: &str, error: &KafkaError) -> LogError {
        match self.listener.complaints.rejected() {
            Some(rejected) => LogError::Fatal(rejected),
            None => LogError::Retry(self.listener.complaints.explain(format_args!("{doing}: {error}"))),
        }
    }

    /// Lets the client say why nobody answers, which it does only while it is polled.
    fn hear(&self) {
        let reading = self.consumer.assignment().is_ok_and(|assigned| assigned.count() > 0);
        // The reason comes a moment later than the failure; 2 s are enough for a handshake on a busy machine.
        for _ in 0..20 {
            if reading || self.listener.complaints.rejected().is_some() {
                return;
            }
            let _ = self.consumer.poll(Duration::from_millis(100));
        }
    }

    /// Takes over partitions for good, from the given offsets or from their beginning.
    pub(crate) fn assign(&self, topic: &str, starts: impl Iterator<Item = (u32, Option<i64>)>) -> Result<(), LogError> {
        let mut list = TopicPartitionList::new();
        for (partition, start) in starts {
            list.add_partition_offset(topic, i32_of(partition), start.map_or(Offset::Beginning, Offset::Offset))
                .map_err(|error| self.retry("naming an offset", &error))?;
        }
        self.consumer.assign(&list).map_err(|error| self.retry("assigning partitions", &error))
    }

    /// The next record, the end of a partition, or nothing within that time.
    pub(crate) fn poll(&mut self, wait: Duration) -> Option<Result<InputRecord, KafkaError>> {
        let message = self.consumer.poll(wait)?;
        Some(message.map(|message| input_record(&message, &mut self.names, |_| true)))
    }

    /// The partition count of a topic.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer or the topic does not exist.
    pub fn partition_count(&self, topic: &str) -> Result<u32, LogError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).map_err(|error| {
            self.hear();
            self.retry(&format!("the partitions of {topic}"), &error)
        })?;
        self.listener.complaints.served();
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        match found.map_or(0, |found| found.partitions().len()) {
            0 => Err(LogError::Retry(format!("topic {topic} does not exist"))),
            count => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        }
    }

    /// The end of the stable part of each partition: everything before it is committed or aborted.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer or the topic does not exist.
    pub fn stable_ends(&self, topic: &str) -> Result<BTreeMap<u32, i64>, LogError> {
        let count = self.partition_count(topic)?;
        (0..count).map(|partition| Ok((partition, self.bounds(topic, partition)?.1))).collect()
    }

    fn bounds(&self, topic: &str, partition: u32) -> Result<(i64, i64), LogError> {
        self.consumer
            .fetch_watermarks(topic, i32_of(partition), REQUEST_TIMEOUT)
            .map_err(|error| self.retry(&format!("the end of {topic}/{partition}"), &error))
    }

    /// Reads all partitions of a topic from their beginning to their end. Order holds within a partition.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer or the topic does not exist.
    pub fn read_all(
        &mut self,
        topic: &str,
        each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let starts: Vec<(u32, i64)> = (0..self.partition_count(topic)?).map(|partition| (partition, 0)).collect();
        self.read(topic, &starts, each)
    }

    /// Reads partitions from the given offsets to their ends as of now. An offset before the first record is moved to it.
    /// `each` may break off.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer.
    pub fn read(
        &mut self,
        topic: &str,
        starts: &[(u32, i64)],
        each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let mut open: BTreeMap<u32, i64> = BTreeMap::new();
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for (partition, start) in starts {
            let (first, end) = self.bounds(topic, *partition)?;
            let start = first.max(*start);
            if start < end {
                open.insert(*partition, end);
                list.add_partition_offset(topic, i32_of(*partition), Offset::Offset(start))
                    .map_err(|error| self.retry("naming an offset", &error))?;
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        self.consumer.assign(&list).map_err(|error| self.retry("assigning partitions", &error))?;
        let read = self.read_open(&mut open, each);
        self.consumer.unassign().map_err(|error| self.retry("giving partitions back", &error))?;
        read
    }

    fn read_open(
        &mut self,
        open: &mut BTreeMap<u32, i64>,
        each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let mut silent = 0;
        while !open.is_empty() {
            match self.poll(POLL_WAIT) {
                Some(Ok(record)) => {
                    silent = 0;
                    let partition = record.source.partition;
                    let Some(end) = open.get(&partition).copied() else { continue };
                    if record.offset + 1 >= end {
                        open.remove(&partition);
                    }
                    if record.offset < end && each(record).is_break() {
                        return Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    silent = 0;
                    open.remove(&u32_of(partition));
                }
                Some(Err(error)) => return Err(self.retry("reading", &error)),
                None if silent >= POLLS_MAX => {
                    return Err(LogError::Retry(self.listener.complaints.explain("no answer for 30 s")));
                }
                None => silent += 1,
            }
        }
        Ok(())
    }

    /// How many records stand between the given offsets and the ends; stops counting at `counted_max`.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer.
    pub fn count(&mut self, topic: &str, starts: &[(u32, i64)], counted_max: u64) -> Result<u64, LogError> {
        let mut counted = 0;
        self.read(topic, starts, &mut |_| {
            counted += 1;
            if counted >= counted_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(counted)
    }

    /// The last record of a partition that `wanted` takes, read backwards in growing windows.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer.
    pub fn last(
        &mut self,
        topic: &str,
        partition: u32,
        wanted: &dyn Fn(&InputRecord) -> bool,
    ) -> Result<Option<InputRecord>, LogError> {
        // 1,000: more than a day's marks; windows grow tenfold, so that the whole is read at most 1.1 times.
        let mut window = 1000;
        let (first, end) = self.bounds(topic, partition)?;
        let mut until = end;
        while until > first {
            let from = first.max(end.saturating_sub(window));
            let mut found = None;
            self.read(topic, &[(partition, from)], &mut |record| {
                if record.offset >= until {
                    return ControlFlow::Break(());
                }
                if wanted(&record) {
                    found = Some(record);
                }
                ControlFlow::Continue(())
            })?;
            if found.is_some() {
                return Ok(found);
            }
            until = from;
            window = window.saturating_mul(10);
        }
        Ok(None)
    }
}
