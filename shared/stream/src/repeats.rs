//! Facts that come again: recognised by key and id, for as many days as the repeat window says.

use crate::decide::{Case, Progress, is_fact};
use crate::event::{DeadLetter, EventMeta, SourcePartition};
use crate::follow::Place;
use crate::kept::{SeenRow, SeenUntilRow, seen_key, seen_until_key};
use crate::orders::is_replayed;
use crate::partition::Stop;
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::{Cursor, OutcomeKind, Processor};
use crate::row::{Row, RowKey, StateRead, StateView};
use crate::worker::Worker;
use chrono::{DateTime, Days, FixedOffset, NaiveDate};

/// India is 5 h 30 min ahead of UTC, the whole year.
const IST_OFFSET_IN_SECONDS: i32 = 19_800;

/// The code of a dead letter whose repeat could not be told.
pub const TOO_OLD_TO_TELL_REPEAT: &str = "TOO_OLD_TO_TELL_REPEAT";

/// How many ended ids one page deletes.
const EXPIRY_PAGE: usize = 500;

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Decides an event of a key: a fact only once.
    pub(crate) fn decide_event(
        &mut self,
        case: &Case<'_, P::Event>,
        cursor: Option<Cursor>,
        said: u32,
    ) -> Result<Progress, Stop> {
        let prefix = format!("{}/{}", case.meta.id, P::NAME);
        if !is_fact(case.meta) {
            return self.decide_pages(case, &prefix, cursor, said);
        }
        let mut until = last_day_of_repeats(case.meta, case.day, self.config.repeat_window_days);
        if is_replayed(case.record, case.meta) {
            until = until.max(window_from(case.day, self.config.repeat_window_days));
        }
        if cursor.is_none() {
            if case.day.is_some_and(|day| until < day) {
                self.put_aside(case.record, too_old(self.config.repeat_window_days));
                return Ok(Progress::DeadLettered);
            }
            if self.was_seen(case)? {
                return self.repeat(case);
            }
        }
        let progress = self.decide_pages(case, &prefix, cursor, said)?;
        if let Progress::Done(_) = progress {
            let partition = case.record.source.partition;
            self.batch.put(partition, &seen_key(case.key, &case.meta.id), &SeenRow { until });
            self.batch.put(partition, &seen_until_key(until, case.key, &case.meta.id), &SeenUntilRow);
        }
        Ok(progress)
    }

    fn was_seen(&self, case: &Case<'_, P::Event>) -> Result<bool, Stop> {
        let partition = case.record.source.partition;
        let rows = self.batch.view(partition, self.store.rows(partition));
        Ok(StateView::new(&rows).get::<SeenRow>(&seen_key(case.key, &case.meta.id))?.is_some())
    }

    fn repeat(&mut self, case: &Case<'_, P::Event>) -> Result<Progress, Stop> {
        use crate::decide::Decided;
        self.decision_begins();
        let said =
            self.with_context(case, None, |processor, _, context| Ok(processor.repeated(case.event, context)))?;
        let outputs = match said {
            Decided::Decision(outputs) => outputs,
            Decided::Unusable(letter) => {
                self.put_aside(case.record, letter);
                return Ok(Progress::DeadLettered);
            }
            Decided::Broken(reason) => return Ok(Progress::Broken(reason, None, 0)),
        };
        // A repeat stands at a place of its own, so what is said of it has an id of its own.
        let place = case.record.position();
        let prefix = format!("{}/{}/repeated-{}-{}", case.meta.id, P::NAME, place.partition, place.offset);
        let trace = Place::of(case.meta, &prefix, 0);
        for (number, output) in (0_u32..).zip(&outputs) {
            self.say(case.meta, &trace.header, &prefix, number, output)?;
        }
        self.follow(case, &trace, ("DUPLICATE_IGNORED", "EG-6"), outputs.len());
        *self.batch.outcomes.entry(("DUPLICATE_IGNORED", "EG-6")).or_default() += 1;
        Ok(Progress::Done(OutcomeKind::Duplicate))
    }

    /// Deletes a page of ids whose window ended before the partition's day.
    pub(crate) fn expire_page(&mut self, source: &SourcePartition) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get_mut(source) else { return Ok(()) };
        let Some(day) = partition.day else {
            partition.expiry_due = false;
            return Ok(());
        };
        let number = source.partition;
        let rows = self.batch.view(number, self.store.rows(number));
        let table = RowKey::table(SeenUntilRow::TABLE);
        let ended = rows.range(table.as_str(), table.clone().with(day).as_str(), EXPIRY_PAGE)?;
        partition.expiry_due = ended.len() == EXPIRY_PAGE;
        for (key, _) in ended {
            let key = RowKey::from_text(key);
            if let [_, of, id] = key.parts().collect::<Vec<_>>()[..] {
                self.batch.delete(number, &seen_key(of, id));
            }
            self.batch.delete(number, &key);
        }
        Ok(())
    }
}

/// The last day on which a repeat of this fact is recognised: so many days after it was sent, or, where it does not
/// say when, after it came.
fn last_day_of_repeats(meta: &EventMeta, day: Option<NaiveDate>, window_in_days: u32) -> NaiveDate {
    let sent = meta.time.as_deref().and_then(ist_date).or(day);
    window_from(sent, window_in_days)
}

/// The last day of a window that begins with `day`; without a day it never ends. Years of four digits, because days
/// stand in row keys and compare there as text.
pub(crate) fn window_from(day: Option<NaiveDate>, window_in_days: u32) -> NaiveDate {
    let never = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
    day.and_then(|day| day.checked_add_days(Days::new(u64::from(window_in_days)))).map_or(never, |day| day.min(never))
}

fn ist_date(time: &str) -> Option<NaiveDate> {
    let india = FixedOffset::east_opt(IST_OFFSET_IN_SECONDS)?;
    Some(DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&india).date_naive())
}

fn too_old(window_in_days: u32) -> DeadLetter {
    DeadLetter {
        code: TOO_OLD_TO_TELL_REPEAT.to_owned(),
        field: "ce_time".to_owned(),
        rule: "EG-6".to_owned(),
        message: format!(
            "it was sent more than {window_in_days} days ago, so it cannot be told whether it was decided before"
        ),
        part: None,
    }
}
