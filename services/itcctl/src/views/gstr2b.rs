//! `itcctl gstr2b`: a statement for people, as CSV and as GSTN writes it, and what is different between two versions.

use super::live::LiveArguments;
use super::nothing_known;
use super::source::{AUDIT_EVIDENCE, GSTR2B, IMS, Rows, Source, read, rulebook, write_as_of, write_parked};
use crate::pretty::{Grid, count, csv_text, head_cells, rupees, short, word};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use gst_events::{Acceptance, PublishedLine, StatementReason};
use gst_types::{RecipientGstin, TaxAmounts, TaxPeriod};
use gstr2b::rows::StatementRow;
use gstr2b::totals::credit_of;
use gstr2b::view::{LineChange, LineMove, StatementView};
use std::collections::BTreeMap;
use std::io::Write;

/// Periods that are named where the one asked for has no statement.
const PERIODS_NAMED: usize = 24;

/// Changes whose event is told in words: each costs a question.
const REASONS_MAX: usize = 50;

/// How a statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Gstr2bFormat {
    /// For people: the tables of FORM GSTR-2B with totals per head, then the documents.
    Table,
    /// One line a document, every field.
    Csv,
    /// GSTN's own JSON, as the portal's download.
    Gstn,
}

/// Options of `itcctl gstr2b`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Gstr2bArguments {
    #[command(subcommand)]
    command: Option<Gstr2bCommand>,
    /// Whose statement.
    #[arg(required = true, value_name = "GSTIN")]
    gstin: Option<RecipientGstin>,
    /// Which, MMYYYY.
    #[arg(required = true, value_name = "PERIOD")]
    period: Option<TaxPeriod>,
    /// An earlier version; the last one where this is not given.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Gstr2bFormat::Table)]
    format: Gstr2bFormat,
    /// Documents that the table names one by one.
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

/// What else is asked of statements.
#[derive(Debug, Clone, Subcommand)]
pub enum Gstr2bCommand {
    /// Which document entered, left or changed between two versions, and which event caused it.
    Diff {
        /// Whose statement.
        gstin: RecipientGstin,
        /// Which, MMYYYY.
        period: TaxPeriod,
        /// The older version.
        #[arg(value_name = "V1")]
        older: u32,
        /// The newer version.
        #[arg(value_name = "V2")]
        newer: u32,
    },
}

/// Answers the command.
pub(crate) fn run(arguments: &Gstr2bArguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    if let Some(Gstr2bCommand::Diff { gstin, period, older, newer }) = &arguments.command {
        return diff(source, (*gstin, *period), (*older, *newer), out);
    }
    let gstin = arguments.gstin.context("whose statement: itcctl gstr2b GSTIN PERIOD")?;
    let period = arguments.period.context("which statement: itcctl gstr2b GSTIN PERIOD")?;
    let rows = source.rows(GSTR2B, gstin)?;
    let rows = rows.as_ref();
    match arguments.format {
        Gstr2bFormat::Gstn => {
            let json = read(rows, |view| gstr2b::view::gstn_json(view, gstin, period, arguments.version))?;
            let Some(json) = json else { return no_statement(rows, gstin, period, arguments.version) };
            writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?;
        }
        Gstr2bFormat::Csv => {
            let Some(view) = statement(rows, gstin, period, arguments.version)? else {
                return no_statement(rows, gstin, period, arguments.version);
            };
            write_csv(&view, out)?;
        }
        Gstr2bFormat::Table => {
            let Some(view) = statement(rows, gstin, period, arguments.version)? else {
                return no_statement(rows, gstin, period, arguments.version);
            };
            let now = read(rows, |view| gstr2b::view::current(view, gstin, period))?;
            let stale = view.sealed.version == now.version && is_stale(source, gstin, period)?;
            write_header(&view, &now, stale, out)?;
            write_totals(&view, out)?;
            write_lines(&view, arguments.lines, out)?;
            write_parked(source, gstin, out)?;
            write_as_of(rows, out)?;
        }
    }
    Ok(true)
}

fn statement(
    rows: &dyn Rows,
    gstin: RecipientGstin,
    period: TaxPeriod,
    version: Option<u32>,
) -> Result<Option<StatementView>> {
    read(rows, |view| gstr2b::view::statement(view, gstin, period, version))
}

/// Says what there is instead.
fn no_statement(rows: &dyn Rows, gstin: RecipientGstin, period: TaxPeriod, version: Option<u32>) -> Result<bool> {
    let known = read(rows, |view| gstr2b::view::statements(view, gstin, PERIODS_NAMED))?;
    if known.is_empty() {
        return Err(nothing_known(rows, gstin, "gstr2b"));
    }
    let of_period = known.iter().find(|(of, _)| *of == period).map(|(_, row)| row);
    match (of_period, version) {
        (Some(row), Some(version)) if row.version > 0 => {
            bail!("GSTR-2B of {period} has no version {version}: its versions are 1 to {}", row.version)
        }
        (Some(row), _) if row.version == 0 => {
            let lines: u64 = row.totals.values().map(|total| total.lines).sum();
            bail!(
                "GSTR-2B of {period} is not made yet: {lines} documents count in it so far; the draft comes on its day"
            )
        }
        (_, _) => {
            let made = known.iter().filter(|(_, row)| row.version > 0).map(|(of, _)| of.to_string());
            bail!("there is no GSTR-2B of {period}; there are those of {}", made.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Whether what counts is no longer what the last version says: `ims` alone decides that.
fn is_stale(source: &dyn Source, gstin: RecipientGstin, period: TaxPeriod) -> Result<bool> {
    let rows = source.rows(IMS, gstin)?;
    let rules = rulebook(rows.as_ref())?;
    let taxpayer = read(rows.as_ref(), |view| ims::view::taxpayer_view(view, &rules, gstin))?;
    Ok(taxpayer.earliest_open == Some(period) && taxpayer.stale)
}

fn write_header(view: &StatementView, now: &StatementRow, stale: bool, out: &mut dyn Write) -> Result<()> {
    let sealed = &view.sealed;
    let made = match sealed.reason {
        StatementReason::Generated => "generated",
        StatementReason::Recomputed => "recomputed",
    };
    let state = match now.locked_at {
        Some(at) => format!("locked: GSTR-3B was filed on {}", at.date()),
        None if stale => "draft, stale: something changed since; it must be recomputed before GSTR-3B".to_owned(),
        None => "draft".to_owned(),
    };
    writeln!(out, "GSTR-2B of {} for {}", sealed.recipient, sealed.period)?;
    let version = format!("version {} of {}", sealed.version, now.version);
    writeln!(out, "{version}, {made} on {}; {state}; {}", sealed.generated_at.date(), count(sealed.lines, "document"))?;
    if sealed.incomplete {
        writeln!(out, "incomplete: events of this taxpayer wait behind a fault (itcctl dead-letters)")?;
    }
    Ok(())
}

/// The heading of a row of GSTR-2B (section 12 of the rules).
pub(crate) fn row_title(row: &str) -> String {
    let parts: Vec<&str> = row.split('.').collect();
    let [table, part, group, name] = parts.as_slice() else { return row.to_owned() };
    let section = match (*table, *part, *group) {
        ("3" | "4" | "6", "A", "I") => "all other ITC",
        (_, "A", "II") => "from ISD",
        (_, "A", "III") => "reverse charge",
        (_, "A", "IV") => "import of goods",
        ("5", "A", _) => "rule 37A",
        (_, "B", _) => "credit notes",
        (_, _, _) => "",
    };
    let (name, reverse) = name.strip_suffix("-RC").map_or((*name, ""), |name| (name, ", reverse charge"));
    let what = match name {
        "B2B" => "invoices",
        "B2BA" => "invoices, amended",
        "B2B-DN" => "debit notes",
        "B2B-DNA" => "debit notes, amended",
        "B2B-CN" => "B2B",
        "B2B-CNA" => "B2B, amended",
        "ECO" => "e-commerce documents",
        "ECOA" => "e-commerce documents, amended",
        "ISD" => "ISD invoices",
        "ISDA" => "ISD invoices, amended",
        "ISD-CN" => "ISD",
        "ISD-CNA" => "ISD, amended",
        "IMPG" => "overseas",
        "IMPGA" => "overseas, amended",
        "IMPGSEZ" => "SEZ",
        "IMPGSEZA" => "SEZ, amended",
        other => other,
    };
    format!("{section}: {what}{reverse}")
}

const fn table_title(table: &str) -> &str {
    match table.as_bytes() {
        b"3.A" => "3 Part A: ITC available",
        b"3.B" => "3 Part B: credit notes, which reduce it",
        b"4.A" => "4 Part A: ITC not available",
        b"4.B" => "4 Part B: credit notes of it",
        b"5.A" => "5: ITC to be reversed",
        b"6.A" => "6 Part A: rejected, full values",
        b"6.B" => "6 Part B: rejected credit notes",
        _ => table,
    }
}

fn write_totals(view: &StatementView, out: &mut dyn Write) -> Result<()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &view.lines {
        *counts.entry(line.table.as_str()).or_default() += 1;
    }
    let mut grid = Grid::new().text(["row", "table"]).numbers(["documents"]).heads();
    let mut credit = TaxAmounts::ZERO;
    let mut last = "";
    for (row, tax) in &view.sealed.totals {
        let table = row.get(..3).unwrap_or_default();
        if table != last {
            grid.row(vec![String::new(), table_title(table).to_owned()]);
            last = table;
        }
        credit += credit_of(row, *tax).unwrap_or_default();
        let count = counts.get(row.as_str()).copied().unwrap_or_default();
        grid.row(
            [vec![row.clone(), format!("  {}", row_title(row)), count.to_string()], head_cells(tax).into()].concat(),
        );
    }
    let total = vec![String::new(), "credit: 3 Part A less Part B".to_owned(), String::new()];
    grid.row([total, head_cells(&credit).into()].concat());
    writeln!(out, "{}", grid.table())?;
    let mut grid = Grid::new().text(["GSTR-3B line", "it populates"]).heads();
    for (line, tax) in view.sealed.gstr3b_auto_population.iter().filter(|(_, tax)| !tax.is_zero()) {
        grid.row([vec![line.clone(), super::table4::line_title(line).to_owned()], head_cells(tax).into()].concat());
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    Ok(())
}

/// What became of the record in IMS, in a word.
fn standing_of(line: &PublishedLine) -> String {
    let rejected = line.table.table() == 6;
    match (line.acceptance, rejected) {
        (_, true) => "rejected".to_owned(),
        (Some(Acceptance::Explicit), false) => "accepted".to_owned(),
        (Some(Acceptance::Deemed), false) => "deemed accepted".to_owned(),
        (None, false) if line.section.is_none() => "not in IMS".to_owned(),
        (None, false) => String::new(),
    }
}

fn write_lines(view: &StatementView, lines_max: usize, out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new().text(["row", "number", "date", "supplier"]).optional(["name"]);
    grid = grid.numbers(["document value"]).heads().text(["in IMS"]).optional(["remark"]).text(["rule"]);
    for line in view.lines.iter().take(lines_max) {
        let remark = match (line.unavailable, line.late_feed) {
            (Some(reason), _) => format!("not available: {}", word(reason)),
            (None, true) => "late".to_owned(),
            (None, false) => String::new(),
        };
        let mut row = vec![line.table.to_string(), line.number.clone(), line.date.to_string()];
        row.push(line.supplier.map(|supplier| supplier.to_string()).unwrap_or_default());
        row.extend([line.trade_name.clone().unwrap_or_default(), short(line.document_value)]);
        row.extend(head_cells(&line.effect));
        row.extend([standing_of(line), remark, line.rule.to_string()]);
        grid.row(row);
    }
    if !grid.is_empty() {
        writeln!(out, "{}", grid.table())?;
    }
    let untold = view.lines.len().saturating_sub(lines_max);
    if untold > 0 {
        writeln!(out, "and {} more (--lines N, --format csv)", count(untold, "document"))?;
    }
    Ok(())
}

const CSV_HEADER: [&str; 33] = [
    "recipient",
    "period",
    "version",
    "table",
    "record_id",
    "document",
    "number",
    "date",
    "supplier",
    "trade_name",
    "supplier_period",
    "supplier_filed_on",
    "place_of_supply",
    "reverse_charge",
    "invoice_type",
    "taxable_value",
    "document_value",
    "tax_igst",
    "tax_cgst",
    "tax_sgst",
    "tax_cess",
    "effect_igst",
    "effect_cgst",
    "effect_sgst",
    "effect_cess",
    "action",
    "acceptance",
    "unavailable",
    "late_feed",
    "original_number",
    "original_date",
    "irn",
    "rule",
];

fn write_csv(view: &StatementView, out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(CSV_HEADER)?;
    let sealed = &view.sealed;
    let text = |value: Option<String>| value.unwrap_or_default();
    for line in &view.lines {
        let tax = [line.tax.igst, line.tax.cgst, line.tax.sgst, line.tax.cess].map(|amount| amount.to_string());
        let effect = [line.effect.igst, line.effect.cgst, line.effect.sgst, line.effect.cess];
        let mut row = vec![sealed.recipient.to_string(), sealed.period.to_string(), sealed.version.to_string()];
        row.extend([line.table.to_string(), line.record_id.to_string(), line.subject.to_string()]);
        row.extend([csv_text(&line.number), line.date.to_string()]);
        row.push(text(line.supplier.map(|supplier| supplier.to_string())));
        row.push(text(line.trade_name.as_deref().map(csv_text)));
        row.push(text(line.supplier_period.map(|period| period.to_string())));
        row.push(text(line.supplier_filed_on.map(|day| day.to_string())));
        row.push(text(line.place_of_supply.map(|state| state.to_string())));
        row.push(line.reverse_charge.to_string());
        row.push(text(line.invoice_type.clone()));
        row.extend([line.taxable_value.to_string(), line.document_value.to_string()]);
        row.extend(tax);
        row.extend(effect.map(|amount| amount.to_string()));
        row.extend([text(line.action.map(word)), text(line.acceptance.map(word)), text(line.unavailable.map(word))]);
        row.push(line.late_feed.to_string());
        row.push(text(line.original.as_ref().map(|original| csv_text(&original.number))));
        row.push(text(line.original.as_ref().map(|original| original.date.to_string())));
        row.extend([text(line.irn.clone()), line.rule.to_string()]);
        csv.write_record(&row)?;
    }
    csv.flush()?;
    Ok(())
}

fn diff(
    source: &dyn Source,
    (gstin, period): (RecipientGstin, TaxPeriod),
    (older, newer): (u32, u32),
    out: &mut dyn Write,
) -> Result<bool> {
    if older >= newer {
        bail!("the older version comes first: itcctl gstr2b diff {gstin} {period} {newer} {older}");
    }
    let rows = source.rows(GSTR2B, gstin)?;
    let rows = rows.as_ref();
    let Some(changes) = read(rows, |view| gstr2b::view::difference(view, gstin, period, older, newer))? else {
        let missing = read(rows, |view| gstr2b::view::manifest(view, gstin, period, Some(older)))?;
        return no_statement(rows, gstin, period, Some(if missing.is_some() { newer } else { older }));
    };
    writeln!(out, "GSTR-2B of {gstin} for {period}: version {older} to version {newer}")?;
    if changes.is_empty() {
        writeln!(out, "nothing differs")?;
    } else {
        write_changes(&changes, &reasons(source, gstin, &changes)?, out)?;
    }
    write_as_of(rows, out)?;
    Ok(true)
}

/// What of a line is not as it was, besides its row.
fn changed_fields(before: &PublishedLine, after: &PublishedLine) -> Vec<&'static str> {
    let differs = [
        ("number", before.number != after.number || before.date != after.date),
        ("tax", before.tax != after.tax || before.taxable_value != after.taxable_value),
        ("effect", before.effect != after.effect && before.tax == after.tax),
        ("action", before.action != after.action),
        ("declaration", before.itc_reduction != after.itc_reduction),
        ("remarks", before.remarks != after.remarks),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// What the events behind changes said, in words, by their ids: the evidence of each document knows.
fn reasons(source: &dyn Source, gstin: RecipientGstin, changes: &[LineChange]) -> Result<BTreeMap<String, String>> {
    let rows = source.rows(AUDIT_EVIDENCE, gstin)?;
    let mut reasons = BTreeMap::new();
    for change in changes.iter().take(REASONS_MAX) {
        let line = change.after.as_ref().or(change.before.as_ref());
        let (Some(cause), Some(line)) = (&change.cause, line) else { continue };
        let pack = read(rows.as_ref(), |view| audit_evidence::view::pack(view, gstin, &line.subject))?;
        let artefacts = pack.map(|pack| pack.artefacts).unwrap_or_default();
        if let Some(artefact) = artefacts.iter().find(|artefact| artefact.event_id == cause.event_id) {
            let step = super::story::of_artefact(artefact);
            let what = step.what.into_iter().next().unwrap_or_default();
            reasons.insert(
                cause.event_id.clone(),
                format!("{} {}", step.at.date(), what.split(';').next().unwrap_or_default()),
            );
        }
    }
    Ok(reasons)
}

fn write_changes(changes: &[LineChange], reasons: &BTreeMap<String, String>, out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new().text(["what", "row", "number", "date", "supplier"]).heads();
    grid = grid.text(["rule", "version"]).optional(["because"]).text(["event"]);
    let mut difference = TaxAmounts::ZERO;
    for change in changes {
        let credit = |line: &Option<PublishedLine>| {
            line.as_ref().and_then(|line| credit_of(line.table.as_str(), line.effect)).unwrap_or_default()
        };
        let moved = credit(&change.after) - credit(&change.before);
        difference += moved;
        let Some(shown) = change.after.as_ref().or(change.before.as_ref()) else { continue };
        let (what, row) = match (change.change, &change.before) {
            (LineMove::Entered, _) => ("entered", shown.table.to_string()),
            (LineMove::Left, _) => ("left", shown.table.to_string()),
            (LineMove::Changed, Some(before)) if before.table != shown.table => {
                ("moved", format!("{} to {}", before.table, shown.table))
            }
            (LineMove::Changed, _) => ("changed", shown.table.to_string()),
        };
        let fields =
            change.before.as_ref().zip(change.after.as_ref()).map(|(before, after)| changed_fields(before, after));
        let what = fields
            .filter(|fields| !fields.is_empty())
            .map_or(what.to_owned(), |it| format!("{what}: {}", it.join(", ")));
        let mut cells = vec![what, row, shown.number.clone(), shown.date.to_string()];
        cells.push(shown.supplier.map(|supplier| supplier.to_string()).unwrap_or_default());
        cells.extend(head_cells(&moved));
        cells.push(shown.rule.to_string());
        match &change.cause {
            Some(cause) => {
                cells.push(cause.version.to_string());
                cells.extend([reasons.get(&cause.event_id).cloned().unwrap_or_default(), cause.event_id.clone()]);
            }
            None => cells.extend(["-".to_owned(), "the manifest names only so many".to_owned(), "-".to_owned()]),
        }
        grid.row(cells);
    }
    writeln!(out, "{}", grid.table())?;
    let of = |wanted: LineMove| changes.iter().filter(|change| change.change == wanted).count();
    writeln!(
        out,
        "{} entered, {} left, {} changed; credit {}{}",
        of(LineMove::Entered),
        of(LineMove::Left),
        of(LineMove::Changed),
        if difference.total().is_negative() { "" } else { "+" },
        rupees(difference.total()),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_headings_of_the_form() {
        assert_eq!(row_title("3.A.I.B2B"), "all other ITC: invoices");
        assert_eq!(row_title("3.A.III.B2B-DNA"), "reverse charge: debit notes, amended");
        assert_eq!(row_title("3.B.I.B2B-CN-RC"), "credit notes: B2B, reverse charge");
        assert_eq!(row_title("5.A.I.B2B"), "rule 37A: invoices");
        assert_eq!(row_title("3.A.IV.IMPGSEZ"), "import of goods: SEZ");
    }
}
