//! Plans to pick from for one customer: those at the end of their sale are seen, and cannot be picked.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::orders::Ground;
use crate::{
    api::Id,
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
    },
    plans::{
        self,
        model::{Edition, ServicePlan},
    },
};

/// What the combobox shows.
#[derive(Template)]
#[template(path = "provisioning/plans.html")]
struct Offers {
    /// The plans, and whether each can be picked.
    options: Vec<(PickerOption, bool)>,
    more: bool,
}

/// `/organizations/{id}/licenses/plans?q=`: the first plans that match, those on sale before the others.
pub async fn options(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").trim().to_owned();
    let keyword = Some(keyword).filter(|keyword| !keyword.is_empty());
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let whose = (frame.visitor.organization_id, id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let ground = Ground::read(tx, &caller, whose, None, now).await?;
            let today = Moment::new(now, &ground.place.organization.time_zone).today;
            let limit = PickerOptions::MOST + 1;
            let found =
                plans::queries::offers(tx, keyword.as_deref(), store::Date(today), limit).await?;
            Ok((found, today))
        })
    });
    let (found, today) = read.await?;
    Ok(html(StatusCode::OK, render(&found, today)))
}

/// The first of the plans that were found, as a picker shows them; whoever asks looks for one more than are shown.
pub fn render(found: &[ServicePlan], today: jiff::civil::Date) -> askama::Result<String> {
    let most = usize::try_from(PickerOptions::MOST).unwrap_or_default();
    let page = Offers {
        more: found.len() > most,
        options: found.iter().take(most).map(|it| offer(it, today)).collect(),
    };
    page.render()
}

fn offer(it: &ServicePlan, today: jiff::civil::Date) -> (PickerOption, bool) {
    let on_sale = it.on_sale(store::Date(today));
    let ended = it.end_of_sale.map(|day| format::date(day.0));
    let edition = match it.edition {
        Edition::Full => String::new(),
        other => format!(", {}", other.label().to_lowercase()),
    };
    let note = match on_sale {
        true => format!("{}{edition}", it.code),
        false => format!("not on sale any more since {}", ended.unwrap_or_default()),
    };
    let option = PickerOption {
        value: it.id.to_string(),
        label: it.name.clone(),
        note,
    };
    (option, on_sale)
}

/// The plans that stand in the list at first, for who has no script: those on sale, and those that are not, which
/// cannot be chosen.
pub fn first(found: &[ServicePlan], today: jiff::civil::Date) -> Vec<(Uuid, String)> {
    let on_sale = found.iter().filter(|it| it.on_sale(store::Date(today)));
    on_sale
        .map(|it| (it.id, format!("{} · {}", it.name, it.code)))
        .collect()
}
