//! The action matrix of AC-9 as a table: what may be done with a record, and what its rejection costs the supplier.

use crate::rows::{RecordKind, RecordRow};
use gst_events::ImsSection;
use gst_rules::RuleRef;
use gst_rules::rule::{AC_4, AC_7, AC_9, BE_8, EL_4};
use gst_types::TaxAmounts;

/// Rows of the matrix that behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// B2B, DN, ECO: they raise credit.
    Increasing,
    /// CN.
    CreditNote,
    /// B2BA, DNA, ECOA.
    IncreasingAmendment,
    /// CNA.
    CreditNoteAmendment,
    /// Bills of Entry, their value amendments, and the record of the new GSTIN.
    Import,
    /// The reversal record of the previous GSTIN.
    ImportReversal,
}

/// The amended record against the original ("upward" and "downward" of section 0.1, AM-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More tax, or as much in other heads.
    Upward,
    /// The same in every head.
    Equal,
    /// Less tax.
    Downward,
}

/// What became of the original: accepted and locked, or not (last paragraph of AC-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginalFate {
    /// The latest earlier version that is locked as accepted.
    Accepted,
    /// None is.
    Rejected,
}

/// How Pending is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingRule {
    /// Until the time limit of section 16(4) (EL-4).
    UntilTimeLimit,
    /// A specified record: AC-4 before Oct 2025, AC-5 from then on.
    Specified,
    /// As the rulebook says for Bills of Entry (AC-7).
    Import,
    /// As the rulebook says for reversal records (BE-8).
    ImportReversal,
    /// A credit note amendment that gives credit back: no limit.
    Unlimited,
}

/// What a declaration may reach (RD-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReductionRule {
    /// No declaration.
    None,
    /// The record's own value.
    OwnValue,
    /// How much the amended value exceeds the original.
    Increase,
    /// How much the amended value falls short of the original.
    Decrease,
    /// The original Bill of Entry.
    OriginalBill,
}

/// What a locked rejection adds to the supplier's liability (SL-1, SL-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiabilityRule {
    /// Nothing (SL-5).
    None,
    /// The record's own value.
    OwnValue,
    /// Amended minus original.
    Increase,
    /// Original minus amended.
    Decrease,
}

/// One row of the matrix. An empty list means: any.
#[derive(Debug)]
pub struct MatrixRow {
    family: Family,
    directions: &'static [Direction],
    fates: &'static [OriginalFate],
    /// Whether Reject is offered.
    pub reject: bool,
    /// How Pending is allowed.
    pub pending: PendingRule,
    /// What may be declared.
    pub reduction: ReductionRule,
    /// What a rejection costs the supplier.
    pub liability: LiabilityRule,
    /// The rule behind the row.
    pub rule: RuleRef,
}

const fn row(
    family: Family,
    directions: &'static [Direction],
    fates: &'static [OriginalFate],
    (reject, pending): (bool, PendingRule),
    (reduction, liability): (ReductionRule, LiabilityRule),
    rule: RuleRef,
) -> MatrixRow {
    MatrixRow { family, directions, fates, reject, pending, reduction, liability, rule }
}

const UP: &[Direction] = &[Direction::Upward];
const UP_OR_EQUAL: &[Direction] = &[Direction::Upward, Direction::Equal];
const DOWN: &[Direction] = &[Direction::Downward];
const DOWN_OR_EQUAL: &[Direction] = &[Direction::Downward, Direction::Equal];
const ACCEPTED: &[OriginalFate] = &[OriginalFate::Accepted];
const REJECTED: &[OriginalFate] = &[OriginalFate::Rejected];

/// AC-9, in its order; the rows of imports are BE-2. What may not be pending for long (AC-5) and what costs the supplier are
/// the same records and two different columns (CF-11).
const MATRIX: &[MatrixRow] = {
    use Family::{CreditNote, CreditNoteAmendment, Import, ImportReversal, Increasing, IncreasingAmendment};
    use PendingRule::{Specified, Unlimited, UntilTimeLimit};
    use ReductionRule::{Decrease, Increase, None, OriginalBill, OwnValue};
    type Liability = LiabilityRule;
    &[
        row(Increasing, &[], &[], (true, UntilTimeLimit), (None, Liability::None), EL_4),
        row(CreditNote, &[], &[], (true, Specified), (OwnValue, Liability::OwnValue), AC_4),
        row(IncreasingAmendment, UP_OR_EQUAL, &[], (true, UntilTimeLimit), (None, Liability::None), AC_9),
        row(IncreasingAmendment, DOWN, ACCEPTED, (true, Specified), (Decrease, Liability::Decrease), AC_4),
        row(IncreasingAmendment, DOWN, REJECTED, (true, UntilTimeLimit), (None, Liability::None), AC_9),
        row(CreditNoteAmendment, UP, ACCEPTED, (true, Specified), (Increase, Liability::Increase), AC_4),
        row(CreditNoteAmendment, &[], REJECTED, (true, Specified), (OwnValue, Liability::OwnValue), AC_4),
        row(CreditNoteAmendment, DOWN_OR_EQUAL, ACCEPTED, (true, Unlimited), (None, Liability::None), AC_9),
        row(Import, &[], &[], (false, PendingRule::Import), (None, Liability::None), AC_7),
        row(ImportReversal, &[], &[], (false, PendingRule::ImportReversal), (OriginalBill, Liability::None), BE_8),
    ]
};

impl MatrixRow {
    fn is_of(&self, family: Family, direction: Direction, fate: OriginalFate) -> bool {
        self.family == family
            && (self.directions.is_empty() || self.directions.contains(&direction))
            && (self.fates.is_empty() || self.fates.contains(&fate))
    }
}

/// The family of a record; `None` for what never is in IMS.
#[must_use]
pub fn family_of(record: &RecordRow) -> Option<Family> {
    if record.kind == RecordKind::BillOfEntryReversal {
        return Some(Family::ImportReversal);
    }
    record.section.map(|section| match section {
        ImsSection::B2b | ImsSection::Dn | ImsSection::Eco => Family::Increasing,
        ImsSection::Cn => Family::CreditNote,
        ImsSection::B2ba | ImsSection::Dna | ImsSection::Ecoa => Family::IncreasingAmendment,
        ImsSection::Cna => Family::CreditNoteAmendment,
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => Family::Import,
    })
}

/// AM-6: the direction of an amendment. Mixed heads count as downward if the total falls, else as upward.
#[must_use]
pub fn direction(amended: &TaxAmounts, original: &TaxAmounts) -> Direction {
    if amended == original {
        Direction::Equal
    } else if amended.total() < original.total() {
        Direction::Downward
    } else {
        Direction::Upward
    }
}

/// The row of the matrix for a record, given the value of the latest earlier version that is locked as accepted.
#[must_use]
pub fn matrix_row(record: &RecordRow, accepted: Option<&TaxAmounts>) -> Option<&'static MatrixRow> {
    let family = family_of(record)?;
    // Where no version was accepted the direction does not matter: every row of a rejected original is alike.
    let (direction, fate) = match accepted {
        Some(original) => (direction(&record.tax, original), OriginalFate::Accepted),
        None => (Direction::Upward, OriginalFate::Rejected),
    };
    MATRIX.iter().find(|row| row.is_of(family, direction, fate))
}

/// The amounts that a declaration may reach, head by head; a negative difference allows zero (RD-3).
#[must_use]
pub fn reducible(row: &MatrixRow, record: &RecordRow, accepted: Option<&TaxAmounts>) -> Option<TaxAmounts> {
    let original = accepted.copied().unwrap_or_default();
    match row.reduction {
        ReductionRule::None => None,
        ReductionRule::OwnValue => Some(record.tax),
        ReductionRule::Increase => Some((record.tax - original).or_zero_if_negative()),
        ReductionRule::Decrease => Some((original - record.tax).or_zero_if_negative()),
        ReductionRule::OriginalBill => Some(record.reversal_limit.unwrap_or(record.tax)),
    }
}

/// SL-2: what a locked rejection adds to the supplier's liability; `None` where it adds nothing. A record furnished again and
/// accepted takes nothing back here: the supplier's own form lowers its liability by itself (SL-4).
#[must_use]
pub fn liability(row: &MatrixRow, record: &RecordRow, accepted: Option<&TaxAmounts>) -> Option<TaxAmounts> {
    let original = accepted.copied().unwrap_or_default();
    let amount = match row.liability {
        LiabilityRule::None => return None,
        LiabilityRule::OwnValue => record.tax,
        LiabilityRule::Increase => record.tax - original,
        LiabilityRule::Decrease => original - record.tax,
    };
    (!amount.is_zero()).then_some(amount)
}
