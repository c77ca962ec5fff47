//! Where a record counts and how much: GN-9, row by row of section 12.

use crate::decide::matrix::{matrix_row, reducible};
use crate::decide::standing::{Standing, is_reverse_charge};
use crate::rows::{LineRow, RecordKind, RecordRow};
use gst_events::UnavailableReason;
use gst_events::{CreditSubject, ImsAction, ImsSection, TableRow};
use gst_rules::rule::{
    AC_7, AM_3, AM_4, BE_5, BE_8, CF_6, EF_1, EF_2, EF_3, EF_4, EL_1, EL_2, GN_10, RD_8, TB_2, TB_4, TB_5,
};
use gst_rules::rulebook::ReversalRecordDefault;
use gst_rules::{RuleRef, Rulebook};
use gst_types::{DocumentKind, TaxAmounts, TaxPeriod};
use stream::DecideError;

/// Where a record counts: the statement that makes it final, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The statement whose lock makes it final.
    pub counts_in: Option<TaxPeriod>,
    /// Its line.
    pub line: Option<LineRow>,
    /// The rule that decided.
    pub rule: RuleRef,
}

impl Counted {
    const fn nowhere(rule: RuleRef) -> Self {
        Self { counts_in: None, line: None, rule }
    }
}

/// The name of a supplier's section in the rows of GSTR-2B (TB-1, TB-3).
const fn row_name(section: ImsSection) -> &'static str {
    match section {
        ImsSection::B2b => "B2B",
        ImsSection::B2ba => "B2BA",
        ImsSection::Dn => "B2B-DN",
        ImsSection::Dna => "B2B-DNA",
        ImsSection::Cn => "B2B-CN",
        ImsSection::Cna => "B2B-CNA",
        ImsSection::Eco => "ECO",
        ImsSection::Ecoa => "ECOA",
        ImsSection::Impg => "IMPG",
        ImsSection::Impga => "IMPGA",
        ImsSection::Impgsez => "IMPGSEZ",
        ImsSection::Impgseza => "IMPGSEZA",
    }
}

const fn is_credit_note(section: ImsSection) -> bool {
    matches!(section, ImsSection::Cn | ImsSection::Cna)
}

/// The row of a section in table 3, 4, 5 or 6, forward or reverse charge.
fn table_row(table: u8, section: ImsSection, reverse_charge: bool) -> Result<TableRow, DecideError> {
    let name = row_name(section);
    let text = match (is_credit_note(section), reverse_charge) {
        (true, true) => format!("{table}.B.I.{name}-RC"),
        (true, false) => format!("{table}.B.I.{name}"),
        (false, true) => format!("{table}.A.III.{name}"),
        (false, false) => format!("{table}.A.I.{name}"),
    };
    parsed(&text)
}

fn parsed(text: &str) -> Result<TableRow, DecideError> {
    text.parse().map_err(|error| DecideError::Broken(format!("{text}: {error}")))
}

/// GN-9: the line of a filed record. `period` is the earliest open statement that may carry it. A line of zero amounts, such
/// as that of a zero-tax document, is still a line (EG-4).
///
/// # Errors
/// [`DecideError::Broken`] where a record lacks what its kind needs.
pub fn count(
    rules: &Rulebook,
    record: &RecordRow,
    standing: &Standing,
    period: TaxPeriod,
) -> Result<Counted, DecideError> {
    let line = |table: TableRow, effect: TaxAmounts, rule: RuleRef| Counted {
        counts_in: Some(period),
        line: Some(LineRow { period, table, effect, unavailable: record.unavailable, late_feed: record.late_feed }),
        rule,
    };
    match record.kind {
        RecordKind::Isd => {
            let in_ims = standing.bypass.is_none();
            if in_ims && record.action == ImsAction::Pending {
                return Ok(Counted::nowhere(EF_3));
            }
            let (table, rule) = isd_row(record, in_ims && record.action == ImsAction::Reject)?;
            Ok(line(table, record.tax, rule))
        }
        RecordKind::Rule37a => {
            let section = section_of(record)?;
            Ok(line(parsed(&format!("5.A.I.{}", row_name(section)))?, record.tax, TB_5))
        }
        RecordKind::BillOfEntry | RecordKind::BillOfEntryIn | RecordKind::BillOfEntryReversal => {
            if standing.superseded {
                return Ok(Counted { counts_in: Some(period), line: None, rule: BE_5 });
            }
            if standing.held {
                return Ok(Counted::nowhere(BE_5));
            }
            if record.action == ImsAction::Pending && standing.bypass.is_none() {
                return Ok(Counted::nowhere(EF_3));
            }
            let table = parsed(&format!("3.A.IV.{}", row_name(section_of(record)?)))?;
            let (effect, rule) = import_effect(rules, record, standing);
            Ok(line(table, effect, rule))
        }
        RecordKind::Document => count_document(record, standing, period, &line),
    }
}

/// An amendment counts with its value less what the latest version locked as accepted came to, which is nothing where the
/// original was rejected (AM-5, AM-7, AM-9, EG-7); a rejected amendment changes nothing (AM-8).
fn count_document(
    record: &RecordRow,
    standing: &Standing,
    period: TaxPeriod,
    line: &impl Fn(TableRow, TaxAmounts, RuleRef) -> Counted,
) -> Result<Counted, DecideError> {
    let section = section_of(record)?;
    let reverse_charge = is_reverse_charge(record);
    let delta = record.tax - standing.accepted.unwrap_or_default();
    if standing.superseded {
        return Ok(Counted { counts_in: Some(period), line: None, rule: AM_4 });
    }
    if let Some(reason) = record.unavailable {
        let rule = match reason {
            UnavailableReason::PlaceOfSupply => EL_1,
            UnavailableReason::TimeLimit => EL_2,
        };
        return Ok(line(table_row(4, section, reverse_charge)?, record.tax, rule));
    }
    if reverse_charge {
        return Ok(line(table_row(3, section, true)?, delta, TB_2));
    }
    if standing.held {
        return Ok(Counted::nowhere(AM_3));
    }
    if standing.bypass.is_some() {
        return Ok(line(table_row(3, section, false)?, delta, GN_10));
    }
    match record.action {
        ImsAction::Pending => Ok(Counted::nowhere(EF_3)),
        ImsAction::Reject => Ok(line(table_row(6, section, false)?, record.tax, EF_2)),
        ImsAction::Accept => match declared(record, standing) {
            Some(amount) if is_credit_note(section) => Ok(line(table_row(3, section, false)?, amount, RD_8)),
            Some(amount) => Ok(line(table_row(3, section, false)?, -amount, RD_8)),
            None => Ok(line(table_row(3, section, false)?, delta, EF_1)),
        },
        // Silence accepts: also a credit note, also after the limit of a specified record, also from Oct 2025 on (EF-5, CF-2,
        // CF-13).
        ImsAction::NoAction => Ok(line(table_row(3, section, false)?, delta, EF_4)),
    }
}

/// The declared reduction: zero for NO, `None` where the full reduction stands (RD-2, RD-8).
fn declared(record: &RecordRow, standing: &Standing) -> Option<TaxAmounts> {
    let answer = record.reduction?;
    let row = matrix_row(record, standing.accepted.as_ref())?;
    reducible(row, record, standing.accepted.as_ref())?;
    if answer.required { answer.declared } else { Some(TaxAmounts::ZERO) }
}

/// BE-5, BE-7, BE-8: what a Bill of Entry adds.
fn import_effect(rules: &Rulebook, record: &RecordRow, standing: &Standing) -> (TaxAmounts, RuleRef) {
    match record.kind {
        RecordKind::BillOfEntryReversal => {
            let full = record.reversal_limit.unwrap_or(record.tax);
            let answer = (record.action == ImsAction::Accept).then_some(record.reduction).flatten();
            let amount = match (answer, record.action, rules.reversal_record_default()) {
                (Some(answer), _, _) if !answer.required => TaxAmounts::ZERO,
                (Some(answer), _, _) => answer.declared.map_or(full, |declared| declared.min(&full)),
                (None, ImsAction::NoAction, ReversalRecordDefault::None) => TaxAmounts::ZERO,
                (None, _, _) => full,
            };
            (-amount, BE_8)
        }
        RecordKind::BillOfEntry
        | RecordKind::BillOfEntryIn
        | RecordKind::Document
        | RecordKind::Isd
        | RecordKind::Rule37a => (record.tax - standing.accepted.unwrap_or_default(), AC_7),
    }
}

/// TB-2 to TB-4: the row of an ISD document; TB-6 where it is in IMS and rejected there (CF-6).
fn isd_row(record: &RecordRow, rejected: bool) -> Result<(TableRow, RuleRef), DecideError> {
    let is_note = matches!(&record.subject, CreditSubject::Document(key) if key.kind == DocumentKind::IsdCreditNote);
    let (text, rule) = match (record.isd_eligible, is_note, rejected) {
        (true, false, false) => ("3.A.II.ISD", TB_2),
        (true, true, false) => ("3.B.I.ISD-CN", TB_2),
        (false, false, _) => ("4.A.II.ISD", TB_4),
        (false, true, _) => ("4.B.I.ISD-CN", TB_4),
        (true, false, true) => ("6.A.II.ISD", CF_6),
        (true, true, true) => ("6.B.I.ISD-CN", CF_6),
    };
    Ok((parsed(text)?, rule))
}

fn section_of(record: &RecordRow) -> Result<ImsSection, DecideError> {
    record.section.ok_or_else(|| DecideError::Broken("a record of a supplier or import has a section".to_owned()))
}
