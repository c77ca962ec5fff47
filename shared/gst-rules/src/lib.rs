//! The effective-dated rulebook, rule references, date arithmetic, interest and duty. Pure.
//!
//! * [`rule`]: a constant for each numbered rule of the references, which outcomes carry as their reason.
//! * [`rulebook`]: the choices and dated tables that the rules leave open, as data with a digest.
//! * [`calendar`]: dates that follow from dates: statement windows, due dates, day 181, the time limit.
//! * the other modules: one per family of calculations, typed and pure, each function naming its rule.

pub mod amount;
pub mod apportionment;
pub mod audit;
pub mod bill_of_entry;
pub mod calculation;
pub mod calendar;
pub mod capital_goods;
mod coded;
pub mod duty;
pub mod ecrrs;
pub mod eligibility;
pub mod format;
pub mod gstin;
pub mod interest;
pub mod rates;
pub mod rule;
pub mod rule37;
pub mod rule37a;
pub mod rulebook;
pub mod table4;
pub mod time_limit;
pub mod utilisation;

pub use rule::RuleRef;
pub use rulebook::{Rulebook, RulebookError};
