//! Recent rows in memory, all others on disk.

use crate::memory::checkpoints;
use crate::merge::merged;
use crate::recent::Recent;
use fjall::config::PartitioningPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use stream::{
    Checkpoint, CommittedBatch, NoRows, RowChange, StateError, StateRead, Store, StoreError, StoredCheckpoint,
};

/// Version of the layout on disk; another one is cleared and restored from the changelog.
const FORMAT: &str = "itc-store 1";
/// Keyspace of the checkpoints.
const CHECKPOINTS: &str = "checkpoints";
/// Version byte of a checkpoint's value: since 2 with its age, and also in the middle of a restore.
const CHECKPOINT_VERSION: u8 = 2;

/// Settings of a store on disk.
#[derive(Debug, Clone)]
pub struct FjallSettings {
    /// A folder of the store's own. One store at a time opens it.
    pub folder: PathBuf,
    /// Whose rows these are; a folder with somebody else's is cleared.
    pub owner: String,
    /// How many bytes of changes stay in memory before they are written; as many again stay readable behind that.
    pub memory_max_in_bytes: usize,
    /// After how many changes they are written in any case: it bounds what a crash makes the changelog repeat.
    pub changes_max: usize,
    /// Memory for blocks read from disk.
    pub cache_in_bytes: u64,
    /// A partition not written to for longer is cleared: the changelog may have forgotten deletions that it has not seen.
    pub age_max: Duration,
}

impl FjallSettings {
    /// Settings with the usual limits.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, owner: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            owner: owner.into(),
            // 16 MiB are some 80,000 rows, written in half a second.
            memory_max_in_bytes: 16 << 20,
            // 500,000 changes are restored in about three seconds.
            changes_max: 500_000,
            cache_in_bytes: 32 << 20,
            // A day less than the changelogs' delete.retention.ms of 7 days.
            age_max: Duration::from_secs(6 * 86_400),
        }
    }
}

/// The rows of a stream thread's partitions on disk, the recent ones in memory.
pub struct FjallStore {
    settings: FjallSettings,
    database: Database,
    checkpoints: Keyspace,
    partitions: BTreeMap<u32, DiskRows>,
    changes: usize,
}

/// One partition: `fresh` is not on disk yet, `older` is and is kept for reading, everything else is on disk only.
struct DiskRows {
    fresh: Recent,
    older: Recent,
    disk: Keyspace,
    disk_is_empty: bool,
    stored: Option<StoredCheckpoint>,
    /// When it was written to last, in seconds since 1970.
    written_at: u64,
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FjallStore({}, {} partitions)", self.settings.folder.display(), self.partitions.len())
    }
}

fn failed(doing: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError(format!("{doing}: {error}"))
}

impl StateRead for DiskRows {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        if let Some(value) = self.fresh.get(key).or_else(|| self.older.get(key)) {
            return Ok(value.clone());
        }
        if self.disk_is_empty {
            return Ok(None);
        }
        let value = self.disk.get(key).map_err(|error| StateError::Store(error.to_string()))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        if from >= to {
            return Ok(Vec::new());
        }
        if self.disk_is_empty {
            return merged(self.fresh.range(from, to), std::iter::empty(), limit);
        }
        merged(self.fresh.range(from, to), self.disk.range(from..to).map(read_row), limit)
    }
}

fn read_row(guard: fjall::Guard) -> Result<(String, Vec<u8>), StateError> {
    let (key, value) = guard.into_inner().map_err(|error| StateError::Store(error.to_string()))?;
    let key = String::from_utf8(key.to_vec()).map_err(|_| StateError::Store("a row's key is not text".to_owned()))?;
    Ok((key, value.to_vec()))
}

impl FjallStore {
    /// Opens the store of a folder. What cannot be used (another version, another owner, corrupt, too old) is cleared
    /// and comes back from the changelog.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be written, is another process's, or holds files that are no store's.
    pub fn open(settings: FjallSettings) -> Result<Self, StoreError> {
        prepare_folder(&settings)?;
        let rows = settings.folder.join("rows");
        let store = match Self::open_rows(&settings, &rows) {
            Err(OpenError::Unusable(reason)) => {
                tracing::warn!(folder = %rows.display(), reason, "the store cannot be used, it is cleared and restored");
                remove(&rows)?;
                Self::open_rows(&settings, &rows)
            }
            opened => opened,
        };
        store.map_err(|error| match error {
            OpenError::Unusable(reason) | OpenError::InUse(reason) => failed("the store cannot be opened", reason),
        })
    }

    fn open_rows(settings: &FjallSettings, rows: &Path) -> Result<Self, OpenError> {
        let database = Database::builder(rows)
            .cache_size(settings.cache_in_bytes)
            // One thread writes tables in the background: the loop's thread is the one that counts.
            .worker_threads(1)
            // 64 MiB, the smallest allowed: more only lengthens the next start.
            .max_journaling_size(64 << 20)
            .open()?;
        let checkpoints = database.keyspace(CHECKPOINTS, KeyspaceCreateOptions::default)?;
        let mut partitions = BTreeMap::new();
        for name in database.list_keyspace_names() {
            let Some(partition) = name.strip_prefix('p').and_then(|number| number.parse::<u32>().ok()) else {
                continue;
            };
            let disk = open_partition(&database, partition)?;
            let found = read_checkpoint(&checkpoints, partition)?.filter(|(_, at)| !is_older(settings, *at));
            if found.is_none() {
                // Rows without a place in the changelog say nothing, and rows too old may be deleted ones.
                disk.clear()?;
            }
            let (stored, written_at) = found.map_or((None, 0), |(stored, at)| (Some(stored), at));
            partitions.insert(partition, DiskRows::new(disk, stored, written_at)?);
        }
        Ok(Self { settings: settings.clone(), database, checkpoints, partitions, changes: 0 })
    }

    fn partition(&mut self, partition: u32) -> Result<&mut DiskRows, StoreError> {
        match self.partitions.entry(partition) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let disk = open_partition(&self.database, partition).map_err(|error| failed("opening rows", error))?;
                let rows = DiskRows::new(disk, None, 0).map_err(|error| failed("opening rows", error))?;
                Ok(entry.insert(rows))
            }
        }
    }

    fn put(&mut self, partition: u32, rows: &[RowChange]) -> Result<(), StoreError> {
        self.changes += rows.len();
        let kept = self.partition(partition)?;
        rows.iter().for_each(|row| kept.fresh.put(row));
        kept.written_at = now_in_seconds();
        Ok(())
    }

    fn write_if_due(&mut self) -> Result<(), StoreError> {
        let bytes: usize = self.partitions.values().map(|rows| rows.fresh.bytes()).sum();
        if bytes >= self.settings.memory_max_in_bytes || self.changes >= self.settings.changes_max {
            self.write(PersistMode::Buffer)
        } else {
            Ok(())
        }
    }

    /// Writes every change and the checkpoints they belong to, atomically. [`PersistMode::Buffer`]
    /// hands it to the operating system, which outlives a process that is killed; a power cut costs a longer restore and
    /// nothing else. Without a mode the end of it would wait in this process for the next write.
    fn write(&mut self, durability: PersistMode) -> Result<(), StoreError> {
        let mut batch = self.database.batch().durability(Some(durability));
        for (partition, rows) in &self.partitions {
            for (key, value) in rows.fresh.iter() {
                match value {
                    Some(value) => batch.insert(&rows.disk, key.as_str(), value.as_slice()),
                    None => batch.remove(&rows.disk, key.as_str()),
                }
            }
            if let Some(stored) = &rows.stored {
                batch.insert(&self.checkpoints, partition.to_be_bytes(), write_checkpoint(stored, rows.written_at)?);
            }
        }
        let rows = batch.len();
        batch.commit().map_err(|error| failed("writing rows", error))?;
        for rows in self.partitions.values_mut() {
            if !rows.fresh.is_empty() {
                rows.disk_is_empty = false;
                rows.older = std::mem::take(&mut rows.fresh);
            }
        }
        self.changes = 0;
        touch(&self.settings)?;
        tracing::debug!(rows, "rows written to the store on disk");
        Ok(())
    }
}

impl DiskRows {
    fn new(disk: Keyspace, stored: Option<StoredCheckpoint>, written_at: u64) -> fjall::Result<Self> {
        let disk_is_empty = disk.is_empty()?;
        Ok(Self { fresh: Recent::default(), older: Recent::default(), disk, disk_is_empty, stored, written_at })
    }
}

fn open_partition(database: &Database, partition: u32) -> fjall::Result<Keyspace> {
    // In parts from the second level on, so that a look-up far from the cache reads a few kilobytes of a table's index and
    // filter, and not all of them: a table of 64 MiB has a megabyte of each.
    let in_parts = || PartitioningPolicy::new([false, true]);
    let options = || {
        KeyspaceCreateOptions::default()
            // 8 MiB a partition: writes are large already, and a thread may own many partitions.
            .max_memtable_size(8 << 20)
            .index_block_partitioning_policy(in_parts())
            .filter_block_partitioning_policy(in_parts())
    };
    database.keyspace(&format!("p{partition:05}"), options)
}

/// A partition's place in the changelog, and when it was written.
fn read_checkpoint(checkpoints: &Keyspace, partition: u32) -> Result<Option<(StoredCheckpoint, u64)>, OpenError> {
    let Some(value) = checkpoints.get(partition.to_be_bytes())? else { return Ok(None) };
    match value.split_first() {
        Some((&CHECKPOINT_VERSION, body)) => match postcard::from_bytes::<(Option<Checkpoint>, i64, u64)>(body) {
            Ok((checkpoint, changelog_next, at)) => Ok(Some((StoredCheckpoint { checkpoint, changelog_next }, at))),
            Err(error) => Err(OpenError::Unusable(format!("a checkpoint cannot be read: {error}"))),
        },
        Some(_) | None => Err(OpenError::Unusable("a checkpoint is of another version".to_owned())),
    }
}

fn write_checkpoint(stored: &StoredCheckpoint, written_at: u64) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(&(&stored.checkpoint, stored.changelog_next, written_at), vec![CHECKPOINT_VERSION])
        .map_err(|error| failed("writing a checkpoint", error))
}

enum OpenError {
    Unusable(String),
    InUse(String),
}

impl From<fjall::Error> for OpenError {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Locked => Self::InUse("another process has it open".to_owned()),
            // Trouble with the disk itself: clearing would not help.
            fjall::Error::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Self::InUse(error.to_string())
            }
            other => Self::Unusable(other.to_string()),
        }
    }
}

fn marker(settings: &FjallSettings) -> String {
    format!("{FORMAT} {}\n", settings.owner)
}

/// Makes sure that the folder is ours, and empty of rows that cannot be used.
fn prepare_folder(settings: &FjallSettings) -> Result<(), StoreError> {
    let folder = &settings.folder;
    std::fs::create_dir_all(folder).map_err(|error| failed("creating the store's folder", error))?;
    let entries = std::fs::read_dir(folder).map_err(|error| failed("reading the store's folder", error))?;
    let names: BTreeSet<_> = entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    if let Some(other) = names.iter().find(|name| *name != "format" && *name != "rows") {
        return Err(StoreError(format!(
            "{} holds {}, which is no store's: name an empty folder",
            folder.display(),
            other.display()
        )));
    }
    let unusable = match std::fs::read_to_string(folder.join("format")) {
        Ok(found) if found != marker(settings) => Some(format!("it is of another version or owner: {}", found.trim())),
        Ok(_) if is_too_old(settings) => Some("it was not written to for too long".to_owned()),
        Ok(_) => None,
        Err(_) if names.contains(std::ffi::OsStr::new("rows")) => Some("its version is not known".to_owned()),
        Err(_) => None,
    };
    if let Some(reason) = unusable {
        tracing::warn!(folder = %folder.display(), reason, "the store cannot be used, it is cleared and restored");
        remove(&folder.join("rows"))?;
    }
    touch(settings)
}

fn is_too_old(settings: &FjallSettings) -> bool {
    let written = std::fs::metadata(settings.folder.join("format")).and_then(|file| file.modified());
    written.ok().and_then(|written| now().duration_since(written).ok()).is_some_and(|age| age > settings.age_max)
}

fn touch(settings: &FjallSettings) -> Result<(), StoreError> {
    std::fs::write(settings.folder.join("format"), marker(settings))
        .map_err(|error| failed("writing the store's version", error))
}

fn remove(folder: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("clearing the store", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a cache on this machine's disk; no decision looks at it")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn now_in_seconds() -> u64 {
    now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whether what was written then is too old by now.
fn is_older(settings: &FjallSettings, written_at: u64) -> bool {
    now_in_seconds().saturating_sub(written_at) > settings.age_max.as_secs()
}

impl Store for FjallStore {
    fn rows(&self, partition: u32) -> &dyn StateRead {
        match self.partitions.get(&partition) {
            Some(rows) => rows,
            None => &NoRows,
        }
    }

    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError> {
        for (partition, rows) in &committed.staged.rows {
            self.put(*partition, rows)?;
        }
        for (partition, stored) in checkpoints(committed) {
            let kept = self.partition(partition)?;
            kept.stored = Some(stored);
            kept.written_at = now_in_seconds();
        }
        self.write_if_due()
    }

    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError> {
        // One that was given away and comes back while the process runs has its own age.
        let young = self.partitions.get(&partition).filter(|rows| !is_older(&self.settings, rows.written_at));
        Ok(young.and_then(|rows| rows.stored.clone()))
    }

    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError> {
        self.put(partition, &rows)?;
        if stored.is_some() {
            self.partition(partition)?.stored = stored;
        }
        self.write_if_due()
    }

    fn clear(&mut self, partition: u32) -> Result<(), StoreError> {
        // First the checkpoint: rows without one are cleared when the store is opened again.
        self.checkpoints.remove(partition.to_be_bytes()).map_err(|error| failed("clearing a checkpoint", error))?;
        let rows = self.partition(partition)?;
        rows.stored = None;
        rows.fresh.clear();
        rows.older.clear();
        rows.disk.clear().map_err(|error| failed("clearing rows", error))?;
        rows.disk_is_empty = true;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.write(PersistMode::SyncAll)
    }
}
