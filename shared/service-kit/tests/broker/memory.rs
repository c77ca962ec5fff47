//! A process with small limits reads a burst that is larger than its bound, and stays below it.

use crate::{Broker, kill, now, terminate};
use service_kit::{Effective, Layers, Settings};
use std::time::Duration;

const BURST: u32 = 60_000;
/// 60,000 of them are 468 MiB, more than the bound: whoever keeps what lies in its input passes it.
const VALUE_IN_BYTES: usize = 8 << 10;
/// Values that repeat only far beyond what the compression looks back.
const VALUES: usize = 64;

/// Text that compresses as hexadecimal digests do: to a half.
fn values() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // Marsaglia's xorshift; any numbers do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let value = |next: &mut dyn FnMut() -> u64| -> Vec<u8> {
        (0..VALUE_IN_BYTES / 16).flat_map(|_| format!("{:016x}", next()).into_bytes()).collect()
    };
    (0..VALUES).map(|_| value(&mut next)).collect()
}

/// The most memory that a process has had resident, `None` where the system does not tell.
fn peak_in_bytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

#[test]
fn a_burst_larger_than_its_memory_is_drained_below_the_bound() {
    drain("a_burst_larger_than_its_memory_is_drained_below_the_bound", &values());
}

#[test]
fn a_burst_that_is_small_only_on_the_wire_is_drained_below_the_bound() {
    // What is fetched is counted only when it is unpacked.
    drain("a_burst_that_is_small_only_on_the_wire", &vec![vec![b'x'; VALUE_IN_BYTES]; VALUES]);
}

fn drain(test: &str, values: &[Vec<u8>]) {
    if peak_in_bytes(std::process::id()).is_none() {
        println!("SKIPPED: {test}: /proc tells no VmHWM here");
        return;
    }
    let Some(broker) = Broker::find(test) else { return };
    let options = [
        ("WORKER__POLL_RECORDS_MAX", 500),
        ("WORKER__POLL_BYTES_MAX", 2 << 20),
        ("WORKER__BATCH_CHANGES_MAX", 2_000),
        ("WORKER__BATCH_BYTES_MAX", 1 << 20),
        ("STORE__MEMORY_MAX_IN_BYTES", 1 << 20),
        ("STORE__CACHE_IN_BYTES", 1 << 20),
    ]
    .map(|(name, limit)| (name, limit.to_string()));
    let environment = options.iter().map(|(name, value)| (format!("ITC__{name}"), value.clone())).collect();
    let effective = Effective::from_layers(&Layers { environment, ..Layers::default() }).expect("is good");
    let settings: Settings = effective.read().expect("are of their types");
    let bound = settings.memory_bound_in_bytes();
    let burst = u64::from(BURST) * u64::try_from(VALUE_IN_BYTES).expect("is small");
    assert!(burst > bound, "the burst must not fit into the bound of {bound}");

    let value = |number: u32| values[usize::try_from(number).expect("is small") % VALUES].clone();
    // Every record has a row of its own.
    broker.publish(BURST, |number| format!("key-{number}"), value);
    let folder = tempfile::tempdir().expect("a folder");
    let began = now();
    let mut process = broker.start("a", folder.path(), &options);
    broker.wait_for(BURST, folder.path());
    let took = began.elapsed();
    let peak = peak_in_bytes(process.id());
    if peak.is_some() {
        terminate(&mut process);
    } else {
        kill(&mut process);
    }
    let peak = peak.expect("the process lives");
    println!(
        "a burst of {BURST} records, {} MiB, was drained in {} s with {} MiB at most; the bound is {} MiB",
        burst >> 20,
        took.as_secs(),
        peak >> 20,
        bound >> 20
    );
    assert!(took < Duration::from_secs(150));
    assert!(peak < bound, "{peak} bytes, the bound is {bound}");
}
