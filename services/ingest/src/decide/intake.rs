//! What one message gives: facts for the journals, parts put aside, GSTINs that look wrong.

use super::problem::letter;
use gst_events::{Alert, Outgoing};
use gst_rules::rule;
use gst_rules::rulebook::GstinChecksum;
use gst_types::{Gstin, IstDate};
use std::collections::BTreeSet;
use stream::DeadLetter;

/// Collects what a message gives.
#[derive(Debug)]
pub struct Intake {
    checksum: GstinChecksum,
    facts: Vec<Outgoing>,
    put_aside: Vec<DeadLetter>,
    wrong: BTreeSet<Gstin>,
}

impl Intake {
    /// Nothing yet; GSTINs are looked at as `checksum` says.
    #[must_use]
    pub const fn new(checksum: GstinChecksum) -> Self {
        Self { checksum, facts: Vec::new(), put_aside: Vec::new(), wrong: BTreeSet::new() }
    }

    /// Forwards a fact.
    pub fn forward(&mut self, fact: Outgoing) {
        self.facts.push(fact);
    }

    /// Puts a part aside.
    pub fn put_aside(&mut self, part: DeadLetter) {
        self.put_aside.push(part);
    }

    /// Looks at the check character of a GSTIN (ID-2). Special registrations are left alone (ID-1).
    ///
    /// # Errors
    /// A dead letter that names the field, where the rulebook says so.
    pub fn check(&mut self, gstin: Gstin, field: &str) -> Result<(), DeadLetter> {
        if !gstin.is_ordinary() || gstin.has_right_check_character() {
            return Ok(());
        }
        match self.checksum {
            GstinChecksum::Off => Ok(()),
            GstinChecksum::Warn => {
                self.wrong.insert(gstin);
                Ok(())
            }
            GstinChecksum::Reject => {
                let message = format!("the check character of the GSTIN in `{field}` is wrong");
                Err(letter("GSTIN_CHECK_CHARACTER", field, "ID-2", message))
            }
        }
    }

    /// Facts and parts put aside. One alert for all wrong check characters of the message stands behind the facts, so
    /// that a fact has the same id whether or not there is one.
    #[must_use]
    pub fn finish(mut self, day: Option<IstDate>) -> (Vec<Outgoing>, Vec<DeadLetter>) {
        if let (Some(first), Some(date)) = (self.wrong.first().copied(), day) {
            let alert = Alert {
                code: "GSTIN_CHECK_CHARACTER".to_owned(),
                gstin: first,
                subject: None,
                date,
                message: format!(
                    "{} GSTIN(s) of one message have a wrong check character, the first is {}; it was forwarded",
                    self.wrong.len(),
                    first.masked()
                ),
                rule: Some(rule::GID_1),
                worker: "ingest".to_owned(),
            };
            self.facts.push(Outgoing::alert(first, &alert));
        }
        (self.facts, self.put_aside)
    }

    /// How many parts are put aside so far.
    #[must_use]
    pub fn put_aside_count(&self) -> usize {
        self.put_aside.len()
    }
}
