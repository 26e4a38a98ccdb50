//! Making and withdrawing the address of a calendar in the console.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    commands::{RenewFeed, WithdrawFeed},
    model::{CalendarFeed, NEEDED, draw},
    queries,
};
use crate::{
    app::App,
    console::{
        answer::{go, part_or_page},
        form::Form,
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::Shell,
        pages::Confirm,
    },
    error::{Error, Result},
    organizations::tabs::Place,
};

/// The address that was made, once.
#[derive(Template)]
#[template(path = "calendars/made.html", blocks = ["sheet"])]
pub struct FeedMadePage {
    /// The frame.
    pub shell: Shell,
    /// The organization: id and name.
    pub organization: (String, String),
    /// The address.
    pub url: String,
}

/// `/organizations/{id}/calendar-feed/{decision}`: what it would do.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = question(&app, &frame, id, &decision).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it. A new address is shown in the answer and never again.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((organization_id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    let (caller, key) = (&frame.caller, form.key.clone());
    match decision.as_str() {
        "renew" => {
            let secret = draw()?;
            let command = RenewFeed {
                organization_id,
                secret,
            };
            let made = app.gate.submit(caller, key, command).await?;
            let (place, _) = read(&app, &frame, organization_id).await?;
            let page = FeedMadePage {
                shell: frame.shell("Calendar feed", "organizations"),
                organization: (organization_id.to_string(), place.organization.name),
                url: made.outcome.url,
            };
            Ok(part_or_page(
                frame.fragment,
                StatusCode::OK,
                || page.as_sheet().render(),
                || page.render(),
            ))
        }
        "withdraw" => {
            let command = WithdrawFeed { organization_id };
            app.gate.submit(caller, key, command).await?;
            let back = format!("/organizations/{organization_id}/notices");
            Ok(go(frame.fragment, &back))
        }
        _ => Err(Error::not_found().into()),
    }
}

async fn read(app: &App, frame: &Frame, id: Uuid) -> Result<(Place, CalendarFeed)> {
    let caller = frame.caller.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let place = Place::read(&mut tx, &caller, id, NEEDED).await?;
            Ok((place, queries::get(&mut tx, id).await?))
        })
    });
    read.await
}

async fn question(app: &App, frame: &Frame, id: Uuid, decision: &str) -> Result<Confirm> {
    let (place, feed) = read(app, frame, id).await?;
    let name = &place.organization.name;
    let there = feed.hint.is_some();
    let (title, lead, label, tone, allowed) = match (decision, there) {
        ("renew", false) => (
            format!("Make a calendar address for {name}?"),
            "Calendar programs read first and last days of licenses there, without signing in. It is shown once.",
            "Make the address",
            "info",
            true,
        ),
        ("renew", true) => (
            format!("Renew the calendar address of {name}?"),
            "The old address leads nowhere from then on: calendars that read it show nothing new. The new one is shown once.",
            "Make another address",
            "warn",
            true,
        ),
        ("withdraw", _) => (
            format!("Withdraw the calendar address of {name}?"),
            "It leads nowhere from then on: calendars that read it show nothing new.",
            "Withdraw",
            "bad",
            there,
        ),
        _ => return Err(Error::not_found()),
    };
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let made = feed.created_at.map(|at| {
        let at = format::moment(at.get(), &moment.zone);
        (
            "Address".to_owned(),
            format!("…{}.ics, since {at}", feed.hint.unwrap_or_default()),
        )
    });
    Ok(Confirm {
        shell: frame.shell(title.clone(), "organizations"),
        title,
        lead: lead.into(),
        facts: made.into_iter().collect(),
        warnings: vec![],
        fields: vec![],
        tone,
        allowed,
        action: format!("/organizations/{id}/calendar-feed/{decision}"),
        label: label.into(),
        back: format!("/organizations/{id}/notices"),
        back_label: "Notices".into(),
        error: None,
    })
}
