//! GSTR-1, GSTR-1A and IFF files: the whole form saved, and filed where the filing day is known.

use super::translation::{FormStep, Supplement, Translated, at_hour};
use crate::feed_record::{Feed, SupplierStep};
use gst_events::SupplierForm;
use gst_types::{IstDate, SupplierGstin, TaxPeriod};
use gstn_formats::gstr1::{Gstr1, Gstr1Document};
use serde_json::Value;

/// A message above this is hard to hold for everybody on its way; ingest takes more, but slower.
pub(super) const DOCUMENTS_PER_MESSAGE: usize = 1000;

/// Translates a file; a bad document is refused in its place and does not lose the others.
pub(super) fn translate(value: &Value, with: &Supplement) -> Translated {
    let form = with.form.unwrap_or(SupplierForm::Gstr1);
    let mut out = Translated::of(form_name(form));
    let file = match Gstr1::parse(value) {
        Ok(file) => file,
        Err(error) => {
            out.refuse("header", error.code(), error.to_string(), error.rule());
            return out;
        }
    };
    let mut documents = Vec::new();
    for document in file.documents() {
        match document {
            Ok(document) => documents.push(document),
            Err(error) if error.is_notice() => out.notes.push(format!("{}: {}", error.section, error.message())),
            Err(error) => out.refuse(place(&error), error.code(), error.message(), error.rule()),
        }
    }
    out.count(Feed::SupplierFilings, documents.len());
    let filed_on = file.filed_on().or(with.filed_on);
    if filed_on.is_none() {
        out.notes.push("no filing day is known (`fil_dt`, --filed-on): saved, not filed".to_owned());
    }
    let form = ReturnForm { supplier: file.supplier, period: file.period, form, filed_on };
    form.publish(&documents, with, &mut out);
    out
}

fn place(error: &gstn_formats::RecordError) -> String {
    let mut place = error.section.clone();
    if let Some(group) = error.group {
        place.push_str(&format!("[{group}]"));
    }
    if let Some(record) = error.record {
        place.push_str(&format!("#{record}"));
    }
    place
}

/// The name of a form for people.
#[must_use]
pub(super) const fn form_name(form: SupplierForm) -> &'static str {
    match form {
        SupplierForm::Gstr1 => "GSTR-1",
        SupplierForm::Iff => "IFF",
        SupplierForm::Gstr1a => "GSTR-1A",
        SupplierForm::Gstr5 => "GSTR-5",
        SupplierForm::Gstr6 => "GSTR-6",
    }
}

/// One form of one supplier and period.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReturnForm {
    pub(super) supplier: SupplierGstin,
    pub(super) period: TaxPeriod,
    pub(super) form: SupplierForm,
    pub(super) filed_on: Option<IstDate>,
}

impl ReturnForm {
    /// The day on which the content counts as saved: the filing day, else the last day of the period, so that the same
    /// file always says the same.
    pub(super) fn saved_on(&self) -> IstDate {
        self.filed_on.unwrap_or_else(|| self.period.last_day())
    }

    /// Saves the documents in parts, deletes what asks for it, then files the form if its day is known.
    pub(super) fn publish(&self, documents: &[Gstr1Document], with: &Supplement, out: &mut Translated) {
        let at = |hour| FormStep { supplier: self.supplier, form: self.form, at: at_hour(self.saved_on(), hour) };
        let (deleted, kept): (Vec<_>, Vec<_>) = documents.iter().cloned().partition(|document| document.delete);
        for (step, documents) in [(SupplierStep::Saved, kept), (SupplierStep::Deleted, deleted)] {
            for part in documents.chunks(DOCUMENTS_PER_MESSAGE) {
                out.supplier_return(step, &at(9), with, &Gstr1::build(self.supplier, self.period, part));
            }
        }
        if self.filed_on.is_some() {
            out.supplier_return(SupplierStep::Filed, &at(10), with, &Gstr1::build(self.supplier, self.period, &[]));
        }
    }
}
