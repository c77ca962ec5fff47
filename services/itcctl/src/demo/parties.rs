//! The invented taxpayers: three registrations of one company, and its suppliers.

use super::random::Random;
use super::working_days::{FIRST_PERIOD_MONTH, FIRST_YEAR, working_day_of};
use super::year::{DemoRecipient, DemoSupplier};
use anyhow::{Context, Result};
use gst_types::{FilingFrequency, Gstin, IstDate, RecipientGstin, SupplierGstin, TaxPeriod};

/// States of the company: Maharashtra, Karnataka, Gujarat. One PAN, because customs moves a bill only within one.
const COMPANY_PAN: &str = "AAKCS4417Q";
const COMPANY: [(&str, &str, FilingFrequency); 3] = [
    ("27", "Sahyadri Pumps, Pune", FilingFrequency::Monthly),
    ("29", "Sahyadri Pumps, Bengaluru", FilingFrequency::Monthly),
    ("24", "Sahyadri Pumps, Surat", FilingFrequency::Quarterly),
];
const SUPPLIER_STATES: [&str; 10] = ["27", "29", "24", "33", "07", "06", "09", "36", "32", "19"];
const FIRST_WORDS: [&str; 10] =
    ["Asha", "Bharat", "Deccan", "Ganga", "Himalaya", "Indus", "Kaveri", "Lotus", "Narmada", "Vindhya"];
const SECOND_WORDS: [&str; 8] =
    ["Castings", "Bearings", "Electricals", "Polymers", "Logistics", "Steels", "Instruments", "Packaging"];
/// Every third or so files quarterly.
const QUARTERLY_PERCENT: u32 = 30;

/// The first registration of a PAN in a State.
pub(crate) fn gstin(state: &str, pan: &str) -> Result<Gstin> {
    let text = format!("{state}{pan}1Z");
    let check = Gstin::check_character_of(&text).with_context(|| format!("no GSTIN begins with {text}"))?;
    Ok(format!("{text}{check}").parse()?)
}

/// The twelve periods of the year.
pub(crate) fn periods() -> Result<Vec<TaxPeriod>> {
    let first = TaxPeriod::new(FIRST_YEAR, FIRST_PERIOD_MONTH)?;
    Ok(std::iter::successors(Some(first), |period| Some(period.next())).take(12).collect())
}

pub(crate) fn recipients() -> Result<Vec<DemoRecipient>> {
    let mut recipients = Vec::new();
    for (index, (state, name, frequency)) in COMPANY.into_iter().enumerate() {
        let returns = periods()?
            .into_iter()
            .filter(|period| period.in_frequency(frequency) == *period)
            .map(|period| (period, filed_on(index, period)))
            .collect();
        let gstin = RecipientGstin(gstin(state, COMPANY_PAN)?);
        recipients.push(DemoRecipient { gstin, name: name.to_owned(), frequency, returns });
    }
    Ok(recipients)
}

/// On the 20th; Bengaluru is once four weeks late, so that its next statement has to wait (GN-3).
fn filed_on(recipient: usize, period: TaxPeriod) -> IstDate {
    let usual = period.next().day(20);
    if recipient == 1 && period.month() == 8 { working_day_of(period.next().next(), 15) } else { usual }
}

pub(crate) fn suppliers(count: usize, random: &mut Random) -> Result<Vec<DemoSupplier>> {
    let mut suppliers = Vec::new();
    for index in 0..count {
        let letter = |random: &mut Random| char::from(b'A' + u8::try_from(random.below(26)).unwrap_or_default());
        let before: String = (0..3).map(|_| letter(random)).collect();
        // The digits of the PAN hold the position, so that no two suppliers are one.
        let pan = format!("{before}C{}{:04}{}", letter(random), 1000 + index, letter(random));
        let state = random.pick(&SUPPLIER_STATES).copied().unwrap_or("27");
        let first = FIRST_WORDS.get(index % FIRST_WORDS.len()).copied().unwrap_or_default();
        let second = SECOND_WORDS.get((index / 5) % SECOND_WORDS.len()).copied().unwrap_or_default();
        let frequency =
            if random.percent(QUARTERLY_PERCENT) { FilingFrequency::Quarterly } else { FilingFrequency::Monthly };
        let late_percent = [3, 3, 3, 10, 45][random.below(5)];
        let gstin = SupplierGstin(gstin(state, &pan)?);
        suppliers.push(DemoSupplier { gstin, name: format!("{first} {second}"), frequency, late_percent });
    }
    Ok(suppliers)
}
