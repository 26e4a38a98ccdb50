//! Users, devices, screens and extensions as a file.

use std::collections::HashMap;

use store::Tx;
use uuid::Uuid;

use super::{
    list::filter,
    model::Holder,
    pages::holder_list,
    queries::{self, Filter},
};
use crate::{
    error::Result,
    files::Cell,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, maybe, shown, table, text},
};

/// A holder with what its row says beside.
struct Line {
    holder: Holder,
    organization: Option<String>,
    /// Units of what belongs to it.
    beside: i64,
}

const FIELDS: &[Field<Line>] = &[
    Field::text("", "Holder", |it: &Line, _| text(&it.holder.name)).wide(32),
    Field::text("kind", "Kind", |it, _| text(it.holder.kind.as_str())),
    Field::text("organization", "Organization", |it: &Line, _| {
        maybe(it.organization.as_ref())
    })
    .wide(32),
    Field::text("", "E-mail", |it: &Line, _| maybe(it.holder.email.as_ref())).wide(32),
    Field::text("extension", "Extension", |it, _| {
        maybe(it.holder.extension.as_ref())
    }),
    Field::text("number", "Number", |it, _| maybe(it.holder.did.as_ref())),
    Field::text("serial", "Serial number", |it, _| {
        maybe(it.holder.serial.as_ref())
    }),
    Field::text("reference", "Reference", |it, _| {
        maybe(it.holder.reference.as_ref())
    }),
    Field::text("owner", "Belongs to", |it, _| {
        maybe(it.holder.owner_name.as_ref())
    }),
    Field::number("", "Units", |it: &Line, _| {
        Cell::Number(it.holder.bindings + it.beside)
    })
    .summed(),
];

/// The holders that search and filters find, by name.
struct Holders(Filter);

/// The holders of one organization, or of all that the reader sees, as an address describes them.
pub fn listing(of: Option<Uuid>, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = holder_list(of).read(pairs);
    let holders = Holders(Filter {
        limit: PORTION,
        ..filter(&list, of, "")
    });
    table(shown(FIELDS, &list), holders)
}

impl Lines for Holders {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        if self.0.many.is_none() {
            self.0.many = Some(queries::count_many(tx, &reader.scope, &self.0).await?);
        }
        let found = queries::list(tx, &reader.scope, &self.0).await?;
        let ids: Vec<Uuid> = found.iter().map(|it| it.id).collect();
        let beside = queries::bindings_of_belongings(tx, &ids).await?;
        let mut whose: Vec<Uuid> = found.iter().map(|it| it.organization_id).collect();
        whose.sort_unstable();
        whose.dedup();
        let names: HashMap<Uuid, String> = queries::organization_names(tx, &whose).await?;
        self.0.after = found.last().map(|last| (last.name.clone(), last.id));
        let is_last = (found.len() as i64) < PORTION;
        let line = |holder: Holder| Line {
            organization: names.get(&holder.organization_id).cloned(),
            beside: beside.get(&holder.id).copied().unwrap_or_default(),
            holder,
        };
        Ok((found.into_iter().map(line).collect(), is_last))
    }
}
