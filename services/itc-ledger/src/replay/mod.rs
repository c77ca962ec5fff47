//! The facts of one document in the order of their legal instants, and the entries they come to (R37-10, R37-14).
//!
//! Pure: the same facts give the same entries, in whatever order they arrived.

mod claims;
mod planned;
mod supplier;

pub(crate) use claims::limit_of;
pub use planned::{Planned, PlannedAlert, Planning, line, lines_of};

use crate::rows::{CreditRow, Fact, PaymentState, RecipientRow, Step, Summary, WatchRow};
use gst_events::{CreditSubject, LedgerCause, LedgerEntryKind, LedgerReason, PaymentChange};
use gst_rules::rule37::{CreditAtStake, target};
use gst_rules::table4::{EntryKind, ReturnLine};
use gst_rules::{RuleRef, Rulebook, calendar, rule};
use gst_types::{DocumentKey, FinancialYear, IstDate, IstInstant, TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;

/// What a replay looks at besides the facts of the document.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// How often the recipient files.
    pub recipient: &'a RecipientRow,
    /// The supplier's return, where one is watched.
    pub watch: Option<WatchRow>,
    /// Annual returns by financial year.
    pub annual: &'a BTreeMap<FinancialYear, IstDate>,
    /// The last day whose own dates are acted on.
    pub passed: Option<IstDate>,
    /// Rulebooks by the digests in the steps.
    pub rules: &'a BTreeMap<String, Rulebook>,
    /// The rulebook for what no step names.
    pub rules_now: &'a Rulebook,
}

/// What the facts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Entries and alerts, in order.
    pub outcomes: Vec<Planning>,
    /// The figures at the end.
    pub summary: Summary,
}

/// Replays the facts of a document or Bill of Entry.
#[must_use]
pub fn replay(row: &CreditRow, around: &Surroundings<'_>) -> Replayed {
    let mut steps: Vec<&Step> = row.steps.iter().collect();
    steps.sort_by_key(|step| (step.at, !matches!(step.fact, Fact::Day181), step.number));
    let mut machine = Machine::new(row, around);
    for step in steps {
        machine.advance(Some(step.at));
        machine.take(step);
    }
    machine.advance(None);
    machine.summary.due_37a = machine.rule_37a_dates().map(|dates| dates.due_on);
    Replayed { outcomes: machine.outcomes, summary: machine.summary }
}

/// What a recomputation is about.
struct Cause<'s> {
    trigger: &'s str,
    reason: LedgerReason,
    cause: LedgerCause,
    date: IstDate,
    period: TaxPeriod,
    period_is_given: bool,
    rule: RuleRef,
    rules: &'s str,
}

struct Machine<'r> {
    row: &'r CreditRow,
    around: &'r Surroundings<'r>,
    outcomes: Vec<Planning>,
    summary: Summary,
    /// The day 181 that is over.
    over_for: Option<IstDate>,
    target_37a: TaxAmounts,
    latest_period: Option<TaxPeriod>,
    eligible: bool,
    /// Whether the Bill of Entry was cancelled or purged.
    ended: bool,
    /// As what the credit goes out whole as it is categorised now: blocked, or of exclusive use outside taxable business.
    goes_out: Option<EntryKind>,
    debit_notes: BTreeMap<DocumentKey, (IstDate, Option<IstDate>)>,
    /// Differences of a Bill of Entry that customs told and no line of a statement has repeated yet.
    deltas_told: Vec<TaxAmounts>,
    /// Credit taken of each line of a statement.
    taken_of: BTreeMap<String, TaxAmounts>,
    /// The portal's own listing under rule 37A.
    listed_at: Option<IstInstant>,
    opened_37a: bool,
    closed_37a: bool,
    rules_last: String,
}

impl<'r> Machine<'r> {
    fn new(row: &'r CreditRow, around: &'r Surroundings<'r>) -> Self {
        Self {
            row,
            around,
            outcomes: Vec::new(),
            summary: Summary::default(),
            over_for: None,
            target_37a: TaxAmounts::ZERO,
            latest_period: None,
            eligible: false,
            ended: false,
            goes_out: None,
            debit_notes: BTreeMap::new(),
            deltas_told: Vec::new(),
            taken_of: BTreeMap::new(),
            listed_at: None,
            opened_37a: false,
            closed_37a: false,
            rules_last: String::new(),
        }
    }

    fn rules(&self, digest: &str) -> &'r Rulebook {
        self.around.rules.get(digest).unwrap_or(self.around.rules_now)
    }

    fn period_of(&self, day: IstDate) -> TaxPeriod {
        self.around.recipient.period_of(day)
    }

    /// Whether day 181 is over for the document as it stands.
    fn is_over(&self) -> bool {
        let fires_on = self.summary.state.as_ref().and_then(|state| state.fires_on);
        fires_on.is_some() && fires_on == self.over_for
    }

    /// Lets everything happen that is due by lapse of time: day 181 first, then rule 37A.
    fn advance(&mut self, until: Option<IstInstant>) {
        loop {
            let day_181 = self.pending_day_181().filter(|day| until.is_some_and(|until| day.start() <= until));
            let other = self.pending_37a().filter(|(at, _)| until.is_none_or(|until| *at <= until));
            match (day_181, other) {
                (Some(day), Some((at, _))) if day.start() > at => self.take_37a(),
                (Some(day), _) => self.day_181_comes(day),
                (None, Some(_)) => self.take_37a(),
                (None, None) => return,
            }
        }
    }

    fn pending_day_181(&self) -> Option<IstDate> {
        let fires_on = self.summary.state.as_ref()?.fires_on?;
        if self.over_for == Some(fires_on) { None } else { Some(fires_on) }
    }

    fn day_181_comes(&mut self, day: IstDate) {
        self.over_for = Some(day);
        let Some(state) = self.summary.state.clone() else { return };
        let rules = self.rules_last.clone();
        let rule_of_period = self.rules(&rules).period_rule();
        let frequency = self.around.recipient.frequency_on(day);
        let cause = Cause {
            trigger: &format!("day-181/{day}"),
            reason: LedgerReason::Day181,
            cause: LedgerCause::Rule37,
            date: day,
            period: calendar::rule_37_return_period(state.document_date, rule_of_period, frequency),
            period_is_given: false,
            rule: rule::R37_4,
            rules: &rules,
        };
        self.recompute(&cause);
    }

    fn take(&mut self, step: &Step) {
        self.rules_last.clone_from(&step.rules);
        match &step.fact {
            Fact::Payment(state) => self.payment(step, state),
            Fact::Day181 => {}
            Fact::DebitNote { document, document_date, invoice_date, itc_availed } => {
                self.debit_notes.insert(document.clone(), (*document_date, *invoice_date));
                // The invoice's own state follows at once, and the whole is recomputed with it.
                if let Some(credit) = itc_availed {
                    self.amend_credit(step, &CreditSubject::Document(document.clone()), *credit);
                }
            }
            Fact::Claim { subject, return_period, tax, line } => {
                self.claim(step, subject, *return_period, *tax, line.as_ref());
            }
            Fact::Permanent { subject, rule: provision, return_period, tax, working, interest_from } => {
                let computed = working.as_deref().map(|working| (working, *interest_from));
                self.permanent(step, (subject, *provision, computed), *return_period, *tax);
            }
            Fact::Category { blocked_by, exclusive_use, is_capital_goods } => {
                self.category(step, claims::goes_out(blocked_by.as_deref(), *exclusive_use, *is_capital_goods));
            }
            Fact::Listed { .. } => {
                self.listed_at = Some(self.listed_at.map_or(step.at, |at| at.min(step.at)));
                self.advance(Some(step.at));
            }
            Fact::ImportEligible { tax, reference_date } => {
                self.eligible = true;
                let period = self.period_of(reference_date.unwrap_or_else(|| step.at.date()));
                let subject = self.row.subject.clone();
                self.own_entry(step, &subject, LedgerEntryKind::ImportCreditAvailable, Vec::new(), *tax, Some(period));
            }
            Fact::ImportEnded => self.import_ended(step),
            Fact::ImportDelta { tax } => {
                let subject = self.row.subject.clone();
                *self.summary.availed.entry(subject.clone()).or_default() += *tax;
                self.deltas_told.push(*tax);
                let lines = line(ReturnLine::ImportOfGoods);
                self.own_entry(step, &subject, LedgerEntryKind::ImportCreditDelta, lines, *tax, None);
            }
        }
    }

    fn payment(&mut self, step: &Step, state: &PaymentState) {
        if state.fires_on.is_some_and(|day| day <= step.at.date()) {
            self.over_for = state.fires_on;
        }
        self.summary.state = Some(state.clone());
        self.summary.note_tax = state.note_tax;
        let subject = self.row.subject.clone();
        let (reason, cause, rule) = match state.change {
            PaymentChange::DocumentKnown => (LedgerReason::Day181, LedgerCause::Rule37, rule::R37_4),
            PaymentChange::Payment => (LedgerReason::Payment, LedgerCause::Rule37, rule::R37_8),
            PaymentChange::LateInput => (LedgerReason::LateInput, LedgerCause::Rule37, rule::R37_10),
            PaymentChange::CreditNote => (LedgerReason::CreditNote, self.generic_cause(), rule::R37_11),
            PaymentChange::Amendment => (LedgerReason::Amendment, self.generic_cause(), rule::R37_13),
            PaymentChange::Reallocation => (LedgerReason::Reallocation, LedgerCause::Rule37, rule::R37_15),
        };
        if !state.note_to_post.is_zero() {
            let lines = lines_of(EntryKind::CreditNoteAccepted);
            self.own_entry(step, &subject, LedgerEntryKind::CreditNote, lines, -state.note_to_post, None);
        }
        if let Some(credit) = state.itc_availed {
            self.amend_credit(step, &subject, credit);
        }
        self.recompute_at(step, reason, cause, rule);
    }

    /// R37-13: credit of the document from now on, in place of the old.
    fn amend_credit(&mut self, step: &Step, subject: &CreditSubject, credit: TaxAmounts) {
        let before = self.summary.availed.insert(subject.clone(), credit).unwrap_or_default();
        if self.summary.first_claim.is_none() && !credit.is_zero() {
            self.summary.first_claim = Some((step.at, self.period_of(step.at.date())));
        }
        let lines = line(ReturnLine::AllOther);
        self.own_entry(step, subject, LedgerEntryKind::Amendment, lines, credit - before, None);
        self.block(step, subject, credit - before, None);
    }

    /// Which cause an event has that moves base or claims: the one that holds the whole.
    fn generic_cause(&self) -> LedgerCause {
        if self.summary.open_37a { LedgerCause::Rule37a } else { LedgerCause::Rule37 }
    }

    /// An event's own entry, which stands before what follows from it; none where all heads are zero.
    fn own_entry(
        &mut self,
        step: &Step,
        subject: &CreditSubject,
        kind: LedgerEntryKind,
        lines: Vec<String>,
        tax: TaxAmounts,
        given: Option<TaxPeriod>,
    ) {
        if tax.is_zero() {
            return;
        }
        let planned = Planned {
            trigger: step.trigger.clone(),
            subject: subject.clone(),
            kind,
            cause: None,
            reason: None,
            period: given.unwrap_or_else(|| self.period_of(step.at.date())),
            period_is_given: given.is_some(),
            date: step.at.date(),
            tax,
            interest_from: None,
            unpaid_after: None,
            rule: claims::rule_of(kind, &lines),
            lines,
            applied: claims::applied_to(kind, subject, self.rules(&step.rules)),
            rules: step.rules.clone(),
        };
        self.outcomes.push(Planning::Entry(Box::new(planned)));
    }

    fn recompute_at(&mut self, step: &Step, reason: LedgerReason, cause: LedgerCause, rule: RuleRef) {
        let date = step.at.date();
        let period = self.period_of(date);
        let cause = Cause {
            trigger: &step.trigger,
            reason,
            cause,
            date,
            period,
            period_is_given: false,
            rule,
            rules: &step.rules,
        };
        self.recompute(&cause);
    }

    /// R37-10, R37-14: the targets as they are now, and the difference of their larger one to what stands reversed.
    fn recompute(&mut self, cause: &Cause<'_>) {
        let credit = CreditAtStake {
            availed: self.summary.all_availed(),
            note_tax: self.summary.note_tax,
            permanent: self.summary.permanent,
        };
        let target_37 = match &self.summary.state {
            Some(state) if self.is_over() => target(self.rules(cause.rules), &credit, state.unpaid, state.payable),
            Some(_) | None => TaxAmounts::ZERO,
        };
        let target_37a = if self.summary.open_37a { self.summary.base() } else { TaxAmounts::ZERO };
        let reversed = target_37.max(&target_37a);
        let more = (reversed - self.summary.reversed).or_zero_if_negative();
        let less = (self.summary.reversed - reversed).or_zero_if_negative();
        let dropped_37 = self.summary.target_37 - target_37;
        let dropped_37a = self.target_37a - target_37a;
        self.summary.target_37 = target_37;
        self.summary.ever_37 |= !target_37.is_zero();
        self.target_37a = target_37a;
        self.summary.reversed = reversed;
        self.post(cause, LedgerEntryKind::Reversal, more);
        self.post(cause, LedgerEntryKind::Reclaim, less);
        let held = |dropped: TaxAmounts| !(dropped - less).or_zero_if_negative().is_zero();
        if held(dropped_37) && !target_37a.is_zero() {
            self.alert(cause.trigger, cause.date, "RULE_37A_STILL_OPEN", STILL_37A, rule::R37A_5);
        }
        if held(dropped_37a) && !target_37.is_zero() {
            self.alert(cause.trigger, cause.date, "RULE_37_STILL_OPEN", STILL_37, rule::R37A_5);
        }
    }

    /// R37-8: a reversal or re-claim, never in an earlier return than the latest one of the document.
    fn post(&mut self, cause: &Cause<'_>, kind: LedgerEntryKind, tax: TaxAmounts) {
        if tax.is_zero() {
            return;
        }
        let period = self.latest_period.map_or(cause.period, |latest| latest.max(cause.period));
        self.latest_period = Some(period);
        let is_reversal = kind == LedgerEntryKind::Reversal;
        self.summary.last_is_reversal = Some(is_reversal);
        let lines = match (is_reversal, cause.cause) {
            (true, LedgerCause::Rule37) => lines_of(EntryKind::Rule37Reversal),
            (true, LedgerCause::Rule37a) => lines_of(EntryKind::Rule37aReversal),
            (false, _) => lines_of(EntryKind::Reclaim),
        };
        let planned = Planned {
            trigger: cause.trigger.to_owned(),
            subject: self.row.subject.clone(),
            kind,
            cause: Some(cause.cause),
            reason: Some(cause.reason),
            period,
            period_is_given: cause.period_is_given,
            date: cause.date,
            tax,
            interest_from: None,
            unpaid_after: self.summary.state.as_ref().map(|state| state.unpaid),
            lines,
            rule: cause.rule,
            applied: claims::applied_to_reversal(cause.cause, self.rules(cause.rules)),
            rules: cause.rules.to_owned(),
        };
        self.outcomes.push(Planning::Entry(Box::new(planned)));
    }

    fn alert(&mut self, trigger: &str, date: IstDate, code: &'static str, message: &'static str, rule: RuleRef) {
        let subject = self.row.subject.clone();
        self.alert_on(&subject, trigger, date, code, message, rule);
    }

    fn alert_on(
        &mut self,
        subject: &CreditSubject,
        trigger: &str,
        date: IstDate,
        code: &'static str,
        message: &'static str,
        rule: RuleRef,
    ) {
        let alert = PlannedAlert { trigger: trigger.to_owned(), code, subject: subject.clone(), date, message, rule };
        self.outcomes.push(Planning::Alert(alert));
    }
}

const STILL_37A: &str = "credit stays reversed: the supplier's GSTR-3B is still open under rule 37A";
const STILL_37: &str = "credit stays reversed: the supplier is not paid, rule 37";
