//! `itcctl topics`: the topics of `deploy/topics.toml`, listed and created.

use crate::connection::KafkaArguments;
use crate::pretty::lined_table;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Write;
use stream_kafka::{KafkaSettings, TopicOutcome, TopicSpec, create_topics, delete_topics};

const LIST: &str = include_str!("../../../deploy/topics.toml");

/// `itcctl topics`.
#[derive(Debug, Clone, Subcommand)]
pub enum TopicsCommand {
    /// Every topic with its kind, key, partitions, retention and reason.
    List(Scale),
    /// Creates the topics that are missing; one that is there with other partitions is told, and changed by nobody.
    Create {
        /// Where Kafka is.
        #[command(flatten)]
        kafka: KafkaArguments,
        /// How large.
        #[command(flatten)]
        scale: Scale,
        /// Tells what would be created.
        #[arg(long)]
        dry_run: bool,
    },
}

/// How large the topics are.
#[derive(Debug, Clone, Copy, Args)]
pub struct Scale {
    /// Partition counts and replication for one machine instead of a cluster.
    #[arg(long)]
    pub local: bool,
}

#[derive(Debug, Deserialize)]
struct List {
    partitions: Partitions,
    replication: Replication,
    topic: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Partitions {
    ours: u32,
    feed: u32,
    local_ours: u32,
    local_feed: u32,
}

#[derive(Debug, Deserialize)]
struct Replication {
    factor: u32,
    min_insync_replicas: u32,
    local_factor: u32,
    local_min_insync_replicas: u32,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    kind: String,
    key: String,
    reason: String,
    partitions: String,
    retention_ms: i64,
    cleanup_policy: String,
    max_message_bytes: u64,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

fn read() -> Result<List> {
    toml::from_str(LIST).context("deploy/topics.toml")
}

impl List {
    fn partitions_of(&self, entry: &Entry, scale: Scale) -> u32 {
        let counts = &self.partitions;
        match (entry.partitions == "ours", scale.local) {
            (true, true) => counts.local_ours,
            (true, false) => counts.ours,
            (false, true) => counts.local_feed,
            (false, false) => counts.feed,
        }
    }

    fn specs(&self, scale: Scale) -> Vec<TopicSpec> {
        let (factor, in_sync) = if scale.local {
            (self.replication.local_factor, self.replication.local_min_insync_replicas)
        } else {
            (self.replication.factor, self.replication.min_insync_replicas)
        };
        let spec = |entry: &Entry| {
            let mut config = entry.config.clone();
            config.insert("retention.ms".to_owned(), entry.retention_ms.to_string());
            config.insert("cleanup.policy".to_owned(), entry.cleanup_policy.clone());
            config.insert("max.message.bytes".to_owned(), entry.max_message_bytes.to_string());
            config.insert("min.insync.replicas".to_owned(), in_sync.to_string());
            let partitions = self.partitions_of(entry, scale);
            TopicSpec { name: entry.name.clone(), partitions, replication: factor, config }
        };
        self.topic.iter().map(spec).collect()
    }
}

/// Runs the command. True where every topic is as the list says.
///
/// # Errors
/// A message where the broker does not answer.
pub fn run(command: &TopicsCommand, out: &mut dyn Write) -> Result<bool> {
    match command {
        TopicsCommand::List(scale) => list(*scale, out).map(|()| true),
        TopicsCommand::Create { kafka, scale, dry_run: true } => {
            let at = kafka.settings()?.bootstrap_servers;
            writeln!(out, "At {at} would be created, where missing:")?;
            list(*scale, out).map(|()| true)
        }
        TopicsCommand::Create { kafka, scale, dry_run: false } => create(kafka, *scale, out),
    }
}

fn list(scale: Scale, out: &mut dyn Write) -> Result<()> {
    let list = read()?;
    let mut table = lined_table();
    table.set_header(["Topic", "Kind", "Key", "Partitions", "Kept"]);
    for entry in &list.topic {
        let partitions = list.partitions_of(entry, scale).to_string();
        let kept = match (entry.cleanup_policy.contains("compact"), entry.retention_ms) {
            (true, -1) => "last value of a key".to_owned(),
            (true, kept) => format!("last value of a key, {}", days(kept)),
            (false, -1) => "for ever".to_owned(),
            (false, kept) => days(kept),
        };
        table.add_row([entry.name.clone(), entry.kind.clone(), entry.key.clone(), partitions, kept]);
    }
    writeln!(out, "{table}")?;
    for entry in &list.topic {
        writeln!(out, "{}: {}", entry.name, entry.reason)?;
    }
    Ok(())
}

fn days(milliseconds: i64) -> String {
    // 86,400,000 ms are a day.
    format!("{} days", milliseconds / 86_400_000)
}

fn create(kafka: &KafkaArguments, scale: Scale, out: &mut dyn Write) -> Result<bool> {
    let kafka = kafka.settings()?;
    let outcomes = create_topics(&kafka, &read()?.specs(scale))
        .with_context(|| format!("Kafka at {}", kafka.bootstrap_servers))?;
    let mut right = true;
    for (name, outcome) in outcomes {
        let told = match outcome {
            TopicOutcome::Created => "created".to_owned(),
            TopicOutcome::Existed => "is there".to_owned(),
            TopicOutcome::OtherPartitions(count) => {
                right = false;
                format!("is there with {count} partitions: a new count needs a new generation of the topic")
            }
            TopicOutcome::Refused(reason) => {
                right = false;
                format!("refused: {reason}")
            }
        };
        writeln!(out, "{name}: {told}")?;
    }
    Ok(right)
}

/// Creates every topic on a Kafka that has none of them, at the scale of one machine.
///
/// # Errors
/// A message where one is there already or is refused.
pub(crate) fn create_on_fresh_kafka(kafka: &KafkaSettings) -> Result<()> {
    for (name, outcome) in create_topics(kafka, &read()?.specs(Scale { local: true }))? {
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

/// Deletes every topic of the list, for benchmarks that begin anew.
///
/// # Errors
/// A message where the broker does not answer.
pub(crate) fn delete_all(kafka: &KafkaSettings) -> Result<()> {
    let names = names()?;
    delete_topics(kafka, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(())
}

/// The name of every topic.
///
/// # Errors
/// A message where the list cannot be read.
pub(crate) fn names() -> Result<Vec<String>> {
    Ok(read()?.topic.into_iter().map(|topic| topic.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_journal_with_one_partition_count() {
        let topics = read().unwrap().specs(Scale { local: true });
        let journals: Vec<_> = topics.iter().filter(|topic| topic.name.ends_with("-journal.v1")).collect();
        assert_eq!(journals.len(), 3);
        assert!(journals.iter().all(|topic| topic.partitions == 8 && topic.config["retention.ms"] == "-1"));
    }

    #[test]
    fn a_cluster_keeps_three_copies_and_one_partition_count() {
        let topics = read().unwrap().specs(Scale { local: false });
        assert!(topics.iter().all(|topic| topic.replication == 3 && topic.config["min.insync.replicas"] == "2"));
        let journals = topics.iter().filter(|topic| topic.name.ends_with("-journal.v1"));
        assert!(journals.into_iter().all(|topic| topic.partitions == 64));
    }
}
