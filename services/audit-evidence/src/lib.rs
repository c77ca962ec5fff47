//! Five-artefact evidence packs with a hash chain (AUD-1 to AUD-7).
//!
//! The worker reads the recipients' journal and keeps, for each document or Bill of Entry of a recipient, a chain of
//! artefacts in which each holds the hash of the one before. Whenever an artefact is added or the judgement changes it
//! publishes the pack. It decides nothing about credit and writes no journal.
//!
//! * `capture`: which event proves what; pure, one file per source.
//! * [`judge`]: completeness, cross checks and findings.
//! * [`chain`]: hashing, and [`verify`], which anyone can run on a published pack without us.
//! * [`rows`]: what is remembered, and when it is deleted.
//! * [`view`]: read-only questions for the admin port, `itcctl` and the case runner.

mod capture;
pub mod chain;
pub mod judge;
mod pack;
mod processor;
mod purge;
pub mod rows;
pub mod view;

pub use chain::{EvidenceFault, verify};
pub use processor::{AuditEvidence, Event, EvidenceOutcome};

/// Every option of the worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
