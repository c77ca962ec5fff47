//! The common options as types.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use stream::{PollLimits, WorkerConfig};
use stream_kafka::{KafkaSecurity, KafkaSettings, SecurityError};
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
    /// Who we are and whom we trust.
    pub security: KafkaSecurity,
    /// Further properties.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

impl Kafka {
    /// Where Kafka is, and how to speak to it. What stands under `kafka.properties` wins.
    ///
    /// # Errors
    /// [`SecurityError`] where `[kafka.security]` cannot be used.
    pub fn settings(&self) -> Result<KafkaSettings, SecurityError> {
        let mut properties = self.security.properties()?;
        properties.extend(self.properties.clone());
        Ok(KafkaSettings { bootstrap_servers: self.bootstrap_servers.clone(), properties })
    }
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
    pub restore_records_max: u64,
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
    /// Whom we trust.
    pub ca_file: String,
    /// Who we are.
    pub certificate_file: String,
    /// The key of that certificate.
    pub key_file: String,
}

impl Timers {
    /// Where the timer index is, and how to speak to it.
    #[must_use]
    pub fn settings(&self) -> RedisSettings {
        RedisSettings {
            url: self.url.clone(),
            buckets: self.buckets,
            ca_file: self.ca_file.clone(),
            certificate_file: self.certificate_file.clone(),
            key_file: self.key_file.clone(),
        }
    }
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
    /// How many of a thousand traces are sent.
    pub sampled_per_thousand: u64,
}

/// `[shutdown]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Shutdown {
    /// How long it may take.
    pub deadline_in_seconds: u64,
}

impl Settings {
    /// Where Kafka is, and how to speak to it.
    ///
    /// # Errors
    /// [`SecurityError`] where `[kafka.security]` cannot be used.
    pub fn kafka_settings(&self) -> Result<KafkaSettings, SecurityError> {
        self.kafka.settings()
    }

    /// The memory below which a process stays, however much lies in its input: every queue and cache with its limit. A
    /// single record may be as large as a topic takes it, which the fetch and the batch have room for.
    #[must_use]
    pub fn memory_bound_in_bytes(&self) -> u64 {
        const MIB: u64 = 1 << 20;
        // Program, libraries, stacks, metrics, and what allocators keep.
        const PROCESS: u64 = 96 * MIB;
        // `stream-kafka`: the queue of 32 MiB, above it one answer of 1 MiB, unpacked at fifty to one, and 20,000 records of
        // some 500 bytes of upkeep.
        const READ_AHEAD: u64 = (32 + 50 + 10) * MIB;
        // What a change costs besides its bytes: headers of an event, places in maps and queues.
        const UPKEEP_OF_A_CHANGE: u64 = 1_024;
        // `stream-store`: 64 MiB of journal hold the tables that are not written yet, packed to about a third.
        const TABLES: u64 = 3 * 64 * MIB;
        let bytes = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
        let worker = &self.worker;
        // Records are the library's, then ours; what is written is decided, staged, the library's, and the store's.
        let batch = 2 * bytes(worker.poll_bytes_max)
            + 4 * bytes(worker.batch_bytes_max)
            + bytes(worker.batch_changes_max) * UPKEEP_OF_A_CHANGE;
        let store = match self.store.kind {
            StoreKind::Disk => 2 * bytes(self.store.memory_max_in_bytes) + self.store.cache_in_bytes + TABLES,
            // Rows in memory grow with the data: no bound.
            StoreKind::Memory => return u64::MAX,
        };
        PROCESS + u64::from(worker.threads) * (READ_AHEAD + batch + store)
    }

    /// Where the timer index is.
    #[must_use]
    pub fn redis_settings(&self) -> RedisSettings {
        self.timers.settings()
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
            restore_records_max: worker.restore_records_max,
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

    #[test]
    fn memory_is_bounded_by_the_options() {
        let settings = |flag: &str| -> Settings {
            let layers = Layers { flags: vec![flag.to_owned()], ..Layers::default() };
            Effective::from_layers(&layers).expect("are good").read().expect("are of their types")
        };
        let mib = |flag: &str| settings(flag).memory_bound_in_bytes() >> 20;
        // 96 + 92 + 16 + 32 + 19.5 + 32 + 32 + 192 MiB.
        assert_eq!(mib("worker.threads=1"), 511);
        assert_eq!(mib("worker.threads=2"), 927);
        assert_eq!(mib("store.cache_in_bytes=1048576"), 480);
        assert_eq!(settings("store.kind=memory").memory_bound_in_bytes(), u64::MAX);
    }
}
