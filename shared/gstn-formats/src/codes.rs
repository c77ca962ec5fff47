//! GSTN's one-letter codes as closed enums. Spellings that other tools write are read as the same code.

use crate::error::Problem;

/// Declares an enum with the text that we write first and the texts that we also read, compared without letter case.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident, $expected:literal { $($(#[$doc:meta])* $variant:ident = $text:literal $(| $also:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The code as we write it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Reads the code, also in the other spellings that are in use.
            ///
            /// # Errors
            /// [`Problem::UnknownCode`] with the list of codes.
            pub fn read(text: &str) -> Result<Self, Problem> {
                let text = text.trim();
                $(if text.eq_ignore_ascii_case($text) $(|| text.eq_ignore_ascii_case($also))* {
                    return Ok(Self::$variant);
                })+
                Err(Problem::UnknownCode($expected))
            }
        }
    };
}

codes! {
    /// What an invoice is (`inv_typ`, in GSTR-2B `typ`, of notes `suptyp`).
    InvoiceType, "R, SEWP, SEWOP, DE, CBW" {
        /// Regular.
        Regular = "R",
        /// Supply to or by a special economic zone, tax paid.
        SezWithPayment = "SEWP" | "SEZWP",
        /// The same without payment of tax.
        SezWithoutPayment = "SEWOP" | "SEZWOP",
        /// Deemed export.
        DeemedExport = "DE",
        /// Sale from a bonded warehouse.
        BondedWarehouse = "CBW",
    }
}

codes! {
    /// What a note is (`ntty`, in GSTR-2B `typ`). Amounts of both are positive.
    NoteType, "C, D" {
        /// Credit note.
        Credit = "C",
        /// Debit note.
        Debit = "D",
    }
}

codes! {
    /// What the recipient did with a record in IMS (`action`, `prev_status`).
    ImsAction, "N, A, R, P" {
        /// Nothing yet.
        NoAction = "N",
        /// Accepted.
        Accept = "A",
        /// Rejected.
        Reject = "R",
        /// Kept pending.
        Pending = "P",
    }
}

codes! {
    /// The supplier's form that a record comes from (`srcform`). An IFF shows as `R1`.
    SourceForm, "R1, R1A, R5, R6" {
        /// GSTR-1 or IFF.
        Gstr1 = "R1",
        /// GSTR-1A.
        Gstr1A = "R1A",
        /// GSTR-5, of a non-resident.
        Gstr5 = "R5",
        /// GSTR-6, of an input service distributor.
        Gstr6 = "R6",
    }
}

codes! {
    /// Whether the supplier has filed the return that holds the record (`srcfilstatus`).
    SourceFilingStatus, "Filed, Not Filed" {
        /// Filed.
        Filed = "Filed" | "F",
        /// Only saved.
        NotFiled = "Not Filed" | "NotFiled" | "NF" | "Saved" | "N",
    }
}

codes! {
    /// Whether GSTR-2B shows the credit as available (`itcavl`).
    ItcAvailability, "Y, N, T" {
        /// Available.
        Available = "Y",
        /// Not available; the reason is beside it.
        NotAvailable = "N",
        /// Temporarily not available.
        Temporary = "T",
    }
}

codes! {
    /// Why a credit is not available (`rsn`).
    UnavailableReason, "P, C" {
        /// Supplier's State and place of supply are the recipient's neither.
        PlaceOfSupply = "P" | "POS",
        /// Past the time limit of section 16(4).
        TimeLimit = "C" | "16(4)",
    }
}

codes! {
    /// What an input service distributor's document is (`doctyp`).
    IsdDocumentType, "ISDI, ISDC" {
        /// Invoice.
        Invoice = "ISDI" | "ISD",
        /// Credit note.
        CreditNote = "ISDC" | "ISDCN",
    }
}

codes! {
    /// What an amended Bill of Entry changes (`amendType`).
    BoeAmendType, "A, G, D" {
        /// Values.
        Value = "A" | "VALUE",
        /// The GSTIN: this is the new holder's record.
        GstinIn = "G" | "GSTIN_IN",
        /// The GSTIN: the other side of the move.
        GstinOut = "D" | "GSTIN_OUT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_mean_the_same() {
        assert_eq!(SourceFilingStatus::read("FILED"), Ok(SourceFilingStatus::Filed));
        assert_eq!(SourceFilingStatus::read("F"), Ok(SourceFilingStatus::Filed));
        assert_eq!(SourceFilingStatus::read("not filed"), Ok(SourceFilingStatus::NotFiled));
        assert_eq!(SourceFilingStatus::read("SAVED"), Ok(SourceFilingStatus::NotFiled));
        assert_eq!(InvoiceType::read("SEZWP"), Ok(InvoiceType::SezWithPayment));
        assert_eq!(ImsAction::read("X"), Err(Problem::UnknownCode("N, A, R, P")));
    }
}
