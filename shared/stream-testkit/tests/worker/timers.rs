//! The timer index only shows: whatever happens to it, nothing wrong fires and nothing is forgotten.

use crate::toy::{Alarm, JOURNAL, PUBLIC, ToyEvent, date, deposit, fact, open_day, said_by_key};
use stream::{IndexPhase, Processor, WorkerConfig};
use stream_testkit::{SimulatedTimerIndex, TopologyDriver};

fn with_timers() -> TopologyDriver {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[JOURNAL], || Alarm);
    for number in 0..10 {
        let day = if number < 6 { "2025-01-02" } else { "2025-01-04" };
        let event = ToyEvent::Deposited { key: String::new(), amount: number, lines: 0, timer: Some(date(day)) };
        fact(driver.broker(), JOURNAL, &format!("key-{number}"), &format!("f{number}"), &event);
    }
    driver.run_until_idle().unwrap();
    driver
}

fn fired(driver: &TopologyDriver) -> Vec<String> {
    let said = said_by_key(driver, PUBLIC);
    let texts = said.iter().flat_map(|(key, said)| said.iter().map(move |(_, text)| format!("{key} {text}")));
    texts.filter(|text| text.contains("Fired")).collect()
}

fn expected() -> Vec<String> {
    (0..10).map(|number| format!("key-{number} Fired 2025-01-0{} {number}", if number < 6 { 2 } else { 4 })).collect()
}

fn days(driver: &TopologyDriver) {
    for day in date("2025-01-01").iter_days().take(5) {
        open_day(driver.broker(), day);
    }
}

fn index(driver: &mut TopologyDriver) -> SimulatedTimerIndex {
    driver.timer_index(Alarm::NAME).unwrap()
}

#[test]
fn timers_fire_once_on_their_day() {
    let mut driver = with_timers();
    assert_eq!(index(&mut driver).entries(0).len(), 10);
    days(&driver);
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), expected());
    assert_eq!(index(&mut driver).entries(0), [], "what fired is taken from the index");
    assert_eq!(said_by_key(&driver, PUBLIC)["partition 0"].len(), 5, "each day closes once");
}

#[test]
fn a_wrong_index_fires_nothing_wrong_and_forgets_nothing() {
    type Harm = fn(&SimulatedTimerIndex);
    let harms: [(&str, Harm); 4] = [
        ("wiped", SimulatedTimerIndex::wipe),
        ("half lost", SimulatedTimerIndex::lose_half),
        ("falsified", SimulatedTimerIndex::falsify),
        ("rolled back", SimulatedTimerIndex::roll_back),
    ];
    for (name, harm) in harms {
        for restart in [false, true] {
            let mut driver = with_timers();
            harm(&index(&mut driver));
            if restart {
                driver.crash_and_restart(Alarm::NAME, false).unwrap();
            }
            days(&driver);
            driver.run_until_idle().unwrap();
            assert_eq!(fired(&driver), expected(), "{name}, restarted: {restart}");
        }
    }
}

#[test]
fn without_the_index_only_the_firing_of_untouched_keys_waits() {
    let mut driver = with_timers();
    index(&mut driver).set_available(false);
    days(&driver);
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), Vec::<String>::new());
    let status = driver.status(Alarm::NAME).unwrap();
    assert_eq!(status.partitions[0].index, IndexPhase::Unavailable);
    assert_eq!(status.partitions[0].timers_waiting_days, 4, "2 January and the days behind it");
    // A key that is touched is not held up: its days are run for it first.
    fact(driver.broker(), JOURNAL, "key-3", "touch", &deposit(1));
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), ["key-3 Fired 2025-01-02 3"]);
    // A restart in the meantime forgets nothing.
    driver.crash_and_restart(Alarm::NAME, false).unwrap();
    driver.run_until_idle().unwrap();
    index(&mut driver).set_available(true);
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), expected());
    let status = driver.status(Alarm::NAME).unwrap();
    assert_eq!((status.partitions[0].open_jobs, status.partitions[0].index), (0, IndexPhase::InStep));
    let rows = driver.rows(Alarm::NAME, 0).unwrap();
    assert_eq!(rows.range("~key", "~l", 10).unwrap(), [], "rows of keys end with their jobs");
}

#[test]
fn an_index_that_missed_something_is_rebuilt_from_rows_after_a_restart() {
    let mut driver = with_timers();
    index(&mut driver).wipe();
    driver.crash_and_restart(Alarm::NAME, true).unwrap();
    driver.run_until_idle().unwrap();
    assert_eq!(index(&mut driver).entries(0).len(), 10);
}

#[test]
fn an_old_snapshot_leaves_no_day_that_no_row_knows() {
    let mut driver = with_timers();
    index(&mut driver).snapshot();
    days(&driver);
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), expected());
    // Everything has fired, and no row knows these days any more; the snapshot still does.
    index(&mut driver).roll_back();
    assert_eq!(index(&mut driver).entries(0).len(), 10);
    let later = ToyEvent::Deposited { key: String::new(), amount: 7, lines: 0, timer: Some(date("2025-01-09")) };
    fact(driver.broker(), JOURNAL, "key-77", "later", &later);
    driver.run_until_idle().unwrap();
    let left: Vec<String> = index(&mut driver).entries(0).into_iter().map(|entry| entry.key).collect();
    assert_eq!(left, ["key-77"]);
    let repairs = driver.status(Alarm::NAME).unwrap().index_repairs;
    assert_eq!((repairs.rebuilds, repairs.entries_written), (1, 1), "{repairs:?}");
    assert_eq!(fired(&driver), expected(), "nothing fires twice");
}

#[test]
fn an_hour_with_more_timers_than_are_kept_for_the_index_is_made_up_from_rows() {
    let mut driver = TopologyDriver::new(1);
    let config = WorkerConfig { index_backlog_max: 3, ..WorkerConfig::default() };
    driver.add_with(&[JOURNAL], config, || Alarm);
    driver.run_until_idle().unwrap();
    index(&mut driver).set_available(false);
    for number in 0..10 {
        let event =
            ToyEvent::Deposited { key: String::new(), amount: number, lines: 0, timer: Some(date("2025-01-02")) };
        fact(driver.broker(), JOURNAL, &format!("key-{number}"), &format!("f{number}"), &event);
        driver.run_until_idle().unwrap();
    }
    let status = driver.status(Alarm::NAME).unwrap();
    assert_eq!((status.counters().decided, status.partitions[0].lag_in_records), (10, Some(0)), "other work goes on");
    assert_eq!(index(&mut driver).entries(0), []);
    index(&mut driver).set_available(true);
    driver.run_until_idle().unwrap();
    assert_eq!(index(&mut driver).entries(0).len(), 10);
    let repairs = driver.status(Alarm::NAME).unwrap().index_repairs;
    assert_eq!((repairs.rebuilds, repairs.entries_written), (1, 10), "{repairs:?}");
}

#[test]
fn a_day_that_differs_is_counted_when_it_is_repaired() {
    let mut driver = with_timers();
    index(&mut driver).lose_half();
    days(&driver);
    driver.run_until_idle().unwrap();
    assert_eq!(fired(&driver), expected());
    let repairs = driver.status(Alarm::NAME).unwrap().index_repairs;
    assert_eq!((repairs.days_compared, repairs.days_repaired), (5, 2), "{repairs:?}");
}
