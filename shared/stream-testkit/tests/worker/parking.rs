//! What cannot be decided: panics, broken invariants, unusable records, repeats, undeclared outputs, missing days.

use crate::toy::{Bank, FEED, Gate, JOURNAL, PUBLIC, date, deposit, fact, fact_at, open_day, said, said_by_key};
use stream::{ParkedRow, Processor, Row, RowKey, StateView, WaitingRow, WorkerConfig};
use stream_testkit::{DriverError, TopologyDriver};

fn bank() -> TopologyDriver {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[JOURNAL], || Bank);
    driver
}

fn texts(driver: &TopologyDriver, key: &str) -> Vec<String> {
    let said = said_by_key(driver, PUBLIC);
    said.get(key).into_iter().flatten().map(|(_, text)| text.clone()).collect()
}

#[test]
fn a_panic_parks_its_key_and_others_go_on() {
    for fall in ["panic", "broken"] {
        let mut driver = bank();
        open_day(driver.broker(), date("2025-01-01"));
        fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(1));
        fact(driver.broker(), JOURNAL, "anna", "f2", &said(fall, 0));
        fact(driver.broker(), JOURNAL, "anna", "f3", &deposit(2));
        fact(driver.broker(), JOURNAL, "bert", "f4", &deposit(3));
        open_day(driver.broker(), date("2025-01-02"));
        fact(driver.broker(), JOURNAL, "anna", "f5", &deposit(4));
        driver.run_until_idle().unwrap();
        assert_eq!(texts(&driver, "anna"), ["BalanceChanged 1 1 on Some(2025-01-01)"], "{fall}");
        assert_eq!(texts(&driver, "bert").len(), 2, "the deposit and the line of 2 January");
        assert_eq!(texts(&driver, "partition 0").len(), 2, "days close without the parked key");
        let counters = driver.status(Bank::NAME).unwrap().counters();
        assert_eq!((counters.parked, counters.waiting, counters.gap()), (1, 2, 0));
        let rows = StateView::new(driver.rows(Bank::NAME, 0).unwrap());
        let parked: ParkedRow = rows.get(&stream::parked_key("anna")).unwrap().unwrap();
        assert_eq!((parked.event_id.as_str(), parked.since), ("f2", Some(date("2025-01-01"))));
        assert!(parked.reason.contains("the toy"), "{}", parked.reason);
        let table = RowKey::table(WaitingRow::TABLE).with("anna");
        let waiting: Vec<(RowKey, WaitingRow)> = rows.scan(&table, None, 10).unwrap();
        let told: Vec<_> = waiting.iter().map(|(_, row)| (row.record.offset, row.day.unwrap(), row.job)).collect();
        let (first, second) = (date("2025-01-01"), date("2025-01-02"));
        assert_eq!(told, [(2, first, false), (3, first, false), (5, second, true), (6, second, false)]);
        // It stays parked when the worker starts anew.
        driver.crash_and_restart(Bank::NAME, false).unwrap();
        fact(driver.broker(), JOURNAL, "anna", "f6", &deposit(9));
        driver.run_until_idle().unwrap();
        assert_eq!(texts(&driver, "anna").len(), 1);
        assert_eq!(driver.status(Bank::NAME).unwrap().partitions[0].parked_keys, 1);
    }
}

#[test]
fn at_a_worker_without_rows_a_panic_makes_a_dead_letter() {
    let mut driver = TopologyDriver::new(1);
    driver.add(&[FEED], || Gate);
    fact(driver.broker(), FEED, "anna", "f1", &said("gate-panic", 0));
    fact(driver.broker(), FEED, "anna", "f2", &deposit(1));
    driver.run_until_idle().unwrap();
    let letters = driver.read_all("itc.dead-letters.v1");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].header("itc-dead-letter-code"), Some("PANIC"));
    assert_eq!(letters[0].header("itc-dead-letter-offset"), Some("0"));
    assert_eq!(letters[0].header("ce_id"), Some("f1"), "the record's own headers are kept");
    let passed = driver.read_committed(JOURNAL);
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0].meta().id, "f2/gate/0");
    assert_eq!(passed[0].meta().cause.as_deref(), Some("f2"));
    assert!(passed[0].meta().traceparent.is_some());
    assert!(driver.read_committed(JOURNAL).is_empty(), "it was read before");
}

#[test]
fn what_is_no_event_and_what_is_of_no_use_is_put_aside() {
    let mut driver = bank();
    let headers = [("ce_id", "x"), ("ce_type", "Deposited"), ("itc-class", "fact")];
    driver.publish(JOURNAL, "anna", &headers, b"not json");
    fact(driver.broker(), JOURNAL, "anna", "f1", &said("unusable", 0));
    fact(driver.broker(), JOURNAL, "anna", "f2", &deposit(1));
    driver.publish(JOURNAL, "anna", &[("ce_type", "SomethingElse")], b"{}");
    driver.run_until_idle().unwrap();
    let codes: Vec<_> = driver
        .read_all("itc.dead-letters.v1")
        .iter()
        .map(|letter| letter.header("itc-dead-letter-code").unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["NOT_JSON", "UNUSABLE"]);
    assert_eq!(texts(&driver, "anna").len(), 1);
    let counters = driver.status(Bank::NAME).unwrap().counters();
    assert_eq!((counters.dead_lettered, counters.decided, counters.gap()), (2, 1, 0));
}

#[test]
fn too_large_a_share_of_unusable_records_stops_the_worker() {
    let mut driver = TopologyDriver::new(1);
    let config = WorkerConfig {
        dead_letter_window_in_records: 10,
        dead_letter_share_max_in_percent: 50,
        ..WorkerConfig::default()
    };
    driver.add_with(&[JOURNAL], config, || Bank);
    for number in 0..10 {
        let event = if number % 5 < 3 { said("unusable", 0) } else { deposit(1) };
        fact(driver.broker(), JOURNAL, "anna", &format!("f{number}"), &event);
    }
    let stopped = driver.run_until_idle().unwrap_err().to_string();
    assert!(stopped.contains("6 of the last 10 records were unusable, the limit is 50 %"), "{stopped}");
    assert!(driver.read_all("itc.dead-letters.v1").is_empty(), "the batch is not committed");
}

#[test]
fn an_output_that_is_not_declared_is_refused_by_name() {
    let mut driver = bank();
    fact(driver.broker(), JOURNAL, "anna", "f1", &said("secret", 0));
    let stopped = driver.run_until_idle().unwrap_err().to_string();
    let expected = "bank stopped: bank wrote Secret because of Said, which its table of reactions does not declare";
    assert_eq!(stopped, expected);
    assert!(driver.read_all(PUBLIC).is_empty());
}

#[test]
fn a_fact_that_comes_again_is_ignored_for_as_long_as_the_window_says() {
    let mut driver = TopologyDriver::new(1);
    let config = WorkerConfig { repeat_window_days: 3, ..WorkerConfig::default() };
    driver.add_with(&[JOURNAL], config, || Bank);
    let sent = Some("2025-01-01T20:00:00Z");
    open_day(driver.broker(), date("2025-01-02"));
    for _ in 0..3 {
        // 20:00 UTC is the next day in India, so the window ends with 5 January.
        fact_at(driver.broker(), JOURNAL, "anna", "f1", sent, &deposit(1));
    }
    fact_at(driver.broker(), JOURNAL, "bert", "f1", sent, &deposit(1));
    for day in date("2025-01-03").iter_days().take(3) {
        open_day(driver.broker(), day);
    }
    fact_at(driver.broker(), JOURNAL, "anna", "f1", sent, &deposit(1));
    driver.run_until_idle().unwrap();
    let rows = driver.rows(Bank::NAME, 0).unwrap();
    assert_eq!(rows.range("~seen", "~t", 10).unwrap().len(), 4, "two facts, each with its day");
    open_day(driver.broker(), date("2025-01-06"));
    driver.run_until_idle().unwrap();
    let rows = driver.rows(Bank::NAME, 0).unwrap();
    assert_eq!(rows.range("~seen", "~t", 10).unwrap(), [], "6 January deletes them");
    fact_at(driver.broker(), JOURNAL, "anna", "f1", sent, &deposit(1));
    driver.run_until_idle().unwrap();
    let said = texts(&driver, "anna");
    let of_type = |name: &str| said.iter().filter(|text| text.starts_with(name)).count();
    assert_eq!((of_type("BalanceChanged"), of_type("Repeated")), (1, 3), "{said:?}");
    let letters = driver.read_all("itc.dead-letters.v1");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].header("itc-dead-letter-code"), Some("TOO_OLD_TO_TELL_REPEAT"));
    let counters = driver.status(Bank::NAME).unwrap().counters();
    assert_eq!((counters.duplicate, counters.dead_lettered, counters.gap()), (3, 1, 0));
}

#[test]
fn a_missing_day_halts_the_partition_and_an_old_day_is_ignored() {
    let mut driver = bank();
    for day in ["2025-01-01", "2025-01-02", "2025-01-01", "2025-01-02", "2025-01-03"] {
        open_day(driver.broker(), date(day));
    }
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(1));
    driver.run_until_idle().unwrap();
    assert_eq!(texts(&driver, "partition 0").len(), 3);
    assert_eq!(driver.status(Bank::NAME).unwrap().counters().skipped, 2);
    fact(driver.broker(), JOURNAL, "anna", "f2", &deposit(1));
    open_day(driver.broker(), date("2025-01-05"));
    fact(driver.broker(), JOURNAL, "anna", "f3", &deposit(1));
    let halted = driver.run_until_idle().unwrap_err();
    assert!(matches!(halted, DriverError::Halted { .. }));
    let text = halted.to_string();
    assert!(text.contains("the day 2025-01-05 follows 2025-01-03"), "{text}");
    assert_eq!(texts(&driver, "anna").len(), 2, "what came before the gap is committed, what came behind it is not");
}

#[test]
fn rules_are_kept_in_rows_and_unknown_ones_halt() {
    let mut driver = bank();
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(1));
    let activate = |driver: &mut TopologyDriver, rules: &[u8]| {
        driver.publish(JOURNAL, "", &[("ce_type", "RulebookActivated"), ("itc-class", "mark")], rules);
    };
    activate(&mut driver, b"100");
    driver.run_until_idle().unwrap();
    fact(driver.broker(), JOURNAL, "bert", "f2", &deposit(1));
    driver.run_until_idle().unwrap();
    driver.crash_and_restart(Bank::NAME, false).unwrap();
    open_day(driver.broker(), date("2025-01-01"));
    driver.run_until_idle().unwrap();
    assert_eq!(
        texts(&driver, "anna")[1],
        "Line 2025-01-01 101 0 day Some(2025-01-01)",
        "interest by the rules in force"
    );
    activate(&mut driver, b"nonsense");
    let halted = driver.run_until_idle().unwrap_err().to_string();
    assert!(halted.contains("this build does not know the rulebook that takes effect here"), "{halted}");
}

#[test]
fn skipped_records_commit_their_offsets_only_now_and_then() {
    let mut driver = TopologyDriver::new(1);
    let config = WorkerConfig { skipped_records_max: 10, ..WorkerConfig::default() };
    driver.add_with(&[JOURNAL], config, || Bank);
    for number in 1..=25 {
        driver.publish(JOURNAL, "anna", &[("ce_type", "SomethingElse")], b"{}");
        let report = driver.run_until_idle().unwrap();
        assert_eq!(report.commits, u64::from(number % 10 == 0), "after {number} records");
    }
    assert_eq!(driver.broker().group_offset("bank", JOURNAL, 0), Some(20));
    // Whatever is said later carries the offsets of all before it.
    fact(driver.broker(), JOURNAL, "anna", "f1", &deposit(1));
    driver.run_until_idle().unwrap();
    assert_eq!(driver.broker().group_offset("bank", JOURNAL, 0), Some(26));
    assert_eq!(driver.status(Bank::NAME).unwrap().counters().skipped, 25);
}
