//! The customer's page, and redeeming a code on it.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::pages::{PortalPage, card};
use crate::{
    activation::{
        api::unknown,
        codes,
        commands::Redeem,
        model::{Limits, Redemption},
    },
    app::App,
    console::{
        answer::html,
        form::Form,
        format::Moment,
        frame::{Frame, PageResult},
        layout::Notice,
    },
    error::{Error, Result},
    holdings::pools::{self, Filter},
    requests::queries::{self, Whose},
    sales::pages::request_row,
    scope::Permission,
    secrets::Secret,
};

/// Licenses and requests shown; the lists behind them have the rest.
const SHOWN: i64 = 24;

/// `/portal`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> PageResult {
    let told = match query.as_deref() {
        Some("redeemed") => Some(Notice::good("The license is yours. It stands below.")),
        Some("waiting") => Some(Notice::warn(
            "Your account manager has to approve this code first. You will find the license here then.",
        )),
        Some("asked") => Some(Notice::good("Your request was sent.")),
        _ => None,
    };
    let mut page = page(&app, &frame).await?;
    page.shell.notices.extend(told);
    Ok(html(StatusCode::OK, page.render()))
}

/// Redeems a code for the organization acted for, or says why not.
pub async fn redeem(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let command = Redeem {
        organization_id: frame.visitor.organization_id,
        fingerprint: Secret(codes::typed(app.gate.vault(), form.text("code"))),
        limits: Limits::of(&app.settings),
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    let error = match done.map(|done| done.outcome) {
        Ok(Redemption::Redeemed { .. }) => {
            return Ok(Redirect::to("/portal?redeemed").into_response());
        }
        Ok(Redemption::Waiting { .. }) => {
            return Ok(Redirect::to("/portal?waiting").into_response());
        }
        Ok(Redemption::Unknown) => unknown(),
        Err(error) if error.is_refusal() => error,
        Err(error) => return Err(error.into()),
    };
    let mut page = page(&app, &frame).await?;
    form.text("code").clone_into(&mut page.typed);
    page.refused = Some(sentence(error));
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
}

/// What is wrong, in one sentence: that of the field where there is one.
fn sentence(error: Error) -> String {
    match error.fields.first() {
        Some(field) => field.message.clone(),
        None => error.message,
    }
}

async fn page(app: &App, frame: &Frame) -> Result<PortalPage> {
    frame.caller.scope.require(Permission::LicensesRead)?;
    let (scope, organization_id, now) = (
        frame.caller.scope.clone(),
        frame.visitor.organization_id,
        app.gate.now(),
    );
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let filter = Filter::of(organization_id, SHOWN);
            let held = pools::page(tx, &scope, &filter, now).await?;
            let own = Whose::Of(organization_id);
            let requests = queries::list(tx, own, None, (None, SHOWN)).await?;
            Ok((held, requests))
        })
    });
    let (held, requests) = read.await?;
    let moment = Moment::new(now, &frame.visitor.time_zone);
    Ok(PortalPage {
        shell: frame.shell("Portal", "portal"),
        organization_id: organization_id.to_string(),
        licenses: held.pools.iter().map(|pool| card(pool, &moment)).collect(),
        more: held.next.is_some(),
        requests: requests.iter().map(|it| request_row(it, &moment)).collect(),
        may_redeem: frame.may(Permission::LicensesRedeem),
        may_request: frame.may(Permission::UnitsRequest),
        may_assign: frame.may(Permission::AssignmentsSet),
        typed: String::new(),
        refused: None,
    })
}
