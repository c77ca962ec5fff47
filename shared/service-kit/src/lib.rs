//! Everything a worker process needs around its loop: configuration, stream threads, admin HTTP, logs, metrics, shutdown.
//!
//! [`run`] turns a processor into a process. A stream thread is an operating-system thread with a consumer, a producer and
//! a store of its own; the async runtime serves only admin HTTP, signals and the export of spans.

mod admin;
mod layers;
mod logs;
pub mod metrics;
mod parts;
mod run;
mod settings;
mod threads;
mod traces;

pub use layers::{ConfigError, DEFAULTS, Effective, Layers};
pub use logs::{Masking, mask_gstins};
pub use parts::{ChosenIndex, ChosenStore};
pub use run::{LoopSpec, MakeLoop, MakeProcessor, RunOptions, ServiceSpec, ThreadContext, run, run_loops};
pub use settings::{Admin, Kafka, LogFormat, Logs, Settings, Shutdown, Store, StoreKind, Timers, Traces, Worker};
pub use threads::{RestoreWatch, RowDecoder, StreamLoop, WorkerLoop, no_row_decoder};
