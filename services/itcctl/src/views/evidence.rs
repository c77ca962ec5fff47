//! `itcctl evidence`: packs as files, and their check by anyone, offline (AUD-7), also of what was kept of the topic.

use super::documents::{find, in_words};
use super::live::LiveArguments;
use super::nothing_known;
use super::source::{AUDIT_EVIDENCE, Source, read, write_as_of};
use crate::pretty::{Grid, count, word};
use anyhow::{Context, Result, bail};
use audit_evidence::{EvidenceFold, Saved, verify_saved};
use clap::{Args, Subcommand};
use gst_events::EvidencePack;
use gst_types::RecipientGstin;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A pack has some hundred artefacts of a few kilobytes, and this much of the topic is some 35,000 of them: a file is read
/// whole, so that it stays bounded.
const FILE_SIZE_MAX_IN_BYTES: u64 = 64 * 1024 * 1024;
/// Packs read at a time.
const PAGE: usize = 500;

/// Options of `itcctl evidence`.
#[derive(Debug, Clone, Args)]
pub struct EvidenceArguments {
    #[command(subcommand)]
    command: EvidenceCommand,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

/// What is asked of packs.
#[derive(Debug, Clone, Subcommand)]
pub enum EvidenceCommand {
    /// Writes the pack of a document as JSON, verified before it is written.
    Export {
        /// Whose document.
        gstin: RecipientGstin,
        /// The document: SUPPLIER:KIND:NUMBER:YEAR, PORT/NUMBER/YYYY-MM-DD, or a number that is the only one.
        document: String,
        /// The file; standard output where this is not given. A file that exists is not overwritten.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Checks evidence offline, from the file alone: a changed byte or a missing artefact is found and named. Exit code 1
    /// where one is.
    Verify {
        /// The file: a pack, or what was kept of itc.evidence.v1 in its order, an event a line; - for standard input.
        file: PathBuf,
    },
    /// Lists the packs of a taxpayer and what they lack.
    List {
        /// Whose packs.
        gstin: RecipientGstin,
        /// Only those that are not complete.
        #[arg(long)]
        incomplete: bool,
    },
}

/// `verify` needs no worker; `None` for the other commands.
pub(crate) fn verify_offline(arguments: &EvidenceArguments, out: &mut dyn Write) -> Result<Option<bool>> {
    match &arguments.command {
        EvidenceCommand::Verify { file } => verify(file, out).map(Some),
        EvidenceCommand::Export { .. } | EvidenceCommand::List { .. } => Ok(None),
    }
}

/// Answers the command.
pub(crate) fn run(arguments: &EvidenceArguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    match &arguments.command {
        EvidenceCommand::Export { gstin, document, output } => export(source, *gstin, document, output.as_deref(), out),
        EvidenceCommand::Verify { file } => verify(file, out),
        EvidenceCommand::List { gstin, incomplete } => list(source, *gstin, *incomplete, out),
    }
}

fn export(
    source: &dyn Source,
    gstin: RecipientGstin,
    document: &str,
    output: Option<&Path>,
    out: &mut dyn Write,
) -> Result<bool> {
    let subject = find(source, gstin, document)?;
    let rows = source.rows(AUDIT_EVIDENCE, gstin)?;
    let pack = read(rows.as_ref(), |view| audit_evidence::view::pack(view, gstin, &subject))?;
    let Some(pack) = pack else { bail!("there is no evidence of {} for {gstin}", in_words(&subject)) };
    let text = format!("{}\n", serde_json::to_string_pretty(&pack)?);
    // What we hand out we have checked, so that a later fault is not ours.
    audit_evidence::verify(&text).context("the pack in the rows does not verify")?;
    match output {
        None => out.write_all(text.as_bytes())?,
        Some(path) => {
            let file = fs::File::create_new(path).with_context(|| format!("writing {}", path.display()))?;
            let mut file = std::io::BufWriter::new(file);
            file.write_all(text.as_bytes())
                .and_then(|()| file.flush())
                .with_context(|| format!("writing {}", path.display()))?;
            writeln!(out, "{}: {}", path.display(), summary(&pack))?;
        }
    }
    Ok(true)
}

/// The names of the five artefacts (AUD-1).
pub(crate) const fn artefact_name(number: u32) -> &'static str {
    match number {
        1 => "tax invoice",
        2 => "receipt",
        3 => "portal record",
        4 => "return line",
        5 => "payment",
        _ => "further link",
    }
}

/// Completeness in a line.
pub(crate) fn summary(pack: &EvidencePack) -> String {
    let links = pack.artefacts.len();
    let mut text = count(links, "link");
    if pack.complete {
        text.push_str(", complete");
    } else {
        let missing: Vec<String> =
            pack.missing.iter().map(|number| format!("{number} {}", artefact_name(*number))).collect();
        text.push_str(", not complete");
        if !missing.is_empty() {
            text.push_str(&format!("; missing: {}", missing.join(", ")));
        }
    }
    for (name, list) in [("findings", &pack.findings), ("warnings", &pack.warnings)] {
        if !list.is_empty() {
            text.push_str(&format!("; {name}: {}", list.join(", ")));
        }
    }
    text.push_str(&format!("; keep until {}", pack.keep_until));
    text
}

fn verify(file: &Path, out: &mut dyn Write) -> Result<bool> {
    let name = file.display().to_string();
    match verify_saved(&read_text(file)?) {
        Ok(Saved::Pack(pack)) => {
            writeln!(out, "VERIFIED {name}: {} for {}", in_words(&pack.subject), pack.recipient)?;
            writeln!(out, "{}", summary(&pack))?;
            writeln!(out, "hash {}", pack.hash)?;
            Ok(true)
        }
        Ok(Saved::Events { count: events, fold }) => {
            let packs = count(fold.len(), "pack");
            writeln!(out, "VERIFIED {name}: {packs} from {}", count(events, "event"))?;
            write_folded(&fold, out)?;
            Ok(true)
        }
        Err(found) => {
            writeln!(out, "CHANGED {name}: {found} ({})", found.fault.code())?;
            Ok(false)
        }
    }
}

/// A file may hold a taxpayer's years: a line for each pack.
fn write_folded(fold: &EvidenceFold, out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new().text(["recipient", "document"]).numbers(["links"]).text(["complete"]);
    grid = grid.optional(["missing", "findings", "warnings"]).text(["hash"]);
    for pack in fold.packs() {
        let missing: Vec<&str> = pack.missing.iter().map(|number| artefact_name(*number)).collect();
        let mut row = vec![pack.recipient.to_string(), pack.subject.to_string(), pack.artefacts.len().to_string()];
        row.extend([if pack.complete { "yes" } else { "no" }.to_owned(), missing.join(", ")]);
        row.extend([pack.findings.join(", "), pack.warnings.join(", "), pack.hash]);
        grid.row(row);
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    Ok(())
}

fn read_text(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(FILE_SIZE_MAX_IN_BYTES).read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        let opened = fs::File::open(file).with_context(|| format!("opening {}", file.display()))?;
        let size = opened.metadata().with_context(|| format!("opening {}", file.display()))?;
        if size.is_dir() {
            bail!("{} is a folder: name a file", file.display());
        }
        if size.len() > FILE_SIZE_MAX_IN_BYTES {
            bail!(
                "{} has {} bytes, and at most {FILE_SIZE_MAX_IN_BYTES} are read: pass it in parts",
                file.display(),
                size.len()
            );
        }
        opened
            .take(FILE_SIZE_MAX_IN_BYTES)
            .read_to_end(&mut bytes)
            .with_context(|| format!("reading {}", file.display()))?;
    }
    // A byte that is no text is a changed byte; the check then says where the JSON ends.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn list(source: &dyn Source, gstin: RecipientGstin, incomplete: bool, out: &mut dyn Write) -> Result<bool> {
    let rows = source.rows(AUDIT_EVIDENCE, gstin)?;
    let rows = rows.as_ref();
    let mut grid = Grid::new().text(["document"]).numbers(["links"]).text(["complete", "accepted"]);
    grid = grid.optional(["missing", "findings", "warnings"]);
    let (mut packs, mut complete) = (0_u64, 0_u64);
    let mut after = None;
    loop {
        let (page, next) = read(rows, |view| audit_evidence::view::packs(view, gstin, false, after.as_ref(), PAGE))?;
        for pack in page {
            packs += 1;
            complete += u64::from(pack.complete);
            if pack.complete && incomplete {
                continue;
            }
            let missing: Vec<&str> = pack.missing.iter().map(|number| artefact_name(u32::from(*number))).collect();
            let mut row = vec![pack.subject.to_string(), pack.artefacts.to_string()];
            row.extend([if pack.complete { "yes" } else { "no" }.to_owned()]);
            row.push(pack.acceptance.map(word).unwrap_or_default());
            row.extend([missing.join(", "), pack.findings.join(", "), pack.warnings.join(", ")]);
            grid.row(row);
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    if packs == 0 {
        return Err(nothing_known(rows, gstin, AUDIT_EVIDENCE.0));
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    writeln!(out, "{}, {complete} complete", count(packs, "pack"))?;
    write_as_of(rows, out)?;
    Ok(true)
}
