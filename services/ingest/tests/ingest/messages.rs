//! What each kind of message becomes.

use crate::support::*;
use serde_json::{Value, json};

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn fact(event_type: &'static str) -> [(&'static str, &'static str); 2] {
    [("ce_id", "m1"), ("ce_type", event_type)]
}

#[test]
fn a_filing_becomes_one_fact_a_document_and_then_the_filing() {
    let body = gstr1(&[
        invoice(&json!("INV-1"), "05-10-2025", &json!(100.5)),
        invoice(&json!("INV-2"), "06-10-2025", &json!(1)),
    ]);
    let became = World::new().filing(&body);
    let saved = format!("supplier-journal supplier-record-saved {SUPPLIER}");
    let filed = format!("supplier-journal supplier-return-filed {SUPPLIER}");
    assert_eq!(became.facts, [saved.clone(), saved, filed]);
    assert!(became.put_aside.is_empty());
    let first = &became.bodies[0];
    assert_eq!((first["record_id"].as_str(), first["form"].as_str()), (Some("m1#0"), Some("GSTR1")));
    assert_eq!(first["origin"].as_str(), Some("USER"));
    assert_eq!(first["record"]["taxable_value"].as_str(), Some("100.50"));
    assert_eq!(first["record"]["tax"]["igst"].as_str(), Some("18.50"));
    assert_eq!(became.bodies[1]["record_id"].as_str(), Some("m1#1"));
    assert_eq!(became.bodies[2]["filed_at"].as_str(), Some("2025-11-10T10:00:00+05:30"));
}

#[test]
fn saved_and_deleted_messages_and_rows_with_flag_d() {
    let mut deleted = invoice(&json!("INV-2"), "06-10-2025", &json!(1));
    deleted["flag"] = json!("D");
    let body = gstr1(&[invoice(&json!("INV-1"), "05-10-2025", &json!(100)), deleted]);
    let mut world = World::new();
    let mut facts = |event_type| {
        let became = world.take("gst.supplier-filings.v1", &return_headers(event_type), &bytes(&body));
        became.facts.iter().map(|fact| fact.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(facts("gst.supplier-return.saved.v1"), ["supplier-record-saved", "supplier-record-deleted"]);
    assert_eq!(facts("gst.supplier-return.deleted.v1"), ["supplier-record-deleted", "supplier-record-deleted"]);
}

#[test]
fn bare_gstn_json_is_recognised_by_its_content() {
    let mut world = World::new();
    let mut body = gstr1(&[invoice(&json!("INV-1"), "05-10-2025", &json!(100))]);
    body["fil_dt"] = json!("11-11-2025");
    let became = world.take("gst.supplier-filings.v1", &[], &bytes(&body));
    assert_eq!(became.facts.len(), 2, "{became:?}");
    assert_eq!(became.bodies[1]["filed_at"].as_str(), Some("2025-11-11T00:00:00+05:30"));
    assert_eq!(became.bodies[1]["origin"].as_str(), Some("PORTAL"));
}

#[test]
fn an_iff_is_recognised_where_nobody_names_the_form() {
    let mut body = gstr1(&[]);
    body["filing_typ"] = json!("Q");
    let headers =
        [("ce_id", "m"), ("ce_type", "gst.supplier-return.filed.v1"), ("ce_happenedat", "2025-11-13T23:00:00")];
    let became = World::new().take("gst.supplier-filings.v1", &headers, &bytes(&body));
    assert_eq!(became.bodies[0]["form"].as_str(), Some("IFF"));
}

#[test]
fn in_4_a_gstr_6_becomes_isd_documents() {
    let row = |number: &str, igst: Value| json!({ "rtin": RECIPIENT, "doctyp": "ISDI", "docnum": number, "docdt": "31-10-2025", "itcelg": "Y", "igst": igst });
    let body = json!({ "gstin": SUPPLIER, "fp": "102025", "isd": [row("I-1", json!(10)), row("I-2", json!(1.005)), row("I-3", json!(7.25))] });
    let mut headers = return_headers("gst.supplier-return.filed.v1").to_vec();
    headers[2] = ("ce_form", "GSTR6");
    let became = World::new().take("gst.supplier-filings.v1", &headers, &bytes(&body));
    let isd = format!("supplier-journal isd-document-filed {SUPPLIER}");
    assert_eq!(became.facts, [isd.clone(), isd]);
    assert_eq!(became.bodies[1]["record_id"].as_str(), Some("m1#2"), "the place in the message");
    assert_eq!(became.put_aside, ["AMOUNT_TOO_MANY_DECIMALS isd[1].igst ID-4"]);
}

#[test]
fn a_registration_goes_to_the_journal_of_each_role() {
    let mut world = World::new();
    let mut journals = |role: &str| {
        let body = json!({ "gstin": SUPPLIER, "role": role, "filing_frequency": "MONTHLY", "unknown": 1 });
        let became = world.take("gst.taxpayer-events.v1", &fact("itc.taxpayer-registered.v1"), &bytes(&body));
        became.facts.iter().map(|fact| fact.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(journals("RECIPIENT"), ["recipient-journal"]);
    assert_eq!(journals("SUPPLIER"), ["supplier-journal"]);
    assert_eq!(journals("BOTH"), ["supplier-journal", "recipient-journal"]);
}

#[test]
fn a_status_report_goes_to_the_supplier() {
    let body = json!({ "supplier": SUPPLIER, "period": "102025", "filed": true, "at": "2025-11-20T10:00:00" });
    let became = World::new().take("gst.taxpayer-events.v1", &fact("itc.supplier-status-reported.v1"), &bytes(&body));
    assert_eq!(became.facts, [format!("supplier-journal supplier-status-reported {SUPPLIER}")]);
}

#[test]
fn tb_5_a_line_of_table_5_is_of_an_invoice_or_a_debit_note() {
    let of = |section: &str| {
        let tax = json!({ "igst": "1.00", "cgst": "0.00", "sgst": "0.00", "cess": "0.00" });
        let body = json!({ "recipient": RECIPIENT, "supplier": SUPPLIER, "section": section, "number": "INV/1",
            "date": "2026-04-08", "tax": tax, "at": "2026-05-15T10:00:00+05:30" });
        World::new().take("gst.taxpayer-events.v1", &fact("itc.rule-37a-reversal-listed.v1"), &bytes(&body))
    };
    assert_eq!(of("DNA").facts.len(), 1);
    assert_eq!(of("IMPG").put_aside, ["CODE_UNKNOWN section TB-5"]);
}

#[test]
fn r37a_4_a_list_of_filed_returns_reports_each_gstr_3b() {
    let row = |kind: &str| json!({ "valid": "Y", "mof": "ONLINE", "dof": "20-11-2025", "rtntype": kind, "ret_prd": "102025", "status": "Filed" });
    let body = json!({ "EFiledlist": [row("GSTR1"), row("GSTR3B")] });
    let became =
        World::new().take("gst.taxpayer-events.v1", &[("ce_id", "m1"), ("ce_subject", SUPPLIER)], &bytes(&body));
    assert_eq!(became.facts.len(), 1, "{became:?}");
    assert_eq!(became.bodies[0]["at"].as_str(), Some("2025-11-20T00:00:00+05:30"));
}

#[test]
fn an_ims_body_becomes_one_action_a_record() {
    let invoice = json!({ "stin": SUPPLIER, "inum": "INV-1", "idt": "05-10-2025", "inv_typ": "R", "srcform": "R1",
        "rtnprd": "102025", "val": 118, "pos": "27", "txval": 100, "iamt": 18, "camt": 0, "samt": 0, "cess": 0,
        "action": "P", "prev_status": "N", "remarks": "later" });
    let bill = json!({ "portcd": "INNSA1", "boenum": "2000001", "boedt": "18-11-2025", "irefdt": "20-11-2025",
        "txval": 100, "igst": 18, "cess": 0, "action": "A" });
    let body =
        json!({ "rtin": RECIPIENT, "reqtyp": "SAVE", "invdata": { "b2b": [invoice] }, "boedata": { "impg": [bill] } });
    let headers = [
        ("ce_id", "m1"),
        ("ce_type", "gst.ims-save.v1"),
        ("ce_happenedat", "2025-11-12T10:00:00"),
        ("ce_actor", "clerk"),
    ];
    let became = World::new().take("gst.taxpayer-events.v1", &headers, &bytes(&body));
    assert_eq!(became.facts.len(), 2, "{became:?}");
    let first = &became.bodies[0];
    assert_eq!((first["action"].as_str(), first["remarks"].as_str()), (Some("PENDING"), Some("later")));
    assert_eq!((first["origin"].as_str(), first["actor"]["subject"].as_str()), (Some("USER"), Some("clerk")));
    assert_eq!(became.bodies[1]["target"]["by"].as_str(), Some("BILL_OF_ENTRY"));
}

#[test]
fn boe_9_bills_in_every_spelling_and_amended_ones() {
    let mut world = World::new();
    let of_2a = json!({ "refdt": "20-11-2025", "portcd": "INNSA1", "benum": 2000001, "bedt": "18-11-2025", "txval": 100, "iamt": 18, "csamt": 0, "amd": "N" });
    let headers = [("ce_id", "m1"), ("ce_subject", RECIPIENT), ("ce_happenedat", "2025-11-20T10:00:00")];
    let became = world.take("customs.bills-of-entry.v1", &headers, &bytes(&of_2a));
    assert_eq!(became.facts, ["customs-journal customs-bill-reported INNSA1/2000001/2025-11-18"], "{became:?}");
    let statement = json!({
        "impg": [{ "refdt": "20-11-2025", "recdt": "21-11-2025", "portcode": "INNSA1", "boenum": "2000002", "boedt": "18-11-2025", "isamd": "Y", "txval": 100, "igst": 18, "cess": 0 }],
        "impgsez": [{ "ctin": SUPPLIER, "trdnm": "SEZ", "boe": [{ "refdt": "20-11-2025", "recdt": "21-11-2025", "portcode": "INNSA1", "boenum": "2000003", "boedt": "18-11-2025", "isamd": "N", "txval": 100, "igst": 18, "cess": 0 }] }]
    });
    let became = world.take("customs.bills-of-entry.v1", &headers[..2], &bytes(&statement));
    assert_eq!(
        became.facts,
        [
            "customs-journal customs-bill-value-amended INNSA1/2000002/2025-11-18",
            "customs-journal customs-bill-reported INNSA1/2000003/2025-11-18"
        ]
    );
    assert_eq!(became.bodies[0]["details"]["section"].as_str(), Some("IMPGA"));
    assert_eq!(became.bodies[1]["details"]["section"].as_str(), Some("IMPGSEZ"));
    assert_eq!(became.bodies[1]["details"]["sez_supplier"].as_str(), Some(SUPPLIER));
    assert_eq!(became.bodies[1]["received_at"].as_str(), Some("2025-11-21T00:00:00+05:30"));
}

#[test]
fn empty_record_ids_are_filled() {
    let body = json!({ "bill_of_entry": "INNSA1/2000001/2025-11-18", "from": "27AAACG9999K1ZP", "to": "33AAACG9999K1ZW",
        "amendment_date": "2025-12-22", "received_at": "2025-12-22T10:00:00" });
    let became =
        World::new().take("customs.bills-of-entry.v1", &fact("itc.customs-bill-gstin-amended.v1"), &bytes(&body));
    assert_eq!(became.bodies[0]["reversal_record_id"].as_str(), Some("m1#out"));
    assert_eq!(became.bodies[0]["credit_record_id"].as_str(), Some("m1#in"));
}

#[test]
fn a_command_goes_to_the_journal_of_its_worker() {
    let mut world = World::new();
    let mut journal = |worker: &str, key: &str| {
        let body = json!({ "worker": worker, "key": key, "command": { "action": "RELEASE" }, "reason": "mended", "actor": { "subject": "op" } });
        world.take("itc.operator-commands.v1", &fact("itc.operator-command.v1"), &bytes(&body))
    };
    assert_eq!(journal("filings", SUPPLIER).facts, [format!("supplier-journal operator-command {SUPPLIER}")]);
    assert_eq!(journal("ims", RECIPIENT).facts, [format!("recipient-journal operator-command {RECIPIENT}")]);
    assert_eq!(
        journal("customs", "INNSA1/1/2025-11-18").facts,
        ["customs-journal operator-command INNSA1/1/2025-11-18"]
    );
    assert_eq!(journal("calendar", "*"), Became::default(), "calendar reads its own");
    assert_eq!(journal("nobody", SUPPLIER).put_aside, ["CODE_UNKNOWN worker GSTN"]);
}
