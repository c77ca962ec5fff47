//! What an error of a transaction means. T10: each error is put into exactly one class; one with none of the flags that
//! librdkafka defines is fatal.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Where in the transaction the error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the commit was asked for: nothing can have been committed.
    Before,
    /// The commit was asked for.
    Commit,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Abort; the producer stays.
    Abort,
    /// Abort; the generation has passed, so that a poll must come first.
    AbortAndPoll,
    /// Abort; the member is no longer in the group.
    AbortFenced,
    /// T2: drop the producer and build a new one. Nothing was committed.
    Rebuild,
    /// T2: drop the producer and build a new one, then ask the checkpoint what happened.
    RebuildUnknown,
    /// Drop the producer; a newer one has its id.
    Fenced,
    /// The process cannot go on.
    Fatal,
}

/// The flags and the code of an error, apart from the library's type, which cannot be made by hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) code: Option<RDKafkaErrorCode>,
    pub(crate) fatal: bool,
    pub(crate) requires_abort: bool,
    pub(crate) retriable: bool,
}

pub(crate) fn facts(error: &KafkaError) -> Facts {
    let code = error.rdkafka_error_code();
    match error {
        KafkaError::Transaction(transaction) => Facts {
            code,
            fatal: transaction.is_fatal(),
            requires_abort: transaction.txn_requires_abort(),
            retriable: transaction.is_retriable(),
        },
        // The wrapper's own flush before the commit: the native commit has not begun.
        KafkaError::Flush(_) => Facts { code, fatal: false, requires_abort: true, retriable: false },
        _ => Facts { code, fatal: false, requires_abort: false, retriable: false },
    }
}

pub(crate) fn classify(facts: Facts, stage: Stage) -> Verdict {
    if facts.code.is_some_and(is_denied) {
        return Verdict::Fatal;
    }
    if facts.code.is_some_and(is_producer_fenced) {
        return Verdict::Fenced;
    }
    let rebuild = match stage {
        Stage::Before => Verdict::Rebuild,
        Stage::Commit => Verdict::RebuildUnknown,
    };
    match (facts.fatal, facts.requires_abort, facts.retriable) {
        (true, _, _) => rebuild,
        (false, true, _) => abort_of(facts.code),
        // A timeout: the library would let us call again, but a late answer may hit the next transaction (T2).
        (false, false, true) => rebuild,
        (false, false, false) => Verdict::Fatal,
    }
}

fn abort_of(code: Option<RDKafkaErrorCode>) -> Verdict {
    match code {
        Some(RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::RebalanceInProgress) => Verdict::AbortAndPoll,
        Some(RDKafkaErrorCode::UnknownMemberId | RDKafkaErrorCode::FencedInstanceId) => Verdict::AbortFenced,
        _ => Verdict::Abort,
    }
}

fn is_producer_fenced(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch)
}

/// Only an operator can help: permissions and settings.
pub(crate) fn is_denied(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::InvalidTransactionTimeout
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::UnsupportedVersion
    )
}

/// A record that will never fit: trying again would loop for ever.
pub(crate) fn is_too_large(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(code: RDKafkaErrorCode, flags: &str) -> Facts {
        Facts {
            code: Some(code),
            fatal: flags.contains('f'),
            requires_abort: flags.contains('a'),
            retriable: flags.contains('r'),
        }
    }

    #[test]
    fn trap_t10_every_combination_of_flags_has_one_class() {
        let plain = RDKafkaErrorCode::Inconsistent;
        let table = [
            ("", Verdict::Fatal, Verdict::Fatal),
            ("r", Verdict::Rebuild, Verdict::RebuildUnknown),
            ("a", Verdict::Abort, Verdict::Abort),
            ("ar", Verdict::Abort, Verdict::Abort),
            ("f", Verdict::Rebuild, Verdict::RebuildUnknown),
            ("fr", Verdict::Rebuild, Verdict::RebuildUnknown),
            ("fa", Verdict::Rebuild, Verdict::RebuildUnknown),
            ("far", Verdict::Rebuild, Verdict::RebuildUnknown),
        ];
        for (flags, before, commit) in table {
            assert_eq!(classify(facts(plain, flags), Stage::Before), before, "before, {flags}");
            assert_eq!(classify(facts(plain, flags), Stage::Commit), commit, "commit, {flags}");
        }
    }

    #[test]
    fn trap_t2_a_timeout_never_keeps_the_producer() {
        let timed_out = facts(RDKafkaErrorCode::OperationTimedOut, "r");
        assert_eq!(classify(timed_out, Stage::Commit), Verdict::RebuildUnknown);
        assert_eq!(classify(timed_out, Stage::Before), Verdict::Rebuild);
    }

    #[test]
    fn trap_t6_a_passed_generation_aborts_and_polls_first() {
        for code in [RDKafkaErrorCode::IllegalGeneration, RDKafkaErrorCode::RebalanceInProgress] {
            assert_eq!(classify(facts(code, "a"), Stage::Before), Verdict::AbortAndPoll);
        }
        assert_eq!(classify(facts(RDKafkaErrorCode::UnknownMemberId, "a"), Stage::Before), Verdict::AbortFenced);
    }

    #[test]
    fn a_newer_producer_fences_and_a_denial_is_fatal() {
        assert_eq!(classify(facts(RDKafkaErrorCode::Fenced, "f"), Stage::Commit), Verdict::Fenced);
        assert_eq!(classify(facts(RDKafkaErrorCode::InvalidProducerEpoch, "a"), Stage::Before), Verdict::Fenced);
        let denied = facts(RDKafkaErrorCode::TransactionalIdAuthorizationFailed, "f");
        assert_eq!(classify(denied, Stage::Before), Verdict::Fatal);
    }
}
