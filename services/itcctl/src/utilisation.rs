//! `itcctl utilisation`: which credit pays which tax (UTL-1 to UTL-6), as a command over `utilise_credit` of `gst-rules`.

use crate::duty::{CalculationFormat, rulebook_with};
use crate::pretty::{Grid, head_cells, rupees, short, title};
use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use gst_rules::rulebook::{Choice, IgstLiabilityFrom, IgstRemainder};
use gst_rules::utilisation::{Utilisation, utilise_credit};
use gst_types::{Head, Paise, TaxAmounts, TaxPeriod};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::str::FromStr;

/// Options of `itcctl utilisation`.
#[derive(Debug, Clone, Args)]
pub struct UtilisationArguments {
    /// Output tax by head: igst=1000,cgst=300,sgst=300,cess=0; heads that are not named are zero.
    #[arg(long, value_name = "HEADS")]
    liability: Heads,
    /// Credit in the ledger by head.
    #[arg(long, value_name = "HEADS")]
    credit: Heads,
    /// Tax under reverse charge by head: paid in cash only (UTL-6).
    #[arg(long, value_name = "HEADS", default_value = "")]
    reverse_charge: Heads,
    /// The return period, MMYYYY: from 022026 on the portal lets CGST and SGST credit pay IGST in any order (UTL-4).
    #[arg(long, value_name = "MMYYYY")]
    period: Option<TaxPeriod>,
    /// How IGST credit is split between CGST and SGST liability (rule 88A); EXPLICIT with --split.
    #[arg(long, value_name = "ORDER", ignore_case = true, value_parser = PossibleValuesParser::new(IgstRemainder::CODES))]
    igst_credit: Option<String>,
    /// In which order CGST and SGST credit pay IGST liability.
    #[arg(long, value_name = "ORDER", ignore_case = true, value_parser = PossibleValuesParser::new(IgstLiabilityFrom::CODES))]
    igst_liability: Option<String>,
    /// IGST credit for CGST and SGST under EXPLICIT: cgst=100,sgst=200.
    #[arg(long, value_name = "HEADS", required_if_eq("igst_credit", "EXPLICIT"))]
    split: Option<Heads>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = CalculationFormat::Table)]
    format: CalculationFormat,
}

/// Amounts by head as a command line writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads(pub TaxAmounts);

impl FromStr for Heads {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut tax = TaxAmounts::ZERO;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, amount) =
                part.split_once('=').ok_or_else(|| format!("`{part}` is not HEAD=RUPEES, such as igst=1000"))?;
            let head = Head::ALL.into_iter().find(|head| head.code() == name.trim().to_lowercase());
            let head = head.ok_or_else(|| format!("`{name}` is no head: igst, cgst, sgst or cess"))?;
            let amount: Paise = amount.trim().parse().map_err(|error| format!("{name}: {error}"))?;
            if amount.is_negative() {
                return Err(format!("{name}: an amount here is zero or more"));
            }
            tax.set(head, amount);
        }
        Ok(Self(tax))
    }
}

/// Computes and prints.
///
/// # Errors
/// A message naming the option that no rule knows.
pub fn run(arguments: &UtilisationArguments, out: &mut dyn Write) -> Result<bool> {
    let mut rows = Vec::new();
    for (key, given) in
        [("util.igst_remainder", &arguments.igst_credit), ("util.igst_liability_from", &arguments.igst_liability)]
    {
        rows.extend(given.as_ref().map(|given| format!("{key}={}", given.to_uppercase())));
    }
    if let Some(Heads(split)) = arguments.split {
        rows.push(format!("util.explicit_split={}", json!({ "cgst": split.cgst, "sgst": split.sgst })));
    }
    let rulebook = rulebook_with(&rows)?;
    let (liability, credit, reverse_charge) = (arguments.liability.0, arguments.credit.0, arguments.reverse_charge.0);
    let found = utilise_credit(&rulebook, liability, credit, reverse_charge, arguments.period);
    match arguments.format {
        CalculationFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&as_json(&found))?)?,
        CalculationFormat::Table => write_table(arguments, &found, out)?,
    }
    Ok(true)
}

fn as_json(found: &Utilisation) -> Value {
    let used: Map<String, Value> = found
        .used
        .iter()
        .map(|((from, to), amount)| (format!("{}->{}", from.code(), to.code()), Value::from(amount.to_string())))
        .collect();
    json!({ "used": used, "pay_in_cash": found.pay_in_cash, "credit_left": found.credit_left })
}

fn write_table(arguments: &UtilisationArguments, found: &Utilisation, out: &mut dyn Write) -> Result<()> {
    let mut grid = Grid::new().text([""]).numbers(["IGST", "CGST", "SGST", "cess", "total"]);
    let row =
        |words: String, tax: &TaxAmounts| [vec![words], head_cells(tax).into(), vec![rupees(tax.total())]].concat();
    grid.row(row("output tax".to_owned(), &arguments.liability.0));
    for from in Head::ALL {
        let mut paid = TaxAmounts::ZERO;
        for to in Head::ALL {
            paid.set(to, found.used.get(&(from, to)).copied().unwrap_or_default());
        }
        if !paid.is_zero() {
            grid.row(row(format!("  paid by {} credit", title(from)), &paid));
        }
    }
    if !arguments.reverse_charge.0.is_zero() {
        grid.row(row("reverse charge, cash only (UTL-6)".to_owned(), &arguments.reverse_charge.0));
    }
    grid.row(row("to pay in cash".to_owned(), &found.pay_in_cash));
    grid.row(row("credit before".to_owned(), &arguments.credit.0));
    grid.row(row("credit left".to_owned(), &found.credit_left));
    writeln!(out, "{}", grid.table())?;
    let order = arguments.igst_credit.as_deref().unwrap_or("MIN_CASH_THEN_CGST_FIRST");
    let igst = found.used.iter().filter(|((from, _), _)| *from == Head::Igst).map(|(_, amount)| *amount).sum::<Paise>();
    writeln!(out, "IGST credit pays first (49A, UTL-2, UTL-3): {} of it, split {}", short(igst), order.to_uppercase())?;
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

    const CIRCULAR_98: &str = "--liability igst=1000,cgst=300,sgst=300 --credit igst=1300,cgst=200,sgst=200";

    #[test]
    fn utl_5_worked_circular_98() {
        let found = json(CIRCULAR_98);
        assert_eq!(found["used"]["igst->cgst"], "200.00");
        assert_eq!(found["used"]["igst->sgst"], "100.00");
        assert_eq!(found["credit_left"]["cgst"], "100.00");
        let text = answer(CIRCULAR_98).unwrap();
        assert!(text.contains("paid by IGST credit") && text.contains("to pay in cash"), "{text}");
    }

    #[test]
    fn utl_4_the_order_is_free_from_february_2026() {
        let line = "--liability igst=100 --credit cgst=100,sgst=100 --igst-liability sgst_first";
        assert_eq!(json(&format!("{line} --period 022026"))["used"]["sgst->igst"], "100.00");
        assert_eq!(json(&format!("{line} --period 012026"))["used"]["cgst->igst"], "100.00");
    }

    #[test]
    fn utl_6_reverse_charge_is_paid_in_cash() {
        let found = json("--liability igst=100 --credit igst=500 --reverse-charge igst=50");
        assert_eq!((&found["pay_in_cash"]["igst"], &found["credit_left"]["igst"]), (&json!("50.00"), &json!("400.00")));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |line: &str| format!("{:#}", answer(line).unwrap_err());
        assert!(error("--liability gst=1 --credit igst=1").contains("`gst` is no head"));
        assert!(error("--liability igst=-1 --credit igst=1").contains("zero or more"));
        assert!(error("--liability 100 --credit igst=1").contains("HEAD=RUPEES"));
        assert!(error(&format!("{CIRCULAR_98} --igst-credit best")).contains("SGST_FIRST"));
        assert!(error(&format!("{CIRCULAR_98} --igst-credit explicit")).contains("--split"));
    }
}
