//! The embedded store of a partition's rows.
