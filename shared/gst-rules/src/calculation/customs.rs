//! Calculations around Bills of Entry and customs duty.

use super::input::{Inputs, optional, text};
use super::{CalculationError, Function, Outcome};
use crate::bill_of_entry::{self, BillOfEntryStatus, BillOfEntryType, Lifecycle, SearchRow, Station, Vocabulary};
use crate::calendar::bill_of_entry_reference_date;
use crate::duty::{self, AssessableValue, Duties, DutyRates, FreeOnBoard, PayableDuties, RateDates};
use crate::rulebook::Rulebook;
use gst_types::{IstInstant, Paise, TaxPeriod};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub(super) const FUNCTIONS: &[Function] = &[
    ("customs_duty", customs_duty),
    ("boe_late_filing", late_filing),
    ("boe_reference_date", reference_date),
    ("boe_search_request", search_request),
    ("boe_lifecycle", lifecycle),
    ("boe_normalise", normalise),
];

fn customs_duty(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let kind = inputs.optional_word("boe_type", BillOfEntryType::from_code)?;
    let kind = kind.unwrap_or(BillOfEntryType::HomeConsumption);
    let entry_inwards_on = inputs.optional_date("entry_inwards_on")?;
    let into_bond_presented_on = inputs.optional_date("into_bond_presented_on")?;
    let dates = inputs
        .optional_date("presented_on")?
        .map(|presented| duty::rate_dates(rulebook, kind, presented, entry_inwards_on, into_bond_presented_on));
    let value = match value_of(inputs)? {
        value @ duty::Value::Assessable(_) => duty::assessable_value(rulebook, &value, Decimal::ONE),
        value @ (duty::Value::Cif(_) | duty::Value::Fob(_)) => {
            let rate = rate_of(inputs, "exchange_rate", "exchange_rates", dates.map(|dates| dates.exchange_rate_date))?;
            duty::assessable_value(rulebook, &value, rate.unwrap_or(Decimal::ONE))
        }
    };
    let rates = duty_rates(rulebook, inputs, dates)?;
    let duties = duty::duties(rulebook, value.value, &rates);
    let mut output = duty_output(&value, &duties, kind);
    output["igst_rate_applied"] = text(rates.igst.normalize());
    output["duty_rate_date"] = optional(dates.map(|dates| dates.duty_rate_date));
    output["exchange_rate_date"] = optional(dates.map(|dates| dates.exchange_rate_date));
    Ok(output)
}

fn value_of(inputs: &Inputs<'_>) -> Result<duty::Value, CalculationError> {
    if let Some(value) = inputs.optional_amount("assessable_value")? {
        return Ok(duty::Value::Assessable(value));
    }
    if let Some(cif) = inputs.optional_decimal("cif_fc")? {
        return Ok(duty::Value::Cif(cif));
    }
    let fob = inputs.optional_decimal("fob_fc")?.ok_or_else(|| inputs.missing("assessable_value"))?;
    Ok(duty::Value::Fob(FreeOnBoard {
        fob,
        freight: inputs.optional_decimal("freight_fc")?,
        insurance: inputs.optional_decimal("insurance_fc")?,
        by_air: inputs.optional_text("mode")? == Some("AIR"),
    }))
}

/// A rate given once, or the one of a table on the day that the rule names.
fn rate_of(
    inputs: &Inputs<'_>,
    single: &str,
    table: &str,
    on: Option<gst_types::IstDate>,
) -> Result<Option<Decimal>, CalculationError> {
    if let Some(rate) = inputs.optional_rate(single)? {
        return Ok(Some(rate));
    }
    let Some(rows) = inputs.optional_rates(table)? else { return Ok(None) };
    let on = on.ok_or_else(|| inputs.missing("presented_on"))?;
    duty::rate_on(&rows, on).map(Some).ok_or_else(|| inputs.bad(table, "a table with a row for that day"))
}

fn duty_rates(
    rulebook: &Rulebook,
    inputs: &Inputs<'_>,
    dates: Option<RateDates>,
) -> Result<DutyRates, CalculationError> {
    let on = dates.map(|dates| dates.duty_rate_date);
    let sws = inputs.optional_rate("sws_rate")?;
    Ok(DutyRates {
        bcd: rate_of(inputs, "bcd_rate", "bcd_rates", on)?.unwrap_or(Decimal::ZERO),
        aidc: inputs.optional_rate("aidc_rate")?.unwrap_or(Decimal::ZERO),
        anti_dumping: inputs.amount_or_zero("anti_dumping")?,
        sws: sws.unwrap_or_else(|| rulebook.social_welfare_surcharge_percent()),
        igst: rate_of(inputs, "igst_rate", "igst_rates", on)?.unwrap_or(Decimal::ZERO),
        cess: inputs.optional_rate("cess_rate")?.unwrap_or(Decimal::ZERO),
        sale_prices_in_bond: inputs.optional_amounts("sale_prices_in_bond")?.unwrap_or_default(),
    })
}

fn duty_output(value: &AssessableValue, duties: &Duties, kind: BillOfEntryType) -> Value {
    // Nothing is payable, and so nothing creditable, on a bill that only assesses or passes through (BOE-2).
    let payable = if kind.gives_credit() { duties.payable() } else { PayableDuties::default() };
    json!({
        "fob": optional(value.parts.map(|parts| parts.fob)),
        "freight": optional(value.parts.map(|parts| parts.freight)),
        "insurance": optional(value.parts.map(|parts| parts.insurance)),
        "assessable_value": text(duties.assessable_value),
        "bcd": text(duties.bcd),
        "aidc": text(duties.aidc),
        "sws": text(duties.sws),
        "anti_dumping": text(duties.anti_dumping),
        "section_3_8_value": text(duties.section_3_8_value),
        "igst_base": text(duties.igst_base),
        "igst": text(duties.igst),
        "cess": text(duties.cess),
        "total_duty": text(duties.total()),
        "not_creditable": text(duties.not_creditable()),
        "net_cost_after_itc": text(duties.net_cost_after_itc()),
        "payable": {
            "bcd": text(payable.bcd),
            "aidc": text(payable.aidc),
            "sws": text(payable.sws),
            "anti_dumping": text(payable.anti_dumping),
            "igst": text(payable.igst),
            "cess": text(payable.cess),
            "total": text(payable.total()),
        },
        "itc": { "igst": text(payable.igst), "cgst": text(Paise::ZERO), "sgst": text(Paise::ZERO), "cess": text(payable.cess) },
    })
}

fn late_filing(rulebook: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let station = inputs.word("station", Station::from_code)?;
    let country = inputs.optional_text("from_country")?.unwrap_or_default();
    let (arrival_on, filed_on) = (inputs.date("arrival_on")?, inputs.date("filed_on")?);
    let found = bill_of_entry::late_filing(rulebook, station, country, arrival_on, filed_on);
    Ok(json!({ "deadline": text(found.deadline), "days_late": found.days_late, "charge": text(found.charge) }))
}

fn reference_date(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let (released, paid) = (inputs.date("out_of_charge_on")?, inputs.date("duty_paid_on")?);
    let reference = bill_of_entry_reference_date(released, paid, inputs.optional_date("amended_on")?);
    Ok(json!({ "reference_date": text(reference), "return_period": text(TaxPeriod::of(reference)) }))
}

fn search_request(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let row = |row: &Inputs<'_>| {
        Ok(SearchRow {
            port_code: row.text("port_code")?.to_owned(),
            number: row.text("boe_number")?.to_owned(),
            date: row.date("boe_date")?,
            reference_date: row.date("reference_date")?,
        })
    };
    let rows: Vec<SearchRow> = inputs.list("rows")?.iter().map(row).collect::<Result<_, CalculationError>>()?;
    let results = bill_of_entry::judge_search(inputs.date("today")?, &rows);
    let request = if rows.len() > bill_of_entry::MOST_SEARCH_ROWS { "TOO_MANY_ROWS" } else { "OK" };
    Ok(json!({ "request": request, "results": results.iter().map(|result| result.code()).collect::<Vec<_>>() }))
}

fn lifecycle(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let kind = inputs.optional_word("boe_type", BillOfEntryType::from_code)?;
    let mut life = Lifecycle::new(kind.unwrap_or(BillOfEntryType::HomeConsumption));
    let mut due_after_step = Vec::new();
    for step in inputs.list("steps")? {
        let at: IstInstant = step.optional("at", "an instant")?.ok_or_else(|| step.missing("at"))?;
        life.apply(at, step.text("status")?);
        due_after_step.push(life.is_credit_due());
    }
    Ok(json!({
        "status": life.status().map(BillOfEntryStatus::code),
        "itc_eligible_after_step": due_after_step,
        "itc_eligible_at": optional(life.eligible_at().map(without_offset)),
    }))
}

/// An instant as the case files write it: Indian time without its offset.
fn without_offset(at: IstInstant) -> String {
    at.to_string().trim_end_matches("+05:30").to_owned()
}

fn normalise(_: &Rulebook, inputs: &Inputs<'_>) -> Outcome {
    let vocabulary = inputs.word("vocabulary", Vocabulary::from_code)?;
    let record = inputs.raw("record").ok_or_else(|| inputs.missing("record"))?;
    let bill = bill_of_entry::normalise(vocabulary, record)
        .map_err(|error| inputs.bad("record", &format!("a Bill of Entry: {error}")))?;
    Ok(json!({
        "key": text(&bill.id),
        "reference_date": text(bill.reference_date),
        "return_period": text(bill.return_period()),
        "taxable_value": text(bill.taxable_value),
        "igst": text(bill.igst),
        "cess": text(bill.cess),
        "amended": bill.amended,
    }))
}
