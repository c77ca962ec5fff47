//! What a rule story expects, against what the engine published and remembers.

use super::compare;
use super::fields::Fields;
use super::rule_story::RuleStory;
use anyhow::{Result, anyhow};
use gst_events::{Alert, CreditSubject, EntryStatus, LedgerEntry, Topic};
use gst_rules::Rulebook;
use gst_types::{IstDate, RecipientGstin, TaxAmounts, TaxPeriod};
use itc_engine::simulation::Simulation;
use itc_ledger::view::{self, DocumentView, InterestView, ReturnView, TimerView};
use serde_json::{Map, Value, json};
use stream::{Processor, StateView};

/// Codes of alerts that a story lists as warnings.
const WARNING_CODES: [&str; 7] = [
    "CLAIM_BLOCKED_UNTIL_PAID",
    "TIME_BARRED_16_4",
    "SECTION_16_4_DISPUTED",
    "BOE_CREDIT_NOT_DUE",
    "BOOK_ADJUSTMENT_UNCONFIRMED",
    "RULE_37A_STILL_OPEN",
    "RULE_37_STILL_OPEN",
];

/// What the expected blocks are read from.
struct Looked<'a> {
    simulation: &'a Simulation,
    story: &'a RuleStory,
    rulebook: &'a Rulebook,
    recipient: RecipientGstin,
}

/// What the engine made of the story, in the blocks and the rows that `expect` names.
pub(crate) fn outcome(
    simulation: &Simulation,
    story: &RuleStory,
    rulebook: &Rulebook,
    expect: &Value,
) -> Result<Map<String, Value>> {
    let looked = Looked { simulation, story, rulebook, recipient: story.recipient()? };
    let mut blocks = Map::new();
    for (block, wanted) in Fields::of(expect)?.0 {
        let got = match block.as_str() {
            "ledger" => ledger(simulation, story)?,
            "warnings" => warnings(simulation, story)?,
            "timers" => looked.rows_by(wanted, "ref", Looked::timer)?,
            "documents" => looked.rows_by(wanted, "ref", Looked::document)?,
            "boes" => looked.rows_by(wanted, "ref", Looked::bill)?,
            "returns" => looked.rows_by(wanted, "return_period", Looked::return_of)?,
            "unallocated" => looked.unallocated()?,
            "interest" => looked.interest()?,
            other => return Err(anyhow!("expect: block {other} is not known")),
        };
        blocks.insert(block.clone(), got);
    }
    Ok(blocks)
}

/// Everything in which what was expected differs from what came out.
pub(crate) fn compared(expect: &Value, outcome: &Map<String, Value>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (block, wanted) in Fields::of(expect)?.0 {
        let got = outcome.get(block).unwrap_or(&Value::Null);
        compare::differences(block, wanted, got, &mut found);
        if block == "unallocated" {
            extra_suppliers(wanted, got, &mut found);
        }
    }
    Ok(found)
}

/// Suppliers that have money on account although none is expected.
fn extra_suppliers(wanted: &Value, got: &Value, found: &mut Vec<String>) {
    let (Some(wanted), Some(got)) = (wanted.as_object(), got.as_object()) else { return };
    for (supplier, amount) in got.iter().filter(|(supplier, _)| !wanted.contains_key(*supplier)) {
        found.push(format!("unallocated.{supplier}: expected nothing, got {amount}"));
    }
}

impl Looked<'_> {
    /// The rows that an expected list names, in its order.
    fn rows_by(&self, wanted: &Value, key: &str, row: fn(&Self, &str) -> Result<Value>) -> Result<Value> {
        let names = wanted.as_array().into_iter().flatten().filter_map(|entry| entry.get(key)?.as_str());
        Ok(Value::Array(names.map(|name| row(self, name)).collect::<Result<_>>()?))
    }

    fn rows<P: Processor>(&self) -> Result<StateView<'_>> {
        Ok(self.simulation.rows(P::NAME, 0)?)
    }

    fn subject(&self, name: &str) -> Result<CreditSubject> {
        let known = self.story.refs.get(name).and_then(|known| known.subject.clone());
        known.ok_or_else(|| anyhow!("ref {name} is not known"))
    }

    fn today(&self) -> Result<IstDate> {
        self.simulation.day().ok_or_else(|| anyhow!("no day was opened"))
    }

    fn timer(&self, name: &str) -> Result<Value> {
        let ledger = self.rows::<itc_ledger::ItcLedger>()?;
        let timer = view::timer(&ledger, self.recipient, &self.subject(name)?, self.today()?)?;
        Ok(timer.map_or(Value::Null, |timer| timer_row(name, &timer)))
    }

    fn document(&self, name: &str) -> Result<Value> {
        let ledger = self.rows::<itc_ledger::ItcLedger>()?;
        let document = view::document(&ledger, self.recipient, &self.subject(name)?, self.rulebook)?;
        Ok(document.map_or(Value::Null, |document| document_row(name, &document)))
    }

    fn bill(&self, name: &str) -> Result<Value> {
        let CreditSubject::BillOfEntry(id) = self.subject(name)? else {
            return Err(anyhow!("ref {name} is no Bill of Entry"));
        };
        let customs = self.rows::<customs::Customs>()?;
        let Some(bill) = customs::view::bill(&customs, &id)? else { return Ok(Value::Null) };
        // How often the recipient files decides what a period is (CAL-4), and customs does not know that.
        let ledger = self.rows::<itc_ledger::ItcLedger>()?;
        let return_period = view::bill(&ledger, self.recipient, &id)?.and_then(|bill| bill.return_period);
        Ok(json!({
            "ref": name,
            "key": bill.key,
            "status": bill.status,
            "itc_eligible_at": bill.itc_eligible_at.map(|at| at.to_string().trim_end_matches("+05:30").to_owned()),
            "reference_date": bill.reference_date,
            "return_period": return_period.or(bill.return_period),
            "credit": heads(&bill.credit),
        }))
    }

    fn return_of(&self, period: &str) -> Result<Value> {
        let ledger = self.rows::<itc_ledger::ItcLedger>()?;
        let period: TaxPeriod = period.parse()?;
        Ok(return_row(&view::return_of(&ledger, self.recipient, period)?))
    }

    fn unallocated(&self) -> Result<Value> {
        let payments = self.rows::<payment_timers::PaymentTimers>()?;
        let accounts = payment_timers::view::unallocated(&payments, self.recipient)?;
        let with_money = accounts.into_iter().filter(|(_, amount)| !amount.is_zero());
        Ok(Value::Object(with_money.map(|(supplier, amount)| (supplier.to_string(), json!(amount))).collect()))
    }

    fn interest(&self) -> Result<Value> {
        let ledger = self.rows::<itc_ledger::ItcLedger>()?;
        let rows = view::interest(&ledger, self.recipient)?;
        Ok(Value::Array(rows.iter().map(|row| interest_row(&name(self.story, &row.subject), row)).collect()))
    }
}

fn heads(tax: &TaxAmounts) -> Value {
    json!({ "igst": tax.igst, "cgst": tax.cgst, "sgst": tax.sgst, "cess": tax.cess })
}

fn timer_row(name: &str, timer: &TimerView) -> Value {
    json!({
        "ref": name,
        "state": timer.state.code(),
        "exclusion": timer.exclusion,
        "last_day_to_pay": timer.last_day_to_pay,
        "day_181": timer.day_181,
    })
}

fn document_row(name: &str, document: &DocumentView) -> Value {
    let mut row = Map::new();
    row.insert("ref".to_owned(), json!(name));
    row.insert("section_16_4_cutoff".to_owned(), json!(document.section_16_4_cutoff));
    if let Some(money) = &document.money {
        row.insert("payable".to_owned(), json!(money.payable));
        row.insert("paid".to_owned(), json!(money.paid));
        row.insert("unpaid".to_owned(), json!(money.unpaid));
    }
    if let Some(credit) = &document.credit {
        row.insert("credit_availed".to_owned(), heads(&credit.availed));
        row.insert("credit_base".to_owned(), heads(&credit.base));
        row.insert("credit_reversed".to_owned(), heads(&credit.reversed));
    }
    Value::Object(row)
}

fn return_row(view: &ReturnView) -> Value {
    let mut row: Map<String, Value> = view.lines.iter().map(|(line, tax)| (line.clone(), heads(tax))).collect();
    row.insert("return_period".to_owned(), json!(view.return_period));
    row.insert("4C".to_owned(), heads(&view.net));
    row.insert("ecrrs_closing".to_owned(), heads(&view.ecrrs_closing));
    row.insert("interest".to_owned(), heads(&view.interest));
    Value::Object(row)
}

fn interest_row(name: &str, interest: &InterestView) -> Value {
    let mut row = json!({
        "ref": name,
        "cause": interest.cause,
        "return_period": interest.return_period,
        "basis": interest.basis,
        "ceiling": interest.ceiling,
        "from": interest.from,
        "to": interest.to,
        "days": interest.days,
    });
    if let (Some(row), Value::Object(heads)) = (row.as_object_mut(), heads(&interest.interest)) {
        row.extend(heads);
    }
    row
}

fn name(story: &RuleStory, subject: &CreditSubject) -> String {
    story.refs.name_of_subject(subject, &story.order).unwrap_or_else(|| subject.to_string())
}

fn ledger(simulation: &Simulation, story: &RuleStory) -> Result<Value> {
    let mut rows = Vec::new();
    for record in simulation.read_all(Topic::Ledger.name()) {
        let entry: LedgerEntry = serde_json::from_slice(&record.value)?;
        if entry.status == EntryStatus::Due {
            rows.push(ledger_row(&name(story, &entry.subject), &entry));
        }
    }
    Ok(Value::Array(rows))
}

fn ledger_row(name: &str, entry: &LedgerEntry) -> Value {
    json!({
        "date": entry.date,
        "ref": name,
        "entry": entry.entry,
        "cause": entry.cause,
        "reason": entry.reason,
        "return_period": entry.return_period,
        "lines": entry.lines,
        "unpaid_after": entry.unpaid_after,
        "igst": entry.tax.igst,
        "cgst": entry.tax.cgst,
        "sgst": entry.tax.sgst,
        "cess": entry.tax.cess,
    })
}

fn warnings(simulation: &Simulation, story: &RuleStory) -> Result<Value> {
    let mut rows = Vec::new();
    for record in simulation.read_all(Topic::Alerts.name()) {
        let alert: Alert = serde_json::from_slice(&record.value)?;
        if WARNING_CODES.contains(&alert.code.as_str()) {
            let name = alert.subject.as_ref().map(|subject| name(story, subject));
            rows.push(json!({ "date": alert.date, "ref": name, "code": alert.code }));
        }
    }
    Ok(Value::Array(rows))
}
