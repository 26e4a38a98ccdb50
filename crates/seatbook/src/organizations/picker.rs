//! Organizations to pick from, in forms of any room: never all of them.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};

use super::{
    model::Organization,
    queries::{self, Filter},
};
use crate::{
    app::App,
    console::{
        answer::html,
        badges,
        form::{pairs, value},
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
    },
};

/// `/organizations/options?q=`: the first organizations that match, for the combobox.
pub async fn options(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").trim().to_owned();
    let filter = Filter {
        keyword: Some(keyword).filter(|keyword| !keyword.is_empty()),
        limit: PickerOptions::MOST + 1,
        ..Filter::default()
    };
    let scope = frame.caller.scope;
    let found = app
        .read(move |mut tx| Box::pin(async move { queries::list(&mut tx, &scope, &filter).await }));
    let option = |found: Organization| PickerOption {
        value: found.id.to_string(),
        note: badges::kind(found.kind.as_str()).label,
        label: found.name,
    };
    let options = PickerOptions::of(found.await?.into_iter().map(option));
    Ok(html(StatusCode::OK, options.render()))
}
