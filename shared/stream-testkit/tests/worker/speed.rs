//! A topology on the simulated log must be quick, because every case of the law runs through one.

use crate::toy::{Alarm, Bank, FEED, Gate, JOURNAL, PUBLIC, date, deposit, fact, open_day, said_by_key};
use stream::Processor;
use stream_testkit::TopologyDriver;

#[test]
fn three_years_of_days_and_150_events_take_few_steps() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[FEED], || Gate);
    driver.add(&[JOURNAL], || Bank);
    driver.add(&[JOURNAL], || Alarm);
    driver.set_mark_writer(|broker: &stream_testkit::SimulatedBroker, day| {
        open_day(broker, day);
        Ok(())
    });
    let first = date("2023-01-01");
    driver.advance_to(first).unwrap();
    let mut steps = 0;
    for (number, day) in (0_u32..150).zip(first.iter_days().step_by(7)) {
        steps += driver.advance_to(day).unwrap().steps;
        fact(driver.broker(), FEED, &format!("key-{}", number % 5), &format!("f{number}"), &deposit(1));
        steps += driver.run_until_idle().unwrap().steps;
    }
    assert_eq!(driver.day(), Some(date("2025-11-09")));
    // Each day: two workers read it, the bank pays interest, and each looks once whether there is more.
    assert!(steps < 1_100 * 12, "{steps} steps");
    assert_eq!(driver.status(Bank::NAME).unwrap().counters().gap(), 0);
    assert_eq!(said_by_key(&driver, PUBLIC)["partition 0"].len(), 2 * 1_044);
}
