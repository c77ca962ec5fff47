//! Where answers come from: the rows of the workers, read-only. Two sources give the same rows, [`super::live`] from running
//! processes and [`super::simulated`] from the simulated log, so that every command and its test share one way.

use anyhow::{Result, anyhow};
use gst_events::ActiveRulebook;
use gst_rules::Rulebook;
use gst_types::{IstDate, Paise, RecipientGstin};
use std::collections::BTreeMap;
use std::io::Write;
use stream::{
    ParkedRow, Processor, Row, RowKey, Rules, RulesRow, StateError, StateRead, StateView, WorkerName, parked_key,
};

/// The workers that are asked.
pub(crate) const IMS: WorkerName = <ims::Ims as Processor>::NAME;
pub(crate) const GSTR2B: WorkerName = <gstr2b::Gstr2b as Processor>::NAME;
pub(crate) const PAYMENT_TIMERS: WorkerName = <payment_timers::PaymentTimers as Processor>::NAME;
pub(crate) const ITC_LEDGER: WorkerName = <itc_ledger::ItcLedger as Processor>::NAME;
pub(crate) const AUDIT_EVIDENCE: WorkerName = <audit_evidence::AuditEvidence as Processor>::NAME;

/// Activations of a rulebook that are looked at; there is a handful.
const ACTIVATIONS_MAX: usize = 1000;

/// How far into the log an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The last day opened in that partition.
    pub day: Option<IstDate>,
    /// The partition.
    pub partition: Option<u32>,
    /// The next offset of the journal when the first and the last row of the answer were read.
    pub offsets: Option<(i64, i64)>,
}

/// The rows of one worker in the partition of one taxpayer.
pub trait Rows: StateRead {
    /// How far into the log they go; known after the first read.
    fn standing(&self) -> Standing;
}

/// What falls due on a day, over all taxpayers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DueTotals {
    /// Taxpayers.
    pub recipients: u64,
    /// Their documents.
    pub documents: u64,
    /// The credit that hangs on them.
    pub credit_at_stake: Paise,
}

/// Who gives rows.
pub trait Source {
    /// The rows of a worker in the partition of a taxpayer.
    ///
    /// # Errors
    /// A message that says how to reach the worker where it is not known.
    fn rows<'s>(&'s self, worker: WorkerName, recipient: RecipientGstin) -> Result<Box<dyn Rows + 's>>;

    /// What falls due by day, over all taxpayers, as the timer index has it.
    ///
    /// # Errors
    /// A message where the index does not answer.
    fn due_days(&self) -> Result<BTreeMap<IstDate, DueTotals>>;
}

/// Asks a question of rows. The reason why they cannot be read is told as it is.
///
/// # Errors
/// A message where rows cannot be read.
pub(crate) fn read<T>(rows: &dyn Rows, question: impl FnOnce(&StateView<'_>) -> Result<T, StateError>) -> Result<T> {
    question(&StateView::new(rows)).map_err(|error| match error {
        StateError::Store(reason) => anyhow!(reason),
        StateError::Corrupt { key, version } => anyhow!(
            "rows of table `{key}` are not of version {version}, which this itcctl reads: use the itcctl of the \
             workers' build"
        ),
    })
}

/// The rules in force in the partition of those rows.
///
/// # Errors
/// A message where rows cannot be read, or this build does not know the rules.
pub(crate) fn rulebook(rows: &dyn Rows) -> Result<Rulebook> {
    let table = RowKey::table(RulesRow::TABLE);
    let activations = read(rows, |view| view.scan::<RulesRow>(&table, None, ACTIVATIONS_MAX))?;
    match activations.last() {
        Some((_, row)) => match ActiveRulebook::activated(&row.payload) {
            Ok(rules) => Ok(rules.0),
            Err(reason) => Err(anyhow!("{reason}: use the itcctl of the workers' build")),
        },
        None => Ok(Rulebook::embedded()),
    }
}

/// The last day opened, which is "today" to every rule.
///
/// # Errors
/// A message where no day was opened yet.
pub(crate) fn today(rows: &dyn Rows) -> Result<IstDate> {
    rows.standing().day.ok_or_else(|| anyhow!("no day is opened yet: the calendar has written none into the journals"))
}

/// Says where events of this taxpayer wait behind a fault: an answer that is made of that worker's rows lacks them. A worker
/// that cannot be asked is passed over; the answer itself says when it is needed.
///
/// # Errors
/// Where the output cannot be written.
pub(crate) fn write_parked(source: &dyn Source, recipient: RecipientGstin, out: &mut dyn Write) -> Result<()> {
    let key = parked_key(&recipient.to_string());
    for worker in [IMS, GSTR2B, PAYMENT_TIMERS, ITC_LEDGER] {
        let Ok(rows) = source.rows(worker, recipient) else { continue };
        let Ok(Some(parked)) = read(rows.as_ref(), |view| view.get::<ParkedRow>(&key)) else { continue };
        let (name, reason) = (worker.0, parked.reason);
        writeln!(
            out,
            "incomplete: events wait at {name} behind a fault ({reason}): itcctl parked show {recipient} --worker {name}"
        )?;
    }
    Ok(())
}

/// Closes an answer: as of which day and place of the log it holds.
///
/// # Errors
/// Where the output cannot be written.
pub(crate) fn write_as_of(rows: &dyn Rows, out: &mut dyn Write) -> Result<()> {
    let standing = rows.standing();
    let day = standing.day.map_or_else(|| "before the first day".to_owned(), |day| day.to_string());
    match (standing.partition, standing.offsets) {
        (Some(partition), Some((first, last))) if first == last => {
            writeln!(out, "as of {day}, offset {last} of partition {partition}")?;
        }
        (Some(partition), Some((first, last))) => {
            writeln!(
                out,
                "as of {day}, offsets {first} to {last} of partition {partition}: it moved while it was read"
            )?;
        }
        (_, _) => writeln!(out, "as of {day}")?,
    }
    Ok(())
}
