//! Sums of GSTR-3B Table 4, as entries are added (T4-1 to T4-10, R37-9).

use crate::rows::{Published, Table4Row};
use gst_events::{LedgerEntry, LedgerEntryKind};
use gst_rules::rulebook::SamePeriodNetting;
use gst_types::{TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;

/// What an entry adds to each line of its return. Under NET, reversals and re-claims of one document in one return leave
/// only their difference there; the entries themselves stay gross, so that the trail is kept (R37-9).
#[must_use]
pub fn changes(
    netting: SamePeriodNetting,
    entry: &LedgerEntry,
    before: &[Published],
    added: Option<&Published>,
) -> BTreeMap<String, TaxAmounts> {
    let pair = matches!(entry.entry, LedgerEntryKind::Reversal | LedgerEntryKind::Reclaim);
    if netting == SamePeriodNetting::Gross || !pair {
        return entry.lines.iter().map(|line| (line.clone(), entry.tax)).collect();
    }
    let old = difference(before.iter(), entry.return_period);
    let new = difference(before.iter().chain(added), entry.return_period);
    let (reversed, reclaimed) = (new.0 - old.0, new.1 - old.1);
    let lines = [("4B2", reversed), ("4A5", reclaimed), ("4D1", reclaimed)];
    lines.into_iter().filter(|(_, tax)| !tax.is_zero()).map(|(line, tax)| (line.to_owned(), tax)).collect()
}

/// Adds them to the sums of the return.
pub fn add(sums: &mut Table4Row, changes: &BTreeMap<String, TaxAmounts>) {
    for (line, tax) in changes {
        *sums.lines.entry(line.clone()).or_default() += *tax;
    }
}

/// What reversals and re-claims of a document in a return leave: one of the two is zero in each head.
fn difference<'p>(published: impl Iterator<Item = &'p Published>, period: TaxPeriod) -> (TaxAmounts, TaxAmounts) {
    let sum = published.filter(|one| one.period == period).fold(TaxAmounts::ZERO, |sum, one| match one.kind {
        LedgerEntryKind::Reversal => sum + one.tax,
        LedgerEntryKind::Reclaim => sum - one.tax,
        LedgerEntryKind::ItcAvailed
        | LedgerEntryKind::TimeBarred
        | LedgerEntryKind::CreditNote
        | LedgerEntryKind::Amendment
        | LedgerEntryKind::PermanentReversal
        | LedgerEntryKind::ImportCreditAvailable
        | LedgerEntryKind::ImportCreditDelta => sum,
    });
    (sum.or_zero_if_negative(), (-sum).or_zero_if_negative())
}
