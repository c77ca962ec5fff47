//! The dashboard: what `/rows`, the CLI and the case runner read. Nothing here changes a row.

use crate::dates::Dates;
use crate::decide::limits::Expiry;
use crate::decide::standing::{Book, has_october_2025_rules};
use crate::records::target_of;
use crate::rows::{DocumentRow, PeriodRow, ProfileRow, RecordKind, RecordRow, RecordState, key};
use crate::say;
use gst_events::{CreditSubject, ImsAction, ImsRecord, ImsSection, RecordId};
use gst_rules::Rulebook;
use gst_types::{IstInstant, RecipientGstin, TaxPeriod};
use stream::{RowKey, StateError, StateView};

/// A record as the dashboard shows it at `now`; `None` for records that never were in IMS. What GSTR-3B made final is there no
/// more (EF-7).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub(crate) fn ims_record(
    book: &Book<'_>,
    id: &RecordId,
    stored: &RecordRow,
    now: IstInstant,
) -> Result<Option<ImsRecord>, StateError> {
    let section = match stored.kind {
        RecordKind::Rule37a => return Ok(None),
        RecordKind::Isd if !book.is_isd_in_ims(stored) => return Ok(None),
        RecordKind::Isd
        | RecordKind::Document
        | RecordKind::BillOfEntry
        | RecordKind::BillOfEntryIn
        | RecordKind::BillOfEntryReversal => stored.section,
    };
    let saved = stored.state == RecordState::Saved;
    let mut record = book.as_filed(stored, now);
    let standing = book.standing(&record)?;
    let expired = book.expiry(stored, standing.as_ref(), now).filter(|(day, _)| *day <= now.date());
    let mut open = !book.is_final(stored);
    match expired {
        Some((_, Expiry::NoAction(_))) => {
            record.action = ImsAction::NoAction;
            record.remarks = None;
            record.reduction = None;
        }
        Some((_, Expiry::Lapse)) => open = false,
        None => {}
    }
    let standing = standing.filter(|_| stored.state != RecordState::Withdrawn);
    let visible = open && standing.as_ref().is_some_and(|standing| standing.bypass.is_none());
    let acts = standing.as_ref().filter(|standing| visible && !standing.held);
    let pending_allowed =
        acts.is_some_and(|standing| book.pending_limit(&record, standing, now).blocked_on(now.date()).is_none());
    let remarks_allowed = acts.is_some_and(|standing| has_october_2025_rules(standing.home));
    let itc_reduction_allowed = acts.is_some_and(|standing| book.reducible(saved, &record, standing).is_some());
    Ok(Some(ImsRecord {
        recipient: book.recipient,
        record_id: id.clone(),
        subject: record.subject.clone(),
        section,
        supplier: record.supplier,
        number: record.number.clone(),
        date: record.date,
        form: record.form,
        return_period: record.return_period,
        filed: !saved,
        taxable_value: record.taxable_value,
        tax: record.tax,
        action: record.action,
        acceptance: say::acceptance(book, &record),
        visible_in_ims: visible,
        pending_allowed,
        remarks_allowed,
        itc_reduction_allowed,
        itc_reduction: record.reduction.map(Into::into),
        remarks: record.remarks.clone(),
        gstr2b_period: if saved { None } else { book.home(stored) },
        rule: record.rule,
    }))
}

/// Runs `read` over a taxpayer's rows.
fn with_book<T>(
    rows: &StateView<'_>,
    rules: &Rulebook,
    recipient: RecipientGstin,
    read: impl FnOnce(&Book<'_>) -> Result<T, StateError>,
) -> Result<T, StateError> {
    let profile: ProfileRow = rows.get(&key::profile(recipient))?.unwrap_or_default();
    let dates = Dates::read(*rows, rules, recipient)?;
    read(&Book { rows: *rows, rules, recipient, profile: &profile, dates: &dates })
}

/// One record as the dashboard shows it at `now`; `None` where this taxpayer has no such record, or it never was in IMS.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn record_view(
    rows: &StateView<'_>,
    rules: &Rulebook,
    recipient: RecipientGstin,
    record_id: &RecordId,
    now: IstInstant,
) -> Result<Option<ImsRecord>, StateError> {
    with_book(rows, rules, recipient, |book| match book.record(record_id)? {
        Some(record) => ims_record(book, record_id, &record, now),
        None => Ok(None),
    })
}

/// The sections of which a document or Bill of Entry can have a record.
const fn sections_of(subject: &CreditSubject) -> &'static [ImsSection] {
    use gst_types::DocumentKind as Kind;
    match subject {
        CreditSubject::BillOfEntry(_) => {
            &[ImsSection::Impg, ImsSection::Impga, ImsSection::Impgsez, ImsSection::Impgseza]
        }
        CreditSubject::Document(key) => match key.kind {
            Kind::Invoice => &[ImsSection::B2b, ImsSection::B2ba],
            Kind::CreditNote => &[ImsSection::Cn, ImsSection::Cna],
            Kind::DebitNote => &[ImsSection::Dn, ImsSection::Dna],
            Kind::Eco => &[ImsSection::Eco, ImsSection::Ecoa],
            Kind::IsdInvoice | Kind::IsdCreditNote => &[],
        },
    }
}

/// The present records of a document or Bill of Entry as the dashboard shows them at `now`, by section; none for what
/// never was in IMS.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn records_of(
    rows: &StateView<'_>,
    rules: &Rulebook,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    now: IstInstant,
) -> Result<Vec<ImsRecord>, StateError> {
    with_book(rows, rules, recipient, |book| {
        let mut found = Vec::new();
        for section in sections_of(subject) {
            let target = target_of(*section, subject);
            let Some(known) = rows.get::<DocumentRow>(&key::document(recipient, &target))? else { continue };
            let Some(record) = book.record(&known.record_id)? else { continue };
            found.extend(ims_record(book, &known.record_id, &record, now)?);
        }
        Ok(found)
    })
}

/// At most `limit` records on the dashboard at `now`, behind `after`, in the order of their ids. The last id read comes
/// with them: the list is complete where it is `None`.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn dashboard(
    rows: &StateView<'_>,
    rules: &Rulebook,
    recipient: RecipientGstin,
    now: IstInstant,
    after: Option<&RecordId>,
    limit: usize,
) -> Result<(Vec<ImsRecord>, Option<RecordId>), StateError> {
    with_book(rows, rules, recipient, |book| {
        let from: Option<RowKey> = after.map(|id| key::record(recipient, id));
        let page = rows.scan::<RecordRow>(&key::records(recipient), from.as_ref(), limit)?;
        let complete = page.len() < limit;
        let mut shown = Vec::new();
        let mut last = None;
        for (record_key, record) in page {
            let id = RecordId(record_key.parts().nth(1).unwrap_or_default().replace("%7C", "|"));
            shown.extend(ims_record(book, &id, &record, now)?.filter(|record| record.visible_in_ims));
            last = Some(id);
        }
        Ok((shown, last.filter(|_| !complete)))
    })
}

/// Where a taxpayer stands: what is filed, what is open, and the state of the open draft.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TaxpayerView {
    /// The last period whose GSTR-3B is filed.
    pub locked_through: Option<TaxPeriod>,
    /// The earliest open period.
    pub earliest_open: Option<TaxPeriod>,
    /// How many versions its statement has.
    pub version: u32,
    /// Whether it must be recomputed before filing.
    pub stale: bool,
    /// Whether commands need a second person.
    pub needs_approval: bool,
}

/// Where a taxpayer stands.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn taxpayer_view(
    rows: &StateView<'_>,
    rules: &Rulebook,
    recipient: RecipientGstin,
) -> Result<TaxpayerView, StateError> {
    with_book(rows, rules, recipient, |book| {
        let earliest_open = book.profile.earliest_open();
        let period: PeriodRow = match earliest_open {
            Some(open) => rows.get(&key::period(recipient, open))?.unwrap_or_default(),
            None => PeriodRow::default(),
        };
        Ok(TaxpayerView {
            locked_through: book.profile.locked_through,
            earliest_open,
            version: period.version,
            stale: period.stale,
            needs_approval: book.profile.needs_approval,
        })
    })
}
