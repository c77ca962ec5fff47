//! What the events of a story say about each document, added up from the first event again every time it is asked.

use crate::calendar::{Day, Period, instant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const HEADS: [&str; 4] = ["igst", "cgst", "sgst", "cess"];

/// Paise per head, in the order of [`HEADS`].
pub(crate) type Heads = [i128; 4];

pub(crate) fn paise(text: &str) -> i128 {
    let digits: String = text.chars().filter(|letter| *letter != '.').collect();
    digits.parse().expect("amounts of a story have two decimals")
}

pub(crate) fn amount(event: &Value, name: &str) -> i128 {
    event.get(name).and_then(Value::as_str).map_or(0, paise)
}

pub(crate) fn heads(event: &Value) -> Heads {
    HEADS.map(|head| amount(event, head))
}

pub(crate) fn zip(left: Heads, right: Heads, combine: impl Fn(i128, i128) -> i128) -> Heads {
    std::array::from_fn(|head| combine(left[head], right[head]))
}

pub(crate) fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn at(event: &Value) -> Option<(Day, i64)> {
    instant(event.get("at")?.as_str()?)
}

fn date(event: &Value, name: &str) -> Option<Day> {
    Day::parse(event.get(name)?.as_str()?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Invoice,
    DebitNote,
    Distributed,
}

/// A document as the story tells it so far.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) supplier: String,
    pub(crate) kind: Kind,
    pub(crate) date: Day,
    pub(crate) value: i128,
    pub(crate) tax: Heads,
    pub(crate) reverse_charge: bool,
    pub(crate) schedule_i: bool,
    pub(crate) deemed: i128,
    pub(crate) invoice: Option<usize>,
    pub(crate) supplier_period: Period,
    pub(crate) notes: i128,
    pub(crate) notes_tax: Heads,
    pub(crate) availed: Heads,
    pub(crate) permanent: Heads,
    /// Filing day, second and return period of each claim that stood.
    pub(crate) claims: Vec<(Day, i64, Period)>,
    pub(crate) amended_credit: bool,
    pub(crate) settled: i128,
}

/// A Bill of Entry as the story tells it so far.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) port: String,
    pub(crate) number: String,
    pub(crate) date: Day,
    pub(crate) tax: Heads,
    pub(crate) status: String,
    /// Cancelled or purged before credit arose.
    pub(crate) ended: bool,
    pub(crate) paid: Option<String>,
    pub(crate) out: Option<String>,
    pub(crate) amended: Option<Day>,
}

impl Bill {
    pub(crate) fn gives_credit(&self) -> bool {
        !matches!(self.kind.as_str(), "INTO_BOND" | "TRANSIT" | "TRANSHIPMENT")
    }

    /// BOE-5: the later of duty payment and out of charge.
    pub(crate) fn eligible_at(&self) -> Option<&String> {
        let (paid, out) = (self.paid.as_ref()?, self.out.as_ref()?);
        (self.gives_credit() && !self.ended).then(|| if instant(paid) > instant(out) { paid } else { out })
    }

    /// BOE-6.
    pub(crate) fn reference_date(&self) -> Option<Day> {
        let eligible = instant(self.eligible_at()?)?.0;
        Some(self.amended.map_or(eligible, |amended| amended.max(eligible)))
    }
}

/// A balance of the credit ledger: when it was told, the sum of the three heads, the due date of the return.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Balance {
    pub(crate) told: (Day, i64),
    pub(crate) sum: i128,
    pub(crate) due: Option<Day>,
}

/// Everything the events say, up to some event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) quarterly: bool,
    pub(crate) quarterly_suppliers: BTreeSet<String>,
    pub(crate) documents: Vec<Document>,
    pub(crate) bills: Vec<Bill>,
    pub(crate) unallocated: BTreeMap<String, i128>,
    /// Money of each advance that is not adjusted yet, and its supplier.
    pub(crate) advances: BTreeMap<String, (String, i128)>,
    /// Whether a return of a supplier was last reported as filed.
    pub(crate) filed: BTreeMap<(String, Period), bool>,
    pub(crate) annual: BTreeMap<i64, Day>,
    pub(crate) balances: Vec<Balance>,
    /// The documents whose target the last event may move, in order.
    pub(crate) touched: Vec<usize>,
}

impl Facts {
    /// Adds up `events`; `held` are the positions of claims that were not made.
    pub(crate) fn of(config: &BTreeMap<String, String>, events: &[Value], held: &BTreeSet<usize>) -> Self {
        let mut facts = Self { config: config.clone(), ..Self::default() };
        for (position, event) in events.iter().enumerate() {
            facts.touched.clear();
            if !held.contains(&position) {
                facts.add(event);
            }
        }
        facts
    }

    pub(crate) fn option(&self, key: &str, default: &str) -> String {
        self.config.get(key).map_or_else(|| default.to_owned(), Clone::clone)
    }

    pub(crate) fn is(&self, key: &str, value: &str, default: &str) -> bool {
        self.option(key, default) == value
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.documents.iter().position(|document| document.name == name)
    }

    pub(crate) fn bill(&self, name: &str) -> Option<usize> {
        self.bills.iter().position(|bill| bill.name == name)
    }

    fn in_parent(&self, index: usize) -> bool {
        self.documents[index].kind == Kind::DebitNote && self.is("r37.debit_note_timer", "PARENT", "OWN")
    }

    /// The document that carries the money and the credit of this one (R37-16).
    pub(crate) fn home(&self, index: usize) -> usize {
        if self.in_parent(index) { self.documents[index].invoice.unwrap_or(index) } else { index }
    }

    fn group(&self, home: usize) -> impl Iterator<Item = &Document> {
        let members = (0..self.documents.len()).filter(move |index| self.home(*index) == home);
        members.map(|index| &self.documents[index])
    }

    /// Why a document has no timer, in the order of R37-17.
    pub(crate) fn exclusion(&self, index: usize) -> Option<&'static str> {
        let document = &self.documents[index];
        if document.reverse_charge {
            return Some("REVERSE_CHARGE");
        }
        match document.kind {
            Kind::Distributed => Some("ISD_CREDIT"),
            Kind::DebitNote if self.is("r37.debit_note_timer", "PARENT", "OWN") => Some("DEBIT_NOTE_IN_PARENT"),
            Kind::DebitNote if self.is("r37.debit_note_timer", "NONE", "OWN") => Some("DEBIT_NOTE_WITHOUT_TIMER"),
            Kind::Invoice | Kind::DebitNote => document.schedule_i.then_some("SCHEDULE_I"),
        }
    }

    pub(crate) fn has_timer(&self, index: usize) -> bool {
        self.exclusion(index).is_none()
    }

    pub(crate) fn day_181(&self, index: usize) -> Day {
        self.documents[index].date.plus(181)
    }

    pub(crate) fn payable(&self, home: usize) -> i128 {
        self.group(home).map(|document| document.value - document.notes).sum::<i128>().max(0)
    }

    pub(crate) fn paid(&self, home: usize) -> i128 {
        if self.documents[home].schedule_i {
            return self.payable(home);
        }
        self.group(home).map(|document| document.settled + document.deemed).sum()
    }

    pub(crate) fn unpaid(&self, home: usize) -> i128 {
        (self.payable(home) - self.paid(home)).max(0)
    }

    fn sum(&self, home: usize, of: impl Fn(&Document) -> Heads) -> Heads {
        self.group(home).fold([0; 4], |sum, document| zip(sum, of(document), |left, right| left + right))
    }

    pub(crate) fn availed(&self, home: usize) -> Heads {
        self.sum(home, |document| document.availed)
    }

    fn less_notes(&self, home: usize) -> Heads {
        zip(self.availed(home), self.sum(home, |document| document.notes_tax), |left, right| (left - right).max(0))
    }

    /// R37-4.
    pub(crate) fn base(&self, home: usize) -> Heads {
        let permanent = self.sum(home, |document| document.permanent);
        zip(self.less_notes(home), permanent, |left, right| (left - right).max(0))
    }

    /// R37-10 and R37-14: what Rule 37 wants reversed on `today`.
    pub(crate) fn target(&self, home: usize, today: Day) -> Heads {
        let (payable, unpaid) = (self.payable(home), self.unpaid(home));
        if !self.has_timer(home) || today < self.day_181(home) || payable == 0 {
            return [0; 4];
        }
        let share = |base: i128| (2 * base * unpaid + payable) / (2 * payable);
        if self.is("r37.reversal_base", "GROSS_LESS_REVERSED", "NET_AVAILED") {
            let permanent = self.sum(home, |document| document.permanent);
            return zip(self.less_notes(home), permanent, |gross, gone| (share(gross) - gone).max(0));
        }
        self.base(home).map(share)
    }

    /// The day on which Rule 37A falls due for a document (R37A-2).
    pub(crate) fn rule_37a_due(&self, index: usize) -> Option<Day> {
        let (filed, _, period) = self.documents[index].claims.first()?;
        let by_filing = self.is("r37a.fy_basis", "FILING_DATE", "RETURN_PERIOD");
        let year = if by_filing { filed.financial_year() } else { period.financial_year() };
        // R37A-1: in force from 26 Dec 2022.
        Some(Day::of(year + 1, 10, 1)).filter(|due| *due >= Day::of(2022, 12, 26))
    }

    pub(crate) fn reported_unfiled(&self, index: usize) -> bool {
        let document = &self.documents[index];
        self.filed.get(&(document.supplier.clone(), document.supplier_period)) == Some(&false)
    }

    /// The last day to take the credit (TL-1, TL-2, TL-5).
    pub(crate) fn cutoff(&self, date: Day) -> Day {
        let year = date.financial_year();
        // TL-3: the due date of the September return.
        let last = if year < 2021 { Day::of(year + 1, 10, 20) } else { Day::of(year + 1, 11, 30) };
        self.annual.get(&year).map_or(last, |annual| last.min(*annual))
    }

    /// TL-5: the day whose financial year limits the credit of a document.
    pub(crate) fn limit_date(&self, index: usize) -> Day {
        let document = &self.documents[index];
        let old = document.kind == Kind::DebitNote && document.date < Day::of(2021, 1, 1);
        document.invoice.filter(|_| old).map_or(document.date, |invoice| self.documents[invoice].date)
    }

    /// TL-1, and the relief of section 16(5) (TL-4).
    pub(crate) fn is_barred(&self, date: Day, filed: Day) -> bool {
        let relief = date.financial_year() < 2021 && filed <= Day::of(2021, 11, 30);
        filed > self.cutoff(date) && !relief
    }

    fn add(&mut self, event: &Value) {
        match text(event, "type") {
            "recipient_registered" => self.quarterly = text(event, "filing_frequency") == "QUARTERLY",
            "supplier_registered" if text(event, "filing_frequency") == "QUARTERLY" => {
                self.quarterly_suppliers.insert(text(event, "gstin").to_owned());
            }
            "document_received" => self.received(&event["record"]),
            "document_amended" => self.amended(event),
            "itc_claimed" => self.claimed(event),
            "itc_reversed_permanently" => {
                self.on_document(event, "ref", |document| {
                    document.permanent = zip(document.permanent, heads(event), |left, right| left + right);
                });
            }
            "credit_note_accepted" => {
                let record = &event["record"];
                self.on_document(record, "invoice_ref", |document| {
                    document.notes += amount(record, "document_value");
                    document.notes_tax = zip(document.notes_tax, heads(record), |left, right| left + right);
                });
            }
            "payment_made" | "advance_adjusted" | "tds_deducted" | "book_adjustment" | "commercial_credit_note" => {
                self.money(event);
            }
            "payment_reallocated" => self.reallocated(event),
            "supplier_gstr3b_not_filed" => self.reported(event, false),
            "supplier_gstr3b_filed" => self.reported(event, true),
            "annual_return_filed" => {
                let year = text(event, "financial_year").get(..4).and_then(|year| year.parse().ok());
                self.annual.insert(year.expect("a financial year"), at(event).expect("at").0);
            }
            "credit_ledger_balance" => self.balances.push(Balance {
                told: at(event).expect("at"),
                sum: heads(event)[..3].iter().sum(),
                due: date(event, "return_due_date"),
            }),
            "boe_received" => self.bill_received(&event["record"]),
            "boe_status_changed" => self.bill_status(event),
            "boe_value_amended" => self.bill_amended(event),
            _ => {}
        }
    }

    fn on_document(&mut self, event: &Value, field: &str, change: impl FnOnce(&mut Document)) {
        if let Some(index) = self.find(text(event, field)) {
            change(&mut self.documents[index]);
            self.touched.push(self.home(index));
        }
    }

    fn received(&mut self, record: &Value) {
        let supplier = text(record, "supplier_gstin").to_owned();
        let date = date(record, "document_date").expect("document_date");
        let quarterly = self.quarterly_suppliers.contains(&supplier);
        let told = record.get("supplier_period").and_then(Value::as_str).and_then(Period::parse);
        let document = Document {
            name: text(record, "ref").to_owned(),
            kind: match text(record, "document_type") {
                "DEBIT_NOTE" => Kind::DebitNote,
                "ISD_INVOICE" => Kind::Distributed,
                _ => Kind::Invoice,
            },
            date,
            value: amount(record, "document_value"),
            tax: heads(record),
            reverse_charge: record.get("reverse_charge") == Some(&Value::Bool(true)),
            schedule_i: record.get("schedule_i") == Some(&Value::Bool(true)),
            deemed: amount(record, "section_15_2_b_amount"),
            invoice: self.find(text(record, "invoice_ref")),
            supplier_period: told.unwrap_or(Period::of(date, false)).within(quarterly),
            supplier,
            notes: 0,
            notes_tax: [0; 4],
            availed: [0; 4],
            permanent: [0; 4],
            claims: Vec::new(),
            amended_credit: false,
            settled: 0,
        };
        self.documents.push(document);
        self.touched.push(self.home(self.documents.len() - 1));
    }

    fn amended(&mut self, event: &Value) {
        let record = &event["record"];
        self.on_document(record, "ref", |document| {
            document.value = amount(record, "document_value");
            document.tax = heads(record);
            document.date = date(record, "document_date").unwrap_or(document.date);
            if let Some(credit) = event.get("itc_availed") {
                document.availed = heads(credit);
                document.amended_credit = true;
            }
        });
    }

    fn claimed(&mut self, event: &Value) {
        let (day, second) = at(event).expect("at");
        let period = Period::parse(text(event, "return_period")).expect("return_period");
        self.on_document(event, "ref", |document| {
            document.availed = zip(document.availed, heads(event), |left, right| left + right);
            document.claims.push((day, second, period));
        });
    }

    fn money(&mut self, event: &Value) {
        let counted = match text(event, "type") {
            "tds_deducted" => self.is("r37.tds_counts", "true", "true"),
            "commercial_credit_note" => self.is("r37.commercial_cn", "SETTLED", "SETTLED"),
            "book_adjustment" => {
                let confirmed = event.get("confirmation_document").is_some();
                confirmed && self.is("r37.book_adjustment_counts", "true", "true")
            }
            "advance_adjusted" => {
                if let Some((_, left)) = self.advances.get_mut(text(event, "advance_ref")) {
                    *left -= amount(event, "amount");
                }
                true
            }
            _ => event.get("advance_ref").is_none(),
        };
        if text(event, "type") == "payment_made" && !counted {
            let advance = (text(event, "supplier_gstin").to_owned(), amount(event, "amount"));
            self.advances.insert(text(event, "advance_ref").to_owned(), advance);
        }
        if counted {
            let named = self.find(text(event, "ref")).map(|index| self.home(index));
            let supplier = named.map(|index| self.documents[index].supplier.clone());
            let supplier = supplier.unwrap_or_else(|| text(event, "supplier_gstin").to_owned());
            self.settle(named, &supplier, amount(event, "amount"));
        }
    }

    /// R37-15: the named document first, then the oldest unpaid one, then on account.
    fn settle(&mut self, named: Option<usize>, supplier: &str, mut rest: i128) {
        let mut order: Vec<usize> = named.into_iter().collect();
        if self.is("r37.allocation", "EXPLICIT_THEN_FIFO", "EXPLICIT_THEN_FIFO") {
            let mut others: Vec<usize> = (0..self.documents.len())
                .filter(|index| self.documents[*index].supplier == supplier && self.has_timer(*index))
                .collect();
            others.sort_by_key(|index| (self.documents[*index].date, *index));
            order.extend(others);
        }
        for index in order {
            let owed = if self.has_timer(index) { self.unpaid(index) } else { rest };
            let taken = rest.min(owed);
            if taken > 0 {
                self.documents[index].settled += taken;
                rest -= taken;
                if !self.touched.contains(&index) {
                    self.touched.push(index);
                }
            }
        }
        if rest > 0 {
            *self.unallocated.entry(supplier.to_owned()).or_default() += rest;
        }
    }

    fn reallocated(&mut self, event: &Value) {
        let moved = amount(event, "amount");
        let (Some(from), Some(to)) = (self.find(text(event, "from_ref")), self.find(text(event, "to_ref"))) else {
            return;
        };
        let (from, to) = (self.home(from), self.home(to));
        self.documents[from].settled -= moved;
        self.documents[to].settled += moved;
        self.touched.extend([from, to]);
    }

    fn reported(&mut self, event: &Value, filed: bool) {
        let supplier = text(event, "gstin").to_owned();
        let period = Period::parse(text(event, "period")).expect("period");
        for (index, document) in self.documents.iter().enumerate() {
            if document.supplier == supplier && document.supplier_period == period {
                self.touched.push(index);
            }
        }
        self.filed.insert((supplier, period), filed);
    }

    fn bill_received(&mut self, record: &Value) {
        let kind = record.get("boe_type").and_then(Value::as_str).unwrap_or("HOME_CONSUMPTION");
        self.bills.push(Bill {
            name: text(record, "ref").to_owned(),
            kind: kind.to_owned(),
            port: text(record, "port_code").to_owned(),
            number: text(record, "boe_number").to_owned(),
            date: date(record, "boe_date").expect("boe_date"),
            tax: heads(record),
            status: String::new(),
            ended: false,
            paid: None,
            out: None,
            amended: None,
        });
    }

    fn bill_status(&mut self, event: &Value) {
        let Some(index) = self.bill(text(event, "ref")) else { return };
        let (bill, word, told) = (&mut self.bills[index], text(event, "status"), text(event, "at").to_owned());
        if !KNOWN_WORDS.contains(&word) {
            return;
        }
        word.clone_into(&mut bill.status);
        match word {
            "DUTY_PAID" => bill.paid = Some(told),
            "OUT_OF_CHARGE" => bill.out = Some(told),
            "CANCELLED" | "PURGED" => bill.ended = true,
            _ => {}
        }
    }

    /// The bill that an amendment is about: found by port, number and date.
    pub(crate) fn bill_like(&self, record: &Value) -> Option<usize> {
        let dated = date(record, "boe_date");
        self.bills.iter().position(|bill| {
            bill.port == text(record, "port_code")
                && bill.number == text(record, "boe_number")
                && Some(bill.date) == dated
        })
    }

    fn bill_amended(&mut self, event: &Value) {
        let record = &event["record"];
        if let Some(index) = self.bill_like(record) {
            self.bills[index].tax = heads(record);
            self.bills[index].amended = at(event).map(|told| told.0);
        }
    }
}

/// The words of BOE-4.
pub(crate) const KNOWN_WORDS: [&str; 13] = [
    "FILED",
    "UNDER_ASSESSMENT",
    "QUERY_RAISED",
    "QUERY_REPLIED",
    "ASSESSMENT_COMPLETE",
    "DUTY_PAID",
    "EXAMINATION",
    "OUT_OF_CHARGE",
    "CANCELLED",
    "PURGED",
    "PROVISIONALLY_ASSESSED",
    "AMENDED",
    "REASSESSED",
];
