//! The address of a calendar over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    commands::{RenewFeed, WithdrawFeed},
    model::{CalendarFeed, NewCalendarFeed, draw},
    queries,
};
use crate::{
    api::{Id, Write},
    app::App,
    error::Result,
    gate::Caller,
    scope::{Permission, queries::check_visible},
};

/// Shows whether an organization's calendar has an address. The address itself is not shown again.
#[utoipa::path(get, path = "/organizations/{id}/calendar-feed", tag = "calendars",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "What is known of the address.", body = CalendarFeed)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            check_visible(&mut tx, &caller.scope, Permission::LicensesRead, id).await?;
            queries::get(&mut tx, id).await
        })
    });
    Ok(Json(read.await?).into_response())
}

/// Makes the address of an organization's calendar, or another one; the old one leads nowhere from then on.
///
/// Whoever has it reads the first and last days of the licenses that the organization owns or sold, as iCalendar (RFC
/// 5545), without signing in. It is shown in this answer and never again.
#[utoipa::path(post, path = "/organizations/{id}/calendar-feed", tag = "calendars",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The new address.", body = NewCalendarFeed)))]
pub async fn renew(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = RenewFeed {
        organization_id: id,
        secret: draw()?,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Withdraws the address of an organization's calendar.
#[utoipa::path(delete, path = "/organizations/{id}/calendar-feed", tag = "calendars",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "There is none now.", body = CalendarFeed)))]
pub async fn withdraw(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let organization_id = id;
    let command = WithdrawFeed { organization_id };
    Ok(write.submit(&app, command).await?.ok())
}
