//! Topics: creating them from a list, their partitions, and how far a group has read.

use crate::client::Listener;
use crate::log::REQUEST_TIMEOUT;
use crate::reader::TopicReader;
use crate::record::{i32_of, u32_of};
use crate::settings::{self, KafkaSettings};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: u32,
    /// Copies of each record.
    pub replication: u32,
    /// Kafka's settings of the topic, such as `cleanup.policy`.
    pub config: BTreeMap<String, String>,
}

/// What became of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicOutcome {
    /// It was created.
    Created,
    /// It was there, with as many partitions as asked for.
    Existed,
    /// It was there with another number of partitions; nothing was changed.
    OtherPartitions(u32),
    /// The broker refused it, with its reason.
    Refused(String),
}

/// Trouble with the brokers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AdminError(pub String);

fn failed(doing: &str, error: impl std::fmt::Display, listener: &Listener) -> AdminError {
    AdminError(listener.complaints.explain(format_args!("{doing}: {error}")))
}

/// Creates what is missing; what is there is left as it is. Running it twice changes nothing.
///
/// # Errors
/// [`AdminError`] where the brokers do not answer.
pub fn create_topics(kafka: &KafkaSettings, specs: &[TopicSpec]) -> Result<Vec<(String, TopicOutcome)>, AdminError> {
    let listener = Listener::default();
    let admin: AdminClient<Listener> = admin_client(kafka, &listener)?;
    let existing = partitions_of_all(admin.inner(), &listener)?;
    let missing = specs.iter().filter(|spec| !existing.contains_key(&spec.name));
    let topics: Vec<NewTopic<'_>> = missing.map(new_topic).collect();
    let mut created: BTreeMap<String, TopicOutcome> = BTreeMap::new();
    if !topics.is_empty() {
        let options =
            AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).operation_timeout(Some(REQUEST_TIMEOUT));
        let results = block_on(admin.create_topics(&topics, &options))
            .map_err(|error| failed("creating topics", error, &listener))?;
        for result in results {
            let (name, outcome) = match result {
                Ok(name) => (name, TopicOutcome::Created),
                // Somebody else was faster.
                Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => (name, TopicOutcome::Existed),
                Err((name, code)) => (name, TopicOutcome::Refused(code.to_string())),
            };
            created.insert(name, outcome);
        }
    }
    let outcome = |spec: &TopicSpec| match existing.get(&spec.name) {
        Some(count) if *count == spec.partitions => TopicOutcome::Existed,
        Some(count) => TopicOutcome::OtherPartitions(*count),
        None => created
            .get(&spec.name)
            .cloned()
            .unwrap_or_else(|| TopicOutcome::Refused("the broker did not answer for this topic".to_owned())),
    };
    Ok(specs.iter().map(|spec| (spec.name.clone(), outcome(spec))).collect())
}

fn new_topic(spec: &TopicSpec) -> NewTopic<'_> {
    let topic = NewTopic::new(&spec.name, i32_of(spec.partitions), TopicReplication::Fixed(i32_of(spec.replication)));
    spec.config.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
}

/// Deletes topics with everything in them; those that are not there are left out of the count. For tests and `wipe`.
///
/// # Errors
/// [`AdminError`] where the brokers do not answer or refuse.
pub fn delete_topics(kafka: &KafkaSettings, names: &[&str]) -> Result<usize, AdminError> {
    let listener = Listener::default();
    let admin = admin_client(kafka, &listener)?;
    let options = AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)).operation_timeout(Some(REQUEST_TIMEOUT));
    let results =
        block_on(admin.delete_topics(names, &options)).map_err(|error| failed("deleting topics", error, &listener))?;
    let mut deleted = 0;
    for result in results {
        match result {
            Ok(_) => deleted += 1,
            Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
            Err((name, code)) => return Err(failed(&format!("deleting {name}"), code, &listener)),
        }
    }
    Ok(deleted)
}

/// The partition count of every topic there is, by name.
///
/// # Errors
/// [`AdminError`] where the brokers do not answer.
pub fn topic_partitions(kafka: &KafkaSettings) -> Result<BTreeMap<String, u32>, AdminError> {
    let listener = Listener::default();
    partitions_of_all(admin_client(kafka, &listener)?.inner(), &listener)
}

fn admin_client(kafka: &KafkaSettings, listener: &Listener) -> Result<AdminClient<Listener>, AdminError> {
    settings::watermark_client(kafka, "itc-admin")
        .create_with_context(listener.clone())
        .map_err(|error| failed("the admin client cannot be made", error, listener))
}

fn partitions_of_all(client: &Client<Listener>, listener: &Listener) -> Result<BTreeMap<String, u32>, AdminError> {
    let metadata =
        client.fetch_metadata(None, REQUEST_TIMEOUT).map_err(|error| failed("listing topics", error, listener))?;
    let count = |partitions: usize| u32::try_from(partitions).unwrap_or(u32::MAX);
    Ok(metadata.topics().iter().map(|topic| (topic.name().to_owned(), count(topic.partitions().len()))).collect())
}

/// How far a group is behind in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionLag {
    /// The partition.
    pub partition: u32,
    /// The group's committed offset, `None` where it has none.
    pub committed: Option<i64>,
    /// The end of the stable part of the partition.
    pub end: i64,
    /// Records that the group has not committed yet, at most 1,000 counted: offsets would also count markers.
    pub unread: u64,
}

/// How far a group is behind in a topic. A worker that only skipped records commits late, so that its own admin page
/// knows better whether it is idle.
///
/// # Errors
/// [`AdminError`] where the brokers do not answer.
pub fn group_lag(kafka: &KafkaSettings, group: &str, topic: &str) -> Result<Vec<PartitionLag>, AdminError> {
    const COUNTED_MAX: u64 = 1000;
    let listener = Listener::default();
    let consumer: BaseConsumer<Listener> = settings::assigned_reader(kafka, group, "itc-lag")
        .create_with_context(listener.clone())
        .map_err(|error| failed("the lag client cannot be made", error, &listener))?;
    let mut reader = TopicReader::open(kafka, "itc-lag-reader").map_err(|error| AdminError(error.to_string()))?;
    let ends = reader.stable_ends(topic).map_err(|error| AdminError(error.to_string()))?;
    let mut wanted = TopicPartitionList::new();
    for partition in ends.keys() {
        wanted.add_partition(topic, i32_of(*partition));
    }
    let committed = consumer
        .committed_offsets(wanted, REQUEST_TIMEOUT)
        .map_err(|error| failed("the committed offsets", error, &listener))?;
    let mut lags = Vec::new();
    for element in committed.elements() {
        let partition = u32_of(element.partition());
        let committed = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => None,
        };
        let end = ends.get(&partition).copied().unwrap_or_default();
        let from = [(partition, committed.unwrap_or(0))];
        let unread = reader.count(topic, &from, COUNTED_MAX).map_err(|error| AdminError(error.to_string()))?;
        lags.push(PartitionLag { partition, committed, end, unread });
    }
    Ok(lags)
}

/// A member of a consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// `<group>.<instance>.<thread>.consumer`.
    pub client_id: String,
    /// The address it connects from.
    pub host: String,
}

/// The member of a group that has a partition now, `None` where nobody has.
///
/// # Errors
/// [`AdminError`] where the brokers do not answer.
pub fn group_owner(
    kafka: &KafkaSettings,
    group: &str,
    topic: &str,
    partition: u32,
) -> Result<Option<GroupMember>, AdminError> {
    let listener = Listener::default();
    let admin = admin_client(kafka, &listener)?;
    let groups = admin
        .inner()
        .fetch_group_list(Some(group), REQUEST_TIMEOUT)
        .map_err(|error| failed("describing the group", error, &listener))?;
    let members = groups.groups().iter().flat_map(|group| group.members());
    let owner = members
        .filter(|member| member.assignment().is_some_and(|bytes| assigns(bytes, topic, partition).unwrap_or(false)))
        .map(|member| GroupMember { client_id: member.client_id().to_owned(), host: member.client_host().to_owned() })
        .next();
    Ok(owner)
}

/// Whether an assignment of the classic consumer protocol holds a partition: version, then per topic its name and its
/// partitions, all big-endian. `None` where it cannot be read.
fn assigns(mut bytes: &[u8], topic: &str, partition: u32) -> Option<bool> {
    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
        let (head, rest) = bytes.split_at_checked(count)?;
        *bytes = rest;
        Some(head)
    }
    fn number(bytes: &mut &[u8]) -> Option<u32> {
        Some(u32::from_be_bytes(take(bytes, 4)?.try_into().ok()?))
    }
    take(&mut bytes, 2)?;
    for _ in 0..number(&mut bytes)? {
        let length = u16::from_be_bytes(take(&mut bytes, 2)?.try_into().ok()?);
        let name = take(&mut bytes, usize::from(length))?;
        for _ in 0..number(&mut bytes)? {
            if number(&mut bytes)? == partition && name == topic.as_bytes() {
                return Some(true);
            }
        }
    }
    Some(false)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for one of the library's futures, which a thread of its own completes.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_of_the_classic_protocol_is_read() {
        let bytes = [
            &[0, 1][..],
            &[0, 0, 0, 2],
            &[0, 1, b'a', 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 7],
            &[0, 2, b'b', b'c', 0, 0, 0, 1, 0, 0, 0, 5],
            &[0, 0, 0, 0],
        ]
        .concat();
        for (topic, partition, held) in
            [("a", 3, true), ("a", 7, true), ("bc", 5, true), ("a", 5, false), ("b", 5, false)]
        {
            assert_eq!(assigns(&bytes, topic, partition), Some(held), "{topic}/{partition}");
        }
        assert_eq!(assigns(&bytes[..9], "bc", 5), None, "a cut-off assignment is not guessed");
        assert_eq!(assigns(&[], "a", 0), None);
    }
}
