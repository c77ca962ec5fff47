//! What the clients tell us on the side: errors, deliveries, rebalances.

use crate::record::u32_of;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use stream::SourcePartition;

/// Takes a lock that nothing can have poisoned in a way that matters: the data behind it is replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The last thing a client complained about. Authentication and connection errors are told only here, so that every
/// error we return carries it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaints {
    last: Arc<Mutex<Option<String>>>,
    said: Arc<Mutex<BTreeMap<String, Instant>>>,
    /// Why the brokers would not have us, or we not them.
    rejected: Arc<Mutex<Option<String>>>,
    /// Whether a broker has ever done something for us.
    served: Arc<AtomicBool>,
}

/// The same trouble is logged again after this long: the loop tries on for ever, and a log must stay readable.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// Different messages that are remembered; more than a few come only from bugs.
const SAID_MAX: usize = 32;

#[expect(clippy::disallowed_methods, reason = "how often a line is logged; no decision looks at it")]
fn now() -> Instant {
    Instant::now()
}

impl Complaints {
    fn hear(&self, error: &KafkaError, reason: &str) {
        // The end of a partition is asked for, and is told to `poll` too.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        self.say(reason);
        if matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL | RDKafkaErrorCode::SaslAuthenticationFailed)
        ) {
            *lock(&self.rejected) = Some(reason.to_owned());
        }
        let mut last = lock(&self.last);
        // "All brokers are down" follows every other complaint and says less than it.
        if last.is_none() || error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *last = Some(reason.to_owned());
        }
    }

    /// A broker has done something for us: from now on a refusal is trouble that may pass, such as a password that is
    /// being changed.
    pub(crate) fn served(&self) {
        self.served.store(true, Ordering::Release);
    }

    /// What to tell whoever set us up: login or certificate were refused, and no broker has ever served us.
    pub(crate) fn rejected(&self) -> Option<String> {
        if self.served.load(Ordering::Acquire) {
            return None;
        }
        let rejected = lock(&self.rejected);
        rejected
            .as_deref()
            .map(|reason| format!("no connection to Kafka is possible, look at kafka.security: {reason}"))
    }

    /// Logs trouble that the loop and the library try to get past without a word.
    pub(crate) fn say(&self, message: &str) {
        // Behind the first bracket stand counts and times, which make every message a new one.
        let gist = message.split('(').next().unwrap_or_default();
        let mut said = lock(&self.said);
        if said.get(gist).is_some_and(|at| at.elapsed() < SAY_AGAIN_AFTER) {
            return;
        }
        if said.len() >= SAID_MAX {
            said.clear();
        }
        said.insert(gist.to_owned(), now());
        tracing::warn!(reason = message, "trouble with Kafka");
    }

    /// The message with what the client last complained about behind it.
    pub(crate) fn explain(&self, message: impl std::fmt::Display) -> String {
        match lock(&self.last).as_deref() {
            Some(reason) if reason.ends_with("brokers are down") => format!(
                "{message}; the client last said: {reason} (nobody listens there, or it speaks another protocol: look at \
                 kafka.security.protocol)"
            ),
            Some(reason) => format!("{message}; the client last said: {reason}"),
            None => message.to_string(),
        }
    }
}

fn write_log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{message}"),
    }
}

/// The context of clients that only read or ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listener {
    pub(crate) complaints: Complaints,
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        write_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.complaints.hear(&error, reason);
    }
}

impl ConsumerContext for Listener {}

/// A change of assignment, as the callback saw it.
#[derive(Debug)]
pub(crate) enum Change {
    Assigned(Vec<SourcePartition>),
    Revoked(Vec<SourcePartition>),
    Failed(String),
}

/// The context of a group member.
#[derive(Debug, Default)]
pub(crate) struct Member {
    pub(crate) complaints: Complaints,
    changes: Mutex<VecDeque<Change>>,
    /// Ends of the stable part of partitions, as the statistics last told them.
    stable_ends: Mutex<BTreeMap<SourcePartition, i64>>,
}

impl Member {
    pub(crate) fn new(complaints: Complaints) -> Self {
        Self { complaints, ..Self::default() }
    }

    pub(crate) fn stable_end(&self, source: &SourcePartition) -> Option<i64> {
        lock(&self.stable_ends).get(source).copied()
    }

    pub(crate) fn next_change(&self) -> Option<Change> {
        lock(&self.changes).pop_front()
    }

    pub(crate) fn has_changes(&self) -> bool {
        !lock(&self.changes).is_empty()
    }

    /// Takes partitions over paused. Their true offset is known only after the restore, so that they are assigned at a
    /// place that needs no committed offset, and [`stream::Log::resume`] seeks.
    fn assign(consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::with_capacity(partitions.count());
        for element in partitions.elements() {
            list.add_partition_offset(element.topic(), element.partition(), Offset::Beginning)?;
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&list)?,
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(&list)?,
        }
        consumer.pause(&list)
    }

    fn revoke(consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(partitions),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        }
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        write_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.complaints.hear(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        let mut ends = lock(&self.stable_ends);
        for (name, topic) in &statistics.topics {
            let name: Arc<str> = name.as_str().into();
            for (partition, told) in &topic.partitions {
                // -1 stands for the partition that has no number yet, -1001 for an end that is not known.
                if *partition >= 0 && told.ls_offset >= 0 {
                    let source = SourcePartition { topic: Arc::clone(&name), partition: u32_of(*partition) };
                    ends.insert(source, told.ls_offset);
                }
            }
        }
    }
}

impl ConsumerContext for Member {
    /// T8: the default callback ignores errors of assign. It runs inside `poll` on the stream thread, where no
    /// transaction is open.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let sources: Vec<SourcePartition> = partitions.elements().iter().map(source_of).collect();
        let (done, change) = match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                (Self::assign(consumer, partitions), Change::Assigned(sources))
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                (Self::revoke(consumer, partitions), Change::Revoked(sources))
            }
            other => (Err(KafkaError::Rebalance(RDKafkaErrorCode::from(other))), Change::Revoked(sources)),
        };
        let mut changes = lock(&self.changes);
        match done {
            Ok(()) => changes.push_back(change),
            Err(error) => changes.push_back(Change::Failed(error.to_string())),
        }
    }
}

fn source_of(element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>) -> SourcePartition {
    SourcePartition { topic: element.topic().into(), partition: u32_of(element.partition()) }
}

/// What became of the messages of the running transaction.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    delivered: AtomicU64,
    failures: AtomicU64,
    first_failure: Mutex<Option<(KafkaError, String)>>,
    changelog_offsets: Mutex<BTreeMap<u32, i64>>,
}

impl Deliveries {
    /// How many messages were taken by the broker since the last reset, and how many were not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.delivered.load(Ordering::Acquire), self.failures.load(Ordering::Acquire))
    }

    pub(crate) fn reset(&self) {
        self.delivered.store(0, Ordering::Release);
        self.failures.store(0, Ordering::Release);
        *lock(&self.first_failure) = None;
        lock(&self.changelog_offsets).clear();
    }

    pub(crate) fn failure(&self) -> Option<(KafkaError, String)> {
        if self.failures.load(Ordering::Acquire) == 0 { None } else { lock(&self.first_failure).clone() }
    }

    /// By partition, the offset behind the last tracked changelog record.
    pub(crate) fn changelog_next(&self) -> BTreeMap<u32, i64> {
        lock(&self.changelog_offsets).iter().map(|(partition, offset)| (*partition, offset + 1)).collect()
    }
}

/// The context of a producer. The opaque of a message is 1 for a changelog record whose offset is wanted, otherwise 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender {
    pub(crate) complaints: Complaints,
    pub(crate) deliveries: Arc<Deliveries>,
}

impl ClientContext for Sender {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        write_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.complaints.hear(&error, reason);
    }
}

impl ProducerContext for Sender {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, tracked: usize) {
        if result.is_ok() {
            self.deliveries.delivered.fetch_add(1, Ordering::Release);
        }
        match result {
            Ok(message) if tracked == 1 => {
                let mut offsets = lock(&self.deliveries.changelog_offsets);
                let offset = offsets.entry(u32_of(message.partition())).or_insert(message.offset());
                *offset = (*offset).max(message.offset());
            }
            Ok(_) => {}
            Err((error, message)) => {
                let mut first = lock(&self.deliveries.first_failure);
                first.get_or_insert_with(|| (error.clone(), message.topic().to_owned()));
                self.deliveries.failures.fetch_add(1, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::Consumer;

    #[test]
    fn trap_t8_an_assignment_that_fails_is_told() {
        let told = |event: RDKafkaRespErr, partitions: &[i32]| {
            let mut config = ClientConfig::new();
            config.set("group.id", "trap-t8").set("bootstrap.servers", "127.0.0.1:1");
            let consumer: BaseConsumer<Member> = config.create_with_context(Member::default()).unwrap();
            let mut list = TopicPartitionList::new();
            for partition in partitions {
                list.add_partition("journal", *partition);
            }
            consumer.context().rebalance(&consumer, event, &mut list);
            consumer.context().next_change()
        };
        // One partition twice: the library refuses it, and its own callback would not say so.
        let refused = told(RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &[0, 0]);
        assert!(matches!(refused, Some(Change::Failed(_))), "{refused:?}");
        let failed = told(RDKafkaRespErr::RD_KAFKA_RESP_ERR__TIMED_OUT, &[0]);
        assert!(matches!(failed, Some(Change::Failed(_))), "{failed:?}");
        let taken = told(RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, &[0]);
        assert!(matches!(&taken, Some(Change::Assigned(sources)) if sources.len() == 1), "{taken:?}");
    }
}
