//! Traps that show on the client library itself, against its own broker in memory: beside our design runs the naive one,
//! which must fall into the trap.

use crate::client::{Complaints, Member};
use crate::settings::{self, KafkaSettings, LogSettings};
use crate::transaction::{Outgoing, Transactions};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{
    BaseRecord, DefaultProducerContext, DeliveryResult, Producer, ProducerContext, ThreadedProducer,
};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stream::{CommitError, WorkerName, partition_for_key};

const JOURNAL: &str = "journal";
const PARTITIONS: u32 = 8;
/// One of the library's waits; it is 100 ms, and a busy machine only makes it longer.
const LIBRARYS_WAIT: Duration = Duration::from_millis(95);
/// A broker in memory answers at once; groups take it three seconds, and twice that on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

type Cluster = MockCluster<'static, DefaultProducerContext>;
type Naive = ThreadedProducer<DefaultProducerContext>;

fn cluster(topics: &[&str]) -> (Cluster, KafkaSettings) {
    let cluster = MockCluster::new(1).expect("a broker in memory");
    for topic in topics {
        cluster.create_topic(topic, i32::try_from(PARTITIONS).expect("is small"), 1).expect("a topic");
    }
    let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
    (cluster, kafka)
}

#[expect(clippy::disallowed_methods, reason = "a test waits for a broker in real time")]
fn now() -> Instant {
    Instant::now()
}

fn producer(kafka: &KafkaSettings, transactional_id: &str) -> ClientConfig {
    settings::transactional_producer(kafka, transactional_id, Duration::from_millis(5))
}

fn naive_producer(kafka: &KafkaSettings, transactional_id: &str) -> Naive {
    let naive: Naive = producer(kafka, transactional_id).create().expect("a producer");
    naive.init_transactions(PATIENCE).expect("begins");
    naive
}

/// One record in a transaction of ours.
fn ours(transactions: &mut Transactions) -> Result<(), CommitError> {
    let ended = transactions.run(
        &mut |send| {
            let record = Outgoing {
                topic: JOURNAL,
                partition: 0,
                key: Some(b"key"),
                value: Some(b"value"),
                headers: None,
                tracked: false,
            };
            send(record)
        },
        None,
    );
    ended.map(|_| ()).map_err(|refused| refused.error)
}

/// The same, as the library's documentation has it.
fn naive(producer: &Naive) -> Result<(), rdkafka::error::KafkaError> {
    producer.begin_transaction()?;
    producer.send(BaseRecord::to(JOURNAL).partition(0).key("key").payload("value")).map_err(|(error, _)| error)?;
    producer.commit_transaction(Timeout::Never)
}

fn fastest(mut commit: impl FnMut()) -> Duration {
    let took = |_| {
        let began = now();
        commit();
        began.elapsed()
    };
    (0..8).map(took).min().expect("some")
}

#[test]
fn trap_t1_a_commit_left_to_the_library_waits_100_ms_and_ours_does_not() {
    let (_cluster, kafka) = cluster(&[JOURNAL]);
    let left_to_it = naive_producer(&kafka, "naive");
    let mut drained = Transactions::new(producer(&kafka, "ours"), Complaints::default());
    let naive = fastest(|| naive(&left_to_it).expect("commits"));
    let ours = fastest(|| ours(&mut drained).expect("commits"));
    assert!(
        naive >= LIBRARYS_WAIT,
        "the trap has gone: left to the library a commit takes {naive:?}; take the rule out"
    );
    assert!(ours < LIBRARYS_WAIT, "a commit of ours takes {ours:?}");
}

fn member(kafka: &KafkaSettings, group: &str, instance: &str) -> LogSettings {
    LogSettings {
        name: group.to_owned(),
        inputs: vec![JOURNAL.to_owned()],
        partition_count_topic: JOURNAL.to_owned(),
        session_timeout: Duration::from_secs(30),
        ..LogSettings::new(kafka.clone(), WorkerName("ims"), instance, 0)
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = now() + PATIENCE;
    while !is_so() {
        assert!(now() < deadline, "it never comes that {what}");
    }
}

/// The library's own callback, and what it tells.
#[derive(Default)]
struct Untold(Mutex<Vec<String>>);

impl ClientContext for Untold {}

impl ConsumerContext for Untold {
    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let told = match rebalance {
            Rebalance::Assign(_) => "assigned",
            Rebalance::Revoke(_) => "revoked",
            Rebalance::Error(_) => "failed",
        };
        crate::client::lock(&self.0).push(told.to_owned());
    }
}

#[test]
fn trap_t8_the_librarys_own_callback_calls_a_failed_assignment_a_success() {
    // One partition twice: the library refuses it.
    let mut twice = TopicPartitionList::new();
    twice.add_partition(JOURNAL, 0);
    twice.add_partition(JOURNAL, 0);
    let mut config = ClientConfig::new();
    config.set("group.id", "trap-t8").set("bootstrap.servers", "127.0.0.1:1");
    let naive: BaseConsumer<Untold> = config.create_with_context(Untold::default()).expect("opens");
    naive.context().rebalance(&naive, RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &mut twice);
    assert_eq!(*crate::client::lock(&naive.context().0), ["assigned"], "the trap has gone");
    assert_eq!(naive.assignment().expect("answers").count(), 0, "yet it has nothing");
    let ours: BaseConsumer<Member> = config.create_with_context(Member::default()).expect("opens");
    ours.context().rebalance(&ours, RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &mut twice);
    let told = ours.context().next_change();
    assert!(matches!(told, Some(crate::client::Change::Failed(_))), "{told:?}");
}

/// Where records were put.
#[derive(Clone, Default)]
struct Placed(Arc<Mutex<BTreeMap<String, i32>>>);

impl ClientContext for Placed {}

impl ProducerContext for Placed {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Ok(message) = result {
            let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
            crate::client::lock(&self.0).insert(key, message.partition());
        }
    }
}

/// How many of a hundred keys lie where their rows are.
fn beside_their_rows(config: &ClientConfig) -> usize {
    let placed = Placed::default();
    let producer: ThreadedProducer<Placed> = config.create_with_context(placed.clone()).expect("a producer");
    for number in 0..100 {
        let key = format!("27AAPFU{number:04}F1ZV");
        producer.send(BaseRecord::to(JOURNAL).key(&key).payload("value")).map_err(|(error, _)| error).expect("sends");
    }
    producer.flush(PATIENCE).expect("all are delivered");
    let placed = crate::client::lock(&placed.0);
    assert_eq!(placed.len(), 100);
    let row = |key: &str| i32::try_from(partition_for_key(key.as_bytes(), PARTITIONS)).expect("is small");
    placed.iter().filter(|(key, partition)| row(key) == **partition).count()
}

#[test]
fn trap_t9_the_librarys_own_partitioner_parts_keys_from_their_rows() {
    let (_cluster, kafka) = cluster(&[JOURNAL]);
    let ours = settings::feed_producer(&kafka, "ours", PATIENCE);
    let mut naive = ours.clone();
    naive.remove("partitioner");
    assert_eq!(beside_their_rows(&ours), 100);
    let kept = beside_their_rows(&naive);
    assert!(kept < 50, "the trap has gone: {kept} of 100 keys lie where Java's clients put them");
}

#[test]
fn trap_t10_only_a_new_producer_gets_past_a_fatal_error() {
    let (cluster, kafka) = cluster(&[JOURNAL]);
    let fails_once = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_TXN_STATE];
    // Two outcomes instead of four: what is not committed is aborted and tried again.
    let kept = naive_producer(&kafka, "naive");
    cluster.request_errors(RDKafkaApiKey::EndTxn, &fails_once);
    let tries = (0..5).map(|_| {
        let committed = naive(&kept).is_ok();
        let _ = kept.abort_transaction(Duration::from_secs(1));
        committed
    });
    assert_eq!(tries.filter(|committed| *committed).count(), 0, "the trap has gone");
    cluster.clear_request_errors(RDKafkaApiKey::EndTxn);

    let mut transactions = Transactions::new(producer(&kafka, "ours"), Complaints::default());
    ours(&mut transactions).expect("commits");
    cluster.request_errors(RDKafkaApiKey::EndTxn, &fails_once);
    let first = ours(&mut transactions);
    assert!(matches!(first, Err(CommitError::OutcomeUnknown(_))), "{first:?}");
    ours(&mut transactions).expect("a new producer commits");
}

#[test]
fn trap_t12_no_assignor_keeps_a_partition_of_two_topics_together() {
    const OTHER: &str = "other-journal";
    let (_cluster, kafka) = cluster(&[JOURNAL, OTHER]);
    let members: Vec<BaseConsumer<Member>> = ["a", "b", "c"]
        .map(|instance| {
            let config = settings::group_consumer(&member(&kafka, "two-topics", instance));
            let member: BaseConsumer<Member> = config.create_with_context(Member::default()).expect("opens");
            member.subscribe(&[JOURNAL, OTHER]).expect("subscribes");
            member
        })
        .into();
    let mut owners: BTreeMap<(String, i32), usize> = BTreeMap::new();
    until("three members have all partitions", || {
        owners.clear();
        let mut owned = [0; 3];
        for (at, member) in members.iter().enumerate() {
            member.poll(Duration::from_millis(50));
            for element in member.assignment().expect("answers").elements() {
                owned[at] += 1;
                owners.insert((element.topic().to_owned(), element.partition()), at);
            }
        }
        // Sixteen for three: nobody has more than six once it has come to rest.
        owners.len() == 16 && owned.iter().all(|count| (5..=6).contains(count))
    });
    let split = (0..8).filter(|partition| {
        owners.get(&(JOURNAL.to_owned(), *partition)) != owners.get(&(OTHER.to_owned(), *partition))
    });
    let split = split.count();
    assert!(split > 0, "the trap has gone: an assignor keeps them together");
}
