//! Rule 37A inside a replay: when its cause opens and closes (R37A-1 to R37A-7).

use super::{Cause, Machine};
use gst_events::{LedgerCause, LedgerReason};
use gst_rules::calendar::Rule37aDates;
use gst_rules::{rule, rule37a};
use gst_types::IstInstant;

/// What happens to the cause of rule 37A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move37a {
    /// The supplier has not filed by 30 September, or the portal lists the document.
    Opens,
    /// The supplier filed.
    Closes,
}

impl Machine<'_> {
    /// R37A-1, R37A-2: the dates that follow from the first claim; none of before the rule was in force.
    pub(super) fn rule_37a_dates(&self) -> Option<Rule37aDates> {
        let (filed_at, period) = self.summary.first_claim?;
        let rules = self.rules(&self.rules_last);
        let year = rule37a::availed_year(rules, period, filed_at.date());
        let first = rule37a::dates(rules, year, gst_types::FilingFrequency::Monthly);
        let frequency = self.around.recipient.frequency_on(first.due_on);
        Some(rule37a::dates(rules, year, frequency)).filter(rule37a::is_in_force)
    }

    pub(super) fn pending_37a(&self) -> Option<(IstInstant, Move37a)> {
        if self.closed_37a {
            return None;
        }
        let filed_at = self.around.watch.and_then(|watch| watch.filed_at);
        if self.opened_37a {
            return filed_at.map(|at| (at, Move37a::Closes));
        }
        let (claimed_at, _) = self.summary.first_claim?;
        let opens_at = match self.listed_at {
            Some(listed_at) => Some(listed_at.max(claimed_at)),
            None => self.opens_by_report(claimed_at),
        }?;
        // A return filed before the cause opened leaves nothing to open.
        if filed_at.is_some_and(|filed| filed < opens_at) { None } else { Some((opens_at, Move37a::Opens)) }
    }

    /// R37A-4: a period reported as not filed, and not filed by the end of 30 September, from 1 October on.
    fn opens_by_report(&self, claimed_at: IstInstant) -> Option<IstInstant> {
        let dates = self.rule_37a_dates()?;
        let not_filed_at = self.around.watch?.not_filed_at?;
        if self.around.passed.is_none_or(|passed| passed < dates.due_on) {
            return None;
        }
        Some(dates.due_on.start().max(not_filed_at).max(claimed_at))
    }

    pub(super) fn take_37a(&mut self) {
        let Some((at, what)) = self.pending_37a() else { return };
        let date = at.date();
        let rules = self.rules_last.clone();
        let day_period = self.period_of(date);
        let (trigger, reason, rule, period) = match what {
            Move37a::Opens => {
                self.opened_37a = true;
                self.summary.open_37a = true;
                // A report that comes later, also later on that day, goes to the period of its day (R37A-2).
                let on_time =
                    self.rule_37a_dates().filter(|dates| dates.due_on.start() == at && self.listed_at.is_none());
                let period = on_time.map_or(day_period, |dates| dates.reversal_return);
                (format!("rule-37a/opens/{date}"), LedgerReason::SupplierNotFiled, rule::R37A_2, period)
            }
            Move37a::Closes => {
                self.closed_37a = true;
                self.summary.open_37a = false;
                (format!("rule-37a/closes/{date}"), LedgerReason::SupplierFiled, rule::R37A_3, day_period)
            }
        };
        let cause = Cause {
            trigger: &trigger,
            reason,
            cause: LedgerCause::Rule37a,
            date,
            period,
            period_is_given: false,
            rule,
            rules: &rules,
        };
        self.recompute(&cause);
    }
}
