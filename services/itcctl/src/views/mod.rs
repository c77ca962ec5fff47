//! The read-only commands: what people ask of statements, credit, timers and evidence.
//!
//! One way for everything: a [`Source`] gives the rows of the worker that decides a thing, and that worker's own `view`
//! functions answer; nothing is computed here that a rule decides. What each command asks:
//!
//! | command | worker (rows) |
//! | --- | --- |
//! | `gstr2b`, `gstr2b diff` | `gstr2b`; of `ims`, whether the draft is stale |
//! | `explain` | `audit-evidence` (the chain), `gstr2b` (versions), `ims`, `payment-timers`, `itc-ledger` (where it stands) |
//! | `table4` | `itc-ledger`; of `gstr2b`, what an unfiled return would take over |
//! | `timers GSTIN` | `payment-timers` |
//! | `timers` | the timer index in Redis |
//! | `rule37` | `itc-ledger`; of `gstr2b`, trade names |
//! | `evidence export`, `evidence list` | `audit-evidence` |
//! | `evidence verify` | nothing: the file alone |
//!
//! Running workers are asked over their admin pages ([`live`]); tests and `itcctl demo --simulated --ask` read the simulated
//! log ([`simulated`]). Public topics are not scanned: rows hold every version and entry, and answer by taxpayer.

pub mod documents;
pub mod evidence;
pub mod explain;
pub mod gstr2b;
pub mod live;
pub mod rule37;
pub mod simulated;
pub mod source;
mod story;
pub mod table4;
pub mod table4_lists;
#[cfg(test)]
mod tests;
pub mod timers;

pub use source::Source;

use anyhow::{Error, Result, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use gst_types::{Gstin, RecipientGstin};
use live::{LiveArguments, LiveSource};
use source::Rows;
use std::io::Write;

/// A read-only command.
#[derive(Debug, Clone, Subcommand)]
pub enum ViewCommand {
    /// GSTR-2B: a statement for people, as CSV or as GSTN JSON; `diff` compares two versions.
    Gstr2b(gstr2b::Gstr2bArguments),
    /// One document's story, with the rule behind each step.
    Explain(explain::ExplainArguments),
    /// GSTR-3B Table 4 as the ledger has it, each rupee traced to documents.
    Table4(table4::Table4Arguments),
    /// What falls due when, and how much credit hangs on it.
    Timers(timers::TimersArguments),
    /// The rule 37 report: what each invoice owes after how many days, and the credit to reverse.
    Rule37(rule37::Rule37Arguments),
    /// Evidence packs: export one, verify one offline, list those of a taxpayer.
    Evidence(evidence::EvidenceArguments),
}

impl ViewCommand {
    /// Answers from running workers.
    ///
    /// # Errors
    /// A message where there is no answer, which says what to do.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool> {
        if let Self::Evidence(evidence) = self
            && let Some(verified) = evidence::verify_offline(evidence, out)?
        {
            return Ok(verified);
        }
        self.answer(&LiveSource::open(self.live())?, out)
    }

    fn live(&self) -> &LiveArguments {
        match self {
            Self::Gstr2b(arguments) => &arguments.live,
            Self::Explain(arguments) => &arguments.live,
            Self::Table4(arguments) => &arguments.live,
            Self::Timers(arguments) => &arguments.live,
            Self::Rule37(arguments) => &arguments.live,
            Self::Evidence(arguments) => &arguments.live,
        }
    }

    /// Answers from a source.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn answer(&self, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
        match self {
            Self::Gstr2b(arguments) => gstr2b::run(arguments, source, out),
            Self::Explain(arguments) => explain::run(arguments, source, out),
            Self::Table4(arguments) => table4::run(arguments, source, out),
            Self::Timers(arguments) => timers::run(arguments, source, out),
            Self::Rule37(arguments) => rule37::run(arguments, source, out),
            Self::Evidence(arguments) => evidence::run(arguments, source, out),
        }
    }
}

/// A command as it stands behind `itcctl`.
#[derive(Debug, Parser)]
#[command(name = "itcctl", no_binary_name = true)]
struct Question {
    #[command(subcommand)]
    command: ViewCommand,
}

/// Answers a command that is written out, such as `table4 27… 072025 --trace 4B2`.
///
/// # Errors
/// A message where it is no read-only command, or has no answer.
pub fn ask(command: &str, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    Question::try_parse_from(command.split_whitespace())?.command.answer(source, out)
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// One line a document.
    Csv,
    /// One list of objects; amounts are decimal texts.
    Json,
}

/// Says that a worker knows nothing of a taxpayer, and why that may be.
pub(crate) fn nothing_known(rows: &dyn Rows, recipient: RecipientGstin, worker: &str) -> Error {
    let gstin: Gstin = recipient.gstin();
    let hint = match Gstin::check_character_of(gstin.as_str()) {
        Some(right) if !gstin.has_right_check_character() => {
            format!("; its last character should be {right} (ID-2): is it mistyped?")
        }
        Some(_) | None => "; is it the recipient's GSTIN, and was anything fed for it?".to_owned(),
    };
    let day = rows.standing().day.map(|day| format!(" as of {day}")).unwrap_or_default();
    anyhow!("{worker} knows nothing of {gstin}{day}{hint}")
}
