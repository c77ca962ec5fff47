//! The rulebook that the log has activated, as the loop keeps it for every worker.

use crate::calendar::RulebookActivated;
use gst_rules::Rulebook;
use std::ops::Deref;

/// The rules in force at a place of the log: the embedded ones until a [`RulebookActivated`] says otherwise.
#[derive(Debug, Clone)]
pub struct ActiveRulebook(pub Rulebook);

impl stream::Rules for ActiveRulebook {
    fn initial() -> Self {
        Self(Rulebook::embedded())
    }

    fn activated(payload: &[u8]) -> Result<Self, String> {
        let mark: RulebookActivated =
            serde_json::from_slice(payload).map_err(|_| "the activation of a rulebook cannot be read".to_owned())?;
        Rulebook::activate(&mark.digest, &mark.rows).map(Self).map_err(|error| error.to_string())
    }
}

impl Deref for ActiveRulebook {
    type Target = Rulebook;
    fn deref(&self) -> &Rulebook {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::Rules;

    #[test]
    fn an_activation_carries_the_own_rows_of_a_deployment() {
        let digest = Rulebook::embedded().released_digest().to_owned();
        let payload = format!(r#"{{"digest":"{digest}","rows":{{"pending_days":"45"}}}}"#);
        assert_eq!(ActiveRulebook::activated(payload.as_bytes()).unwrap().pending_days(), 45);
        assert_eq!(ActiveRulebook::initial().pending_days(), 30);
        assert!(ActiveRulebook::activated(br#"{"digest":"0"}"#).unwrap_err().contains("digest"));
    }
}
