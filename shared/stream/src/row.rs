//! Rows: what a worker remembers. Keys are readable text, values are postcard behind a version byte.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{self, Display, Write};

/// The key of a row: the table's name and its parts, separated by `|`, so that a prefix names a family of rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(String);

impl RowKey {
    /// The prefix of all rows of a table.
    #[must_use]
    pub fn table(table: &str) -> Self {
        Self(format!("{table}|"))
    }

    /// The key (or prefix) with one more part. A `|` inside the part would break the order and is written `%7C`.
    #[must_use]
    pub fn with(mut self, part: impl Display) -> Self {
        let start = self.0.len();
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{part}");
        if self.0[start..].contains('|') {
            let escaped = self.0[start..].replace('|', "%7C");
            self.0.truncate(start);
            self.0.push_str(&escaped);
        }
        self.0.push('|');
        self
    }

    /// Reads back a key that was written by [`RowKey::as_str`].
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts behind the table's name.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.trim_end_matches('|').split('|').skip(1)
    }

    /// The first text that sorts behind every key with this prefix.
    #[must_use]
    pub fn after_prefix(&self) -> String {
        let mut end = self.0.clone();
        // `|` ends every key, and `}` is its successor.
        if end.pop().is_some() {
            end.push('}');
        }
        end
    }
}

impl Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A type of row. Each names its table, its version and, in its module's docs, the day that deletes it.
pub trait Row: Serialize + DeserializeOwned {
    /// The table, the first part of the key.
    const TABLE: &'static str;
    /// The version written; the version before is still read, through [`Row::from_previous`].
    const VERSION: u8 = 1;

    /// Reads a value written by the version before; `None` where there was none.
    #[must_use]
    fn from_previous(_value: &[u8]) -> Option<Self> {
        None
    }
}

/// One change of a row: a new value, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// Which row.
    pub key: RowKey,
    /// Its new encoded value, `None` to delete it.
    pub value: Option<Vec<u8>>,
}

/// Why rows could not be read. The batch is aborted and tried again; nothing is decided on a guess.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StateError {
    /// The store failed.
    #[error("the store could not be read: {0}")]
    Store(String),
    /// A value is not of this or the previous version of its type.
    #[error("row {key} cannot be read as version {version} of its type")]
    Corrupt {
        /// The row's table; the key itself may name a taxpayer and stays out of messages.
        key: &'static str,
        /// The version expected.
        version: u8,
    },
}

/// Reading rows of one partition, in key order.
pub trait StateRead {
    /// The value of one row.
    ///
    /// # Errors
    /// [`StateError::Store`] where the store fails.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError>;

    /// At most `limit` rows from `from` (included) to `to` (left out), in key order.
    ///
    /// # Errors
    /// [`StateError::Store`] where the store fails.
    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError>;
}

/// What `decide` reads: rows of its partition, as of the record before.
#[derive(Clone, Copy)]
pub struct StateView<'a>(&'a dyn StateRead);

impl fmt::Debug for StateView<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StateView")
    }
}

impl<'a> StateView<'a> {
    /// A view of these rows.
    #[must_use]
    pub fn new(rows: &'a dyn StateRead) -> Self {
        Self(rows)
    }

    /// The untyped rows behind the view.
    #[must_use]
    pub fn raw(&self) -> &'a dyn StateRead {
        self.0
    }

    /// One row.
    ///
    /// # Errors
    /// [`StateError`] where the store fails or the value is of an unknown version.
    pub fn get<R: Row>(&self, key: &RowKey) -> Result<Option<R>, StateError> {
        self.0.get(key.as_str())?.map(|value| read_row(&value)).transpose()
    }

    /// At most `limit` rows whose keys begin with `prefix`, behind `after` if given, in key order.
    ///
    /// # Errors
    /// [`StateError`] where the store fails or a value is of an unknown version.
    pub fn scan<R: Row>(
        &self,
        prefix: &RowKey,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<(RowKey, R)>, StateError> {
        scan_rows(self.0, prefix, after, limit)
    }

    /// At most `limit` different parts that stand right behind `prefix`, in order, behind the part `after`: such as the
    /// keys that a day concerns. Each costs one read, however many rows share it.
    ///
    /// # Errors
    /// [`StateError`] where the store fails.
    pub fn parts_under(&self, prefix: &RowKey, after: Option<&str>, limit: usize) -> Result<Vec<String>, StateError> {
        let place = prefix.parts().count();
        let end = prefix.after_prefix();
        let mut found = Vec::new();
        let mut from = match after {
            Some(part) => prefix.clone().with(part).after_prefix(),
            None => prefix.as_str().to_owned(),
        };
        while found.len() < limit {
            let next = self.0.range(&from, &end, 1)?;
            let Some((key, _)) = next.into_iter().next() else { break };
            let Some(part) = RowKey::from_text(key).parts().nth(place).map(str::to_owned) else { break };
            from = prefix.clone().with(&part).after_prefix();
            found.push(part);
        }
        Ok(found)
    }
}

pub(crate) fn scan_rows<R: Row>(
    rows: &dyn StateRead,
    prefix: &RowKey,
    after: Option<&RowKey>,
    limit: usize,
) -> Result<Vec<(RowKey, R)>, StateError> {
    let from = match after {
        // The smallest text behind a key is the key with the smallest character behind it.
        Some(key) => format!("{key}\u{0}"),
        None => prefix.as_str().to_owned(),
    };
    rows.range(&from, &prefix.after_prefix(), limit)?
        .into_iter()
        .map(|(key, value)| Ok((RowKey::from_text(key), read_row(&value)?)))
        .collect()
}

/// Encodes a row: its version byte, then postcard.
#[must_use]
pub fn write_row<R: Row>(row: &R) -> Vec<u8> {
    // Rows are plain data; postcard fails only for sequences of unknown length, which no row type has.
    postcard::to_extend(row, vec![R::VERSION]).unwrap_or_default()
}

/// Decodes a row of the current or the previous version.
///
/// # Errors
/// [`StateError::Corrupt`] where it is neither.
pub fn read_row<R: Row>(value: &[u8]) -> Result<R, StateError> {
    let corrupt = StateError::Corrupt { key: R::TABLE, version: R::VERSION };
    let (version, body) = value.split_first().ok_or_else(|| corrupt.clone())?;
    if *version == R::VERSION {
        postcard::from_bytes(body).map_err(|_| corrupt)
    } else if *version + 1 == R::VERSION {
        R::from_previous(body).ok_or(corrupt)
    } else {
        Err(corrupt)
    }
}

/// A stored row as JSON, for people who look; `None` where this build cannot read it.
#[must_use]
pub fn show_row<R: Row>(value: &[u8]) -> Option<serde_json::Value> {
    serde_json::to_value(read_row::<R>(value).ok()?).ok()
}

/// Defines `show_row(table, value)` for the tables of a worker: a stored row as JSON, for people who look.
#[macro_export]
macro_rules! shown_rows {
    ($($row:ty),+ $(,)?) => {
        /// A stored row of this worker as JSON, for people who look; `None` for a table that it does not have, or a row that
        /// this build cannot read.
        #[must_use]
        pub fn show_row(table: &str, value: &[u8]) -> Option<$crate::ShownRow> {
            $(if table == <$row as $crate::Row>::TABLE {
                return $crate::show_row::<$row>(value);
            })+
            $crate::show_kept_row(table, value)
        }
    };
}
