//! The engine as the demo sees it: facts go in, days are opened, topics are read. Behind it stand real processes on a real
//! Kafka, or the simulated log.

use crate::feed_record::FeedRecord;
use anyhow::Result;
use gst_types::IstDate;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use stream::InputRecord;

/// Where the workers run.
pub(crate) trait Engine {
    /// Feeds records and waits until every worker is at rest.
    fn feed(&mut self, records: &[FeedRecord]) -> Result<()>;

    /// Opens every day up to and including `day` and waits until every worker is at rest.
    fn open_days_to(&mut self, day: IstDate) -> Result<()>;

    /// All committed records of a topic, each key in its order.
    fn read(&mut self, topic: &str) -> Result<Vec<InputRecord>>;
}

/// Feeds the days in their order: the facts of D when D is open and every worker is at rest; days without facts are opened
/// in one go.
pub(crate) fn run_days(
    engine: &mut dyn Engine,
    schedule: &BTreeMap<IstDate, Vec<FeedRecord>>,
    first_day: IstDate,
    last_day: IstDate,
) -> Result<()> {
    let total = u64::try_from(last_day.days_since(first_day) + 1).unwrap_or_default();
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} days, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style).with_message(first_day.to_string());
    for (day, records) in schedule {
        bar.set_message(day.to_string());
        engine.open_days_to(*day)?;
        engine.feed(records)?;
        bar.set_position(u64::try_from(day.days_since(first_day) + 1).unwrap_or_default());
    }
    bar.set_message(last_day.to_string());
    engine.open_days_to(last_day)?;
    bar.finish_and_clear();
    Ok(())
}
