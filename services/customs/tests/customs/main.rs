//! Given, when, then: the rules of `customs`, each test named after the rule.

mod bills;
mod support;
