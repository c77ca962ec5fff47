//! Where these commands read and write: Kafka, or the simulated log.

use anyhow::{Context, Result};
use gst_events::{EventPayload, OperatorCommand, Request, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;
use stream::InputRecord;
use stream_kafka::{FeedRecord, KafkaSettings, Publisher, PublisherSettings, TopicReader};

/// The topic of commands.
pub(crate) const COMMANDS: &str = ingest::Feed::OperatorCommands.topic();
const RESULTS: &str = Topic::Results.name();
/// Between two looks at the answers.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A command on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The `ce_id`.
    pub(crate) id: String,
    /// The command.
    pub(crate) command: OperatorCommand,
}

impl Command {
    /// The record of the command. `sent_at` is told in `ce_time`.
    pub(crate) fn record(&self, sent_at: Option<&str>) -> Result<FeedRecord> {
        let mut headers = vec![
            ("ce_specversion", "1.0"),
            ("ce_id", self.id.as_str()),
            ("ce_source", "itcctl"),
            ("ce_type", OperatorCommand::TYPE.0),
            ("ce_subject", self.command.key.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(sent_at.map(|sent_at| ("ce_time", sent_at)));
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
        Ok(FeedRecord {
            topic: COMMANDS.to_owned(),
            partition: None,
            key: self.command.key.clone().into_bytes(),
            headers,
            value: serde_json::to_vec(&self.command)?,
        })
    }
}

/// Topics to read and commands to give.
pub(crate) trait Topics {
    /// Reads a topic from its beginning to its end; `each` may break off.
    fn read(&mut self, topic: &str, each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>) -> Result<()>;

    /// One record.
    fn record(&mut self, topic: &str, partition: u32, offset: i64) -> Result<Option<InputRecord>>;

    /// Gives commands and waits at most so long for their answers, by request id.
    fn order(&mut self, commands: &[Command], wait: Duration) -> Result<BTreeMap<String, Request>>;
}

/// Kafka.
#[derive(Debug)]
pub(crate) struct KafkaTopics {
    kafka: KafkaSettings,
    reader: TopicReader,
}

impl KafkaTopics {
    pub(crate) fn open(kafka: KafkaSettings) -> Result<Self> {
        let reader = TopicReader::open(&kafka, "itcctl-operate")?;
        Ok(Self { kafka, reader })
    }

    fn answers(
        &mut self,
        from: &mut [(u32, i64)],
        open: &mut BTreeSet<&str>,
        found: &mut BTreeMap<String, Request>,
    ) -> Result<()> {
        let mut next: BTreeMap<u32, i64> = from.iter().copied().collect();
        self.reader.read(RESULTS, from, &mut |record| {
            next.insert(record.source.partition, record.offset + 1);
            note_answer(&record, open, found);
            ControlFlow::Continue(())
        })?;
        for (partition, offset) in from {
            *offset = next.get(partition).copied().unwrap_or(*offset);
        }
        Ok(())
    }
}

/// Keeps the answer in a record if it is to one of the open commands.
pub(crate) fn note_answer(record: &InputRecord, open: &mut BTreeSet<&str>, found: &mut BTreeMap<String, Request>) {
    if record.header("ce_type") == Some(Request::TYPE.0)
        && let Ok(answer) = serde_json::from_slice::<Request>(&record.value)
        && open.remove(answer.request_id.as_str())
    {
        found.insert(answer.request_id.clone(), answer);
    }
}

impl Topics for KafkaTopics {
    fn read(&mut self, topic: &str, each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>) -> Result<()> {
        self.reader.read_all(topic, each).with_context(|| format!("reading {topic}"))
    }

    fn record(&mut self, topic: &str, partition: u32, offset: i64) -> Result<Option<InputRecord>> {
        let mut found = None;
        if partition < self.reader.partition_count(topic)? {
            self.reader.read(topic, &[(partition, offset)], &mut |record| {
                found = (record.offset == offset).then_some(record);
                ControlFlow::Break(())
            })?;
        }
        Ok(found)
    }

    fn order(&mut self, commands: &[Command], wait: Duration) -> Result<BTreeMap<String, Request>> {
        let mut from: Vec<(u32, i64)> = self.reader.stable_ends(RESULTS)?.into_iter().collect();
        let sent_at = crate::feed::now()?.to_string();
        let mut publisher = Publisher::open(PublisherSettings::new(self.kafka.clone(), "itcctl-operate"))?;
        for command in commands {
            publisher.publish(&command.record(Some(&sent_at))?, &mut |_| {})?;
        }
        publisher.flush(&mut |_| {})?;
        let mut open: BTreeSet<&str> = commands.iter().map(|command| command.id.as_str()).collect();
        let mut found = BTreeMap::new();
        let mut left = wait;
        while !open.is_empty() && !left.is_zero() {
            std::thread::sleep(LOOK_AGAIN);
            left = left.saturating_sub(LOOK_AGAIN);
            self.answers(&mut from, &mut open, &mut found)?;
        }
        Ok(found)
    }
}
