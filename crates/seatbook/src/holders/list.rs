//! Holders as lists: of one organization, of all that can be seen, and the few that a picker offers.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use store::Tx;
use uuid::Uuid;

use super::{
    model::{Holder, Kind},
    pages::{HolderRow, HoldersPage, badge, holder_list},
    queries::{self, Filter},
};
use crate::{
    api::{Cursor, Id},
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
        table::ListView,
    },
    error::Result,
    gate::Caller,
    organizations::tabs::Place,
    scope::Permission,
};

/// Rows on one page of the list.
const PAGE: i64 = 100;

/// `/holders`: of every organization that can be seen.
pub async fn all(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let list = holder_list(None).read(&pairs);
    show(&app, &frame, (list, None, value(&pairs, "cursor"))).await
}

/// `/organizations/{id}/holders`.
pub async fn of_one(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let list = holder_list(Some(id)).read(&pairs);
    show(&app, &frame, (list, Some(id), value(&pairs, "cursor"))).await
}

async fn show(
    app: &App,
    frame: &Frame,
    (list, organization_id, cursor): (ListView, Option<Uuid>, &str),
) -> PageResult {
    let filter = filter(&list, organization_id, cursor);
    let caller = frame.caller.clone();
    let seen =
        app.read(move |mut tx| Box::pin(async move { Seen::read(&mut tx, &caller, filter).await }));
    Ok(answer(frame, &seen.await?.page(frame, list)))
}

fn answer(frame: &Frame, page: &HoldersPage) -> Response {
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    html(StatusCode::OK, rendered)
}

pub(super) fn filter(list: &ListView, organization_id: Option<Uuid>, cursor: &str) -> Filter {
    Filter {
        organization_id,
        kind: Kind::parse(list.chosen("kind")),
        keyword: Some(list.q.trim().to_owned()).filter(|q| !q.is_empty()),
        with_left: !list.chosen("left").is_empty(),
        bound: match list.chosen("units") {
            "with" => Some(true),
            "without" => Some(false),
            _ => None,
        },
        // A cursor that this list did not make leads to the first page.
        after: Cursor::read(cursor).ok(),
        limit: PAGE + 1,
        ..Filter::default()
    }
}

/// What a list needs of the book, read in one snapshot.
struct Seen {
    place: Option<Place>,
    found: Vec<Holder>,
    names: HashMap<Uuid, String>,
    /// Units of what belongs to a user.
    belongings: HashMap<Uuid, i64>,
    is_first: bool,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, filter: Filter) -> Result<Seen> {
        let place = match filter.organization_id {
            Some(id) => Some(Place::read(tx, caller, id, Permission::HoldersRead).await?),
            None => None,
        };
        let found = queries::list(tx, &caller.scope, &filter).await?;
        let mut ids: Vec<Uuid> = found.iter().map(|holder| holder.organization_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let ids_here: Vec<Uuid> = found.iter().map(|holder| holder.id).collect();
        Ok(Seen {
            belongings: queries::bindings_of_belongings(tx, &ids_here).await?,
            names: match place {
                Some(_) => HashMap::new(),
                None => queries::organization_names(tx, &ids).await?,
            },
            is_first: filter.after.is_none(),
            place,
            found,
        })
    }

    fn page(mut self, frame: &Frame, mut list: ListView) -> HoldersPage {
        let more = self.found.len() as i64 > PAGE;
        self.found.truncate(PAGE as usize);
        let last = self.found.last().filter(|_| more);
        list.next = last.map(|last| Cursor::write(&(&last.name, last.id)));
        list.shown = self.found.len() as i64;
        list.more = more || !self.is_first;
        let organization_id = match &self.place {
            Some(place) => place.organization.id,
            None => frame.visitor.organization_id,
        };
        let may_edit = match &self.place {
            Some(place) => place.may(Permission::HoldersEdit),
            None => frame.may(Permission::HoldersEdit),
        };
        let title = match &self.place {
            Some(place) => format!("Holders · {}", place.organization.name),
            None => "Holders".into(),
        };
        let tabs = self.place.as_ref().map(|place| place.tabs("holders"));
        HoldersPage {
            shell: frame.shell(title, "holders"),
            tabs: tabs.unwrap_or_default(),
            none_yet: self.found.is_empty() && self.is_first && !list.narrowed(),
            rows: self
                .found
                .iter()
                .map(|holder| row(holder, &self.names, &self.belongings))
                .collect(),
            may_edit,
            organization_id: organization_id.to_string(),
            list,
        }
    }
}

fn row(
    holder: &Holder,
    names: &HashMap<Uuid, String>,
    belongings: &HashMap<Uuid, i64>,
) -> HolderRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let organization = names.get(&holder.organization_id);
    HolderRow {
        id: holder.id.to_string(),
        name: holder.name.clone(),
        kind: badge(holder.kind),
        organization: (
            holder.organization_id.to_string(),
            organization.cloned().unwrap_or_default(),
        ),
        email: text(&holder.email),
        extension: text(&holder.extension),
        number: holder
            .did
            .as_deref()
            .map(|did| format!("+{did}"))
            .unwrap_or_default(),
        serial: text(&holder.serial),
        reference: text(&holder.reference),
        owner: (
            holder.owner_id.map(|id| id.to_string()).unwrap_or_default(),
            text(&holder.owner_name),
        ),
        units: holder.bindings + belongings.get(&holder.id).copied().unwrap_or_default(),
        has_left: holder.left_at.is_some(),
    }
}

/// `/holders/options?organization=&kind=&q=`: the first present holders that match, for the combobox.
pub async fn options(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let keyword = value(&pairs, "q").trim().to_owned();
    let filter = Filter {
        organization_id: value(&pairs, "organization").parse().ok(),
        kind: Kind::parse(value(&pairs, "kind")),
        keyword: Some(keyword).filter(|keyword| !keyword.is_empty()),
        limit: PickerOptions::MOST + 1,
        ..Filter::default()
    };
    let scope = frame.caller.scope;
    let found = app
        .read(move |mut tx| Box::pin(async move { queries::list(&mut tx, &scope, &filter).await }));
    let option = |found: Holder| PickerOption {
        value: found.id.to_string(),
        note: note(&found),
        label: found.name,
    };
    let options = PickerOptions::of(found.await?.into_iter().map(option));
    Ok(html(StatusCode::OK, options.render()))
}

/// What tells a holder from another of the same name.
fn note(holder: &Holder) -> String {
    let known = [&holder.email, &holder.extension, &holder.serial];
    let known = known.into_iter().flatten().next();
    known.map_or_else(|| holder.kind.label().to_owned(), Clone::clone)
}
