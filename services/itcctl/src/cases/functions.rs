//! The function calls of case files: identifiers, periods and calculations.

use super::case_file::{Case, Variant, config_of};
use super::compare::differences;
use super::fields::Fields;
use anyhow::{Result, anyhow};
use gst_rules::Rulebook;
use gst_types::{DocumentKey, DocumentKind, Gstin, TaxPeriod};
use serde_json::{Map, Value, json};

/// Runs a case of kind `calculation` and tells what differs.
pub(crate) fn run_calculation(case: &Case, variant: &Variant) -> Result<Vec<String>> {
    let base = Rulebook::embedded().with_overrides(&variant.config)?;
    let expected = variant.expect.as_array().ok_or_else(|| anyhow!("expect is no list"))?;
    let mut found = Vec::new();
    if expected.len() != case.given.len() {
        found.push(format!("{} calls but {} expected outputs", case.given.len(), expected.len()));
    }
    for (index, (call, wanted)) in case.given.iter().zip(expected).enumerate() {
        let call = Fields::of(call)?;
        let rulebook = base.with_overrides(&config_of(call.0.get("config"))?)?;
        let inputs = call.0.get("inputs").cloned().unwrap_or(Value::Null);
        let name = call.text("function")?;
        match gst_rules::calculation::call(name, &rulebook, &inputs) {
            Ok(output) => differences(&format!("[{index}] {name}"), wanted, &output, &mut found),
            Err(error) => found.push(format!("[{index}] {name}: {error}")),
        }
    }
    Ok(found)
}

/// `gstin_validity` of `validate_gstins`.
pub(crate) fn validate_gstins(event: &Fields<'_>) -> Value {
    let texts = event.list("values").iter().filter_map(Value::as_str);
    Value::Object(texts.map(|text| (text.to_owned(), json!(Gstin::validity(text).code()))).collect::<Map<_, _>>())
}

/// `same_document` of `compare_document_keys`.
pub(crate) fn compare_document_keys(event: &Fields<'_>) -> Result<Value> {
    let key = |fields: &Fields<'_>| -> Result<DocumentKey> {
        let word = fields.text("type")?;
        let kind = DocumentKind::from_code(word).ok_or_else(|| anyhow!("field type: {word} is not known"))?;
        Ok(DocumentKey::new(fields.parse("supplier_gstin")?, kind, fields.parse("number")?, fields.date("date")?))
    };
    let same = |pair: &Value| -> Result<Value> {
        let pair = Fields::of(pair)?;
        Ok(json!(key(&pair.object("a")?)? == key(&pair.object("b")?)?))
    };
    Ok(Value::Array(event.list("pairs").iter().map(same).collect::<Result<_>>()?))
}

/// `periods` of `describe_periods`.
pub(crate) fn describe_periods(event: &Fields<'_>) -> Value {
    let describe = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        match text.parse::<TaxPeriod>() {
            Ok(period) => json!({
                "value": text,
                "valid": true,
                "financial_year": period.financial_year(),
                "quarter_end_period": period.quarter_end(),
                "month_of_quarter": format!("M{}", period.month_of_quarter()),
                "next": period.next(),
            }),
            Err(_) => json!({ "value": text, "valid": false }),
        }
    };
    Value::Array(event.list("values").iter().map(describe).collect())
}
