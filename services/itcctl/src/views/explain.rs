//! `itcctl explain`: one document's story. The steps are the links of its evidence chain and the versions of the statements
//! that it stood in; under them, where it stands now, as each worker has it.

use super::documents::{find, in_words};
use super::evidence;
use super::live::LiveArguments;
use super::nothing_known;
use super::source::{
    AUDIT_EVIDENCE, GSTR2B, IMS, ITC_LEDGER, PAYMENT_TIMERS, Source, read, rulebook, today, write_as_of, write_parked,
};
use super::story::{Step, of_artefact, rule_of};
use crate::pretty::{heads_in_words, new_table, rupees, word};
use anyhow::{Result, bail};
use clap::Args;
use gst_events::{CreditSubject, EvidencePack, ImsRecord, RecordId};
use gst_rules::rule;
use gst_types::{IstDate, RecipientGstin, TaxPeriod};
use gstr2b::view::LineMove;
use std::collections::BTreeSet;
use std::io::Write;

/// Options of `itcctl explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArguments {
    /// Whose document.
    gstin: RecipientGstin,
    /// The document: SUPPLIER:KIND:NUMBER:YEAR, PORT/NUMBER/YYYY-MM-DD, or a number that is the only one.
    document: String,
    /// Also the event behind each step and who acted.
    #[arg(long)]
    events: bool,
    #[command(flatten)]
    pub(crate) live: LiveArguments,
}

/// Answers the command.
pub(crate) fn run(arguments: &ExplainArguments, source: &dyn Source, out: &mut dyn Write) -> Result<bool> {
    let gstin = arguments.gstin;
    let subject = find(source, gstin, &arguments.document)?;
    let rows = source.rows(AUDIT_EVIDENCE, gstin)?;
    let pack = read(rows.as_ref(), |view| audit_evidence::view::pack(view, gstin, &subject))?;
    // An amended number leads to its first version.
    let first = pack.as_ref().map_or_else(|| subject.clone(), |pack| pack.subject.clone());
    let records = ims_records(source, gstin, &subject, &first)?;
    if pack.is_none() && records.is_empty() {
        let (packs, _) = read(rows.as_ref(), |view| audit_evidence::view::packs(view, gstin, false, None, 1))?;
        if packs.is_empty() {
            return Err(nothing_known(rows.as_ref(), gstin, AUDIT_EVIDENCE.0));
        }
        bail!("{gstin} has no {}: itcctl evidence list {gstin} names all", in_words(&subject));
    }
    writeln!(out, "The story of {} for {gstin}", in_words(&first))?;
    let statements = statement_steps(source, gstin, &first, pack.as_ref(), &records)?;
    let steps = in_order(pack.as_ref().map(steps_of).unwrap_or_default(), statements);
    write_steps(&steps, arguments.events, out)?;
    write_standing(source, gstin, &first, &records, out)?;
    if let Some(pack) = &pack {
        writeln!(out, "evidence: {}", evidence::summary(pack))?;
    }
    write_parked(source, gstin, out)?;
    write_as_of(rows.as_ref(), out)?;
    Ok(true)
}

fn ims_records(
    source: &dyn Source,
    gstin: RecipientGstin,
    subject: &CreditSubject,
    first: &CreditSubject,
) -> Result<Vec<ImsRecord>> {
    let rows = source.rows(IMS, gstin)?;
    let rules = rulebook(rows.as_ref())?;
    let Ok(today) = today(rows.as_ref()) else { return Ok(Vec::new()) };
    let mut found: Vec<ImsRecord> = Vec::new();
    for wanted in [first, subject] {
        let now = today.next().start();
        let records = read(rows.as_ref(), |view| ims::view::records_of(view, &rules, gstin, wanted, now))?;
        for record in records {
            if !found.iter().any(|known| known.record_id == record.record_id) {
                found.push(record);
            }
        }
    }
    Ok(found)
}

fn steps_of(pack: &EvidencePack) -> Vec<Step> {
    pack.artefacts.iter().map(of_artefact).collect()
}

/// By day; within a day in the order of the chain, which is the order in which one thing led to the other, and versions of
/// statements at their hour.
fn in_order(mut chain: Vec<Step>, statements: Vec<Step>) -> Vec<Step> {
    chain.sort_by_key(|step| step.at.date());
    for step in statements {
        let place = chain.iter().position(|other| {
            other.at.date() > step.at.date() || (other.at.date() == step.at.date() && other.at > step.at)
        });
        chain.insert(place.unwrap_or(chain.len()), step);
    }
    chain
}

/// The versions of the statements in which its records stood.
fn statement_steps(
    source: &dyn Source,
    gstin: RecipientGstin,
    subject: &CreditSubject,
    pack: Option<&EvidencePack>,
    records: &[ImsRecord],
) -> Result<Vec<Step>> {
    let rows = source.rows(GSTR2B, gstin)?;
    let lines = read(rows.as_ref(), |view| gstr2b::view::lines_of(view, gstin, subject))?;
    let mut places: BTreeSet<(TaxPeriod, RecordId)> =
        lines.iter().map(|(period, line)| (*period, line.record_id.clone())).collect();
    for artefact in pack.iter().flat_map(|pack| &pack.artefacts) {
        let fact = |name: &str| artefact.facts.get(name);
        let period = fact("gstr2b_period").and_then(|period| period.parse().ok());
        if let (Some(period), Some(record)) = (period, fact("record_id")) {
            places.insert((period, RecordId(record.clone())));
        }
    }
    for record in records {
        places.extend(record.gstr2b_period.map(|period| (period, record.record_id.clone())));
    }
    let mut steps = Vec::new();
    for (period, record) in &places {
        let history = read(rows.as_ref(), |view| gstr2b::view::history(view, gstin, *period, record))?;
        for version in history {
            let title = super::gstr2b::row_title(&version.row);
            let what = match version.change {
                LineMove::Entered => {
                    format!("in GSTR-2B of {period}, version {}: {} {title}", version.version, version.row)
                }
                LineMove::Left => format!("left GSTR-2B of {period} with version {}", version.version),
                LineMove::Changed => {
                    format!("changed in GSTR-2B of {period}, version {}: {} {title}", version.version, version.row)
                }
            };
            steps.push(Step {
                at: version.generated_at,
                what: vec![what],
                rule: Some(if version.version == 1 { rule::GN_1 } else { rule::GN_7 }),
                event_id: version.event_id.unwrap_or_default(),
                actor: None,
            });
        }
    }
    Ok(steps)
}

fn write_steps(steps: &[Step], events: bool, out: &mut dyn Write) -> Result<()> {
    let header: &[&str] = if events { &["when", "what", "rule", "who", "event"] } else { &["when", "what", "rule"] };
    let mut table = new_table(header);
    for step in steps {
        let at = step.at.to_string();
        // Legal days have no hour: what a day brings happens as it begins.
        let when = if step.at == step.at.date().start() { step.at.date().to_string() } else { short_instant(&at) };
        let rule = step.rule.map(|rule| format!("{} {}", rule.code(), rule.title())).unwrap_or_default();
        let mut row = vec![when, step.what.join("\n"), rule];
        if events {
            row.extend([step.actor.clone().unwrap_or_default(), step.event_id.clone()]);
        }
        table.add_row(row);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}

/// `2025-05-13T10:00:00+05:30` as `2025-05-13 10:00`: every instant here is Indian.
fn short_instant(text: &str) -> String {
    text.get(..16).unwrap_or(text).replace('T', " ")
}

/// Where it stands now, as each worker has it.
fn write_standing(
    source: &dyn Source,
    gstin: RecipientGstin,
    subject: &CreditSubject,
    records: &[ImsRecord],
    out: &mut dyn Write,
) -> Result<()> {
    for record in records {
        let place = if record.visible_in_ims { "on the dashboard" } else { "no longer on the dashboard" };
        let filed = if record.filed { "" } else { ", saved but not filed" };
        let statement =
            record.gstr2b_period.map(|period| format!(", filed into GSTR-2B of {period}")).unwrap_or_default();
        let accepted = record.acceptance.map(|it| format!(" ({})", word(it).to_lowercase())).unwrap_or_default();
        writeln!(
            out,
            "IMS {}: {}{accepted}, {place}{filed}{statement} [{}]",
            word(record.section),
            word(record.action),
            rule_of(record.rule.code()).map_or_else(String::new, |rule| format!("{} {}", rule.code(), rule.title())),
        )?;
    }
    let mut is_owed = matches!(subject, CreditSubject::BillOfEntry(_));
    if let CreditSubject::Document(document) = subject {
        let rows = source.rows(PAYMENT_TIMERS, gstin)?;
        if let Some(it) = read(rows.as_ref(), |view| payment_timers::view::document(view, gstin, document))? {
            is_owed = true;
            let timer = match (it.last_day_to_pay, it.exclusion) {
                (Some(last), _) => format!("last day to pay {last}, day 181 is {}", last.next()),
                (None, Some(exclusion)) => format!("no 180-day timer: {}", word(exclusion)),
                (None, None) => "no 180-day timer".to_owned(),
            };
            let (paid, payable) = (rupees(it.paid), rupees(it.payable));
            writeln!(out, "payment: {paid} of {payable} paid, {} unpaid; {timer}", rupees(it.unpaid))?;
        }
    }
    let rows = source.rows(ITC_LEDGER, gstin)?;
    let rules = rulebook(rows.as_ref())?;
    let Some(it) = read(rows.as_ref(), |view| itc_ledger::view::document(view, gstin, subject, &rules))? else {
        return Ok(());
    };
    let state: IstDate = today(rows.as_ref())?;
    if let Some(credit) = it.credit {
        writeln!(
            out,
            "credit: availed {}; reversed and not re-claimed {}; section 16(4) ends on {}",
            heads_in_words(&credit.availed),
            heads_in_words(&credit.reversed),
            it.section_16_4_cutoff,
        )?;
    }
    if let (true, Some(timer)) =
        (is_owed, read(rows.as_ref(), |view| itc_ledger::view::timer(view, gstin, subject, state))?)
    {
        let why = timer.exclusion.map(|exclusion| format!(" ({})", word(exclusion))).unwrap_or_default();
        writeln!(out, "timer: {}{why}", timer.state.code())?;
    }
    Ok(())
}
