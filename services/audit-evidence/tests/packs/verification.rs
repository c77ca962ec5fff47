//! AUD-7: whoever changes a pack is found out, offline, and the changed field is named.

use crate::support::{Desk, booked, decided, received};
use audit_evidence::{EvidenceFault, verify};
use gst_events::{GoodsReceived, ImsRecordDecided, InvoiceBooked};
use proptest::prelude::*;
use serde_json::Value;

fn exported() -> String {
    let mut desk = Desk::new();
    desk.tell::<InvoiceBooked>(booked())
        .tell::<GoodsReceived>(received())
        .tell::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")));
    desk.exported()
}

fn fault(change: impl FnOnce(&mut Value)) -> String {
    let mut pack: Value = serde_json::from_str(&exported()).unwrap();
    change(&mut pack);
    verify(&pack.to_string()).unwrap_err().to_string()
}

#[test]
fn aud_7_an_untouched_pack_is_verified_however_it_is_laid_out() {
    let pack: Value = serde_json::from_str(&exported()).unwrap();
    assert_eq!(verify(&exported()), Ok(()));
    assert_eq!(verify(&serde_json::to_string_pretty(&pack).unwrap()), Ok(()));
}

#[test]
fn aud_7_a_changed_field_is_named() {
    let changed = fault(|pack| pack["artefacts"][0]["facts"]["tax_igst"] = "419400.01".into());
    assert_eq!(changed, "artefact at position 1: field facts.tax_igst is not what was recorded (AUD-7)");
    let changed = fault(|pack| pack["artefacts"][1]["actor"]["subject"] = "somebody.else".into());
    assert_eq!(changed, "artefact at position 2: field actor is not what was recorded (AUD-7)");
    let changed = fault(|pack| pack["complete"] = true.into());
    assert_eq!(changed, "the pack: field complete is not what was recorded (AUD-7)");
    let changed = fault(|pack| pack["artefacts"][2]["note"] = "added".into());
    assert_eq!(changed, "artefact at position 3: field note is not what was recorded (AUD-7)");
}

#[test]
fn aud_7_a_changed_row_is_found_when_its_pack_is_asked_for() {
    let mut desk = Desk::new();
    desk.tell::<InvoiceBooked>(booked()).tell::<GoodsReceived>(received());
    assert_eq!(verify(&desk.exported()), Ok(()));
    desk.change_rows("GRN-77", "GRN-78");
    let found = verify(&desk.exported()).unwrap_err().to_string();
    assert_eq!(found, "artefact at position 2: field hash is not what was recorded (AUD-7)");
}

#[test]
fn aud_7_a_removed_moved_or_cut_off_artefact_is_found() {
    let removed = fault(|pack| drop(pack["artefacts"].as_array_mut().unwrap().remove(1)));
    assert_eq!(removed, "artefact at position 2: field position does not follow from the artefact before (AUD-7)");
    let moved = fault(|pack| pack["artefacts"].as_array_mut().unwrap().swap(1, 2));
    assert_eq!(moved, "artefact at position 2: field position does not follow from the artefact before (AUD-7)");
    let cut = fault(|pack| drop(pack["artefacts"].as_array_mut().unwrap().pop()));
    assert_eq!(cut, "the pack: field artefacts is not what was recorded (AUD-7)");
    let linked = fault(|pack| pack["artefacts"][1]["previous_hash"] = "0".into());
    assert_eq!(linked, "artefact at position 2: field previous_hash does not follow from the artefact before (AUD-7)");
}

#[test]
fn what_is_no_pack_is_said_clearly() {
    assert_eq!(verify("{").unwrap_err().code(), "EVIDENCE_NOT_JSON");
    assert_eq!(verify("[]").unwrap_err().code(), "EVIDENCE_NOT_A_PACK");
    assert_eq!(verify("{}"), Err(EvidenceFault::NotAPack("field artefacts is missing".to_owned())));
}

proptest! {
    /// Any one byte inside a value: found. White space and the order of keys are no content.
    #[test]
    fn aud_7_any_changed_byte_is_found(at in 0_usize..4000, byte in b'0'..=b'z') {
        let text = exported();
        let at = at % text.len();
        let mut bytes = text.clone().into_bytes();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        let same = serde_json::from_str::<Value>(&changed).is_ok_and(|value| value == serde_json::from_str::<Value>(&text).unwrap());
        prop_assert_eq!(verify(&changed).is_ok(), same, "byte {} of {}", at, changed);
    }
}
