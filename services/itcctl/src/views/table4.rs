//! `itcctl table4`: GSTR-3B Table 4 of a return, from ledger entries, each rupee traced to documents.
//!
//! Of a filed return the ledger's entries are everything but 4(D)(2) of GSTR-2B Table 4, which never was credit. Of an
//! unfiled one, what its GSTR-2B populates in 4(A) is not availed yet and stands beside the entries.

use super::live::LiveArguments;
use super::nothing_known;
use super::source::{GSTR2B, ITC_LEDGER, Source, read, rulebook, write_as_of, write_parked};
use super::story::entry_number;
use super::table4_lists::{self, Table4List};
use crate::pretty::{Grid, head_cells, heads_in_words, rupees, word};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use gst_events::{Gstr2bSealed, PublishedLine};
use gst_rules::rulebook::Table4PartB;
use gst_types::{RecipientGstin, TaxAmounts, TaxPeriod};
use gstn_formats::Extra;
use gstn_formats::gstr3b::{Gstr3b, ItcElg, Table4Line};
use itc_ledger::view::{ReturnView, TraceView};
use std::collections::BTreeMap;
use std::io::Write;

/// The form that this map is of (section 7 of the rules).
const FIRST_OF_THIS_FORM: (i32, u32) = (2022, 8);

/// How Table 4 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Table4Format {
    /// For people.
    Table,
    /// GSTN's own JSON: the object `itc_elg` of GSTR-3B. Only of Table 4 itself.
    Gstn,
    /// One line a head. Only with --show.
    Csv,
    /// One list of objects; amounts are decimal texts. Only with --show.
    Json,
}

/// Options of `itcctl table4`.
#[derive(Debug, Clone, Args)]
pub struct Table4Arguments {
    /// Whose return.
    gstin: RecipientGstin,
    /// Which, MMYYYY.
    period: TaxPeriod,
    /// Name the entries and documents behind a line (4A1, 4A3, 4A4, 4A5, 4B1, 4B2, 4D1, 4D2), or behind every line: all.
    #[arg(long, value_name = "LINE", value_parser = line_code)]
    trace: Option<String>,
    /// Show what stands behind or beside the return in its place.
    #[arg(long, value_enum, conflicts_with = "trace")]
    show: Option<Table4List>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Table4Format::Table)]
    format: Table4Format,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

/// The lines with their codes.
const LINES: [(&str, Table4Line, &str); 9] = [
    ("4A1", Table4Line::A1, "import of goods"),
    ("4A2", Table4Line::A2, "import of services"),
    ("4A3", Table4Line::A3, "other inward supplies under reverse charge"),
    ("4A4", Table4Line::A4, "from input service distributors"),
    ("4A5", Table4Line::A5, "all other ITC"),
    ("4B1", Table4Line::B1, "reversed for good"),
    ("4B2", Table4Line::B2, "reversed for a time"),
    ("4D1", Table4Line::D1, "re-claimed, of 4(A)(5)"),
    ("4D2", Table4Line::D2, "not available, or barred"),
];

fn line_code(text: &str) -> Result<String, String> {
    let code = text.to_uppercase().replace(['(', ')'], "");
    if code == "ALL" || LINES.iter().any(|(known, _, _)| *known == code) {
        return Ok(code);
    }
    let known: Vec<&str> = LINES.iter().map(|(known, _, _)| *known).collect();
    Err(format!("a line of Table 4 is one of {}, or all", known.join(", ")))
}

/// The words of a line.
pub(crate) fn line_title(code: &str) -> &'static str {
    LINES.iter().find(|(known, _, _)| *known == code).map_or("", |(_, _, title)| title)
}

/// The lines that an unfiled return takes over from its GSTR-2B: credit. What Table 5 lists is in the ledger already.
fn is_taken_over(code: &str, filed: bool) -> bool {
    code == "4D2" || (!filed && code.starts_with("4A"))
}

/// Table 4 as far as it is known.
struct Draft {
    ledger: ReturnView,
    statement: Option<Gstr2bSealed>,
}

impl Draft {
    fn of_statement(&self, code: &str) -> TaxAmounts {
        let filed = self.ledger.filed_at.is_some();
        let populated = self.statement.as_ref().filter(|_| is_taken_over(code, filed));
        populated.and_then(|sealed| sealed.gstr3b_auto_population.get(code)).copied().unwrap_or_default()
    }

    fn of_ledger(&self, code: &str) -> TaxAmounts {
        self.ledger.lines.get(code).copied().unwrap_or_default()
    }

    fn line(&self, code: &str) -> TaxAmounts {
        self.of_ledger(code) + self.of_statement(code)
    }

    fn itc_elg(&self) -> ItcElg {
        let lines: BTreeMap<Table4Line, TaxAmounts> =
            LINES.iter().map(|(code, line, _)| (*line, self.line(code))).collect();
        ItcElg::build(&lines)
    }
}

/// Answers the command.
pub(crate) fn run(arguments: &Table4Arguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    let (gstin, period) = (arguments.gstin, arguments.period);
    if (period.year(), period.month()) < FIRST_OF_THIS_FORM {
        bail!(
            "Table 4 had another form before 082022 (Circular 170/02/2022); {period} is not drawn up with the present one"
        );
    }
    let rows = source.rows(ITC_LEDGER, gstin)?;
    let rows = rows.as_ref();
    match (arguments.show, arguments.format) {
        (Some(_), Table4Format::Gstn) => bail!("--format gstn is for Table 4 itself, not for --show"),
        (None, Table4Format::Csv | Table4Format::Json) => {
            bail!("--format csv and json are for --show; Table 4 itself has gstn")
        }
        (Some(list), format) => return table4_lists::run(list, (gstin, period), format, rows, out),
        (None, Table4Format::Table | Table4Format::Gstn) => {}
    }
    let ledger = read(rows, |view| itc_ledger::view::return_of(view, gstin, period))?;
    let statements = source.rows(GSTR2B, gstin)?;
    let statement = read(statements.as_ref(), |view| gstr2b::view::manifest(view, gstin, period, None))?;
    let is_empty = ledger.filed_at.is_none() && ledger.lines.values().all(TaxAmounts::is_zero);
    if is_empty && statement.is_none() {
        let returns = read(rows, |view| itc_ledger::view::filed_returns(view, gstin))?;
        if returns.is_empty() {
            return Err(nothing_known(rows, gstin, ITC_LEDGER.0));
        }
        let known: Vec<String> = returns.iter().map(|known| known.return_period.to_string()).collect();
        bail!("nothing stands in the return of {period}; there are entries of {}", known.join(", "));
    }
    let draft = Draft { ledger, statement };
    match arguments.format {
        Table4Format::Gstn => {
            let form = Gstr3b {
                filer: Some(gstin),
                period: Some(period),
                credit: Some(draft.itc_elg()),
                extra: Extra::default(),
            };
            writeln!(out, "{}", serde_json::to_string_pretty(&form.to_value())?)?;
        }
        Table4Format::Table | Table4Format::Csv | Table4Format::Json => {
            write_table(arguments, &draft, out)?;
            if let Some(line) = &arguments.trace {
                let line = Some(line.as_str()).filter(|line| *line != "ALL");
                let entries = read(rows, |view| itc_ledger::view::trace(view, gstin, period, line))?;
                write_entries(&entries, out)?;
                if draft.statement.is_some() {
                    let view = read(statements.as_ref(), |view| gstr2b::view::statement(view, gstin, period, None))?;
                    let lines = view.map(|view| view.lines).unwrap_or_default();
                    let part_b = rulebook(statements.as_ref())?.table4_part_b();
                    write_statement_lines(&draft, &lines, part_b, line, out)?;
                }
            }
            table4_lists::write_hints((gstin, period), rows, out)?;
            write_parked(source, gstin, out)?;
            write_as_of(rows, out)?;
        }
    }
    Ok(true)
}

fn write_table(arguments: &Table4Arguments, draft: &Draft, out: &mut dyn Write) -> Result<()> {
    let state = match draft.ledger.filed_at {
        Some(at) => format!("filed on {}", at.date()),
        None => "draft, not filed".to_owned(),
    };
    writeln!(out, "GSTR-3B Table 4 of {} for {}: {state}", arguments.gstin, arguments.period)?;
    let mut grid = Grid::new().text(["line", "what", "from"]).heads().numbers(["total"]);
    let mut row = |line: &str, what: &str, from: String, tax: &TaxAmounts| {
        let cells = vec![line.to_owned(), what.to_owned(), from];
        grid.row([cells, head_cells(tax).into(), vec![rupees(tax.total())]].concat());
    };
    for (code, _, title) in LINES {
        let (ledger, statement) = (draft.of_ledger(code), draft.of_statement(code));
        if code == "4D1" {
            row("4C", "net credit, 4(A) less 4(B)", String::new(), &draft.itc_elg().net);
        }
        if !ledger.is_zero() || (statement.is_zero() && code != "4A2") {
            row(code, title, "ledger".to_owned(), &ledger);
        }
        if let (Some(sealed), false) = (&draft.statement, statement.is_zero()) {
            let note = if code.starts_with("4A") { ", not availed yet" } else { "" };
            row(code, title, format!("GSTR-2B version {}{note}", sealed.version), &statement);
        }
    }
    writeln!(out, "{}", grid.table())?;
    if !draft.ledger.interest.is_zero() {
        writeln!(out, "interest of its reversals, whole rupees (RND-3): {}", heads_in_words(&draft.ledger.interest))?;
    }
    writeln!(out, "reversed and not re-claimed so far (ECR-1): {}", heads_in_words(&draft.ledger.ecrrs_closing))?;
    Ok(())
}

fn write_entries(entries: &[TraceView], out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new().text(["line", "entry", "date", "document"]).heads();
    grid = grid.text(["what", "status", "rule"]).optional(["follows"]);
    for TraceView { line, tax, entry } in entries {
        let mut what = word(entry.entry);
        if let Some(reason) = entry.reason {
            what = format!("{what}, {}", word(reason));
        }
        let mut row = vec![
            line.clone(),
            entry_number(&entry.entry_id).to_owned(),
            entry.date.to_string(),
            entry.subject.to_string(),
        ];
        row.extend(head_cells(tax));
        row.extend([what, word(entry.status), entry.rule.to_string()]);
        let follows = entry.linked_entry_id.as_deref().or(entry.cancels.as_deref());
        row.push(follows.map(|entry| entry_number(entry).to_owned()).unwrap_or_default());
        grid.row(row);
    }
    if grid.is_empty() {
        writeln!(out, "no ledger entry stands behind it")?;
    } else {
        writeln!(out, "ledger entries\n{}", grid.table())?;
    }
    Ok(())
}

/// The lines of GSTR-2B behind what an unfiled return takes over.
fn write_statement_lines(
    draft: &Draft,
    lines: &[PublishedLine],
    part_b: Table4PartB,
    wanted: Option<&str>,
    out: &mut dyn Write,
) -> Result<()> {
    let filed = draft.ledger.filed_at.is_some();
    let mut grid = Grid::new().text(["line", "row", "date", "document"]).heads().text(["rule"]);
    for line in lines {
        let Some((code, tax)) = gstr2b::totals::line_of(line.table.as_str(), line.effect, part_b) else { continue };
        if wanted.is_some_and(|wanted| wanted != code) || !is_taken_over(code, filed) {
            continue;
        }
        let row = vec![code.to_owned(), line.table.to_string(), line.date.to_string(), line.subject.to_string()];
        grid.row([row, head_cells(&tax).into(), vec![line.rule.to_string()]].concat());
    }
    if !grid.is_empty() {
        writeln!(out, "lines of GSTR-2B\n{}", grid.table())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_with_or_without_brackets() {
        assert_eq!(line_code("4(B)(2)").as_deref(), Ok("4B2"));
        assert_eq!(line_code("4b2").as_deref(), Ok("4B2"));
        assert!(line_code("4E").unwrap_err().contains("4A1, 4A2"));
    }
}
