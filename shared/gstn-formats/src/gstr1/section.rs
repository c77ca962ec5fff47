//! The tables of GSTR-1: which exist, and which carry a registered recipient.

use gst_types::DocumentKind;
use serde_json::Value;

/// What a document is in IMS and GSTR-2B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gstr1Section {
    /// Invoice.
    B2B,
    /// Amended invoice.
    B2BA,
    /// Debit note.
    DN,
    /// Amended debit note.
    DNA,
    /// Credit note.
    CN,
    /// Amended credit note.
    CNA,
    /// Document of an e-commerce operator under section 9(5).
    ECO,
    /// The same, amended.
    ECOA,
}

impl Gstr1Section {
    /// All of them, in the order of the forms.
    pub const ALL: [Self; 8] = [Self::B2B, Self::B2BA, Self::DN, Self::DNA, Self::CN, Self::CNA, Self::ECO, Self::ECOA];

    /// The short name that the rule references use.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::B2B => "B2B",
            Self::B2BA => "B2BA",
            Self::DN => "DN",
            Self::DNA => "DNA",
            Self::CN => "CN",
            Self::CNA => "CNA",
            Self::ECO => "ECO",
            Self::ECOA => "ECOA",
        }
    }

    /// Whether it amends an earlier document.
    #[must_use]
    pub const fn is_amendment(self) -> bool {
        match self {
            Self::B2BA | Self::DNA | Self::CNA | Self::ECOA => true,
            Self::B2B | Self::DN | Self::CN | Self::ECO => false,
        }
    }

    /// The kind whose numbers are counted together (ID-6).
    #[must_use]
    pub const fn document_kind(self) -> DocumentKind {
        match self {
            Self::B2B | Self::B2BA => DocumentKind::Invoice,
            Self::DN | Self::DNA => DocumentKind::DebitNote,
            Self::CN | Self::CNA => DocumentKind::CreditNote,
            Self::ECO | Self::ECOA => DocumentKind::Eco,
        }
    }
}

/// A table of the file whose records name a registered recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gstr1Table {
    /// `b2b`: invoices.
    B2b,
    /// `b2ba`: amended invoices.
    B2ba,
    /// `cdnr`: notes.
    Cdnr,
    /// `cdnra`: amended notes.
    Cdnra,
    /// `ecom.b2b`: table 15, registered supplier.
    EcomB2b,
    /// `ecom.urp2b`: table 15, unregistered supplier.
    EcomUrp2b,
    /// `ecoma.b2ba`: the first, amended.
    EcomaB2ba,
    /// `ecoma.urp2ba`: the second, amended.
    EcomaUrp2ba,
}

impl Gstr1Table {
    /// All of them, in the order in which they are read and written.
    pub const ALL: [Self; 8] = [
        Self::B2b,
        Self::B2ba,
        Self::Cdnr,
        Self::Cdnra,
        Self::EcomB2b,
        Self::EcomUrp2b,
        Self::EcomaB2ba,
        Self::EcomaUrp2ba,
    ];

    /// The way to the table in the file.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::B2b => "b2b",
            Self::B2ba => "b2ba",
            Self::Cdnr => "cdnr",
            Self::Cdnra => "cdnra",
            Self::EcomB2b => "ecom.b2b",
            Self::EcomUrp2b => "ecom.urp2b",
            Self::EcomaB2ba => "ecoma.b2ba",
            Self::EcomaUrp2ba => "ecoma.urp2ba",
        }
    }

    /// First and, for tables inside an object, second key of the way.
    pub(crate) fn keys(self) -> (&'static str, Option<&'static str>) {
        match self.path().split_once('.') {
            Some((top, inner)) => (top, Some(inner)),
            None => (self.path(), None),
        }
    }

    pub(crate) fn top_key(self) -> &'static str {
        self.keys().0
    }

    /// The table in that file, if it is there and not `null`.
    pub(crate) fn find(self, source: &Value) -> Option<&Value> {
        let (top, inner) = self.keys();
        let top = source.get(top)?;
        let table = match inner {
            Some(inner) => top.get(inner)?,
            None => top,
        };
        (!table.is_null()).then_some(table)
    }

    /// Whether its records are notes.
    pub(crate) const fn holds_notes(self) -> bool {
        match self {
            Self::Cdnr | Self::Cdnra => true,
            Self::B2b | Self::B2ba => false,
            Self::EcomB2b | Self::EcomUrp2b | Self::EcomaB2ba | Self::EcomaUrp2ba => false,
        }
    }

    /// Whether its records come from an e-commerce operator.
    pub(crate) const fn is_ecom(self) -> bool {
        match self {
            Self::EcomB2b | Self::EcomUrp2b | Self::EcomaB2ba | Self::EcomaUrp2ba => true,
            Self::B2b | Self::B2ba | Self::Cdnr | Self::Cdnra => false,
        }
    }

    /// Whether its records amend others.
    pub(crate) const fn is_amendment(self) -> bool {
        match self {
            Self::B2ba | Self::Cdnra | Self::EcomaB2ba | Self::EcomaUrp2ba => true,
            Self::B2b | Self::Cdnr | Self::EcomB2b | Self::EcomUrp2b => false,
        }
    }

    /// The key of a group's records.
    pub(crate) const fn list_key(self) -> &'static str {
        if self.holds_notes() { "nt" } else { "inv" }
    }

    /// The key of a group's recipient.
    pub(crate) const fn recipient_key(self) -> &'static str {
        match self {
            Self::EcomB2b | Self::EcomaB2ba => "rtin",
            Self::B2b | Self::B2ba | Self::Cdnr | Self::Cdnra | Self::EcomUrp2b | Self::EcomaUrp2ba => "ctin",
        }
    }
}

/// Keys of the header that hold no section though they may hold an object.
pub(super) const KNOWN_HEADER_KEYS: [&str; 10] =
    ["gstin", "fp", "ret_period", "gt", "cur_gt", "version", "hash", "filing_typ", "fil_dt", "summary"];

/// Sections without a registered recipient: they never reach IMS or GSTR-2B and are passed over in silence.
pub(super) const OTHER_SECTIONS: [&str; 23] = [
    "b2cl",
    "b2cla",
    "b2cs",
    "b2csa",
    "cdnur",
    "cdnura",
    "exp",
    "expa",
    "at",
    "ata",
    "txpd",
    "txpda",
    "supeco",
    "supecoa",
    "hsn",
    "nil",
    "doc_issue",
    "ecom",
    "ecoma",
    "hsna",
    "hsnsum",
    "sec_sum",
    "error_report",
];
