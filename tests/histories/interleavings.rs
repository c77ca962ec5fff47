//! Stories whose facts of one open period arrive in another order than that of their instants.

use crate::calendar::{Day, Period};
use crate::figures::money;
use crate::generator::{RECIPIENT, Random, Story};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SUPPLIER: &str = "29AAACT4321C1ZR";

/// The month in which facts change places, and the story around it.
struct Month {
    random: Random,
    first: Day,
    told: usize,
}

impl Month {
    /// An instant of the month that no other fact has.
    fn at(&mut self) -> String {
        self.told += 1;
        let day = self.first.plus(i64::try_from(self.random.below(27)).unwrap_or(0));
        format!("{day}T12:00:{:02}", self.told)
    }

    /// A fact that takes at most a fifteenth of what a document of 1,18,000.00 owes, so that nothing overflows.
    fn fact(&mut self, name: &str) -> Value {
        let at = self.at();
        let sum = money(i128::try_from(1 + self.random.below(700_000)).unwrap_or(1));
        match self.random.below(8) {
            0..=3 => json!({"type": "payment_made", "at": at, "ref": name, "amount": sum}),
            4 => json!({"type": "tds_deducted", "at": at, "ref": name, "tds_kind": "INCOME_TAX", "amount": sum}),
            5 => json!({"type": "itc_reversed_permanently", "at": at, "ref": name, "rule": "42",
                "return_period": Period::of(self.first, false).to_string(), "igst": "333.33"}),
            6 => json!({"type": "payment_made", "at": at, "ref": name, "amount": sum,
                "debit_date": self.first.plus(-3).to_string()}),
            _ => {
                let note = format!("N{}", self.told);
                json!({"type": "credit_note_accepted", "at": at, "record": {"ref": note, "invoice_ref": name,
                    "document_number": note, "document_date": self.first.to_string(), "taxable_value": "1000.00",
                    "igst": "180.00", "document_value": "1180.00"}})
            }
        }
    }
}

fn document(name: &str, date: Day) -> Value {
    json!({"type": "document_received", "at": format!("{date}T10:00:00"), "record": {"ref": name,
        "supplier_gstin": SUPPLIER, "recipient_gstin": RECIPIENT, "document_number": name,
        "document_date": date.to_string(), "taxable_value": "100000.00", "igst": "18000.00",
        "document_value": "118000.00"}})
}

/// The same facts in the order of their instants, and as they happen to arrive.
pub(crate) fn two_orders(seed: u64) -> (Story, Story) {
    let mut random = Random::new(seed);
    let first = Day::of(2025, 1 + i64::try_from(random.below(9)).unwrap_or(0), 1);
    // Day 181 falls before, into or after the month.
    let dates = [200, 190, 172, 165, 100].map(|days| first.plus(-days));
    let dates = [*random.pick(&dates), *random.pick(&dates)];
    let mut events = vec![json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": "MONTHLY"})];
    events.push(json!({"type": "supplier_registered", "gstin": SUPPLIER, "filing_frequency": "MONTHLY"}));
    let mut before: Vec<Value> = Vec::new();
    for (name, date) in ["A", "B"].into_iter().zip(dates) {
        before.push(document(name, date));
        let filed = Period::of(date, false).day_after().plus(19);
        before.push(json!({"type": "itc_claimed", "at": format!("{filed}T11:00:00"), "ref": name,
            "return_period": Period::of(date, false).to_string(), "igst": "18000.00"}));
    }
    before.sort_by_key(|event| event["at"].as_str().map(str::to_owned));
    let mut month = Month { random, first, told: 0 };
    let count = 3 + month.random.below(6);
    let mut facts: Vec<Value> = Vec::new();
    for _ in 0..count {
        let name = *month.random.pick(&["A", "B"]);
        facts.push(month.fact(name));
    }
    let close = json!({"type": "clock_advanced", "at": format!("{}T00:00:00", Period::of(first, false).day_after())});
    let story = |facts: &[Value]| {
        let events = events.iter().chain(&before).chain(facts).chain([&close]).cloned().collect();
        Story { config: BTreeMap::from([("r37.allocation".to_owned(), "EXPLICIT_ONLY".to_owned())]), events }
    };
    let mut in_order = facts.clone();
    in_order.sort_by_key(|event| event["at"].as_str().map(str::to_owned));
    for last in (1..facts.len()).rev() {
        let other = month.random.below(last + 1);
        facts.swap(last, other);
    }
    (story(&in_order), story(&facts))
}
