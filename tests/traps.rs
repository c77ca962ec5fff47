//! `docs/exactly-once.md` is true: each trap has a rule, tests, and how they are known to fail; what is named there exists.

use itc_tests::repository;
use std::collections::BTreeMap;

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The switches of the simulated log.
const MISTAKES: &str = "shared/stream-testkit/src/mistake.rs";

/// What is wrong with the table of a page, where `read` gives the text of a file of the repository.
fn faults(page: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let rows: BTreeMap<&str, Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| T"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter_map(|cells| Some((*cells.first()?, cells)))
        .collect();
    let mut faults = Vec::new();
    for number in 1..=12 {
        let trap = format!("T{number}");
        let Some([_, rule, place, tests, known]) = rows.get(trap.as_str()).map(Vec::as_slice) else {
            faults.push(format!("{trap} has no row"));
            continue;
        };
        if rule.is_empty() {
            faults.push(format!("{trap} has no rule"));
        }
        faults.extend(
            quoted(place).filter(|file| read(file).is_none()).map(|file| format!("{trap}: there is no file {file}")),
        );
        if known.is_empty() {
            faults.push(format!("{trap} does not say how its tests are known to fail"));
        }
        let mistakes = read(MISTAKES).unwrap_or_default();
        faults.extend(
            quoted(known)
                .filter_map(|word| word.strip_prefix("Mistake::"))
                .filter(|mistake| !mistakes.contains(&format!("    {mistake},")))
                .map(|mistake| format!("{trap}: the mistake {mistake} does not exist")),
        );
        let (mut file, mut named) = (String::new(), 0);
        for word in quoted(tests) {
            if word.ends_with(".rs") {
                file = read(word).unwrap_or_default();
                continue;
            }
            named += u32::from(word.starts_with(&format!("trap_t{number}_")));
            if !file.contains(&format!("#[test]\nfn {word}(")) && !file.contains(&format!("#[test]\n    fn {word}(")) {
                faults.push(format!("{trap}: the test {word} does not exist"));
            }
        }
        if named == 0 {
            faults.push(format!("{trap} has no test of its name"));
        }
    }
    faults
}

#[test]
fn every_trap_has_a_rule_and_tests_of_its_name_that_are_known_to_fail() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).ok();
    let found = faults(&read("docs/exactly-once.md").unwrap(), &read);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_test_that_is_gone_and_a_trap_without_one_are_named() {
    let page = "| T1 | drain | `a.rs` | `a.rs`: `trap_t1_there`, `gone` | `Mistake::Known`, `Mistake::Gone` |\n\
                | T2 | rule | `b.rs` | `a.rs`: `trap_t1_there` | |\n";
    let read = |path: &str| match path {
        "a.rs" => Some("#[test]\nfn trap_t1_there() {}".to_owned()),
        MISTAKES => Some("pub enum Mistake {\n    Known,\n}".to_owned()),
        _ => None,
    };
    let found = faults(page, &read);
    assert_eq!(
        found[..6],
        [
            "T1: the mistake Gone does not exist",
            "T1: the test gone does not exist",
            "T2: there is no file b.rs",
            "T2 does not say how its tests are known to fail",
            "T2 has no test of its name",
            "T3 has no row"
        ]
    );
}
