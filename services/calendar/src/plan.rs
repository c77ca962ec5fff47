//! Which marks come next.

use crate::marks::{LastMark, PlannedMark, TakenMark};
use gst_events::{DayOpened, OperatorAction, OperatorCommand, RulebookActivated};
use gst_types::{IstDate, IstInstant};

/// A command from the operators' topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommand {
    /// Its `ce_id`.
    pub id: String,
    /// The partition it was read from.
    pub partition: u32,
    /// Its offset there.
    pub offset: i64,
    /// The command.
    pub command: OperatorCommand,
}

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInput<'a> {
    /// The last mark; `None` where none was ever written.
    pub last: Option<&'a LastMark>,
    /// The day up to which days are opened, this one included.
    pub through: IstDate,
    /// The first day of all, where none was opened yet; absent: `through`.
    pub first_day: Option<IstDate>,
    /// The rulebook that is in force from the first mark on.
    pub first_rulebook: &'a RulebookActivated,
    /// Commands behind the position of the last mark, in their order.
    pub commands: &'a [PendingCommand],
    /// Days that one plan opens at most.
    pub days_max: usize,
    /// Ids of commands that marks keep.
    pub command_ids_max: usize,
}

/// A command that `calendar` does not carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCommand {
    /// Its id.
    pub id: String,
    /// Stable code.
    pub code: &'static str,
}

/// The marks to write in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The marks in order; empty where nothing is due.
    pub marks: Vec<PlannedMark>,
    /// Commands that were not carried out; they are taken in all the same.
    pub refused: Vec<RefusedCommand>,
    /// Whether days are left for the next plan.
    pub more: bool,
}

/// Why no plan can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A day range must begin right behind the last day, or a day would be missing from the journals for ever.
    #[error(
        "the first day {first} is not the day behind the last one opened, {last}; days are opened one after the other"
    )]
    FirstDayAfterGap {
        /// The day asked for.
        first: IstDate,
        /// The last day opened.
        last: IstDate,
    },
    /// A range that ends before it begins.
    #[error("the range ends on {through}, before its first day {first}")]
    RangeEndsBeforeItBegins {
        /// The first day.
        first: IstDate,
        /// The last day.
        through: IstDate,
    },
}

impl PlanError {
    /// Stable code for metrics and exit messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstDayAfterGap { .. } => "FIRST_DAY_AFTER_GAP",
            Self::RangeEndsBeforeItBegins { .. } => "RANGE_ENDS_BEFORE_IT_BEGINS",
        }
    }
}

/// The day that is due at an instant: a day opens a grace after midnight.
#[must_use]
pub fn day_due(now: IstInstant, grace_in_hours: u32) -> IstDate {
    let grace_in_seconds = i64::from(grace_in_hours) * 3600;
    IstInstant::from_unix_seconds(now.unix_seconds() - grace_in_seconds).map_or_else(|| now.date(), IstInstant::date)
}

/// The next marks: what commands ask for first, rulebooks before due dates, then each day behind the last one. A command
/// that comes after its day was opened is taken in with that day's mark once more, which workers pass over.
///
/// # Errors
/// [`PlanError`] where the days asked for would leave a gap.
pub fn plan(input: &PlanInput<'_>) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    let mut position = input.last.cloned().unwrap_or_else(|| LastMark {
        date: input.through,
        commands: Vec::new(),
        command_offsets: std::collections::BTreeMap::new(),
    });
    let days = days(input)?;
    plan.more = days.last().is_some_and(|last| *last < input.through);
    if input.last.is_none() {
        let mark = TakenMark::Rulebook(input.first_rulebook.clone());
        plan.marks.push(PlannedMark { id: "calendar/first-rulebook".to_owned(), mark });
    }
    let taken = take_commands(input, &mut position, &mut plan);
    let days = match (days.is_empty(), taken, input.last) {
        (true, true, Some(last)) => vec![last.date],
        (true | false, _, _) => days,
    };
    for date in days {
        let sequence = position.command_offsets.values().sum::<i64>();
        let mark =
            DayOpened { date, commands: position.commands.clone(), command_offsets: position.command_offsets.clone() };
        plan.marks.push(PlannedMark { id: format!("calendar/{date}/{sequence}"), mark: TakenMark::Day(mark) });
    }
    Ok(plan)
}

/// The days to open, one after the other.
fn days(input: &PlanInput<'_>) -> Result<Vec<IstDate>, PlanError> {
    let first = match (input.last, input.first_day) {
        (Some(last), Some(first)) if first > last.date.next() => {
            return Err(PlanError::FirstDayAfterGap { first, last: last.date });
        }
        (Some(last), _) => last.date.next(),
        (None, Some(first)) if first > input.through => {
            return Err(PlanError::RangeEndsBeforeItBegins { first, through: input.through });
        }
        (None, Some(first)) => first,
        (None, None) => input.through,
    };
    let due = std::iter::successors(Some(first), |day| Some(day.next()));
    Ok(due.take_while(|day| *day <= input.through).take(input.days_max).collect())
}

/// Takes the commands in; true where there were any.
fn take_commands(input: &PlanInput<'_>, position: &mut LastMark, plan: &mut Plan) -> bool {
    let mut due_dates = Vec::new();
    let mut any = false;
    for pending in input.commands {
        let read = position.command_offsets.get(&pending.partition).is_some_and(|next| pending.offset < *next);
        if read {
            continue;
        }
        any = true;
        position.command_offsets.insert(pending.partition, pending.offset + 1);
        if pending.command.key != "*" || position.commands.contains(&pending.id) {
            continue;
        }
        position.commands.push(pending.id.clone());
        let id = format!("calendar/{}", pending.id);
        match &pending.command.command {
            OperatorAction::ActivateRulebook { rulebook } => {
                plan.marks.push(PlannedMark { id, mark: TakenMark::Rulebook(rulebook.clone()) });
            }
            OperatorAction::ExtendDueDate { extension } => {
                due_dates.push(PlannedMark { id, mark: TakenMark::DueDate(extension.clone()) });
            }
            // How far days may be opened is the caller's `through`.
            OperatorAction::OpenDays { .. } => {}
            OperatorAction::Release
            | OperatorAction::Drop { .. }
            | OperatorAction::Replay { .. }
            | OperatorAction::Discard { .. } => {
                plan.refused.push(RefusedCommand { id: pending.id.clone(), code: "COMMAND_NEEDS_A_KEY" });
            }
        }
    }
    plan.marks.extend(due_dates);
    let too_many = position.commands.len().saturating_sub(input.command_ids_max);
    position.commands.drain(..too_many);
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_events::{Actor, DueDateExtended};
    use gst_rules::calendar::CalendarItem;
    use std::collections::BTreeMap;

    fn day(text: &str) -> IstDate {
        text.parse().unwrap()
    }

    fn rulebook(digest: &str) -> RulebookActivated {
        RulebookActivated { digest: digest.to_owned(), rows: BTreeMap::new() }
    }

    fn command(id: &str, offset: i64, action: OperatorAction) -> PendingCommand {
        let actor = Actor { subject: "operator".to_owned(), role: None };
        let command = OperatorCommand {
            worker: "calendar".to_owned(),
            key: "*".to_owned(),
            command: action,
            reason: "notification".to_owned(),
            actor,
        };
        PendingCommand { id: id.to_owned(), partition: 0, offset, command }
    }

    fn extension() -> OperatorAction {
        OperatorAction::ExtendDueDate {
            extension: DueDateExtended {
                item: CalendarItem::Gstr1Monthly,
                period: "102025".parse().unwrap(),
                date: day("2025-11-13"),
                entered_at: "2025-11-11T10:00:00".parse().unwrap(),
            },
        }
    }

    fn last(date: &str) -> LastMark {
        LastMark { date: day(date), commands: vec!["c0".to_owned()], command_offsets: BTreeMap::from([(0, 5)]) }
    }

    fn words(plan: &Plan) -> Vec<String> {
        let word = |mark: &PlannedMark| match &mark.mark {
            TakenMark::Rulebook(rulebook) => format!("rulebook {}", rulebook.digest),
            TakenMark::DueDate(extension) => format!("due {}", extension.date),
            TakenMark::Day(opened) => format!("day {}", opened.date),
        };
        plan.marks.iter().map(word).collect()
    }

    fn planned(last: Option<&LastMark>, first: Option<&str>, through: &str, commands: &[PendingCommand]) -> Plan {
        let first_rulebook = rulebook("first");
        let input = PlanInput {
            last,
            through: day(through),
            first_day: first.map(day),
            first_rulebook: &first_rulebook,
            commands,
            days_max: 31,
            command_ids_max: 3,
        };
        plan(&input).unwrap()
    }

    #[test]
    fn the_first_mark_is_a_rulebook_then_days_one_after_the_other() {
        let plan = planned(None, Some("2025-10-30"), "2025-11-01", &[]);
        assert_eq!(words(&plan), ["rulebook first", "day 2025-10-30", "day 2025-10-31", "day 2025-11-01"]);
        assert_eq!(words(&planned(None, None, "2025-11-01", &[])), ["rulebook first", "day 2025-11-01"]);
    }

    #[test]
    fn no_day_is_opened_twice_or_left_out() {
        assert!(planned(Some(&last("2025-11-01")), None, "2025-11-01", &[]).marks.is_empty());
        assert!(planned(Some(&last("2025-11-02")), None, "2025-11-01", &[]).marks.is_empty());
        let plan = planned(Some(&last("2025-01-01")), None, "2025-12-31", &[]);
        assert_eq!((plan.marks.len(), plan.more), (31, true));
        assert_eq!(words(&plan)[0], "day 2025-01-02");
    }

    #[test]
    fn a_range_behind_a_gap_is_refused() {
        let (last, first_rulebook) = (last("2025-11-01"), rulebook("first"));
        let input = PlanInput {
            last: Some(&last),
            through: day("2025-11-09"),
            first_day: Some(day("2025-11-05")),
            first_rulebook: &first_rulebook,
            commands: &[],
            days_max: 31,
            command_ids_max: 3,
        };
        assert_eq!(plan(&input).unwrap_err().code(), "FIRST_DAY_AFTER_GAP");
    }

    #[test]
    fn pd_6_commands_come_before_the_day_and_rulebooks_before_due_dates() {
        let commands = [
            command("c1", 5, extension()),
            command("c2", 6, OperatorAction::ActivateRulebook { rulebook: rulebook("second") }),
        ];
        let plan = planned(Some(&last("2025-11-10")), None, "2025-11-11", &commands);
        assert_eq!(words(&plan), ["rulebook second", "due 2025-11-13", "day 2025-11-11"]);
        let TakenMark::Day(opened) = &plan.marks[2].mark else { panic!("the last mark is a day") };
        assert_eq!(opened.commands, ["c0", "c1", "c2"]);
        assert_eq!(opened.command_offsets, BTreeMap::from([(0, 7)]));
    }

    #[test]
    fn eg_6_a_repeated_command_is_taken_in_once() {
        let commands = [command("c0", 5, extension()), command("c1", 6, extension()), command("c1", 7, extension())];
        let plan = planned(Some(&last("2025-11-11")), None, "2025-11-11", &commands);
        assert_eq!(words(&plan), ["due 2025-11-13", "day 2025-11-11"], "the day's mark again carries the position");
        assert!(planned(Some(&last("2025-11-11")), None, "2025-11-11", &commands[..0]).marks.is_empty());
        let old = [command("c9", 4, extension())];
        assert!(planned(Some(&last("2025-11-11")), None, "2025-11-11", &old).marks.is_empty());
    }

    #[test]
    fn a_command_that_needs_a_key_is_refused() {
        let plan = planned(Some(&last("2025-11-11")), None, "2025-11-11", &[command("c5", 9, OperatorAction::Release)]);
        assert_eq!(plan.refused[0].code, "COMMAND_NEEDS_A_KEY");
        assert_eq!(words(&plan), ["day 2025-11-11"]);
    }

    #[test]
    fn cal_1_a_day_is_due_a_grace_after_midnight_in_india() {
        assert_eq!(day_due("2025-11-12T02:59:59".parse().unwrap(), 3), day("2025-11-11"));
        assert_eq!(day_due("2025-11-12T03:00:00".parse().unwrap(), 3), day("2025-11-12"));
    }

    #[test]
    fn the_last_mark_is_the_memory() {
        let plan = planned(Some(&last("2025-11-10")), None, "2025-11-11", &[command("c1", 5, extension())]);
        let (meta, record) = plan.marks[1].record();
        let input = stream::InputRecord {
            source: stream::SourcePartition { topic: "itc.supplier-journal.v1".into(), partition: 0 },
            offset: 0,
            timestamp_in_ms: None,
            key: None,
            headers: vec![("ce_type".to_owned(), meta.event_type.into_bytes())],
            value: record.value,
        };
        let memory = crate::read_last(&input).unwrap().unwrap();
        assert_eq!((memory.date, memory.command_offsets), (day("2025-11-11"), BTreeMap::from([(0, 6)])));
    }
}
