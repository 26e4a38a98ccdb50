//! Who uses which unit of one organization, and what is still available, as a file.

use std::collections::HashMap;

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::{
    lines::{self, Filter, GATHERED, Sort, Word},
    list::{configuration_list, filter},
};
use crate::{
    assignments::model::Assignment,
    catalog::model::ProductKind,
    console::form::value,
    error::Result,
    files::{Cell, ColumnKind},
    licenses::{model::Pool, pools},
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
    /// The last of them that was read, where there are too many to be sorted.
    behind: Option<Uuid>,
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
        behind: None,
        with_used: list.chosen("show") != "free",
    };
    table(shown(FIELDS, &list), lines)
}

impl Units {
    /// The licenses with free units, all of them in order where that can be; else the next of them.
    async fn free(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Free>> {
        if self.behind.is_none() {
            let free = free(tx, &self.filter, (now, Way::Sorted(GATHERED))).await?;
            if free.len() as i64 <= GATHERED {
                return Ok(free);
            }
        }
        let behind = *self.behind.get_or_insert(Uuid::nil());
        free(tx, &self.filter, (now, Way::Behind(behind, PORTION))).await
    }
}

impl Lines for Units {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let id = self.filter.organization_id;
        if self.with_free {
            let seen = check_visible(tx, &reader.scope, Permission::LicensesRead, id).await;
            let free = match seen {
                Ok(()) => self.free(tx, reader.now).await?,
                Err(_) => vec![],
            };
            let goes_on = self.behind.is_some() && free.len() as i64 == PORTION;
            (self.with_free, self.behind) = (goes_on, free.last().map(|it| it.pool.id));
            let free = free.into_iter().map(|it| Line::Free(Box::new(it)));
            return Ok((free.collect(), !goes_on && !self.with_used));
        }
        let mut page = lines::page(tx, &self.filter).await?;
        if page.total > GATHERED && self.filter.sort != Sort::Since {
            (self.filter.sort, self.filter.descending) = (Sort::Since, false);
            page = lines::page(tx, &self.filter).await?;
        }
        let ids: Vec<Uuid> = page.rows.iter().map(|row| row.id).collect();
        let mut add_ons = lines::add_ons(tx, &ids).await?;
        let is_last = page.next.is_none();
        // A place is one of an order: a list that grows meanwhile goes on in its own.
        (self.filter.from, self.filter.size) = (page.next, Some(page.total));
        let line = |it: Assignment| {
            let add_ons = add_ons.remove(&it.id).unwrap_or_default();
            Line::Used(Box::new(it), add_ons)
        };
        Ok((page.rows.into_iter().map(line).collect(), is_last))
    }
}

/// A pool with free units, and its product.
#[derive(Clone, Debug)]
pub struct Free {
    /// The pool.
    pub pool: Pool,
    /// Base or add-on.
    pub kind: ProductKind,
}

/// In which order pools with free units are read, and how many.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Of telephones first, then of other bases and of add-ons, by product and end: so many, and one more.
    Sorted(i64),
    /// The next of a list of any length, behind a pool.
    Behind(Uuid, i64),
}

/// The organization's pools that can give units now. A keyword that is no UUID asks for
/// holders, and a free unit has none.
pub async fn free(
    tx: &mut Tx<'_>,
    filter: &Filter,
    (now, way): (Timestamp, Way),
) -> Result<Vec<Free>> {
    let word = filter.word();
    if filter.user_id.is_some() || matches!(word, Some(Word::Like(_))) {
        return Ok(vec![]);
    }
    let mut select =
        Select::new("SELECT p.id, r.kind FROM pool p JOIN product r ON r.id = p.product_id");
    select
        .and("p.organization_id = ?", &filter.organization_id)
        .and_raw("p.open = TRUE AND p.quantity > p.allocated + p.assigned")
        .and("p.starts_at <= ?", &now)
        .and("(p.ends_at IS NULL OR p.ends_at > ?)", &now);
    if let Some(product_id) = &filter.product_id {
        select.and("p.product_id = ?", product_id);
    }
    if let Some(Word::Id(id)) = &word {
        select.and_all("(p.id = ? OR p.license_id = ?)", &[id, id]);
    }
    let tail = match &way {
        Way::Sorted(most) => {
            let order =
                "r.has_extensions DESC, r.kind DESC, r.name, p.ends_at IS NULL, p.ends_at, p.id";
            format!(" ORDER BY {order} LIMIT {}", most + 1)
        }
        Way::Behind(pool_id, most) => {
            select.and("p.id > ?", pool_id);
            format!(" ORDER BY p.id LIMIT {most}")
        }
    };
    let sql = select.sql(&tail);
    let rows: Vec<(Uuid, String)> = tx.query(&sql, select.params()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let mut found: HashMap<Uuid, Pool> = pools::of_ids(tx, &ids)
        .await?
        .into_iter()
        .map(|pool| (pool.id, pool))
        .collect();
    let free = |(id, kind): (Uuid, String)| {
        Some(Free {
            pool: found.remove(&id)?,
            kind: ProductKind::parse(&kind).unwrap_or_default(),
        })
    };
    Ok(rows.into_iter().filter_map(free).collect())
}
