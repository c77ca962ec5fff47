//! The links of an evidence chain as steps of a story: what happened, in words, and the rule behind it.

use super::evidence::artefact_name;
use crate::pretty::{heads_in_words, rupees};
use gst_events::EvidenceArtefact;
use gst_rules::{RuleRef, rule};
use gst_types::{Head, IstInstant, Paise, TaxAmounts};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// When it holds.
    pub(crate) at: IstInstant,
    /// In words, a line each.
    pub(crate) what: Vec<String>,
    /// The rule behind it.
    pub(crate) rule: Option<RuleRef>,
    /// The event behind it.
    pub(crate) event_id: String,
    /// Who acted.
    pub(crate) actor: Option<String>,
}

/// The rule of a code.
pub(crate) fn rule_of(code: &str) -> Option<RuleRef> {
    RuleRef::from_code(code)
}

/// The facts of an artefact, by name.
struct Facts<'a>(&'a EvidenceArtefact);

impl<'a> Facts<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.0.facts.get(name).map(String::as_str).unwrap_or_default()
    }

    fn amount(&self, name: &str) -> String {
        self.text(name).parse().map_or_else(|_| self.text(name).to_owned(), |amount: Paise| rupees(amount))
    }

    fn heads(&self, name: &str) -> TaxAmounts {
        let mut tax = TaxAmounts::ZERO;
        for head in Head::ALL {
            tax.set(head, self.text(&format!("{name}_{}", head.code())).parse().unwrap_or_default());
        }
        tax
    }

    /// A fact behind some words, where it is there.
    fn with(&self, words: &str, name: &str) -> String {
        let text = self.text(name);
        if text.is_empty() { String::new() } else { format!("{words}{text}") }
    }
}

/// An artefact as a step.
pub(crate) fn of_artefact(artefact: &EvidenceArtefact) -> Step {
    let facts = Facts(artefact);
    let named = rule_of(facts.text("rule"));
    Step {
        at: artefact.captured_at,
        what: words(artefact, &facts),
        rule: named.or_else(|| general_rule(artefact)),
        event_id: artefact.event_id.clone(),
        actor: artefact.actor.as_ref().map(|actor| actor.subject.clone()),
    }
}

/// The rule behind a fact that names none itself.
fn general_rule(artefact: &EvidenceArtefact) -> Option<RuleRef> {
    Some(match artefact.kind.as_str() {
        "GSTR1_FILED" => rule::IN_2,
        "GSTR1_AMENDMENT_FILED" => rule::AM_10,
        "GSTR6_FILED" => rule::IN_4,
        "CREDIT_NOTE" | "COMMERCIAL_NOTE" => rule::R37_11,
        "SUPPLIER_GSTR3B_STATUS" => rule::R37A_4,
        "CUSTOMS_STATUS" | "DUTY_PAID" => rule::BOE_4,
        "BILL_OF_ENTRY_MOVED_OUT" | "BILL_OF_ENTRY_MOVED_IN" => rule::BE_6,
        "BILL_OF_ENTRY_AMENDED" => rule::BE_4,
        "PAYMENT_MOVED_OUT" | "PAYMENT_MOVED_IN" => rule::R37_15,
        _ if artefact.artefact == 5 => rule::R37_7,
        _ => rule::AUD_1,
    })
}

fn words(artefact: &EvidenceArtefact, facts: &Facts<'_>) -> Vec<String> {
    let kind = artefact.kind.as_str();
    if artefact.facts.contains_key("entry_id") {
        return entry(kind, facts);
    }
    if artefact.facts.contains_key("file_sha256") {
        let name = artefact_name(artefact.artefact);
        return vec![format!(
            "file for artefact {} ({name}): {}",
            artefact.artefact,
            facts.text("file_storage_reference")
        )];
    }
    let text = match kind {
        "TAX_INVOICE" => format!("booked in the purchase register: {}", value(facts)),
        "TAX_INVOICE_CORRECTED" => format!("corrected in the purchase register: {}", value(facts)),
        "GSTR1_FILED" => format!(
            "filed by the supplier in {} of {}: {}",
            facts.text("form"),
            facts.text("gstr1_period"),
            value(facts)
        ),
        "GSTR1_AMENDMENT_FILED" => {
            let form = format!("{} of {}", facts.text("form"), facts.text("gstr1_period"));
            format!("amended by the supplier in {form} as {}: {}", facts.text("reported_number"), value(facts))
        }
        "GSTR6_FILED" => {
            format!("distributed in GSTR-6 of {}: {}", facts.text("gstr6_period"), heads_in_words(&facts.heads("tax")))
        }
        "ACCEPT" => format!("accepted in IMS{}{}", who(artefact), statement(facts)),
        "DEEMED_ACCEPTED" => format!("deemed accepted: nobody acted{}", statement(facts)),
        "IMS_REJECT" => format!("rejected in IMS{}{}", who(artefact), statement(facts)),
        "IMS_PENDING" => format!("kept pending in IMS{}", who(artefact)),
        "IMS_NO_ACTION" => "on the IMS dashboard, nobody acted yet".to_owned(),
        "CREDIT_CLAIMED" => {
            let claimed = heads_in_words(&facts.heads("claimed"));
            format!("GSTR-3B of {} filed: {claimed} claimed{}", facts.text("return_period"), line_of(facts))
        }
        "CREDIT_NOTE" => format!("credit note {} accepted: {}", facts.text("note"), value(facts)),
        "COMMERCIAL_NOTE" => format!("commercial note {}: {}", facts.text("note_id"), facts.amount("amount")),
        "SUPPLIER_GSTR3B_STATUS" => {
            let status = match facts.text("supplier_gstr3b_status") {
                "FILED" => "filed",
                "NOT_FILED" => "not filed so far",
                _ => "nobody told whether it is filed",
            };
            format!("the supplier's GSTR-3B of {}: {status}", facts.text("supplier_period"))
        }
        _ => {
            return vec![
                money(artefact, facts).or_else(|| customs(kind, facts)).unwrap_or_else(|| other(artefact, facts)),
            ];
        }
    };
    vec![text]
}

fn value(facts: &Facts<'_>) -> String {
    let number = facts.amount("taxable_value");
    format!("taxable {number}, {}", heads_in_words(&facts.heads("tax")))
}

/// Who acted, where it was a person.
fn who(artefact: &EvidenceArtefact) -> String {
    let person = artefact.actor.as_ref().filter(|actor| actor.role.as_deref() != Some("SERVICE"));
    person.map(|actor| format!(" by {}", actor.subject)).unwrap_or_default()
}

fn statement(facts: &Facts<'_>) -> String {
    let period = facts.text("gstr2b_period");
    if period.is_empty() {
        String::new()
    } else {
        format!("; counts in GSTR-2B of {period}, {}", facts.text("gstr2b_row"))
    }
}

fn line_of(facts: &Facts<'_>) -> String {
    let period = facts.text("gstr2b_period");
    if period.is_empty() { ", of no statement".to_owned() } else { format!(", of GSTR-2B of {period}") }
}

fn money(artefact: &EvidenceArtefact, facts: &Facts<'_>) -> Option<String> {
    let day = facts.text("day_number");
    let day = if day.is_empty() { String::new() } else { format!(", on day {day}") };
    Some(match artefact.kind.as_str() {
        "PAYMENT_SETTLED" => {
            let (paid, payable) = (facts.amount("paid"), facts.amount("payable"));
            format!("settled: {paid} of {payable} paid, {} unpaid{day}", facts.amount("unpaid"))
        }
        "PAYMENT_TIMER_FIRED" => {
            let (unpaid, payable) = (facts.amount("unpaid"), facts.amount("payable"));
            format!("day 181: {unpaid} of {payable} unpaid")
        }
        "TAX_DEDUCTED_AT_SOURCE" => {
            format!("tax deducted at source, {}: {}", facts.text("tds_kind"), facts.amount("tds_amount"))
        }
        "SET_OFF" => format!("set off: {}", facts.amount("amount")),
        "SET_OFF_UNCONFIRMED" => {
            format!("set-off of {} without the supplier's confirmation: counts for nothing", facts.amount("amount"))
        }
        "ADVANCE_ADJUSTED" => format!("advance {} adjusted: {}", facts.text("advance_id"), facts.amount("amount")),
        "PAYMENT_MOVED_OUT" => format!("{} moved to {}", facts.amount("amount"), facts.text("to")),
        "PAYMENT_MOVED_IN" => format!("{} moved here from {}", facts.amount("amount"), facts.text("from")),
        "SUPPLIER_PAYMENT" => {
            format!("paid: {}{}{day}", facts.amount("amount"), facts.with(", ", "bank_reference"))
        }
        _ => return None,
    })
}

fn customs(kind: &str, facts: &Facts<'_>) -> Option<String> {
    Some(match kind {
        "BILL_OF_ENTRY" => format!("Bill of Entry received from customs: {}", value(facts)),
        "BILL_OF_ENTRY_AMENDED" => format!("Bill of Entry amended: {}", value(facts)),
        "BILL_OF_ENTRY_MOVED_OUT" => {
            format!("moved to {} by an amendment of {}", facts.text("to"), facts.text("amendment_date"))
        }
        "BILL_OF_ENTRY_MOVED_IN" => {
            format!(
                "moved here from {} by an amendment of {}: {}",
                facts.text("from"),
                facts.text("amendment_date"),
                value(facts)
            )
        }
        "DUTY_PAID" | "CUSTOMS_STATUS" => {
            let since = facts.with("; credit may be taken since ", "eligible_at");
            format!("customs: {}{since}", facts.text("customs_status"))
        }
        _ => return None,
    })
}

/// Receipts go by the register's own kinds; anything else by its kind.
fn other(artefact: &EvidenceArtefact, facts: &Facts<'_>) -> String {
    if artefact.artefact == 2 {
        return format!(
            "goods or services received on {}, {}",
            facts.text("received_on"),
            facts.text("receipt_number")
        );
    }
    artefact.kind.to_lowercase().replace('_', " ")
}

/// An entry of the credit ledger, when due and again when posted.
fn entry(kind: &str, facts: &Facts<'_>) -> Vec<String> {
    let amount = heads_in_words(&facts.heads("contribution"));
    let (lines, period) = (facts.text("lines").replace(',', " and "), facts.text("return_period"));
    let what = match facts.text("entry") {
        "ITC_AVAILED" => "credit availed",
        "TIME_BARRED" => "credit barred by section 16(4)",
        "CREDIT_NOTE" => "credit of a note taken out",
        "AMENDMENT" => "credit corrected by an amendment",
        "PERMANENT_REVERSAL" => "reversed for good",
        "REVERSAL" if kind == "RULE37A_REVERSAL" => "reversed: the supplier did not file GSTR-3B",
        "REVERSAL" => "reversed",
        "RECLAIM" => "re-claimed",
        "IMPORT_CREDIT_AVAILABLE" => "credit may now be claimed",
        "IMPORT_CREDIT_DELTA" => "import credit corrected",
        _ => kind,
    };
    let place = if lines.is_empty() { String::new() } else { format!(", {lines} of {period}") };
    if facts.text("status") == "POSTED" {
        let mut told = vec![format!("posted with GSTR-3B of {period}: {what}, {amount}")];
        let interest = facts.heads("interest");
        if !facts.text("interest_basis").is_empty() {
            let ceiling =
                if facts.text("interest_is_ceiling") == "true" { ", at most (no balances known)" } else { "" };
            told.push(format!("interest {}{ceiling}", heads_in_words(&interest)));
            told.extend(
                facts
                    .text("interest_working")
                    .split("; ")
                    .filter(|line| !line.is_empty())
                    .map(|line| format!("  {line}")),
            );
        }
        return told;
    }
    let mut told = vec![format!("{what}: {amount}{place}")];
    let unpaid = facts.text("unpaid_after");
    let mut why = Vec::new();
    if !facts.text("reason").is_empty() {
        why.push(facts.text("reason").to_lowercase().replace('_', " "));
    }
    if !unpaid.is_empty() {
        why.push(format!("{} unpaid", facts.amount("unpaid_after")));
    }
    if !facts.text("linked_entry_id").is_empty() {
        why.push(format!("follows entry {}", entry_number(facts.text("linked_entry_id"))));
    }
    if !facts.text("cancels").is_empty() {
        why.push(format!("undoes entry {}", entry_number(facts.text("cancels"))));
    }
    let number = entry_number(facts.text("entry_id"));
    told.push(format!("  entry {number}{}{}", if why.is_empty() { "" } else { ": " }, why.join(", ")));
    told
}

/// An entry's number without the taxpayer.
pub(crate) fn entry_number(entry_id: &str) -> &str {
    entry_id.rsplit('-').next().unwrap_or(entry_id)
}
