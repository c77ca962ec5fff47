//! A command as a user writes it, for tests of single commands.

use anyhow::Result;
use clap::{Args, Parser};
use std::io::Write;

#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Line<A: Args> {
    #[command(flatten)]
    arguments: A,
}

/// What a command prints.
pub(crate) fn answer_of<A: Args, T>(line: &str, run: fn(&A, &mut dyn Write) -> Result<T>) -> Result<String> {
    let mut out = Vec::new();
    run(&Line::<A>::try_parse_from(line.split_whitespace())?.arguments, &mut out)?;
    Ok(String::from_utf8(out)?)
}
