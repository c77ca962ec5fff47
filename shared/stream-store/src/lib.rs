//! The rows of a process's partitions: a cache of the changelogs.
//!
//! [`MemoryStore`] keeps them in memory only, for tests and for deployments whose rows fit and restore quickly.
//! [`FjallStore`] keeps recent rows in memory and brings them to the disk in large, rare, atomic writes that carry the
//! checkpoint. Neither has to be durable at a commit: what a crash takes is read again from the changelog.

mod disk;
mod memory;
mod merge;
mod recent;

pub use disk::{FjallSettings, FjallStore};
pub use memory::MemoryStore;
