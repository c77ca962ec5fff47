//! The contracts that others build on: one JSON Schema and one golden example for each type of event, both checked in.
//!
//! `UPDATE_GOLDENS=1 cargo test -p gst-events --test contracts` writes them anew; the difference is then reviewed.

#[path = "contracts/example.rs"]
mod example;

use gst_events::{Catalogued, Class, catalogue};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Once;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn file_of(folder_name: &str, entry: &Catalogued) -> PathBuf {
    folder(folder_name).join(format!("{}.json", entry.event_type))
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run itself, not configuration of a program")]
fn updates() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

/// The catalogue, after the files are written anew where that is asked for: once, before any test looks at them.
fn entries() -> Vec<Catalogued> {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| {
        if updates() {
            catalogue().iter().for_each(write_anew);
        }
    });
    catalogue()
}

#[expect(clippy::panic, reason = "a helper of tests: what cannot be written fails them")]
fn write_anew(entry: &Catalogued) {
    let schema = entry.published_schema();
    let example = example::of(&schema);
    let written = (entry.rewrite)(example.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{}: the example {example} cannot be read: {error}", entry.event_type));
    let golden: Value = serde_json::from_slice(&written).unwrap_or_default();
    for (folder_name, value) in [("schemas", schema), ("goldens", golden)] {
        let path = file_of(folder_name, entry);
        std::fs::write(&path, pretty(&value)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Compares a checked-in file with what it should be.
fn check(path: &Path, expected: &str) -> Result<(), String> {
    let found = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = (1..).zip(found.lines().zip(expected.lines())).find(|(_, (found, expected))| found != expected);
    match (found == expected, line) {
        (true, _) => Ok(()),
        (false, Some((number, (found, expected)))) => {
            Err(format!("{}:{number}\n  checked in: {found}\n  generated:  {expected}", path.display()))
        }
        (false, None) => Err(format!("{}: one has more lines than the other", path.display())),
    }
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn all_ok(results: impl Iterator<Item = Result<(), String>>) {
    let faults: Vec<String> = results.filter_map(Result::err).collect();
    assert!(
        faults.is_empty(),
        "{}\nIf the change is meant, run with UPDATE_GOLDENS=1 and review the difference.",
        faults.join("\n")
    );
}

#[test]
fn schemas_are_checked_in_as_generated() {
    all_ok(entries().iter().map(|entry| check(&file_of("schemas", entry), &pretty(&entry.published_schema()))));
}

#[test]
fn goldens_are_read_and_written_byte_for_byte() {
    all_ok(entries().iter().map(|entry| {
        let path = file_of("goldens", entry);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let golden: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let written = (entry.rewrite)(text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
        // The golden keeps its order of keys, so this compares bytes and not only values.
        if golden.to_string().into_bytes() == written {
            Ok(())
        } else {
            Err(format!("{}: written differently", path.display()))
        }
    }));
}

#[test]
fn goldens_are_valid_by_their_schemas() {
    all_ok(entries().iter().map(|entry| {
        let path = file_of("goldens", entry);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let golden: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let validator = jsonschema::validator_for(&entry.published_schema())
            .map_err(|error| format!("{}: no schema: {error}", entry.event_type))?;
        match validator.iter_errors(&golden).next() {
            None => Ok(()),
            Some(error) => Err(format!("{}: {} at {}", path.display(), error, error.instance_path())),
        }
    }));
}

#[test]
fn a_golden_shows_every_field() {
    for entry in entries() {
        let schema = entry.published_schema();
        let named = schema["properties"].as_object().map(|fields| fields.keys().cloned().collect::<BTreeSet<_>>());
        let Some(named) = named else { continue };
        let text = std::fs::read_to_string(file_of("goldens", &entry)).unwrap();
        let golden: Value = serde_json::from_str(&text).unwrap();
        let shown: BTreeSet<_> = golden.as_object().unwrap().keys().cloned().collect();
        assert_eq!(shown, named, "{}", entry.event_type);
    }
}

#[test]
fn nothing_is_checked_in_for_types_that_do_not_exist() {
    let expected: BTreeSet<String> = entries().iter().map(|entry| format!("{}.json", entry.event_type)).collect();
    for name in ["schemas", "goldens"] {
        let found: BTreeSet<String> = std::fs::read_dir(folder(name))
            .unwrap()
            .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(found, expected, "shared/gst-events/{name}");
    }
}

#[test]
fn what_we_publish_is_closed_and_what_we_read_is_tolerant() {
    for entry in entries() {
        let text = std::fs::read_to_string(file_of("goldens", &entry)).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        value["field_of_tomorrow"] = Value::from("new");
        let is_valid = jsonschema::is_valid(&entry.published_schema(), &value);
        assert_eq!(is_valid, entry.class != Class::Public, "{}", entry.event_type);
        // Our own readers skip what they do not know, so that writers can be upgraded first.
        assert!((entry.rewrite)(value.to_string().as_bytes()).is_ok(), "{}", entry.event_type);
    }
}

#[test]
fn money_is_never_a_number_in_a_schema() {
    for entry in entries() {
        let text = entry.published_schema().to_string();
        assert!(!text.contains(r#""type":"number""#), "{} has a field of type number", entry.event_type);
    }
}
