//! The statements of one taxpayer.

#[cfg(test)]
mod statement;
