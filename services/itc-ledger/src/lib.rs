//! Credit availed, reversed and re-claimed per document, head and cause (rules 37, 37A, 16(4), 17(5), 42, 43).
//!
//! For each document or Bill of Entry the worker keeps the facts that decide its credit, in the order of their legal
//! instants, and replays them after every new one ([`replay`]): what comes out are the entries that should stand. What
//! is published is the difference to the entries that do stand ([`post`]). So it does not matter in which order the
//! streams behind the recipient's journal arrive, entries are only ever added, and what undoes one is another that names
//! it. Entries are due when decided, and posted with their interest ([`interest`]) when the return of their period is
//! filed.
//!
//! * [`view`]: read-only questions for the admin port, `itcctl` and the case runner.
//! * [`rows`]: what is remembered, and when it is deleted.

pub mod decide;
pub mod interest;
pub mod post;
mod processor;
pub mod replay;
pub mod rows;
pub mod state;
pub mod statement;
pub mod table4;
pub mod view;

pub use processor::{Event, ItcLedger, LedgerOutcome};

/// Every option of the worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
