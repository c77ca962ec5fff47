//! Every numbered rule has code that acts on it and a test that names it, and `docs/rules/coverage.md` says which.
//! That the references and the constants hold the same rules is tested where the constants are.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

use gst_rules::RuleRef;
use itc_tests::coverage::{Found, Informative, Rule, found, gaps, page};
use itc_tests::repository;
use itc_tests::sources::{Source, sources};
use std::collections::BTreeMap;

/// Rules with nothing to act on, and why. What can be acted on or tested does not belong here.
const INFORMATIVE: &[Informative] = &[
    Informative { code: "IN-7", reason: "a screen of the portal for suppliers; the engine serves recipients" },
    Informative {
        code: "AM-14",
        reason: "binds the supplier on the portal; section 16 has no refusal for it, so what the portal let through counts",
    },
    Informative { code: "SL-6", reason: "the law behind SL-1, which acts" },
    Informative { code: "ED-5", reason: "the law behind SL-1 and ELG-3; it changed no computation" },
    Informative { code: "ED-6", reason: "the rule behind SL-1, which acts since Oct 2024" },
    Informative { code: "ED-7", reason: "a spreadsheet of the portal; it says itself that it brings no new rule" },
    Informative { code: "CF-10", reason: "how section 38 was changed; no computation depends on it" },
    Informative {
        code: "BOE-13",
        reason: "when the importer owes the duty is between him and customs; credit goes by the day it was paid (BOE-5)",
    },
];

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} found:\n{}", faults.len(), faults.join("\n"));
}

fn rules() -> Vec<Rule> {
    let rules = RuleRef::ALL.iter().map(|rule| Rule {
        code: rule.code().to_owned(),
        title: rule.title().to_owned(),
        effective_from: rule.effective_from().to_owned(),
        source: rule.source().to_owned(),
    });
    rules.collect()
}

fn cases() -> Vec<(String, String)> {
    let files = sources(&repository().join("tests/cases"), &[".json"]).unwrap();
    files.into_iter().map(|file| (file.path.trim_end_matches(".json").to_owned(), file.text)).collect()
}

fn found_here() -> (BTreeMap<String, Found>, Vec<String>) {
    let mut files = sources(&repository(), &[".rs"]).unwrap();
    // The rows of the embedded rulebook are data that decides.
    files.extend(
        sources(&repository(), &[".toml"]).unwrap().into_iter().filter(|file| file.path.contains("gst-rules/")),
    );
    found(&rules(), &files, &cases())
}

#[test]
fn every_rule_has_code_that_acts_on_it_and_a_test_that_names_it() {
    let (found, mut faults) = found_here();
    faults.extend(gaps(&rules(), &found, INFORMATIVE));
    none(&faults);
}

fn planted(code: &str) -> Rule {
    let text = |word: &str| word.to_owned();
    Rule { code: text(code), title: text("a title"), effective_from: text("always"), source: text("S1") }
}

#[test]
fn a_rule_without_code_or_test_is_found_and_named() {
    let rules = ["AC-1", "AC-2", "AC-3", "C7", "C8"].map(planted);
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let files = [
        source(
            "services/ims/src/decide.rs",
            "/// Decides (AC-1, conflict C8).\npub fn decide() {\n    let c = C7;\n}\nfn other() {\n    act(rule::AC_2);\n}\n",
        ),
        source(
            "services/ims/tests/law.rs",
            "#[test]\nfn ac_1_ac_3_two_rules() {\n    // AC-2 is not tested here.\n}\n",
        ),
    ];
    let cases = [("story".to_owned(), r#"{ "rule_refs": ["C8", "ZZ-1", "CFG"] }"#.to_owned())];
    let (found, faults) = found(&rules, &files, &cases);
    assert_eq!(faults, ["case story cites ZZ-1, which is no rule"]);
    assert_eq!(
        gaps(&rules, &found, &[Informative { code: "AC-1", reason: "" }, Informative { code: "AC-3", reason: "" }]),
        [
            "AC-1 has code and a test: it needs no excuse",
            "AC-2 (a title): no test names it",
            "C7 (a title): no code acts on it",
        ]
    );
    let text = page(&rules, &found, &[Informative { code: "AC-3", reason: "it is a title" }]);
    assert!(text.contains("| `ims/decide`: decide | `ims/tests/law`: ac_1_ac_3_two_rules |"), "{text}");
    assert!(text.contains("| `ims/decide`: other |  |"), "{text}");
    assert!(text.contains("| none: it is a title |"), "{text}");
    assert!(text.contains("| `ims/decide`: decide | cases `story` |"), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run itself, not configuration of a program")]
fn updates() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

#[test]
fn the_page_of_coverage_is_current() {
    let path = repository().join("docs/rules/coverage.md");
    let expected = page(&rules(), &found_here().0, INFORMATIVE);
    if updates() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(expected.lines()).find(|(old, new)| old != new);
    let first = differs.map_or(String::new(), |(old, new)| format!("\nis:     {old}\nshould: {new}"));
    assert!(written == expected, "docs/rules/coverage.md is not current: run with UPDATE_GOLDENS=1{first}");
}
