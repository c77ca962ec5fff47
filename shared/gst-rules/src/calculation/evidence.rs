//! Calculations around the audit pack, rates, formats, dates and GSTINs.

use super::input::{Inputs, heads, optional, text};
use super::{CalculationError, Function, Outcome};
use crate::amount::{percent_of, to_whole_rupees};
use crate::audit::{self, AcceptanceGrade, ExtraLink, InvoiceFacts, PackFacts, PackJudgement, PackWarning, Retention};
use crate::calendar::gstr3b_due;
use crate::format;
use crate::gstin::{GstinFault, gstin_check};
use crate::rates::{self, SupplyAcrossChange};
use crate::rulebook::Rulebook;
use gst_types::{FilingFrequency, FinancialYear, IstDate, IstInstant, TaxPeriod};
use serde_json::{Value, json};

pub(super) const FUNCTIONS: &[Function] = &[
    ("audit_pack", audit_pack),
    ("audit_retention", audit_retention),
    ("time_of_supply", time_of_supply),
    ("rate_lookup", rate_lookup),
    ("document_tax", document_tax),
    ("return_rupees", return_rupees),
    ("format_amount", format_amount),
    ("parse_amount", parse_amount),
    ("return_period", return_period),
    ("ist_day", ist_day),
    ("gstin_check", check_gstin),
];

fn audit_pack(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let artefacts = inputs.list("artefacts")?;
    let mut facts = PackFacts {
        supplier_gstin: inputs.text("supplier_gstin")?.to_owned(),
        receiving_state: inputs.optional_state("receiving_state")?,
        present: Default::default(),
        invoice: None,
        paid_on: None,
        has_rule_37_reversal: inputs.flag("rule37_reversal", false)?,
        has_reclaim: inputs.flag("reclaim", false)?,
    };
    let mut grade = None;
    for artefact in &artefacts {
        let number: u8 = artefact.optional("artefact", "a number")?.ok_or_else(|| artefact.missing("artefact"))?;
        if !audit::ARTEFACTS.contains(&number) {
            return Err(artefact.bad("artefact", "a number from 1 to 5"));
        }
        facts.present.insert(number);
        match number {
            1 => facts.invoice = Some(invoice_facts(artefact)?),
            3 => grade = grade.max(Some(AcceptanceGrade::of_kind(artefact.text("kind")?))),
            5 => facts.paid_on = facts.paid_on.max(day_of(artefact)?),
            _ => {}
        }
    }
    let judged = audit::judge_pack(rulebook, &facts);
    Ok(pack_output(&facts, grade, &judged))
}

fn invoice_facts(artefact: &Inputs<'_>) -> Result<InvoiceFacts, CalculationError> {
    Ok(InvoiceFacts {
        date: day_of(artefact)?,
        is_bill_of_entry: artefact.optional_text("kind")? == Some("BILL_OF_ENTRY"),
        taxable_value: artefact.optional_amount("taxable_value")?,
        rate_percent: artefact.optional_rate("rate")?,
        tax: artefact.own_heads()?,
    })
}

/// The day of an artefact: its date, or the Indian day of its instant.
fn day_of(artefact: &Inputs<'_>) -> Result<Option<IstDate>, CalculationError> {
    let at: Option<IstInstant> = artefact.optional("at", "an instant")?;
    Ok(artefact.optional_date("date")?.or(at.map(IstInstant::date)))
}

fn pack_output(facts: &PackFacts, grade: Option<AcceptanceGrade>, judged: &PackJudgement) -> Value {
    let findings: Vec<&str> = if judged.reversal_missing { vec!["RULE37_REVERSAL_MISSING"] } else { Vec::new() };
    json!({
        "complete": judged.complete,
        "missing": judged.missing,
        "artefacts_present": facts.present,
        "artefact_3_grade": grade.map(AcceptanceGrade::code),
        "last_day_to_pay": optional(judged.last_day_to_pay),
        "paid_on_day": judged.paid_on_day,
        "within_180": judged.within_180,
        "extra_links": judged.extra_links.iter().map(|link| ExtraLink::code(*link)).collect::<Vec<_>>(),
        "findings": findings,
        "warnings": judged.warnings.iter().map(|warning| PackWarning::code(*warning)).collect::<Vec<_>>(),
        "expected_check_digit": optional(judged.expected_check_digit),
    })
}

fn audit_retention(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let document_date = inputs.optional_date("document_date")?;
    let due = inputs.optional_date("annual_return_due")?;
    let due = due.or(document_date.map(audit::annual_return_due_for)).ok_or_else(|| inputs.missing("document_date"))?;
    let disposal = inputs.optional_date("final_disposal_on")?;
    let keep_until = match audit::retention(due, disposal, inputs.flag("proceedings_open", false)?) {
        Retention::Until(day) => text(day),
        Retention::IndefiniteHold => text("INDEFINITE_HOLD"),
    };
    Ok(json!({ "keep_until": keep_until }))
}

fn time_of_supply(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = rates::time_of_supply(&SupplyAcrossChange {
        change_date: inputs.date("change_date")?,
        supplied_on: inputs.date("supplied_on")?,
        invoice_on: inputs.date("invoice_on")?,
        paid_on: inputs.date("paid_on")?,
    });
    let rate = inputs.rate(if found.at_new_rate { "new_rate" } else { "old_rate" })?;
    let tax = percent_of(inputs.amount("taxable_value")?, rate);
    Ok(json!({ "time_of_supply": text(found.on), "rate": text(rate.normalize()), "tax": text(tax) }))
}

fn rate_lookup(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (group, on) = (inputs.text("group")?, inputs.date("date")?);
    let rate = rulebook.group_rate(group, on).ok_or_else(|| inputs.bad("group", "a group of the rate table"))?;
    Ok(json!({ "gst": optional(rate.gst_percent.map(|percent| percent.normalize())), "cess": rate.cess }))
}

fn document_tax(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (from, to) = (inputs.state("supplier_state")?, inputs.state("place_of_supply")?);
    Ok(heads(rates::document_tax(inputs.amount("taxable_value")?, inputs.rate("rate")?, from, to)))
}

fn return_rupees(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    Ok(json!({ "rupees": text(to_whole_rupees(inputs.amount("amount")?)) }))
}

fn format_amount(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let value = inputs.decimal("value")?;
    Ok(json!({ "grouped": format::grouped(value), "words": format::in_words(value) }))
}

fn parse_amount(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let amount = format::parse_amount(inputs.text("text")?).map_err(|error| inputs.bad("text", &error.to_string()))?;
    Ok(json!({ "amount": text(amount) }))
}

fn return_period(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (date, frequency) = (inputs.date("date")?, inputs.filing_frequency()?);
    let period = TaxPeriod::of_with(date, frequency);
    // The State decides about quarterly filers alone; without it their due date is unknown.
    let state = match (inputs.optional_state("state")?, frequency) {
        (None, FilingFrequency::Monthly) => "99".parse().ok(),
        (state, FilingFrequency::Monthly | FilingFrequency::Quarterly) => state,
    };
    Ok(json!({
        "return_period": text(period),
        "financial_year": text(FinancialYear::of(date)),
        "gstr3b_due": optional(state.map(|state| gstr3b_due(rulebook, period, frequency, state))),
    }))
}

fn ist_day(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let at: IstInstant = inputs.optional("at", "an instant")?.ok_or_else(|| inputs.missing("at"))?;
    let date = at.date();
    Ok(json!({
        "ist_date": text(date),
        "return_period": text(TaxPeriod::of(date)),
        "financial_year": text(FinancialYear::of(date)),
    }))
}

fn check_gstin(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = gstin_check(inputs.text("gstin")?);
    Ok(json!({
        "valid": found.fault.is_none(),
        "reason": found.fault.map(GstinFault::code),
        "check_digit": optional(found.check_digit),
    }))
}
