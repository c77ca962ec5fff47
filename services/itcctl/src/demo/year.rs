//! The facts of a demo year, as one who invents them writes them down. The schedule turns them into feed records, the
//! oracle computes from them what must come out.

use gst_events::ImsAction;
use gst_types::{
    BillOfEntryId, DocumentKey, DocumentKind, FilingFrequency, IstDate, Paise, RecipientGstin, StateCode,
    SupplierGstin, TaxAmounts, TaxPeriod,
};
use gstn_formats::gstr1::Gstr1Section;

/// A taxpayer that takes credit.
#[derive(Debug, Clone)]
pub(crate) struct DemoRecipient {
    pub(crate) gstin: RecipientGstin,
    pub(crate) name: String,
    pub(crate) frequency: FilingFrequency,
    /// Each period and the day on which its GSTR-3B is filed, in order.
    pub(crate) returns: Vec<(TaxPeriod, IstDate)>,
}

/// A taxpayer that reports documents.
#[derive(Debug, Clone)]
pub(crate) struct DemoSupplier {
    pub(crate) gstin: SupplierGstin,
    pub(crate) name: String,
    pub(crate) frequency: FilingFrequency,
    /// How many of a hundred returns come late.
    pub(crate) late_percent: u32,
}

/// What a recipient does with a record.
#[derive(Debug, Clone)]
pub(crate) struct DemoAction {
    pub(crate) on: IstDate,
    pub(crate) action: ImsAction,
    /// The declared reduction of an accepted credit note, where it is not the whole.
    pub(crate) declared: Option<TaxAmounts>,
}

/// Money settled on a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoPayment {
    /// The day of the debit.
    pub(crate) paid_on: IstDate,
    /// The day on which we hear of it.
    pub(crate) told_on: IstDate,
    pub(crate) amount: Paise,
    /// Tax deducted at source instead of money sent.
    pub(crate) deducted: bool,
}

/// The credit note's side in the purchase register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotedOn {
    /// The invoice it lowers, by position.
    pub(crate) invoice: usize,
    pub(crate) accepted_on: IstDate,
}

/// One document of a supplier and everything that happens to it.
#[derive(Debug, Clone)]
pub(crate) struct DemoDocument {
    pub(crate) section: Gstr1Section,
    pub(crate) supplier: usize,
    pub(crate) recipient: usize,
    pub(crate) number: String,
    pub(crate) date: IstDate,
    pub(crate) place_of_supply: StateCode,
    pub(crate) reverse_charge: bool,
    pub(crate) taxable_value: Paise,
    pub(crate) tax: TaxAmounts,
    pub(crate) document_value: Paise,
    /// The form that reports it, by position.
    pub(crate) form: usize,
    /// The day on which it is saved before the filing; absent: it comes with the filing itself.
    pub(crate) saved_on: Option<IstDate>,
    /// Whether the first save had other amounts, so that the filing edits it.
    pub(crate) saved_wrong: bool,
    pub(crate) actions: Vec<DemoAction>,
    pub(crate) booked_on: Option<IstDate>,
    pub(crate) received_on: Option<IstDate>,
    pub(crate) payments: Vec<DemoPayment>,
    pub(crate) noted: Option<NotedOn>,
}

/// One form of a supplier.
#[derive(Debug, Clone)]
pub(crate) struct DemoForm {
    pub(crate) supplier: usize,
    /// The return period, of a quarterly GSTR-1 the last month.
    pub(crate) period: TaxPeriod,
    /// Invoice furnishing facility of a quarterly supplier.
    pub(crate) is_iff: bool,
    pub(crate) filed_on: IstDate,
}

/// A move of a Bill of Entry to another GSTIN of the same PAN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoMove {
    pub(crate) to: usize,
    pub(crate) on: IstDate,
}

/// One Bill of Entry.
#[derive(Debug, Clone)]
pub(crate) struct DemoBill {
    pub(crate) id: BillOfEntryId,
    pub(crate) recipient: usize,
    pub(crate) reported_on: IstDate,
    /// Duty paid and goods released: the reference date (BOE-6).
    pub(crate) released_on: IstDate,
    pub(crate) taxable_value: Paise,
    pub(crate) tax: TaxAmounts,
    pub(crate) actions: Vec<DemoAction>,
    pub(crate) moved: Option<DemoMove>,
}

/// Everything of the year.
#[derive(Debug, Clone)]
pub(crate) struct DemoYear {
    pub(crate) recipients: Vec<DemoRecipient>,
    pub(crate) suppliers: Vec<DemoSupplier>,
    pub(crate) forms: Vec<DemoForm>,
    pub(crate) documents: Vec<DemoDocument>,
    pub(crate) bills: Vec<DemoBill>,
    pub(crate) first_day: IstDate,
    pub(crate) last_day: IstDate,
}

impl DemoDocument {
    pub(crate) const fn kind(&self) -> DocumentKind {
        self.section.document_kind()
    }

    /// Whether the purchase register knows it as something to be paid.
    pub(crate) const fn is_payable(&self) -> bool {
        matches!(self.kind(), DocumentKind::Invoice | DocumentKind::DebitNote)
    }
}

impl DemoYear {
    /// The key of a document, `None` where its number is none (which the generator never makes).
    pub(crate) fn key(&self, document: &DemoDocument) -> Option<DocumentKey> {
        let supplier = self.suppliers.get(document.supplier)?.gstin;
        Some(DocumentKey::new(supplier, document.kind(), document.number.parse().ok()?, document.date))
    }

    /// Whether credit is possible by place of supply: not where it is the supplier's own State and the recipient is
    /// elsewhere (EL-1).
    pub(crate) fn credit_in_state(&self, document: &DemoDocument) -> bool {
        let supplier = self.suppliers.get(document.supplier).map(|party| party.gstin.gstin().state());
        let recipient = self.recipients.get(document.recipient).map(|party| party.gstin.gstin().state());
        supplier != Some(document.place_of_supply) || recipient == Some(document.place_of_supply)
    }
}
