//! The rows of running workers, over their admin pages (`GET /rows/{table}`), and the timer index in Redis.
//!
//! A worker's partitions lie with several processes; the one that has the taxpayer's answers, the others say 421. Pages are
//! bounded, and a busy process is asked again.

use super::source::{DueTotals, PAYMENT_TIMERS, Rows, Source, Standing};
use crate::http;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use data_encoding::HEXLOWER;
use gst_types::{IstDate, Paise, RecipientGstin};
use serde::Deserialize;
use service_kit::{Effective, Layers};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;
use stream::{StateError, StateRead, WorkerName};
use stream_timers::{RedisSettings, RedisTimerIndex};

/// Every option of `itcctl` with its default, commented.
pub const DEFAULT_CONFIG: &str = include_str!("../../config/default.toml");

/// A worker answers within its own 5 s or says that it is busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A busy process is asked again this many times, so often; a restore or a long step takes seconds.
const ASKED_AGAIN_MAX: u32 = 20;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Rows of one page: what a worker gives at most by default.
const PAGE: usize = 500;

/// How to find the workers.
#[derive(Debug, Clone, Default, Args)]
pub struct LiveArguments {
    /// A configuration file that says where the workers' admin pages are: [workers] ims = "HOST:PORT" and so on.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where the workers are")]
    pub config: Option<PathBuf>,
    /// One option, such as `workers.ims=127.0.0.1:9101`; wins over the file and over `ITC__WORKERS__IMS`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", help_heading = "Where the workers are")]
    pub set: Vec<String>,
}

/// Running workers as a source.
#[derive(Clone)]
pub struct LiveSource {
    addresses: BTreeMap<String, String>,
    redis: RedisSettings,
}

impl std::fmt::Debug for LiveSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LiveSource").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Options {
    workers: BTreeMap<String, String>,
    timers: service_kit::Timers,
}

/// One answer of `/rows`.
#[derive(Deserialize)]
struct Page {
    partition: u32,
    as_of_offset: Option<i64>,
    #[serde(default)]
    day: Option<IstDate>,
    rows: Vec<PageRow>,
    more: bool,
}

#[derive(Deserialize)]
struct PageRow {
    key: String,
    value: String,
}

/// What one process said.
enum Answer {
    Page(Page),
    /// The rows are with another process; its words.
    Elsewhere(String),
    Busy(String),
}

impl LiveSource {
    /// Reads where the workers are; nobody is asked yet.
    ///
    /// # Errors
    /// A message that names the layer and the key that is wrong.
    pub fn open(arguments: &LiveArguments) -> Result<Self> {
        let effective = Effective::from_layers(&Layers {
            service_defaults: DEFAULT_CONFIG,
            file: arguments.config.as_deref(),
            environment: std::env::vars().collect(),
            flags: arguments.set.clone(),
        })?;
        let options: Options = effective.read()?;
        Ok(Self { addresses: options.workers, redis: options.timers.settings() })
    }

    fn addresses(&self, worker: WorkerName) -> Result<Vec<SocketAddr>> {
        let option = option_of(worker);
        let text = self.addresses.get(&option).map(String::as_str).unwrap_or_default();
        let key = format!("workers.{option}");
        let variable = format!("ITC__WORKERS__{}", option.to_uppercase());
        if text.trim().is_empty() {
            bail!(
                "where the admin pages of {worker} are is not known: say --set {key}=HOST:PORT, name a file with --config, \
                 or set {variable} (the worker's option admin.listen says where it serves them)"
            );
        }
        let mut found = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let part = part.trim_start_matches("http://").trim_end_matches('/');
            let resolved = part.to_socket_addrs().with_context(|| format!("{key}: {part} is no HOST:PORT"))?;
            found.extend(resolved);
        }
        Ok(found)
    }
}

impl Source for LiveSource {
    fn rows<'s>(&'s self, worker: WorkerName, recipient: RecipientGstin) -> Result<Box<dyn Rows + 's>> {
        Ok(Box::new(LiveRows {
            worker,
            addresses: RefCell::new(self.addresses(worker)?),
            key: recipient.to_string(),
            standing: Cell::new(Standing::default()),
        }))
    }

    fn due_days(&self) -> Result<BTreeMap<IstDate, DueTotals>> {
        let mut partitions = BTreeSet::new();
        for address in self.addresses(PAYMENT_TIMERS)? {
            partitions.extend(self.partitions_of(address)?);
        }
        let mut index = RedisTimerIndex::open(&self.redis).context("timers.url")?;
        let mut days: BTreeMap<IstDate, DueTotals> = BTreeMap::new();
        for partition in partitions {
            let of_partition = index.days(partition).map_err(|error| {
                anyhow!("the timer index does not answer: {error}; say --set timers.url=redis://HOST:PORT")
            })?;
            for (day, totals) in of_partition {
                let due = days.entry(IstDate::from_naive(day)).or_default();
                due.recipients += totals.keys;
                due.documents += totals.documents;
                due.credit_at_stake += Paise::new(totals.credit_at_stake_in_paise);
            }
        }
        Ok(days)
    }
}

impl LiveSource {
    /// The partitions that a process of `payment-timers` says it has.
    fn partitions_of(&self, address: SocketAddr) -> Result<Vec<u32>> {
        let answer = http::get(address, "/statez", ANSWER_WITHIN);
        let answer = answer.map_err(|error| unreachable_worker(PAYMENT_TIMERS, &address, &error))?;
        let state: serde_json::Value =
            serde_json::from_str(&answer.body).with_context(|| format!("{address} answers no /statez"))?;
        let threads = state["threads"].as_array().into_iter().flatten();
        let partitions = threads.flat_map(|thread| thread["status"]["partitions"].as_array().into_iter().flatten());
        Ok(partitions.filter_map(|one| one["partition"].as_u64()?.try_into().ok()).collect())
    }
}

/// The option that says where a worker is; an environment variable takes no hyphen.
pub(crate) fn option_of(worker: WorkerName) -> String {
    worker.0.replace('-', "_")
}

fn unreachable_worker(worker: WorkerName, address: &SocketAddr, error: &anyhow::Error) -> anyhow::Error {
    anyhow!(
        "the worker {worker} cannot be reached at {address}: {error:#}; start it, or say where it is with --set \
         workers.{}=HOST:PORT",
        option_of(worker)
    )
}

struct LiveRows {
    worker: WorkerName,
    /// The one that answered comes first.
    addresses: RefCell<Vec<SocketAddr>>,
    key: String,
    standing: Cell<Standing>,
}

impl LiveRows {
    fn page(&self, from: &str, to: &str, limit: usize) -> Result<Page> {
        let addresses = self.addresses.borrow().clone();
        let mut told = Vec::new();
        for (place, address) in addresses.iter().enumerate() {
            match self.ask(address, from, to, limit) {
                Ok(Answer::Page(page)) => {
                    self.addresses.borrow_mut().swap(0, place);
                    return Ok(page);
                }
                Ok(Answer::Elsewhere(words)) => told.push(format!("{address}: {words}")),
                Ok(Answer::Busy(words)) => bail!("the worker {} at {address} does not answer: {words}", self.worker),
                // One of several may be down while another has the rows.
                Err(error) if addresses.len() > 1 => told.push(format!("{error:#}")),
                Err(error) => return Err(error),
            }
        }
        bail!(
            "no process of {} that was asked has this taxpayer's rows; name them all in workers.{}, separated by commas ({})",
            self.worker,
            option_of(self.worker),
            told.join("; ")
        )
    }

    /// Asks one process, again while it is busy.
    fn ask(&self, address: &SocketAddr, from: &str, to: &str, limit: usize) -> Result<Answer> {
        let mut asked = 0;
        loop {
            match self.ask_once(address, from, to, limit)? {
                Answer::Busy(_) if asked < ASKED_AGAIN_MAX => {
                    asked += 1;
                    std::thread::park_timeout(ASK_AGAIN_AFTER);
                }
                answer => return Ok(answer),
            }
        }
    }

    fn ask_once(&self, address: &SocketAddr, from: &str, to: &str, limit: usize) -> Result<Answer> {
        let table = encoded(from.split('|').next().unwrap_or_default());
        let (key, from, to) = (encoded(&self.key), encoded(from), encoded(to));
        let path = format!("/rows/{table}?key={key}&raw=true&from={from}&to={to}&limit={limit}");
        let answer = http::get(address, &path, ANSWER_WITHIN);
        let http::Answer { status, body } = answer.map_err(|error| unreachable_worker(self.worker, address, &error))?;
        match status {
            200 => {
                let page = serde_json::from_str(&body).with_context(|| {
                    format!("{address} answers, but not as a worker of this build does; is it {}?", self.worker)
                })?;
                Ok(Answer::Page(page))
            }
            421 => {
                let words: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
                Ok(Answer::Elsewhere(words["message"].as_str().unwrap_or("not here").to_owned()))
            }
            503 => Ok(Answer::Busy(body.trim().to_owned())),
            _ => bail!("{address} answers {status} where rows of {} are asked: {}", self.worker, body.trim()),
        }
    }

    fn see(&self, page: &Page) {
        let mut standing = self.standing.get();
        standing.day = page.day.or(standing.day);
        standing.partition = Some(page.partition);
        if let Some(offset) = page.as_of_offset {
            standing.offsets = Some((standing.offsets.map_or(offset, |(first, _)| first), offset));
        }
        self.standing.set(standing);
    }

    fn read_range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>> {
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        let mut from = from.to_owned();
        while found.len() < limit {
            let page = self.page(&from, to, (limit - found.len()).min(PAGE))?;
            self.see(&page);
            let more = page.more;
            for row in page.rows {
                let value = HEXLOWER.decode(row.value.as_bytes()).context("a row is not written in hexadecimal")?;
                found.push((row.key, value));
            }
            match found.last() {
                Some((key, _)) if more => from = format!("{key}\u{0}"),
                Some(_) | None => break,
            }
        }
        Ok(found)
    }
}

/// A text as a part of a URL.
fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

impl StateRead for LiveRows {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.range(key, &format!("{key}\u{0}"), 1)?.pop().map(|(_, value)| value))
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        self.read_range(from, to, limit).map_err(|error| StateError::Store(format!("{error:#}")))
    }
}

impl Rows for LiveRows {
    fn standing(&self) -> Standing {
        self.standing.get()
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::{IMS, read};
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A process that gives these answers, one a connection, and says what it was asked.
    fn process(answers: Vec<(u16, String)>) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has an address");
        let serve = move || {
            let answer = |(status, body): (u16, String)| {
                let (mut stream, _) = listener.accept().expect("is asked");
                let mut lines = BufReader::new(stream.try_clone().expect("clones")).lines();
                let asked = lines.next().expect("a request").expect("is text");
                while !lines.next().expect("a header").expect("is text").is_empty() {}
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                    .expect("answers");
                asked
            };
            answers.into_iter().map(answer).collect()
        };
        (address, std::thread::spawn(serve))
    }

    fn source(addresses: &str) -> LiveSource {
        let set = vec![format!("workers.ims={addresses}")];
        LiveSource::open(&LiveArguments { config: None, set }).expect("opens")
    }

    fn ask(source: &LiveSource) -> Result<Vec<(String, Vec<u8>)>> {
        let rows = source.rows(IMS, "27AABCT1234D1ZU".parse().expect("a GSTIN"))?;
        let found = read(rows.as_ref(), |view| view.raw().range("t|a|", "t|a}", 3))?;
        assert_eq!(rows.standing().day, Some("2025-04-01".parse().expect("a day")));
        assert_eq!(rows.standing().offsets, Some((7, 8)));
        Ok(found)
    }

    fn page(rows: &str, offset: u32, more: bool) -> String {
        format!(r#"{{"partition":1,"as_of_offset":{offset},"day":"2025-04-01","rows":[{rows}],"more":{more}}}"#)
    }

    #[test]
    fn pages_are_read_to_the_end_from_the_process_that_has_the_partition() {
        let elsewhere = (421, r#"{"message":"partition 1 is with ims-1 on /10.0.0.2"}"#.to_owned());
        let (first, asked_first) = process(vec![elsewhere]);
        let (second, asked) = process(vec![
            (503, "the stream thread is busy, ask again".to_owned()),
            (200, page(r#"{"key":"t|a|1|","value":"01"},{"key":"t|a|2|","value":"02ff"}"#, 7, true)),
            (200, page(r#"{"key":"t|a|3|","value":""}"#, 8, false)),
        ]);
        let found = ask(&source(&format!("{first}, {second}"))).expect("answers");
        let expected = [("t|a|1|", vec![1]), ("t|a|2|", vec![2, 255]), ("t|a|3|", vec![])];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value)));
        asked_first.join().expect("ends");
        let asked = asked.join().expect("ends");
        let start = "GET /rows/t?key=27AABCT1234D1ZU&raw=true&from=";
        assert!(asked.iter().all(|line| line.starts_with(start)), "{asked:?}");
        assert!(asked[1].contains("from=t%7Ca%7C&to=t%7Ca%7D&limit=3"), "{}", asked[1]);
        assert!(asked[2].contains("from=t%7Ca%7C2%7C%00&to=t%7Ca%7D&limit=1"), "{}", asked[2]);
    }

    #[test]
    fn who_cannot_be_asked_is_named_with_what_to_do() {
        let refused = |addresses: &str| format!("{:#}", ask(&source(addresses)).expect_err("has no answer"));
        let unknown = refused("");
        assert!(unknown.contains("--set workers.ims=HOST:PORT") && unknown.contains("ITC__WORKERS__IMS"), "{unknown}");
        let nobody = refused("127.0.0.1:1");
        assert!(nobody.starts_with("the worker ims cannot be reached at 127.0.0.1:1"), "{nobody}");
        assert!(nobody.contains("start it, or say where it is with --set workers.ims=HOST:PORT"), "{nobody}");
        let (only, _asked) = process(vec![(421, r#"{"message":"partition 1 is with ims-1 on /10.0.0.2"}"#.to_owned())]);
        let elsewhere = refused(&only.to_string());
        assert!(elsewhere.contains("ims-1 on /10.0.0.2") && elsewhere.contains("workers.ims"), "{elsewhere}");
        let (other, _asked) = process(vec![(200, "hello".to_owned())]);
        assert!(refused(&other.to_string()).contains("not as a worker of this build does"));
        assert!(refused("no port").contains("workers.ims: no port is no HOST:PORT"));
        let set = vec!["workers.imz=a:1".to_owned()];
        let mistyped = LiveSource::open(&LiveArguments { config: None, set }).expect_err("is refused").to_string();
        assert!(mistyped.contains("did you mean `workers.ims`?"), "{mistyped}");
    }
}
