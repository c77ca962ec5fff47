//! `itcctl gstn check`: recognises any GSTN file, and checks a GSTR-2B against its own totals.

use anyhow::{Context, Result};
use gstn_formats::check::{CheckReport, check_file};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Checks each file and prints one line a file: `OK`, `NO SUMMARY`, `DIFFERS` with the first differences, or what
/// else is wrong. True where nothing is.
///
/// # Errors
/// A message where the output cannot be written.
pub fn run(files: &[PathBuf], out: &mut dyn Write) -> Result<bool> {
    let mut all_right = true;
    for path in files {
        match check(path) {
            Ok(report) => {
                all_right &= report.is_ok();
                writeln!(out, "{report}")?;
            }
            Err(error) => {
                all_right = false;
                writeln!(out, "UNREADABLE {}: {error:#}", path.display())?;
            }
        }
    }
    Ok(all_right)
}

fn check(path: &Path) -> Result<CheckReport> {
    let text = fs::read_to_string(path).context("cannot be read")?;
    let value = serde_json::from_str(&text).context("is not JSON")?;
    Ok(check_file(&path.display().to_string(), &value))
}
