//! Organizations as a file, by name: a tree is no table.

use std::collections::HashMap;

use store::Tx;
use uuid::Uuid;

use super::counts;
use crate::{
    console::form::value,
    error::{Error, Result},
    files::{Cell, ColumnKind},
    listings::{Field, Found, Lines, Listing, PORTION, Reader, maybe, shown, table, text},
    organizations::{
        model::{Kind, Organization},
        pages::{OrganizationRow, organization_list},
        queries::{self, Filter},
    },
    scope::{Permission, queries::check_visible},
};

/// An organization with what stands below it and what it holds.
struct Line {
    organization: Organization,
    counted: OrganizationRow,
    /// What stands between it and the one at the top.
    path: Option<String>,
    /// Whether what it holds is for this reader, as on the page.
    shows_licenses: bool,
}

impl Line {
    fn held(&self, count: i64) -> Cell {
        match self.shows_licenses {
            true => Cell::Number(count),
            false => Cell::Empty,
        }
    }
}

const FIELDS: &[Field<Line>] = &[
    Field::text("", "Organization", |it: &Line, _| {
        text(&it.organization.name)
    })
    .wide(40),
    Field::text("", "Reference", |it, _| {
        maybe(it.organization.reference.as_ref())
    }),
    Field::text("", "Kind", |it, _| text(it.organization.kind.as_str())),
    Field::text("", "Below", |it: &Line, _| maybe(it.path.as_ref())).wide(40),
    Field::number("children", "Below it", |it, _| {
        Cell::Number(it.counted.children)
    }),
    Field::number("licenses", "Licenses", |it: &Line, _| {
        it.held(it.counted.licenses)
    })
    .needing(&[Permission::LicensesRead]),
    Field::number("units", "Units", |it: &Line, _| it.held(it.counted.units))
        .needing(&[Permission::LicensesRead]),
    Field::text("", "Status", |it, _| text(&it.counted.status.label)),
    Field::text("", "Web site", |it: &Line, _| {
        maybe(it.organization.website.as_ref())
    })
    .wide(28),
    Field::text("", "Tax number", |it, _| {
        maybe(it.organization.tax_id.as_ref())
    }),
    Field::new("", "Added", ColumnKind::Instant, |it: &Line, reader| {
        reader.clock(it.organization.created_at)
    })
    .wide(20),
];

/// Everything below an organization that search and filters find.
struct Organizations(Filter);

/// The organizations below the reader's, as an address describes them.
pub fn listing(pairs: &[(String, String)], reader: &Reader) -> Box<dyn Listing> {
    let list = organization_list().read(pairs);
    let top = value(pairs, "below").parse::<Uuid>();
    let organizations = Organizations(Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        below: Some(top.unwrap_or(reader.organization_id)),
        kind: [Kind::Partner, Kind::Customer]
            .map(Kind::as_str)
            .into_iter()
            .find(|kind| *kind == list.chosen("kind")),
        blocked: !list.chosen("suspended").is_empty(),
        descending: list.sort.starts_with('-'),
        limit: PORTION,
        ..Filter::default()
    });
    table(shown(FIELDS, &list), organizations)
}

impl Lines for Organizations {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let top = self.0.below.unwrap_or(reader.organization_id);
        let seen = queries::find_visible(tx, &reader.scope, top).await?;
        seen.ok_or_else(Error::not_found)?;
        let held = check_visible(tx, &reader.scope, Permission::LicensesRead, top).await;
        let shows_licenses = held.is_ok();
        let found = queries::list(tx, &reader.scope, &self.0).await?;
        let ids: Vec<Uuid> = found.iter().map(|it| it.id).collect();
        let mut counted: HashMap<Uuid, OrganizationRow> = counts::rows(tx, &ids).await?;
        let mut paths = counts::paths(tx, top, &ids).await?;
        let is_last = (found.len() as i64) < PORTION;
        self.0.after = found.last().map(|last| (last.name.clone(), last.id));
        let line = |organization: Organization| Line {
            counted: counted.remove(&organization.id).unwrap_or_default(),
            path: paths.remove(&organization.id),
            shows_licenses,
            organization,
        };
        Ok((found.into_iter().map(line).collect(), is_last))
    }
}
