//! `calendar`: what opens days, activates rulebooks and moves due dates, in every partition of every journal.
//!
//! It decides nothing per key and is no processor. [`plan`] says which marks to write next, from the last mark, the day
//! that is due and the commands that wait; the shell writes them in one fenced transaction. The last mark carries the
//! position in the commands, so nothing else is kept.

mod marks;
mod plan;

pub use marks::{LastMark, PlannedMark, TakenMark, read_last};
pub use plan::{PendingCommand, Plan, PlanError, PlanInput, RefusedCommand, day_due, plan};

use gst_events::Topic;

/// The journals that marks are written to.
pub const JOURNALS: [Topic; 3] = [Topic::RecipientJournal, Topic::SupplierJournal, Topic::CustomsJournal];

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");

/// The event types that it writes, in the form in which workers declare theirs: it reads commands for `*`.
pub const REACTIONS: &[stream::Reaction] = &[stream::Reaction {
    reads: <gst_events::OperatorCommand as gst_events::EventPayload>::TYPE,
    causes: &[
        <gst_events::RulebookActivated as gst_events::EventPayload>::TYPE,
        <gst_events::DueDateExtended as gst_events::EventPayload>::TYPE,
        <gst_events::DayOpened as gst_events::EventPayload>::TYPE,
    ],
}];

/// Every partition that a mark goes to, given the partition count of each journal.
pub fn places(partition_count: impl Fn(Topic) -> u32) -> Vec<(Topic, u32)> {
    JOURNALS.iter().flat_map(|topic| (0..partition_count(*topic)).map(|partition| (*topic, partition))).collect()
}
