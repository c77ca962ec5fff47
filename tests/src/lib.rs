//! Checks over the whole repository, and what the suites beside it share.
//!
//! Each check is a function from what was found to a list of faults in plain words, so that the suites can show both:
//! that the repository has none, and that the check finds one where it is planted.

pub mod causes;
pub mod coverage;
pub mod crates;
pub mod sources;

use std::path::PathBuf;

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
