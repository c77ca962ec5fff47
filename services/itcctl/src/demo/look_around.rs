//! What to look at when the demo is over: read-only commands that have something to say about this year.

use super::children::{Surroundings, Workers};
use super::observe::Observed;
use super::timeline;
use crate::views::live::option_of;
use anyhow::{Context, Result};
use gst_events::LedgerEntryKind;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use stream::WorkerName;

/// Commands behind `itcctl`, each with a word on what it shows. Empty where nothing was availed.
pub(crate) fn commands(observed: &Observed) -> Vec<(String, &'static str)> {
    let Some((recipient, subject)) = timeline::choose(observed) else { return Vec::new() };
    let mut commands = vec![(format!("explain {recipient} {subject}"), "the story of one document")];
    let own = || observed.statements.iter().filter(|((of, _), _)| *of == recipient);
    if let Some(((_, period), _)) = own().next() {
        commands.push((format!("gstr2b {recipient} {period}"), "a statement"));
    }
    if let Some(((_, period), _)) = own().find(|(_, statement)| !statement.sealed.changes.is_empty()) {
        commands.push((format!("gstr2b diff {recipient} {period} 1 2"), "what its second version changed, and why"));
    }
    let mut entries = observed.entries.iter().filter(|entry| entry.recipient == recipient);
    let reversal = entries.find(|entry| entry.entry == LedgerEntryKind::Reversal);
    if let Some(period) = reversal.map(|entry| entry.return_period) {
        commands.push((format!("table4 {recipient} {period} --trace 4B2"), "a return, its reversals traced"));
    }
    commands.extend([
        (format!("timers {recipient}"), "what falls due when"),
        (format!("rule37 {recipient} --older-than 180"), "the rule 37 report"),
        (format!("evidence export {recipient} {subject} --output pack.json"), "its evidence as a file"),
    ]);
    commands
}

/// Says how to ask the workers that stay up, in lines that work as they stand.
pub(crate) fn tell(
    observed: &Observed,
    workers: &Workers,
    surroundings: &Surroundings,
    out: &mut dyn Write,
) -> Result<()> {
    let config = write_config(workers, surroundings)?;
    let program = std::env::current_exe().map_or_else(|_| "itcctl".to_owned(), |path| path.display().to_string());
    writeln!(out, "\nThe workers stay up. Ask them:")?;
    for (command, words) in commands(observed) {
        writeln!(out, "  # {words}\n  {program} {command} --config {}", config.display())?;
    }
    writeln!(out, "  # and check it, offline\n  {program} evidence verify pack.json")?;
    writeln!(
        out,
        "Their admin pages, also /readyz, /metrics and /rows/TABLE/GSTIN; Kafka is at {}:",
        surroundings.kafka
    )?;
    for worker in &workers.list {
        writeln!(out, "  curl -s http://{}/statez    # {}, log {}", worker.address, worker.name, worker.log())?;
    }
    Ok(())
}

/// Where the workers are, as a configuration file of `itcctl`.
fn write_config(workers: &Workers, surroundings: &Surroundings) -> Result<PathBuf> {
    let asked = ["ims", "gstr2b", "payment-timers", "itc-ledger", "audit-evidence"];
    let mut text = "# Written by itcctl demo: where its workers are.\n[workers]\n".to_owned();
    for worker in workers.list.iter().filter(|worker| asked.contains(&worker.name)) {
        text.push_str(&format!("{} = \"{}\"\n", option_of(WorkerName(worker.name)), worker.address));
    }
    text.push_str(&format!("[timers]\nurl = \"{}\"\n", surroundings.redis));
    let path = surroundings.folder.join("itcctl.toml");
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}
