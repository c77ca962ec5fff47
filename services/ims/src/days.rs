//! What happens by lapse of time: AC-6, EL-4, CF-1, the draft of the 14th, and proposals and actions that waited too long.

use crate::decide::limits::Expiry;
use crate::desk::{Decided, Desk};
use crate::refusal::Refusal;
use crate::rows::{Due, DueRow, ExtensionRow, ProposalRow, RecordRow, RecordState, WaitingRow, key};
use crate::statements;
use gst_events::{DayOpened, DueDateExtended, ImsAction, ImsActionRequested, Outgoing, RecordId};
use gst_rules::calendar::CalendarItem;
use gst_rules::rule::{AC_6, EG_6, EL_4, GN_1, PD_6};
use gst_types::{IstDate, IstInstant, TaxPeriod};
use std::collections::BTreeSet;
use stream::{DecideError, Draft, NoRows, Row, RowKey, StateError, StateView};

/// How many due rows are read at once.
const PAGE: usize = 200;

/// The days up to `last` on which something is due, by jumping from one to the next.
fn due_days(rows: StateView<'_>, last: IstDate) -> Result<Vec<String>, StateError> {
    let table = RowKey::table(DueRow::TABLE);
    let last = last.to_string();
    let mut days = Vec::new();
    let mut from = table.as_str().to_owned();
    loop {
        let next = rows.raw().range(&from, &table.after_prefix(), 1)?;
        let Some(day) = next.first().and_then(|(row_key, _)| row_key.split('|').nth(1).map(str::to_owned)) else {
            return Ok(days);
        };
        if day > last {
            return Ok(days);
        }
        from = table.clone().with(&day).after_prefix();
        days.push(day);
    }
}

/// The taxpayers with something due up to a day, in order, behind `after`.
pub(crate) fn taxpayers_due(
    rows: &StateView<'_>,
    last: IstDate,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StateError> {
    let mut found = BTreeSet::new();
    for day in due_days(*rows, last)? {
        let prefix = RowKey::table(DueRow::TABLE).with(&day);
        let end = prefix.after_prefix();
        let mut from =
            after.map_or_else(|| prefix.as_str().to_owned(), |after| prefix.clone().with(after).after_prefix());
        for _ in 0..limit {
            let next = rows.raw().range(&from, &end, 1)?;
            let Some(taxpayer) = next.first().and_then(|(row_key, _)| row_key.split('|').nth(2)) else { break };
            from = prefix.clone().with(taxpayer).after_prefix();
            found.insert(taxpayer.to_owned());
        }
    }
    Ok(found.into_iter().take(limit).collect())
}

/// Everything due for one taxpayer up to the day that begins, in order of the days.
pub(crate) fn opened(mut desk: Desk<'_>, event: &DayOpened) -> Result<Decided, DecideError> {
    let mut rule = GN_1;
    for day in due_days(StateView::new(&desk.draft), event.date)? {
        let prefix = RowKey::table(DueRow::TABLE).with(&day).with(desk.recipient);
        let mut after: Option<RowKey> = None;
        loop {
            let page = desk.draft.scan::<DueRow>(&prefix, after.as_ref(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for (row_key, row) in page {
                if desk.is_page_full() {
                    return Ok(desk.page(rule, "due"));
                }
                desk.draft.delete(&row_key);
                let on = day.parse().unwrap_or(event.date);
                rule = happen(&mut desk, row.what, on, event.date)?;
                after = Some(row_key);
            }
        }
    }
    Ok(desk.decided(rule))
}

/// `due_on` is the day on which it was due, `today` the day that begins; they differ only after a gap in the days.
fn happen(desk: &mut Desk<'_>, what: Due, due_on: IstDate, today: IstDate) -> Result<gst_rules::RuleRef, DecideError> {
    match what {
        Due::Record(id) => expire_record(desk, &id, due_on.start(), today),
        Due::Draft => statements::draft_due(desk, today.start()),
        Due::Proposal(id) => expire_proposal(desk, &id, due_on.start()),
        Due::Waiting(target) => expire_waiting(desk, &target, due_on.start()),
    }
}

fn expire_record(
    desk: &mut Desk<'_>,
    id: &RecordId,
    now: IstInstant,
    today: IstDate,
) -> Result<gst_rules::RuleRef, DecideError> {
    let Some(mut record) = desk.record(id)? else { return Ok(AC_6) };
    record.due_on = None;
    let standing = match record.state {
        RecordState::Filed => desk.book().standing(&record)?,
        RecordState::Saved | RecordState::Withdrawn | RecordState::Lapsed => None,
    };
    let expiry = desk.book().expiry(&record, standing.as_ref(), now);
    let (rule, lapsed) = match expiry.filter(|(day, _)| *day <= today) {
        Some((_, Expiry::NoAction(rule))) => {
            let belongs = record.state == RecordState::Filed && !record.superseded;
            let home = desk.book().home(&record);
            forget_action(&mut record);
            if let (true, Some(home)) = (belongs, home) {
                desk.make_stale(home)?;
            }
            (rule, false)
        }
        Some((_, Expiry::Lapse)) => {
            record.state = RecordState::Lapsed;
            record.rule = EL_4;
            (EL_4, true)
        }
        // The date moved meanwhile (PD-6); settling puts it on the list of the new day.
        None => (PD_6, false),
    };
    let (amendment, home) = (record.amended_by.clone(), desk.book().home(&record));
    desk.settle(id, record, now)?;
    if lapsed {
        lapse_held(desk, amendment, home, now)?;
    }
    Ok(rule)
}

fn forget_action(record: &mut RecordRow) {
    record.action = ImsAction::NoAction;
    record.reduction = None;
    record.remarks = None;
    record.pending_since = None;
}

/// EL-4: amendments held behind a record that lapses go with it, in a chain all of them. Behind one of the same statement
/// nothing is held by this record, because that one counts instead; one that bypasses IMS counts by itself.
fn lapse_held(
    desk: &mut Desk<'_>,
    first: Option<RecordId>,
    home: Option<TaxPeriod>,
    now: IstInstant,
) -> Result<(), DecideError> {
    let mut next = first;
    while let Some(id) = next {
        let Some(mut record) = desk.record(&id)? else { return Ok(()) };
        if record.state != RecordState::Filed || desk.book().home(&record) == home {
            return Ok(());
        }
        next = record.amended_by.clone();
        let in_ims = desk.book().standing(&record)?.is_some_and(|standing| standing.bypass.is_none());
        if in_ims && !desk.book().is_final(&record) {
            record.state = RecordState::Lapsed;
            record.rule = EL_4;
            desk.settle(&id, record, now)?;
        }
    }
    Ok(())
}

fn expire_proposal(desk: &mut Desk<'_>, id: &str, now: IstInstant) -> Result<gst_rules::RuleRef, DecideError> {
    let proposal_key = key::proposal(desk.recipient, id);
    if desk.draft.get::<ProposalRow>(&proposal_key)?.is_some() {
        desk.draft.delete(&proposal_key);
        desk.say_refused(id.to_owned(), Refusal::ProposalExpired, now);
    }
    Ok(EG_6)
}

fn expire_waiting(desk: &mut Desk<'_>, target: &str, now: IstInstant) -> Result<gst_rules::RuleRef, DecideError> {
    let waiting_key = key::waiting(desk.recipient, target);
    let Some(row) = desk.draft.get::<WaitingRow>(&waiting_key)? else { return Ok(EG_6) };
    desk.draft.delete(&waiting_key);
    let words = "an action waited for its document as long as the rulebook allows, and is dropped";
    desk.alert("ACTION_WITHOUT_DOCUMENT", None, now.date(), words, EG_6);
    for (request_id, text) in row.requests {
        let request: Option<ImsActionRequested> = serde_json::from_str(&text).ok();
        let at = request.map_or(now, |request| request.at);
        desk.say_refused(request_id, Refusal::NotInIms, at);
    }
    Ok(EG_6)
}

/// PD-6: an extension acts from the moment it is entered; it is kept for the whole partition.
pub(crate) fn extended(rows: &StateView<'_>, event: &DueDateExtended) -> Result<Draft<'static, Outgoing>, DecideError> {
    let extension_key = key::extension(event.item.code(), event.period);
    let mut row: ExtensionRow = rows.get(&extension_key)?.unwrap_or_default();
    let entry = (event.entered_at, event.date);
    if !row.entered.contains(&entry) {
        row.entered.push(entry);
        // Stable: of two that were entered at one instant the one that came later holds.
        row.entered.sort_by_key(|(entered_at, _)| *entered_at);
    }
    // It only writes, so it need not lie on the rows.
    let mut draft = Draft::new(StateView::new(&NoRows));
    draft.put(&extension_key, &row);
    for (row_key, due) in moved_forward(rows, event)? {
        draft.put(&row_key, &due);
    }
    Ok(draft)
}

/// Pending records that were to be looked at after the day that was replaced, where the new last day is earlier; the rows
/// of the old day stay and find nothing to do.
fn moved_forward(rows: &StateView<'_>, event: &DueDateExtended) -> Result<Vec<(RowKey, DueRow)>, StateError> {
    /// An earlier day than the one before is a correction, made within days; far fewer records are pending by then.
    const MOVED_MAX: usize = 10_000;
    /// GSTR-3B falls due on the 20th, 22nd or 24th; what is extended reaches into the month after.
    const DAYS_LOOKED_AT: u32 = 62;
    match event.item {
        CalendarItem::Gstr3bMonthly | CalendarItem::Gstr3bQuarterly => {}
        CalendarItem::Gstr1Monthly | CalendarItem::Gstr1Quarterly => return Ok(Vec::new()),
    }
    let table = RowKey::table(DueRow::TABLE);
    let first = event.date.next();
    let from = table.clone().with(first).after_prefix();
    let to = table.clone().with(first.plus_days(DAYS_LOOKED_AT)).after_prefix();
    let mut moved = Vec::new();
    for (row_key, value) in rows.raw().range(&from, &to, MOVED_MAX)? {
        let row = stream::read_row::<DueRow>(&value)?;
        let taxpayer = RowKey::from_text(row_key).parts().nth(1).and_then(|text| text.parse().ok());
        if let (Due::Record(_), Some(taxpayer)) = (&row.what, taxpayer) {
            moved.push((key::due(first, taxpayer, &row.what), row));
        }
    }
    Ok(moved)
}
