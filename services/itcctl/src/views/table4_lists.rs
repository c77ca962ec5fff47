//! `itcctl table4 --show`: what stands behind or beside a return: the reversal statement, its reverse-charge twin, what was
//! filed otherwise, credit notes that name no invoice.

use super::nothing_known;
use super::source::{ITC_LEDGER, Rows, read, rulebook, write_as_of};
use super::table4::Table4Format;
use crate::pretty::{Grid, count, short, title};
use anyhow::Result;
use clap::ValueEnum;
use gst_types::{Head, RecipientGstin, TaxAmounts, TaxPeriod};
use itc_ledger::view;
use serde::Serialize;
use serde_json::Value;
use std::io::Write;

/// Credit notes shown at most; a register that names none of their invoices has thousands.
const NOTES_MAX: usize = 10_000;

/// What is shown in place of Table 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Table4List {
    /// The reversal statement up to that period, as the portal would check it (ECR-1 to ECR-3).
    Statement,
    /// Its reverse-charge twin, of returns whose 3.1(d) is told (ECR-4).
    RcmStatement,
    /// The lines in which the filed return differs from ours.
    Differences,
    /// Credit notes that lower no invoice, because nobody named one (R37-11).
    Unlinked,
}

/// A list, one row of amounts for each head that says something.
struct Listed {
    title: String,
    nothing: &'static str,
    before: &'static [&'static str],
    amounts: &'static [&'static str],
    after: &'static [&'static str],
    rows: Vec<ListedRow>,
    json: Vec<Value>,
}

struct ListedRow {
    before: Vec<String>,
    amounts: Vec<TaxAmounts>,
    after: Vec<String>,
}

impl Listed {
    /// The rows with one head each; a row without any amount is shown once.
    fn lines(&self) -> Vec<(Vec<String>, Vec<gst_types::Paise>, Vec<String>)> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let said = |head: &Head| row.amounts.iter().any(|tax| !tax.of(*head).is_zero());
            let mut heads: Vec<Head> = Head::ALL.into_iter().filter(said).collect();
            if heads.is_empty() {
                heads.push(Head::Igst);
            }
            for head in heads {
                let before = row.before.iter().cloned().chain([title(head).to_owned()]).collect();
                lines.push((before, row.amounts.iter().map(|tax| tax.of(head)).collect(), row.after.clone()));
            }
        }
        lines
    }
}

/// Writes a list.
pub(super) fn run(
    list: Table4List,
    of: (RecipientGstin, TaxPeriod),
    format: Table4Format,
    rows: &dyn Rows,
    out: &mut dyn Write,
) -> Result<bool> {
    let returns = read(rows, |view| view::filed_returns(view, of.0))?;
    if returns.is_empty() {
        return Err(nothing_known(rows, of.0, ITC_LEDGER.0));
    }
    let listed = listed(list, of, rows)?;
    match format {
        Table4Format::Table | Table4Format::Gstn => {
            writeln!(out, "{}", listed.title)?;
            if listed.rows.is_empty() {
                writeln!(out, "{}", listed.nothing)?;
            } else {
                write_table(&listed, out)?;
            }
            write_as_of(rows, out)?;
        }
        Table4Format::Csv => write_csv(&listed, out)?,
        Table4Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&listed.json)?)?,
    }
    Ok(true)
}

fn listed(list: Table4List, (gstin, period): (RecipientGstin, TaxPeriod), rows: &dyn Rows) -> Result<Listed> {
    match list {
        Table4List::Statement => {
            let rules = rulebook(rows)?;
            let views = read(rows, |view| view::reversal_statement(view, gstin, &rules))?;
            statement(gstin, views.into_iter().filter(|view| view.return_period <= period).collect())
        }
        Table4List::RcmStatement => {
            let views = read(rows, |view| view::reverse_charge_statement(view, gstin))?;
            reverse_charge(gstin, views.into_iter().filter(|view| view.return_period <= period).collect())
        }
        Table4List::Differences => {
            differences((gstin, period), read(rows, |view| view::filing_differences(view, gstin, period))?)
        }
        Table4List::Unlinked => unlinked(gstin, read(rows, |view| view::unlinked_notes(view, gstin, None, NOTES_MAX))?),
    }
}

fn json_of<T: Serialize>(views: &[T]) -> Result<Vec<Value>> {
    Ok(views.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

fn statement(gstin: RecipientGstin, views: Vec<view::StatementView>) -> Result<Listed> {
    let row = |view: &view::StatementView| ListedRow {
        before: vec![view.return_period.to_string()],
        amounts: vec![
            view.opening,
            view.reversed,
            view.reclaimed,
            view.allowed_reclaim,
            view.excess,
            view.still_to_reverse,
            view.closing,
        ],
        after: vec![
            view.status.to_owned(),
            view.filed_at.map_or_else(|| "not filed".to_owned(), |at| at.date().to_string()),
        ],
    };
    Ok(Listed {
        title: format!("reversal statement of {gstin}"),
        nothing: "no return has reversals or re-claims",
        before: &["period", "head"],
        amounts: &["opening", "4(B)(2)", "4(D)(1)", "most of 4(D)(1)", "excess", "still to reverse", "closing"],
        after: &["status", "filed"],
        rows: views.iter().map(row).collect(),
        json: json_of(&views)?,
    })
}

fn reverse_charge(gstin: RecipientGstin, views: Vec<view::ReverseChargeView>) -> Result<Listed> {
    let row = |view: &view::ReverseChargeView| ListedRow {
        before: vec![view.return_period.to_string()],
        amounts: vec![view.opening, view.tax_paid, view.credit, view.excess, view.closing],
        after: Vec::new(),
    };
    Ok(Listed {
        title: format!("reverse-charge statement of {gstin}"),
        nothing: "no filed return from 082024 on tells its 3.1(d)",
        before: &["period", "head"],
        amounts: &["opening", "3.1(d)", "4(A)(2) and 4(A)(3)", "excess", "closing"],
        after: &[],
        rows: views.iter().map(row).collect(),
        json: json_of(&views)?,
    })
}

fn differences(
    (gstin, period): (RecipientGstin, TaxPeriod),
    views: Vec<gst_events::FiledLineDifference>,
) -> Result<Listed> {
    let row = |view: &gst_events::FiledLineDifference| ListedRow {
        before: vec![view.line.clone()],
        amounts: vec![view.ours, view.filed, view.difference],
        after: Vec::new(),
    };
    Ok(Listed {
        title: format!("lines of the GSTR-3B of {gstin} for {period} that were filed otherwise"),
        nothing: "none, or the filed Table 4 was not told",
        before: &["line", "head"],
        amounts: &["ours", "filed", "filed less ours"],
        after: &[],
        rows: views.iter().map(row).collect(),
        json: json_of(&views)?,
    })
}

fn unlinked(gstin: RecipientGstin, views: Vec<view::UnlinkedNote>) -> Result<Listed> {
    let row = |view: &view::UnlinkedNote| ListedRow {
        before: vec![view.note.to_string()],
        amounts: vec![view.tax],
        after: Vec::new(),
    };
    Ok(Listed {
        title: format!("credit notes of {gstin} that name no invoice: tell the register which one each lowers"),
        nothing: "none",
        before: &["credit note", "head"],
        amounts: &["taken out of the credit"],
        after: &[],
        rows: views.iter().map(row).collect(),
        json: json_of(&views)?,
    })
}

fn write_table(listed: &Listed, out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new();
    for name in listed.before {
        grid = grid.text([*name]);
    }
    for name in listed.amounts {
        grid = grid.numbers([*name]);
    }
    for name in listed.after {
        grid = grid.text([*name]);
    }
    for (before, amounts, after) in listed.lines() {
        let amounts = amounts.into_iter().map(short).collect();
        grid.row([before, amounts, after].concat());
    }
    writeln!(out, "{}", grid.table())?;
    Ok(())
}

fn write_csv(listed: &Listed, out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let name = |column: &&str| column.to_lowercase().replace(' ', "_").replace(['(', ')'], "");
    csv.write_record([listed.before, listed.amounts, listed.after].concat().iter().map(name))?;
    for (before, amounts, after) in listed.lines() {
        let amounts = amounts.iter().map(ToString::to_string).collect();
        csv.write_record([before, amounts, after].concat())?;
    }
    csv.flush()?;
    Ok(())
}

/// Says below Table 4 where another list has something to look at.
pub(super) fn write_hints(
    (gstin, period): (RecipientGstin, TaxPeriod),
    rows: &dyn Rows,
    out: &mut dyn Write,
) -> Result<()> {
    let differing = read(rows, |view| view::filing_differences(view, gstin, period))?.len();
    if differing > 0 {
        writeln!(out, "{} filed otherwise than ours: --show differences", count(differing, "line"))?;
    }
    let unlinked = read(rows, |view| view::unlinked_notes(view, gstin, None, NOTES_MAX))?.len();
    if unlinked > 0 {
        writeln!(out, "{} without an invoice: --show unlinked", count(unlinked, "credit note"))?;
    }
    Ok(())
}
