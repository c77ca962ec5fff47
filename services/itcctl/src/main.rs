//! Entry point of the operator's command line.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Operate ITC Engine: run the law's cases, check GSTN files, feed filings, look into workers.
#[derive(Debug, Parser)]
#[command(name = "itcctl", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The JSON cases of the rule references.
    #[command(subcommand)]
    Cases(CasesCommand),
    /// GSTN's own JSON files.
    #[command(subcommand)]
    Gstn(GstnCommand),
    /// Publishes real files to the feeds: a table of what each file holds, and a refusal for each bad record.
    Feed(itcctl::feed::FeedArguments),
    #[command(flatten)]
    View(itcctl::views::ViewCommand),
    /// Customs duty of an item: assessable value, the chain of duties, IGST, cess, and what of it is credit.
    Duty(itcctl::duty::DutyArguments),
    /// In which order credit pays the tax of a return (sections 49, 49A, 49B, rule 88A), and what is left for cash.
    Utilisation(itcctl::utilisation::UtilisationArguments),
    /// What could not be used and was put aside: look at it, take it in again, leave it aside for good.
    #[command(subcommand, name = "dead-letters")]
    DeadLetters(itcctl::operate::LettersCommand),
    /// Taxpayers and bills of which an event cannot be decided: look, release, drop an event.
    #[command(subcommand)]
    Parked(itcctl::operate::ParkedCommand),
    /// Kafka topics: the list, and creating what is missing.
    #[command(subcommand)]
    Topics(itcctl::topics::TopicsCommand),
    /// The invented year under seeded faults, on the simulated log: it must end as it does without any.
    Simulate(itcctl::demo::chaos::SimulateArguments),
    /// Asks a worker's admin page whether it is alive or ready: exit code 0 for yes.
    Probe(itcctl::probe::ProbeArguments),
    /// An invented year, or your own files, through the whole engine: tables, and a check against an oracle.
    Demo(itcctl::demo::DemoArguments),
    /// What the engine costs on this machine: documents a second, CPU, bytes, memory, times from feed to public topic.
    Bench(itcctl::bench::BenchArguments),
}

#[derive(Debug, Subcommand)]
enum CasesCommand {
    /// Runs case files through the whole topology on the simulated log: one line a case, `PASS id` or `FAIL id: …`.
    Run {
        /// Case files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Only cases whose id contains this text.
        #[arg(long)]
        filter: Option<String>,
    },
    /// Compares with somebody else's month: `ims.json`, the `gstr2b.json` that follows, and `ground_truth.json`.
    PortalPair {
        /// The folder with the three files.
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum GstnCommand {
    /// Recognises each file; a GSTR-2B is compared with its own totals, to the paisa.
    Check {
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads us has read enough: `itcctl … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // The one place where an operator reads why nothing happened.
            let _ = writeln!(io::stderr(), "itcctl: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.into_iter().any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// True where everything asked for came out right.
fn run(arguments: &Arguments) -> Result<bool> {
    let mut out = io::stdout().lock();
    match &arguments.command {
        Command::Cases(CasesCommand::Run { paths, filter }) => {
            let summary = itcctl::cases::run(paths, filter.as_deref(), &mut out)?;
            Ok(summary.unexpected == 0 && summary.passed + summary.failed > 0)
        }
        Command::Cases(CasesCommand::PortalPair { folder }) => itcctl::cases::run_portal_pair(folder, &mut out),
        Command::Gstn(GstnCommand::Check { files }) => itcctl::gstn_check::run(files, &mut out),
        Command::View(command) => command.run(&mut out),
        Command::Duty(arguments) => itcctl::duty::run(arguments, &mut out),
        Command::Utilisation(arguments) => itcctl::utilisation::run(arguments, &mut out),
        Command::Feed(arguments) => itcctl::feed::run(arguments, &mut out),
        Command::DeadLetters(command) => itcctl::operate::dead_letters(command, &mut out),
        Command::Parked(command) => itcctl::operate::parked(command, &mut out),
        Command::Topics(command) => itcctl::topics::run(command, &mut out),
        Command::Probe(arguments) => itcctl::probe::run(arguments, &mut out),
        Command::Simulate(arguments) => itcctl::demo::chaos::run(arguments, &mut out),
        Command::Demo(arguments) => itcctl::demo::run(arguments, &mut out),
        Command::Bench(arguments) => itcctl::bench::run(arguments, &mut out),
    }
}
