//! The form of the matrix.

use axum::extract::State;
use uuid::Uuid;

use super::commands::SetFits;
use crate::{
    api::Id,
    app::App,
    catalog::{
        forms::{Sheet, find_product},
        model::ProductKind,
        queries,
    },
    console::{
        fields::Field,
        form::Form,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
};

/// `/catalog/products/{id}/fits`: which bases an add-on is made for.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    sheet(&app, id).await?.show(&frame, None, None)
}

/// Saves the bases that were ticked.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let ticked = form
        .pairs
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("base."));
    let command = SetFits {
        id,
        version: form.parse("version", "a version")?,
        base_ids: ticked.filter_map(|base| base.parse().ok()).collect(),
    };
    let key = form.key.clone();
    let done = app.gate.submit(&frame.caller, key, command).await;
    let done = done.map(|_| format!("/catalog/products/{id}"));
    sheet(&app, id).await?.end(&frame, &form, done)
}

async fn sheet(app: &App, id: Uuid) -> Result<Sheet> {
    let product = find_product(app, id).await?;
    if product.kind != ProductKind::AddOn {
        let message = "Only an add-on is made for bases.";
        return Err(Error::conflict("product.not_add_on", message));
    }
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let fitting = queries::bases_of(&mut tx, id).await?;
            Ok((queries::bases(&mut tx).await?, fitting))
        })
    });
    let (bases, fitting) = read.await?;
    let mut fields = vec![Field::new("hidden", "version", "").value(product.version.to_string())];
    fields.extend(bases.into_iter().map(|base| {
        let ticked = if fitting.contains(&base.id) { "on" } else { "" };
        Field::new("checkbox", &format!("base.{}", base.id), &base.name)
            .value(ticked)
            .hint(base.code)
    }));
    Ok(Sheet {
        title: "Made for",
        action: format!("/catalog/products/{id}/fits"),
        label: "Save",
        note: "It can be bound to units of these bases only. What is bound already stays bound.",
        back: format!("/catalog/products/{id}"),
        fields,
    })
}
