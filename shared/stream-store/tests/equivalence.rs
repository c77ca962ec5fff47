//! The store on disk is the store in memory, whatever comes, reopening and crashes included.

#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]
use proptest::prelude::*;
use std::collections::BTreeMap;
use stream::{Checkpoint, CommittedBatch, RowChange, RowKey, StagedBatch, Store, StoredCheckpoint};
use stream_store::{FjallSettings, FjallStore, MemoryStore};

const PARTITIONS: u32 = 3;

#[derive(Debug, Clone)]
enum Action {
    Commit(Vec<(u32, u8, Option<Vec<u8>>)>),
    Restored(u32, Vec<(u8, Option<Vec<u8>>)>),
    Clear(u32),
    Flush,
    /// The process ends in good order and starts again.
    Restart,
    /// The process is killed: what was not written comes back from the changelog.
    Crash,
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![3 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Some), 1 => Just(None)]
}

fn action() -> impl Strategy<Value = Action> {
    let partition = 0..PARTITIONS;
    prop_oneof![
        8 => prop::collection::vec((partition.clone(), any::<u8>(), value()), 0..12).prop_map(Action::Commit),
        2 => (partition.clone(), prop::collection::vec((any::<u8>(), value()), 0..12))
            .prop_map(|(partition, rows)| Action::Restored(partition, rows)),
        1 => partition.prop_map(Action::Clear),
        1 => Just(Action::Flush),
        1 => Just(Action::Restart),
        1 => Just(Action::Crash),
    ]
}

fn row(key: u8, value: Option<Vec<u8>>) -> RowChange {
    RowChange { key: RowKey::table("t").with(key % 32), value }
}

fn checkpoint(sequence: u64) -> Checkpoint {
    let next_offset = i64::try_from(sequence).expect("is small");
    Checkpoint { sequence, next_offset, day: None, schema: 1, partition_count: PARTITIONS, timer_buckets: 8 }
}

fn batch(sequence: u64, changes: Vec<(u32, u8, Option<Vec<u8>>)>) -> CommittedBatch {
    let mut rows: BTreeMap<u32, BTreeMap<String, RowChange>> = BTreeMap::new();
    for (partition, key, value) in changes {
        let change = row(key, value);
        rows.entry(partition).or_default().insert(change.key.as_str().to_owned(), change);
    }
    let touched: Vec<u32> = rows.keys().copied().collect();
    let staged = StagedBatch {
        rows: rows.into_iter().map(|(partition, rows)| (partition, rows.into_values().collect())).collect(),
        checkpoints: touched.iter().map(|partition| (*partition, checkpoint(sequence))).collect(),
        ..StagedBatch::default()
    };
    let next = i64::try_from(sequence).expect("is small") * 10;
    CommittedBatch { staged, changelog_next: touched.into_iter().map(|partition| (partition, next)).collect() }
}

/// Every change since a checkpoint, as a changelog would give them.
#[derive(Default)]
struct Changelog(Vec<(u64, u32, Vec<RowChange>)>);

impl Changelog {
    fn bring_back(&self, store: &mut FjallStore, truth: &MemoryStore) {
        for partition in 0..PARTITIONS {
            let known = store
                .checkpoint(partition)
                .expect("reads")
                .map_or(0, |stored| stored.checkpoint.map_or(0, |known| known.sequence));
            if known == 0 {
                store.clear(partition).expect("clears");
            }
            for (sequence, of, rows) in &self.0 {
                if *of == partition && *sequence > known {
                    store.apply_restored(partition, rows.clone(), None).expect("applies");
                }
            }
            let stored = truth.checkpoint(partition).expect("reads");
            store.apply_restored(partition, Vec::new(), stored).expect("applies");
        }
    }
}

fn assert_same(disk: &FjallStore, memory: &MemoryStore) {
    for partition in 0..PARTITIONS {
        assert_eq!(disk.checkpoint(partition).expect("reads"), memory.checkpoint(partition).expect("reads"));
        let (disk, memory) = (disk.rows(partition), memory.rows(partition));
        for (from, to, limit) in [("t|", "t}", 1000), ("t|1", "t|2", 5), ("t|20|", "t|20}", 9), ("x", "a", 3)] {
            assert_eq!(disk.range(from, to, limit).expect("reads"), memory.range(from, to, limit).expect("reads"));
        }
        for key in 0..32_u8 {
            let key = row(key, None).key;
            assert_eq!(disk.get(key.as_str()).expect("reads"), memory.get(key.as_str()).expect("reads"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_store_on_disk_is_the_store_in_memory(
        actions in prop::collection::vec(action(), 1..40),
        // From "every batch is written" to "nothing is".
        memory_max_in_bytes in prop_oneof![Just(1_usize), Just(2_000), Just(1 << 20)],
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = FjallSettings { memory_max_in_bytes, ..FjallSettings::new(folder.path(), "test") };
        let mut disk = Some(FjallStore::open(settings.clone()).expect("opens"));
        let (mut memory, mut changelog) = (MemoryStore::new(), Changelog::default());
        for (number, action) in actions.into_iter().enumerate() {
            let sequence = u64::try_from(number).expect("is small") + 1;
            let store = disk.as_mut().expect("is open");
            match action {
                Action::Commit(changes) => {
                    let batch = batch(sequence, changes);
                    for (partition, rows) in &batch.staged.rows {
                        changelog.0.push((sequence, *partition, rows.clone()));
                    }
                    store.apply(&batch).expect("applies");
                    memory.apply(&batch).expect("applies");
                }
                Action::Restored(partition, rows) => {
                    let rows: Vec<RowChange> = rows.into_iter().map(|(key, value)| row(key, value)).collect();
                    let stored =
                        Some(StoredCheckpoint { checkpoint: Some(checkpoint(sequence)), changelog_next: 7 });
                    changelog.0.push((sequence, partition, rows.clone()));
                    store.apply_restored(partition, rows.clone(), stored.clone()).expect("applies");
                    memory.apply_restored(partition, rows, stored).expect("applies");
                }
                Action::Clear(partition) => {
                    changelog.0.retain(|(_, of, _)| *of != partition);
                    store.clear(partition).expect("clears");
                    memory.clear(partition).expect("clears");
                }
                Action::Flush => store.flush().expect("flushes"),
                Action::Restart => {
                    store.flush().expect("flushes");
                    drop(disk.take());
                    disk = Some(FjallStore::open(settings.clone()).expect("opens"));
                }
                Action::Crash => {
                    drop(disk.take());
                    let mut opened = FjallStore::open(settings.clone()).expect("opens");
                    changelog.bring_back(&mut opened, &memory);
                    disk = Some(opened);
                }
            }
            assert_same(disk.as_ref().expect("is open"), &memory);
        }
    }
}

fn filled(settings: &FjallSettings) -> FjallStore {
    let mut store = FjallStore::open(settings.clone()).expect("opens");
    store.apply(&batch(1, vec![(0, 1, Some(b"value".to_vec()))])).expect("applies");
    store
}

fn holds_rows(store: &FjallStore) -> bool {
    let rows = store.rows(0).range("", "~", 9).expect("reads");
    assert_eq!(rows.is_empty(), store.checkpoint(0).expect("reads").is_none(), "rows and checkpoint go together");
    !rows.is_empty()
}

#[test]
fn a_store_of_another_version_or_owner_is_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FjallSettings::new(folder.path(), "ims");
    filled(&settings).flush().expect("flushes");
    assert!(holds_rows(&FjallStore::open(settings.clone()).expect("opens")));
    assert!(!holds_rows(&FjallStore::open(FjallSettings::new(folder.path(), "gstr2b")).expect("opens")));
    filled(&settings).flush().expect("flushes");
    std::fs::write(folder.path().join("format"), "itc-store 0 ims\n").expect("writes");
    assert!(!holds_rows(&FjallStore::open(settings).expect("opens")));
}

#[test]
fn a_store_not_written_to_for_too_long_is_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FjallSettings::new(folder.path(), "ims");
    filled(&settings).flush().expect("flushes");
    let file = std::fs::File::options().write(true).open(folder.path().join("format")).expect("opens");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("sets");
    assert!(!holds_rows(&FjallStore::open(settings).expect("opens")));
}

#[test]
fn a_corrupt_store_is_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FjallSettings::new(folder.path(), "ims");
    filled(&settings).flush().expect("flushes");
    let rows = folder.path().join("rows");
    for entry in std::fs::read_dir(&rows).expect("reads").filter_map(Result::ok) {
        if entry.file_type().expect("has a type").is_file() && entry.file_name() != "lock" {
            std::fs::write(entry.path(), b"noise").expect("writes");
        }
    }
    assert!(!holds_rows(&FjallStore::open(settings).expect("opens")));
}

#[test]
fn a_folder_with_somebody_elses_files_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("thesis.txt"), "years of work").expect("writes");
    let error = FjallStore::open(FjallSettings::new(folder.path(), "ims")).expect_err("is refused").to_string();
    assert!(error.contains("thesis.txt"), "{error}");
    assert!(folder.path().join("thesis.txt").exists());
}

#[test]
fn a_store_in_use_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FjallSettings::new(folder.path(), "ims");
    let mut store = filled(&settings);
    assert!(FjallStore::open(settings.clone()).is_err());
    store.flush().expect("flushes");
    drop(store);
    assert!(holds_rows(&FjallStore::open(settings).expect("opens")));
}

#[test]
fn a_partition_not_written_to_for_too_long_is_cleared_although_others_were() {
    let folder = tempfile::tempdir().expect("a folder");
    // Any age is too old, where it is a second at least.
    let settings = FjallSettings { age_max: std::time::Duration::ZERO, ..FjallSettings::new(folder.path(), "ims") };
    let mut store = filled(&settings);
    store.flush().expect("flushes");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    store.apply(&batch(2, vec![(1, 1, Some(b"value".to_vec()))])).expect("applies");
    assert_eq!(store.checkpoint(0).expect("reads"), None, "it was given away, and comes back too late");
    assert!(store.checkpoint(1).expect("reads").is_some());
}

#[test]
fn a_restore_that_was_broken_off_goes_on_from_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    // Written at once, as a restore of many rows is.
    let settings = FjallSettings { changes_max: 1, ..FjallSettings::new(folder.path(), "ims") };
    let mut store = FjallStore::open(settings.clone()).expect("opens");
    let place = Some(StoredCheckpoint { checkpoint: None, changelog_next: 17 });
    store.apply_restored(0, vec![row(1, Some(b"v".to_vec()))], place.clone()).expect("applies");
    drop(store);
    let store = FjallStore::open(settings).expect("opens");
    assert_eq!(store.checkpoint(0).expect("reads"), place);
    assert!(holds_rows(&store));
}

#[test]
fn rows_without_a_place_in_the_changelog_are_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FjallSettings::new(folder.path(), "ims");
    let mut store = FjallStore::open(settings.clone()).expect("opens");
    store.apply_restored(0, vec![row(1, Some(b"v".to_vec()))], None).expect("applies");
    store.flush().expect("flushes");
    drop(store);
    assert!(!holds_rows(&FjallStore::open(settings).expect("opens")));
}
