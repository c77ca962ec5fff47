//! GSTINs: shape (ID-1), check character (ID-2), state codes (ID-3). A wrong shape is refused, a wrong check character
//! is reported and left to the rulebook (`gstin.checksum`).

use crate::text::text_form;
use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A 15-character tax registration number, upper case, of the shape of ID-1 (special registrations included).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gstin([u8; 15]);

/// Why a text is no GSTIN (ID-1, GID-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GstinError {
    /// Not 15 characters after trimming.
    #[error("a GSTIN has 15 characters (ID-1)")]
    Length,
    /// A character outside `0-9A-Z`, or no state code and PAN where they belong.
    #[error("a GSTIN is a state code, a PAN and three more characters (ID-1)")]
    Shape,
}

impl GstinError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "GSTIN_LENGTH",
            Self::Shape => "GSTIN_SHAPE",
        }
    }
}

/// What a text is worth as a GSTIN; the words of the case format's `gstin_validity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GstinValidity {
    /// Valid as written.
    Valid,
    /// Valid once written with capital letters.
    ValidAfterUppercasing,
    /// Not of the structure of ID-1.
    BadStructure,
    /// Structure right, check character (ID-2) wrong.
    BadCheckCharacter,
}

impl GstinValidity {
    /// The word used in case files and reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::ValidAfterUppercasing => "VALID_AFTER_UPPERCASING",
            Self::BadStructure => "BAD_STRUCTURE",
            Self::BadCheckCharacter => "BAD_CHECK_CHARACTER",
        }
    }
}

impl Gstin {
    /// Reads a text after trimming and upper-casing it.
    ///
    /// # Errors
    /// [`GstinError`] where length or shape (ID-1) is wrong. The check character is not looked at.
    pub fn parse(text: &str) -> Result<Self, GstinError> {
        let mut bytes: [u8; 15] = text.trim().as_bytes().try_into().map_err(|_| GstinError::Length)?;
        bytes.make_ascii_uppercase();
        let in_alphabet = bytes.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let state = bytes[..2].iter().all(u8::is_ascii_digit);
        let pan = Self::is_pan(&bytes[2..12]) || Self::is_special(&bytes);
        if in_alphabet && state && pan { Ok(Self(bytes)) } else { Err(GstinError::Shape) }
    }

    fn is_pan(pan: &[u8]) -> bool {
        pan[..5].iter().all(u8::is_ascii_uppercase)
            && pan[5..9].iter().all(u8::is_ascii_digit)
            && pan[9].is_ascii_uppercase()
    }

    /// UIN, non-resident, OIDAR, TDS and TCS registrations carry other letters; ID-1 says not to reject them at intake.
    fn is_special(bytes: &[u8; 15]) -> bool {
        bytes[2..4].iter().all(u8::is_ascii_digit) && bytes[4..7].iter().all(u8::is_ascii_uppercase)
            || bytes[2..6].iter().all(u8::is_ascii_uppercase) && bytes[7..11].iter().all(u8::is_ascii_digit)
    }

    /// Judges a text by the strict pattern of ID-1 for ordinary taxpayers and by ID-2.
    #[must_use]
    pub fn validity(text: &str) -> GstinValidity {
        let trimmed = text.trim();
        let upper = trimmed.to_ascii_uppercase();
        let Ok(gstin) = Self::parse(&upper) else { return GstinValidity::BadStructure };
        if !gstin.is_ordinary() {
            return GstinValidity::BadStructure;
        }
        match (gstin.has_right_check_character(), upper == trimmed) {
            (false, _) => GstinValidity::BadCheckCharacter,
            (true, true) => GstinValidity::Valid,
            (true, false) => GstinValidity::ValidAfterUppercasing,
        }
    }

    /// Whether this is the number of an ordinary taxpayer: PAN, entity number `1-9A-Z`, then `Z` (ID-1).
    #[must_use]
    pub fn is_ordinary(self) -> bool {
        Self::is_pan(&self.0[2..12]) && self.0[12] != b'0' && self.0[13] == b'Z'
    }

    /// Whether the fifteenth character is the check character of the first fourteen (ID-2).
    #[must_use]
    pub fn has_right_check_character(self) -> bool {
        check_character(&self.0[..14]) == Some(char::from(self.0[14]))
    }

    /// The right check character for the first 14 characters of `text` (ID-2), after trimming and upper-casing;
    /// `None` where they are not 14 letters and digits.
    #[must_use]
    pub fn check_character_of(text: &str) -> Option<char> {
        let upper = text.trim().to_ascii_uppercase();
        check_character(upper.as_bytes().get(..14)?)
    }

    /// The state of registration (ID-3).
    #[must_use]
    pub fn state(self) -> StateCode {
        StateCode([self.0[0], self.0[1]])
    }

    /// The PAN, positions 3 to 12; equal for all registrations of one business.
    #[must_use]
    pub fn pan(&self) -> &str {
        &self.as_str()[2..12]
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A form for logs: state code and the last three characters, the rest hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.as_str();
        format!("{}**********{}", &text[..2], &text[12..])
    }
}

fn check_character(first_fourteen: &[u8]) -> Option<char> {
    let mut total = 0;
    for (index, byte) in first_fourteen.iter().enumerate() {
        let value = ALPHABET.iter().position(|letter| letter == byte)?;
        let product = value * if index % 2 == 0 { 1 } else { 2 };
        total += product / 36 + product % 36;
    }
    Some(char::from(ALPHABET[(36 - total % 36) % 36]))
}

impl fmt::Display for Gstin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Gstin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Gstin({})", self.masked())
    }
}

impl FromStr for Gstin {
    type Err = GstinError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

text_form!(Gstin, "Gstin", "^[0-9A-Z]{15}$", "GSTIN, 15 characters, upper case (ID-1)");

macro_rules! gstin_role {
    ($(#[$meta:meta])* $role:ident, $name:literal, $description:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $role(pub Gstin);

        impl $role {
            /// The registration number, whatever its role.
            #[must_use]
            pub const fn gstin(self) -> Gstin {
                self.0
            }
        }

        impl fmt::Display for $role {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $role {
            type Err = GstinError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Gstin::parse(text).map(Self)
            }
        }

        text_form!($role, $name, "^[0-9A-Z]{15}$", $description);
    };
}

gstin_role!(
    /// The GSTIN of the one who supplies and reports a document.
    SupplierGstin, "SupplierGstin", "GSTIN of the supplier (ID-1)"
);
gstin_role!(
    /// The GSTIN of the one who receives a supply and takes the credit.
    RecipientGstin, "RecipientGstin", "GSTIN of the recipient (ID-1)"
);

/// A two-digit state code (ID-3), also used for the place of supply (there 96 means another country).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateCode([u8; 2]);

/// A text that is no state code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a state code has two digits (ID-3)")]
pub struct StateCodeError;

impl FromStr for StateCode {
    type Err = StateCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; 2] = text.as_bytes().try_into().map_err(|_| StateCodeError)?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(StateCodeError) }
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

text_form!(StateCode, "StateCode", "^[0-9]{2}$", "state code or place of supply, two digits (ID-3)");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_2_published_sample_has_the_right_check_character() {
        assert_eq!(Gstin::validity("27AAPFU0939F1ZV"), GstinValidity::Valid);
        assert_eq!(Gstin::validity("27aapfu0939f1zv"), GstinValidity::ValidAfterUppercasing);
        assert_eq!(Gstin::validity("27AAPFU0939F1ZW"), GstinValidity::BadCheckCharacter);
        assert_eq!(Gstin::check_character_of("27AAPFU0939F1Z"), Some('V'));
    }

    #[test]
    fn id_1_shape_is_refused() {
        assert_eq!(Gstin::parse("27AAPFU0939F1Z"), Err(GstinError::Length));
        assert_eq!(Gstin::parse("A7AAPFU0939F1ZV"), Err(GstinError::Shape));
        assert_eq!(Gstin::parse("27AAP-U0939F1ZV"), Err(GstinError::Shape));
        assert!(Gstin::parse("0717USA12345NF7").is_ok(), "special registrations pass at intake");
    }

    #[test]
    fn a_gstin_is_hidden_in_debug_output() {
        let gstin = Gstin::parse("27AAPFU0939F1ZV").unwrap();
        assert_eq!(format!("{gstin:?}"), "Gstin(27**********1ZV)");
    }
}
