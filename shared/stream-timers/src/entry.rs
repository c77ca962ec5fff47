//! Keys, buckets and values of the index.

use chrono::NaiveDate;
use stream::{TimerEntry, murmur2};

/// The bucket of a key: a stable hash modulo the bucket count, which is fixed per deployment and stands in each checkpoint.
#[must_use]
pub fn bucket_of(key: &str, buckets: u32) -> u32 {
    murmur2(key.as_bytes()) % buckets.max(1)
}

pub(crate) fn hash_key(partition: u32, fires_on: NaiveDate, bucket: u32) -> String {
    format!("timers:{{{partition}}}:{fires_on}:{bucket}")
}

pub(crate) fn watermark_key(partition: u32) -> String {
    format!("timers:{{{partition}}}:watermark")
}

pub(crate) fn all_keys(partition: u32) -> String {
    format!("timers:{{{partition}}}:*")
}

/// The day in a hash's key, `None` for other keys.
pub(crate) fn day_of(key: &str) -> Option<NaiveDate> {
    let mut parts = key.split(':').skip(2);
    let day = parts.next()?.parse().ok()?;
    parts.next()?.parse::<u32>().ok()?;
    Some(day)
}

pub(crate) fn value_of(entry: &TimerEntry) -> String {
    format!("{}:{}", entry.documents, entry.credit_at_stake_in_paise)
}

/// Documents and paise of a value, `None` where it is none of ours: somebody wrote it by hand, and rows know better.
pub(crate) fn read_value(value: &str) -> Option<(u64, i64)> {
    let (documents, paise) = value.split_once(':')?;
    Some((documents.parse().ok()?, paise.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 10, 13).expect("is a date")
    }

    #[test]
    fn keys_are_readable_and_keep_a_partition_in_one_slot() {
        assert_eq!(hash_key(3, day(), 17), "timers:{3}:2024-10-13:17");
        assert_eq!(watermark_key(3), "timers:{3}:watermark");
        assert_eq!(day_of("timers:{3}:2024-10-13:17"), Some(day()));
        assert_eq!(day_of(&watermark_key(3)), None);
    }

    #[test]
    fn buckets_are_stable_and_no_count_divides_by_zero() {
        // murmur2("foobar") of Kafka's own test is -790332482.
        assert_eq!(bucket_of("foobar", 64), (-790_332_482_i32).cast_unsigned() % 64);
        assert_eq!(bucket_of("foobar", 0), 0);
    }

    #[test]
    fn values_that_are_not_ours_are_not_read() {
        for value in ["", "1", "1:", ":1", "-1:5", "1:2:3", "a:b", "1.5:2", " 1:2"] {
            assert_eq!(read_value(value), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn values_come_back_as_they_were_written(documents: u64, credit_at_stake_in_paise: i64) {
            let entry = TimerEntry { fires_on: day(), key: "k".to_owned(), documents, credit_at_stake_in_paise };
            prop_assert_eq!(read_value(&value_of(&entry)), Some((documents, credit_at_stake_in_paise)));
        }
    }
}
