//! The calculations by name: JSON in, JSON out, in the words of the case format (its kind `calculation`).
//!
//! This is what an auditor's question, a case file or `itcctl` calls; workers call the typed functions.

mod credit;
mod customs;
mod evidence;
mod input;
mod payment;

use crate::rulebook::Rulebook;
use input::Inputs;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Why a calculation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// No calculation of that name.
    #[error("there is no calculation {0:?}")]
    UnknownFunction(String),
    /// The inputs are not an object, or a part of them is not what it should be.
    #[error("{function}: the input {field} is not {expected}")]
    BadInput {
        /// The calculation.
        function: String,
        /// The input, with its place in lists.
        field: String,
        /// What it should be.
        expected: String,
    },
    /// An input that the calculation needs is absent.
    #[error("{function}: the input {field} is missing")]
    MissingInput {
        /// The calculation.
        function: String,
        /// The input, with its place in lists.
        field: String,
    },
}

impl CalculationError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownFunction(_) => "CALCULATION_UNKNOWN",
            Self::BadInput { .. } => "CALCULATION_INPUT_INVALID",
            Self::MissingInput { .. } => "CALCULATION_INPUT_MISSING",
        }
    }
}

type Outcome = Result<Value, CalculationError>;
type Function = (&'static str, fn(&Rulebook, &Inputs<'_>) -> Outcome);

const FAMILIES: [&[Function]; 4] = [payment::FUNCTIONS, credit::FUNCTIONS, customs::FUNCTIONS, evidence::FUNCTIONS];

/// The names of all calculations.
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.into_iter().flatten().map(|(name, _)| *name)
}

/// Calls a calculation by name.
///
/// # Errors
/// [`CalculationError`] naming the calculation or the input that is wrong.
pub fn call(function: &str, rulebook: &Rulebook, inputs: &Value) -> Result<Value, CalculationError> {
    let found = FAMILIES.into_iter().flatten().find(|(name, _)| *name == function);
    let (name, run) = found.ok_or_else(|| CalculationError::UnknownFunction(function.to_owned()))?;
    run(rulebook, &Inputs::of(name, inputs)?)
}

/// A `config` object of a case as own rows of the rulebook: texts as they are, flags and numbers as text, objects as their
/// JSON text.
#[must_use]
pub fn own_rows(config: &Map<String, Value>) -> BTreeMap<String, String> {
    config
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => (key.clone(), text.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                (key.clone(), value.to_string())
            }
        })
        .collect()
}
