//! What is told of a bill's duties, whenever it changes: beside the bill's own events, never in place of them.

use crate::decide::duty::{self, DutyCheck};
use crate::rows::{BillRow, DutyRow, duty_key};
use gst_events::{Alert, BillOfEntryDutyDiffers, CreditSubject, CustomsDutyReported, Outgoing};
use gst_rules::{Rulebook, rule};
use gst_types::{BillOfEntryId, IstDate, RecipientGstin};
use stream::{DecideError, Draft};

/// Keeps what a bill says of its duties. The latest telling holds.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub(crate) fn keep(draft: &mut Draft<'_, Outgoing>, fact: &CustomsDutyReported) -> Result<(), DecideError> {
    let key = duty_key(&fact.bill_of_entry);
    let before: Option<DutyRow> = draft.get(&key)?;
    // A fact is plain data with text keys, which serde_json always writes.
    let json = serde_json::to_string(fact).unwrap_or_default();
    let (told, late_told) = before.map_or((Vec::new(), false), |row| (row.told, row.late_told));
    draft.put(&key, &DutyRow { json, told, late_told });
    Ok(())
}

/// Tells what differs between a bill and the computation, and a late filing once.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub(crate) fn tell(
    draft: &mut Draft<'_, Outgoing>,
    bill: &BillRow,
    rules: &Rulebook,
    on: IstDate,
) -> Result<(), DecideError> {
    let key = duty_key(&bill.bill_of_entry);
    let Some(mut row) = draft.get::<DutyRow>(&key)? else { return Ok(()) };
    let Some(holder) = bill.holder().map(|holder| holder.gstin) else { return Ok(()) };
    let fact: CustomsDutyReported = serde_json::from_str(&row.json)
        .map_err(|_| DecideError::Broken("duties in the rows cannot be read".to_owned()))?;
    let before = row.clone();
    if let Some(check) = duty::check(bill, &fact, rules) {
        let told: Vec<_> = check.differences.iter().map(|one| (one.field.clone(), one.customs, one.computed)).collect();
        if told != row.told {
            row.told = told;
            differs(draft, holder, &bill.bill_of_entry, check, on);
        }
    }
    if let Some(filing) = duty::filing(&fact, rules).filter(|filing| filing.days_late > 0 && !row.late_told) {
        row.late_told = true;
        let message = format!(
            "the bill was filed {} days after {}; the charge of {} gives no credit",
            filing.days_late, filing.deadline, filing.charge
        );
        draft.emit(alert(holder, &bill.bill_of_entry, on, ("BOE_FILED_LATE", rule::BOE_8), message));
    }
    if row != before {
        draft.put(&key, &row);
    }
    Ok(())
}

fn differs(
    draft: &mut Draft<'_, Outgoing>,
    holder: RecipientGstin,
    bill: &BillOfEntryId,
    check: DutyCheck,
    on: IstDate,
) {
    if !check.differences.is_empty() {
        let figures: Vec<String> = check
            .differences
            .iter()
            .map(|one| format!("{} {} instead of {}", one.field, one.customs, one.computed))
            .collect();
        let message = format!("customs has {}; customs' figures count", figures.join(", "));
        draft.emit(alert(holder, bill, on, ("BOE_DUTY_DIFFERS", rule::DUT_4), message));
    }
    let event = BillOfEntryDutyDiffers {
        recipient: holder,
        bill_of_entry: bill.clone(),
        differences: check.differences,
        igst_percent: check.igst_percent,
        duty_rate_date: check.duty_rate_date,
        rule: rule::DUT_4,
    };
    draft.emit(Outgoing::to_recipient(holder, &event));
}

fn alert(
    holder: RecipientGstin,
    bill: &BillOfEntryId,
    date: IstDate,
    (code, rule): (&str, gst_rules::RuleRef),
    message: String,
) -> Outgoing {
    let alert = Alert {
        code: code.to_owned(),
        gstin: holder.gstin(),
        subject: Some(CreditSubject::BillOfEntry(bill.clone())),
        date,
        message,
        rule: Some(rule),
        worker: "customs".to_owned(),
    };
    Outgoing::alert(holder.gstin(), &alert)
}
