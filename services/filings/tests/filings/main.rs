//! Given, when, then: the rules of `filings`, each test named after the rule.

mod records;
mod returns;
mod support;
