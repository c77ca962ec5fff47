//! What a decision of `gstr2b` came to.

use gst_rules::RuleRef;
use stream::OutcomeKind;

/// The outcome of one event for one taxpayer. Nothing is refused here: what may be generated or filed `ims` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A rule decided.
    Decided(RuleRef),
    /// A claim waits for the filing of its return.
    Waiting(RuleRef),
}

impl stream::Outcome for Outcome {
    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Decided(_) => OutcomeKind::Decided,
            Self::Waiting(_) => OutcomeKind::Waiting,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Decided(_) => "DECIDED",
            Self::Waiting(_) => "WAITING",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Decided(rule) | Self::Waiting(rule) => rule.code(),
        }
    }
}
