//! `itcctl duty`: the chain of customs duties on one item (DUT-1 to DUT-9), effective-dated, as a command over the
//! calculation `customs_duty` of `gst-rules`.

use crate::pretty::{Grid, rupees};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use gst_rules::bill_of_entry::BillOfEntryType;
use gst_rules::duty::rate_dates;
use gst_rules::{Rulebook, calculation};
use gst_types::{IstDate, Paise};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// Which form of Bill of Entry (BOE-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BillKind {
    /// White form: duty is paid, the goods are free.
    HomeConsumption,
    /// Yellow form: assessed into a warehouse, no duty and no credit yet.
    IntoBond,
    /// Green form: out of the warehouse.
    ExBond,
}

impl BillKind {
    const fn code(self) -> &'static str {
        match self {
            Self::HomeConsumption => "HOME_CONSUMPTION",
            Self::IntoBond => "INTO_BOND",
            Self::ExBond => "EX_BOND",
        }
    }
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CalculationFormat {
    /// For people.
    Table,
    /// One object; amounts are decimal texts.
    Json,
}

/// Options of `itcctl duty`.
#[derive(Debug, Clone, Args)]
pub struct DutyArguments {
    /// The assessable value in rupees.
    #[arg(long, value_name = "RUPEES", required_unless_present_any = ["cif", "fob"], conflicts_with_all = ["cif", "fob"])]
    value: Option<Paise>,
    /// Cost, insurance and freight in foreign currency.
    #[arg(long, value_name = "AMOUNT", conflicts_with = "fob", requires = "exchange_rate")]
    cif: Option<String>,
    /// Price free on board in foreign currency.
    #[arg(long, value_name = "AMOUNT", requires = "exchange_rate")]
    fob: Option<String>,
    /// Freight in foreign currency; 20% of FOB where it is not known (DUT-5).
    #[arg(long, value_name = "AMOUNT", requires = "fob")]
    freight: Option<String>,
    /// Insurance in foreign currency; 1.125% where it is not known (DUT-5).
    #[arg(long, value_name = "AMOUNT", requires = "fob")]
    insurance: Option<String>,
    /// By air: freight counts with at most 20% of FOB.
    #[arg(long, requires = "fob")]
    air: bool,
    /// Rupees for one unit of the foreign currency: one rate, or DATE=RATE for each day from which one holds.
    #[arg(long, value_name = "[DATE=]RATE", value_delimiter = ',')]
    exchange_rate: Vec<String>,
    /// Basic customs duty in percent: one rate, or DATE=RATE for each day from which one holds.
    #[arg(long, value_name = "[DATE=]PERCENT", value_delimiter = ',')]
    bcd: Vec<String>,
    /// IGST in percent: one rate, or DATE=RATE for each day from which one holds.
    #[arg(long, value_name = "[DATE=]PERCENT", value_delimiter = ',')]
    igst: Vec<String>,
    /// A group of the rate table, such as `LUXURY`, in the place of --igst: its rate on the day that DUT-7 names.
    #[arg(long, value_name = "GROUP", conflicts_with = "igst", requires = "presented")]
    group: Option<String>,
    /// Social Welfare Surcharge in percent; the rulebook's where this is not given (DUT-3).
    #[arg(long, value_name = "PERCENT")]
    sws: Option<String>,
    /// Agriculture Infrastructure and Development Cess in percent.
    #[arg(long, value_name = "PERCENT")]
    aidc: Option<String>,
    /// Compensation cess in percent.
    #[arg(long, value_name = "PERCENT")]
    cess: Option<String>,
    /// Anti-dumping duty in rupees.
    #[arg(long, value_name = "RUPEES")]
    anti_dumping: Option<Paise>,
    /// The price of each sale in bond in rupees, in their order (DUT-8).
    #[arg(long, value_name = "RUPEES")]
    sold_in_bond: Vec<Paise>,
    /// Which form of Bill of Entry.
    #[arg(long, value_enum, default_value_t = BillKind::HomeConsumption)]
    kind: BillKind,
    /// When the bill was presented; the day of dated rates (DUT-7).
    #[arg(long, value_name = "YYYY-MM-DD")]
    presented: Option<IstDate>,
    /// When the vessel was granted entry inwards, which moves the day of the duty rates where it is later.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "presented")]
    arrived: Option<IstDate>,
    /// When the into-bond bill of an ex-bond one was presented: the day of its exchange rate.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "presented")]
    into_bond_presented: Option<IstDate>,
    /// A row of the rulebook, such as `customs.sws_on_aidc=true`.
    #[arg(long = "rule", value_name = "KEY=VALUE")]
    rules: Vec<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = CalculationFormat::Table)]
    format: CalculationFormat,
}

/// The released rules with rows of the command line over them.
///
/// # Errors
/// A message naming the row that no rule knows.
pub(crate) fn rulebook_with(rows: &[String]) -> Result<Rulebook> {
    let mut own = BTreeMap::new();
    for row in rows {
        let (key, value) = row.split_once('=').with_context(|| format!("--rule {row}: a row is KEY=VALUE"))?;
        own.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(Rulebook::embedded().with_overrides(&own)?)
}

/// Computes and prints.
///
/// # Errors
/// A message naming the input that is wrong.
pub fn run(arguments: &DutyArguments, out: &mut dyn Write) -> Result<bool> {
    let rulebook = rulebook_with(&arguments.rules)?;
    let inputs = inputs(arguments, &rulebook)?;
    let found = calculation::call("customs_duty", &rulebook, &inputs)?;
    match arguments.format {
        CalculationFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&found)?)?,
        CalculationFormat::Table => write_table(arguments, &found, out)?,
    }
    Ok(true)
}

fn inputs(arguments: &DutyArguments, rulebook: &Rulebook) -> Result<Value> {
    let mut inputs = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            inputs.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let amount = |value: Option<Paise>| value.map(|amount| Value::String(amount.to_string()));
    let day = |value: Option<IstDate>| value.map(|day| Value::String(day.to_string()));
    put("boe_type", Some(Value::from(arguments.kind.code())));
    put("assessable_value", amount(arguments.value));
    put("cif_fc", text(&arguments.cif));
    put("fob_fc", text(&arguments.fob));
    put("freight_fc", text(&arguments.freight));
    put("insurance_fc", text(&arguments.insurance));
    put("mode", arguments.air.then(|| Value::from("AIR")));
    put("presented_on", day(arguments.presented));
    put("entry_inwards_on", day(arguments.arrived));
    put("into_bond_presented_on", day(arguments.into_bond_presented));
    put("sws_rate", text(&arguments.sws));
    put("aidc_rate", text(&arguments.aidc));
    put("cess_rate", text(&arguments.cess));
    put("anti_dumping", amount(arguments.anti_dumping));
    if !arguments.sold_in_bond.is_empty() {
        let prices = arguments.sold_in_bond.iter().map(ToString::to_string).collect::<Vec<_>>();
        put("sale_prices_in_bond", Some(json!(prices)));
    }
    for (flag, one, table, given) in [
        ("--exchange-rate", "exchange_rate", "exchange_rates", &arguments.exchange_rate),
        ("--bcd", "bcd_rate", "bcd_rates", &arguments.bcd),
        ("--igst", "igst_rate", "igst_rates", &arguments.igst),
    ] {
        if let Some((dated, value)) = rates(flag, given)? {
            if dated && arguments.presented.is_none() {
                bail!("{flag} has dates: --presented says which of them counts (DUT-7)");
            }
            put(if dated { table } else { one }, Some(value));
        }
    }
    if let Some(group) = &arguments.group {
        put("igst_rate", Some(Value::String(group_rate(arguments, rulebook, group)?)));
    }
    Ok(Value::Object(inputs))
}

/// One rate, or a table of dated ones; whether it is a table.
fn rates(flag: &str, given: &[String]) -> Result<Option<(bool, Value)>> {
    match given {
        [] => Ok(None),
        [one] if !one.contains('=') => Ok(Some((false, Value::String(one.clone())))),
        several => {
            let mut table = Vec::new();
            for rate in several {
                let (day, rate) = rate
                    .split_once('=')
                    .with_context(|| format!("{flag} {rate}: of several rates each is DATE=RATE"))?;
                let day: IstDate = day.parse().with_context(|| format!("{flag} {day}"))?;
                table.push(json!({ "from": day.to_string(), "rate": rate }));
            }
            Ok(Some((true, Value::Array(table))))
        }
    }
}

/// The rate of a group on the day that DUT-7 names (RATE-1, RATE-4).
fn group_rate(arguments: &DutyArguments, rulebook: &Rulebook, group: &str) -> Result<String> {
    let presented = arguments.presented.context("--group needs --presented: its rate is dated")?;
    let kind = BillOfEntryType::from_code(arguments.kind.code()).context("a kind of Bill of Entry")?;
    let on = rate_dates(rulebook, kind, presented, arguments.arrived, arguments.into_bond_presented).duty_rate_date;
    let Some(rate) = rulebook.group_rate(&group.to_uppercase(), on) else {
        let mut known: Vec<&str> = rulebook.rows().filter_map(|row| row.key.strip_prefix("gst.rate.")).collect();
        known.dedup();
        bail!("the rate table has no group {group}; it has {}", known.join(", "));
    };
    let percent = rate.gst_percent.with_context(|| format!("the group {group} has no rate on {on} (RATE-1)"))?;
    if rate.cess && arguments.cess.is_none() {
        bail!("compensation cess applies to the group {group} on {on}: say its rate with --cess (RATE-3)");
    }
    Ok(percent.to_string())
}

/// The lines of the chain, in their order, with the rule of each.
const CHAIN: [(&str, &str, &str); 13] = [
    ("fob", "free on board", "DUT-5"),
    ("freight", "freight", "DUT-5"),
    ("insurance", "insurance", "DUT-5"),
    ("assessable_value", "assessable value", "DUT-1"),
    ("bcd", "basic customs duty", "DUT-2"),
    ("aidc", "agriculture infrastructure and development cess", "DUT-2"),
    ("sws", "social welfare surcharge", "DUT-3"),
    ("anti_dumping", "anti-dumping duty", "DUT-4"),
    ("section_3_8_value", "value of section 3(8)", "DUT-4"),
    ("igst_base", "base of IGST and cess", "DUT-8"),
    ("igst", "IGST", "DUT-4"),
    ("cess", "compensation cess", "DUT-6"),
    ("total_duty", "all duties", "DUT-2"),
];

fn write_table(arguments: &DutyArguments, found: &Value, out: &mut dyn Write) -> Result<()> {
    let amount = |value: &Value| -> Option<Paise> { value.as_str()?.parse().ok() };
    let mut grid = Grid::new().text(["", "rule"]).numbers(["computed", "payable", "credit"]);
    for (name, words, rule) in CHAIN {
        let Some(computed) = amount(&found[name]) else { continue };
        let optional = ["aidc", "anti_dumping", "cess"].contains(&name);
        if computed.is_zero() && optional {
            continue;
        }
        let payable = if name == "total_duty" { &found["payable"]["total"] } else { &found["payable"][name] };
        let credit = amount(&found["itc"][name]);
        let cell = |amount: Option<Paise>| amount.map(rupees).unwrap_or_default();
        grid.row(vec![words.to_owned(), rule.to_owned(), rupees(computed), cell(amount(payable)), cell(credit)]);
    }
    writeln!(out, "{}", grid.table())?;
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    write!(out, "IGST at {}%", text("igst_rate_applied"))?;
    if arguments.presented.is_some() {
        let (duty, exchange) = (text("duty_rate_date"), text("exchange_rate_date"));
        write!(out, "; duty rates of {duty}, exchange rate of {exchange} (DUT-7)")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "payable in whole rupees (DUT-9); credit is IGST and cess alone (BOE-1); cost after credit {}",
        amount(&found["net_cost_after_itc"]).map(rupees).unwrap_or_default()
    )?;
    if arguments.kind == BillKind::IntoBond {
        writeln!(out, "into bond: assessed only, nothing is paid and nothing is credit yet (BOE-2)")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::answer_of;

    fn answer(line: &str) -> Result<String> {
        answer_of(line, run)
    }

    fn json(line: &str) -> Value {
        serde_json::from_str(&answer(&format!("{line} --format json")).unwrap()).unwrap()
    }

    #[test]
    fn dut_4_worked() {
        let text = answer("--value 1000000 --bcd 15 --igst 18").unwrap();
        for row in ["basic customs duty", "1,50,000.00", "15,000.00", "11,65,000.00", "2,09,700.00", "3,74,700.00"] {
            assert!(text.contains(row), "{row} is not in\n{text}");
        }
        assert!(!text.contains("anti-dumping"), "{text}");
    }

    #[test]
    fn dut_7_dated_rates_follow_the_day_that_the_rule_names() {
        let line = "--value 100000 --bcd 2017-07-01=10,2025-09-22=5 --igst 18 --presented 2025-09-20";
        assert_eq!(json(line)["bcd"], "10000.00");
        assert_eq!(json(&format!("{line} --arrived 2025-09-24"))["bcd"], "5000.00");
    }

    #[test]
    fn rate_1_a_group_has_the_rate_of_the_day() {
        let rate = |day: &str| {
            json(&format!("--value 100 --group luxury --cess 1 --presented {day}"))["igst_rate_applied"].clone()
        };
        assert_eq!((rate("2025-09-21"), rate("2025-09-22")), (json!("28"), json!("40")));
        let error = |line: &str| format!("{:#}", answer(line).unwrap_err());
        assert!(error("--value 100 --group standard_12 --presented 2025-09-22").contains("no rate on 2025-09-22"));
        assert!(error("--value 100 --group nothing --presented 2025-09-21").contains("it has BIDI, LUXURY"));
        assert!(error("--value 100 --group tobacco --presented 2025-09-21").contains("--cess"));
    }

    #[test]
    fn dut_5_fob_becomes_an_assessable_value() {
        let found = json("--fob 10000 --exchange-rate 85 --bcd 10 --igst 18");
        assert_eq!((&found["freight"], &found["assessable_value"]), (&json!("170000.00"), &json!("1029562.50")));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |line: &str| format!("{:#}", answer(line).unwrap_err());
        assert!(error("--bcd 10").contains("--value <RUPEES>"));
        assert!(error("--cif 100 --bcd 10").contains("--exchange-rate"));
        assert!(error("--value 100 --bcd 2025-01-01=10").contains("--presented"));
        assert!(error("--value 100 --bcd ten").contains("bcd_rate"));
        assert!(error("--value 100 --rule customs.sws=1").contains("customs.sws"));
    }
}
