//! Reconciliation over the API.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    gathering::{Page, Setting, page},
    model::{Line, Question, Totals},
    order::{Order, Place},
};
use crate::{
    api::{Paging, Params},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
    statements::model::Month,
};

/// Which lines.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Whose customers: those directly below it. The first organization where you may see allocations unless said.
    organization_id: Option<Uuid>,
    /// The month, such as `2026-05`; the last one that is over unless said.
    month: Option<String>,
    /// Any part of a customer's or product's name, of the customer's reference or the product's code.
    q: Option<String>,
    /// Only lines that do not agree.
    differences: Option<bool>,
    /// `difference` unless said: what differs first, then by name. Also `customer`, `product`, `purchased`, `allocated`,
    /// `in_use`, `invoiced` and `stated`, with a `-` before it the other way round. Where all customers together have
    /// more than 5,000 shares, `customer` only, which is then what they have unless said.
    sort: Option<String>,
    /// Lines in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What customers have, line by line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reconciliation {
    /// Whose customers these are.
    organization_id: Uuid,
    /// The month.
    #[schema(value_type = String)]
    month: Month,
    /// The distributor's statement that is laid beside it.
    statement_id: Option<Uuid>,
    /// What all lines that are asked for come to; absent where they are too many to be laid out at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Totals>,
    /// The lines.
    items: Vec<Line>,
    /// Send this as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lays beside each other, for each customer directly below an organization and each product: units that it bought from
/// it, units that it was passed, units in use there, and units that the organization billed for the month.
///
/// The numbers are those at the end of the month, and now in the present one. Of a license that ended within the month
/// they are those at its end. `invoiced` counts finalized invoices of the organization for days of the month, credit
/// notes taken off; it is there for those who may see these invoices. `stated` is what the distributor's statement about
/// the month says (`POST /statements`).
#[utoipa::path(get, path = "/reconciliation", tag = "reconciliation", params(ListParams),
    responses((status = 200, description = "A page of lines.", body = Reconciliation)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<Reconciliation>> {
    let at = (Paging::of(params.limit, None), params.cursor.clone());
    let asking = params.asking(&caller)?;
    let (month, found) = asking.page(&app, &caller, at).await?;
    Ok(Json(Reconciliation {
        organization_id: asking.organization_id,
        month,
        statement_id: found.statement.map(|it| it.id),
        totals: found.totals,
        next_cursor: found.next.map(|next| next.cursor()),
        items: found.lines,
    }))
}

impl ListParams {
    fn asking(self, caller: &Caller) -> Result<Asking> {
        Ok(Asking {
            organization_id: whose(self.organization_id, caller)?,
            month: self.month,
            keyword: self.q,
            only_differences: self.differences.unwrap_or_default(),
            sort: self.sort,
        })
    }
}

/// The organization that was named, or the first whose allocations the caller may see; 403 where there is none.
fn whose(named: Option<Uuid>, caller: &Caller) -> Result<Uuid> {
    let roots = caller.scope.require(Permission::AllocationsRead)?;
    let found = named.or(roots.first().copied());
    found.ok_or_else(Error::not_found)
}

/// What is asked for, as it was sent.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Whose customers.
    pub organization_id: Uuid,
    /// Which month.
    pub month: Option<String>,
    /// A word to look for.
    pub keyword: Option<String>,
    /// Only lines that do not agree.
    pub only_differences: bool,
    /// In which order.
    pub sort: Option<String>,
}

impl Asking {
    /// As a question, for somebody who was found to see the organization's customers.
    pub fn question(&self, setting: &Setting, limit: usize) -> Result<Question> {
        Ok(Question {
            organization_id: self.organization_id,
            month: setting.month(self.month.as_deref())?,
            keyword: self.keyword.clone(),
            only_differences: self.only_differences,
            order: self.sort.as_deref().map(Order::read).transpose()?,
            from: None,
            limit,
        })
    }

    /// A page of the answer, and the month it is about.
    async fn page(
        &self,
        app: &App,
        caller: &Caller,
        (paging, cursor): (Paging, Option<String>),
    ) -> Result<(Month, Page)> {
        let (asking, scope, now) = (self.clone(), caller.scope.clone(), app.gate.now());
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let setting = Setting::read(tx, &scope, asking.organization_id, now).await?;
                let limit = usize::try_from(paging.limit()?).unwrap_or_default();
                let mut question = asking.question(&setting, limit)?;
                let order = question.order.unwrap_or(Order::USUAL);
                let from = cursor.as_deref().map(|it| Place::read(it, order));
                question.from = from.transpose()?;
                let found = page(tx, &setting, &question).await?;
                Ok((question.month, found))
            })
        });
        read.await
    }
}
