//! One recipient that files monthly, and one supplier.

use super::story::Story;
use gst_types::{RecipientGstin, TaxAmounts};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const RECIPIENT: &str = "27AAACR1234A1Z3";
pub(crate) const SUPPLIER: &str = "29AAACT4321C1ZR";

pub(crate) fn recipient() -> RecipientGstin {
    RECIPIENT.parse().unwrap()
}

pub(crate) fn igst(text: &str) -> TaxAmounts {
    TaxAmounts { igst: text.parse().unwrap(), ..TaxAmounts::ZERO }
}

/// A monthly recipient to whom these events happen.
pub(crate) fn story(events: &[Value]) -> Story {
    let mut story = Story::new(&BTreeMap::new());
    story.event(&json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": "MONTHLY"}));
    for event in events {
        story.event(event);
    }
    story
}
