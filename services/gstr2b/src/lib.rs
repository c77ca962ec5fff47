//! `gstr2b`: keeps the lines and totals of every statement, publishes its versions, and says which credit is availed.
//!
//! A statement is published as chunks, cut by table row and hash of the supplier, and one sealed manifest; a change
//! touches one chunk. Totals are kept up to date with every line, so a statement of a million lines costs a recompute
//! only the chunks that changed.

mod credit;
mod desk;
mod difference;
mod gstn;
mod lines;
mod outcome;
mod processor;
mod publish;
pub mod rows;
pub mod totals;
pub mod view;

pub use outcome::Outcome;
pub use processor::{Event, Gstr2b};

/// Every option of this worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
