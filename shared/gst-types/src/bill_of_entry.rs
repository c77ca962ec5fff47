//! Identity of Bills of Entry (ID-12, BOE-9): port code, number and date. The supplier is never part of it.

use crate::date::IstDate;
use crate::text::text_form;
use std::fmt;
use std::str::FromStr;

/// A customs port: six letters or digits, such as `INNSA1` (BOE-7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortCode(String);

/// Why a text names no Bill of Entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BillOfEntryIdError {
    /// Not a port code.
    #[error("a port code has six letters or digits (BOE-7)")]
    Port,
    /// Not a Bill of Entry number.
    #[error("a Bill of Entry number has 1 to 7 digits (BOE-7)")]
    Number,
    /// Not the three parts of the identity.
    #[error("a Bill of Entry is named PORT/NUMBER/YYYY-MM-DD (ID-12)")]
    Shape,
}

impl BillOfEntryIdError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Port => "PORT_CODE_INVALID",
            Self::Number => "BOE_NUMBER_INVALID",
            Self::Shape => "BOE_ID_INVALID",
        }
    }
}

impl PortCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for PortCode {
    type Err = BillOfEntryIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let right = upper.len() == 6 && upper.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if right { Ok(Self(upper)) } else { Err(BillOfEntryIdError::Port) }
    }
}

text_form!(PortCode, "PortCode", "^[0-9A-Z]{6}$", "customs port code, six letters or digits (BOE-7)");

/// What makes two reports the same Bill of Entry (ID-12), written `INNSA1/4000001/2024-09-02`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillOfEntryId {
    /// The customs port.
    pub port_code: PortCode,
    /// The number, digits as customs wrote them.
    number: String,
    /// The date of the Bill of Entry.
    pub date: IstDate,
}

impl BillOfEntryId {
    /// The identity of that port, number and date.
    ///
    /// # Errors
    /// [`BillOfEntryIdError::Number`] where the number is not 1 to 7 digits.
    pub fn new(port_code: PortCode, number: &str, date: IstDate) -> Result<Self, BillOfEntryIdError> {
        let number = number.trim();
        let right = (1..=7).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if right { Ok(Self { port_code, number: number.to_owned(), date }) } else { Err(BillOfEntryIdError::Number) }
    }

    /// The number, digits as customs wrote them.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }
}

impl fmt::Display for BillOfEntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.port_code, self.number, self.date)
    }
}

impl FromStr for BillOfEntryId {
    type Err = BillOfEntryIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let (Some(port), Some(number), Some(date), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BillOfEntryIdError::Shape);
        };
        let date = date.parse().map_err(|_| BillOfEntryIdError::Shape)?;
        Self::new(port.parse()?, number, date)
    }
}

text_form!(
    BillOfEntryId,
    "BillOfEntryId",
    "^[0-9A-Z]{6}/[0-9]{1,7}/[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "Bill of Entry, PORT/NUMBER/YYYY-MM-DD (ID-12)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_12_identity_is_port_number_and_date() {
        let id: BillOfEntryId = "innsa1/4000001/2024-09-02".parse().unwrap();
        assert_eq!(id.to_string(), "INNSA1/4000001/2024-09-02");
        assert_eq!("INNSA/1/2024-09-02".parse::<BillOfEntryId>(), Err(BillOfEntryIdError::Port));
        assert_eq!("INNSA1/12345678/2024-09-02".parse::<BillOfEntryId>(), Err(BillOfEntryIdError::Number));
    }
}
