//! Runs every case of kind `calculation` in `tests/cases/rules` and compares as the case format says.

use gst_rules::{Rulebook, calculation};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

const HEADS: [&str; 4] = ["igst", "cgst", "sgst", "cess"];

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/rules");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The outcome of one call as JSON; an error becomes an object that no case expects.
fn run(case: &Value, call: &Value) -> Value {
    let mut config = object(case.get("config"));
    config.extend(object(call.get("config")));
    let called = Rulebook::embedded()
        .with_overrides(&calculation::own_rows(&config))
        .map_err(|error| error.to_string())
        .and_then(|rulebook| {
            let function = call["function"].as_str().unwrap_or_default();
            calculation::call(function, &rulebook, &call["inputs"]).map_err(|error| error.to_string())
        });
    called.unwrap_or_else(|error| serde_json::json!({ "error": error }))
}

/// Only what is expected is compared; heads left out beside a head, or in an empty object of heads, must be zero.
fn compare(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let of_heads = expected.is_empty() || HEADS.iter().any(|head| expected.contains_key(*head));
            let mut expected = expected.clone();
            for head in HEADS.iter().filter(|_| of_heads) {
                expected.entry(*head).or_insert_with(|| Value::from("0.00"));
            }
            for (key, expected) in &expected {
                let is_head = of_heads && HEADS.contains(&key.as_str());
                let zero = Value::from("0.00");
                let absent = if is_head { &zero } else { &Value::Null };
                compare(&format!("{place}.{key}"), expected, found.get(key).unwrap_or(absent), differences);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{place}[{index}]"), expected, found, differences);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => differences.push(format!("{place}: expected {expected}, found {found}")),
    }
}

#[test]
fn every_calculation_case_holds() {
    let mut differences = Vec::new();
    let mut calls = 0;
    for path in cases() {
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        if case["kind"] != "calculation" {
            continue;
        }
        let name = case["id"].as_str().unwrap_or_default();
        let (given, expected) = (case["given"].as_array().unwrap(), case["expect"].as_array().unwrap());
        assert_eq!(given.len(), expected.len(), "{name}: one expected output per call");
        for (index, (call, expected)) in given.iter().zip(expected).enumerate() {
            calls += 1;
            compare(&format!("{name}[{index}]"), expected, &run(&case, call), &mut differences);
        }
    }
    assert!(calls > 0, "there are cases");
    assert!(differences.is_empty(), "{} of {calls} calls differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_function_of_the_format_is_there() {
    let names: Vec<&str> = calculation::names().collect();
    assert_eq!(names.len(), 37);
    for name in names {
        let error = calculation::call(name, &Rulebook::embedded(), &Value::Null).unwrap_err();
        assert_eq!(error.code(), "CALCULATION_INPUT_INVALID");
        assert!(error.to_string().starts_with(name));
    }
    let unknown = calculation::call("rule_99", &Rulebook::embedded(), &Value::Null).unwrap_err();
    assert_eq!(unknown.code(), "CALCULATION_UNKNOWN");
}

#[test]
fn a_difference_is_seen() {
    let differ = |expected: Value, found: Value| {
        let mut differences = Vec::new();
        compare("case", &expected, &found, &mut differences);
        !differences.is_empty()
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert!(differ(json(r#"{"igst":"1.00"}"#), json(r#"{"igst":"1.00","cgst":"2.00"}"#)), "an unexpected head");
    assert!(differ(json("{}"), json(r#"{"igst":"1.00"}"#)), "an unexpected head where none is expected");
    assert!(differ(json(r#"{"flag":null}"#), json(r#"{"flag":"X"}"#)), "a value where null is expected");
    assert!(differ(json(r#"["A"]"#), json(r#"["A","B"]"#)), "a longer list");
    assert!(
        !differ(json(r#"{"flag":null,"igst":"0.00"}"#), json(r#"{"other":1}"#)),
        "absent is null, an absent head is zero"
    );
}
