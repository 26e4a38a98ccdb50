//! SKUs to pick from, in forms of any room.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};

use super::{
    model::Sku,
    queries::{self, Filter},
};
use crate::{
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
    },
};

/// `/catalog/skus/options?q=`: the first SKUs that match, for the combobox.
pub async fn skus(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").trim().to_owned();
    let filter = Filter {
        keyword: Some(keyword).filter(|keyword| !keyword.is_empty()),
        limit: PickerOptions::MOST + 1,
        ..Filter::default()
    };
    let scope = frame.caller.scope;
    let found = app.read(move |mut tx| {
        Box::pin(async move { queries::list_skus(&mut tx, &scope, &filter).await })
    });
    let option = |sku: Sku| PickerOption {
        value: sku.id.to_string(),
        label: format!("{} · {}", sku.code, sku.name),
        note: sku.attributes(),
    };
    let options = PickerOptions::of(found.await?.into_iter().map(option));
    Ok(html(StatusCode::OK, options.render()))
}
