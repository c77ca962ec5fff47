//! How each kind of message becomes facts.

mod customs;
mod facts;
mod filing_status;
mod ims_body;
mod instant;
mod intake;
mod isd;
mod place;
pub mod problem;
mod supplier;

pub use intake::Intake;

use crate::feed::{Feed, FeedRecord, MESSAGE_BYTES_MAX, message_type};
use crate::outcome::IngestOutcome;
use problem::letter;
use serde_json::Value;
use stream::DeadLetter;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Supplier(supplier::Step),
    ImsBody,
    BillOfEntry,
    FilingStatus,
    Fact,
}

/// Takes a message apart.
///
/// # Errors
/// A dead letter where nothing of it can be used.
pub fn take(record: &FeedRecord, intake: &mut Intake) -> Result<IngestOutcome, DeadLetter> {
    if record.value.len() > MESSAGE_BYTES_MAX {
        let message = format!("the message has {} bytes; at most {MESSAGE_BYTES_MAX} are taken", record.value.len());
        return Err(letter("MESSAGE_TOO_LARGE", "", "GSTN", message));
    }
    let Some(feed) = record.feed else {
        return Err(letter("TOPIC_UNKNOWN", "", "GSTN", "the topic is none of the feeds"));
    };
    let value: Value =
        serde_json::from_slice(&record.value).map_err(|error| problem::of_json(&record.value, &error))?;
    let forwarded = match kind_of(feed, record, &value)? {
        Kind::Supplier(step) => supplier::take(record, &value, step, intake).map(|()| true)?,
        Kind::ImsBody => ims_body::take(record, &value, intake).map(|()| true)?,
        Kind::BillOfEntry => customs::take(record, &value, intake).map(|()| true)?,
        Kind::FilingStatus => filing_status::take(record, &value, intake).map(|()| true)?,
        Kind::Fact => facts::take(feed, record, &value, intake)?,
    };
    Ok(match (forwarded, intake.put_aside_count()) {
        (false, _) => IngestOutcome::NotForJournals,
        (true, 0) => IngestOutcome::Forwarded,
        (true, _) => IngestOutcome::ForwardedInPart,
    })
}

/// By its type, or, where it has none, by its content.
fn kind_of(feed: Feed, record: &FeedRecord, value: &Value) -> Result<Kind, DeadLetter> {
    let named = match record.event_type.as_str() {
        message_type::RETURN_SAVED => (Feed::SupplierFilings, Kind::Supplier(supplier::Step::Saved)),
        message_type::RETURN_DELETED => (Feed::SupplierFilings, Kind::Supplier(supplier::Step::Deleted)),
        message_type::RETURN_FILED => (Feed::SupplierFilings, Kind::Supplier(supplier::Step::Filed)),
        message_type::IMS_SAVE => (Feed::TaxpayerEvents, Kind::ImsBody),
        message_type::FILING_STATUS => (Feed::TaxpayerEvents, Kind::FilingStatus),
        message_type::BILL_OF_ENTRY => (Feed::BillsOfEntry, Kind::BillOfEntry),
        "" => return recognised(feed, value),
        _ => (feed, Kind::Fact),
    };
    if named.0 == feed { Ok(named.1) } else { Err(not_of_feed(feed)) }
}

fn recognised(feed: Feed, value: &Value) -> Result<Kind, DeadLetter> {
    let has = |key: &str| value.get(key).is_some() || value.get("data").is_some_and(|data| data.get(key).is_some());
    let known = match feed {
        Feed::SupplierFilings if has("fil_dt") || has("isd") => Some(Kind::Supplier(supplier::Step::Filed)),
        Feed::SupplierFilings => Some(Kind::Supplier(supplier::Step::Saved)),
        Feed::TaxpayerEvents if has("reqtyp") => Some(Kind::ImsBody),
        Feed::TaxpayerEvents if has("EFiledlist") || has("efiledlist") || value.is_array() => Some(Kind::FilingStatus),
        Feed::TaxpayerEvents | Feed::PurchaseRegister | Feed::SupplierPayments | Feed::OperatorCommands => None,
        Feed::BillsOfEntry => Some(Kind::BillOfEntry),
    };
    known.ok_or_else(|| letter("EVENT_TYPE_MISSING", "ce_type", "GSTN", "the message does not say what it is"))
}

fn not_of_feed(feed: Feed) -> DeadLetter {
    let message = format!("a message of this type does not belong in {}", feed.topic());
    letter("EVENT_TYPE_NOT_OF_FEED", "ce_type", "GSTN", message)
}
