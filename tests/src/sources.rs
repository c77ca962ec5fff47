//! What may stand in our sources.

use anyhow::Context;
use std::path::{Path, PathBuf};

/// Folders that are not ours or not sources.
const SKIPPED: [&str; 4] = ["target", "node_modules", "schemas", "goldens"];

/// A file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path in the repository, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every file with one of these endings, in the order of their paths. Hidden folders and build output are left out.
///
/// # Errors
/// Where a folder or file cannot be read.
pub fn sources(repository: &Path, endings: &[&str]) -> anyhow::Result<Vec<Source>> {
    let mut open = vec![repository.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let is_ours = !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) && !name.starts_with("target");
            if path.is_dir() && is_ours {
                open.push(path);
            } else if path.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(read(repository, path)?);
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn read(repository: &Path, path: PathBuf) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let path = path.strip_prefix(repository).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Ok(Source { path, text })
}

/// What pure code never names, and what it would mean.
const IMPURE: [(&str, &str); 19] = [
    ("SystemTime", "a clock"),
    ("Instant::now", "a clock"),
    ("Utc::now", "a clock"),
    ("Local::now", "a clock"),
    ("thread_rng", "randomness"),
    ("rand::", "randomness"),
    ("RandomState", "randomness"),
    ("HashMap", "an order that differs from run to run"),
    ("HashSet", "an order that differs from run to run"),
    ("std::fs", "files"),
    ("std::io", "input or output"),
    ("std::net", "the network"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("std::thread", "threads"),
    ("tokio::", "an asynchronous runtime"),
    ("println!", "output"),
    ("eprintln!", "output"),
    ("f64", "a float"),
];

/// Clocks, randomness and input or output in code that decides.
#[must_use]
pub fn impurities(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(shipped_lines(&file.text)) {
            let code = without_comment(line);
            for (name, meaning) in IMPURE {
                if names(code, name) {
                    faults.push(format!("{}:{number}: {name} is {meaning}, and this code is pure", file.path));
                }
            }
        }
    }
    faults
}

/// Whether the name stands by itself: `IstInstant::now` is not `Instant::now`, and `eprintln!` not `println!`.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        let ends = !name.ends_with(|letter: char| letter.is_alphanumeric()) || !is_word(after);
        !is_word(before) && ends
    })
}

/// The lines before a file's own tests.
fn shipped_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]")
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// How long a file may be: twice a sitting is a file that should have been two.
pub const LINES_MAX: usize = 600;

/// Files that are too long.
#[must_use]
pub fn long_files(files: &[Source]) -> Vec<String> {
    let long = files.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(file, lines)| format!("{}: {lines} lines, at most {LINES_MAX}", file.path)).collect()
}

/// Lints that are silenced without a reason.
#[must_use]
pub fn silenced_lints(files: &[Source]) -> Vec<String> {
    // Put together, so that this line is none of them.
    let silenced = [concat!("#", "[allow("), concat!("#", "![allow(")];
    lines_with(files, |line| silenced.iter().any(|text| line.contains(text)))
        .map(|place| format!("{place}: use expect with a reason"))
        .collect()
}

/// Mentions of the folder beside the repository, which nobody else has. Tests of real sample files look there, and say so
/// when it is absent.
#[must_use]
pub fn unshipped_paths(files: &[Source]) -> Vec<String> {
    let folder = concat!("..", "/shared");
    let is_ours = |rest: &str| {
        ["/gst-", "/gstn-", "/stream", "/service-kit", "/formats/samples"].iter().any(|ours| rest.starts_with(ours))
    };
    lines_with(files, move |line| {
        line.match_indices(folder).any(|(at, _)| {
            let deeper = line[..at].ends_with("../");
            !deeper && !is_ours(&line[at + folder.len()..])
        })
    })
    .map(|place| format!("{place}: {folder} is not shipped"))
    .collect()
}

fn lines_with(files: &[Source], is_fault: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    files.iter().flat_map(move |file| {
        let faulty = (1..).zip(file.text.lines()).filter(|(_, line)| is_fault(line));
        faulty.map(|(number, _)| format!("{}:{number}", file.path)).collect::<Vec<_>>()
    })
}
