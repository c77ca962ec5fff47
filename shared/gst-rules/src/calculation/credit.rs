//! Calculations around eligibility, apportionment, capital goods, utilisation and Table 4.

use super::input::{Inputs, heads, text};
use super::{CalculationError, Function, Outcome};
use crate::apportionment::{self, IsdRecipient, Rule42Credit, Turnover};
use crate::capital_goods;
use crate::eligibility::{Category, Eligibility, Purchase, RecipientKind, SupplierKind, Use, eligibility};
use crate::rulebook::Rulebook;
use crate::table4::{self, EntryKind, ReturnLine, Table4};
use crate::utilisation::utilise_credit;
use serde_json::{Map, Value, json};

pub(super) const FUNCTIONS: &[Function] = &[
    ("eligibility", of_purchase),
    ("isd_distribution", isd_distribution),
    ("rule_42", rule_42),
    ("rule_43", rule_43),
    ("rule_43_common_use", rule_43_common_use),
    ("rule_38", rule_38),
    ("capital_goods_remaining_life", remaining_life),
    ("capital_goods_sale", capital_goods_sale),
    ("capital_goods_entry", capital_goods_entry),
    ("utilise_credit", utilisation),
    ("table4_line", table4_line),
    ("table4", whole_table4),
];

fn of_purchase(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let recipient = inputs.optional_word("recipient", RecipientKind::from_code)?;
    let supplier = inputs.optional_word("supplier", SupplierKind::from_code)?;
    let found = eligibility(&Purchase {
        recipient: recipient.unwrap_or(RecipientKind::Regular),
        supplier: supplier.unwrap_or(SupplierKind::Regular),
        category: inputs.optional_word("category", Category::from_code)?.unwrap_or(Category::Input),
        used_for: inputs.optional_word("use", Use::from_code)?,
        statutory_obligation: inputs.flag("statutory_obligation", false)?,
        capitalised: inputs.flag("capitalised", true)?,
        date: inputs.optional_date("date")?,
    });
    let (eligible, line) = match found {
        Eligibility::Eligible => (true, None),
        Eligibility::Recipient(_) | Eligibility::Supplier(_) => (false, None),
        Eligibility::Blocked(_) => (false, Some(ReturnLine::PermanentReversal.code())),
    };
    Ok(json!({ "eligible": eligible, "reason": found.reason(), "line": line }))
}

fn isd_distribution(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let recipient =
        |row: &Inputs<'_>| Ok(IsdRecipient { state: row.state("state")?, turnover: row.amount("turnover")? });
    let recipients: Vec<IsdRecipient> =
        inputs.list("recipients")?.iter().map(recipient).collect::<Result<_, CalculationError>>()?;
    let shares = apportionment::isd_distribution(inputs.heads("credit")?, inputs.state("isd_state")?, &recipients);
    let shares: Vec<Value> = recipients
        .iter()
        .zip(shares)
        .map(|(recipient, share)| {
            let mut row = heads(share);
            row["state"] = text(recipient.state);
            row
        })
        .collect();
    Ok(json!({ "shares": shares }))
}

fn turnover(inputs: &Inputs<'_>) -> Result<Turnover, CalculationError> {
    Ok(Turnover { exempt: inputs.amount("exempt_turnover")?, total: inputs.amount("total_turnover")? })
}

fn rule_42(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let credit = Rule42Credit {
        total: inputs.amount("T")?,
        non_business: inputs.amount_or_zero("T1")?,
        exempt_only: inputs.amount_or_zero("T2")?,
        blocked: inputs.amount_or_zero("T3")?,
        taxable_only: inputs.amount_or_zero("T4")?,
        common_use_non_business: inputs.flag("common_use_non_business", false)?,
    };
    let found = apportionment::rule_42(&credit, turnover(inputs)?);
    Ok(json!({
        "C1": text(found.c1),
        "C2": text(found.c2),
        "D1": text(found.d1),
        "D2": text(found.d2),
        "C3": text(found.c3),
        "4B1_T1_T2_T3": text(found.exclusive_out),
        "4B1_D1_D2": text(found.common_out),
        "4B1": text(found.exclusive_out + found.common_out),
    }))
}

fn rule_43(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let assets = inputs.optional_amounts("A")?.ok_or_else(|| inputs.missing("A"))?;
    let found = apportionment::rule_43(&assets, turnover(inputs)?);
    Ok(json!({
        "Tc": text(found.common_credit),
        "Tm": found.monthly.iter().map(text).collect::<Vec<_>>(),
        "Tr": text(found.monthly_total),
        "Te": text(found.exempt_share),
        "4B1": text(found.exempt_share),
    }))
}

fn rule_43_common_use(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (invoice_date, moved_on) = (inputs.date("invoice_date")?, inputs.date("moved_on")?);
    let found = apportionment::rule_43_common_use(inputs.amount("A")?, invoice_date, moved_on);
    Ok(json!({
        "quarters_or_part": found.quarters_or_part,
        "credited": text(found.credited),
        "tie": text(found.added_to_output_tax),
        "line": found.is_added_to_output_tax.then_some(ReturnLine::OutputTax.code()),
    }))
}

fn rule_38(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = apportionment::rule_38(
        inputs.amount("total_itc")?,
        inputs.amount_or_zero("non_business")?,
        inputs.amount_or_zero("blocked_17_5")?,
        inputs.amount_or_zero("same_pan")?,
    );
    Ok(json!({
        "base_for_50_percent": text(found.base_for_half),
        "half_allowed": text(found.half_allowed),
        "full_allowed": text(found.full_allowed),
        "credit_kept": text(found.credit_kept),
        "4B1": text(found.reversed),
    }))
}

fn remaining_life(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (invoice_date, event_date) = (inputs.date("invoice_date")?, inputs.date("event_date")?);
    let found = capital_goods::remaining_life(inputs.amount("itc")?, invoice_date, event_date);
    Ok(json!({
        "months_used": found.months_used,
        "remaining_months": found.remaining_months,
        "amount": text(found.amount),
    }))
}

fn capital_goods_sale(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = capital_goods::sale(
        rulebook,
        inputs.amount("itc")?,
        inputs.date("invoice_date")?,
        inputs.date("sale_date")?,
        inputs.amount("tax_on_sale_value")?,
    );
    Ok(json!({
        "months_used": found.months_used,
        "quarters_or_part": found.quarters_or_part,
        "rule_44_6_amount": text(found.rule_44_6_amount),
        "rule_40_2_amount": text(found.rule_40_2_amount),
        "payable": text(found.payable),
        "line": ReturnLine::OutputTax.code(),
    }))
}

fn capital_goods_entry(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let quarters = capital_goods::quarters_or_part(inputs.date("invoice_date")?, inputs.date("effective_date")?);
    let credit = capital_goods::credit_after_quarters(inputs.amount("itc")?, quarters);
    Ok(json!({ "quarters_or_part": quarters, "credit": text(credit) }))
}

fn utilisation(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let found = utilise_credit(
        rulebook,
        inputs.heads_or_zero("liability")?,
        inputs.heads_or_zero("credit")?,
        inputs.heads_or_zero("reverse_charge_liability")?,
        inputs.optional_period("return_period")?,
    );
    let used: Map<String, Value> = found
        .used
        .iter()
        .map(|((from, to), amount)| (format!("{}->{}", from.code(), to.code()), text(amount)))
        .collect();
    let mut cash = heads(found.pay_in_cash);
    cash["interest"] = text(inputs.amount_or_zero("interest")?);
    cash["late_fee"] = text(inputs.amount_or_zero("late_fee")?);
    Ok(json!({ "used": used, "pay_in_cash": cash, "credit_left": heads(found.credit_left) }))
}

fn table4_line(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let destination = table4::line(inputs.word("kind", EntryKind::from_code)?);
    let lines: Vec<&str> = destination.lines.iter().map(|line| line.code()).collect();
    Ok(json!({ "lines": lines, "ecrrs_effect": destination.ecrrs_effect }))
}

fn whole_table4(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let mut table = Table4::default();
    for entry in inputs.list("entries")? {
        table.add(entry.word("kind", EntryKind::from_code)?, entry.own_heads()?);
    }
    let mut output: Map<String, Value> =
        ReturnLine::ALL.into_iter().map(|line| (line.code().to_owned(), heads(table.of(line)))).collect();
    output.insert("4C".to_owned(), heads(table.net_credit()));
    output.insert("4B2_not_reclaimable".to_owned(), heads(table.not_reclaimable()));
    Ok(Value::Object(output))
}
