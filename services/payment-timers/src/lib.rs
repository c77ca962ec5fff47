//! What each document still owes, and when its 180 days end (rule 37, R37-2 to R37-16).
//!
//! The worker reads documents, notes and settled money of a recipient and says, after each change, the whole truth of
//! a document in `InvoicePaymentChanged`; on day 181 `PaymentTimerFired`. It decides nothing about credit: that is
//! `itc-ledger`'s, whose entries are read for the credit at stake alone.
//!
//! * [`balance`]: pure arithmetic of what a document owes.
//! * [`decide`]: one file per family of rules.
//! * [`rows`]: what is remembered, and when it is deleted.
//! * [`view`]: read-only questions for the admin port, `itcctl` and the case runner.

pub mod balance;
pub mod decide;
mod processor;
pub mod rows;
pub mod view;

pub use processor::{Event, PaymentTimers, TimerOutcome};

/// Every option of the worker with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../config/default.toml");
