//! Given, when, then: what each kind of message becomes, and what is put aside.

mod bad_input;
mod messages;
mod support;
