//! Long walks: an event that concerns many keys is decided key by key, in pages between batches.

use crate::decide::{Case, Decided, Progress, halt_broken, key_digest, number_of};
use crate::event::{Decode, EventMeta, InputRecord, SourcePartition};
use crate::kept::{Walk, job_key, key_key, row_order};
use crate::partition::{Job, Stop, row_of};
use crate::ports::{Log, Store, TimerError, TimerIndex};
use crate::processor::{JobSource, Processor, TimerEntry, TimerSchedule};
use crate::row::{StateError, StateView};
use crate::worker::Worker;
use chrono::NaiveDate;
use std::sync::Arc;

/// What a page of a walk gave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walked {
    Page,
    /// The job waits: for the timer index, or for this batch to be committed.
    Waits,
}

/// A job's event, decoded for a page.
struct Opened<E> {
    number: u64,
    record: Arc<InputRecord>,
    meta: EventMeta,
    event: E,
    day: Option<NaiveDate>,
    rules: u64,
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Opens a job and walks as far as the batch reaches; a job of few keys closes at once and leaves no row.
    pub(crate) fn open_job(&mut self, record: &InputRecord, keys: JobSource) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get_mut(&record.source) else { return Ok(()) };
        let walk = match keys {
            JobSource::Rows => Walk::Rows,
            JobSource::Timers(day) => Walk::TimersUnchecked(day),
        };
        partition.jobs.push_back(Job {
            number: number_of(record),
            record: Arc::new(record.clone()),
            day: partition.day,
            rules: partition.rules_number,
            walk,
            cursor: None,
            outstanding: 0,
            dirty: true,
            stored: false,
        });
        self.queue_behind_waiting(&record.source)?;
        self.walk_jobs(&record.source)
    }

    /// Puts the newest job, behind older ones, into every queue there is: what waits there came first, and may make its
    /// key one of the job's only when it is decided.
    fn queue_behind_waiting(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get(source) else { return Ok(()) };
        let keys: Vec<_> = partition.waiting.iter().chain(&partition.parked).cloned().collect();
        for key in keys {
            self.run_open_jobs(source, &key)?;
        }
        Ok(())
    }

    /// Walks the oldest job that is not walked to its end, page after page, and closes what is finished.
    pub(crate) fn walk_jobs(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        loop {
            self.close_finished(source)?;
            let Some(partition) = self.partitions.get(source) else { return Ok(()) };
            let Some(job) = partition.jobs.iter().find(|job| job.walk != Walk::Done) else { break };
            let opened = Self::opened(Some(job))?;
            let (walk, cursor) = (job.walk, job.cursor.clone());
            if self.batch_is_full() {
                break;
            }
            if self.walk_page(source, &opened, walk, cursor)? == Walked::Waits {
                break;
            }
        }
        if self.partitions.get(source).is_some_and(|partition| partition.sweep_due) {
            self.sweep_page(source)?;
        }
        Ok(())
    }

    fn opened(job: Option<&Job>) -> Result<Opened<P::Event>, Stop> {
        let unreadable = || Stop::Halt("an open job cannot be read by this build; run a build that can".to_owned());
        let job = job.ok_or_else(unreadable)?;
        let record = crate::queue::record_of(job);
        let Ok(Some(event)) = P::Event::decode(&record) else { return Err(unreadable()) };
        Ok(Opened { number: job.number, meta: record.meta(), record, event, day: job.day, rules: job.rules })
    }

    fn walk_page(
        &mut self,
        source: &SourcePartition,
        opened: &Opened<P::Event>,
        walk: Walk,
        cursor: Option<String>,
    ) -> Result<Walked, Stop> {
        let limit = self.config.page_keys_max;
        let (keys, next) = match walk {
            Walk::Rows => (self.keys_of(opened, cursor.as_deref(), limit)?, Walk::Done),
            Walk::TimersUnchecked(day) => return self.check_index(source, opened.number, day),
            Walk::TimersByIndex(day) => match self.due_keys(source, day, cursor.as_deref(), limit) {
                Some(keys) => (keys, Walk::TimersByRows(day)),
                None => return Ok(Walked::Waits),
            },
            Walk::TimersByRows(day) => {
                let entries =
                    self.with_schedule(source, |schedule, rows| schedule.entries(rows, day, cursor.as_deref(), limit))?;
                (entries.into_iter().map(|entry| entry.key).collect(), Walk::Done)
            }
            Walk::Done => return Ok(Walked::Page),
        };
        let whole = keys.len() < limit;
        let count = keys.len();
        for (at, key) in keys.into_iter().enumerate() {
            self.run_part(source, opened, &key, walk != Walk::Rows)?;
            let last = whole && at + 1 == count;
            self.move_walk(source, opened.number, |job| job.cursor = Some(key));
            if !last && self.batch_is_full() {
                return Ok(Walked::Page);
            }
        }
        if whole {
            self.move_walk(source, opened.number, |job| {
                job.walk = next;
                job.cursor = None;
            });
        }
        Ok(Walked::Page)
    }

    fn move_walk(&mut self, source: &SourcePartition, number: u64, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.partitions.get_mut(source).and_then(|partition| partition.job_mut(number)) {
            change(job);
            job.dirty = true;
        }
    }

    fn keys_of(&self, opened: &Opened<P::Event>, after: Option<&str>, limit: usize) -> Result<Vec<String>, Stop> {
        let case = opened.case("");
        let keys = self.with_context(&case, None, |processor, rows, _| {
            Ok(processor.job_keys(rows, &opened.event, after, limit)?)
        })?;
        let keys = match keys {
            Decided::Decision(keys) => keys,
            Decided::Unusable(letter) => return Err(halt_broken(&letter.message)),
            Decided::Broken(reason) => return Err(halt_broken(&reason)),
        };
        let mut last = after.map(row_order);
        for key in &keys {
            let order = row_order(key);
            if last.as_ref().is_some_and(|last| *last >= order) {
                return Err(halt_broken("the keys of a job do not ascend as row keys do"));
            }
            last = Some(order);
        }
        Ok(keys)
    }

    /// Compares the index with the rows and repairs it, before a day's timers fire.
    fn check_index(&mut self, source: &SourcePartition, number: u64, day: NaiveDate) -> Result<Walked, Stop> {
        let expected = self.with_schedule(source, |schedule, rows| schedule.expected(rows, day))?;
        let in_step = self.partitions.get(source).is_some_and(|partition| partition.index.in_step());
        let next = if expected == 0 { Walk::Done } else { Walk::TimersByIndex(day) };
        if self.batch.tells_timers_of(source.partition, day) {
            if expected > 0 {
                self.batch.cut = true;
                return Ok(Walked::Waits);
            }
        } else if in_step {
            // A quiet day does not wait for the index; a day with timers does.
            if self.compare_day(source, day, expected).is_err() && expected > 0 {
                return Ok(Walked::Waits);
            }
        } else if expected > 0 {
            return Ok(Walked::Waits);
        }
        self.move_walk(source, number, |job| job.walk = next);
        Ok(Walked::Page)
    }

    fn compare_day(&mut self, source: &SourcePartition, day: NaiveDate, expected: u64) -> Result<(), Stop> {
        let count = self.index.count(source.partition, day);
        let count = self.answered(source, count)?;
        self.totals.index_repairs.days_compared += 1;
        if count == expected {
            return Ok(());
        }
        let entries = self.with_schedule(source, |schedule, rows| all_entries(schedule, rows, day))?;
        let replaced = self.index.replace_day(source.partition, day, &entries);
        self.answered(source, replaced)?;
        self.totals.index_repairs.days_repaired += 1;
        self.totals.index_repairs.entries_written += entries.len() as u64;
        Ok(())
    }

    fn due_keys(
        &mut self,
        source: &SourcePartition,
        day: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Option<Vec<String>> {
        if !self.partitions.get(source)?.index.in_step() {
            return None;
        }
        let due = self.index.due(source.partition, day, after, limit);
        let entries = self.answered(source, due).ok()?;
        Some(entries.into_iter().map(|entry| entry.key).collect())
    }

    /// Notes an index that does not answer; it is asked again by the next step.
    fn answered<V>(&mut self, source: &SourcePartition, answer: Result<V, TimerError>) -> Result<V, Stop> {
        answer.map_err(|error| {
            if let Some(partition) = self.partitions.get_mut(source) {
                partition.index.unavailable = true;
            }
            Stop::Halt(error.to_string())
        })
    }

    /// Asks the schedule of the processor, on the rows as of now.
    fn with_schedule<V>(
        &self,
        source: &SourcePartition,
        ask: impl FnOnce(&dyn TimerSchedule, &StateView<'_>) -> Result<V, StateError>,
    ) -> Result<V, Stop> {
        let schedule =
            self.processor.timers().ok_or_else(|| crate::decide::contract::<P>("it has no schedule of timers"))?;
        let rows = self.batch.view(source.partition, self.store.rows(source.partition));
        Ok(ask(schedule, &StateView::new(&rows))?)
    }

    /// Runs every open job that has not passed a key for that key, oldest first.
    pub(crate) fn run_open_jobs(&mut self, source: &SourcePartition, key: &str) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get(source) else { return Ok(()) };
        let order = if partition.jobs.is_empty() { return Ok(()) } else { row_order(key) };
        let passed = |job: &Job| {
            job.walk == Walk::Done
                || (job.walk == Walk::Rows && job.cursor.as_deref().is_some_and(|cursor| row_order(cursor) >= order))
        };
        let open: Vec<_> = partition.jobs.iter().filter(|job| !passed(job)).cloned().collect();
        for job in open {
            let opened = Self::opened(Some(&job))?;
            self.run_part(source, &opened, key, true)?;
        }
        Ok(())
    }

    /// Decides one key's part of a job, or puts it into the key's queue. With `keep` a row says that it is done.
    fn run_part(
        &mut self,
        source: &SourcePartition,
        opened: &Opened<P::Event>,
        key: &str,
        keep: bool,
    ) -> Result<(), Stop> {
        let mut row = self.key_row(source.partition, key)?;
        if opened.number <= row.jobs_passed {
            return Ok(());
        }
        let case = opened.case(key);
        let queued = self.partitions.get(source).is_some_and(|partition| partition.queue_exists(key));
        if queued || (keep && self.batch_is_full()) {
            return self.enqueue(&case, None, 0, Some(opened.number));
        }
        let prefix = format!("{}/{}/{}", opened.meta.id, P::NAME, key_digest(key));
        match self.decide_pages(&case, &prefix, None, 0)? {
            Progress::Done(_) | Progress::DeadLettered => {
                if keep {
                    row.jobs_passed = opened.number;
                    self.batch.put(source.partition, &key_key(key), &row);
                    if let Some(partition) = self.partitions.get_mut(source) {
                        partition.key_rows = true;
                    }
                }
                Ok(())
            }
            Progress::More(cursor, said) => self.enqueue(&case, Some(cursor), said, Some(opened.number)),
            Progress::Broken(reason, cursor, said) => {
                self.enqueue(&case, cursor, said, Some(opened.number))?;
                self.park(&case, reason)
            }
        }
    }

    /// Closes jobs in the order of their numbers, each once every key's part is done.
    pub(crate) fn close_finished(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        loop {
            let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
            let Some(job) = partition.jobs.pop_front_if(|job| job.walk == Walk::Done && job.outstanding == 0) else {
                return Ok(());
            };
            partition.sweep_due |= partition.key_rows;
            if job.stored {
                self.batch.delete(source.partition, &job_key(job.number));
            }
            let opened = Self::opened(Some(&job))?;
            let case = opened.case("");
            let decided = self.with_context(&case, None, |processor, rows, context| {
                processor.job_closed(rows, &opened.event, context)
            })?;
            match decided {
                Decided::Decision(None) => {}
                Decided::Decision(Some(decision)) if decision.resume.is_none() => {
                    let prefix = format!("{}/{}/closed-{}", opened.meta.id, P::NAME, source.partition);
                    self.absorb(&case, &prefix, decision, 0)?;
                }
                Decided::Decision(Some(_)) => return Err(halt_broken("what closes a job has no pages")),
                Decided::Unusable(letter) => self.batch.dead_letters.push(((*opened.record).clone(), letter)),
                Decided::Broken(reason) => return Err(halt_broken(&reason)),
            }
        }
    }

    /// Writes the rows of jobs that moved; before a commit.
    pub(crate) fn stage_jobs(&mut self) {
        for source in &self.batch.touched.clone() {
            let Some(partition) = self.partitions.get_mut(source) else { continue };
            for job in partition.jobs.iter_mut().filter(|job| job.dirty) {
                let (key, row) = row_of(job);
                self.batch.put(source.partition, &key, &row);
                job.dirty = false;
                job.stored = true;
            }
        }
    }
}

impl<E> Opened<E> {
    fn case<'a>(&'a self, key: &'a str) -> Case<'a, E> {
        Case {
            record: &self.record,
            meta: &self.meta,
            event: &self.event,
            key,
            day: self.day,
            rules: self.rules,
            job: true,
        }
    }
}

/// Every entry of a day.
pub(crate) fn all_entries(
    schedule: &dyn TimerSchedule,
    rows: &StateView<'_>,
    day: NaiveDate,
) -> Result<Vec<TimerEntry>, StateError> {
    const PAGE: usize = 1_000;
    let mut entries: Vec<TimerEntry> = Vec::new();
    loop {
        let after = entries.last().map(|entry| entry.key.clone());
        let page = schedule.entries(rows, day, after.as_deref(), PAGE)?;
        let full = page.len() == PAGE;
        entries.extend(page);
        if !full {
            return Ok(entries);
        }
    }
}
