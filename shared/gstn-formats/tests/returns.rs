//! GSTR-3B Table 4, filing status, and which kind of file is which.

use gst_types::{Paise, TaxAmounts};
use gstn_formats::check::{FileKind, check_file};
use gstn_formats::filing_status::{EFiledList, FiledReturn};
use gstn_formats::gstr2a::Gstr2a;
use gstn_formats::gstr3b::{Gstr3b, ItcElg, Table4Line};
use gstn_formats::same_json;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn igst(rupees: i64) -> TaxAmounts {
    TaxAmounts { igst: Paise::from_rupees(rupees), ..TaxAmounts::ZERO }
}

#[test]
fn table_4_is_written_line_by_line_and_4c_computed() {
    let lines: BTreeMap<_, _> = Table4Line::ALL.into_iter().zip([10, 20, 30, 40, 50, 1, 2, 3, 4].map(igst)).collect();
    let table = ItcElg::build(&lines);
    assert_eq!(table.net, igst(150 - 3));
    let value = table.to_value();
    let row = |ty: &str, rupees: i64| json!({ "ty": ty, "iamt": rupees, "camt": 0, "samt": 0, "csamt": 0 });
    let expected = json!({
        "itc_avl": [row("IMPG", 10), row("IMPS", 20), row("ISRC", 30), row("ISD", 40), row("OTH", 50)],
        "itc_rev": [row("RUL", 1), row("OTH", 2)],
        "itc_inelg": [row("RUL", 3), row("OTH", 4)],
        "itc_net": { "iamt": 147, "camt": 0, "samt": 0, "csamt": 0 }
    });
    assert_eq!(value, expected);
    let read = ItcElg::parse(&value).unwrap();
    assert_eq!(read, table);
    for (line, tax) in lines {
        assert_eq!(read.amounts(line), tax);
    }
}

#[test]
fn tb_8_a_negative_line_is_kept_negative() {
    let table = ItcElg::build(&BTreeMap::from([(Table4Line::A5, igst(-7))]));
    assert_eq!(table.to_value()["itc_avl"][4]["iamt"].to_string(), "-7");
    assert_eq!(table.net, igst(-7));
}

#[test]
fn a_return_keeps_what_is_not_table_4() {
    let value = json!({
        "gstin": "", "ret_period": "112025", "sup_details": { "osup_det": { "txval": 1.50 } },
        "itc_elg": { "itc_avl": [{ "ty": "XX", "iamt": 1 }, { "ty": "OTH", "camt": 2, "x": 1 }], "more": [] }
    });
    let read = Gstr3b::parse(&value).unwrap();
    assert_eq!(read.filer, None);
    assert!(same_json(&read.to_value(), &value));
    assert_eq!(read.credit.unwrap().amounts(Table4Line::A5).cgst, Paise::from_rupees(2));
    let bad = json!({ "itc_elg": { "itc_net": { "iamt": 1.234 } } });
    let error = Gstr3b::parse(&bad).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("itc_elg.itc_net.iamt")), ("AMOUNT_TOO_MANY_DECIMALS", true));
}

#[test]
fn filing_status_is_read_entry_by_entry() {
    let entry = json!({ "gstin": "27AAACS5678B1ZC", "valid": "Y", "mof": "ONLINE", "dof": "20-04-2018",
                        "rtntype": "gstr3b", "ret_prd": "32018", "arn": "AA270318000001X", "status": "Filed" });
    let read = FiledReturn::parse(&entry).unwrap();
    assert_eq!((read.return_type.as_str(), read.period.to_string().as_str()), ("GSTR3B", "032018"));
    assert_eq!(read.filed_on.to_string(), "2018-04-20");
    assert!(read.is_filed());
    assert_eq!(read.to_value(), entry);
    let mut bad = entry.clone();
    bad["dof"] = json!("31-02-2018");
    let mut invalid = entry.clone();
    invalid["valid"] = json!("N");
    let list = EFiledList::parse(&json!({ "data": { "EFiledlist": [bad, entry, invalid] } })).unwrap();
    assert_eq!(list.returns[0].clone().unwrap_err().code(), "DATE_INVALID");
    assert!(!list.returns[2].clone().unwrap().is_filed());
    assert_eq!(EFiledList::parse(&json!({})).unwrap_err().code(), "FIELD_MISSING");
}

#[test]
fn gstr2a_tells_who_has_filed() {
    let group = json!({ "ctin": "27AAACS5678B1ZC", "cfs": "Y", "cfs3b": "N", "fldtr1": "11-Dec-25",
                        "flprdr1": "Nov-25", "dtcancel": "30-Nov-25", "inv": [] });
    let file = json!({ "gstin": "29AAACR1234C1ZI", "fp": "112025", "b2b": [group, { "ctin": "x" }] });
    let suppliers = Gstr2a::parse(&file).unwrap().suppliers();
    let facts = suppliers[0].clone().unwrap();
    assert_eq!((facts.gstr1_filed, facts.gstr3b_filed), (Some(true), Some(false)));
    assert_eq!(facts.gstr1_period.unwrap().to_string(), "112025");
    assert_eq!(facts.cancelled_on.unwrap().to_string(), "2025-11-30");
    assert_eq!(suppliers[1].clone().unwrap_err().code(), "GSTIN_LENGTH");
    assert_eq!(FileKind::recognise(&file), Some(FileKind::Gstr2a));
}

#[test]
fn kinds_are_told_by_content() {
    let kind = |value: Value| FileKind::recognise(&value);
    let bill = json!({ "portcode": "INNSA1", "boenum": "1", "boedt": "01-01-2026", "igst": 1 });
    assert_eq!(kind(bill.clone()), Some(FileKind::BillsOfEntry));
    assert_eq!(kind(json!([bill])), Some(FileKind::BillsOfEntry));
    assert!(check_file("bills", &json!([bill])).is_ok());
    assert_eq!(kind(json!({ "gstin": "x", "fp": "y" })), Some(FileKind::Gstr1));
    assert_eq!(kind(json!({ "b2cs": [] })), Some(FileKind::Gstr1Part));
    assert_eq!(kind(json!({ "data": { "data": { "rtnprd": "112025", "docdata": {} } } })), Some(FileKind::Gstr2b));
    assert_eq!(kind(json!({ "rtin": "x", "reqtyp": "reset" })), Some(FileKind::ImsReset));
    for value in [json!({}), json!([]), json!(1), json!({ "hello": [] }), json!("x"), Value::Null] {
        assert_eq!(kind(value.clone()), None, "{value}");
        let report = check_file("odd", &value);
        assert_eq!((report.word(), report.is_ok()), ("UNREADABLE", false));
    }
}
