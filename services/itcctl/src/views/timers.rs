//! `itcctl timers`: what falls due when, and how much credit hangs on it. Of one taxpayer document by document, from the rows
//! of `payment-timers`; over all taxpayers day by day, from the timer index.

use super::live::LiveArguments;
use super::source::{PAYMENT_TIMERS, Rows, Source, read, rulebook, today, write_as_of};
use super::{ListFormat, nothing_known};
use crate::pretty::{Grid, count, rupees};
use anyhow::Result;
use clap::Args;
use gst_types::{IstDate, Paise, RecipientGstin};
use payment_timers::view::TimerView;
use serde_json::json;
use std::io::Write;

/// Timers read at a time.
const PAGE: usize = 500;
/// Within how many days sums are given.
const SOON: [i64; 3] = [10, 30, 90];

/// Options of `itcctl timers`.
#[derive(Debug, Clone, Args)]
pub struct TimersArguments {
    /// Whose documents; without it, the days of all taxpayers from the timer index in Redis.
    gstin: Option<RecipientGstin>,
    /// Only what falls due by this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<IstDate>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

/// Answers the command.
pub(crate) fn run(arguments: &TimersArguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    let Some(gstin) = arguments.gstin else { return days(arguments, source, out) };
    let rows = source.rows(PAYMENT_TIMERS, gstin)?;
    let rows = rows.as_ref();
    let timers = timers_of(rows, gstin, arguments.until)?;
    if timers.is_empty() && read(rows, |view| payment_timers::view::documents(view, gstin, None, 1))?.is_empty() {
        return Err(nothing_known(rows, gstin, PAYMENT_TIMERS.0));
    }
    match arguments.format {
        ListFormat::Table => {
            write_table(&timers, gstin, rows, out)?;
            write_as_of(rows, out)?;
        }
        ListFormat::Csv => write_csv(&timers, today(rows)?, out)?,
        ListFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&timers)?)?,
    }
    Ok(true)
}

fn timers_of(rows: &dyn Rows, gstin: RecipientGstin, until: Option<IstDate>) -> Result<Vec<TimerView>> {
    let mut timers: Vec<TimerView> = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = read(rows, |view| payment_timers::view::timers(view, gstin, after.as_ref(), PAGE))?;
        timers.extend(page);
        let is_past = timers.last().is_some_and(|last| until.is_some_and(|until| last.fires_on > until));
        if next.is_none() || is_past {
            break;
        }
        after = next;
    }
    timers.retain(|timer| until.is_none_or(|until| timer.fires_on <= until));
    Ok(timers)
}

fn write_table(timers: &[TimerView], gstin: RecipientGstin, rows: &dyn Rows, out: &mut dyn Write) -> Result<()> {
    let today = today(rows)?;
    let days: Vec<String> = rulebook(rows)?.warning_days().iter().map(u32::to_string).collect();
    writeln!(out, "Timers of {gstin}: rule 37 reverses credit on day 181; warnings on day {}", days.join(", "))?;
    let mut grid = Grid::new().text(["day 181", "document", "supplier", "date"]);
    grid = grid.numbers(["day", "days left", "unpaid", "of", "credit at stake"]).text(["next warning"]);
    for timer in timers {
        let it = &timer.document;
        let day = today.days_since(it.document_date);
        let warning = timer.warnings.iter().min().map(|on| format!("{on}, day {}", on.days_since(it.document_date)));
        let mut row = vec![timer.fires_on.to_string(), it.document.number.to_string()];
        row.extend([it.document.supplier.to_string(), it.document_date.to_string(), day.to_string()]);
        row.push(timer.fires_on.days_since(today).to_string());
        row.extend([rupees(it.unpaid), rupees(it.payable), rupees(it.credit_at_stake.total())]);
        row.push(warning.unwrap_or_else(|| "none left".to_owned()));
        grid.row(row);
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    let sum = |timers: &[&TimerView]| -> (Paise, Paise) {
        let unpaid = timers.iter().map(|timer| timer.document.unpaid).sum();
        (unpaid, timers.iter().map(|timer| timer.document.credit_at_stake.total()).sum())
    };
    for days in SOON {
        let soon: Vec<&TimerView> = timers.iter().filter(|timer| timer.fires_on.days_since(today) <= days).collect();
        let (unpaid, stake) = sum(&soon);
        writeln!(
            out,
            "within {days} days: {}, {} unpaid, {} of credit at stake",
            count(soon.len(), "document"),
            rupees(unpaid),
            rupees(stake)
        )?;
    }
    let (unpaid, stake) = sum(&timers.iter().collect::<Vec<_>>());
    writeln!(
        out,
        "running: {}, {} unpaid, {} of credit at stake",
        count(timers.len(), "timer"),
        rupees(unpaid),
        rupees(stake)
    )?;
    Ok(())
}

fn write_csv(timers: &[TimerView], today: IstDate, out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "day_181",
        "last_day_to_pay",
        "document",
        "supplier",
        "document_number",
        "document_date",
        "days",
        "days_left",
        "payable",
        "paid",
        "unpaid",
        "stake_igst",
        "stake_cgst",
        "stake_sgst",
        "stake_cess",
        "next_warning",
    ])?;
    for timer in timers {
        let it = &timer.document;
        let stake = it.credit_at_stake;
        let mut row = vec![timer.fires_on.to_string(), timer.fires_on.minus_days(1).to_string()];
        row.extend([it.document.to_string(), it.document.supplier.to_string(), it.document.number.to_string()]);
        row.extend([it.document_date.to_string(), today.days_since(it.document_date).to_string()]);
        row.push(timer.fires_on.days_since(today).to_string());
        row.extend([it.payable, it.paid, it.unpaid].map(|amount| amount.to_string()));
        row.extend([stake.igst, stake.cgst, stake.sgst, stake.cess].map(|amount| amount.to_string()));
        row.push(timer.warnings.iter().min().map(ToString::to_string).unwrap_or_default());
        csv.write_record(&row)?;
    }
    csv.flush()?;
    Ok(())
}

/// Over all taxpayers, day by day.
fn days(arguments: &TimersArguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    let days = source.due_days()?;
    let days: Vec<_> = days.into_iter().filter(|(day, _)| arguments.until.is_none_or(|until| *day <= until)).collect();
    match arguments.format {
        ListFormat::Table => {
            let mut grid = Grid::new().text(["day 181"]).numbers(["taxpayers", "documents", "credit at stake"]);
            for (day, due) in &days {
                let counts = [due.recipients.to_string(), due.documents.to_string()];
                grid.row([vec![day.to_string()], counts.into(), vec![rupees(due.credit_at_stake)]].concat());
            }
            if !grid.is_empty() {
                writeln!(out, "{}", grid.table())?;
            }
            let documents: u64 = days.iter().map(|(_, due)| due.documents).sum();
            let stake: Paise = days.iter().map(|(_, due)| due.credit_at_stake).sum();
            writeln!(
                out,
                "running: {} on {}, {} of credit at stake; by document: itcctl timers GSTIN",
                count(documents, "timer"),
                count(days.len(), "day"),
                rupees(stake)
            )?;
        }
        ListFormat::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(["day_181", "recipients", "documents", "credit_at_stake"])?;
            for (day, due) in &days {
                let counts = [due.recipients.to_string(), due.documents.to_string()];
                csv.write_record(
                    [vec![day.to_string()], counts.into(), vec![due.credit_at_stake.to_string()]].concat(),
                )?;
            }
            csv.flush()?;
        }
        ListFormat::Json => {
            let list: Vec<_> = days
                .iter()
                .map(|(day, due)| {
                    json!({
                        "day_181": day.to_string(),
                        "recipients": due.recipients,
                        "documents": due.documents,
                        "credit_at_stake": due.credit_at_stake.to_string(),
                    })
                })
                .collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
        }
    }
    Ok(true)
}
