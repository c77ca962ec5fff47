//! What processes have used, as Linux tells it in `/proc`.

use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A clock tick of `/proc/*/stat`: 10 ms on every Linux of today (`USER_HZ` is 100).
const TICK: Duration = Duration::from_millis(10);

/// CPU time of a process so far, its own and the kernel's for it.
pub(super) fn cpu_of(process: u32) -> Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    // Behind the name, which may hold anything, stand the state and then numbers; the 12th and 13th are the times.
    let behind = text.rsplit_once(')').map_or("", |(_, behind)| behind);
    let times = behind.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = times.collect::<Result<Vec<u32>, _>>()?.iter().sum();
    Ok(TICK * ticks)
}

/// The most memory that a process ever held, in KiB.
pub(super) fn peak_memory_of(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("a process without a peak")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Bytes that a folder takes on disk: blocks, because files are laid out larger than they are filled. 0 where there is none.
pub(super) fn disk_of(folder: &Path) -> Result<u64> {
    /// What `stat` counts in, on every Linux.
    const BLOCK: u64 = 512;
    let Ok(entries) = fs::read_dir(folder) else { return Ok(0) };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { disk_of(&entry.path())? } else { metadata.blocks() * BLOCK };
    }
    Ok(bytes)
}

/// The machine in one line: processor, cores, memory, load.
pub(super) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory: u64 =
        field(&read("/proc/meminfo"), "MemTotal").trim_end_matches("kB").trim().parse().unwrap_or_default();
    let load = read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let name = field(&cpu, "model name");
    format!("{name}, {cores} cores, {} GiB of memory, load {load}", memory / (1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_be_looked_at() {
        let process = std::process::id();
        assert!(peak_memory_of(process).unwrap() > 1_000);
        assert!(cpu_of(process).unwrap() < Duration::from_hours(1));
        assert!(machine().contains("cores"));
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(disk_of(&sources).unwrap() > disk_of(&sources.join("bench")).unwrap());
        assert_eq!(disk_of(&sources.join("none")).unwrap(), 0);
    }
}
