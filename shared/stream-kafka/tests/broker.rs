//! The log against a real Kafka. It runs where `ITC_TEST_KAFKA` gives a bootstrap address, and says so where not.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test, and skipping is shown"
)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use stream::{
    ChangelogRecord, Checkpoint, Class, CommitError, DEAD_LETTERS_TOPIC, DeadLetter, EventMeta, EventType, InputRecord,
    Log, LogError, OutputRecord, PollLimits, Polled, RowChange, RowKey, SourcePartition, StagedBatch, WorkerName,
    partition_for_key,
};
use stream_kafka::{
    DeadLetterHeaders, FeedRecord, KafkaLog, KafkaSettings, LogSettings, MarkWriter, Publisher, PublisherSettings,
    TopicOutcome, TopicReader, TopicSpec, create_topics, delete_topics, group_lag, group_owner,
};

#[path = "broker/secure.rs"]
mod secure;
#[path = "broker/traps.rs"]
mod traps;

const PARTITIONS: u32 = 4;
const LIMITS: PollLimits = PollLimits { records_max: 1000, bytes_max: 1 << 20, wait: Duration::from_millis(100) };

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where a broker is")]
fn kafka(test: &str) -> Option<KafkaSettings> {
    match std::env::var("ITC_TEST_KAFKA") {
        Ok(address) => Some(KafkaSettings::plain(address)),
        Err(_) => {
            println!("SKIPPED: {test}: ITC_TEST_KAFKA gives no bootstrap address");
            None
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for a broker in real time")]
fn now() -> Instant {
    Instant::now()
}

/// The topics of one test, deleted at its end.
struct Topics {
    kafka: KafkaSettings,
    name: &'static str,
    input: String,
    output: &'static str,
    changelog: String,
    dead_letters: bool,
}

impl Drop for Topics {
    fn drop(&mut self) {
        // A test that failed leaves its topics to the next run.
        let _ = delete_topics(&self.kafka, &self.names());
    }
}

impl Topics {
    /// The topics of a test that puts records aside; no other test runs it at the same time.
    fn with_dead_letters(kafka: KafkaSettings, name: &'static str, output: &'static str) -> Self {
        Self::make(kafka, name, output, true)
    }

    fn create(kafka: KafkaSettings, name: &'static str, output: &'static str) -> Self {
        Self::make(kafka, name, output, false)
    }

    fn names(&self) -> Vec<&str> {
        let dead_letters = self.dead_letters.then_some(DEAD_LETTERS_TOPIC);
        [self.input.as_str(), self.output, &self.changelog].into_iter().chain(dead_letters).collect()
    }

    fn make(kafka: KafkaSettings, name: &'static str, output: &'static str, dead_letters: bool) -> Self {
        let topics = Self {
            kafka,
            name,
            input: format!("test.{name}.input"),
            output,
            changelog: format!("test.{name}.changelog"),
            dead_letters,
        };
        delete_topics(&topics.kafka, &topics.names()).expect("broker answers");
        let spec = |name: &str, cleanup: &str| TopicSpec {
            name: name.to_owned(),
            partitions: PARTITIONS,
            replication: 1,
            config: BTreeMap::from([("cleanup.policy".to_owned(), cleanup.to_owned())]),
        };
        let cleanup = |name: &str| if name == topics.changelog { "compact" } else { "delete" };
        let specs: Vec<TopicSpec> = topics.names().into_iter().map(|name| spec(name, cleanup(name))).collect();
        // A deleted topic's name may still be taken for a moment.
        let deadline = now() + Duration::from_secs(20);
        loop {
            let outcomes = create_topics(&topics.kafka, &specs).expect("broker answers");
            let good = |outcome: &TopicOutcome| matches!(outcome, TopicOutcome::Created | TopicOutcome::Existed);
            if outcomes.iter().all(|(_, outcome)| good(outcome)) {
                topics.wait_until_known(deadline);
                return topics;
            }
            assert!(now() < deadline, "{outcomes:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A topic is created before every client of the broker is told of it.
    fn wait_until_known(&self, deadline: Instant) {
        let reader = TopicReader::open(&self.kafka, "test-waits").expect("opens");
        for name in self.names() {
            while reader.partition_count(name).is_err() {
                assert!(now() < deadline, "{name} is not known");
            }
        }
    }

    fn settings(&self, instance: &str, thread: u32) -> LogSettings {
        LogSettings {
            name: format!("test.{}", self.name),
            inputs: vec![self.input.clone()],
            changelog: Some(self.changelog.clone()),
            partition_count_topic: self.input.clone(),
            session_timeout: Duration::from_secs(6),
            ..LogSettings::new(self.kafka.clone(), WorkerName("test"), instance, thread)
        }
    }

    fn publish(&self, count: u32) {
        let mut publisher =
            Publisher::open(PublisherSettings::new(self.kafka.clone(), "test-publisher")).expect("opens");
        for number in 0..count {
            let record = FeedRecord {
                topic: self.input.clone(),
                partition: None,
                key: format!("key-{number}").into_bytes(),
                headers: vec![
                    ("ce_id".to_owned(), format!("id-{number}").into_bytes()),
                    ("ce_type".to_owned(), b"test.input".to_vec()),
                ],
                value: format!("value-{number}").into_bytes(),
            };
            publisher.publish(&record, &mut |_| {}).expect("is taken");
        }
        let progress = publisher.flush(&mut |_| {}).expect("all are delivered");
        assert_eq!((progress.sent, progress.delivered, progress.failed), (count.into(), count.into(), 0));
    }

    /// A commit is answered before its markers are in every partition, and until then nobody reads what it holds.
    fn read_until(&self, topic: &str, count: usize) -> Vec<InputRecord> {
        let deadline = now() + Duration::from_secs(10);
        loop {
            let records = self.read(topic);
            if records.len() >= count || now() > deadline {
                return records;
            }
        }
    }

    fn read(&self, topic: &str) -> Vec<InputRecord> {
        let mut records = Vec::new();
        let mut reader = TopicReader::open(&self.kafka, "test-reader").expect("opens");
        reader
            .read_all(topic, &mut |record| {
                records.push(record);
                ControlFlow::Continue(())
            })
            .expect("reads");
        records
    }
}

/// Polls until `count` partitions are assigned.
fn assigned(log: &mut KafkaLog, count: usize) -> Vec<SourcePartition> {
    let deadline = now() + Duration::from_secs(30);
    let mut all = Vec::new();
    while all.len() < count {
        assert!(now() < deadline, "only {all:?} assigned");
        match log.poll(&LIMITS).expect("polls") {
            Polled::Assigned(sources) => all.extend(sources),
            Polled::Revoked(sources) => all.retain(|source| !sources.contains(source)),
            Polled::Records(records) => panic!("records of paused partitions: {records:?}"),
            Polled::Idle => {}
        }
    }
    all
}

fn records(log: &mut KafkaLog, count: usize) -> Vec<InputRecord> {
    let deadline = now() + Duration::from_secs(30);
    let mut all = Vec::new();
    while all.len() < count {
        assert!(now() < deadline, "only {} of {count} records", all.len());
        match log.poll(&LIMITS).expect("polls") {
            Polled::Records(records) => all.extend(records),
            Polled::Idle => {}
            other @ (Polled::Assigned(_) | Polled::Revoked(_)) => panic!("{other:?}"),
        }
    }
    all
}

fn output(topic: &'static str, record: &InputRecord) -> (EventMeta, OutputRecord) {
    let meta = EventMeta { id: format!("out-{}", record.meta().id), ..EventMeta::default() };
    let output = OutputRecord {
        topic,
        key: record.key_text().to_owned(),
        partition: None,
        event_type: EventType("Tested"),
        class: Class::Decision,
        subject: "subject".to_owned(),
        headers: Vec::new(),
        value: record.value.clone(),
    };
    (meta, output)
}

fn checkpoint(sequence: u64, next_offset: i64) -> Checkpoint {
    Checkpoint { sequence, next_offset, day: None, schema: 1, partition_count: PARTITIONS, timer_buckets: 8 }
}

/// A batch as the loop would stage it: one output, one row a record, one checkpoint a partition.
fn staged(topics: &Topics, records: &[InputRecord], sequence: u64) -> StagedBatch {
    let mut batch = StagedBatch::default();
    for record in records {
        batch.outputs.push(output(topics.output, record));
        let key = RowKey::table("row").with(record.key_text());
        let row = RowChange { key, value: Some(record.value.clone()) };
        batch.rows.entry(record.source.partition).or_default().push(row);
        batch.checkpoints.insert(record.source.partition, checkpoint(sequence, record.offset + 1));
        batch.offsets.insert(record.source.clone(), record.offset + 1);
    }
    batch
}

fn resume_all(log: &mut KafkaLog, sources: &[SourcePartition]) {
    for source in sources {
        let from = match log.committed_offset(source).expect("answers") {
            Some(offset) => offset,
            None => log.earliest_offset(source).expect("answers"),
        };
        log.resume(source, from).expect("resumes");
    }
}

fn restored(log: &mut KafkaLog, partition: u32, from: i64) -> (Vec<ChangelogRecord>, i64) {
    let mut records = Vec::new();
    let next = log.restore(partition, from, &mut |record| {
        records.push(record);
        ControlFlow::Continue(())
    });
    let next = next.expect("restores");
    (records, next)
}

#[test]
fn a_batch_is_committed_read_back_and_restored() {
    let Some(kafka) = kafka("a_batch_is_committed_read_back_and_restored") else { return };
    let topics = Topics::with_dead_letters(kafka, "commit", "test.commit.output");
    topics.publish(200);
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    assert_eq!(log.partition_count().expect("answers"), PARTITIONS);
    let sources = assigned(&mut log, 4);
    assert_eq!(log.committed_offset(&sources[0]).expect("answers"), None);
    resume_all(&mut log, &sources);
    let read = records(&mut log, 200);
    for record in &read {
        assert_eq!(record.source.partition, partition_for_key(record.key_text().as_bytes(), PARTITIONS), "T9");
    }
    let mut batch = staged(&topics, &read, 1);
    let letter = DeadLetter {
        code: "TEST".to_owned(),
        field: "f".to_owned(),
        rule: "R-1".to_owned(),
        message: "m".to_owned(),
        part: None,
    };
    batch.dead_letters.push((read[0].clone(), letter));
    let committed = log.commit(batch).expect("commits");
    assert_eq!(committed.changelog_next.len(), 4);
    assert_eq!(topics.read_until(topics.output, 200).len(), 200);
    let dead = topics.read_until(DEAD_LETTERS_TOPIC, 1).pop().expect("a dead letter");
    let headers = DeadLetterHeaders::from_record(&dead).expect("reads");
    assert_eq!((headers.source_topic.as_str(), headers.source_offset), (topics.input.as_str(), read[0].offset));
    assert_eq!((dead.value, dead.key), (read[0].value.clone(), read[0].key.clone()));
    let mut rows = 0;
    for source in &sources {
        let (restored, next) = restored(&mut log, source.partition, 0);
        assert!(next >= committed.changelog_next[&source.partition]);
        let last = restored.last().expect("a checkpoint");
        assert_eq!(last.key, Checkpoint::KEY, "the checkpoint is the last of its batch");
        let read: Checkpoint = serde_json::from_slice(last.value.as_ref().expect("a value")).expect("is JSON");
        assert_eq!(Some(read.next_offset), log.committed_offset(source).expect("answers"));
        assert_eq!(restored_from_end(&mut log, source.partition, next), 0);
        rows += restored.len() - 1;
    }
    assert_eq!(rows, 200);
    let deadline = now() + Duration::from_secs(10);
    let next_offsets = &committed.staged.offsets;
    while next_offsets.iter().any(|(source, next)| log.lag_in_records(source, *next) != Some(0)) {
        assert!(now() < deadline, "the end of a partition is not told");
        log.poll(&LIMITS).expect("polls");
    }
    let lag = group_lag(&topics.kafka, "test.commit", &topics.input).expect("answers");
    assert!(lag.iter().all(|lag| lag.unread == 0), "{lag:?}");
}

fn restored_from_end(log: &mut KafkaLog, partition: u32, from: i64) -> usize {
    restored(log, partition, from).0.len()
}

#[test]
fn trap_t6_a_transaction_without_offsets_is_refused() {
    let Some(kafka) = kafka("trap_t6_a_transaction_without_offsets_is_refused") else { return };
    let topics = Topics::create(kafka, "nooffsets", "test.nooffsets.output");
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    assert!(matches!(log.commit(StagedBatch::default()), Err(CommitError::Fatal(_))));
}

#[test]
fn trap_t2_a_second_producer_of_the_same_id_fences_the_first() {
    let Some(kafka) = kafka("trap_t2_a_second_producer_of_the_same_id_fences_the_first") else { return };
    let topics = Topics::create(kafka, "fence", "test.fence.output");
    topics.publish(20);
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let sources = assigned(&mut log, 4);
    resume_all(&mut log, &sources);
    let read = records(&mut log, 20);
    log.reopen().expect("opens a producer");
    // The calendar's writer with the same transactional id stands for the process that took over.
    let _newer = MarkWriter::open(&topics.kafka, WorkerName("test.fence.a.0")).expect("opens");
    let outcome = log.commit(staged(&topics, &read, 1));
    assert!(matches!(outcome, Err(CommitError::Fenced(_))), "{outcome:?}");
    assert_eq!(topics.read(topics.output).len(), 0, "nothing of the fenced transaction is visible");
    // The loop has given everything up. The group has left the partitions here, so that they are offered again.
    let mut again = assigned(&mut log, 4);
    again.sort();
    assert_eq!(again, {
        let mut sources = sources;
        sources.sort();
        sources
    });
    resume_all(&mut log, &again);
    let read = records(&mut log, 20);
    log.commit(staged(&topics, &read, 1)).expect("commits");
    assert_eq!(topics.read_until(topics.output, 20).len(), 20);
}

#[test]
fn partitions_move_to_a_second_member_and_the_first_one_cannot_commit_them() {
    let Some(kafka) = kafka("partitions_move_to_a_second_member") else { return };
    let topics = Topics::create(kafka, "move", "test.move.output");
    topics.publish(40);
    let mut first = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let sources = assigned(&mut first, 4);
    resume_all(&mut first, &sources);
    let read = records(&mut first, 40);
    let mut second = KafkaLog::open(topics.settings("b", 0)).expect("opens");
    let (mut given_up, mut taken) = (Vec::new(), Vec::new());
    let deadline = now() + Duration::from_secs(40);
    while taken.len() < 2 {
        assert!(now() < deadline, "given up {given_up:?}, taken {taken:?}");
        if let Polled::Revoked(sources) = first.poll(&LIMITS).expect("polls") {
            given_up.extend(sources);
        }
        if let Polled::Assigned(sources) = second.poll(&LIMITS).expect("polls") {
            taken.extend(sources);
        }
    }
    given_up.sort();
    taken.sort();
    assert_eq!(given_up, taken);
    let owner = group_owner(&topics.kafka, "test.move", &topics.input, taken[0].partition).expect("answers");
    assert_eq!(owner.expect("somebody has it").client_id, "test.move.b.0.consumer");
    // The second commits what the first had read of its partitions; the first commits only what it kept.
    let of = |mine: &dyn Fn(&SourcePartition) -> bool| -> Vec<InputRecord> {
        read.iter().filter(|record| mine(&record.source)).cloned().collect()
    };
    resume_all(&mut second, &taken);
    let again = records(&mut second, of(&|source| taken.contains(source)).len());
    second.commit(staged(&topics, &again, 1)).expect("commits");
    first.poll(&LIMITS).expect("polls");
    first.commit(staged(&topics, &of(&|source| !taken.contains(source)), 1)).expect("commits");
    assert_eq!(topics.read_until(topics.output, 40).len(), 40);
}

#[test]
fn marks_reach_every_partition_and_the_last_one_is_found_again() {
    let Some(kafka) = kafka("marks_reach_every_partition_and_the_last_one_is_found_again") else { return };
    let topics = Topics::create(kafka, "marks", "test.marks.output");
    let mark = |id: &str| {
        let meta = EventMeta { id: id.to_owned(), ..EventMeta::default() };
        let output = OutputRecord {
            topic: "ignored",
            key: "*".to_owned(),
            partition: None,
            event_type: EventType("DayOpened"),
            class: Class::Mark,
            subject: String::new(),
            headers: Vec::new(),
            value: b"{}".to_vec(),
        };
        (meta, output)
    };
    let is_mark = |record: &InputRecord| record.meta().class == Some(Class::Mark);
    let mut writer = MarkWriter::open(&topics.kafka, WorkerName("test-calendar")).expect("opens");
    assert!(writer.last(&topics.input, &is_mark).expect("reads").is_none());
    writer.write(&[&topics.input, topics.output], &[mark("day-1"), mark("day-2")]).expect("writes");
    topics.publish(3000);
    let last = writer.last(&topics.input, &is_mark).expect("reads").expect("a mark");
    assert_eq!(last.meta().id, "day-2");
    assert_eq!(topics.read_until(topics.output, 8).len(), 8, "two marks in four partitions");
    let mut newer = MarkWriter::open(&topics.kafka, WorkerName("test-calendar")).expect("opens");
    let outcome = writer.write(&[&topics.input], &[mark("day-3")]);
    assert!(matches!(outcome, Err(CommitError::Fenced(_))), "{outcome:?}");
    newer.write(&[&topics.input], &[mark("day-3")]).expect("writes");
    // A commit is answered before its markers are in every partition, and until then nobody reads what it holds.
    let deadline = now() + Duration::from_secs(10);
    while newer.last(&topics.input, &is_mark).expect("reads").expect("a mark").meta().id != "day-3" {
        assert!(now() < deadline, "day-3 is not there");
    }
}

#[test]
fn of_a_record_that_nobody_reads_only_the_place_is_brought() {
    let Some(kafka) = kafka("of_a_record_that_nobody_reads_only_the_place_is_brought") else { return };
    let topics = Topics::create(kafka, "places", "test.places.output");
    topics.publish(8);
    let settings = LogSettings { reads: |event_type| event_type != "test.input", ..topics.settings("a", 0) };
    let mut log = KafkaLog::open(settings).expect("opens");
    let sources = assigned(&mut log, 4);
    resume_all(&mut log, &sources);
    let read = records(&mut log, 8);
    assert!(read.iter().all(|record| record.headers.is_empty() && record.value.is_empty() && record.key.is_none()));
    assert!(read.iter().all(|record| record.timestamp_in_ms.is_some()), "lag is measured by what is skipped, too");
}

#[test]
fn a_store_ahead_of_its_changelog_halts() {
    let Some(kafka) = kafka("a_store_ahead_of_its_changelog_halts") else { return };
    let topics = Topics::create(kafka, "ahead", "test.ahead.output");
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let outcome = log.restore(0, 17, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(&outcome, Err(LogError::Halt(message)) if message.contains("truncated")), "{outcome:?}");
}

#[test]
fn an_address_where_nobody_listens_is_told_with_its_reason() {
    let settings = PublisherSettings {
        delivery_timeout: Duration::from_secs(1),
        ..PublisherSettings::new(KafkaSettings::plain("127.0.0.1:1"), "test")
    };
    let mut publisher = Publisher::open(settings).expect("opens");
    let record =
        FeedRecord { topic: "t".to_owned(), partition: None, key: Vec::new(), headers: Vec::new(), value: Vec::new() };
    publisher.publish(&record, &mut |_| {}).expect("is queued");
    let error = publisher.flush(&mut |_| {}).expect_err("nobody listens").to_string();
    assert!(error.contains("127.0.0.1:1"), "{error}");
}
