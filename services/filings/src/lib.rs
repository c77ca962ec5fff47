//! `filings`: what suppliers save, amend and file, and which recipients must hear of it.
//!
//! * [`decide`]: the rules, pure: saving (AM-10, AM-11, EG-1), deleting, filing (IN-2), status of GSTR-3B (R37A-4) and
//!   the period of a liability (SL-3).
//! * [`rows`]: what is remembered of a supplier.
//! * [`view`]: read-only queries.

pub mod decide;
mod outcome;
mod processor;
pub mod rows;
pub mod view;

pub use outcome::FilingsOutcome;
pub use processor::{Event, Filings};

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
