//! Five-artefact evidence packs with a hash chain (AUD-1 to AUD-7).

mod processor;

pub use processor::{AuditEvidence, Event, EvidenceOutcome};
