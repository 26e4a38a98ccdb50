//! What EN 16931-1 demands of an invoice, judged before it is finalized.
//!
//! Owns: which rule is broken, where, and the sentence about it.
//! Does not own: the facts; code lists beyond their shape, and the rules of countries and portals.
//! Keeps true: an invoice without a breach is one that the standard's validation artefacts take, as far as its
//! texts are from the code lists and its currency has no more than two decimals (BR-DEC-*).
//!
//! | | rules |
//! |---|---|
//! | `facts` | BR-02, BR-05 to BR-11, BR-16, BR-21 to BR-27, BR-30, BR-50, BR-55, BR-CO-09, BR-CO-25, BR-CO-26 |
//! | `sums` | BR-CO-10, BR-CO-14 to BR-CO-16 |
//! | `taxes` | BR-CO-17, BR-CO-18, and of the categories S, Z, E, AE and O: BR-*-01, -02, -05, -08, -09, -10, BR-O-11, -12 |
//!
//! By the shape of [`Invoice`], these cannot be broken: BR-01, BR-03, BR-04, BR-12 to BR-15, BR-29, BR-45 to BR-48,
//! BR-61, BR-CO-03, BR-CO-04, BR-CO-11 to BR-CO-13 (there are no allowances and charges, so the total without VAT is
//! the sum of the lines, which BR-CO-10 judges).
//!
//! # Rounding
//!
//! BR-CO-17 and BR-S-09 say that the tax of a category is its taxable amount × rate, rounded. Who rounds each line
//! comes to another cent; since 2019 the artefacts accept a difference below one unit of currency for that reason
//! (github.com/ConnectingEurope/eInvoicing-EN16931, issues 143 and 370: `abs(tax) - 1 < … and abs(tax) + 1 > …`).
//! Here the tax must be exactly what [`TaxRounding`](crate::TaxRounding) says, or BR-CO-17 is broken; and where lines
//! were rounded, the difference must stay below one unit of currency, or BR-S-09 is.

mod facts;
mod sums;
mod taxes;

use serde::Serialize;

use crate::{amount, invoice::Invoice};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// The rule's id in EN 16931-1: `BR-CO-15`.
    pub rule: String,
    /// Where: `totals.total_minor`, `lines[0].name`.
    pub field: String,
    /// What is wrong, for a person.
    pub sentence: String,
}

/// Every rule of EN 16931 that the invoice breaks, in the order of its parts; none if it may be finalized.
#[must_use]
pub fn check(invoice: &Invoice) -> Vec<Breach> {
    let mut breaches = Breaches(Vec::new());
    facts::judge(invoice, &mut breaches);
    sums::judge(invoice, &mut breaches);
    taxes::judge(invoice, &mut breaches);
    breaches.0
}

/// The breaches found so far.
struct Breaches(Vec<Breach>);

impl Breaches {
    /// Notes a breach unless the rule holds.
    fn unless(&mut self, holds: bool, rule: &str, field: &str, sentence: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Breach {
                rule: rule.to_owned(),
                field: field.to_owned(),
                sentence: sentence(),
            });
        }
    }
}

/// An amount in a sentence. Sums may be beyond what an amount can hold.
fn shown(invoice: &Invoice, minor: i128) -> String {
    let code = &invoice.currency.code;
    match i64::try_from(minor) {
        Ok(minor) => format!(
            "{} {code}",
            amount::decimal(minor, invoice.currency.exponent)
        ),
        Err(_) => format!("an amount too large for {code}"),
    }
}

#[cfg(test)]
mod tests;
