//! Which file it is, by extension and content.

use super::facts_csv::FactsFile;
use super::table::Table;
use super::translation::{Supplement, Translated};
use super::{bills_file, gstr1_file, ims_file, payments_csv, register_csv, status_file};
use gstn_formats::check::FileKind;
use serde_json::Value;

/// Translates the text of a file. `extension` is the end of its name, lower case.
#[must_use]
pub fn translate(text: &str, extension: &str, with: &Supplement) -> Translated {
    if extension == "csv" { translate_csv(text, with) } else { translate_json(text, with) }
}

fn translate_json(text: &str, with: &Supplement) -> Translated {
    let value: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(value) => value,
        Err(error) => {
            let mut out = Translated::of("broken JSON");
            let place = format!("line {}, column {}", error.line(), error.column());
            out.refuse(place, "NOT_JSON", error.to_string(), "GSTN");
            return out;
        }
    };
    match FileKind::recognise(&value) {
        Some(FileKind::Gstr1) => gstr1_file::translate(&value, with),
        Some(FileKind::ImsDownload) => ims_file::translate(&value, with),
        Some(FileKind::BillsOfEntry) => bills_file::translate(&value, with),
        Some(FileKind::FilingStatus) => status_file::translate(&value, with),
        Some(
            other @ (FileKind::Gstr1Part
            | FileKind::Gstr2a
            | FileKind::Gstr2b
            | FileKind::Gstr3b
            | FileKind::ImsSave
            | FileKind::ImsReset),
        ) => {
            let mut out = Translated::of(other.to_string());
            let message = "this file tells no fact that a feed takes; GSTR-1, 1A, IFF, IMS downloads, bills of entry and \
                           filing status do";
            out.refuse("file", "NOT_A_FEED_FILE", message, "GSTN");
            out
        }
        None => {
            let mut out = Translated::of("unknown");
            out.refuse("file", "FILE_KIND_UNKNOWN", "this is none of the GSTN files that are known here", "GSTN");
            out
        }
    }
}

fn translate_csv(text: &str, with: &Supplement) -> Translated {
    let table = Table::read(text);
    let has = |column: &str| table.columns.contains_key(column);
    let (mut out, known): (Translated, &[&str]) = if has("paid_on") {
        (payments_csv::translate(&table, with), &payments_csv::COLUMNS)
    } else if has("booked_on") {
        (register_csv::translate(&table, with), &register_csv::COLUMNS)
    } else if let Some(kind) = FactsFile::recognise(&table) {
        (kind.translate(&table, with), kind.columns())
    } else {
        return unknown_csv();
    };
    for (line, message) in &table.broken {
        out.refuse(format!("line {line}"), "NOT_CSV", message.clone(), "CSV");
    }
    out.notes.extend(table.unknown(known).map(|column| format!("column `{column}` is not known and not read")));
    out
}

fn unknown_csv() -> Translated {
    let mut out = Translated::of("unknown CSV");
    let facts: Vec<String> = FactsFile::ALL
        .iter()
        .map(|kind| format!("`{}` ({}: {})", kind.sign(), kind.name(), kind.columns().join(",")))
        .collect();
    let message = format!(
        "no column says what it is: `paid_on` (payments: {}), `booked_on` (purchase register: {}), {}",
        payments_csv::COLUMNS.join(","),
        register_csv::COLUMNS.join(","),
        facts.join(", ")
    );
    out.refuse("line 1", "FILE_KIND_UNKNOWN", message, "CSV");
    out
}
