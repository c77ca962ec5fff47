//! `customs`: Bills of Entry. It keeps the versions, the life cycle and the holders of each bill, and tells the recipients.
//!
//! * [`decide`]: the rules, pure: reports and steps (BOE-4 to BOE-6), value amendments (BE-4), changes of GSTIN (BE-6 to BE-11).
//! * [`rows`]: what is remembered of a bill.
//! * [`view`]: read-only queries.

pub mod decide;
mod duty_warnings;
mod outcome;
mod processor;
pub mod rows;
pub mod view;

pub use outcome::CustomsOutcome;
pub use processor::{Customs, Event};

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
