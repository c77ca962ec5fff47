//! Changes that are in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use stream::RowChange;

/// Changed rows by key, `None` for deleted ones, and roughly how many bytes they take.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    rows: BTreeMap<String, Option<Vec<u8>>>,
    bytes: usize,
}

/// What a row costs in memory besides its key and value: two headers and its share of a tree node.
const OVERHEAD_IN_BYTES: usize = 80;

fn cost(key: &str, value: Option<&Vec<u8>>) -> usize {
    key.len() + value.map_or(0, Vec::len) + OVERHEAD_IN_BYTES
}

impl Recent {
    pub(crate) fn put(&mut self, change: &RowChange) {
        let key = change.key.as_str();
        self.bytes += cost(key, change.value.as_ref());
        let before = self.rows.get_mut(key);
        match before {
            Some(value) => {
                self.bytes = self.bytes.saturating_sub(cost(key, value.as_ref()));
                value.clone_from(&change.value);
            }
            None => {
                self.rows.insert(key.to_owned(), change.value.clone());
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Option<Vec<u8>>> {
        self.rows.get(key)
    }

    pub(crate) fn range(&self, from: &str, to: &str) -> impl Iterator<Item = (&String, &Option<Vec<u8>>)> {
        // An empty span is asked for as an empty one; the tree would panic on a reversed one.
        let to = to.max(from);
        self.rows.range::<str, _>((Bound::Included(from), Bound::Excluded(to)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Option<Vec<u8>>)> {
        self.rows.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
    }
}
