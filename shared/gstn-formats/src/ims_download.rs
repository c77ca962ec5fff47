//! The IMS download (`GETINV` and the offline file): flat lists of records per section.

use crate::boe::{BoeRecord, BoeVocabulary, ImportSection};
use crate::error::{FieldError, FormatError, Problem, RecordError};
use crate::gstr1::unwrapped;
use crate::ims_record::{ImsRecord, ims_section_from_key};
use crate::ims_state::ImsState;
use serde_json::Value;

pub use crate::ims_record::{ims_section_from_key as section_from_key, ims_section_key as section_key};

/// A downloaded file: bare sections (API) or sections inside `imsDetails` (offline tool).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImsDownload {
    source: Value,
}

impl ImsDownload {
    /// Takes the file as it is; the records are read by [`Self::records`].
    ///
    /// # Errors
    /// [`FormatError`] where it is no object or holds no section of IMS.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let download = Self { source: value.clone() };
        let Some(sections) = download.sections().as_object() else {
            return Err(FieldError::new("imsDetails", Problem::WrongShape("an object")).into());
        };
        let known = |key: &String| ims_section_from_key(key).is_some() || ImportSection::from_key(key).is_some();
        if sections.keys().any(known) { Ok(download) } else { Err(FormatError::UnknownKind) }
    }

    fn sections(&self) -> &Value {
        let inner = unwrapped(&self.source);
        inner.get("imsDetails").unwrap_or(inner)
    }

    /// Every document, in the order of the file; a bad one is an error in its place.
    #[must_use]
    pub fn records(&self) -> Vec<Result<ImsRecord, RecordError>> {
        documents_in(self.sections(), "", false)
    }

    /// Every Bill of Entry, in the order of the file; a bad one is an error in its place.
    #[must_use]
    pub fn bills_of_entry(&self) -> Vec<Result<(ImportSection, BoeRecord), RecordError>> {
        bills_in(self.sections(), "", false)
    }

    /// The file as it came.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }
}

/// The documents of an object whose keys are sections.
pub(crate) fn documents_in(sections: &Value, path: &str, action_required: bool) -> Vec<Result<ImsRecord, RecordError>> {
    let mut records = Vec::new();
    for (key, list) in sections.as_object().into_iter().flatten() {
        let Some(section) = ims_section_from_key(key) else { continue };
        read_list(&format!("{path}{key}"), list, &mut records, |record| {
            let record = ImsRecord::parse(section, record)?;
            demand_action(&record.state, action_required)?;
            Ok(record)
        });
    }
    records
}

/// The Bills of Entry of an object whose keys are sections.
pub(crate) fn bills_in(
    sections: &Value,
    path: &str,
    action_required: bool,
) -> Vec<Result<(ImportSection, BoeRecord), RecordError>> {
    let mut records = Vec::new();
    for (key, list) in sections.as_object().into_iter().flatten() {
        let Some(section) = ImportSection::from_key(key) else { continue };
        read_list(&format!("{path}{key}"), list, &mut records, |record| {
            let vocabulary = BoeVocabulary::detect(record).unwrap_or(BoeVocabulary::Ims);
            let record = BoeRecord::parse(record, vocabulary)?;
            demand_action(&record.state, action_required)?;
            Ok((section, record))
        });
    }
    records
}

/// A record that is saved says what to do with it.
fn demand_action(state: &ImsState, required: bool) -> Result<(), FieldError> {
    if required && state.action.is_none() { Err(FieldError::new("action", Problem::Missing)) } else { Ok(()) }
}

/// Reads each record of a list, and says so in the list's place where it is none.
pub(crate) fn read_list<T>(
    path: &str,
    list: &Value,
    records: &mut Vec<Result<T, RecordError>>,
    read: impl Fn(&Value) -> Result<T, FieldError>,
) {
    match list {
        Value::Null => {}
        Value::Array(list) => records.extend(
            list.iter()
                .enumerate()
                .map(|(index, record)| read(record).map_err(|error| RecordError::new(path, None, Some(index), error))),
        ),
        _ => {
            let error = FieldError::new("", Problem::WrongShape("a list of records"));
            records.push(Err(RecordError::new(path, None, None, error)));
        }
    }
}
