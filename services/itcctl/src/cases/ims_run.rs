//! Running an IMS story: feed one event, let every worker come to rest, open every day up to the next event.

use super::case_file::{Case, Variant};
use super::fields::Fields;
use super::functions;
use super::ims_expect::{self, Actual};
use super::ims_story;
use super::references::References;
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result, anyhow};
use gst_events::{DueDateExtended, Request, RequestStatus, Topic};
use gst_rules::calendar::CalendarItem;
use gst_types::IstInstant;
use itc_engine::simulation::Simulation;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Publishes a feed record and lets every worker come to rest.
pub(crate) fn publish(simulation: &mut Simulation, record: FeedRecord) -> Result<()> {
    let headers = record.header_bytes();
    Ok(simulation.publish(record.feed.topic(), &record.key, headers, record.value)?)
}

/// The configuration of every story: statements are made when asked for.
pub(crate) fn rows(variant: &Variant) -> BTreeMap<String, String> {
    let mut rows = variant.config.clone();
    rows.insert("draft_generation".to_owned(), "ON_REQUEST".to_owned());
    // A period is filed for a supplier only where a story says so of the supplier (SL-3).
    rows.entry("supplier_own_return".to_owned()).or_insert_with(|| "REPORTED_ONLY".to_owned());
    // A redelivery is one however old it is (EG-6).
    rows.entry("repeat_window_days".to_owned()).or_insert_with(|| "3660".to_owned());
    rows
}

struct ImsRun {
    simulation: Simulation,
    refs: References,
    now: Option<IstInstant>,
    seen: BTreeSet<String>,
    outcomes: Vec<Value>,
    functions: serde_json::Map<String, Value>,
}

/// Runs a story and tells what differs.
pub(crate) fn run(case: &Case, variant: &Variant) -> Result<Vec<String>> {
    let mut run = ImsRun {
        simulation: Simulation::start(1, &rows(variant))?,
        refs: References::default(),
        now: None,
        seen: BTreeSet::new(),
        outcomes: Vec::new(),
        functions: serde_json::Map::new(),
    };
    for (index, event) in case.given.iter().enumerate() {
        let fields = Fields::of(event)?;
        run.event(index, &fields).with_context(|| format!("event {index}"))?;
    }
    let rulebook = gst_rules::Rulebook::embedded().with_overrides(&rows(variant))?;
    let actual = Actual {
        simulation: &mut run.simulation,
        refs: &run.refs,
        rulebook: &rulebook,
        now: run.now,
        outcomes: run.outcomes,
        functions: run.functions,
    };
    ims_expect::differences(actual, &variant.expect)
}

impl ImsRun {
    fn event(&mut self, index: usize, event: &Fields<'_>) -> Result<()> {
        match event.text("type")? {
            "validate_gstins" => {
                self.functions.insert("gstin_validity".to_owned(), functions::validate_gstins(event));
                return Ok(());
            }
            "compare_document_keys" => {
                self.functions.insert("same_document".to_owned(), functions::compare_document_keys(event)?);
                return Ok(());
            }
            "describe_periods" => {
                self.functions.insert("periods".to_owned(), functions::describe_periods(event));
                return Ok(());
            }
            _ => {}
        }
        let id = event.optional_text("event_id").map_or_else(|| format!("event without id {index}"), str::to_owned);
        let repeated = !self.seen.insert(id.clone());
        if let Some(at) = event.optional::<IstInstant>("at")?.filter(|_| !repeated) {
            self.simulation.open_days_to(at.date())?;
            self.now = Some(at);
        }
        match event.text("type")? {
            "clock_advanced" | "calendar_override" if repeated => {
                self.outcomes.push(json!({ "event": index, "result": "DUPLICATE_IGNORED" }));
                Ok(())
            }
            "clock_advanced" => Ok(()),
            "calendar_override" => self.calendar_override(event),
            _ => self.feed(index, event, &id, repeated),
        }
    }

    fn calendar_override(&mut self, event: &Fields<'_>) -> Result<()> {
        let word = event.text("item")?;
        let item: CalendarItem =
            serde_json::from_value(json!(word)).map_err(|_| anyhow!("field item: {word} is not known"))?;
        // Before the first event the override has always been known.
        let entered_at = match self.now {
            Some(now) => now,
            None => "2000-01-01T00:00:00".parse()?,
        };
        let extension =
            DueDateExtended { item, period: event.parse("period")?, date: event.date("last_day")?, entered_at };
        Ok(self.simulation.extend_due_date(&extension)?)
    }

    fn feed(&mut self, index: usize, event: &Fields<'_>, id: &str, repeated: bool) -> Result<()> {
        // A redelivery names no records anew.
        let mut scratch = self.refs.clone();
        let refs = if repeated { &mut scratch } else { &mut self.refs };
        let record = ims_story::feed_record(event, id, refs)?;
        publish(&mut self.simulation, record)?;
        let outcome = self.outcome(id)?;
        if let Some((result, reason)) = outcome {
            let mut row = json!({ "event": index, "result": result });
            if let (Some(reason), Some(row)) = (reason, row.as_object_mut()) {
                row.insert("reason".to_owned(), json!(reason));
            }
            self.outcomes.push(row);
        }
        Ok(())
    }

    /// What the workers answered to a request, if it did not simply succeed.
    fn outcome(&mut self, id: &str) -> Result<Option<(&'static str, Option<String>)>> {
        let mut outcome = None;
        for record in self.simulation.read_new(Topic::Results.name()) {
            let result: Request = serde_json::from_slice(&record.value)?;
            if result.request_id != id {
                continue;
            }
            match result.status {
                RequestStatus::Refused => outcome = Some(("REFUSED", result.code)),
                RequestStatus::DuplicateIgnored => outcome = Some(("DUPLICATE_IGNORED", None)),
                RequestStatus::Applied | RequestStatus::Waiting => {}
            }
        }
        let letters = self.simulation.read_new("itc.dead-letters.v1");
        if let Some(letter) = letters.first() {
            let headers: Vec<String> = letter
                .headers
                .iter()
                .filter(|(name, _)| name.contains("code") || name.contains("field") || name.contains("message"))
                .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
                .collect();
            return Err(anyhow!("the record became a dead letter: {}", headers.join(", ")));
        }
        Ok(outcome)
    }
}
