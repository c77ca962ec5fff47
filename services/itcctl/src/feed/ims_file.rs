//! An IMS download: each record as its supplier's saved or filed document, plus what the recipient did with it.

use super::bills_file::{self, Bill};
use super::gstr1_file::ReturnForm;
use super::translation::{Supplement, Translated, at_hour};
use crate::feed_record::Feed;
use gst_events::{ImsAction, ImsActionRequested, ImsSection, ImsTarget, ItcReduction, Origin, SupplierForm};
use gst_types::{IstDate, RecipientGstin, TaxPeriod};
use gstn_formats::codes::{self, SourceFilingStatus, SourceForm};
use gstn_formats::gstr1::{Gstr1Document, Gstr1Section};
use gstn_formats::ims_download::ImsDownload;
use gstn_formats::{DeclaredReduction, Extra, ImsRecord, ImsState, RecordError};
use serde_json::Value;
use std::collections::BTreeMap;

/// Form of one supplier and period, and whether it is filed.
type FormKey = (gst_types::SupplierGstin, TaxPeriod, SupplierForm, bool);

/// Translates a download.
pub(super) fn translate(value: &Value, with: &Supplement) -> Translated {
    let mut out = Translated::of("IMS download");
    let Some(recipient) = with.recipient.or_else(|| named_recipient(value)) else {
        out.refuse(
            "header",
            "RECIPIENT_UNKNOWN",
            "the file does not say whose dashboard it is: give --recipient",
            "IN-5",
        );
        return out;
    };
    let download = match ImsDownload::parse(value) {
        Ok(download) => download,
        Err(error) => {
            out.refuse("header", error.code(), error.to_string(), error.rule());
            return out;
        }
    };
    let mut forms: BTreeMap<FormKey, Vec<ImsRecord>> = BTreeMap::new();
    for (index, record) in download.records().into_iter().enumerate() {
        match record.map_err(Trouble::from).and_then(|record| form_of(&record, with).map(|key| (key, record))) {
            Ok((key, record)) => forms.entry(key).or_default().push(record),
            Err(trouble) => trouble.refuse(index, &mut out),
        }
    }
    let count = forms.values().map(Vec::len).sum();
    out.count(Feed::SupplierFilings, count);
    for (key, records) in &forms {
        publish(recipient, *key, records, with, &mut out);
    }
    for bill in download.bills_of_entry() {
        match bill {
            Ok((section, record)) => {
                let bill = Bill { section: bills_file::section(section), record: &record };
                bills_file::publish(&bill, Some(recipient), with, &mut out);
            }
            Err(error) => Trouble::from(error).refuse(0, &mut out),
        }
    }
    out
}

struct Trouble {
    place: Option<String>,
    code: String,
    message: String,
    rule: String,
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        let record = error.record.map(|record| format!("#{record}")).unwrap_or_default();
        Self {
            place: Some(format!("{}{record}", error.section)),
            code: error.code().to_owned(),
            message: error.message(),
            rule: error.rule().to_owned(),
        }
    }
}

impl Trouble {
    fn new(record: &ImsRecord, code: &str, message: String, rule: &str) -> Self {
        let place = format!("{} {}", record.section.code(), record.number);
        Self { place: Some(place), code: code.to_owned(), message, rule: rule.to_owned() }
    }

    fn refuse(self, index: usize, out: &mut Translated) {
        let place = self.place.unwrap_or_else(|| format!("record {index}"));
        out.refuse(place, &self.code, self.message, &self.rule);
    }
}

fn named_recipient(value: &Value) -> Option<RecipientGstin> {
    ["rtin", "gstin"].iter().find_map(|key| value.get(*key)?.as_str()?.parse().ok())
}

fn form_of(record: &ImsRecord, with: &Supplement) -> Result<FormKey, Trouble> {
    let filed = !matches!(record.filing_status, Some(SourceFilingStatus::NotFiled));
    if filed && with.filed_on.is_none() {
        let message = "`srcfilstatus` says filed, but not when: give --filed-on".to_owned();
        return Err(Trouble::new(record, "FILING_DAY_UNKNOWN", message, "PD-2"));
    }
    let Some(period) = record.source_period else {
        let message = "`rtnprd` is missing: the form is not known".to_owned();
        return Err(Trouble::new(record, "FIELD_MISSING", message, "ID-8"));
    };
    // A lone month is the one of --year, else of the document's own year.
    let year = with.year.unwrap_or_else(|| record.date.year());
    let period = period
        .in_year(year)
        .map_err(|error| Trouble::new(record, error.code(), format!("`rtnprd` {error}"), "ID-8"))?;
    let form = match record.source_form {
        Some(SourceForm::Gstr1A) => SupplierForm::Gstr1a,
        Some(SourceForm::Gstr5 | SourceForm::Gstr6) => {
            let message = "`srcform` names a form whose records bypass IMS".to_owned();
            return Err(Trouble::new(record, "NOT_IN_IMS", message, "IN-4"));
        }
        Some(SourceForm::Gstr1) | None => with.form.unwrap_or(SupplierForm::Gstr1),
    };
    Ok((record.supplier, period, form, filed))
}

fn publish(recipient: RecipientGstin, key: FormKey, records: &[ImsRecord], with: &Supplement, out: &mut Translated) {
    let (supplier, period, form, filed) = key;
    let form = ReturnForm { supplier, period, form, filed_on: with.filed_on.filter(|_| filed) };
    let documents: Vec<Gstr1Document> = records.iter().map(|record| document(record, recipient)).collect();
    form.publish(&documents, with, out);
    for record in records {
        let target = ImsTarget::Document {
            section: section(record.section),
            supplier: record.supplier,
            number: record.number.clone(),
            date: record.date,
        };
        action(recipient, target, &record.state, form.saved_on(), with, out);
    }
}

/// What the recipient did, at noon of the day on which the record is saved or filed. No action is nothing to tell.
pub(super) fn action(
    recipient: RecipientGstin,
    target: ImsTarget,
    state: &ImsState,
    day: IstDate,
    with: &Supplement,
    out: &mut Translated,
) {
    let action = match state.action {
        Some(codes::ImsAction::Accept) => ImsAction::Accept,
        Some(codes::ImsAction::Reject) => ImsAction::Reject,
        Some(codes::ImsAction::Pending) => ImsAction::Pending,
        Some(codes::ImsAction::NoAction) | None => return,
    };
    let itc_reduction = state.reduction.map(|declared| match declared {
        DeclaredReduction::NotRequired => ItcReduction { required: false, declared: None },
        DeclaredReduction::Full => ItcReduction { required: true, declared: None },
        DeclaredReduction::Partial(amounts) => ItcReduction { required: true, declared: Some(amounts) },
    });
    let at = at_hour(day, 12);
    let fact = ImsActionRequested {
        recipient,
        target,
        action,
        remarks: state.remarks.clone(),
        itc_reduction,
        previous_action: None,
        at,
        actor: None,
        origin: Origin::Portal,
    };
    out.count(Feed::TaxpayerEvents, 1);
    out.fact(Feed::TaxpayerEvents, &recipient.to_string(), at, with, &fact);
}

const fn section(section: Gstr1Section) -> ImsSection {
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

fn document(record: &ImsRecord, recipient: RecipientGstin) -> Gstr1Document {
    Gstr1Document {
        section: record.section,
        supplier: record.supplier,
        recipient,
        number: record.number.clone(),
        date: record.date,
        original: record.original.clone(),
        invoice_type: record.invoice_type,
        place_of_supply: record.place_of_supply,
        // Reverse charge never enters IMS (IN-4).
        reverse_charge: false,
        taxable_value: record.taxable_value,
        tax: record.tax,
        document_value: record.document_value,
        delete: false,
        irn: None,
        ecommerce_supplier: None,
        items: Vec::new(),
        extra: Extra::default(),
    }
}
