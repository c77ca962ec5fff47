//! Rules whose figures stand in the references' text: where the seed documents and the law disagree (section 1 of the
//! payments reference), and rules that no case cites.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

use gst_rules::calendar::{recipient_statement, window_last_day, window_period};
use gst_rules::rule;
use gst_rules::{Rulebook, calculation};
use gst_types::{FilingFrequency, IstDate, TaxPeriod};
use serde_json::{Value, json};

/// Calls a function and compares the keys that `expected` has.
fn holds(function: &str, config: &Value, inputs: &Value, expected: &Value) {
    let own = calculation::own_rows(config.as_object().unwrap());
    let rulebook = Rulebook::embedded().with_overrides(&own).unwrap();
    let found = calculation::call(function, &rulebook, inputs).unwrap();
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(found[key], *value, "{function} {inputs} with {config}: {key}");
    }
}

fn day(text: &str) -> IstDate {
    text.parse().unwrap()
}

fn period(text: &str) -> TaxPeriod {
    text.parse().unwrap()
}

#[test]
fn c_1_the_invoice_date_is_not_the_first_of_the_180_days() {
    let inputs = json!({ "invoice_date": "2024-04-15" });
    holds(
        "payment_deadline",
        &json!({}),
        &inputs,
        &json!({ "last_day_to_pay": "2024-10-12", "day_181": "2024-10-13" }),
    );
}

#[test]
fn c_2_the_return_of_the_reversal_is_that_of_day_181_or_the_next() {
    for (invoice, of_day_181, next) in [
        ("2024-04-15", "102024", "112024"),
        ("2025-04-05", "102025", "112025"),
        // Day 180 on 30 September: October under both.
        ("2025-04-03", "102025", "102025"),
    ] {
        let inputs = json!({ "invoice_date": invoice });
        holds("payment_deadline", &json!({}), &inputs, &json!({ "return_period": of_day_181 }));
        let literal = json!({ "r37.period_rule": "NEXT_PERIOD" });
        holds("payment_deadline", &literal, &inputs, &json!({ "return_period": next }));
    }
}

#[test]
fn c_3_interest_starts_at_utilisation_where_the_balances_are_known() {
    let mut inputs = json!({ "amount": "10000.00", "invoice_date": "2024-04-15", "availed_on": "2024-05-20",
        "reversed_on": "2024-11-20" });
    let unknown = json!({ "basis_applied": "AVAILMENT", "ceiling": true, "interest": "907.40" });
    holds("reversal_interest", &json!({}), &inputs, &unknown);
    inputs["balances"] = json!([{ "date": "2024-06-20", "igst": "0.00" }]);
    let known = json!({ "basis_applied": "UTILISATION", "ceiling": false, "interest": "754.52",
        "interest_availment": "907.40" });
    holds("reversal_interest", &json!({}), &inputs, &known);
    // Day 181 before 1 October 2022: from availment under the old sub-rule (3), whatever is known.
    let old = json!({ "amount": "10000.00", "invoice_date": "2022-03-15", "availed_on": "2022-05-20",
        "reversed_on": "2022-11-20", "balances": [{ "date": "2022-06-20", "igst": "0.00" }] });
    holds("reversal_interest", &json!({}), &old, &json!({ "basis_applied": "AVAILMENT", "ceiling": false }));
}

#[test]
fn c_4_section_16_4_ends_on_30_november_itself() {
    let claim = |filed_on: &str| json!({ "document_date": "2024-05-10", "claim_filed_on": filed_on });
    let cutoff = json!({ "financial_year": "2024-25", "cutoff": "2025-11-30", "allowed": true });
    // A September return filed late on 25 November is in time, a return filed on 1 December is not.
    holds("itc_time_limit", &json!({}), &claim("2025-11-25"), &cutoff);
    holds("itc_time_limit", &json!({}), &claim("2025-12-01"), &json!({ "allowed": false, "line": "4D2" }));
}

#[test]
fn c_5_no_landing_charge_is_added() {
    let inputs = json!({ "cif_fc": "1000000.00", "bcd_rate": "10", "igst_rate": "18" });
    let law = json!({ "assessable_value": "1000000.00", "igst": "199800.00" });
    holds("customs_duty", &json!({}), &inputs, &law);
    let seed = json!({ "assessable_value": "1010000.00", "igst": "201798.00" });
    holds("customs_duty", &json!({ "customs.landing_charge": "NOTIONAL_1PCT" }), &inputs, &seed);
}

#[test]
fn c_6_the_surcharge_is_a_tenth_of_the_duties() {
    let inputs = json!({ "assessable_value": "1000000.00", "bcd_rate": "15", "igst_rate": "18" });
    let law = json!({ "sws": "15000.00", "igst_base": "1165000.00", "igst": "209700.00", "total_duty": "374700.00" });
    holds("customs_duty", &json!({}), &inputs, &law);
    let seed = json!({ "sws": "0.00", "igst": "207000.00", "total_duty": "357000.00" });
    holds("customs_duty", &json!({ "customs.sws_rate": "0" }), &inputs, &seed);
}

#[test]
fn c_7_rate_4_ex_bond_goods_take_the_duty_rate_of_the_ex_bond_day_and_the_exchange_rate_of_the_into_bond_day() {
    let inputs = json!({ "cif_fc": "1000.00", "boe_type": "EX_BOND", "presented_on": "2025-10-10",
        "into_bond_presented_on": "2025-06-10", "bcd_rate": "10",
        "exchange_rates": [{ "from": "2025-01-01", "rate": "80" }, { "from": "2025-10-01", "rate": "90" }],
        "igst_rates": [{ "from": "2017-07-01", "rate": "28" }, { "from": "2025-09-22", "rate": "40" }] });
    let law = json!({ "assessable_value": "80000.00", "exchange_rate_date": "2025-06-10",
        "duty_rate_date": "2025-10-10", "igst_rate_applied": "40" });
    holds("customs_duty", &json!({}), &inputs, &law);
    let seed = json!({ "assessable_value": "90000.00", "exchange_rate_date": "2025-10-10" });
    holds("customs_duty", &json!({ "customs.exbond_fx": "EX_BOND_DATE" }), &inputs, &seed);
}

#[test]
fn c_8_airports_and_short_hauls_have_until_the_end_of_the_day_of_arrival() {
    for (station, country, deadline) in [
        ("AIRPORT", "US", "2025-03-10"),
        ("LAND_STATION", "NP", "2025-03-10"),
        ("SEA_PORT", "LK", "2025-03-10"),
        ("SEA_PORT", "US", "2025-03-09"),
        ("ICD", "US", "2025-03-09"),
    ] {
        let inputs = json!({ "station": station, "from_country": country, "arrival_on": "2025-03-10",
            "filed_on": "2025-03-14" });
        holds("boe_late_filing", &json!({}), &inputs, &json!({ "deadline": deadline }));
        let seed = json!({ "boe.deadline": "GENERAL_PRECEDING_DAY" });
        holds("boe_late_filing", &seed, &inputs, &json!({ "deadline": "2025-03-09" }));
    }
    // The worked example: a long-haul vessel of 10 March, filed on the 14th, is five days late.
    let vessel =
        json!({ "station": "SEA_PORT", "from_country": "US", "arrival_on": "2025-03-10", "filed_on": "2025-03-14" });
    holds("boe_late_filing", &json!({}), &vessel, &json!({ "days_late": 5, "charge": "35000.00" }));
}

#[test]
fn c_9_the_rates_of_22_september_2025() {
    let on = |date: &str| json!({ "group": "LUXURY", "date": date });
    holds("rate_lookup", &json!({}), &on("2025-09-21"), &json!({ "gst": "28", "cess": true }));
    holds("rate_lookup", &json!({}), &on("2025-09-22"), &json!({ "gst": "40", "cess": false }));
}

#[test]
fn c_10_records_are_kept_72_months_from_the_due_date_of_the_annual_return() {
    for (document, until) in [("2024-04-15", "2031-12-31"), ("2026-04-08", "2033-12-31")] {
        holds("audit_retention", &json!({}), &json!({ "document_date": document }), &json!({ "keep_until": until }));
    }
}

#[test]
fn c_11_capital_goods_sold_pay_the_higher_of_reduced_credit_and_tax_on_the_sale() {
    let sale = |tax: &str| {
        json!({ "itc": "60000.00", "invoice_date": "2022-04-01", "sale_date": "2024-04-01",
        "tax_on_sale_value": tax })
    };
    let months = json!({ "months_used": 24, "rule_44_6_amount": "36000.00", "payable": "36000.00" });
    holds("capital_goods_sale", &json!({}), &sale("10000.00"), &months);
    holds("capital_goods_sale", &json!({}), &sale("45000.00"), &json!({ "payable": "45000.00" }));
    // Inside a quarter the months of rule 44(6) give more than the quarters of rule 40(2): 25 months, 9 quarters.
    let inside = json!({ "itc": "60000.00", "invoice_date": "2022-04-01", "sale_date": "2024-04-15",
        "tax_on_sale_value": "0.00" });
    holds("capital_goods_sale", &json!({}), &inside, &json!({ "payable": "35000.00" }));
    let other = json!({ "capital_goods.method": "RULE_40_2" });
    holds("capital_goods_sale", &other, &inside, &json!({ "quarters_or_part": 9, "payable": "33000.00" }));
}

#[test]
fn c_12_construction_is_blocked_unless_it_is_plant_and_machinery() {
    let inputs = json!({ "category": "IMMOVABLE_PROPERTY_CONSTRUCTION" });
    let blocked = json!({ "eligible": false, "reason": "17(5)(d)", "line": "4B1" });
    holds("eligibility", &json!({}), &inputs, &blocked);
    let machinery = json!({ "category": "IMMOVABLE_PROPERTY_CONSTRUCTION", "use": "PLANT_AND_MACHINERY" });
    holds("eligibility", &json!({}), &machinery, &json!({ "eligible": true }));
}

#[test]
fn c_13_imported_services_give_credit_with_the_tax_paid_under_reverse_charge() {
    holds("table4_line", &json!({}), &json!({ "kind": "IMPORT_SERVICES_RCM" }), &json!({ "lines": ["4A2"] }));
    let paid = json!({ "rcm_tax_paid": { "igst": "18000.00" }, "4A2": { "igst": "18000.00" } });
    holds("rcm_statement", &json!({}), &paid, &json!({ "status": "OK" }));
    let unpaid = json!({ "rcm_tax_paid": {}, "4A2": { "igst": "18000.00" } });
    holds("rcm_statement", &json!({}), &unpaid, &json!({ "status": "EXCESS" }));
}

#[test]
fn c_15_the_sample_gstin_has_a_wrong_check_digit() {
    let inputs = json!({ "gstin": "29AAACX0123A1Z5" });
    holds("gstin_check", &json!({}), &inputs, &json!({ "valid": false, "reason": "CHECK_DIGIT", "check_digit": "Z" }));
    let pack = json!({ "supplier_gstin": "29AAACX0123A1Z5", "receiving_state": "29", "artefacts": [
        { "artefact": 1, "kind": "TAX_INVOICE", "date": "2026-04-08", "igst": "419400.00" }] });
    let warned = json!({ "warnings": ["GSTIN_CHECK_DIGIT", "IGST_ON_SAME_STATE_SUPPLY"], "expected_check_digit": "Z" });
    holds("audit_pack", &json!({}), &pack, &warned);
}

#[test]
fn c_17_igst_credit_is_used_before_any_other() {
    let inputs = json!({ "liability": { "igst": "1000.00", "cgst": "300.00", "sgst": "300.00" },
        "credit": { "igst": "1300.00", "cgst": "200.00", "sgst": "200.00" } });
    let used = json!({ "used": { "igst->igst": "1000.00", "igst->cgst": "200.00", "igst->sgst": "100.00",
        "cgst->cgst": "100.00", "sgst->sgst": "200.00" } });
    holds("utilise_credit", &json!({}), &inputs, &used);
}

#[test]
fn app_1_only_taxable_use_keeps_credit() {
    let credit = |exempt: &str| {
        json!({ "T": "100000.00", "T1": "0.00", "T2": "0.00", "T3": "0.00", "T4": "0.00",
        "exempt_turnover": exempt, "total_turnover": "500000.00" })
    };
    holds("rule_42", &json!({}), &credit("0.00"), &json!({ "C3": "100000.00", "4B1": "0.00" }));
    holds("rule_42", &json!({}), &credit("500000.00"), &json!({ "C3": "0.00", "4B1": "100000.00" }));
}

#[test]
fn chg_1_what_changed_in_2026() {
    // (b) The reversal statement blocks from January 2026.
    let returns =
        |period: &str| json!({ "opening": {}, "periods": [{ "return_period": period, "4D1": { "igst": "1.00" } }] });
    for (period, status) in [("122025", "WARNED"), ("012026", "BLOCKED")] {
        let found = calculation::call("reversal_statement", &Rulebook::embedded(), &returns(period)).unwrap();
        assert_eq!(found["periods"][0]["status"], status, "{period}");
    }
    // (c) The order of CGST and SGST credit is free from February 2026.
    for (period, order) in [("012026", "cgst->igst"), ("022026", "sgst->igst")] {
        let inputs = json!({ "liability": { "igst": "100.00" }, "credit": { "cgst": "100.00", "sgst": "100.00" },
            "return_period": period });
        let free = json!({ "util.igst_liability_from": "SGST_FIRST" });
        holds("utilise_credit", &free, &inputs, &json!({ "used": { order: "100.00" } }));
    }
    // (b) Interest of a late return (INT-5) leaves out the minimum cash balance: 90,000.00 for 10 days of 365 at 18%.
    let late = json!({ "return_period": "012026", "due_on": "2026-02-20", "filed_on": "2026-03-02",
        "cash_tax": { "igst": "100000.00" }, "minimum_cash_balance": { "igst": "10000.00" } });
    let interest = json!({ "igst": "443.84", "cgst": "0.00", "sgst": "0.00", "cess": "0.00" });
    holds("late_return_interest", &json!({}), &late, &json!({ "days": 10, "interest": interest }));
}

#[test]
fn cf_5_ed_8_nothing_locks_table_4_by_default() {
    assert!(!Rulebook::embedded().itc_lock());
    let locked = [("itc_lock".to_owned(), "true".to_owned())].into();
    assert!(Rulebook::embedded().with_overrides(&locked).unwrap().itc_lock());
}

#[test]
fn cf_4_pd_1_pd_3_the_windows_end_on_the_11th_and_the_13th() {
    let rules = Rulebook::embedded();
    for (frequency, inside, outside) in [
        (FilingFrequency::Monthly, "2025-11-11", "2025-11-12"),
        (FilingFrequency::Quarterly, "2025-11-13", "2025-11-14"),
    ] {
        let window = |filed_on: &str| window_period(day(filed_on), |period| window_last_day(&rules, frequency, period));
        assert_eq!(window(inside), period("102025"), "{frequency:?}");
        assert_eq!(window(outside), period("112025"), "{frequency:?}");
        // A form of August filed in October belongs to October's statement (PD-2, EG-8).
        assert_eq!(window("2025-10-20"), period("102025"), "{frequency:?}");
    }
}

#[test]
fn eg_8_a_form_months_late_goes_by_its_filing_alone() {
    let rules = Rulebook::embedded();
    let last_day = |period| window_last_day(&rules, FilingFrequency::Monthly, period);
    assert_eq!(window_period(day("2026-06-15"), last_day), period("062026"));
    assert_eq!(recipient_statement(period("062026"), FilingFrequency::Monthly), period("062026"));
}

#[test]
fn ed_10_every_rule_of_the_table_has_its_date_and_source() {
    for (found, from, source) in [
        (rule::GN_1, "GSTR-2B of Aug 2020; draft since GSTR-2B of Oct 2024", "S2, S9, S17"),
        (rule::AC_4, "GSTR-2B of Oct 2024 to Sep 2025", "S4, S2"),
        (rule::SL_6, "1 Oct 2025", "S22"),
        (rule::IN_7, "13 Nov 2024", "S6"),
        (rule::PD_4, "return period Jul 2024 (form opened Aug 2024)", "S18"),
    ] {
        assert_eq!((found.effective_from(), found.source()), (from, source), "{found}");
    }
}
