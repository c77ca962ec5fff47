//! The rules, pure: the matrix of AC-9, where a record stands, where it counts, how long it may wait, what is refused.

pub mod action;
pub mod limits;
pub mod line;
pub mod matrix;
pub mod standing;
