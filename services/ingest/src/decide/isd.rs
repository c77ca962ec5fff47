//! Filed GSTR-6: a small JSON of our own with the names of GSTR-2B's ISD section, because GSTN's GSTR-6 distributes by
//! unit in a shape that recipients never see: `{"gstin","fp","isd":[{"rtin","doctyp","docnum","docdt","itcelg","igst",…}]}`.

use super::Intake;
use super::problem::{letter, of_part};
use crate::feed::FeedRecord;
use gst_events::{IsdDocumentFiled, IsdDocumentType, OriginalDocument, Outgoing, RecordId};
use gst_types::{Gstin, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use serde_json::Value;
use stream::DeadLetter;

pub(super) fn take(
    record: &FeedRecord,
    value: &Value,
    filed: bool,
    filed_at: IstInstant,
    intake: &mut Intake,
) -> Result<(), DeadLetter> {
    if !filed {
        return Err(letter("GSTR6_NOT_FILED", "ce_type", "IN-4", "a GSTR-6 reaches recipients only when it is filed"));
    }
    let isd = SupplierGstin(gstin(value, "gstin", "")?);
    intake.check(isd.gstin(), "gstin")?;
    let period_text = text(value, "fp", "")?;
    let return_period: TaxPeriod = period_text
        .parse()
        .map_err(|error: gst_types::PeriodError| letter(error.code(), "fp", "ID-8", error.to_string()))?;
    let Some(documents) = value.get("isd").and_then(Value::as_array) else {
        return Err(letter("FIELD_MISSING", "isd", "GSTN", "`isd` should be a list of documents"));
    };
    for (number, document) in documents.iter().enumerate() {
        let record_id = RecordId(format!("{}#{number}", record.id));
        let place = format!("isd[{number}]");
        let read = one(document, &place, intake).map(|part| IsdDocumentFiled {
            record_id,
            isd,
            recipient: part.recipient,
            return_period,
            document_type: part.document_type,
            number: part.number,
            date: part.date,
            original: part.original,
            tax: part.tax,
            itc_eligible: part.itc_eligible,
            filed_at,
        });
        match read {
            Ok(fact) => intake.forward(Outgoing::to_supplier(isd, &fact)),
            Err(error) => intake.put_aside(of_part(error, document)),
        }
    }
    Ok(())
}

struct Part {
    recipient: RecipientGstin,
    document_type: IsdDocumentType,
    number: String,
    date: IstDate,
    original: Option<OriginalDocument>,
    tax: TaxAmounts,
    itc_eligible: bool,
}

fn one(document: &Value, place: &str, intake: &mut Intake) -> Result<Part, DeadLetter> {
    let recipient = gstin(document, "rtin", place)?;
    intake.check(recipient, &format!("{place}.rtin"))?;
    let document_type = match text(document, "doctyp", place)? {
        "ISDI" => IsdDocumentType::Invoice,
        "ISDC" => IsdDocumentType::CreditNote,
        _ => return Err(code_unknown(place, "doctyp", "ISDI or ISDC")),
    };
    let itc_eligible = match text(document, "itcelg", place)? {
        "Y" => true,
        "N" => false,
        _ => return Err(code_unknown(place, "itcelg", "Y or N")),
    };
    let date = date(document, "docdt", place)?;
    if document.get("docnum").is_some_and(Value::is_number) {
        let field = at(place, "docnum");
        return Err(letter(
            "DOCUMENT_NUMBER_NOT_TEXT",
            &field,
            "ID-5",
            "a document number should be a text, not a number",
        ));
    }
    let tax = TaxAmounts {
        igst: amount(document, "igst", place)?,
        cgst: amount(document, "cgst", place)?,
        sgst: amount(document, "sgst", place)?,
        cess: amount(document, "cess", place)?,
    };
    let number = text(document, "docnum", place)?.to_owned();
    let original = original(document, place)?;
    Ok(Part { recipient: RecipientGstin(recipient), document_type, number, date, original, tax, itc_eligible })
}

fn date(document: &Value, field: &str, place: &str) -> Result<IstDate, DeadLetter> {
    IstDate::parse_gstn(text(document, field, place)?.trim())
        .map_err(|error| letter(error.code(), &at(place, field), "ID-11", error.to_string()))
}

/// The invoice that a credit note belongs to (TB-9); both fields or none.
fn original(document: &Value, place: &str) -> Result<Option<OriginalDocument>, DeadLetter> {
    let told = |field: &str| document.get(field).is_some_and(|value| value.as_str() != Some("") && !value.is_null());
    if !told("oinvnum") && !told("oinvdt") {
        return Ok(None);
    }
    let number = text(document, "oinvnum", place)?.to_owned();
    Ok(Some(OriginalDocument { number, date: date(document, "oinvdt", place)? }))
}

fn at(place: &str, field: &str) -> String {
    if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") }
}

fn code_unknown(place: &str, field: &str, expected: &str) -> DeadLetter {
    letter("CODE_UNKNOWN", &at(place, field), "GSTN", format!("`{field}` should be {expected}"))
}

fn text<'a>(value: &'a Value, field: &str, place: &str) -> Result<&'a str, DeadLetter> {
    let found = value.get(field).filter(|found| !found.is_null());
    let Some(found) = found else {
        return Err(letter("FIELD_MISSING", &at(place, field), "GSTN", format!("`{field}` is missing")));
    };
    found
        .as_str()
        .ok_or_else(|| letter("WRONG_SHAPE", &at(place, field), "GSTN", format!("`{field}` should be a text")))
}

fn gstin(value: &Value, field: &str, place: &str) -> Result<Gstin, DeadLetter> {
    let Some(found) = value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        return Err(letter(
            "GSTIN_MISSING",
            &at(place, field),
            "ID-1",
            format!("`{field}` is missing; a GSTIN belongs here"),
        ));
    };
    Gstin::parse(found).map_err(|error| letter(error.code(), &at(place, field), "ID-1", error.to_string()))
}

/// An amount as a JSON number, read through its text; absent means zero.
fn amount(value: &Value, field: &str, place: &str) -> Result<Paise, DeadLetter> {
    let wrong = |error: gst_types::MoneyError| letter(error.code(), &at(place, field), "ID-4", error.to_string());
    match value.get(field) {
        None | Some(Value::Null) => Ok(Paise::ZERO),
        Some(Value::Number(number)) => number.as_str().parse().map_err(wrong),
        Some(Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(wrong(gst_types::MoneyError::NotANumber))
        }
    }
}
