//! Reading two ordered sources as one.

use stream::StateError;

/// At most `limit` rows of `under` with the changes of `over` laid over them, both in key order.
pub(crate) fn merged<'a>(
    over: impl Iterator<Item = (&'a String, &'a Option<Vec<u8>>)>,
    under: impl Iterator<Item = Result<(String, Vec<u8>), StateError>>,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, StateError> {
    let (mut over, mut under) = (over.peekable(), under.peekable());
    let mut rows = Vec::new();
    while rows.len() < limit {
        let over_first = match (over.peek(), under.peek()) {
            (None, None) => break,
            (Some(_), None | Some(Err(_))) => !matches!(under.peek(), Some(Err(_))),
            (None, Some(_)) => false,
            (Some((changed, _)), Some(Ok((stored, _)))) => {
                let hides = changed.as_str() == stored.as_str();
                let first = changed.as_str() <= stored.as_str();
                if hides {
                    under.next();
                }
                first
            }
        };
        if over_first {
            if let Some((key, Some(value))) = over.next() {
                rows.push((key.clone(), value.clone()));
            }
        } else if let Some(row) = under.next() {
            rows.push(row?);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn under(keys: &[&str]) -> impl Iterator<Item = Result<(String, Vec<u8>), StateError>> {
        keys.iter().map(|key| Ok(((*key).to_owned(), b"old".to_vec()))).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn changes_hide_add_and_delete_rows_and_the_limit_counts_what_is_seen() {
        let over = BTreeMap::from([
            ("a".to_owned(), None),
            ("b".to_owned(), Some(b"new".to_vec())),
            ("d".to_owned(), Some(b"new".to_vec())),
            ("e".to_owned(), None),
        ]);
        let names = |limit| {
            let rows = merged(over.iter(), under(&["a", "b", "c", "e", "f"]), limit).expect("reads");
            rows.into_iter()
                .map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(&value)))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(9), ["b=new", "c=old", "d=new", "f=old"]);
        assert_eq!(names(2), ["b=new", "c=old"]);
        assert_eq!(names(0), [""; 0]);
    }

    #[test]
    fn an_error_below_is_not_read_past() {
        let over = BTreeMap::from([("z".to_owned(), Some(Vec::new()))]);
        let broken = vec![Err(StateError::Store("broken".to_owned()))].into_iter();
        assert!(merged(over.iter(), broken, 9).is_err());
    }
}
