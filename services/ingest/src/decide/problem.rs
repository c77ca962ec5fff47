//! What is wrong with a message, named by code, field and rule; never by its content.

use super::place;
use gst_types::{BillOfEntryIdError, DateError, DocumentNumberError, GstinError, MoneyError, PeriodError};
use gstn_formats::{FieldError, FormatError, RecordError};
use serde_json::Value;
use stream::DeadLetter;

/// A dead letter for the whole message.
#[must_use]
pub fn letter(code: &str, field: &str, rule: &str, message: impl Into<String>) -> DeadLetter {
    DeadLetter {
        code: code.to_owned(),
        field: field.to_owned(),
        rule: rule.to_owned(),
        message: message.into(),
        part: None,
    }
}

/// The same for a part of the message; the other parts are not lost.
#[must_use]
pub fn of_part(mut whole: DeadLetter, part: &Value) -> DeadLetter {
    whole.part = serde_json::to_vec(part).ok();
    whole
}

/// A field of a GSTN record.
pub(crate) fn of_field(place: &str, error: &FieldError) -> DeadLetter {
    let field = if place.is_empty() { error.field.clone() } else { format!("{place}.{}", error.field) };
    letter(error.problem.code(), &field, error.problem.rule(), error.to_string())
}

/// A GSTN file whose header is wrong.
pub(crate) fn of_format(error: &FormatError) -> DeadLetter {
    match error {
        FormatError::Header(error) => of_field("", error),
        FormatError::Record(_) | FormatError::UnknownKind => letter(error.code(), "", error.rule(), error.to_string()),
    }
}

/// A record of a GSTN file: `b2b[0].inv[2].itms.0.itm_det.txval`.
pub(crate) fn of_record(error: &RecordError, list_key: &str) -> DeadLetter {
    let mut field = error.section.clone();
    if let Some(group) = error.group {
        field.push_str(&format!("[{group}].{list_key}"));
    }
    if let Some(record) = error.record {
        field.push_str(&format!("[{record}]"));
    }
    if !error.field.is_empty() {
        field.push_str(&format!(".{}", error.field));
    }
    letter(error.code(), &field, error.rule(), error.message())
}

/// A value that is not JSON, or not of its type: `serde_json` says where, we say which field and rule.
pub(crate) fn of_json(value: &[u8], error: &serde_json::Error) -> DeadLetter {
    if !error.is_data() {
        let where_to_look = format!("line {} column {}", error.line(), error.column());
        return letter("NOT_JSON", &where_to_look, "GSTN", "the message is not JSON");
    }
    let text = error.to_string();
    let path = place::path_at(value, error.line(), error.column());
    if let Some(missing) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        let field = if path.is_empty() { missing.to_owned() } else { format!("{path}.{missing}") };
        let gstin = matches!(missing, "gstin" | "supplier" | "recipient" | "isd" | "importer" | "from" | "to");
        let (code, rule) = if gstin { ("GSTIN_MISSING", "ID-1") } else { ("FIELD_MISSING", "GSTN") };
        return letter(code, &field, rule, format!("`{field}` is missing"));
    }
    let (code, rule, message) = named(&text).unwrap_or_else(|| wrong_type(&text, &path));
    letter(code, &path, rule, message)
}

/// The error of one of our types, recognised by its words, which hold nothing of the payload.
fn named(text: &str) -> Option<(&'static str, &'static str, String)> {
    let money = [MoneyError::NotANumber, MoneyError::TooManyDecimals, MoneyError::TooLarge];
    let dates = [DateError::Date, DateError::GstnDate, DateError::Instant];
    let periods = [PeriodError::Period, PeriodError::FinancialYear];
    let gstins = [GstinError::Length, GstinError::Shape];
    let bills = [BillOfEntryIdError::Port, BillOfEntryIdError::Number, BillOfEntryIdError::Shape];
    let mut all: Vec<(&'static str, &'static str, String)> = Vec::new();
    all.extend(money.map(|error| (error.code(), "ID-4", error.to_string())));
    all.extend(dates.map(|error| (error.code(), "ID-11", error.to_string())));
    all.extend(periods.map(|error| (error.code(), "ID-8", error.to_string())));
    all.extend(gstins.map(|error| (error.code(), "ID-1", error.to_string())));
    all.extend(bills.map(|error| (error.code(), "BOE-7", error.to_string())));
    all.push((DocumentNumberError.code(), "ID-5", DocumentNumberError.to_string()));
    all.push(("STATE_CODE_INVALID", "ID-3", gst_types::StateCodeError.to_string()));
    all.push(("DOCUMENT_KEY_INVALID", "ID-6", gst_types::DocumentKeyError.to_string()));
    all.push(("CREDIT_SUBJECT_INVALID", "ID-6", gst_events::CreditSubjectError.to_string()));
    all.into_iter().find(|(_, _, words)| text.starts_with(words.as_str()))
}

fn wrong_type(text: &str, path: &str) -> (&'static str, &'static str, String) {
    let number_of_document = path.ends_with("number");
    if text.starts_with("unknown variant") {
        ("CODE_UNKNOWN", "GSTN", format!("`{path}` is none of the words that are allowed there"))
    } else if number_of_document && text.starts_with("invalid type") {
        ("DOCUMENT_NUMBER_NOT_TEXT", "ID-5", format!("`{path}` should be a text, not a number"))
    } else {
        ("WRONG_SHAPE", "GSTN", format!("`{path}` is not of the type that belongs there"))
    }
}
