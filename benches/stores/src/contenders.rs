//! Each store behind the few calls that a worker needs.

use crate::Outcome;
use std::path::Path;

/// Rows as a worker uses them.
pub trait Rows {
    fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>>;
    /// How many rows lie between two keys.
    fn range(&self, from: &str, to: &str) -> Outcome<usize>;
    /// One atomic batch, with a checkpoint.
    fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()>;
    /// Brings to the disk, or to the operating system, what is not there yet.
    fn settle(&mut self) -> Outcome<()>;
}

pub struct Contender {
    pub name: &'static str,
    pub open: fn(&Path) -> Outcome<Box<dyn Rows>>,
}

pub const ALL: &[Contender] = &[
    Contender { name: "ours", open: ours::open },
    Contender { name: "fjall", open: fjall_each::open },
    Contender { name: "redb", open: redb_each::open },
    Contender { name: "lmdb", open: lmdb::open },
    #[cfg(feature = "rocksdb")]
    Contender { name: "rocksdb", open: rocks::open },
];

const CHECKPOINT: &str = "checkpoint";
/// Memory for blocks, the same for all that take it: 32 MiB.
const CACHE: u64 = 32 << 20;

/// The design in use: recent rows in memory, large, rare, atomic writes.
mod ours {
    use super::{Outcome, Path, Rows};
    use stream::{Checkpoint, CommittedBatch, RowChange, RowKey, StagedBatch, Store};
    use stream_store::{FjallSettings, FjallStore};

    struct Ours(FjallStore, u64);

    pub fn open(folder: &Path) -> Outcome<Box<dyn Rows>> {
        Ok(Box::new(Ours(FjallStore::open(FjallSettings::new(folder, "bench"))?, 0)))
    }

    impl Rows for Ours {
        fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
            Ok(self.0.rows(0).get(key)?)
        }

        fn range(&self, from: &str, to: &str) -> Outcome<usize> {
            Ok(self.0.rows(0).range(from, to, 50)?.len())
        }

        fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()> {
            self.1 += 1;
            let row = |(key, value): &(String, Vec<u8>)| RowChange {
                key: RowKey::from_text(key.clone()),
                value: Some(value.clone()),
            };
            let checkpoint = Checkpoint {
                sequence: self.1,
                next_offset: 0,
                day: None,
                schema: 1,
                partition_count: 1,
                timer_buckets: 64,
            };
            let staged = StagedBatch {
                rows: [(0, rows.iter().map(row).collect())].into(),
                checkpoints: [(0, checkpoint)].into(),
                ..StagedBatch::default()
            };
            let changelog_next = [(0, i64::try_from(self.1)?)].into();
            Ok(self.0.apply(&CommittedBatch { staged, changelog_next })?)
        }

        fn settle(&mut self) -> Outcome<()> {
            Ok(self.0.flush()?)
        }
    }
}

/// fjall, written at each commit.
mod fjall_each {
    use super::{CACHE, CHECKPOINT, Outcome, Path, Rows};
    use fjall::{Database, Keyspace, KeyspaceCreateOptions};

    struct Each(Database, Keyspace);

    pub fn open(folder: &Path) -> Outcome<Box<dyn Rows>> {
        let database = Database::builder(folder.join("rows")).cache_size(CACHE).worker_threads(1).open()?;
        let rows = database.keyspace("rows", KeyspaceCreateOptions::default)?;
        Ok(Box::new(Each(database, rows)))
    }

    impl Rows for Each {
        fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
            Ok(self.1.get(key)?.map(|value| value.to_vec()))
        }

        fn range(&self, from: &str, to: &str) -> Outcome<usize> {
            let mut count = 0;
            for row in self.1.range(from..to) {
                let (key, value) = row.into_inner()?;
                count += usize::from(!key.is_empty() && !value.is_empty());
            }
            Ok(count)
        }

        fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()> {
            let mut batch = self.0.batch();
            for (key, value) in rows {
                batch.insert(&self.1, key.as_str(), value.as_slice());
            }
            batch.insert(&self.1, CHECKPOINT, "1");
            Ok(batch.commit()?)
        }

        fn settle(&mut self) -> Outcome<()> {
            Ok(())
        }
    }
}

/// redb, written at each commit without waiting for the disk, because the changelog has it all.
mod redb_each {
    use super::{CACHE, CHECKPOINT, Outcome, Path, Rows};
    use redb::{Database, Durability, ReadableDatabase, TableDefinition};

    const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("rows");

    struct Redb(Database);

    impl Redb {
        fn commit(&self, rows: &[(String, Vec<u8>)], durability: Durability) -> Outcome<()> {
            let mut transaction = self.0.begin_write()?;
            transaction.set_durability(durability)?;
            {
                let mut table = transaction.open_table(TABLE)?;
                for (key, value) in rows {
                    table.insert(key.as_str(), value.as_slice())?;
                }
                table.insert(CHECKPOINT, b"1".as_slice())?;
            }
            Ok(transaction.commit()?)
        }
    }

    pub fn open(folder: &Path) -> Outcome<Box<dyn Rows>> {
        let database = Database::builder().set_cache_size(usize::try_from(CACHE)?).create(folder.join("rows.redb"))?;
        let store = Redb(database);
        store.commit(&[], Durability::Immediate)?;
        Ok(Box::new(store))
    }

    impl Rows for Redb {
        fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
            let table = self.0.begin_read()?.open_table(TABLE)?;
            Ok(table.get(key)?.map(|value| value.value().to_vec()))
        }

        fn range(&self, from: &str, to: &str) -> Outcome<usize> {
            let table = self.0.begin_read()?.open_table(TABLE)?;
            let mut count = 0;
            for row in table.range::<&str>(from..to)? {
                let (key, value) = row?;
                count += usize::from(!key.value().is_empty() && !value.value().is_empty());
            }
            Ok(count)
        }

        fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()> {
            self.commit(rows, Durability::None)
        }

        fn settle(&mut self) -> Outcome<()> {
            self.commit(&[], Durability::Immediate)
        }
    }
}

/// LMDB: a memory-mapped B+ tree in C, without waiting for the disk at each commit.
mod lmdb {
    use super::{CHECKPOINT, Outcome, Path, Rows};
    use heed::types::{Bytes, Str};
    use heed::{Database, Env, EnvFlags, EnvOpenOptions};
    use std::ops::Bound;

    /// The largest file; only what is written is taken on the disk.
    const MAP: usize = 16 << 30;

    struct Lmdb(Env, Database<Str, Bytes>);

    pub fn open(folder: &Path) -> Outcome<Box<dyn Rows>> {
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP);
        // SAFETY: the folder is this benchmark's own, nobody else maps or changes the file; a crash loses only a benchmark.
        let environment = unsafe { options.flags(EnvFlags::NO_SYNC).open(folder)? };
        let mut transaction = environment.write_txn()?;
        let rows = environment.create_database(&mut transaction, None)?;
        transaction.commit()?;
        Ok(Box::new(Lmdb(environment, rows)))
    }

    impl Rows for Lmdb {
        fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
            let transaction = self.0.read_txn()?;
            Ok(self.1.get(&transaction, key)?.map(<[u8]>::to_vec))
        }

        fn range(&self, from: &str, to: &str) -> Outcome<usize> {
            let transaction = self.0.read_txn()?;
            let mut count = 0;
            for row in self.1.range(&transaction, &(Bound::Included(from), Bound::Excluded(to)))? {
                let (key, value) = row?;
                count += usize::from(!key.is_empty() && !value.is_empty());
            }
            Ok(count)
        }

        fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()> {
            let mut transaction = self.0.write_txn()?;
            for (key, value) in rows {
                self.1.put(&mut transaction, key, value)?;
            }
            self.1.put(&mut transaction, CHECKPOINT, b"1")?;
            Ok(transaction.commit()?)
        }

        fn settle(&mut self) -> Outcome<()> {
            Ok(self.0.force_sync()?)
        }
    }
}

/// RocksDB, written at each commit without a sync.
#[cfg(feature = "rocksdb")]
mod rocks {
    use super::{CACHE, CHECKPOINT, Outcome, Path, Rows};
    use rocksdb::{BlockBasedOptions, Cache, DB, Direction, IteratorMode, Options, WriteBatch};

    struct Rocks(DB);

    pub fn open(folder: &Path) -> Outcome<Box<dyn Rows>> {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(usize::try_from(CACHE)?));
        blocks.set_bloom_filter(10.0, false);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(rocksdb::DBCompressionType::Lz4);
        options.set_block_based_table_factory(&blocks);
        Ok(Box::new(Rocks(DB::open(&options, folder.join("rows"))?)))
    }

    impl Rows for Rocks {
        fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
            Ok(self.0.get(key)?)
        }

        fn range(&self, from: &str, to: &str) -> Outcome<usize> {
            let mut count = 0;
            for row in self.0.iterator(IteratorMode::From(from.as_bytes(), Direction::Forward)) {
                let (key, value) = row?;
                if key.as_ref() >= to.as_bytes() {
                    break;
                }
                count += usize::from(!value.is_empty());
            }
            Ok(count)
        }

        fn write(&mut self, rows: &[(String, Vec<u8>)]) -> Outcome<()> {
            let mut batch = WriteBatch::default();
            for (key, value) in rows {
                batch.put(key, value);
            }
            batch.put(CHECKPOINT, "1");
            Ok(self.0.write(batch)?)
        }

        fn settle(&mut self) -> Outcome<()> {
            Ok(())
        }
    }
}
