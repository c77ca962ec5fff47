//! The list of workers and the topology they form: as processes on a real log, or in one process on a simulated one.

pub mod calendar_process;
pub mod simulation;
pub mod topology;

/// What dead letters, `/statez` and decisions call this build.
pub const BUILD: &str = concat!("itc-engine ", env!("CARGO_PKG_VERSION"));
