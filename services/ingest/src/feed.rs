//! The feeds and one message of them.

use gst_events::{Origin, SupplierForm};
use gst_types::{IstDate, IstInstant};
use stream::{Decode, DecodeFailure, InputRecord, Mark, Order};

/// The largest message that is taken: topics carry 5 MiB, so that a dead letter still has room for its headers.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The types of message that are not facts in our own words.
pub mod message_type {
    /// A GSTR-1, GSTR-1A or IFF whose documents are saved.
    pub const RETURN_SAVED: &str = "gst.supplier-return.saved.v1";
    /// One whose documents are deleted.
    pub const RETURN_DELETED: &str = "gst.supplier-return.deleted.v1";
    /// One that is filed.
    pub const RETURN_FILED: &str = "gst.supplier-return.filed.v1";
    /// The body of an IMS save or reset.
    pub const IMS_SAVE: &str = "gst.ims-save.v1";
    /// Bills of Entry in the spelling of GSTR-2A, GSTR-2B or IMS.
    pub const BILL_OF_ENTRY: &str = "customs.bill-of-entry.v1";
    /// The public filing status of a taxpayer.
    pub const FILING_STATUS: &str = "gst.filing-status.v1";
}

/// The topics that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// What suppliers save and file.
    SupplierFilings,
    /// What taxpayers do and what is reported on them.
    TaxpayerEvents,
    /// Bills of Entry.
    BillsOfEntry,
    /// The purchase register.
    PurchaseRegister,
    /// Payments.
    SupplierPayments,
    /// Commands of operators.
    OperatorCommands,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 6] = [
        Self::SupplierFilings,
        Self::TaxpayerEvents,
        Self::BillsOfEntry,
        Self::PurchaseRegister,
        Self::SupplierPayments,
        Self::OperatorCommands,
    ];

    /// Every feed's topic.
    pub const TOPICS: [&str; 6] = {
        let mut topics = [""; 6];
        let mut index = 0;
        while index < topics.len() {
            topics[index] = Self::ALL[index].topic();
            index += 1;
        }
        topics
    };

    /// Its name where one feed is chosen, such as `supplier-filings`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SupplierFilings => "supplier-filings",
            Self::TaxpayerEvents => "taxpayer-events",
            Self::BillsOfEntry => "bills-of-entry",
            Self::PurchaseRegister => "purchase-register",
            Self::SupplierPayments => "supplier-payments",
            Self::OperatorCommands => "operator-commands",
        }
    }

    /// The topic.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::SupplierFilings => "gst.supplier-filings.v1",
            Self::TaxpayerEvents => "gst.taxpayer-events.v1",
            Self::BillsOfEntry => "customs.bills-of-entry.v1",
            Self::PurchaseRegister => "erp.purchase-register.v1",
            Self::SupplierPayments => "erp.supplier-payments.v1",
            Self::OperatorCommands => "itc.operator-commands.v1",
        }
    }
}

/// A message of a feed with the headers that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRecord {
    /// Where it was read; `None` for a topic that is no feed.
    pub feed: Option<Feed>,
    /// `ce_type`; empty where there is none.
    pub event_type: String,
    /// `ce_id`, or the message's place.
    pub id: String,
    /// `ce_form`.
    pub form: Option<String>,
    /// `ce_happenedat`: the legal instant.
    pub happened_at: Option<String>,
    /// `ce_origin`.
    pub origin: Option<String>,
    /// `ce_subject`, or the record key where there is none.
    pub subject: String,
    /// `ce_actor`: who acted.
    pub actor: Option<String>,
    /// `ce_time`: when it was sent.
    pub sent_at: Option<IstInstant>,
    /// The message itself.
    pub value: Vec<u8>,
}

impl FeedRecord {
    /// The day to name in an alert, as far as the headers tell.
    #[must_use]
    pub fn day(&self) -> Option<IstDate> {
        let happened = self.happened_at.as_deref().and_then(|at| at.parse::<IstInstant>().ok());
        happened.or(self.sent_at).map(IstInstant::date)
    }

    /// The form named in the headers; `None` where none is named.
    ///
    /// # Errors
    /// The word, where it is no form.
    pub fn supplier_form(&self) -> Result<Option<SupplierForm>, &str> {
        match self.form.as_deref() {
            None => Ok(None),
            Some("GSTR1") => Ok(Some(SupplierForm::Gstr1)),
            Some("IFF") => Ok(Some(SupplierForm::Iff)),
            Some("GSTR1A") => Ok(Some(SupplierForm::Gstr1a)),
            Some("GSTR5") => Ok(Some(SupplierForm::Gstr5)),
            Some("GSTR6") => Ok(Some(SupplierForm::Gstr6)),
            Some(other) => Err(other),
        }
    }

    /// Who speaks, where the headers say.
    ///
    /// # Errors
    /// The word, where it is no origin.
    pub fn told_origin(&self) -> Result<Option<Origin>, &str> {
        match self.origin.as_deref() {
            None => Ok(None),
            Some("PORTAL") => Ok(Some(Origin::Portal)),
            Some("USER") => Ok(Some(Origin::User)),
            Some(other) => Err(other),
        }
    }
}

impl Decode for FeedRecord {
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure> {
        let meta = record.meta();
        let text = |name: &str| record.header(name).map(str::to_owned);
        let stamped = record.timestamp_in_ms.and_then(|stamp| IstInstant::from_unix_seconds(stamp.div_euclid(1000)));
        Ok(Some(Self {
            feed: Feed::ALL.into_iter().find(|feed| feed.topic() == &*record.source.topic),
            event_type: meta.event_type,
            id: meta.id,
            form: text("ce_form"),
            happened_at: text("ce_happenedat"),
            origin: text("ce_origin"),
            subject: text("ce_subject").unwrap_or_else(|| record.key_text().to_owned()),
            actor: text("ce_actor"),
            sent_at: meta.time.as_deref().and_then(|time| time.parse().ok()).or(stamped),
            value: record.value.clone(),
        }))
    }

    /// Only orders to `ingest` itself are its own; what is no command is told where commands are forwarded.
    fn order(record: &InputRecord) -> Result<Option<Order>, DecodeFailure> {
        if &*record.source.topic != Feed::OperatorCommands.topic() {
            return Ok(None);
        }
        Ok(gst_events::order_of(record).unwrap_or_default())
    }

    /// Feeds have no marks.
    fn mark(_: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
        Ok(None)
    }
}
