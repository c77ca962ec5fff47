//! Entry point: one subcommand a worker, each a process of its own.

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use ingest::Feed;
use itc_engine::{calendar_process, topology};
use service_kit::{MakeProcessor, RowDecoder, RunOptions, ServiceSpec, no_row_decoder, run};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use stream::Processor;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The workers of ITC Engine. Each runs as its own process: `itc-engine ims`.
#[derive(Debug, Parser)]
#[command(name = "itc-engine", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    worker: WorkerCommand,
}

#[derive(Debug, Subcommand)]
enum WorkerCommand {
    /// Validates, splits and re-keys feeds into journals.
    Ingest {
        /// Only this feed; give it several times for several. Without it, every feed.
        #[arg(long, value_parser = feed_parser())]
        feed: Vec<Feed>,
        #[command(flatten)]
        options: Options,
    },
    /// A supplier's saved and filed records, and who must hear of them.
    Filings(Options),
    /// Bills of Entry: versions, status and who holds them.
    Customs(Options),
    /// Days, rulebooks and extended due dates into every journal.
    Calendar(Options),
    /// What counts, where and how much.
    Ims(Options),
    /// Statements, and the credit availed from them.
    Gstr2b(Options),
    /// What each document owes, and when its 180 days end.
    PaymentTimers(Options),
    /// Credit availed, reversed and re-claimed.
    ItcLedger(Options),
    /// Five-artefact evidence packs.
    AuditEvidence(Options),
}

#[derive(Debug, Args)]
struct Options {
    /// A configuration file, over the embedded defaults and under `ITC__` variables and `--set`.
    #[arg(long)]
    config: Option<PathBuf>,
    /// One option, such as `kafka.bootstrap_servers=broker:9092`; wins over everything.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the effective configuration, secrets left out, and end.
    #[arg(long)]
    print_config: bool,
}

impl From<Options> for RunOptions {
    fn from(options: Options) -> Self {
        Self { config: options.config, set: options.set, print_config: options.print_config }
    }
}

fn main() -> ExitCode {
    let outcome = run_worker(Arguments::parse().worker);
    outcome.unwrap_or_else(|error| {
        // Before the logs are up, this is the one place where an operator reads why nothing started.
        let _ = writeln!(std::io::stderr(), "itc-engine: {error:#}");
        // A wrong configuration is the caller's mistake (sysexits' EX_USAGE), so that an orchestrator can tell it apart.
        ExitCode::from(64)
    })
}

fn run_worker(worker: WorkerCommand) -> Result<ExitCode> {
    match worker {
        WorkerCommand::Ingest { feed, options } => run_ingest(&feed, options),
        WorkerCommand::Filings(options) => start(
            topology::FROM_SUPPLIERS,
            include_str!("../../filings/config/default.toml"),
            filings::rows::show_row,
            filings::Filings::new,
            options,
        ),
        WorkerCommand::Customs(options) => start(
            topology::FROM_CUSTOMS,
            include_str!("../../customs/config/default.toml"),
            customs::rows::show_row,
            customs::Customs::new,
            options,
        ),
        WorkerCommand::Calendar(options) => calendar_process::run(&options.into()),
        WorkerCommand::Ims(options) => start(
            topology::FROM_RECIPIENTS,
            include_str!("../../ims/config/default.toml"),
            ims::rows::show_row,
            ims::Ims::new,
            options,
        ),
        WorkerCommand::Gstr2b(options) => start(
            topology::FROM_RECIPIENTS,
            include_str!("../../gstr2b/config/default.toml"),
            gstr2b::rows::show_row,
            gstr2b::Gstr2b::new,
            options,
        ),
        WorkerCommand::PaymentTimers(options) => start(
            topology::FROM_RECIPIENTS,
            include_str!("../../payment-timers/config/default.toml"),
            payment_timers::rows::show_row,
            payment_timers::PaymentTimers::new,
            options,
        ),
        WorkerCommand::ItcLedger(options) => start(
            topology::FROM_RECIPIENTS,
            include_str!("../../itc-ledger/config/default.toml"),
            itc_ledger::rows::show_row,
            itc_ledger::ItcLedger::new,
            options,
        ),
        WorkerCommand::AuditEvidence(options) => start(
            topology::FROM_RECIPIENTS,
            include_str!("../../audit-evidence/config/default.toml"),
            audit_evidence::rows::show_row,
            audit_evidence::AuditEvidence::new,
            options,
        ),
    }
}

fn start<P: Processor + 'static>(
    inputs: &[&str],
    defaults_toml: &'static str,
    decode_row: RowDecoder,
    make: fn() -> P,
    options: Options,
) -> Result<ExitCode> {
    let processor: MakeProcessor<P> = Box::new(move |_| Ok(make()));
    run(spec(None, inputs, defaults_toml, decode_row, processor), &options.into())
}

fn spec<P>(
    group: Option<String>,
    inputs: &[&str],
    defaults_toml: &'static str,
    decode_row: RowDecoder,
    processor: MakeProcessor<P>,
) -> ServiceSpec<P> {
    ServiceSpec {
        group,
        inputs: inputs.iter().map(|&topic| topic.to_owned()).collect(),
        schema: 1,
        build: build(),
        defaults_toml,
        decode_row,
        processor,
    }
}

/// Reads a feed's name; the possible ones stand in the help.
fn feed_parser() -> impl TypedValueParser<Value = Feed> {
    let named = |name: String| Feed::ALL.into_iter().find(|feed| feed.name() == name).ok_or("no such feed");
    PossibleValuesParser::new(Feed::ALL.map(Feed::name)).try_map(named)
}

/// What dead letters and `/statez` call this build.
fn build() -> String {
    itc_engine::BUILD.to_owned()
}

fn run_ingest(feeds: &[Feed], options: Options) -> Result<ExitCode> {
    let defaults = include_str!("../../ingest/config/default.toml");
    let processor: MakeProcessor<ingest::Ingest> = Box::new(|_| Ok(ingest::Ingest::new()));
    // Each set of feeds is a group of its own, so that feeds scale apart.
    let group = match feeds {
        [] => None,
        feeds => Some(format!("ingest-{}", feeds.iter().map(|feed| feed.name()).collect::<Vec<_>>().join("-"))),
    };
    let topics: Vec<&str> =
        if feeds.is_empty() { topology::FEEDS.to_vec() } else { feeds.iter().map(|feed| feed.topic()).collect() };
    run(spec(group, &topics, defaults, no_row_decoder, processor), &options.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn rows_of_a_worker_are_shown_as_json_and_others_are_not() {
        let row = ims::rows::DependentRow {};
        let shown = ims::rows::show_row("dependent", &stream::write_row(&row));
        assert_eq!(shown, Some(serde_json::json!({})));
        let seen = stream::SeenRow { until: chrono::NaiveDate::from_ymd_opt(2025, 11, 14).unwrap() };
        let shown = customs::rows::show_row("~seen", &stream::write_row(&seen));
        assert_eq!(shown, Some(serde_json::json!({ "until": "2025-11-14" })));
        assert_eq!(customs::rows::show_row("no-such-table", &[1]), None);
        assert_eq!(customs::rows::show_row("bill", b"of another build"), None);
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
