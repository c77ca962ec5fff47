//! Rows as of a step inside a batch: what the store holds, with the changes that are not committed yet laid over it.

use crate::row::{StateError, StateRead};
use std::collections::BTreeMap;
use std::collections::btree_map::Range;

/// Changed rows by key, `None` for a deleted one.
pub(crate) type Changes = BTreeMap<String, Option<Vec<u8>>>;

/// Changes laid over the rows below them.
pub(crate) struct Overlay<'a> {
    pub(crate) changes: &'a Changes,
    pub(crate) below: &'a dyn StateRead,
}

impl StateRead for Overlay<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.below.get(key),
        }
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        merged_range(self.changes, self.below, from, to, limit)
    }
}

/// No rows at all: what a worker without rows reads, and what a draft that only writes lies on.
#[derive(Debug, Clone, Copy)]
pub struct NoRows;

impl StateRead for NoRows {
    fn get(&self, _key: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(None)
    }

    fn range(&self, _from: &str, _to: &str, _limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        Ok(Vec::new())
    }
}

/// At most `limit` rows of both layers in key order. It reads the lower layer in chunks, so that a few rows of a wide
/// range cost a few reads however many rows of the range are changed.
pub(crate) fn merged_range(
    changes: &Changes,
    below: &dyn StateRead,
    from: &str,
    to: &str,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, StateError> {
    if from >= to || limit == 0 {
        return Ok(Vec::new());
    }
    if changes.range::<str, _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to))).next().is_none() {
        return below.range(from, to, limit);
    }
    let mut merged = Vec::new();
    let mut start = from.to_owned();
    loop {
        let wanted = limit - merged.len();
        let chunk = below.range(&start, to, wanted)?;
        // A full chunk ends at its last key; changes behind it belong to the next chunk.
        let end = match chunk.last() {
            Some((last, _)) if chunk.len() == wanted => format!("{last}\u{0}"),
            _ => to.to_owned(),
        };
        let bounds = (std::ops::Bound::Included(start.as_str()), std::ops::Bound::Excluded(end.as_str()));
        merge_chunk(chunk, changes.range::<str, _>(bounds), limit, &mut merged);
        if merged.len() >= limit || end == to {
            return Ok(merged);
        }
        start = end;
    }
}

fn merge_chunk(
    chunk: Vec<(String, Vec<u8>)>,
    changed: Range<'_, String, Option<Vec<u8>>>,
    limit: usize,
    merged: &mut Vec<(String, Vec<u8>)>,
) {
    let mut changed = changed.peekable();
    for (key, value) in chunk {
        while let Some((earlier, new)) = changed.next_if(|(earlier, _)| earlier.as_str() < key.as_str()) {
            push(merged, limit, earlier, new.as_ref());
        }
        match changed.next_if(|(same, _)| same.as_str() == key.as_str()) {
            Some((_, new)) => push(merged, limit, &key, new.as_ref()),
            None if merged.len() < limit => merged.push((key, value)),
            None => {}
        }
        if merged.len() >= limit {
            return;
        }
    }
    for (key, new) in changed {
        push(merged, limit, key, new.as_ref());
        if merged.len() >= limit {
            return;
        }
    }
}

fn push(merged: &mut Vec<(String, Vec<u8>)>, limit: usize, key: &str, value: Option<&Vec<u8>>) {
    if let Some(value) = value
        && merged.len() < limit
    {
        merged.push((key.to_owned(), value.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Stored(BTreeMap<String, Vec<u8>>);

    impl StateRead for Stored {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
            Ok(self.0.get(key).cloned())
        }

        fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
            let rows = self.0.range(from.to_owned()..to.to_owned()).take(limit);
            Ok(rows.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
    }

    proptest! {
        #[test]
        fn an_overlay_reads_as_if_its_changes_were_stored(
            stored in proptest::collection::btree_map("[a-d]{1,3}", proptest::collection::vec(0_u8..3, 0..2), 0..20),
            changes in proptest::collection::btree_map("[a-d]{1,3}", proptest::option::of(Just(vec![9])), 0..20),
            from in "[a-d]{0,2}",
            to in "[a-e]{0,2}",
            limit in 0_usize..8,
        ) {
            let mut applied = stored.clone();
            for (key, value) in &changes {
                match value {
                    Some(value) => applied.insert(key.clone(), value.clone()),
                    None => applied.remove(key),
                };
            }
            let overlay = Overlay { changes: &changes, below: &Stored(stored) };
            let expected = if from < to { Stored(applied.clone()).range(&from, &to, limit)? } else { Vec::new() };
            prop_assert_eq!(overlay.range(&from, &to, limit)?, expected);
            for key in applied.keys().chain(changes.keys()) {
                prop_assert_eq!(overlay.get(key)?, applied.get(key).cloned());
            }
        }
    }
}
