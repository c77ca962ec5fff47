//! A whole example of a schema: every field once, with plausible values, always the same.

use serde_json::{Map, Value, json};

/// Schemas nest a few levels; a reference that leads back to itself ends here.
const DEPTH_MAX: usize = 12;

/// The example of a schema with its `$defs`.
pub(crate) fn of(schema: &Value) -> Value {
    example(schema, schema, "", 0)
}

fn example(root: &Value, schema: &Value, field: &str, depth: usize) -> Value {
    assert!(depth < DEPTH_MAX, "field {field}: the schema refers to itself");
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return named(name).unwrap_or_else(|| example(root, &root["$defs"][name], field, depth + 1));
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let first = schema[choice].as_array().and_then(|schemas| {
            // A nullable field is shown with its value.
            schemas.iter().find(|schema| schema["type"] != "null")
        });
        if let Some(first) = first {
            return example(root, first, field, depth + 1);
        }
    }
    let is = |name: &str| match &schema["type"] {
        Value::String(only) => only == name,
        Value::Array(several) => several.iter().any(|one| one == name),
        _ => false,
    };
    if is("object") {
        object(root, schema, field, depth)
    } else if is("array") {
        let items = &schema["items"];
        // A pair of fixed places, otherwise one item.
        match schema["prefixItems"].as_array() {
            Some(places) => places.iter().map(|place| example(root, place, field, depth + 1)).collect(),
            None => Value::Array(vec![example(root, items, field, depth + 1)]),
        }
    } else if is("boolean") {
        Value::Bool(true)
    } else if is("integer") {
        Value::from(1)
    } else {
        Value::from(text(field))
    }
}

fn object(root: &Value, schema: &Value, field: &str, depth: usize) -> Value {
    let mut fields = Map::new();
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            fields.insert(name.clone(), example(root, property, name, depth + 1));
        }
    } else if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        fields.insert(key(field), example(root, values, field, depth + 1));
    } else if let Some(pattern) = schema["patternProperties"].as_object().and_then(|patterns| patterns.values().next())
    {
        fields.insert("1".to_owned(), example(root, pattern, field, depth + 1));
    }
    Value::Object(fields)
}

/// Types whose wire form is one piece of text.
fn named(name: &str) -> Option<Value> {
    let text = match name {
        "Amount" => "1234.50",
        "Gstin" | "RecipientGstin" => "27AAPFU0939F1ZV",
        "SupplierGstin" => "29AAACX0123A1ZZ",
        "StateCode" => "27",
        "IstDate" => "2026-04-08",
        "IstInstant" => "2026-04-15T14:32:00+05:30",
        "TaxPeriod" => "042026",
        "FinancialYear" => "2026-27",
        "DocumentNumber" => "INV/2026-04-1547",
        "DocumentKey" => "29AAACX0123A1ZZ:INVOICE:INV/2026-04-1547:2026-27",
        "Percent" => "18",
        "CreditSubject" => "29AAACX0123A1ZZ:INVOICE:INV/2026-04-1547:2026-27",
        "BillOfEntryId" => "INNSA1/4000001/2026-04-08",
        "PortCode" => "INNSA1",
        "RecordId" => "9f6b1c2e#0",
        "TableRow" => "3.A.I.B2B",
        "RuleRef" => rule(),
        _ => return None,
    };
    Some(json!(text))
}

const fn rule() -> &'static str {
    "AUD-3"
}

fn key(field: &str) -> String {
    let key = match field {
        "table4" | "lines" => "4A5",
        "facts" => "document_number",
        "field_digests" => "kind",
        "command_offsets" => "0",
        "rows" | "applied" => "gstin.checksum",
        _ => "igst",
    };
    key.to_owned()
}

fn text(field: &str) -> String {
    let text = match field {
        "number" | "document_number" => "INV/2026-04-1547",
        "sha256" | "digest" | "hash" | "previous_hash" | "rulebook_digest" => {
            "3b1f0c7a5e9d4286b0c1d2e3f4a5968778695a4b3c2d1e0ff0e1d2c3b4a59687"
        }
        "field_digests" => "3b1f0c7a5e9d4286",
        "media_type" => "application/pdf",
        "storage_reference" => "archive/2026/04/INV-2026-04-1547.pdf",
        "invoice_type" => "R",
        "kind" => "TAX_INVOICE",
        "rows" | "applied" => "WARN",
        "lines" => "4A5",
        "worker" => "ims",
        "code" => "PENDING_NOT_ALLOWED",
        "message" => "plain words",
        "arn" => "AA2704260000001",
        "subject" => "ap.manager",
        "role" => "AP_MANAGER",
        "status" | "raw_status" => "OUT_OF_CHARGE",
        "irn" => "35054cc24d97033afc24f49ec4444dbab81f542c555f9d30359dc75794e06bbe",
        other if other.ends_with("_id") => "9f6b1c2e",
        other => return other.replace('_', " "),
    };
    text.to_owned()
}
