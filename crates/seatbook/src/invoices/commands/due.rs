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
    let mut lines = Vec::new();
    for mut part in begun(license, today.0)? {
        let first = part.cut(license, covered)?;
        let days = part.slice.map(|slice| slice.billed);
        // By days, not by the period's first one: that moves with the license's first day.
        if covered.iter().any(|it| overlaps(it, license, days)) {
            continue;
        }
        let amount = match part.slice {
            Some(slice) => Proration::of(slice, part.quantity, part.price_minor),
            None => Proration {
                quantity: part.quantity,
                unit_price_minor: part.price_minor,
                days: 1,
                of_days: 1,
            },
        };
        lines.push(line(license, (days, Date(first)), amount)?);
    }
    Ok(lines)
}

/// Days of a license that are billed together, with what they are billed for.
#[derive(Clone, Copy)]
struct Part {
    /// Which days; none where it has neither a validity nor an end.
    slice: Option<Slice>,
    quantity: i64,
    price_minor: i64,
}

impl Part {
    /// Leaves out the days at its beginning that are billed already: those of a period whose last day was moved since,
    /// and of a term that was cut short, which the next one begins in. Gives the day by which it is billed once.
    fn cut(&mut self, license: &Billable, covered: &[Covered]) -> Result<civil::Date> {
        let Some(slice) = &mut self.slice else {
            return Ok(license.start.0);
        };
        let renewed = license.terms.len() > 1;
        let mut named = slice.full.start();
        while let Some(last) = paid_until(license, covered, (slice.billed, renewed)) {
            if last >= slice.billed.end() {
                break;
            }
            named = last.tomorrow().map_err(Error::internal)?;
            slice.billed = Term::new(named, slice.billed.end()).map_err(Error::internal)?;
        }
        Ok(named)
    }
}

/// Until when the first of these days, and those after it, are billed already.
fn paid_until(
    license: &Billable,
    covered: &[Covered],
    (days, renewed): (Term, bool),
) -> Option<civil::Date> {
    let paid = covered
        .iter()
        .filter(|it| overlaps(it, license, Some(days)));
    let at_first = |first: civil::Date| match renewed {
        true => first <= days.start(),
        false => first == days.start(),
    };
    let paid = paid.filter(|(_, first, _)| at_first(first.0));
    paid.filter_map(|(_, _, last)| *last)
        .max()
        .map(|last| last.0)
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
        quantity: amount.quantity,
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
fn begun(license: &Billable, today: civil::Date) -> Result<Vec<Part>> {
    if license.terms.len() > 1 {
        return begun_terms(license, today);
    }
    let (start, end) = (license.start.0, license.end.map(|end| end.0));
    let slices = match &license.validity {
        Some(text) => {
            let every: Validity = text.parse().map_err(Error::internal)?;
            let slices = begun_slices(every, start, (start, end), today)?;
            slices.into_iter().map(Some).collect()
        }
        None => match end {
            Some(end) => {
                let full = Term::new(start, end).map_err(Error::internal)?;
                vec![Some(Slice { full, billed: full })]
            }
            None => vec![None],
        },
    };
    let part = |slice| Part {
        slice,
        quantity: license.quantity,
        price_minor: price_of(license),
    };
    Ok(slices.into_iter().map(part).collect())
}

/// The same, term by term: those that are over are billed for the units and the price that they had, the present one
/// for what the license has.
fn begun_terms(license: &Billable, today: civil::Date) -> Result<Vec<Part>> {
    let every = license.validity.as_deref().map(str::parse::<Validity>);
    let every = every.transpose().map_err(Error::internal)?;
    let currency = license.price.as_ref().map(|(_, currency)| currency);
    let mut parts = vec![];
    for (at, term) in license.terms.iter().enumerate() {
        if at > 0 && term.start.0 > today {
            break;
        }
        let present = at + 1 == license.terms.len();
        let own = term.price.as_ref().filter(|(_, own)| Some(own) == currency);
        let (quantity, price_minor) = match (present, own) {
            (false, Some((minor, _))) => (term.quantity, *minor),
            (false, None) => (term.quantity, price_of(license)),
            (true, _) => (license.quantity, price_of(license)),
        };
        let (start, end) = (term.start.0, term.end.0);
        let slices = match every {
            Some(every) => {
                let anchors = license.terms[..=at].iter().map(|it| it.start.0);
                let anchor = anchor_of(every, anchors, start);
                begun_slices(every, anchor, (start, Some(end)), today)?
            }
            // Part of a service plan, whose term it had: the price is for the whole of it.
            None => {
                let full = Term::new(start, end).map_err(Error::internal)?;
                vec![Slice { full, billed: full }]
            }
        };
        for slice in slices {
            parts.push(Part {
                slice: Some(slice),
                quantity,
                price_minor,
            });
        }
    }
    Ok(parts)
}

fn price_of(license: &Billable) -> i64 {
    license.price.as_ref().map_or(0, |(minor, _)| *minor)
}

/// The first of the anchors that has a boundary on a day; the day itself where none has.
fn anchor_of(
    every: Validity,
    mut anchors: impl Iterator<Item = civil::Date>,
    day: civil::Date,
) -> civil::Date {
    let found = anchors.find(|anchor| {
        let found = billing::containing(every, *anchor, day).ok().flatten();
        found.is_some_and(|(_, period)| period.start() == day)
    });
    found.unwrap_or(day)
}

/// The periods between two days that have begun, and the first in any case.
fn begun_slices(
    every: Validity,
    anchor: civil::Date,
    (start, end): (civil::Date, Option<civil::Date>),
    today: civil::Date,
) -> Result<Vec<Slice>> {
    let beyond = |_| Error::internal("a period beyond the calendar");
    let now = billing::containing(every, anchor, today.max(start)).map_err(beyond)?;
    let last = match now {
        Some((_, period)) => period.end(),
        None => every.period(start, 0).map_err(beyond)?.end(),
    };
    let last = end.map_or(last, |end| end.min(last));
    let term = Term::new(start, last).map_err(Error::internal)?;
    slices(every, anchor, term).map_err(beyond)
}
