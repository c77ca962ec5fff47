//! Words that several events share.

use gst_types::{BillOfEntryId, DocumentKey, TaxAmounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One version of one reported record. Every save of a record makes a new one, so that an action on an older version
/// can be told apart (IN-6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RecordId(pub String);

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The person or service, as the deployment names it.
    pub subject: String,
    /// The role in which it acted, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// Whether a taxpayer event asks or tells: a user's may be refused, the portal's is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// A command of our user.
    User,
    /// A fact seen on the portal.
    #[default]
    Portal,
}

/// The state of a record on the recipient's dashboard (AC-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImsAction {
    /// Nothing done: deemed accepted at generation (EF-4).
    NoAction,
    /// Accepted (EF-1).
    Accept,
    /// Rejected (EF-2).
    Reject,
    /// Left for later (EF-3).
    Pending,
}

/// The recipient's answer to "whether ITC needs to be reduced" (RD-1, RD-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItcReduction {
    /// Whether credit is to be reduced at all.
    pub required: bool,
    /// The declared amounts; absent with `required` means the full reduction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<TaxAmounts>,
}

/// The sections of the IMS dashboard (IN-3, BE-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ImsSection {
    /// Invoices.
    #[serde(rename = "B2B")]
    B2b,
    /// Amended invoices.
    #[serde(rename = "B2BA")]
    B2ba,
    /// Debit notes.
    #[serde(rename = "DN")]
    Dn,
    /// Amended debit notes.
    #[serde(rename = "DNA")]
    Dna,
    /// Credit notes.
    #[serde(rename = "CN")]
    Cn,
    /// Amended credit notes.
    #[serde(rename = "CNA")]
    Cna,
    /// Documents of e-commerce operators, section 9(5).
    #[serde(rename = "ECO")]
    Eco,
    /// Amended documents of e-commerce operators.
    #[serde(rename = "ECOA")]
    Ecoa,
    /// Bills of Entry, overseas.
    #[serde(rename = "IMPG")]
    Impg,
    /// Amended Bills of Entry, overseas.
    #[serde(rename = "IMPGA")]
    Impga,
    /// Bills of Entry from SEZ units.
    #[serde(rename = "IMPGSEZ")]
    Impgsez,
    /// Amended Bills of Entry from SEZ units.
    #[serde(rename = "IMPGSEZA")]
    Impgseza,
}

/// What credit hangs on: a supplier's document or a Bill of Entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CreditSubject {
    /// A supplier's document.
    Document(DocumentKey),
    /// A Bill of Entry.
    BillOfEntry(BillOfEntryId),
}

/// A text that names neither a document nor a Bill of Entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a document key (ID-6) nor a Bill of Entry (ID-12)")]
pub struct CreditSubjectError;

impl fmt::Display for CreditSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(key) => key.fmt(formatter),
            Self::BillOfEntry(id) => id.fmt(formatter),
        }
    }
}

impl FromStr for CreditSubject {
    type Err = CreditSubjectError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(':') {
            text.parse().map(Self::Document).map_err(|_| CreditSubjectError)
        } else {
            text.parse().map(Self::BillOfEntry).map_err(|_| CreditSubjectError)
        }
    }
}

macro_rules! text_serde {
    ($type:ty, $name:literal, $description:literal) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // The text is read where it stands: rows hold millions of these.
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($description)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $description })
            }
        }
    };
}

text_serde!(
    CreditSubject,
    "CreditSubject",
    "a document, SUPPLIER:KIND:NUMBER:YEAR (ID-6), or a Bill of Entry, PORT/NUMBER/YYYY-MM-DD (ID-12)"
);

/// A row of GSTR-2B (TB-1 to TB-6), written as in the rules: `3.A.I.B2B`, `4.B.I.B2B-CN`, `5.A.I.B2B`, `6.A.I.ECOA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableRow(String);

/// A text that is no row of GSTR-2B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a row of GSTR-2B such as 3.A.I.B2B (TB-1)")]
pub struct TableRowError;

impl TableRow {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The table, 3 to 6.
    #[must_use]
    pub fn table(&self) -> u32 {
        self.0[..1].parse().unwrap_or_default()
    }
}

impl fmt::Display for TableRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TableRow {
    type Err = TableRowError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without a list: a statement of a million lines reads a million of these.
        let mut parts = text.split('.');
        let mut next = || parts.next().unwrap_or_default();
        let right = matches!(next(), "3" | "4" | "5" | "6")
            && matches!(next(), "A" | "B")
            && matches!(next(), "I" | "II" | "III" | "IV")
            && !next().is_empty()
            && parts.next().is_none();
        if right { Ok(Self(text.to_owned())) } else { Err(TableRowError) }
    }
}

text_serde!(TableRow, "TableRow", "row of GSTR-2B, such as 3.A.I.B2B (TB-1 to TB-6)");
