//! What can go wrong with one worker, and with the timer index.

use crate::demo::random::Random;
use anyhow::Result;
use itc_engine::topology::workers;
use std::time::Duration;
use stream::{PollLimits, WorkerConfig, WorkerName, changelog_topic};
use stream_testkit::{Fault, SimulatedTimerIndex, TopologyDriver};

/// Small batches and pages: more commits, so more places to fail at.
pub(super) fn small_steps() -> WorkerConfig {
    WorkerConfig {
        poll: PollLimits { records_max: 7, bytes_max: 1 << 20, wait: Duration::ZERO },
        batch_changes_max: 40,
        page_changes_max: 10,
        page_keys_max: 3,
        ..WorkerConfig::default()
    }
}

/// Something that went wrong.
pub(super) struct Misfortune {
    /// Its kind, as it is counted; empty where it is counted when it happens.
    pub(super) kind: String,
    /// In words.
    pub(super) text: String,
}

fn misfortune(kind: &str, text: String) -> Misfortune {
    Misfortune { kind: kind.to_owned(), text }
}

/// Whom it strikes.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) worker: WorkerName,
    pub(super) has_rows: bool,
}

impl Known {
    /// A worker of the topology.
    pub(super) fn of(worker: WorkerName) -> Self {
        Self { worker, has_rows: workers().iter().any(|entry| entry.name == worker && entry.has_rows) }
    }

    /// Every kind of misfortune that [`Known::strikes`] counts.
    pub(super) const KINDS: [&'static str; 5] =
        ["killed, disk kept", "killed, disk lost", "replaced zombie", "offsets forgotten", "changelog compacted"];

    /// One misfortune.
    pub(super) fn strikes(self, driver: &mut TopologyDriver, random: &mut Random) -> Result<Misfortune> {
        let worker = self.worker;
        Ok(match random.below(8) {
            0..=3 => {
                let (after, fault) = (u64::from(random.between(0, 5)), Fault::ALL[random.below(Fault::ALL.len())]);
                driver.broker().inject(worker, after, fault);
                misfortune("", format!("{worker}: {fault:?} after {after} commits"))
            }
            5 => {
                driver.replace(worker)?;
                misfortune("replaced zombie", format!("{worker} is held up and replaced"))
            }
            6 if self.has_rows => {
                driver.broker().forget_offsets(worker.0);
                driver.crash_and_restart(worker, true)?;
                let text = format!("the coordinator forgets {worker}'s offsets, and it starts anew");
                misfortune("offsets forgotten", text)
            }
            7 if self.has_rows => {
                driver.broker().compact(&changelog_topic(worker));
                driver.crash_and_restart(worker, false)?;
                misfortune("changelog compacted", format!("{worker}'s changelog is compacted, its disk lost"))
            }
            _ => {
                let keep_store = random.percent(50);
                driver.crash_and_restart(worker, keep_store)?;
                let disk = if keep_store { "kept" } else { "lost" };
                misfortune(&format!("killed, disk {disk}"), format!("{worker} is killed; its disk is {disk}"))
            }
        })
    }
}

/// Every kind of trouble with the timer index. Of the first four it can tell that it lacks something; the last two lie.
pub(super) const INDEX_KINDS: [&str; 6] =
    ["index emptied", "index saved", "index rolled back", "index away", "index lost half", "index holds other keys"];

/// One trouble with the timer index.
pub(super) fn spoil_index(index: &SimulatedTimerIndex, which: usize) -> Misfortune {
    let (at, text) = match which {
        0 => {
            index.wipe();
            (0, "is emptied")
        }
        1 => {
            index.snapshot();
            (1, "is saved")
        }
        2 => {
            index.roll_back();
            (2, "goes back to what was saved")
        }
        3 => {
            index.set_available(false);
            (3, "does not answer for now")
        }
        4 => {
            index.lose_half();
            (4, "loses every second key")
        }
        _ => {
            index.falsify();
            (5, "holds other keys")
        }
    };
    misfortune(INDEX_KINDS[at], format!("the timer index {text}"))
}
