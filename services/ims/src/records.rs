//! Suppliers' documents, ISD documents and the rule 37A list as they reach a taxpayer (sections 2 and 7).

use crate::decide::standing::Book;
use crate::desk::{Decided, Desk};
use crate::rows::{DocumentRow, RecordKind, RecordRow, RecordState, key};
use gst_events::{
    CreditSubject, DocumentChanged, DocumentFiled, DocumentSaved, DocumentWithdrawn, FiledDocument, ImsAction,
    ImsSection, IsdDocumentReported, IsdDocumentType, Outgoing, RecordId, Rule37aReversalListed, SupplierForm, Topic,
};
use gst_rules::rule::{AM_13, GN_11, IN_1, IN_2, IN_4, IN_6, TB_5};
use gst_types::{DocumentKey, DocumentKind, FilingFrequency, IstInstant, Paise, SupplierGstin, TaxAmounts, TaxPeriod};
use stream::{DeadLetter, DecideError};

/// The kind of the documents of a section (ID-6).
pub(crate) const fn document_kind(section: ImsSection) -> Option<DocumentKind> {
    match section {
        ImsSection::B2b | ImsSection::B2ba => Some(DocumentKind::Invoice),
        ImsSection::Dn | ImsSection::Dna => Some(DocumentKind::DebitNote),
        ImsSection::Cn | ImsSection::Cna => Some(DocumentKind::CreditNote),
        ImsSection::Eco | ImsSection::Ecoa => Some(DocumentKind::Eco),
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => None,
    }
}

/// The word of a section in row keys.
pub(crate) const fn section_code(section: ImsSection) -> &'static str {
    match section {
        ImsSection::B2b => "B2B",
        ImsSection::B2ba => "B2BA",
        ImsSection::Dn => "DN",
        ImsSection::Dna => "DNA",
        ImsSection::Cn => "CN",
        ImsSection::Cna => "CNA",
        ImsSection::Eco => "ECO",
        ImsSection::Ecoa => "ECOA",
        ImsSection::Impg => "IMPG",
        ImsSection::Impga => "IMPGA",
        ImsSection::Impgsez => "IMPGSEZ",
        ImsSection::Impgseza => "IMPGSEZA",
    }
}

/// What an action names a record by: its section and document or Bill of Entry.
pub(crate) fn target_of(section: ImsSection, subject: &CreditSubject) -> String {
    format!("{}:{subject}", section_code(section))
}

/// An empty record of a kind; the caller fills in what it knows.
pub(crate) fn blank(kind: RecordKind, subject: CreditSubject, date: gst_types::IstDate, tax: TaxAmounts) -> RecordRow {
    RecordRow {
        kind,
        section: None,
        subject,
        supplier: None,
        number: String::new(),
        date,
        form: None,
        return_period: None,
        supplier_frequency: None,
        saved_at: None,
        filed_at: None,
        window: None,
        original: None,
        amended_by: None,
        first_version: None,
        original_document: None,
        trade_name: None,
        irn: None,
        reference_date: None,
        taxable_value: Paise::ZERO,
        document_value: Paise::ZERO,
        tax,
        place_of_supply: None,
        invoice_type: None,
        reverse_charge: false,
        isd_eligible: true,
        reversal_limit: None,
        action: ImsAction::NoAction,
        reduction: None,
        remarks: None,
        acted_at: None,
        pending_since: None,
        state: RecordState::Filed,
        unavailable: None,
        superseded: false,
        late_feed: false,
        counts_in: None,
        line: None,
        due_on: None,
        rule: IN_2,
    }
}

fn document_key(
    supplier: SupplierGstin,
    kind: DocumentKind,
    number: &str,
    date: gst_types::IstDate,
) -> Result<DocumentKey, DecideError> {
    let number = number.parse().map_err(|error: gst_types::DocumentNumberError| {
        DecideError::Unusable(DeadLetter {
            code: error.code().to_owned(),
            field: "number".to_owned(),
            rule: "ID-5".to_owned(),
            message: error.to_string(),
            part: None,
        })
    })?;
    Ok(DocumentKey::new(supplier, kind, number, date))
}

/// The row of a supplier's document, saved and untouched.
fn saved_row(book: &Book<'_>, document: &FiledDocument) -> Result<RecordRow, DecideError> {
    let record = &document.record;
    let kind = document_kind(record.section)
        .ok_or_else(|| DecideError::Broken("a supplier's document has a supplier's section".to_owned()))?;
    let subject = CreditSubject::Document(document_key(record.supplier, kind, &record.number, record.date)?);
    let first_version = match (&document.original_record_id, &record.original) {
        (None, None) => None,
        (original_id, original) => {
            let known = match original_id {
                Some(id) => book.record(id)?,
                None => None,
            };
            match (known, original) {
                (Some(RecordRow { first_version: Some(first), .. }), _) => Some(first),
                (Some(RecordRow { subject: CreditSubject::Document(first), .. }), _) => Some(first),
                (_, Some(original)) => Some(document_key(record.supplier, kind, &original.number, original.date)?),
                (_, None) => None,
            }
        }
    };
    Ok(RecordRow {
        section: Some(record.section),
        supplier: Some(record.supplier),
        number: record.number.clone(),
        form: Some(document.form),
        return_period: Some(document.return_period),
        supplier_frequency: Some(document.supplier_frequency),
        saved_at: Some(document.saved_at),
        original: document.original_record_id.clone(),
        first_version,
        original_document: record.original.as_ref().map(|original| (original.number.clone(), original.date)),
        trade_name: record.trade_name.clone(),
        irn: record.irn.clone(),
        taxable_value: record.taxable_value,
        document_value: record.document_value,
        place_of_supply: Some(record.place_of_supply),
        invoice_type: Some(record.invoice_type.clone()),
        reverse_charge: record.reverse_charge,
        state: RecordState::Saved,
        rule: IN_1,
        ..blank(RecordKind::Document, subject, record.date, record.tax)
    })
}

fn keep_action(row: &mut RecordRow, from: &RecordRow) {
    row.action = from.action;
    row.reduction = from.reduction;
    row.remarks.clone_from(&from.remarks);
    row.acted_at = from.acted_at;
    row.pending_since = from.pending_since;
    row.due_on = from.due_on;
}

impl Desk<'_> {
    /// AM-1: a version that comes in place of one that is gone begins without the actions on that one, whenever they arrive,
    /// but with one that was taken after it was saved and only arrived before it (EG-6).
    fn index_document(&mut self, id: &RecordId, row: &mut RecordRow) -> Result<(), DecideError> {
        let Some(section) = row.section else { return Ok(()) };
        let document_key = key::document(self.recipient, &target_of(section, &row.subject));
        let reset_at = match self.draft.get::<DocumentRow>(&document_key)? {
            Some(before) if before.record_id == *id => before.reset_at,
            Some(before) if self.record(&before.record_id)?.is_none() => {
                if let Some(old) = before.acted_later.filter(|old| old.acted_at > row.saved_at) {
                    keep_action(row, &old);
                    row.due_on = None;
                }
                row.saved_at
            }
            Some(_) | None => None,
        };
        self.draft.put(&document_key, &DocumentRow { record_id: id.clone(), reset_at, acted_later: None });
        Ok(())
    }

    /// Keeps a deleted version whose action was taken after the deletion, for the version that follows (EG-6).
    fn keep_for_the_next(&mut self, id: &RecordId, old: RecordRow) -> Result<(), DecideError> {
        let Some(section) = old.section else { return Ok(()) };
        let document_key = key::document(self.recipient, &target_of(section, &old.subject));
        let known: Option<DocumentRow> = self.draft.get(&document_key)?;
        if let Some(row) = known.filter(|row| row.record_id == *id) {
            self.draft.put(&document_key, &DocumentRow { acted_later: Some(Box::new(old)), ..row });
        }
        Ok(())
    }

    /// Settles a record that is new on the dashboard, and decides the actions that waited for it.
    pub(crate) fn arrive(&mut self, id: &RecordId, mut row: RecordRow, now: IstInstant) -> Result<(), DecideError> {
        self.index_document(id, &mut row)?;
        let target = row.section.map(|section| target_of(section, &row.subject));
        self.settle(id, row, now)?;
        match target {
            Some(target) => self.decide_waiting(&target, id),
            None => Ok(()),
        }
    }

    /// Takes a saved version away. Its document key goes on naming it, so that an action on it finds that it is gone.
    fn remove(&mut self, id: &RecordId, now: IstInstant) -> Result<(), DecideError> {
        let Some(mut row) = self.record(id)? else { return Ok(()) };
        row.action = ImsAction::NoAction;
        row.state = RecordState::Withdrawn;
        row.rule = IN_6;
        self.settle(id, row.clone(), now)?;
        if let Some(mut shown) = crate::view::ims_record(&self.book(), id, &row, now)? {
            shown.visible_in_ims = false;
            self.draft.emit(Outgoing::public(Topic::ImsRecords, self.recipient.gstin(), &shown));
        }
        self.draft.delete(&key::record(self.recipient, id));
        Ok(())
    }

    /// GN-11: a record whose statement is locked counts in the next open one, flagged.
    pub(crate) fn flag_late(&mut self, row: &mut RecordRow, home: TaxPeriod, at: IstInstant) {
        if self.profile.is_locked(home) {
            row.late_feed = true;
            let subject = row.subject.clone();
            let words = "it arrived after the GSTR-3B of its period, so it counts in the next open statement";
            self.alert("LATE_FEED", Some(&subject), at.date(), words, GN_11);
        }
    }
}

/// IN-1: a supplier saved a record.
pub(crate) fn saved(mut desk: Desk<'_>, event: &DocumentSaved) -> Result<Decided, DecideError> {
    let id = &event.document.record_id;
    let known = desk.record(id)?.is_some_and(|row| row.state != RecordState::Saved);
    if !known {
        let row = saved_row(&desk.book(), &event.document)?;
        desk.arrive(id, row, event.document.saved_at)?;
    }
    Ok(desk.decided(IN_1))
}

/// IN-6, AM-1: an edit replaces the record and resets the actions that are older than it.
pub(crate) fn changed(mut desk: Desk<'_>, event: &DocumentChanged) -> Result<Decided, DecideError> {
    let saved_at = event.document.saved_at;
    let mut row = saved_row(&desk.book(), &event.document)?;
    if let Some(old) = desk.record(&event.replaces)? {
        if old.acted_at.is_some_and(|acted| acted > saved_at) {
            keep_action(&mut row, &old);
            row.due_on = None;
        }
        desk.remove(&event.replaces, saved_at)?;
    }
    desk.arrive(&event.document.record_id, row, saved_at)?;
    Ok(desk.decided(IN_6))
}

/// IN-6: a saved record is gone, with the action on it, unless that was taken later and meant for a version that follows.
pub(crate) fn withdrawn(mut desk: Desk<'_>, event: &DocumentWithdrawn) -> Result<Decided, DecideError> {
    let old = desk.record(&event.record_id)?;
    desk.remove(&event.record_id, event.at)?;
    if let Some(old) = old.filter(|old| old.acted_at.is_some_and(|acted| acted > event.at)) {
        desk.keep_for_the_next(&event.record_id, old)?;
    }
    Ok(desk.decided(IN_6))
}

/// IN-2: the form was filed; the record can count from here on.
pub(crate) fn filed(mut desk: Desk<'_>, event: &DocumentFiled) -> Result<Decided, DecideError> {
    let id = &event.document.record_id;
    let stored = desk.record(id)?;
    if stored.as_ref().is_some_and(|row| row.state != RecordState::Saved) {
        return Ok(desk.decided(IN_2));
    }
    let mut row = saved_row(&desk.book(), &event.document)?;
    if let Some(stored) = &stored {
        keep_action(&mut row, stored);
    }
    desk.book().file(&mut row, event.filed_at);
    row.rule = IN_2;
    let home = desk.book().home(&row);
    if let Some(home) = home {
        desk.flag_late(&mut row, home, event.filed_at);
        // The draft of a period that this record falls into was made without it (GN-11).
        desk.make_stale(home)?;
    }
    if row.unavailable.is_some() && row.original.is_some() {
        let words = "an amendment without credit leaves the effect of its original unchanged: review it";
        let subject = row.subject.clone();
        desk.alert("AMENDMENT_NOT_AVAILABLE", Some(&subject), event.filed_at.date(), words, AM_13);
    }
    let original = row.original.clone();
    desk.arrive(id, row, event.filed_at)?;
    if let Some(original_id) = original {
        link_amendment(&mut desk, &original_id, id, event.filed_at)?;
    }
    Ok(desk.decided(IN_2))
}

/// The original learns of its amendment, which may count instead of it and of the versions before it (AM-4).
pub(crate) fn link_amendment(
    desk: &mut Desk<'_>,
    original: &RecordId,
    amendment: &RecordId,
    now: IstInstant,
) -> Result<(), DecideError> {
    /// A document has a handful of versions; more are not looked at.
    const VERSIONS_MAX: usize = 64;
    let mut next = Some(original.clone());
    for _ in 0..VERSIONS_MAX {
        let Some(id) = next else { return Ok(()) };
        let Some(mut row) = desk.record(&id)? else { return Ok(()) };
        next = row.original.clone();
        if id == *original {
            row.amended_by = Some(amendment.clone());
        }
        // What is gone stays gone, but the versions before it may be superseded by what comes after it.
        match row.state {
            RecordState::Filed | RecordState::Lapsed | RecordState::Saved => desk.settle(&id, row, now)?,
            RecordState::Withdrawn => desk.draft.put(&key::record(desk.recipient, &id), &row),
        }
    }
    Ok(())
}

/// IN-4: a document of an input service distributor goes straight to GSTR-2B.
pub(crate) fn isd(mut desk: Desk<'_>, event: &IsdDocumentReported) -> Result<Decided, DecideError> {
    if desk.record(&event.record_id)?.is_some() {
        return Ok(desk.decided(IN_4));
    }
    let kind = match event.document_type {
        IsdDocumentType::Invoice => DocumentKind::IsdInvoice,
        IsdDocumentType::CreditNote => DocumentKind::IsdCreditNote,
    };
    let subject = CreditSubject::Document(document_key(event.isd, kind, &event.number, event.date)?);
    let mut row = RecordRow {
        supplier: Some(event.isd),
        number: event.number.clone(),
        form: Some(SupplierForm::Gstr6),
        return_period: Some(event.return_period),
        supplier_frequency: Some(FilingFrequency::Monthly),
        isd_eligible: event.itc_eligible,
        original_document: event.original.as_ref().map(|original| (original.number.clone(), original.date)),
        document_value: event.tax.total(),
        rule: IN_4,
        ..blank(RecordKind::Isd, subject, event.date, event.tax)
    };
    desk.book().file(&mut row, event.filed_at);
    if let Some(home) = desk.book().home(&row) {
        desk.flag_late(&mut row, home, event.filed_at);
        desk.make_stale(home)?;
    }
    desk.settle(&event.record_id, row, event.filed_at)?;
    Ok(desk.decided(IN_4))
}

/// TB-5: the portal lists a reversal; its statement is the calendar month of the listing.
pub(crate) fn rule_37a(mut desk: Desk<'_>, event: &Rule37aReversalListed) -> Result<Decided, DecideError> {
    if desk.record(&event.record_id)?.is_some() {
        return Ok(desk.decided(TB_5));
    }
    let kind = document_kind(event.section)
        .ok_or_else(|| DecideError::Broken("a rule 37A line has a supplier's section".to_owned()))?;
    let subject = CreditSubject::Document(document_key(event.supplier, kind, &event.number, event.date)?);
    let mut row = RecordRow {
        section: Some(event.section),
        supplier: Some(event.supplier),
        number: event.number.clone(),
        filed_at: Some(event.at),
        window: Some(TaxPeriod::of(event.at.date())),
        rule: TB_5,
        ..blank(RecordKind::Rule37a, subject, event.date, event.tax)
    };
    if let Some(home) = desk.book().home(&row) {
        desk.flag_late(&mut row, home, event.at);
        desk.make_stale(home)?;
    }
    desk.settle(&event.record_id, row, event.at)?;
    Ok(desk.decided(TB_5))
}
