//! One taxpayer at the desk of `ims`: facts in, what is said and shown out. Rows are kept in memory; marks, pages and
//! jobs run as the loop runs them.

use gst_events::*;
use gst_rules::Rulebook;
use gst_rules::calendar::CalendarItem;
use gst_types::{FilingFrequency, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use ims::{Event, Ims};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use stream::{
    Context, Cursor, EventMeta, Outcome as _, OutputRecord, PageLimits, Position, Processor, Route, StateView,
};
use stream_testkit::MemoryRows;

pub(crate) const RECIPIENT: &str = "27AAACR1234A1Z3";
pub(crate) const SUPPLIER: &str = "27AAACS5678B1ZC";

pub(crate) struct Desk {
    pub(crate) rows: MemoryRows,
    pub(crate) said: Vec<OutputRecord>,
    pub(crate) rules: ActiveRulebook,
    pub(crate) changes_max: usize,
    pub(crate) frequency: FilingFrequency,
    day: Option<IstDate>,
    ids: u32,
}

pub(crate) fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

pub(crate) fn period(text: &str) -> TaxPeriod {
    text.parse().unwrap()
}

pub(crate) fn recipient() -> RecipientGstin {
    RECIPIENT.parse().unwrap()
}

/// Central and State tax of so many rupees each.
pub(crate) fn tax(rupees: i64) -> TaxAmounts {
    let half = Paise::from_rupees(rupees);
    TaxAmounts { cgst: half, sgst: half, ..TaxAmounts::ZERO }
}

/// A document of the supplier.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) id: &'static str,
    pub(crate) section: ImsSection,
    pub(crate) number: &'static str,
    pub(crate) date: &'static str,
    pub(crate) tax: TaxAmounts,
    pub(crate) original: Option<&'static str>,
    pub(crate) place: &'static str,
    pub(crate) reverse_charge: bool,
    pub(crate) form: SupplierForm,
    pub(crate) return_period: &'static str,
}

pub(crate) fn document(id: &'static str, section: ImsSection, rupees: i64) -> Document {
    Document {
        id,
        section,
        number: id,
        date: "2025-10-15",
        tax: tax(rupees),
        original: None,
        place: "27",
        reverse_charge: false,
        form: SupplierForm::Gstr1,
        return_period: "102025",
    }
}

impl Desk {
    /// A monthly filer whose earliest open period is that one; statements are made on request.
    pub(crate) fn new(first_open: &str) -> Self {
        Self::with(first_open, FilingFrequency::Monthly, &[("draft_generation", "ON_REQUEST")])
    }

    pub(crate) fn with(first_open: &str, frequency: FilingFrequency, rules: &[(&str, &str)]) -> Self {
        let rules = rules.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut desk = Self {
            rows: MemoryRows::default(),
            said: Vec::new(),
            rules: ActiveRulebook(Rulebook::embedded().with_overrides(&rules).unwrap()),
            changes_max: 500,
            frequency: FilingFrequency::Monthly,
            day: None,
            ids: 0,
        };
        desk.tell(Event::TaxpayerRegistered(Box::new(TaxpayerRegistered {
            gstin: recipient().gstin(),
            role: TaxpayerRole::Recipient,
            filing_frequency: frequency,
            gstr3b_due_day: None,
            first_open_period: Some(period(first_open)),
            effective_from: None,
            needs_approval: false,
            at: None,
        })));
        desk
    }

    /// Decides one event for every key that it concerns, page by page; the last outcome's code.
    pub(crate) fn tell(&mut self, event: Event) -> &'static str {
        self.ids += 1;
        match Ims.route(&event) {
            Route::Key(key) => self.pages(&event, &key),
            Route::Partition => self.pages(&event, ""),
            Route::Job(_) => {
                let keys = Ims.job_keys(&StateView::new(&self.rows), &event, None, 100).unwrap();
                keys.iter().map(|key| self.pages(&event, key)).last().unwrap_or("NOTHING_DUE")
            }
        }
    }

    fn pages(&mut self, event: &Event, key: &str) -> &'static str {
        let mut cursor: Option<Cursor> = None;
        let meta = EventMeta { id: format!("event-{}", self.ids), ..EventMeta::default() };
        for _ in 0..10_000 {
            let context = Context {
                rules: &self.rules,
                key,
                cursor: cursor.as_ref(),
                meta: &meta,
                position: Position { partition: 0, offset: i64::from(self.ids) },
                day: self.day.map(IstDate::naive),
                page: PageLimits { changes_max: self.changes_max },
            };
            let decision = Ims.decide(&StateView::new(&self.rows), event, &context).unwrap();
            for change in decision.rows {
                self.rows.change(&change);
            }
            self.said.extend(decision.events.iter().map(stream::Encode::encode));
            match decision.resume {
                Some(next) => cursor = Some(next),
                None => return decision.outcome.code(),
            }
        }
        panic!("a decision does not end");
    }

    /// What was said of a type, in order.
    pub(crate) fn heard<P: EventPayload + DeserializeOwned>(&self) -> Vec<P> {
        let of_type = self.said.iter().filter(|record| record.event_type == P::TYPE);
        of_type.map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }

    fn filed_document(&self, document: &Document, saved_at: IstInstant) -> FiledDocument {
        let supplier: SupplierGstin = SUPPLIER.parse().unwrap();
        FiledDocument {
            record_id: RecordId(document.id.to_owned()),
            record: SupplierRecord {
                section: document.section,
                supplier,
                recipient: recipient(),
                number: document.number.to_owned(),
                date: document.date.parse().unwrap(),
                original: None,
                invoice_type: "R".to_owned(),
                place_of_supply: document.place.parse().unwrap(),
                reverse_charge: document.reverse_charge,
                taxable_value: Paise::from_rupees(10_000),
                tax: document.tax,
                document_value: Paise::from_rupees(10_000) + document.tax.total(),
                trade_name: None,
                irn: None,
            },
            form: document.form,
            return_period: period(document.return_period),
            supplier_frequency: self.frequency,
            saved_at,
            original_record_id: document.original.map(|id| RecordId(id.to_owned())),
        }
    }

    pub(crate) fn save(&mut self, document: &Document, saved_at: &str) -> &'static str {
        let document = self.filed_document(document, at(saved_at));
        self.tell(Event::DocumentSaved(Box::new(DocumentSaved { document })))
    }

    pub(crate) fn change(&mut self, document: &Document, replaces: &str, saved_at: &str) -> &'static str {
        let document = self.filed_document(document, at(saved_at));
        let replaces = RecordId(replaces.to_owned());
        self.tell(Event::DocumentChanged(Box::new(DocumentChanged { document, replaces })))
    }

    pub(crate) fn file(&mut self, document: &Document, filed_at: &str) -> &'static str {
        self.open_days(filed_at);
        let document = self.filed_document(document, at(filed_at));
        let filed_at = at(filed_at);
        self.tell(Event::DocumentFiled(Box::new(DocumentFiled { document, filed_at, recipient_changed: false })))
    }

    pub(crate) fn request(&self, id: &str, action: ImsAction, when: &str) -> ImsActionRequested {
        ImsActionRequested {
            recipient: recipient(),
            target: ImsTarget::Record { record_id: RecordId(id.to_owned()) },
            action,
            remarks: None,
            itc_reduction: None,
            previous_action: None,
            at: at(when),
            actor: None,
            origin: Origin::User,
        }
    }

    pub(crate) fn act(&mut self, id: &str, action: ImsAction, when: &str) -> &'static str {
        let request = self.request(id, action, when);
        self.ask(request)
    }

    pub(crate) fn ask(&mut self, request: ImsActionRequested) -> &'static str {
        self.open_days(&request.at.to_string());
        self.tell(Event::ImsActionRequested(Box::new(request)))
    }

    /// An accept with a declaration.
    pub(crate) fn declare(
        &mut self,
        id: &str,
        declared: Option<TaxAmounts>,
        required: bool,
        remarks: Option<&str>,
        when: &str,
    ) -> &'static str {
        let mut request = self.request(id, ImsAction::Accept, when);
        request.itc_reduction = Some(ItcReduction { required, declared });
        request.remarks = remarks.map(str::to_owned);
        self.ask(request)
    }

    pub(crate) fn generate(&mut self, of: &str, when: &str) -> &'static str {
        self.open_days(when);
        self.tell(Event::StatementRequested(Box::new(StatementRequested {
            recipient: recipient(),
            period: period(of),
            at: at(when),
            origin: Origin::User,
        })))
    }

    pub(crate) fn returned(&mut self, of: &str, when: &str, origin: Origin) -> &'static str {
        self.open_days(when);
        self.tell(Event::RecipientReturnFiled(Box::new(RecipientReturnFiled {
            recipient: recipient(),
            period: period(of),
            filed_at: at(when),
            arn: None,
            table4: BTreeMap::new(),
            origin,
        })))
    }

    /// Generates and files a period.
    pub(crate) fn close(&mut self, of: &str, when: &str) {
        assert_eq!(self.generate(of, when), "DECIDED");
        assert_eq!(self.returned(of, when, Origin::User), "DECIDED");
    }

    pub(crate) fn extend(&mut self, item: CalendarItem, of: &str, date: &str, entered_at: &str) {
        self.open_days(entered_at);
        self.tell(Event::DueDateExtended(Box::new(DueDateExtended {
            item,
            period: period(of),
            date: date.parse().unwrap(),
            entered_at: at(entered_at),
        })));
    }

    /// Opens every day up to that of an instant.
    pub(crate) fn open_days(&mut self, until: &str) {
        let last = at(until).date();
        let mut day = self.day.map_or(last, IstDate::next);
        while day <= last {
            self.day = Some(day);
            let opened = DayOpened { date: day, commands: Vec::new(), command_offsets: BTreeMap::new() };
            self.tell(Event::DayOpened(Box::new(opened)));
            day = day.next();
        }
    }

    pub(crate) fn shown(&self, id: &str, now: &str) -> ImsRecord {
        let id = RecordId(id.to_owned());
        ims::view::record_view(&StateView::new(&self.rows), &self.rules, recipient(), &id, at(now)).unwrap().unwrap()
    }

    /// Where a record counts: statement, row, central tax in rupees.
    pub(crate) fn line(&self, id: &str) -> Option<(String, String, i64)> {
        let decided = self.heard::<ImsRecordDecided>();
        let last = decided.into_iter().rev().find(|decided| decided.record_id.0 == id)?;
        last.line.map(|line| (line.period.to_string(), line.table.to_string(), line.effect.cgst.get() / 100))
    }
}

/// A line as [`Desk::line`] tells it.
pub(crate) fn line(period: &str, table: &str, rupees: i64) -> Option<(String, String, i64)> {
    Some((period.to_owned(), table.to_owned(), rupees))
}

/// A taxpayer whose commands need two persons, with one invoice on the dashboard.
pub(crate) fn two_persons(rules: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::with("102025", FilingFrequency::Monthly, rules);
    desk.tell(Event::TaxpayerRegistered(Box::new(TaxpayerRegistered {
        gstin: recipient().gstin(),
        role: TaxpayerRole::Recipient,
        filing_frequency: FilingFrequency::Monthly,
        gstr3b_due_day: None,
        first_open_period: None,
        effective_from: None,
        needs_approval: true,
        at: None,
    })));
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    desk
}
