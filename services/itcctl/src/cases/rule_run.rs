//! Running a rule story: feed one event, let every worker come to rest, open every day up to the next event.

use super::case_file::{Case, Variant};
use super::fields::Fields;
use super::ims_run::{publish, rows};
use super::rule_expect;
use super::rule_story::RuleStory;
use anyhow::{Context, Result, anyhow};
use gst_rules::Rulebook;
use gst_types::IstInstant;
use itc_engine::simulation::Simulation;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Runs a story and tells what differs.
pub(crate) fn run(case: &Case, variant: &Variant) -> Result<Vec<String>> {
    rule_expect::compared(&variant.expect, &outcome(case, variant)?)
}

/// Runs a story and tells what came out, in the blocks and the rows that its `expect` names.
pub(crate) fn outcome(case: &Case, variant: &Variant) -> Result<Map<String, Value>> {
    let mut simulation = Simulation::start(1, &rows(variant))?;
    let mut story = RuleStory::of(&case.given);
    let mut seen = BTreeSet::new();
    for (index, event) in case.given.iter().enumerate() {
        let event = Fields::of(event)?;
        let id = event.optional_text("event_id").map_or_else(|| format!("event-{index}"), str::to_owned);
        let repeated = !seen.insert(id.clone());
        step(&mut simulation, &mut story, &event, &id, repeated).with_context(|| format!("event {index}"))?;
    }
    let rulebook = Rulebook::embedded().with_overrides(&rows(variant))?;
    rule_expect::outcome(&simulation, &story, &rulebook, &variant.expect)
}

fn step(
    simulation: &mut Simulation,
    story: &mut RuleStory,
    event: &Fields<'_>,
    id: &str,
    repeated: bool,
) -> Result<()> {
    if let Some(at) = event.optional::<IstInstant>("at")?.filter(|_| !repeated) {
        simulation.open_days_to(at.date())?;
    }
    if event.text("type")? == "clock_advanced" {
        return Ok(());
    }
    let record = story.feed_record(event, id)?;
    publish(simulation, record)?;
    match simulation.read_new("itc.dead-letters.v1").first() {
        None => Ok(()),
        // A repeat that is too old to be told from a new fact is put aside, and so changes nothing either.
        Some(letter) if repeated && letter.header("itc-dead-letter-code") == Some("TOO_OLD_TO_TELL_REPEAT") => Ok(()),
        Some(letter) => {
            let header = |name: &str| letter.header(name).unwrap_or_default().to_owned();
            let names: Vec<String> =
                letter.headers.iter().map(|(name, _)| format!("{name}={}", header(name))).collect();
            Err(anyhow!("the record became a dead letter: {}", names.join(", ")))
        }
    }
}
