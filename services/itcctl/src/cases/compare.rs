//! Comparing what came out with what a case expects, as the case format says (section "Comparing").

use serde_json::Value;

const HEADS: [&str; 4] = ["igst", "cgst", "sgst", "cess"];

/// The first differences between `expected` and `actual`: only expected keys are tested, at every depth; lists are
/// complete and in order; a heads object tests every head.
pub(crate) fn differences(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Null, Value::Null) => {}
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                let actual_value = got.get(key).unwrap_or(&Value::Null);
                differences(&format!("{path}.{key}"), value, actual_value, found);
            }
            let carries_heads = wanted.keys().any(|key| HEADS.contains(&key.as_str()));
            let empty_heads = wanted.is_empty() && got.keys().all(|key| HEADS.contains(&key.as_str()));
            if carries_heads || empty_heads {
                for head in HEADS.iter().filter(|head| !wanted.contains_key(**head)) {
                    if let Some(other) = got.get(*head).filter(|amount| !is_zero(amount)) {
                        found.push(format!("{path}.{head}: expected nothing, got {other}"));
                    }
                }
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            for (index, value) in wanted.iter().enumerate() {
                match got.get(index) {
                    Some(actual_value) => differences(&format!("{path}[{index}]"), value, actual_value, found),
                    None => found.push(format!("{path}[{index}]: missing, expected {value}")),
                }
            }
            for (index, extra) in got.iter().enumerate().skip(wanted.len()) {
                found.push(format!("{path}[{index}]: not expected: {extra}"));
            }
        }
        (wanted, Value::Null) if is_zero(wanted) && ends_in_head(path) => {}
        (Value::Object(wanted), Value::Null) if wanted.is_empty() || wanted.values().all(is_zero) => {}
        (wanted, got) if wanted == got => {}
        (wanted, got) => found.push(format!("{path}: expected {wanted}, got {got}")),
    }
}

fn is_zero(value: &Value) -> bool {
    value.as_str() == Some("0.00") || value.is_null()
}

fn ends_in_head(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|name| HEADS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(expected: &Value, actual: &Value) -> usize {
        let mut list = Vec::new();
        differences("", expected, actual, &mut list);
        list.len()
    }

    #[test]
    fn heads_left_out_must_be_zero() {
        assert_eq!(found(&json!({"igst": "1.00"}), &json!({"igst": "1.00", "cess": "0.00"})), 0);
        assert_eq!(found(&json!({"igst": "1.00"}), &json!({"igst": "1.00", "cess": "2.00"})), 1);
        assert_eq!(found(&json!({}), &json!({"igst": "1.00"})), 1);
    }

    #[test]
    fn only_expected_keys_are_tested_and_lists_are_complete() {
        assert_eq!(found(&json!({"a": 1}), &json!({"a": 1, "b": 2})), 0);
        assert_eq!(found(&json!([1]), &json!([1, 2])), 1);
        assert_eq!(found(&json!({"a": null}), &json!({})), 0);
    }
}
