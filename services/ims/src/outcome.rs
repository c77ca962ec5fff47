//! What a decision of `ims` came to.

use crate::refusal::Refusal;
use gst_rules::RuleRef;
use stream::OutcomeKind;

/// The outcome of one event for one taxpayer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A rule decided.
    Decided(RuleRef),
    /// A command was refused.
    Refused(Refusal),
    /// It waits for its document, or for a second person.
    Waiting(RuleRef),
}

impl stream::Outcome for Outcome {
    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Decided(_) => OutcomeKind::Decided,
            Self::Refused(_) => OutcomeKind::Refused,
            Self::Waiting(_) => OutcomeKind::Waiting,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Decided(_) => "DECIDED",
            Self::Refused(refusal) => refusal.code(),
            Self::Waiting(_) => "WAITING",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Decided(rule) | Self::Waiting(rule) => rule.code(),
            Self::Refused(refusal) => refusal.rule().code(),
        }
    }
}
