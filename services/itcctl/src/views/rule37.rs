//! `itcctl rule37`: the rule 37 report, in the columns that users of other tools ask for.

use super::live::LiveArguments;
use super::source::{GSTR2B, ITC_LEDGER, PAYMENT_TIMERS, Rows, Source, read, rulebook, today, write_as_of};
use super::{ListFormat, nothing_known};
use crate::pretty::{Grid, count, csv_text, head_cells, rupees, word};
use anyhow::{Context, Result, bail};
use clap::Args;
use gst_events::CreditSubject;
use gst_types::{DocumentKey, IstDate, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use itc_ledger::view::Rule37Row;
use payment_timers::view::DocumentView;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// Documents read at a time.
const PAGE: usize = 500;
/// Every state (R37-17).
const STATES: [&str; 8] = [
    "ARMED",
    "CLOSED_PAID",
    "CLOSED_DEEMED_PAID",
    "NOT_STARTED",
    "EXPIRED_REVERSED",
    "EXPIRED_NO_CREDIT",
    "PART_RECLAIMED",
    "CLEARED",
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
    /// Only these states (R37-17); may be given several times.
    #[arg(long, value_name = "STATUS", value_parser = state)]
    status: Vec<String>,
    /// The day as of which days and states are told; the last day opened where this is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<IstDate>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

fn state(text: &str) -> Result<String, String> {
    let wanted = text.to_uppercase().replace('-', "_");
    if STATES.contains(&wanted.as_str()) {
        return Ok(wanted);
    }
    Err(format!("a status is one of {}", STATES.join(", ")))
}

/// One line of the report.
struct Line {
    name: Option<String>,
    document: DocumentKey,
    ledger: Rule37Row,
    payments: Option<DocumentView>,
}

impl Line {
    fn tax(&self) -> TaxAmounts {
        self.payments.as_ref().map(|it| it.tax).unwrap_or_default()
    }

    fn taxable_value(&self) -> Paise {
        self.payments.as_ref().map(|it| it.taxable_value).unwrap_or_default()
    }

    fn document_value(&self) -> Paise {
        self.payments.as_ref().map(|it| it.document_value).unwrap_or_default()
    }
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
    let mut lines = Vec::new();
    let mut any = false;
    let mut after = None;
    loop {
        let (page, next) =
            read(rows, |view| itc_ledger::view::rule_37_report(view, gstin, &rules, today, after.as_ref(), PAGE))?;
        any |= !page.is_empty() || next.is_some();
        for row in page.into_iter().filter(|row| is_wanted(arguments, row)) {
            if let CreditSubject::Document(document) = row.subject.clone() {
                lines.push(Line { name: None, document, ledger: row, payments: None });
            }
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    if !any {
        return Err(nothing_known(rows, gstin, ITC_LEDGER.0));
    }
    add_values(source, gstin, &mut lines)?;
    add_names(source, gstin, &mut lines)?;
    lines.sort_by_key(|line| (line.ledger.due_date, line.document.clone()));
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

fn is_wanted(arguments: &Rule37Arguments, row: &Rule37Row) -> bool {
    let date = |wanted: Option<IstDate>, holds: fn(IstDate, IstDate) -> bool| {
        wanted.is_none_or(|wanted| row.document_date.is_some_and(|date| holds(date, wanted)))
    };
    arguments.supplier.is_none_or(|wanted| row.supplier == Some(wanted))
        && date(arguments.from, |date, from| date >= from)
        && date(arguments.to, |date, to| date <= to)
        && arguments.older_than.is_none_or(|days| row.days.is_some_and(|age| age > days))
        && (arguments.status.is_empty() || arguments.status.iter().any(|status| status == row.status.code()))
}

/// The values of the invoices, which only `payment-timers` keeps: both lists are in the order of their keys.
fn add_values(source: &dyn Source, gstin: RecipientGstin, lines: &mut [Line]) -> Result<()> {
    let rows = source.rows(PAYMENT_TIMERS, gstin)?;
    let mut wanted: BTreeMap<DocumentKey, &mut Line> =
        lines.iter_mut().map(|line| (line.document.clone(), line)).collect();
    let mut after: Option<DocumentKey> = None;
    while !wanted.is_empty() {
        let page = documents(rows.as_ref(), gstin, after.as_ref())?;
        let full = page.len() == PAGE;
        after = page.last().map(|document| document.document.clone());
        for document in page {
            if let Some(line) = wanted.remove(&document.document) {
                line.payments = Some(document);
            }
        }
        if !full {
            break;
        }
    }
    Ok(())
}

fn documents(rows: &dyn Rows, gstin: RecipientGstin, after: Option<&DocumentKey>) -> Result<Vec<DocumentView>> {
    read(rows, |view| payment_timers::view::documents(view, gstin, after, PAGE))
}

/// Trade names, as a statement has them: one document of each supplier is asked for.
fn add_names(source: &dyn Source, gstin: RecipientGstin, lines: &mut [Line]) -> Result<()> {
    let rows = source.rows(GSTR2B, gstin)?;
    let mut names: BTreeMap<SupplierGstin, Option<String>> = BTreeMap::new();
    for line in lines {
        let supplier = line.document.supplier;
        if let Some(name) = names.get(&supplier) {
            line.name.clone_from(name);
            continue;
        }
        let subject = CreditSubject::Document(line.document.clone());
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
    grid = grid.numbers(["value", "taxable"]).heads().numbers(["paid", "outstanding", "days", "ITC to reverse"]);
    grid = grid.text(["status"]).optional(["reversal"]);
    for line in lines {
        let it = &line.ledger;
        let day = |day: Option<IstDate>| day.map_or_else(|| "none".to_owned(), |day| day.to_string());
        let mut row = vec![line.name.clone().unwrap_or_default(), line.document.supplier.to_string()];
        row.extend([line.document.number.to_string(), day(it.document_date), day(it.due_date)]);
        row.extend([rupees(line.document_value()), rupees(line.taxable_value())]);
        row.extend(head_cells(&line.tax()));
        row.extend([rupees(it.paid), rupees(it.outstanding)]);
        row.push(it.days.map(|days| days.to_string()).unwrap_or_default());
        row.extend([rupees(it.itc_to_reverse.total()), it.status.code().to_owned()]);
        row.push(it.reversal_reference.clone().unwrap_or_default());
        grid.row(row);
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    let outstanding: Paise = lines.iter().map(|line| line.ledger.outstanding).sum();
    let to_reverse: Paise = lines.iter().map(|line| line.ledger.itc_to_reverse.total()).sum();
    let reversed = lines.iter().filter(|line| line.ledger.reversal_reference.is_some()).count();
    writeln!(
        out,
        "{}, {} outstanding, {} of credit hang on it; reversed so far: {reversed}",
        count(lines.len(), "invoice"),
        rupees(outstanding),
        rupees(to_reverse)
    )?;
    Ok(())
}

const CSV_HEADER: [&str; 23] = [
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
    "status",
    "reversal_reference",
    "document",
];

fn cells(line: &Line) -> [String; 23] {
    let it = &line.ledger;
    let text = |value: Option<String>| value.unwrap_or_default();
    let (tax, reverse) = (line.tax(), it.itc_to_reverse);
    [
        text(line.name.clone()),
        line.document.supplier.to_string(),
        line.document.number.to_string(),
        text(it.document_date.map(|day| day.to_string())),
        text(it.due_date.map(|day| day.to_string())),
        line.document_value().to_string(),
        line.taxable_value().to_string(),
        tax.igst.to_string(),
        tax.cgst.to_string(),
        tax.sgst.to_string(),
        tax.cess.to_string(),
        it.payable.to_string(),
        it.paid.to_string(),
        it.outstanding.to_string(),
        text(it.days.map(|days| days.to_string())),
        reverse.igst.to_string(),
        reverse.cgst.to_string(),
        reverse.sgst.to_string(),
        reverse.cess.to_string(),
        reverse.total().to_string(),
        it.status.code().to_owned(),
        text(it.reversal_reference.clone()),
        line.document.to_string(),
    ]
}

fn write_csv(lines: &[Line], out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(CSV_HEADER)?;
    for line in lines {
        let mut row = cells(line);
        row[0] = csv_text(&row[0]);
        csv.write_record(row)?;
    }
    csv.flush().context("writing the report")
}

fn as_json(line: &Line) -> Value {
    let it = &line.ledger;
    json!({
        "supplier": line.name,
        "supplier_gstin": line.document.supplier.to_string(),
        "invoice_number": line.document.number.to_string(),
        "invoice_date": it.document_date,
        "due_date": it.due_date,
        "invoice_value": line.document_value(),
        "taxable_value": line.taxable_value(),
        "tax": line.tax(),
        "payable": it.payable,
        "paid": it.paid,
        "outstanding": it.outstanding,
        "days": it.days,
        "itc_to_reverse": it.itc_to_reverse,
        "status": word(it.status),
        "reversal_reference": it.reversal_reference,
        "document": line.document.to_string(),
    })
}
