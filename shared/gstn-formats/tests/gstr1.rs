//! GSTR-1: what bad input is called, what is written, and that writing and reading are one.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test as tests do")]

use gst_types::{IstDate, Paise, SupplierGstin, TaxAmounts, TaxPeriod};
use gstn_formats::codes::InvoiceType;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use gstn_formats::{Extra, RecordError, same_json};
use proptest::prelude::*;
use serde_json::{Value, json};

const SUPPLIER: &str = "27AAACS5678B1ZC";
const RECIPIENT: &str = "29AAACR1234C1ZI";
const BEHIND: &str = "07AAACB4321D1ZK";

fn file(sections: Value) -> Value {
    let mut file = json!({ "gstin": SUPPLIER, "fp": "042026" });
    for (key, value) in sections.as_object().unwrap() {
        file[key] = value.clone();
    }
    file
}

fn invoice() -> Value {
    json!({
        "inum": "S/1", "idt": "10-04-2026", "val": 1180, "pos": "27", "rchrg": "N", "inv_typ": "R",
        "itms": [{ "num": 1801, "itm_det": { "rt": 18, "txval": 1000, "camt": 90, "samt": 90 } }]
    })
}

/// The invoice with one key changed.
fn changed(key: &str, value: &str) -> Value {
    let mut invoice = invoice();
    invoice[key] = serde_json::from_str(value).unwrap();
    invoice
}

fn documents(sections: Value) -> Vec<Result<Gstr1Document, RecordError>> {
    Gstr1::parse(&file(sections)).unwrap().documents()
}

fn b2b(invoices: Vec<Value>) -> Vec<Result<Gstr1Document, RecordError>> {
    documents(json!({ "b2b": [{ "ctin": RECIPIENT, "inv": invoices }] }))
}

fn refusal(invoice: Value) -> (String, &'static str, &'static str) {
    let error = b2b(vec![invoice]).remove(0).unwrap_err();
    (error.field.clone(), error.code(), error.rule())
}

#[test]
fn a_header_without_owner_or_period_refuses_the_file() {
    let code = |value: &Value| Gstr1::parse(value).unwrap_err().code();
    assert_eq!(code(&json!({ "fp": "042026" })), "GSTIN_MISSING");
    assert_eq!(code(&json!({ "gstin": "27AAACS5678B1Z", "fp": "042026" })), "GSTIN_LENGTH");
    assert_eq!(code(&json!({ "gstin": SUPPLIER, "fp": "132026" })), "PERIOD_INVALID");
    assert_eq!(code(&json!({ "gstin": SUPPLIER })), "FIELD_MISSING");
    assert_eq!(code(&json!([1, 2])), "WRONG_SHAPE");
}

#[test]
fn bad_fields_are_named_with_code_and_rule() {
    assert_eq!(refusal(changed("val", "1.005")), ("val".into(), "AMOUNT_TOO_MANY_DECIMALS", "ID-4"));
    assert_eq!(refusal(changed("val", "\"1180\"")), ("val".into(), "AMOUNT_NOT_A_NUMBER", "ID-4"));
    assert_eq!(refusal(changed("val", "\"\"")), ("val".into(), "AMOUNT_NOT_A_NUMBER", "ID-4"));
    assert_eq!(refusal(changed("val", "1e3")), ("val".into(), "AMOUNT_NOT_A_NUMBER", "ID-4"));
    assert_eq!(refusal(changed("idt", "\"31-02-2026\"")), ("idt".into(), "DATE_INVALID", "ID-11"));
    assert_eq!(refusal(changed("inum", "17")), ("inum".into(), "DOCUMENT_NUMBER_NOT_TEXT", "ID-5"));
    // An empty number is for the rule on numbers to refuse, by a code that its sender knows.
    assert_eq!(b2b(vec![changed("inum", "\"\"")])[0].as_ref().unwrap().number, "");
    assert_eq!(refusal(changed("inum", "null")), ("inum".into(), "FIELD_MISSING", "GSTN"));
    assert_eq!(refusal(changed("pos", "\"7\"")), ("pos".into(), "STATE_CODE_INVALID", "ID-3"));
    assert_eq!(refusal(changed("inv_typ", "\"X\"")), ("inv_typ".into(), "CODE_UNKNOWN", "GSTN"));
    assert_eq!(refusal(changed("itms", "{}")), ("itms".into(), "WRONG_SHAPE", "GSTN"));
    let row = r#"[{ "num": 1, "itm_det": { "rt": 18, "txval": 10.001 } }]"#;
    assert_eq!(refusal(changed("itms", row)), ("itms.0.itm_det.txval".into(), "AMOUNT_TOO_MANY_DECIMALS", "ID-4"));
    let huge = r#"{ "num": 1, "itm_det": { "rt": 18, "txval": 999999999999999.99, "iamt": 1 } }"#;
    let rows = format!("[{}]", [huge; 100].join(","));
    assert_eq!(refusal(changed("itms", &rows)), ("itms".into(), "AMOUNT_TOO_LARGE", "ID-4"));
    assert_eq!(refusal(json!(7)), ("record".into(), "WRONG_SHAPE", "GSTN"));
}

#[test]
fn one_bad_document_does_not_lose_the_others() {
    let read = b2b(vec![invoice(), changed("idt", "\"31-02-2026\""), changed("inum", "\"S/2\"")]);
    assert_eq!(read.len(), 3);
    let error = read[1].clone().unwrap_err();
    assert_eq!((error.section.as_str(), error.group, error.record), ("b2b", Some(0), Some(1)));
    assert_eq!(error.to_string(), "b2b[0]#1: DATE_INVALID `idt` not a day of the calendar written DD-MM-YYYY");
    assert_eq!(read[2].clone().unwrap().number, "S/2");
}

#[test]
fn one_bad_group_does_not_lose_the_others() {
    let good = json!({ "ctin": RECIPIENT, "inv": [invoice()] });
    let read = documents(json!({ "b2b": [{ "inv": [invoice()] }, { "ctin": RECIPIENT }, good], "cdnr": {} }));
    let codes: Vec<_> = read.iter().map(|read| read.as_ref().map_or_else(RecordError::code, |_| "read")).collect();
    assert_eq!(codes, ["GSTIN_MISSING", "WRONG_SHAPE", "read", "WRONG_SHAPE"]);
}

#[test]
fn an_unknown_section_is_a_notice_and_the_others_are_silent() {
    let read = documents(json!({
        "b2b": [{ "ctin": RECIPIENT, "inv": [invoice()] }],
        "b2cs": [{}], "hsn": {}, "nil": {}, "doc_issue": {}, "supeco": {}, "gt": 1.5, "b2q": [{}]
    }));
    assert_eq!(read.len(), 2);
    let notice = read[1].clone().unwrap_err();
    assert_eq!((notice.section.as_str(), notice.code(), notice.is_notice()), ("b2q", "UNKNOWN_SECTION", true));
}

#[test]
fn notes_deletions_and_amendments() {
    let note = |kind: &str| {
        json!({ "ntty": kind, "nt_num": "N1", "nt_dt": "11-04-2026", "val": 118, "pos": "29", "rchrg": "Y",
                "inv_typ": "R", "itms": [{ "num": 1, "itm_det": { "rt": 18, "txval": 100, "iamt": 18 } }] })
    };
    let mut amended = note("D");
    amended["ont_num"] = json!("N0");
    amended["ont_dt"] = json!("01-03-2026");
    let read = documents(json!({
        "b2b": [{ "ctin": RECIPIENT, "inv": [{ "inum": "S/9", "idt": "01-04-2026", "flag": "D" }] }],
        "cdnr": [{ "ctin": RECIPIENT, "nt": [note("C"), note("D"), note("R")] }],
        "cdnra": [{ "ctin": RECIPIENT, "nt": [amended, note("C")] }],
    }));
    let deleted = read[0].clone().unwrap();
    assert!(deleted.delete && deleted.tax.is_zero());
    let credit_note = read[1].clone().unwrap();
    assert_eq!((credit_note.section, credit_note.reverse_charge), (Gstr1Section::CN, true));
    assert_eq!(credit_note.tax.igst, Paise::from_rupees(18));
    assert_eq!(read[2].clone().unwrap().section, Gstr1Section::DN);
    assert_eq!(read[3].clone().unwrap_err().code(), "CODE_UNKNOWN");
    let original = read[4].clone().unwrap().original.unwrap();
    assert_eq!((original.0.as_str(), original.1.to_string().as_str()), ("N0", "2026-03-01"));
    let missing = read[5].clone().unwrap_err();
    assert_eq!((missing.field.as_str(), missing.code()), ("ont_num", "FIELD_MISSING"));
}

#[test]
fn operators_documents_name_the_supplier_behind_them() {
    let inv = json!({ "inum": "E1", "idt": "02-04-2026", "val": 105, "pos": "29", "sply_ty": "INTER", "inv_typ": "R",
                      "flag": "N", "itms": [{ "num": 1, "itm_det": { "rt": 5, "txval": 100, "iamt": 5 } }] });
    let mut amended = inv.clone();
    amended["oinum"] = json!("E0");
    amended["oidt"] = json!("02-03-2026");
    let read = documents(json!({
        "ecom": { "b2b": [{ "stin": BEHIND, "rtin": RECIPIENT, "inv": [inv] }],
                  "urp2b": [{ "ctin": RECIPIENT, "inv": [inv] }], "b2c": [{}] },
        "ecoma": { "urp2ba": [{ "ctin": RECIPIENT, "inv": [amended] }] }
    }));
    let read: Vec<_> = read.into_iter().map(Result::unwrap).collect();
    assert_eq!(read[0].section, Gstr1Section::ECO);
    assert_eq!(read[0].supplier.to_string(), SUPPLIER);
    assert_eq!(read[0].ecommerce_supplier.unwrap().to_string(), BEHIND);
    assert_eq!(read[1].ecommerce_supplier, None);
    assert_eq!(read[2].section, Gstr1Section::ECOA);
    assert_eq!(read.len(), 3);
    let built = Gstr1::build(read[0].supplier, "042026".parse().unwrap(), &read);
    let again: Vec<_> = Gstr1::parse(&built).unwrap().documents().into_iter().map(Result::unwrap).collect();
    assert_eq!(again, read);
}

#[test]
fn unknown_keys_and_rate_rows_survive() {
    let mut record = invoice();
    record["chksum"] = json!("abc");
    record["updby"] = json!("S");
    record["itms"] = json!([
        { "num": 1, "itm_det": { "rt": 5, "txval": 100, "iamt": 5, "csamt": 0, "note": "x" }, "hsn": "1001" },
        { "num": 2, "itm_det": { "rt": 18, "txval": 50.5, "iamt": 9.09 } }
    ]);
    let document = b2b(vec![record.clone()]).remove(0).unwrap();
    assert_eq!(document.taxable_value, Paise::new(15_050));
    assert_eq!(document.tax.igst, Paise::new(1_409));
    assert!(same_json(&document.to_record(), &record));
}

#[test]
fn the_apis_wrapper_is_taken_off() {
    let inner = file(json!({ "b2b": [{ "ctin": RECIPIENT, "inv": [invoice()] }] }));
    let wrapped = json!({ "code": 200, "data": { "status_cd": "1", "data": inner } });
    assert_eq!(Gstr1::parse(&wrapped).unwrap().documents().len(), 1);
}

fn document(section: Gstr1Section) -> Gstr1Document {
    let original = section.is_amendment().then(|| ("OLD-1".to_owned(), "2026-03-05".parse().unwrap()));
    Gstr1Document {
        section,
        supplier: SUPPLIER.parse().unwrap(),
        recipient: RECIPIENT.parse().unwrap(),
        number: "A/1".to_owned(),
        date: "2026-04-10".parse().unwrap(),
        original,
        invoice_type: Some(InvoiceType::Regular),
        place_of_supply: Some("29".parse().unwrap()),
        reverse_charge: false,
        taxable_value: Paise::new(8_331_400),
        tax: TaxAmounts { igst: Paise::new(1_499_652), ..TaxAmounts::ZERO },
        document_value: Paise::new(9_831_052),
        delete: false,
        irn: None,
        ecommerce_supplier: None,
        items: Vec::new(),
        extra: Extra::default(),
    }
}

/// Golden: the same documents give these bytes.
#[test]
fn what_is_built_is_written_so() {
    let documents = [document(Gstr1Section::B2B), document(Gstr1Section::CNA)];
    let built = Gstr1::build(SUPPLIER.parse().unwrap(), "042026".parse().unwrap(), &documents);
    let item = r#"{"num":1,"itm_det":{"rt":18,"txval":83314,"iamt":14996.52,"camt":0,"samt":0,"csamt":0}}"#;
    let rest = format!(r#""val":98310.52,"pos":"29","rchrg":"N","inv_typ":"R","itms":[{item}]"#);
    let expected = format!(
        concat!(
            r#"{{"gstin":"{}","fp":"042026","b2b":[{{"ctin":"{}","inv":[{{"inum":"A/1","idt":"10-04-2026",{}}}]}}],"#,
            r#""cdnra":[{{"ctin":"{}","nt":[{{"ntty":"C","nt_num":"A/1","nt_dt":"10-04-2026","ont_num":"OLD-1","#,
            r#""ont_dt":"05-03-2026",{}}}]}}]}}"#
        ),
        SUPPLIER, RECIPIENT, rest, RECIPIENT, rest
    );
    assert_eq!(built.to_string(), expected);
}

prop_compose! {
    fn any_document()(
        section in prop::sample::select(Gstr1Section::ALL.to_vec()),
        number in "[A-Z0-9/-]{1,16}",
        day in 1_u32..=28,
        taxable_value in 0_i64..99_999_999_999,
        heads in prop::array::uniform4(0_i64..9_999_999_999),
        document_value in 0_i64..999_999_999_999,
        reverse_charge in any::<bool>(),
        delete in any::<bool>(),
        irn in prop::option::of("[0-9a-f]{64}"),
        behind in any::<bool>(),
    ) -> Gstr1Document {
        let eco = matches!(section, Gstr1Section::ECO | Gstr1Section::ECOA);
        Gstr1Document {
            number,
            date: IstDate::from_ymd(2026, 4, day).unwrap(),
            taxable_value: Paise::new(taxable_value),
            tax: TaxAmounts {
                igst: Paise::new(heads[0]),
                cgst: Paise::new(heads[1]),
                sgst: Paise::new(heads[2]),
                cess: Paise::new(heads[3]),
            },
            document_value: Paise::new(document_value),
            reverse_charge,
            delete,
            irn,
            ecommerce_supplier: (eco && behind).then(|| BEHIND.parse().unwrap()),
            ..document(section)
        }
    }
}

proptest! {
    #[test]
    fn reading_what_was_built_gives_the_documents(documents in prop::collection::vec(any_document(), 0..12)) {
        let supplier: SupplierGstin = SUPPLIER.parse().unwrap();
        let period: TaxPeriod = "042026".parse().unwrap();
        let built = Gstr1::build(supplier, period, &documents);
        let text = built.to_string();
        let file = Gstr1::parse(&serde_json::from_str(&text).unwrap()).unwrap();
        prop_assert_eq!((file.supplier, file.period), (supplier, period));
        let read: Vec<Gstr1Document> = file.documents().into_iter().map(Result::unwrap).collect();
        let mut expected = documents.clone();
        expected.sort_by_key(Gstr1Document::table);
        prop_assert_eq!(read, expected);
    }
}
