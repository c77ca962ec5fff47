//! Inventing the year: who reports what, when, and what becomes of it.

use super::behaviour;
use super::parties;
use super::random::Random;
use super::working_days::{after, on_or_after, working_day_of};
use super::year::{DemoBill, DemoDocument, DemoForm, DemoMove, DemoSupplier, DemoYear, NotedOn};
use anyhow::{Context, Result};
use gst_types::{BillOfEntryId, FilingFrequency, IstDate, Paise, TaxAmounts, TaxPeriod};
use gstn_formats::gstr1::Gstr1Section;

const SUPPLIERS: usize = 40;
/// Of a hundred documents.
const CREDIT_NOTE_PERCENT: u32 = 7;
const DEBIT_NOTE_PERCENT: u32 = 2;
const REVERSE_CHARGE_PERCENT: u32 = 2;
const WRONG_STATE_PERCENT: u32 = 2;
const SAVED_EARLY_PERCENT: u32 = 40;
const SAVED_WRONG_PERCENT: u32 = 4;
/// Documents of a quarterly supplier's first two months that go through the invoice furnishing facility.
const IFF_PERCENT: u32 = 60;
const BILLS_PER_MONTH: u32 = 2;

/// The year that a seed gives.
///
/// # Errors
/// A message where an invented identifier is none, which would be a fault of this module.
pub(crate) fn generate(seed: u64, documents: usize) -> Result<DemoYear> {
    let mut random = Random::new(seed);
    let periods = parties::periods()?;
    let (Some(first), Some(last)) = (periods.first().copied(), periods.last().copied()) else {
        anyhow::bail!("a year has periods");
    };
    let mut year = DemoYear {
        recipients: parties::recipients()?,
        suppliers: parties::suppliers(SUPPLIERS, &mut random)?,
        forms: Vec::new(),
        documents: Vec::new(),
        bills: Vec::new(),
        first_day: first.first_day(),
        last_day: last.next().last_day(),
    };
    year.forms = forms(&year.suppliers, &periods, &mut random);
    for index in 0..documents {
        let document = document(&year, index, &periods, &mut random)?;
        year.documents.push(document);
    }
    // Credit notes first: what an invoice owes depends on them.
    let is_note =
        |index: &usize| year.documents.get(*index).is_some_and(|document| document.section == Gstr1Section::CN);
    let (notes, others): (Vec<usize>, Vec<usize>) = (0..documents).partition(is_note);
    for index in notes.into_iter().chain(others) {
        behaviour::decide(&mut year, index, &mut random);
    }
    year.bills = bills(&periods, &mut random)?;
    Ok(year)
}

/// Every supplier's forms of the year: monthly GSTR-1, or IFF, IFF, GSTR-1 in each quarter.
fn forms(suppliers: &[DemoSupplier], periods: &[TaxPeriod], random: &mut Random) -> Vec<DemoForm> {
    let mut forms = Vec::new();
    for (supplier, party) in suppliers.iter().enumerate() {
        for period in periods {
            let quarterly = party.frequency == FilingFrequency::Quarterly;
            let is_iff = quarterly && period.month_of_quarter() < 3;
            let due = if quarterly { 13 } else { 11 };
            // The furnishing facility closes on its last day: nobody is late there.
            // The year ends with every form filed inside the last statement: the check needs it final.
            let rest = periods.iter().filter(|other| *other > period).count();
            let late = !is_iff && rest > 0 && random.percent(party.late_percent);
            let within_month = rest < 2 || random.percent(70);
            let filed_on = match (late, quarterly) {
                (false, _) if random.percent(30) => working_day_of(period.next(), due),
                (false, _) => working_day_of(period.next(), 10),
                (true, false) if random.percent(30) => working_day_of(period.next(), 13),
                (true, _) if within_month => working_day_of(period.next(), [15, 17, 24, 28][random.below(4)]),
                (true, _) => working_day_of(period.next().next(), [7, 15, 24][random.below(3)]),
            };
            forms.push(DemoForm { supplier, period: *period, is_iff, filed_on });
        }
    }
    forms
}

fn document(year: &DemoYear, index: usize, periods: &[TaxPeriod], random: &mut Random) -> Result<DemoDocument> {
    let supplier = random.below(year.suppliers.len());
    let recipient = [0, 0, 0, 1, 1, 2][random.below(6)];
    let period = random.pick(periods).copied().context("a year has periods")?;
    // Saved on the 24th or with the filing; the 22nd is the last date that an early save can hold.
    let saved_early = random.percent(SAVED_EARLY_PERCENT);
    let date = period.day(random.between(1, if saved_early { 22 } else { 28 }));
    let (section, base) = section_of(year, supplier, date, random);
    let recipient = base.and_then(|base| year.documents.get(base)).map_or(recipient, |invoice| invoice.recipient);
    let quarterly = year.suppliers.get(supplier).is_some_and(|party| party.frequency == FilingFrequency::Quarterly);
    let reported = if quarterly && !random.percent(IFF_PERCENT) { period.quarter_end() } else { period };
    let form = year
        .forms
        .iter()
        .position(|form| form.supplier == supplier && form.period == reported)
        .context("every supplier has a form for every period")?;
    let mut document = priced(year, (supplier, recipient), section, base, random)?;
    document.number = format!("{}{:05}", prefix(section), index + 1);
    document.date = date;
    document.form = form;
    document.saved_on = saved_early.then(|| working_day_of(period, 24));
    document.saved_wrong = saved_early && random.percent(SAVED_WRONG_PERCENT);
    Ok(document)
}

const fn prefix(section: Gstr1Section) -> &'static str {
    match section {
        Gstr1Section::CN | Gstr1Section::CNA => "CN/",
        Gstr1Section::DN | Gstr1Section::DNA => "DN/",
        Gstr1Section::B2B | Gstr1Section::B2BA | Gstr1Section::ECO | Gstr1Section::ECOA => "INV/",
    }
}

/// What it is, and of a credit note the earlier invoice of that supplier whose tax it lowers.
fn section_of(year: &DemoYear, supplier: usize, date: IstDate, random: &mut Random) -> (Gstr1Section, Option<usize>) {
    if random.percent(CREDIT_NOTE_PERCENT) {
        let noted = |position: usize| {
            year.documents.iter().any(|other| other.noted.is_some_and(|noted| noted.invoice == position))
        };
        let invoice = year.documents.iter().enumerate().rposition(|(position, other)| {
            let plain = other.section == Gstr1Section::B2B && !other.reverse_charge && year.credit_in_state(other);
            other.supplier == supplier && plain && other.date < date && !noted(position)
        });
        if invoice.is_some() {
            return (Gstr1Section::CN, invoice);
        }
    }
    let section = if random.percent(DEBIT_NOTE_PERCENT) { Gstr1Section::DN } else { Gstr1Section::B2B };
    (section, None)
}

/// Amounts and place of supply; a credit note takes a tenth to a third of its invoice.
fn priced(
    year: &DemoYear,
    (supplier, recipient): (usize, usize),
    section: Gstr1Section,
    base: Option<usize>,
    random: &mut Random,
) -> Result<DemoDocument> {
    let supplier_state = year.suppliers.get(supplier).context("a supplier")?.gstin.gstin().state();
    let recipient_state = year.recipients.get(recipient).context("a recipient")?.gstin.gstin().state();
    let wrong_state = base.is_none()
        && section == Gstr1Section::B2B
        && supplier_state != recipient_state
        && random.percent(WRONG_STATE_PERCENT);
    let place_of_supply = if wrong_state { supplier_state } else { recipient_state };
    let rate = if random.percent(80) { 18 } else { 5 };
    let (rate, taxable_value) = match base.and_then(|base| year.documents.get(base)) {
        Some(invoice) => {
            let invoice_rate = if invoice.tax.total().get() * 10 > invoice.taxable_value.get() { 18 } else { 5 };
            let least = Paise::new(invoice.taxable_value.get() / 10);
            (invoice_rate, random.amount(least, Paise::new(invoice.taxable_value.get() / 3)))
        }
        None => (rate, random.amount(Paise::from_rupees(2_000), Paise::from_rupees(400_000))),
    };
    let tax = charged(taxable_value, rate, supplier_state == place_of_supply);
    let reverse_charge =
        base.is_none() && section == Gstr1Section::B2B && !wrong_state && random.percent(REVERSE_CHARGE_PERCENT);
    Ok(DemoDocument {
        section,
        supplier,
        recipient,
        number: String::new(),
        date: year.first_day,
        place_of_supply,
        reverse_charge,
        taxable_value,
        tax,
        document_value: if reverse_charge { taxable_value } else { taxable_value + tax.total() },
        form: 0,
        saved_on: None,
        saved_wrong: false,
        actions: Vec::new(),
        booked_on: None,
        received_on: None,
        payments: Vec::new(),
        noted: base.map(|invoice| NotedOn { invoice, accepted_on: year.last_day }),
    })
}

/// Tax at a rate: both halves inside a State, IGST between States. Half a paisa rounds up.
fn charged(taxable_value: Paise, rate_percent: i64, inside_state: bool) -> TaxAmounts {
    let of = |rate_times_two: i64| Paise::new((taxable_value.get() * rate_times_two + 100) / 200);
    if inside_state {
        let half = of(rate_percent);
        TaxAmounts { cgst: half, sgst: half, ..TaxAmounts::ZERO }
    } else {
        TaxAmounts { igst: of(rate_percent * 2), ..TaxAmounts::ZERO }
    }
}

/// Two bills a month; one of November moves from Pune to Bengaluru in January.
fn bills(periods: &[TaxPeriod], random: &mut Random) -> Result<Vec<DemoBill>> {
    let mut bills = Vec::new();
    for (month, period) in periods.iter().enumerate() {
        for position in 0..BILLS_PER_MONTH {
            let index = u32::try_from(bills.len())?;
            let reported_on = working_day_of(*period, [3, 7, 10, 13, 15][random.below(5)]);
            let taxable_value = random.amount(Paise::from_rupees(50_000), Paise::from_rupees(900_000));
            let id = BillOfEntryId::new("INNSA1".parse()?, &format!("{}", 4_000_001 + index), reported_on)?;
            let moves = month == 7 && position == 0;
            // Customs rounds a duty to whole rupees (DUT-9).
            let igst = Paise::from_rupees((taxable_value.get() * 18 + 5000) / 10000);
            bills.push(DemoBill {
                id,
                recipient: if moves { 0 } else { random.below(2) },
                reported_on,
                released_on: after(reported_on),
                taxable_value,
                tax: TaxAmounts { igst, ..TaxAmounts::ZERO },
                actions: Vec::new(),
                moved: moves.then(|| DemoMove { to: 1, on: on_or_after(period.next().next().day(10)) }),
            });
        }
    }
    behaviour::decide_bills(&mut bills, random);
    Ok(bills)
}
