//! Five-artefact evidence packs with a hash chain (AUD-1 to AUD-7).
//!
//! The worker reads the recipients' journal and keeps, for each document or Bill of Entry of a recipient, a chain of
//! artefacts in which each holds the hash of the one before. It publishes each artefact as it is added, with the judgement
//! after it, and the whole pack where its verdict changes. It decides nothing about credit and writes no journal.
//!
//! * `capture`: which event proves what; pure, one file per source.
//! * [`judge`]: completeness, cross checks and findings.
//! * [`chain`]: canonical JSON, hashes and links.
//! * [`verify()`], [`fold`] and [`saved`]: what anyone can run without us, on a pack, on the topic, on a file of either.
//! * [`rows`]: what is remembered, and when it is deleted.
//! * [`view`]: read-only questions for the admin port, `itcctl` and the case runner.

mod capture;
pub mod chain;
pub mod fold;
pub mod judge;
mod pack;
mod processor;
mod purge;
pub mod rows;
pub mod saved;
mod verify;
pub mod view;

pub use fold::{EvidenceFold, FoldFault};
pub use processor::{AuditEvidence, Event, EvidenceOutcome};
pub use saved::{Saved, verify_saved};
pub use verify::{EvidenceFault, verify};

/// Every option of the worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
