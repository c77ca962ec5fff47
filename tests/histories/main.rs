//! Random histories: the engine against a slow oracle that is written from the rule reference alone.
//!
//! Each seed gives a story in the events of `docs/rules/case-format.md`. The oracle adds everything up again from the
//! first event whenever something may move, the engine runs the same story through the whole topology, and every
//! block of the case format must agree. A story that does not is shrunk and printed as a case file, which
//! `itcctl cases run FILE` runs too.

mod calendar;
mod facts;
mod figures;
mod generator;
mod interest;
mod limits;
mod oracle;

use generator::Story;
use oracle::Oracle;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Histories of a run without a wish: about half a minute on one core without optimisation.
const HISTORIES: u64 = 300;

#[expect(clippy::disallowed_methods, reason = "a test takes its size and a seed to replay from its environment")]
fn wish(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The story as a case file with what the oracle expects of it; `None` where a story does not do such things.
fn case(story: &Story, id: &str) -> Option<Value> {
    let mut oracle = Oracle::new(&story.config);
    for event in &story.events {
        oracle.apply(event).ok()?;
    }
    Some(json!({
        "format_version": 1,
        "id": id,
        "kind": "story",
        "title": "A random history and what the slow oracle makes of it",
        "config": story.config,
        "given": story.events,
        "expect": figures::expected(&oracle),
    }))
}

fn differences(story: &Story) -> Vec<String> {
    case(story, "history").map_or_else(Vec::new, |case| itcctl::cases::differences_of(&case))
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
    let case = case(&small, &id).ok_or("a shrunk story is a story")?;
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
