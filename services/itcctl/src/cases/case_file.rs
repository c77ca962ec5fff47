//! A case file: which kind it is, its configuration, its events and what it expects.

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a case is run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseKind {
    /// A story of the IMS rules.
    ImsStory,
    /// A story of the payment rules.
    RuleStory,
    /// Calls of named functions.
    Calculation,
}

/// One run of a case: a case with variants has several.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// Configuration over the defaults.
    pub(crate) config: BTreeMap<String, String>,
    /// What must hold.
    pub(crate) expect: Value,
}

/// One case.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) kind: CaseKind,
    pub(crate) given: Vec<Value>,
    pub(crate) variants: Vec<Variant>,
}

impl Case {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let root: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        Self::parse(&root).with_context(|| format!("{} is not a case", path.display()))
    }

    pub(crate) fn parse(root: &Value) -> Result<Self> {
        let format = root.get("format_version").and_then(Value::as_u64);
        if format != Some(1) {
            return Err(anyhow!("format_version must be 1"));
        }
        let given = root.get("given").and_then(Value::as_array).ok_or_else(|| anyhow!("field given is missing"))?;
        let kind = match root.get("kind").and_then(Value::as_str) {
            None => CaseKind::ImsStory,
            Some("story") => CaseKind::RuleStory,
            Some("calculation") => CaseKind::Calculation,
            Some(other) => return Err(anyhow!("field kind: {other} is neither story nor calculation")),
        };
        let config = config_of(root.get("config"))?;
        let variants = match root.get("variants").and_then(Value::as_array) {
            Some(list) => list
                .iter()
                .map(|variant| {
                    let mut merged = config.clone();
                    merged.extend(config_of(variant.get("config"))?);
                    Ok(Variant { config: merged, expect: variant.get("expect").cloned().unwrap_or(Value::Null) })
                })
                .collect::<Result<_>>()?,
            None => vec![Variant { config, expect: root.get("expect").cloned().unwrap_or(Value::Null) }],
        };
        Ok(Self { kind, given: given.clone(), variants })
    }
}

/// Configuration values as the rulebook reads them: text as it is, anything else as its JSON text.
pub(crate) fn config_of(value: Option<&Value>) -> Result<BTreeMap<String, String>> {
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(map)) => Ok(map
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect()),
        Some(_) => Err(anyhow!("field config is not an object")),
    }
}

/// The case files of the given files and folders, by path.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found)?;
        } else if path.is_file() {
            found.push(path.clone());
        } else {
            return Err(anyhow!("{} is neither a file nor a folder", path.display()));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(())
}
