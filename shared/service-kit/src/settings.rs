//! The common options as types.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use stream::{PollLimits, WorkerConfig};
use stream_kafka::KafkaSettings;
use stream_timers::RedisSettings;

/// Every common option; `config/default.toml` says what each is for.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// `[kafka]`.
    pub kafka: Kafka,
    /// `[worker]`.
    pub worker: Worker,
    /// `[store]`.
    pub store: Store,
    /// `[timers]`.
    pub timers: Timers,
    /// `[admin]`.
    pub admin: Admin,
    /// `[logs]`.
    pub logs: Logs,
    /// `[traces]`.
    pub traces: Traces,
    /// `[shutdown]`.
    pub shutdown: Shutdown,
}

/// `[kafka]`.
#[derive(Clone, Deserialize)]
pub struct Kafka {
    /// Brokers to ask first.
    pub bootstrap_servers: String,
    /// Which process of this worker this is.
    pub instance: String,
    /// Session of the group's members.
    pub session_timeout_in_ms: u64,
    /// Linger of the producer.
    pub linger_in_ms: u64,
    /// The topic that says how many partitions our topics have.
    pub partition_count_topic: String,
    /// Further properties.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Kafka").field("bootstrap_servers", &self.bootstrap_servers).finish_non_exhaustive()
    }
}

/// `[worker]`.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the option of the same name in config/default.toml")]
pub struct Worker {
    pub threads: u32,
    pub poll_records_max: usize,
    pub poll_bytes_max: usize,
    pub poll_wait_in_ms: u64,
    pub batch_changes_max: usize,
    pub batch_bytes_max: usize,
    pub batch_time_max_in_ms: u64,
    pub page_changes_max: usize,
    pub page_keys_max: usize,
    pub skipped_records_max: u64,
    pub skipped_time_max_in_ms: u64,
    pub repeat_window_days: u32,
    pub dead_letter_share_max_in_percent: u64,
    pub dead_letter_window_in_records: u64,
    pub index_backlog_max: usize,
}

/// Where rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Recent rows in memory, the others on disk.
    Disk,
    /// In memory only.
    Memory,
}

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the option of the same name in config/default.toml")]
pub struct Store {
    pub kind: StoreKind,
    pub folder: PathBuf,
    pub memory_max_in_bytes: usize,
    pub changes_max: usize,
    pub cache_in_bytes: u64,
    pub age_max_in_days: u64,
}

/// `[timers]`.
#[derive(Clone, Deserialize)]
pub struct Timers {
    /// The Redis of the index.
    pub url: String,
    /// Hashes a day and partition.
    pub buckets: u32,
}

impl std::fmt::Debug for Timers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Timers").field("buckets", &self.buckets).finish_non_exhaustive()
    }
}

/// `[admin]`.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the option of the same name in config/default.toml")]
pub struct Admin {
    pub listen: String,
    pub silence_max_in_seconds: u64,
    pub rows_max: usize,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One object a line.
    Json,
    /// For people.
    Text,
}

/// `[logs]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Logs {
    /// The filter.
    pub level: String,
    /// The form.
    pub format: LogFormat,
}

/// `[traces]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Traces {
    /// Where spans go; empty for nowhere.
    pub otlp_endpoint: String,
}

/// `[shutdown]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Shutdown {
    /// How long it may take.
    pub deadline_in_seconds: u64,
}

impl Settings {
    /// Where Kafka is.
    #[must_use]
    pub fn kafka_settings(&self) -> KafkaSettings {
        KafkaSettings {
            bootstrap_servers: self.kafka.bootstrap_servers.clone(),
            properties: self.kafka.properties.clone(),
        }
    }

    /// Where the timer index is.
    #[must_use]
    pub fn redis_settings(&self) -> RedisSettings {
        RedisSettings { url: self.timers.url.clone(), buckets: self.timers.buckets }
    }

    /// The limits of the loop.
    #[must_use]
    pub fn worker_config(&self, schema: u32) -> WorkerConfig {
        let worker = &self.worker;
        WorkerConfig {
            poll: PollLimits {
                records_max: worker.poll_records_max,
                bytes_max: worker.poll_bytes_max,
                wait: Duration::from_millis(worker.poll_wait_in_ms),
            },
            batch_changes_max: worker.batch_changes_max,
            batch_bytes_max: worker.batch_bytes_max,
            batch_time_max: Duration::from_millis(worker.batch_time_max_in_ms),
            page_changes_max: worker.page_changes_max,
            page_keys_max: worker.page_keys_max,
            skipped_records_max: worker.skipped_records_max,
            skipped_time_max: Duration::from_millis(worker.skipped_time_max_in_ms),
            repeat_window_days: worker.repeat_window_days,
            dead_letter_share_max_in_percent: worker.dead_letter_share_max_in_percent,
            dead_letter_window_in_records: worker.dead_letter_window_in_records,
            schema,
            timer_buckets: self.timers.buckets,
            index_backlog_max: worker.index_backlog_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Effective, Layers};

    #[test]
    fn the_defaults_are_the_loops_own() {
        let effective = Effective::from_layers(&Layers::default()).expect("are good");
        let settings: Settings = effective.read().expect("are of their types");
        assert_eq!(format!("{:?}", settings.worker_config(1)), format!("{:?}", WorkerConfig::default()));
    }
}
