//! payment-timers and itc-ledger together: the rule stories, and what no order of arrival may change.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by failing")]

mod apportionment;
mod filing;
mod interleavings;
mod oracle;
mod stories;
mod support;
mod user_needs;
mod views;
mod year;
