//! Timer states (R37-17). They follow from the facts, in the order of the rule.

use crate::rows::{CreditRow, Summary};
use gst_events::{CreditSubject, TimerExclusion};
use gst_types::IstDate;
use serde::Serialize;

/// The state of a document's 180 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimerState {
    /// Running, something is unpaid.
    Armed,
    /// Paid in time, or paid later with nothing ever reversed.
    ClosedPaid,
    /// Deemed paid (Schedule I).
    ClosedDeemedPaid,
    /// No timer.
    NotStarted,
    /// Day 181 is over, credit is reversed.
    ExpiredReversed,
    /// Day 181 is over, there was no credit.
    ExpiredNoCredit,
    /// Some of the credit is re-claimed.
    PartReclaimed,
    /// All is re-claimed or credited.
    Cleared,
}

impl TimerState {
    /// The word used in events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Armed => "ARMED",
            Self::ClosedPaid => "CLOSED_PAID",
            Self::ClosedDeemedPaid => "CLOSED_DEEMED_PAID",
            Self::NotStarted => "NOT_STARTED",
            Self::ExpiredReversed => "EXPIRED_REVERSED",
            Self::ExpiredNoCredit => "EXPIRED_NO_CREDIT",
            Self::PartReclaimed => "PART_RECLAIMED",
            Self::Cleared => "CLEARED",
        }
    }
}

/// R37-17: the state on a day, and why there is no timer.
#[must_use]
pub fn state_on(row: &CreditRow, today: IstDate) -> (TimerState, Option<TimerExclusion>) {
    if let CreditSubject::BillOfEntry(_) = row.subject {
        return (TimerState::NotStarted, Some(TimerExclusion::ImportBoe));
    }
    let exclusion = match (&row.parent, &row.summary.state) {
        (Some(_), _) => Some(TimerExclusion::DebitNoteInParent),
        (None, Some(state)) => state.exclusion,
        (None, None) => None,
    };
    match exclusion {
        Some(TimerExclusion::ScheduleI) => (TimerState::ClosedDeemedPaid, exclusion),
        Some(
            TimerExclusion::ReverseCharge
            | TimerExclusion::IsdCredit
            | TimerExclusion::ImportBoe
            | TimerExclusion::DebitNoteInParent
            | TimerExclusion::DebitNoteWithoutTimer,
        ) => (TimerState::NotStarted, exclusion),
        None => (with_timer(&row.summary, today), None),
    }
}

fn with_timer(summary: &Summary, today: IstDate) -> TimerState {
    let unpaid = summary.state.as_ref().is_some_and(|state| !state.unpaid.is_zero());
    let is_over = summary.state.as_ref().and_then(|state| state.fires_on).is_some_and(|day| day <= today);
    match (is_over, summary.ever_37, unpaid) {
        (false, _, true) => TimerState::Armed,
        (false, _, false) | (true, false, false) => TimerState::ClosedPaid,
        (true, false, true) => TimerState::ExpiredNoCredit,
        (true, true, _) if summary.target_37.is_zero() => TimerState::Cleared,
        (true, true, _) => match summary.last_is_reversal {
            Some(false) => TimerState::PartReclaimed,
            Some(true) | None => TimerState::ExpiredReversed,
        },
    }
}
