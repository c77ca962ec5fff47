//! What is put aside, by code, field and rule, and what goes on.

use crate::support::*;
use serde_json::{Value, json};

fn good() -> Value {
    invoice(&json!("INV-1"), "05-10-2025", &json!(100))
}

/// The bad row is put aside with its part; the good one and the filing go on.
#[test]
fn a_bad_document_does_not_lose_the_others() {
    let table = [
        (
            invoice(&json!("INV-2"), "05-10-2025", &json!(100.005)),
            "AMOUNT_TOO_MANY_DECIMALS b2b[0].inv[0].itms.0.itm_det.txval ID-4",
        ),
        (
            invoice(&json!("INV-2"), "05-10-2025", &json!("100")),
            "AMOUNT_NOT_A_NUMBER b2b[0].inv[0].itms.0.itm_det.txval ID-4",
        ),
        (invoice(&json!("INV-2"), "31-02-2025", &json!(100)), "DATE_INVALID b2b[0].inv[0].idt ID-11"),
        (invoice(&json!(42), "05-10-2025", &json!(100)), "DOCUMENT_NUMBER_NOT_TEXT b2b[0].inv[0].inum ID-5"),
    ];
    for (bad, expected) in table {
        let became = World::new().filing(&gstr1(&[bad.clone(), good()]));
        assert_eq!(became.put_aside, [expected]);
        assert_eq!(serde_json::from_slice::<Value>(&became.parts[0]).unwrap(), bad, "{expected}");
        assert_eq!(became.facts.len(), 2, "{expected}");
        assert_eq!(became.bodies[0]["record_id"].as_str(), Some("m1#1"), "places do not move");
    }
}

#[test]
fn an_unknown_section_is_put_aside_and_the_rest_goes_on() {
    let mut body = gstr1(&[good()]);
    body["b2x"] = json!([{ "ctin": RECIPIENT }]);
    let became = World::new().filing(&body);
    assert_eq!(became.put_aside, ["UNKNOWN_SECTION b2x GSTN"]);
    assert_eq!(became.facts.len(), 2);
}

#[test]
fn a_group_without_a_recipient_is_put_aside() {
    let mut body = gstr1(&[good()]);
    body["b2b"].as_array_mut().unwrap().push(json!({ "inv": [good()] }));
    let became = World::new().filing(&body);
    assert_eq!((became.put_aside[0].split(' ').next(), became.facts.len()), (Some("GSTIN_MISSING"), 2));
}

#[test]
fn a_message_without_an_owner_is_put_aside_whole() {
    let mut world = World::new();
    let table = [
        (json!({ "fp": "102025" }), "GSTIN_MISSING gstin ID-1"),
        (json!({ "gstin": SUPPLIER, "fp": "132025" }), "PERIOD_INVALID fp ID-8"),
        (json!({ "gstin": "27AAACS5678B1Z", "fp": "102025" }), "GSTIN_LENGTH gstin ID-1"),
    ];
    for (body, expected) in table {
        let became = world.filing(&body);
        assert_eq!((became.put_aside, became.facts.len()), (vec![expected.to_owned()], 0));
    }
    let headers = return_headers("gst.supplier-return.filed.v1");
    let became = world.take("gst.supplier-filings.v1", &headers, b"GSTIN,FP\n1,2");
    assert_eq!(became.put_aside, ["NOT_JSON line 1 column 1 GSTN"]);
    assert_eq!(became.parts[0], b"GSTIN,FP\n1,2");
}

#[test]
fn a_message_of_five_megabytes_is_too_large() {
    let value = vec![b' '; 5 * 1024 * 1024];
    let became = World::new().take("gst.supplier-filings.v1", &return_headers("gst.supplier-return.saved.v1"), &value);
    assert_eq!((became.put_aside, became.facts.len()), (vec!["MESSAGE_TOO_LARGE  GSTN".to_owned()], 0));
}

#[test]
fn gid_1_a_wrong_check_character_warns_or_is_put_aside() {
    let mut body = gstr1(&[good()]);
    body["b2b"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "ctin": "27AAACR1234A1Z9", "inv": [invoice(&json!("INV-2"), "05-10-2025", &json!(1))] }));
    let warned = World::new().filing(&body);
    assert_eq!(warned.facts.len(), 4, "two documents, the filing and one alert");
    assert!(warned.facts[3].starts_with("alerts alert"), "behind the facts");
    assert_eq!(warned.bodies[3]["code"].as_str(), Some("GSTIN_CHECK_CHARACTER"));
    let refused = World::with_checksum("REJECT").filing(&body);
    assert_eq!((refused.facts.len(), refused.put_aside.len()), (2, 1));
    assert!(refused.put_aside[0].starts_with("GSTIN_CHECK_CHARACTER b2b.ctin ID-2"), "{:?}", refused.put_aside);
    assert_eq!(World::with_checksum("OFF").filing(&body).facts.len(), 3);
}

#[test]
fn facts_in_our_own_words_name_field_and_rule() {
    let good = json!({ "recipient": RECIPIENT, "payment_id": "p", "supplier": SUPPLIER, "amount": "1.00", "at": "2025-11-10T10:00:00" });
    let mut world = World::new();
    let mut put_aside = |field: &str, value: Value| {
        let mut body = good.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        } else {
            body[field] = value;
        }
        let headers = [("ce_id", "m1"), ("ce_type", "itc.payment-made.v1")];
        let became = world.take("erp.supplier-payments.v1", &headers, &serde_json::to_vec(&body).unwrap());
        became.put_aside.first().cloned().unwrap_or_default()
    };
    assert_eq!(put_aside("note", json!("unknown fields pass")), "");
    assert_eq!(put_aside("amount", json!("1.005")), "AMOUNT_TOO_MANY_DECIMALS amount ID-4");
    assert_eq!(put_aside("amount", json!(1.5)), "WRONG_SHAPE amount GSTN");
    assert_eq!(put_aside("recipient", Value::Null), "GSTIN_MISSING recipient ID-1");
    assert_eq!(put_aside("payment_id", Value::Null), "FIELD_MISSING payment_id GSTN");
    assert_eq!(put_aside("supplier", json!("27AAACS5678B1Z")), "GSTIN_LENGTH supplier ID-1");
    assert_eq!(put_aside("debit_date", json!("2025-02-31")), "DATE_INVALID debit_date ID-11");
    assert_eq!(put_aside("at", json!("yesterday")), "INSTANT_INVALID at ID-11");
}

#[test]
fn types_that_are_unknown_or_stand_in_the_wrong_feed() {
    let mut world = World::new();
    let mut put_aside = |feed: &str, event_type: &str| {
        let headers = [("ce_id", "m1"), ("ce_type", event_type)];
        world.take(feed, &headers, b"{}").put_aside[0].clone()
    };
    assert_eq!(put_aside("erp.supplier-payments.v1", "itc.payment-mode.v1"), "EVENT_TYPE_UNKNOWN ce_type GSTN");
    assert_eq!(put_aside("erp.supplier-payments.v1", "itc.return.v1"), "EVENT_TYPE_UNKNOWN ce_type GSTN");
    assert_eq!(put_aside("erp.supplier-payments.v1", "gst.ims-save.v1"), "EVENT_TYPE_NOT_OF_FEED ce_type GSTN");
    assert_eq!(
        put_aside("erp.supplier-payments.v1", "itc.taxpayer-registered.v1"),
        "EVENT_TYPE_NOT_OF_FEED ce_type GSTN"
    );
    let became = world.take("erp.supplier-payments.v1", &[], b"{}");
    assert_eq!(became.put_aside, ["EVENT_TYPE_MISSING ce_type GSTN"]);
}

#[test]
fn be_1_a_bill_has_only_igst_and_cess() {
    let body = json!({ "received_at": "2025-11-20T10:00:00", "details": { "bill_of_entry": "INNSA1/1/2025-11-18", "section": "IMPG",
        "importer": RECIPIENT, "taxable_value": "1.00", "tax": { "cgst": "1.00" } } });
    let headers = [("ce_id", "m1"), ("ce_type", "itc.customs-bill-reported.v1")];
    let became = World::new().take("customs.bills-of-entry.v1", &headers, &serde_json::to_vec(&body).unwrap());
    assert_eq!(became.put_aside, ["HEAD_NOT_ON_BILL_OF_ENTRY details.tax BE-1"]);
}
