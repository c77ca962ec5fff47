//! What the oracle expects of a story, as the block `expect` of a case.

use crate::calendar::Period;
use crate::facts::{HEADS, Heads, zip};
use crate::oracle::Oracle;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub(crate) fn money(paise: i128) -> Value {
    let sign = if paise < 0 { "-" } else { "" };
    Value::String(format!("{sign}{}.{:02}", paise.abs() / 100, paise.abs() % 100))
}

pub(crate) fn heads_object(tax: Heads) -> Map<String, Value> {
    let carried = HEADS.iter().zip(tax).filter(|(_, tax)| *tax != 0);
    carried.map(|(head, tax)| ((*head).to_owned(), money(tax))).collect()
}

fn with_heads(mut row: Value, tax: Heads) -> Value {
    if let Value::Object(map) = &mut row {
        map.extend(HEADS.iter().zip(tax).map(|(head, tax)| ((*head).to_owned(), money(tax))));
    }
    row
}

/// Everything the reference settles about the story.
pub(crate) fn expected(oracle: &Oracle) -> Value {
    let mut expect = Map::new();
    expect.insert("ledger".to_owned(), ledger(oracle));
    let warnings =
        oracle.warnings.iter().map(|(day, name, code)| json!({ "date": day.to_string(), "ref": name, "code": code }));
    expect.insert("warnings".to_owned(), warnings.collect());
    let documents = 0..oracle.facts.documents.len();
    let bills = oracle
        .facts
        .bills
        .iter()
        .map(|bill| json!({ "ref": bill.name, "state": "NOT_STARTED", "exclusion": "IMPORT_BOE" }));
    let timers = documents.clone().map(|index| timer(oracle, index)).chain(bills);
    expect.insert("timers".to_owned(), timers.collect());
    expect.insert("documents".to_owned(), documents.map(|index| document(oracle, index)).collect());
    // An advance that is not adjusted is neither settled nor said to be on account.
    if oracle.facts.advances.values().all(|(_, left)| *left == 0) {
        let rows = oracle.facts.unallocated.iter().filter(|(_, amount)| **amount != 0);
        let rows = rows.map(|(supplier, amount)| (supplier.clone(), money(*amount)));
        expect.insert("unallocated".to_owned(), Value::Object(rows.collect()));
    }
    if !oracle.interest_open {
        expect.insert("interest".to_owned(), interest(oracle));
    }
    expect.insert("returns".to_owned(), returns(oracle));
    expect.insert("boes".to_owned(), boes(oracle));
    Value::Object(expect)
}

fn ledger(oracle: &Oracle) -> Value {
    let rows = oracle.ledger.iter().map(|entry| {
        let mut row = json!({
            "date": entry.date.to_string(),
            "ref": entry.name,
            "entry": entry.entry,
            "return_period": entry.period.to_string(),
            "lines": entry.lines,
        });
        if let Some((cause, reason, unpaid)) = entry.why {
            row["cause"] = json!(cause);
            row["reason"] = json!(reason);
            if let Some(unpaid) = unpaid {
                row["unpaid_after"] = money(unpaid);
            }
        }
        with_heads(row, entry.tax)
    });
    rows.collect()
}

/// R37-17.
fn state(oracle: &Oracle, index: usize) -> &'static str {
    let facts = &oracle.facts;
    match facts.exclusion(index) {
        Some("SCHEDULE_I") => return "CLOSED_DEEMED_PAID",
        Some(_) => return "NOT_STARTED",
        None => {}
    }
    let unpaid = facts.unpaid(index) > 0;
    let standing = oracle.standing.get(&facts.documents[index].name).copied().unwrap_or_default();
    match () {
        () if oracle.day() < facts.day_181(index) && unpaid => "ARMED",
        () if oracle.day() < facts.day_181(index) => "CLOSED_PAID",
        () if !standing.ever_rule_37 && unpaid => "EXPIRED_NO_CREDIT",
        () if !standing.ever_rule_37 => "CLOSED_PAID",
        () if standing.rule_37 == [0; 4] => "CLEARED",
        () if standing.last_was_reclaim => "PART_RECLAIMED",
        () => "EXPIRED_REVERSED",
    }
}

fn timer(oracle: &Oracle, index: usize) -> Value {
    let facts = &oracle.facts;
    let exclusion = facts.exclusion(index);
    let day_181 = exclusion.is_none().then(|| facts.day_181(index));
    json!({
        "ref": facts.documents[index].name,
        "state": state(oracle, index),
        "exclusion": exclusion,
        "last_day_to_pay": day_181.map(|day| day.plus(-1).to_string()),
        "day_181": day_181.map(|day| day.to_string()),
    })
}

fn document(oracle: &Oracle, index: usize) -> Value {
    let facts = &oracle.facts;
    let document = &facts.documents[index];
    let mut row =
        json!({ "ref": document.name, "section_16_4_cutoff": facts.cutoff(facts.limit_date(index)).to_string() });
    let exclusion = facts.exclusion(index);
    if exclusion.is_none_or(|reason| reason == "SCHEDULE_I") {
        row["payable"] = money(facts.payable(index));
        row["paid"] = money(facts.paid(index));
        row["unpaid"] = money(facts.unpaid(index));
    }
    if exclusion != Some("DEBIT_NOTE_IN_PARENT") {
        row["credit_availed"] = Value::Object(heads_object(facts.availed(index)));
        row["credit_base"] = Value::Object(heads_object(facts.base(index)));
        row["credit_reversed"] = Value::Object(heads_object(oracle.reversed(&document.name)));
    }
    row
}

fn interest(oracle: &Oracle) -> Value {
    let rows = oracle.interest.iter().map(|row| {
        let told = json!({
            "ref": row.name,
            "cause": row.cause,
            "return_period": row.period.to_string(),
            "basis": row.basis,
            "ceiling": row.ceiling,
            "from": row.from.to_string(),
            "to": row.to.to_string(),
            "days": row.days,
        });
        with_heads(told, row.tax)
    });
    rows.collect()
}

fn add(left: Heads, right: Heads) -> Heads {
    zip(left, right, |left, right| left + right)
}

fn line(oracle: &Oracle, line: &str, counts: impl Fn(Period) -> bool) -> Heads {
    let entries = oracle.ledger.iter().filter(|entry| counts(entry.period) && entry.lines.contains(&line));
    entries.fold([0; 4], |sum, entry| add(sum, entry.tax))
}

fn returns(oracle: &Oracle) -> Value {
    let periods: BTreeSet<Period> =
        oracle.ledger.iter().map(|entry| entry.period).chain(oracle.returns_filed.keys().copied()).collect();
    let statement_from = Period { year: 2023, month: 8 };
    let before_statement = oracle.ledger.iter().any(|entry| entry.why.is_some() && entry.period < statement_from);
    let rows = periods.iter().map(|period| {
        let of = |name: &str| line(oracle, name, |entry| entry == *period);
        let mut row = json!({ "return_period": period.to_string() });
        for name in ["4A1", "4A2", "4A3", "4A4", "4A5", "4B1", "4B2", "4D1", "4D2"] {
            row[name] = Value::Object(heads_object(of(name)));
        }
        let gross = ["4A1", "4A2", "4A3", "4A4", "4A5"].iter().fold([0; 4], |sum, name| add(sum, of(name)));
        let out = add(of("4B1"), of("4B2"));
        row["4C"] = Value::Object(heads_object(zip(gross, out, |left, right| left - right)));
        if !before_statement {
            let so_far = |name: &str| line(oracle, name, |entry| entry <= *period);
            let closing = zip(so_far("4B2"), so_far("4D1"), |left, right| left - right);
            row["ecrrs_closing"] = Value::Object(heads_object(closing));
        }
        if !oracle.interest_open {
            let rows = oracle.interest.iter().filter(|row| row.period == *period);
            let sum = rows.fold([0; 4], |sum, row| add(sum, row.tax));
            row["interest"] = Value::Object(heads_object(sum.map(|tax| (tax + 50) / 100 * 100)));
        }
        row
    });
    rows.collect()
}

fn boes(oracle: &Oracle) -> Value {
    let rows = oracle.facts.bills.iter().map(|bill| {
        let eligible = bill.eligible_at();
        let mut row = json!({
            "ref": bill.name,
            "key": format!("{}/{}/{}", bill.port, bill.number, bill.date),
            "itc_eligible_at": eligible,
            "credit": heads_object(if eligible.is_some() { bill.tax } else { [0; 4] }),
        });
        // Before the first word of customs the reference names no status.
        if !bill.status.is_empty() {
            row["status"] = json!(bill.status);
        }
        if let Some(reference) = bill.reference_date() {
            row["reference_date"] = json!(reference.to_string());
            row["return_period"] = json!(Period::of(reference, oracle.facts.quarterly).to_string());
        }
        row
    });
    rows.collect()
}
