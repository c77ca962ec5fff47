//! What a story of the case format does not do: where the reference leaves an outcome open, or an event contradicts
//! the story so far. The generator draws freely and leaves out what is refused here; so does the shrinking.

use crate::calendar::{Day, Period};
use crate::facts::{Facts, Heads, amount, at, heads, text};
use crate::oracle::Oracle;
use serde_json::Value;

type Checked = Result<(), &'static str>;

fn ensure(holds: bool, why: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(why) }
}

fn within(part: Heads, whole: Heads) -> bool {
    (0..4).all(|head| part[head] <= whole[head])
}

/// Whether Rule 37A holds credit of the document now.
fn rule_37a_open(oracle: &Oracle, index: usize) -> bool {
    let facts = &oracle.facts;
    facts.reported_unfiled(index) && facts.rule_37a_due(index).is_some_and(|due| due <= oracle.day())
}

pub(crate) fn check(oracle: &Oracle, event: &Value) -> Checked {
    let facts = &oracle.facts;
    let told = [event, &event["record"], &event["itc_availed"]];
    ensure(told.iter().all(|part| within([0; 4], heads(part))), "claims, notes and reversals are positive")?;
    match text(event, "type") {
        "document_received" => received(oracle, event),
        "document_amended" => amended(oracle, event),
        "itc_claimed" => claimed(oracle, event),
        "itc_reversed_permanently" => permanent(oracle, event),
        "credit_note_accepted" => noted(oracle, event),
        "payment_made" if event.get("advance_ref").is_some() => {
            ensure(!facts.advances.contains_key(text(event, "advance_ref")), "an advance is told once")
        }
        "payment_made" => {
            for field in ["debit_date", "instrument_date", "supplier_credit_date"] {
                let told = event.get(field).and_then(Value::as_str).and_then(Day::parse);
                ensure(told.is_none_or(|day| day <= oracle.day()), "a payment is told after its dates")?;
            }
            if event.get("ref").is_some() { paid_for(facts, event) } else { Ok(()) }
        }
        "advance_adjusted" => {
            let advance = facts.advances.get(text(event, "advance_ref")).ok_or("an adjusted advance is known")?;
            let index = facts.find(text(event, "ref")).ok_or("an adjusted document is known")?;
            ensure(advance.0 == facts.documents[index].supplier, "an advance stays with its supplier")?;
            ensure(advance.1 >= amount(event, "amount"), "no more is adjusted than was advanced")?;
            paid_for(facts, event)
        }
        "tds_deducted" | "book_adjustment" | "commercial_credit_note" => paid_for(facts, event),
        "payment_reallocated" => reallocated(facts, event),
        "supplier_gstr3b_not_filed" | "supplier_gstr3b_filed" => reported(oracle, event),
        "gstr3b_filed" => filed(oracle, event),
        "ims_action" => ensure(facts.find(text(event, "ref")).is_some(), "an acted document is known"),
        "annual_return_filed" => {
            let year = text(event, "financial_year").get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
            ensure(!facts.annual.contains_key(&year), "an annual return is filed once")?;
            ensure(oracle.day() >= Day::of(year + 1, 4, 1), "an annual return follows its year")
        }
        "boe_received" => {
            ensure(facts.bill(text(&event["record"], "ref")).is_none(), "a bill is told once")?;
            let parent = event["record"].get("parent_ref").and_then(Value::as_str);
            ensure(parent.is_none_or(|name| facts.bill(name).is_some()), "the into-bond bill is known")
        }
        "boe_status_changed" => bill_status(facts, event),
        "boe_value_amended" => ensure(facts.bill_like(&event["record"]).is_some(), "an amended bill is known"),
        _ => Ok(()),
    }
}

/// Of FY 2017-18 the September return was extended, and a quarterly filer's has another due date.
fn is_settled_year(facts: &Facts, date: Day) -> bool {
    date >= Day::of(2021, 4, 1) || (date >= Day::of(2018, 4, 1) && !facts.quarterly)
}

fn received(oracle: &Oracle, event: &Value) -> Checked {
    let (facts, record) = (&oracle.facts, &event["record"]);
    ensure(facts.find(text(record, "ref")).is_none(), "a document is told once")?;
    let date = Day::parse(text(record, "document_date")).ok_or("document_date")?;
    ensure(date <= oracle.day(), "a document is told after its date")?;
    ensure(is_settled_year(facts, date), "the September return of this year is not settled")?;
    let Some(name) = record.get("invoice_ref").and_then(Value::as_str) else { return Ok(()) };
    let invoice = facts.find(name).ok_or("a debit note's invoice is known")?;
    let same = facts.documents[invoice].supplier == text(record, "supplier_gstin");
    ensure(same && facts.documents[invoice].kind == crate::facts::Kind::Invoice, "a debit note is for an invoice")?;
    let in_parent = facts.is("r37.debit_note_timer", "PARENT", "OWN");
    let plain =
        facts.has_timer(invoice) && record.get("schedule_i").is_none() && record.get("reverse_charge").is_none();
    ensure(!in_parent || plain, "a debit note in its invoice is of an invoice with a timer")?;
    let reports = facts.filed.keys().any(|(supplier, _)| supplier == text(record, "supplier_gstin"));
    ensure(!in_parent || !reports, "rule 37A of a debit note in its invoice is not settled")
}

fn amended(oracle: &Oracle, event: &Value) -> Checked {
    let (facts, record) = (&oracle.facts, &event["record"]);
    let index = facts.find(text(record, "ref")).ok_or("an amended document is known")?;
    ensure(!rule_37a_open(oracle, index), "no amendment while rule 37A is open")?;
    if let Some(date) = record.get("document_date").and_then(Value::as_str).and_then(Day::parse) {
        ensure(date <= oracle.day(), "a document is told after its date")?;
        ensure(is_settled_year(facts, date), "the September return of this year is not settled")?;
        let reports = facts.filed.keys().any(|(supplier, _)| *supplier == facts.documents[index].supplier);
        ensure(!reports, "whether the supplier's period moves with the date is not settled")?;
    }
    let credit = event.get("itc_availed").map(heads);
    ensure(credit.is_none_or(|credit| within(credit, heads(record))), "no more credit than tax")?;
    // Without a claim there is no year of availing for rule 37A.
    ensure(credit.is_none() || !facts.documents[index].claims.is_empty(), "amended credit was claimed before")
}

fn claimed(oracle: &Oracle, event: &Value) -> Checked {
    let facts = &oracle.facts;
    let period = Period::parse(text(event, "return_period")).ok_or("return_period")?;
    ensure(period == period.within(facts.quarterly), "a claim names a period of the recipient")?;
    ensure(period.day_after() <= oracle.day(), "a return is filed after its period")?;
    ensure(!oracle.returns_filed.contains_key(&period), "a filed return is not filed again")?;
    if let Some(index) = facts.bill(text(event, "ref")) {
        let bill = &facts.bills[index];
        let disputed = facts.is_barred(bill.date, oracle.day());
        ensure(bill.eligible_at().is_some() || !disputed, "a late claim that is too early is not settled")?;
        let already = oracle.ledger.iter().any(|row| row.name == bill.name && row.entry == "ITC_AVAILED");
        return ensure(!already, "a bill is claimed once");
    }
    let index = facts.find(text(event, "ref")).ok_or("a claimed document is known")?;
    let document = &facts.documents[index];
    ensure(Period::of(document.date, facts.quarterly) <= period, "a claim follows its document")?;
    let total = crate::facts::zip(document.availed, heads(event), |left, right| left + right);
    ensure(within(total, document.tax), "no more is claimed than the tax")?;
    ensure(!rule_37a_open(oracle, index), "no claim while rule 37A is open")?;
    let by_filing = facts.is("r37a.fy_basis", "FILING_DATE", "RETURN_PERIOD");
    let year = if by_filing { oracle.day().financial_year() } else { period.financial_year() };
    let due = Day::of(year + 1, 10, 1);
    ensure(facts.rule_37a_due(index).is_none_or(|first| first == due), "one year of availing for a document")?;
    ensure(due > oracle.day(), "a claim after its 1 October is not settled")
}

fn permanent(oracle: &Oracle, event: &Value) -> Checked {
    let facts = &oracle.facts;
    let period = Period::parse(text(event, "return_period")).ok_or("return_period")?;
    ensure(period == period.within(facts.quarterly), "a reversal names a period of the recipient")?;
    ensure(!oracle.returns_filed.contains_key(&period), "a filed return takes no more")?;
    let index = facts.find(text(event, "ref")).ok_or("a reversed document is known")?;
    ensure(!rule_37a_open(oracle, index), "the cause of a re-claim is not settled while rule 37A is open")?;
    let own = own_base(facts, index);
    ensure(within(heads(event), own), "no more is reversed than is left")
}

/// What is left of the document's own credit.
fn own_base(facts: &Facts, index: usize) -> Heads {
    let document = &facts.documents[index];
    let kept = crate::facts::zip(document.availed, document.notes_tax, |left, right| (left - right).max(0));
    crate::facts::zip(kept, document.permanent, |left, right| (left - right).max(0))
}

fn noted(oracle: &Oracle, event: &Value) -> Checked {
    let (facts, record) = (&oracle.facts, &event["record"]);
    let index = facts.find(text(record, "invoice_ref")).ok_or("a noted document is known")?;
    ensure(facts.documents[index].availed != [0; 4], "a note comes after the credit")?;
    ensure(!rule_37a_open(oracle, index), "no note while rule 37A is open")?;
    ensure(facts.home(index) == index, "which of the two a note on a debit note in its invoice names, is not settled")?;
    ensure(within(heads(record), own_base(facts, index)), "a note takes no more credit than is left")?;
    let left = facts.documents[index].value - facts.documents[index].notes;
    ensure(amount(record, "document_value") <= left, "a note is no larger than its invoice")
}

fn paid_for(facts: &Facts, event: &Value) -> Checked {
    let index = facts.find(text(event, "ref")).ok_or("a paid document is known")?;
    let unconfirmed = text(event, "type") == "book_adjustment" && event.get("confirmation_document").is_none();
    ensure(facts.home(index) == index || !unconfirmed, "whose warning it is, is not settled")
}

fn reallocated(facts: &Facts, event: &Value) -> Checked {
    let from = facts.find(text(event, "from_ref")).ok_or("from_ref is known")?;
    let to = facts.find(text(event, "to_ref")).ok_or("to_ref is known")?;
    let (from, to) = (facts.home(from), facts.home(to));
    let moved = amount(event, "amount");
    ensure(from != to && facts.has_timer(from) && facts.has_timer(to), "money moves between timers")?;
    ensure(facts.documents[from].supplier == facts.documents[to].supplier, "money stays with its supplier")?;
    ensure(moved <= facts.documents[from].settled, "no more is moved than was settled")?;
    ensure(moved <= facts.unpaid(to), "a document takes no more than it owes")
}

fn reported(oracle: &Oracle, event: &Value) -> Checked {
    let facts = &oracle.facts;
    let supplier = text(event, "gstin");
    let period = Period::parse(text(event, "period")).ok_or("period")?;
    ensure(period.day_after() <= oracle.day(), "a return is due after its period")?;
    ensure(period == period.within(facts.quarterly_suppliers.contains(supplier)), "a period of the supplier")?;
    ensure(period >= Period { year: 2022, month: 4 }, "rule 37A is in force from 26 December 2022")?;
    let known = facts.filed.get(&(supplier.to_owned(), period));
    ensure(known != Some(&true), "what is filed stays filed")?;
    let notes_in_parent = facts.is("r37.debit_note_timer", "PARENT", "OWN");
    let documents: Vec<_> = facts.documents.iter().filter(|document| document.supplier == supplier).collect();
    ensure(
        documents.iter().all(|document| !document.reverse_charge && document.kind != crate::facts::Kind::Distributed),
        "rule 37A of reverse charge is not settled",
    )?;
    ensure(
        !notes_in_parent || documents.iter().all(|document| document.kind == crate::facts::Kind::Invoice),
        "rule 37A of a debit note in its invoice is not settled",
    )
}

fn filed(oracle: &Oracle, event: &Value) -> Checked {
    let period = Period::parse(text(event, "period")).ok_or("period")?;
    ensure(period == period.within(oracle.facts.quarterly), "a period of the recipient")?;
    ensure(period.day_after() <= oracle.day(), "a return is filed after its period")?;
    ensure(!oracle.returns_filed.contains_key(&period), "a return is filed once")?;
    let claims = oracle
        .events
        .iter()
        .filter(|claim| text(claim, "type") == "itc_claimed" && text(claim, "return_period") == text(event, "period"));
    let mut days = claims.filter_map(at).map(|told| told.0);
    ensure(days.all(|day| day == oracle.day()), "a return with claims is filed on their day")
}

fn bill_status(facts: &Facts, event: &Value) -> Checked {
    let index = facts.bill(text(event, "ref")).ok_or("a bill is known")?;
    let bill = &facts.bills[index];
    match text(event, "status") {
        "DUTY_PAID" => ensure(bill.paid.is_none() && bill.kind != "INTO_BOND", "duty is paid once"),
        "OUT_OF_CHARGE" => ensure(bill.out.is_none(), "goods leave once"),
        "CANCELLED" | "PURGED" => ensure(bill.eligible_at().is_none(), "an exit after the credit is not settled"),
        _ => Ok(()),
    }
}
