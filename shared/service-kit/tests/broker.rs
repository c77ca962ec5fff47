//! Processes on a real Kafka, killed in mid-batch: each record counts once. It runs where `ITC_TEST_KAFKA` gives a
//! bootstrap address, and says so where not. The processes are this test program, started again.

#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use serde::{Deserialize, Serialize};
use service_kit::{RunOptions, ServiceSpec, no_row_decoder, run};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use stream::{
    Class, Context, DecideError, Decision, Decode, DecodeFailure, Draft, Encode, EventType, InputRecord, Mark, Outcome,
    OutcomeKind, OutputRecord, Processor, Reaction, Route, Row, RowKey, Rules, StateView, WorkerName, changelog_topic,
};
use stream_kafka::{
    FeedRecord, KafkaSettings, Publisher, PublisherSettings, TopicOutcome, TopicReader, TopicSpec, create_topics,
    delete_topics,
};

const INPUT: &str = "test.process.input";
const OUTPUT: &str = "test.process.output";
const NAME: WorkerName = WorkerName("test-process");
const PARTITIONS: u32 = 4;
const RECORDS: u32 = 40_000;
const KEYS: u32 = 50;

struct Counted(String);

impl Decode for Counted {
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure> {
        Ok(Some(Self(record.key_text().to_owned())))
    }

    fn mark(_record: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
        Ok(None)
    }
}

struct Said {
    key: String,
    number: u64,
}

impl Encode for Said {
    fn encode(&self) -> OutputRecord {
        OutputRecord {
            topic: OUTPUT,
            key: self.key.clone(),
            partition: None,
            event_type: EventType("Said"),
            class: Class::Public,
            subject: String::new(),
            headers: Vec::new(),
            value: self.number.to_string().into_bytes(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct CountRow(u64);

impl Row for CountRow {
    const TABLE: &'static str = "count";
}

struct NoRules;

impl Rules for NoRules {
    fn initial() -> Self {
        Self
    }

    fn activated(_payload: &[u8]) -> Result<Self, String> {
        Ok(Self)
    }
}

struct Done;

impl Outcome for Done {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        "COUNTED"
    }

    fn rule(&self) -> &'static str {
        "T-1"
    }
}

/// Numbers the records of each key.
struct Counter;

impl Processor for Counter {
    const NAME: WorkerName = NAME;
    const REACTIONS: &'static [Reaction] = &[Reaction { reads: EventType("Counted"), causes: &[EventType("Said")] }];
    type Event = Counted;
    type Output = Said;
    type Rules = NoRules;
    type Outcome = Done;

    fn route(&self, event: &Counted) -> Route {
        Route::Key(event.0.clone())
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Counted,
        _context: &Context<'_, NoRules>,
    ) -> Result<Decision<Said, Done>, DecideError> {
        let mut draft = Draft::new(*rows);
        let key = RowKey::table(CountRow::TABLE).with(&event.0);
        let number = draft.get::<CountRow>(&key)?.map_or(0, |row| row.0) + 1;
        draft.put(&key, &CountRow(number));
        draft.emit(Said { key: event.0.clone(), number });
        Ok(draft.finish(Done))
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where a broker is")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "a test waits for processes in real time")]
fn now() -> Instant {
    Instant::now()
}

/// The process under test. Without its variable it is no process and nothing is tested.
#[test]
fn the_process() {
    let Some(instance) = variable("ITC_TEST_PROCESS") else { return };
    let spec = ServiceSpec {
        group: None,
        inputs: vec![INPUT.to_owned()],
        schema: 1,
        build: "test".to_owned(),
        // Small batches, so that a kill hits one.
        defaults_toml: "[worker]\npoll_records_max = 20\n[kafka]\nsession_timeout_in_ms = 6000\n",
        decode_row: no_row_decoder,
        processor: Box::new(|_| Ok(Counter)),
    };
    let set = vec![format!("kafka.instance={instance}"), format!("kafka.partition_count_topic={INPUT}")];
    let code = run(spec, &RunOptions { set, ..RunOptions::default() }).expect("runs");
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
}

fn start(kafka: &str, instance: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "the_process", "--nocapture"])
        .env("ITC_TEST_PROCESS", instance)
        .env("ITC__KAFKA__BOOTSTRAP_SERVERS", kafka)
        .env("ITC__STORE__FOLDER", folder.join(instance))
        .env("ITC__LOGS__LEVEL", "warn,service_kit=info")
        .stderr(Stdio::from(
            std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log"),
        ))
        .stdout(Stdio::null())
        .spawn()
        .expect("starts")
}

fn read_outputs(kafka: &KafkaSettings) -> Vec<InputRecord> {
    let mut records = Vec::new();
    let mut reader = TopicReader::open(kafka, "test-process-reader").expect("opens");
    reader
        .read_all(OUTPUT, &mut |record| {
            records.push(record);
            ControlFlow::Continue(())
        })
        .expect("reads");
    records
}

fn prepare(kafka: &KafkaSettings) {
    let changelog = changelog_topic(NAME);
    delete_topics(kafka, &[INPUT, OUTPUT, &changelog]).expect("answers");
    let spec = |name: &str, cleanup: &str| TopicSpec {
        name: name.to_owned(),
        partitions: PARTITIONS,
        replication: 1,
        config: BTreeMap::from([("cleanup.policy".to_owned(), cleanup.to_owned())]),
    };
    let specs = [spec(INPUT, "delete"), spec(OUTPUT, "delete"), spec(&changelog, "compact")];
    // A deleted topic's name may still be taken for a moment.
    let created = |outcome: &TopicOutcome| matches!(outcome, TopicOutcome::Created | TopicOutcome::Existed);
    let deadline = now() + Duration::from_secs(20);
    while !create_topics(kafka, &specs).expect("answers").iter().all(|(_, outcome)| created(outcome)) {
        assert!(now() < deadline, "the topics cannot be created");
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut publisher = Publisher::open(PublisherSettings::new(kafka.clone(), "test-publisher")).expect("opens");
    for number in 0..RECORDS {
        let record = FeedRecord {
            topic: INPUT.to_owned(),
            partition: None,
            key: format!("key-{}", number % KEYS).into_bytes(),
            headers: vec![
                ("ce_id".to_owned(), format!("id-{number}").into_bytes()),
                ("ce_type".to_owned(), b"Counted".to_vec()),
                ("itc-class".to_owned(), b"decision".to_vec()),
            ],
            value: b"{}".to_vec(),
        };
        publisher.publish(&record, &mut |_| {}).expect("is taken");
    }
    publisher.flush(&mut |_| {}).expect("all are delivered");
}

#[expect(clippy::cast_possible_wrap, reason = "process ids are small")]
fn terminate(child: &mut Child) {
    let done = Command::new("kill").args(["-TERM", &(child.id() as i32).to_string()]).status().expect("kills");
    assert!(done.success());
    assert!(child.wait().expect("ends").success(), "SIGTERM must end in good order");
}

#[test]
fn processes_that_are_killed_in_mid_batch_lose_nothing_and_double_nothing() {
    let Some(address) = variable("ITC_TEST_KAFKA") else {
        println!("SKIPPED: processes_that_are_killed_in_mid_batch: ITC_TEST_KAFKA gives no bootstrap address");
        return;
    };
    let kafka = KafkaSettings::plain(address.clone());
    prepare(&kafka);
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = start(&address, "a", folder.path());
    let mut second = start(&address, "b", folder.path());
    let expected = usize::try_from(RECORDS).expect("is small");
    let mut killed_at = Vec::new();
    for wait in [2500, 900, 700] {
        std::thread::sleep(Duration::from_millis(wait));
        killed_at.push(read_outputs(&kafka).len());
        // `kill` is SIGKILL: no goodbye, whatever transaction is open.
        first.kill().expect("kills");
        first.wait().expect("ends");
        first = start(&address, "a", folder.path());
    }
    assert!(killed_at.iter().any(|read| *read > 0 && *read < expected), "no kill came in between: {killed_at:?}");
    let deadline = now() + Duration::from_secs(120);
    while read_outputs(&kafka).len() < expected {
        assert!(now() < deadline, "{}", std::fs::read_to_string(folder.path().join("log")).unwrap_or_default());
        std::thread::sleep(Duration::from_secs(1));
    }
    terminate(&mut first);
    terminate(&mut second);
    let outputs = read_outputs(&kafka);
    assert_eq!(outputs.len(), expected, "one output for each record");
    let ids: BTreeSet<String> = outputs.iter().map(|record| record.meta().id).collect();
    assert_eq!(ids.len(), expected, "ids are not doubled");
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    delete_topics(&kafka, &[INPUT, OUTPUT, &changelog_topic(NAME)]).expect("answers");
    for record in &outputs {
        let number = next.entry(record.key_text().to_owned()).or_default();
        *number += 1;
        assert_eq!(record.value, number.to_string().into_bytes(), "the numbers of a key have no gap and no repeat");
    }
}
