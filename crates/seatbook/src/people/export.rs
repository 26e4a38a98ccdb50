//! People and open invitations as a file, a row for each membership, as on the page.

use store::{Timestamp, Tx};

use super::{
    model::{Invitation, Person},
    pages::people_list,
    queries::{self, Filter, InvitationFilter},
};
use crate::{
    console::{badges, form::value},
    error::Result,
    files::ColumnKind,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, clock, shown, table, text, yes},
};

/// One membership or invitation.
struct Line {
    name: String,
    email: String,
    organization: String,
    role: String,
    second_factor: bool,
    seen_at: Option<Timestamp>,
    status: &'static str,
}

const FIELDS: &[Field<Line>] = &[
    Field::text("", "Person", |it: &Line, _| text(&it.name)).wide(32),
    Field::text("", "E-mail", |it: &Line, _| text(&it.email)).wide(32),
    Field::text("organization", "Organization", |it: &Line, _| {
        text(&it.organization)
    })
    .wide(32),
    Field::text("", "Role", |it: &Line, _| text(&it.role)).wide(24),
    Field::text("second_factor", "Second factor", |it, _| {
        yes(it.second_factor)
    }),
    Field::new(
        "last_seen",
        "Last seen",
        ColumnKind::Instant,
        |it: &Line, reader| clock(it.seen_at, reader),
    )
    .wide(20),
    Field::text("", "Status", |it, _| text(&badges::access(it.status).label)),
];

/// Open invitations first, the oldest first, then people by name.
struct People {
    /// Nothing once they are through, and where a role is asked for: that is about people.
    invitations: Option<InvitationFilter>,
    people: Filter,
}

/// The people and invitations that the reader sees, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = people_list(&[]).read(pairs);
    let keyword = Some(list.q.clone()).filter(|q| !q.is_empty());
    let role = Some(value(pairs, "role").to_owned()).filter(|role| !role.is_empty());
    let invitations = InvitationFilter {
        keyword: keyword.clone(),
        limit: PORTION,
        ..InvitationFilter::default()
    };
    let lines = People {
        invitations: role.is_none().then_some(invitations),
        people: Filter {
            keyword,
            role,
            limit: PORTION,
            ..Filter::default()
        },
    };
    table(shown(FIELDS, &list), lines)
}

impl Lines for People {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        if let Some(filter) = &mut self.invitations {
            let found = queries::invitations(tx, &reader.scope, filter).await?;
            filter.after = found.last().map(|last| last.id);
            if (found.len() as i64) < PORTION {
                self.invitations = None;
            }
            let lines = found.into_iter().map(|it| invited(it, reader.now));
            return Ok((lines.collect(), false));
        }
        let found = queries::list(tx, &reader.scope, &self.people).await?;
        self.people.after = found.last().map(|last| (last.name.clone(), last.id));
        let is_last = (found.len() as i64) < PORTION;
        Ok((found.iter().flat_map(seats).collect(), is_last))
    }
}

fn invited(it: Invitation, now: Timestamp) -> Line {
    let ended = queries::has_ended(&it, now);
    Line {
        name: String::new(),
        email: it.email,
        organization: it.organization,
        role: it.role_name,
        second_factor: false,
        seen_at: None,
        status: if ended { "expired" } else { "invited" },
    }
}

fn seats(person: &Person) -> Vec<Line> {
    let memberships = person.memberships.iter();
    let line = memberships.map(|it| Line {
        name: person.name.clone(),
        email: person.email.clone(),
        organization: it.organization.clone(),
        role: it.role_name.clone(),
        second_factor: person.second_factor,
        seen_at: person.last_seen_at,
        status: match person.active && it.active {
            true => "active",
            false => "suspended",
        },
    });
    line.collect()
}
