//! Bodies that ask IMS to save or reset actions.

use crate::boe::{BoeRecord, BoeVocabulary, ImportSection};
use crate::error::{FieldError, FormatError, Problem, RecordError};
use crate::ims_download::{bills_in, documents_in};
use crate::ims_record::{ImsRecord, ims_section_key};
use crate::object::{Reader, required, required_gstin};
use gst_types::RecipientGstin;
use serde_json::{Map, Value};

/// Records as read, a bad one as an error in its place.
pub type Records<T> = Vec<Result<T, RecordError>>;

/// A body that saves actions (`reqtyp` `SAVE`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveBody {
    /// Who acts.
    pub recipient: RecipientGstin,
    source: Value,
}

/// A body that takes actions back (`reqtyp` `RESET`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetBody {
    /// Who acts.
    pub recipient: RecipientGstin,
    source: Value,
}

/// Either body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImsRequest {
    /// Saves actions.
    Save(SaveBody),
    /// Takes actions back.
    Reset(ResetBody),
}

impl ImsRequest {
    /// Reads a body by its `reqtyp`.
    ///
    /// # Errors
    /// [`FormatError::Header`] where `rtin` or `reqtyp` is missing or wrong.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        let mut reader = Reader::header(value)?;
        let recipient = RecipientGstin(required_gstin(reader.gstin(&["rtin"])?, "rtin")?);
        let request = required(reader.text(&["reqtyp"])?, "reqtyp")?;
        let source = value.clone();
        match request.trim().to_ascii_uppercase().as_str() {
            "SAVE" => Ok(Self::Save(SaveBody { recipient, source })),
            "RESET" => Ok(Self::Reset(ResetBody { recipient, source })),
            _ => Err(FieldError::new("reqtyp", Problem::UnknownCode("SAVE, RESET")).into()),
        }
    }
}

impl SaveBody {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FormatError::Header`] where `rtin` is missing or wrong, or `reqtyp` is not `SAVE`.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        match ImsRequest::parse(value)? {
            ImsRequest::Save(body) => Ok(body),
            ImsRequest::Reset(_) => Err(FieldError::new("reqtyp", Problem::UnknownCode("SAVE")).into()),
        }
    }

    /// The documents acted on (`invdata`). Each must say its action.
    #[must_use]
    pub fn records(&self) -> Records<ImsRecord> {
        documents_of(&self.source, true)
    }

    /// The Bills of Entry acted on (`boedata`, or import sections of `invdata`). Each must say its action.
    #[must_use]
    pub fn bills_of_entry(&self) -> Records<(ImportSection, BoeRecord)> {
        bills_of(&self.source, true)
    }

    /// The body as it came.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }

    /// A body for these records.
    #[must_use]
    pub fn build(recipient: RecipientGstin, records: &[ImsRecord], bills: &[(ImportSection, BoeRecord)]) -> Value {
        build("SAVE", recipient, records, bills)
    }
}

impl ResetBody {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FormatError::Header`] where `rtin` is missing or wrong, or `reqtyp` is not `RESET`.
    pub fn parse(value: &Value) -> Result<Self, FormatError> {
        match ImsRequest::parse(value)? {
            ImsRequest::Reset(body) => Ok(body),
            ImsRequest::Save(_) => Err(FieldError::new("reqtyp", Problem::UnknownCode("RESET")).into()),
        }
    }

    /// The documents whose action is taken back.
    #[must_use]
    pub fn records(&self) -> Records<ImsRecord> {
        documents_of(&self.source, false)
    }

    /// The Bills of Entry whose action is taken back.
    #[must_use]
    pub fn bills_of_entry(&self) -> Records<(ImportSection, BoeRecord)> {
        bills_of(&self.source, false)
    }

    /// The body as it came.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.source.clone()
    }

    /// A body for these records; their actions are left out, `prev_status` says what is taken back.
    #[must_use]
    pub fn build(recipient: RecipientGstin, records: &[ImsRecord], bills: &[(ImportSection, BoeRecord)]) -> Value {
        let without = |record: &ImsRecord| {
            let mut record = record.clone();
            record.state.action = None;
            record
        };
        let without_bill = |(section, record): &(ImportSection, BoeRecord)| {
            let mut record = record.clone();
            record.state.action = None;
            (*section, record)
        };
        let records: Vec<_> = records.iter().map(without).collect();
        let bills: Vec<_> = bills.iter().map(without_bill).collect();
        build("RESET", recipient, &records, &bills)
    }
}

fn documents_of(body: &Value, action_required: bool) -> Records<ImsRecord> {
    body.get("invdata").map(|sections| documents_in(sections, "invdata.", action_required)).unwrap_or_default()
}

fn bills_of(body: &Value, action_required: bool) -> Records<(ImportSection, BoeRecord)> {
    let bills = |key: &str| {
        body.get(key).map(|sections| bills_in(sections, &format!("{key}."), action_required)).unwrap_or_default()
    };
    let mut all = bills("boedata");
    all.extend(bills("invdata"));
    all
}

fn build(
    request: &str,
    recipient: RecipientGstin,
    records: &[ImsRecord],
    bills: &[(ImportSection, BoeRecord)],
) -> Value {
    let mut body = Map::new();
    body.insert("rtin".to_owned(), Value::from(recipient.to_string()));
    body.insert("reqtyp".to_owned(), Value::from(request));
    if !records.is_empty() {
        let sections = by_section(records.iter().map(|record| (ims_section_key(record.section), record.to_value())));
        body.insert("invdata".to_owned(), sections);
    }
    if !bills.is_empty() {
        let key = |section: &ImportSection| section.key(BoeVocabulary::Ims);
        let sections =
            by_section(bills.iter().map(|(section, record)| (key(section), record.to_value(BoeVocabulary::Ims))));
        body.insert("boedata".to_owned(), sections);
    }
    Value::Object(body)
}

/// Lists by section, in the order in which sections first appear.
fn by_section(records: impl Iterator<Item = (&'static str, Value)>) -> Value {
    let mut sections = Map::new();
    for (key, record) in records {
        let list = sections.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(record);
        }
    }
    Value::Object(sections)
}
