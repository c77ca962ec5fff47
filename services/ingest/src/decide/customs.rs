//! Bills of Entry in the spellings of GSTR-2A, GSTR-2B and IMS (BOE-9): one record, a list, or sections of a statement.

use super::problem::{letter, of_field, of_part};
use super::{Intake, instant};
use crate::feed::FeedRecord;
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CustomsBillReported, CustomsBillValueAmended, ImsSection, Outgoing, RecordId,
};
use gst_types::{Gstin, IstDate, RecipientGstin};
use gstn_formats::boe::{BoeRecord, ImportSection};
use gstn_formats::codes::BoeAmendType;
use serde_json::Value;
use stream::DeadLetter;

/// One record and where it stands.
struct Found<'a> {
    place: String,
    section: Option<ImportSection>,
    sez_supplier: Option<&'a Value>,
    value: &'a Value,
}

pub(super) fn take(record: &FeedRecord, value: &Value, intake: &mut Intake) -> Result<(), DeadLetter> {
    let found = records_in(value);
    let alone = found.len() == 1;
    for (number, one) in found.iter().enumerate() {
        match forward(record, one, number, intake) {
            Ok(()) => {}
            Err(error) if alone => return Err(error),
            Err(error) => intake.put_aside(of_part(error, one.value)),
        }
    }
    Ok(())
}

/// Sections hold records, or groups of an SEZ supplier that hold records in `boe`.
fn records_in(value: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    match value {
        Value::Array(records) => {
            let one = |(index, value)| Found { place: format!("[{index}]"), section: None, sez_supplier: None, value };
            found.extend(records.iter().enumerate().map(one));
        }
        Value::Object(object) if object.keys().any(|key| ImportSection::from_key(key).is_some()) => {
            for (key, list) in object {
                let Some(section) = ImportSection::from_key(key) else { continue };
                for (index, entry) in list.as_array().into_iter().flatten().enumerate() {
                    let place = format!("{key}[{index}]");
                    match entry.get("boe").and_then(Value::as_array) {
                        Some(bills) => found.extend(bills.iter().enumerate().map(|(bill, value)| Found {
                            place: format!("{place}.boe[{bill}]"),
                            section: Some(section),
                            sez_supplier: entry.get("ctin").or_else(|| entry.get("sgstin")),
                            value,
                        })),
                        None => found.push(Found { place, section: Some(section), sez_supplier: None, value: entry }),
                    }
                }
            }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(Found { place: String::new(), section: None, sez_supplier: None, value });
        }
    }
    found
}

fn forward(record: &FeedRecord, one: &Found<'_>, number: usize, intake: &mut Intake) -> Result<(), DeadLetter> {
    let (_, bill) = BoeRecord::parse_any(one.value).map_err(|error| of_field(&one.place, &error))?;
    let importer = importer(record, &bill)?;
    intake.check(importer.gstin(), "gstin")?;
    let received_at = match instant::told(record)? {
        Some(at) => at,
        None => {
            let day = bill.received_on.map(IstDate::start);
            day.or(record.sent_at).ok_or_else(instant::missing)?
        }
    };
    if matches!(bill.amend_type, Some(BoeAmendType::GstinIn | BoeAmendType::GstinOut)) {
        let message = "a change of GSTIN names both GSTINs: send it as itc.customs-bill-gstin-amended.v1";
        return Err(letter("GSTIN_AMENDMENT_HAS_ONE_SIDE", "amendType", "BE-6", message));
    }
    let group = one.sez_supplier.and_then(Value::as_str).and_then(|text| text.parse().ok());
    let sez_supplier = bill.sez_supplier.or(group.map(gst_types::SupplierGstin));
    let from_sez =
        sez_supplier.is_some() || matches!(one.section, Some(ImportSection::ImpgSez | ImportSection::ImpgaSez));
    let amended = bill.amended == Some(true)
        || bill.amend_type.is_some()
        || matches!(one.section, Some(ImportSection::Impga | ImportSection::ImpgaSez));
    let details = BillOfEntryDetails {
        bill_of_entry: bill.id.clone(),
        section: section(from_sez, amended),
        bill_of_entry_type: if from_sez { BillOfEntryType::Sez } else { BillOfEntryType::default() },
        importer,
        taxable_value: bill.taxable_value,
        tax: bill.tax(),
        sez_supplier,
        parent: None,
        reference_date: bill.reference_date,
    };
    let record_id = RecordId(format!("{}#{number}", record.id));
    intake.forward(if amended {
        Outgoing::to_customs(&bill.id, &CustomsBillValueAmended { record_id, details, received_at })
    } else {
        Outgoing::to_customs(&bill.id, &CustomsBillReported { record_id, details, received_at })
    });
    Ok(())
}

/// GSTN's records leave the importer to the file around them: it is the message's subject.
fn importer(record: &FeedRecord, bill: &BoeRecord) -> Result<RecipientGstin, DeadLetter> {
    if let Some(importer) = bill.recipient {
        return Ok(importer);
    }
    Gstin::parse(&record.subject).map(RecipientGstin).map_err(|_| {
        letter("GSTIN_MISSING", "ce_subject", "ID-1", "neither the record nor the header ce_subject names the importer")
    })
}

const fn section(from_sez: bool, amended: bool) -> ImsSection {
    match (from_sez, amended) {
        (false, false) => ImsSection::Impg,
        (false, true) => ImsSection::Impga,
        (true, false) => ImsSection::Impgsez,
        (true, true) => ImsSection::Impgseza,
    }
}
