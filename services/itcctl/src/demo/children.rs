//! The workers as processes of their own: started with their ports and folders, watched, and ended with the demo.

use anyhow::{Context, Result, bail};
use gst_types::IstDate;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Every worker. The calendar goes by the demo's commands and not by the clock.
pub(crate) const WORKERS: [&str; 9] =
    ["ingest", "filings", "customs", "calendar", "ims", "gstr2b", "payment-timers", "itc-ledger", "audit-evidence"];

/// How long a worker may take to say that it is ready: a group's first assignment takes some seconds.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// How long workers may take to leave after SIGTERM: their own deadline and a little.
const LEAVE_WITHIN: Duration = Duration::from_secs(35);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// An admin page answers at once or not at all.
const PAGE_WITHIN: Duration = Duration::from_secs(10);

/// One worker process.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) log: PathBuf,
    process: Child,
}

/// All worker processes; dropping them ends them.
#[derive(Debug)]
pub(crate) struct Workers {
    pub(crate) list: Vec<Worker>,
    keep: bool,
}

/// What a worker has to be told.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) kafka: String,
    pub(crate) redis: String,
    /// Stores and logs.
    pub(crate) folder: PathBuf,
    /// The `itc-engine` program.
    pub(crate) engine: PathBuf,
    /// The day with which the calendar begins.
    pub(crate) first_day: IstDate,
}

impl Surroundings {
    /// Finds the program beside this one, or where `$ITC_ENGINE` says, and a folder below `$ITC_LOCAL_DIR`.
    #[expect(
        clippy::disallowed_methods,
        reason = "two places of the local demo, which its scripts hand on; no setting of a worker"
    )]
    pub(crate) fn find(kafka: &str, redis: &str, first_day: IstDate) -> Result<Self> {
        let beside = std::env::current_exe()?.with_file_name("itc-engine");
        let engine = std::env::var("ITC_ENGINE").map_or(beside, PathBuf::from);
        if !engine.is_file() {
            bail!("there is no worker program {}: build `itc-engine`, or name it in ITC_ENGINE", engine.display());
        }
        let folder =
            PathBuf::from(std::env::var("ITC_LOCAL_DIR").unwrap_or_else(|_| ".local".to_owned())).join("workers");
        Ok(Self { kafka: kafka.to_owned(), redis: redis.to_owned(), folder, engine, first_day })
    }
}

impl Workers {
    /// Starts every worker with an empty store.
    pub(crate) fn start(surroundings: &Surroundings, is_stopped: &dyn Fn() -> bool) -> Result<Self> {
        if surroundings.folder.exists() {
            fs::remove_dir_all(&surroundings.folder)
                .with_context(|| format!("clearing {}", surroundings.folder.display()))?;
        }
        fs::create_dir_all(&surroundings.folder)?;
        let mut workers = Self { list: Vec::new(), keep: false };
        for name in WORKERS {
            workers.list.push(spawn(name, surroundings)?);
        }
        for worker in &mut workers.list {
            worker.wait_until_ready(is_stopped)?;
        }
        Ok(workers)
    }

    /// Leaves the processes alone when this value goes.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    /// Kills a worker as a crash does and starts it again at the same address, with the store that its disk holds.
    pub(crate) fn kill_and_restart(&mut self, index: usize, surroundings: &Surroundings) -> Result<()> {
        let worker = &mut self.list[index];
        worker.process.kill().with_context(|| format!("killing {}", worker.name))?;
        worker.process.wait()?;
        let log = File::options().append(true).open(&worker.log)?;
        worker.process = start_process(worker.name, worker.address, &log, surroundings)?;
        worker.wait_until_ready(&|| false)
    }

    /// Their process ids.
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.list.iter().map(|worker| worker.process.id()).collect()
    }
}

fn spawn(name: &'static str, surroundings: &Surroundings) -> Result<Worker> {
    // A port that is free now; the worker takes it a moment later.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let log = surroundings.folder.join(format!("{name}.log"));
    let file = File::create(&log)?;
    let process = start_process(name, address, &file, surroundings)?;
    Ok(Worker { name, address, log, process })
}

fn start_process(name: &str, address: SocketAddr, log: &File, surroundings: &Surroundings) -> Result<Child> {
    let store = surroundings.folder.join("store");
    let mut command = Command::new(&surroundings.engine);
    command.arg(name);
    let mut options = vec![
        format!("kafka.bootstrap_servers={}", surroundings.kafka),
        format!("timers.url={}", surroundings.redis),
        format!("store.folder={}", store.display()),
        format!("admin.listen={address}"),
        // The demo waits for every step, so that waiting costs more than companions save.
        "kafka.linger_in_ms=1".to_owned(),
        "worker.poll_wait_in_ms=20".to_owned(),
    ];
    if name == "calendar" {
        options.push("clock.mode=commands".to_owned());
        options.push(format!("clock.first_day={}", surroundings.first_day));
    }
    for option in options {
        command.args(["--set", &option]);
    }
    // A group of its own: Ctrl-C reaches the demo alone, which then ends its workers in order.
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log.try_clone()?))
        .spawn()
        .with_context(|| format!("starting {} {name}", surroundings.engine.display()))
}

impl Worker {
    fn wait_until_ready(&mut self, is_stopped: &dyn Fn() -> bool) -> Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            self.check_running()?;
            if is_stopped() {
                bail!("stopped");
            }
            if self.page("/readyz").is_ok_and(|(code, _)| code == 200) {
                return Ok(());
            }
            if waited >= READY_WITHIN {
                bail!("{} is not ready after {} s; see {}", self.name, READY_WITHIN.as_secs(), self.log.display());
            }
            std::thread::park_timeout(LOOK_AGAIN);
            waited += LOOK_AGAIN;
        }
    }

    /// An error with the end of its log where the process has ended.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, tail(&self.log)),
        }
    }

    /// `/statez`.
    pub(crate) fn state(&self) -> Result<Value> {
        let (code, body) = self.page("/statez").with_context(|| format!("asking {} how it stands", self.name))?;
        if code != 200 {
            bail!("{} answers {code} to /statez", self.name);
        }
        Ok(serde_json::from_str(&body)?)
    }

    fn page(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, PAGE_WITHIN)?;
        stream.set_read_timeout(Some(PAGE_WITHIN))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let code = head.split_whitespace().nth(1).and_then(|code| code.parse().ok()).context("no HTTP status")?;
        Ok((code, unchunked(head, body)))
    }

    /// Asks it to leave.
    fn terminate(&self) {
        // The system's own tool: sending a signal needs no unsafe code then. One that has left already is no trouble.
        let _ = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).stderr(Stdio::null()).status();
    }
}

/// A body that came in chunks, put together.
fn unchunked(head: &str, body: &str) -> String {
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let mut whole = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        let Some(chunk) = after.get(..size).filter(|chunk| !chunk.is_empty()) else { break };
        whole.push_str(chunk);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    whole
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(8).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

impl Drop for Workers {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for worker in &self.list {
            worker.terminate();
        }
        let mut waited = Duration::ZERO;
        while self.list.iter_mut().any(|worker| matches!(worker.process.try_wait(), Ok(None))) {
            if waited >= LEAVE_WITHIN {
                break;
            }
            std::thread::park_timeout(LOOK_AGAIN);
            waited += LOOK_AGAIN;
        }
        for worker in &mut self.list {
            if matches!(worker.process.try_wait(), Ok(None)) {
                let _ = worker.process.kill();
            }
            let _ = worker.process.wait();
        }
    }
}
