//! An invoice of nobody, to look at a brand or a template with.

use jiff::civil::{Date, date};

use crate::{
    amount,
    invoice::{
        Category, Currency, Invoice, Kind, Line, Party, Payment, Period, Tax, TaxRounding, Totals,
    },
};

/// What is sold in the sample: name, SKU, units, unit, price a year, days charged, percent of tax.
type Item = (&'static str, &'static str, i64, &'static str, i64, i64, u32);

const ITEMS: [Item; 5] = [
    (
        "Collaboration Suite – Professional",
        "CS-PRO-1Y",
        120,
        "user",
        9_600,
        365,
        1_900,
    ),
    (
        "Collaboration Suite – Professional, added in September",
        "CS-PRO-1Y",
        15,
        "user",
        9_600,
        101,
        1_900,
    ),
    (
        "Telephony Connect with direct number",
        "TC-DDI-1Y",
        48,
        "extension",
        4_250,
        365,
        1_900,
    ),
    (
        "Meeting Room Display",
        "MRD-1Y",
        6,
        "screen",
        18_000,
        365,
        1_900,
    ),
    (
        "Printed administrator's handbook",
        "HB-EN",
        4,
        "copy",
        2_990,
        365,
        700,
    ),
];

/// An invoice that [`check`](crate::check()) finds nothing wrong with, of so many lines.
#[must_use]
pub fn sample(lines: u32) -> Invoice {
    let items = ITEMS.iter().cycle();
    let lines = (1..=lines)
        .zip(items)
        .map(|(position, item)| line(position, item))
        .collect();
    let mut invoice = Invoice {
        kind: Kind::Invoice,
        number: "INV-2026-001284".into(),
        issue_date: date(2026, 11, 21),
        due_date: Some(date(2026, 12, 21)),
        currency: Currency {
            code: "EUR".into(),
            exponent: 2,
        },
        seller: seller(),
        buyer: buyer(),
        buyer_reference: Some("KST-4711".into()),
        order_reference: Some("PO-88-20931".into()),
        corrects: None,
        notes: vec![
            "Thank you for working with us. Questions about this invoice reach us at any time."
                .into(),
        ],
        payment: Payment {
            iban: Some("DE89370400440532013000".into()),
            bic: Some("COBADEFFXXX".into()),
            account_name: Some("Northwind Licensing GmbH".into()),
            remittance: Some("INV-2026-001284".into()),
            terms: Some("Payable within 30 days without deduction.".into()),
        },
        lines,
        taxes: Vec::new(),
        tax_rounding: TaxRounding::Document,
        totals: Totals::default(),
    };
    add_up(&mut invoice);
    invoice
}

fn line(position: u32, item: &Item) -> Line {
    let (name, id, quantity, unit, price, days, rate) = *item;
    let amount = amount::decimal(price, 2);
    let part = if days < 365 {
        format!(" × {days} of 365 days")
    } else {
        String::new()
    };
    let is_copy = unit == "copy";
    let last = date(2026, 12, 31);
    Line {
        position,
        id: Some(id.into()),
        name: name.into(),
        explanation: (!is_copy).then(|| format!("{quantity} {unit}s × {amount} EUR/year{part}")),
        period: (!is_copy).then(|| Period {
            first: first_day(last, days),
            last,
        }),
        quantity,
        unit: unit.into(),
        unit_code: Line::PIECE.into(),
        unit_price_minor: price,
        amount_minor: (quantity * price * days + 182) / 365,
        category: Category::Standard,
        rate_basis_points: rate,
    }
}

fn first_day(last: Date, days: i64) -> Date {
    last.saturating_sub(jiff::Span::new().days(days - 1))
}

fn seller() -> Party {
    Party {
        name: "Northwind Licensing GmbH".into(),
        street: "Hafenstraße 12".into(),
        city: "Hamburg".into(),
        postcode: "20457".into(),
        country: "DE".into(),
        vat_id: Some("DE287654321".into()),
        tax_number: Some("48/732/01234".into()),
        registration: Some("HRB 112233, Amtsgericht Hamburg".into()),
        contact: Some("Accounts".into()),
        telephone: Some("+49 40 1234567".into()),
        email: Some("billing@northwind.example".into()),
    }
}

fn buyer() -> Party {
    Party {
        name: "Brückner & Söhne Maschinenbau AG".into(),
        street: "Industriepark Süd 4\nGebäude C".into(),
        city: "Köln".into(),
        postcode: "50667".into(),
        country: "DE".into(),
        vat_id: Some("DE811234567".into()),
        email: Some("rechnungen@brueckner.example".into()),
        ..Party::default()
    }
}

/// Fills in taxes and sums from the lines, keeping the reasons that there are.
pub(crate) fn add_up(invoice: &mut Invoice) {
    let mut rows: Vec<Tax> = Vec::new();
    for line in &invoice.lines {
        let key = (line.category, line.rate_basis_points);
        let is_same = |row: &&mut Tax| (row.category, row.rate_basis_points) == key;
        let tax = tax_minor(line.amount_minor, key.1);
        if let Some(row) = rows.iter_mut().find(is_same) {
            row.taxable_minor += line.amount_minor;
            row.tax_minor += tax;
        } else {
            let known = invoice.taxes.iter().find(|row| row.category == key.0);
            rows.push(Tax {
                category: key.0,
                rate_basis_points: key.1,
                taxable_minor: line.amount_minor,
                tax_minor: tax,
                reason: known.and_then(|row| row.reason.clone()),
            });
        }
    }
    if invoice.tax_rounding == TaxRounding::Document {
        for row in &mut rows {
            row.tax_minor = tax_minor(row.taxable_minor, row.rate_basis_points);
        }
    }
    let totals = &mut invoice.totals;
    totals.net_minor = invoice.lines.iter().map(|line| line.amount_minor).sum();
    totals.tax_minor = rows.iter().map(|row| row.tax_minor).sum();
    totals.total_minor = totals.net_minor + totals.tax_minor;
    totals.due_minor = totals.total_minor - totals.prepaid_minor;
    invoice.taxes = rows;
}

fn tax_minor(amount_minor: i64, rate_basis_points: u32) -> i64 {
    i64::try_from(amount::tax(amount_minor, rate_basis_points)).unwrap_or(i64::MAX)
}
