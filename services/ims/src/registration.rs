//! A taxpayer's registration, frequency and annual returns.

use crate::desk::{Decided, Desk};
use crate::rows::{FrequencyRow, RecordRow, key};
use gst_events::{AnnualReturnFiled, RecordId, TaxpayerRegistered};
use gst_rules::rule::{EG_9, EL_2, IN_5};
use gst_types::{FilingFrequency, IstInstant, TaxPeriod};
use stream::{DecideError, RowKey};

/// How many records are read at once.
const PAGE: usize = 200;

/// The last period that counts as filed before the first open one.
fn last_filed(first_open: TaxPeriod, frequency: FilingFrequency) -> TaxPeriod {
    match frequency {
        FilingFrequency::Monthly => first_open.previous(),
        FilingFrequency::Quarterly => first_open.quarter_start().previous(),
    }
}

/// IN-5, EG-9: a taxpayer is registered, or files otherwise from a quarter on. Documents that came before it are decided
/// again, page by page.
pub(crate) fn registered(mut desk: Desk<'_>, event: &TaxpayerRegistered) -> Result<Decided, DecideError> {
    let now = event.at.unwrap_or_else(|| day_start(&desk));
    let first_time = !desk.profile.registered;
    match desk.context.cursor {
        Some(_) => {}
        None => {
            // A later registration without a period of its own begins where it says that returns are open.
            let from = event.effective_from.or(event.first_open_period.filter(|_| !first_time));
            desk.profile.set_frequency(FrequencyRow {
                from,
                frequency: event.filing_frequency,
                due_day: event.gstr3b_due_day,
            });
            if let (None, Some(first_open)) = (desk.profile.locked_through, event.first_open_period) {
                desk.profile.locked_through = Some(last_filed(first_open, event.filing_frequency));
            }
            desk.profile.needs_approval = event.needs_approval;
            let unseen = first_time && desk.profile.first_statement.is_none();
            desk.profile.registered = true;
            desk.put_profile();
            if unseen || !first_time {
                desk.plan_draft(now)?;
                return Ok(desk.decided(EG_9));
            }
        }
    }
    let after = desk.context.cursor.map(|cursor| RowKey::from_text(cursor.0.clone()));
    match settle_all(&mut desk, after, now)? {
        Some(last) => Ok(desk.page(IN_5, last.as_str())),
        None => {
            desk.plan_draft(now)?;
            Ok(desk.decided(IN_5))
        }
    }
}

fn day_start(desk: &Desk<'_>) -> IstInstant {
    let epoch = IstInstant::from_naive(chrono::NaiveDateTime::MIN);
    desk.context.day.map_or(epoch, |day| gst_types::IstDate::from_naive(day).start())
}

fn settle_all(desk: &mut Desk<'_>, after: Option<RowKey>, now: IstInstant) -> Result<Option<RowKey>, DecideError> {
    let prefix = key::records(desk.recipient);
    let mut after = after;
    loop {
        let page = desk.draft.scan::<RecordRow>(&prefix, after.as_ref(), PAGE)?;
        if page.is_empty() {
            return Ok(None);
        }
        for (row_key, record) in page {
            if desk.is_page_full() {
                return Ok(Some(after.unwrap_or(prefix)));
            }
            let id = RecordId(row_key.parts().nth(1).unwrap_or_default().replace("%7C", "|"));
            desk.settle(&id, record, now)?;
            after = Some(row_key);
        }
    }
}

/// EL-2: an annual return ends the time limit of its year.
pub(crate) fn annual_return(mut desk: Desk<'_>, event: &AnnualReturnFiled) -> Result<Decided, DecideError> {
    desk.profile.annual_returns.retain(|(year, _)| *year != event.financial_year);
    desk.profile.annual_returns.push((event.financial_year, event.filed_at.date()));
    desk.profile.annual_returns.sort_unstable();
    desk.put_profile();
    Ok(desk.decided(EL_2))
}
