//! What can be wrong with a GSTN file, named by field and rule.

use gst_types::{BillOfEntryIdError, DateError, GstinError, MoneyError, PeriodError};
use std::fmt;

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A key that the record cannot do without is absent or empty.
    #[error("is missing")]
    Missing,
    /// The GSTIN that the record cannot do without is absent or empty.
    #[error("is missing; a GSTIN belongs here")]
    GstinMissing,
    /// Another JSON type than GSTN documents.
    #[error("should be {0}")]
    WrongShape(&'static str),
    /// A document number written as a JSON number: leading zeros and long numbers would be lost.
    #[error("should be a text, not a number")]
    DocumentNumberNotText,
    /// No amount.
    #[error("{0}")]
    Amount(#[from] MoneyError),
    /// No date.
    #[error("{0}")]
    Date(#[from] DateError),
    /// No return period.
    #[error("{0}")]
    Period(#[from] PeriodError),
    /// No GSTIN.
    #[error("{0}")]
    Gstin(#[from] GstinError),
    /// No state code.
    #[error("should be a state code of two digits (ID-3)")]
    StateCode,
    /// A Bill of Entry that cannot be identified.
    #[error("{0}")]
    BillOfEntry(#[from] BillOfEntryIdError),
    /// A code outside the documented list.
    #[error("should be one of {0}")]
    UnknownCode(&'static str),
    /// A section that GSTN does not document. A notice: the rest of the file is read.
    #[error("is a section that the GSTR-1 format does not have; it was passed over")]
    UnknownSection,
}

impl Problem {
    /// Stable code for metrics, refusals and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "FIELD_MISSING",
            Self::GstinMissing => "GSTIN_MISSING",
            Self::WrongShape(_) => "WRONG_SHAPE",
            Self::DocumentNumberNotText => "DOCUMENT_NUMBER_NOT_TEXT",
            Self::Amount(error) => error.code(),
            Self::Date(error) => error.code(),
            Self::Period(error) => error.code(),
            Self::Gstin(error) => error.code(),
            Self::StateCode => "STATE_CODE_INVALID",
            Self::BillOfEntry(error) => error.code(),
            Self::UnknownCode(_) => "CODE_UNKNOWN",
            Self::UnknownSection => "UNKNOWN_SECTION",
        }
    }

    /// The rule of the references that the field breaks; `GSTN` where only GSTN's own format says so.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Missing | Self::WrongShape(_) | Self::UnknownCode(_) | Self::UnknownSection => "GSTN",
            Self::GstinMissing | Self::Gstin(_) => "ID-1",
            Self::DocumentNumberNotText => "ID-5",
            Self::Amount(_) => "ID-4",
            Self::Date(_) => "ID-11",
            Self::Period(_) => "ID-8",
            Self::StateCode => "ID-3",
            Self::BillOfEntry(_) => "BOE-7",
        }
    }
}

/// One field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct FieldError {
    /// The key as GSTN spells it, with the way to it where it lies deeper (`itms.0.itm_det.txval`).
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl FieldError {
    /// That problem with that field.
    pub(crate) fn new(field: impl Into<String>, problem: Problem) -> Self {
        Self { field: field.into(), problem }
    }

    /// The same error seen from one level further out.
    pub(crate) fn within(self, outer: impl fmt::Display) -> Self {
        Self { field: format!("{outer}.{}", self.field), problem: self.problem }
    }
}

/// A record that could not be read. The other records of its file are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RecordError {
    /// The section as GSTN spells it (`b2b`, `ecom.b2b`, `imports.impg`).
    pub section: String,
    /// Position of the supplier's or recipient's group in the section, from 0.
    pub group: Option<usize>,
    /// Position of the record in its group, or in the section where records are not grouped, from 0.
    pub record: Option<usize>,
    /// The field, as in [`FieldError::field`]; empty where the whole section is meant.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl RecordError {
    pub(crate) fn new(section: &str, group: Option<usize>, record: Option<usize>, error: FieldError) -> Self {
        Self { section: section.to_owned(), group, record, field: error.field, problem: error.problem }
    }

    /// Stable code for metrics, refusals and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// The rule of the references that the record breaks.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.problem.rule()
    }

    /// What is wrong, in words, without the place.
    #[must_use]
    pub fn message(&self) -> String {
        if self.field.is_empty() { self.problem.to_string() } else { format!("`{}` {}", self.field, self.problem) }
    }

    /// Whether this only says that something was passed over.
    #[must_use]
    pub const fn is_notice(&self) -> bool {
        matches!(self.problem, Problem::UnknownSection)
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.section)?;
        if let Some(group) = self.group {
            write!(formatter, "[{group}]")?;
        }
        if let Some(record) = self.record {
            write!(formatter, "#{record}")?;
        }
        write!(formatter, ": {} {}", self.code(), self.message())
    }
}

/// A file that could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A header field is wrong, so nothing in the file has an owner.
    #[error(transparent)]
    Header(#[from] FieldError),
    /// A record is wrong in a file that only counts as a whole.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// None of the shapes that GSTN documents.
    #[error("this is none of the GSTN files that are known here")]
    UnknownKind,
}

impl FormatError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Header(error) => error.problem.code(),
            Self::Record(error) => error.code(),
            Self::UnknownKind => "FILE_KIND_UNKNOWN",
        }
    }

    /// The rule of the references that the file breaks.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Header(error) => error.problem.rule(),
            Self::Record(error) => error.rule(),
            Self::UnknownKind => "GSTN",
        }
    }
}
