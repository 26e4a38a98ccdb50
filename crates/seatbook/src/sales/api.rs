//! What was sold, over the API.

use axum::{Json, extract::State};
use rules::billing::Billing;
use serde::{Deserialize, Serialize};
use store::Timestamp;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::queries::{self, Filter, From, Sale};
use crate::{
    activation::api::SoldOut,
    api::{Cursor, List, Paging, Params},
    app::App,
    error::{Error, Result},
    gate::Caller,
    licenses::model::Status,
    scope::{Permission, queries::check_visible},
};

/// Which sold licenses.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SoldParams {
    /// Who sold them.
    seller_id: Uuid,
    /// Only this customer's.
    customer_id: Option<Uuid>,
    /// Only those in this state, such as `active`, `pending_activation`, `expiring_soon` or `expired`.
    status: Option<String>,
    /// Any part of name, note, SKU, product or customer, or a whole code.
    q: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A sold license with its code and price.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SaleOut {
    /// The license and its code.
    #[serde(flatten)]
    sold: SoldOut,
    /// Where its invoices stand: `unbilled`, `invoiced`, `paid`, `overdue`, `void` or `credited`.
    #[schema(value_type = String)]
    billing: Billing,
    /// Price of one unit for the term, in minor units; only with `prices.read` at the seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl SaleOut {
    fn new(sale: Sale, priced: bool, now: Timestamp) -> SaleOut {
        let (price_minor, currency) = sale.price.filter(|_| priced).unzip();
        SaleOut {
            billing: sale.billing,
            sold: SoldOut::new(sale.sold, now),
            price_minor,
            currency,
        }
    }
}

/// Lists the licenses that an organization sold, the newest first, each with its code.
#[utoipa::path(get, path = "/licenses/sold", tag = "activation", params(SoldParams),
    responses((status = 200, description = "A page of sold licenses.", body = List<SaleOut>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<SoldParams>,
) -> Result<Json<List<SaleOut>>> {
    caller.scope.require(Permission::LicensesSell)?;
    let filter = filter(&params)?;
    let (vault, now) = (app.gate.vault().clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let (tx, scope, id) = (&mut tx, &caller.scope, filter.seller_id);
            check_visible(tx, scope, Permission::LicensesSell, id).await?;
            let priced = check_visible(tx, scope, Permission::PricesRead, id)
                .await
                .is_ok();
            Ok((queries::page(tx, &filter, (&vault, now)).await?, priced))
        })
    });
    let (page, priced) = read.await?;
    let items = page.sales.into_iter();
    Ok(Json(List {
        items: items.map(|sale| SaleOut::new(sale, priced, now)).collect(),
        next_cursor: page.next.map(|next| Cursor::write(&next.write())),
    }))
}

fn filter(params: &SoldParams) -> Result<Filter> {
    let paging = Paging::of(params.limit, params.cursor.clone());
    let status = match params.status.as_deref() {
        Some(word) => Some(Status::parse(word).ok_or_else(|| {
            Error::invalid("status", "status.unknown", "There is no such state.")
        })?),
        None => None,
    };
    Ok(Filter {
        seller_id: params.seller_id,
        customer_id: params.customer_id,
        status,
        keyword: params.q.clone().filter(|q| !q.trim().is_empty()),
        from: paging.after::<String>()?.and_then(|text| From::read(&text)),
        limit: paging.limit()?,
    })
}
