//! What operators order for one key, between its wire form and the loop that carries it out.

use crate::outgoing::Outgoing;
use crate::public::{Request, RequestStatus};
use crate::reads::EventPayload;
use crate::taxpayer::{OperatorAction, OperatorCommand};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream::{Answer, DecodeFailure, InputRecord, KeptRecord, Order, OrderAction, OutcomeKind};

/// Bytes inside JSON: text as it is, anything else in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "encoding", content = "data", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Two hexadecimal digits a byte.
    Hex(String),
}

impl Bytes {
    /// Wraps bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Hex(HEXLOWER.encode(bytes)),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// A message where the hexadecimal digits are none.
    pub fn bytes(&self) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Hex(digits) => HEXLOWER_PERMISSIVE
                .decode(digits.as_bytes())
                .map_err(|_wrong_digit| "not an even number of hexadecimal digits"),
        }
    }
}

/// A header of a record that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Bytes,
}

/// A record that was put aside, from its own place, as it was or mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedRecord {
    /// The topic it was read from.
    pub topic: String,
    /// The partition there.
    pub partition: u32,
    /// The offset there.
    pub offset: i64,
    /// When it was stamped, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_in_ms: Option<i64>,
    /// Its key, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Bytes>,
    /// Its headers; those of the dead letter are left out, except when it was first seen.
    pub headers: Vec<ReplayedHeader>,
    /// Its value.
    pub value: Bytes,
}

impl ReplayedRecord {
    fn kept(&self) -> Result<KeptRecord, &'static str> {
        let header = |header: &ReplayedHeader| Ok((header.name.clone(), header.value.bytes()?));
        Ok(KeptRecord {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
            timestamp_in_ms: self.timestamp_in_ms,
            key: self.key.as_ref().map(Bytes::bytes).transpose()?,
            headers: self.headers.iter().map(header).collect::<Result<_, _>>()?,
            value: self.value.bytes()?,
        })
    }
}

/// The order in a record of a journal or of the commands.
///
/// # Errors
/// [`DecodeFailure`] where the record says that it is a command but is none.
pub fn order_of(record: &InputRecord) -> Result<Option<Order>, DecodeFailure> {
    if record.header("ce_type") != Some(OperatorCommand::TYPE.0) {
        return Ok(None);
    }
    let command: OperatorCommand = crate::reads::decode_payload(record)?;
    let action = match command.command {
        OperatorAction::Release => OrderAction::Release,
        OperatorAction::Drop { event_id } => OrderAction::Drop { event_id },
        OperatorAction::Replay { letter, record: replayed } => {
            let kept = replayed.kept().map_err(|message| {
                DecodeFailure(stream::DeadLetter {
                    code: "PAYLOAD_INVALID".to_owned(),
                    field: "command.record".to_owned(),
                    rule: String::new(),
                    message: message.to_owned(),
                    part: None,
                })
            })?;
            OrderAction::Replay { letter, record: Box::new(kept) }
        }
        OperatorAction::Discard { letter } => OrderAction::Discard { letter },
        OperatorAction::ExtendDueDate { .. }
        | OperatorAction::OpenDays { .. }
        | OperatorAction::ActivateRulebook { .. } => return Ok(None),
    };
    Ok(Some(Order { worker: command.worker, key: command.key, action }))
}

/// The answer to an order, on the topic of results, under the id of the operator's own command.
#[must_use]
pub fn answer_to(answer: &Answer<'_>) -> Outgoing {
    let status = match answer.verdict.kind() {
        OutcomeKind::Decided => RequestStatus::Applied,
        OutcomeKind::Refused => RequestStatus::Refused,
        OutcomeKind::Duplicate => RequestStatus::DuplicateIgnored,
        OutcomeKind::Waiting => RequestStatus::Waiting,
    };
    // `ingest` copies a command into the journal; the operator knows it by the id it had before.
    let request_id = answer.meta.cause.clone().unwrap_or_else(|| answer.meta.id.clone());
    Outgoing::result_for_key(
        answer.order.key.clone(),
        &Request {
            request_id,
            status,
            code: (status != RequestStatus::Applied).then(|| answer.verdict.code().to_owned()),
            portal_code: None,
            message: answer.verdict.message(),
            rule: None,
            record_id: None,
            worker: answer.worker.0.to_owned(),
            at: None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_whatever_they_are() {
        for bytes in [&b""[..], b"{\"a\": 1}", &[0xff, 0x00, 0x7f]] {
            assert_eq!(Bytes::of(bytes).bytes().as_deref(), Ok(bytes));
        }
        assert!(Bytes::Hex("abc".to_owned()).bytes().is_err());
        assert!(Bytes::Hex("zz".to_owned()).bytes().is_err());
    }
}
