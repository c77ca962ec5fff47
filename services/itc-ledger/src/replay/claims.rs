//! Claims inside a replay: section 16(4), BOE-5, the hold of R37-12, and where the credit goes.

use super::{Cause, Machine, Planning, lines_of};
use crate::rows::{LineFact, Step};
use gst_events::{
    CreditSubject, ExclusiveUse, LedgerCause, LedgerEntryKind, LedgerReason, PermanentReversalRule, TableRow,
    TimerExclusion,
};
use gst_rules::rulebook::{Choice, LateClaim};
use gst_rules::table4::EntryKind;
use gst_rules::time_limit::{LimitedDocument, TimeLimitFacts, judge_claim};
use gst_rules::{RuleRef, Rulebook, rule};
use gst_types::{DocumentKey, DocumentKind, IstDate, TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;

const BARRED: &str = "the return with the claim was filed after the last day of section 16(4)";
const DISPUTED: &str = "whether section 16(4) reaches Bills of Entry is disputed; the claim is allowed";
const NOT_DUE: &str = "the goods are not out of charge or the duty is not paid; the claim is not taken";
const ENDED: &str = "the bill was cancelled or purged although credit of it is claimed; reverse it in the next return";
const ABOVE: &str = "the claim is above what the line of the statement still has; only that is taken";
const HELD: &str = "the supplier is not paid after 180 days; the claim is held, claim again when he is";

impl Machine<'_> {
    /// A claim of credit, also while the supplier is unpaid before day 181: payment is what keeps credit, not what gives it
    /// (conflict C16).
    pub(super) fn claim(
        &mut self,
        step: &Step,
        subject: &CreditSubject,
        return_period: TaxPeriod,
        tax: TaxAmounts,
        line: Option<&LineFact>,
    ) {
        if line.is_some_and(|line| self.is_told_delta(line, tax)) {
            return;
        }
        let table = line.map(|line| &line.table);
        if tax.max(&TaxAmounts::ZERO).is_zero() {
            self.negative_line(step, subject, return_period, tax, table);
            return;
        }
        let date = step.at.date();
        let judged = judge_claim(self.rules(&step.rules), &self.limit_facts(subject), date);
        if !judged.is_allowed() {
            let lines = lines_of(EntryKind::TimeBarred16Sub4);
            self.own_entry(step, subject, LedgerEntryKind::TimeBarred, lines, tax, Some(return_period));
            self.alert_on(subject, &step.trigger, date, "TIME_BARRED_16_4", BARRED, judged.rule());
            return;
        }
        let is_bill = matches!(subject, CreditSubject::BillOfEntry(_));
        if is_bill && (self.ended || !self.eligible && table.is_none()) {
            self.alert_on(subject, &step.trigger, date, "BOE_CREDIT_NOT_DUE", NOT_DUE, rule::BOE_5);
            return;
        }
        let unpaid = self.summary.state.as_ref().is_some_and(|state| !state.unpaid.is_zero());
        let is_late = self.is_over() && unpaid;
        if is_late && self.rules(&step.rules).late_claim() == LateClaim::BlockUntilPaid {
            self.alert_on(subject, &step.trigger, date, "CLAIM_BLOCKED_UNTIL_PAID", HELD, rule::R37_12);
            return;
        }
        if judged.flag().is_some() {
            self.alert_on(subject, &step.trigger, date, "SECTION_16_4_DISPUTED", DISPUTED, judged.rule());
        }
        let tax = self.take_of_line(step, subject, tax, line);
        let kind = self.kind_of(subject, table);
        self.own_entry(step, subject, LedgerEntryKind::ItcAvailed, lines_of(kind), tax, Some(return_period));
        self.avail(step, subject, tax, return_period);
        self.block(step, subject, tax, Some(return_period));
        self.recompute_claim(step, return_period);
    }

    /// R37-14, T4-7: credit is taken away for good, never more than is left; an apportionment may give back of what it took.
    pub(super) fn permanent(
        &mut self,
        step: &Step,
        (subject, provision, computed): (&CreditSubject, PermanentReversalRule, Option<(&str, Option<IstDate>)>),
        return_period: TaxPeriod,
        tax: TaxAmounts,
    ) {
        let rest = (self.summary.all_availed() - self.summary.note_tax - self.summary.permanent).or_zero_if_negative();
        let taken = tax.min(&rest).max(&-self.summary.permanent);
        self.summary.permanent += taken;
        let lines = lines_of(permanent_kind(provision));
        self.own_entry(step, subject, LedgerEntryKind::PermanentReversal, lines, taken, Some(return_period));
        if let (Some((working, interest_from)), Some(Planning::Entry(planned)), false) =
            (computed, self.outcomes.last_mut(), taken.is_zero())
        {
            planned.rule = rule_of_provision(provision);
            planned.interest_from = interest_from;
            planned.applied.insert("apportionment.working".to_owned(), working.to_owned());
        }
        self.recompute_at(step, LedgerReason::PermanentReversal, self.generic_cause(), rule::R37_14);
    }

    /// BLK-1, BLK-3, APP-3: the category of a document is set. Credit that goes out from now on goes at once; credit that is
    /// freed from now on is claimed in full the next time, and what went out for good stays out.
    pub(super) fn category(&mut self, step: &Step, goes_out: Option<EntryKind>) {
        let goes_out_now = goes_out.is_some() && self.goes_out.is_none();
        self.goes_out = goes_out;
        if goes_out_now {
            let subject = self.row.subject.clone();
            let rest = self.summary.base();
            self.block(step, &subject, rest, None);
            self.recompute_at(step, LedgerReason::PermanentReversal, self.generic_cause(), rule::BLK_3);
        }
    }

    /// BLK-3: gross into 4(A), out through 4(B)(1), never more than is left (R37-14).
    pub(super) fn block(&mut self, step: &Step, subject: &CreditSubject, tax: TaxAmounts, given: Option<TaxPeriod>) {
        let Some(kind) = self.goes_out else { return };
        let taken = tax.min(&self.summary.base()).max(&TaxAmounts::ZERO);
        self.summary.permanent += taken;
        self.own_entry(step, subject, LedgerEntryKind::PermanentReversal, lines_of(kind), taken, given);
    }

    /// BOE-4: a bill left the life cycle by a side exit. What was claimed of it stands until the recipient reverses it, and
    /// is told.
    pub(super) fn import_ended(&mut self, step: &Step) {
        self.ended = true;
        if !self.summary.all_availed().is_zero() {
            let subject = self.row.subject.clone();
            let date = step.at.date();
            self.alert_on(&subject, &step.trigger, date, "BOE_ENDED_WITH_CREDIT", ENDED, rule::BOE_4);
        }
    }

    /// BOE-10: a difference that customs told comes again as the IMPGA line of a statement; it is one rupee, not two.
    fn is_told_delta(&mut self, line: &LineFact, tax: TaxAmounts) -> bool {
        let is_amendment = line.table.as_str().ends_with("IMPGA") || line.table.as_str().ends_with("IMPGSEZA");
        let told = if is_amendment { self.deltas_told.iter().position(|delta| *delta == tax) } else { None };
        told.map(|at| self.deltas_told.remove(at)).is_some()
    }

    /// T4-5: of the line of a supplier's document no more than it still has; claims above it are told.
    fn take_of_line(
        &mut self,
        step: &Step,
        subject: &CreditSubject,
        tax: TaxAmounts,
        line: Option<&LineFact>,
    ) -> TaxAmounts {
        let (Some(line), CreditSubject::Document(_)) = (line, subject) else { return tax };
        let taken = self.taken_of.entry(line.record.clone()).or_default();
        let left = (line.credit - *taken).or_zero_if_negative();
        let within = tax.min(&left);
        *taken += within;
        if within != tax {
            self.alert_on(subject, &step.trigger, step.at.date(), "CLAIM_ABOVE_STATEMENT_LINE", ABOVE, rule::T4_5);
        }
        within
    }

    fn avail(&mut self, step: &Step, subject: &CreditSubject, tax: TaxAmounts, return_period: TaxPeriod) {
        *self.summary.availed.entry(subject.clone()).or_default() += tax;
        if self.summary.first_claim.is_none() {
            self.summary.first_claim = Some((step.at, return_period));
        }
    }

    /// R37-12: what is claimed late and reversed at once stands in the return of the claim.
    fn recompute_claim(&mut self, step: &Step, return_period: TaxPeriod) {
        let cause = Cause {
            trigger: &step.trigger,
            reason: LedgerReason::Claim,
            cause: self.generic_cause(),
            date: step.at.date(),
            period: return_period,
            period_is_given: true,
            rule: rule::R37_12,
            rules: &step.rules,
        };
        self.recompute(&cause);
    }

    /// A line of a statement that takes credit out: a credit note, or the difference of an amendment downward.
    fn negative_line(
        &mut self,
        step: &Step,
        subject: &CreditSubject,
        return_period: TaxPeriod,
        tax: TaxAmounts,
        table: Option<&TableRow>,
    ) {
        let lines = lines_of(self.kind_of(subject, table));
        let kind = match subject {
            CreditSubject::Document(document) => match document.kind {
                DocumentKind::CreditNote | DocumentKind::IsdCreditNote => LedgerEntryKind::CreditNote,
                DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::Eco | DocumentKind::IsdInvoice => {
                    LedgerEntryKind::Amendment
                }
            },
            CreditSubject::BillOfEntry(_) => LedgerEntryKind::ImportCreditDelta,
        };
        self.own_entry(step, subject, kind, lines, tax, Some(return_period));
        if kind != LedgerEntryKind::CreditNote {
            *self.summary.availed.entry(subject.clone()).or_default() += tax;
        }
        self.recompute_at(step, LedgerReason::Amendment, self.generic_cause(), rule::R37_13);
    }

    /// T4-1 to T4-5: where credit of this kind goes.
    fn kind_of(&self, subject: &CreditSubject, table: Option<&TableRow>) -> EntryKind {
        let CreditSubject::Document(document) = subject else { return EntryKind::ImportGoodsBoe };
        let state = self.summary.state.as_ref().filter(|_| *subject == self.row.subject);
        let reverse_charge = state.is_some_and(|state| state.exclusion == Some(TimerExclusion::ReverseCharge))
            || table.is_some_and(|table| table.as_str().contains(".III.") || table.as_str().ends_with("-RC"));
        match document.kind {
            DocumentKind::IsdInvoice | DocumentKind::IsdCreditNote => EntryKind::IsdCredit,
            DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::Eco | DocumentKind::CreditNote => {
                if reverse_charge {
                    EntryKind::DomesticRcm
                } else {
                    EntryKind::AllOther
                }
            }
        }
    }

    fn limit_facts(&self, subject: &CreditSubject) -> TimeLimitFacts {
        let mut facts = match subject {
            CreditSubject::BillOfEntry(bill) => TimeLimitFacts::of(LimitedDocument::BillOfEntry, bill.date),
            CreditSubject::Document(document) => self.limit_of_document(document),
        };
        facts.annual_return_filed_on = self.around.annual.get(&facts.financial_year()).copied();
        facts
    }

    fn limit_of_document(&self, document: &DocumentKey) -> TimeLimitFacts {
        let own = match (self.debit_notes.get(document), &self.summary.state) {
            (Some(note), _) => Some((note.0, note.1, false)),
            (None, Some(state)) => {
                let reverse_charge = state.exclusion == Some(TimerExclusion::ReverseCharge);
                Some((state.document_date, state.invoice_date, reverse_charge))
            }
            (None, None) => None,
        };
        limit_of(document, own)
    }
}

/// TL-1, TL-5, TL-8: the facts of the time limit for a document with that date, date of its invoice and reverse charge.
#[must_use]
pub(crate) fn limit_of(document: &DocumentKey, known: Option<(IstDate, Option<IstDate>, bool)>) -> TimeLimitFacts {
    let (date, invoice_date, reverse_charge) = known.unwrap_or((document.financial_year.first_day(), None, false));
    let limited = match (document.kind, reverse_charge) {
        (_, true) => LimitedDocument::SelfInvoice,
        (DocumentKind::DebitNote, false) => LimitedDocument::DebitNote,
        (
            DocumentKind::Invoice
            | DocumentKind::Eco
            | DocumentKind::CreditNote
            | DocumentKind::IsdInvoice
            | DocumentKind::IsdCreditNote,
            false,
        ) => LimitedDocument::Invoice,
    };
    let mut facts = TimeLimitFacts::of(limited, date);
    facts.original_invoice_date = invoice_date;
    facts
}

/// T4-7: the kind of a permanent reversal.
pub(super) const fn permanent_kind(provision: PermanentReversalRule) -> EntryKind {
    match provision {
        PermanentReversalRule::Rule38 => EntryKind::Rule38,
        PermanentReversalRule::Rule42 => EntryKind::Rule42,
        PermanentReversalRule::Rule43 => EntryKind::Rule43,
        PermanentReversalRule::Section17_5 => EntryKind::Blocked17Sub5,
        PermanentReversalRule::BoeGstinChanged => EntryKind::BoeGstinChangedReversal,
    }
}

/// The rule that computes an apportionment.
const fn rule_of_provision(provision: PermanentReversalRule) -> RuleRef {
    match provision {
        PermanentReversalRule::Rule38 => rule::APP_5,
        PermanentReversalRule::Rule42 => rule::APP_3,
        PermanentReversalRule::Rule43 => rule::APP_4,
        PermanentReversalRule::Section17_5 => rule::BLK_3,
        PermanentReversalRule::BoeGstinChanged => rule::T4_9,
    }
}

/// As what the whole credit of a document goes out: blocked, or used for exempt supplies or outside business alone (T1, T2).
pub(super) fn goes_out(
    blocked_by: Option<&str>,
    exclusive_use: Option<ExclusiveUse>,
    is_capital_goods: bool,
) -> Option<EntryKind> {
    match (blocked_by, exclusive_use) {
        (Some(_), _) => Some(EntryKind::Blocked17Sub5),
        (None, Some(ExclusiveUse::Exempt | ExclusiveUse::NonBusiness)) if is_capital_goods => Some(EntryKind::Rule43),
        (None, Some(ExclusiveUse::Exempt | ExclusiveUse::NonBusiness)) => Some(EntryKind::Rule42),
        (None, Some(ExclusiveUse::Taxable | ExclusiveUse::SamePan) | None) => None,
    }
}

/// T4-1 to T4-5: the rule that puts credit on its first line.
fn rule_of_credit(lines: &[String]) -> RuleRef {
    match lines.first().map(String::as_str) {
        Some("4A1") => rule::T4_1,
        Some("4A2") => rule::T4_2,
        Some("4A3") => rule::T4_3,
        Some("4A4") => rule::T4_4,
        Some(_) | None => rule::T4_5,
    }
}

/// The rule behind an event's own entry on these lines.
pub(super) fn rule_of(kind: LedgerEntryKind, lines: &[String]) -> RuleRef {
    match kind {
        LedgerEntryKind::ItcAvailed => rule_of_credit(lines),
        LedgerEntryKind::TimeBarred => rule::TL_9,
        LedgerEntryKind::CreditNote => rule::R37_11,
        LedgerEntryKind::Amendment => rule::R37_13,
        LedgerEntryKind::PermanentReversal if lines.first().is_some_and(|line| line == "4B2") => rule::T4_9,
        LedgerEntryKind::PermanentReversal => rule::R37_14,
        LedgerEntryKind::Reversal => rule::R37_18,
        LedgerEntryKind::Reclaim => rule::R37_8,
        LedgerEntryKind::ImportCreditAvailable => rule::BOE_5,
        LedgerEntryKind::ImportCreditDelta => rule::BOE_10,
    }
}

fn settings<const N: usize>(of: [(&'static str, &'static str); N]) -> BTreeMap<String, String> {
    of.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The configuration values behind an event's own entry.
pub(super) fn applied_to(kind: LedgerEntryKind, subject: &CreditSubject, rules: &Rulebook) -> BTreeMap<String, String> {
    let is_claim = matches!(kind, LedgerEntryKind::ItcAvailed | LedgerEntryKind::TimeBarred);
    match (is_claim, subject) {
        (true, CreditSubject::Document(_)) => settings([(LateClaim::KEY, rules.late_claim().code())]),
        (true, CreditSubject::BillOfEntry(_)) => {
            let limit = rules.bill_of_entry_time_limit();
            settings([(gst_rules::rulebook::BillOfEntryTimeLimit::KEY, limit.code())])
        }
        (false, _) => BTreeMap::new(),
    }
}

/// The configuration values behind a reversal or re-claim.
pub(super) fn applied_to_reversal(cause: LedgerCause, rules: &Rulebook) -> BTreeMap<String, String> {
    use gst_rules::rulebook::{PeriodRule, ReversalBase, Rule37aReturn, Rule37aYear};
    match cause {
        LedgerCause::Rule37 => {
            settings([(PeriodRule::KEY, rules.period_rule().code()), (ReversalBase::KEY, rules.reversal_base().code())])
        }
        LedgerCause::Rule37a => settings([
            (Rule37aYear::KEY, rules.rule_37a_year().code()),
            (Rule37aReturn::KEY, rules.rule_37a_return().code()),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t4_1_to_t4_5_credit_names_the_rule_of_its_line() {
        let of = |line: &str| rule_of(LedgerEntryKind::ItcAvailed, &[line.to_owned()]).code();
        let named = ["4A1", "4A2", "4A3", "4A4", "4A5"].map(of);
        assert_eq!(named, ["T4-1", "T4-2", "T4-3", "T4-4", "T4-5"]);
    }
}
