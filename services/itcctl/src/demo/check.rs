//! The demo checks itself: what the engine published against the oracle, line by line and document by document.

use super::observe::Observed;
use super::oracle::{Expected, LedgerTotals, LineKey};
use super::year::DemoYear;
use anyhow::Result;
use gst_events::{ImsAction, LedgerEntryKind};
use gst_types::{RecipientGstin, TaxAmounts};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Differences shown one by one; the rest are counted.
const DIFFERENCES_SHOWN: usize = 12;

/// Compares and prints the closing lines. True where nothing differs.
pub(crate) fn check(year: &DemoYear, expected: &Expected, observed: &Observed, out: &mut dyn Write) -> Result<bool> {
    let lines = lines(observed);
    let mut in_statements = Vec::new();
    compare(&expected.lines, &lines, &mut in_statements, |(_, period, subject, table)| {
        format!("statement {period}, {table}, {subject}")
    });
    let mut in_ledger = Vec::new();
    compare(&expected.ledger, &ledger(observed), &mut in_ledger, |(_, subject)| format!("ledger, {subject}"));
    for differences in [&in_statements, &in_ledger] {
        for difference in differences.iter().take(DIFFERENCES_SHOWN) {
            writeln!(out, "DIFFERS {difference}")?;
        }
        if differences.len() > DIFFERENCES_SHOWN {
            writeln!(out, "and {} more differences", differences.len() - DIFFERENCES_SHOWN)?;
        }
    }
    let conserved = conservation(year, observed, &lines, out)?;
    let sign = |differences: &[String]| if differences.is_empty() { "=" } else { "differ from" };
    writeln!(out, "statements {} oracle: {} lines", sign(&in_statements), expected.lines.len())?;
    writeln!(
        out,
        "ledger {} oracle: {} documents, with interest, to the paisa",
        sign(&in_ledger),
        expected.ledger.len()
    )?;
    Ok(in_statements.is_empty() && in_ledger.is_empty() && conserved)
}

fn lines(observed: &Observed) -> BTreeMap<LineKey, TaxAmounts> {
    let mut lines = BTreeMap::new();
    for ((recipient, period), statement) in &observed.statements {
        for line in &statement.lines {
            let key = (*recipient, *period, line.subject.to_string(), line.table.to_string());
            *lines.entry(key).or_insert(TaxAmounts::ZERO) += line.effect;
        }
    }
    lines
}

fn ledger(observed: &Observed) -> BTreeMap<(RecipientGstin, String), LedgerTotals> {
    let mut ledger: BTreeMap<(RecipientGstin, String), LedgerTotals> = BTreeMap::new();
    for entry in &observed.entries {
        let totals = ledger.entry((entry.recipient, entry.subject.to_string())).or_default();
        match entry.entry {
            LedgerEntryKind::ItcAvailed
            | LedgerEntryKind::CreditNote
            | LedgerEntryKind::Amendment
            | LedgerEntryKind::ImportCreditDelta => totals.availed += entry.tax,
            LedgerEntryKind::Reversal => totals.reversed += entry.tax,
            LedgerEntryKind::Reclaim => totals.reclaimed += entry.tax,
            LedgerEntryKind::TimeBarred
            | LedgerEntryKind::PermanentReversal
            | LedgerEntryKind::ImportCreditAvailable => {}
        }
        totals.interest += entry.interest.as_ref().map_or(TaxAmounts::ZERO, |interest| interest.total);
    }
    ledger.retain(|_, totals| *totals != LedgerTotals::default());
    ledger
}

fn compare<K: Ord, V: PartialEq + std::fmt::Debug>(
    expected: &BTreeMap<K, V>,
    actual: &BTreeMap<K, V>,
    differences: &mut Vec<String>,
    name: impl Fn(&K) -> String,
) {
    let keys: BTreeSet<&K> = expected.keys().chain(actual.keys()).collect();
    for key in keys {
        match (expected.get(key), actual.get(key)) {
            (Some(wanted), Some(got)) if wanted == got => {}
            (wanted, got) => differences.push(format!("{}: oracle {wanted:?}, engine {got:?}", name(key))),
        }
    }
}

/// Every document that went in is somewhere: as credit, not available, rejected, pending, or put aside.
fn conservation(
    year: &DemoYear,
    observed: &Observed,
    lines: &BTreeMap<LineKey, TaxAmounts>,
    out: &mut dyn Write,
) -> Result<bool> {
    let of = |rows: &str| {
        let subjects: BTreeSet<_> = lines.keys().filter(|key| key.3.starts_with(rows)).map(|key| &key.2).collect();
        subjects.len()
    };
    let (credit, notes, unavailable, rejected) = (of("3.A"), of("3.B"), of("4."), of("6."));
    let counted: BTreeSet<&String> = lines.keys().map(|key| &key.2).collect();
    let waiting = |is_pending: bool| {
        let waits = observed.records.values().filter(|it| it.visible_in_ims && it.filed);
        let of_kind = waits.filter(|it| (it.action == ImsAction::Pending) == is_pending);
        let subjects = of_kind.map(|record| record.subject.to_string()).filter(|subject| !counted.contains(subject));
        subjects.collect::<BTreeSet<String>>().len()
    };
    // Accepted or rejected after the last return: it counts in the next statement.
    let (pending, next) = (waiting(true), waiting(false));
    let read = year.documents.len() + year.bills.len();
    let found = credit + notes + unavailable + rejected + pending + next + observed.dead_letters.len();
    writeln!(
        out,
        "conservation: {read} read = {credit} credit + {notes} credit notes + {unavailable} not available + {rejected} \
         rejected + {pending} pending + {next} for the next statement + {} dead letters{}",
        observed.dead_letters.len(),
        if read == found { String::new() } else { format!(": DIFFERS by {}", read.abs_diff(found)) },
    )?;
    Ok(read == found)
}
