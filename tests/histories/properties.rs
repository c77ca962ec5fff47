//! What holds of every history, whatever it tells, and what may be told otherwise without changing its end.

use crate::facts::{Heads, heads, paise, text, zip};
use crate::figures::money;
use crate::generator::{Random, Story};
use crate::oracle::Oracle;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn rows<'a>(outcome: &'a Value, block: &str) -> &'a [Value] {
    outcome[block].as_array().map_or(&[], Vec::as_slice)
}

fn add(left: Heads, right: Heads) -> Heads {
    zip(left, right, |left, right| left + right)
}

fn minus(left: Heads, right: Heads) -> Heads {
    zip(left, right, |left, right| left - right)
}

/// The credit of one document as its ledger rows add up.
#[derive(Debug, Clone, Copy, Default)]
struct Credit {
    availed: Heads,
    reversed: Heads,
    blocked: Heads,
    amended: bool,
}

impl Credit {
    fn take(&mut self, row: &Value) {
        let tax = heads(row);
        match text(row, "entry") {
            "ITC_AVAILED" | "CREDIT_NOTE" => self.availed = add(self.availed, tax),
            "AMENDMENT" => {
                self.availed = add(self.availed, tax);
                self.amended = true;
            }
            "PERMANENT_REVERSAL" => self.blocked = add(self.blocked, tax),
            "REVERSAL" => self.reversed = add(self.reversed, tax),
            "RECLAIM" => self.reversed = minus(self.reversed, tax),
            _ => {}
        }
    }

    fn available(&self) -> Heads {
        minus(minus(self.availed, self.reversed), self.blocked)
    }
}

/// R37-14: after every day, what was availed is available, reversed or blocked, and none of the three is negative; a
/// re-claim gives back no more than stands reversed.
pub(crate) fn credit_balances(outcome: &Value, oracle: &Oracle) -> Vec<String> {
    let home = homes(oracle);
    let mut found = Vec::new();
    let mut credits: BTreeMap<&str, Credit> = BTreeMap::new();
    let ledger = rows(outcome, "ledger");
    for (position, row) in ledger.iter().enumerate() {
        let Some(name) = home.get(text(row, "ref")) else { continue };
        let credit = credits.entry(name).or_default();
        credit.take(row);
        if credit.reversed.iter().any(|tax| *tax < 0) {
            found.push(format!("ledger[{position}]: more is re-claimed than was reversed"));
        }
        let day_ends = ledger.get(position + 1).is_none_or(|next| next["date"] != row["date"]);
        if !day_ends {
            continue;
        }
        for (name, credit) in credits.iter().filter(|(_, credit)| !credit.amended) {
            if credit.available().iter().any(|tax| *tax < 0) {
                found.push(format!("ledger[{position}]: {name} has more reversed and blocked than availed"));
            }
        }
    }
    for row in rows(outcome, "documents").iter().filter(|row| row.get("credit_reversed").is_some()) {
        let credit = credits.get(text(row, "ref")).copied().unwrap_or_default();
        if credit.reversed != heads(&row["credit_reversed"]) {
            found.push(format!("{}: posted entries do not add up to what stands reversed", text(row, "ref")));
        }
        // The other base takes what is gone for good from the share, not from the base.
        if !oracle.facts.is("r37.reversal_base", "GROSS_LESS_REVERSED", "NET_AVAILED") {
            found.extend(target_is_exact(row));
        }
    }
    found
}

/// R37-10: what stands reversed is nothing, the share that is unpaid to the paisa, or all of the base.
fn target_is_exact(row: &Value) -> Option<String> {
    let (reversed, base) = (heads(&row["credit_reversed"]), heads(&row["credit_base"]));
    let (payable, unpaid) = (row.get("payable")?.as_str()?, row.get("unpaid")?.as_str()?);
    let (payable, unpaid) = (paise(payable), paise(unpaid));
    let share = base.map(|base| if payable == 0 { 0 } else { (2 * base * unpaid + payable) / (2 * payable) });
    let exact = reversed == [0; 4] || reversed == base || reversed == share;
    (!exact).then(|| format!("{}: what stands reversed is no exact target", text(row, "ref")))
}

/// Which document carries the credit of each.
fn homes(oracle: &Oracle) -> BTreeMap<String, String> {
    let name = |index: usize| oracle.facts.documents[index].name.clone();
    (0..oracle.facts.documents.len()).map(|index| (name(index), name(oracle.facts.home(index)))).collect()
}

/// The blocks that tell how a story ends.
pub(crate) fn end(outcome: &Value) -> Value {
    json!({ "documents": outcome["documents"], "unallocated": outcome["unallocated"] })
}

/// The state of a story after its first `count` events.
fn after(story: &Story, count: usize) -> Oracle {
    let mut oracle = Oracle::new(&story.config);
    for event in &story.events[..count] {
        oracle.apply(event).expect("a generated event");
    }
    oracle
}

/// The instant of the last event before `position`, told again.
fn same_instant(story: &Story, position: usize) -> Option<String> {
    story.events[..position].iter().rev().find_map(|event| {
        let redelivered = event.get("event_id").is_some();
        if redelivered { None } else { event.get("at").and_then(Value::as_str).map(str::to_owned) }
    })
}

/// A place in a story where events may be put, and the state there.
fn place(random: &mut Random, story: &Story) -> Option<(usize, Oracle, String)> {
    let position = 1 + random.below(story.events.len());
    let oracle = after(story, position);
    let at = same_instant(story, position)?;
    let now = crate::calendar::instant(&at)?.0 == oracle.day();
    (now && !oracle.facts.documents.is_empty()).then_some((position, oracle, at))
}

/// R37-15: two stories that differ in the order of the payments of one moment.
pub(crate) fn permuted_payments(random: &mut Random, story: &Story) -> Option<(Story, Story)> {
    let (position, oracle, at) = place(random, story)?;
    let documents = &oracle.facts.documents;
    let mut burst = Vec::new();
    for _ in 0..2 + random.below(3) {
        let index = random.below(documents.len());
        let document = &documents[index];
        let unpaid = oracle.facts.unpaid(oracle.facts.home(index));
        let sum = (unpaid * i128::try_from(1 + random.below(6)).unwrap_or(1) / 4).max(1);
        let mut event = json!({ "type": "payment_made", "at": at, "amount": money(sum) });
        if random.chance(70) {
            event["ref"] = json!(document.name);
        } else {
            event["supplier_gstin"] = json!(document.supplier);
        }
        burst.push(event);
    }
    let with = |burst: Vec<Value>| {
        let mut told = story.clone();
        told.events.splice(position..position, burst);
        told
    };
    let first = with(burst.clone());
    burst.rotate_left(1);
    if random.chance(50) {
        burst.reverse();
    }
    Some((first, with(burst)))
}

/// R37-15: money that is moved away and back again.
pub(crate) fn moved_and_back(random: &mut Random, story: &Story) -> Option<Story> {
    let (position, oracle, at) = place(random, story)?;
    let facts = &oracle.facts;
    let settled: Vec<usize> = (0..facts.documents.len())
        .filter(|index| facts.documents[*index].settled > 0 && facts.has_timer(*index))
        .collect();
    let from = *settled.get(random.below(settled.len().max(1)))?;
    let supplier = &facts.documents[from].supplier;
    let others: Vec<usize> = (0..facts.documents.len())
        .filter(|index| *index != from && facts.has_timer(*index) && facts.documents[*index].supplier == *supplier)
        .collect();
    let to = *others.get(random.below(others.len().max(1)))?;
    // Only what still settles something: money above what is owed would not be taken back.
    let excess = (facts.paid(from) - facts.payable(from)).max(0);
    let moved = (facts.documents[from].settled - excess).min(facts.unpaid(to));
    (moved > 0).then_some(())?;
    let name = |index: usize| facts.documents[index].name.clone();
    let event = |from: String, to: String| json!({ "type": "payment_reallocated", "at": at, "from_ref": from, "to_ref": to, "amount": money(moved) });
    let pair = [event(name(from), name(to)), event(name(to), name(from))];
    let mut told = story.clone();
    told.events.splice(position..position, pair);
    Some(told)
}

/// EG-6: every fact of the story comes once more, right away or later.
pub(crate) fn redelivered(random: &mut Random, story: &Story) -> Story {
    let mut told = Story { config: story.config.clone(), events: Vec::new() };
    let mut waiting: Vec<Value> = Vec::new();
    for (position, event) in story.events.iter().enumerate() {
        let mut event = event.clone();
        if event.get("event_id").is_none() && event.get("at").is_some() && text(&event, "type") != "clock_advanced" {
            event["event_id"] = json!(format!("fact-{position}"));
            waiting.push(event.clone());
        }
        told.events.push(event);
        while !waiting.is_empty() && random.chance(60) {
            told.events.push(waiting.remove(random.below(waiting.len())));
        }
    }
    told.events.extend(waiting);
    told
}

/// Credit of each document, return and kind of entry as the ledger adds up; what cancels leaves nothing.
pub(crate) fn net(outcome: &Value) -> Value {
    let mut sums: BTreeMap<String, Heads> = BTreeMap::new();
    for row in rows(outcome, "ledger") {
        let (entry, sign) = match text(row, "entry") {
            "RECLAIM" => ("REVERSAL", -1),
            other => (other, 1),
        };
        let key = format!("{} {} {entry}", text(row, "ref"), text(row, "return_period"));
        let sum = sums.entry(key).or_default();
        *sum = add(*sum, heads(row).map(|tax| tax * sign));
    }
    sums.retain(|_, sum| *sum != [0; 4]);
    let told = sums.into_iter().map(|(key, sum)| (key, Value::Object(crate::figures::heads_object(sum))));
    json!({ "documents": outcome["documents"], "net": Value::Object(told.collect()) })
}
