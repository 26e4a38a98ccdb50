//! What both electronic forms say of an invoice, before either puts it into its own elements.
//!
//! Owns: codes, amounts as text, the price that makes a line exact, the period of the whole.
//! Does not own: elements and their order, which are `facturx`'s and `ubl`'s.
//! Keeps true: quantity × price ÷ base quantity is the net amount of the line, to the last unit.

use jiff::civil::Date;

use crate::{
    amount,
    invoice::{Category, Invoice, Kind, Line, Party, Payment, Period},
};

/// The specification that both forms follow (BT-24).
pub const GUIDELINE: &str = "urn:cen.eu:en16931:2017";

/// Scheme of an electronic address that is an e-mail address (EAS code list).
pub const EMAIL_SCHEME: &str = "EM";

/// The code of the kind (UNTDID 1001).
pub fn type_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => "380",
        Kind::CreditNote => "381",
    }
}

/// The code of a category (UNTDID 5305).
pub fn category_code(category: Category) -> &'static str {
    match category {
        Category::Standard => "S",
        Category::Zero => "Z",
        Category::Exempt => "E",
        Category::ReverseCharge => "AE",
        Category::OutsideScope => "O",
    }
}

/// The code of the reason for no tax (CEF VATEX code list), where the category alone gives it (BT-121).
pub fn reason_code(category: Category) -> Option<&'static str> {
    match category {
        Category::ReverseCharge => Some("VATEX-EU-AE"),
        Category::OutsideScope => Some("VATEX-EU-O"),
        Category::Standard | Category::Zero | Category::Exempt => None,
    }
}

/// The rate as percent; what is not subject to VAT has none (BR-O-05, BR-48).
pub fn rate(category: Category, rate_basis_points: u32) -> Option<String> {
    (category != Category::OutsideScope).then(|| amount::percent(rate_basis_points))
}

/// How it is paid (UNTDID 4461): by SEPA where euros go to an IBAN, else by credit transfer.
pub fn payment_code(invoice: &Invoice) -> &'static str {
    if invoice.currency.code == "EUR" {
        "58"
    } else {
        "30"
    }
}

/// The account number without blanks.
pub fn iban(payment: &Payment) -> Option<String> {
    let iban = payment.iban.as_deref().unwrap_or_default();
    let plain: String = iban.split_whitespace().collect();
    (!plain.is_empty()).then_some(plain)
}

/// An amount of the invoice as text.
///
/// EN 16931 allows two decimals (BR-DEC-*). A third one, of dinars, is left out only while it is zero: an amount is
/// never changed, so an invoice in 1.234 BHD is well formed and says what it must, but no validator takes it.
pub fn money(invoice: &Invoice, minor: i64) -> String {
    let mut text = amount::decimal(minor, invoice.currency.exponent);
    let decimals = text.find('.').map_or(0, |point| text.len() - point - 1);
    for _ in 2..decimals {
        if text.ends_with('0') {
            text.pop();
        }
    }
    text
}

/// What a line says of quantity and price.
#[derive(Debug, PartialEq, Eq)]
pub struct Price {
    /// BT-146, never negative (BR-27).
    pub price: String,
    /// BT-149.
    pub base_quantity: String,
    /// BT-129; negative where something is taken off.
    pub quantity: String,
}

/// The price of one unit where it makes the amount. Where it does not, because only a part of a period is charged,
/// the amount itself is the price of as many units as there are.
pub fn price(invoice: &Invoice, line: &Line) -> Price {
    let whole = i128::from(line.unit_price_minor) * i128::from(line.quantity);
    if line.unit_price_minor >= 0 && whole == i128::from(line.amount_minor) {
        return Price {
            price: money(invoice, line.unit_price_minor),
            base_quantity: "1".into(),
            quantity: line.quantity.to_string(),
        };
    }
    let units = line.quantity.unsigned_abs().max(1);
    let sign = if line.amount_minor < 0 { "-" } else { "" };
    Price {
        price: money(invoice, line.amount_minor)
            .trim_start_matches('-')
            .to_owned(),
        base_quantity: units.to_string(),
        quantity: format!("{sign}{units}"),
    }
}

/// From the first to the last day that any line charges for (BG-14).
pub fn period(invoice: &Invoice) -> Option<Period> {
    let periods = || invoice.lines.iter().filter_map(|line| line.period);
    let first: Date = periods().map(|period| period.first).min()?;
    let last = periods().map(|period| period.last).max()?;
    Some(Period { first, last })
}

/// Up to three lines of a street (BT-35, BT-36, BT-162); further ones follow on the third.
pub fn street(party: &Party) -> [Option<String>; 3] {
    let mut lines = party
        .street
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let (first, second) = (lines.next(), lines.next());
    let rest: Vec<&str> = lines.collect();
    let third = (!rest.is_empty()).then(|| rest.join(", "));
    [first.map(str::to_owned), second.map(str::to_owned), third]
}

/// What identifies a seller who has neither a VAT id nor a registration: the tax number (BT-29, for BR-CO-26).
pub fn seller_id(seller: &Party) -> Option<&str> {
    let is_known = [&seller.vat_id, &seller.registration]
        .into_iter()
        .any(|id| present(id.as_deref()).is_some());
    present(seller.tax_number.as_deref()).filter(|_| !is_known)
}

/// A text that says something.
pub fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
