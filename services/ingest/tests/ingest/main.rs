//! Given, when, then: what each kind of message becomes, and what is put aside.
#![expect(clippy::unwrap_used, reason = "where the support fails, the test fails")]

mod bad_input;
mod messages;
mod support;
