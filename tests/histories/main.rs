//! Random histories: the engine against a slow oracle that is written from the rule reference alone.
//!
//! Each seed gives a story in the events of `docs/rules/case-format.md`. The oracle adds everything up again from the
//! first event whenever something may move, the engine runs the same story through the whole topology, and every
//! block of the case format must agree. A story that does not is shrunk and printed as a case file, which
//! `itcctl cases run FILE` runs too.

#![expect(clippy::expect_used, reason = "helpers of tests: what a generated story lacks fails them")]

mod calendar;
mod facts;
mod figures;
mod generator;
mod interest;
mod interleavings;
mod limits;
mod oracle;
mod properties;

use generator::{Random, Story};
use oracle::Oracle;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Histories of a run without a wish: about half a minute on one core without optimisation.
const HISTORIES: u64 = 120;

/// Stories of each property of a run without a wish; each is run twice.
const PROPERTIES: u64 = 20;

#[expect(clippy::disallowed_methods, reason = "a test takes its size and a seed to replay from its environment")]
fn wish(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The oracle at the end of a story; `None` where a story does not do such things.
fn told(story: &Story) -> Option<Oracle> {
    let mut oracle = Oracle::new(&story.config);
    for event in &story.events {
        oracle.apply(event).ok()?;
    }
    Some(oracle)
}

/// The story as a case file with what the oracle expects of it.
fn case(story: &Story, oracle: &Oracle, id: &str) -> Value {
    json!({
        "format_version": 1,
        "id": id,
        "kind": "story",
        "title": "A random history and what the slow oracle makes of it",
        "config": story.config,
        "given": story.events,
        "expect": figures::expected(oracle),
    })
}

/// What the engine makes of a story, a panic told as an error.
fn outcome(case: &Value) -> Result<Value, String> {
    let run = catch_unwind(AssertUnwindSafe(|| itcctl::cases::outcome_of(case)));
    run.map_err(|_| "the engine panicked".to_owned())?.map_err(|error| format!("{error:#}"))
}

/// In what engine and oracle differ, and which property of every history does not hold.
fn differences(story: &Story) -> Vec<String> {
    let Some(oracle) = told(story) else { return Vec::new() };
    let case = case(story, &oracle, "history");
    match outcome(&case) {
        Ok(outcome) => {
            let mut found = itcctl::cases::compared(&case["expect"], &outcome);
            found.extend(properties::credit_balances(&outcome, &oracle));
            found
        }
        Err(error) => vec![error],
    }
}

/// The story without `count` events from `first` on; registrations stay.
fn without(story: &Story, first: usize, count: usize) -> Story {
    let mut smaller = story.clone();
    let keeps = |position: usize, event: &Value| {
        !(first..first + count).contains(&position) || facts::text(event, "type").ends_with("_registered")
    };
    let kept = story.events.iter().enumerate().filter(|(position, event)| keeps(*position, event));
    smaller.events = kept.map(|(_, event)| event.clone()).collect();
    smaller
}

/// A smaller story that still differs: settings and ever smaller runs of events are left out while it does.
fn shrink(mut story: Story) -> Story {
    for key in story.config.keys().cloned().collect::<Vec<_>>() {
        let mut smaller = story.clone();
        smaller.config.remove(&key);
        if !differences(&smaller).is_empty() {
            story = smaller;
        }
    }
    let mut count = story.events.len() / 2;
    while count > 0 {
        let before = story.events.len();
        let mut first = before;
        while first > 0 {
            first = first.saturating_sub(count);
            let smaller = without(&story, first, count);
            if smaller.events.len() < story.events.len() && !differences(&smaller).is_empty() {
                story = smaller;
            }
        }
        // The last round is repeated while it finds something.
        if count > 1 || story.events.len() == before {
            count /= 2;
        }
    }
    story
}

/// Runs one seed; what differs is shrunk, written beside the build and told.
fn run(seed: u64) -> Result<(), String> {
    let story = generator::story(seed);
    if differences(&story).is_empty() {
        return Ok(());
    }
    let small = if wish("ITC_SHRINK") == Some(0) { story } else { shrink(story) };
    let id = format!("history-{seed}");
    let oracle = told(&small).ok_or("a shrunk story is a story")?;
    let case = case(&small, &oracle, &id);
    let text = serde_json::to_string_pretty(&case).map_err(|error| error.to_string())?;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{id}.json"));
    std::fs::write(&file, &text).map_err(|error| error.to_string())?;
    let found = differences(&small);
    Err(format!(
        "seed {seed}\n{text}\nfirst difference: {}\nreplay: ITC_SEED={seed} cargo test -p itc-tests --test histories\n\
         or: cargo itcctl cases run {}\n",
        found.first().map_or("none", String::as_str),
        file.display()
    ))
}

#[test]
fn random_histories_agree_with_the_slow_oracle() {
    let seeds: Vec<u64> = match wish("ITC_SEED") {
        Some(seed) => vec![seed],
        None => {
            let first = wish("ITC_FIRST_SEED").unwrap_or(1);
            (first..first + wish("ITC_HISTORIES").unwrap_or(HISTORIES)).collect()
        }
    };
    let most = usize::try_from(wish("ITC_FAILURES").unwrap_or(1)).unwrap_or(1);
    let mut failures = Vec::new();
    for (done, seed) in seeds.iter().enumerate() {
        if let Err(failure) = run(*seed) {
            println!("{failure}");
            failures.push(*seed);
        }
        if failures.len() >= most {
            break;
        }
        if (done + 1) % 500 == 0 {
            println!("{} histories, {} differ", done + 1, failures.len());
        }
    }
    assert!(failures.is_empty(), "these seeds differ: {failures:?}");
    println!("{} histories agree", seeds.len());
}

/// Runs stories of many seeds told in two ways and wants the same end of both.
fn same_end(name: &str, two: impl Fn(&mut Random, &Story) -> Option<(Story, Story)>) {
    let wanted = wish("ITC_PROPERTIES").unwrap_or(PROPERTIES);
    let mut seed = wish("ITC_FIRST_SEED").unwrap_or(1) + 1_000_000;
    let mut done = 0;
    while done < wanted {
        seed += 1;
        let story = generator::story(seed);
        let Some((left, right)) = two(&mut Random::new(seed), &story) else { continue };
        let (Some(first), Some(second)) = (told(&left), told(&right)) else { continue };
        let ends = [(&left, &first), (&right, &second)]
            .map(|(story, oracle)| outcome(&case(story, oracle, name)).map(|outcome| properties::end(&outcome)));
        assert_eq!(ends[0], ends[1], "{name}, seed {seed}: {}", json!(left.events));
        done += 1;
    }
}

#[test]
fn r37_15_the_order_of_one_moments_payments_changes_no_final_figure() {
    same_end("order of payments", properties::permuted_payments);
}

#[test]
fn r37_15_money_moved_away_and_back_changes_no_final_figure() {
    same_end("moved and back", |random, story| {
        properties::moved_and_back(random, story).map(|told| (story.clone(), told))
    });
}

#[test]
fn eg_6_redelivery_changes_nothing() {
    let wanted = wish("ITC_PROPERTIES").unwrap_or(PROPERTIES);
    let first = wish("ITC_FIRST_SEED").unwrap_or(1) + 2_000_000;
    for seed in first..first + wanted {
        let again = properties::redelivered(&mut Random::new(seed), &generator::story(seed));
        let found = differences(&again);
        assert!(found.is_empty(), "seed {seed}: {found:?}");
    }
}

#[test]
fn r37_10_facts_of_one_open_period_may_arrive_in_any_order() {
    let wanted = wish("ITC_PROPERTIES").unwrap_or(PROPERTIES);
    let first = wish("ITC_FIRST_SEED").unwrap_or(1) + 3_000_000;
    for seed in first..first + wanted {
        let (in_order, as_arrived) = interleavings::two_orders(seed);
        let oracle = told(&in_order).expect("facts in order are a story");
        let end = |story: &Story| outcome(&case(story, &oracle, "interleaving")).map(|it| properties::net(&it));
        assert_eq!(end(&in_order), end(&as_arrived), "seed {seed}: {}", json!(as_arrived.events));
    }
}

/// The words of the case format that stories are to reach: entries, reasons, warnings, states, bases of interest.
const REACHED: [&str; 41] = [
    "ITC_AVAILED",
    "TIME_BARRED",
    "CREDIT_NOTE",
    "AMENDMENT",
    "PERMANENT_REVERSAL",
    "REVERSAL",
    "RECLAIM",
    "IMPORT_CREDIT_AVAILABLE",
    "IMPORT_CREDIT_DELTA",
    "RULE_37",
    "RULE_37A",
    "DAY_181",
    "PAYMENT",
    "LATE_INPUT",
    "REALLOCATION",
    "CLAIM",
    "SUPPLIER_NOT_FILED",
    "SUPPLIER_FILED",
    "CLAIM_BLOCKED_UNTIL_PAID",
    "TIME_BARRED_16_4",
    "SECTION_16_4_DISPUTED",
    "BOE_CREDIT_NOT_DUE",
    "BOOK_ADJUSTMENT_UNCONFIRMED",
    "RULE_37A_STILL_OPEN",
    "RULE_37_STILL_OPEN",
    "ARMED",
    "CLOSED_PAID",
    "CLOSED_DEEMED_PAID",
    "NOT_STARTED",
    "EXPIRED_REVERSED",
    "EXPIRED_NO_CREDIT",
    "PART_RECLAIMED",
    "CLEARED",
    "REVERSE_CHARGE",
    "SCHEDULE_I",
    "ISD_CREDIT",
    "IMPORT_BOE",
    "DEBIT_NOTE_IN_PARENT",
    "DEBIT_NOTE_WITHOUT_TIMER",
    "AVAILMENT",
    "UTILISATION",
];

#[test]
fn the_stories_reach_every_outcome_of_the_case_format() {
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    let mut seed = 0;
    while seed < 2_000 && REACHED.iter().any(|word| !reached.contains_key(*word)) {
        seed += 1;
        let oracle = told(&generator::story(seed)).expect("a generated story is a story");
        let expect = figures::expected(&oracle);
        for row in
            expect.as_object().into_iter().flat_map(|blocks| blocks.values()).filter_map(Value::as_array).flatten()
        {
            for word in row.as_object().into_iter().flat_map(|row| row.values()).filter_map(Value::as_str) {
                *reached.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    let missing: Vec<&str> = REACHED.into_iter().filter(|word| !reached.contains_key(*word)).collect();
    assert!(missing.is_empty(), "{seed} stories never come to {missing:?}");
    println!("{seed} stories reach every outcome");
}
