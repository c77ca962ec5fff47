//! Marks that `calendar` writes into every partition of every journal.

use crate::reads::event_types;
use gst_rules::calendar::CalendarItem;
use gst_types::{IstDate, IstInstant, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day has begun in India: whatever falls due by lapse of time on it happens now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayOpened {
    /// The day.
    pub date: IstDate,
    /// Ids of the operator commands taken in up to this mark, so that a repeat is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Position in the operator commands behind the last one taken in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub command_offsets: BTreeMap<u32, i64>,
}

/// A rulebook is in force from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RulebookActivated {
    /// The digest of the released rulebook; the binary must have it.
    pub digest: String,
    /// The deployment's own rows over it: key to value.
    #[serde(default)]
    pub rows: BTreeMap<String, String>,
}

/// A due date moved by notification (PD-6). It acts on what is filed after `entered_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueDateExtended {
    /// What moved.
    pub item: CalendarItem,
    /// The period whose date moved.
    pub period: TaxPeriod,
    /// The new last day.
    pub date: IstDate,
    /// When the extension was entered.
    pub entered_at: IstInstant,
}

event_types!(Mark by ["calendar"]:
    DayOpened = "itc.day-opened.v1",
    RulebookActivated = "itc.rulebook-activated.v1",
    DueDateExtended = "itc.due-date-extended.v1",
);
