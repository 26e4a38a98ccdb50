//! What is due of a license: a line for each period that has begun and that nothing bills yet.

use jiff::civil;
use rules::{
    billing::{self, Category, Proration, Slice, slices},
    term::{Term, Validity},
};
use store::Date;

use crate::{
    error::{Error, Result},
    invoices::{
        model::Line,
        queries::{Billable, Covered},
    },
};

/// A line for each period that has begun, the first at least, and that nothing bills yet.
pub fn due_lines(license: &Billable, covered: &[Covered], today: Date) -> Result<Vec<Line>> {
    let (price, _) = license.price.clone().unwrap_or_default();
    let mut lines = Vec::new();
    for slice in begun(license, today.0)? {
        let period = slice.map_or(license.start.0, |slice| slice.full.start());
        let days = slice.map(|slice| slice.billed);
        // By days, not by the period's first one: that moves with the license's first day.
        if covered.iter().any(|it| overlaps(it, license, days)) {
            continue;
        }
        let amount = match slice {
            Some(slice) => Proration::of(slice, license.quantity, price),
            None => Proration {
                quantity: license.quantity,
                unit_price_minor: price,
                days: 1,
                of_days: 1,
            },
        };
        lines.push(line(license, (days, Date(period)), amount)?);
    }
    Ok(lines)
}

/// Whether any of these days of a license is billed already.
fn overlaps((license_id, first, last): &Covered, license: &Billable, days: Option<Term>) -> bool {
    let (start, end) = match days {
        Some(days) => (days.start(), Some(days.end())),
        None => (license.start.0, None),
    };
    *license_id == license.license_id
        && end.is_none_or(|end| first.0 <= end)
        && last.is_none_or(|last| start <= last.0)
}

fn line(
    license: &Billable,
    (days, period_start): (Option<Term>, Date),
    amount: Proration,
) -> Result<Line> {
    let description = match &license.name {
        Some(name) => format!("{} – {name}", license.product_name),
        None => license.product_name.clone(),
    };
    let too_large = |_| {
        let message = "The amount of this license is larger than can be billed.";
        Error::conflict("invoice.too_large", message)
            .with("license_id", license.license_id.to_string())
    };
    Ok(Line {
        position: 0,
        license_id: license.license_id,
        sku_code: license.sku_code.clone(),
        description,
        first_day: days.map_or(license.start, |days| Date(days.start())),
        last_day: days.map(|days| Date(days.end())),
        days: amount.days,
        of_days: amount.of_days,
        period_start,
        quantity: license.quantity,
        unit: license.unit.0.clone(),
        units: license.unit.1.clone(),
        unit_price_minor: amount.unit_price_minor,
        net_minor: amount.amount().map_err(too_large)?,
        tax_category: Category::OutsideScope,
        tax_rate_basis_points: 0,
        tax_minor: 0,
        rule: amount.rule(),
    })
}

/// The periods that have begun, and the first in any case; one without days where the license has neither a validity
/// nor an end.
fn begun(license: &Billable, today: civil::Date) -> Result<Vec<Option<Slice>>> {
    let beyond = |_| Error::internal("a period beyond the calendar");
    let (start, end) = (license.start.0, license.end.map(|end| end.0));
    let whole = |end| Term::new(start, end).map_err(Error::internal);
    let Some(text) = &license.validity else {
        return Ok(vec![match end {
            Some(end) => {
                let full = whole(end)?;
                Some(Slice { full, billed: full })
            }
            None => None,
        }]);
    };
    let every: Validity = text.parse().map_err(Error::internal)?;
    let first = every.period(start, 0).map_err(beyond)?;
    let last = match billing::containing(every, start, today.max(start)).map_err(beyond)? {
        Some((_, period)) => period.end(),
        None => first.end(),
    };
    let term = whole(end.map_or(last, |end| end.min(last)))?;
    let slices = slices(every, start, term).map_err(beyond)?;
    Ok(slices.into_iter().map(Some).collect())
}
