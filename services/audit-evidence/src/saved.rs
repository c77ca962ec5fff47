//! What somebody kept of the evidence as a file: one pack, or events of the topic, a line each (AUD-7).

use crate::fold::{EvidenceFold, FoldFault};
use crate::verify::{EvidenceFault, object, verify_pack};
use gst_events::EvidencePack;
use serde_json::{Map, Value};

/// A file, checked.
#[derive(Debug, Clone)]
pub enum Saved {
    /// One whole pack.
    Pack(Box<EvidencePack>),
    /// Events of the topic.
    Events {
        /// How many.
        count: usize,
        /// The packs that they come to.
        fold: EvidenceFold,
    },
}

/// Checks a file offline, from its text alone. It is a whole pack, or events of the topic in its order as lines of JSON:
/// payloads, `CloudEvents` in structured form (`data`), or records as tools of Kafka print them (`payload`, `value`).
///
/// # Errors
/// [`FoldFault`], the first in the file; of events it names the line and the document.
pub fn verify_saved(text: &str) -> Result<Saved, FoldFault> {
    match object(text.as_bytes()) {
        Ok(fields) if fields.contains_key("artefacts") => Ok(Saved::Pack(Box::new(verify_pack(&fields)?))),
        Ok(fields) => {
            let mut fold = EvidenceFold::default();
            fold.tell_fields(&payload(fields)?)?;
            Ok(Saved::Events { count: 1, fold })
        }
        Err(fault) => {
            let first = text.lines().find(|line| !line.trim().is_empty());
            match first.map(|line| object(line.as_bytes())) {
                Some(Ok(_)) => lines(text),
                Some(Err(_)) | None => Err(fault.into()),
            }
        }
    }
}

fn lines(text: &str) -> Result<Saved, FoldFault> {
    let mut fold = EvidenceFold::default();
    let mut count = 0;
    for (number, line) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let fields = object(line.as_bytes()).map_err(|fault| match fault {
            EvidenceFault::NotJson { column, .. } => EvidenceFault::NotJson { line: number, column }.into(),
            other => FoldFault::from(other).in_line(number),
        })?;
        let told = payload(fields).map_err(FoldFault::from).and_then(|fields| fold.tell_fields(&fields));
        told.map_err(|fault| fault.in_line(number))?;
        count += 1;
    }
    Ok(Saved::Events { count, fold })
}

/// What an envelope carries; without one, the object itself.
fn payload(mut fields: Map<String, Value>) -> Result<Map<String, Value>, EvidenceFault> {
    match ["data", "payload", "value"].into_iter().find_map(|name| fields.remove(name)) {
        Some(Value::Object(carried)) => Ok(carried),
        Some(Value::String(text)) => object(text.as_bytes()),
        Some(other) => Err(EvidenceFault::NotAPack(format!("an envelope carries an event, not {other}"))),
        None => Ok(fields),
    }
}
