//! Settling: what becomes of each overlap, from what was said of it and what holds where nothing was.

use uuid::Uuid;

use crate::{
    crossgrades::model::{Resolution, Said, Units},
    error::{Error, FieldError, Result},
    plan_subscriptions::{commands::order::Line, model::Overlap},
    plans::model::MOST_UNITS,
    subscriptions::model::Choice,
};

/// An overlap with what becomes of it.
pub struct Settled {
    /// What the customer has, and the component that includes it too.
    pub overlap: Overlap,
    /// What becomes of it.
    pub resolution: Resolution,
    /// Units of its pool afterwards.
    pub units: i64,
    /// Who loses a unit, where there are to be fewer than are in use.
    pub choice: Choice,
}

impl Overlap {
    /// What becomes of it where nobody says so: bindings go over where the plan takes the place of what the customer
    /// has. Two licenses that only happen to share a component both stay.
    pub fn usual(&self) -> Resolution {
        match self.transferable && (self.same_product || self.contained) {
            true => Resolution::Transfer,
            false => Resolution::KeepBoth,
        }
    }
}

/// Settles all overlaps.
pub fn settle(lines: &[Line], overlaps: Vec<Overlap>, said: &[Said]) -> Result<Vec<Settled>> {
    check_named(&overlaps, said)?;
    let find = |pool_id: Uuid| said.iter().position(|it| it.pool_id == pool_id);
    let mut settled = Vec::with_capacity(overlaps.len());
    for overlap in overlaps {
        let place = find(overlap.pool.id);
        let said = place.map(|place| &said[place]);
        let resolution = said.and_then(|it| it.resolution);
        let resolution = resolution.unwrap_or_else(|| overlap.usual());
        if resolution == Resolution::Transfer && !overlap.transferable {
            return Err(not_transferable(&overlap, place));
        }
        let units = match resolution {
            Resolution::End => 0,
            _ => overlap.pool.quantity,
        };
        settled.push(Settled {
            resolution,
            units,
            choice: said.map(|it| it.choice.clone()).unwrap_or_default(),
            overlap,
        });
    }
    for (place, said) in said.iter().enumerate() {
        if said.units != Units::Keep {
            resize(lines, &mut settled, (place, said))?;
        }
    }
    Ok(settled)
}

fn check_named(overlaps: &[Overlap], said: &[Said]) -> Result<()> {
    let mut wrong = Vec::new();
    for (place, it) in said.iter().enumerate() {
        let twice = said[..place]
            .iter()
            .any(|other| other.pool_id == it.pool_id);
        if twice || !overlaps.iter().any(|overlap| overlap.pool.id == it.pool_id) {
            wrong.push(FieldError {
                field: format!("overlaps[{place}].pool_id"),
                code: "crossgrade.no_such_overlap".into(),
                message: "The plan shares nothing with this pool, or it was named before.".into(),
            });
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid_fields(wrong)),
    }
}

/// Gives a transferred pool as many units as are ordered of its component, less those that other pools bring to it.
fn resize(lines: &[Line], settled: &mut [Settled], (place, said): (usize, &Said)) -> Result<()> {
    let transferred = |it: &&Settled| it.resolution == Resolution::Transfer;
    let one = settled
        .iter()
        .position(|it| it.overlap.pool.id == said.pool_id);
    let Some(one) = one.filter(|one| transferred(&&settled[*one])) else {
        return Ok(());
    };
    let position = settled[one].overlap.position;
    let line = lines
        .iter()
        .find(|line| line.component.position == position);
    let ordered = line.map_or(0, |line| line.units);
    let others = settled
        .iter()
        .enumerate()
        .filter(|(at, it)| *at != one && transferred(it) && it.overlap.position == position);
    let wanted = ordered - others.map(|(_, it)| it.units).sum::<i64>();
    let units = match said.units {
        Units::Larger => wanted.max(settled[one].overlap.pool.quantity),
        _ => wanted,
    };
    if !(1..=MOST_UNITS).contains(&units) {
        let message = "A component has 1 to 999,999 units, those that come over among them.";
        let field = format!("overlaps[{place}].units");
        return Err(Error::invalid(field, "units.out_of_range", message));
    }
    settled[one].units = units;
    Ok(())
}

fn not_transferable(overlap: &Overlap, place: Option<usize>) -> Error {
    let field = match place {
        Some(place) => format!("overlaps[{place}].resolution"),
        None => "overlaps".into(),
    };
    let message = format!(
        "Units of {} cannot become units of the component: one is a base, the other an add-on. Keep both, or end \
         the old license.",
        overlap.pool.product_name
    );
    Error::invalid(field, "crossgrade.not_transferable", message)
}
