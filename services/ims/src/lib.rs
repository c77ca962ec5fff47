//! `ims`: decides for each recipient which record counts, where and how much; that a statement is due, stale or locked;
//! and what a locked rejection costs the supplier (sections 2 to 12 of the IMS rules).
//!
//! Nothing is rewritten at a lock: a record is final when the statement in which it counts is not after the taxpayer's
//! last filed period. Only amendments held behind an original and rejections with a liability are touched, found through
//! index rows.

mod actions;
mod bills;
pub mod dates;
mod days;
pub mod decide;
mod desk;
mod outcome;
mod processor;
mod profile;
mod records;
mod refusal;
mod registration;
pub mod rows;
mod say;
mod statements;
pub mod view;

pub use outcome::Outcome;
pub use processor::{Event, Ims};
pub use refusal::Refusal;

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
