//! Files become the right records, bad entries are refused by name, and the same content has the same id.

use super::translate;
use super::translation::Supplement;
use crate::feed_record::Feed;
use serde_json::{Value, json};

const SUPPLIER: &str = "29AAACX0123A1ZZ";
const RECIPIENT: &str = "27AAACS5678B1ZC";

fn invoice(number: &str, tax: &Value) -> Value {
    json!({ "inum": number, "idt": "05-10-2025", "val": 1180, "pos": "27", "rchrg": "N", "inv_typ": "R",
        "itms": [{ "num": 1, "itm_det": { "rt": 18, "txval": 1000, "iamt": tax, "csamt": 0 } }] })
}

fn gstr1(invoices: &[Value], filed_on: Option<&str>) -> String {
    let mut file = json!({ "gstin": SUPPLIER, "fp": "102025", "b2b": [{ "ctin": RECIPIENT, "inv": invoices }] });
    if let Some(day) = filed_on {
        file["fil_dt"] = json!(day);
    }
    file.to_string()
}

fn types(text: &str, extension: &str, with: &Supplement) -> Vec<String> {
    let header = |record: &crate::feed_record::FeedRecord| {
        record.headers.iter().find(|(name, _)| name == "ce_type").map(|(_, value)| value.clone()).unwrap()
    };
    translate(text, extension, with).records.iter().map(header).collect()
}

fn with_recipient() -> Supplement {
    Supplement { recipient: Some(RECIPIENT.parse().unwrap()), ..Supplement::default() }
}

#[test]
fn a_filed_gstr1_is_saved_and_filed_and_an_unfiled_one_only_saved() {
    let saved_and_filed = ["gst.supplier-return.saved.v1", "gst.supplier-return.filed.v1"];
    let document = invoice("A-1", &json!(180));
    let nothing = Supplement::default();
    assert_eq!(types(&gstr1(std::slice::from_ref(&document), Some("11-11-2025")), "json", &nothing), saved_and_filed);
    assert_eq!(types(&gstr1(&[document], None), "json", &nothing), ["gst.supplier-return.saved.v1"]);
}

#[test]
fn a_bad_document_is_refused_by_field_and_the_others_go_on() {
    let file = translate(
        &gstr1(&[invoice("A-1", &json!(180)), invoice("A-2", &json!(180.123))], None),
        "json",
        &Supplement::default(),
    );
    assert_eq!(file.entries[&Feed::SupplierFilings], 1);
    assert_eq!(file.refused.len(), 1);
    assert_eq!(file.refused[0].code, "AMOUNT_TOO_MANY_DECIMALS");
    assert!(file.refused[0].place.contains("b2b[0]#1"), "{}", file.refused[0].place);
    assert!(file.refused[0].message.contains("iamt"), "{}", file.refused[0].message);
}

#[test]
fn the_same_content_has_the_same_id_and_other_content_another() {
    let id = |text: &str| translate(text, "json", &Supplement::default()).records[0].headers[1].1.clone();
    let (one, two) = (gstr1(&[invoice("A-1", &json!(180))], None), gstr1(&[invoice("A-2", &json!(180))], None));
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&two));
}

#[test]
fn a_large_return_goes_out_in_parts_of_a_thousand() {
    let invoices: Vec<Value> = (0..2500).map(|number| invoice(&format!("A-{number}"), &json!(180))).collect();
    assert_eq!(translate(&gstr1(&invoices, Some("11-11-2025")), "json", &Supplement::default()).records.len(), 4);
}

fn download(status: &str) -> String {
    json!({ "b2b": [{ "stin": SUPPLIER, "inum": "A-1", "idt": "05-10-2025", "inv_typ": "R", "srcform": "R1",
        "rtnprd": "102025", "srcfilstatus": status, "action": "R", "val": 1180, "txval": 1000, "iamt": 180, "camt": 0,
        "samt": 0, "cess": 0, "pos": "27" }] })
    .to_string()
}

#[test]
fn an_ims_record_is_its_document_and_the_action() {
    let with = Supplement { filed_on: Some("2025-11-11".parse().unwrap()), ..with_recipient() };
    let expected = ["gst.supplier-return.saved.v1", "gst.supplier-return.filed.v1", "itc.ims-action-requested.v1"];
    assert_eq!(types(&download("Filed"), "json", &with), expected);
    let expected = ["gst.supplier-return.saved.v1", "itc.ims-action-requested.v1"];
    assert_eq!(types(&download("Not Filed"), "json", &with_recipient()), expected);
}

#[test]
fn what_an_ims_download_does_not_say_must_be_given() {
    let file = translate(&download("Filed"), "json", &Supplement::default());
    assert_eq!(file.refused[0].code, "RECIPIENT_UNKNOWN");
    let file = translate(&download("Filed"), "json", &with_recipient());
    assert_eq!(file.refused[0].code, "FILING_DAY_UNKNOWN");
}

#[test]
fn a_bill_of_entry_with_a_reference_date_is_out_of_charge_and_paid() {
    let bill = json!({ "portcd": "INNSA1", "boenum": "4000001", "boedt": "02-11-2025", "irefdt": "05-11-2025",
        "txval": 1000, "igst": 180, "cess": 0, "action": "N" });
    let expected = ["itc.customs-bill-reported.v1", "itc.customs-status-reported.v1", "itc.customs-status-reported.v1"];
    assert_eq!(types(&bill.to_string(), "json", &with_recipient()), expected);
}

#[test]
fn a_filed_gstr3b_is_a_status_report() {
    let list = json!([{ "gstin": SUPPLIER, "EFiledlist": [
        { "valid": "Y", "dof": "20-11-2025", "rtntype": "GSTR3B", "ret_prd": "102025", "status": "Filed" },
        { "valid": "Y", "dof": "11-11-2025", "rtntype": "GSTR1", "ret_prd": "102025", "status": "Filed" },
        { "valid": "Y", "dof": "31-12-2025", "rtntype": "GSTR9", "ret_prd": "032025", "status": "Filed" }] }]);
    let expected = ["itc.supplier-status-reported.v1", "gst.supplier-return.filed.v1"];
    assert_eq!(types(&list.to_string(), "json", &Supplement::default()), expected);
}

#[test]
fn payments_name_the_line_and_column_of_what_is_wrong() {
    let text = format!(
        "supplier_gstin,document_number,document_date,amount,paid_on\n\
         {SUPPLIER},A-1,2025-10-05,1180.00,2025-12-01\n\
         {SUPPLIER},A-2,31-02-2025,1180.00,2025-12-01\n\
         {SUPPLIER},,,50.00,01-12-2025\n"
    );
    let file = translate(&text, "csv", &with_recipient());
    assert_eq!(file.entries[&Feed::SupplierPayments], 2);
    assert_eq!(file.refused.len(), 1);
    assert_eq!(file.refused[0].place, "line 3");
    assert!(file.refused[0].message.contains("document_date"), "{}", file.refused[0].message);
}

#[test]
fn a_register_line_tells_invoice_receipt_and_claim() {
    let text = format!(
        "supplier_gstin,document_number,document_date,taxable_value,igst,document_value,booked_on,receipt_number,\
         received_on,claim_period,claim_filed_on\n\
         {SUPPLIER},A-1,2025-10-05,1000.00,180.00,1180.00,2025-10-08,GRN-1,2025-10-07,102025,2025-11-20\n"
    );
    let expected = ["itc.invoice-booked.v1", "itc.goods-received.v1", "itc.credit-claimed.v1"];
    assert_eq!(types(&text, "csv", &with_recipient()), expected);
}

#[test]
fn what_is_no_feed_file_says_so() {
    let code = |text: &str, extension: &str| translate(text, extension, &with_recipient()).refused[0].code.clone();
    assert_eq!(code("{", "json"), "NOT_JSON");
    assert_eq!(code("{}", "json"), "FILE_KIND_UNKNOWN");
    assert_eq!(code("a,b\n1,2\n", "csv"), "FILE_KIND_UNKNOWN");
}

#[test]
fn facts_that_no_portal_file_tells_are_recognised_by_a_column_of_their_own() {
    let with = with_recipient();
    let bill = "port_code,boe_number,boe_date";
    for (file, event) in [
        (
            format!(
                "{bill},assessable_value,bcd,igst_rate,station,told_on\ninnsa1,1234567,2026-04-01,1000000.00,150000.00,18,sea_port,2026-04-02"
            ),
            "itc.customs-duty-reported.v1",
        ),
        (
            format!("{bill},category,exclusive_use,set_on\nINNSA1,1234567,2026-04-01,capital_goods,exempt,2026-04-02"),
            "itc.credit-category-set.v1",
        ),
        (
            "return_period,exempt_turnover,total_turnover,told_on\n042026,20.00,100.00,2026-05-02".to_owned(),
            "itc.turnover-reported.v1",
        ),
        (
            format!(
                "supplier_gstin,document_number,document_date,reversal_rule,return_period,igst,reversed_on\n{SUPPLIER},A-1,05-10-2025,17_5,102025,180.00,2025-11-20"
            ),
            "itc.permanent-reversal-recorded.v1",
        ),
        ("igst,opened_on\n-5000.00,2025-08-01".to_owned(), "itc.reversal-statement-opened.v1"),
    ] {
        let out = translate(&file, "csv", &with);
        assert!(out.refused.is_empty() && out.notes.is_empty(), "{event}: {:?} {:?}", out.refused, out.notes);
        assert_eq!(types(&file, "csv", &with), [event]);
    }
}

#[test]
fn a_wrong_cell_of_such_a_file_is_refused_by_line_and_column() {
    for (file, code, words) in [
        (
            "return_period,exempt_turnover,total_turnover,told_on\n042026,200.00,100.00,2026-05-02",
            "TURNOVER_UNUSABLE",
            "total_turnover",
        ),
        (
            "return_period,exempt_turnover,total_turnover,told_on\n2026-04,20.00,100.00,2026-05-02",
            "PERIOD",
            "return_period",
        ),
        (
            "category,boe_number,boe_date,port_code,exclusive_use,set_on\nINPUT,1234567,2026-04-01,INNSA1,SOME,2026-04-02",
            "CODE_UNKNOWN",
            "exclusive_use",
        ),
        (
            "assessable_value,boe_number,boe_date,port_code,told_on\n10.00,12345678,2026-04-01,INNSA1,2026-04-02",
            "BOE",
            "boe_number",
        ),
        (
            "assessable_value,boe_number,boe_date,port_code,bcd,told_on\n10.00,1234567,2026-04-01,INNSA1,-1.00,2026-04-02",
            "AMOUNT_NEGATIVE",
            "bcd",
        ),
        ("igst,opened_on\nfive,2025-08-01", "AMOUNT", "igst"),
    ] {
        let out = translate(file, "csv", &with_recipient());
        assert_eq!((out.refused.len(), out.records.len()), (1, 0), "{file}");
        let refused = &out.refused[0];
        assert!(refused.code.contains(code) && refused.message.contains(words), "{} {}", refused.code, refused.message);
        assert_eq!(refused.place, "line 2");
    }
}
