//! The statements of one taxpayer.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod statement;
