//! From a processor to a process.

use crate::admin::{self, Pages};
use crate::layers::{Effective, Layers};
use crate::logs;
use crate::parts::{ChosenIndex, ChosenStore};
use crate::settings::Settings;
use crate::threads::{RowDecoder, Shared, StreamLoop, WorkerLoop, drive, now};
use crate::traces::Tracing;
use anyhow::Context;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use stream::{Decode, Processor, Worker, WorkerName, changelog_topic};
use stream_kafka::{KafkaLog, KafkaSettings, LogSettings, SecurityError};
use stream_timers::{NoTimerIndex, RedisTimerIndex};

/// What a processor needs to become a process.
pub struct ServiceSpec<P> {
    /// The consumer group, and the beginning of client and transactional ids; `None` for the worker's name. Workers that
    /// run several times on different inputs (`ingest-supplier-filings`) name themselves.
    pub group: Option<String>,
    /// What is read. A worker with rows reads exactly one topic.
    pub inputs: Vec<String>,
    /// Version of row keys and values as a whole; a worker refuses to start on rows of another.
    pub schema: u32,
    /// The build, for dead letters and `/statez`.
    pub build: String,
    /// The worker's own defaults, laid over the common ones; they may add options.
    pub defaults_toml: &'static str,
    /// Shows rows to people.
    pub decode_row: RowDecoder,
    /// Makes the processor of a stream thread.
    pub processor: MakeProcessor<P>,
}

impl<P> std::fmt::Debug for ServiceSpec<P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ServiceSpec").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// What a stream thread is made from.
#[derive(Debug, Clone, Copy)]
pub struct ThreadContext<'a> {
    /// Its number, from 0.
    pub thread: u32,
    /// The common options.
    pub settings: &'a Settings,
    /// Every option, also the worker's own.
    pub options: &'a Effective,
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// A configuration file.
    pub config: Option<PathBuf>,
    /// Options, `key=value`; they win over everything.
    pub set: Vec<String>,
    /// Only print the effective configuration, secrets left out.
    pub print_config: bool,
}

/// Makes the processor of a stream thread.
pub type MakeProcessor<P> = Box<dyn Fn(&ThreadContext<'_>) -> anyhow::Result<P> + Send + Sync>;

/// Makes the loop of a stream thread.
pub type MakeLoop = dyn Fn(&ThreadContext<'_>) -> anyhow::Result<Box<dyn StreamLoop>> + Send + Sync;

/// A process of stream threads, whatever runs in them.
pub struct LoopSpec {
    /// The group's name, also for folders, logs and metrics.
    pub name: String,
    /// The topic whose owner is named where rows are asked of the wrong process.
    pub input: Option<String>,
    /// The build.
    pub build: String,
    /// The worker's own defaults.
    pub defaults_toml: &'static str,
    /// Shows rows to people.
    pub decode_row: RowDecoder,
    /// Whether only one stream thread makes sense, as for the calendar.
    pub single_thread: bool,
    /// Makes the loop of a stream thread, on that thread.
    pub make: Box<MakeLoop>,
}

impl std::fmt::Debug for LoopSpec {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LoopSpec").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs a processor on Kafka until SIGTERM or SIGINT: exit code 0 after an end in good order, 1 otherwise.
///
/// # Errors
/// Where the configuration cannot be used or the process cannot start.
pub fn run<P: Processor + 'static>(spec: ServiceSpec<P>, options: &RunOptions) -> anyhow::Result<ExitCode> {
    let name = spec.group.unwrap_or_else(|| P::NAME.to_string());
    let (group, inputs, build) = (name.clone(), spec.inputs.clone(), spec.build.clone());
    let (schema, processor) = (spec.schema, spec.processor);
    run_loops(
        LoopSpec {
            name,
            input: spec.inputs.first().cloned(),
            build: spec.build,
            defaults_toml: spec.defaults_toml,
            decode_row: spec.decode_row,
            single_thread: false,
            make: Box::new(move |context| {
                let processor = processor(context)?;
                let settings = context.settings;
                let log = KafkaLog::open(log_settings::<P>(settings, &group, &inputs, &build, context.thread)?)?;
                let store = ChosenStore::open(settings, &group, context.thread)?;
                let index = match processor.timers() {
                    Some(_) => ChosenIndex::Redis(Box::new(RedisTimerIndex::open(&settings.redis_settings())?)),
                    None => ChosenIndex::None(NoTimerIndex),
                };
                Ok(Box::new(WorkerLoop(Worker::new(processor, log, store, index, settings.worker_config(schema)))))
            }),
        },
        options,
    )
}

fn log_settings<P: Processor>(
    settings: &Settings,
    group: &str,
    inputs: &[String],
    build: &str,
    thread: u32,
) -> Result<LogSettings, SecurityError> {
    let worker: WorkerName = P::NAME;
    Ok(LogSettings {
        name: group.to_owned(),
        inputs: inputs.to_vec(),
        changelog: P::HAS_ROWS.then(|| changelog_topic(worker)),
        partition_count_topic: settings.kafka.partition_count_topic.clone(),
        build: build.to_owned(),
        session_timeout: Duration::from_millis(settings.kafka.session_timeout_in_ms),
        linger: Duration::from_millis(settings.kafka.linger_in_ms),
        reads: P::Event::reads,
        ..LogSettings::new(settings.kafka_settings()?, worker, settings.kafka.instance.clone(), thread)
    })
}

/// Runs any loops until SIGTERM or SIGINT: exit code 0 after an end in good order, 1 otherwise.
///
/// # Errors
/// Where the configuration cannot be used or the process cannot start.
pub fn run_loops(spec: LoopSpec, options: &RunOptions) -> anyhow::Result<ExitCode> {
    let layers = Layers {
        service_defaults: spec.defaults_toml,
        file: options.config.as_deref(),
        environment: std::env::vars().collect(),
        flags: options.set.clone(),
    };
    let effective = Effective::from_layers(&layers)?;
    if options.print_config {
        std::io::stdout().write_all(effective.redacted().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings: Settings = effective.read()?;
    // Before anything starts: what cannot work is the caller's mistake.
    let kafka = settings.kafka_settings()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Admin pages and signals are little work; the cores belong to the stream threads.
        .worker_threads(1)
        .enable_all()
        .build()?;
    let _entered = runtime.enter();
    logs::start(&settings)?;
    let tracing = Tracing::open(&settings, &spec.name, &spec.build)?;
    tracing::info!(name = spec.name, build = spec.build, instance = settings.kafka.instance, "starting");
    let mut process = Process::start(spec, settings, kafka, &effective, tracing.as_ref())?;
    runtime.block_on(process.serve())?;
    Ok(process.end())
}

/// The running stream threads.
struct Process {
    settings: Settings,
    stop: Arc<AtomicBool>,
    pages: Arc<Pages>,
    threads: Vec<JoinHandle<Result<(), String>>>,
}

impl Process {
    fn start(
        spec: LoopSpec,
        settings: Settings,
        kafka: KafkaSettings,
        effective: &Effective,
        tracing: Option<&Tracing>,
    ) -> anyhow::Result<Self> {
        let count = if spec.single_thread { 1 } else { settings.worker.threads.max(1) };
        let stop = Arc::new(AtomicBool::new(false));
        let make: Arc<MakeLoop> = spec.make.into();
        let (mut threads, mut shown) = (Vec::new(), Vec::new());
        for thread in 0..count {
            let (shared, queries) = Shared::new(thread);
            shown.push(Arc::clone(&shared));
            let (make, stop) = (Arc::clone(&make), Arc::clone(&stop));
            let (settings, options) = (settings.clone(), effective.clone());
            let watch = tracing.map(Tracing::watch);
            let body = move || {
                let context = ThreadContext { thread, settings: &settings, options: &options };
                let mut stream_loop = make(&context).map_err(|error| format!("{error:#}"))?;
                if let Some(watch) = watch {
                    stream_loop.watch_decisions(watch);
                }
                drive(stream_loop, &shared, &queries, &stop)
            };
            threads.push(std::thread::Builder::new().name(format!("stream-{thread}")).spawn(body)?);
        }
        let pages = Arc::new(Pages {
            name: spec.name,
            build: spec.build,
            kafka,
            input: spec.input,
            threads: shown,
            silence_max: Duration::from_secs(settings.admin.silence_max_in_seconds),
            rows_max: settings.admin.rows_max.max(1),
            decode_row: spec.decode_row,
        });
        Ok(Self { settings, stop, pages, threads })
    }

    /// Serves admin pages until a signal comes or a stream thread ends.
    async fn serve(&mut self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listen = &self.settings.admin.listen;
        if !listen.is_empty() {
            let bound = tokio::net::TcpListener::bind(listen).await;
            match bound.with_context(|| format!("admin.listen {listen} cannot be used")) {
                Ok(listener) => {
                    tracing::info!(address = %listener.local_addr()?, "admin pages");
                    let router = admin::router(Arc::clone(&self.pages));
                    tokio::spawn(async move { axum::serve(listener, router).await });
                }
                Err(error) => {
                    // The threads are ended in good order before the error is told.
                    self.end();
                    return Err(error);
                }
            }
        }
        // A thread that ended is noticed within a quarter of a second.
        let mut look = tokio::time::interval(Duration::from_millis(250));
        loop {
            tokio::select! {
                _ = terminate.recv() => { tracing::info!("SIGTERM: finishing"); return Ok(()); }
                _ = interrupt.recv() => { tracing::info!("SIGINT: finishing"); return Ok(()); }
                _ = look.tick() => {
                    if self.threads.iter().any(JoinHandle::is_finished) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Stops every stream thread between two steps, waits for them up to the deadline, and says how it went.
    fn end(&mut self) -> ExitCode {
        self.stop.store(true, Ordering::Release);
        let deadline = now() + Duration::from_secs(self.settings.shutdown.deadline_in_seconds);
        let mut good = true;
        for (number, thread) in self.threads.drain(..).enumerate() {
            while !thread.is_finished() && now() < deadline {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            if !thread.is_finished() {
                tracing::error!(
                    thread = number,
                    "a stream thread did not end in time; its batch is aborted by the broker"
                );
                good = false;
                continue;
            }
            match thread.join() {
                Ok(Ok(())) => tracing::info!(thread = number, "a stream thread ended in good order"),
                Ok(Err(error)) => {
                    tracing::error!(thread = number, error, "a stream thread cannot go on");
                    good = false;
                }
                Err(_) => {
                    tracing::error!(thread = number, "a stream thread panicked");
                    good = false;
                }
            }
        }
        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
