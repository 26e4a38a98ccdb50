//! Who uses which unit of one organization, and what is still available, as a file.

use std::mem;

use store::Tx;
use uuid::Uuid;

use super::{
    lines::{self, Filter, Free, GATHERED, Sort},
    list::{configuration_list, filter},
};
use crate::{
    assignments::model::Assignment,
    console::form::value,
    error::Result,
    files::{Cell, ColumnKind},
    listings::{Field, Found, Lines, Listing, PORTION, Reader, clock, maybe, shown, table, text},
    scope::{Permission, queries::check_visible},
};

/// A line of a file: a unit in use with its add-ons, or a license with free ones.
enum Line {
    Used(Box<Assignment>, Vec<String>),
    Free(Box<Free>),
}

const FIELDS: &[Field<Line>] = &[
    Field::text("", "License", |it: &Line, _| match it {
        Line::Used(it, _) => text(&it.product_name),
        Line::Free(it) => text(&it.pool.product_name),
    })
    .wide(32),
    Field::text("", "User", |it: &Line, _| {
        maybe(it.used().and_then(|it| it.user_name.as_ref()))
    })
    .wide(32),
    Field::text("", "Through", |it: &Line, _| {
        let holder = it.used().filter(|it| it.user_id != Some(it.holder_id));
        maybe(holder.map(|it| &it.holder_name))
    })
    .wide(32),
    Field::text("extension", "Extension", |it, _| {
        maybe(it.used().and_then(|it| it.extension.as_ref()))
    }),
    Field::text("number", "Number", |it: &Line, _| {
        let did = it.used().and_then(|it| it.did.as_ref());
        text(&did.map_or_else(String::new, |did| format!("+{did}")))
    })
    .wide(20),
    Field::text("add_ons", "Add-ons", |it: &Line, _| match it {
        Line::Used(_, add_ons) => text(&add_ons.join(", ")),
        Line::Free(_) => text(""),
    })
    .wide(40),
    Field::text("uuid", "UUID", |it: &Line, _| match it {
        Line::Used(it, _) => text(&it.id.to_string()),
        Line::Free(it) => text(&it.pool.license_id.to_string()),
    })
    .wide(38),
    Field::new(
        "since",
        "Since",
        ColumnKind::Instant,
        |it: &Line, reader| clock(it.used().map(|it| it.assigned_at), reader),
    )
    .wide(20),
    Field::number("", "Units", |it: &Line, _| {
        it.used().map_or(Cell::Empty, |it| Cell::Number(it.units))
    })
    .summed(),
    Field::number("", "Available", |it: &Line, _| match it {
        Line::Used(..) => Cell::Empty,
        Line::Free(it) => Cell::Number(it.pool.free),
    })
    .needing(&[Permission::LicensesRead])
    .summed(),
];

impl Line {
    fn used(&self) -> Option<&Assignment> {
        match self {
            Line::Used(it, _) => Some(it),
            Line::Free(_) => None,
        }
    }
}

/// First the licenses with free units, then the units in use.
struct Units {
    filter: Filter,
    /// The licenses with free units are still to come.
    with_free: bool,
    with_used: bool,
}

/// The units of an organization, as an address describes them.
pub fn listing(id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    // Which columns there are until somebody chooses follows from the organization's products, which are not read yet.
    let list = configuration_list(id, &[(Uuid::nil(), String::new(), true)]).read(pairs);
    let filter = Filter {
        product_id: value(pairs, "product").parse().ok(),
        from: None,
        limit: PORTION,
        ..filter(&list, id, pairs)
    };
    let lines = Units {
        filter,
        with_free: list.chosen("show") != "used",
        with_used: list.chosen("show") != "free",
    };
    table(shown(FIELDS, &list), lines)
}

impl Lines for Units {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let id = self.filter.organization_id;
        if mem::take(&mut self.with_free) {
            let seen = check_visible(tx, &reader.scope, Permission::LicensesRead, id).await;
            let free = match seen {
                Ok(()) => lines::free(tx, &self.filter, (reader.now, lines::GATHERED)).await?,
                Err(_) => vec![],
            };
            let free = free.into_iter().map(|it| Line::Free(Box::new(it)));
            return Ok((free.collect(), !self.with_used));
        }
        let mut page = lines::page(tx, &self.filter).await?;
        if page.total > GATHERED && self.filter.sort != Sort::Since {
            (self.filter.sort, self.filter.descending) = (Sort::Since, false);
            page = lines::page(tx, &self.filter).await?;
        }
        let ids: Vec<Uuid> = page.rows.iter().map(|row| row.id).collect();
        let mut add_ons = lines::add_ons(tx, &ids).await?;
        let is_last = page.next.is_none();
        self.filter.from = page.next;
        let line = |it: Assignment| {
            let add_ons = add_ons.remove(&it.id).unwrap_or_default();
            Line::Used(Box::new(it), add_ons)
        };
        Ok((page.rows.into_iter().map(line).collect(), is_last))
    }
}
