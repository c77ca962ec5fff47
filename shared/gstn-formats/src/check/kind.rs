//! Which GSTN file a JSON value is, told by its content.

use crate::boe::{BoeVocabulary, ImportSection};
use crate::gstr1::{Gstr1Table, is_other_section, unwrapped};
use crate::ims_download::section_from_key;
use serde_json::Value;
use std::fmt;

/// The files that are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// GSTR-1, GSTR-1A or IFF; the file does not say which.
    Gstr1,
    /// Sections of one of these without a header.
    Gstr1Part,
    /// GSTR-2A.
    Gstr2a,
    /// GSTR-2B.
    Gstr2b,
    /// GSTR-3B.
    Gstr3b,
    /// A download of IMS records.
    ImsDownload,
    /// A body that saves IMS actions.
    ImsSave,
    /// A body that takes IMS actions back.
    ImsReset,
    /// Bills of Entry: one, or a list.
    BillsOfEntry,
    /// Filing status of one or more taxpayers.
    FilingStatus,
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gstr1 => "GSTR-1",
            Self::Gstr1Part => "GSTR-1 sections",
            Self::Gstr2a => "GSTR-2A",
            Self::Gstr2b => "GSTR-2B",
            Self::Gstr3b => "GSTR-3B",
            Self::ImsDownload => "IMS download",
            Self::ImsSave => "IMS save",
            Self::ImsReset => "IMS reset",
            Self::BillsOfEntry => "bills of entry",
            Self::FilingStatus => "filing status",
        })
    }
}

impl FileKind {
    /// The kind of that value, if it is one of ours.
    #[must_use]
    pub fn recognise(value: &Value) -> Option<Self> {
        if let Value::Array(list) = value {
            let first = list.first()?;
            return if first.get("EFiledlist").is_some() {
                Some(Self::FilingStatus)
            } else {
                BoeVocabulary::detect(first).map(|_| Self::BillsOfEntry)
            };
        }
        let inner = innermost(value);
        let has = |key: &str| inner.get(key).is_some();
        if has("EFiledlist") {
            Some(Self::FilingStatus)
        } else if has("reqtyp") {
            let reset = inner["reqtyp"].as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case("RESET"));
            Some(if reset { Self::ImsReset } else { Self::ImsSave })
        } else if has("rtnprd") && (has("docdata") || has("docRejdata") || has("itcsumm")) {
            Some(Self::Gstr2b)
        } else if has("itc_elg") {
            Some(Self::Gstr3b)
        } else if has("imsDetails") || is_ims(inner) {
            Some(Self::ImsDownload)
        } else if BoeVocabulary::detect(inner).is_some() {
            Some(Self::BillsOfEntry)
        } else if is_gstr2a(inner) {
            Some(Self::Gstr2a)
        } else {
            recognise_gstr1(inner)
        }
    }
}

/// Below the `data` layers.
fn innermost(value: &Value) -> &Value {
    let inner = unwrapped(value);
    match inner.get("data") {
        Some(data) if data.is_object() => data,
        _ => inner,
    }
}

fn first_of(list: &Value) -> Option<&Value> {
    list.as_array()?.first()
}

/// Sections whose records name their supplier themselves and carry an action or a form.
fn is_ims(value: &Value) -> bool {
    value.as_object().into_iter().flatten().any(|(key, list)| {
        let known = section_from_key(key).is_some() || ImportSection::from_key(key).is_some();
        let ims_record = |record: &Value| {
            let named = record.get("stin").is_some() || BoeVocabulary::detect(record).is_some();
            named && (record.get("action").is_some() || record.get("srcform").is_some())
        };
        known && first_of(list).is_some_and(ims_record)
    })
}

/// Keys that only GSTR-2A has, in the file or in its supplier groups.
fn is_gstr2a(value: &Value) -> bool {
    let Some(sections) = value.as_object() else { return false };
    if !sections.contains_key("gstin") {
        return false;
    }
    sections.iter().any(|(key, list)| {
        let group_says = |group: &Value| ["cfs3b", "fldtr1", "flprdr1"].iter().any(|name| group.get(*name).is_some());
        let import = ImportSection::from_key(key).is_some() && list.is_array();
        matches!(key.as_str(), "cdn" | "cdna") || import || first_of(list).is_some_and(group_says)
    })
}

fn recognise_gstr1(value: &Value) -> Option<FileKind> {
    let sections = value.as_object()?;
    let has_header = sections.contains_key("gstin") && sections.contains_key("fp");
    let known = |key: &String| is_other_section(key) || Gstr1Table::ALL.iter().any(|table| table.path() == key);
    match (has_header, sections.keys().any(known)) {
        (true, _) => Some(FileKind::Gstr1),
        (false, true) => Some(FileKind::Gstr1Part),
        (false, false) => None,
    }
}
