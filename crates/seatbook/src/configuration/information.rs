//! The tab Information: what one organization has of each product.

use askama::Template;
use axum::{extract::State, http::StatusCode};

use super::{
    lines,
    pages::{InformationPage, StockRow},
};
use crate::{
    api::Id,
    app::App,
    catalog::model::ProductKind,
    console::{
        answer::html,
        frame::{Frame, PageResult},
    },
    organizations::tabs::Place,
    scope::Permission,
};

/// `/organizations/{id}/information`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let place = Place::read(&mut tx, &caller, id, Permission::LicensesRead).await?;
            let stock = lines::stock(&mut tx, id, now).await?;
            Ok((place, stock))
        })
    });
    let (place, stock) = read.await?;
    let page = InformationPage {
        shell: frame.shell(
            format!("Information · {}", place.organization.name),
            "organizations",
        ),
        tabs: place.tabs("information"),
        counts_licenses: place.counts_licenses(),
        may_edit: place.may(Permission::OrganizationsEdit),
        may_configure: place.may(Permission::AssignmentsRead),
        rows: stock.into_iter().map(row).collect(),
    };
    Ok(html(StatusCode::OK, page.render()))
}

fn row((id, name, kind, own, assigned, free, stranded): lines::Stock) -> StockRow {
    let kind = ProductKind::parse(&kind).unwrap_or_default();
    StockRow {
        product_id: id.to_string(),
        name,
        is_base: kind == ProductKind::Base,
        kind: kind.label(),
        own,
        assigned,
        free,
        stranded,
    }
}
