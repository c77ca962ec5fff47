//! How an event type is named, and how a worker's own enum of what it reads is made.

use crate::calendar::{DayOpened, RulebookActivated};
use crate::taxpayer::OperatorCommand;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stream::{Class, DeadLetter, DecodeFailure, EventType, InputRecord, Mark};

/// A type of event: its name, what it is and who may write it.
pub trait EventPayload: Serialize + DeserializeOwned + schemars::JsonSchema {
    /// The `ce_type`.
    const TYPE: EventType;
    /// The `itc-class`.
    const CLASS: Class;
    /// The workers that write it; one, except for results and alerts.
    const WRITERS: &'static [&'static str];
}

/// Gives payload types their names, class and writer.
macro_rules! event_types {
    ($class:ident by $writers:tt: $($payload:ident = $name:literal),+ $(,)?) => {
        $(impl $crate::reads::EventPayload for $payload {
            const TYPE: stream::EventType = stream::EventType($name);
            const CLASS: stream::Class = stream::Class::$class;
            const WRITERS: &'static [&'static str] = &$writers;
        })+
    };
}
pub(crate) use event_types;

/// Decodes the value of a record as a payload.
///
/// # Errors
/// [`DecodeFailure`] with code `PAYLOAD_INVALID`; the message names line and column, never the value.
pub fn decode_payload<P: EventPayload>(record: &InputRecord) -> Result<P, DecodeFailure> {
    serde_json::from_slice(&record.value).map_err(|error| {
        DecodeFailure(DeadLetter {
            code: "PAYLOAD_INVALID".to_owned(),
            field: format!("line {} column {}", error.line(), error.column()),
            rule: String::new(),
            message: format!("not a {} event", P::TYPE),
            part: None,
        })
    })
}

/// Whether every worker heeds this type, whether or not it reads it: marks and operators' commands.
#[must_use]
pub fn is_for_every_worker(event_type: &str) -> bool {
    [DayOpened::TYPE.0, RulebookActivated::TYPE.0, OperatorCommand::TYPE.0].contains(&event_type)
}

/// The mark in a record, for every worker alike.
///
/// # Errors
/// [`DecodeFailure`] where a mark's value is not of its type.
pub fn mark_of(record: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
    match record.header("ce_type") {
        Some(name) if name == DayOpened::TYPE.0 => {
            let day: DayOpened = decode_payload(record)?;
            Ok(Some(Mark::DayOpened(day.date.naive())))
        }
        Some(name) if name == RulebookActivated::TYPE.0 => Ok(Some(Mark::RulesActivated)),
        _ => Ok(None),
    }
}

/// Defines the closed enum of events that a worker reads, and decodes it: `reads! { /// docs pub enum Event { A, B } }`.
/// Each variant has the name of its payload type.
#[macro_export]
macro_rules! reads {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($payload:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $visibility enum $name {
            $(
                #[doc = concat!("A [`", stringify!($payload), "`](gst_events::", stringify!($payload), ").")]
                $payload(Box<$crate::$payload>),
            )+
        }

        impl stream::Decode for $name {
            fn reads(event_type: &str) -> bool {
                $crate::is_for_every_worker(event_type)
                    || [$(<$crate::$payload as $crate::EventPayload>::TYPE.0),+].contains(&event_type)
            }

            fn decode(record: &stream::InputRecord) -> Result<Option<Self>, stream::DecodeFailure> {
                let Some(event_type) = record.header("ce_type") else { return Ok(None) };
                $(
                    if event_type == <$crate::$payload as $crate::EventPayload>::TYPE.0 {
                        return $crate::decode_payload(record).map(|event| Some(Self::$payload(Box::new(event))));
                    }
                )+
                Ok(None)
            }

            fn mark(record: &stream::InputRecord) -> Result<Option<stream::Mark>, stream::DecodeFailure> {
                $crate::mark_of(record)
            }

            fn order(record: &stream::InputRecord) -> Result<Option<stream::Order>, stream::DecodeFailure> {
                $crate::order_of(record)
            }
        }
    };
}
