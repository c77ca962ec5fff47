//! The queue of a key: events that wait for their turn, behind a job, a long decision or a parked event.

use crate::decide::{Case, Progress, key_digest};
use crate::event::{Decode, EventMeta, InputRecord, SourcePartition};
use crate::kept::{KeptRecord, KeyRow, ParkedRow, WaitingRow, key_key, parked_key, waiting_key};
use crate::partition::{Job, Stop};
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::{Cursor, Processor};
use crate::row::{Row, RowKey, StateView};
use crate::worker::Worker;
use std::sync::Arc;

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Decides an event of a key after every open job, or lets it wait for its turn.
    pub(crate) fn take_keyed(
        &mut self,
        record: &InputRecord,
        meta: &EventMeta,
        event: &P::Event,
        key: &str,
    ) -> Result<(), Stop> {
        let source = &record.source;
        let (day, rules) = self.moment(record);
        self.run_open_jobs(source, key)?;
        let case = Case { record, meta, event, key, day, rules, job: false };
        if self.waits(source, key) {
            self.batch.counters(source).waiting += 1;
            return self.enqueue(&case, None, 0, None);
        }
        match self.decide_event(&case, None, 0)? {
            Progress::Done(kind) => self.count(record, kind),
            Progress::DeadLettered => {}
            Progress::More(cursor, said) => {
                self.batch.counters(source).waiting += 1;
                self.enqueue(&case, Some(cursor), said, None)?;
            }
            Progress::Broken(reason, cursor, said) => {
                self.batch.counters(source).parked += 1;
                self.enqueue(&case, cursor, said, None)?;
                self.park(&case, reason)?;
            }
        }
        Ok(())
    }

    fn waits(&self, source: &SourcePartition, key: &str) -> bool {
        self.partitions.get(source).is_some_and(|partition| partition.queue_exists(key))
    }

    pub(crate) fn key_row(&self, partition: u32, key: &str) -> Result<KeyRow, Stop> {
        let rows = self.batch.view(partition, self.store.rows(partition));
        Ok(StateView::new(&rows).get::<KeyRow>(&key_key(key))?.unwrap_or_default())
    }

    /// Puts a case at the end of its key's queue; `job` is the number of the job whose part it is.
    pub(crate) fn enqueue(
        &mut self,
        case: &Case<'_, P::Event>,
        cursor: Option<Cursor>,
        said: u32,
        job: Option<u64>,
    ) -> Result<(), Stop> {
        let source = &case.record.source;
        let mut row = self.key_row(source.partition, case.key)?;
        let waiting = WaitingRow {
            record: KeptRecord::from(case.record),
            day: case.day,
            rules: case.rules,
            job: job.is_some(),
            cursor: cursor.map(|Cursor(text)| text),
            said,
        };
        self.batch.put(source.partition, &waiting_key(case.key, row.next), &waiting);
        row.next += 1;
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        if let Some(number) = job {
            row.jobs_passed = number;
            if !row.parked {
                row.queued_jobs.push(number);
                if let Some(job) = partition.job_mut(number) {
                    job.outstanding += 1;
                    job.dirty = true;
                }
            }
        }
        partition.key_rows = true;
        if !row.parked {
            partition.waiting.insert(case.key.to_owned());
        }
        self.batch.put(source.partition, &key_key(case.key), &row);
        Ok(())
    }

    /// Parks a key whose head cannot be decided. Jobs close without it.
    pub(crate) fn park(&mut self, case: &Case<'_, P::Event>, reason: String) -> Result<(), Stop> {
        let source = &case.record.source;
        let mut row = self.key_row(source.partition, case.key)?;
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        for number in std::mem::take(&mut row.queued_jobs) {
            release(partition.job_mut(number));
        }
        row.parked = true;
        partition.waiting.remove(case.key);
        partition.parked.insert(case.key.to_owned());
        let parked = ParkedRow {
            reason,
            event_type: case.meta.event_type.clone(),
            event_id: case.meta.id.clone(),
            offset: case.record.offset,
            since: partition.day,
        };
        self.batch.put(source.partition, &parked_key(case.key), &parked);
        self.batch.put(source.partition, &key_key(case.key), &row);
        Ok(())
    }

    /// Works off a key's queue, as far as the batch reaches.
    pub(crate) fn run_queue(&mut self, source: &SourcePartition, key: &str) -> Result<(), Stop> {
        loop {
            let mut row = self.key_row(source.partition, key)?;
            if !row.waits() {
                return self.queue_is_empty(source, key, row);
            }
            let place = waiting_key(key, row.first);
            let Some(item) = self.waiting_row(source.partition, &place)? else {
                return Err(Stop::Halt("a waiting event is missing from the rows; rebuild the partition".to_owned()));
            };
            if !self.run_item(source, key, &place, item)? {
                return Ok(());
            }
            self.batch.delete(source.partition, &place);
            // Deciding the item may have changed the key's row.
            row = self.key_row(source.partition, key)?;
            row.first += 1;
            self.batch.put(source.partition, &key_key(key), &row);
            if self.batch_is_full() {
                return Ok(());
            }
        }
    }

    fn waiting_row(&self, partition: u32, place: &RowKey) -> Result<Option<WaitingRow>, Stop> {
        let rows = self.batch.view(partition, self.store.rows(partition));
        Ok(StateView::new(&rows).get::<WaitingRow>(place)?)
    }

    fn queue_is_empty(&mut self, source: &SourcePartition, key: &str, row: KeyRow) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        partition.waiting.remove(key);
        if partition.oldest_job().is_none_or(|oldest| row.jobs_passed < oldest) {
            self.batch.delete(source.partition, &key_key(key));
        }
        Ok(())
    }

    /// Decides the head of a queue. True when it is done.
    fn run_item(
        &mut self,
        source: &SourcePartition,
        key: &str,
        place: &RowKey,
        mut item: WaitingRow,
    ) -> Result<bool, Stop> {
        let mut record = InputRecord::from(item.record.clone());
        record.source.clone_from(source);
        let meta = record.meta();
        let Ok(Some(event)) = P::Event::decode(&record) else {
            return Err(Stop::Halt("a waiting event cannot be read by this build; run a build that can".to_owned()));
        };
        let case =
            Case { record: &record, meta: &meta, event: &event, key, day: item.day, rules: item.rules, job: item.job };
        let cursor = item.cursor.take().map(Cursor);
        let progress = if item.job {
            let prefix = format!("{}/{}/{}", meta.id, P::NAME, key_digest(key));
            self.decide_pages(&case, &prefix, cursor, item.said)?
        } else {
            self.decide_event(&case, cursor, item.said)?
        };
        match progress {
            Progress::Done(kind) => {
                if item.job {
                    self.job_part_done(source, key, &record)?;
                } else {
                    self.batch.counters(source).waiting -= 1;
                    self.count(&record, kind);
                }
                Ok(true)
            }
            Progress::DeadLettered => {
                if item.job {
                    self.job_part_done(source, key, &record)?;
                } else {
                    self.batch.counters(source).waiting -= 1;
                }
                Ok(true)
            }
            Progress::More(Cursor(cursor), said) => {
                let item = WaitingRow { cursor: Some(cursor), said, ..item };
                self.batch.put(source.partition, place, &item);
                Ok(false)
            }
            Progress::Broken(reason, cursor, said) => {
                if !item.job {
                    self.batch.counters(source).waiting -= 1;
                    self.batch.counters(source).parked += 1;
                }
                let item = WaitingRow { cursor: cursor.map(|Cursor(text)| text), said, ..item };
                self.batch.put(source.partition, place, &item);
                self.park(&case, reason)?;
                Ok(false)
            }
        }
    }

    fn job_part_done(&mut self, source: &SourcePartition, key: &str, record: &InputRecord) -> Result<(), Stop> {
        let number = crate::decide::number_of(record);
        let mut row = self.key_row(source.partition, key)?;
        if let Some(at) = row.queued_jobs.iter().position(|queued| *queued == number) {
            row.queued_jobs.remove(at);
            self.batch.put(source.partition, &key_key(key), &row);
            if let Some(partition) = self.partitions.get_mut(source) {
                release(partition.job_mut(number));
            }
        }
        Ok(())
    }

    /// Deletes rows of keys that no open job needs, a page of them.
    pub(crate) fn sweep_page(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        const SWEEP_PAGE: usize = 1_000;
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        let oldest = partition.oldest_job();
        let rows = self.batch.view(source.partition, self.store.rows(source.partition));
        let table = RowKey::table(KeyRow::TABLE);
        let page = StateView::new(&rows).scan::<KeyRow>(&table, partition.sweep_after.as_ref(), SWEEP_PAGE)?;
        partition.sweep_due = page.len() == SWEEP_PAGE;
        partition.sweep_after = if partition.sweep_due { page.last().map(|(key, _)| key.clone()) } else { None };
        if !partition.sweep_due && oldest.is_none() && partition.waiting.is_empty() && partition.parked.is_empty() {
            partition.key_rows = false;
        }
        let useless =
            |row: &KeyRow| !row.waits() && !row.parked && oldest.is_none_or(|oldest| row.jobs_passed < oldest);
        for (key, row) in page {
            if useless(&row) {
                self.batch.delete(source.partition, &key);
            }
        }
        Ok(())
    }
}

fn release(job: Option<&mut Job>) {
    if let Some(job) = job {
        job.outstanding = job.outstanding.saturating_sub(1);
        job.dirty = true;
    }
}

/// The record of a job, shared while it is decided.
pub(crate) fn record_of(job: &Job) -> Arc<InputRecord> {
    Arc::clone(&job.record)
}
