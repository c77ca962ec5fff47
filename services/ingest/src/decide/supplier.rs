//! GSTR-1, GSTR-1A and IFF in GSTN's own JSON: one fact for each document, then the filing.

use super::problem::{letter, of_format, of_part, of_record};
use super::{Intake, instant, isd};
use crate::feed::FeedRecord;
use gst_events::{
    ImsSection, Origin, OriginalDocument, Outgoing, RecordId, SupplierForm, SupplierRecord, SupplierRecordDeleted,
    SupplierRecordSaved, SupplierReturnFiled,
};
use gst_types::{IstDate, IstInstant};
use gstn_formats::RecordError;
use gstn_formats::codes::InvoiceType;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use serde_json::Value;
use stream::DeadLetter;

/// What the supplier did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Saved,
    Deleted,
    Filed,
}

/// What all documents of a message share.
struct Header<'a> {
    record: &'a FeedRecord,
    form: SupplierForm,
    step: Step,
    at: IstInstant,
    origin: Origin,
}

pub(super) fn take(record: &FeedRecord, value: &Value, step: Step, intake: &mut Intake) -> Result<(), DeadLetter> {
    let told = record.supplier_form().map_err(|_| {
        letter("CODE_UNKNOWN", "ce_form", "GSTN", "the header should be GSTR1, IFF, GSTR1A, GSTR5 or GSTR6")
    })?;
    let origin = instant::origin(record, Origin::Portal)?;
    let at = happened_at(record, value, step)?;
    if told == Some(SupplierForm::Gstr6) || (told.is_none() && value.get("isd").is_some()) {
        return isd::take(record, value, step == Step::Filed, at, intake);
    }
    let file = Gstr1::parse(value).map_err(|error| of_format(&error))?;
    intake.check(file.supplier.gstin(), "gstin")?;
    let form = told.unwrap_or_else(|| form_in(&file));
    let header = Header { record, form, step, at, origin };
    let source = file.to_value();
    for (number, document) in file.documents().into_iter().enumerate() {
        match document {
            Ok(document) => {
                if let Err(error) = one(&header, &file, &document, number, intake) {
                    intake.put_aside(of_part(error, &document.to_record()));
                }
            }
            Err(error) => {
                let (list_key, part) = part_of(&source, &error);
                intake.put_aside(of_part(of_record(&error, list_key), &part));
            }
        }
    }
    if step == Step::Filed {
        let supplier = file.supplier;
        let fact = SupplierReturnFiled { supplier, form, return_period: file.period, filed_at: at, origin };
        intake.forward(Outgoing::to_supplier(supplier, &fact));
    }
    Ok(())
}

/// A filing says when in its header or, by day, in its body (`fil_dt`); a save may fall back on when it was sent, because
/// the instant of a save decides no statement (PD-2).
fn happened_at(record: &FeedRecord, value: &Value, step: Step) -> Result<IstInstant, DeadLetter> {
    match step {
        Step::Saved | Step::Deleted => instant::told_or_sent(record),
        Step::Filed => {
            if let Some(at) = instant::told(record)? {
                return Ok(at);
            }
            let inner = value.get("data").filter(|data| data.is_object()).unwrap_or(value);
            let day = inner.get("fil_dt").and_then(Value::as_str).ok_or_else(instant::missing)?;
            let wrong = |error: gst_types::DateError| letter(error.code(), "fil_dt", "ID-11", error.to_string());
            IstDate::parse_gstn(day.trim()).map(IstDate::start).map_err(wrong)
        }
    }
}

/// Without a header: months 1 and 2 of a quarterly filer are an IFF, all else a GSTR-1.
fn form_in(file: &Gstr1) -> SupplierForm {
    let quarterly = file.to_value().get("filing_typ").and_then(Value::as_str) == Some("Q");
    if quarterly && file.period.month_of_quarter() != 3 { SupplierForm::Iff } else { SupplierForm::Gstr1 }
}

/// One document: saved, or deleted where the message or its row says so.
fn one(
    header: &Header<'_>,
    file: &Gstr1,
    document: &Gstr1Document,
    number: usize,
    intake: &mut Intake,
) -> Result<(), DeadLetter> {
    // Only documents of e-commerce operators with a supplier behind them name the recipient `rtin`.
    let key = if document.ecommerce_supplier.is_some() { "rtin" } else { "ctin" };
    intake.check(document.recipient.gstin(), &format!("{}.{key}", document.table().path()))?;
    let supplier = file.supplier;
    let section = section_of(document.section);
    if header.step == Step::Deleted || document.delete {
        let fact = SupplierRecordDeleted {
            supplier,
            form: Some(header.form),
            return_period: Some(file.period),
            record_id: None,
            section,
            number: document.number.clone(),
            date: document.date,
            at: header.at,
            origin: header.origin,
        };
        intake.forward(Outgoing::to_supplier(supplier, &fact));
        return Ok(());
    }
    let original =
        document.original.as_ref().map(|(number, date)| OriginalDocument { number: number.clone(), date: *date });
    let fact = SupplierRecordSaved {
        form: header.form,
        return_period: file.period,
        record_id: RecordId(format!("{}#{number}", header.record.id)),
        record: SupplierRecord {
            section,
            supplier,
            recipient: document.recipient,
            number: document.number.clone(),
            date: document.date,
            original,
            invoice_type: document.invoice_type.unwrap_or(InvoiceType::Regular).code().to_owned(),
            place_of_supply: document.place_of_supply.unwrap_or_else(|| document.recipient.gstin().state()),
            reverse_charge: document.reverse_charge,
            taxable_value: document.taxable_value,
            tax: document.tax,
            document_value: document.document_value,
            trade_name: None,
            irn: document.irn.clone(),
        },
        at: header.at,
        origin: header.origin,
    };
    intake.forward(Outgoing::to_supplier(supplier, &fact));
    Ok(())
}

/// The section as IMS names it.
pub(super) const fn section_of(section: Gstr1Section) -> ImsSection {
    match section {
        Gstr1Section::B2B => ImsSection::B2b,
        Gstr1Section::B2BA => ImsSection::B2ba,
        Gstr1Section::DN => ImsSection::Dn,
        Gstr1Section::DNA => ImsSection::Dna,
        Gstr1Section::CN => ImsSection::Cn,
        Gstr1Section::CNA => ImsSection::Cna,
        Gstr1Section::ECO => ImsSection::Eco,
        Gstr1Section::ECOA => ImsSection::Ecoa,
    }
}

/// The record, group or section at fault, and the name of the list that it stands in.
fn part_of(file: &Value, error: &RecordError) -> (&'static str, Value) {
    let list_key = if error.section.starts_with("cdn") { "nt" } else { "inv" };
    let section = error.section.split('.').try_fold(file, |value, key| value.get(key));
    let group = error.group.and_then(|group| section?.get(group));
    let record = error.record.and_then(|record| group?.get(list_key)?.get(record));
    (list_key, record.or(group).or(section).cloned().unwrap_or(Value::Null))
}
