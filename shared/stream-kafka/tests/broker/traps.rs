//! Traps that show on a real broker: where it can be, the naive design runs beside ours and must fall in.

use crate::{LIMITS, Topics, assigned, kafka, now, records, restored, resume_all, staged};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;
use stream::{Checkpoint, Log, LogError, Polled};
use stream_kafka::{KafkaLog, LogSettings, TopicReader};

#[test]
fn trap_t1_a_commit_with_messages_in_flight_is_quicker_than_the_librarys_wait() {
    let Some(kafka) = kafka("trap_t1_a_commit_with_messages_in_flight_is_quicker_than_the_librarys_wait") else {
        return;
    };
    let topics = Topics::create(kafka, "drain", "test.drain.output");
    topics.publish(20);
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let sources = assigned(&mut log, 4);
    resume_all(&mut log, &sources);
    let read = records(&mut log, 20);
    let mut took = Vec::new();
    for (sequence, record) in (1..).zip(&read) {
        let began = now();
        log.commit(staged(&topics, std::slice::from_ref(record), sequence)).expect("commits");
        took.push(began.elapsed());
    }
    let fastest = took.iter().min().expect("some");
    println!("commits of one record took {took:?}");
    // Left to the library each of them takes 100 ms at least, however quick the broker is.
    assert!(*fastest < Duration::from_millis(90), "the fastest commit took {fastest:?}");
}

/// The partitions of a log, and how often the group gave or took some. A rebalance ends with an empty gift now and then.
#[derive(Default)]
struct Owned {
    partitions: BTreeSet<u32>,
    moves: usize,
}

impl Owned {
    fn hear(&mut self, log: &mut KafkaLog) {
        match log.poll(&LIMITS).expect("polls") {
            Polled::Assigned(sources) => {
                self.moves += sources.len();
                self.partitions.extend(sources.iter().map(|source| source.partition));
            }
            Polled::Revoked(sources) => {
                self.moves += sources.len();
                self.partitions.retain(|own| sources.iter().all(|source| source.partition != *own));
            }
            Polled::Records(_) | Polled::Idle => {}
        }
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = now() + Duration::from_secs(60);
    while !is_so() {
        assert!(now() < deadline, "it never comes that {what}");
    }
}

#[test]
fn trap_t7_a_static_member_that_comes_back_moves_no_partition_and_another_one_does() {
    let Some(kafka) = kafka("trap_t7_a_static_member_that_comes_back_moves_no_partition") else { return };
    let topics = Topics::create(kafka, "restart", "test.restart.output");
    // Ours: the second ends and comes back, and the first hears nothing of it.
    let mut first = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let mut second = KafkaLog::open(topics.settings("b", 0)).expect("opens");
    let (mut kept, mut moved) = (Owned::default(), Owned::default());
    until("both have their half", || {
        kept.hear(&mut first);
        moved.hear(&mut second);
        (kept.partitions.len(), moved.partitions.len()) == (2, 2)
    });
    let heard = kept.moves;
    drop(second);
    let mut second = KafkaLog::open(topics.settings("b", 0)).expect("opens");
    let mut back = Owned::default();
    until("the second has its half again", || {
        kept.hear(&mut first);
        back.hear(&mut second);
        back.partitions.len() == 2
    });
    assert_eq!((kept.moves, &back.partitions), (heard, &moved.partitions), "nothing moved");
    drop(second);

    // A member without a place of its own: the first is given everything as soon as it ends.
    let naive: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &topics.kafka.bootstrap_servers)
        .set("group.id", "test.restart")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "6000")
        .set("enable.auto.commit", "false")
        .create()
        .expect("opens");
    naive.subscribe(&[&topics.input]).expect("subscribes");
    until("both have their half", || {
        kept.hear(&mut first);
        naive.poll(Duration::from_millis(100));
        (kept.partitions.len(), naive.assignment().expect("answers").count()) == (2, 2)
    });
    drop(naive);
    until("the first has all, though the other is only away for a restart", || {
        kept.hear(&mut first);
        kept.partitions.len() == 4
    });
}

/// A writer of the same partition that begins a transaction and is never heard of again.
fn dead_writer(topics: &Topics, partition: i32, timeout: Duration) -> ThreadedProducer<DefaultProducerContext> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", &topics.kafka.bootstrap_servers)
        .set("transactional.id", format!("test.{}.dead.{partition}", topics.name))
        .set("transaction.timeout.ms", timeout.as_millis().to_string())
        .set("linger.ms", "0")
        .create()
        .expect("opens");
    producer.init_transactions(Duration::from_secs(20)).expect("begins");
    producer.begin_transaction().expect("begins");
    let record = BaseRecord::to(&topics.changelog).partition(partition).key("row|dead|").payload("never committed");
    producer.send(record).map_err(|(error, _)| error).expect("sends");
    while producer.in_flight_count() > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    producer
}

#[test]
fn trap_t3_rows_behind_an_open_transaction_are_restored_once_it_has_ended() {
    let Some(kafka) = kafka("trap_t3_rows_behind_an_open_transaction") else { return };
    let topics = Topics::create(kafka, "behind", "test.behind.output");
    topics.publish(40);
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let sources = assigned(&mut log, 4);
    resume_all(&mut log, &sources);
    let read = records(&mut log, 40);
    let _dead = dead_writer(&topics, 0, Duration::from_secs(4));
    let committed = log.commit(staged(&topics, &read, 1)).expect("commits");
    // A client that reads committed records is told the stable end as the end: a restore bounded by it misses the batch.
    let naive: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &topics.kafka.bootstrap_servers)
        .set("isolation.level", "read_committed")
        .create()
        .expect("opens");
    let (_, told) = naive.fetch_watermarks(&topics.changelog, 0, Duration::from_secs(10)).expect("answers");
    assert!(told < committed.changelog_next[&0], "the trap has gone: it is told {told}");
    let began = now();
    let (rows, next) = restored(&mut log, 0, 0);
    assert!(began.elapsed() > Duration::from_secs(1), "the open transaction hides the end at first");
    assert!(rows.iter().all(|row| row.key != "row|dead|"), "what was never committed is not seen");
    assert_eq!(rows.last().map(|row| row.key.as_str()), Some(Checkpoint::KEY), "what was committed behind it is");
    assert!(next >= committed.changelog_next[&0]);
}

#[test]
fn trap_t3_a_transaction_that_hangs_halts_the_partition_and_says_what_to_do() {
    let Some(kafka) = kafka("trap_t3_a_transaction_that_hangs_halts_the_partition") else { return };
    let topics = Topics::create(kafka, "hangs", "test.hangs.output");
    let _dead = dead_writer(&topics, 0, Duration::from_secs(120));
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let outcome = log.restore(0, 0, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(&outcome, Err(LogError::Halt(message)) if message.contains("hanging transaction")), "{outcome:?}");
}

#[test]
fn trap_t11_records_of_an_aborted_transaction_are_never_read() {
    let Some(kafka) = kafka("trap_t11_records_of_an_aborted_transaction_are_never_read") else { return };
    let topics = Topics::create(kafka, "abort", "test.abort.output");
    let dead = dead_writer(&topics, 0, Duration::from_secs(10));
    dead.abort_transaction(Duration::from_secs(10)).expect("aborts");
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    let (rows, next) = restored(&mut log, 0, 0);
    assert_eq!((rows, next), (Vec::new(), 2), "one record and one marker");
}

#[test]
fn trap_t11_a_dead_writer_holds_up_readers_for_our_timeout_and_no_longer() {
    let Some(kafka) = kafka("trap_t11_a_dead_writer_holds_up_readers_for_our_timeout") else { return };
    let topics = Topics::create(kafka, "holds", "test.holds.output");
    let _ours = dead_writer(&topics, 0, LogSettings::TRANSACTION_TIMEOUT);
    // The library's own timeout is a minute.
    let _naive = dead_writer(&topics, 1, Duration::from_secs(60));
    let reader = TopicReader::open(&topics.kafka, "test-reader").expect("opens");
    let ends = || reader.stable_ends(&topics.changelog).expect("answers");
    assert_eq!((ends()[&0], ends()[&1]), (0, 0), "readers stop at both");
    // The brokers look every second for transactions whose time is over; the rest is for a busy machine.
    let deadline = now() + LogSettings::TRANSACTION_TIMEOUT * 3;
    while ends()[&0] == 0 {
        assert!(now() < deadline, "readers are still held up");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ends()[&1], 0, "the trap has gone: nobody is held up by the other writer");
}
