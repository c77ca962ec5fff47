//! AUD-7 on the topic: additions and whole packs come to the pack of the rows, and what is missing or changed is named.

use crate::support::{DOCUMENT, Desk, RECIPIENT, SUPPLIER, booked, decided, entry, received, settled};
use crate::worked;
use audit_evidence::{EvidenceFold, Saved, verify_saved};
use gst_events::{
    DayOpened, EvidenceAdded, EvidencePack, GoodsReceived, ImsRecordDecided, InvoiceBooked, InvoicePaymentChanged,
    LedgerEntryChanged, PaymentMade, SupplierGstr3bStatus,
};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn aud_3_a_whole_pack_is_told_only_where_the_verdict_changes() {
    let mut desk = worked();
    // The supplier's check digit is warned about with the first artefact; then the pack becomes complete.
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (6, 2));
    desk.tell::<GoodsReceived>(received());
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (7, 2));
    desk.tell::<ImsRecordDecided>(decided("REJECT", None));
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (8, 3), "it stops being complete");
    let mut early = received();
    early["received_on"] = json!("2026-04-07");
    desk.tell::<GoodsReceived>(early);
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (9, 4), "a warning more");
}

/// What customs or the register say of a document can change its judgement and prove nothing.
fn unpaid_again() -> Value {
    let mut change = settled("2026-06-23");
    (change["change"], change["paid"], change["unpaid"]) = (json!("CREDIT_NOTE"), json!("0.00"), json!("2749400.00"));
    change
}

#[test]
fn aud_3_a_judgement_that_changes_without_an_artefact_is_told_as_a_whole_pack() {
    let mut desk = Desk::new();
    let mut unwarned = booked();
    unwarned["document"] = json!(DOCUMENT);
    desk.tell::<InvoiceBooked>(unwarned).tell::<InvoicePaymentChanged>(settled("2026-06-22"));
    let told = (desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>());
    desk.tell::<InvoicePaymentChanged>(unpaid_again());
    assert!(desk.pack().missing.contains(&5));
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (told.0, told.1 + 1));
    // The same again changes nothing, and nothing is told.
    desk.tell::<InvoicePaymentChanged>(unpaid_again());
    assert_eq!((desk.count::<EvidenceAdded>(), desk.count::<EvidencePack>()), (told.0, told.1 + 1));
}

fn fold(lines: &[String]) -> Result<EvidenceFold, String> {
    match verify_saved(&lines.join("\n")) {
        Ok(Saved::Events { count, fold }) => {
            assert_eq!(count, lines.len());
            Ok(fold)
        }
        Ok(Saved::Pack(_)) => panic!("lines are no single pack"),
        Err(fault) => Err(fault.to_string()),
    }
}

fn additions() -> Vec<String> {
    worked().topic().into_iter().filter(|line| line.contains("\"artefact\":{")).collect()
}

fn changed(lines: &[String], at: usize, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut lines = lines.to_vec();
    let mut value: Value = serde_json::from_str(&lines[at]).unwrap();
    change(&mut value);
    lines[at] = value.to_string();
    lines
}

#[test]
fn aud_7_what_was_kept_of_the_topic_comes_to_the_pack() {
    let desk = worked();
    let pack = desk.pack();
    for lines in [desk.topic(), additions()] {
        assert_eq!(fold(&lines).unwrap().packs().collect::<Vec<_>>(), std::slice::from_ref(&pack));
    }
    // Delivered again, from any place on; or begun with a whole pack.
    let mut again = desk.topic();
    again.extend(desk.topic().split_off(3));
    assert_eq!(fold(&again).unwrap().packs().collect::<Vec<_>>(), std::slice::from_ref(&pack));
    let mut from_pack = vec![desk.exported()];
    from_pack.extend(additions().split_off(4));
    assert_eq!(fold(&from_pack).unwrap().packs().collect::<Vec<_>>(), std::slice::from_ref(&pack));
}

#[test]
fn aud_7_envelopes_are_opened() {
    let lines = additions();
    let events = lines.iter().map(|line| {
        let payload: Value = serde_json::from_str(line).unwrap();
        json!({ "specversion": "1.0", "type": "itc.evidence-added.v1", "data": payload }).to_string()
    });
    assert!(fold(&events.collect::<Vec<_>>()).is_ok());
    let records =
        lines.iter().map(|line| json!({ "topic": "itc.evidence.v1", "offset": 7, "payload": line }).to_string());
    assert!(fold(&records.collect::<Vec<_>>()).is_ok());
    let empty = [lines[0].clone(), json!({ "data": 7 }).to_string()];
    assert_eq!(fold(&empty).unwrap_err(), "line 2: not an evidence pack: an envelope carries an event, not 7");
}

#[test]
fn aud_7_a_gap_and_a_change_on_the_topic_are_named() {
    let lines = additions();
    let about = format!("{DOCUMENT} of {RECIPIENT}");
    let mut gap = lines.clone();
    gap.remove(2);
    let missing = "artefact at position 3 is missing: the next one told is at position 4 (AUD-7)";
    assert_eq!(fold(&gap).unwrap_err(), format!("line 3: {about}: {missing}"));
    let missing = "artefact at position 1 is missing: the next one told is at position 3 (AUD-7)";
    assert_eq!(fold(&lines[2..]).unwrap_err(), format!("line 1: {about}: {missing}"));
    for (field, change, fault) in [
        ("/artefact/facts/tax_igst", json!("1.00"), "field facts.tax_igst is not what was recorded"),
        ("/artefact/previous_hash", json!("0"), "field previous_hash does not follow from the artefact before"),
        ("/artefact/hash", json!("0"), "field hash is not what was recorded"),
    ] {
        let lines = changed(&lines, 0, |value| *value.pointer_mut(field).unwrap() = change);
        let fault = format!("line 1: {about}: artefact at position 1: {fault} (AUD-7)");
        assert_eq!(fold(&lines).unwrap_err(), fault);
    }
    let missing = changed(&lines, 5, |value| value["warnings"] = json!([]));
    let fault = "the judgement told with the artefact at position 6 is not what was recorded (AUD-7)";
    assert_eq!(fold(&missing).unwrap_err(), format!("line 6: {about}: {fault}"));
}

#[test]
fn aud_7_two_chains_of_one_document_are_told_apart() {
    let lines = worked().topic();
    let mut other = Desk::new();
    other.tell::<GoodsReceived>(received()).tell::<InvoiceBooked>(booked());
    let mut mixed = lines.clone();
    mixed.push(other.exported());
    let fault = "artefact at position 1 is not the one that was told before (AUD-7)";
    assert!(fold(&mixed).unwrap_err().ends_with(fault), "{:?}", fold(&mixed));
    let mut mixed = lines.clone();
    mixed.push(other.topic()[0].clone());
    assert!(fold(&mixed).unwrap_err().ends_with(fault), "{:?}", fold(&mixed));
    let words = format!("{}\n{{\"a\":", lines[0]);
    assert_eq!(verify_saved(&words).unwrap_err().fault.code(), "EVIDENCE_NOT_JSON");
    assert!(fold(&[lines[0].clone(), "{}".to_owned()]).unwrap_err().contains("field artefacts or artefact is missing"));
}

/// One of the events of two documents, with amounts and days that make and end findings and warnings.
fn tell(desk: &mut Desk, event: u8) {
    let second = event % 2 == 1;
    let about = |mut value: Value, field: &str| {
        if second {
            value[field] = json!(DOCUMENT.replace("1547", "1548"));
        }
        value
    };
    match event / 2 {
        0 => desk.tell::<InvoiceBooked>(about(booked(), "document")),
        1 => desk.tell::<GoodsReceived>(about(received(), "subject")),
        2 => desk.tell::<ImsRecordDecided>(about(decided("ACCEPT", Some("EXPLICIT")), "subject")),
        3 => desk.tell::<ImsRecordDecided>(about(decided("REJECT", None), "subject")),
        4 => {
            let mut claim = entry("ITC_AVAILED", None, "042026", "2026-05-20");
            claim["entry"] = about(claim["entry"].take(), "subject");
            desk.tell::<LedgerEntryChanged>(claim)
        }
        5 => {
            let mut reversal = entry("REVERSAL", Some("RULE_37"), "102026", "2026-10-06");
            reversal["entry"] = about(reversal["entry"].take(), "subject");
            desk.tell::<LedgerEntryChanged>(reversal)
        }
        6 => desk.tell::<InvoicePaymentChanged>(about(settled("2026-06-22"), "document")),
        7 => desk.tell::<InvoicePaymentChanged>(about(settled("2026-10-06"), "document")),
        8 => desk.tell::<InvoicePaymentChanged>(about(unpaid_again(), "document")),
        9 => desk.tell::<PaymentMade>(about(
            json!({ "recipient": RECIPIENT, "payment_id": "UTR-5", "supplier": SUPPLIER, "document": DOCUMENT,
                "amount": "2749400.00", "debit_date": "2026-06-22", "at": "2026-06-22T12:00:00+05:30" }),
            "document",
        )),
        10 => desk.tell::<SupplierGstr3bStatus>(json!({ "recipient": RECIPIENT, "supplier": SUPPLIER,
            "periods": ["042026"], "status": "FILED" })),
        _ => desk.tell::<DayOpened>(json!({ "date": if second { "2034-01-01" } else { "2026-10-06" } })),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any events in any order, in pages of any size: after each the desk compares the topic with the rows.
    #[test]
    fn aud_7_the_topic_comes_to_the_rows_packs(events in prop::collection::vec(0_u8..24, 1..30), page in 1_usize..8) {
        let mut desk = Desk::with_page(page);
        events.iter().for_each(|event| tell(&mut desk, *event));
        let kept = desk.topic();
        if !kept.is_empty() {
            let folded = fold(&kept).unwrap();
            prop_assert!(folded.packs().eq(desk.fold.packs()));
        }
    }

    /// A change of any one byte of what was kept is found, unless it is none of JSON's content.
    #[test]
    fn aud_7_any_changed_byte_of_the_topic_is_found(at in 0_usize..20_000, byte in b'0'..=b'z') {
        let text = additions().join("\n");
        let at = at % text.len();
        let mut bytes = text.clone().into_bytes();
        prop_assume!(bytes[at] != byte && bytes[at] != b'\n');
        bytes[at] = byte;
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        let values = |text: &str| text.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>();
        let is_same = values(&changed).is_ok_and(|found| found == values(&text).unwrap());
        prop_assert_eq!(verify_saved(&changed).is_ok(), is_same, "byte {} of {}", at, changed);
    }
}
