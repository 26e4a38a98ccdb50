//! The facts that must be there, and be of the right shape.

use super::Breaches;
use crate::{
    invoice::{Invoice, Line, Party},
    terms::{iban, present},
};

pub fn judge(invoice: &Invoice, breaches: &mut Breaches) {
    let say = |sentence: &'static str| move || sentence.to_owned();
    breaches.unless(
        is_there(&invoice.number),
        "BR-02",
        "number",
        say("The document has no number."),
    );
    let code = &invoice.currency.code;
    breaches.unless(
        is_code(code, 3) && invoice.currency.exponent <= 4,
        "BR-05",
        "currency",
        || format!("`{code}` is not a currency: it takes the three letters of ISO 4217 and up to four decimals."),
    );
    party(&invoice.seller, &SELLER, breaches);
    party(&invoice.buyer, &BUYER, breaches);
    let seller = &invoice.seller;
    let ids = [&seller.vat_id, &seller.registration, &seller.tax_number];
    breaches.unless(
        ids.iter().any(|id| present(id.as_deref()).is_some()),
        "BR-CO-26",
        "seller",
        say("The seller has neither a VAT ID nor a registration or tax number."),
    );
    payment(invoice, breaches);
    if let Some(corrected) = &invoice.corrects {
        breaches.unless(
            is_there(&corrected.number),
            "BR-55",
            "corrects.number",
            say("The document corrects another, but does not say which."),
        );
    }
    breaches.unless(
        !invoice.lines.is_empty(),
        "BR-16",
        "lines",
        say("The document has no lines."),
    );
    for (index, line) in invoice.lines.iter().enumerate() {
        let twin = invoice.lines[..index]
            .iter()
            .any(|above| above.position == line.position);
        breaches.unless(!twin, "BR-21", &format!("lines[{index}].position"), || {
            format!("Position {} is there twice.", line.position)
        });
        judge_line(line, index, breaches);
    }
}

/// The two parties and the rules about each.
struct Side {
    field: &'static str,
    who: &'static str,
    name: &'static str,
    address: &'static str,
    country: &'static str,
}

const SELLER: Side = Side {
    field: "seller",
    who: "seller",
    name: "BR-06",
    address: "BR-08",
    country: "BR-09",
};

const BUYER: Side = Side {
    field: "buyer",
    who: "buyer",
    name: "BR-07",
    address: "BR-10",
    country: "BR-11",
};

fn party(party: &Party, side: &Side, breaches: &mut Breaches) {
    let (field, who) = (side.field, side.who);
    breaches.unless(
        is_there(&party.name),
        side.name,
        &format!("{field}.name"),
        || format!("The {who}'s name is missing."),
    );
    let address = [&party.street, &party.city, &party.postcode];
    breaches.unless(
        address.iter().any(|part| is_there(part)),
        side.address,
        &format!("{field}.street"),
        || format!("The {who}'s address is missing."),
    );
    let country = &party.country;
    breaches.unless(
        is_code(country, 2),
        side.country,
        &format!("{field}.country"),
        || format!("The {who}'s country must be its two letters of ISO 3166-1, not `{country}`."),
    );
    if let Some(id) = present(party.vat_id.as_deref()) {
        let prefix: String = id.chars().take(2).collect();
        breaches.unless(
            is_code(&prefix, 2),
            "BR-CO-09",
            &format!("{field}.vat_id"),
            || {
                format!(
                    "The {who}'s VAT ID must begin with its country's two letters, not as `{id}`."
                )
            },
        );
    }
}

fn payment(invoice: &Invoice, breaches: &mut Breaches) {
    let payment = &invoice.payment;
    let of_account = [&payment.bic, &payment.account_name];
    let wants_account = of_account
        .iter()
        .any(|text| present(text.as_deref()).is_some());
    breaches.unless(
        iban(payment).is_some() || !wants_account,
        "BR-50",
        "payment.iban",
        || "A bank or an account's owner is named, but no account.".to_owned(),
    );
    let agreed = invoice.due_date.is_some() || present(payment.terms.as_deref()).is_some();
    breaches.unless(
        invoice.totals.due_minor <= 0 || agreed,
        "BR-CO-25",
        "due_date",
        || {
            "Something is left to pay, but there is neither a due date nor a word about terms."
                .to_owned()
        },
    );
}

fn judge_line(line: &Line, index: usize, breaches: &mut Breaches) {
    let position = line.position;
    let field = |name: &str| format!("lines[{index}].{name}");
    breaches.unless(
        line.quantity != 0 || line.amount_minor == 0,
        "BR-22",
        &field("quantity"),
        || format!("Position {position} charges for a quantity of nothing."),
    );
    breaches.unless(
        is_there(&line.unit_code),
        "BR-23",
        &field("unit_code"),
        || format!("Position {position} has no unit."),
    );
    breaches.unless(is_there(&line.name), "BR-25", &field("name"), || {
        format!("Position {position} has no name.")
    });
    breaches.unless(
        line.unit_price_minor >= 0,
        "BR-27",
        &field("unit_price_minor"),
        || format!("The price of position {position} is negative; its amount may be, its price may not."),
    );
    if let Some(period) = line.period {
        breaches.unless(
            period.first <= period.last,
            "BR-30",
            &field("period"),
            || format!("The period of position {position} ends before it begins."),
        );
    }
}

fn is_there(text: &str) -> bool {
    !text.trim().is_empty()
}

/// So many capital letters: the shape of a code, whether or not it is on the list.
fn is_code(text: &str, letters: usize) -> bool {
    text.len() == letters && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
