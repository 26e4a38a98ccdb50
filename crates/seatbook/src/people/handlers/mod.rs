//! Handlers of the pages about people: the list, and what its forms share.

pub mod invitations;
pub mod members;

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, Uri},
};
use store::Timestamp;

use super::{
    model::{Invitation, Membership, Person},
    pages::{PeoplePage, PersonFormPage, PersonRow, people_list},
    queries::{self, InvitationFilter},
};
use crate::{
    api::{Cursor, List},
    app::App,
    console::{
        answer::html,
        badges,
        fields::{Choice, Field},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
        table::ListView,
    },
    error::Result,
    roles::{self, model::Role},
    scope::Permission,
};

const ROWS: i64 = 50;
const INVITATIONS: i64 = 50;

/// People and open invitations.
pub async fn list(State(app): State<App>, frame: Frame, uri: Uri) -> PageResult {
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query).into_owned().collect();
    let cursor = pairs
        .iter()
        .find(|(name, value)| name == "cursor" && !value.is_empty());
    let roles = roles_of(&app, &frame).await?;
    let mut choices = vec![("", "Every role")];
    choices.extend(
        roles
            .iter()
            .map(|role| (role.role.as_str(), role.name.as_str())),
    );
    let mut view = people_list(&choices).read(&pairs);
    let keyword = (!view.q.is_empty()).then(|| view.q.clone());
    let role = Some(view.chosen("role").to_owned()).filter(|role| !role.is_empty());
    let filter = queries::Filter {
        keyword: keyword.clone(),
        role: role.clone(),
        after: cursor.map(|(_, place)| Cursor::read(place)).transpose()?,
        limit: ROWS + 1,
        ..Default::default()
    };
    // Invitations stand above the first page; a filter by role is about people.
    let open = InvitationFilter {
        keyword,
        limit: if filter.after.is_some() || role.is_some() {
            0
        } else {
            INVITATIONS
        },
        ..Default::default()
    };
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let people = queries::list(&mut tx, &scope, &filter).await?;
            Ok((people, queries::invitations(&mut tx, &scope, &open).await?))
        })
    });
    let (people, invitations) = read.await?;
    let page = List::page(people, ROWS, |it| (it.name.clone(), it.id));
    let now = app.gate.now();
    let mut rows: Vec<PersonRow> = invitations
        .into_iter()
        .map(|invitation| invited_row(invitation, now))
        .collect();
    (view.shown, view.next) = (page.items.len() as i64, page.next_cursor);
    rows.extend(
        page.items
            .into_iter()
            .flat_map(|person| person_rows(person, &frame, now)),
    );
    Ok(html(StatusCode::OK, render_list(&frame, view, rows)))
}

fn render_list(frame: &Frame, list: ListView, rows: Vec<PersonRow>) -> askama::Result<String> {
    let page = PeoplePage {
        shell: frame.shell("People", "people"),
        list,
        rows,
        may_manage: frame.may(Permission::PeopleEdit),
    };
    if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    }
}

async fn roles_of(app: &App, frame: &Frame) -> Result<Vec<Role>> {
    let scope = frame.caller.scope.clone();
    app.read(move |mut tx| Box::pin(async move { roles::queries::list(&mut tx, &scope).await }))
        .await
}

fn invited_row(invitation: Invitation, now: Timestamp) -> PersonRow {
    let ended = queries::has_ended(&invitation, now);
    PersonRow {
        id: invitation.id.to_string(),
        invited: true,
        email: invitation.email,
        organization: invitation.organization,
        role: invitation.role_name,
        last_seen: "never".into(),
        status: badges::access(if ended { "expired" } else { "invited" }),
        ..PersonRow::default()
    }
}

/// One row for each membership of a person.
fn person_rows(person: Person, frame: &Frame, now: Timestamp) -> Vec<PersonRow> {
    let seen = person.last_seen_at;
    let row = |membership: &Membership| PersonRow {
        id: membership.id.to_string(),
        person_id: person.id.to_string(),
        invited: false,
        name: person.name.clone(),
        email: person.email.clone(),
        organization: membership.organization.clone(),
        role: membership.role_name.clone(),
        second_factor: person.second_factor,
        last_seen: seen.map_or("a while ago".into(), |at| format::ago(at.get(), now.get())),
        active: person.active && membership.active,
        status: badges::access(match person.active && membership.active {
            true => "active",
            false => "suspended",
        }),
        me: person.id == frame.caller.actor_id,
    };
    person.memberships.iter().map(row).collect()
}

/// The roles that the person who looks could give.
pub(super) async fn role_field(app: &App, frame: &Frame, chosen: &str) -> Result<Field> {
    let held = frame
        .caller
        .scope
        .grants()
        .iter()
        .flat_map(|grant| &grant.permissions);
    let held: Vec<Permission> = held.copied().collect();
    let mut field = Field::select("role", "Role", &[]).value(chosen).required();
    let roles = roles_of(app, frame).await?;
    let within = |role: &Role| role.permissions.iter().all(|it| held.contains(it));
    field.choices = roles
        .into_iter()
        .rev()
        .filter(within)
        .map(|role| Choice {
            value: role.role,
            label: role.name,
        })
        .collect();
    Ok(field.hint("It counts at the organization and at everything below it."))
}

pub(super) fn sheet(frame: &Frame, page: &PersonFormPage) -> askama::Result<String> {
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}

pub(super) fn confirm(frame: &Frame, title: &str) -> Confirm {
    Confirm {
        shell: frame.shell(title, "people"),
        title: title.into(),
        lead: String::new(),
        facts: vec![],
        warnings: vec![],
        fields: vec![],
        tone: "bad",
        allowed: true,
        action: String::new(),
        label: String::new(),
        back: "/people".into(),
        back_label: "People".into(),
        error: None,
    }
}

pub(super) fn confirm_sheet(frame: &Frame, page: &Confirm) -> askama::Result<String> {
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}
