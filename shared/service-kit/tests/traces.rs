//! Spans leave a process by OTLP over gRPC and arrive at a collector, and a collector that is away or silent holds up no
//! decision. The collector listens on loopback; the process is this test program, started again, on a simulated log.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test, and the process tells its parent what it has done"
)]

mod counter;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Response};
use counter::{Counter, INPUT, NAME, OUTPUT, headers};
use h2::server::SendResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use service_kit::{LoopSpec, RunOptions, StreamLoop, no_row_decoder, run_loops};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use stream::{DecisionWatch, StateRead, Step, Worker, WorkerConfig, WorkerStatus};
use stream_testkit::{MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex};

const GSTIN: &str = "29AAGCB7383J1Z4";
/// Who sent the feed's record.
const SENDER: &str = "b7ad6b7169203331";

#[expect(clippy::disallowed_methods, reason = "the process is told by its parent what to do")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "a test measures how long decisions take")]
fn now() -> Instant {
    Instant::now()
}

/// The worker on a simulated log; it ends when it has decided everything.
struct Simulated {
    worker: Worker<Counter, SimulatedLog, MemoryStore, SimulatedTimerIndex>,
    broker: SimulatedBroker,
    records: u32,
    began: Instant,
}

impl Simulated {
    fn with(records: u32) -> Self {
        let broker = SimulatedBroker::new(1);
        for number in 1..=records {
            let mut headers = headers(&format!("id-{number}"));
            headers.push(("traceparent".to_owned(), format!("00-{number:032x}-{SENDER}-01").into_bytes()));
            broker.publish(INPUT, GSTIN, headers, GSTIN.as_bytes().to_vec());
        }
        let settings = SimulatedLogSettings {
            worker: NAME,
            member: "a".to_owned(),
            transactional_id: "a".to_owned(),
            inputs: vec![INPUT.to_owned()],
        };
        let log = SimulatedLog::new(&broker, settings);
        let mut config = WorkerConfig::default();
        config.poll.records_max = 100;
        let worker = Worker::new(Counter, log, MemoryStore::new(), SimulatedTimerIndex::new(), config);
        Self { worker, broker, records, began: now() }
    }
}

impl StreamLoop for Simulated {
    fn step(&mut self) -> Result<Step, String> {
        let step = self.worker.step().map_err(|error| error.to_string())?;
        if step == Step::Idle {
            let outputs = self.broker.read_committed(OUTPUT, &mut BTreeMap::new()).len();
            assert_eq!(outputs, usize::try_from(self.records).expect("is small"));
            println!("decided in {} ms", self.began.elapsed().as_millis());
            return Err("everything is decided".to_owned());
        }
        Ok(step)
    }

    fn status(&self) -> WorkerStatus {
        self.worker.status()
    }

    fn rows(&self, partition: u32) -> &dyn StateRead {
        self.worker.rows(partition)
    }

    fn partition_count(&mut self) -> Option<u32> {
        Some(1)
    }

    fn watch_decisions(&mut self, watch: Box<dyn DecisionWatch>) {
        self.worker.watch_decisions(watch);
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}

/// The process under test. Without its variable it is no process and nothing is tested.
#[test]
fn the_process() {
    let Some(records) = variable("ITC_TEST_RECORDS") else { return };
    let records = records.parse().expect("a number");
    let spec = LoopSpec {
        name: NAME.to_string(),
        input: None,
        build: "test".to_owned(),
        defaults_toml: "",
        decode_row: no_row_decoder,
        single_thread: true,
        make: Box::new(move |_| Ok(Box::new(Simulated::with(records)))),
    };
    run_loops(spec, &RunOptions::default()).expect("runs");
}

/// Runs the process to its end; returns how long its decisions took, and what it logged.
fn decide(records: u32, collector: SocketAddr) -> (Duration, String) {
    let ran = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "the_process", "--nocapture"])
        .env("ITC_TEST_RECORDS", records.to_string())
        .env("ITC__TRACES__OTLP_ENDPOINT", format!("http://{collector}"))
        .env("ITC__ADMIN__LISTEN", "")
        .output()
        .expect("runs");
    let (told, log) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let took = told.lines().find_map(|line| line.rsplit_once("decided in ")?.1.strip_suffix(" ms")?.parse().ok());
    let Some(took) = took else { panic!("it did not come to its end: {told}\n{log}") };
    (Duration::from_millis(took), log.into_owned())
}

/// What a collector was sent: requests as they came.
type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

/// A collector that takes everything.
fn collector() -> (SocketAddr, Sent) {
    let sent = Sent::default();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("is set");
    let (address, taken) = (listener.local_addr().expect("an address"), Arc::clone(&sent));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("listens");
            while let Ok((socket, _)) = listener.accept().await {
                let taken = Arc::clone(&taken);
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(socket).await.expect("speaks HTTP/2");
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(take(request.into_body(), respond, Arc::clone(&taken)));
                    }
                });
            }
        });
    });
    (address, sent)
}

/// One request of gRPC: a byte that says whether it is compressed, four of its length, the message.
async fn take(mut body: h2::RecvStream, mut respond: SendResponse<Bytes>, taken: Sent) {
    let mut message = Vec::new();
    while let Some(Ok(chunk)) = body.data().await {
        let _ = body.flow_control().release_capacity(chunk.len());
        message.extend_from_slice(&chunk);
    }
    assert_eq!(message.first(), Some(&0), "is not compressed");
    taken.lock().unwrap_or_else(PoisonError::into_inner).push(message.split_off(5));
    let answer = Response::builder().header("content-type", "application/grpc").body(()).expect("an answer");
    let mut stream = respond.send_response(answer, false).expect("answers");
    stream.send_data(Bytes::from_static(&[0; 5]), false).expect("answers");
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers).expect("answers");
}

fn spans(requests: &[Vec<u8>]) -> Vec<Span> {
    let requests = requests.iter().map(|bytes| ExportTraceServiceRequest::decode(bytes.as_slice()).expect("is OTLP"));
    let resources = requests.flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

#[test]
fn spans_arrive_in_the_trace_of_their_feed_record_and_without_a_gstin() {
    const RECORDS: u32 = 300;
    let (address, sent) = collector();
    let (_, log) = decide(RECORDS, address);
    let requests = sent.lock().expect("is not poisoned").clone();
    let spans = spans(&requests);
    let sender: Vec<u8> = (u64::from_str_radix(SENDER, 16).expect("a number")).to_be_bytes().into();
    let mut traces: Vec<Vec<u8>> = spans.iter().map(|span| span.trace_id.clone()).collect();
    traces.sort();
    let expected: Vec<Vec<u8>> = (1..=u128::from(RECORDS)).map(|number| number.to_be_bytes().into()).collect();
    assert_eq!(traces, expected, "one span a record, in its trace; the process said: {log}");
    for span in &spans {
        assert_eq!(span.parent_span_id, sender, "it follows from what the sender did");
        assert_eq!(span.name, "test-process Counted");
        let has = |key: &str| span.attributes.iter().any(|attribute| attribute.key == key);
        assert!(has("itc.outcome") && has("itc.rule") && has("messaging.kafka.offset"), "{span:?}");
    }
    let inner = &GSTIN.as_bytes()[2..12];
    let shown = requests.iter().any(|request| request.windows(inner.len()).any(|window| window == inner));
    assert!(!shown, "a GSTIN is in what was sent");
}

/// More than the queue takes, and forty requests: each of them waits five seconds for a collector that is silent.
const MANY: u32 = 20_000;
/// Measured: 1 s. Had decisions waited for a silent collector it would be minutes.
const NOT_HELD_UP: Duration = Duration::from_secs(20);

#[test]
fn a_collector_that_is_away_holds_up_no_decision() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let (took, log) = decide(MANY, free);
    println!("{MANY} decisions took {took:?} with a collector that is away");
    assert!(took < NOT_HELD_UP, "{took:?}");
    assert!(log.contains("spans could not be sent and are lost; work goes on"), "{log}");
}

#[test]
fn a_collector_that_is_silent_holds_up_no_decision() {
    // It lets everybody connect and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let (took, log) = decide(MANY, address);
    println!("{MANY} decisions took {took:?} with a collector that is silent");
    assert!(took < NOT_HELD_UP, "{took:?}; {log}");
}
