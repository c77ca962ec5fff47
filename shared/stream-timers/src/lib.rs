//! The timer index in Redis: what falls due when, visible from outside the processes that own it.
//!
//! A day of a partition is a number of hashes, `timers:{<partition>}:<day>:<bucket>`, each with fields GSTIN →
//! `documents:paise`. Values are absolute, so that writing them twice is harmless; the index may vanish or go back at any
//! moment, because rows decide and it only shows. Beside them stands `timers:{<partition>}:watermark`, the last checkpoint
//! that the index has seen. The part in braces keeps all keys of a partition in one slot of a cluster.

mod connection;
mod entry;
mod index;
mod none;

pub use connection::{RedisSettings, SettingsError};
pub use entry::bucket_of;
pub use index::{DayTotals, RedisTimerIndex};
pub use none::NoTimerIndex;
