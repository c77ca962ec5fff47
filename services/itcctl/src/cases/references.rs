//! The names that a case gives its documents, and what they are in the engine.

use gst_events::{CreditSubject, ImsSection, RecordId, SupplierForm};
use gst_types::{DocumentKey, IstDate, RecipientGstin, SupplierGstin, TaxPeriod};
use std::collections::{BTreeMap, BTreeSet};

/// What a `ref` stands for.
#[derive(Debug, Clone)]
pub(crate) struct Referenced {
    /// The record of an IMS story, or of a Bill of Entry.
    pub(crate) record_id: RecordId,
    /// What credit hangs on.
    pub(crate) subject: Option<CreditSubject>,
    pub(crate) section: Option<ImsSection>,
    pub(crate) supplier: Option<SupplierGstin>,
    pub(crate) recipient: Option<RecipientGstin>,
    pub(crate) number: String,
    pub(crate) date: IstDate,
    /// The form and period in which a supplier's record was saved.
    pub(crate) form: Option<(SupplierForm, TaxPeriod)>,
}

impl Referenced {
    /// The document key, where it is a supplier's document.
    pub(crate) fn document(&self) -> Option<&DocumentKey> {
        match &self.subject {
            Some(CreditSubject::Document(key)) => Some(key),
            Some(CreditSubject::BillOfEntry(_)) | None => None,
        }
    }
}

/// All names of a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct References(BTreeMap<String, Referenced>);

impl References {
    pub(crate) fn set(&mut self, name: &str, referenced: Referenced) {
        self.0.insert(name.to_owned(), referenced);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Referenced> {
        self.0.get(name)
    }

    /// Every recipient that is named.
    pub(crate) fn recipients(&self) -> BTreeSet<RecipientGstin> {
        self.0.values().filter_map(|referenced| referenced.recipient).collect()
    }

    /// The name of a record.
    pub(crate) fn name_of_record(&self, record_id: &RecordId) -> Option<&str> {
        self.0.iter().find(|(_, referenced)| referenced.record_id == *record_id).map(|(name, _)| name.as_str())
    }

    /// The first name of a document or Bill of Entry; its amendments have the same subject.
    pub(crate) fn name_of_subject(&self, subject: &CreditSubject, order: &[String]) -> Option<String> {
        order.iter().find(|name| self.0.get(*name).is_some_and(|it| it.subject.as_ref() == Some(subject))).cloned()
    }
}
