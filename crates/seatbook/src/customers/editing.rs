//! A customer's legal name and its units of all pools above it, on one form.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    commands::{EditCustomer, WantedUnits},
    queries::{self, Offer},
};
use crate::{
    app::App,
    console::{
        answer::{go, html},
        fields::{Field, above, filled, rows},
        form::{Form, value},
        format,
        frame::{Frame, PageResult},
        layout::Shell,
    },
    error::{Error, FieldError, Result},
    licenses::model::Pool,
    organizations::{self, model::Organization},
    scope::{Permission, tree},
};

/// Pools that a form names.
const POOLS: i64 = 50;

/// `/licenses/{id}/customers/{organization_id}/edit`.
#[derive(Template)]
#[template(path = "customers/edit.html")]
pub struct EditCustomerPage {
    shell: Shell,
    license_id: String,
    organization_id: String,
    name: String,
    sku: String,
    version: String,
    field: Field,
    rows: Vec<ShareRow>,
    idempotency_key: String,
    error: Option<String>,
}

/// What the customer has, and shall have, of one pool.
pub struct ShareRow {
    pool_id: String,
    sku: String,
    /// Order and last day.
    about: String,
    unit: (String, String),
    /// What is in the field.
    quantity: String,
    seen: i64,
    in_use: i64,
    /// What the pool has left while nothing is changed.
    free: i64,
    error: Option<String>,
}

impl ShareRow {
    /// What is asked for beyond what is there.
    fn change(&self) -> i64 {
        self.quantity.trim().parse::<i64>().unwrap_or(0) - self.seen
    }

    fn left(&self) -> i64 {
        self.free - self.change()
    }
}

/// What the form needs of the book.
struct Place {
    license: Pool,
    customer: Organization,
    offers: Vec<Offer>,
}

impl Place {
    async fn read(app: &App, frame: &Frame, ids: (Uuid, Uuid)) -> Result<Place> {
        let (caller, now) = (frame.caller.clone(), app.gate.now());
        caller.scope.require(Permission::AllocationsSet)?;
        let place = (ids.0, frame.visitor.organization_id);
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let license = queries::pool_of(tx, &caller.scope, place).await?;
                let found = organizations::queries::find_visible(tx, &caller.scope, ids.1).await?;
                let customer = found.ok_or_else(Error::not_found)?;
                let node = tree::find(tx, customer.id).await?;
                let holder = license.organization_id;
                if node.and_then(|node| node.parent_id) != Some(holder) {
                    return Err(Error::not_found());
                }
                let read = (now, POOLS);
                let mut offers = queries::offers(tx, holder, Some(customer.id), read).await?;
                // The license that the way led from comes first.
                offers.sort_by_key(|offer| offer.pool.id != license.id);
                Ok(Place {
                    license,
                    customer,
                    offers,
                })
            })
        });
        read.await
    }

    fn page(
        &self,
        frame: &Frame,
        (given, refused): (&[(String, String)], Option<&Error>),
    ) -> EditCustomerPage {
        let name = Field::text("name", "Legal name").value(self.customer.name.clone());
        let fields = filled(vec![name.required()], given, refused);
        let typed: BTreeMap<String, BTreeMap<&str, &str>> = rows(given).into_iter().collect();
        let version = match value(given, "version") {
            "" => self.customer.version.to_string(),
            version => version.to_owned(),
        };
        let shares: Vec<ShareRow> = self
            .offers
            .iter()
            .map(|offer| row(offer, &typed, refused))
            .collect();
        let said = |wrong: &&FieldError| !wrong.field.starts_with("units");
        let elsewhere = refused.filter(|error| {
            error.fields.is_empty() || error.fields.iter().any(|wrong| said(&wrong))
        });
        EditCustomerPage {
            shell: frame.shell(format!("Edit {}", self.customer.name), "licenses"),
            license_id: self.license.license_id.to_string(),
            organization_id: self.customer.id.to_string(),
            name: self.customer.name.clone(),
            sku: self.license.sku_code.clone(),
            // A name that somebody changed meanwhile is shown with what stands there now.
            version: match refused.is_some_and(|error| error.code == "version.stale") {
                true => self.customer.version.to_string(),
                false => version,
            },
            error: above(&fields, elsewhere),
            field: fields.into_iter().next().unwrap_or_default(),
            rows: shares,
            idempotency_key: crate::console::form::new_key(),
        }
    }

    /// What was typed, as the command; the pools of its rows stand in the order of the form.
    fn command(&self, form: &Form) -> Result<EditCustomer> {
        let (mut units, mut wrong) = (Vec::new(), Vec::new());
        for (key, fields) in rows(&form.pairs) {
            let number = |name: &str| fields.get(name)?.trim().parse::<i64>().ok();
            match (key.parse::<Uuid>(), number("seen"), number("quantity")) {
                (Ok(pool_id), Some(seen), Some(quantity)) => units.push(WantedUnits {
                    pool_id,
                    seen,
                    quantity,
                }),
                _ => wrong.push(FieldError {
                    field: format!("units.{key}"),
                    code: "required".into(),
                    message: "Give a whole number.".into(),
                }),
            }
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        units.retain(|row| row.seen != row.quantity);
        let name = Some(form.text("name").to_owned());
        Ok(EditCustomer {
            organization_id: self.customer.id,
            version: form.parse("version", "a version")?,
            name: name.filter(|name| *name != self.customer.name),
            units,
        })
    }
}

fn row(
    offer: &Offer,
    typed: &BTreeMap<String, BTreeMap<&str, &str>>,
    refused: Option<&Error>,
) -> ShareRow {
    let pool = &offer.pool;
    let key = pool.id.to_string();
    let quantity = typed.get(&key).and_then(|fields| fields.get("quantity"));
    let ends = pool
        .end_date
        .map(|end| format!("to {}", format::date(end.0)));
    let about: Vec<String> = pool.sales_order.clone().into_iter().chain(ends).collect();
    ShareRow {
        sku: pool.sku_code.clone(),
        about: about.join(", "),
        unit: (pool.unit.clone(), pool.units.clone()),
        quantity: quantity.map_or_else(|| offer.share.to_string(), |it| (*it).to_owned()),
        seen: offer.share,
        in_use: offer.in_use,
        free: pool.free,
        error: refused.and_then(|error| why(error, &key)),
        pool_id: key,
    }
}

/// Why a row was refused.
fn why(error: &Error, pool_id: &str) -> Option<String> {
    let field = format!("units.{pool_id}");
    if let Some(wrong) = error.fields.iter().find(|wrong| wrong.field == field) {
        return Some(wrong.message.clone());
    }
    let rows = error.facts.get("rows").and_then(Value::as_array)?;
    let row = rows.iter().find(|row| row["pool_id"] == pool_id)?;
    row["detail"].as_str().map(str::to_owned)
}

/// `/licenses/{id}/customers/{organization_id}/edit`.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    Path(ids): Path<(Uuid, Uuid)>,
) -> PageResult {
    let place = Place::read(&app, &frame, ids).await?;
    Ok(shown(StatusCode::OK, &place.page(&frame, (&[], None))))
}

/// Saves, or shows the form again with what is wrong beside each row.
pub async fn save(
    State(app): State<App>,
    frame: Frame,
    Path(ids): Path<(Uuid, Uuid)>,
    form: Form,
) -> PageResult {
    let place = Place::read(&app, &frame, ids).await?;
    let done = match place.command(&form) {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(
            frame.fragment,
            &format!("/licenses/{}/customers", ids.0),
        )),
        Err(error) if error.is_refusal() => {
            // What somebody else changed meanwhile is read again, so that the form shows both.
            let place = Place::read(&app, &frame, ids).await?;
            let page = place.page(&frame, (&form.pairs, Some(&error)));
            Ok(shown(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

fn shown(status: StatusCode, page: &EditCustomerPage) -> Response {
    html(status, page.render())
}
