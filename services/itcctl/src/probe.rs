//! `itcctl probe`: is a worker alive or ready? For health checks in images that hold no shell.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::time::Duration;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Question {
    /// Does its loop turn?
    Live,
    /// Has it its partitions and rows?
    Ready,
}

/// `itcctl probe`.
#[derive(Debug, Clone, Args)]
pub struct ProbeArguments {
    /// A worker's admin address, HOST:PORT.
    pub address: String,
    /// What is asked.
    #[arg(long, value_enum, default_value = "ready")]
    pub is: Question,
}

/// True where the answer is yes.
///
/// # Errors
/// A message where nobody answers at the address.
pub fn run(arguments: &ProbeArguments, out: &mut dyn Write) -> Result<bool> {
    // 3 s: an admin page answers at once or not at all, and health checks allow five.
    const ANSWER_WITHIN: Duration = Duration::from_secs(3);
    let path = match arguments.is {
        Question::Live => "/livez",
        Question::Ready => "/readyz",
    };
    let answer = crate::http::get(&arguments.address, path, ANSWER_WITHIN)
        .with_context(|| format!("nobody answers at {}", arguments.address))?;
    write!(out, "{} {}", answer.status, answer.body)?;
    Ok(answer.status == 200)
}
