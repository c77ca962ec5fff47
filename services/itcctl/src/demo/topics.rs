//! The topics of `deploy/topics.toml`, as one machine needs them.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use stream_kafka::{KafkaSettings, TopicOutcome, TopicSpec, create_topics};

const LIST: &str = include_str!("../../../../deploy/topics.toml");

#[derive(Debug, Deserialize)]
struct List {
    partitions: Partitions,
    replication: Replication,
    topic: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Partitions {
    local_ours: u32,
    local_feed: u32,
}

#[derive(Debug, Deserialize)]
struct Replication {
    local_factor: u32,
    local_min_insync_replicas: u32,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    partitions: String,
    retention_ms: i64,
    cleanup_policy: String,
    max_message_bytes: u64,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

/// Every topic with the partition counts and replication of one machine.
pub(crate) fn local() -> Result<Vec<TopicSpec>> {
    let list: List = toml::from_str(LIST).context("deploy/topics.toml")?;
    let spec = |entry: &Entry| {
        let mut config = entry.config.clone();
        config.insert("retention.ms".to_owned(), entry.retention_ms.to_string());
        config.insert("cleanup.policy".to_owned(), entry.cleanup_policy.clone());
        config.insert("max.message.bytes".to_owned(), entry.max_message_bytes.to_string());
        config.insert("min.insync.replicas".to_owned(), list.replication.local_min_insync_replicas.to_string());
        let ours = entry.partitions == "ours";
        let partitions = if ours { list.partitions.local_ours } else { list.partitions.local_feed };
        TopicSpec { name: entry.name.clone(), partitions, replication: list.replication.local_factor, config }
    };
    Ok(list.topic.iter().map(spec).collect())
}

/// Creates what is missing.
pub(crate) fn create(kafka: &KafkaSettings) -> Result<()> {
    for (name, outcome) in create_topics(kafka, &local()?)? {
        match outcome {
            TopicOutcome::Created => {}
            TopicOutcome::Existed => bail!("{name} is there already: the demo needs a fresh Kafka"),
            TopicOutcome::OtherPartitions(count) => {
                bail!("{name} is there with {count} partitions: the demo needs a fresh Kafka")
            }
            TopicOutcome::Refused(reason) => bail!("{name} was refused: {reason}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_journal_with_one_partition_count() {
        let topics = local().unwrap();
        let journals: Vec<_> = topics.iter().filter(|topic| topic.name.ends_with("-journal.v1")).collect();
        assert_eq!(journals.len(), 3);
        assert!(journals.iter().all(|topic| topic.partitions == 8 && topic.config["retention.ms"] == "-1"));
    }
}
