//! The index of a worker that owns no timers.

use chrono::NaiveDate;
use stream::{TimerEntry, TimerError, TimerIndex};

/// An index that is never there. The loop asks it for nothing unless its processor owns timers.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTimerIndex;

fn absent<T>() -> Result<T, TimerError> {
    Err(TimerError::Unavailable("this worker is set up without a timer index".to_owned()))
}

impl TimerIndex for NoTimerIndex {
    fn watermark(&mut self, _partition: u32) -> Result<Option<u64>, TimerError> {
        absent()
    }

    fn apply(&mut self, _partition: u32, _entries: &[TimerEntry], _watermark: u64) -> Result<(), TimerError> {
        absent()
    }

    fn count(&mut self, _partition: u32, _fires_on: NaiveDate) -> Result<u64, TimerError> {
        absent()
    }

    fn due(
        &mut self,
        _partition: u32,
        _fires_on: NaiveDate,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<TimerEntry>, TimerError> {
        absent()
    }

    fn clear(&mut self, _partition: u32) -> Result<(), TimerError> {
        absent()
    }

    fn replace_day(
        &mut self,
        _partition: u32,
        _fires_on: NaiveDate,
        _entries: &[TimerEntry],
    ) -> Result<(), TimerError> {
        absent()
    }
}
