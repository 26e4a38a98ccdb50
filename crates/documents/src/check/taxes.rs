//! Taxes by category and rate (BG-23), and what each category demands.

use super::{Breaches, shown};
use crate::{
    amount,
    invoice::{Category, Invoice, Line, Tax, TaxRounding},
    terms::{category_code, present},
};

pub fn judge(invoice: &Invoice, breaches: &mut Breaches) {
    breaches.unless(!invoice.taxes.is_empty(), "BR-CO-18", "taxes", || {
        "The document says nothing about tax.".to_owned()
    });
    for (index, row) in invoice.taxes.iter().enumerate() {
        taxable(invoice, row, index, breaches);
        tax(invoice, row, index, breaches);
        rate_fits(
            row.category,
            row.rate_basis_points,
            &format!("taxes[{index}]"),
            breaches,
        );
        reason(row, index, breaches);
    }
    for (index, line) in invoice.lines.iter().enumerate() {
        let row = invoice.taxes.iter().find(|row| is_taxed_by(line, row));
        let rule = rule(line.category, "01");
        breaches.unless(
            row.is_some(),
            &rule,
            &format!("lines[{index}].category"),
            || {
                format!(
                    "Position {} has a tax that is not in the breakdown.",
                    line.position
                )
            },
        );
        rate_fits(
            line.category,
            line.rate_basis_points,
            &format!("lines[{index}]"),
            breaches,
        );
    }
    ids(invoice, breaches);
    out_of_scope_is_alone(invoice, breaches);
}

/// BR-S-08 and its siblings; a category and rate stands once (BR-S-08, BR-Z-01 …).
fn taxable(invoice: &Invoice, row: &Tax, index: usize, breaches: &mut Breaches) {
    let above = &invoice.taxes[..index];
    let is_twin = |other: &Tax| {
        other.category == row.category && other.rate_basis_points == row.rate_basis_points
    };
    breaches.unless(
        !above.iter().any(is_twin),
        &rule(row.category, "01"),
        &format!("taxes[{index}]"),
        || "A category and rate stands twice in the breakdown.".to_owned(),
    );
    let lines: i128 = lines_of(invoice, row)
        .map(|line| i128::from(line.amount_minor))
        .sum();
    let taxable = i128::from(row.taxable_minor);
    breaches.unless(
        taxable == lines,
        &rule(row.category, "08"),
        &format!("taxes[{index}].taxable_minor"),
        || {
            let (lines, taxable) = (shown(invoice, lines), shown(invoice, taxable));
            format!("The lines with this tax sum to {lines}, but the taxable amount is {taxable}.")
        },
    );
}

/// BR-CO-17 as the document rounds, BR-S-09 as far as validators tolerate it, and BR-Z-09 and its siblings.
fn tax(invoice: &Invoice, row: &Tax, index: usize, breaches: &mut Breaches) {
    let field = format!("taxes[{index}].tax_minor");
    let tax = i128::from(row.tax_minor);
    if row.category != Category::Standard {
        breaches.unless(tax == 0, &rule(row.category, "09"), &field, || {
            format!(
                "This category has no tax, but {} is charged.",
                shown(invoice, tax)
            )
        });
        return;
    }
    let once = amount::tax(row.taxable_minor, row.rate_basis_points);
    let rounded = match invoice.tax_rounding {
        TaxRounding::Document => once,
        TaxRounding::Line => lines_of(invoice, row)
            .map(|line| amount::tax(line.amount_minor, line.rate_basis_points))
            .sum(),
    };
    breaches.unless(tax == rounded, "BR-CO-17", &field, || {
        let (tax, rounded) = (shown(invoice, tax), shown(invoice, rounded));
        let percent = amount::percent(row.rate_basis_points);
        format!("{percent} % tax comes to {rounded}, but {tax} is charged.")
    });
    let exact = i128::from(row.taxable_minor) * i128::from(row.rate_basis_points);
    let unit = 10_i128.pow(u32::from(invoice.currency.exponent.min(4)));
    let tolerated = (tax * 10_000 - exact).abs() < unit * 10_000;
    breaches.unless(tolerated, "BR-S-09", &field, || {
        let once = shown(invoice, once);
        format!("The tax of lines rounded one by one is too far from the {once} of their sum: round the document.")
    });
}

/// BR-S-05 and its siblings: only the standard category has a rate above zero.
fn rate_fits(category: Category, rate: u32, place: &str, breaches: &mut Breaches) {
    let fits = (category == Category::Standard) == (rate > 0);
    let field = format!("{place}.rate_basis_points");
    breaches.unless(fits, &rule(category, "05"), &field, || {
        let (code, percent) = (category_code(category), amount::percent(rate));
        format!("Category {code} cannot have a rate of {percent} %.")
    });
}

/// BR-S-10 and its siblings: who charges no tax says why, except where the rate is zero.
fn reason(row: &Tax, index: usize, breaches: &mut Breaches) {
    let wanted = !matches!(row.category, Category::Standard | Category::Zero);
    let given = present(row.reason.as_deref()).is_some();
    let field = format!("taxes[{index}].reason");
    breaches.unless(wanted == given, &rule(row.category, "10"), &field, || {
        let code = category_code(row.category);
        if wanted {
            format!("Category {code} needs a reason why no tax is charged.")
        } else {
            format!("Category {code} is taxed: a reason for no tax contradicts it.")
        }
    });
}

/// BR-S-02 and its siblings: who must be known to which tax office.
///
/// For reverse charge, BR-AE-02 is content with registration numbers; article 226 of Directive 2006/112/EC, numbers
/// 3 and 4, wants both VAT ids, and so do we.
fn ids(invoice: &Invoice, breaches: &mut Breaches) {
    let (seller, buyer) = (&invoice.seller, &invoice.buyer);
    let seller_vat = present(seller.vat_id.as_deref()).is_some();
    let buyer_vat = present(buyer.vat_id.as_deref()).is_some();
    let tax_number = present(seller.tax_number.as_deref()).is_some();
    for category in categories(invoice) {
        let rule = rule(category, "02");
        match category {
            Category::Standard | Category::Zero | Category::Exempt => {
                breaches.unless(seller_vat || tax_number, &rule, "seller.vat_id", || {
                    "The seller needs a VAT ID or a tax number.".to_owned()
                });
            }
            Category::ReverseCharge => {
                breaches.unless(seller_vat, &rule, "seller.vat_id", || {
                    "Reverse charge needs the seller's VAT ID.".to_owned()
                });
                breaches.unless(buyer_vat, &rule, "buyer.vat_id", || {
                    "Reverse charge needs the buyer's VAT ID: the buyer owes the tax.".to_owned()
                });
            }
            Category::OutsideScope => {
                for (known, field) in [(seller_vat, "seller.vat_id"), (buyer_vat, "buyer.vat_id")] {
                    breaches.unless(!known, &rule, field, || {
                        "No VAT ID may stand on a document that is not subject to VAT.".to_owned()
                    });
                }
            }
        }
    }
}

/// BR-O-11 and BR-O-12: a document is subject to VAT, or it is not.
fn out_of_scope_is_alone(invoice: &Invoice, breaches: &mut Breaches) {
    let is_outside = |category: Category| category == Category::OutsideScope;
    let rows = || invoice.taxes.iter().map(|row| row.category);
    if !rows().any(is_outside) {
        return;
    }
    breaches.unless(rows().all(is_outside), "BR-O-11", "taxes", || {
        "What is not subject to VAT needs a document of its own.".to_owned()
    });
    let lines = invoice.lines.iter().all(|line| is_outside(line.category));
    breaches.unless(lines, "BR-O-12", "lines", || {
        "A line is subject to VAT on a document that is not.".to_owned()
    });
}

/// Each category of lines or breakdown, once.
fn categories(invoice: &Invoice) -> Vec<Category> {
    let lines = invoice.lines.iter().map(|line| line.category);
    let rows = invoice.taxes.iter().map(|row| row.category);
    let mut all: Vec<Category> = lines.chain(rows).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn lines_of<'a>(invoice: &'a Invoice, row: &'a Tax) -> impl Iterator<Item = &'a Line> {
    invoice
        .lines
        .iter()
        .filter(move |line| is_taxed_by(line, row))
}

fn is_taxed_by(line: &Line, row: &Tax) -> bool {
    line.category == row.category && line.rate_basis_points == row.rate_basis_points
}

fn rule(category: Category, number: &str) -> String {
    format!("BR-{}-{number}", category_code(category))
}
