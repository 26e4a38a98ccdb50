//! Manage add-ons: several bound and several freed in one go.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    pages::{AddOnsPage, Offer},
    user::{find, holder_of, home},
};
use crate::{
    api::Id,
    app::App,
    assignments::{self, commands::SetAddOns, model::Assignment},
    catalog::{self, model::Product},
    console::{
        answer::{go, part_or_page},
        form::Form,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    organizations::tabs::Place,
    scope::Permission,
};

/// `/assignments/{id}/add-ons`.
pub async fn form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let page = page(&app, &frame, found, None).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// Saves both at once: what was marked goes, what was ticked comes.
pub async fn submit(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let (remove, add) = (ids(&form, "remove"), ids(&form, "add"));
    if remove.is_empty() && add.is_empty() {
        return Ok(go(frame.fragment, &home(found.organization_id)));
    }
    let command = SetAddOns { id, remove, add };
    let key = form.key.clone();
    match app.gate.submit(&frame.caller, key, command).await {
        Ok(_) => Ok(go(frame.fragment, &home(found.organization_id))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, found, Some((&form, error))).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// The ids that were ticked under a name.
pub(super) fn ids(form: &Form, name: &str) -> Vec<Uuid> {
    form.all(name).filter_map(|id| id.parse().ok()).collect()
}

fn shown(frame: &Frame, status: StatusCode, page: &AddOnsPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// Everything that a refusal says: by the first field of wrong input, or as its sentence.
pub(super) fn sentence(error: &Error) -> String {
    match error.fields.first() {
        Some(field) => field.message.clone(),
        None => error.message.clone(),
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    found: Assignment,
    refused: Option<(&Form, Error)>,
) -> Result<AddOnsPage> {
    let caller = frame.caller.clone();
    if found.base_id.is_some() || found.ended_at.is_some() {
        let message = "Add-ons are bound to a base unit that is in use.";
        return Err(Error::conflict("assignment.not_open_base", message));
    }
    let (now, place) = (app.gate.now(), (found.organization_id, found.product_id));
    let base_id = found.id;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            Place::read(&mut tx, &caller, place.0, Permission::AssignmentsSet).await?;
            let bound = assignments::queries::open_add_ons(&mut tx, &[base_id]).await?;
            let bound: Vec<Uuid> = bound.iter().map(|add_on| add_on.id).collect();
            let bound = assignments::queries::of_ids(&mut tx, &bound).await?;
            let offers = offers(&mut tx, place, now).await?;
            Ok((bound, offers))
        })
    });
    let (bound, offers) = read.await?;
    let ticked = |name: &str, id: &str| {
        let form = refused.as_ref().map(|(form, _)| form);
        form.is_some_and(|form| form.all(name).any(|it| it == id))
    };
    let line = |add_on: &Assignment| {
        let id = add_on.id.to_string();
        let marked = ticked("remove", &id);
        (id, add_on.product_name.clone(), marked)
    };
    let mut lines: Vec<_> = bound.iter().map(line).collect();
    lines.sort_by(|one, other| one.1.cmp(&other.1));
    let is_bound = |id: Uuid| bound.iter().any(|add_on| add_on.product_id == id);
    let free = offers.iter().filter(|(product, _)| !is_bound(product.id));
    Ok(AddOnsPage {
        shell: frame.shell(
            format!("Manage add-ons · {}", found.product_name),
            "configuration",
        ),
        id: found.id.to_string(),
        whose: format!("{} for {}", found.product_name, holder_of(&found)),
        offers: free
            .map(|offer| shown_offer(offer, &|id| ticked("add", id)))
            .collect(),
        bound: lines,
        back: home(found.organization_id),
        error: refused.as_ref().map(|(_, error)| sentence(error)),
    })
}

/// An add-on with what is free of it, as the forms show it.
pub(super) fn shown_offer(
    (product, free): &(Product, i64),
    ticked: &dyn Fn(&str) -> bool,
) -> Offer {
    let product_id = product.id.to_string();
    Offer {
        ticked: ticked(&product_id),
        product_id,
        name: product.name.clone(),
        free: *free,
    }
}

/// The add-ons made for a base product, by name, with what an organization has free of each now.
pub(super) async fn offers(
    tx: &mut Tx<'_>,
    (organization_id, base_product_id): (Uuid, Uuid),
    now: Timestamp,
) -> Result<Vec<(Product, i64)>> {
    let fitting = catalog::queries::add_ons_for(tx, base_product_id).await?;
    let ids: Vec<Uuid> = fitting.iter().map(|product| product.id).collect();
    let at = (organization_id, now);
    let sources = assignments::queries::sources(tx, at, &ids, &[]).await?;
    let mut free: HashMap<Uuid, i64> = HashMap::new();
    for source in sources.iter().filter(|source| source.open) {
        *free.entry(source.pool.product).or_default() += source.pool.free;
    }
    let of = |product: Product| {
        let free = free.get(&product.id).copied().unwrap_or_default();
        (product, free)
    };
    Ok(fitting.into_iter().map(of).collect())
}
