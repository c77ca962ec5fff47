//! The return: claims and the lines of GSTR-3B Table 4 (artefact 4), reversals and re-claims (AUD-5).

use super::{Capture, Effect, Facts, Source, word};
use gst_events::{CreditAvailed, LedgerCause, LedgerEntry, LedgerEntryKind, ReversalInterest};

/// A claim in a filed return. It proves no line: the ledger may bar or hold it.
pub(super) fn claimed(event: &CreditAvailed) -> Capture {
    let facts = Facts::default()
        .with("claim_id", &event.claim_id)
        .with("return_period", event.return_period)
        .with("return_filed_at", event.availed_at)
        .maybe("gstr2b_period", event.line.as_ref().map(|line| line.period))
        .maybe("gstr2b_row", event.line.as_ref().map(|line| &line.table))
        .heads("claimed", &event.claimed)
        .with("rule", event.rule);
    Capture::new(event.subject.clone(), 0, "CREDIT_CLAIMED", event.availed_at, Source::CreditLedger).facts(facts)
}

/// An entry of the credit ledger, when due and again when posted.
pub(super) fn entry(entry: &LedgerEntry) -> Capture {
    let (artefact, kind, effect) = match (entry.entry, entry.cause) {
        (LedgerEntryKind::ItcAvailed, _) => (4, "TABLE_4_LINE", Effect::Line { availed_on: Some(entry.date) }),
        (LedgerEntryKind::TimeBarred, _) => (4, "TIME_BARRED", Effect::Line { availed_on: None }),
        (LedgerEntryKind::CreditNote, _) => (4, "CREDIT_NOTE_LINE", Effect::Line { availed_on: None }),
        (LedgerEntryKind::Amendment, _) => (4, "AMENDMENT_LINE", Effect::Link),
        (LedgerEntryKind::ImportCreditDelta, _) => (4, "IMPORT_CREDIT_DELTA", Effect::Link),
        (LedgerEntryKind::ImportCreditAvailable, _) => (0, "IMPORT_CREDIT_AVAILABLE", Effect::Link),
        (LedgerEntryKind::PermanentReversal, _) => (0, "PERMANENT_REVERSAL", Effect::Link),
        (LedgerEntryKind::Reversal, Some(LedgerCause::Rule37a)) => (0, "RULE37A_REVERSAL", Effect::Link),
        (LedgerEntryKind::Reversal, Some(LedgerCause::Rule37)) => (0, "RULE37_REVERSAL", Effect::Rule37Reversal),
        (LedgerEntryKind::Reversal, None) => (0, "REVERSAL", Effect::Link),
        (LedgerEntryKind::Reclaim, Some(LedgerCause::Rule37a)) => (0, "RULE37A_RECLAIM", Effect::Link),
        (LedgerEntryKind::Reclaim, Some(LedgerCause::Rule37) | None) => (0, "RECLAIM", Effect::Reclaim),
    };
    let facts = Facts::default()
        .with("entry_id", &entry.entry_id)
        .with("entry", word(entry.entry))
        .with("status", word(entry.status))
        .with("return_period", entry.return_period)
        .with("lines", entry.lines.join(","))
        .with("date", entry.date)
        .heads("contribution", &entry.tax)
        .maybe("cause", entry.cause.map(word))
        .maybe("reason", entry.reason.map(word))
        .maybe("unpaid_after", entry.unpaid_after)
        .maybe("linked_entry_id", entry.linked_entry_id.as_ref())
        .maybe("cancels", entry.cancels.as_ref())
        .maybe("posted_at", entry.posted_at)
        .with("rule", entry.rule)
        .with("rulebook_digest", &entry.rulebook_digest);
    let facts = entry.interest.iter().fold(facts, with_interest);
    let at = entry.posted_at.unwrap_or_else(|| entry.date.start());
    let mut capture = Capture::new(entry.subject.clone(), artefact, kind, at, Source::CreditLedger).facts(facts);
    capture.effect = effect;
    capture
}

fn with_interest(facts: Facts, interest: &ReversalInterest) -> Facts {
    let workings: Vec<&str> = interest.slices.iter().map(|slice| slice.working.as_str()).collect();
    facts
        .with("interest_basis", word(interest.basis))
        .with("interest_is_ceiling", interest.ceiling)
        .with("interest_working", workings.join("; "))
        .heads("interest", &interest.total)
}
