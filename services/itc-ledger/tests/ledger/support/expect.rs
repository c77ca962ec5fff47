//! The blocks of `expect`, from what was published and what the views answer.

use super::story::Story;
use gst_events::{Alert, CreditSubject, EntryStatus, LedgerEntry, Topic};
use gst_types::{Head, IstDate, TaxAmounts};
use serde_json::{Map, Value, json};

fn heads_into(row: &mut Map<String, Value>, tax: &TaxAmounts) {
    for head in Head::ALL {
        row.insert(head.code().to_owned(), json!(tax.of(head)));
    }
}

fn name(story: &Story, subject: &CreditSubject) -> String {
    let found = story.documents.iter().find(|(_, known)| *known == subject);
    found.map_or_else(|| subject.to_string(), |(name, _)| name.clone())
}

pub(crate) fn ledger(story: &Story) -> Value {
    let entries = story.bench.all(Topic::Ledger).into_iter().filter_map(|record| {
        let entry: LedgerEntry = serde_json::from_slice(&record.value).unwrap();
        (entry.status == EntryStatus::Due).then_some(entry)
    });
    entries
        .map(|entry| {
            let mut row = serde_json::to_value(&entry).unwrap().as_object().unwrap().clone();
            row.insert("ref".to_owned(), json!(name(story, &entry.subject)));
            heads_into(&mut row, &entry.tax);
            Value::Object(row)
        })
        .collect()
}

pub(crate) fn warnings(story: &Story) -> Value {
    let alerts = story.bench.all(Topic::Alerts).into_iter().filter_map(|record| {
        let alert: Alert = serde_json::from_slice(&record.value).unwrap();
        let subject = alert.subject.as_ref().map(|subject| name(story, subject));
        let listed = !matches!(alert.code.as_str(), "RULE_37A_STATUS_UNKNOWN" | "RULE_37A_NOT_LISTED");
        listed.then(|| json!({ "date": alert.date, "ref": subject, "code": alert.code }))
    });
    alerts.collect()
}

fn today(story: &Story) -> IstDate {
    story.bench.driver.day().map_or_else(|| "2000-01-01".parse().unwrap(), IstDate::from_naive)
}

pub(crate) fn of_subject(story: &Story, block: &str, subject: &CreditSubject) -> Value {
    let rows = story.bench.rows("itc-ledger");
    let recipient = story.recipient.unwrap();
    let rules = gst_rules::Rulebook::embedded();
    match (block, subject) {
        ("timers", _) => json!(itc_ledger::view::timer(&rows, recipient, subject, today(story)).unwrap()),
        ("boes", CreditSubject::BillOfEntry(bill)) => {
            let mut view = json!(itc_ledger::view::bill(&rows, recipient, bill).unwrap());
            // The case format writes instants of India without an offset.
            if let Some(at) = view["itc_eligible_at"].as_str().map(|at| at.trim_end_matches("+05:30").to_owned()) {
                view["itc_eligible_at"] = json!(at);
            }
            view
        }
        _ => {
            let view = itc_ledger::view::document(&rows, recipient, subject, &rules).unwrap();
            let Some(view) = view else { return Value::Null };
            let mut row = Map::new();
            row.insert("section_16_4_cutoff".to_owned(), json!(view.section_16_4_cutoff));
            if let Some(money) = view.money {
                row.extend(json!(money).as_object().unwrap().clone());
            }
            if let Some(credit) = view.credit {
                row.insert("credit_availed".to_owned(), json!(credit.availed));
                row.insert("credit_base".to_owned(), json!(credit.base));
                row.insert("credit_reversed".to_owned(), json!(credit.reversed));
            }
            Value::Object(row)
        }
    }
}

pub(crate) fn interest(story: &Story) -> Value {
    let rows = story.bench.rows("itc-ledger");
    let views = itc_ledger::view::interest(&rows, story.recipient.unwrap()).unwrap();
    views
        .iter()
        .map(|view| {
            let mut row = json!(view).as_object().unwrap().clone();
            row.insert("ref".to_owned(), json!(name(story, &view.subject)));
            heads_into(&mut row, &view.interest);
            Value::Object(row)
        })
        .collect()
}

pub(crate) fn return_of(story: &Story, period: &str) -> Value {
    let rows = story.bench.rows("itc-ledger");
    let view = itc_ledger::view::return_of(&rows, story.recipient.unwrap(), period.parse().unwrap()).unwrap();
    let mut row = json!(view.lines).as_object().unwrap().clone();
    row.insert("4C".to_owned(), json!(view.net));
    row.insert("ecrrs_closing".to_owned(), json!(view.ecrrs_closing));
    row.insert("interest".to_owned(), json!(view.interest));
    row.insert("return_period".to_owned(), json!(period));
    Value::Object(row)
}

pub(crate) fn unallocated(story: &Story) -> Value {
    let rows = story.bench.rows("payment-timers");
    let accounts = payment_timers::view::unallocated(&rows, story.recipient.unwrap()).unwrap();
    accounts.into_iter().map(|(supplier, amount)| (supplier.to_string(), json!(amount))).collect::<Map<_, _>>().into()
}

fn is_heads(value: &Map<String, Value>) -> bool {
    value.keys().all(|key| Head::ALL.iter().any(|head| head.code() == key))
}

/// What differs, in the sense of the case format: only keys present are compared; absent heads are zero.
pub(crate) fn differences(path: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Null, Value::Null) => {}
        (Value::Object(want), Value::Object(got)) => {
            let has_head = want.keys().any(|key| Head::ALL.iter().any(|head| head.code() == key));
            for (key, value) in want {
                differences(&format!("{path}.{key}"), value, got.get(key).unwrap_or(&Value::Null), found);
            }
            if has_head || (want.is_empty() && is_heads(got)) {
                for head in Head::ALL.iter().filter(|head| !want.contains_key(head.code())) {
                    if let Some(other) = got.get(head.code()).filter(|value| *value != "0.00") {
                        found.push(format!("{path}.{}: expected 0.00, got {other}", head.code()));
                    }
                }
            }
        }
        (Value::Array(want), Value::Array(got)) => {
            if want.len() != got.len() {
                found.push(format!("{path}: expected {} rows, got {}: {got:?}", want.len(), got.len()));
            }
            for (index, (want, got)) in want.iter().zip(got).enumerate() {
                differences(&format!("{path}[{index}]"), want, got, found);
            }
        }
        _ if want == got => {}
        _ => found.push(format!("{path}: expected {want}, got {got}")),
    }
}
