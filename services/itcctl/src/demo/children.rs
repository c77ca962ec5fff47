//! The workers as processes of their own: started with their ports and folders, watched, and ended with the demo; or
//! somebody else's, found at their addresses.

use crate::http;
use anyhow::{Context, Result, bail};
use gst_types::IstDate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
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
    /// Absent where somebody else started it.
    process: Option<Process>,
}

/// A process that the demo started.
#[derive(Debug)]
struct Process {
    child: Child,
    log: PathBuf,
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
    /// Further options of every worker, `key=value`.
    pub(crate) options: Vec<String>,
}

/// The demo waits for every step, so that waiting costs more than companions save.
const HURRIED: [&str; 2] = ["kafka.linger_in_ms=1", "worker.poll_wait_in_ms=20"];

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
        let options = HURRIED.map(str::to_owned).to_vec();
        Ok(Self { kafka: kafka.to_owned(), redis: redis.to_owned(), folder, engine, first_day, options })
    }

    /// Where all workers keep their stores.
    fn stores(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Where one worker keeps its stores.
    pub(crate) fn store_of(&self, worker: &str) -> PathBuf {
        self.stores().join(worker)
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
        Self::start_some(&WORKERS, surroundings, is_stopped)
    }

    /// Starts some workers, with what their stores hold, and waits until they are ready.
    pub(crate) fn start_some(
        names: &[&'static str],
        surroundings: &Surroundings,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let mut workers = Self::spawn_some(names, surroundings)?;
        for worker in &mut workers.list {
            worker.wait_until_ready(is_stopped)?;
        }
        Ok(workers)
    }

    /// Starts some workers and waits for nothing.
    pub(crate) fn spawn_some(names: &[&'static str], surroundings: &Surroundings) -> Result<Self> {
        let mut workers = Self { list: Vec::new(), keep: false };
        for name in names {
            workers.list.push(spawn(name, surroundings)?);
        }
        Ok(workers)
    }

    /// Workers that run already, `name=HOST:PORT` each: every one of [`WORKERS`], once.
    pub(crate) fn attach(addresses: &[String], is_stopped: &dyn Fn() -> bool) -> Result<Self> {
        let mut found = BTreeMap::new();
        for text in addresses {
            let (name, address) = text.split_once('=').with_context(|| format!("{text} is not NAME=HOST:PORT"))?;
            let mut resolved =
                address.to_socket_addrs().with_context(|| format!("the address of {name}, {address}"))?;
            let address = resolved.next().with_context(|| format!("{address} has no address"))?;
            if found.insert(name, address).is_some() {
                bail!("{name} is named twice");
            }
        }
        let mut list = Vec::new();
        for name in WORKERS {
            let address = found.remove(name).with_context(|| format!("the address of {name} is missing"))?;
            list.push(Worker { name, address, process: None });
        }
        if let Some(name) = found.keys().next() {
            bail!("there is no worker {name}; there are {}", WORKERS.join(", "));
        }
        let mut workers = Self { list, keep: false };
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
        let Some(process) = &mut worker.process else { bail!("{} was not started by the demo", worker.name) };
        process.child.kill().with_context(|| format!("killing {}", worker.name))?;
        process.child.wait()?;
        let log = File::options().append(true).open(&process.log)?;
        process.child = start_process(worker.name, worker.address, &log, surroundings)?;
        worker.wait_until_ready(&|| false)
    }

    /// Their process ids.
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.list.iter().filter_map(Worker::id).collect()
    }
}

fn spawn(name: &'static str, surroundings: &Surroundings) -> Result<Worker> {
    // A port that is free now; the worker takes it a moment later.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let log = surroundings.folder.join(format!("{name}.log"));
    let file = File::create(&log)?;
    let child = start_process(name, address, &file, surroundings)?;
    Ok(Worker { name, address, process: Some(Process { child, log }) })
}

fn start_process(name: &str, address: SocketAddr, log: &File, surroundings: &Surroundings) -> Result<Child> {
    let mut command = Command::new(&surroundings.engine);
    command.arg(name);
    let mut options = vec![
        format!("kafka.bootstrap_servers={}", surroundings.kafka),
        format!("timers.url={}", surroundings.redis),
        format!("store.folder={}", surroundings.stores().display()),
        format!("admin.listen={address}"),
    ];
    options.extend(surroundings.options.iter().cloned());
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
            if self.is_ready() {
                return Ok(());
            }
            if waited >= READY_WITHIN {
                bail!("{} is not ready after {} s; see {}", self.name, READY_WITHIN.as_secs(), self.log());
            }
            std::thread::park_timeout(LOOK_AGAIN);
            waited += LOOK_AGAIN;
        }
    }

    /// An error with the end of its log where the process has ended.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        match process.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, tail(&process.log)),
        }
    }

    /// Its process, where we started it.
    pub(crate) fn id(&self) -> Option<u32> {
        Some(self.process.as_ref()?.child.id())
    }

    /// Whether it says that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        http::get(self.address, "/readyz", PAGE_WITHIN).is_ok_and(|answer| answer.status == 200)
    }

    /// Where its log is, in words.
    pub(crate) fn log(&self) -> String {
        self.process.as_ref().map_or_else(|| format!("the log of {}", self.name), |it| it.log.display().to_string())
    }

    /// `/statez`.
    pub(crate) fn state(&self) -> Result<Value> {
        let answer = http::get(self.address, "/statez", PAGE_WITHIN)
            .with_context(|| format!("asking {} how it stands", self.name))?;
        if answer.status != 200 {
            bail!("{} answers {} to /statez", self.name, answer.status);
        }
        Ok(serde_json::from_str(&answer.body)?)
    }

    /// Asks it to leave.
    fn terminate(&self) {
        let Some(process) = &self.process else { return };
        // The system's own tool: sending a signal needs no unsafe code then. One that has left already is no trouble.
        let _ = Command::new("kill").arg("-TERM").arg(process.child.id().to_string()).stderr(Stdio::null()).status();
    }

    fn has_left(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| !matches!(process.child.try_wait(), Ok(None)))
    }
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
        while !self.list.iter_mut().all(Worker::has_left) {
            if waited >= LEAVE_WITHIN {
                break;
            }
            std::thread::park_timeout(LOOK_AGAIN);
            waited += LOOK_AGAIN;
        }
        for process in self.list.iter_mut().filter_map(|worker| worker.process.as_mut()) {
            if matches!(process.child.try_wait(), Ok(None)) {
                let _ = process.child.kill();
            }
            let _ = process.child.wait();
        }
    }
}
