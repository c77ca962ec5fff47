//! Calculations around rule 37, rule 37A, interest, the statements and section 16(4).

use super::input::{Inputs, heads, optional, text};
use super::{Function, Outcome};
use crate::calendar::{day_181, last_day_to_pay, rule_37_return_period};
use crate::ecrrs::{ReturnLines, StatementCheck, rcm_statement, reversal_statement};
use crate::interest::{LedgerBalance, Reversal, ReversalInterest, interest_on_amount, late_return_interest};
use crate::rule37a;
use crate::rulebook::{DatedRate, Rule37aYear, Rulebook};
use crate::time_limit::{LimitedDocument, TimeLimitDecision, TimeLimitFacts, cutoff, judge_claim};
use crate::{amount::to_whole_rupees, interest, table4::ReturnLine};
use gst_types::FinancialYear;
use serde_json::{Value, json};

pub(super) const FUNCTIONS: &[Function] = &[
    ("payment_deadline", payment_deadline),
    ("interest_on_amount", of_amount),
    ("reversal_interest", of_reversal),
    ("late_return_interest", of_late_return),
    ("reversal_statement", statement),
    ("rcm_statement", reverse_charge_statement),
    ("rule37a_dates", rule_37a_dates),
    ("itc_time_limit", itc_time_limit),
];

fn payment_deadline(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let invoice_date = inputs.date("invoice_date")?;
    let frequency = inputs.filing_frequency()?;
    Ok(json!({
        "last_day_to_pay": text(last_day_to_pay(invoice_date)),
        "day_181": text(day_181(invoice_date)),
        "return_period": text(rule_37_return_period(invoice_date, rulebook.period_rule(), frequency)),
    }))
}

fn rates(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Result<Vec<DatedRate>, super::CalculationError> {
    Ok(inputs.optional_rates("rates")?.unwrap_or_else(|| rulebook.interest_rates()))
}

fn of_amount(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = interest_on_amount(
        inputs.amount("amount")?,
        inputs.date("from")?,
        inputs.date("to")?,
        &rates(rulebook, inputs)?,
        rulebook.day_count(),
    );
    Ok(json!({
        "days": found.days,
        "interest": text(found.interest),
        "payable_rupees": text(found.payable_rupees()),
    }))
}

fn of_reversal(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let invoice_date = inputs.optional_date("invoice_date")?;
    let balance = |row: &Inputs<'_>| {
        Ok(LedgerBalance {
            date: row.date("date")?,
            balance: row.own_heads()?,
            return_due_date: row.optional_date("return_due_date")?,
        })
    };
    let balances: Option<Vec<LedgerBalance>> = inputs
        .optional_list("balances")?
        .map(|rows| rows.iter().map(balance).collect::<Result<_, super::CalculationError>>())
        .transpose()?;
    let reversal = Reversal {
        amount: inputs.amount("amount")?,
        day_181: invoice_date.map(day_181),
        availed_on: inputs.optional_date("availed_on")?,
        balances: balances.as_deref(),
        reversed_on: inputs.date("reversed_on")?,
    };
    let found = interest::reversal_interest(rulebook, &reversal, &rates(rulebook, inputs)?);
    Ok(reversal_output(&reversal, &found))
}

fn reversal_output(reversal: &Reversal<'_>, found: &ReversalInterest) -> Value {
    let slices: Vec<Value> = found
        .slices
        .iter()
        .map(|slice| {
            json!({
                "from": text(slice.from),
                "amount": text(slice.amount),
                "days": slice.days,
                "interest": text(slice.interest),
            })
        })
        .collect();
    json!({
        "day_181": optional(reversal.day_181),
        "basis_applied": found.basis.code(),
        "ceiling": found.ceiling,
        "minimum_combined_balance": optional(found.minimum_combined_balance),
        "utilised": optional(found.utilised),
        "slices": slices,
        "interest": optional(found.interest),
        "payable_rupees": optional(found.interest.map(to_whole_rupees)),
        "interest_availment": optional(found.by_availment),
        "interest_utilisation": optional(found.by_utilisation),
    })
}

fn of_late_return(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    inputs.optional_period("return_period")?;
    let found = late_return_interest(
        rulebook,
        inputs.date("due_on")?,
        inputs.date("filed_on")?,
        inputs.heads("cash_tax")?,
        inputs.heads_or_zero("minimum_cash_balance")?,
    );
    Ok(json!({
        "days": found.days,
        "interest": heads(found.interest),
        "payable_rupees": heads(found.payable_rupees),
    }))
}

fn statement(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let lines = |row: &Inputs<'_>| {
        Ok(ReturnLines {
            return_period: row.period("return_period")?,
            reversed: row.heads_or_zero("4B2")?,
            reclaimed: row.heads_or_zero("4D1")?,
            credit_available: row.optional_heads("credit_available")?,
        })
    };
    let returns: Vec<ReturnLines> =
        inputs.list("periods")?.iter().map(lines).collect::<Result<_, super::CalculationError>>()?;
    let checks = reversal_statement(rulebook, inputs.heads_or_zero("opening")?, &returns);
    let periods: Vec<Value> = returns.iter().zip(&checks).map(|(lines, check)| statement_row(lines, check)).collect();
    Ok(json!({ "periods": periods }))
}

fn statement_row(lines: &ReturnLines, check: &StatementCheck) -> Value {
    let mut row = json!({
        "return_period": text(lines.return_period),
        "status": check.status.code(),
        "allowed_max_4D1": heads(check.allowed_reclaim),
        "excess": heads(check.excess),
        "still_to_reverse": heads(check.still_to_reverse),
        "closing": heads(check.closing),
    });
    if let Some(added) = check.added_to_liability {
        row["added_to_liability"] = heads(added);
    }
    row
}

fn reverse_charge_statement(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let taken = inputs.heads_or_zero("4A2")? + inputs.heads_or_zero("4A3")?;
    let check = rcm_statement(inputs.heads_or_zero("opening")?, inputs.heads("rcm_tax_paid")?, taken);
    Ok(json!({
        "status": if check.closing.is_some() { "OK" } else { "EXCESS" },
        "excess": heads(check.excess),
        "closing": check.closing.map_or(Value::Null, heads),
    }))
}

fn rule_37a_dates(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let filed_on = inputs.optional_date("filed_on")?;
    let year = match rulebook.rule_37a_year() {
        Rule37aYear::ReturnPeriod => inputs.period("return_period")?.financial_year(),
        Rule37aYear::FilingDate => FinancialYear::of(filed_on.ok_or_else(|| inputs.missing("filed_on"))?),
    };
    let dates = rule37a::dates(rulebook, year, inputs.filing_frequency()?);
    Ok(json!({
        "availed_fy": text(year),
        "supplier_deadline": text(dates.supplier_deadline),
        "recipient_deadline": text(dates.recipient_deadline),
        "due_event_on": text(dates.due_on),
        "reversal_return": text(dates.reversal_return),
    }))
}

fn limited_document(word: &str) -> Option<LimitedDocument> {
    match word {
        "INVOICE" => Some(LimitedDocument::Invoice),
        "DEBIT_NOTE" => Some(LimitedDocument::DebitNote),
        "BILL_OF_ENTRY" => Some(LimitedDocument::BillOfEntry),
        "SELF_INVOICE" => Some(LimitedDocument::SelfInvoice),
        _ => None,
    }
}

fn itc_time_limit(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let facts = TimeLimitFacts {
        document: inputs.optional_word("document_type", limited_document)?.unwrap_or(LimitedDocument::Invoice),
        document_date: inputs.date("document_date")?,
        original_invoice_date: inputs.optional_date("original_invoice_date")?,
        annual_return_filed_on: inputs.optional_date("annual_return_filed_on")?,
        september_return_due: inputs.optional_date("september_return_due")?,
        cancellation_order_on: inputs.optional_date("cancellation_order_on")?,
        revocation_order_on: inputs.optional_date("revocation_order_on")?,
    };
    let limit = cutoff(rulebook, &facts);
    let claim = inputs.optional_date("claim_filed_on")?;
    let decision = claim.map(|filed_on| judge_claim(rulebook, &facts, filed_on));
    let barred = decision.is_some_and(|decision| !decision.is_allowed());
    Ok(json!({
        "financial_year": text(limit.financial_year),
        "cutoff": text(limit.cutoff),
        "extended_by_16_5": optional(limit.extended_by_16_5),
        "window_end": optional(limit.window_end),
        "allowed": decision.map(TimeLimitDecision::is_allowed),
        "by": decision.and_then(TimeLimitDecision::by),
        "flag": decision.and_then(TimeLimitDecision::flag),
        "line": barred.then_some(ReturnLine::Barred.code()),
        "reason": decision.and_then(TimeLimitDecision::refusal),
    }))
}
