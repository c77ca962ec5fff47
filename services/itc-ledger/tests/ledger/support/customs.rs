//! A stand-in for `customs`: when credit of a Bill of Entry arises (BOE-4 to BOE-6, BOE-10).

use super::Bench;
use gst_events::{
    BillOfEntryAmended, BillOfEntryDetails, BillOfEntryReceived, BillOfEntryStatusChanged, BillOfEntryType,
    CustomsStatusWord, RecordId,
};
use gst_types::IstInstant;
use std::collections::BTreeMap;

pub(crate) struct Bill {
    pub(crate) details: BillOfEntryDetails,
    status: Option<CustomsStatusWord>,
    out_at: Option<IstInstant>,
    paid_at: Option<IstInstant>,
    eligible_at: Option<IstInstant>,
    received_at: IstInstant,
}

#[derive(Default)]
pub(crate) struct Customs {
    pub(crate) bills: BTreeMap<String, Bill>,
}

impl Customs {
    pub(crate) fn received(&mut self, bench: &mut Bench, name: &str, details: BillOfEntryDetails, at: IstInstant) {
        let key = details.importer.to_string();
        let record_id = RecordId(name.to_owned());
        let event = BillOfEntryReceived { record_id, details: details.clone(), received_at: at };
        let bill = Bill { details, status: None, out_at: None, paid_at: None, eligible_at: None, received_at: at };
        self.bills.insert(name.to_owned(), bill);
        bench.tell(&key, at, &event);
    }

    pub(crate) fn status(&mut self, bench: &mut Bench, name: &str, raw: &str, at: IstInstant) {
        let bill = self.bills.get_mut(name).unwrap();
        let word: Option<CustomsStatusWord> = serde_json::from_value(serde_json::json!(raw)).ok();
        bill.status = word.or(bill.status);
        match word {
            Some(CustomsStatusWord::OutOfCharge) => bill.out_at = bill.out_at.or(Some(at)),
            Some(CustomsStatusWord::DutyPaid) => bill.paid_at = bill.paid_at.or(Some(at)),
            _ => {}
        }
        let credits = !matches!(
            bill.details.bill_of_entry_type,
            BillOfEntryType::IntoBond | BillOfEntryType::Transit | BillOfEntryType::Transhipment
        );
        let became = bill.eligible_at.is_none() && credits && bill.out_at.is_some() && bill.paid_at.is_some();
        if became {
            bill.eligible_at = Some(at);
            bill.details.reference_date = Some(at.date());
        }
        let ended = matches!(bill.status, Some(CustomsStatusWord::Cancelled | CustomsStatusWord::Purged));
        let event = BillOfEntryStatusChanged {
            details: bill.details.clone(),
            record_id: RecordId(name.to_owned()),
            status: bill.status,
            raw_status: raw.to_owned(),
            at,
            eligible_at: bill.eligible_at.filter(|_| !ended),
            became_eligible: became,
            received_at: bill.received_at,
        };
        let key = bill.details.importer.to_string();
        bench.tell(&key, at, &event);
    }

    pub(crate) fn amended(&mut self, bench: &mut Bench, name: &str, details: BillOfEntryDetails, at: IstInstant) {
        let bill = self.bills.values_mut().find(|bill| bill.details.bill_of_entry == details.bill_of_entry).unwrap();
        let before = bill.details.clone();
        bill.details.tax = details.tax;
        bill.details.taxable_value = details.taxable_value;
        if bill.eligible_at.is_some() {
            bill.details.reference_date = Some(at.date());
        }
        let event = BillOfEntryAmended {
            record_id: RecordId(name.to_owned()),
            details: bill.details.clone(),
            tax_before: before.tax,
            taxable_value_before: before.taxable_value,
            eligible_at: bill.eligible_at,
            received_at: at,
        };
        let key = bill.details.importer.to_string();
        bench.tell(&key, at, &event);
    }
}
