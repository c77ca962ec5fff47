//! How `ingest` decides.

use stream::{Outcome, OutcomeKind};

/// What became of a message. What cannot be used at all is a dead letter and has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IngestOutcome {
    /// Every fact in it was forwarded.
    Forwarded,
    /// Some were forwarded, others put aside.
    ForwardedInPart,
    /// It concerns another reader, such as a command to `calendar`.
    NotForJournals,
}

impl Outcome for IngestOutcome {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Forwarded => "FORWARDED",
            Self::ForwardedInPart => "FORWARDED_IN_PART",
            Self::NotForJournals => "NOT_FOR_JOURNALS",
        }
    }

    fn rule(&self) -> &'static str {
        "IN-1"
    }
}
