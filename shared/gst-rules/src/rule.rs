//! References to the numbered rules of the two rule references (`docs/rules/`): what an outcome, a refusal or a ledger
//! entry names as its reason.
//!
//! Each rule has a constant (`rule::AC_6`), so a rule that does not exist does not compile.

use std::fmt;
use std::str::FromStr;

macro_rules! rules {
    ($table:ident; $($name:ident: $code:literal, $title:literal, $from:literal, $source:literal;)+) => {
        $(
            #[doc = concat!($code, ": ", $title, ". In force: ", $from, ".")]
            pub const $name: crate::rule::RuleRef = crate::rule::RuleRef(&crate::rule::RuleText {
                code: $code,
                title: $title,
                effective_from: $from,
                source: $source,
            });
        )+
        /// The rules of this file.
        pub(super) const $table: &[crate::rule::RuleRef] = &[$($name),+];
    };
}

mod customs;
mod record;
mod reversal;
mod statement;

pub use customs::*;
pub use record::*;
pub use reversal::*;
pub use statement::*;

/// What is known of one numbered rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleText {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) effective_from: &'static str,
    pub(crate) source: &'static str,
}

/// One numbered rule of the references; travels as its code, such as `"AC-6"`. Sorted by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef(&'static RuleText);

const TABLES: [&[RuleRef]; 4] = [STATEMENT, RECORD, REVERSAL, CUSTOMS];
const COUNT: usize = TABLES[0].len() + TABLES[1].len() + TABLES[2].len() + TABLES[3].len();

const fn joined() -> [RuleRef; COUNT] {
    let mut all = [AC_6; COUNT];
    let (mut table, mut at) = (0, 0);
    while table < TABLES.len() {
        let mut index = 0;
        while index < TABLES[table].len() {
            all[at] = TABLES[table][index];
            at += 1;
            index += 1;
        }
        table += 1;
    }
    all
}

/// A text that is no rule's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rule of the references has the code {0:?}")]
pub struct UnknownRule(pub String);

impl UnknownRule {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "RULE_UNKNOWN"
    }
}

impl RuleRef {
    /// Every rule of both references, in their order.
    pub const ALL: &'static [Self] = &joined();

    /// The rule's number, such as `AC-6` or `R37-4`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// What the rule is about, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.0.title
    }

    /// Since when it holds, in words (ED-10): a day, a return period or a statement period.
    #[must_use]
    pub const fn effective_from(self) -> &'static str {
        self.0.effective_from
    }

    /// The codes of its sources in the references' source lists.
    #[must_use]
    pub const fn source(self) -> &'static str {
        self.0.source
    }

    /// The rule of that code, if there is one.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for RuleRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for RuleRef {
    type Err = UnknownRule;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::from_code(code).ok_or_else(|| UnknownRule(code.to_owned()))
    }
}

impl serde::Serialize for RuleRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for RuleRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;
        impl serde::de::Visitor<'_> for Code {
            type Value = RuleRef;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the code of a rule, such as AC-6")
            }
            fn visit_str<E: serde::de::Error>(self, code: &str) -> Result<Self::Value, E> {
                code.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Code)
    }
}

impl schemars::JsonSchema for RuleRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RuleRef".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([A-Z][A-Z0-9]*-[0-9]+|C[0-9]+)$",
            "description": "code of a rule of the references, such as AC-6"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_given_once_and_found_again() {
        let codes: BTreeSet<&str> = RuleRef::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), RuleRef::ALL.len());
        for rule in RuleRef::ALL.iter().copied() {
            assert_eq!(RuleRef::from_code(rule.code()), Some(rule));
            assert!(!rule.title().is_empty() && !rule.effective_from().is_empty() && !rule.source().is_empty());
        }
    }

    #[test]
    fn a_rule_travels_as_its_code() {
        assert_eq!(serde_json::to_string(&AC_6).unwrap(), "\"AC-6\"");
        assert_eq!(serde_json::from_str::<RuleRef>("\"R37-4\"").unwrap(), R37_4);
        assert!(serde_json::from_str::<RuleRef>("\"AC-99\"").is_err());
    }

    #[test]
    fn ed_10_effective_from_comes_from_the_table() {
        assert_eq!(AC_5.effective_from(), "GSTR-2B of Oct 2025");
        assert_eq!(BE_11.effective_from(), "7 Nov 2023");
    }
}
