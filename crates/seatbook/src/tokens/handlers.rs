//! Handlers of the pages about tokens.

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, Uri},
};
use jiff::{civil, tz::TimeZone};
use store::Timestamp;
use uuid::Uuid;

use super::{
    commands::RevokeToken,
    model::Token,
    pages::{TokenFormPage, TokenRow, TokensPage, token_list},
    queries,
};
use crate::{
    access::{
        commands::CreateToken,
        door::refusal,
        pages::{marked, renamed},
        tokens,
    },
    api::{Cursor, Id},
    app::App,
    console::{
        answer::{go, html, part_or_page},
        badges,
        fields::Field,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    roles::pages::permission_groups,
    scope::Permission,
};

const ROWS: i64 = 50;

/// One's own tokens.
pub async fn list(State(app): State<App>, frame: Frame, uri: Uri) -> PageResult {
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query).into_owned().collect();
    let cursor = pairs
        .iter()
        .find(|(name, value)| name == "cursor" && !value.is_empty());
    let mut view = token_list().read(&pairs);
    let filter = queries::Filter {
        keyword: (!view.q.is_empty()).then(|| view.q.clone()),
        revoked: !view.chosen("revoked").is_empty(),
        after: cursor.map(|(_, place)| Cursor::read(place)).transpose()?,
        limit: ROWS + 1,
    };
    let id = frame.caller.actor_id;
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::list(&mut tx, id, &filter).await }));
    let page = crate::api::List::page(read.await?, ROWS, |it| (it.name.clone(), it.id));
    let now = app.gate.now();
    let rows: Vec<TokenRow> = page
        .items
        .into_iter()
        .map(|token| row(token.into(), &frame, now))
        .collect();
    (view.shown, view.next) = (rows.len() as i64, page.next_cursor);
    let page = TokensPage {
        shell: frame.shell("API tokens", "tokens"),
        list: view,
        rows,
        may_manage: true,
    };
    let rendered = if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

fn row(token: Token, frame: &Frame, now: Timestamp) -> TokenRow {
    let ago = |at: Timestamp| format::ago(at.get(), now.get());
    let zone = zone(frame);
    TokenRow {
        id: token.id.to_string(),
        status: badges::access(token.state(now)),
        name: token.name,
        prefix: format!("sb_…{}", token.hint),
        scopes: token
            .permissions
            .iter()
            .map(|it| it.as_str().to_owned())
            .collect(),
        expires: token
            .expires_at
            .map_or("never".into(), |end| format::moment(end.get(), &zone)),
        last_used: token.used_at.map_or("never".into(), ago),
    }
}

fn zone(frame: &Frame) -> TimeZone {
    TimeZone::get(&frame.visitor.time_zone).unwrap_or(TimeZone::UTC)
}

/// A form for a new token.
pub async fn new(frame: Frame) -> PageResult {
    let page = form_page(&frame, "", "", &[]);
    Ok(html(StatusCode::OK, sheet(&frame, &page)))
}

fn form_page(frame: &Frame, name: &str, expires: &str, ticked: &[Permission]) -> TokenFormPage {
    let held = frame
        .caller
        .scope
        .grants()
        .iter()
        .flat_map(|grant| &grant.permissions);
    let held: Vec<Permission> = held.copied().collect();
    let offered: Vec<Permission> = Permission::ALL
        .iter()
        .filter(|it| held.contains(it))
        .copied()
        .collect();
    TokenFormPage {
        shell: frame.shell("New token", "tokens"),
        fields: vec![
            Field::text("name", "What is it for?")
                .value(name)
                .required()
                .autocomplete("off"),
            Field::new("date", "expires", "Last day")
                .value(expires)
                .hint("The token works through this day. Empty: until you revoke it."),
        ],
        scopes: permission_groups(&offered, ticked),
        secret: None,
        error: None,
    }
}

fn sheet(frame: &Frame, page: &TokenFormPage) -> askama::Result<String> {
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}

/// Makes a token and shows it, once.
pub async fn create(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let permissions: Vec<Permission> = form.all("scope").filter_map(Permission::parse).collect();
    let mut page = form_page(
        &frame,
        form.text("name"),
        form.text("expires"),
        &permissions,
    );
    match try_create(&app, &frame, &form, permissions).await {
        Ok(token) => {
            page.secret = Some(token);
            Ok(html(StatusCode::OK, sheet(&frame, &page)))
        }
        Err(error) => {
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, sheet(&frame, &page)))
        }
    }
}

async fn try_create(
    app: &App,
    frame: &Frame,
    form: &Form,
    permissions: Vec<Permission>,
) -> Result<String> {
    if permissions.is_empty() {
        return Err(Error::invalid(
            "permissions",
            "required",
            "Choose what the token may do.",
        ));
    }
    let last_day: Option<civil::Date> = form.parse("expires", "a date")?;
    let end = last_day.map(|day| day.tomorrow().and_then(|day| day.to_zoned(zone(frame))));
    let end = end.transpose().map_err(|_| {
        Error::invalid(
            "expires",
            "field.invalid",
            "This day is not in any calendar of ours.",
        )
    })?;
    let command = CreateToken {
        person_id: frame.caller.actor_id,
        name: form.text("name").into(),
        permissions,
        expires_at: end.map(|end| Timestamp::new(end.timestamp())),
        token: tokens::draw()?,
    };
    let made = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    let made = made.map_err(|error| renamed(error, "expires_at", "expires"))?;
    Ok(made.outcome.token)
}

/// Asks before a token is revoked.
pub async fn confirm(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = revoke_page(&app, &frame, id).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

async fn revoke_page(app: &App, frame: &Frame, id: Uuid) -> Result<Confirm> {
    let person_id = frame.caller.actor_id;
    let read = app.read(move |mut tx| {
        Box::pin(async move { tokens::find_own(&mut tx, person_id, id).await })
    });
    let token = read.await?.ok_or_else(Error::not_found)?;
    let now = app.gate.now();
    let used = token
        .used_at
        .map_or("never".into(), |at| format::ago(at.get(), now.get()));
    Ok(Confirm {
        shell: frame.shell("Revoke token", "tokens"),
        title: format!("Revoke {}?", token.name),
        lead: "The program that uses it is refused from its next request on. This cannot be taken back.".into(),
        facts: vec![("Last used".into(), used)],
        warnings: vec![],
        fields: vec![],
        tone: "bad",
        allowed: true,
        action: format!("/tokens/{id}/revoke"),
        label: "Revoke".into(),
        back: "/tokens".into(),
        back_label: "API tokens".into(),
        error: None,
    })
}

/// Revokes a token.
pub async fn revoke(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    app.gate
        .submit(&frame.caller, form.key, RevokeToken { id })
        .await?;
    Ok(go(frame.fragment, "/tokens"))
}
