//! Settings of Kafka clients, each with its reason.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::WorkerName;

/// Where Kafka is and how to speak to it.
#[derive(Clone, Default)]
pub struct KafkaSettings {
    /// Brokers to ask first, `host:port,host:port`.
    pub bootstrap_servers: String,
    /// Further librdkafka properties, such as `security.protocol` and `sasl.*`; they win over ours.
    pub properties: BTreeMap<String, String>,
}

impl std::fmt::Debug for KafkaSettings {
    /// Values of properties may be secrets, so that only their names are shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KafkaSettings")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl KafkaSettings {
    /// Settings for brokers without authentication.
    #[must_use]
    pub fn plain(bootstrap_servers: impl Into<String>) -> Self {
        Self { bootstrap_servers: bootstrap_servers.into(), properties: BTreeMap::new() }
    }
}

/// Settings of the log of one stream thread.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Where Kafka is.
    pub kafka: KafkaSettings,
    /// Who says what is written.
    pub worker: WorkerName,
    /// The consumer group and the beginning of client and transactional ids: the worker's name, for `ingest` with its feed.
    pub name: String,
    /// Which process this is; stable across restarts (the pod's name in a stateful set), different for each process.
    pub instance: String,
    /// Which stream thread of the process this is.
    pub thread: u32,
    /// Topics to read. A worker with rows reads exactly one (T12).
    pub inputs: Vec<String>,
    /// The changelog of a worker with rows, `stream::changelog_topic`.
    pub changelog: Option<String>,
    /// One of our own topics, which says how many partitions they all have.
    pub partition_count_topic: String,
    /// The build, for dead letters.
    pub build: String,
    /// After how much silence the group gives a member's partitions to others.
    pub session_timeout: Duration,
    /// How long a batch waits for companions before it is sent; it is paid at each commit.
    pub linger: Duration,
    /// Whether records of that `ce_type` are brought whole, `stream::Decode::reads`; of the others comes only the place.
    pub reads: fn(&str) -> bool,
}

impl LogSettings {
    /// T11: a `read_committed` reader stops at the oldest open transaction of any writer of its partition, so that a
    /// dead writer must not hold it for longer.
    pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);

    /// Settings with the usual timeouts.
    #[must_use]
    pub fn new(kafka: KafkaSettings, worker: WorkerName, instance: impl Into<String>, thread: u32) -> Self {
        Self {
            kafka,
            worker,
            name: worker.to_string(),
            instance: instance.into(),
            thread,
            inputs: Vec::new(),
            changelog: None,
            partition_count_topic: "itc.recipient-journal.v1".to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            // 45 s, Kafka's default: a restart within it moves no partition, because members are static.
            session_timeout: Duration::from_secs(45),
            // 5 ms: measured best; less makes smaller requests, more is paid at every commit.
            linger: Duration::from_millis(5),
            reads: |_| true,
        }
    }

    pub(crate) fn member(&self) -> String {
        format!("{}.{}.{}", self.name, self.instance, self.thread)
    }
}

/// What every client needs.
pub(crate) fn base(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &kafka.bootstrap_servers)
        // Unique per client: librdkafka 4783 sends equal ids into an endless cooperative rebalance (T7).
        .set("client.id", client_id)
        // A broker that restarts is found again within a second or two instead of ten.
        .set("reconnect.backoff.max.ms", "2000")
        // The default of 100 ms is also what a transaction waits that begins right behind another.
        .set("retry.backoff.ms", "20")
        .set_log_level(RDKafkaLogLevel::Warning);
    config
}

fn finish(mut config: ClientConfig, kafka: &KafkaSettings) -> ClientConfig {
    for (name, value) in &kafka.properties {
        config.set(name, value);
    }
    config
}

/// The consumer of a stream thread.
pub(crate) fn group_consumer(settings: &LogSettings) -> ClientConfig {
    let mut config = base(&settings.kafka, &format!("{}.consumer", settings.member()));
    config
        .set("group.id", &settings.name)
        // T7: KIP-848 in librdkafka 2.12 loses assignments.
        .set("group.protocol", "classic")
        // Partitions that stay are read on during a rebalance.
        .set("partition.assignment.strategy", "cooperative-sticky")
        // T7: a static member that comes back within its session causes no rebalance and sends no LeaveGroup.
        .set("group.instance.id", settings.member())
        .set("session.timeout.ms", settings.session_timeout.as_millis().to_string())
        // A third of the shortest session allowed, so that two lost heartbeats do not lose the partitions.
        .set("heartbeat.interval.ms", (settings.session_timeout.as_millis() / 3).clamp(300, 3000).to_string())
        // 5 min without a poll means that the loop hangs; restores poll in between.
        .set("max.poll.interval.ms", max_poll_interval(settings).to_string());
    reading(&mut config);
    config
        // Tells the end of each partition without a request; each costs some 100 us, so not more often.
        .set("statistics.interval.ms", "5000")
        // Being told the end is the only way to know that nothing is unread: markers count as offsets.
        .set("enable.partition.eof", "true");
    finish(config, &settings.kafka)
}

fn max_poll_interval(settings: &LogSettings) -> u128 {
    // librdkafka refuses an interval below the session timeout.
    settings.session_timeout.as_millis().max(300_000)
}

fn reading(config: &mut ClientConfig) {
    config
        // Offsets are committed by the transaction only.
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // Never silently the earliest record: a lost position is an operator's matter.
        .set("auto.offset.reset", "error")
        // The default, spelled out: it also makes offset fetches wait for open transactions (stable offsets).
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        // Half a poll's wait: an idle topic answers in time for the next poll.
        .set("fetch.wait.max.ms", "50")
        // One byte: latency first; under load fetches are large anyhow, because the log is ahead of us.
        .set("fetch.min.bytes", "1")
        // The default of 1 s stalls bursts whenever the queue was full.
        .set("fetch.queue.backoff.ms", "20")
        // 32 MiB for all partitions of a thread: bounds memory in a burst.
        .set("queued.max.messages.kbytes", "32768")
        // 1 MiB for an answer: it is unpacked whole before the queue counts it, so that what compresses fifty to one adds
        // 50 MiB to the queue. The default of 50 MiB would take a whole burst in at once. A larger record still comes.
        .set("fetch.max.bytes", "1048576")
        // Two batches of 5,000, and twice that again to keep the fetcher busy.
        .set("queued.min.messages", "20000");
}

/// The transactional producer of a stream thread or of the calendar.
pub(crate) fn transactional_producer(kafka: &KafkaSettings, transactional_id: &str, linger: Duration) -> ClientConfig {
    let mut config = base(kafka, &format!("{transactional_id}.producer"));
    let timeout = LogSettings::TRANSACTION_TIMEOUT;
    config
        // Stable, so that a successor ends the transaction that a dead owner left open at once.
        .set("transactional.id", transactional_id)
        // T11.
        .set("transaction.timeout.ms", timeout.as_millis().to_string())
        // Below the transaction's timeout, so that a delivery fails while the transaction can still be aborted in order.
        .set("message.timeout.ms", (timeout.as_millis() - 500).to_string())
        // A request must have its answer, or be repeated, within the transaction.
        .set("socket.timeout.ms", "4000")
        .set("linger.ms", linger.as_millis().to_string());
    writing(&mut config);
    finish(config, kafka)
}

fn writing(config: &mut ClientConfig) {
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("batch.num.messages", "10000")
        // Measured: 128 KiB or less costs 2 to 4 times the CPU.
        .set("batch.size", "1000000")
        .set("compression.type", "lz4")
        // 10 MiB: the limit of the dead-letter topic, above every feed's, so that what came in can be put aside.
        .set("message.max.bytes", "10485760")
        // 500,000 records or 256 MiB: far above a batch, so that a full queue means broker trouble.
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144")
        // T9, for what has no explicit partition.
        .set("partitioner", "murmur2_random");
}

/// A plain idempotent producer for feeds.
pub(crate) fn feed_producer(kafka: &KafkaSettings, client_id: &str, delivery_timeout: Duration) -> ClientConfig {
    let mut config = base(kafka, client_id);
    config
        // Nobody reads the feed before the record is there, so that large requests win.
        .set("linger.ms", "20")
        .set("message.timeout.ms", delivery_timeout.as_millis().to_string());
    writing(&mut config);
    finish(config, kafka)
}

/// A reader that assigns partitions itself and joins no group. The group's name is needed by the library and covered
/// by the same permission.
pub(crate) fn assigned_reader(kafka: &KafkaSettings, group: &str, client_id: &str) -> ClientConfig {
    let mut config = base(kafka, client_id);
    config.set("group.id", group);
    reading(&mut config);
    // The end of a partition is told, so that a reader knows where to stop behind markers and aborted records.
    config.set("enable.partition.eof", "true");
    finish(config, kafka)
}

/// T3: a client that is told the high watermark; a `read_committed` one is told the last stable offset.
pub(crate) fn watermark_client(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    let mut config = base(kafka, client_id);
    config.set("isolation.level", "read_uncommitted");
    finish(config, kafka)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> LogSettings {
        LogSettings::new(KafkaSettings::plain("127.0.0.1:9092"), WorkerName("ims"), "pod-0", 1)
    }

    #[test]
    fn trap_t7_members_are_static_classic_and_named_uniquely() {
        let consumer = group_consumer(&settings());
        assert_eq!(consumer.get("group.protocol"), Some("classic"));
        assert_eq!(consumer.get("partition.assignment.strategy"), Some("cooperative-sticky"));
        assert_eq!(consumer.get("group.instance.id"), Some("ims.pod-0.1"));
        let producer = transactional_producer(&settings().kafka, "ims.pod-0.1", Duration::from_millis(5));
        assert_ne!(consumer.get("client.id"), producer.get("client.id"));
    }

    #[test]
    fn trap_t11_transactions_end_within_five_seconds_and_deliveries_before() {
        let producer = transactional_producer(&settings().kafka, "ims.pod-0.1", Duration::from_millis(5));
        assert_eq!(producer.get("transaction.timeout.ms"), Some("5000"));
        assert_eq!(producer.get("message.timeout.ms"), Some("4500"));
    }

    #[test]
    fn trap_t3_only_the_watermark_client_reads_uncommitted() {
        let settings = settings();
        assert_eq!(group_consumer(&settings).get("isolation.level"), Some("read_committed"));
        assert_eq!(assigned_reader(&settings.kafka, "g", "c").get("isolation.level"), Some("read_committed"));
        assert_eq!(watermark_client(&settings.kafka, "c").get("isolation.level"), Some("read_uncommitted"));
    }

    #[test]
    fn trap_t4_a_lost_position_is_never_silently_the_earliest() {
        assert_eq!(group_consumer(&settings()).get("auto.offset.reset"), Some("error"));
    }

    #[test]
    fn trap_t9_producers_place_keys_as_javas_clients_do() {
        let settings = settings();
        let transactional = transactional_producer(&settings.kafka, "ims.pod-0.1", Duration::from_millis(5));
        let feeds = feed_producer(&settings.kafka, "c", Duration::from_secs(30));
        for producer in [transactional, feeds] {
            assert_eq!(producer.get("partitioner"), Some("murmur2_random"));
        }
    }

    #[test]
    fn trap_t1_a_record_waits_five_milliseconds_for_companions() {
        let producer = transactional_producer(&settings().kafka, "ims.pod-0.1", settings().linger);
        assert_eq!(producer.get("linger.ms"), Some("5"));
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let mut kafka = KafkaSettings::plain("b:1");
        kafka.properties.insert("sasl.password".to_owned(), "hunter2".to_owned());
        assert!(!format!("{kafka:?}").contains("hunter2"));
    }
}
