//! One record for a feed: what `itcctl` publishes, and what the case runner and the demo feed.

use gst_events::{EventPayload, Origin, SupplierForm};
use gst_types::IstInstant;
pub use ingest::Feed;
use serde_json::Value;

/// What a supplier does with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplierStep {
    /// Saves or edits the documents in the body.
    Saved,
    /// Deletes them.
    Deleted,
    /// Files the form, with the documents in the body saved first.
    Filed,
}

impl SupplierStep {
    const fn event_type(self) -> &'static str {
        match self {
            Self::Saved => "gst.supplier-return.saved.v1",
            Self::Deleted => "gst.supplier-return.deleted.v1",
            Self::Filed => "gst.supplier-return.filed.v1",
        }
    }
}

/// A record for a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRecord {
    /// Where it goes.
    pub feed: Feed,
    /// The record key.
    pub key: String,
    /// CloudEvents headers.
    pub headers: Vec<(String, String)>,
    /// The JSON value.
    pub value: Vec<u8>,
}

impl FeedRecord {
    /// A fact in our own words: the value is the fact itself.
    #[must_use]
    pub fn fact<P: EventPayload>(feed: Feed, id: &str, key: &str, sent_at: Option<IstInstant>, fact: &P) -> Self {
        let value = serde_json::to_vec(fact).unwrap_or_default();
        Self { feed, key: key.to_owned(), headers: cloud_event(id, P::TYPE.0, key, sent_at), value }
    }

    /// A step of a supplier's form: the value is GSTN's own JSON.
    #[must_use]
    pub fn supplier_return(id: &str, step: SupplierStep, form: &SupplierReturn<'_>, body: &Value) -> Self {
        let mut headers = cloud_event(id, step.event_type(), form.supplier, Some(form.sent_at));
        headers.push(("ce_form".to_owned(), form_word(form.form).to_owned()));
        headers.push(("ce_happenedat".to_owned(), form.happened_at.to_string()));
        let origin = match form.origin {
            Origin::User => "USER",
            Origin::Portal => "PORTAL",
        };
        headers.push(("ce_origin".to_owned(), origin.to_owned()));
        let value = serde_json::to_vec(body).unwrap_or_default();
        Self { feed: Feed::SupplierFilings, key: form.supplier.to_owned(), headers, value }
    }

    /// The headers as bytes, for a log.
    #[must_use]
    pub fn header_bytes(&self) -> Vec<(String, Vec<u8>)> {
        self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect()
    }

    /// The record as Kafka takes it; its key chooses the partition.
    #[must_use]
    pub fn for_kafka(&self) -> stream_kafka::FeedRecord {
        stream_kafka::FeedRecord {
            topic: self.feed.topic().to_owned(),
            partition: None,
            key: self.key.clone().into_bytes(),
            headers: self.header_bytes(),
            value: self.value.clone(),
        }
    }
}

/// What a supplier's record says besides its body.
#[derive(Debug, Clone, Copy)]
pub struct SupplierReturn<'a> {
    /// The supplier's GSTIN.
    pub supplier: &'a str,
    /// The form.
    pub form: SupplierForm,
    /// The legal instant of the save, deletion or filing.
    pub happened_at: IstInstant,
    /// When it is sent to us.
    pub sent_at: IstInstant,
    /// Command or fact.
    pub origin: Origin,
}

const fn form_word(form: SupplierForm) -> &'static str {
    match form {
        SupplierForm::Gstr1 => "GSTR1",
        SupplierForm::Iff => "IFF",
        SupplierForm::Gstr1a => "GSTR1A",
        SupplierForm::Gstr5 => "GSTR5",
        SupplierForm::Gstr6 => "GSTR6",
    }
}

fn cloud_event(id: &str, event_type: &str, subject: &str, sent_at: Option<IstInstant>) -> Vec<(String, String)> {
    let mut headers = vec![
        ("ce_specversion".to_owned(), "1.0".to_owned()),
        ("ce_id".to_owned(), id.to_owned()),
        ("ce_source".to_owned(), "itcctl".to_owned()),
        ("ce_type".to_owned(), event_type.to_owned()),
        ("ce_subject".to_owned(), subject.to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    if let Some(sent_at) = sent_at {
        headers.push(("ce_time".to_owned(), sent_at.to_string()));
    }
    headers
}
