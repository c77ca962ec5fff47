//! Bills of Entry in GSTN's spellings. GSTN shows a bill once it is out of charge and paid, so that its reference date
//! tells both steps too (BOE-5, BOE-6).

use super::ims_file;
use super::translation::{Supplement, Translated, at_hour};
use crate::feed_record::Feed;
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CustomsBillReported, CustomsBillValueAmended, CustomsStatusReported,
    ImsSection, ImsTarget, RecordId,
};
use gst_types::{IstDate, RecipientGstin};
use gstn_formats::boe::{BoeRecord, ImportSection};
use gstn_formats::codes::BoeAmendType;
use serde_json::Value;

/// A record and the section it stands in.
pub(super) struct Bill<'a> {
    pub(super) section: ImsSection,
    pub(super) record: &'a BoeRecord,
}

/// Our word for a section.
pub(super) const fn section(section: ImportSection) -> ImsSection {
    match section {
        ImportSection::Impg => ImsSection::Impg,
        ImportSection::Impga => ImsSection::Impga,
        ImportSection::ImpgSez => ImsSection::Impgsez,
        ImportSection::ImpgaSez => ImsSection::Impgseza,
    }
}

/// Translates one record or a list of them.
pub(super) fn translate(value: &Value, with: &Supplement) -> Translated {
    let mut out = Translated::of("bills of entry");
    let records = match value {
        Value::Array(list) => list.iter().collect(),
        alone => vec![alone],
    };
    for (index, value) in records.into_iter().enumerate() {
        match BoeRecord::parse_any(value) {
            Ok((_, record)) => {
                let bill = Bill { section: section_of(&record), record: &record };
                publish(&bill, with.recipient, with, &mut out);
            }
            Err(error) => {
                let message = error.to_string();
                out.refuse(format!("record {index}"), error.problem.code(), message, error.problem.rule());
            }
        }
    }
    out
}

fn section_of(record: &BoeRecord) -> ImsSection {
    let amended = record.amended == Some(true) || record.amend_type.is_some();
    match (record.sez_supplier.is_some(), amended) {
        (false, false) => ImsSection::Impg,
        (false, true) => ImsSection::Impga,
        (true, false) => ImsSection::Impgsez,
        (true, true) => ImsSection::Impgseza,
    }
}

/// Publishes a bill, its two steps, and what the recipient did with it.
pub(super) fn publish(bill: &Bill<'_>, recipient: Option<RecipientGstin>, with: &Supplement, out: &mut Translated) {
    let (record, place) = (bill.record, bill.record.id.to_string());
    let Some(importer) = record.recipient.or(recipient) else {
        out.refuse(place, "RECIPIENT_UNKNOWN", "`gstin` is missing: give --recipient", "BOE-9");
        return;
    };
    let Some(received_on) = record.received_on.or(record.reference_date).or(with.filed_on) else {
        out.refuse(place, "FIELD_MISSING", "neither `recdt` nor `refdt` is there: give --filed-on", "PD-8");
        return;
    };
    if matches!(record.amend_type, Some(BoeAmendType::GstinIn | BoeAmendType::GstinOut)) {
        let message = "`amendType` tells a change of GSTIN, but not the other GSTIN: feed the customs amendment itself";
        out.refuse(place, "OTHER_GSTIN_UNKNOWN", message, "BE-6");
        return;
    }
    let details = BillOfEntryDetails {
        bill_of_entry: record.id.clone(),
        section: bill.section,
        bill_of_entry_type: BillOfEntryType::default(),
        importer,
        taxable_value: record.taxable_value,
        tax: record.tax(),
        sez_supplier: record.sez_supplier,
        parent: None,
        reference_date: record.reference_date,
    };
    out.count(Feed::BillsOfEntry, 1);
    report(details, received_on, with, out);
    let target = ImsTarget::BillOfEntry { section: bill.section, bill_of_entry: record.id.clone() };
    ims_file::action(importer, target, &record.state, received_on, with, out);
}

fn report(details: BillOfEntryDetails, received_on: IstDate, with: &Supplement, out: &mut Translated) {
    let received_at = at_hour(received_on, 9);
    let key = details.bill_of_entry.to_string();
    let record_id = RecordId::default();
    if matches!(details.section, ImsSection::Impga | ImsSection::Impgseza) {
        let fact = CustomsBillValueAmended { record_id, details, received_at };
        out.fact(Feed::BillsOfEntry, &key, received_at, with, &fact);
        return;
    }
    let (bill_of_entry, reference_date) = (details.bill_of_entry.clone(), details.reference_date);
    let fact = CustomsBillReported { record_id, details, received_at };
    out.fact(Feed::BillsOfEntry, &key, received_at, with, &fact);
    for status in ["DUTY_PAID", "OUT_OF_CHARGE"] {
        if let Some(day) = reference_date {
            let at = at_hour(day, 8);
            let fact = CustomsStatusReported { bill_of_entry: bill_of_entry.clone(), status: status.to_owned(), at };
            out.fact(Feed::BillsOfEntry, &key, at, with, &fact);
        }
    }
}
