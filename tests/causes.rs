//! Events and who writes them: no type has two writers, no output is undeclared, no chain of causes leads back to itself.

use gst_events::{Class, catalogue};
use itc_engine::topology::workers;
use itc_tests::causes::{CALENDAR, Declared, Reactions, cycle, page, two_writers, undeclared_outputs};
use itc_tests::repository;

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} found:\n{}", faults.len(), faults.join("\n"));
}

fn declared() -> Vec<Declared> {
    let entries = catalogue();
    let entries = entries.iter().map(|entry| Declared {
        event_type: entry.event_type.0.to_owned(),
        writers: entry.writers.iter().map(|&writer| writer.to_owned()).collect(),
        is_public: entry.class == Class::Public,
    });
    entries.collect()
}

fn reactions() -> Vec<Reactions> {
    let tables = workers().map(|worker| Reactions {
        worker: worker.name.0.to_owned(),
        table: worker
            .reactions
            .iter()
            .map(|reaction| {
                (reaction.reads.0.to_owned(), reaction.causes.iter().map(|causes| causes.0.to_owned()).collect())
            })
            .collect(),
    });
    tables.into_iter().collect()
}

fn planted(worker: &str, table: &[(&str, &[&str])]) -> Reactions {
    let table = table
        .iter()
        .map(|(reads, causes)| ((*reads).to_owned(), causes.iter().map(|&causes| causes.to_owned()).collect()));
    Reactions { worker: worker.to_owned(), table: table.collect() }
}

fn known(event_type: &str, writers: &[&str]) -> Declared {
    Declared {
        event_type: event_type.to_owned(),
        writers: writers.iter().map(|&writer| writer.to_owned()).collect(),
        is_public: false,
    }
}

#[test]
fn every_type_has_one_writer() {
    none(&two_writers(&reactions(), &declared()));
}

#[test]
fn a_second_writer_is_found_and_named() {
    let workers = [planted("ims", &[("a", &["b"])]), planted("gstr2b", &[("a", &["b", "itc.alert.v1"])])];
    assert_eq!(two_writers(&workers, &[known("b", &["ims"])]), ["b is written by gstr2b and by ims"]);
    assert_eq!(two_writers(&[], &[known("b", &["ims", "calendar"])]), ["b is written by calendar and by ims"]);
}

#[test]
fn every_output_is_declared() {
    none(&undeclared_outputs(&reactions(), &declared()));
}

#[test]
fn an_undeclared_output_is_found_and_named() {
    let faults =
        undeclared_outputs(&[planted("ims", &[("a", &["b"])])], &[known("a", &["ingest"]), known("b", &["filings"])]);
    assert_eq!(faults, ["ims writes b, whose writer is filings"]);
}

#[test]
fn no_chain_of_causes_leads_back_to_itself() {
    let found = cycle(&reactions(), &declared());
    assert_eq!(found, None, "a cycle of causes");
}

#[test]
fn a_cycle_is_found_and_printed() {
    let workers = [
        planted("ingest", &[("fact", &["fact"])]),
        planted("ims", &[("fact", &["decision"])]),
        planted("itc-ledger", &[("decision", &["entry"])]),
    ];
    assert_eq!(cycle(&workers, &[]), None);
    let closed = [workers.to_vec(), vec![planted("filings", &[("entry", &["decision"])])]].concat();
    assert_eq!(cycle(&closed, &[]).as_deref(), Some("decision -(itc-ledger)-> entry -(filings)-> decision"));
    let marks = [planted("ims", &[("day", &["day"])])];
    assert_eq!(cycle(&marks, &[]).as_deref(), Some("day -(ims)-> day"));
}

/// Facts come from `ingest` and marks from `calendar`; every other type that a worker reads is some worker's decision.
#[test]
fn what_is_read_is_written_by_somebody() {
    let (workers, declared) = (reactions(), declared());
    let orphans: Vec<String> = declared
        .iter()
        .filter(|entry| {
            !entry.is_public && !entry.writers.iter().any(|writer| writer == CALENDAR || writer == "ingest")
        })
        .filter(|entry| {
            !workers.iter().flat_map(|worker| &worker.table).any(|(_, causes)| causes.contains(&entry.event_type))
        })
        .map(|entry| format!("{} is declared but nobody's table writes it", entry.event_type))
        .collect();
    none(&orphans);
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run itself, not configuration of a program")]
fn updates() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

#[test]
fn the_drawn_graph_is_current() {
    let path = repository().join("docs/causes.md");
    let expected = page(&reactions(), &declared());
    if updates() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/causes.md is not current: run with UPDATE_GOLDENS=1");
}
