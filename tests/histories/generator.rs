//! Random rule stories from a seed, leaning on the days and the sums where outcomes change.

use crate::calendar::{Day, Period};
use crate::facts::{HEADS, Heads, heads, text, zip};
use crate::figures::{heads_object, money};
use crate::oracle::Oracle;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const RECIPIENT: &str = "27AAACR1234A1Z3";
const SUPPLIERS: [&str; 3] = ["29AAACT4321C1ZR", "29AAACE1357E1ZW", "27AAACS5678B1ZC"];
const DISTRIBUTOR: &str = "27AAACI7777M1ZV";

/// `SplitMix64`: a seed gives the same story on every machine and with every library.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `count - 1`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let bound = u64::try_from(count.max(1)).unwrap_or(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn up_to(&mut self, most: i128) -> i128 {
        if most <= 0 { 0 } else { i128::from(self.next() >> 1) % (most + 1) }
    }
}

/// A story: its configuration and its events.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) events: Vec<Value>,
}

const OPTIONS: [(&str, &[&str]); 15] = [
    ("r37.period_rule", &["NEXT_PERIOD"]),
    ("r37.tds_counts", &["false"]),
    ("r37.book_adjustment_counts", &["false"]),
    ("r37.payment_date", &["INSTRUMENT", "SUPPLIER_CREDIT"]),
    ("r37.commercial_cn", &["UNPAID"]),
    ("r37.late_claim", &["CLAIM_AND_REVERSE"]),
    ("r37.reversal_base", &["GROSS_LESS_REVERSED"]),
    ("r37.allocation", &["EXPLICIT_ONLY"]),
    ("r37.debit_note_timer", &["PARENT", "NONE"]),
    ("r37a.fy_basis", &["FILING_DATE"]),
    ("r37a.reversal_return", &["SEPTEMBER"]),
    ("r37a.interest_if_timely", &["SECTION_41"]),
    ("interest.basis", &["AVAILMENT", "UTILISATION"]),
    ("interest.day_count", &["INCLUDE_BOTH"]),
    ("s16_4.boe", &["NONE", "HARD"]),
];

/// The story of a seed.
pub(crate) fn story(seed: u64) -> Story {
    let mut random = Random::new(seed);
    let mut config = BTreeMap::new();
    let share = *random.pick(&[0, 0, 15, 40]);
    for (key, values) in OPTIONS {
        if random.chance(share) {
            config.insert(key.to_owned(), (*random.pick(values)).to_owned());
        }
    }
    let mut writer = Writer::new(random, &config);
    writer.write();
    Story { config, events: writer.events }
}

struct Writer {
    random: Random,
    oracle: Oracle,
    events: Vec<Value>,
    day: Day,
    second: i64,
    named: usize,
    suppliers: Vec<String>,
}

impl Writer {
    fn new(mut random: Random, config: &BTreeMap<String, String>) -> Self {
        let start =
            *random.pick(&[Day::of(2023, 8, 1), Day::of(2023, 8, 1), Day::of(2022, 10, 1), Day::of(2019, 6, 1)]);
        let first = start.plus(i64::try_from(random.below(900)).unwrap_or(0));
        let count = 1 + random.below(3);
        let suppliers = SUPPLIERS.iter().take(count).map(|name| (*name).to_owned()).collect();
        Self {
            random,
            oracle: Oracle::new(config),
            events: Vec::new(),
            day: first,
            second: 10 * 3600,
            named: 0,
            suppliers,
        }
    }

    fn write(&mut self) {
        let quarterly = self.random.chance(20);
        self.put(
            &json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": frequency(quarterly)}),
        );
        for supplier in self.suppliers.clone() {
            let quarterly = self.random.chance(20);
            self.put(
                &json!({"type": "supplier_registered", "gstin": supplier, "filing_frequency": frequency(quarterly)}),
            );
        }
        let wanted = 3 + self.random.below(34);
        let mut drawn = 0;
        while self.events.len() < wanted + self.suppliers.len() + 1 && drawn < 400 {
            drawn += 1;
            if let Some(event) = self.draw() {
                self.put(&event);
            }
            if drawn % 3 == 0 || self.random.chance(30) {
                self.pass_time();
            }
        }
        if self.random.chance(50) {
            self.pass_time();
            let at = self.at();
            self.put(&json!({"type": "clock_advanced", "at": at}));
        }
    }

    fn put(&mut self, event: &Value) {
        if self.oracle.apply(event).is_ok() {
            self.events.push(event.clone());
        }
    }

    fn at(&mut self) -> String {
        self.second = (self.second + 60).min(86_399);
        let second = self.second;
        if self.random.chance(5) {
            // The same instant, told in UTC.
            let (day, second) =
                if second < 19_800 { (self.day.plus(-1), second + 66_600) } else { (self.day, second - 19_800) };
            return format!("{}Z", stamp(day, second));
        }
        stamp(self.day, second)
    }

    /// To a day where something turns, or just on.
    fn pass_time(&mut self) {
        let facts = &self.oracle.facts;
        let mut turning: Vec<Day> = Vec::new();
        for index in 0..facts.documents.len() {
            let last = facts.day_181(index);
            turning.extend([last.plus(-2), last.plus(-1), last, last.plus(1)]);
            turning.extend(facts.rule_37a_due(index).map(|due| due.plus(-1)));
            turning.extend(facts.rule_37a_due(index));
            turning.extend(facts.rule_37a_due(index).map(|due| due.plus(60)));
            turning.push(facts.cutoff(facts.documents[index].date));
            turning.push(facts.cutoff(facts.documents[index].date).plus(1));
        }
        let month_end = Period::of(self.day, false).day_after();
        turning.extend([month_end.plus(-1), month_end, month_end.plus(19)]);
        turning.retain(|day| *day > self.day && day.0 - self.day.0 < 200);
        turning.sort_unstable();
        let next = match self.random.below(10) {
            0..=3 if !turning.is_empty() => {
                let near = turning.len().min(6);
                turning[self.random.below(near)]
            }
            4 | 5 => self.day.plus(1),
            6 if !turning.is_empty() => *self.random.pick(&turning),
            _ => self.day.plus(i64::try_from(1 + self.random.below(45)).unwrap_or(1)),
        };
        self.day = next;
        self.second = i64::try_from(self.random.below(20 * 3600)).unwrap_or(0);
    }

    fn name(&mut self, kind: &str) -> String {
        self.named += 1;
        format!("{kind}{}", self.named)
    }

    fn draw(&mut self) -> Option<Value> {
        let nothing = self.oracle.facts.documents.is_empty();
        match self.random.below(100) {
            _ if nothing => self.document(),
            0..=9 => self.document(),
            10..=29 => self.claim(),
            30..=47 => self.payment(),
            48..=54 => self.other_money(),
            55..=58 => self.reallocation(),
            59..=63 => self.note(),
            64..=68 => self.amendment(),
            69..=72 => self.permanent(),
            73..=81 => self.report(),
            82..=86 => self.filing(),
            87..=89 => Some(self.balance()),
            90..=95 => self.bill(),
            96 => self.action(),
            97 => self.annual(),
            _ => self.redelivery(),
        }
    }

    fn tax(&mut self) -> Heads {
        let odd = self.random.chance(40);
        let unit = if odd { 1 } else { 10_000 };
        let tax = (1 + self.random.up_to(if odd { 2_000_000 } else { 200 })) * unit;
        match self.random.below(6) {
            0 | 1 => [0, tax, tax, 0],
            2 => [tax, 0, 0, tax / 3],
            _ => [tax, 0, 0, 0],
        }
    }

    fn document(&mut self) -> Option<Value> {
        let facts = self.oracle.facts.clone();
        let supplier = self.random.pick(&self.suppliers).clone();
        let tax = self.tax();
        let rate = *self.random.pick(&[5, 12, 18, 28]);
        let taxable = tax.iter().take(3).sum::<i128>() * 100 / rate;
        let most = *self.random.pick(&[1, 1, 1, 1, 1, 1, 25, 25, 25, 200]);
        let behind = self.random.below(most);
        let date = self.day.plus(-i64::try_from(behind).unwrap_or(0));
        let name = self.name("D");
        let mut record = json!({
            "ref": name, "supplier_gstin": supplier, "recipient_gstin": RECIPIENT, "document_number": name,
            "document_date": date.to_string(), "taxable_value": money(taxable),
        });
        let mut value = taxable + tax.iter().sum::<i128>();
        match self.random.below(24) {
            0 => record["schedule_i"] = json!(true),
            1 => {
                record["reverse_charge"] = json!(true);
                value = taxable;
            }
            2 => {
                record["document_type"] = json!("ISD_INVOICE");
                record["supplier_gstin"] = json!(DISTRIBUTOR);
            }
            3..=6 if !facts.documents.is_empty() => {
                let invoice = self.random.pick(&facts.documents);
                record["document_type"] = json!("DEBIT_NOTE");
                record["invoice_ref"] = json!(invoice.name);
                record["supplier_gstin"] = json!(invoice.supplier);
            }
            7 | 8 => record["section_15_2_b_amount"] = money(self.random.up_to(value / 2)),
            _ => {}
        }
        if self.random.chance(15) {
            record["supplier_period"] = json!(Period::of(date, false).next(false).to_string());
        }
        record["document_value"] = money(value);
        extend(&mut record, tax);
        let at = self.at();
        Some(json!({"type": "document_received", "at": at, "record": record}))
    }

    /// A document, rather one that came lately.
    fn some_document(&mut self) -> Option<usize> {
        let count = self.oracle.facts.documents.len();
        if count == 0 { None } else { Some(self.random.below(count)) }
    }

    fn claim(&mut self) -> Option<Value> {
        let facts = self.oracle.facts.clone();
        if !facts.bills.is_empty() && self.random.chance(20) {
            let bill = self.random.pick(&facts.bills).clone();
            return Some(self.claim_of(&bill.name, bill.tax));
        }
        // Mostly what is not claimed yet, in order.
        let open = facts.documents.iter().position(|document| document.availed == [0; 4]);
        let index = if self.random.chance(80) { open } else { None };
        let index = index.or_else(|| self.some_document())?;
        let document = &facts.documents[index];
        let left = zip(document.tax, document.availed, |tax, availed| tax - availed);
        let part = if self.random.chance(12) { left.map(|tax| tax / 3) } else { left };
        (part != [0; 4]).then(|| self.claim_of(&document.name, part))
    }

    fn claim_of(&mut self, name: &str, tax: Heads) -> Value {
        let quarterly = self.oracle.facts.quarterly;
        let mut period = Period::of(self.day, quarterly);
        let back = 1 + usize::from(self.random.chance(15));
        for _ in 0..back {
            period =
                Period::of(Day::of(period.year, period.month, 1).plus(if quarterly { -62 } else { -1 }), quarterly);
        }
        let at = self.at();
        let mut event = json!({"type": "itc_claimed", "at": at, "ref": name, "return_period": period.to_string()});
        extend(&mut event, tax);
        event
    }

    /// A sum around what a document still owes.
    fn sum_for(&mut self, index: usize) -> i128 {
        let unpaid = self.oracle.facts.unpaid(self.oracle.facts.home(index));
        match self.random.below(8) {
            0..=2 => unpaid,
            3 => unpaid / 2,
            4 => unpaid + 1,
            5 => unpaid - 1,
            6 => unpaid + self.random.up_to(2_000_000),
            _ => self.random.up_to(unpaid),
        }
        .max(1)
    }

    fn payment(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let (name, supplier) =
            (self.oracle.facts.documents[index].name.clone(), self.oracle.facts.documents[index].supplier.clone());
        let last = self.oracle.facts.day_181(index).plus(-1);
        let sum = self.sum_for(index);
        let at = self.at();
        let mut event = json!({"type": "payment_made", "at": at, "amount": money(sum)});
        match self.random.below(8) {
            0 | 1 => event["supplier_gstin"] = json!(supplier),
            2 => {
                event["supplier_gstin"] = json!(supplier);
                event["advance_ref"] = json!(self.name("PO"));
            }
            _ => event["ref"] = json!(name),
        }
        for field in ["instrument_date", "debit_date", "supplier_credit_date"] {
            if self.random.chance(25) {
                let near_last = self.random.chance(50) && last <= self.day;
                let back = i64::try_from(self.random.below(5)).unwrap_or(0);
                let date = if near_last { last.plus(2 - back) } else { self.day.plus(-back) };
                event[field] = json!(date.min(self.day).to_string());
            }
        }
        Some(event)
    }

    fn other_money(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let name = self.oracle.facts.documents[index].name.clone();
        let sum = self.sum_for(index) / i128::from(1 + i64::try_from(self.random.below(3)).unwrap_or(0)) + 1;
        let at = self.at();
        let mut event = json!({"at": at, "ref": name, "amount": money(sum)});
        match self.random.below(4) {
            0 => {
                event["type"] = json!("tds_deducted");
                event["tds_kind"] = json!(self.random.pick(&["INCOME_TAX", "GST_SECTION_51"]));
            }
            1 => {
                event["type"] = json!("book_adjustment");
                if self.random.chance(70) {
                    event["confirmation_document"] = json!("statement of account");
                }
            }
            2 => event["type"] = json!("commercial_credit_note"),
            _ => {
                let advances: Vec<_> = self.oracle.facts.advances.clone().into_iter().collect();
                let (advance, (_, left)) = advances.first()?;
                event["type"] = json!("advance_adjusted");
                event["advance_ref"] = json!(advance);
                event["amount"] = money(if self.random.chance(50) { *left } else { sum.min(*left) });
                (*left > 0).then_some(())?;
            }
        }
        Some(event)
    }

    fn reallocation(&mut self) -> Option<Value> {
        let facts = self.oracle.facts.clone();
        let settled: Vec<_> = facts.documents.iter().filter(|document| document.settled > 0).collect();
        if settled.is_empty() {
            return None;
        }
        let from = *self.random.pick(&settled);
        let to = self.some_document()?;
        let most = from.settled.min(facts.unpaid(facts.home(to)));
        let moved = if self.random.chance(40) { most } else { self.random.up_to(most) };
        let at = self.at();
        (moved > 0).then(|| {
            json!({"type": "payment_reallocated", "at": at, "from_ref": from.name,
                "to_ref": facts.documents[to].name, "amount": money(moved)})
        })
    }

    fn note(&mut self) -> Option<Value> {
        let facts = self.oracle.facts.clone();
        let index = self.some_document()?;
        let document = &facts.documents[index];
        let left = document.value - document.notes;
        let part = if self.random.chance(10) { left } else { self.random.up_to(left) };
        let kept = zip(document.availed, document.notes_tax, |left, right| left - right);
        let tax = kept.map(|tax| if left == 0 { 0 } else { tax * part / left });
        let name = self.name("CN");
        let at = self.at();
        let mut record = json!({
            "ref": name, "invoice_ref": document.name, "document_number": name, "document_date": self.day.to_string(),
            "taxable_value": money(part - tax.iter().sum::<i128>().min(part)), "document_value": money(part),
        });
        extend(&mut record, tax);
        (part > 0).then(|| json!({"type": "credit_note_accepted", "at": at, "record": record}))
    }

    fn amendment(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let document = self.oracle.facts.documents[index].clone();
        let per_cent = i128::from(*self.random.pick(&[50_i64, 80, 100, 100, 120]));
        let scale = |tax: i128| tax * per_cent / 100;
        let (tax, value) = (document.tax.map(scale), scale(document.value));
        let mut record = json!({"ref": document.name, "taxable_value": money(value - tax.iter().sum::<i128>().min(value)),
            "document_value": money(value)});
        extend(&mut record, tax);
        if self.random.chance(40) {
            let moved = i64::try_from(self.random.below(80)).unwrap_or(0) - 40;
            record["document_date"] = json!(document.date.plus(moved).to_string());
        }
        let at = self.at();
        let mut event = json!({"type": "document_amended", "at": at, "record": record});
        if document.availed != [0; 4] && self.random.chance(60) {
            let split = self.random.chance(10);
            let credit = if split { [0, tax[0] / 2, tax[0] / 2, tax[3]] } else { document.availed.map(scale) };
            if split {
                extend(&mut event["record"], credit);
            }
            event["itc_availed"] = Value::Object(heads_object(credit));
        }
        Some(event)
    }

    fn permanent(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let facts = &self.oracle.facts;
        let (name, base) = (facts.documents[index].name.clone(), facts.base(facts.home(index)));
        let share = i128::from(*self.random.pick(&[5_i64, 10, 50, 100]));
        let tax = base.map(|tax| tax * share / 100);
        let quarterly = facts.quarterly;
        let period = Period::of(self.day, quarterly);
        let rule = *self.random.pick(&["38", "42", "43", "17_5"]);
        let at = self.at();
        let mut event = json!({"type": "itc_reversed_permanently", "at": at, "ref": name, "rule": rule,
            "return_period": period.to_string()});
        extend(&mut event, tax);
        (tax != [0; 4]).then_some(event)
    }

    fn report(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let document = self.oracle.facts.documents[index].clone();
        let unfiled = self.oracle.facts.reported_unfiled(index);
        let filed = if unfiled { self.random.chance(60) } else { self.random.chance(10) };
        let kind = if filed { "supplier_gstr3b_filed" } else { "supplier_gstr3b_not_filed" };
        let at = self.at();
        Some(
            json!({"type": kind, "at": at, "gstin": document.supplier, "period": document.supplier_period.to_string()}),
        )
    }

    fn filing(&mut self) -> Option<Value> {
        let quarterly = self.oracle.facts.quarterly;
        let last = Period::of(Day::of(self.day.parts().0, self.day.parts().1, 1).plus(-1), quarterly);
        let owed: Vec<Period> = self.oracle.ledger.iter().rev().map(|entry| entry.period).take(4).collect();
        let period = if self.random.chance(70) && !owed.is_empty() { *self.random.pick(&owed) } else { last };
        let at = self.at();
        Some(json!({"type": "gstr3b_filed", "at": at, "gstin": RECIPIENT, "period": period.to_string()}))
    }

    fn balance(&mut self) -> Value {
        let mut sum = || self.random.up_to(1_500_000);
        let parts = [sum(), sum() / 2, sum() / 3, sum()];
        let at = self.at();
        let mut event = json!({"type": "credit_ledger_balance", "at": at});
        for (head, part) in HEADS.iter().zip(parts) {
            event[*head] = money(part);
        }
        if self.random.chance(40) {
            let moved = i64::try_from(self.random.below(12)).unwrap_or(0) - 8;
            event["return_due_date"] = json!(self.day.plus(moved).to_string());
        }
        event
    }

    fn bill(&mut self) -> Option<Value> {
        let facts = self.oracle.facts.clone();
        let at = self.at().trim_end_matches('Z').to_owned();
        if facts.bills.is_empty() || self.random.chance(20) {
            let kind = *self.random.pick(&[
                "HOME_CONSUMPTION",
                "HOME_CONSUMPTION",
                "HOME_CONSUMPTION",
                "EX_BOND",
                "INTO_BOND",
                "SEZ",
                "RE_IMPORT",
                "PROJECT",
                "BAGGAGE",
                "COURIER",
                "TRANSIT",
                "TRANSHIPMENT",
            ]);
            let name = self.name("B");
            let number = format!("{}", 1_000_000 + self.named);
            let igst = self.random.up_to(3_000_000) + 1;
            let cess = if self.random.chance(20) { igst / 7 } else { 0 };
            let section = if kind == "SEZ" { "IMPGSEZ" } else { "IMPG" };
            return Some(json!({"type": "boe_received", "at": at, "record": {
                "ref": name, "section": section, "boe_type": kind, "importer_gstin": RECIPIENT, "port_code": "INNSA1",
                "boe_number": number, "boe_date": self.day.to_string(), "taxable_value": money(igst * 5),
                "igst": money(igst), "cess": money(cess)}}));
        }
        let bill = self.random.pick(&facts.bills).clone();
        if self.random.chance(25) {
            let igst = self.random.up_to(bill.tax[0] * 2);
            let section = if bill.kind == "SEZ" { "IMPGSEZA" } else { "IMPGA" };
            let name = self.name("BA");
            return Some(json!({"type": "boe_value_amended", "at": at, "record": {
                "ref": name, "section": section, "boe_type": bill.kind, "importer_gstin": RECIPIENT,
                "port_code": bill.port, "boe_number": bill.number, "boe_date": bill.date.to_string(),
                "taxable_value": money(igst * 5), "igst": money(igst), "cess": money(bill.tax[3])}}));
        }
        let words = [
            &["DUTY_PAID", "OUT_OF_CHARGE", "DUTY_PAID", "OUT_OF_CHARGE"][..],
            &crate::facts::KNOWN_WORDS[..],
            &["Awaiting RMS"][..],
        ]
        .concat();
        let word = self.random.pick(&words);
        Some(json!({"type": "boe_status_changed", "at": at, "ref": bill.name, "status": word}))
    }

    fn action(&mut self) -> Option<Value> {
        let index = self.some_document()?;
        let name = self.oracle.facts.documents[index].name.clone();
        let action = *self.random.pick(&["ACCEPT", "REJECT", "PENDING", "NO_ACTION"]);
        let at = self.at();
        Some(json!({"type": "ims_action", "at": at, "gstin": RECIPIENT, "ref": name, "action": action}))
    }

    fn annual(&mut self) -> Option<Value> {
        let year = self.day.financial_year() - 1;
        let at = self.at();
        Some(json!({"type": "annual_return_filed", "at": at, "gstin": RECIPIENT,
            "financial_year": format!("{year}-{:02}", (year + 1) % 100)}))
    }

    /// The same event once more, with its old time.
    fn redelivery(&mut self) -> Option<Value> {
        let told: Vec<usize> = (0..self.events.len()).filter(|at| self.events[*at].get("at").is_some()).collect();
        let position = *told.get(self.random.below(told.len().max(1)))?;
        let repeatable = ["payment_made", "itc_claimed", "tds_deducted", "credit_note_accepted", "document_amended"];
        let kind = text(&self.events[position], "type");
        if self.events[position].get("event_id").is_none() && repeatable.contains(&kind) {
            let id = format!("again-{position}");
            self.events[position]["event_id"] = json!(id);
            self.oracle.seen.insert(id);
            let event = self.events[position].clone();
            self.events.push(event);
        }
        None
    }
}

fn frequency(quarterly: bool) -> &'static str {
    if quarterly { "QUARTERLY" } else { "MONTHLY" }
}

fn stamp(day: Day, second: i64) -> String {
    format!("{day}T{:02}:{:02}:{:02}", second / 3600, second % 3600 / 60, second % 60)
}

fn extend(event: &mut Value, tax: Heads) {
    if let Value::Object(map) = event {
        for head in HEADS {
            map.remove(head);
        }
        map.extend(heads_object(tax));
    }
    debug_assert_eq!(heads(event), tax);
}
