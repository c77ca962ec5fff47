//! A stand-in for `filings`: supplier statuses for those who watch, at once and at every change.

use super::Bench;
use gst_events::{Gstr3bFilingStatus, SupplierGstr3bStatus, SupplierWatched, Topic};
use gst_types::{FilingFrequency, IstInstant, SupplierGstin, TaxPeriod};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(crate) struct Filings {
    pub(crate) frequencies: BTreeMap<SupplierGstin, FilingFrequency>,
    reports: BTreeMap<(SupplierGstin, TaxPeriod), (Gstr3bFilingStatus, IstInstant)>,
    watches: Vec<SupplierWatched>,
}

impl Filings {
    fn return_of(&self, supplier: SupplierGstin, period: TaxPeriod) -> TaxPeriod {
        let frequency = self.frequencies.get(&supplier).copied().unwrap_or(FilingFrequency::Monthly);
        period.in_frequency(frequency)
    }

    /// Answers watches that began since the last call.
    pub(crate) fn answer(&mut self, bench: &mut Bench) {
        loop {
            let new = bench.driver.read_committed(Topic::SupplierJournal.name());
            if new.is_empty() {
                return;
            }
            for record in new {
                let watch: SupplierWatched = serde_json::from_slice(&record.value).unwrap();
                let key = (watch.supplier, self.return_of(watch.supplier, watch.period));
                if let Some((status, at)) = self.reports.get(&key).copied() {
                    say(bench, &watch, vec![watch.period], (status, at));
                }
                self.watches.push(watch);
            }
        }
    }

    pub(crate) fn report(&mut self, bench: &mut Bench, of: (SupplierGstin, TaxPeriod), filed: bool, at: IstInstant) {
        let status = if filed { Gstr3bFilingStatus::Filed } else { Gstr3bFilingStatus::NotFiled };
        self.reports.insert(of, (status, at));
        let concerned = |watch: &&SupplierWatched| (watch.supplier, self.return_of(watch.supplier, watch.period)) == of;
        let mut told = BTreeMap::<_, (SupplierWatched, BTreeSet<TaxPeriod>)>::new();
        for watch in self.watches.iter().filter(concerned) {
            let (_, periods) = told.entry(watch.recipient).or_insert_with(|| (watch.clone(), BTreeSet::new()));
            periods.insert(watch.period);
        }
        for (watch, periods) in told.into_values() {
            say(bench, &watch, periods.into_iter().collect(), (status, at));
        }
    }
}

fn say(
    bench: &mut Bench,
    watch: &SupplierWatched,
    periods: Vec<TaxPeriod>,
    (status, at): (Gstr3bFilingStatus, IstInstant),
) {
    let event =
        SupplierGstr3bStatus { recipient: watch.recipient, supplier: watch.supplier, periods, status, at: Some(at) };
    bench.tell(&watch.recipient.to_string(), at, &event);
}
