//! Every rule story, told to payment-timers and itc-ledger with stand-ins for the workers before them.

use crate::support::expect;
use crate::support::story::Story;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn config_of(value: &Value) -> BTreeMap<String, String> {
    let Some(object) = value.as_object() else { return BTreeMap::new() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    object.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn run(case: &Value, config: &BTreeMap<String, String>, wanted: &Value) -> Vec<String> {
    let mut story = Story::new(config);
    let given = case["given"].as_array().unwrap();
    story.look_ahead(given);
    for event in given {
        story.event(event);
    }
    let mut found = Vec::new();
    for (block, want) in wanted.as_object().unwrap() {
        let mut check = |got: &Value| expect::differences(block, want, got, &mut found);
        match block.as_str() {
            "ledger" => check(&expect::ledger(&story)),
            "warnings" => check(&expect::warnings(&story)),
            "interest" => check(&expect::interest(&story)),
            "unallocated" => {
                let got = expect::unallocated(&story);
                if *want != got {
                    found.push(format!("unallocated: expected {want}, got {got}"));
                }
            }
            "returns" => {
                for row in want.as_array().unwrap() {
                    let period = row["return_period"].as_str().unwrap();
                    let got = expect::return_of(&story, period);
                    expect::differences(&format!("returns.{period}"), row, &got, &mut found);
                }
            }
            _ => {
                for row in want.as_array().unwrap() {
                    let name = row["ref"].as_str().unwrap();
                    let mut got = expect::of_subject(&story, block, &story.documents[name]);
                    if let Some(object) = got.as_object_mut() {
                        object.insert("ref".to_owned(), row["ref"].clone());
                    }
                    expect::differences(&format!("{block}.{name}"), row, &got, &mut found);
                }
            }
        }
    }
    found
}

#[test]
fn rule_stories() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = [own.join("../../tests/cases/rules"), own.join("tests/ledger/cases")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut failed = Vec::new();
    let mut count = 0;
    for path in paths {
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if case["kind"] != "story" {
            continue;
        }
        let base = config_of(&case["config"]);
        let variants = match case["variants"].as_array() {
            Some(variants) => variants.clone(),
            None => vec![serde_json::json!({ "config": {}, "expect": case["expect"] })],
        };
        for variant in variants {
            count += 1;
            let mut config = base.clone();
            config.extend(config_of(&variant["config"]));
            let found = run(&case, &config, &variant["expect"]);
            if !found.is_empty() {
                failed.push(format!("{} {config:?}\n  {}", case["id"], found.join("\n  ")));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count} fail:\n{}", failed.len(), failed.join("\n"));
}
