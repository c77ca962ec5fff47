//! A process that is killed in the middle of a restore goes on from its place when it is started again.

use crate::{Broker, kill, now, terminate};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// Each has a row of its own; with pieces of 500 records the restore takes some seconds.
const ROWS: u32 = 20_000;
const PIECE: u64 = 500;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A group's first assignment takes some seconds, on a busy machine many.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The body of an admin page, `None` while nobody answers, with whether it is good.
fn page(address: SocketAddr, path: &str) -> Option<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some((answer.starts_with("HTTP/1.0 200"), answer))
}

/// A figure of all partitions together.
fn figure(address: SocketAddr, metric: &str) -> u64 {
    let Some((_, metrics)) = page(address, "/metrics") else { return 0 };
    let lines = metrics.lines().filter(|line| line.starts_with(&format!("{metric}{{")));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

fn read_by_restores(address: SocketAddr) -> u64 {
    figure(address, "itc_restored_records_total")
}

struct Started {
    process: Child,
    address: SocketAddr,
}

fn start(broker: &Broker, folder: &Path) -> Started {
    // A port that is free now; the process takes it a moment later.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.expect("a free port");
    let options = [
        ("ADMIN__LISTEN", address.to_string()),
        ("WORKER__POLL_RECORDS_MAX", "1000".to_owned()),
        ("WORKER__RESTORE_RECORDS_MAX", PIECE.to_string()),
        // Each piece reaches the disk: a kill loses only the one under way.
        ("STORE__CHANGES_MAX", "100".to_owned()),
    ];
    std::fs::create_dir_all(folder).expect("a folder");
    Started { process: broker.start("a", folder, &options), address }
}

/// Waits until all is restored; returns how many records that took.
fn restored(started: &Started) -> u64 {
    let deadline = now() + READY_WITHIN;
    while figure(started.address, "itc_restores_total") < 4
        || page(started.address, "/readyz").is_none_or(|(ready, _)| !ready)
    {
        assert!(now() < deadline, "it is not ready");
        std::thread::sleep(LOOK_AGAIN);
    }
    assert_eq!(figure(started.address, "itc_restores_total"), 4, "a restore in pieces counts as one");
    read_by_restores(started.address)
}

#[test]
fn a_restore_that_a_kill_breaks_off_is_gone_on_with_from_its_place() {
    let Some(broker) = Broker::find("a_restore_that_a_kill_breaks_off") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (first, whole_folder, broken) =
        (folder.path().join("first"), folder.path().join("whole"), folder.path().join("broken"));
    broker.publish(ROWS, |number| format!("key-{number}"), |_| b"{}".to_vec());
    let mut started = start(&broker, &first);
    broker.wait_for(ROWS, &first);
    terminate(&mut started.process);

    // A lost disk, undisturbed: what a whole restore reads.
    let mut started = start(&broker, &whole_folder);
    let whole = restored(&started);
    kill(&mut started.process);
    assert!(whole >= u64::from(ROWS), "every row is in the changelog: {whole}");

    // A lost disk, and a kill in the middle of the restore.
    let mut started = start(&broker, &broken);
    let deadline = now() + READY_WITHIN;
    let mut before = 0;
    while before < whole / 4 {
        assert!(now() < deadline, "no restore begins");
        std::thread::sleep(LOOK_AGAIN);
        before = read_by_restores(started.address);
    }
    kill(&mut started.process);
    assert!(before < whole * 9 / 10, "the kill came too late: {before} of {whole}");

    // The same disk: the rest, and nothing twice but what was read between the last look and the kill.
    let mut started = start(&broker, &broken);
    let after = restored(&started);
    println!("a restore of {whole} records: {before} before the kill, {after} after it");
    assert!(after <= whole - before, "what was kept is not read again: {before} and {after} of {whole}");
    assert!(after > 0 && after + before + 20 * PIECE > whole, "nothing is left out: {before} and {after} of {whole}");

    // And the rows are whole: each key goes on counting.
    broker.publish(ROWS, |number| format!("key-{number}"), |_| b"{}".to_vec());
    broker.wait_for(2 * ROWS, &broken);
    terminate(&mut started.process);
    let outputs = broker.outputs();
    let of = |number: &str| outputs.iter().filter(|record| record.value == number.as_bytes()).count();
    let rows = usize::try_from(ROWS).expect("is small");
    assert_eq!((outputs.len(), of("1"), of("2")), (2 * rows, rows, rows));
}
