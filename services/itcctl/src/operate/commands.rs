//! Giving orders, and what became of each.

use super::topics::{Command, Topics};
use crate::pretty::lined_table;
use anyhow::{Result, bail};
use data_encoding::HEXLOWER;
use gst_events::{Actor, OperatorAction, OperatorCommand, RequestStatus};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::Duration;

/// What the topic of commands takes, less room for headers.
const COMMAND_BYTES_MAX: usize = 8 * 1024 * 1024 - 64 * 1024;

/// Who orders, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) reason: String,
    pub(crate) actor: String,
}

/// One order with what an operator reads of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ordered {
    /// What is concerned, as it was named on the command line.
    pub(crate) subject: String,
    /// What is done.
    pub(crate) what: String,
    /// The command.
    pub(crate) command: Command,
}

impl Ordered {
    /// An order to a worker. The same order, with the same reason by the same person, has the same id, so that giving it
    /// twice does nothing twice; `unique` tells orders apart that may rightly be given again.
    pub(crate) fn new(
        subject: String,
        what: String,
        worker: &str,
        key: &str,
        action: OperatorAction,
        by: &Signature,
        unique: &str,
    ) -> Self {
        let command = OperatorCommand {
            worker: worker.to_owned(),
            key: key.to_owned(),
            command: action,
            reason: by.reason.clone(),
            actor: Actor { subject: by.actor.clone(), role: None },
        };
        let text = serde_json::to_vec(&command).unwrap_or_default();
        let digest = Sha256::new().chain_update(text).chain_update(unique.as_bytes()).finalize();
        let id = HEXLOWER.encode(&digest[..12]);
        Self { subject, what, command: Command { id: format!("itcctl/{id}"), command } }
    }
}

/// Gives orders, or shows what they would be. True where each was carried out.
///
/// # Errors
/// A message where an order is too large or Kafka does not take it.
pub(crate) fn give(
    topics: &mut dyn Topics,
    orders: &[Ordered],
    dry_run: bool,
    wait_in_seconds: u64,
    out: &mut dyn Write,
) -> Result<bool> {
    if orders.is_empty() {
        writeln!(out, "nothing to do")?;
        return Ok(true);
    }
    for order in orders {
        let bytes = order.command.record(None)?.value.len();
        if bytes > COMMAND_BYTES_MAX {
            bail!("the command for {} has {bytes} bytes; at most {COMMAND_BYTES_MAX} are taken", order.subject);
        }
    }
    let mut table = lined_table();
    if dry_run {
        table.set_header(["of", "worker", "would order"]);
        for order in orders {
            table.add_row([&order.subject, &order.command.command.worker, &order.what]);
        }
        writeln!(out, "{table}\ndry run: {} order(s), none given", orders.len())?;
        return Ok(true);
    }
    let commands: Vec<Command> = orders.iter().map(|order| order.command.clone()).collect();
    let answers = topics.order(&commands, Duration::from_secs(wait_in_seconds))?;
    table.set_header(["of", "worker", "ordered", "became", "which means"]);
    let mut all_done = true;
    for order in orders {
        let (became, means) = match answers.get(&order.command.id) {
            Some(answer) => {
                let done = matches!(answer.status, RequestStatus::Applied | RequestStatus::DuplicateIgnored);
                all_done &= done || answer.status == RequestStatus::Waiting;
                let word = answer.code.clone().unwrap_or_else(|| "APPLIED".to_owned());
                (word, answer.message.clone())
            }
            None if wait_in_seconds == 0 => ("ORDERED".to_owned(), "the answer was not waited for".to_owned()),
            None => {
                all_done = false;
                let means = format!("no answer in {wait_in_seconds} s; it is carried out when the worker runs");
                ("NO ANSWER".to_owned(), means)
            }
        };
        table.add_row([&order.subject, &order.command.command.worker, &order.what, &became, &means]);
    }
    writeln!(out, "{table}")?;
    Ok(all_done)
}
