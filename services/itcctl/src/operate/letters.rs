//! Dead letters: how many of which kind, one of them, and orders for them.

use super::commands::{Ordered, Signature};
use super::topics::{COMMANDS, Topics};
use crate::pretty::lined_table;
use anyhow::{Context, Result, bail};
use comfy_table::CellAlignment;
use gst_events::{Bytes, OperatorAction, OperatorCommand, ReplayedHeader, ReplayedRecord};
use gst_types::IstInstant;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr;
use stream::{DEAD_LETTERS_TOPIC, InputRecord};
use stream_kafka::DeadLetterHeaders;

const FIRST_SEEN: &str = "itc-dead-letter-first-seen-in-ms";

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterPlace {
    /// The partition of the topic of dead letters.
    pub partition: u32,
    /// The offset there.
    pub offset: i64,
}

impl LetterPlace {
    fn of(record: &InputRecord) -> Self {
        Self { partition: record.source.partition, offset: record.offset }
    }
}

impl fmt::Display for LetterPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.partition, self.offset)
    }
}

impl FromStr for LetterPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no place of a letter; it looks like 3/1207, as `list` shows it");
        let (partition, offset) = text.split_once('/').ok_or_else(wrong)?;
        Ok(Self { partition: partition.parse().map_err(|_| wrong())?, offset: offset.parse().map_err(|_| wrong())? })
    }
}

/// Which letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) worker: Option<String>,
    pub(crate) code: Option<String>,
}

impl Wanted {
    fn takes(&self, headers: &DeadLetterHeaders) -> bool {
        self.worker.as_ref().is_none_or(|worker| *worker == headers.worker)
            && self.code.as_ref().is_none_or(|code| *code == headers.code)
    }
}

/// What was ordered for a letter before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Replayed,
    Dropped,
}

/// What was ordered for which letters.
fn past_orders(topics: &mut dyn Topics) -> Result<BTreeMap<String, Past>> {
    let mut past = BTreeMap::new();
    topics.read(COMMANDS, &mut |record| {
        if let Ok(command) = serde_json::from_slice::<OperatorCommand>(&record.value) {
            match command.command {
                OperatorAction::Replay { letter, .. } => drop(past.insert(letter, Past::Replayed)),
                OperatorAction::Discard { letter } => drop(past.insert(letter, Past::Dropped)),
                OperatorAction::Release
                | OperatorAction::Drop { .. }
                | OperatorAction::ExtendDueDate { .. }
                | OperatorAction::OpenDays { .. }
                | OperatorAction::ActivateRulebook { .. } => {}
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(past)
}

/// Reads every letter that is wanted; with `open_only`, those for which nothing was ordered yet.
fn each_letter(
    topics: &mut dyn Topics,
    wanted: &Wanted,
    past: &BTreeMap<String, Past>,
    open_only: bool,
    each: &mut dyn FnMut(InputRecord, DeadLetterHeaders) -> ControlFlow<()>,
) -> Result<()> {
    topics.read(DEAD_LETTERS_TOPIC, &mut |record| {
        let Ok(headers) = DeadLetterHeaders::from_record(&record) else { return ControlFlow::Continue(()) };
        let done = past.contains_key(&LetterPlace::of(&record).to_string());
        if (open_only && done) || !wanted.takes(&headers) {
            return ControlFlow::Continue(());
        }
        each(record, headers)
    })
}

/// A line of the list.
struct Line {
    place: LetterPlace,
    headers: DeadLetterHeaders,
    bytes: usize,
}

/// Counts letters by kind and shows the newest.
pub(crate) fn list(
    topics: &mut dyn Topics,
    wanted: &Wanted,
    all: bool,
    limit: usize,
    out: &mut dyn Write,
) -> Result<()> {
    let past = past_orders(topics)?;
    let mut kinds: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    let mut newest: BTreeMap<(i64, LetterPlace), Line> = BTreeMap::new();
    let mut count = 0_u64;
    each_letter(topics, wanted, &past, !all, &mut |record, headers| {
        count += 1;
        *kinds.entry((headers.worker.clone(), headers.code.clone(), headers.rule.clone())).or_default() += 1;
        let place = LetterPlace::of(&record);
        let line = Line { place, headers, bytes: record.value.len() };
        newest.insert((record.timestamp_in_ms.unwrap_or_default(), place), line);
        if newest.len() > limit {
            newest.pop_first();
        }
        ControlFlow::Continue(())
    })?;
    let which = if all { "" } else { "open " };
    if count == 0 {
        writeln!(out, "no {which}dead letters")?;
        return Ok(());
    }
    histogram(&kinds, count, out)?;
    let mut table = lined_table();
    table.set_header(["letter", "first seen", "worker", "code", "field", "from", "bytes", "state"]);
    for line in newest.values().rev() {
        let headers = &line.headers;
        let state = state_of(&past, line.place);
        table.add_row([
            line.place.to_string(),
            seen(headers.first_seen_in_ms),
            headers.worker.clone(),
            headers.code.clone(),
            headers.field.clone(),
            format!("{} {}/{}", headers.source_topic, headers.source_partition, headers.source_offset),
            line.bytes.to_string(),
            state.to_owned(),
        ]);
    }
    writeln!(out, "\nthe newest {} of {count} {which}dead letters\n{table}", newest.len())?;
    Ok(())
}

/// One bar a kind, longest first.
fn histogram(kinds: &BTreeMap<(String, String, String), u64>, count: u64, out: &mut dyn Write) -> Result<()> {
    const BAR: u64 = 30;
    let mut sorted: Vec<_> = kinds.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let most = sorted.first().map_or(1, |(_, count)| **count).max(1);
    let mut table = lined_table();
    table.set_header(["worker", "code", "rule", "letters", "share", ""]);
    for ((worker, code, rule), letters) in sorted {
        let bar = "█".repeat(usize::try_from((letters * BAR).div_ceil(most)).unwrap_or_default());
        let share = format!("{} %", letters * 100 / count);
        table.add_row([worker.clone(), code.clone(), rule.clone(), letters.to_string(), share, bar]);
    }
    for column in table.column_iter_mut().skip(3).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn seen(at_in_ms: Option<i64>) -> String {
    let instant = at_in_ms.and_then(|at| IstInstant::from_unix_seconds(at.div_euclid(1000)));
    instant.map_or_else(|| "unknown".to_owned(), |instant| instant.to_string())
}

fn state_of(past: &BTreeMap<String, Past>, place: LetterPlace) -> &'static str {
    match past.get(&place.to_string()) {
        None => "open",
        Some(Past::Replayed) => "replayed",
        Some(Past::Dropped) => "dropped",
    }
}

/// One letter in full.
pub(crate) fn show(topics: &mut dyn Topics, place: LetterPlace, payload: bool, out: &mut dyn Write) -> Result<()> {
    let (record, headers) = letter_at(topics, place)?;
    let past = past_orders(topics)?;
    let mut table = lined_table();
    let from = format!("{} {}/{}", headers.source_topic, headers.source_partition, headers.source_offset);
    let whole = if headers.is_whole { "the whole message" } else { "only the part at fault" };
    let state = state_of(&past, place);
    let rows = [
        ("letter", place.to_string()),
        ("state", state.to_owned()),
        ("worker", format!("{} (build {})", headers.worker, headers.build)),
        ("code", format!("{} ({})", headers.code, headers.rule)),
        ("field", headers.field.clone()),
        ("message", headers.message.clone()),
        ("from", from),
        ("first seen", seen(headers.first_seen_in_ms)),
        ("key", record.key_text().to_owned()),
        ("value", format!("{} bytes, {whole}", record.value.len())),
    ];
    for (name, value) in rows {
        table.add_row([name.to_owned(), value]);
    }
    for (name, value) in record.headers.iter().filter(|(name, _)| !DeadLetterHeaders::is_own(name)) {
        table.add_row([name.clone(), String::from_utf8_lossy(value).into_owned()]);
    }
    writeln!(out, "{table}")?;
    if payload {
        writeln!(out, "{}", String::from_utf8_lossy(&record.value))?;
    }
    Ok(())
}

fn letter_at(topics: &mut dyn Topics, place: LetterPlace) -> Result<(InputRecord, DeadLetterHeaders)> {
    let record = topics.record(DEAD_LETTERS_TOPIC, place.partition, place.offset)?;
    let record = record.with_context(|| format!("there is no dead letter {place}; `list` shows those there are"))?;
    let headers = DeadLetterHeaders::from_record(&record)?;
    Ok((record, headers))
}

/// The letters an order is for: those named, or every open one of a kind.
pub(crate) fn choose(
    topics: &mut dyn Topics,
    places: &[LetterPlace],
    wanted: &Wanted,
    at_most: usize,
) -> Result<Vec<InputRecord>> {
    if !places.is_empty() {
        return places.iter().map(|place| Ok(letter_at(topics, *place)?.0)).collect();
    }
    let past = past_orders(topics)?;
    let mut chosen = Vec::new();
    let mut count = 0_usize;
    each_letter(topics, wanted, &past, true, &mut |record, _| {
        count += 1;
        if count <= at_most {
            chosen.push(record);
        }
        ControlFlow::Continue(())
    })?;
    if count > at_most {
        bail!("{count} letters are of this kind, more than --at-most {at_most}; raise it if you mean them all");
    }
    Ok(chosen)
}

/// Orders to take letters in again.
pub(crate) fn replays(letters: &[InputRecord], value: Option<&Path>, by: &Signature) -> Result<Vec<Ordered>> {
    let mended = match value {
        None => None,
        Some(_) if letters.len() != 1 => bail!("--value is for one letter, and {} are chosen", letters.len()),
        Some(path) => Some(fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?),
    };
    letters.iter().map(|letter| replay(letter, mended.as_deref(), by)).collect()
}

fn replay(letter: &InputRecord, mended: Option<&[u8]>, by: &Signature) -> Result<Ordered> {
    let place = LetterPlace::of(letter).to_string();
    let headers = DeadLetterHeaders::from_record(letter)?;
    if !headers.is_whole && mended.is_none() {
        bail!(
            "letter {place} is only a part of its message, the rest of which was taken in: give a whole message that \
             holds the mended part with --value FILE"
        );
    }
    let kept = |name: &str| !DeadLetterHeaders::is_own(name) || name == FIRST_SEEN;
    let mut own: Vec<(String, Vec<u8>)> = letter.headers.iter().filter(|(name, _)| kept(name)).cloned().collect();
    if !headers.is_whole {
        // What else was in the message was decided under its id, so the part has one of its own, always the same.
        let id = letter.header("ce_id").map_or_else(|| source_place(&headers), str::to_owned);
        own.retain(|(name, _)| name != "ce_id");
        own.push(("ce_id".to_owned(), format!("{id}/part/{}", headers.field).into_bytes()));
    }
    let record = ReplayedRecord {
        topic: headers.source_topic.clone(),
        partition: headers.source_partition,
        offset: headers.source_offset,
        timestamp_in_ms: headers.first_seen_in_ms,
        key: letter.key.as_deref().map(Bytes::of),
        headers: own
            .iter()
            .map(|(name, value)| ReplayedHeader { name: name.clone(), value: Bytes::of(value) })
            .collect(),
        value: Bytes::of(mended.unwrap_or(&letter.value)),
    };
    let what = if mended.is_some() { "replay, mended" } else { "replay" };
    let action = OperatorAction::Replay { letter: place.clone(), record };
    Ok(Ordered::new(format!("letter {place}"), what.to_owned(), &headers.worker, &key_of(letter), action, by, ""))
}

fn source_place(headers: &DeadLetterHeaders) -> String {
    format!("{}/{}/{}", headers.source_topic, headers.source_partition, headers.source_offset)
}

/// Orders to leave letters aside.
pub(crate) fn discards(letters: &[InputRecord], by: &Signature) -> Result<Vec<Ordered>> {
    let discard = |letter: &InputRecord| {
        let place = LetterPlace::of(letter).to_string();
        let worker = DeadLetterHeaders::from_record(letter)?.worker;
        let action = OperatorAction::Discard { letter: place.clone() };
        let what = "leave aside for good".to_owned();
        Ok(Ordered::new(format!("letter {place}"), what, &worker, &key_of(letter), action, by, ""))
    };
    letters.iter().map(discard).collect()
}

/// The key of the command: the letter's own, where it has one. `*` would make it the calendar's.
fn key_of(letter: &InputRecord) -> String {
    match letter.key_text() {
        "" | "*" => "-".to_owned(),
        key => key.to_owned(),
    }
}
