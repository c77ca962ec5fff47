//! The operator's command line, as a library so that its parts can be tested.

pub mod bench;
pub mod cases;
#[cfg(test)]
mod command_line;
pub mod connection;
pub mod demo;
pub mod duty;
pub mod feed;
pub mod feed_record;
pub mod gstn_check;
pub mod http;
pub mod operate;
mod pretty;
pub mod probe;
pub mod topics;
pub mod utilisation;
pub mod views;
