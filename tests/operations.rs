//! `docs/operations.md` is complete: every metric, every code, every halt of the sources stands there.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

use itc_tests::repository;
use itc_tests::sources::{Source, sources};
use std::collections::BTreeSet;

/// The texts between double quotes behind each place where `before` stands, as far as `until` reaches.
fn quoted_behind<'a>(text: &'a str, before: &str, until: usize) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(before) {
        let rest = &text[at + before.len()..];
        let end = (0..=until.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(0);
        if let Some((quoted, _)) = rest[..end].split_once('"').and_then(|(_, quoted)| quoted.split_once('"')) {
            found.push(quoted);
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    text.len() > 1
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
        && text.chars().any(|letter| letter.is_ascii_uppercase())
}

/// The body of each function `code`, to the end of its `match`.
fn code_functions(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("fn code(").map(|(at, _)| {
        let rest = &text[at..];
        let end =
            [rest.find("\n    }\n"), rest.find("\n            }\n"), rest.find("\n                }\n            }")];
        &rest[..end.into_iter().flatten().min().unwrap_or(rest.len())]
    })
}

/// Every code of a file: of its `code()` functions, its outcomes and its dead letters.
fn codes(source: &Source) -> BTreeSet<String> {
    let text = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for body in code_functions(text) {
        found.extend(quoted_behind(body, "=> ", 60));
    }
    for opening in ["letter(", "code: "] {
        found.extend(quoted_behind(text, opening, 60));
    }
    if source.path.ends_with("outcome.rs") {
        found.extend(quoted_behind(text, " = ", 60));
    }
    found.into_iter().filter(|code| is_code(code)).map(str::to_owned).collect()
}

/// The first words of each reason for which a partition halts.
fn halts(source: &Source) -> BTreeSet<String> {
    let text = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for opening in ["::Halt(\"", "::Halt(format!(\"", "::Halt(format!(\n", "halt_broken(\""] {
        for (at, _) in text.match_indices(opening) {
            let rest = text[at + opening.len()..].trim_start().trim_start_matches('"');
            let words = rest.split(['{', '"', ';', '(']).next().unwrap_or_default();
            if words.trim().len() > 3 {
                found.insert(words.trim().trim_end_matches(':').to_owned());
            }
        }
    }
    found
}

fn production() -> Vec<Source> {
    let all = sources(&repository(), &[".rs"]).unwrap();
    let is_production = |path: &str| {
        (path.starts_with("shared/") || path.starts_with("services/"))
            && path.contains("/src/")
            && !path.starts_with("shared/stream-testkit/")
            && !path.starts_with("services/itcctl/")
            && !path.ends_with("tests.rs")
    };
    all.into_iter().filter(|source| is_production(&source.path)).collect()
}

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/operations.md")).unwrap_or_default()
}

fn missing(found: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let page = page();
    let lacks = found.into_iter().filter(|(text, _)| !page.contains(text.as_str()));
    lacks.map(|(text, path)| format!("{text}   ({path})")).collect()
}

#[test]
fn every_metric_has_its_unit_and_what_to_do() {
    let file = production().into_iter().find(|source| source.path == "shared/service-kit/src/metrics.rs").unwrap();
    let names: Vec<(String, String)> = quoted_behind(&file.text, "pub const ", 120)
        .into_iter()
        .filter(|name| name.starts_with("itc_"))
        .map(|name| (format!("| `{name}` |"), file.path.clone()))
        .collect();
    assert!(names.len() > 10, "the metrics are found");
    let missing = missing(names);
    assert!(missing.is_empty(), "docs/operations.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_code_is_explained() {
    let found = production().into_iter().flat_map(|source| {
        let path = source.path.clone();
        codes(&source).into_iter().map(move |code| (format!("`{code}`"), path.clone()))
    });
    let missing = missing(found);
    assert!(missing.is_empty(), "docs/operations.md lacks {}:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_halt_says_what_to_do() {
    let found = production().into_iter().flat_map(|source| {
        let path = source.path.clone();
        halts(&source).into_iter().map(move |halt| (halt, path.clone()))
    });
    let found: Vec<_> = found.collect();
    assert!(found.len() > 8, "the halts are found: {found:?}");
    let missing = missing(found);
    assert!(missing.is_empty(), "docs/operations.md lacks {}:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn a_planted_code_is_found() {
    let text = "fn code(&self) -> &'static str {\n        match self {\n            Self::A => \"BROKEN_LINK\",\n        }\n    }\n\
                fn other() { letter(\"NO_SUCH_THING\", \"\") }\nreturn Err(Stop::Halt(format!(\"the moon is gone: {why}\")));";
    let source = Source { path: "services/x/src/y.rs".to_owned(), text: text.to_owned() };
    assert_eq!(codes(&source).into_iter().collect::<Vec<_>>(), ["BROKEN_LINK", "NO_SUCH_THING"]);
    assert_eq!(halts(&source).into_iter().collect::<Vec<_>>(), ["the moon is gone"]);
}
