//! Sending invoices for selected licenses: what would be billed is said before it is.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use crate::{
    app::App,
    console::{
        answer::go,
        fields::Field,
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Kind, Result},
    invoices::{commands::SendInvoices, model::Invoice},
};

/// How often amounts are asked for.
const TRIES: usize = 8;

/// `/invoices/send?license_id=…`: what would be billed, to whom, and how much.
pub async fn confirm_send(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let page = sending(&app, &frame, &given, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Bills the licenses; on to the invoice, or to the list where there are several.
pub async fn send(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let done = match chosen(&form.pairs) {
        Ok(license_ids) => {
            let (key, command) = (form.key.clone(), SendInvoices { license_ids });
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done.map(|done| done.outcome.invoices) {
        Ok(made) => match made.as_slice() {
            [one] => Ok(go(frame.fragment, &format!("/invoices/{}", one.id))),
            _ => Ok(go(frame.fragment, "/invoices")),
        },
        Err(error) if error.is_refusal() => {
            let page = sending(&app, &frame, &form.pairs, Some(error)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// The licenses that were selected.
fn chosen(given: &[(String, String)]) -> Result<Vec<Uuid>> {
    let ids = given.iter().filter(|(name, _)| name == "license_id");
    let unknown = |_| Error::invalid("license_id", "field.invalid", "This is no license.");
    ids.map(|(_, id)| id.parse().map_err(unknown)).collect()
}

/// The amounts, asked for again where a busy moment left no time to add them up: nobody should send what they have
/// not seen.
async fn previewed(
    app: &App,
    frame: &Frame,
    license_ids: Vec<Uuid>,
) -> Result<crate::gate::Preview<crate::invoices::commands::Billed>> {
    let mut last = None;
    for _ in 0..TRIES {
        let command = SendInvoices {
            license_ids: license_ids.clone(),
        };
        match app.gate.preview(&frame.caller, command).await {
            Err(error) if error.code == "preview.too_slow" => last = Some(error),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(Error::not_found))
}

async fn sending(
    app: &App,
    frame: &Frame,
    given: &[(String, String)],
    refused: Option<Error>,
) -> Result<Confirm> {
    let license_ids = chosen(given)?;
    let count = i64::try_from(license_ids.len()).unwrap_or(i64::MAX);
    let hidden = |id: &Uuid| Field::new("hidden", "license_id", "").value(id.to_string());
    // What was ticked among the sales is no longer ticked once it is sent.
    let ticked = Field::new("hidden", "selection", "").value("/sales");
    let fields = license_ids.iter().map(hidden).chain([ticked]).collect();
    let previewed = match refused {
        Some(error) => Err(error),
        None => previewed(app, frame, license_ids).await,
    };
    let mut page = Confirm {
        shell: frame.shell("Send invoices", "invoices"),
        title: "Send invoices?".into(),
        lead: format!("For {}.", format::count(count, "license", "licenses")),
        facts: vec![],
        warnings: vec![],
        fields,
        tone: "warn",
        allowed: false,
        action: "/invoices/send".into(),
        label: "Send invoices".into(),
        back: "/sales".into(),
        back_label: "Sales".into(),
        error: None,
    };
    match previewed.map(|preview| preview.outcome) {
        Ok(billed) => {
            let sum = |it: &Invoice| (it.buyer_name.clone(), it.money(it.total_minor));
            page.facts = billed.invoices.iter().map(sum).collect();
            let left_out = billed.parked.iter();
            let left_out = left_out.map(|it| format!("{} gets no invoice. {}", it.name, it.reason));
            page.warnings = left_out.collect();
            page.allowed = !billed.invoices.is_empty();
        }
        Err(error) if error.code == "preview.too_slow" => {
            page.warnings = vec![
                "The amounts could not be added up in time; they will be on the invoices.".into(),
            ];
            page.allowed = true;
        }
        Err(error) if error.is_refusal() && error.kind != Kind::NotFound => {
            page.error = Some(error.message);
        }
        Err(error) => return Err(error),
    }
    Ok(page)
}
