//! What a template is given: an invoice as texts that are ready to be set, in `data.json`.
//!
//! Owns: which texts there are, and how the language writes them.
//! Does not own: where they stand on the page.
//! Keeps true: a template neither computes nor chooses words; what is null or empty is not to be shown.

mod countries;
mod wording;

use serde::Serialize;

use self::wording::Wording;
use crate::{
    brand::{Brand, Logo},
    invoice::{Category, Invoice, Kind, Line, Party, Tax},
    terms::{self, present},
};

/// The accent of a brand that names none: a deep blue that is legible on white and in print.
pub const ACCENT: &str = "#1f3a93";

/// The content of `data.json`.
#[derive(Serialize)]
pub struct View {
    /// ISO 639-1.
    language: String,
    /// `#rrggbb`.
    accent: String,
    /// The name of the logo's file, to be shown by `image`.
    logo: Option<&'static str>,
    /// `Invoice`, `Credit note`.
    title: String,
    number: String,
    /// Title and number, for the properties of the file.
    name: String,
    seller: Address,
    buyer: Address,
    /// Above the buyer: `Bill to`.
    to: String,
    /// Number, dates, references, and what else identifies the document.
    facts: Vec<Fact>,
    due: Due,
    heads: Heads,
    lines: Vec<Row>,
    /// Net, taxes and total, above what is due.
    totals: Vec<Sum>,
    /// Why no tax is charged.
    reasons: Vec<String>,
    payment: Payment,
    /// `Notes`.
    notes_title: String,
    notes: Vec<String>,
    /// Columns at the foot of each page, each of lines.
    footer: Vec<Vec<String>>,
    /// With `{page}` and `{pages}` to be filled in.
    page: String,
}

#[derive(Serialize)]
struct Address {
    name: String,
    /// Street, postcode and city, country.
    lines: Vec<String>,
    /// How to reach them.
    contact: Vec<String>,
}

/// A label and what it labels.
#[derive(Serialize)]
struct Fact {
    label: String,
    value: String,
}

#[derive(Serialize)]
struct Due {
    /// `Amount due`.
    label: String,
    amount: String,
    currency: String,
    /// `by 21 December 2026`.
    until: Option<String>,
}

/// The heads of the table's columns.
#[derive(Serialize)]
struct Heads {
    position: String,
    item: String,
    quantity: String,
    unit_price: String,
    tax_rate: String,
    amount: String,
}

#[derive(Serialize)]
struct Row {
    position: String,
    /// The seller's name for the item, such as a SKU.
    id: Option<String>,
    name: String,
    explanation: Option<String>,
    period: Option<String>,
    quantity: String,
    unit: String,
    unit_price: String,
    tax_rate: String,
    amount: String,
}

#[derive(Serialize)]
struct Sum {
    label: String,
    amount: String,
    /// Whether it is a total of what stands above it.
    is_total: bool,
}

#[derive(Serialize)]
struct Payment {
    /// `Payment`.
    title: String,
    terms: Option<String>,
    facts: Vec<Fact>,
}

impl View {
    /// The texts of an invoice in a brand.
    pub fn new(invoice: &Invoice, brand: &Brand) -> Self {
        let wording = Wording::new(&brand.texts, &invoice.currency);
        let label = |name: &str| wording.label(name);
        // A letter within one country does not name it.
        let country = invoice.seller.country != invoice.buyer.country;
        let (title, to) = match invoice.kind {
            Kind::Invoice => (label("invoice"), label("bill_to")),
            Kind::CreditNote => (label("credit_note"), label("credit_to")),
        };
        Self {
            language: brand.texts.language.clone(),
            accent: present(Some(&brand.accent)).unwrap_or(ACCENT).to_owned(),
            logo: brand.logo.as_ref().map(Logo::file),
            name: format!("{title} {}", invoice.number),
            title,
            number: invoice.number.clone(),
            seller: address(&invoice.seller, country, &wording),
            buyer: address(&invoice.buyer, country, &wording),
            to,
            facts: facts(invoice, &wording),
            due: due(invoice, &wording),
            heads: heads(&wording),
            lines: invoice
                .lines
                .iter()
                .map(|line| row(line, &wording))
                .collect(),
            totals: totals(invoice, &wording),
            reasons: reasons(&invoice.taxes),
            payment: payment(invoice, &wording),
            notes_title: label("notes"),
            notes: invoice
                .notes
                .iter()
                .filter_map(|note| text(Some(note)))
                .collect(),
            footer: footer(invoice, brand, &wording),
            page: label("page"),
        }
    }
}

fn address(party: &Party, with_country: bool, wording: &Wording) -> Address {
    let streets = party.street.lines().map(|line| line.trim().to_owned());
    let city = format!("{} {}", party.postcode.trim(), party.city.trim());
    let country = with_country.then(|| wording.country(&party.country));
    let lines = streets.chain([city.trim().to_owned()]).chain(country);
    let contact = [&party.contact, &party.telephone, &party.email];
    let contact = contact.into_iter().filter_map(|part| text(part.as_deref()));
    Address {
        name: party.name.clone(),
        lines: lines.filter(|line| !line.is_empty()).collect(),
        contact: contact.collect(),
    }
}

fn facts(invoice: &Invoice, wording: &Wording) -> Vec<Fact> {
    let corrected = invoice.corrects.as_ref();
    let corrected_date = corrected.and_then(|corrected| corrected.issue_date);
    let period = terms::period(invoice).map(|period| wording.period(period));
    known(
        wording,
        [
            ("number", Some(invoice.number.clone())),
            (
                "corrects",
                corrected.map(|corrected| corrected.number.clone()),
            ),
            (
                "corrected_date",
                corrected_date.map(|date| wording.date(date)),
            ),
            ("issue_date", Some(wording.date(invoice.issue_date))),
            ("due_date", invoice.due_date.map(|date| wording.date(date))),
            ("period", period),
            ("order_reference", text(invoice.order_reference.as_deref())),
            ("buyer_reference", text(invoice.buyer_reference.as_deref())),
            ("buyer_vat_id", text(invoice.buyer.vat_id.as_deref())),
            ("currency", Some(invoice.currency.code.clone())),
        ],
    )
}

fn due(invoice: &Invoice, wording: &Wording) -> Due {
    let by = |date| format!("{} {}", wording.label("pay_by"), wording.date(date));
    let is_invoice = invoice.kind == Kind::Invoice;
    Due {
        label: wording.label(if is_invoice {
            "amount_due"
        } else {
            "amount_credited"
        }),
        amount: wording.money(invoice.totals.due_minor),
        currency: invoice.currency.code.clone(),
        until: invoice
            .due_date
            .filter(|_| is_invoice && invoice.totals.due_minor > 0)
            .map(by),
    }
}

fn heads(wording: &Wording) -> Heads {
    Heads {
        position: wording.label("position"),
        item: wording.label("item"),
        quantity: wording.label("quantity"),
        unit_price: wording.label("unit_price"),
        tax_rate: wording.label("tax_rate"),
        amount: wording.label("amount"),
    }
}

fn row(line: &Line, wording: &Wording) -> Row {
    Row {
        position: line.position.to_string(),
        id: text(line.id.as_deref()),
        name: line.name.clone(),
        explanation: text(line.explanation.as_deref()),
        period: line.period.map(|period| wording.period(period)),
        quantity: wording.count(line.quantity),
        unit: line.unit.clone(),
        unit_price: wording.money(line.unit_price_minor),
        tax_rate: match line.category {
            Category::OutsideScope => "–".to_owned(),
            _ => wording.percent(line.rate_basis_points),
        },
        amount: wording.money(line.amount_minor),
    }
}

fn totals(invoice: &Invoice, wording: &Wording) -> Vec<Sum> {
    let totals = &invoice.totals;
    let sum = |label: String, minor: i64, is_total: bool| Sum {
        label,
        amount: wording.money(minor),
        is_total,
    };
    let mut sums = vec![sum(wording.label("net"), totals.net_minor, false)];
    for tax in invoice
        .taxes
        .iter()
        .filter(|tax| tax.category != Category::OutsideScope)
    {
        let label = wording
            .label("tax_on")
            .replace("{rate}", &wording.percent(tax.rate_basis_points))
            .replace("{amount}", &wording.money(tax.taxable_minor));
        sums.push(sum(label, tax.tax_minor, false));
    }
    sums.push(sum(wording.label("total"), totals.total_minor, true));
    if totals.prepaid_minor != 0 {
        let paid = totals.prepaid_minor.saturating_neg();
        sums.push(sum(wording.label("prepaid"), paid, false));
    }
    sums
}

fn reasons(taxes: &[Tax]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for reason in taxes.iter().filter_map(|tax| text(tax.reason.as_deref())) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

fn payment(invoice: &Invoice, wording: &Wording) -> Payment {
    let payment = &invoice.payment;
    Payment {
        title: wording.label("payment"),
        terms: text(payment.terms.as_deref()),
        facts: known(
            wording,
            [
                ("account_name", text(payment.account_name.as_deref())),
                (
                    "iban",
                    terms::iban(payment).map(|iban| wording::in_fours(&iban)),
                ),
                ("bic", text(payment.bic.as_deref())),
                ("remittance", text(payment.remittance.as_deref())),
            ],
        ),
    }
}

/// What the operator wrote, a paragraph a column; or who the seller is, how to reach them and what they are known by.
fn footer(invoice: &Invoice, brand: &Brand, wording: &Wording) -> Vec<Vec<String>> {
    let own = brand.footer.trim();
    if !own.is_empty() {
        let paragraphs = own
            .split("\n\n")
            .map(str::trim)
            .filter(|column| !column.is_empty());
        return paragraphs
            .map(|column| column.lines().map(|line| line.trim().to_owned()).collect())
            .collect();
    }
    let seller = &invoice.seller;
    let Address {
        name,
        lines,
        contact,
    } = address(seller, true, wording);
    let ids = known(
        wording,
        [
            ("vat_id", text(seller.vat_id.as_deref())),
            ("tax_number", text(seller.tax_number.as_deref())),
            ("registration", text(seller.registration.as_deref())),
        ],
    );
    let ids = ids
        .into_iter()
        .map(|fact| format!("{} {}", fact.label, fact.value))
        .collect();
    let who = [name].into_iter().chain(lines).collect();
    let columns: [Vec<String>; 3] = [who, contact, ids];
    columns
        .into_iter()
        .filter(|column| !column.is_empty())
        .collect()
}

/// The facts that have a value, with the labels of their names.
fn known<const N: usize>(wording: &Wording, facts: [(&str, Option<String>); N]) -> Vec<Fact> {
    let fact = |(name, value): (&str, Option<String>)| {
        let label = wording.label(name);
        value.map(|value| Fact { label, value })
    };
    facts.into_iter().filter_map(fact).collect()
}

fn text(text: Option<&str>) -> Option<String> {
    present(text).map(|text| text.trim().to_owned())
}
