//! What a file becomes: records for the feeds, and a refusal for each entry that is wrong. Pure.

use crate::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use data_encoding::HEXLOWER;
use gst_events::{EventPayload, Origin, SupplierForm};
use gst_types::{IstDate, IstInstant, RecipientGstin, SupplierGstin};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a file does not say and its sender knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Supplement {
    /// Whose dashboard or register it is.
    pub recipient: Option<RecipientGstin>,
    /// The year of months that stand alone.
    pub year: Option<i32>,
    /// When the form was filed.
    pub filed_on: Option<IstDate>,
    /// Which form a GSTR-1 file is.
    pub form: Option<SupplierForm>,
    /// When the records are sent; absent: when they happened.
    pub sent_at: Option<IstInstant>,
}

/// An entry that is not published, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stands: a line, or section, group and record.
    pub place: String,
    /// Stable code.
    pub code: String,
    /// The field and what is wrong with it.
    pub message: String,
    /// The rule behind it.
    pub rule: String,
}

/// A file, translated.
#[derive(Debug, Clone, Default)]
pub struct Translated {
    /// What the file is.
    pub kind: String,
    /// Records in the order in which they are to be published.
    pub records: Vec<FeedRecord>,
    /// Entries of the file by the feed they go to.
    pub entries: BTreeMap<Feed, usize>,
    /// Entries that are not published.
    pub refused: Vec<Refusal>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Translated {
    /// Nothing yet, of a file of that kind.
    #[must_use]
    pub fn of(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Refuses an entry.
    pub fn refuse(&mut self, place: impl Into<String>, code: &str, message: impl Into<String>, rule: &str) {
        self.refused.push(Refusal {
            place: place.into(),
            code: code.to_owned(),
            message: message.into(),
            rule: rule.to_owned(),
        });
    }

    /// Counts entries of the file.
    pub fn count(&mut self, feed: Feed, entries: usize) {
        *self.entries.entry(feed).or_default() += entries;
    }

    /// Adds a fact in our own words.
    pub fn fact<P: EventPayload>(
        &mut self,
        feed: Feed,
        key: &str,
        happened_at: IstInstant,
        with: &Supplement,
        fact: &P,
    ) {
        let value = serde_json::to_vec(fact).unwrap_or_default();
        let id = content_id(&[feed.topic(), P::TYPE.0, key], &value);
        let sent_at = with.sent_at.unwrap_or(happened_at);
        self.records.push(FeedRecord::fact(feed, &id, key, Some(sent_at), fact));
    }

    /// Adds a step of a supplier's form.
    pub fn supplier_return(&mut self, step: SupplierStep, form: &FormStep, with: &Supplement, body: &Value) {
        let supplier = form.supplier.to_string();
        let value = serde_json::to_vec(body).unwrap_or_default();
        let words = [step_word(step), &supplier, &format!("{:?}", form.form), &form.at.to_string()];
        let id = content_id(&words, &value);
        let envelope = SupplierReturn {
            supplier: &supplier,
            form: form.form,
            happened_at: form.at,
            sent_at: with.sent_at.unwrap_or(form.at),
            // A file is a copy of what the portal has: it is told, not asked.
            origin: Origin::Portal,
        };
        self.records.push(FeedRecord::supplier_return(&id, step, &envelope, body));
    }
}

/// Whose form does something when.
#[derive(Debug, Clone, Copy)]
pub struct FormStep {
    /// The supplier.
    pub supplier: SupplierGstin,
    /// The form.
    pub form: SupplierForm,
    /// The legal instant.
    pub at: IstInstant,
}

const fn step_word(step: SupplierStep) -> &'static str {
    match step {
        SupplierStep::Saved => "saved",
        SupplierStep::Deleted => "deleted",
        SupplierStep::Filed => "filed",
    }
}

/// An event id made of the content: the same content has the same id, so that feeding a file twice changes nothing.
#[must_use]
pub fn content_id(words: &[&str], value: &[u8]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.update(value);
    let digest = hash.finalize();
    // 16 bytes: no two records of a lifetime meet by chance.
    format!("feed-{}", HEXLOWER.encode(&digest[..16]))
}

/// An instant of a day, by the hour.
#[must_use]
pub fn at_hour(day: IstDate, hour: u32) -> IstInstant {
    // Every whole hour of a day exists in India: there is no summer time.
    IstInstant::from_unix_seconds(day.start().unix_seconds() + i64::from(hour) * 3600).unwrap_or_else(|| day.start())
}
