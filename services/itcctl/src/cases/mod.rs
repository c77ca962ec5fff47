//! `itcctl cases`: the JSON cases of the rule references, run through the whole topology on the simulated log.

mod case_file;
mod compare;
#[cfg(test)]
mod event_map;
mod fields;
mod functions;
mod ims_expect;
mod ims_run;
mod ims_story;
mod portal_pair;
mod references;
mod rule_expect;
mod rule_run;
mod rule_story;
mod statements;

use anyhow::{Result, anyhow};
use case_file::{Case, CaseKind, Variant};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

pub use portal_pair::run as run_portal_pair;

/// How many differences a failing case prints; the rest is counted.
const DIFFERENCES_SHOWN: usize = 6;

/// What a run of cases came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases that came out exactly.
    pub passed: usize,
    /// Cases that did not.
    pub failed: usize,
    /// Of those, the ones not listed as expected to fail.
    pub unexpected: usize,
}

/// Runs every case under `paths` and prints one line a case and a closing line.
///
/// Cases named in the file `expected-failures.txt` of a folder are listed like the others, but do not fail the run.
///
/// # Errors
/// A message where a path cannot be read or the output cannot be written; a broken case file is a failed case.
pub fn run(paths: &[PathBuf], filter: Option<&str>, out: &mut dyn Write) -> Result<Summary> {
    let expected_failures = expected_failures(paths);
    let mut summary = Summary::default();
    for path in case_file::find(paths)? {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if filter.is_some_and(|wanted| !name.contains(wanted)) {
            continue;
        }
        let found = run_file(&path);
        if found.is_empty() {
            summary.passed += 1;
            writeln!(out, "PASS {name}")?;
        } else {
            summary.failed += 1;
            let known = expected_failures.contains(&name);
            summary.unexpected += usize::from(!known);
            writeln!(
                out,
                "FAIL {name}: {}{}",
                shortened(&found),
                if known { " (not expected to pass yet)" } else { "" }
            )?;
        }
    }
    writeln!(out, "{} passed, {} failed", summary.passed, summary.failed)?;
    Ok(summary)
}

fn expected_failures(paths: &[PathBuf]) -> BTreeSet<String> {
    let lists = paths.iter().filter_map(|path| fs::read_to_string(path.join("expected-failures.txt")).ok());
    let names = lists.flat_map(|list| list.lines().map(str::to_owned).collect::<Vec<_>>());
    names.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn shortened(found: &[String]) -> String {
    let shown = found.iter().take(DIFFERENCES_SHOWN).cloned().collect::<Vec<_>>().join("; ");
    match found.len().saturating_sub(DIFFERENCES_SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn run_file(path: &Path) -> Vec<String> {
    match Case::read(path) {
        Ok(case) => run_case(&case),
        Err(error) => vec![format!("{error:#}")],
    }
}

/// What came out of a rule story, given as the JSON of its file: the blocks and the rows that its `expect` names.
///
/// # Errors
/// A message where the case is broken, or the engine refuses one of its events.
pub fn outcome_of(case: &Value) -> Result<Value> {
    let case = Case::parse(case)?;
    let variant = case.variants.first().ok_or_else(|| anyhow!("the case has no expect"))?;
    Ok(Value::Object(rule_run::outcome(&case, variant)?))
}

/// In what an expected object differs from an outcome, by the section "Comparing" of the case format.
#[must_use]
pub fn compared(expect: &Value, outcome: &Value) -> Vec<String> {
    let found = outcome.as_object().map_or_else(|| Ok(Vec::new()), |got| rule_expect::compared(expect, got));
    found.unwrap_or_else(|error| vec![format!("{error:#}")])
}

fn run_case(case: &Case) -> Vec<String> {
    let mut found = Vec::new();
    for (index, variant) in case.variants.iter().enumerate() {
        let label = if case.variants.len() > 1 { format!("variant {}: ", index + 1) } else { String::new() };
        // A bug that panics fails its case and leaves the other cases to run.
        let outcome = catch_unwind(AssertUnwindSafe(|| run_variant(case, variant)));
        let differences = match outcome {
            Ok(Ok(differences)) => differences,
            Ok(Err(error)) => vec![format!("{error:#}")],
            Err(_) => vec!["the engine panicked".to_owned()],
        };
        found.extend(differences.into_iter().map(|difference| format!("{label}{difference}")));
    }
    found
}

fn run_variant(case: &Case, variant: &Variant) -> Result<Vec<String>> {
    match case.kind {
        CaseKind::ImsStory => ims_run::run(case, variant),
        CaseKind::RuleStory => rule_run::run(case, variant),
        CaseKind::Calculation => functions::run_calculation(case, variant),
    }
}
