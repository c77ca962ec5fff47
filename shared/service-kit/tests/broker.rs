//! Processes on a real Kafka, killed in mid-batch: each record counts once. It runs where `ITC_TEST_KAFKA` gives a
//! bootstrap address, and says so where not. The processes are this test program, started again.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests fail the test, and skipping is shown")]

mod counter;
#[path = "broker/memory.rs"]
mod memory;
#[path = "broker/restore.rs"]
mod restore;

use counter::{Counter, INPUT, NAME, OUTPUT, headers};
use service_kit::{RunOptions, ServiceSpec, no_row_decoder, run};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use stream::{InputRecord, changelog_topic};
use stream_kafka::{
    FeedRecord, KafkaSettings, Publisher, PublisherSettings, TopicOutcome, TopicReader, TopicSpec, create_topics,
    delete_topics,
};

const PARTITIONS: u32 = 4;
const RECORDS: u32 = 40_000;
const KEYS: u32 = 50;

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

/// The one group and its topics, which one test has at a time.
struct Broker {
    kafka: KafkaSettings,
    _alone: MutexGuard<'static, ()>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A test that failed leaves its topics to the next one, which deletes them first.
        let _ = delete_topics(&self.kafka, &[INPUT, OUTPUT, &changelog_topic(NAME)]);
    }
}

impl Broker {
    fn find(test: &str) -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::new(());
        let Some(address) = variable("ITC_TEST_KAFKA") else {
            println!("SKIPPED: {test}: ITC_TEST_KAFKA gives no bootstrap address");
            return None;
        };
        let broker =
            Self { kafka: KafkaSettings::plain(address), _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner) };
        broker.create_topics();
        Some(broker)
    }

    fn create_topics(&self) {
        let changelog = changelog_topic(NAME);
        delete_topics(&self.kafka, &[INPUT, OUTPUT, &changelog]).expect("answers");
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
        while !create_topics(&self.kafka, &specs).expect("answers").iter().all(|(_, outcome)| created(outcome)) {
            assert!(now() < deadline, "the topics cannot be created");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Publishes that many records, each with the key and the value of its number.
    fn publish(&self, count: u32, key: impl Fn(u32) -> String, value: impl Fn(u32) -> Vec<u8>) {
        let mut publisher =
            Publisher::open(PublisherSettings::new(self.kafka.clone(), "test-publisher")).expect("opens");
        for number in 0..count {
            let record = FeedRecord {
                topic: INPUT.to_owned(),
                partition: None,
                key: key(number).into_bytes(),
                headers: headers(&format!("id-{number}")),
                value: value(number),
            };
            publisher.publish(&record, &mut |_| {}).expect("is taken");
        }
        publisher.flush(&mut |_| {}).expect("all are delivered");
    }

    /// Starts the process with its options as environment variables, such as `WORKER__THREADS`.
    fn start(&self, instance: &str, folder: &Path, options: &[(&str, String)]) -> Child {
        let options = options.iter().map(|(name, value)| (format!("ITC__{name}"), value.as_str()));
        Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "the_process", "--nocapture"])
            .env("ITC_TEST_PROCESS", instance)
            .env("ITC__KAFKA__BOOTSTRAP_SERVERS", &self.kafka.bootstrap_servers)
            .env("ITC__STORE__FOLDER", folder.join(instance))
            .env("ITC__LOGS__LEVEL", "warn,service_kit=info")
            .envs(options)
            .stderr(Stdio::from(
                std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log"),
            ))
            .stdout(Stdio::null())
            .spawn()
            .expect("starts")
    }

    fn outputs(&self) -> Vec<InputRecord> {
        let mut records = Vec::new();
        let mut reader = TopicReader::open(&self.kafka, "test-process-reader").expect("opens");
        reader
            .read_all(OUTPUT, &mut |record| {
                records.push(record);
                ControlFlow::Continue(())
            })
            .expect("reads");
        records
    }

    /// Waits until so many outputs are there.
    fn wait_for(&self, count: u32, folder: &Path) {
        let count = usize::try_from(count).expect("is small");
        let deadline = now() + Duration::from_secs(150);
        while self.outputs().len() < count {
            assert!(now() < deadline, "{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// SIGKILL: no goodbye, whatever is open.
fn kill(child: &mut Child) {
    child.kill().expect("kills");
    child.wait().expect("ends");
}

#[expect(clippy::cast_possible_wrap, reason = "process ids are small")]
fn terminate(child: &mut Child) {
    let done = Command::new("kill").args(["-TERM", &(child.id() as i32).to_string()]).status().expect("kills");
    assert!(done.success());
    assert!(child.wait().expect("ends").success(), "SIGTERM must end in good order");
}

#[test]
fn processes_that_are_killed_in_mid_batch_lose_nothing_and_double_nothing() {
    let Some(broker) = Broker::find("processes_that_are_killed_in_mid_batch") else { return };
    broker.publish(RECORDS, |number| format!("key-{}", number % KEYS), |_| b"{}".to_vec());
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = broker.start("a", folder.path(), &[]);
    let mut second = broker.start("b", folder.path(), &[]);
    let expected = usize::try_from(RECORDS).expect("is small");
    let mut killed_at = Vec::new();
    for wait in [2500, 900, 700] {
        std::thread::sleep(Duration::from_millis(wait));
        killed_at.push(broker.outputs().len());
        kill(&mut first);
        first = broker.start("a", folder.path(), &[]);
    }
    assert!(killed_at.iter().any(|read| *read > 0 && *read < expected), "no kill came in between: {killed_at:?}");
    broker.wait_for(RECORDS, folder.path());
    terminate(&mut first);
    terminate(&mut second);
    let outputs = broker.outputs();
    assert_eq!(outputs.len(), expected, "one output for each record");
    let ids: BTreeSet<String> = outputs.iter().map(|record| record.meta().id).collect();
    assert_eq!(ids.len(), expected, "ids are not doubled");
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    for record in &outputs {
        let number = next.entry(record.key_text().to_owned()).or_default();
        *number += 1;
        assert_eq!(record.value, number.to_string().into_bytes(), "the numbers of a key have no gap and no repeat");
    }
}
