//! `docs/rules/case-events.md` says which feed record carries each event of a case: nothing that the runner knows is
//! missing there, and what it says is what is published.

use super::case_file::{self, Case, CaseKind};
use super::fields::Fields;
use super::ims_story;
use super::references::References;
use super::rule_story::RuleStory;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Feed, key as described, and `ce_type` by event; feed `none` for what no feed carries.
type Rows = BTreeMap<String, (String, String, String)>;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of the part of the page under a heading.
fn rows_under(heading: &str) -> Rows {
    let page = fs::read_to_string(repository().join("docs/rules/case-events.md")).unwrap();
    let part = page.split("\n## ").find(|part| part.starts_with(heading)).unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(cell).collect();
        assert_eq!(cells.len(), 5, "{line}");
        (cells[0].clone(), (cells[1].clone(), cells[2].clone(), cells[3].clone()))
    })
    .collect()
}

/// The event types that the sources of a runner match on.
fn known(sources: &[&str]) -> BTreeSet<String> {
    let arms = sources.iter().flat_map(|source| source.lines()).filter_map(|line| line.split_once("=>"));
    let words = arms.flat_map(|(patterns, _)| patterns.split('|').map(str::trim).collect::<Vec<_>>());
    let quoted = words.filter_map(|word| word.strip_prefix('"')?.strip_suffix('"'));
    quoted.filter(|word| word.contains('_') && *word == word.to_lowercase()).map(str::to_owned).collect()
}

/// Checks a record that a case publishes against its row.
fn check(rows: &Rows, event: &str, record: &crate::feed_record::FeedRecord) {
    let (topic, _, ce_type) = &rows[event];
    let published = record.headers.iter().find(|(name, _)| name == "ce_type").map(|(_, value)| value.as_str());
    assert_eq!((topic.as_str(), Some(ce_type.as_str())), (record.feed.topic(), published), "{event}");
}

#[test]
fn every_event_of_an_ims_story_has_its_row() {
    let rows = rows_under("IMS stories");
    let sources = [include_str!("ims_story.rs"), include_str!("ims_run.rs")];
    assert_eq!(rows.keys().cloned().collect::<BTreeSet<_>>(), known(&sources), "rows against what the runner knows");
    let mut seen = BTreeSet::new();
    for path in case_file::find(&[repository().join("tests/cases/ims")]).unwrap() {
        let case = Case::read(&path).unwrap();
        let mut refs = References::default();
        for (index, event) in case.given.iter().enumerate() {
            let event = Fields::of(event).unwrap();
            let kind = event.text("type").unwrap();
            if rows[kind].0 != "none" {
                let record = ims_story::feed_record(&event, &format!("event-{index}"), &mut refs).unwrap();
                check(&rows, kind, &record);
                seen.insert(kind.to_owned());
            }
        }
    }
    assert!(seen.len() > 12, "the cases show only {seen:?}");
}

#[test]
fn every_event_of_a_rule_story_has_its_row() {
    let rows = rows_under("Rule stories");
    let sources = [include_str!("rule_story.rs")];
    let mut expected = known(&sources);
    // The runner itself moves the time.
    expected.insert("clock_advanced".to_owned());
    assert_eq!(rows.keys().cloned().collect::<BTreeSet<_>>(), expected, "rows against what the runner knows");
    let mut seen = BTreeSet::new();
    for path in case_file::find(&[repository().join("tests/cases/rules")]).unwrap() {
        let case = Case::read(&path).unwrap();
        if case.kind != CaseKind::RuleStory {
            continue;
        }
        let mut story = RuleStory::of(&case.given);
        for (index, event) in case.given.iter().enumerate() {
            let event = Fields::of(event).unwrap();
            let kind = event.text("type").unwrap();
            if rows[kind].0 != "none" {
                check(&rows, kind, &story.feed_record(&event, &format!("event-{index}")).unwrap());
                seen.insert(kind.to_owned());
            }
        }
    }
    let carried: BTreeSet<String> =
        rows.iter().filter(|(_, (topic, ..))| topic != "none").map(|(event, _)| event.clone()).collect();
    assert_eq!(seen, carried, "events that no shipped case shows");
}
