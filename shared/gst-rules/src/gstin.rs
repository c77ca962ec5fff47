//! The check of a GSTIN as people type it (GID-1, GID-2).

use gst_types::{Gstin, GstinValidity};

/// Why a text is no valid GSTIN; length, shape and check digit are tested in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GstinFault {
    /// Not 15 characters.
    Length,
    /// Not the shape of an ordinary taxpayer's number (GID-2).
    Shape,
    /// The fifteenth character is wrong (GID-1).
    CheckDigit,
}

impl GstinFault {
    /// The word used in case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "LENGTH",
            Self::Shape => "SHAPE",
            Self::CheckDigit => "CHECK_DIGIT",
        }
    }
}

/// The check of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GstinCheck {
    /// What is wrong; `None` where the number is valid.
    pub fault: Option<GstinFault>,
    /// The right check digit, also for the first 14 characters alone; `None` for a wrong shape.
    pub check_digit: Option<char>,
}

/// GID-1, GID-2: checks a text after trimming and upper-casing it.
#[must_use]
pub fn gstin_check(text: &str) -> GstinCheck {
    let upper = text.trim().to_uppercase();
    let length = upper.chars().count();
    let check_digit = Gstin::check_character_of(&upper).filter(|_| matches!(length, 14 | 15));
    let completed = match (length, check_digit) {
        (14, Some(digit)) => format!("{upper}{digit}"),
        (_, _) => upper,
    };
    let has_shape = match Gstin::validity(&completed) {
        GstinValidity::Valid | GstinValidity::ValidAfterUppercasing | GstinValidity::BadCheckCharacter => true,
        GstinValidity::BadStructure => false,
    };
    let fault = match (length == 15, has_shape, completed.chars().last() == check_digit) {
        (false, _, _) => Some(GstinFault::Length),
        (true, false, _) => Some(GstinFault::Shape),
        (true, true, false) => Some(GstinFault::CheckDigit),
        (true, true, true) => None,
    };
    GstinCheck { fault, check_digit: check_digit.filter(|_| has_shape) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (Option<GstinFault>, Option<char>) {
        let found = gstin_check(text);
        (found.fault, found.check_digit)
    }

    #[test]
    fn gid_1_the_digit_to_add() {
        assert_eq!(check("27AAPFU0939F1Z"), (Some(GstinFault::Length), Some('V')));
        assert_eq!(check("29AAACX0123A1Z"), (Some(GstinFault::Length), Some('Z')));
        assert_eq!(check(" 27aapfu0939f1zv "), (None, Some('V')));
        assert_eq!(check("27AAPFU0939F1ZW"), (Some(GstinFault::CheckDigit), Some('V')));
    }

    #[test]
    fn gid_2_a_wrong_shape_has_no_digit() {
        assert_eq!(check("27AAPFU0939F1XV"), (Some(GstinFault::Shape), None));
        assert_eq!(check("27AAPFU0939F0Z"), (Some(GstinFault::Length), None));
        assert_eq!(check("27AAPFU0939F"), (Some(GstinFault::Length), None));
        assert_eq!(check(""), (Some(GstinFault::Length), None));
        assert_eq!(check("27ÄAPFU0939F1ZV"), (Some(GstinFault::Shape), None));
    }
}
