//! How long a record may be pending: AC-4 to AC-7, EL-4, CF-1.

use crate::decide::matrix::{MatrixRow, PendingRule, matrix_row};
use crate::decide::standing::{Book, Standing, has_october_2025_rules};
use crate::rows::{RecordKind, RecordRow, RecordState};
use gst_events::{ImsAction, ImsSection};
use gst_rules::RuleRef;
use gst_rules::rule::{AC_4, AC_5, AC_6, AC_7, BE_8, CF_1, EL_4};
use gst_rules::rulebook::{BillOfEntryPendingLimit, EcoDownward2024, PendingPolicy, ReversalRecordPending};
use gst_types::{IstDate, IstInstant};

/// Until when a record may be pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingLimit {
    /// Never.
    Blocked(RuleRef),
    /// Up to and including that day, then silence is acceptance (AC-6).
    ThenNoAction(IstDate, RuleRef),
    /// Up to and including that day, then it lapses (EL-4).
    ThenLapsed(IstDate),
    /// Without limit.
    None,
}

impl PendingLimit {
    /// The rule that forbids Pending on that day, if one does.
    #[must_use]
    pub fn blocked_on(self, day: IstDate) -> Option<RuleRef> {
        match self {
            Self::Blocked(rule) => Some(rule),
            Self::ThenNoAction(last, rule) if last < day => Some(rule),
            Self::ThenLapsed(last) if last < day => Some(EL_4),
            Self::ThenNoAction(..) | Self::ThenLapsed(_) | Self::None => None,
        }
    }
}

/// What lapse of time does to a pending record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It turns into No Action (AC-6, CF-1).
    NoAction(RuleRef),
    /// It leaves IMS without credit (EL-4).
    Lapse,
}

impl Book<'_> {
    /// Until when a filed record may be pending, as known at `as_of`. One tax period is for specified records alone, ordinary
    /// ones wait until section 16(4) (CF-7).
    #[must_use]
    pub fn pending_limit(&self, record: &RecordRow, standing: &Standing, as_of: IstInstant) -> PendingLimit {
        let Some(row) = matrix_row(record, standing.accepted.as_ref()) else { return PendingLimit::None };
        let one_period =
            |rule| PendingLimit::ThenNoAction(self.dates.pending_until(self.profile, standing.home, as_of), rule);
        match row.pending {
            PendingRule::UntilTimeLimit => PendingLimit::ThenLapsed(self.dates.lapses_after(record.date)),
            PendingRule::Specified if has_october_2025_rules(standing.home) => one_period(AC_5),
            PendingRule::Specified if self.eco_may_wait(record) => {
                PendingLimit::ThenLapsed(self.dates.lapses_after(record.date))
            }
            PendingRule::Specified => PendingLimit::Blocked(AC_4),
            PendingRule::Unlimited => PendingLimit::None,
            PendingRule::Import => match self.rules.bill_of_entry_pending_limit() {
                BillOfEntryPendingLimit::None => PendingLimit::None,
                BillOfEntryPendingLimit::OnePeriod => one_period(AC_7),
            },
            PendingRule::ImportReversal => match self.rules.reversal_record_pending() {
                ReversalRecordPending::Allowed => PendingLimit::None,
                ReversalRecordPending::NotAllowed => PendingLimit::Blocked(BE_8),
                ReversalRecordPending::OnePeriod => one_period(BE_8),
            },
        }
    }

    /// AC-4: a downward ECO amendment before Oct 2025, where the rulebook lets it wait.
    fn eco_may_wait(&self, record: &RecordRow) -> bool {
        record.section == Some(ImsSection::Ecoa) && self.rules.eco_downward_2024() == EcoDownward2024::Allow
    }

    /// The day on which a pending record changes by lapse of time, and how; the time limit comes before the policy, which by
    /// default knows no day 31 (conflict C14). A limit is a day of the calendar and runs on while returns are late (EG-10).
    #[must_use]
    pub fn expiry(
        &self,
        record: &RecordRow,
        standing: Option<&Standing>,
        as_of: IstInstant,
    ) -> Option<(IstDate, Expiry)> {
        let open = matches!(record.state, RecordState::Saved | RecordState::Filed) && !self.is_final(record);
        // A record that turned out to bypass IMS has a stored action without any effect.
        let bypassed = standing.is_some_and(|standing| standing.bypass.is_some());
        if record.action != ImsAction::Pending || !open || bypassed {
            return None;
        }
        let by_limit = match standing {
            Some(standing) if record.state == RecordState::Filed && is_actionable_kind(record) => {
                match self.pending_limit(record, standing, as_of) {
                    PendingLimit::ThenNoAction(last, _) => Some((last.next(), Expiry::NoAction(AC_6))),
                    PendingLimit::ThenLapsed(last) => Some((last.next(), Expiry::Lapse)),
                    PendingLimit::Blocked(_) | PendingLimit::None => None,
                }
            }
            Some(_) | None => None,
        };
        let by_policy = match (self.rules.pending_policy(), record.pending_since) {
            (PendingPolicy::Day31, Some(since)) => {
                Some((since.plus_days(self.rules.pending_days()), Expiry::NoAction(CF_1)))
            }
            (PendingPolicy::Day31, None) | (PendingPolicy::Official, _) => None,
        };
        match (by_limit, by_policy) {
            (Some(limit), Some(policy)) if policy.0 < limit.0 => Some(policy),
            (Some(limit), _) => Some(limit),
            (None, policy) => policy,
        }
    }

    /// The row of AC-9 of a filed record.
    #[must_use]
    pub fn matrix(&self, record: &RecordRow, standing: &Standing) -> Option<&'static MatrixRow> {
        matrix_row(record, standing.accepted.as_ref())
    }
}

const fn is_actionable_kind(record: &RecordRow) -> bool {
    match record.kind {
        RecordKind::Document
        | RecordKind::BillOfEntry
        | RecordKind::BillOfEntryIn
        | RecordKind::BillOfEntryReversal => true,
        RecordKind::Isd | RecordKind::Rule37a => false,
    }
}
