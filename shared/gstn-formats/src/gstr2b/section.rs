//! Sections of a GSTR-2B, and the blocks, groups and leaves of its totals.

use crate::boe::{BoeVocabulary, ImportSection};
use crate::object::Names;

/// Sections of suppliers' documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SupplySection {
    /// Invoices.
    B2b,
    /// Amended invoices.
    B2ba,
    /// Credit and debit notes.
    Cdnr,
    /// Amended notes.
    Cdnra,
    /// Documents of e-commerce operators.
    Ecom,
    /// The same, amended.
    Ecoma,
}

impl SupplySection {
    /// All of them, in the order of the file.
    pub const ALL: [Self; 6] = [Self::B2b, Self::B2ba, Self::Cdnr, Self::Cdnra, Self::Ecom, Self::Ecoma];

    /// The key, and the spellings that are also read.
    pub(crate) const fn names(self) -> Names {
        match self {
            Self::B2b => &["b2b"],
            Self::B2ba => &["b2ba"],
            Self::Cdnr => &["cdnr"],
            Self::Cdnra => &["cdnra"],
            Self::Ecom => &["ecom", "eco"],
            Self::Ecoma => &["ecoma", "ecoa"],
        }
    }

    /// Whether its documents are notes.
    pub(crate) const fn holds_notes(self) -> bool {
        match self {
            Self::Cdnr | Self::Cdnra => true,
            Self::B2b | Self::B2ba | Self::Ecom | Self::Ecoma => false,
        }
    }

    /// Whether its documents amend others.
    #[must_use]
    pub const fn is_amendment(self) -> bool {
        match self {
            Self::B2ba | Self::Cdnra | Self::Ecoma => true,
            Self::B2b | Self::Cdnr | Self::Ecom => false,
        }
    }

    /// The key of a group's list.
    pub(crate) const fn list_names(self) -> Names {
        if self.holds_notes() { &["nt"] } else { &["inv"] }
    }

    /// The leaf that its invoices and debit notes count in.
    pub(crate) const fn leaf(self) -> SummaryLeaf {
        match self {
            Self::B2b => SummaryLeaf::B2b,
            Self::B2ba => SummaryLeaf::B2ba,
            Self::Cdnr => SummaryLeaf::Cdnr,
            Self::Cdnra => SummaryLeaf::Cdnra,
            Self::Ecom => SummaryLeaf::Ecom,
            Self::Ecoma => SummaryLeaf::Ecoma,
        }
    }
}

/// Sections of input service distributors' documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsdSection {
    /// Documents.
    Isd,
    /// Amended documents.
    Isda,
}

impl IsdSection {
    /// Both, in the order of the file.
    pub const ALL: [Self; 2] = [Self::Isd, Self::Isda];

    pub(crate) const fn names(self) -> Names {
        match self {
            Self::Isd => &["isd"],
            Self::Isda => &["isda"],
        }
    }

    pub(crate) const fn leaf(self) -> SummaryLeaf {
        match self {
            Self::Isd => SummaryLeaf::Isd,
            Self::Isda => SummaryLeaf::Isda,
        }
    }
}

/// The key of an import section in GSTR-2B, and the spellings that are also read.
pub(crate) const fn import_names(section: ImportSection) -> Names {
    match section {
        ImportSection::Impg => &["impg"],
        ImportSection::Impga => &["impga"],
        ImportSection::ImpgSez => &["impgsez"],
        ImportSection::ImpgaSez => &["impgasez", "impgseza"],
    }
}

/// The leaf that an import counts in. Until 2025 an amended Bill of Entry stood in the section of the others with
/// `isamd` `Y`; the amendment sheets hold it all the same (TB-9).
pub(crate) const fn import_leaf(section: ImportSection, amended: Option<bool>) -> SummaryLeaf {
    match (section, amended) {
        (ImportSection::Impga, _) | (ImportSection::Impg, Some(true)) => SummaryLeaf::Impga,
        (ImportSection::ImpgaSez, _) | (ImportSection::ImpgSez, Some(true)) => SummaryLeaf::ImpgaSez,
        (ImportSection::Impg, _) => SummaryLeaf::Impg,
        (ImportSection::ImpgSez, _) => SummaryLeaf::ImpgSez,
    }
}

/// The key that we write for an import section.
pub(crate) const fn import_key(section: ImportSection) -> &'static str {
    section.key(BoeVocabulary::Gstr2b)
}

/// Declares an enum of keys of `itcsumm`.
macro_rules! keys {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $names:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All of them, in the order of the file.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub(crate) const fn names(self) -> Names {
                match self {
                    $(Self::$variant => $names,)+
                }
            }

            /// The key.
            #[must_use]
            pub const fn key(self) -> &'static str {
                self.names()[0]
            }
        }
    };
}

keys! {
    /// Blocks of `itcsumm`.
    SummaryBlock {
        /// Credit available (Table 3).
        Available = &["itcavl"],
        /// Credit not available (Table 4).
        Unavailable = &["itcunavl"],
        /// Credit to be reversed (Table 5).
        Reversal = &["itcrev"],
        /// Rejected in IMS (Table 6).
        Rejected = &["itcRejected", "itcrejected"],
    }
}

keys! {
    /// Groups of a block.
    SummaryGroup {
        /// Supplies without reverse charge.
        NonReverseCharge = &["nonrevsup"],
        /// From input service distributors.
        Distributor = &["isdsup"],
        /// Supplies with reverse charge.
        ReverseCharge = &["revsup"],
        /// Imports.
        Imports = &["imports"],
        /// Credit notes: positive, and to be deducted by the reader.
        CreditNotes = &["othersup"],
    }
}

keys! {
    /// Leaves of a group.
    SummaryLeaf {
        /// Invoices.
        B2b = &["b2b"],
        /// Amended invoices.
        B2ba = &["b2ba"],
        /// Debit notes; among credit notes the credit notes.
        Cdnr = &["cdnr"],
        /// The same, amended.
        Cdnra = &["cdnra"],
        /// Operators' documents.
        Ecom = &["ecom", "eco"],
        /// The same, amended.
        Ecoma = &["ecoma", "ecoa"],
        /// Credit notes with reverse charge.
        CdnrReverseCharge = &["cdnrrev"],
        /// The same, amended.
        CdnraReverseCharge = &["cdnrarev"],
        /// Distributors' documents.
        Isd = &["isd"],
        /// The same, amended.
        Isda = &["isda"],
        /// Imports of goods.
        Impg = &["impg"],
        /// Goods from special economic zones.
        ImpgSez = &["impgsez"],
        /// Amended imports.
        Impga = &["impga"],
        /// Amended goods from special economic zones.
        ImpgaSez = &["impgasez", "impgseza"],
    }
}
