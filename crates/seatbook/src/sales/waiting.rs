//! Redemptions that wait for the account manager.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::pages::{WaitingPage, waiting_badge, waiting_row};
use crate::{
    activation::{
        api::unknown,
        commands::DecideRedemption,
        model::{Redemption, RedemptionRequest},
        queries,
    },
    app::App,
    console::{
        answer::{go, html},
        form::Form,
        format::{self, Moment},
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    files::ColumnKind,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, clock, table, text},
    scope::{Permission, queries::check_visible},
};

/// Redemptions shown.
const SHOWN: i64 = 200;

/// `/sales/redemptions`.
pub async fn list(State(app): State<App>, frame: Frame) -> PageResult {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let (scope, partner_id) = (frame.caller.scope.clone(), frame.visitor.organization_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &scope, Permission::LicensesSell, partner_id).await?;
            queries::requests(tx, partner_id, None, (None, SHOWN)).await
        })
    });
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let page = WaitingPage {
        shell: frame.shell("Redemptions", "sales"),
        rows: read
            .await?
            .iter()
            .map(|it| waiting_row(it, &moment))
            .collect(),
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// `/sales/redemptions/{id}/{decision}`: what it would do.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = page(&app, &frame, (id, &decision), None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    let command = DecideRedemption {
        id,
        version: None,
        approve: approves(&decision)?,
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    let refused = match done.map(|done| done.outcome) {
        Ok(Redemption::Unknown) if decision == "approve" => {
            Some(unknown().fields.remove(0).message)
        }
        Ok(_) => None,
        Err(error) if error.is_refusal() => Some(error.message),
        Err(error) => return Err(error.into()),
    };
    match refused {
        None => Ok(go(frame.fragment, "/sales/redemptions")),
        Some(message) => {
            let page = page(&app, &frame, (id, &decision), Some(message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
    }
}

fn approves(decision: &str) -> Result<bool> {
    match decision {
        "approve" => Ok(true),
        "refuse" => Ok(false),
        _ => Err(Error::not_found()),
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    error: Option<String>,
) -> Result<Confirm> {
    let approve = approves(decision)?;
    let request = find(app, frame, id).await?;
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let customer = &request.organization_name;
    let (title, lead, label) = match approve {
        true => (
            format!("Let {customer} redeem its code?"),
            "Too many wrong codes were tried below you within an hour. If this code is right, the license becomes the customer’s.",
            "Approve",
        ),
        false => (
            format!("Refuse the redemption of {customer}?"),
            "The code stays as it is; the customer can ask again.",
            "Refuse",
        ),
    };
    Ok(Confirm {
        shell: frame.shell(title.clone(), "sales"),
        title,
        lead: lead.into(),
        facts: vec![(
            "Asked".into(),
            format::moment(request.created_at.get(), &moment.zone),
        )],
        warnings: vec![],
        fields: vec![],
        tone: if approve { "info" } else { "warn" },
        allowed: request.state == "waiting",
        action: format!("/sales/redemptions/{id}/{decision}"),
        label: label.into(),
        back: "/sales/redemptions".into(),
        back_label: "Redemptions".into(),
        error,
    })
}

async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<RedemptionRequest> {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = queries::find_request(tx, id).await?;
            let (request, _) = found.ok_or_else(Error::not_found)?;
            check_visible(tx, &scope, Permission::LicensesSell, request.partner_id).await?;
            Ok(request)
        })
    });
    read.await
}

/// The redemptions as a workbook shows them.
const FIELDS: &[Field<RedemptionRequest>] = &[
    Field::text("", "Customer", |it: &RedemptionRequest, _| {
        text(&it.organization_name)
    })
    .wide(32),
    Field::new(
        "",
        "Asked",
        ColumnKind::Instant,
        |it: &RedemptionRequest, reader| reader.clock(it.created_at),
    )
    .wide(20),
    Field::text("", "State", |it, _| text(&waiting_badge(&it.state).label)),
    Field::new(
        "",
        "Decided",
        ColumnKind::Instant,
        |it: &RedemptionRequest, reader| clock(it.decided_at, reader),
    )
    .wide(20),
];

/// Behind which redemption the list has got to.
struct Redemptions(Option<Uuid>);

/// The redemptions below the reader's organization, the newest first.
pub fn listing() -> Box<dyn Listing> {
    table(FIELDS.iter().collect(), Redemptions(None))
}

impl Lines for Redemptions {
    type Row = RedemptionRequest;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Self::Row>> {
        let partner_id = reader.organization_id;
        check_visible(tx, &reader.scope, Permission::LicensesSell, partner_id).await?;
        let found = queries::requests(tx, partner_id, None, (self.0, PORTION)).await?;
        self.0 = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
