//! The page that lets a customer leave, and shows what ends before anybody decides.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil;
use store::Date;
use uuid::Uuid;

use super::{
    commands::{PlanOffboarding, WithdrawOffboarding},
    model::{Departure, State as Standing},
    queries,
};
use crate::{
    app::App,
    console::{
        answer::{go, part_or_page},
        fields::{Field, above, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        layout::Shell,
    },
    error::{Error, Result},
    organizations::model::Organization,
    scope::Permission,
};

/// `/licenses/{id}/customers/{organization_id}/offboard`: what ends, and the decision.
#[derive(Template)]
#[template(path = "offboarding/offboard.html", blocks = ["sheet"])]
pub struct OffboardPage {
    shell: Shell,
    name: String,
    title: String,
    action: String,
    back: String,
    /// What ends, in words.
    ends: Vec<(&'static str, String)>,
    /// Who loses units: name, and how many.
    losers: Vec<(String, String)>,
    /// How many more do.
    more_losers: i64,
    fields: Vec<Field>,
    /// That it leaves: day, contact, reason; empty while nobody decided so.
    planned: Vec<(&'static str, String)>,
    /// Its day has not come.
    withdrawable: bool,
    error: Option<String>,
}

/// `/licenses/{id}/customers/{organization_id}/offboard`.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    Path(ids): Path<(Uuid, Uuid)>,
) -> PageResult {
    let page = page(&app, &frame, ids, (&[], None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// Decides that it leaves, or that it stays; or shows the form again with what is wrong.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((license_id, organization_id)): Path<(Uuid, Uuid)>,
    form: Form,
) -> PageResult {
    match submit(&app, &frame, organization_id, &form).await {
        Ok(()) => Ok(go(
            frame.fragment,
            &format!("/licenses/{license_id}/customers"),
        )),
        Err(error) if error.is_refusal() => {
            let ids = (license_id, organization_id);
            let page = page(&app, &frame, ids, (&form.pairs, Some(&error))).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(app: &App, frame: &Frame, organization_id: Uuid, form: &Form) -> Result<()> {
    let (gate, key) = (&app.gate, form.key.clone());
    if form.text("step") == "withdraw" {
        let command = WithdrawOffboarding {
            organization_id,
            version: form.parse("version", "a version")?,
        };
        return gate.submit(&frame.caller, key, command).await.map(drop);
    }
    let day: civil::Date = form.need("leaves_on", "a date")?;
    let command = PlanOffboarding {
        organization_id,
        contact: form.text("contact").to_owned(),
        reason: form.text("reason").to_owned(),
        leaves_on: Date(day),
    };
    gate.submit(&frame.caller, key, command).await.map(drop)
}

fn shown(frame: &Frame, status: StatusCode, page: &OffboardPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

async fn page(
    app: &App,
    frame: &Frame,
    (license_id, organization_id): (Uuid, Uuid),
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<OffboardPage> {
    let caller = frame.caller.clone();
    caller.scope.require(Permission::OrganizationsSuspend)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::departure(&mut tx, &caller, organization_id).await })
    });
    let (organization, departure) = read.await?;
    let title = format!("Offboard {}", organization.name);
    let fields = filled(
        asked(&organization, app.gate.now(), &departure),
        given,
        refused,
    );
    let (losers, named) = (departure.holders.iter(), departure.holders.len() as i64);
    let units = |units: i64| format::count(units, "unit", "units");
    Ok(OffboardPage {
        shell: frame.shell(title.clone(), "licenses"),
        action: format!("/licenses/{license_id}/customers/{organization_id}/offboard"),
        back: format!("/licenses/{license_id}/customers"),
        ends: ends(&departure),
        losers: losers
            .map(|it| (it.name.clone(), units(it.units)))
            .collect(),
        more_losers: match named {
            0 => 0,
            named => (departure.ends.holders - named).max(0),
        },
        planned: planned(&departure),
        withdrawable: departure
            .offboarding
            .as_ref()
            .is_some_and(|it| it.state == Standing::Planned),
        error: above(&fields, refused),
        fields,
        name: organization.name,
        title,
    })
}

/// The fields of a decision; where it is made, the version that taking it back is over.
fn asked(organization: &Organization, now: store::Timestamp, departure: &Departure) -> Vec<Field> {
    if let Some(found) = &departure.offboarding {
        let version = found.version.to_string();
        return vec![Field::new("hidden", "version", "").value(version)];
    }
    let today = format::Moment::new(now, &organization.time_zone).today;
    let hint = format!(
        "Units return when this day begins in {}. Today is at once.",
        organization.time_zone
    );
    vec![
        Field::new("date", "leaves_on", "Leaves on")
            .between(today.to_string(), "")
            .hint(hint)
            .required(),
        Field::text("contact", "Contact")
            .hint("With whom it was agreed.")
            .required(),
        Field::new("textarea", "reason", "Reason").required(),
    ]
}

fn planned(departure: &Departure) -> Vec<(&'static str, String)> {
    let Some(found) = &departure.offboarding else {
        return vec![];
    };
    vec![
        ("Leaves on", format::date(found.leaves_on.0)),
        ("Contact", found.contact.clone()),
        ("Reason", found.reason.clone()),
    ]
}

/// What ends, in words; nothing of what there is none of.
fn ends(departure: &Departure) -> Vec<(&'static str, String)> {
    let it = &departure.ends;
    let below = it.organizations - 1;
    let all = [
        ("Assignments that end", it.assignments),
        ("Users, devices and others without a unit", it.holders),
        ("Licenses of which it has a share", it.shares),
        ("Units that return", it.units),
        ("Own licenses that are terminated", it.licenses),
        ("Organizations below it that are suspended with it", below),
        ("Invoices that stay open", it.open_invoices),
    ];
    all.into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| (what, format::number(count)))
        .collect()
}
