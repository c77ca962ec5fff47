//! The IMS rules at one taxpayer's desk: each test names the rules that it shows, numbers are those of the reference.

mod actions;
mod amendments;
mod bills;
mod properties;
mod statements;
mod support;
