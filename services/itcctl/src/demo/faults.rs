//! Faults while the year runs: each worker process is killed once in mid-batch, and Redis is emptied once. What comes
//! out must be the same.

use super::children::{Surroundings, WORKERS, Workers};
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How many fed days lie between two faults: the year has some 250, and there are ten faults.
const DAYS_BETWEEN: usize = 12;
/// After which fault Redis is emptied: timers run by then, and half of the workers are still to be killed.
const REDIS_AFTER: usize = 4;
/// Redis on the same machine answers at once or not at all.
const REDIS_WITHIN: Duration = Duration::from_secs(5);

/// What is still to be broken.
#[derive(Debug)]
pub(crate) struct Faults {
    surroundings: Surroundings,
    fed_days: usize,
    done: usize,
}

impl Faults {
    pub(crate) fn new(surroundings: &Surroundings) -> Self {
        Self { surroundings: surroundings.clone(), fed_days: 0, done: 0 }
    }

    /// Called when a day's facts are on their way: breaks the next thing if its day has come.
    pub(crate) fn strike(&mut self, workers: &mut Workers) -> Result<()> {
        self.fed_days += 1;
        if !self.fed_days.is_multiple_of(DAYS_BETWEEN) || self.done > WORKERS.len() {
            return Ok(());
        }
        let fault = self.done;
        self.done += 1;
        if fault == REDIS_AFTER {
            return flush_redis(&self.surroundings.redis);
        }
        let index = if fault < REDIS_AFTER { fault } else { fault - 1 };
        workers.kill_and_restart(index, &self.surroundings)
    }

    /// What was done, in words.
    pub(crate) fn summary(&self) -> String {
        let redis = usize::from(self.done > REDIS_AFTER);
        format!("{} worker processes killed in mid-batch, Redis emptied {redis} times", self.done - redis)
    }
}

/// Empties Redis.
pub(crate) fn flush_redis(url: &str) -> Result<()> {
    let address = url.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address).with_context(|| format!("Redis at {address}"))?;
    stream.set_read_timeout(Some(REDIS_WITHIN))?;
    stream.write_all(b"FLUSHALL\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).context("Redis did not answer FLUSHALL")?;
    Ok(())
}
