//! Work between batches: queues of keys, walks of jobs, ids that end. Each page is a transaction of its own.

use crate::event::SourcePartition;
use crate::kept::Walk;
use crate::measure::WorkPhase;
use crate::partition::{Partition, Stop};
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::{Processor, Rules};
use crate::worker::{Step, Worker, WorkerError};

/// How many queues one page begins.
const QUEUES_PER_PAGE: usize = 64;

impl<R: Rules> Partition<R> {
    /// Whether pages have something to do that does not wait for the timer index.
    fn page_work(&self) -> bool {
        if self.halted.is_some() {
            return false;
        }
        let job_moves = || match self.jobs.iter().find(|job| job.walk != Walk::Done).map(|job| job.walk) {
            Some(Walk::Rows) => true,
            Some(Walk::TimersUnchecked(_) | Walk::TimersByIndex(_) | Walk::TimersByRows(_)) => self.index.in_step(),
            Some(Walk::Done) | None => self.jobs.front().is_some_and(|job| job.outstanding == 0),
        };
        self.expiry_due || self.sweep_due || !self.waiting.is_empty() || job_moves()
    }
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    pub(crate) fn page_work(&self) -> bool {
        self.partitions.values().any(Partition::page_work)
    }

    /// Does one page for every partition that has work, until the transaction is full, and commits it.
    pub(crate) fn run_pages(&mut self) -> Result<Step, WorkerError> {
        let began = self.log.clock();
        let due: Vec<_> =
            self.partitions.values().filter(|partition| partition.page_work()).map(|one| one.source.clone()).collect();
        for source in due {
            self.batch.touched.insert(source.clone());
            if let Err(stop) = self.run_page(&source) {
                // The partition halts where it stands: its next record is not read before its pages can go on.
                let next = self.partitions.get(&source).map_or(0, |partition| partition.next_offset);
                return self.page_stopped(&source, next, stop);
            }
            if self.batch_is_full() {
                break;
            }
        }
        self.stage_jobs();
        self.took(WorkPhase::Decide, began);
        if self.batch.says_something() { self.commit() } else { Ok(Step::Idle) }
    }

    fn page_stopped(&mut self, source: &SourcePartition, next: i64, stop: Stop) -> Result<Step, WorkerError> {
        if let (Stop::Halt(reason), Some(partition)) = (&stop, self.partitions.get_mut(source)) {
            partition.halted = Some(reason.clone());
            // A partition that is not paused is only read in vain.
            let _ = self.log.pause(source);
        }
        self.stopped(source, next, stop)
    }

    fn run_page(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        let (expiry_due, sweep_due) = (partition.expiry_due, partition.sweep_due);
        partition.jobs_first = !partition.jobs_first;
        if partition.jobs_first {
            self.walk_jobs(source)?;
            self.run_queues(source)?;
        } else {
            self.run_queues(source)?;
            self.walk_jobs(source)?;
        }
        if expiry_due {
            self.expire_page(source)?;
        }
        if sweep_due && self.partitions.get(source).is_some_and(|partition| partition.sweep_due) {
            self.sweep_page(source)?;
        }
        Ok(())
    }

    /// Works queues off, beginning behind the one that was worked off last, so that a long one holds up no other.
    fn run_queues(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get(source) else { return Ok(()) };
        let after = partition.last_queue.as_deref().unwrap_or_default();
        let behind = partition.waiting.iter().filter(|key| key.as_str() > after);
        let before = partition.waiting.iter().filter(|key| key.as_str() <= after);
        let keys: Vec<_> = behind.chain(before).take(QUEUES_PER_PAGE).cloned().collect();
        for key in keys {
            if self.batch_is_full() {
                return Ok(());
            }
            self.run_queue(source, &key)?;
            if let Some(partition) = self.partitions.get_mut(source) {
                partition.last_queue = Some(key);
            }
        }
        self.close_finished(source)
    }
}
