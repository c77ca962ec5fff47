//! Admin HTTP: health, state, metrics and rows, all read-only.

use crate::metrics;
use crate::threads::{Restore, RowDecoder, Shared, StreamLoop, no_row_decoder};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use stream::{RowKey, partition_for_key};
use stream_kafka::KafkaSettings;

/// A step lasts a second or two at most, restores excepted; who asks longer should ask again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Values of one answer: a page of large rows ends after the row that reaches it.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the admin pages show.
pub(crate) struct Pages {
    pub(crate) name: String,
    pub(crate) build: String,
    pub(crate) kafka: KafkaSettings,
    pub(crate) input: Option<String>,
    pub(crate) threads: Vec<Arc<Shared>>,
    pub(crate) silence_max: Duration,
    pub(crate) rows_max: usize,
    pub(crate) decode_row: RowDecoder,
}

type Shown = State<Arc<Pages>>;

pub(crate) fn router(pages: Arc<Pages>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/statez", get(statez))
        .route("/metrics", get(metrics_text))
        .route("/rows/{table}", get(rows_of_table))
        .route("/rows/{table}/{*prefix}", get(rows_of_prefix))
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                "pages: /livez /readyz /statez /metrics /rows/{table}/{key parts, separated by /}\n",
            )
        })
        .with_state(pages)
}

async fn livez(State(pages): Shown) -> Response {
    let silent = pages.threads.iter().find(|thread| thread.silence() > pages.silence_max);
    match silent {
        None => (StatusCode::OK, "ok\n").into_response(),
        Some(thread) => {
            let text = format!("stream thread {} is silent for {} s\n", thread.number, thread.silence().as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

async fn readyz(State(pages): Shown) -> Response {
    let reasons: Vec<String> = pages
        .threads
        .iter()
        .filter_map(|thread| thread.not_ready().map(|reason| format!("stream thread {}: {reason}\n", thread.number)))
        .collect();
    if reasons.is_empty() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.concat()).into_response()
    }
}

async fn statez(State(pages): Shown) -> Json<Value> {
    let threads: Vec<Value> = pages
        .threads
        .iter()
        .map(|thread| {
            let restores: Value =
                thread.restores().iter().map(|(place, restore)| (place.clone(), shown(*restore))).collect();
            let silence = u64::try_from(thread.silence().as_millis()).unwrap_or(u64::MAX);
            json!({
                "thread": thread.number,
                "silence_in_ms": silence,
                "not_ready": thread.not_ready(),
                "restores": restores,
                "status": thread.status(),
            })
        })
        .collect();
    Json(json!({ "name": pages.name, "build": pages.build, "threads": threads }))
}

fn shown(restore: Restore) -> Value {
    let took = u64::try_from(restore.took.as_millis()).unwrap_or(u64::MAX);
    json!({ "ended": restore.ended, "under_way": restore.under_way, "records": restore.records, "took_in_ms": took, "records_per_second": restore.records_per_second() })
}

async fn metrics_text(State(pages): Shown) -> Response {
    match metrics::text(&pages.name, &pages.threads) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Which rows are asked for besides their prefix.
#[derive(Debug, Clone, Default, Deserialize)]
struct Wanted {
    /// The partition, where it is known.
    partition: Option<u32>,
    /// The key of the journal that decides the partition; otherwise the first part of the prefix does.
    key: Option<String>,
    /// Rows behind this key, for the next page.
    after: Option<String>,
    /// Rows from this key on, instead of those of the prefix; with `to`.
    from: Option<String>,
    /// Rows before this key.
    to: Option<String>,
    /// Values as they are stored, in hexadecimal.
    raw: Option<bool>,
    /// At most so many rows.
    limit: Option<usize>,
}

async fn rows_of_table(State(pages): Shown, Path(table): Path<String>, Query(wanted): Query<Wanted>) -> Response {
    rows(&pages, &table, "", wanted).await
}

async fn rows_of_prefix(
    State(pages): Shown,
    Path((table, prefix)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Response {
    rows(&pages, &table, &prefix, wanted).await
}

async fn rows(pages: &Arc<Pages>, table: &str, prefix: &str, wanted: Wanted) -> Response {
    let parts: Vec<String> = prefix.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let partition = match wanted.partition {
        Some(partition) => partition,
        None => {
            let Some(key) = wanted.key.clone().or_else(|| parts.first().cloned()) else {
                let text = "name the partition: /rows/{table}?partition=0, or the key: /rows/{table}/{GSTIN}\n";
                return (StatusCode::BAD_REQUEST, text).into_response();
            };
            match partition_count(pages).await {
                Some(count) => partition_for_key(key.as_bytes(), count),
                None => return busy(),
            }
        }
    };
    let Some(thread) = pages.threads.iter().find(|thread| thread.owns(partition)) else {
        return misdirected(pages, partition).await;
    };
    let prefix = parts.iter().fold(RowKey::table(table), |key, part| key.with(part));
    // The smallest text behind a key is the key with the smallest character behind it.
    let behind = wanted.after.map(|after| format!("{after}\u{0}"));
    let question = Question {
        table: table.to_owned(),
        from: behind.or(wanted.from).unwrap_or_else(|| prefix.as_str().to_owned()),
        to: wanted.to.unwrap_or_else(|| prefix.after_prefix()),
        partition,
        limit: wanted.limit.unwrap_or(pages.rows_max).clamp(1, pages.rows_max),
        decode_row: if wanted.raw == Some(true) { no_row_decoder } else { pages.decode_row },
    };
    match ask(thread, move |stream_loop| question.answer(stream_loop)).await {
        Some(Ok(answer)) => Json(answer).into_response(),
        Some(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
        None => busy(),
    }
}

fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the stream thread is busy, ask again\n").into_response()
}

/// Asks a stream thread between two of its steps.
async fn ask<T: Send + 'static>(
    thread: &Shared,
    question: impl FnOnce(&mut dyn StreamLoop) -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let query = Box::new(move |stream_loop: &mut dyn StreamLoop| {
        // Who asked may have gone away meanwhile.
        let _ = sender.send(question(stream_loop));
    });
    if !thread.ask(query) {
        return None;
    }
    tokio::time::timeout(ANSWER_TIMEOUT, receiver).await.ok()?.ok()
}

async fn partition_count(pages: &Pages) -> Option<u32> {
    ask(pages.threads.first()?, |stream_loop| stream_loop.partition_count()).await?
}

/// 421: the rows are with another process of this worker, which is named where the group can say.
async fn misdirected(pages: &Arc<Pages>, partition: u32) -> Response {
    let (kafka, group, input) = (pages.kafka.clone(), pages.name.clone(), pages.input.clone());
    let owner = tokio::task::spawn_blocking(move || {
        input.and_then(|topic| stream_kafka::group_owner(&kafka, &group, &topic, partition).ok().flatten())
    });
    let owner = owner.await.ok().flatten();
    let body = match owner {
        Some(owner) => json!({
            "partition": partition,
            "owner": owner.client_id,
            "host": owner.host,
            "message": format!("partition {partition} is with {} on {}", owner.client_id, owner.host),
        }),
        None => {
            json!({ "partition": partition, "message": "no process has this partition now, or it moves; ask again" })
        }
    };
    (StatusCode::MISDIRECTED_REQUEST, Json(body)).into_response()
}

struct Question {
    table: String,
    from: String,
    to: String,
    partition: u32,
    limit: usize,
    decode_row: RowDecoder,
}

impl Question {
    fn answer(&self, stream_loop: &mut dyn StreamLoop) -> Result<Value, String> {
        let status = stream_loop.status();
        let owned = status.partitions.iter().find(|owned| owned.partition == self.partition);
        let as_of = owned.map(|owned| owned.next_offset);
        let day = owned.and_then(|owned| owned.day);
        let found = stream_loop
            .rows(self.partition)
            .range(&self.from, &self.to, self.limit)
            .map_err(|error| error.to_string())?;
        let mut more = found.len() == self.limit;
        let mut bytes = 0;
        let mut rows: Vec<Value> = Vec::with_capacity(found.len());
        for (key, value) in found {
            if bytes >= BYTES_MAX {
                more = true;
                break;
            }
            bytes += value.len();
            let shown =
                (self.decode_row)(&self.table, &value).unwrap_or_else(|| Value::String(HEXLOWER.encode(&value)));
            rows.push(json!({ "key": key, "value": shown }));
        }
        Ok(json!({ "partition": self.partition, "as_of_offset": as_of, "day": day, "rows": rows, "more": more }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::drive;
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicBool, Ordering};
    use stream::{Counters, IndexPhase, PartitionStatus, Phase, RowChange, StateRead, Step, Store, WorkerStatus};
    use stream_store::MemoryStore;

    /// A loop that owns partition 0 of 4 and has nothing to do.
    struct Resting(MemoryStore);

    impl StreamLoop for Resting {
        fn step(&mut self) -> Result<Step, String> {
            std::thread::sleep(Duration::from_millis(1));
            Ok(Step::Idle)
        }

        fn status(&self) -> WorkerStatus {
            let owned = PartitionStatus {
                topic: "input".to_owned(),
                partition: 0,
                phase: Phase::Running,
                next_offset: 42,
                checkpoint: 1,
                lag_in_records: Some(7),
                read_up_to_in_ms: None,
                day: None,
                open_jobs: 0,
                timers_waiting_days: 0,
                waiting_keys: 0,
                parked_keys: 0,
                index: IndexPhase::None,
                counters: Counters { read: 3, decided: 3, ..Counters::default() },
            };
            WorkerStatus {
                worker: "resting",
                partitions: vec![owned],
                commits: 1,
                outputs: 5,
                outcomes: [("FILED (AC-1)".to_owned(), 3)].into(),
                ..WorkerStatus::default()
            }
        }

        fn rows(&self, partition: u32) -> &dyn StateRead {
            self.0.rows(partition)
        }

        fn partition_count(&mut self) -> Option<u32> {
            Some(4)
        }

        fn finish(self: Box<Self>) -> Result<(), String> {
            Ok(())
        }
    }

    fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
        let mut stream = std::net::TcpStream::connect(address).expect("connects");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("asks");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body"))
    }

    #[test]
    fn health_state_metrics_and_rows_are_served_while_the_loop_runs() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runs");
        let (shared, queries) = Shared::new(0);
        let stop = Arc::new(AtomicBool::new(false));
        let (threads, stopped) = (vec![Arc::clone(&shared)], Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut store = MemoryStore::new();
            // murmur2("a") modulo 4 is 0 or not; the test names the partition where it asks by it.
            let row = |key: &str| RowChange { key: RowKey::table("t").with("a").with(key), value: Some(vec![1, 255]) };
            store.apply_restored(0, vec![row("1"), row("2"), row("3")], None).expect("applies");
            drive(Box::new(Resting(store)), &shared, &queries, &stopped)
        });
        let pages = Pages {
            name: "resting".to_owned(),
            build: "0".to_owned(),
            kafka: KafkaSettings::plain("127.0.0.1:1"),
            input: None,
            threads,
            silence_max: Duration::from_secs(60),
            rows_max: 2,
            decode_row: no_row_decoder,
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("binds");
        let address = listener.local_addr().expect("has an address");
        runtime.spawn(async move { axum::serve(listener, router(Arc::new(pages))).await });
        while get(address, "/readyz").0 != 200 {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(get(address, "/livez"), (200, "ok\n".to_owned()));
        let (_, metrics) = get(address, "/metrics");
        assert!(metrics.contains(r#"itc_lag_records{partition="0",topic="input",worker="resting"} 7"#), "{metrics}");
        assert!(metrics.contains(r#"itc_decisions_total{outcome="FILED (AC-1)",worker="resting"} 3"#), "{metrics}");
        let (_, state) = get(address, "/statez");
        assert!(state.contains(r#""next_offset":42"#), "{state}");
        let (code, rows) = get(address, "/rows/t/a?partition=0");
        assert_eq!(code, 200, "{rows}");
        assert!(rows.contains(r#""as_of_offset":42"#) && rows.contains(r#""more":true"#), "{rows}");
        assert!(rows.contains(r#"{"key":"t|a|1|","value":"01ff"}"#), "{rows}");
        let (_, rest) = get(address, "/rows/t/a?partition=0&after=t%7Ca%7C2%7C");
        assert!(rest.contains("t|a|3|") && !rest.contains("t|a|2|"), "{rest}");
        let (_, range) = get(address, "/rows/t?partition=0&raw=true&from=t%7Ca%7C2%7C&to=t%7Ca%7C3%7C");
        assert!(range.contains("t|a|2|") && !range.contains("t|a|1|") && !range.contains("t|a|3|"), "{range}");
        assert_eq!(get(address, "/rows/t?partition=3").0, 421);
        assert_eq!(get(address, "/rows/t").0, 400);
        assert_eq!(get(address, "/nothing").0, 404);
        stop.store(true, Ordering::Release);
        assert_eq!(thread.join().expect("ends"), Ok(()));
    }
}
