//! Files of the portal, of GSTN's documentation and of other tools, where they lie beside the repository.
//!
//! They carry no licence of their own, so they are not part of it; without them these tests say that they were skipped.

#![expect(clippy::expect_used, reason = "a test that cannot read its samples ends there")]

use gstn_formats::check::{CheckReport, FileKind, Verdict, check_file};
use gstn_formats::gstr1::Gstr1;
use gstn_formats::gstr2a::Gstr2a;
use gstn_formats::gstr2b::{Gstr2b, counterparty_summary, itc_summary};
use gstn_formats::ims_download::ImsDownload;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of samples, or `None` after saying so.
fn samples(test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/formats/samples");
    if folder.is_dir() {
        return Some(folder);
    }
    // Written to the stream itself: what a passing test prints is not shown.
    let line = format!("SKIPPED: {test}: no sample files beside the repository (../shared/formats/samples)\n");
    std::io::stderr().write_all(line.as_bytes()).expect("a terminal");
    None
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a readable sample");
    serde_json::from_str(&text).expect("a sample of JSON")
}

/// Every GSTN file of the samples: not schemas, not the third party's ground truth.
fn gstn_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() && name != "schema" {
            gstn_files(&path, files);
        } else if name.ends_with(".json") && name != "ground_truth.json" {
            files.push(path);
        }
    }
}

fn check(folder: &Path, name: &str) -> CheckReport {
    check_file(name, &read(&folder.join(name)))
}

#[test]
fn every_sample_is_recognised_and_survives_a_round_trip() {
    let Some(folder) = samples("every_sample_is_recognised_and_survives_a_round_trip") else { return };
    let mut files = Vec::new();
    gstn_files(&folder, &mut files);
    assert!(files.len() >= 17, "only {} samples found", files.len());
    for path in files {
        let report = check_file(&path.display().to_string(), &read(&path));
        println!("{report}");
        assert!(report.kind.is_some(), "{report}");
        assert!(report.round_trip_ok, "{report}");
        assert!(report.errors.is_empty(), "{report}");
    }
}

#[test]
fn real_statements_add_up_and_invented_ones_do_not() {
    let Some(folder) = samples("real_statements_add_up_and_invented_ones_do_not") else { return };
    for name in [
        "real_2b_022021_rateitems.json",
        "real_2b_092021_rateitems.json",
        "real_2b_112025_postims.json",
        "real_2bq_122025_postims_rejected.json",
    ] {
        let report = check(&folder.join("gstr2b"), name);
        assert_eq!(report.verdict, Verdict::Ok, "{report}");
    }
    for name in ["gstn_doc_example_v3_itemlevel.json", "gstn_doc_example_v4_ims.json"] {
        let report = check(&folder.join("gstr2b"), name);
        assert!(matches!(report.verdict, Verdict::Differs(_)), "{report}");
    }
    for name in ["2026-04/gstr2b.json", "2026-05/gstr2b.json"] {
        let report = check(&folder.join("synthetic_pairs"), name);
        assert_eq!(report.verdict, Verdict::NoSummary, "{report}");
    }
}

#[test]
fn totals_computed_from_a_real_statement_are_its_totals() {
    let Some(folder) = samples("totals_computed_from_a_real_statement_are_its_totals") else { return };
    let value = read(&folder.join("gstr2b/real_2bq_122025_postims_rejected.json"));
    let statement = Gstr2b::parse(&value).unwrap();
    let (documents, rejected) = (statement.documents.unwrap(), statement.rejected.unwrap());
    assert_eq!((documents.len(), rejected.len()), (161, 30));
    let stated = statement.summary.unwrap();
    let computed = itc_summary(&documents, &rejected);
    for (block, totals) in &stated.blocks {
        for (group, totals) in &totals.groups {
            for (leaf, totals) in &totals.leaves {
                let ours = computed.leaf(*block, *group, *leaf).unwrap();
                assert_eq!((ours.tax, ours.taxable_value), (totals.tax, totals.taxable_value), "{leaf:?}");
            }
        }
    }
    assert_eq!(counterparty_summary(&documents).sections["b2b"].len(), 92);
    assert_eq!(counterparty_summary(&rejected).sections["b2b"].len(), 5);
}

#[test]
fn a_changed_paisa_is_found() {
    let Some(folder) = samples("a_changed_paisa_is_found") else { return };
    let mut value = read(&folder.join("gstr2b/real_2b_112025_postims.json"));
    value["data"]["docdata"]["b2b"][0]["inv"][0]["cgst"] = serde_json::from_str("448.89").unwrap();
    let Verdict::Differs(found) = check_file("changed", &value).verdict else { panic!("no difference found") };
    assert_eq!(found[0].path, "itcavl.nonrevsup.b2b");
    assert_eq!(found[0].documents_say.to_string(), "943.39");
    assert_eq!(found[0].summary_says.to_string(), "943.38");
}

#[test]
fn documents_of_the_real_offline_file_are_read() {
    let Some(folder) = samples("documents_of_the_real_offline_file_are_read") else { return };
    let file = Gstr1::parse(&read(&folder.join("gstr1/real_offline_102025_b2b.json"))).unwrap();
    assert_eq!(file.period.to_string(), "102025");
    let documents: Vec<_> = file.documents().into_iter().map(Result::unwrap).collect();
    let first = &documents[0];
    assert_eq!((first.number.as_str(), first.date.to_string().as_str()), ("SS51", "2025-10-01"));
    assert_eq!(first.taxable_value.to_string(), "83314.00");
    assert_eq!((first.tax.cgst.to_string(), first.tax.igst.to_string()), ("7498.26".into(), "0.00".into()));
}

#[test]
fn a_third_partys_download_gives_all_records() {
    let Some(folder) = samples("a_third_partys_download_gives_all_records") else { return };
    let download = ImsDownload::parse(&read(&folder.join("synthetic_pairs/2026-04/ims.json"))).unwrap();
    let records: Vec<_> = download.records().into_iter().map(Result::unwrap).collect();
    assert_eq!(records.len(), 384);
    let report = check(&folder.join("synthetic_pairs"), "2026-04/ims.json");
    assert_eq!((report.kind, report.records), (Some(FileKind::ImsDownload), 384));
}

#[test]
fn gstr2a_says_who_filed_and_what_was_imported() {
    let Some(folder) = samples("gstr2a_says_who_filed_and_what_was_imported") else { return };
    let file = Gstr2a::parse(&read(&folder.join("gstr2a/gstn_doc_example_2a.json"))).unwrap();
    let suppliers: Vec<_> = file.suppliers().into_iter().map(Result::unwrap).collect();
    assert_eq!(suppliers[0].gstr3b_filed, Some(true));
    assert_eq!(suppliers[0].gstr1_filed_on, Some("2019-11-18".parse().unwrap()));
    let bills: Vec<_> = file.bills_of_entry().into_iter().map(Result::unwrap).collect();
    assert_eq!(bills.len(), 2);
    assert_eq!(bills[0].1.id.to_string(), "18272A/2566282/2019-11-18");
}
