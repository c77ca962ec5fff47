//! `ingest`: from feeds to journals. It checks the shape of what comes, splits filings into documents, gives records
//! their ids and forwards each fact to the journal of whom it concerns. It keeps no rows and decides no tax.
//!
//! * [`Feed`]: the topics that it reads.
//! * [`FeedRecord`]: one message with the headers that matter.
//! * [`decide`]: how each kind of message becomes facts.

pub mod decide;
mod feed;
mod outcome;
mod processor;

pub use feed::{Feed, FeedRecord, MESSAGE_BYTES_MAX, message_type};
pub use outcome::IngestOutcome;
pub use processor::Ingest;

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
