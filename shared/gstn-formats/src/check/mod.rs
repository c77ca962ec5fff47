//! Checks a GSTN file: which kind it is, whether every record can be read and written back unchanged, and for a
//! GSTR-2B whether its documents add up to its own totals.

mod compare;
mod kind;
mod rewrite;

pub use compare::{Difference, Figure, Says};
pub use kind::FileKind;

use crate::boe::BoeRecord;
use crate::error::{FormatError, RecordError};
use crate::filing_status::EFiledList;
use crate::gstr1::{Gstr1, documents_of, unwrapped};
use crate::gstr2a::Gstr2a;
use crate::gstr2b::Gstr2b;
use crate::gstr3b::Gstr3b;
use crate::ims_download::ImsDownload;
use crate::ims_save::{ResetBody, SaveBody};
use crate::number::same_json;
use rewrite::Rewritten;
use serde_json::Value;
use std::fmt;

/// How many differences a report's line names.
const DIFFERENCES_SHOWN: usize = 3;

/// What came of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A GSTR-2B whose documents add up to its totals.
    Ok,
    /// A GSTR-2B without totals.
    NoSummary,
    /// A GSTR-2B whose documents do not add up to its totals.
    Differs(Vec<Difference>),
    /// Another file: it was read.
    Parsed,
    /// None of the known files, or its header is wrong.
    Unreadable(FormatError),
}

/// The report on one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// The file's name, as given.
    pub name: String,
    /// Which file it is, if known.
    pub kind: Option<FileKind>,
    /// Number of records seen.
    pub records: usize,
    /// Records that cannot be read, and notices.
    pub errors: Vec<RecordError>,
    /// Whether reading and writing gives the same JSON values.
    pub round_trip_ok: bool,
    /// What came of it.
    pub verdict: Verdict,
}

impl CheckReport {
    /// Whether nothing is wrong. Missing totals and notices are not wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        let verdict = match &self.verdict {
            Verdict::Ok | Verdict::NoSummary | Verdict::Parsed => true,
            Verdict::Differs(_) | Verdict::Unreadable(_) => false,
        };
        verdict && self.round_trip_ok && self.errors.iter().all(RecordError::is_notice)
    }

    /// The first word of the report's line.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.verdict {
            Verdict::Unreadable(_) => "UNREADABLE",
            Verdict::Differs(_) => "DIFFERS",
            _ if !self.is_ok() => "FAILED",
            Verdict::NoSummary => "NO SUMMARY",
            Verdict::Ok | Verdict::Parsed => "OK",
        }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: ", self.word(), self.name)?;
        if let Verdict::Unreadable(error) = &self.verdict {
            return write!(formatter, "{}: {error}", error.code());
        }
        if let Some(kind) = self.kind {
            write!(formatter, "{kind}, ")?;
        }
        write!(formatter, "{} records", self.records)?;
        if !self.round_trip_ok {
            write!(formatter, ", writing it back changes it")?;
        }
        for error in self.errors.iter().take(DIFFERENCES_SHOWN) {
            write!(formatter, "; {error}")?;
        }
        if self.errors.len() > DIFFERENCES_SHOWN {
            write!(formatter, "; and {} more", self.errors.len() - DIFFERENCES_SHOWN)?;
        }
        if let Verdict::Differs(differences) = &self.verdict {
            for difference in differences.iter().take(DIFFERENCES_SHOWN) {
                write!(formatter, "; {difference}")?;
            }
            if differences.len() > DIFFERENCES_SHOWN {
                write!(formatter, "; and {} more", differences.len() - DIFFERENCES_SHOWN)?;
            }
        }
        Ok(())
    }
}

/// Checks a file.
#[must_use]
pub fn check_file(name: &str, value: &Value) -> CheckReport {
    let kind = FileKind::recognise(value);
    let checked = kind.ok_or(FormatError::UnknownKind).and_then(|kind| check_kind(kind, value));
    let (records, errors, round_trip_ok, verdict) = match checked {
        Ok(Checked { records, errors, round_trip_ok, verdict }) => (records, errors, round_trip_ok, verdict),
        Err(error) => (0, Vec::new(), false, Verdict::Unreadable(error)),
    };
    CheckReport { name: name.to_owned(), kind, records, errors, round_trip_ok, verdict }
}

/// What one kind's check finds.
struct Checked {
    records: usize,
    errors: Vec<RecordError>,
    round_trip_ok: bool,
    verdict: Verdict,
}

fn check_kind(kind: FileKind, value: &Value) -> Result<Checked, FormatError> {
    match kind {
        FileKind::Gstr1 => {
            let errors = errors_in(Gstr1::parse(value)?.documents());
            Ok(parsed(value, errors, Rewritten::gstr1))
        }
        FileKind::Gstr1Part => Ok(parsed(value, errors_in(documents_of(unwrapped(value), None)), Rewritten::gstr1)),
        FileKind::Gstr2a => {
            let file = Gstr2a::parse(value)?;
            let mut errors = errors_in(file.suppliers());
            errors.extend(errors_in(file.bills_of_entry()));
            Ok(parsed(value, errors, Rewritten::gstr2a))
        }
        FileKind::Gstr2b => check_gstr2b(value),
        FileKind::Gstr3b => {
            let ours = Gstr3b::parse(value)?.to_value();
            let round_trip_ok = same_json(&ours, unwrapped(value));
            Ok(Checked { records: 1, errors: Vec::new(), round_trip_ok, verdict: Verdict::Parsed })
        }
        FileKind::ImsDownload => {
            let file = ImsDownload::parse(value)?;
            let mut errors = errors_in(file.records());
            errors.extend(errors_in(file.bills_of_entry()));
            Ok(parsed(value, errors, Rewritten::ims_download))
        }
        FileKind::ImsSave => {
            let body = SaveBody::parse(value)?;
            let mut errors = errors_in(body.records());
            errors.extend(errors_in(body.bills_of_entry()));
            Ok(parsed(value, errors, Rewritten::ims_body))
        }
        FileKind::ImsReset => {
            let body = ResetBody::parse(value)?;
            let mut errors = errors_in(body.records());
            errors.extend(errors_in(body.bills_of_entry()));
            Ok(parsed(value, errors, Rewritten::ims_body))
        }
        FileKind::BillsOfEntry => Ok(parsed(value, bill_errors(value), Rewritten::bills)),
        FileKind::FilingStatus => {
            let lists = EFiledList::parse_all(value)?;
            let errors = lists.into_iter().flat_map(|list| errors_in(list.returns)).collect();
            Ok(parsed(value, errors, Rewritten::filing_status))
        }
    }
}

fn check_gstr2b(value: &Value) -> Result<Checked, FormatError> {
    let statement = Gstr2b::parse(value)?;
    let records = [&statement.documents, &statement.rejected];
    let records = records.into_iter().flatten().map(crate::gstr2b::DocumentSet::len).sum();
    let verdict = match compare::differences(&statement) {
        None => Verdict::NoSummary,
        Some(found) if found.is_empty() => Verdict::Ok,
        Some(found) => Verdict::Differs(found),
    };
    let round_trip_ok = same_json(&statement.to_value(), value);
    Ok(Checked { records, errors: Vec::new(), round_trip_ok, verdict })
}

fn errors_in<T>(records: Vec<Result<T, RecordError>>) -> Vec<RecordError> {
    records.into_iter().filter_map(Result::err).collect()
}

fn bill_errors(value: &Value) -> Vec<RecordError> {
    let alone = std::slice::from_ref(value);
    let records = value.as_array().map_or(alone, Vec::as_slice).iter().enumerate();
    let read = records.map(|(index, record)| {
        BoeRecord::parse_any(unwrapped(record)).map_err(|error| RecordError::new("boe", None, Some(index), error))
    });
    errors_in(read.collect())
}

fn parsed(value: &Value, errors: Vec<RecordError>, rewrite: impl Fn(&mut Rewritten, &mut Value)) -> Checked {
    let mut ours = value.clone();
    let mut rewritten = Rewritten::default();
    rewrite(&mut rewritten, &mut ours);
    let round_trip_ok = same_json(&ours, value);
    Checked { records: rewritten.records, errors, round_trip_ok, verdict: Verdict::Parsed }
}
