//! The whole topology in one process: rules that several workers carry out together, and properties of every story.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

mod bench;
mod bills;
mod interleavings;
mod statements;
mod stories;
mod traces;
mod user_needs;
mod witnesses;
