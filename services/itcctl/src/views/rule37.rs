//! `itcctl rule37`: the rule 37 report, in the columns that users of other tools ask for.

use super::live::LiveArguments;
use super::source::{GSTR2B, ITC_LEDGER, Rows, Source, read, rulebook, today, write_as_of};
use super::{ListFormat, nothing_known};
use crate::pretty::{Grid, count, csv_text, head_cells, rupees, short};
use anyhow::{Context, Result, bail};
use clap::Args;
use gst_events::CreditSubject;
use gst_rules::Rulebook;
use gst_types::{IstDate, Paise, RecipientGstin, SupplierGstin};
use itc_ledger::state::TimerState;
use itc_ledger::view::{Rule37Filter, Rule37Row};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// Documents read at a time.
const PAGE: usize = 500;
/// Every state (R37-17).
const STATES: [TimerState; 8] = [
    TimerState::Armed,
    TimerState::ClosedPaid,
    TimerState::ClosedDeemedPaid,
    TimerState::NotStarted,
    TimerState::ExpiredReversed,
    TimerState::ExpiredNoCredit,
    TimerState::PartReclaimed,
    TimerState::Cleared,
];

/// Options of `itcctl rule37`.
#[derive(Debug, Clone, Args)]
pub struct Rule37Arguments {
    /// Whose invoices.
    gstin: RecipientGstin,
    /// Only invoices of this supplier.
    #[arg(long, value_name = "GSTIN")]
    supplier: Option<SupplierGstin>,
    /// Only invoices dated on or after this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<IstDate>,
    /// Only invoices dated on or before this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<IstDate>,
    /// Only invoices older than so many days, such as 180.
    #[arg(long, value_name = "DAYS")]
    older_than: Option<i64>,
    /// Only invoices whose last day to pay is this day or earlier.
    #[arg(long, value_name = "YYYY-MM-DD")]
    due_by: Option<IstDate>,
    /// Only these states (R37-17); may be given several times.
    #[arg(long, value_name = "STATUS", value_parser = state)]
    status: Vec<TimerState>,
    /// The day as of which days and states are told; the last day opened where this is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<IstDate>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

fn state(text: &str) -> Result<TimerState, String> {
    let wanted = text.to_uppercase().replace('-', "_");
    let found = STATES.into_iter().find(|state| state.code() == wanted);
    found.ok_or_else(|| format!("a status is one of {}", STATES.map(TimerState::code).join(", ")))
}

/// One line of the report.
struct Line {
    /// The supplier's trade name.
    name: Option<String>,
    row: Rule37Row,
}

/// Answers the command.
pub(crate) fn run(arguments: &Rule37Arguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    let gstin = arguments.gstin;
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && from > to
    {
        bail!("--from {from} is after --to {to}");
    }
    let ledger = source.rows(ITC_LEDGER, gstin)?;
    let rows = ledger.as_ref();
    let rules = rulebook(rows)?;
    let today = match arguments.on {
        Some(day) => day,
        None => today(rows)?,
    };
    let filter = Rule37Filter {
        supplier: arguments.supplier,
        issued_from: arguments.from,
        issued_to: arguments.to,
        due_to: arguments.due_by,
        states: arguments.status.clone(),
        overdue: false,
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut after = None;
    loop {
        let page = read(rows, |view| {
            itc_ledger::view::rule_37_report(view, gstin, &rules, today, &filter, after.as_ref(), PAGE)
        })?;
        let old = |row: &Rule37Row| arguments.older_than.is_none_or(|days| row.days > days);
        lines.extend(page.rows.into_iter().filter(old).map(|row| Line { name: None, row }));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if lines.is_empty() && !is_known(rows, gstin, &rules, today)? {
        return Err(nothing_known(rows, gstin, ITC_LEDGER.0));
    }
    add_names(source, gstin, &mut lines)?;
    lines.sort_by_key(|line| (line.row.due_date, line.row.document.clone()));
    match arguments.format {
        ListFormat::Table => {
            write_table(&lines, gstin, today, out)?;
            write_as_of(rows, out)?;
        }
        ListFormat::Csv => write_csv(&lines, out)?,
        ListFormat::Json => {
            let list: Vec<Value> = lines.iter().map(as_json).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
        }
    }
    Ok(true)
}

/// Whether the report has any line without a filter.
fn is_known(rows: &dyn Rows, gstin: RecipientGstin, rules: &Rulebook, today: IstDate) -> Result<bool> {
    let all = Rule37Filter::default();
    let page = read(rows, |view| itc_ledger::view::rule_37_report(view, gstin, rules, today, &all, None, 1))?;
    Ok(!page.rows.is_empty())
}

/// Trade names, as a statement has them: one document of each supplier is asked for.
fn add_names(source: &dyn Source, gstin: RecipientGstin, lines: &mut [Line]) -> Result<()> {
    let rows = source.rows(GSTR2B, gstin)?;
    let mut names: BTreeMap<SupplierGstin, Option<String>> = BTreeMap::new();
    for line in lines {
        let supplier = line.row.supplier;
        if let Some(name) = names.get(&supplier) {
            line.name.clone_from(name);
            continue;
        }
        let subject = CreditSubject::Document(line.row.document.clone());
        let found = read(rows.as_ref(), |view| gstr2b::view::lines_of(view, gstin, &subject))?;
        if !found.is_empty() {
            let name = found.into_iter().find_map(|(_, line)| line.trade_name);
            line.name.clone_from(&name);
            names.insert(supplier, name);
        }
    }
    Ok(())
}

fn write_table(lines: &[Line], gstin: RecipientGstin, today: IstDate, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "Rule 37 report of {gstin} on {today}")?;
    let mut grid = Grid::new().optional(["supplier"]).text(["GSTIN", "invoice", "date", "due date"]);
    grid = grid.numbers(["value", "taxable"]).heads();
    grid = grid.numbers(["paid", "outstanding", "days", "ITC to reverse", "reversed"]);
    grid = grid.text(["status"]).optional(["reversal"]);
    for line in lines {
        let it = &line.row;
        let due = it.due_date.map_or_else(|| "no timer".to_owned(), |day| day.to_string());
        let mut row = vec![line.name.clone().unwrap_or_default(), it.supplier.to_string()];
        row.extend([it.document.number.to_string(), it.document_date.to_string(), due]);
        row.extend([rupees(it.invoice_amount), rupees(it.taxable_amount)]);
        row.extend(head_cells(&it.tax));
        row.extend([rupees(it.paid), rupees(it.outstanding), it.days.to_string()]);
        row.extend([rupees(it.itc_to_reverse.total()), short(it.itc_reversed.total()), it.status.code().to_owned()]);
        row.push(it.reversal_reference.clone().unwrap_or_default());
        grid.row(row);
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    let outstanding: Paise = lines.iter().map(|line| line.row.outstanding).sum();
    let to_reverse: Paise = lines.iter().map(|line| line.row.itc_to_reverse.total()).sum();
    let reversed = lines.iter().filter(|line| line.row.reversal_reference.is_some()).count();
    writeln!(
        out,
        "{}, {} outstanding, {} of credit hang on it; reversed so far: {reversed}",
        count(lines.len(), "invoice"),
        rupees(outstanding),
        rupees(to_reverse)
    )?;
    Ok(())
}

const CSV_HEADER: [&str; 24] = [
    "supplier",
    "supplier_gstin",
    "invoice_number",
    "invoice_date",
    "due_date",
    "invoice_value",
    "taxable_value",
    "igst",
    "cgst",
    "sgst",
    "cess",
    "payable",
    "paid",
    "outstanding",
    "days",
    "itc_to_reverse_igst",
    "itc_to_reverse_cgst",
    "itc_to_reverse_sgst",
    "itc_to_reverse_cess",
    "itc_to_reverse",
    "itc_reversed",
    "status",
    "reversal_reference",
    "document",
];

fn cells(line: &Line) -> [String; 24] {
    let it = &line.row;
    let text = |value: Option<String>| value.unwrap_or_default();
    let reverse = it.itc_to_reverse;
    [
        text(line.name.as_deref().map(csv_text)),
        it.supplier.to_string(),
        it.document.number.to_string(),
        it.document_date.to_string(),
        text(it.due_date.map(|day| day.to_string())),
        it.invoice_amount.to_string(),
        it.taxable_amount.to_string(),
        it.tax.igst.to_string(),
        it.tax.cgst.to_string(),
        it.tax.sgst.to_string(),
        it.tax.cess.to_string(),
        it.payable.to_string(),
        it.paid.to_string(),
        it.outstanding.to_string(),
        it.days.to_string(),
        reverse.igst.to_string(),
        reverse.cgst.to_string(),
        reverse.sgst.to_string(),
        reverse.cess.to_string(),
        reverse.total().to_string(),
        it.itc_reversed.total().to_string(),
        it.status.code().to_owned(),
        text(it.reversal_reference.clone()),
        it.document.to_string(),
    ]
}

fn write_csv(lines: &[Line], out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(CSV_HEADER)?;
    for line in lines {
        csv.write_record(cells(line))?;
    }
    csv.flush().context("writing the report")
}

fn as_json(line: &Line) -> Value {
    let it = &line.row;
    json!({
        "supplier": line.name,
        "supplier_gstin": it.supplier,
        "invoice_number": it.document.number.to_string(),
        "invoice_date": it.document_date,
        "due_date": it.due_date,
        "invoice_value": it.invoice_amount,
        "taxable_value": it.taxable_amount,
        "tax": it.tax,
        "payable": it.payable,
        "paid": it.paid,
        "outstanding": it.outstanding,
        "days": it.days,
        "itc_to_reverse": it.itc_to_reverse,
        "itc_reversed": it.itc_reversed,
        "status": it.status,
        "reversal_reference": it.reversal_reference,
        "document": it.document.to_string(),
    })
}
