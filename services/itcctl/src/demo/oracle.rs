//! What must come out of a demo year, computed a second time: naively, document by document, from the rules over the
//! invented facts. It shares no code with the workers; the calendar arithmetic and the rounding are its own too.

use super::year::{DemoAction, DemoBill, DemoDocument, DemoYear};
use gst_events::ImsAction;
use gst_types::{FilingFrequency, IstDate, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
use gstn_formats::gstr1::Gstr1Section;
use std::collections::BTreeMap;

/// Whose statement of which period, of what, in which row.
pub(crate) type LineKey = (RecipientGstin, TaxPeriod, String, String);

/// Credit of one document by what happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LedgerTotals {
    /// Taken, less credit notes and corrections.
    pub(crate) availed: TaxAmounts,
    pub(crate) reversed: TaxAmounts,
    pub(crate) reclaimed: TaxAmounts,
    /// Interest of the reversals in filed returns.
    pub(crate) interest: TaxAmounts,
}

/// Everything that is compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) lines: BTreeMap<LineKey, TaxAmounts>,
    pub(crate) ledger: BTreeMap<(RecipientGstin, String), LedgerTotals>,
}

/// The periods of IMS's later rules begin with October 2025 (ED-3, ED-4).
fn is_from_october_2025(period: TaxPeriod) -> bool {
    (period.year(), period.month()) >= (2025, 10)
}

/// Computes the year.
pub(crate) fn expect(year: &DemoYear) -> Expected {
    let mut expected = Expected::default();
    for (index, document) in year.documents.iter().enumerate() {
        let Some(recipient) = year.recipients.get(document.recipient) else { continue };
        let Some(subject) = year.key(document).map(|key| key.to_string()) else { continue };
        let line = document_line(year, document);
        if let Some(line) = &line {
            let key = (recipient.gstin, line.period, subject.clone(), line.table.to_owned());
            expected.lines.insert(key, line.effect);
        }
        let credit = line.filter(|line| line.table.starts_with("3."));
        let totals = document_ledger(year, index, document, credit.as_ref());
        if totals != LedgerTotals::default() {
            expected.ledger.insert((recipient.gstin, subject), totals);
        }
    }
    for bill in &year.bills {
        expect_bill(year, bill, &mut expected);
    }
    expected
}

/// Where a record counts in the end.
struct Line {
    period: TaxPeriod,
    filed_on: IstDate,
    table: &'static str,
    effect: TaxAmounts,
}

/// PD-1, PD-3: the month that ends on the 11th, for quarterly suppliers on the 13th, of the next; PD-5: quarters.
fn home(filed_on: IstDate, last_day: u32, recipient: FilingFrequency) -> TaxPeriod {
    let month = TaxPeriod::of(filed_on);
    let period = if filed_on.day() <= last_day { month.previous() } else { month };
    match recipient {
        FilingFrequency::Monthly => period,
        FilingFrequency::Quarterly => period.quarter_end(),
    }
}

fn document_line(year: &DemoYear, document: &DemoDocument) -> Option<Line> {
    let recipient = year.recipients.get(document.recipient)?;
    let supplier = year.suppliers.get(document.supplier)?;
    let form = year.forms.get(document.form)?;
    let last_day = if supplier.frequency == FilingFrequency::Quarterly { 13 } else { 11 };
    let home = home(form.filed_on, last_day, recipient.frequency);
    let wrong_state = supplier.gstin.gstin().state() == document.place_of_supply
        && recipient.gstin.gstin().state() != document.place_of_supply;
    if wrong_state || document.reverse_charge {
        // IN-4: past IMS, into the statement of its filing.
        let (period, filed_on) = recipient.returns.iter().find(|(period, _)| *period >= home)?;
        let table = if wrong_state { "4.A.I.B2B" } else { "3.A.III.B2B" };
        return Some(Line { period: *period, filed_on: *filed_on, table, effect: document.tax });
    }
    let record = Record {
        home,
        is_note: document.section == Gstr1Section::CN,
        actions: &document.actions,
        // AM-1: a later save takes the action back.
        reset_on: if document.saved_wrong { Some(form.filed_on) } else { None },
        frequency: recipient.frequency,
    };
    let (period, filed_on, state) = record.counted(&recipient.returns)?;
    let (table, effect) = match (document.section, state.action) {
        (Gstr1Section::CN, ImsAction::Reject) => ("6.B.I.B2B-CN", document.tax),
        (Gstr1Section::CN, _) => ("3.B.I.B2B-CN", state.declared.unwrap_or(document.tax)),
        (Gstr1Section::DN, ImsAction::Reject) => ("6.A.I.B2B-DN", document.tax),
        (Gstr1Section::DN, _) => ("3.A.I.B2B-DN", document.tax),
        (_, ImsAction::Reject) => ("6.A.I.B2B", document.tax),
        (_, _) => ("3.A.I.B2B", document.tax),
    };
    Some(Line { period, filed_on, table, effect })
}

struct Record<'a> {
    home: TaxPeriod,
    is_note: bool,
    actions: &'a [DemoAction],
    reset_on: Option<IstDate>,
    frequency: FilingFrequency,
}

#[derive(Clone, Copy)]
struct State {
    action: ImsAction,
    declared: Option<TaxAmounts>,
}

impl Record<'_> {
    /// The return with which it becomes final, and the action that stands then. Returns are filed in the evening, so
    /// that the day's actions come before.
    fn counted(&self, returns: &[(TaxPeriod, IstDate)]) -> Option<(TaxPeriod, IstDate, State)> {
        returns.iter().filter(|(period, _)| *period >= self.home).find_map(|(period, filed_on)| {
            let state = self.state_on(*filed_on);
            if state.action == ImsAction::Pending { None } else { Some((*period, *filed_on, state)) }
        })
    }

    /// The action that stands in the evening of a day.
    fn state_on(&self, day: IstDate) -> State {
        let nothing = State { action: ImsAction::NoAction, declared: None };
        let mut state = nothing;
        for action in self.actions.iter().filter(|action| action.on <= day) {
            let wiped = self.reset_on.is_some_and(|reset_on| action.on < reset_on && day >= reset_on);
            if !wiped && !self.is_refused(action) {
                state = State { action: action.action, declared: action.declared };
            }
        }
        let expired = self.is_note && day > self.last_pending_day();
        if state.action == ImsAction::Pending && expired { nothing } else { state }
    }

    /// AC-4: no pending of a credit note before October 2025, AC-5: none after its limit; RD-6: no declaration before.
    fn is_refused(&self, action: &DemoAction) -> bool {
        let late = action.on > self.last_pending_day() || !is_from_october_2025(self.home);
        let pending_refused = self.is_note && action.action == ImsAction::Pending && late;
        let declaration_refused = action.declared.is_some() && !is_from_october_2025(self.home);
        pending_refused || declaration_refused
    }

    /// AC-5: the due date of the GSTR-3B of the next period; all recipients of the demo have the 20th or, quarterly, in
    /// Gujarat the 22nd.
    fn last_pending_day(&self) -> IstDate {
        match self.frequency {
            FilingFrequency::Monthly => self.home.next().next().day(20),
            FilingFrequency::Quarterly => self.home.next().quarter_end().next().day(22),
        }
    }
}

/// What happens to a document's credit, in order. Day 181 begins at midnight, money is told during the day, returns are
/// filed in the evening.
enum Step {
    Day181,
    Noted(Paise, TaxAmounts),
    Settled(Paise),
    Claimed,
}

fn steps(year: &DemoYear, index: usize, document: &DemoDocument, line: Option<&Line>) -> Vec<(IstDate, u32, Step)> {
    let mut steps = vec![(document.date.plus_days(181), 0, Step::Day181)];
    for note in year.documents.iter().filter(|other| other.noted.is_some_and(|noted| noted.invoice == index)) {
        if let Some(noted) = note.noted {
            steps.push((noted.accepted_on, 1, Step::Noted(note.document_value, note.tax)));
        }
    }
    steps.extend(document.payments.iter().map(|payment| (payment.told_on, 2, Step::Settled(payment.amount))));
    steps.extend(line.map(|line| (line.filed_on, 3, Step::Claimed)));
    steps.retain(|(day, _, _)| *day <= year.last_day);
    steps.sort_by_key(|(day, order, _)| (*day, *order));
    steps
}

fn document_ledger(year: &DemoYear, index: usize, document: &DemoDocument, line: Option<&Line>) -> LedgerTotals {
    let mut totals = LedgerTotals::default();
    if document.section == Gstr1Section::CN {
        // A note is taken out of credit once: of its invoice's where the register links them, else of its own.
        if let Some(line) = line.filter(|_| document.noted.is_none()) {
            totals.availed = line.effect.map(|_, amount| -amount);
        }
        return totals;
    }
    let mut run = Run {
        payable: document.document_value,
        paid: Paise::ZERO,
        note_tax: TaxAmounts::ZERO,
        has_timer: !document.reverse_charge,
        fires_on: document.date.plus_days(181),
    };
    for (day, _, step) in steps(year, index, document, line) {
        match step {
            Step::Day181 => {}
            Step::Settled(amount) => run.paid += amount,
            Step::Noted(value, tax) => {
                run.payable -= value;
                run.note_tax += tax;
            }
            // R37-12: a claim after day 181 with a rest unpaid is held, and not made by itself later.
            Step::Claimed if run.is_overdue(day) => {}
            Step::Claimed => totals.availed = line.map_or(TaxAmounts::ZERO, |line| line.effect),
        }
        let change = run.target(day, &totals) - (totals.reversed - totals.reclaimed);
        let reversed = change.or_zero_if_negative();
        totals.reversed += reversed;
        totals.reclaimed += change.map(|_, amount| -amount).or_zero_if_negative();
        totals.interest += interest(year, document, day, &reversed, line.map(|line| line.filed_on));
    }
    totals.availed -= run.note_tax;
    totals
}

struct Run {
    payable: Paise,
    paid: Paise,
    note_tax: TaxAmounts,
    has_timer: bool,
    fires_on: IstDate,
}

impl Run {
    fn unpaid(&self) -> Paise {
        (self.payable - self.paid).or_zero_if_negative()
    }

    fn is_overdue(&self, day: IstDate) -> bool {
        self.has_timer && day >= self.fires_on && self.unpaid() > Paise::ZERO
    }

    /// R37-10: base × unpaid ÷ payable, half a paisa up.
    fn target(&self, day: IstDate, totals: &LedgerTotals) -> TaxAmounts {
        if !self.is_overdue(day) || totals.availed.is_zero() {
            return TaxAmounts::ZERO;
        }
        let (unpaid, payable) = (i128::from(self.unpaid().get()), i128::from(self.payable.get()));
        totals.availed.map(|head, credit| {
            let base = i128::from((credit - self.note_tax.of(head)).get().max(0));
            // Twice the dividend plus the divisor, over twice the divisor: rounding without a float.
            Paise::new(i64::try_from((2 * base * unpaid + payable) / (2 * payable)).unwrap_or_default())
        })
    }
}

/// INT-1, INT-4: 18 % a year from the return with the claim to the return with the reversal, where that is filed.
fn interest(
    year: &DemoYear,
    document: &DemoDocument,
    day: IstDate,
    reversed: &TaxAmounts,
    claimed_on: Option<IstDate>,
) -> TaxAmounts {
    let Some(recipient) = year.recipients.get(document.recipient) else { return TaxAmounts::ZERO };
    let month = TaxPeriod::of(day);
    let period = if recipient.frequency == FilingFrequency::Quarterly { month.quarter_end() } else { month };
    let filed_on = recipient.returns.iter().find(|(of, _)| *of == period).map(|(_, filed_on)| *filed_on);
    let (Some(from), Some(to)) = (claimed_on, filed_on) else { return TaxAmounts::ZERO };
    let days = i128::from(to.days_since(from));
    reversed.map(|_, amount| {
        let doubled = 2 * i128::from(amount.get()) * 18 * days;
        Paise::new(i64::try_from((doubled + 36_500) / 73_000).unwrap_or_default())
    })
}

/// PD-8: the month of the reference date; before October 2025 a bill bypasses IMS (ED-4). A moved bill leaves the first
/// holder's credit and becomes the second's (BE-7, BE-8).
fn expect_bill(year: &DemoYear, bill: &DemoBill, expected: &mut Expected) {
    let subject = bill.id.to_string();
    let mut add = |recipient: usize, on: IstDate, actions: &[DemoAction], table: &str, effect: TaxAmounts| {
        let Some(recipient) = year.recipients.get(recipient) else { return };
        let home = TaxPeriod::of(on);
        let record = Record { home, is_note: false, actions, reset_on: None, frequency: recipient.frequency };
        let Some((period, _, _)) = record.counted(&recipient.returns) else { return };
        let key = (recipient.gstin, period, subject.clone(), table.to_owned());
        expected.lines.insert(key, effect);
        expected.ledger.entry((recipient.gstin, subject.clone())).or_default().availed += effect;
    };
    add(bill.recipient, bill.released_on, &bill.actions, "3.A.IV.IMPG", bill.tax);
    if let Some(moved) = bill.moved {
        add(bill.recipient, moved.on, &[], "3.A.IV.IMPGA", bill.tax.map(|_, amount| -amount));
        add(moved.to, moved.on, &[], "3.A.IV.IMPGA", bill.tax);
    }
    // What came and went is nothing.
    expected.ledger.retain(|_, totals| *totals != LedgerTotals::default());
}
