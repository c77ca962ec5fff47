//! When something happened, as headers and body tell.

use super::problem::letter;
use crate::feed::FeedRecord;
use gst_events::Origin;
use gst_types::IstInstant;
use stream::DeadLetter;

/// The legal instant in the headers; `None` where there is none.
pub(super) fn told(record: &FeedRecord) -> Result<Option<IstInstant>, DeadLetter> {
    let Some(text) = record.happened_at.as_deref() else { return Ok(None) };
    let wrong = |error: gst_types::DateError| letter(error.code(), "ce_happenedat", "ID-11", error.to_string());
    text.parse().map(Some).map_err(wrong)
}

/// The legal instant, or, for what decides no statement, when the message was sent.
pub(super) fn told_or_sent(record: &FeedRecord) -> Result<IstInstant, DeadLetter> {
    told(record)?.or(record.sent_at).ok_or_else(missing)
}

/// Nobody says when.
pub(super) fn missing() -> DeadLetter {
    letter("HAPPENED_AT_MISSING", "ce_happenedat", "PD-2", "neither a header nor the body says when it happened")
}

/// Who speaks.
pub(super) fn origin(record: &FeedRecord, default: Origin) -> Result<Origin, DeadLetter> {
    let unknown = |_| letter("CODE_UNKNOWN", "ce_origin", "GSTN", "the header should be USER or PORTAL");
    Ok(record.told_origin().map_err(unknown)?.unwrap_or(default))
}
