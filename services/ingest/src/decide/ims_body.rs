//! The body of an IMS save or reset: one action for each record. A body asks, so it is a command unless told otherwise.

use super::problem::{letter, of_format, of_record};
use super::supplier::section_of;
use super::{Intake, instant};
use crate::feed::FeedRecord;
use gst_events::{Actor, ImsAction, ImsActionRequested, ImsSection, ImsTarget, ItcReduction, Origin, Outgoing};
use gst_types::{IstInstant, RecipientGstin};
use gstn_formats::boe::{BoeRecord, ImportSection};
use gstn_formats::ims_save::ImsRequest;
use gstn_formats::{DeclaredReduction, ImsRecord, ImsState, RecordError, codes};
use serde_json::Value;
use stream::DeadLetter;

/// What all actions of a body share.
struct Header {
    recipient: RecipientGstin,
    at: IstInstant,
    actor: Option<Actor>,
    origin: Origin,
}

/// Each record is an action of its own, applied or refused by itself (AC-11).
pub(super) fn take(record: &FeedRecord, value: &Value, intake: &mut Intake) -> Result<(), DeadLetter> {
    let request = ImsRequest::parse(value).map_err(|error| of_format(&error))?;
    let (recipient, records, bills) = match &request {
        ImsRequest::Save(body) => (body.recipient, body.records(), body.bills_of_entry()),
        ImsRequest::Reset(body) => (body.recipient, body.records(), body.bills_of_entry()),
    };
    intake.check(recipient.gstin(), "rtin")?;
    let at = instant::told(record)?.or(record.sent_at).ok_or_else(instant::missing)?;
    let actor = record.actor.clone().map(|subject| Actor { subject, role: None });
    let header = Header { recipient, at, actor, origin: instant::origin(record, Origin::User)? };
    for read in records {
        forward(read, intake, |record| header.on_document(record));
    }
    for read in bills {
        forward(read, intake, |(section, bill)| header.on_bill(*section, bill));
    }
    Ok(())
}

fn forward<T>(
    read: Result<T, RecordError>,
    intake: &mut Intake,
    action: impl Fn(&T) -> Result<ImsActionRequested, DeadLetter>,
) {
    match read.map_err(|error| of_record(&error, "")).and_then(|record| action(&record)) {
        Ok(fact) => intake.forward(Outgoing::to_recipient(fact.recipient, &fact)),
        Err(error) => intake.put_aside(error),
    }
}

impl Header {
    fn on_document(&self, record: &ImsRecord) -> Result<ImsActionRequested, DeadLetter> {
        let target = ImsTarget::Document {
            section: section_of(record.section),
            supplier: record.supplier,
            number: record.number.clone(),
            date: record.date,
        };
        self.action(target, &record.state)
    }

    fn on_bill(&self, section: ImportSection, bill: &BoeRecord) -> Result<ImsActionRequested, DeadLetter> {
        let section = match section {
            ImportSection::Impg => ImsSection::Impg,
            ImportSection::Impga => ImsSection::Impga,
            ImportSection::ImpgSez => ImsSection::Impgsez,
            ImportSection::ImpgaSez => ImsSection::Impgseza,
        };
        self.action(ImsTarget::BillOfEntry { section, bill_of_entry: bill.id.clone() }, &bill.state)
    }

    /// A reset takes an action back: its records have none.
    fn action(&self, target: ImsTarget, state: &ImsState) -> Result<ImsActionRequested, DeadLetter> {
        let too_long = state.remarks.as_ref().is_some_and(|remarks| remarks.len() > REMARKS_BYTES_MAX);
        if too_long {
            return Err(letter("REMARKS_TOO_LONG", "remarks", "AC-8", "remarks have at most 250 characters"));
        }
        Ok(ImsActionRequested {
            recipient: self.recipient,
            target,
            action: state.action.map_or(ImsAction::NoAction, action_of),
            remarks: state.remarks.clone(),
            itc_reduction: state.reduction.map(reduction_of),
            previous_action: state.previous_action.map(action_of),
            at: self.at,
            actor: self.actor.clone(),
            origin: self.origin,
        })
    }
}

/// Longer texts are no remarks but a broken file; the 250 characters of AC-8 are refused by who decides the action.
const REMARKS_BYTES_MAX: usize = 16 * 1024;

const fn action_of(action: codes::ImsAction) -> ImsAction {
    match action {
        codes::ImsAction::NoAction => ImsAction::NoAction,
        codes::ImsAction::Accept => ImsAction::Accept,
        codes::ImsAction::Reject => ImsAction::Reject,
        codes::ImsAction::Pending => ImsAction::Pending,
    }
}

const fn reduction_of(reduction: DeclaredReduction) -> ItcReduction {
    match reduction {
        DeclaredReduction::NotRequired => ItcReduction { required: false, declared: None },
        DeclaredReduction::Full => ItcReduction { required: true, declared: None },
        DeclaredReduction::Partial(amounts) => ItcReduction { required: true, declared: Some(amounts) },
    }
}
