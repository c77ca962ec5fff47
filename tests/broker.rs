//! The whole engine on a real Kafka and Redis, as processes: a year is fed, every worker is killed once in mid-batch,
//! Redis is emptied once, and what comes out, read committed, equals an independent recomputation.
//!
//! Needs the programs (`ITC_ENGINE`, `ITCCTL`) and the addresses (`KAFKA_BOOTSTRAP_SERVERS`, `REDIS_URL`) of a fresh
//! Kafka and Redis, as the gate gives them; without them it says that it is skipped.

#[cfg(test)]
mod operators;
#[cfg(test)]
mod rebalance;

use std::path::PathBuf;
use std::process::Command;

/// Documents of the year: some 250 days with facts, in every kind of document, within minutes.
const DOCUMENTS: &str = "120";

#[expect(clippy::disallowed_methods, reason = "a test finds the gate's Kafka, Redis and programs in its environment")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

struct Broker {
    itcctl: PathBuf,
    kafka: String,
    redis: String,
}

fn broker() -> Option<Broker> {
    Some(Broker {
        itcctl: PathBuf::from(from_environment("ITCCTL")?),
        kafka: from_environment("KAFKA_BOOTSTRAP_SERVERS")?,
        redis: from_environment("REDIS_URL")?,
    })
}

#[test]
fn a_year_with_every_worker_killed_and_redis_emptied_loses_and_doubles_nothing() {
    let Some(broker) = broker() else {
        println!("SKIPPED: no Kafka, Redis and programs are given (ITCCTL, KAFKA_BOOTSTRAP_SERVERS, REDIS_URL)");
        return;
    };
    let output = Command::new(&broker.itcctl)
        .args(["demo", "--kafka", &broker.kafka, "--redis", &broker.redis, "--documents", DOCUMENTS, "--faults"])
        .output()
        .expect("itcctl runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = told.lines().rev().take(12).collect();
    println!("{}", last.iter().rev().copied().collect::<Vec<_>>().join("\n"));
    assert!(output.status.success(), "itcctl demo failed:\n{told}\n{complaints}");
    assert!(told.contains("faults: 9 worker processes killed in mid-batch, Redis emptied 1 times"), "{told}");
    assert!(told.contains("ledger = oracle"), "{told}");
}
