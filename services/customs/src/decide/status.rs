//! Steps of a bill: life cycle, credit and reference date (BOE-4 to BOE-6).

use super::Verdict;
use crate::outcome::CustomsOutcome;
use crate::rows::{BillRow, EarlyRow, Step};
use gst_events::{BillOfEntryStatusChanged, CustomsStatusWord, Outgoing};
use gst_rules::bill_of_entry::BillOfEntryStatus;
use gst_types::IstInstant;

/// Steps of one bill that are kept before the bill comes; real bills have about ten.
const EARLY_STEPS_MAX: usize = 64;

/// A step of a known bill. An unknown word is kept and changes nothing else.
#[must_use]
pub fn step(bill: &mut BillRow, step: Step) -> Verdict {
    let before = bill.life();
    let (at, word) = (step.at, step.word.trim().to_owned());
    let known = BillOfEntryStatus::from_code(&word).is_some();
    bill.raw_status = Some(word.clone());
    if known {
        bill.steps.push(Step { at, word });
    }
    let after = bill.life();
    let became_eligible = before.eligible_at().is_none() && after.eligible_at().is_some();
    let outcome = match (known, became_eligible) {
        (false, _) => CustomsOutcome::UnknownWord,
        (true, true) => CustomsOutcome::BecameEligible,
        (true, false) if after.rule() == gst_rules::rule::BOE_2 => CustomsOutcome::SteppedWithoutCredit,
        (true, false) => CustomsOutcome::Stepped,
    };
    Verdict { events: tell(bill, at, became_eligible), outcome }
}

/// A step of a bill that is not known yet waits for it; false where too many wait already.
pub fn early(row: &mut EarlyRow, step: Step) -> bool {
    let fits = row.steps.len() < EARLY_STEPS_MAX;
    if fits {
        row.steps.push(step);
    }
    fits
}

/// Tells the holder where the bill stands.
pub(super) fn tell(bill: &BillRow, at: IstInstant, became_eligible: bool) -> Vec<Outgoing> {
    let Some(holder) = bill.holder() else { return Vec::new() };
    let event = BillOfEntryStatusChanged {
        details: bill.details_of(holder, bill.reference_date()),
        record_id: holder.record_id.clone(),
        status: bill.life().status().map(word_for_events),
        raw_status: bill.raw_status.clone().unwrap_or_default(),
        at,
        eligible_at: bill.eligible_at(),
        became_eligible,
        received_at: bill.received_at,
    };
    vec![Outgoing::to_recipient(holder.gstin, &event)]
}

/// The status as events name it.
pub(crate) const fn word_for_events(status: BillOfEntryStatus) -> CustomsStatusWord {
    match status {
        BillOfEntryStatus::Filed => CustomsStatusWord::Filed,
        BillOfEntryStatus::UnderAssessment => CustomsStatusWord::UnderAssessment,
        BillOfEntryStatus::QueryRaised => CustomsStatusWord::QueryRaised,
        BillOfEntryStatus::QueryReplied => CustomsStatusWord::QueryReplied,
        BillOfEntryStatus::AssessmentComplete => CustomsStatusWord::AssessmentComplete,
        BillOfEntryStatus::ProvisionallyAssessed => CustomsStatusWord::ProvisionallyAssessed,
        BillOfEntryStatus::DutyPaid => CustomsStatusWord::DutyPaid,
        BillOfEntryStatus::Examination => CustomsStatusWord::Examination,
        BillOfEntryStatus::OutOfCharge => CustomsStatusWord::OutOfCharge,
        BillOfEntryStatus::Amended => CustomsStatusWord::Amended,
        BillOfEntryStatus::Reassessed => CustomsStatusWord::Reassessed,
        BillOfEntryStatus::Cancelled => CustomsStatusWord::Cancelled,
        BillOfEntryStatus::Purged => CustomsStatusWord::Purged,
    }
}
