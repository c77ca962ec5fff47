//! AUD-1 to AUD-8: what makes a pack, given events in any order.

#[cfg(test)]
#[path = "packs/supplier_status.rs"]
mod supplier_status;
#[cfg(test)]
mod support;
#[cfg(test)]
#[path = "packs/topic.rs"]
mod topic;
#[cfg(test)]
#[path = "packs/verification.rs"]
mod verification;

use audit_evidence::{EvidenceOutcome, verify};
use gst_events::{
    Acceptance, ActionProposed, BillOfEntryReceived, BillOfEntryStatusChanged, DayOpened, DocumentFiled,
    EvidenceDeleted, EvidenceReferenced, GoodsReceived, ImsActionApproved, ImsActionRequested, ImsRecordDecided,
    InvoiceBooked, InvoicePaymentChanged, LedgerEntryChanged, PaymentMade, PeriodLocked, SupplierGstr3bStatus,
};
use serde_json::json;
use support::{DOCUMENT, Desk, RECIPIENT, SUPPLIER, booked, decided, entry, received, settled};

/// AUD-8: the worked example, artefact by artefact.
pub(crate) fn worked() -> Desk {
    let mut desk = Desk::new();
    desk.tell::<InvoiceBooked>(booked())
        .tell::<GoodsReceived>(received())
        .tell::<ImsActionRequested>(json!({ "recipient": RECIPIENT, "target": { "by": "RECORD", "record_id": "s1#0" },
            "action": "ACCEPT", "at": "2026-04-15T14:32:00+05:30", "origin": "USER",
            "actor": { "subject": "ap.manager", "role": "AP_MANAGER" } }))
        .tell_because::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")), Some("e3"))
        .tell::<PeriodLocked>(json!({ "gstin": RECIPIENT, "period": "042026", "filed_at": "2026-05-20T10:00:00+05:30",
            "arn": "AA270426000001" }))
        .tell::<LedgerEntryChanged>(entry("ITC_AVAILED", None, "042026", "2026-05-20"))
        .tell::<PaymentMade>(json!({ "recipient": RECIPIENT, "payment_id": "UTR-5", "supplier": SUPPLIER,
            "document": DOCUMENT, "amount": "2749400.00", "debit_date": "2026-06-22",
            "at": "2026-06-22T12:00:00+05:30" }))
        .tell::<InvoicePaymentChanged>(settled("2026-06-22"));
    desk
}

#[test]
fn aud_8_the_worked_pack_is_complete_with_one_warning() {
    let pack = worked().pack();
    assert!(pack.complete);
    assert_eq!(pack.acceptance, Some(Acceptance::Explicit));
    assert_eq!(pack.warnings, ["GSTIN_CHECK_DIGIT"]);
    let numbers: Vec<u32> = pack.artefacts.iter().map(|artefact| artefact.artefact).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 5]);
    let paid = &pack.artefacts[4].facts;
    assert_eq!(paid["day_number"], "75");
}

#[test]
fn aud_1_the_five_artefacts_may_come_in_any_order() {
    let mut desk = Desk::new();
    desk.tell::<InvoicePaymentChanged>(settled("2026-06-22"))
        .tell::<LedgerEntryChanged>(entry("ITC_AVAILED", None, "042026", "2026-05-20"))
        .tell::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")))
        .tell::<GoodsReceived>(received());
    assert_eq!(desk.pack().missing, [1]);
    assert_eq!(desk.incomplete(), [DOCUMENT]);
    desk.tell::<InvoiceBooked>(booked());
    assert!(desk.pack().complete);
    assert!(desk.incomplete().is_empty());
}

#[test]
fn aud_1_an_import_has_a_bill_a_record_a_line_and_a_duty_challan() {
    let bill = "INNSA1/4000001/2026-04-08";
    let details = json!({ "bill_of_entry": bill, "section": "IMPG", "importer": RECIPIENT,
        "taxable_value": "1000.00", "tax": { "igst": "180.00" } });
    let mut desk = Desk::new();
    desk.tell::<BillOfEntryReceived>(
        json!({ "record_id": "c1#0", "details": details, "received_at": "2026-04-09T10:00:00+05:30" }),
    );
    assert_eq!(desk.pack_of(bill).unwrap().missing, [2, 3, 4, 5]);
    desk.tell::<BillOfEntryStatusChanged>(json!({ "details": details, "record_id": "c1#0", "status": "DUTY_PAID",
        "raw_status": "DUTY_PAID", "at": "2026-04-10T10:00:00+05:30", "received_at": "2026-04-09T10:00:00+05:30" }));
    let pack = desk.pack_of(bill).unwrap();
    assert_eq!(pack.missing, [2, 3, 4]);
    assert_eq!(pack.artefacts[1].kind, "DUTY_PAID");
    assert!(pack.warnings.is_empty(), "{:?}", pack.warnings);
}

#[test]
fn aud_2_an_artefact_says_who_when_from_where_and_what() {
    let pack = worked().pack();
    let accept = &pack.artefacts[2];
    assert_eq!(accept.kind, "ACCEPT");
    assert_eq!(accept.captured_at.to_string(), "2026-04-15T14:32:00+05:30");
    assert_eq!(accept.facts["captured_at_utc"], "2026-04-15T09:02:00Z");
    assert_eq!(accept.actor.as_ref().unwrap().subject, "ap.manager");
    assert_eq!(accept.facts["gstr1_period"], "042026");
    let line = &pack.artefacts[3];
    assert_eq!((line.facts["arn"].as_str(), line.facts["lines"].as_str()), ("AA270426000001", "4A5"));
    assert_eq!(line.actor.as_ref().unwrap().role.as_deref(), Some("SERVICE"));
    let payment = &pack.artefacts[4];
    assert_eq!(
        (payment.facts["bank_reference"].as_str(), payment.facts["value_date"].as_str()),
        ("UTR-5", "2026-06-22")
    );
}

#[test]
fn ac_2_aud_2_an_action_of_two_persons_names_both_with_their_instants() {
    let mut desk = Desk::new();
    let request = json!({ "recipient": RECIPIENT, "target": { "by": "RECORD", "record_id": "s1#0" },
        "action": "ACCEPT", "at": "2026-04-15T10:00:00+05:30", "origin": "USER", "actor": { "subject": "ap.clerk" } });
    desk.tell::<ImsActionRequested>(request.clone())
        .tell::<ActionProposed>(json!({ "proposal_id": "p1", "request": request, "expires_on": "2026-04-22" }))
        .tell::<ImsActionApproved>(json!({ "recipient": RECIPIENT, "proposal_id": "p1",
            "at": "2026-04-16T11:00:00+05:30", "actor": { "subject": "ap.manager", "role": "AP_MANAGER" } }))
        .tell_because::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")), Some("e3"));
    let pack = desk.pack();
    let accept = pack.artefacts.iter().find(|artefact| artefact.kind == "ACCEPT").unwrap();
    assert_eq!(accept.actor.as_ref().unwrap().subject, "ap.manager");
    let fact = |name: &str| accept.facts[name].as_str();
    assert_eq!((fact("proposed_by"), fact("proposed_at")), ("ap.clerk", "2026-04-15T10:00:00+05:30"));
    assert_eq!((fact("approved_by"), fact("approved_at")), ("ap.manager", "2026-04-16T11:00:00+05:30"));
}

#[test]
fn aud_2_a_file_of_no_artefact_or_without_a_hash_is_refused() {
    let file = |artefact: u32, sha256: &str| {
        json!({ "recipient": RECIPIENT, "subject": DOCUMENT, "artefact": artefact, "kind": "TAX_INVOICE", "sha256": sha256,
            "size_in_bytes": 1, "media_type": "application/pdf", "storage_reference": "a", "at": "2026-04-09T10:00:00+05:30" })
    };
    let mut desk = Desk::new();
    desk.tell::<EvidenceReferenced>(file(6, &"a".repeat(64)));
    assert!(desk.last_told().contains("EVIDENCE_ARTEFACT_UNKNOWN"));
    desk.tell::<EvidenceReferenced>(file(1, "abc"));
    assert!(desk.last_told().contains("EVIDENCE_HASH_INVALID"));
    assert_eq!(desk.outcomes, [EvidenceOutcome::FileRefused; 2]);
    desk.tell::<EvidenceReferenced>(file(1, &"a".repeat(64)));
    assert_eq!(desk.pack().missing, [2, 3, 4, 5]);
}

#[test]
fn aud_3_silence_satisfies_artefact_3_with_a_lower_grade() {
    let mut desk = Desk::new();
    desk.tell::<ImsRecordDecided>(decided("NO_ACTION", Some("DEEMED")));
    let pack = desk.pack();
    assert_eq!(pack.acceptance, Some(Acceptance::Deemed));
    assert_eq!(
        (pack.missing.as_slice(), pack.artefacts[0].kind.as_str()),
        ([1, 2, 4, 5].as_slice(), "DEEMED_ACCEPTED")
    );
}

#[test]
fn aud_3_a_rejected_record_is_no_artefact_3_and_begins_no_pack() {
    let mut desk = Desk::new();
    desk.tell::<ImsRecordDecided>(decided("REJECT", None));
    assert!(desk.pack_of(DOCUMENT).is_none());
    desk.tell::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")))
        .tell::<ImsRecordDecided>(decided("REJECT", None));
    let pack = desk.pack();
    assert!(pack.missing.contains(&3));
    assert_eq!(pack.artefacts[1].kind, "IMS_REJECT");
}

#[test]
fn aud_4_what_does_not_fit_is_a_warning_and_no_refusal() {
    let mut desk = Desk::new();
    let mut early = received();
    early["received_on"] = json!("2026-04-07");
    let mut other = decided("ACCEPT", Some("EXPLICIT"));
    other["tax"] = json!({ "igst": "419398.99" });
    desk.tell::<InvoiceBooked>(booked()).tell::<GoodsReceived>(early).tell::<ImsRecordDecided>(other);
    assert_eq!(desk.pack().warnings, ["GSTIN_CHECK_DIGIT", "AMOUNTS_1_AND_3_DIFFER", "RECEIVED_BEFORE_INVOICE_DATE"]);
    let mut part = settled("2026-06-22");
    (part["paid"], part["unpaid"]) = (json!("2749398.99"), json!("1.01"));
    desk.tell::<InvoicePaymentChanged>(part);
    assert!(desk.pack().warnings.contains(&"AMOUNTS_1_AND_5_DIFFER".to_owned()));
    let mut within = settled("2026-06-22");
    (within["paid"], within["unpaid"]) = (json!("2749399.00"), json!("1.00"));
    desk.tell::<InvoicePaymentChanged>(within);
    assert!(!desk.pack().warnings.contains(&"AMOUNTS_1_AND_5_DIFFER".to_owned()));
}

#[test]
fn aud_5_paid_on_day_181_needs_a_linked_reversal() {
    let until_payment = |on: &str| {
        let mut desk = Desk::new();
        desk.tell::<InvoiceBooked>(booked())
            .tell::<GoodsReceived>(received())
            .tell::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")))
            .tell::<LedgerEntryChanged>(entry("ITC_AVAILED", None, "042026", "2026-05-20"))
            .tell::<InvoicePaymentChanged>(settled(on));
        desk
    };
    assert!(until_payment("2026-10-05").pack().complete);
    let mut late = until_payment("2026-10-06");
    assert_eq!(late.pack().findings, ["RULE37_REVERSAL_MISSING"]);
    late.tell::<LedgerEntryChanged>(entry("REVERSAL", Some("RULE_37"), "102026", "2026-10-06"));
    let pack = late.pack();
    assert!(pack.complete && pack.warnings.contains(&"RECLAIM_NOT_MADE".to_owned()));
    late.tell::<LedgerEntryChanged>(entry("RECLAIM", Some("RULE_37"), "102026", "2026-10-06"));
    let pack = late.pack();
    assert!(pack.complete && !pack.warnings.contains(&"RECLAIM_NOT_MADE".to_owned()));
    let links: Vec<&str> = pack
        .artefacts
        .iter()
        .filter(|artefact| artefact.artefact == 0)
        .map(|artefact| artefact.kind.as_str())
        .collect();
    assert_eq!(links, ["RULE37_REVERSAL", "RECLAIM"]);
}

#[test]
fn aud_5_rule_37a_adds_links_the_same_way() {
    let mut desk = worked();
    desk.tell::<SupplierGstr3bStatus>(json!({ "recipient": RECIPIENT, "supplier": SUPPLIER, "periods": ["042026"],
        "status": "NOT_FILED", "at": "2027-09-30T10:00:00+05:30" }));
    desk.tell::<LedgerEntryChanged>(entry("REVERSAL", Some("RULE_37A"), "092027", "2027-10-01"));
    let pack = desk.pack();
    let kinds: Vec<&str> = pack.artefacts.iter().skip(6).map(|artefact| artefact.kind.as_str()).collect();
    assert_eq!(kinds, ["SUPPLIER_GSTR3B_STATUS", "RULE37A_REVERSAL"]);
    assert!(pack.complete);
}

#[test]
fn aud_6_a_pack_is_kept_for_72_months_after_the_annual_return_and_then_gone() {
    // A page of one change: the day is decided in many pages and ends at the same place.
    let mut desk = Desk::with_page(1);
    desk.tell::<InvoiceBooked>(booked()).tell::<GoodsReceived>(received());
    assert_eq!(desk.pack().keep_until.to_string(), "2033-12-31");
    desk.tell::<DayOpened>(json!({ "date": "2033-12-31" }));
    assert!(desk.pack_of(DOCUMENT).is_some());
    desk.tell::<DayOpened>(json!({ "date": "2034-01-01" }));
    assert!(desk.pack_of(DOCUMENT).is_none());
    assert_eq!(desk.row_count(), 0);
    assert_eq!(desk.count::<EvidenceDeleted>(), 1);
    // What is told of it later begins a chain anew, for readers of the topic too.
    desk.tell::<GoodsReceived>(received());
    assert_eq!(desk.pack().artefacts.len(), 1);
}

#[test]
fn aud_7_corrections_and_late_artefacts_extend_the_chain() {
    let mut desk = worked();
    let before = desk.pack();
    assert_eq!(verify(&serde_json::to_string(&before).unwrap()), Ok(()));
    desk.tell::<GoodsReceived>(received());
    let after = desk.pack();
    assert_eq!(after.artefacts[..6], before.artefacts[..]);
    assert_eq!(after.artefacts[6].previous_hash, before.artefacts[5].hash);
    assert_eq!(verify(&desk.exported()), Ok(()));
}

#[test]
fn aud_7_the_same_decision_twice_adds_nothing() {
    let mut desk = worked();
    let published = desk.outputs.len();
    desk.tell::<ImsRecordDecided>(decided("ACCEPT", Some("EXPLICIT")));
    assert_eq!(desk.outputs.len(), published);
    assert_eq!(desk.pack().artefacts.len(), 6);
}

#[test]
fn an_amendment_belongs_to_the_document_that_it_amends() {
    let mut desk = worked();
    desk.tell::<DocumentFiled>(json!({ "document": { "record_id": "s2#0", "form": "GSTR1", "return_period": "052026",
        "supplier_frequency": "MONTHLY", "saved_at": "2026-06-01T10:00:00+05:30", "record": { "section": "B2BA",
        "supplier": SUPPLIER, "recipient": RECIPIENT, "number": "INV/2026-04-1548", "date": "2026-04-08",
        "original": { "number": "INV/2026-04-1547", "date": "2026-04-08" }, "invoice_type": "R",
        "place_of_supply": "27", "reverse_charge": false, "taxable_value": "2330000.00",
        "tax": { "igst": "419400.00" }, "document_value": "2749400.00" } }, "filed_at": "2026-06-10T10:00:00+05:30" }));
    let amended = "29AAACX0123A1Z5:INVOICE:INV/2026-04-1548:2026-27";
    assert_eq!(desk.pack_of(amended), Some(desk.pack()));
    let mut receipt = received();
    receipt["subject"] = json!(amended);
    desk.tell::<GoodsReceived>(receipt);
    assert_eq!(desk.pack().artefacts.len(), 8);
}

#[test]
fn a_suppliers_return_reaches_every_document_of_its_period_in_pages() {
    let mut desk = Desk::with_page(2);
    for number in 1..=5 {
        let mut invoice = booked();
        invoice["document"] = json!(format!("{SUPPLIER}:INVOICE:A{number}:2026-27"));
        desk.tell::<InvoiceBooked>(invoice);
    }
    desk.tell::<SupplierGstr3bStatus>(
        json!({ "recipient": RECIPIENT, "supplier": SUPPLIER, "periods": ["042026"], "status": "UNKNOWN" }),
    );
    for number in 1..=5 {
        let pack = desk.pack_of(&format!("{SUPPLIER}:INVOICE:A{number}:2026-27")).unwrap();
        assert_eq!(pack.artefacts.len(), 2, "A{number}");
    }
}

#[test]
fn a_quarterly_suppliers_return_reaches_the_documents_of_all_its_months_in_pages() {
    let mut desk = Desk::with_page(2);
    let months = ["042026", "052026", "062026"];
    for (number, period) in (1..=6).zip(months.iter().cycle()) {
        let mut invoice = booked();
        invoice["document"] = json!(format!("{SUPPLIER}:INVOICE:A{number}:2026-27"));
        invoice["supplier_period"] = json!(period);
        desk.tell::<InvoiceBooked>(invoice);
    }
    desk.tell::<SupplierGstr3bStatus>(
        json!({ "recipient": RECIPIENT, "supplier": SUPPLIER, "periods": ["042026", "062026"], "status": "UNKNOWN" }),
    );
    for (number, period) in (1..=6).zip(months.iter().cycle()) {
        let pack = desk.pack_of(&format!("{SUPPLIER}:INVOICE:A{number}:2026-27")).unwrap();
        let told = pack.artefacts.iter().filter(|artefact| artefact.kind == "SUPPLIER_GSTR3B_STATUS");
        let periods: Vec<&str> = told.map(|artefact| artefact.facts["supplier_period"].as_str()).collect();
        let expected = if *period == "052026" { vec![] } else { vec![*period] };
        assert_eq!(periods, expected, "A{number}");
    }
}

#[test]
fn a_very_long_chain_is_shown_by_its_end_and_still_verified() {
    let mut desk = Desk::new();
    for _ in 0..205 {
        desk.tell::<GoodsReceived>(received());
    }
    let pack = desk.pack();
    assert_eq!((pack.artefacts.len(), pack.artefacts[0].position), (200, 6));
    assert_eq!(verify(&desk.exported()), Ok(()));
}
