//! An operator at a real Kafka: a dead letter is mended and taken in again, a parked key is thinned out while its worker
//! is down, and released.

use crate::{Broker, broker};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use stream_kafka::{FeedRecord, KafkaSettings, Publisher, PublisherSettings};

const RECIPIENT: &str = "27AAACR1234A1Z3";
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// 90 s: a group's first assignment takes some seconds, on a busy machine many.
const LOOKS_MAX: u32 = 180;

struct Worker(Child);

impl Worker {
    fn start(name: &str, engine: &Path, broker: &Broker, folder: &Path) -> Self {
        let log = File::create(folder.join(format!("{name}.log"))).expect("a log");
        let options = [
            format!("kafka.bootstrap_servers={}", broker.kafka),
            format!("timers.url={}", broker.redis),
            format!("store.folder={}", folder.join("store").display()),
            "admin.listen=127.0.0.1:0".to_owned(),
        ];
        let mut command = Command::new(engine);
        command.arg(name).args(options.iter().flat_map(|option| ["--set", option]));
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        Self(child.expect("the worker starts"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `itcctl` says, and whether everything came right.
fn itcctl(broker: &Broker, arguments: &[&str]) -> (bool, String) {
    let kafka = ["--kafka", broker.kafka.as_str()];
    let output = Command::new(&broker.itcctl).args(arguments).args(kafka).output().expect("itcctl runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("$ itcctl {}\n{said}", arguments.join(" "));
    (output.status.success(), said)
}

/// Asks until the answer holds what is looked for; what that is, found in the answer.
fn until<T>(broker: &Broker, arguments: &[&str], wanted: &str, find: impl Fn(&str) -> Option<T>) -> T {
    for _ in 0..LOOKS_MAX {
        if let Some(found) = find(&itcctl(broker, arguments).1) {
            return found;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    panic!("`itcctl {}` never says {wanted}", arguments.join(" "));
}

fn until_said(broker: &Broker, arguments: &[&str], wanted: &str) {
    until(broker, arguments, wanted, |said| said.contains(wanted).then_some(()));
}

fn publish(broker: &Broker, topic: &str, id: &str, event_type: &str, value: &str) {
    let headers = [("ce_id", id), ("ce_type", event_type), ("itc-class", "fact")];
    let record = FeedRecord {
        topic: topic.to_owned(),
        partition: None,
        key: RECIPIENT.as_bytes().to_vec(),
        headers: headers.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect(),
        value: value.as_bytes().to_vec(),
    };
    let settings = PublisherSettings::new(KafkaSettings::plain(broker.kafka.clone()), "operators-test");
    let mut publisher = Publisher::open(settings).expect("opens");
    publisher.publish(&record, &mut |_| {}).expect("publishes");
    publisher.flush(&mut |_| {}).expect("arrives");
}

/// The first place of a letter in a list.
fn first_place(list: &str) -> Option<String> {
    let is_place = |word: &&str| {
        word.split_once('/').is_some_and(|(one, other)| one.parse::<u32>().is_ok() && other.parse::<i64>().is_ok())
    };
    list.lines().find_map(|line| line.split_whitespace().next().filter(is_place)).map(str::to_owned)
}

#[test]
fn operators_take_in_what_was_put_aside_and_release_what_was_parked() {
    let engine = crate::from_environment("ITC_ENGINE").map(PathBuf::from);
    let (Some(broker), Some(engine)) = (broker(), engine) else {
        println!(
            "SKIPPED: no Kafka, Redis and programs are given (ITC_ENGINE, ITCCTL, KAFKA_BOOTSTRAP_SERVERS, REDIS_URL)"
        );
        return;
    };
    if !itcctl(&broker, &["dead-letters", "list"]).0 {
        // A fresh Kafka: a short year makes the topics.
        let year = ["demo", "--redis", &broker.redis, "--documents", "4"];
        assert!(itcctl(&broker, &year).0);
    }
    let folder = std::env::temp_dir().join(format!("itc-operators-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let _ingest = Worker::start("ingest", &engine, &broker, &folder);
    let ims = Worker::start("ims", &engine, &broker, &folder);
    let by = ["--actor", "anna", "--reason", "mended by hand"];
    let with = |arguments: &[&str]| arguments.iter().chain(&by).map(|&text| text.to_owned()).collect::<Vec<_>>();
    let order = |arguments: &[&str]| {
        let all = with(arguments);
        itcctl(&broker, &all.iter().map(String::as_str).collect::<Vec<_>>())
    };

    // A message that is no JSON is put aside, mended and taken in.
    let request = format!(r#"{{"recipient":"{RECIPIENT}","period":"042026","at":"2026-05-15T10:00:00+05:30"}}"#);
    publish(&broker, "gst.taxpayer-events.v1", "op-1", "itc.statement-requested.v1", &request[..20]);
    let place = until(&broker, &["dead-letters", "list", "--worker", "ingest"], "the place of a letter", first_place);
    let mended = folder.join("mended.json");
    fs::write(&mended, &request).expect("writes");
    let mended = mended.display().to_string();
    let replay = ["dead-letters", "replay", &place, "--value", &mended];
    assert!(order(&[&replay[..], &["--dry-run"]].concat()).1.contains("none given"));
    let (done, said) = order(&[&replay[..], &["--wait", "60"]].concat());
    assert!(done && said.contains("APPLIED"), "{said}");
    assert_eq!(itcctl(&broker, &["dead-letters", "list", "--worker", "ingest"]).1, "no open dead letters\n");

    // A record that breaks an invariant of `ims` parks its key; what comes behind it waits.
    let listed = format!(
        r#"{{"record_id":"r37a","recipient":"{RECIPIENT}","supplier":"29AAACX0123A1ZZ","section":"IMPG","number":"INV/1",
        "date":"2026-04-08","tax":{{"igst":"1.00","cgst":"0.00","sgst":"0.00","cess":"0.00"}},"at":"2026-05-15T10:00:00+05:30"}}"#
    );
    publish(&broker, "itc.recipient-journal.v1", "op-2", "itc.rule-37a-reversal-listed.v1", &listed);
    publish(&broker, "itc.recipient-journal.v1", "op-3", "itc.statement-requested.v1", &request);
    until_said(&broker, &["parked", "list", "--worker", "ims"], "op-2");
    until_said(&broker, &["parked", "show", RECIPIENT, "--worker", "ims"], "op-3");

    // While the worker is down its orders wait in the log; it carries them out, in order, when it is back.
    drop(ims);
    let (_, said) = order(&["parked", "drop", RECIPIENT, "op-2", "--worker", "ims", "--wait", "0"]);
    assert!(said.contains("ORDERED"), "{said}");
    assert!(order(&["parked", "release", RECIPIENT, "--worker", "ims", "--wait", "0"]).1.contains("ORDERED"));
    let _ims = Worker::start("ims", &engine, &broker, &folder);
    until_said(&broker, &["parked", "list", "--worker", "ims"], "no key is parked");
    let letters = itcctl(&broker, &["dead-letters", "list", "--worker", "ims"]).1;
    assert!(letters.contains("DROPPED"), "{letters}");
    let place = first_place(&letters).expect("the letter has a place");
    let (done, said) = order(&["dead-letters", "drop", &place, "--wait", "60"]);
    assert!(done && said.contains("APPLIED"), "{said}");
    fs::remove_dir_all(&folder).expect("removes");
}
