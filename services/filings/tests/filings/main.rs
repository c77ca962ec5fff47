//! Given, when, then: the rules of `filings`, each test named after the rule.
#![expect(clippy::unwrap_used, reason = "where the support fails, the test fails")]

mod records;
mod returns;
mod support;
