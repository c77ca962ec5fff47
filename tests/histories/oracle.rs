//! The slow oracle: after every event and on every day something falls due, everything is added up again from the
//! first event of the story, and the difference to what stands is posted (R37-10, R37-14).

use crate::calendar::{Day, Period};
use crate::facts::{Facts, Heads, at, heads, text, zip};
use crate::interest::Interest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A row of the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) date: Day,
    pub(crate) name: String,
    pub(crate) entry: &'static str,
    pub(crate) period: Period,
    pub(crate) lines: Vec<&'static str>,
    pub(crate) tax: Heads,
    /// Cause, reason, unpaid afterwards (absent where the reference leaves it open) of reversals and re-claims.
    pub(crate) why: Option<(&'static str, &'static str, Option<i128>)>,
}

/// What stands for a document.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) rule_37: Heads,
    pub(crate) rule_37a: Heads,
    pub(crate) latest_period: Option<Period>,
    pub(crate) ever_rule_37: bool,
    pub(crate) last_was_reclaim: bool,
}

/// What moves a target, and where the difference goes.
#[derive(Debug, Clone, Copy)]
struct Trigger {
    cause: &'static str,
    reason: &'static str,
    period: Period,
}

/// A story and what the reference makes of it so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) config: BTreeMap<String, String>,
    /// The events that count: redeliveries are left out.
    pub(crate) events: Vec<Value>,
    pub(crate) held: BTreeSet<usize>,
    pub(crate) seen: BTreeSet<String>,
    pub(crate) facts: Facts,
    pub(crate) today: Option<Day>,
    pub(crate) standing: BTreeMap<String, Standing>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) warnings: Vec<(Day, String, &'static str)>,
    pub(crate) returns_filed: BTreeMap<Period, Day>,
    pub(crate) interest: Vec<Interest>,
    /// The story leaves what the reference says about interest.
    pub(crate) interest_open: bool,
}

impl Oracle {
    pub(crate) fn new(config: &BTreeMap<String, String>) -> Self {
        Self { config: config.clone(), ..Self::default() }
    }

    /// Takes the next event of the story.
    ///
    /// # Errors
    /// Why a story does not have this event here; the oracle is then as before.
    pub(crate) fn apply(&mut self, event: &Value) -> Result<(), &'static str> {
        if let Some(id) = event.get("event_id").and_then(Value::as_str)
            && self.seen.contains(id)
        {
            return Ok(());
        }
        let before = self.clone();
        let result = self.take(event);
        if result.is_err() {
            *self = before;
        }
        result
    }

    fn take(&mut self, event: &Value) -> Result<(), &'static str> {
        if let Some(id) = event.get("event_id").and_then(Value::as_str) {
            self.seen.insert(id.to_owned());
        }
        if let Some((day, _)) = at(event) {
            self.open_days_to(day)?;
        }
        crate::limits::check(self, event)?;
        let held = text(event, "type") == "itc_claimed" && !self.claim(event);
        if held {
            self.held.insert(self.events.len());
        }
        let before = self.facts.clone();
        self.events.push(event.clone());
        self.facts = Facts::of(&self.config, &self.events, &self.held);
        if !held {
            self.own_entry(event, &before);
            self.post_touched(event, &before);
        }
        if text(event, "type") == "gstr3b_filed" {
            crate::interest::filed(self, event);
        }
        Ok(())
    }

    pub(crate) fn day(&self) -> Day {
        self.today.unwrap_or(Day(0))
    }

    pub(crate) fn period_of_day(&self) -> Period {
        Period::of(self.day(), self.facts.quarterly)
    }

    fn open_days_to(&mut self, day: Day) -> Result<(), &'static str> {
        let Some(today) = self.today else {
            self.today = Some(day);
            return Ok(());
        };
        if day < today {
            return Err("events are in time order");
        }
        for passed in today.0 + 1..=day.0 {
            self.open(Day(passed));
        }
        Ok(())
    }

    /// Day 181 first, then 1 October, each in the order of arrival.
    fn open(&mut self, day: Day) {
        self.today = Some(day);
        let facts = self.facts.clone();
        let documents = 0..facts.documents.len();
        for index in documents.clone().filter(|index| facts.day_181(*index) == day && facts.has_timer(*index)) {
            let last = Period::of(day.plus(-1), facts.quarterly);
            let next = facts.is("r37.period_rule", "NEXT_PERIOD", "PERIOD_OF_DAY_181");
            let period = if next { last.next(facts.quarterly) } else { Period::of(day, facts.quarterly) };
            self.post(index, Trigger { cause: "RULE_37", reason: "DAY_181", period }, day.plus(-1));
        }
        if day.parts().1 != 10 || day.parts().2 != 1 {
            return;
        }
        let september = facts.is("r37a.reversal_return", "SEPTEMBER", "OCTOBER") || facts.quarterly;
        let period = Period { year: day.parts().0, month: if september { 9 } else { 10 } };
        for index in documents.filter(|index| facts.rule_37a_due(*index) == Some(day)) {
            self.post(index, Trigger { cause: "RULE_37A", reason: "SUPPLIER_NOT_FILED", period }, day);
        }
    }

    /// Posts the difference of a document's targets; a cause `RULE_37A` that falls due after `known_due` is not open yet.
    fn post(&mut self, index: usize, trigger: Trigger, known_due: Day) {
        let facts = &self.facts;
        let document = &facts.documents[index];
        let old = self.standing.get(&document.name).copied().unwrap_or_default();
        let open = facts.reported_unfiled(index) && facts.rule_37a_due(index).is_some_and(|due| due <= known_due);
        let mut new = Standing {
            rule_37: facts.target(index, self.day()),
            rule_37a: if open { facts.base(index) } else { [0; 4] },
            ..old
        };
        new.ever_rule_37 |= new.rule_37.iter().any(|tax| *tax > 0);
        let stood = zip(old.rule_37, old.rule_37a, i128::max);
        let stands = zip(new.rule_37, new.rule_37a, i128::max);
        let unpaid = facts.exclusion(index).is_none_or(|reason| reason == "SCHEDULE_I").then(|| facts.unpaid(index));
        let name = document.name.clone();
        for (entry, lines, tax) in [
            ("REVERSAL", vec!["4B2"], zip(stands, stood, |new, old| (new - old).max(0))),
            ("RECLAIM", vec!["4A5", "4D1"], zip(stood, stands, |old, new| (old - new).max(0))),
        ] {
            if tax != [0; 4] {
                let period = new.latest_period.map_or(trigger.period, |latest| latest.max(trigger.period));
                new.latest_period = Some(period);
                new.last_was_reclaim = entry == "RECLAIM";
                let why = Some((trigger.cause, trigger.reason, unpaid));
                self.ledger.push(Entry { date: self.day(), name: name.clone(), entry, period, lines, tax, why });
            }
        }
        self.still_open(&name, &old, &new);
        self.standing.insert(name, new);
    }

    /// An event lowers the target of one cause by more than comes back, because the other cause holds the credit.
    fn still_open(&mut self, name: &str, old: &Standing, new: &Standing) {
        let stood = zip(old.rule_37, old.rule_37a, i128::max);
        let stands = zip(new.rule_37, new.rule_37a, i128::max);
        let back = zip(stood, stands, |old, new| (old - new).max(0));
        for (was, is, other, code) in [
            (old.rule_37, new.rule_37, new.rule_37a, "RULE_37A_STILL_OPEN"),
            (old.rule_37a, new.rule_37a, new.rule_37, "RULE_37_STILL_OPEN"),
        ] {
            if (0..4).any(|head| was[head] - is[head] > back[head] && other[head] > is[head]) {
                self.warnings.push((self.day(), name.to_owned(), code));
            }
        }
    }

    /// Whether a claim is made; what keeps it from that is warned about.
    fn claim(&mut self, event: &Value) -> bool {
        let name = text(event, "ref").to_owned();
        let day = self.day();
        let period = Period::parse(text(event, "return_period")).expect("return_period");
        if let Some(index) = self.facts.bill(&name) {
            return self.bill_claim(index, &name, heads(event), period);
        }
        let facts = &self.facts;
        let index = facts.find(&name).expect("a claimed document");
        if facts.is_barred(facts.limit_date(index), day) {
            self.time_barred(name, heads(event), period);
            return false;
        }
        let home = facts.home(index);
        let late = facts.has_timer(home) && day >= facts.day_181(home) && facts.unpaid(home) > 0;
        if late && facts.is("r37.late_claim", "BLOCK_UNTIL_PAID", "BLOCK_UNTIL_PAID") {
            self.warnings.push((day, name, "CLAIM_BLOCKED_UNTIL_PAID"));
            return false;
        }
        true
    }

    fn bill_claim(&mut self, index: usize, name: &str, tax: Heads, period: Period) -> bool {
        let day = self.day();
        let option = self.facts.option("s16_4.boe", "SOFT");
        let bill = &self.facts.bills[index];
        let (disputed, due) = (self.facts.is_barred(bill.date, day), bill.eligible_at().is_some());
        if disputed && option == "HARD" {
            self.time_barred(name.to_owned(), tax, period);
            return false;
        }
        if !due {
            self.warnings.push((day, name.to_owned(), "BOE_CREDIT_NOT_DUE"));
            return false;
        }
        if disputed && option == "SOFT" {
            self.warnings.push((day, name.to_owned(), "SECTION_16_4_DISPUTED"));
        }
        true
    }

    fn time_barred(&mut self, name: String, tax: Heads, period: Period) {
        self.warnings.push((self.day(), name.clone(), "TIME_BARRED_16_4"));
        self.enter(name, "TIME_BARRED", period, vec!["4D2"], tax);
    }

    fn enter(&mut self, name: String, entry: &'static str, period: Period, lines: Vec<&'static str>, tax: Heads) {
        if tax != [0; 4] {
            self.ledger.push(Entry { date: self.day(), name, entry, period, lines, tax, why: None });
        }
    }

    fn own_entry(&mut self, event: &Value, before: &Facts) {
        let named = text(event, "ref").to_owned();
        let told = Period::parse(text(event, "return_period"));
        let day_period = self.period_of_day();
        match text(event, "type") {
            "itc_claimed" => {
                let line = self.claim_line(&named);
                self.enter(named, "ITC_AVAILED", told.expect("return_period"), vec![line], heads(event));
            }
            "itc_reversed_permanently" => {
                self.enter(named, "PERMANENT_REVERSAL", told.expect("return_period"), vec!["4B1"], heads(event));
            }
            "credit_note_accepted" => {
                let record = &event["record"];
                let invoice = text(record, "invoice_ref").to_owned();
                self.enter(invoice, "CREDIT_NOTE", day_period, vec!["4A5"], heads(record).map(|tax| -tax));
            }
            "document_amended" if event.get("itc_availed").is_some() => {
                let name = text(&event["record"], "ref").to_owned();
                let index = before.find(&name).expect("an amended document");
                let change = zip(heads(&event["itc_availed"]), before.documents[index].availed, |new, old| new - old);
                self.enter(name, "AMENDMENT", day_period, vec!["4A5"], change);
            }
            "book_adjustment" if event.get("confirmation_document").is_none() => {
                self.warnings.push((self.day(), named, "BOOK_ADJUSTMENT_UNCONFIRMED"));
            }
            "boe_status_changed" => self.import_available(&named, before),
            "boe_value_amended" => {
                let index = before.bill_like(&event["record"]).expect("an amended bill");
                let (old, name) = (&before.bills[index], before.bills[index].name.clone());
                if old.eligible_at().is_some() {
                    let change = zip(heads(&event["record"]), old.tax, |new, old| new - old);
                    self.enter(name, "IMPORT_CREDIT_DELTA", day_period, vec!["4A1"], change);
                }
            }
            _ => {}
        }
    }

    fn claim_line(&self, name: &str) -> &'static str {
        match self.facts.find(name).map(|index| &self.facts.documents[index]) {
            None => "4A1",
            Some(document) if document.reverse_charge => "4A3",
            Some(document) if document.kind == crate::facts::Kind::Distributed => "4A4",
            Some(_) => "4A5",
        }
    }

    fn import_available(&mut self, name: &str, before: &Facts) {
        let index = self.facts.bill(name).expect("a bill");
        let bill = &self.facts.bills[index];
        if before.bills[index].eligible_at().is_none()
            && let Some(reference) = bill.reference_date()
        {
            let (period, tax) = (Period::of(reference, self.facts.quarterly), bill.tax);
            self.enter(name.to_owned(), "IMPORT_CREDIT_AVAILABLE", period, vec![], tax);
        }
    }

    fn post_touched(&mut self, event: &Value, before: &Facts) {
        let (cause, reason) = match text(event, "type") {
            "document_received" | "document_amended" => ("RULE_37", "AMENDMENT"),
            "itc_claimed" => ("RULE_37", "CLAIM"),
            "itc_reversed_permanently" => ("RULE_37", "PERMANENT_REVERSAL"),
            "credit_note_accepted" => ("RULE_37", "CREDIT_NOTE"),
            "payment_reallocated" => ("RULE_37", "REALLOCATION"),
            "supplier_gstr3b_not_filed" => ("RULE_37A", "SUPPLIER_NOT_FILED"),
            "supplier_gstr3b_filed" => ("RULE_37A", "SUPPLIER_FILED"),
            _ => ("RULE_37", "PAYMENT"),
        };
        let period = match reason {
            "CLAIM" => Period::parse(text(event, "return_period")).expect("return_period"),
            _ => self.period_of_day(),
        };
        let day = self.day();
        for index in self.facts.touched.clone() {
            let in_time = index < before.documents.len() && self.payment_day(event) < before.day_181(index);
            let reason = if reason == "PAYMENT" && in_time { "LATE_INPUT" } else { reason };
            self.post(index, Trigger { cause, reason, period }, day);
        }
    }

    /// R37-7: the date of a payment that counts.
    pub(crate) fn payment_day(&self, event: &Value) -> Day {
        let field = match self.facts.option("r37.payment_date", "BANK_DEBIT").as_str() {
            "INSTRUMENT" => "instrument_date",
            "SUPPLIER_CREDIT" => "supplier_credit_date",
            _ => "debit_date",
        };
        event.get(field).and_then(Value::as_str).and_then(Day::parse).unwrap_or(self.day())
    }

    /// What is reversed and not re-claimed.
    pub(crate) fn reversed(&self, name: &str) -> Heads {
        self.standing.get(name).map_or([0; 4], |standing| zip(standing.rule_37, standing.rule_37a, i128::max))
    }
}
