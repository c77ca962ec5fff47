//! The rulebook: effective-dated rows `(key, valid_from, valid_to, value, source)` for every choice and dated table that
//! the rule references leave open.
//!
//! The released rows are data (`rulebook/*.toml`) embedded in the binary and known by their digest. A deployment's own rows
//! travel in `RulebookActivated` and replace released rows key by key. Look-ups take the day that the rule names (invoice
//! date, return period, filing day), never today.

#[macro_use]
mod choices;
mod getters;
mod ims_choices;
mod keys;

pub use choices::*;
pub use getters::{DatedRate, GroupRate};
pub use ims_choices::*;
pub use keys::{KEYS, KeyDefinition, ValueKind, definition};

use data_encoding::HEXLOWER;
use gst_types::IstDate;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// One row: the value that a key has on the days from `valid_from` to `valid_to`, both included; an absent end is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The key.
    pub key: String,
    /// First day on which the row holds.
    #[serde(default)]
    pub valid_from: Option<IstDate>,
    /// Last day on which the row holds.
    #[serde(default)]
    pub valid_to: Option<IstDate>,
    /// The value.
    pub value: String,
    /// The rule or notification that the value comes from.
    pub source: String,
}

/// Why rows are no rulebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulebookError {
    /// A key that no rule asks for.
    #[error("the rulebook has no key {0:?}")]
    UnknownKey(String),
    /// A value that the key does not take.
    #[error("the rulebook key {key:?} takes {expected}, not {value:?} ({rule})")]
    UnknownValue {
        /// The key.
        key: String,
        /// The value that was refused.
        value: String,
        /// What the key takes.
        expected: String,
        /// The rule that the key serves.
        rule: crate::RuleRef,
    },
    /// A dated row of a key whose rule names no day.
    #[error("the rulebook key {key:?} has one value for all days, so it takes no date (found {found:?})")]
    NotDated {
        /// The key.
        key: String,
        /// The key as written.
        found: String,
    },
    /// A day behind `@` that is none.
    #[error("{0:?} names no day: write KEY@YYYY-MM-DD for a row that begins on that day")]
    BadDate(String),
    /// No released rulebook has that digest.
    #[error("this build does not contain the rulebook with the digest {0:?}")]
    UnknownDigest(String),
    /// The text is not a list of rows.
    #[error("the rulebook cannot be read: {0}")]
    NotReadable(String),
}

impl RulebookError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey(_) => "RULEBOOK_KEY_UNKNOWN",
            Self::UnknownValue { .. } => "RULEBOOK_VALUE_UNKNOWN",
            Self::NotDated { .. } | Self::BadDate(_) => "RULEBOOK_DATE_INVALID",
            Self::UnknownDigest(_) => "RULEBOOK_DIGEST_UNKNOWN",
            Self::NotReadable(_) => "RULEBOOK_NOT_READABLE",
        }
    }
}

/// The rules in force: released rows and a deployment's own. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Rulebook {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    released_digest: String,
    digest: String,
    own: BTreeMap<String, String>,
    rows: BTreeMap<String, Vec<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsFile {
    row: Vec<Row>,
}

const RELEASED: [&str; 4] = [
    include_str!("../rulebook/payments.toml"),
    include_str!("../rulebook/ims.toml"),
    include_str!("../rulebook/calendar.toml"),
    include_str!("../rulebook/rates.toml"),
];

impl Rulebook {
    /// The released rules, without rows of a deployment.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the embedded rows are part of the build and a test reads them")]
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Rulebook> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::from_texts(&RELEASED).expect("the embedded rulebook is readable")).clone()
    }

    fn from_texts(texts: &[&str]) -> Result<Self, RulebookError> {
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for text in texts {
            let file: RowsFile = toml::from_str(text).map_err(|error| RulebookError::NotReadable(error.to_string()))?;
            for row in file.row {
                let dated = row.valid_from.is_some() || row.valid_to.is_some();
                check(&row.key, &row.value, if dated { Some(&row.key) } else { None })?;
                rows.entry(row.key.clone()).or_default().push(row);
            }
        }
        rows.values_mut().for_each(|of_key| of_key.sort());
        let digest = digest_of(&rows);
        Ok(Self { inner: Arc::new(Inner { released_digest: digest.clone(), digest, own: BTreeMap::new(), rows }) })
    }

    /// These rules with rows of a deployment, or with the `config` of a case, laid over them.
    ///
    /// A key replaces all rows of that key. `KEY@YYYY-MM-DD` keeps them and begins a new value on that day; only keys whose
    /// rule names a day take it. `util.explicit_split` is the JSON text of its object; numbers and flags are texts.
    ///
    /// # Errors
    /// [`RulebookError`] naming the first key or value that no rule knows.
    pub fn with_overrides(&self, overrides: &BTreeMap<String, String>) -> Result<Self, RulebookError> {
        let mut rows = self.inner.rows.clone();
        let mut own = self.inner.own.clone();
        let written = |from: &str| Row {
            key: from.to_owned(),
            valid_from: None,
            valid_to: None,
            value: String::new(),
            source: "own row".to_owned(),
        };
        for (name, value) in overrides.iter().filter(|(name, _)| !name.contains('@')) {
            check(name, value, None)?;
            rows.insert(name.clone(), vec![Row { value: value.clone(), ..written(name) }]);
        }
        for (name, value) in overrides {
            let Some((key, day)) = name.split_once('@') else { continue };
            check(key, value, Some(name))?;
            let from: IstDate = day.parse().map_err(|_| RulebookError::BadDate(name.clone()))?;
            let of_key = rows.entry(key.to_owned()).or_default();
            of_key.retain(|row| row.valid_from.is_none_or(|begins| begins < from));
            of_key.iter_mut().for_each(|row| row.valid_to = Some(row.valid_to.unwrap_or(from).min(from.minus_days(1))));
            of_key.push(Row { value: value.clone(), valid_from: Some(from), ..written(key) });
        }
        own.extend(overrides.iter().map(|(name, value)| (name.clone(), value.clone())));
        let inner = Inner { released_digest: self.inner.released_digest.clone(), digest: digest_of(&rows), own, rows };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The rules that an activation record names: the released rulebook of that digest with those own rows.
    ///
    /// # Errors
    /// [`RulebookError::UnknownDigest`] where this build lacks the rulebook, else as [`Self::with_overrides`].
    pub fn activate(digest: &str, rows: &BTreeMap<String, String>) -> Result<Self, RulebookError> {
        let embedded = Self::embedded();
        if embedded.released_digest() != digest {
            return Err(RulebookError::UnknownDigest(digest.to_owned()));
        }
        embedded.with_overrides(rows)
    }

    /// Digest of the rows in force, own rows included: SHA-256 over the canonical rows, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// Digest of the released rows alone: what an activation record carries.
    #[must_use]
    pub fn released_digest(&self) -> &str {
        &self.inner.released_digest
    }

    /// The own rows laid over the released ones: what an activation record carries.
    #[must_use]
    pub fn own_rows(&self) -> &BTreeMap<String, String> {
        &self.inner.own
    }

    /// The rows in force, sorted by key and first day.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.inner.rows.values().flatten()
    }

    /// The value that a key has on a day; `None` where no row holds on it.
    #[must_use]
    pub fn value(&self, key: &str, on: IstDate) -> Option<&str> {
        self.row_on(key, on).map(|row| row.value.as_str())
    }

    /// The row of a key that holds on a day, with its source.
    #[must_use]
    pub fn row_on(&self, key: &str, on: IstDate) -> Option<&Row> {
        self.inner
            .rows
            .get(key)?
            .iter()
            .find(|row| row.valid_from.is_none_or(|from| from <= on) && row.valid_to.is_none_or(|to| on <= to))
    }

    /// The value of a key that holds on all days.
    fn always(&self, key: &str) -> Option<&str> {
        self.inner.rows.get(key)?.first().map(|row| row.value.as_str())
    }
}

fn check(key: &str, value: &str, dated_as: Option<&str>) -> Result<(), RulebookError> {
    let definition = definition(key).ok_or_else(|| RulebookError::UnknownKey(key.to_owned()))?;
    if let (false, Some(found)) = (definition.dated, dated_as) {
        return Err(RulebookError::NotDated { key: key.to_owned(), found: found.to_owned() });
    }
    if definition.kind.accepts(value) {
        return Ok(());
    }
    Err(RulebookError::UnknownValue {
        key: key.to_owned(),
        value: value.to_owned(),
        expected: definition.kind.describe(),
        rule: definition.rule,
    })
}

fn digest_of(rows: &BTreeMap<String, Vec<Row>>) -> String {
    let mut hash = Sha256::new();
    let day = |day: Option<IstDate>| day.map_or_else(String::new, |day| day.to_string());
    for row in rows.values().flatten() {
        let line = [&row.key, &day(row.valid_from), &day(row.valid_to), &row.value, &row.source];
        for field in line {
            // The length keeps two rows apart whose fields would join to the same text.
            hash.update(format!("{}:{field}", field.len()));
        }
    }
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_types::TaxPeriod;

    fn own(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
        rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn period(text: &str) -> TaxPeriod {
        text.parse().unwrap()
    }

    #[test]
    fn every_key_has_a_released_row_but_the_explicit_split() {
        let rulebook = Rulebook::embedded();
        for definition in KEYS.iter().filter(|definition| definition.key != "util.explicit_split") {
            assert!(rulebook.inner.rows.contains_key(definition.key), "{} has no row", definition.key);
        }
    }

    #[test]
    fn ecr_2_blocks_from_january_2026() {
        let rulebook = Rulebook::embedded();
        assert_eq!(rulebook.reversal_statement_check(period("122025")), ReversalStatementCheck::Warn);
        assert_eq!(rulebook.reversal_statement_check(period("012026")), ReversalStatementCheck::Block);
        let always = rulebook.with_overrides(&own(&[("ecrrs.validation", "WARN")])).unwrap();
        assert_eq!(always.reversal_statement_check(period("012026")), ReversalStatementCheck::Warn);
    }

    #[test]
    fn utl_4_another_order_holds_from_february_2026() {
        let rulebook =
            Rulebook::embedded().with_overrides(&own(&[("util.igst_liability_from", "SGST_FIRST")])).unwrap();
        assert_eq!(rulebook.igst_liability_from(Some(period("012026"))), IgstLiabilityFrom::StatuteCgstFirst);
        assert_eq!(rulebook.igst_liability_from(Some(period("022026"))), IgstLiabilityFrom::SgstFirst);
        assert_eq!(rulebook.igst_liability_from(None), IgstLiabilityFrom::SgstFirst);
    }

    #[test]
    fn a_dated_own_row_begins_on_its_day() {
        let rulebook = Rulebook::embedded().with_overrides(&own(&[("interest.rate@2026-04-01", "24")])).unwrap();
        let on = |day: &str| rulebook.value("interest.rate", day.parse().unwrap()).map(str::to_owned);
        assert_eq!(on("2026-03-31").as_deref(), Some("18"));
        assert_eq!(on("2026-04-01").as_deref(), Some("24"));
    }

    #[test]
    fn unknown_keys_and_values_are_refused_by_name() {
        let refused = |key: &str, value: &str| {
            Rulebook::embedded().with_overrides(&own(&[(key, value)])).unwrap_err().to_string()
        };
        assert!(refused("r37.period_rul", "NEXT_PERIOD").contains("r37.period_rul"));
        assert!(refused("r37.period_rule", "next").contains("PERIOD_OF_DAY_181, NEXT_PERIOD"));
        assert!(refused("r37.period_rule@2026-01-01", "NEXT_PERIOD").contains("takes no date"));
        assert!(refused("util.explicit_split", "{\"igst\":\"1.00\"}").contains("cgst and sgst"));
    }

    #[test]
    fn the_digest_names_the_rows() {
        let rulebook = Rulebook::embedded();
        let changed = rulebook.with_overrides(&own(&[("pending_days", "31")])).unwrap();
        assert_ne!(rulebook.digest(), changed.digest());
        assert_eq!(rulebook.digest(), changed.released_digest());
        let activated = Rulebook::activate(changed.released_digest(), changed.own_rows()).unwrap();
        assert_eq!(activated.digest(), changed.digest());
        assert!(matches!(Rulebook::activate("0", &BTreeMap::new()), Err(RulebookError::UnknownDigest(_))));
    }

    #[test]
    fn utl_2_explicit_split_is_json_text() {
        let split = own(&[("util.explicit_split", "{\"cgst\":\"100.00\",\"sgst\":\"200.00\"}")]);
        let (cgst, sgst) = Rulebook::embedded().with_overrides(&split).unwrap().explicit_split();
        assert_eq!((cgst.get(), sgst.get()), (10_000, 20_000));
    }
}
