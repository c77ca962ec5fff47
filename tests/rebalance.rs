//! Processes of one worker come and go under load: one becomes three, each is restarted in turn, one dies and stays away.
//! Every request counts once, partitions change hands in bounded time, and whoever has held a partition before reads only
//! the tail of its changelog.

use crate::broker;
use gst_events::{EventPayload, StatementDue, StatementRequested, Topic};
use itcctl::http;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use stream::{InputRecord, changelog_topic};
use stream_kafka::{FeedRecord, KafkaSettings, Publisher, PublisherSettings, TopicReader};

const WORKER: stream::WorkerName = stream::WorkerName("ims");
const JOURNAL: &str = Topic::RecipientJournal.name();
/// Whose statements are asked for; enough for every partition.
const RECIPIENTS: usize = 40;
/// Requests before there is a second process: what a whole restore has to read and a tail does not.
const REQUESTS_BEFORE: usize = 6_000;
/// 15 s: a restart takes some five seconds on a busy machine and moves no partition; a death is noticed after it.
const SESSION: Duration = Duration::from_secs(15);
/// A partition changes hands within this: the end of the batch, two heartbeats, the tail. Measured: 4 to 9 s; the rest is for
/// a machine that does other work too.
const HANDOVER_MAX: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// 90 s: a group's first assignment takes some seconds, on a busy machine many.
const LOOKS_MAX: u32 = 360;

/// One process of the worker, with its place: the same identity and folder whenever it is started again.
struct Place {
    engine: PathBuf,
    kafka: String,
    instance: &'static str,
    folder: PathBuf,
    address: SocketAddr,
    child: Option<Child>,
}

impl Place {
    fn new(engine: &Path, kafka: &str, instance: &'static str, folder: &Path) -> Self {
        // A port that is free now; the process takes it a moment later.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self {
            engine: engine.to_owned(),
            kafka: kafka.to_owned(),
            instance,
            folder: folder.join(instance),
            address: free.expect("a free port"),
            child: None,
        }
    }

    fn start(&mut self) {
        std::fs::create_dir_all(&self.folder).expect("a folder");
        let log = File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        let options = [
            format!("kafka.bootstrap_servers={}", self.kafka),
            format!("kafka.instance={}", self.instance),
            format!("kafka.session_timeout_in_ms={}", SESSION.as_millis()),
            format!("store.folder={}", self.folder.join("store").display()),
            format!("admin.listen={}", self.address),
        ];
        let mut command = Command::new(&self.engine);
        command.arg(WORKER.0).args(options.iter().flat_map(|option| ["--set", option]));
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        self.child = Some(child.expect("the worker starts"));
    }

    /// SIGTERM: it ends in good order.
    fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
        assert!(child.wait().expect("it ends").success(), "{} ended in good order", self.instance);
    }

    /// SIGKILL: it ends at once, whatever it was doing.
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn state(&self) -> Option<Value> {
        let answer = http::get(self.address, "/statez", Duration::from_secs(2)).ok()?;
        serde_json::from_str::<Value>(&answer.body).ok()?["threads"].get(0).cloned()
    }

    /// The partitions that it reads, each restored.
    fn running(&self) -> BTreeSet<u64> {
        let state = self.state().unwrap_or_default();
        let partitions = state["status"]["partitions"].as_array().cloned().unwrap_or_default();
        let running = partitions.iter().filter(|partition| partition["phase"] == "Running");
        running.filter_map(|partition| partition["partition"].as_u64()).collect()
    }

    /// By partition, how many records of the changelog its last restore read.
    fn restored(&self) -> BTreeMap<u64, u64> {
        let state = self.state().unwrap_or_default();
        let restored = state["restores"].as_object().cloned().unwrap_or_default();
        let partition = |name: &str| name.rsplit_once('/').and_then(|(_, number)| number.parse().ok());
        restored.iter().filter_map(|(name, count)| Some((partition(name)?, count["records"].as_u64()?))).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kill();
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if is_so() {
            return;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    panic!("it never comes that {what}");
}

/// What each process reads, once every partition is read by one of them and each has some.
fn shared_by(places: &[&Place], partitions: usize) -> Vec<BTreeSet<u64>> {
    let mut owned = Vec::new();
    until(&format!("{} processes read all {partitions} partitions", places.len()), || {
        owned = places.iter().map(|place| place.running()).collect();
        owned.iter().all(|own| !own.is_empty())
            && owned.iter().map(BTreeSet::len).sum::<usize>() == partitions
            && owned.iter().flatten().collect::<BTreeSet<_>>().len() == partitions
    });
    owned
}

fn recipient(number: usize) -> String {
    format!("27RBLAC{:04}A1Z5", number % RECIPIENTS)
}

/// The number of a request stands in its id.
fn number_of(id: &str, run: &str) -> Option<usize> {
    id.strip_prefix(run)?.strip_prefix('-')?.parse().ok()
}

fn request(run: &str, number: usize) -> FeedRecord {
    let recipient = recipient(number);
    let value = format!(
        r#"{{"recipient":"{recipient}","period":"042026","at":"2026-05-15T10:00:00+05:30","origin":"PORTAL"}}"#
    );
    let id = format!("{run}-{number}");
    let headers = [("ce_id", id.as_str()), ("ce_type", StatementRequested::TYPE.0), ("itc-class", "fact")];
    FeedRecord {
        topic: JOURNAL.to_owned(),
        partition: None,
        key: recipient.into_bytes(),
        headers: headers.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect(),
        value: value.into_bytes(),
    }
}

/// Requests without a break, some of them twice.
struct Load {
    published: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Load {
    fn start(kafka: &str, run: &str) -> Self {
        let (published, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, ended, run) = (Arc::clone(&published), Arc::clone(&stop), run.to_owned());
        let settings = PublisherSettings::new(KafkaSettings::plain(kafka), "rebalance-test");
        let mut publisher = Publisher::open(settings).expect("opens");
        let mut publish = move |number: usize| {
            for _ in 0..if number % 50 == 7 { 2 } else { 1 } {
                publisher.publish(&request(&run, number), &mut |_| {}).expect("publishes");
            }
            if number >= REQUESTS_BEFORE && number.is_multiple_of(5) || number + 1 == REQUESTS_BEFORE {
                publisher.flush(&mut |_| {}).expect("arrives");
                // 50 a second.
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !ended.load(Ordering::Acquire) || number % 5 != 1 {
                publish(number);
                number += 1;
                count.store(number, Ordering::Release);
            }
        });
        Self { published, stop, thread }
    }

    fn so_far(&self) -> usize {
        self.published.load(Ordering::Acquire)
    }

    /// How many requests there were.
    fn end(self) -> usize {
        self.stop.store(true, Ordering::Release);
        self.thread.join().expect("all arrive");
        self.published.load(Ordering::Acquire)
    }
}

/// What a run asked for and what came of it, read committed.
#[derive(Default)]
struct Seen {
    /// When each request came first.
    asked: BTreeMap<usize, i64>,
    /// What was said to each: by whose statement, which version, when.
    said: BTreeMap<usize, Vec<(String, u64, i64)>>,
}

impl Seen {
    fn read(kafka: &str, run: &str, starts: &[(u32, i64)]) -> Self {
        let mut seen = Self::default();
        let mut reader = TopicReader::open(&KafkaSettings::plain(kafka), "rebalance-test-reader").expect("opens");
        let mut each = |record: InputRecord| {
            seen.take(&record, run);
            ControlFlow::Continue(())
        };
        reader.read(JOURNAL, starts, &mut each).expect("reads");
        seen
    }

    fn take(&mut self, record: &InputRecord, run: &str) {
        let (meta, at) = (record.meta(), record.timestamp_in_ms.expect("Kafka keeps the time"));
        if let Some(number) = number_of(&meta.id, run) {
            self.asked.entry(number).or_insert(at);
        }
        let is_due = meta.event_type == StatementDue::TYPE.0;
        if let Some(number) = meta.cause.as_deref().filter(|_| is_due).and_then(|cause| number_of(cause, run)) {
            let due: Value = serde_json::from_slice(&record.value).expect("is JSON");
            let version = due["version"].as_u64().expect("a number");
            self.said.entry(number).or_default().push((record.key_text().to_owned(), version, at));
        }
    }

    /// The longest that a request of these waited.
    fn longest_wait(&self, requests: std::ops::Range<usize>) -> Duration {
        let waits = requests.filter_map(|number| Some(self.said.get(&number)?.first()?.2 - self.asked.get(&number)?));
        Duration::from_millis(u64::try_from(waits.max().unwrap_or_default()).unwrap_or_default())
    }

    /// Each request of a recipient made one version more than there was, in the order in which they were asked.
    fn assert_each_once(&self, count: usize) {
        assert_eq!(self.asked.len(), count, "every request arrived");
        let unanswered: Vec<_> = (0..count).filter(|number| !self.said.contains_key(number)).collect();
        assert!(unanswered.is_empty(), "{} requests are lost: {:?}", unanswered.len(), unanswered.iter().take(9));
        let doubled: Vec<_> = self.said.iter().filter(|(_, said)| said.len() != 1).collect();
        assert!(doubled.is_empty(), "{} requests counted twice: {:?}", doubled.len(), doubled.first());
        let mut versions: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for said in self.said.values().flatten() {
            versions.entry(&said.0).or_default().push(said.1);
        }
        assert_eq!(versions.len(), RECIPIENTS);
        for (recipient, versions) in versions {
            let steps = versions.windows(2).all(|pair| pair[1] == pair[0] + 1);
            assert!(steps, "the versions of {recipient} do not go up by one each: {versions:?}");
        }
    }
}

/// How many records the changelog of each partition holds.
fn changelog_sizes(kafka: &str) -> BTreeMap<u64, u64> {
    let mut sizes = BTreeMap::new();
    let mut reader = TopicReader::open(&KafkaSettings::plain(kafka), "rebalance-test-reader").expect("opens");
    let mut each = |record: InputRecord| {
        *sizes.entry(u64::from(record.source.partition)).or_default() += 1;
        ControlFlow::Continue(())
    };
    reader.read_all(&changelog_topic(WORKER), &mut each).expect("reads");
    sizes
}

/// Each in turn ends in good order and starts again: no partition moves, and nothing but the tail is read.
fn restart_in_turn(places: &mut [Place; 3], owned: &[BTreeSet<u64>], partitions: usize) {
    for at in 0..places.len() {
        places[at].stop();
        places[at].start();
        let now = shared_by(&places.each_ref()[..], partitions);
        assert_eq!(now, owned, "members are static: a restart moves no partition");
        let read: u64 = places[at].restored().values().sum();
        println!("{} restarted with {:?}, {read} records of the changelog read", places[at].instance, owned[at]);
        assert!(read < 100, "its store has everything but a tail of at most one batch");
    }
}

#[test]
fn processes_that_come_and_go_under_load_lose_and_double_nothing() {
    let engine = crate::from_environment("ITC_ENGINE").map(PathBuf::from);
    let (Some(broker), Some(engine)) = (broker(), engine) else {
        println!("SKIPPED: no Kafka and programs are given (ITC_ENGINE, ITCCTL, KAFKA_BOOTSTRAP_SERVERS, REDIS_URL)");
        return;
    };
    let kafka = broker.kafka.as_str();
    let made = Command::new(&broker.itcctl).args(["topics", "create", "--local", "--kafka", kafka]).output();
    assert!(made.expect("itcctl runs").status.success(), "the topics are there");
    let run = format!("rebalance-{}", std::process::id());
    let folder = std::env::temp_dir().join(format!("itc-{run}"));
    let reader = TopicReader::open(&KafkaSettings::plain(kafka), "rebalance-test-reader").expect("opens");
    let mut starts: Vec<(u32, i64)> = Vec::new();
    // New topics have no leader for a moment.
    until("the journal answers", || {
        starts = reader.stable_ends(JOURNAL).map(|ends| ends.into_iter().collect()).unwrap_or_default();
        !starts.is_empty()
    });
    let partitions = starts.len();

    // One process. It has the identity of whoever ran here before, so that it need not wait for that session to end.
    let mut places = ["local", "second", "third"].map(|instance| Place::new(&engine, kafka, instance, &folder));
    places[0].start();
    let load = Load::start(kafka, &run);
    shared_by(&[&places[0]], partitions);
    until("one process has caught up", || {
        load.so_far() > REQUESTS_BEFORE && Seen::read(kafka, &run, &starts).said.len() > REQUESTS_BEFORE
    });

    // Three.
    let three = load.so_far();
    places[1].start();
    places[2].start();
    let owned = shared_by(&places.each_ref()[..], partitions);
    println!("three processes read {owned:?}");
    let settled = load.so_far();
    restart_in_turn(&mut places, &owned, partitions);

    // Two: the third is killed and stays away. What was asked in the two seconds before may have to wait for its heir.
    let two = load.so_far() - 100;
    places[2].kill();
    let now = shared_by(&[&places[0], &places[1]], partitions);
    let sizes = changelog_sizes(kafka);
    let back: Vec<u64> = now[0].intersection(&owned[2]).copied().collect();
    assert!(!back.is_empty(), "some come back to the process that had them before");
    let tail = places[0].restored();
    for partition in &back {
        let (read, whole) = (tail[partition], sizes[partition]);
        println!("partition {partition} came back: {read} of {whole} records of its changelog read");
        assert!(read * 2 < whole, "only the tail is read");
    }
    std::thread::sleep(Duration::from_secs(2));
    let count = load.end();
    until("every request is answered", || Seen::read(kafka, &run, &starts).said.len() == count);
    places.iter_mut().for_each(Place::stop);

    let seen = Seen::read(kafka, &run, &starts);
    seen.assert_each_once(count);
    let (handed, restarted, left) =
        (seen.longest_wait(three..settled), seen.longest_wait(settled..two), seen.longest_wait(two..count));
    println!(
        "{count} requests, each counted once; the longest waited {handed:?} while two processes came, {restarted:?} in \
         restarts, {left:?} when one died"
    );
    assert!(handed < HANDOVER_MAX, "partitions change hands in bounded time: {handed:?}");
    assert!(restarted < HANDOVER_MAX, "a restart takes bounded time: {restarted:?}");
    assert!(left < SESSION + HANDOVER_MAX, "a death is made good in bounded time: {left:?}");
    std::fs::remove_dir_all(&folder).expect("removes");
}
