//! Interest on the reversals of a return when it is filed (INT-1 to INT-4, R37A-3).

use crate::calendar::{Day, Period};
use crate::facts::{Facts, Heads, at, text};
use crate::oracle::{Entry, Oracle};
use serde_json::Value;

/// A row of interest.
#[derive(Debug, Clone)]
pub(crate) struct Interest {
    pub(crate) name: String,
    pub(crate) cause: &'static str,
    pub(crate) period: Period,
    pub(crate) basis: &'static str,
    pub(crate) ceiling: bool,
    pub(crate) from: Day,
    pub(crate) to: Day,
    pub(crate) days: i64,
    pub(crate) tax: Heads,
}

/// Our return of a period is filed: a row for every reversal in it that bears interest.
pub(crate) fn filed(oracle: &mut Oracle, event: &Value) {
    let (day, period) = (at(event).expect("at").0, Period::parse(text(event, "period")).expect("period"));
    oracle.returns_filed.insert(period, day);
    let entries: Vec<Entry> =
        oracle.ledger.iter().filter(|entry| entry.period == period && entry.entry == "REVERSAL").cloned().collect();
    for entry in entries {
        let Some((cause, reason, _)) = entry.why else { continue };
        if !matches!(reason, "DAY_181" | "SUPPLIER_NOT_FILED") {
            continue;
        }
        let index = oracle.facts.find(&entry.name).expect("a reversed document");
        if cause == "RULE_37A" && timely(&oracle.facts, index, day) {
            continue;
        }
        match rows(oracle, index, cause, &entry, day) {
            Some(rows) => oracle.interest.extend(rows),
            None => oracle.interest_open = true,
        }
    }
}

fn timely(facts: &Facts, index: usize, filed: Day) -> bool {
    let due = facts.rule_37a_due(index).expect("a due cause");
    let last = Day::of(due.parts().0, 11, 30);
    filed <= last && facts.is("r37a.interest_if_timely", "NONE", "NONE")
}

/// The rows of a reversal; none where the reference does not say.
fn rows(oracle: &Oracle, index: usize, cause: &'static str, entry: &Entry, to: Day) -> Option<Vec<Interest>> {
    let facts = &oracle.facts;
    let document = &facts.documents[index];
    let [(availed, second, _)] = document.claims.as_slice() else { return None };
    // Stories stay away from a debit note's credit in its invoice here: its claim is a second one.
    if document.amended_credit || facts.availed(index) != document.availed || *availed >= to {
        return None;
    }
    let counted: Vec<_> = facts.balances.iter().filter(|it| it.told.0 >= *availed && it.told.0 < to).collect();
    if facts.balances.iter().any(|it| it.told.0 == *availed && it.told.1 < *second) {
        return None;
    }
    let old_law = facts.day_181(index) < Day::of(2022, 10, 1);
    let (basis, ceiling) = match facts.option("interest.basis", "AUTO").as_str() {
        "AVAILMENT" => ("AVAILMENT", false),
        "UTILISATION" => ("UTILISATION", false),
        _ if old_law => ("AVAILMENT", false),
        _ if facts.balances.is_empty() => ("AVAILMENT", true),
        _ => ("UTILISATION", false),
    };
    let row = |from: Day, tax: Heads| {
        let inclusive = facts.is("interest.day_count", "INCLUDE_BOTH", "EXCLUDE_START");
        let days = to.0 - from.0 + i64::from(inclusive);
        Interest {
            name: entry.name.clone(),
            cause,
            period: entry.period,
            basis,
            ceiling,
            from,
            to,
            days,
            tax: tax.map(|tax| simple(tax, days)),
        }
    };
    if basis == "AVAILMENT" {
        return Some(vec![row(*availed, entry.tax)]);
    }
    let heads: Vec<usize> = (0..4).filter(|head| entry.tax[*head] > 0).collect();
    if heads.len() > 1 || counted.is_empty() {
        return None;
    }
    let mut used = 0;
    let mut slices = Vec::new();
    for balance in counted {
        let short = (entry.tax[heads[0]] - balance.sum).max(0);
        if short > used {
            let mut tax = [0; 4];
            tax[heads[0]] = short - used;
            slices.push(row(balance.due.map_or(balance.told.0, |due| due.min(balance.told.0)), tax));
            used = short;
        }
    }
    Some(slices)
}

/// 18 % a year, half up to two decimals.
fn simple(principal: i128, days: i64) -> i128 {
    (2 * principal * 18 * i128::from(days) + 36_500) / 73_000
}
