//! Every value of a file replaced by every odd value in turn: nothing panics, and what can be read is written back
//! unchanged.

use gstn_formats::check::{Verdict, check_file};
use serde_json::{Value, json};

/// Files that between them hold every shape.
fn files() -> Vec<Value> {
    let supplier = "27AAACS5678B1ZC";
    let recipient = "29AAACR1234C1ZI";
    let invoice = json!({
        "inum": "S/1", "idt": "10-04-2026", "oinum": "S/0", "oidt": "10-03-2026", "val": 1180.5, "pos": "27",
        "rchrg": "N", "inv_typ": "R", "flag": "U", "irn": "ab",
        "itms": [{ "num": 1801, "itm_det": { "rt": 18, "txval": 1000, "camt": 90, "samt": 90 } }]
    });
    let note = json!({
        "ntty": "D", "nt_num": "N1", "nt_dt": "11-04-2026", "val": 118, "rchrg": "Y",
        "itms": [{ "num": 1, "itm_det": { "rt": 18, "txval": 100, "iamt": 18, "csamt": 0 } }]
    });
    let gstr1 = json!({
        "gstin": supplier, "fp": "042026", "b2b": [{ "ctin": recipient, "inv": [invoice] }],
        "b2ba": [{ "ctin": recipient, "inv": [invoice] }], "cdnr": [{ "ctin": recipient, "nt": [note] }],
        "ecom": { "b2b": [{ "stin": supplier, "rtin": recipient, "inv": [invoice] }] }, "hsn": { "data": [] }
    });
    let bill = json!({
        "refdt": "05-10-2025", "recdt": "06-10-2025", "portcode": "INNSA1", "boenum": "4000001",
        "boedt": "02-10-2025", "txval": 1000, "igst": 180, "cess": 0, "isamd": "Y", "amendType": "A"
    });
    let ims = json!({
        "stin": supplier, "inum": "S/1", "idt": "10-04-2026", "inv_typ": "R", "srcform": "R1", "rtnprd": "042026",
        "val": 118, "txval": 100, "iamt": 18, "camt": 0, "samt": 0, "cess": 0, "pos": "29", "action": "A",
        "prev_status": "N", "itcRedReq": "Y", "declIgst": 1.5, "remarks": "x", "hash": "h"
    });
    let document = json!({
        "inum": "S/1", "dt": "10-04-2026", "val": 118, "typ": "R", "pos": "29", "rev": "N", "itcavl": "Y", "rsn": "",
        "txval": 100, "igst": 18, "cgst": 0, "sgst": 0, "cess": 0, "imsStatus": "A", "itcRedReq": "N",
        "items": [{ "num": 1, "rt": 18, "txval": 100, "igst": 18 }]
    });
    let group =
        json!([{ "ctin": supplier, "trdnm": "T", "supprd": "042026", "supfildt": "11-05-2026", "inv": [document] }]);
    let totals = json!({ "txval": 100, "igst": 18, "cgst": 0, "sgst": 0, "cess": 0 });
    let distributor = json!({
        "doctyp": "ISDI", "docnum": "I1", "docdt": "01-04-2026", "odoctyp": "ISDC", "odocnum": "I0",
        "odocdt": "01-03-2026", "igst": 1, "itcelg": "Y"
    });
    let gstr2b = json!({ "chksum": "c", "data": {
        "gstin": recipient, "rtnprd": "042026", "version": "1.0", "gendt": "14-05-2026", "fc": 2, "file_num": 1,
        "itcsumm": { "itcavl": { "nonrevsup": { "igst": 18, "b2b": totals } } },
        "cpsumm": { "b2b": [{ "ctin": supplier, "supprd": "042026", "ttldocs": 1, "igst": 18 }],
                    "impgsez": [{ "ctin": supplier, "portcode": "INNSA1", "ttldocs": 1 }] },
        "docdata": { "b2b": group, "isda": [{ "ctin": supplier, "doclist": [distributor] }], "impg": [bill],
                     "impgsez": [{ "ctin": supplier, "trdnm": "Z", "boe": [bill] }], "itcrev": [{ "b2b": group }] },
        "docRejdata": { "b2b": group }
    }});
    let amounts = json!({ "ty": "OTH", "iamt": 1, "camt": 2, "samt": 3, "csamt": 4 });
    vec![
        gstr1,
        gstr2b,
        json!({ "imsDetails": { "b2b": [ims], "impg": [bill] } }),
        json!({ "rtin": recipient, "reqtyp": "SAVE", "invdata": { "b2b": [ims] }, "boedata": { "impg": [bill] } }),
        json!({ "gstin": recipient, "fp": "042026", "impg": [{ "portcd": "INNSA1", "benum": 1, "bedt": "01-04-2026" }],
                "cdn": [{ "ctin": supplier, "cfs": "Y", "cfs3b": "N", "fldtr1": "11-May-26", "flprdr1": "Apr-26" }] }),
        json!({ "gstin": recipient, "ret_period": "042026",
                "itc_elg": { "itc_avl": [amounts], "itc_rev": [], "itc_net": { "iamt": 1 } } }),
        json!([{ "gstin": supplier, "EFiledlist": [
            { "rtntype": "GSTR3B", "ret_prd": "042026", "dof": "20-05-2026", "status": "Filed", "valid": "Y" }] }]),
        bill,
    ]
}

/// The way to every value below.
fn paths(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut below = |step: &str, value: &Value| {
        let path = format!("{here}/{step}");
        found.push(path.clone());
        paths(value, &path, found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
}

#[test]
fn odd_values_neither_panic_nor_get_lost() {
    let odd = r#"[null, true, 0, -1, 1.50, 1.005, 1e400, 99999999999999999999, "", "x", " 2 ", "N", "n", [], {},
                  [1], [[]], [{}], {"data": {}}, "31-02-2026", "10-04-2026"]"#;
    let odd: Vec<Value> = serde_json::from_str(odd).unwrap();
    let mut read = 0;
    let mut changed_by_writing = Vec::new();
    for file in files() {
        let plain = check_file("plain", &file);
        assert!(plain.round_trip_ok, "{plain}");
        let mut all = Vec::new();
        paths(&file, "", &mut all);
        for path in &all {
            for value in &odd {
                let mut changed = file.clone();
                *changed.pointer_mut(path).unwrap() = value.clone();
                let report = check_file(path, &changed);
                if !matches!(report.verdict, Verdict::Unreadable(_)) {
                    read += 1;
                    if !report.round_trip_ok {
                        changed_by_writing.push(format!("{report}, with {value}"));
                    }
                }
            }
        }
    }
    assert!(changed_by_writing.is_empty(), "{}", changed_by_writing.join("\n"));
    assert!(read > 1_000, "only {read} changed files could be read");
}
