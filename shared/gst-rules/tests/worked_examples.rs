//! Worked examples that stand in the text of the references, and inputs that nobody should send.

use gst_rules::{Rulebook, calculation};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn call(function: &str, config: &Value, inputs: &Value) -> Value {
    let own = calculation::own_rows(config.as_object().unwrap_or(&serde_json::Map::new()));
    let called = Rulebook::embedded()
        .with_overrides(&own)
        .map_err(|error| error.to_string())
        .and_then(|rulebook| calculation::call(function, &rulebook, inputs).map_err(|error| error.to_string()));
    called.unwrap_or_else(|error| json!({ "error": error }))
}

/// Only the keys of `expected` are compared.
fn holds(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, value)| holds(value, found.get(key).unwrap_or(&Value::Null)))
        }
        (expected, found) => expected == found,
    }
}

#[test]
fn int_1_int_2_r37a_3_interest_of_the_text() {
    let none = json!({});
    let utilisation = json!({ "interest.basis": "UTILISATION" });
    let availment = call(
        "reversal_interest",
        &json!({ "interest.basis": "AVAILMENT" }),
        &json!({ "amount": "10000.00", "availed_on": "2024-05-20", "reversed_on": "2024-11-20" }),
    );
    assert!(holds(&json!({ "interest": "907.40", "ceiling": false }), &availment), "{availment}");
    let used = |amount: &str, on: &str, reversed: &str| {
        let balances = json!([{ "date": on, "igst": "0.00", "cess": "99999.00" }]);
        let inputs = json!({ "amount": amount, "balances": balances, "reversed_on": reversed });
        call("reversal_interest", &utilisation, &inputs)
    };
    assert!(holds(&json!({ "interest": "754.52" }), &used("10000.00", "2024-06-20", "2024-11-20")));
    assert!(holds(&json!({ "interest": "4864.44" }), &used("18000.00", "2024-06-20", "2025-12-20")));
    let span = json!({ "amount": "18000.00", "from": "2024-06-20", "to": "2025-12-20" });
    assert!(holds(&json!({ "days": 548 }), &call("interest_on_amount", &none, &span)));
}

#[test]
fn ecr_2_the_balance_of_the_text() {
    let periods = json!([
        { "return_period": "042026", "4B2": { "igst": "9000.00" } },
        { "return_period": "052026", "4B2": { "igst": "1000.00" }, "4D1": { "igst": "12000.00" } },
    ]);
    let found =
        call("reversal_statement", &json!({}), &json!({ "opening": { "igst": "5000.00" }, "periods": periods }));
    assert_eq!(found["periods"][1]["closing"]["igst"], "3000.00");
}

#[test]
fn dut_6_cess_of_the_text() {
    let inputs = json!({ "assessable_value": "1770000.00", "bcd_rate": "0", "igst_rate": "0", "cess_rate": "20" });
    assert!(holds(&json!({ "cess": "354000.00" }), &call("customs_duty", &json!({}), &inputs)));
}

#[test]
fn cal_1_a_zulu_instant_in_an_audit_pack_is_an_indian_day() {
    let artefacts = json!([
        { "artefact": 1, "kind": "TAX_INVOICE", "date": "2026-04-08" },
        { "artefact": 5, "kind": "BANK_REMITTANCE", "at": "2026-10-05T18:30:00Z" },
    ]);
    let found = call("audit_pack", &json!({}), &json!({ "supplier_gstin": "29AAACX0123A1ZZ", "artefacts": artefacts }));
    let expected = json!({ "paid_on_day": 181, "within_180": false, "findings": ["RULE37_REVERSAL_MISSING"] });
    assert!(holds(&expected, &found), "{found}");
}

/// Replaces every text by one that is extreme for its kind.
fn extreme(value: &Value, round: usize) -> Value {
    const AMOUNTS: [&str; 4] = ["999999999999999.99", "-999999999999999.99", "0.00", "1e9"];
    const DATES: [&str; 4] = ["9999-12-31", "1000-01-01", "2024-02-29", "2024-02-30"];
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), extreme(value, round))).collect(),
        Value::Array(values) => values.iter().map(|value| extreme(value, round)).collect(),
        Value::String(text) if text.parse::<gst_types::IstDate>().is_ok() => Value::from(DATES[round % 4]),
        Value::String(text) if text.parse::<gst_types::Paise>().is_ok() => Value::from(AMOUNTS[round / 4 % 4]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn extreme_inputs_give_an_answer_or_a_clear_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/rules");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    for case in files.map(|text| serde_json::from_str::<Value>(&text).unwrap()) {
        for given in case["given"].as_array().unwrap().iter().filter(|given| given["function"].is_string()) {
            for round in 0..16 {
                let found =
                    call(given["function"].as_str().unwrap(), &given["config"], &extreme(&given["inputs"], round));
                let error = found.get("error").and_then(Value::as_str).unwrap_or_default();
                assert!(error.is_empty() || error.contains(given["function"].as_str().unwrap()), "{error}");
            }
        }
    }
}
