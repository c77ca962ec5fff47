//! Which code acts on each numbered rule of the references, and which tests name it: read from the sources themselves.
//!
//! Code acts on a rule where it names it: by its constant (`rule::AC_6`) or by its code in a comment (`AC-6`) at the place
//! that does what the rule says. A test names a rule by the beginning of its name (`ac_6_…`), by a row of its table, or as
//! a case file that cites it. Conflict rows of the payments reference have short codes that also name other things (`C1` of
//! rule 42); in comments they are written `conflict C1`.

use crate::sources::Source;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One numbered rule, as its constant knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its number, such as `AC-6`.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// Since when it holds.
    pub effective_from: String,
    /// Where it comes from.
    pub source: String,
}

/// A rule that needs no code or no test of its own, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Informative {
    /// The rule.
    pub code: &'static str,
    /// Why nothing acts on it.
    pub reason: &'static str,
}

/// Places by file: the functions or types there.
pub type Places = BTreeMap<String, BTreeSet<String>>;

/// What was found of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Code that acts on it.
    pub code: Places,
    /// Tests that name it.
    pub tests: Places,
    /// Cases that cite it.
    pub cases: BTreeSet<String>,
}

/// The name of a rule's constant: `AC_6` of `AC-6`, `C_7` of `C7`.
#[must_use]
pub fn constant_of(code: &str) -> String {
    match code.strip_prefix('C') {
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("C_{number}"),
        Some(_) | None => code.replace('-', "_"),
    }
}

/// The rule codes and constants that a line mentions, as constants.
fn mentioned(line: &str, quoted_conflicts: bool) -> Vec<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let mut before: Option<&str> = None;
    let mut found = Vec::new();
    for word in line.split(|letter: char| !is_word(letter)).filter(|word| !word.is_empty()) {
        let number_after = |mark: char| {
            let (family, number) = word.rsplit_once(mark)?;
            let is_family = family.starts_with(|first: char| first.is_ascii_uppercase())
                && family.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            (is_family && is_number).then(|| format!("{family}_{number}"))
        };
        let conflict = || {
            let number = word.strip_prefix('C').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
            let is_meant = before == Some("conflict") || quoted_conflicts && line.contains(&format!("\"{word}\""));
            (is_meant && !number.is_empty()).then(|| format!("C_{number}"))
        };
        found.extend(number_after('_').or_else(|| number_after('-')).or_else(conflict));
        before = Some(word);
    }
    found
}

/// The constants that begin a test's name: `INT_1` and `INT_2` of `int_1_int_2_interest_of_the_text`.
fn leading_rules(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let pairs = words.chunks(2).take_while(|pair| matches!(pair, [_, number] if is_number(number)));
    pairs.map(|pair| pair.join("_").to_uppercase()).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name that a line declares, if it declares one.
fn declared(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().take(6).collect();
    let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "mod", "macro_rules!"];
    let at = words.iter().position(|word| kinds.contains(word))?;
    let leads = |word: &&str| ["pub", "async", "unsafe", "const"].contains(word) || word.starts_with("pub(");
    if !words[..at].iter().all(leads) {
        return None;
    }
    let at = if words[at] == "const" && words.get(at + 1) == Some(&"fn") { at + 1 } else { at };
    let name = words.get(at + 1)?;
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
    (end > 0).then(|| &name[..end])
}

/// The function or type that the line belongs to; of a documentation comment, the one that it documents.
fn place(lines: &[&str], at: usize) -> Option<String> {
    let is_lead = |line: &str| line.trim_start().starts_with("//") || line.trim_start().starts_with("#[");
    if lines[at].trim_start().starts_with("//!") {
        return None;
    }
    let target = (at..lines.len()).find(|&line| !is_lead(lines[line]) && !lines[line].trim().is_empty())?;
    if let Some(name) = declared(lines[target]) {
        return Some(name.to_owned());
    }
    let limit = indent(lines[target]);
    let before = lines[..target].iter().rev().filter(|line| indent(line) < limit);
    before.filter(|line| !is_lead(line)).find_map(|line| declared(line)).map(str::to_owned)
}

/// Whether the whole file is test code.
fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Files that name rules without acting on them or testing them: the constants, this scan with its list, crates that know
/// no tax, and the demo's oracle, which is a second opinion and no engine.
fn is_left_out(path: &str) -> bool {
    let left_out = [
        "shared/gst-rules/src/rule/",
        "shared/stream",
        "shared/service-kit/",
        "tests/src/coverage.rs",
        "tests/coverage.rs",
        "services/itcctl/src/demo/",
    ];
    left_out.iter().any(|start| path.starts_with(start))
}

/// What the sources and the cases (name and text) say of every rule, by constant. A case that cites an unknown rule is a
/// fault.
#[must_use]
pub fn found(rules: &[Rule], files: &[Source], cases: &[(String, String)]) -> (BTreeMap<String, Found>, Vec<String>) {
    let mut by_constant: BTreeMap<String, Found> =
        rules.iter().map(|rule| (constant_of(&rule.code), Found::default())).collect();
    for file in files.iter().filter(|file| !is_left_out(&file.path)) {
        read_file(file, &mut by_constant);
    }
    let mut faults = Vec::new();
    for (name, text) in cases {
        let root: Value = serde_json::from_str(text).unwrap_or_default();
        for cited in root["rule_refs"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            match by_constant.get_mut(&constant_of(cited)) {
                Some(found) => {
                    found.cases.insert(name.clone());
                }
                // The list of switches of section 16 has no number.
                None if cited == "CFG" => {}
                None => faults.push(format!("case {name} cites {cited}, which is no rule")),
            }
        }
    }
    (by_constant, faults)
}

fn read_file(file: &Source, by_constant: &mut BTreeMap<String, Found>) {
    let lines: Vec<&str> = file.text.lines().collect();
    let tests_from = match is_test_file(&file.path) {
        true => 0,
        false => lines.iter().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(lines.len()),
    };
    for (at, line) in lines.iter().enumerate() {
        let is_test = at >= tests_from;
        if is_test && let Some(name) = declared(line).filter(|_| line.contains("fn ")) {
            for constant in leading_rules(name) {
                if let Some(found) = by_constant.get_mut(&constant) {
                    found.tests.entry(file.path.clone()).or_default().insert(name.to_owned());
                }
            }
        }
        // A comment of a test explains; only its code tests.
        let seen = if is_test { line.split("//").next().unwrap_or_default() } else { line };
        for constant in mentioned(seen, is_test) {
            let Some(found) = by_constant.get_mut(&constant) else { continue };
            let places = if is_test { &mut found.tests } else { &mut found.code };
            places.entry(file.path.clone()).or_default().extend(place(&lines, at));
        }
    }
}

/// Rules that no code acts on or no test names and that the list does not excuse; excuses that are not needed.
#[must_use]
pub fn gaps(rules: &[Rule], found: &BTreeMap<String, Found>, informative: &[Informative]) -> Vec<String> {
    let mut faults = Vec::new();
    for rule in rules {
        let Some(found) = found.get(&constant_of(&rule.code)) else { continue };
        let has_test = !found.tests.is_empty() || !found.cases.is_empty();
        let excused = informative.iter().any(|entry| entry.code == rule.code);
        match (found.code.is_empty(), has_test, excused) {
            (false, true, true) => {
                faults.push(format!("{} has code and a test: it needs no excuse", rule.code));
            }
            (true, _, false) => faults.push(format!("{} ({}): no code acts on it", rule.code, rule.title)),
            (false, false, false) => faults.push(format!("{} ({}): no test names it", rule.code, rule.title)),
            (false, true, false) | (true, _, true) | (false, false, true) => {}
        }
    }
    for entry in informative.iter().filter(|entry| !rules.iter().any(|rule| rule.code == entry.code)) {
        faults.push(format!("{} is excused, but there is no such rule", entry.code));
    }
    faults
}

const PAGE_HEAD: &str = "\
# Which code acts on each rule, and which tests name it

Written by a test from the sources themselves: a rule counts as acted on where code names it, by its constant or in the
comment of the place that does what it says, and as tested where a test's name begins with it, a test's table has it, or a
case cites it. The test fails where a rule has neither. `UPDATE_GOLDENS=1 cargo test -p itc-tests --test coverage` writes
this page again.
";

/// The page: the rules in the order of the references, one table for each family.
#[must_use]
pub fn page(rules: &[Rule], found: &BTreeMap<String, Found>, informative: &[Informative]) -> String {
    let mut text = PAGE_HEAD.to_owned();
    let _ = write!(text, "\n{} rules", rules.len());
    let excused = informative.iter().filter(|entry| rules.iter().any(|rule| rule.code == entry.code)).count();
    let _ = writeln!(text, ", of which {excused} have nothing to act on; each says why.");
    let mut family = "";
    for rule in rules {
        let this = rule.code.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('-');
        if this != family {
            family = this;
            let _ =
                write!(text, "\n## {this}\n\n| rule | in force, source | code | tests |\n| --- | --- | --- | --- |\n");
        }
        let known = found.get(&constant_of(&rule.code)).cloned().unwrap_or_default();
        let excuse = informative.iter().find(|entry| entry.code == rule.code);
        let code = match (excuse, known.code.is_empty()) {
            (Some(excuse), true) => format!("none: {}", excuse.reason),
            (Some(_) | None, _) => listed(&known.code),
        };
        let mut tests: Vec<String> = Vec::new();
        if !known.tests.is_empty() {
            tests.push(listed(&known.tests));
        }
        if !known.cases.is_empty() {
            let names = known.cases.iter().map(|case| format!("`{case}`")).collect::<Vec<_>>();
            tests.push(format!("cases {}", names.join(", ")));
        }
        match excuse {
            Some(excuse) if tests.is_empty() && !known.code.is_empty() => {
                tests.push(format!("none: {}", excuse.reason));
            }
            Some(_) | None => {}
        }
        let _ = writeln!(
            text,
            "| **{}** {} | {}; {} | {code} | {} |",
            rule.code,
            rule.title,
            rule.effective_from,
            rule.source,
            tests.join("; ")
        );
    }
    text
}

fn listed(places: &Places) -> String {
    let file = |(path, names): (&String, &BTreeSet<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let colon = if names.is_empty() { "" } else { ": " };
        format!("`{}`{colon}{}", short(path), names.join(", "))
    };
    places.iter().map(file).collect::<Vec<_>>().join("; ")
}

/// `ims/decide/matrix` of `services/ims/src/decide/matrix.rs`.
fn short(path: &str) -> String {
    let path = path.trim_start_matches("services/").trim_start_matches("shared/").trim_end_matches(".rs");
    path.replacen("/src/", "/", 1)
}
