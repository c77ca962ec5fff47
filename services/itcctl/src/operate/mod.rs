//! `itcctl dead-letters` and `itcctl parked`: what could not be decided, and what to do with it.
//!
//! Both read topics, not workers, so they also work while a worker is down. What they order goes through
//! `itc.operator-commands.v1`, with who and why, is carried out once by the worker that is named, and is answered on
//! `itc.results.v1`.

mod commands;
mod letters;
mod parking;
#[cfg(test)]
mod tests;
mod topics;

use crate::connection::KafkaArguments;
use anyhow::Result;
use clap::{Args, Subcommand};
use commands::Signature;
use letters::{LetterPlace, Wanted};
use std::io::Write;
use std::path::PathBuf;
use topics::KafkaTopics;

/// Where Kafka is.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaArguments,
}

impl Connection {
    fn topics(&self) -> Result<KafkaTopics> {
        KafkaTopics::open(self.kafka.settings()?)
    }
}

/// What every order says, and how it is given.
#[derive(Debug, Clone, Args)]
pub struct Ordering {
    /// Why; kept with the command for ever.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who orders it, as the deployment names people.
    #[arg(long, value_name = "NAME")]
    pub actor: String,
    /// Order nothing; show what would be.
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for the workers' answers; 0 does not wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub wait: u64,
}

impl Ordering {
    fn signature(&self) -> Signature {
        Signature { reason: self.reason.clone(), actor: self.actor.clone() }
    }
}

/// Which dead letters.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only letters of this worker.
    #[arg(long)]
    pub worker: Option<String>,
    /// Only letters with this code.
    #[arg(long)]
    pub code: Option<String>,
}

impl Filter {
    fn wanted(&self) -> Wanted {
        Wanted { worker: self.worker.clone(), code: self.code.clone() }
    }
}

/// The letters of an order: by place, or all open ones of a kind.
#[derive(Debug, Clone, Args)]
pub struct Chosen {
    /// Letters by their place, PARTITION/OFFSET, as `list` shows it.
    #[arg(required_unless_present_any = ["worker", "code"], conflicts_with_all = ["worker", "code"])]
    pub letters: Vec<LetterPlace>,
    #[command(flatten)]
    filter: Filter,
    /// Refuse where a filter finds more letters than this.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub at_most: usize,
}

/// `itcctl dead-letters`.
#[derive(Debug, Subcommand)]
pub enum LettersCommand {
    /// How many of which kind, then the newest.
    List {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// Which letters.
        #[command(flatten)]
        filter: Filter,
        /// Also those replayed or dropped before.
        #[arg(long)]
        all: bool,
        /// How many to show one by one.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
    },
    /// One letter with its headers.
    Show {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// Its place, PARTITION/OFFSET.
        letter: LetterPlace,
        /// Also the message itself.
        #[arg(long)]
        payload: bool,
    },
    /// Takes letters in again, each once, by the worker that put them aside.
    Replay {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// Which letters.
        #[command(flatten)]
        chosen: Chosen,
        /// The mended message, for one letter.
        #[arg(long, value_name = "FILE")]
        value: Option<PathBuf>,
        /// Who, why and how.
        #[command(flatten)]
        ordering: Ordering,
    },
    /// Leaves letters aside for good; `list` no longer shows them.
    Drop {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// Which letters.
        #[command(flatten)]
        chosen: Chosen,
        /// Who, why and how.
        #[command(flatten)]
        ordering: Ordering,
    },
}

/// `itcctl parked`.
#[derive(Debug, Subcommand)]
pub enum ParkedCommand {
    /// How many for which reason, then each parked key.
    List {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// Only of this worker.
        #[arg(long)]
        worker: Option<String>,
        /// How many to show one by one.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// What waits for one parked key, in its order.
    Show {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// The worker.
        #[arg(long)]
        worker: String,
        /// The GSTIN or Bill of Entry.
        key: String,
    },
    /// Decides what waits, in its order: after the worker's bug is mended.
    Release {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// The worker.
        #[arg(long)]
        worker: String,
        /// GSTINs or Bills of Entry.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        keys: Vec<String>,
        /// Every parked key of the worker.
        #[arg(long)]
        all: bool,
        /// Who, why and how.
        #[command(flatten)]
        ordering: Ordering,
    },
    /// Puts one waiting event among the dead letters; the key stays parked until it is released.
    Drop {
        /// Where Kafka is.
        #[command(flatten)]
        connection: Connection,
        /// The worker.
        #[arg(long)]
        worker: String,
        /// The GSTIN or Bill of Entry.
        key: String,
        /// The event's id, as `show` lists it.
        event_id: String,
        /// Who, why and how.
        #[command(flatten)]
        ordering: Ordering,
    },
}

/// Runs `itcctl dead-letters`. True where everything ordered was done.
///
/// # Errors
/// A message where Kafka does not answer, a letter is not there or a file cannot be read.
pub fn dead_letters(command: &LettersCommand, out: &mut dyn Write) -> Result<bool> {
    match command {
        LettersCommand::List { connection, filter, all, limit } => {
            letters::list(&mut connection.topics()?, &filter.wanted(), *all, *limit, out).map(|()| true)
        }
        LettersCommand::Show { connection, letter, payload } => {
            letters::show(&mut connection.topics()?, *letter, *payload, out).map(|()| true)
        }
        LettersCommand::Replay { connection, chosen, value, ordering } => {
            let mut topics = connection.topics()?;
            let chosen = letters::choose(&mut topics, &chosen.letters, &chosen.filter.wanted(), chosen.at_most)?;
            let orders = letters::replays(&chosen, value.as_deref(), &ordering.signature())?;
            commands::give(&mut topics, &orders, ordering.dry_run, ordering.wait, out)
        }
        LettersCommand::Drop { connection, chosen, ordering } => {
            let mut topics = connection.topics()?;
            let chosen = letters::choose(&mut topics, &chosen.letters, &chosen.filter.wanted(), chosen.at_most)?;
            let orders = letters::discards(&chosen, &ordering.signature())?;
            commands::give(&mut topics, &orders, ordering.dry_run, ordering.wait, out)
        }
    }
}

/// Runs `itcctl parked`. True where everything ordered was done.
///
/// # Errors
/// A message where Kafka does not answer, or a key is not parked.
pub fn parked(command: &ParkedCommand, out: &mut dyn Write) -> Result<bool> {
    match command {
        ParkedCommand::List { connection, worker, limit } => {
            parking::list(&mut connection.topics()?, worker.as_deref(), *limit, out).map(|()| true)
        }
        ParkedCommand::Show { connection, worker, key } => {
            parking::show(&mut connection.topics()?, worker, key, out).map(|()| true)
        }
        ParkedCommand::Release { connection, worker, keys, all: _, ordering } => {
            let mut topics = connection.topics()?;
            let orders = parking::releases(&mut topics, worker, keys, &ordering.signature())?;
            commands::give(&mut topics, &orders, ordering.dry_run, ordering.wait, out)
        }
        ParkedCommand::Drop { connection, worker, key, event_id, ordering } => {
            let mut topics = connection.topics()?;
            let order = parking::drop_of(&mut topics, worker, key, event_id, &ordering.signature())?;
            commands::give(&mut topics, &[order], ordering.dry_run, ordering.wait, out)
        }
    }
}
