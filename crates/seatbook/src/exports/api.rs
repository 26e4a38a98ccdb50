//! Exports over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::RequestExport,
    lists::{List, Subject},
    model::{Asked, Export},
    taking,
};
use crate::{
    api::{Id, Write},
    app::App,
    error::{Error, Result},
    files::Format,
    gate::Caller,
};

/// A list to be had as a file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportIn {
    /// Which list.
    list: List,
    /// The organization for which you act; the first one whose list you may read unless said. `licenses`, `sales`,
    /// `requests`, `reconciliation` and what belongs to them are its own, `organizations` are those below it;
    /// `subscriptions`, `assignments` and `holders` are those of this organization itself, and without it `holders` are all
    /// that you can see. Of `skus`, `products`, `service_plans`, `rollouts`, `invoices`, `people`, `roles`, `tokens`,
    /// `mails`, `journal` and `jobs` it narrows nothing: they are all that you can see, told in its time zone. Invoices are
    /// narrowed to its side by `side` in `query`.
    organization_id: Option<Uuid>,
    /// The license whose `customers` are wanted.
    license_id: Option<Uuid>,
    /// The pool whose `customers_as_of` another day are wanted.
    pool_id: Option<Uuid>,
    /// The service plan whose `plan_customers` are wanted.
    plan_id: Option<Uuid>,
    /// The rollout whose `rollout_customers` are wanted.
    rollout_id: Option<Uuid>,
    /// The distributor's statement whose `statement_rows` are wanted.
    statement_id: Option<Uuid>,
    /// Search, filters, order and columns, as they stand behind the question mark in the address of the list in the
    /// console: `q=phone&status=active&sort=-end&col=start&col=end`. All rows in the usual order and columns unless
    /// said.
    query: Option<String>,
    /// `xlsx`, unless said, or `csv`.
    format: Option<Format>,
}

/// Has a list written into a file by a job: the columns that the console shows, typed cells, and in a workbook a heading
/// that stays in sight and sums at the end. Prices are in it for those who may see them. The CSV of licenses has the
/// columns that an import of licenses understands. When its job is done, the file can be downloaded for a week, by you
/// alone, as long as you may read that list and hold what filled its columns, such as `prices.read`. `activation_codes`
/// take `codes.export` and `licenses.sell`, and who took them is in the journal.
#[utoipa::path(post, path = "/exports", tag = "exports", request_body = ExportIn,
    responses((status = 202, description = "The export, with the job that writes it.", body = Export)))]
pub async fn create(State(app): State<App>, write: Write<ExportIn>) -> Result<Response> {
    let asked = asked(&write.caller, write.body.clone())?;
    let answer = write.submit(&app, RequestExport { asked }).await?;
    let location = format!("/api/v1/jobs/{}", answer.outcome.job_id);
    Ok(answer.accepted(&location))
}

fn asked(caller: &Caller, body: ExportIn) -> Result<Asked> {
    let roots: Vec<Uuid> = match body.list.permissions() {
        [first, more @ ..] => {
            let roots = caller.scope.require(*first)?;
            for permission in more {
                caller.scope.require(*permission)?;
            }
            roots
        }
        [] => {
            let grants = caller.scope.grants().iter();
            grants.map(|grant| grant.organization_id).collect()
        }
    };
    let first = roots.first().copied().ok_or_else(Error::not_found)?;
    Ok(Asked {
        list: body.list,
        organization_id: body.organization_id.unwrap_or(first),
        subject_id: match body.list.subject() {
            Subject::License => body.license_id,
            Subject::Organization | Subject::Anything => body.organization_id,
            Subject::Pool => body.pool_id,
            Subject::Plan => body.plan_id,
            Subject::Rollout => body.rollout_id,
            Subject::Statement => body.statement_id,
            Subject::Nothing => None,
        },
        query: body.query.unwrap_or_default(),
        format: body.format.unwrap_or(Format::Xlsx),
    })
}

/// Shows an export: whether it is ready, and until when it is kept. Only you see what you asked for.
#[utoipa::path(get, path = "/exports/{id}", tag = "exports",
    params(("id" = Uuid, Path, description = "The export.")),
    responses((status = 200, description = "The export.", body = Export)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Export>> {
    Ok(Json(taking::mine(&app, &caller, id).await?))
}

/// Downloads the file of an export, once it is ready.
#[utoipa::path(get, path = "/exports/{id}/file", tag = "exports",
    params(("id" = Uuid, Path, description = "The export.")),
    responses((status = 200, description = "The file.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn file(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    taking::file(&app, &caller, id).await
}
