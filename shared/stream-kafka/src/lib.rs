//! Kafka behind the ports of `stream`: transactions, rebalances, restore and dead letters.
//!
//! [`KafkaLog`] is the log of one stream thread: one consumer and one transactional producer, nothing shared with other
//! threads. [`create_topics`], [`Publisher`], [`TopicReader`] and [`MarkWriter`] serve tools and the calendar. The traps
//! T1 to T12 of the architecture are named where their rule stands.

mod admin;
mod classify;
mod client;
mod dead_letter;
mod follower;
mod log;
mod marks;
mod pass_through;
mod publisher;
mod reader;
mod record;
mod restore;
mod security;
mod settings;
mod transaction;
#[cfg(test)]
mod trap_tests;

pub use admin::{AdminError, GroupMember, PartitionLag, group_owner};
pub use admin::{TopicOutcome, TopicSpec, create_topics, delete_topics, group_lag, topic_partitions};
pub use dead_letter::{DeadLetterError, DeadLetterHeaders};
pub use follower::TopicFollower;
pub use log::KafkaLog;
pub use marks::MarkWriter;
pub use pass_through::{PassThrough, PassThroughSettings, PassedThrough, Stretch, Written};
pub use publisher::{FeedRecord, Progress, PublishError, Publisher, PublisherSettings};
pub use reader::TopicReader;
pub use security::{KafkaSecurity, SecurityError, SecurityProtocol};
pub use settings::{KafkaSettings, LogSettings};
