//! A statement in GSTN's own shape (TB-9).

use crate::view::StatementView;
use gst_events::{BillAmendment, CreditSubject, ImsAction, ItcReduction, PublishedLine, UnavailableReason};
use gst_types::DocumentKind;
use gstn_formats::boe::{BoeRecord, ImportSection};
use gstn_formats::codes::{self, BoeAmendType, InvoiceType, IsdDocumentType, ItcAvailability, NoteType};
use gstn_formats::gstr2b::{
    FilePart, Gstr2b, IsdDocument, IsdSection, OriginalDocument, Placement, StatementHeader, StatementLine,
    SupplierHeader, SupplyDocument, SupplySection,
};
use gstn_formats::{DeclaredReduction, Extra, ImsState};
use serde_json::Value;

/// The schema that every file of the portal names.
const VERSION: &str = "1.0";

fn header(view: &StatementView) -> StatementHeader {
    StatementHeader {
        recipient: view.sealed.recipient,
        period: view.sealed.period,
        generated_on: view.sealed.generated_at.date(),
        version: VERSION.to_owned(),
    }
}

/// The whole statement, with its totals.
pub(crate) fn whole(view: &StatementView) -> Value {
    let lines: Vec<StatementLine> = view.lines.iter().filter_map(line).collect();
    Gstr2b::build(&header(view), &lines).to_value()
}

/// File parts of so many documents.
pub(crate) fn parts(view: &StatementView, lines_max: usize) -> Vec<Value> {
    let lines: Vec<StatementLine> = view.lines.iter().filter_map(line).collect();
    let cut: Vec<&[StatementLine]> = lines.chunks(lines_max.max(1)).collect();
    let count = u64::try_from(cut.len()).unwrap_or(u64::MAX);
    let numbered = (1..).zip(cut);
    numbered
        .map(|(number, part)| {
            let part_of = FilePart { count, number: Some(number) };
            Gstr2b::build_part(&header(view), part, Some(part_of)).to_value()
        })
        .collect()
}

fn line(line: &PublishedLine) -> Option<StatementLine> {
    match &line.subject {
        CreditSubject::BillOfEntry(_) => import(line),
        CreditSubject::Document(key) => match key.kind {
            DocumentKind::IsdInvoice => distributor(line, IsdDocumentType::Invoice),
            DocumentKind::IsdCreditNote => distributor(line, IsdDocumentType::CreditNote),
            DocumentKind::Invoice | DocumentKind::CreditNote | DocumentKind::DebitNote | DocumentKind::Eco => {
                supply(line)
            }
        },
    }
}

/// The name of the row behind its table and part, without the mark of reverse charge.
fn row_name(line: &PublishedLine) -> &str {
    let row = line.table.as_str().rsplit('.').next().unwrap_or_default();
    row.strip_suffix("-RC").unwrap_or(row)
}

fn supplier_of(line: &PublishedLine) -> Option<SupplierHeader> {
    Some(SupplierHeader {
        supplier: line.supplier?,
        trade_name: line.trade_name.clone(),
        period: line.supplier_period,
        filed_on: line.supplier_filed_on,
    })
}

fn reduction(answer: ItcReduction) -> DeclaredReduction {
    match (answer.required, answer.declared) {
        (false, _) => DeclaredReduction::NotRequired,
        (true, None) => DeclaredReduction::Full,
        (true, Some(amounts)) => DeclaredReduction::Partial(amounts),
    }
}

fn action(action: ImsAction) -> codes::ImsAction {
    match action {
        ImsAction::NoAction => codes::ImsAction::NoAction,
        ImsAction::Accept => codes::ImsAction::Accept,
        ImsAction::Reject => codes::ImsAction::Reject,
        ImsAction::Pending => codes::ImsAction::Pending,
    }
}

fn supply(line: &PublishedLine) -> Option<StatementLine> {
    let (section, note_type) = match row_name(line) {
        "B2B" => (SupplySection::B2b, None),
        "B2BA" => (SupplySection::B2ba, None),
        "B2B-CN" => (SupplySection::Cdnr, Some(NoteType::Credit)),
        "B2B-DN" => (SupplySection::Cdnr, Some(NoteType::Debit)),
        "B2B-CNA" => (SupplySection::Cdnra, Some(NoteType::Credit)),
        "B2B-DNA" => (SupplySection::Cdnra, Some(NoteType::Debit)),
        "ECO" => (SupplySection::Ecom, None),
        "ECOA" => (SupplySection::Ecoma, None),
        _ => return None,
    };
    let placement = match line.table.table() {
        5 => Placement::Reversal,
        6 => Placement::Rejected,
        _ => Placement::Statement,
    };
    let available = line.table.table() != 4;
    let document = SupplyDocument {
        number: line.number.clone(),
        date: line.date,
        note_type,
        invoice_type: line.invoice_type.as_deref().and_then(|word| InvoiceType::read(word).ok()),
        original: line.original.as_ref().map(|original| OriginalDocument {
            number: original.number.clone(),
            date: original.date,
            note_type,
        }),
        document_value: line.document_value,
        place_of_supply: line.place_of_supply,
        reverse_charge: Some(line.reverse_charge),
        availability: Some(if available { ItcAvailability::Available } else { ItcAvailability::NotAvailable }),
        reason: line.unavailable.map(|reason| match reason {
            UnavailableReason::PlaceOfSupply => codes::UnavailableReason::PlaceOfSupply,
            UnavailableReason::TimeLimit => codes::UnavailableReason::TimeLimit,
        }),
        taxable_value: line.taxable_value,
        tax: line.tax,
        items: None,
        differential_rate: None,
        ims_status: line.action.map(action),
        reduction: line.itc_reduction.map(reduction),
        remarks: line.remarks.clone(),
        irn: line.irn.clone(),
        extra: Extra::default(),
    };
    Some(StatementLine::Supply { section, supplier: supplier_of(line)?, document: Box::new(document), placement })
}

fn distributor(line: &PublishedLine, document_type: IsdDocumentType) -> Option<StatementLine> {
    let document = IsdDocument {
        document_type,
        number: line.number.clone(),
        date: line.date,
        invoice_number: line.original.as_ref().map(|original| original.number.clone()),
        invoice_date: line.original.as_ref().map(|original| original.date),
        tax: line.tax,
        eligible: Some(line.table.table() != 4),
        original: None,
        extra: Extra::default(),
    };
    let supplier = supplier_of(line)?;
    Some(StatementLine::Distributor { section: IsdSection::Isd, supplier, document: Box::new(document) })
}

fn import(line: &PublishedLine) -> Option<StatementLine> {
    let CreditSubject::BillOfEntry(id) = &line.subject else { return None };
    let section = match row_name(line) {
        "IMPG" => ImportSection::Impg,
        "IMPGA" => ImportSection::Impga,
        "IMPGSEZ" => ImportSection::ImpgSez,
        "IMPGSEZA" => ImportSection::ImpgaSez,
        _ => return None,
    };
    let amended = matches!(section, ImportSection::Impga | ImportSection::ImpgaSez);
    let bill = BoeRecord {
        recipient: None,
        id: id.clone(),
        reference_date: line.reference_date,
        received_on: line.supplier_filed_on,
        // An amendment is shown with its net effect on credit, which is negative for the previous GSTIN (BE-8).
        taxable_value: line.taxable_value,
        igst: line.effect.igst,
        cess: line.effect.cess,
        amended: Some(amended),
        amend_type: line.bill_amendment.map(|amendment| match amendment {
            BillAmendment::Value => BoeAmendType::Value,
            BillAmendment::GstinOut => BoeAmendType::GstinOut,
            BillAmendment::GstinIn => BoeAmendType::GstinIn,
        }),
        sez_supplier: line.supplier,
        sez_trade_name: line.trade_name.clone(),
        credit_period: None,
        state: ImsState { reduction: line.itc_reduction.map(reduction), ..ImsState::default() },
        extra: Extra::default(),
    };
    Some(StatementLine::Import { section, bill: Box::new(bill) })
}
