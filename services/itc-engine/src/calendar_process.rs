//! The calendar as a process: plans the next marks and writes them in one fenced transaction.
//!
//! It is no processor: its position is in its marks, so that a restart goes on where the last mark ends.

use anyhow::{Context, Result};
use calendar::{JOURNALS, LastMark, PendingCommand, Plan, PlanInput, TakenMark, day_due, plan, read_last};
use gst_events::{EventPayload, OperatorAction, OperatorCommand, RulebookActivated};
use gst_rules::Rulebook;
use gst_types::{IstDate, IstInstant};
use serde::Deserialize;
use service_kit::{LoopSpec, RunOptions, StreamLoop, ThreadContext, no_row_decoder, run_loops};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stream::{CommitError, InputRecord, LogError, NoRows, StateRead, Step, WorkerName, WorkerStatus};
use stream_kafka::{KafkaSettings, MarkWriter, TopicFollower};

/// The worker's name, its subcommand and its transactional id.
pub const NAME: WorkerName = WorkerName("calendar");
const COMMANDS: &str = ingest::Feed::OperatorCommands.topic();

/// `[clock]`.
#[derive(Debug, Clone, Deserialize)]
struct Clock {
    mode: ClockMode,
    grace_in_hours: u32,
    first_day: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClockMode {
    Clock,
    Commands,
}

/// `[limits]`.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Limits {
    days_per_transaction_max: usize,
    command_ids_max: usize,
}

/// The calendar's own options.
#[derive(Debug, Clone, Deserialize)]
struct Options {
    clock: Clock,
    limits: Limits,
}

/// Runs the calendar until SIGTERM or SIGINT.
///
/// # Errors
/// Where the configuration cannot be used or the process cannot start.
pub fn run(options: &RunOptions) -> Result<ExitCode> {
    let spec = LoopSpec {
        name: NAME.0.to_owned(),
        input: None,
        build: crate::BUILD.to_owned(),
        defaults_toml: calendar::DEFAULT_CONFIG,
        decode_row: no_row_decoder,
        single_thread: true,
        make: Box::new(|context| Ok(Box::new(CalendarLoop::open(context)?))),
    };
    run_loops(spec, options)
}

struct CalendarLoop {
    /// Absent until a broker has ended what an earlier writer left open.
    writer: Option<MarkWriter>,
    options: Options,
    first_day: Option<IstDate>,
    first_rulebook: RulebookActivated,
    last: Option<LastMark>,
    /// Whether the last mark has been read since the writer was opened; nothing is planned before.
    last_is_known: bool,
    /// In the mode `commands`, the last day that may be opened.
    commanded: Option<IstDate>,
    kafka: KafkaSettings,
    /// Reads the commands; absent while the broker does not let it.
    commands: Option<TopicFollower>,
    waiting: Vec<PendingCommand>,
    commits: u64,
}

impl CalendarLoop {
    fn open(context: &ThreadContext<'_>) -> Result<Self> {
        let options: Options = context.options.read()?;
        let first_day = match options.clock.first_day.as_str() {
            "" => None,
            text => Some(text.parse().context("option clock.first_day")?),
        };
        let digest = Rulebook::embedded().released_digest().to_owned();
        let kafka = context.settings.kafka_settings()?;
        Ok(Self {
            writer: None,
            kafka,
            commands: None,
            options,
            first_day,
            first_rulebook: RulebookActivated { digest, rows: BTreeMap::new() },
            last: None,
            commanded: None,
            waiting: Vec::new(),
            commits: 0,
            last_is_known: false,
        })
    }

    /// The writer; brokers that do not answer are asked again with the next step.
    fn writer(&mut self) -> Result<&mut MarkWriter, LogError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => MarkWriter::open(&self.kafka, NAME)?,
        };
        Ok(self.writer.insert(writer))
    }

    fn read_last_mark(&mut self) -> Result<(), LogError> {
        let day = |record: &InputRecord| record.header("ce_type") == Some(gst_events::DayOpened::TYPE.0);
        let record = self.writer()?.last(JOURNALS[0].name(), &day)?;
        self.last = match record {
            Some(record) => {
                read_last(&record).map_err(|error| LogError::Fatal(format!("the last mark cannot be read: {error}")))?
            }
            None => None,
        };
        self.last_is_known = true;
        Ok(())
    }

    /// Takes in the commands that came since the last look; true once all that were there before have been read.
    fn read_commands(&mut self) -> Result<bool, LogError> {
        let follower = match &mut self.commands {
            Some(follower) => follower,
            slot @ None => {
                // From the beginning: `OPEN_DAYS` is no mark of its own. What marks carry already is passed over.
                slot.insert(TopicFollower::open(&self.kafka, "calendar.commands", COMMANDS, &BTreeMap::new())?)
            }
        };
        let wait = match self.options.clock.mode {
            // Days are long and commands are rare, yet the process must see a signal within half a second.
            ClockMode::Clock => Duration::from_millis(500),
            // Somebody waits for each day.
            ClockMode::Commands => Duration::from_millis(20),
        };
        let records = follower.look(wait)?;
        let caught_up = follower.caught_up();
        for record in records {
            self.take_command(&record);
        }
        Ok(caught_up)
    }

    fn take_command(&mut self, record: &InputRecord) {
        // What is no command is told by `ingest`, which reads the same topic.
        let Ok(command) = serde_json::from_slice::<OperatorCommand>(&record.value) else { return };
        if command.key != "*" {
            return;
        }
        if let OperatorAction::OpenDays { through } = &command.command {
            self.commanded = self.commanded.max(Some(*through));
        }
        let (partition, offset) = (record.source.partition, record.offset);
        self.waiting.push(PendingCommand { id: record.meta().id, partition, offset, command });
    }

    /// The last day that may be opened now.
    fn through(&self) -> Option<IstDate> {
        match self.options.clock.mode {
            ClockMode::Clock => today(self.options.clock.grace_in_hours),
            ClockMode::Commands => self.commanded,
        }
    }

    fn plan(&self, through: IstDate) -> Result<Plan, String> {
        plan(&PlanInput {
            last: self.last.as_ref(),
            through,
            first_day: self.first_day,
            first_rulebook: &self.first_rulebook,
            commands: &self.waiting,
            days_max: self.options.limits.days_per_transaction_max,
            command_ids_max: self.options.limits.command_ids_max,
        })
        .map_err(|error| error.to_string())
    }

    fn write(&mut self, plan: &Plan) -> Result<Step, String> {
        for refused in &plan.refused {
            tracing::warn!(command = refused.id, code = refused.code, "an operator command for * was refused");
        }
        let records: Vec<_> = plan.marks.iter().map(calendar::PlannedMark::record).collect();
        let topics = JOURNALS.map(gst_events::Topic::name);
        let writer = self.writer().map_err(|error| error.to_string())?;
        match writer.write(&topics, &records) {
            Ok(()) => {
                self.waiting.clear();
                let mut days = plan.marks.iter().filter_map(|planned| match &planned.mark {
                    TakenMark::Day(day) => Some(LastMark {
                        date: day.date,
                        commands: day.commands.clone(),
                        command_offsets: day.command_offsets.clone(),
                    }),
                    TakenMark::Rulebook(_) | TakenMark::DueDate(_) => None,
                });
                self.last = days.next_back().or(self.last.take());
                self.commits += 1;
                Ok(Step::Committed { records: 0, outputs: records.len() as u64 })
            }
            Err(CommitError::Retry(reason)) => {
                tracing::warn!(reason, "marks were not written; trying again");
                Ok(Step::Aborted)
            }
            Err(CommitError::OutcomeUnknown(reason)) => {
                tracing::warn!(reason, "whether marks were written is unknown; reading the last one");
                // The next one is opened with the next step, which may be told to try again.
                self.writer = None;
                self.last_is_known = false;
                Ok(Step::Aborted)
            }
            Err(CommitError::Fenced(reason)) => Err(format!("another calendar is at work: {reason}")),
            Err(CommitError::Fatal(reason)) => Err(reason),
        }
    }
}

/// The day that is due by the clock, some hours after midnight in India.
#[expect(
    clippy::disallowed_methods,
    reason = "the calendar is the one place that turns the clock into a record of the log"
)]
fn today(grace_in_hours: u32) -> Option<IstDate> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let now = IstInstant::from_unix_seconds(i64::try_from(since.as_secs()).ok()?)?;
    Some(day_due(now, grace_in_hours))
}

impl StreamLoop for CalendarLoop {
    fn step(&mut self) -> Result<Step, String> {
        let known = if self.last_is_known { Ok(()) } else { self.read_last_mark() };
        match known.and_then(|()| self.read_commands()) {
            Ok(true) => {}
            Ok(false) => return Ok(Step::Idle),
            Err(LogError::Retry(reason)) => {
                let waits_for = self.waits_for().unwrap_or("the journals");
                tracing::warn!(reason, waits_for, "no day can be opened for now; trying again");
                // A missing topic is told at once; asking again without a pause would fill the log.
                std::thread::sleep(Duration::from_millis(500));
                return Ok(Step::Idle);
            }
            Err(error) => return Err(error.to_string()),
        }
        let planned = match self.through() {
            Some(through) => self.plan(through)?,
            None => Plan::default(),
        };
        if planned.marks.is_empty() { Ok(Step::Idle) } else { self.write(&planned) }
    }

    fn waits_for(&self) -> Option<&'static str> {
        self.writer.is_none().then_some("a broker that lets it write")
    }

    fn status(&self) -> WorkerStatus {
        WorkerStatus {
            worker: NAME.0,
            commits: self.commits,
            outcomes: self.last.iter().map(|last| (format!("OPENED {}", last.date), 1)).collect(),
            ..WorkerStatus::default()
        }
    }

    fn rows(&self, _partition: u32) -> &dyn StateRead {
        &NoRows
    }

    fn partition_count(&mut self) -> Option<u32> {
        self.writer.as_mut()?.reader().partition_count(JOURNALS[0].name()).ok()
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service_kit::{Effective, Layers, Settings};

    #[test]
    fn a_calendar_that_no_broker_answers_tries_on_and_is_not_ready() {
        // Nobody listens where somebody has just listened.
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
        let layers = Layers {
            service_defaults: calendar::DEFAULT_CONFIG,
            flags: vec![format!("kafka.bootstrap_servers={address}")],
            ..Layers::default()
        };
        let options = Effective::from_layers(&layers).unwrap();
        let settings: Settings = options.read().unwrap();
        let context = ThreadContext { thread: 0, settings: &settings, options: &options };
        let mut calendar = CalendarLoop::open(&context).unwrap();
        // It gives the broker 15 s, then the loop looks for a signal to end and tries again.
        assert_eq!(calendar.step(), Ok(Step::Idle));
        assert_eq!(calendar.waits_for(), Some("a broker that lets it write"));
    }
}
