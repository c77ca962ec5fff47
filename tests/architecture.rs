//! The architecture holds: directions of dependencies, purity, and what may stand in our sources. Each check is shown to
//! find a planted fault as well.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

use itc_tests::crates::{Package, packages, upward_edges};
use itc_tests::repository;
use itc_tests::sources::{Source, impurities, long_files, silenced_lints, sources, unshipped_paths};

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} found:\n{}", faults.len(), faults.join("\n"));
}

fn rust_sources() -> Vec<Source> {
    sources(&repository(), &[".rs"]).unwrap()
}

/// Code that decides: the pure crates, and every worker but `calendar`, whose clock is its task.
fn is_pure(path: &str) -> bool {
    let folder = |prefix: &str| path.starts_with(prefix) && path.contains("/src/");
    let shared = itc_tests::crates::PURE.iter().any(|name| folder(&format!("shared/{name}/")));
    let shell = ["services/calendar/", "services/itc-engine/", "services/itcctl/"];
    shared || folder("services/") && !shell.iter().any(|program| path.starts_with(program))
}

#[test]
fn dependencies_lead_downwards() {
    none(&upward_edges(&packages(&repository()).unwrap()));
}

#[test]
fn an_upward_edge_is_found_and_named() {
    let package = |name: &str, folder: &str, dependencies: &[(&str, bool)]| Package {
        name: name.to_owned(),
        folder: folder.to_owned(),
        dependencies: dependencies.iter().map(|(name, is_dev)| ((*name).to_owned(), *is_dev)).collect(),
    };
    let planted = [
        package("gst-types", "shared/gst-types", &[("ims", true)]),
        package("gst-rules", "shared/gst-rules", &[("tokio", false), ("proptest", true)]),
        package("stream", "shared/stream", &[("stream-kafka", false)]),
        package("stream-kafka", "shared/stream-kafka", &[("rdkafka", false), ("stream", false)]),
        package("ims", "services/ims", &[("filings", false), ("stream", false), ("stream-kafka", true)]),
        package("filings", "services/filings", &[("redis", false)]),
        package("itc-engine", "services/itc-engine", &[("ims", false), ("tokio", false)]),
    ];
    assert_eq!(
        upward_edges(&planted),
        [
            "gst-types depends on ims: a shared crate knows no worker",
            "gst-rules depends on tokio: a pure crate has no clock, randomness, input or output",
            "stream depends on stream-kafka: tax and streaming meet only in a program",
            "ims depends on filings: workers never depend on each other",
            "filings depends on redis: a pure crate has no clock, randomness, input or output",
        ]
    );
}

#[test]
fn what_decides_is_pure() {
    let pure: Vec<Source> = rust_sources().into_iter().filter(|file| is_pure(&file.path)).collect();
    assert!(pure.len() > 50, "the scan found only {} files", pure.len());
    none(&impurities(&pure));
}

#[test]
fn an_impurity_is_found_and_named() {
    let planted =
        |text: &str| impurities(&[Source { path: "services/ims/src/decide.rs".to_owned(), text: text.to_owned() }]);
    assert_eq!(
        planted("fn now() {\n    let now = Instant::now();\n}\n"),
        ["services/ims/src/decide.rs:2: Instant::now is a clock, and this code is pure"]
    );
    for impure in [
        "std::time::SystemTime",
        "let map: HashMap<u8, u8>;",
        "println!(\"x\")",
        "std::fs::read(x)",
        "rand::rng()",
        "let x: f64;",
    ] {
        assert_eq!(planted(impure).len(), 1, "{impure}");
    }
    for pure in [
        "// Instant::now",
        "IstInstant::now()",
        "operand::of()",
        "let brand: u8;",
        "#[cfg(test)]\nmod tests { use std::fs; }",
    ] {
        assert_eq!(planted(pure), [""; 0], "{pure}");
    }
}

#[test]
fn no_file_is_longer_than_two_sittings() {
    none(&long_files(&rust_sources()));
    let long = Source { path: "a.rs".to_owned(), text: "\n".repeat(601) };
    assert_eq!(long_files(&[long]), ["a.rs: 601 lines, at most 600"]);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    none(&silenced_lints(&rust_sources()));
    let planted = concat!("fn f() {}\n#", "[allow(dead_code)]\n").to_owned();
    let planted = Source { path: "a.rs".to_owned(), text: planted };
    assert_eq!(silenced_lints(&[planted]), ["a.rs:2: use expect with a reason"]);
}

#[test]
fn nothing_leads_out_of_the_repository() {
    let endings = [".rs", ".md", ".toml", ".sh", ".yaml", ".yml", "Makefile", "run"];
    none(&unshipped_paths(&sources(&repository(), &endings).unwrap()));
    let outside = concat!("see ..", "/shared/design\n");
    let inside = concat!("..", "/shared/gst-types and ../..", "/shared/x and ..", "/shared/formats/samples\n");
    let planted = Source { path: "README.md".to_owned(), text: format!("{outside}{inside}") };
    assert_eq!(unshipped_paths(&[planted]).len(), 1);
}
