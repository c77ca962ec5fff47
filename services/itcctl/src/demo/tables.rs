//! Tables that a person likes to read.

use super::observe::{Observed, Statement};
use crate::pretty::{self, rupees, short};
use anyhow::Result;
use comfy_table::Table;
use gst_events::{Acceptance, CreditSubject, ImsAction, LedgerEntry, LedgerEntryKind, RequestStatus};
use gst_types::{IstDate, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Rows of the longer lists.
const ROWS_SHOWN: usize = 12;

/// Names of taxpayers, where they are known; else the GSTIN itself.
#[derive(Debug, Default)]
pub(crate) struct Names(pub(crate) BTreeMap<String, String>);

impl Names {
    pub(crate) fn of(&self, gstin: impl std::fmt::Display) -> String {
        let gstin = gstin.to_string();
        self.0.get(&gstin).cloned().unwrap_or(gstin)
    }
}

fn new_table(header: &[&str], numbers_from: usize) -> Table {
    let mut table = pretty::new_table(header);
    pretty::align_right(&mut table, numbers_from..header.len());
    table
}

/// GSTR-2B per recipient and period.
pub(crate) fn statements(observed: &Observed, names: &Names, out: &mut dyn Write) -> Result<()> {
    let header = [
        "GSTR-2B of",
        "period",
        "versions",
        "lines",
        "IGST",
        "CGST",
        "SGST",
        "accepted",
        "deemed",
        "rejected",
        "pending",
    ];
    let mut table = new_table(&header, 2);
    let mut last = None;
    for ((recipient, period), statement) in &observed.statements {
        let name = if last.replace(*recipient) == Some(*recipient) { String::new() } else { names.of(recipient) };
        let credit = credit(statement);
        let count = |wanted: Acceptance| statement.lines.iter().filter(|line| line.acceptance == Some(wanted)).count();
        let rejected = statement.lines.iter().filter(|line| line.table.table() == 6).count();
        let mut row = vec![name, period.to_string()];
        row.extend([statement.sealed.version.to_string(), statement.lines.len().to_string()]);
        row.extend([credit.igst, credit.cgst, credit.sgst].map(rupees));
        row.extend([count(Acceptance::Explicit), count(Acceptance::Deemed), rejected].map(|count| count.to_string()));
        row.push(pending(observed, *recipient, *period).to_string());
        table.add_row(row);
    }
    writeln!(out, "\n{table}")?;
    Ok(())
}

/// Table 3: part A less the credit notes of part B.
fn credit(statement: &Statement) -> TaxAmounts {
    let of = |part: &str| -> TaxAmounts {
        statement.lines.iter().filter(|line| line.table.as_str().starts_with(part)).map(|line| line.effect).sum()
    };
    of("3.A") - of("3.B")
}

/// Records that belonged to the period or an earlier one and were left for a later statement.
fn pending(observed: &Observed, recipient: RecipientGstin, period: TaxPeriod) -> usize {
    let ids = |until: Option<TaxPeriod>| -> BTreeSet<String> {
        let own = observed
            .statements
            .iter()
            .filter(|((of, at), _)| *of == recipient && until.is_none_or(|until| *at <= until));
        own.flat_map(|(_, statement)| statement.lines.iter().map(|line| line.record_id.to_string())).collect()
    };
    let (counted, ever) = (ids(Some(period)), ids(None));
    let records = observed.records.iter().filter(|((of, _), _)| *of == recipient);
    records
        .filter(|((_, id), record)| {
            let due = record.gstr2b_period.is_some_and(|home| home <= period);
            due && !counted.contains(id) && (ever.contains(id) || record.action == ImsAction::Pending)
        })
        .count()
}

/// The lines of Table 4 in their order.
const TABLE_4: [&str; 8] = ["4A1", "4A3", "4A4", "4A5", "4B1", "4B2", "4D1", "4D2"];

/// GSTR-3B Table 4 per recipient and period, as the ledger's entries make it. The heads are added up.
pub(crate) fn table_4(observed: &Observed, names: &Names, out: &mut dyn Write) -> Result<()> {
    let mut sums: BTreeMap<(RecipientGstin, TaxPeriod), BTreeMap<&str, Paise>> = BTreeMap::new();
    for entry in &observed.entries {
        let period = sums.entry((entry.recipient, entry.return_period)).or_default();
        for line in TABLE_4.iter().filter(|line| entry.lines.iter().any(|named| named == *line)) {
            *period.entry(line).or_default() += entry.tax.total();
        }
    }
    for ((recipient, period), statement) in &observed.statements {
        if let Some(tax) = statement.sealed.gstr3b_auto_population.get("4D2") {
            *sums.entry((*recipient, *period)).or_default().entry("4D2").or_default() += tax.total();
        }
    }
    let header: Vec<&str> = ["Table 4 of", "period"].into_iter().chain(TABLE_4).chain(["4C net"]).collect();
    let mut table = new_table(&header, 2);
    let mut last = None;
    for ((recipient, period), lines) in &sums {
        let name = if last.replace(*recipient) == Some(*recipient) { String::new() } else { names.of(recipient) };
        let of = |line: &str| lines.get(line).copied().unwrap_or_default();
        let net = of("4A1") + of("4A3") + of("4A4") + of("4A5") - of("4B1") - of("4B2");
        let mut row = vec![name, period.to_string()];
        row.extend(TABLE_4.iter().map(|line| short(of(line))));
        row.push(rupees(net));
        table.add_row(row);
    }
    writeln!(out, "\n{table}")?;
    Ok(())
}

/// The number of a document, without its supplier.
fn number(subject: &CreditSubject) -> String {
    match subject {
        CreditSubject::Document(key) => key.number.to_string(),
        CreditSubject::BillOfEntry(id) => format!("BoE {}", id.number()),
    }
}

/// Reversals with their interest and what came back.
pub(crate) fn reversals(observed: &Observed, names: &Names, out: &mut dyn Write) -> Result<()> {
    let of = |kind: LedgerEntryKind| observed.entries.iter().filter(move |entry| entry.entry == kind);
    let mut reclaimed: BTreeMap<&str, Vec<&LedgerEntry>> = BTreeMap::new();
    let mut linked = 0;
    for entry in of(LedgerEntryKind::Reclaim) {
        if let Some(reversal) = &entry.linked_entry_id {
            linked += 1;
            reclaimed.entry(reversal).or_default().push(entry);
        }
    }
    let header = ["reversed on", "document", "supplier", "unpaid", "reversed", "interest", "re-claimed", "on"];
    let mut table = new_table(&header, 3);
    // Those that came back first: they show the whole way.
    let mut shown: Vec<&LedgerEntry> = of(LedgerEntryKind::Reversal).collect();
    shown.sort_by_key(|entry| (!reclaimed.contains_key(entry.entry_id.as_str()), entry.date));
    for entry in shown.iter().take(ROWS_SHOWN) {
        let back = reclaimed.get(entry.entry_id.as_str()).cloned().unwrap_or_default();
        let total: Paise = back.iter().map(|entry| entry.tax.total()).sum();
        let on = back.last().map(|entry| entry.date.to_string()).unwrap_or_default();
        let interest = entry.interest.as_ref().map(|interest| interest.total.total()).unwrap_or_default();
        let mut row = vec![entry.date.to_string(), number(&entry.subject)];
        row.push(entry.supplier.map(|supplier| names.of(supplier)).unwrap_or_default());
        row.extend([entry.unpaid_after.unwrap_or_default(), entry.tax.total(), interest].map(rupees));
        row.extend([short(total), on]);
        table.add_row(row);
    }
    let sum = |kind: LedgerEntryKind| -> Paise { of(kind).map(|entry| entry.tax.total()).sum() };
    let posted = observed.entries.iter().filter_map(|entry| entry.interest.as_ref());
    let interest: Paise = posted.map(|interest| interest.total.total()).sum();
    writeln!(out, "\n{table}")?;
    writeln!(
        out,
        "{} reversals of {} with interest of {}; {} re-claims of {}, {linked} of them linked to their reversal",
        of(LedgerEntryKind::Reversal).count(),
        rupees(sum(LedgerEntryKind::Reversal)),
        rupees(interest),
        of(LedgerEntryKind::Reclaim).count(),
        rupees(sum(LedgerEntryKind::Reclaim)),
    )?;
    Ok(())
}

/// Timers that fire next.
pub(crate) fn timers(observed: &Observed, today: IstDate, names: &Names, out: &mut dyn Write) -> Result<()> {
    let mut due: Vec<_> = observed
        .owed
        .values()
        .filter(|owed| owed.unpaid > Paise::ZERO)
        .filter_map(|owed| owed.fires_on.filter(|day| *day > today).map(|day| (day, owed)))
        .collect();
    due.sort_by_key(|(day, owed)| (*day, owed.document.clone()));
    let mut table = new_table(&["day 181", "document", "supplier", "recipient", "days left", "unpaid", "of"], 4);
    for (day, owed) in due.iter().take(ROWS_SHOWN) {
        let mut row = vec![day.to_string(), owed.document.number.to_string()];
        row.extend([names.of(owed.supplier), names.of(owed.recipient), day.days_since(today).to_string()]);
        row.extend([rupees(owed.unpaid), rupees(owed.payable)]);
        table.add_row(row);
    }
    writeln!(out, "\nTimers due next, as of {today}\n{table}")?;
    let unpaid: Paise = due.iter().map(|(_, owed)| owed.unpaid).sum();
    writeln!(out, "{} timers are running on {} unpaid", due.len(), rupees(unpaid))?;
    Ok(())
}

/// What became of commands.
pub(crate) fn answers(observed: &Observed, out: &mut dyn Write) -> Result<()> {
    let of = |status: RequestStatus| observed.answers.get(&status).copied().unwrap_or_default();
    let codes: Vec<String> = observed.refusals.iter().map(|(code, count)| format!("{count} {code}")).collect();
    writeln!(
        out,
        "\nCommands: {} applied, {} refused ({}), {} repeated, {} waiting; {} dead letters",
        of(RequestStatus::Applied),
        of(RequestStatus::Refused),
        if codes.is_empty() { "none".to_owned() } else { codes.join(", ") },
        of(RequestStatus::DuplicateIgnored),
        of(RequestStatus::Waiting),
        observed.dead_letters.len(),
    )?;
    for letter in observed.dead_letters.iter().take(ROWS_SHOWN) {
        writeln!(out, "  dead letter: {letter}")?;
    }
    Ok(())
}
