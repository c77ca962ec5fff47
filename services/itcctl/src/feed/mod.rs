//! `itcctl feed`: recognises real files and publishes them to the feeds. Translation is pure; only this module and
//! `publish` touch files and brokers.

mod bills_file;
mod facts_csv;
mod gstr1_file;
mod ims_file;
mod payments_csv;
pub mod publish;
mod recognise;
mod register_csv;
mod status_file;
mod table;
#[cfg(test)]
mod tests;
pub mod translation;

pub use recognise::translate;

use crate::connection::KafkaArguments;
use crate::feed_record::FeedRecord;
use crate::pretty::lined_table;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use comfy_table::CellAlignment;
use gst_events::SupplierForm;
use gst_types::{IstDate, IstInstant, RecipientGstin};
use indicatif::{ProgressBar, ProgressStyle};
use publish::{FeedPort, KafkaFeeds};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use translation::{Supplement, Translated};

/// Refusals shown one by one; the rest are counted.
const REFUSALS_SHOWN: usize = 40;
/// A file above this is no return of one taxpayer; it is refused before it is read into memory.
const FILE_SIZE_MAX_IN_BYTES: u64 = 512 * 1024 * 1024;

/// The forms that share the shape of GSTR-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormWord {
    /// Statement of outward supplies.
    Gstr1,
    /// Invoice furnishing facility.
    Iff,
    /// Corrections of the same period's GSTR-1.
    Gstr1a,
}

impl FormWord {
    const fn form(self) -> SupplierForm {
        match self {
            Self::Gstr1 => SupplierForm::Gstr1,
            Self::Iff => SupplierForm::Iff,
            Self::Gstr1a => SupplierForm::Gstr1a,
        }
    }
}

/// Options of `itcctl feed`.
#[derive(Debug, Clone, Args)]
pub struct FeedArguments {
    /// GSTR-1, GSTR-1A or IFF JSON, an IMS download, bills of entry, filing status; as CSV payments, the purchase register, customs
    /// duty, credit categories, turnover, permanent reversals, the opening of the reversal statement.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaArguments,
    /// Whose dashboard, bills or register it is, where the file does not say.
    #[arg(long, value_name = "GSTIN")]
    pub recipient: Option<RecipientGstin>,
    /// The year of return periods that name only a month.
    #[arg(long, value_name = "YYYY")]
    pub year: Option<i32>,
    /// The day on which the forms were filed, where the file does not say.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub filed_on: Option<IstDate>,
    /// Which form a GSTR-1 file is: GSTR-1, 1A and IFF look alike.
    #[arg(long, value_enum, ignore_case = true)]
    pub form: Option<FormWord>,
    /// Publish nothing; show what would be.
    #[arg(long)]
    pub dry_run: bool,
}

impl FeedArguments {
    /// What the files do not say.
    #[must_use]
    pub fn supplement(&self, sent_at: Option<IstInstant>) -> Supplement {
        let form = self.form.map(FormWord::form);
        Supplement { recipient: self.recipient, year: self.year, filed_on: self.filed_on, form, sent_at }
    }
}

/// Translates and publishes every file. True where nothing was refused.
///
/// # Errors
/// A message where a file cannot be read or Kafka does not take a record.
pub fn run(arguments: &FeedArguments, out: &mut dyn Write) -> Result<bool> {
    let files = read_all(&arguments.files, &arguments.supplement(Some(now()?)))?;
    let records: Vec<&FeedRecord> = files.iter().flat_map(|(_, file)| &file.records).collect();
    write_summary(&files, arguments.dry_run, out)?;
    if !arguments.dry_run {
        let kafka = arguments.kafka.settings()?;
        let at = kafka.bootstrap_servers.clone();
        publish_all(&mut KafkaFeeds::new(kafka, "itcctl-feed"), &records)?;
        writeln!(out, "{} messages are in Kafka at {at}", records.len())?;
    }
    Ok(files.iter().all(|(_, file)| file.refused.is_empty()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "`ce_time` is when a record is sent; no decision reads it as a legal date"
)]
pub(crate) fn now() -> Result<IstInstant> {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    IstInstant::from_unix_seconds(i64::try_from(since_1970.as_secs())?).context("the machine's clock is out of range")
}

/// Reads and translates every file, before anything is published.
///
/// # Errors
/// A message where a file is not there, too large or no text.
pub fn read_all(files: &[PathBuf], with: &Supplement) -> Result<Vec<(PathBuf, Translated)>> {
    files.iter().map(|path| Ok((path.clone(), read(path, with)?))).collect()
}

fn read(path: &Path, with: &Supplement) -> Result<Translated> {
    let size = fs::metadata(path).with_context(|| format!("there is no file {}", path.display()))?.len();
    if size > FILE_SIZE_MAX_IN_BYTES {
        bail!("{} has {size} bytes; at most {FILE_SIZE_MAX_IN_BYTES} are read", path.display());
    }
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read as text", path.display()))?;
    let extension = path.extension().map(|text| text.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    Ok(translate(&text, &extension, with))
}

/// Publishes records in their order, with a bar.
///
/// # Errors
/// A message where one is not taken.
pub fn publish_all(port: &mut dyn FeedPort, records: &[&FeedRecord]) -> Result<()> {
    let length = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(length).with_style(style).with_message("feeding");
    for record in records {
        port.publish(record)?;
        bar.inc(1);
    }
    port.flush()?;
    bar.finish_and_clear();
    Ok(())
}

/// One line a file and feed, then notes and refusals.
///
/// # Errors
/// A message where the output cannot be written.
pub fn write_summary(files: &[(PathBuf, Translated)], dry_run: bool, out: &mut dyn Write) -> Result<()> {
    let mut table = lined_table();
    let to_publish = if dry_run { "would publish" } else { "messages" };
    table.set_header(["file", "kind", "feed", "entries", to_publish, "refused"]);
    for (path, file) in files {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let refused = file.refused.len();
        if file.entries.is_empty() {
            table.add_row([name.clone(), file.kind.clone(), "-".into(), "0".into(), "0".into(), refused.to_string()]);
        }
        for (index, (feed, entries)) in file.entries.iter().enumerate() {
            let messages = file.records.iter().filter(|record| record.feed == *feed).count();
            let refused = if index == 0 { refused.to_string() } else { String::new() };
            let cells = [name.clone(), file.kind.clone(), feed.topic().to_owned(), entries.to_string()];
            table.add_row(cells.into_iter().chain([messages.to_string(), refused]));
        }
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{table}")?;
    for (path, file) in files {
        for note in &file.notes {
            writeln!(out, "{}: note: {note}", path.display())?;
        }
        for refusal in file.refused.iter().take(REFUSALS_SHOWN) {
            let (place, code, rule) = (&refusal.place, &refusal.code, &refusal.rule);
            writeln!(out, "{}: {place}: refused {code}: {} ({rule})", path.display(), refusal.message)?;
        }
        if file.refused.len() > REFUSALS_SHOWN {
            writeln!(out, "{}: and {} more", path.display(), file.refused.len() - REFUSALS_SHOWN)?;
        }
    }
    Ok(())
}
