//! Given, when, then: the rules of `customs`, each test named after the rule.
#![expect(clippy::unwrap_used, reason = "where the support fails, the test fails")]

mod bills;
mod duty;
mod support;
mod user_needs;
