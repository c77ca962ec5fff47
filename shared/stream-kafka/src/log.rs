//! The log of one stream thread.

use crate::client::{Change, Complaints, Listener, Member};
use crate::record::{TopicNames, i32_of, input_record, native_headers, owned_headers, u32_of, weight};
use crate::settings::{self, LogSettings};
use crate::transaction::{Failure, Outgoing, Refused, Send, Transactions};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use stream::{
    ChangelogRecord, Checkpoint, CommitError, CommittedBatch, DEAD_LETTERS_TOPIC, InputRecord, Log, LogError,
    PollLimits, Polled, SourcePartition, StagedBatch, Timings, WorkPhase, dead_letter_headers, partition_for_key,
};

/// Requests outside a transaction. 10 s: an election takes seconds; the loop shows longer trouble as lag and tries again.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// A seek is refused while the library is still taking the partition over; 50 looks of 20 ms are far above what it needs.
const SEEK_TRIES: u32 = 50;

/// Kafka as the log of one stream thread: one consumer, one transactional producer, shared with nobody.
pub struct KafkaLog {
    pub(crate) settings: LogSettings,
    pub(crate) complaints: Complaints,
    consumer: BaseConsumer<Member>,
    pub(crate) transactions: Transactions,
    /// T5: the group's generation as of the last poll; `None` where a poll must come before the next commit.
    group: Option<ConsumerGroupMetadata>,
    /// The partitions we have, and for those being read the next offset we accept.
    flow: BTreeMap<SourcePartition, Option<i64>>,
    pending: VecDeque<InputRecord>,
    trouble: Option<LogError>,
    names: TopicNames,
    partition_count: Option<u32>,
    checked_topics: BTreeSet<String>,
    /// T3: asks for high watermarks, read uncommitted.
    watermarks: BaseConsumer<Listener>,
    /// When the loop gave everything up because a commit was fenced.
    fenced_at: Option<Instant>,
    /// Partitions of the one input topic whose end was reached, with the offset behind the last record brought.
    at_end: BTreeMap<SourcePartition, i64>,
    opened_at: Instant,
}

impl std::fmt::Debug for KafkaLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KafkaLog({}, {} partitions)", self.settings.member(), self.flow.len())
    }
}

impl KafkaLog {
    /// Joins the group. Brokers out of reach are no error here: every call says so until they are back.
    ///
    /// # Errors
    /// [`LogError::Fatal`] where the settings are refused.
    pub fn open(settings: LogSettings) -> Result<Self, LogError> {
        let complaints = Complaints::default();
        let fatal = |error: KafkaError| LogError::Fatal(format!("the Kafka clients cannot be made: {error}"));
        let consumer: BaseConsumer<Member> =
            settings::group_consumer(&settings).create_with_context(Member::new(complaints.clone())).map_err(fatal)?;
        let watermarks = settings::watermark_client(&settings.kafka, &format!("{}.watermarks", settings.member()))
            .create_with_context(Listener { complaints: complaints.clone() })
            .map_err(fatal)?;
        let topics: Vec<&str> = settings.inputs.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(fatal)?;
        let producer = settings::transactional_producer(&settings.kafka, &settings.member(), settings.linger);
        Ok(Self {
            transactions: Transactions::new(producer, complaints.clone()),
            settings,
            complaints,
            consumer,
            group: None,
            flow: BTreeMap::new(),
            pending: VecDeque::new(),
            trouble: None,
            names: TopicNames::default(),
            partition_count: None,
            checked_topics: BTreeSet::new(),
            watermarks,
            fenced_at: None,
            at_end: BTreeMap::new(),
            opened_at: now(),
        })
    }

    /// The first and the end offset of a partition, open transactions included.
    pub(crate) fn watermarks(&self, topic: &str, partition: u32) -> Result<(i64, i64), LogError> {
        self.watermarks
            .fetch_watermarks(topic, i32_of(partition), REQUEST_TIMEOUT)
            .map_err(|error| self.retry(format_args!("the watermarks of {topic}/{partition}"), &error))
    }

    pub(crate) fn retry(&self, doing: impl std::fmt::Display, error: &KafkaError) -> LogError {
        if let Some(rejected) = self.complaints.rejected() {
            return LogError::Fatal(rejected);
        }
        let message = self.complaints.explain(format_args!("{doing}: {error}"));
        match error.rdkafka_error_code() {
            Some(code) if crate::classify::is_denied(code) => LogError::Fatal(message),
            _ => self.try_again(message),
        }
    }

    /// Trouble that may pass, logged here because the loop tries again without a word.
    pub(crate) fn try_again(&self, message: String) -> LogError {
        self.complaints.say(&message);
        LogError::Retry(message)
    }

    /// The high watermark of a partition, for measuring lag. It counts transaction markers, so that it is never reached
    /// exactly.
    ///
    /// # Errors
    /// [`LogError::Retry`] where the broker does not answer.
    pub fn end_offset(&self, source: &SourcePartition) -> Result<i64, LogError> {
        Ok(self.watermarks(&source.topic, source.partition)?.1)
    }

    /// Serves the group once without waiting, so that a long restore does not lose the membership. What comes is kept.
    pub(crate) fn keep_alive(&mut self) {
        self.gather(&PollLimits { records_max: self.pending.len() + 1, bytes_max: usize::MAX, wait: Duration::ZERO });
    }

    /// Polls into `pending`: waits for the first record, then takes what is at once available.
    fn gather(&mut self, limits: &PollLimits) {
        let mut bytes: usize = self.pending.iter().map(weight).sum();
        let mut wait = if self.pending.is_empty() { limits.wait } else { Duration::ZERO };
        while self.pending.len() < limits.records_max && bytes < limits.bytes_max {
            if self.consumer.context().has_changes() {
                return;
            }
            match self.consumer.poll(wait) {
                None => return,
                Some(Err(KafkaError::PartitionEOF(partition))) => self.reached_end(u32_of(partition)),
                Some(Err(error)) => {
                    self.trouble = self.poll_trouble(&error);
                    return;
                }
                Some(Ok(message)) => {
                    let record = input_record(&message, &mut self.names, self.settings.reads);
                    if accepts(&mut self.flow, &record) {
                        bytes += weight(&record);
                        self.at_end.remove(&record.source);
                        self.pending.push_back(record);
                    }
                }
            }
            wait = Duration::ZERO;
        }
    }

    /// The library names only the partition, which is enough where one topic is read.
    fn reached_end(&mut self, partition: u32) {
        if let [topic] = self.settings.inputs.as_slice() {
            let source = SourcePartition { topic: self.names.shared(topic), partition };
            if let Some(Some(next)) = self.flow.get(&source) {
                self.at_end.insert(source, *next);
            }
        }
    }

    /// A fenced loop has given everything up. Either the group takes the partitions away, or it left them with us: then
    /// they are offered again, once the group has had time to say so.
    fn offer_again(&mut self) -> Option<Polled> {
        // Two heartbeats: a member that is no longer one learns it with the next.
        const PATIENCE: Duration = Duration::from_secs(6);
        if self.fenced_at.is_none_or(|fenced_at| fenced_at.elapsed() < PATIENCE) {
            return None;
        }
        self.fenced_at = None;
        let sources: Vec<SourcePartition> = self.flow.keys().cloned().collect();
        (!sources.is_empty()).then_some(Polled::Assigned(sources))
    }

    fn give_up_all(&mut self) {
        self.fenced_at = Some(now());
        self.pending.clear();
        for (source, flow) in &mut self.flow {
            *flow = None;
            // Records that come nevertheless are not accepted; pausing only spares the fetches.
            if let Ok(list) = one(source) {
                let _ = self.consumer.pause(&list);
            }
        }
    }

    fn poll_trouble(&self, error: &KafkaError) -> Option<LogError> {
        let message = self.complaints.explain(format_args!("poll: {error}"));
        if let KafkaError::MessageConsumptionFatal(_) = error {
            return Some(LogError::Fatal(message));
        }
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::NoOffset,
            ) => Some(LogError::Halt(format!(
                "{message}. The records at the position to read from are gone: check the retention of the topic"
            ))),
            Some(code) if crate::classify::is_denied(code) => Some(LogError::Fatal(message)),
            // The loop was away for too long and lost its partitions; the rebalance callback says which.
            Some(RDKafkaErrorCode::PollExceeded) => None,
            // The library reconnects on its own, and has said so.
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure) => None,
            _ => Some(self.try_again(message)),
        }
    }

    fn change_assignment(&mut self, change: Change) -> Result<Polled, LogError> {
        match change {
            Change::Assigned(sources) => {
                self.complaints.served();
                self.flow.extend(sources.iter().map(|source| (source.clone(), None)));
                Ok(Polled::Assigned(sources))
            }
            Change::Revoked(sources) => {
                for source in &sources {
                    self.flow.remove(source);
                    self.at_end.remove(source);
                    self.forget_pending(source);
                }
                Ok(Polled::Revoked(sources))
            }
            Change::Failed(error) => Err(LogError::Fatal(
                self.complaints.explain(format_args!("partitions could not be taken over or given up: {error}")),
            )),
        }
    }

    fn forget_pending(&mut self, source: &SourcePartition) {
        self.pending.retain(|record| record.source != *source);
    }

    /// Takes records up to the limits; the first always comes.
    fn take_pending(&mut self, limits: &PollLimits) -> Vec<InputRecord> {
        let mut bytes = 0;
        let mut taken = 0;
        for record in self.pending.iter().take(limits.records_max.max(1)) {
            bytes += weight(record);
            if taken > 0 && bytes > limits.bytes_max {
                break;
            }
            taken += 1;
        }
        self.pending.drain(..taken).collect()
    }

    /// T9: our topics share one partition count; an output topic with another one would split keys from their rows.
    fn check_topics(&mut self, staged: &StagedBatch) -> Result<u32, CommitError> {
        let count = self.partition_count().map_err(|error| match error {
            LogError::Retry(message) => CommitError::Retry(message),
            LogError::Halt(message) | LogError::Fatal(message) => CommitError::Fatal(message),
        })?;
        let mut topics: BTreeSet<&str> = staged.outputs.iter().map(|(_, output)| output.topic).collect();
        if !staged.dead_letters.is_empty() {
            topics.insert(DEAD_LETTERS_TOPIC);
        }
        for topic in topics {
            if self.checked_topics.contains(topic) {
                continue;
            }
            let actual = self.partitions_of(topic).map_err(|error| CommitError::Retry(error.to_string()))?;
            if actual != count {
                return Err(CommitError::Fatal(format!(
                    "{topic} has {actual} partitions and {} has {count}: our topics must have the same count",
                    self.settings.partition_count_topic
                )));
            }
            self.checked_topics.insert(topic.to_owned());
        }
        Ok(count)
    }

    fn partitions_of(&self, topic: &str) -> Result<u32, LogError> {
        let metadata = self
            .watermarks
            .fetch_metadata(Some(topic), REQUEST_TIMEOUT)
            .map_err(|error| self.retry(format_args!("the partitions of {topic}"), &error))?;
        let count =
            metadata.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len());
        match u32::try_from(count) {
            Ok(count) if count > 0 => Ok(count),
            _ => Err(self.try_again(format!("topic {topic} does not exist; create the topics of deploy/topics.toml"))),
        }
    }

    fn offsets_of(staged: &StagedBatch) -> Result<TopicPartitionList, CommitError> {
        let mut list = TopicPartitionList::with_capacity(staged.offsets.len());
        for (source, next) in &staged.offsets {
            list.add_partition_offset(&source.topic, i32_of(source.partition), Offset::Offset(*next))
                .map_err(|error| CommitError::Fatal(format!("the offset of a partition cannot be named: {error}")))?;
        }
        Ok(list)
    }
}

/// Whether a record is the next of a partition that we read; what the library had fetched before a pause or a seek is not.
fn accepts(flow: &mut BTreeMap<SourcePartition, Option<i64>>, record: &InputRecord) -> bool {
    match flow.get_mut(&record.source) {
        Some(Some(next)) if record.offset >= *next => {
            *next = record.offset + 1;
            true
        }
        Some(_) | None => false,
    }
}

/// Sends everything a staged batch carries, in an order that restoring relies on: rows, then the checkpoint.
fn fill(settings: &LogSettings, staged: &StagedBatch, count: u32, send: Send<'_>) -> Result<(), Failure> {
    for (meta, output) in &staged.outputs {
        send(Outgoing {
            topic: output.topic,
            partition: output.partition.unwrap_or_else(|| partition_for_key(output.key.as_bytes(), count)),
            key: Some(output.key.as_bytes()),
            value: Some(&output.value),
            headers: Some(native_headers(settings.worker, meta, output)),
            tracked: false,
        })?;
    }
    for (record, letter) in &staged.dead_letters {
        let headers = dead_letter_headers(settings.worker, record, letter, &settings.build);
        let by_key = record.key.as_ref().map(|key| partition_for_key(key, count));
        send(Outgoing {
            topic: DEAD_LETTERS_TOPIC,
            partition: by_key.unwrap_or(record.source.partition % count),
            key: record.key.as_deref(),
            value: Some(letter.part.as_deref().unwrap_or(&record.value)),
            headers: Some(owned_headers(&headers)),
            tracked: false,
        })?;
    }
    match &settings.changelog {
        Some(changelog) => fill_changelog(changelog, staged, send),
        None => Ok(()),
    }
}

fn fill_changelog(changelog: &str, staged: &StagedBatch, send: Send<'_>) -> Result<(), Failure> {
    for (partition, rows) in &staged.rows {
        for row in rows {
            send(changed(changelog, *partition, row.key.as_str(), row.value.as_deref(), false))?;
        }
    }
    for (partition, checkpoint) in &staged.checkpoints {
        // Plain numbers and a date: writing them as JSON cannot fail.
        let value = serde_json::to_vec(checkpoint).unwrap_or_default();
        send(changed(changelog, *partition, Checkpoint::KEY, Some(&value), true))?;
    }
    Ok(())
}

fn changed<'a>(topic: &'a str, partition: u32, key: &'a str, value: Option<&'a [u8]>, tracked: bool) -> Outgoing<'a> {
    Outgoing { topic, partition, key: Some(key.as_bytes()), value, headers: None, tracked }
}

impl Log for KafkaLog {
    fn poll(&mut self, limits: &PollLimits) -> Result<Polled, LogError> {
        if self.trouble.is_none() {
            self.gather(limits);
        }
        if let Some(rejected) = self.complaints.rejected() {
            return Err(LogError::Fatal(rejected));
        }
        // T5: a later snapshot may carry a generation in which a partition is already gone.
        self.group = self.consumer.group_metadata();
        if let Some(change) = self.consumer.context().next_change() {
            return self.change_assignment(change);
        }
        if let Some(offered) = self.offer_again() {
            return Ok(offered);
        }
        if !self.pending.is_empty() {
            return Ok(Polled::Records(self.take_pending(limits)));
        }
        match self.trouble.take() {
            Some(trouble) => Err(trouble),
            None => Ok(Polled::Idle),
        }
    }

    fn resume(&mut self, source: &SourcePartition, next_offset: i64) -> Result<(), LogError> {
        if !self.flow.contains_key(source) {
            return Err(LogError::Retry(format!("{}/{} is not assigned", source.topic, source.partition)));
        }
        self.forget_pending(source);
        let partition = i32_of(source.partition);
        let mut tries = 0;
        loop {
            match self.consumer.seek(&source.topic, partition, Offset::Offset(next_offset), REQUEST_TIMEOUT) {
                Ok(()) => break,
                Err(error) if tries >= SEEK_TRIES => return Err(self.retry("seek", &error)),
                Err(_) => {
                    tries += 1;
                    std::thread::park_timeout(Duration::from_millis(20));
                }
            }
        }
        self.consumer.resume(&one(source)?).map_err(|error| self.retry("resume", &error))?;
        self.at_end.remove(source);
        self.flow.insert(source.clone(), Some(next_offset));
        Ok(())
    }

    fn pause(&mut self, source: &SourcePartition) -> Result<(), LogError> {
        self.forget_pending(source);
        if let Some(flow) = self.flow.get_mut(source) {
            *flow = None;
            self.consumer.pause(&one(source)?).map_err(|error| self.retry("pause", &error))?;
        }
        Ok(())
    }

    fn committed_offset(&mut self, source: &SourcePartition) -> Result<Option<i64>, LogError> {
        let committed = self
            .consumer
            .committed_offsets(one(source)?, REQUEST_TIMEOUT)
            .map_err(|error| self.retry("the committed offset", &error))?;
        let Some(element) = committed.find_partition(&source.topic, i32_of(source.partition)) else { return Ok(None) };
        element.error().map_err(|error| self.retry("the committed offset", &error))?;
        match element.offset() {
            Offset::Offset(offset) => Ok(Some(offset)),
            // T4: the coordinator knows none; the caller decides, and never from 0 where there is a checkpoint.
            Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => Ok(None),
        }
    }

    fn earliest_offset(&mut self, source: &SourcePartition) -> Result<i64, LogError> {
        Ok(self.watermarks(&source.topic, source.partition)?.0)
    }

    fn restore(
        &mut self,
        partition: u32,
        from: i64,
        apply: &mut dyn FnMut(ChangelogRecord) -> ControlFlow<()>,
    ) -> Result<i64, LogError> {
        crate::restore::restore(self, partition, from, apply)
    }

    fn commit(&mut self, staged: StagedBatch) -> Result<CommittedBatch, CommitError> {
        if staged.offsets.is_empty() {
            // T6: only offsets carry the check of the group's generation.
            return Err(CommitError::Fatal("a transaction without offsets runs no generation check".to_owned()));
        }
        let count = self.check_topics(&staged)?;
        let offsets = Self::offsets_of(&staged)?;
        let Some(group) = &self.group else {
            return Err(CommitError::Retry("the group's generation has passed: poll first".to_owned()));
        };
        let settings = &self.settings;
        let outcome = self.transactions.run(&mut |send| fill(settings, &staged, count, send), Some((&offsets, group)));
        match outcome {
            Ok(changelog_next) => Ok(CommittedBatch { staged, changelog_next }),
            Err(Refused { error, poll_first }) => {
                if poll_first {
                    self.group = None;
                }
                if let CommitError::Fenced(_) = error {
                    self.give_up_all();
                }
                Err(error)
            }
        }
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        self.transactions.drop_producer();
        self.transactions.ensure().map(|_| ())
    }

    fn partition_count(&mut self) -> Result<u32, LogError> {
        if let Some(count) = self.partition_count {
            return Ok(count);
        }
        let count = self.partitions_of(&self.settings.partition_count_topic)?;
        self.partition_count = Some(count);
        Ok(count)
    }

    fn timings(&self) -> Timings {
        self.transactions.timings().clone()
    }

    fn last_phase(&self) -> WorkPhase {
        self.transactions.last_phase()
    }

    fn clock(&mut self) -> Duration {
        self.opened_at.elapsed()
    }

    /// Counts offsets, so that transaction markers are counted too; 0 where the end was reached.
    fn lag_in_records(&self, source: &SourcePartition, next_offset: i64) -> Option<i64> {
        if let Some(end) = self.at_end.get(source) {
            return Some((end - next_offset).max(0));
        }
        let end = self.consumer.context().stable_end(source)?;
        Some((end - next_offset).max(0))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the limits of a batch and the patience with a group; no decision looks at it"
)]
fn now() -> Instant {
    Instant::now()
}

pub(crate) fn one(source: &SourcePartition) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition(&source.topic, i32_of(source.partition));
    if list.count() == 1 && u32_of(i32_of(source.partition)) == source.partition {
        Ok(list)
    } else {
        Err(LogError::Fatal(format!("{}/{} is no partition", source.topic, source.partition)))
    }
}
