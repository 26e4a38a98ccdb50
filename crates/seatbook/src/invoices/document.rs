//! An invoice as the plain facts that pages and e-invoices are made of.

use std::collections::BTreeMap;

use documents::{Currency, Period, Reference, Tax, TaxRounding};
use rules::{
    billing::{Category, Rounding},
    money,
};

use super::model::{Invoice, Kind, Line, Party, Snapshot};

/// What stands on an invoice. A draft has neither number nor day, and gets ones that only a check sees.
pub fn document(
    invoice: &Invoice,
    lines: &[Line],
    said: &Snapshot,
    corrects: Option<&Invoice>,
) -> documents::Invoice {
    let number = invoice.number.clone().unwrap_or_else(|| "draft".into());
    let issue_date = invoice
        .issued_on
        .or_else(|| lines.first().map(|line| line.first_day))
        .map_or(jiff::civil::Date::MIN, |day| day.0);
    // Without a tax liability no VAT identifier may stand on it (EN 16931-1, BR-O-02).
    let taxed = lines
        .iter()
        .all(|line| line.tax_category != Category::OutsideScope);
    documents::Invoice {
        kind: match invoice.kind {
            Kind::Invoice => documents::Kind::Invoice,
            Kind::CreditNote => documents::Kind::CreditNote,
        },
        issue_date,
        due_date: invoice.due_on.map_or(Some(issue_date), |day| Some(day.0)),
        currency: Currency {
            code: invoice.currency.clone(),
            exponent: exponent(&invoice.currency),
        },
        seller: party(&said.issuer, taxed),
        buyer: party(&said.buyer, taxed),
        buyer_reference: some(&said.buyer_reference),
        order_reference: None,
        corrects: corrects.and_then(|it| {
            Some(Reference {
                number: it.number.clone()?,
                issue_date: it.issued_on.map(|day| day.0),
            })
        }),
        notes: some(&invoice.note).into_iter().collect(),
        payment: documents::Payment {
            iban: some(&said.iban),
            bic: some(&said.bic),
            account_name: some(&said.account_name),
            remittance: Some(number.clone()),
            terms: None,
        },
        number,
        lines: lines.iter().map(|it| line(it, &invoice.currency)).collect(),
        taxes: taxes(invoice, lines, said),
        tax_rounding: match invoice.tax_rounding {
            Rounding::Line => TaxRounding::Line,
            Rounding::Document => TaxRounding::Document,
        },
        totals: documents::Totals {
            net_minor: invoice.net_minor,
            tax_minor: invoice.tax_minor,
            total_minor: invoice.total_minor,
            prepaid_minor: 0,
            due_minor: invoice.total_minor,
        },
    }
}

fn exponent(currency: &str) -> u8 {
    let known = currency.parse::<money::Currency>();
    known.map_or(2, money::Currency::exponent)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn party(it: &Party, taxed: bool) -> documents::Party {
    documents::Party {
        name: it.name.clone(),
        street: it.street.clone(),
        city: it.city.clone(),
        postcode: it.postcode.clone(),
        country: it.country.clone(),
        vat_id: some(&it.vat_id).filter(|_| taxed),
        tax_number: some(&it.tax_number),
        email: some(&it.email),
        ..documents::Party::default()
    }
}

fn line(it: &Line, currency: &str) -> documents::Line {
    let period = it.last_day.map(|last| Period {
        first: it.first_day.0,
        last: last.0,
    });
    documents::Line {
        position: u32::try_from(it.position).unwrap_or(u32::MAX),
        id: Some(it.sku_code.clone()),
        name: it.description.clone(),
        explanation: Some(it.explained(currency)),
        period,
        quantity: it.quantity,
        unit: if it.quantity == 1 {
            &it.unit
        } else {
            &it.units
        }
        .clone(),
        unit_code: documents::Line::PIECE.into(),
        unit_price_minor: it.unit_price_minor,
        amount_minor: it.net_minor,
        category: category(it.tax_category),
        rate_basis_points: rate(it.tax_rate_basis_points),
    }
}

fn rate(basis_points: i64) -> u32 {
    u32::try_from(basis_points).unwrap_or_default()
}

fn category(it: Category) -> documents::Category {
    match it {
        Category::Standard => documents::Category::Standard,
        Category::Zero => documents::Category::Zero,
        Category::Exempt => documents::Category::Exempt,
        Category::ReverseCharge => documents::Category::ReverseCharge,
        Category::OutsideScope => documents::Category::OutsideScope,
    }
}

/// The tax of each category and rate: the lines' parts of it add up to it.
fn taxes(invoice: &Invoice, lines: &[Line], said: &Snapshot) -> Vec<Tax> {
    let mut sums: BTreeMap<(documents::Category, u32), (i64, i64)> = BTreeMap::new();
    for line in lines {
        let key = (
            category(line.tax_category),
            rate(line.tax_rate_basis_points),
        );
        let (taxable, tax) = sums.entry(key).or_default();
        *taxable += line.net_minor;
        *tax += line.tax_minor;
    }
    let reason = |category| match category {
        documents::Category::Standard | documents::Category::Zero => None,
        documents::Category::ReverseCharge => {
            Some(some(&said.tax_reason).unwrap_or_else(|| "Reverse charge".into()))
        }
        documents::Category::Exempt => some(&said.tax_reason),
        documents::Category::OutsideScope => {
            Some(some(&said.tax_reason).unwrap_or_else(|| "Outside the scope of VAT".into()))
        }
    };
    debug_assert_eq!(
        invoice.net_minor,
        lines.iter().map(|line| line.net_minor).sum::<i64>()
    );
    sums.into_iter()
        .map(
            |((category, rate_basis_points), (taxable_minor, tax_minor))| Tax {
                category,
                rate_basis_points,
                taxable_minor,
                tax_minor,
                reason: reason(category),
            },
        )
        .collect()
}
