//! Parked keys, read from the changelogs of the workers, so that they show also while a worker is down.

use super::commands::{Ordered, Signature};
use super::topics::Topics;
use crate::pretty::lined_table;
use anyhow::{Result, bail};
use gst_events::OperatorAction;
use itc_engine::topology::workers;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use stream::{InputRecord, ParkedRow, Row, RowKey, WaitingRow, changelog_topic, parked_key, read_row};

/// A key of a worker that is parked.
struct Parked {
    row: ParkedRow,
    waiting: u64,
    /// Where the changelog says so: each parking has a place of its own.
    place: String,
}

/// The workers that keep rows, or the one named.
fn workers_with_rows(named: Option<&str>) -> Result<Vec<stream::WorkerName>> {
    let all: Vec<_> = workers().into_iter().filter(|entry| entry.has_rows).map(|entry| entry.name).collect();
    let Some(named) = named else { return Ok(all) };
    match all.iter().find(|name| name.0 == named) {
        Some(name) => Ok(vec![*name]),
        None => {
            let names: Vec<&str> = all.iter().map(|name| name.0).collect();
            bail!("no worker `{named}` parks keys; those that do: {}", names.join(", "))
        }
    }
}

/// The first part of a row's key behind the table, unescaped.
fn key_in(row_key: &RowKey) -> String {
    row_key.parts().next().unwrap_or_default().replace("%7C", "|")
}

fn parked_keys(topics: &mut dyn Topics, worker: stream::WorkerName) -> Result<BTreeMap<String, Parked>> {
    let (of_parked, of_waiting) = (RowKey::table(ParkedRow::TABLE), RowKey::table(WaitingRow::TABLE));
    let mut parked: BTreeMap<String, (ParkedRow, String)> = BTreeMap::new();
    // Which numbers wait for a key: of keys that are not parked they are few, and gone before long.
    let mut waiting: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    topics.read(&changelog_topic(worker), &mut |record| {
        let row_key = RowKey::from_text(record.key_text());
        let key = key_in(&row_key);
        if row_key.as_str().starts_with(of_parked.as_str()) {
            match read_row::<ParkedRow>(&record.value) {
                Ok(row) => {
                    let place = format!("{}/{}", record.source.partition, record.offset);
                    parked.insert(key, (row, place));
                }
                Err(_) => drop(parked.remove(&key)),
            }
        } else if row_key.as_str().starts_with(of_waiting.as_str()) {
            let number = row_key.parts().nth(1).unwrap_or_default().to_owned();
            let numbers = waiting.entry(key.clone()).or_default();
            if record.value.is_empty() {
                numbers.remove(&number);
            } else {
                numbers.insert(number);
            }
            if numbers.is_empty() {
                waiting.remove(&key);
            }
        }
        ControlFlow::Continue(())
    })?;
    let counted = |key: &str| u64::try_from(waiting.get(key).map_or(0, std::collections::BTreeSet::len)).unwrap_or(0);
    let with_count = |(key, (row, place)): (String, (ParkedRow, String))| {
        let waiting = counted(&key);
        (key, Parked { row, waiting, place })
    };
    Ok(parked.into_iter().map(with_count).collect())
}

/// Counts parked keys by reason and shows them.
pub(crate) fn list(topics: &mut dyn Topics, worker: Option<&str>, limit: usize, out: &mut dyn Write) -> Result<()> {
    let mut reasons: BTreeMap<(&str, String, String), u64> = BTreeMap::new();
    let mut table = lined_table();
    table.set_header(["worker", "key", "since", "waiting", "stands at", "event id", "reason"]);
    let (mut count, mut shown) = (0_u64, 0);
    for worker in workers_with_rows(worker)? {
        for (key, parked) in parked_keys(topics, worker)? {
            let Parked { row, waiting, place: _ } = parked;
            count += 1;
            *reasons.entry((worker.0, row.event_type.clone(), row.reason.clone())).or_default() += 1;
            if shown < limit {
                shown += 1;
                let since = row.since.map_or_else(|| "-".to_owned(), |day| day.to_string());
                let waiting = waiting.to_string();
                table.add_row([worker.0.to_owned(), key, since, waiting, row.event_type, row.event_id, row.reason]);
            }
        }
    }
    if count == 0 {
        writeln!(out, "no key is parked")?;
        return Ok(());
    }
    let mut sorted: Vec<_> = reasons.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut by_reason = lined_table();
    by_reason.set_header(["worker", "stands at", "reason", "keys"]);
    for ((worker, event_type, reason), keys) in sorted {
        by_reason.add_row([worker.to_owned(), event_type, reason, keys.to_string()]);
    }
    writeln!(out, "{by_reason}\n\n{shown} of {count} parked keys\n{table}")?;
    Ok(())
}

/// What waits for a key, in its order.
pub(crate) fn show(topics: &mut dyn Topics, worker: &str, key: &str, out: &mut dyn Write) -> Result<()> {
    let (parked, waiting) = one(topics, worker, key)?;
    writeln!(out, "{key} is parked at {worker}: {} (event {})", parked.reason, parked.event_id)?;
    let mut table = lined_table();
    table.set_header(["#", "event id", "type", "day", "offset", "bytes", "what"]);
    for (number, row) in (1..).zip(&waiting) {
        let meta = InputRecord::from(row.record.clone()).meta();
        let day = row.day.map_or_else(|| "-".to_owned(), |day| day.to_string());
        let what = if row.job { "the key's part of a day or mark" } else { "event" };
        let (offset, bytes) = (row.record.offset.to_string(), row.record.value.len().to_string());
        table.add_row([number.to_string(), meta.id, meta.event_type, day, offset, bytes, what.to_owned()]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn one(topics: &mut dyn Topics, worker: &str, key: &str) -> Result<(ParkedRow, Vec<WaitingRow>)> {
    let [name] = workers_with_rows(Some(worker))?[..] else { bail!("one worker at a time") };
    let (place, prefix) = (parked_key(key), RowKey::table(WaitingRow::TABLE).with(key));
    let mut parked = None;
    let mut waiting: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    topics.read(&changelog_topic(name), &mut |record| {
        let text = record.key_text();
        if text == place.as_str() {
            parked = read_row::<ParkedRow>(&record.value).ok();
        } else if text.starts_with(prefix.as_str()) {
            if record.value.is_empty() {
                waiting.remove(text);
            } else {
                waiting.insert(text.to_owned(), record.value);
            }
        }
        ControlFlow::Continue(())
    })?;
    let Some(parked) = parked else {
        bail!("{key} is not parked at {worker}; `itcctl parked list` shows those that are")
    };
    let waiting = waiting.values().map(|value| read_row(value)).collect::<Result<_, _>>()?;
    Ok((parked, waiting))
}

/// Orders to release keys; without any named, every parked one.
pub(crate) fn releases(topics: &mut dyn Topics, worker: &str, keys: &[String], by: &Signature) -> Result<Vec<Ordered>> {
    let [name] = workers_with_rows(Some(worker))?[..] else { bail!("one worker at a time") };
    let parked = parked_keys(topics, name)?;
    if let Some(key) = keys.iter().find(|key| !parked.contains_key(*key)) {
        bail!("{key} is not parked at {worker}; `itcctl parked list` shows those that are");
    }
    let chosen = parked.iter().filter(|(key, _)| keys.is_empty() || keys.contains(key));
    let release = |(key, parked): (&String, &Parked)| {
        // A key that is parked again may be released again.
        let what = format!("release, {} waiting", parked.waiting);
        Ordered::new(key.clone(), what, worker, key, OperatorAction::Release, by, &parked.place)
    };
    Ok(chosen.map(release).collect())
}

/// The order to drop one waiting event.
pub(crate) fn drop_of(
    topics: &mut dyn Topics,
    worker: &str,
    key: &str,
    event_id: &str,
    by: &Signature,
) -> Result<Ordered> {
    let (_, waiting) = one(topics, worker, key)?;
    let found = waiting.iter().find(|row| InputRecord::from(row.record.clone()).meta().id == event_id);
    let Some(row) = found else {
        bail!("no event {event_id} waits for {key} at {worker}; `itcctl parked show` lists those that do")
    };
    let action = OperatorAction::Drop { event_id: event_id.to_owned() };
    let unique = row.record.offset.to_string();
    Ok(Ordered::new(key.to_owned(), format!("drop {event_id}"), worker, key, action, by, &unique))
}
