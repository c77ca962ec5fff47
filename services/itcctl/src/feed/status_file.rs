//! The public filing status of taxpayers (`EFiledlist`): filed GSTR-3B are status reports, filed GSTR-1 are filings.

use super::gstr1_file::ReturnForm;
use super::translation::{Supplement, Translated, at_hour};
use crate::feed_record::Feed;
use gst_events::{AnnualReturnFiled, Origin, RecipientReturnFiled, SupplierForm, SupplierStatusReported};
use gst_types::{Gstin, RecipientGstin, SupplierGstin};
use gstn_formats::filing_status::{EFiledList, FiledReturn};
use serde_json::Value;
use std::collections::BTreeMap;

/// Translates a file of one taxpayer or of several.
pub(super) fn translate(value: &Value, with: &Supplement) -> Translated {
    let mut out = Translated::of("filing status");
    let lists = match EFiledList::parse_all(value) {
        Ok(lists) => lists,
        Err(error) => {
            out.refuse("header", error.code(), error.to_string(), error.rule());
            return out;
        }
    };
    let mut passed_over: BTreeMap<String, usize> = BTreeMap::new();
    for (number, list) in lists.iter().enumerate() {
        for (index, entry) in list.returns.iter().enumerate() {
            let place = format!("taxpayer {number}, EFiledlist#{index}");
            match entry {
                Err(error) => out.refuse(place, error.code(), error.message(), error.rule()),
                Ok(entry) => match entry.filer.or(list.filer) {
                    None => out.refuse(place, "GSTIN_MISSING", "`gstin` is missing: whose return is it?", "ID-1"),
                    Some(filer) => {
                        if !publish(filer, entry, with, &mut out) {
                            *passed_over.entry(entry.return_type.clone()).or_default() += 1;
                        }
                    }
                },
            }
        }
    }
    for (return_type, count) in passed_over {
        out.notes.push(format!("{count} entries of {return_type} say nothing about credit and were passed over"));
    }
    out
}

/// False where the entry says nothing that the feeds know.
fn publish(filer: Gstin, entry: &FiledReturn, with: &Supplement, out: &mut Translated) -> bool {
    let at = at_hour(entry.filed_on, 18);
    let own = with.recipient == Some(RecipientGstin(filer));
    let key = filer.to_string();
    match (entry.return_type.as_str(), own) {
        _ if !entry.is_filed() => return false,
        ("GSTR3B", true) => {
            let fact = RecipientReturnFiled {
                recipient: RecipientGstin(filer),
                period: entry.period,
                filed_at: at,
                arn: entry.arn.clone(),
                table4: BTreeMap::new(),
                origin: Origin::Portal,
            };
            out.fact(Feed::TaxpayerEvents, &key, at, with, &fact);
        }
        ("GSTR3B", false) => {
            let fact = SupplierStatusReported { supplier: SupplierGstin(filer), period: entry.period, filed: true, at };
            out.fact(Feed::TaxpayerEvents, &key, at, with, &fact);
        }
        ("GSTR9", true) => {
            let financial_year = entry.period.financial_year();
            let fact = AnnualReturnFiled { recipient: RecipientGstin(filer), financial_year, filed_at: at };
            out.fact(Feed::TaxpayerEvents, &key, at, with, &fact);
        }
        ("GSTR1" | "GSTR1A" | "IFF", _) => {
            let form = match entry.return_type.as_str() {
                "GSTR1A" => SupplierForm::Gstr1a,
                "IFF" => SupplierForm::Iff,
                _ => SupplierForm::Gstr1,
            };
            let (supplier, period) = (SupplierGstin(filer), entry.period);
            ReturnForm { supplier, period, form, filed_on: Some(entry.filed_on) }.publish(&[], with, out);
            out.count(Feed::SupplierFilings, 1);
            return true;
        }
        (_, _) => return false,
    }
    out.count(Feed::TaxpayerEvents, 1);
    true
}
