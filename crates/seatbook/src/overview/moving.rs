//! Moving an organization: what it does is shown with numbers before it is done.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::counts::{self, Held};
use crate::{
    allocations::commands::MoveHolder,
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::{Field, above, filled},
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
    },
    error::{Error, Kind, Result},
    organizations::{
        commands::MoveOrganization,
        forms::{organization_field, shown},
        model::Organization,
        pages::OrganizationFormPage,
        queries,
    },
    scope::Permission,
};

/// Pools named one by one; those beyond are counted.
const NAMED: i64 = 8;

/// `/organizations/{id}/move`.
pub async fn form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = page(&app, &frame, id, (&[], None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// `/organizations/{id}/move/preview?parent_id=`: what the move would do, asked while the form is filled.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let page = previewed(&app, &frame, id, &given).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Moves it, or shows the form again with what must happen first.
pub async fn submit(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    if form.text("step") == "preview" {
        let page = previewed(&app, &frame, id, &form.pairs).await?;
        return Ok(shown(&frame, StatusCode::OK, &page));
    }
    let done = match wanted(id, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            let status = match error.kind {
                Kind::Conflict => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Ok(shown(&frame, status, &page))
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(id: Uuid, form: &Form) -> Result<MoveHolder> {
    let moving = MoveOrganization {
        id,
        version: form.parse("version", "a version")?,
        parent_id: form.need("parent_id", "where it moves to")?,
    };
    Ok(MoveHolder { moving })
}

/// The form with the answer of the gate, which ran the move and kept nothing of it.
async fn previewed(
    app: &App,
    frame: &Frame,
    id: Uuid,
    given: &[(String, String)],
) -> Result<OrganizationFormPage> {
    let form = Form {
        pairs: given.to_vec(),
        key: crate::gate::Key::mint()?,
    };
    let asked = match wanted(id, &form) {
        Ok(command) => app.gate.preview(&frame.caller, command).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(_) => page(app, frame, id, (given, None)).await,
        // A preview gives way to whoever writes; what is counted here stands without it.
        Err(error) if error.kind == Kind::Unavailable => {
            let mut page = page(app, frame, id, (given, None)).await?;
            page.warnings.push(error.message);
            Ok(page)
        }
        Err(error) if error.is_refusal() => {
            let mut page = page(app, frame, id, (given, Some(&error))).await?;
            // The fragment shows the preview alone, so what is wrong with a field is said there too.
            if page.warnings.is_empty() {
                page.warnings.push(error.message);
            }
            Ok(page)
        }
        Err(error) => Err(error),
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<OrganizationFormPage> {
    frame.caller.scope.require(Permission::OrganizationsMove)?;
    let seen = Seen::read(app, frame, id, value(given, "parent_id").parse().ok()).await?;
    let title = format!("Move {}", seen.found.name);
    let new_parent = organization_field("parent_id", "New parent", seen.parent.as_ref());
    let version = Field::new("hidden", "version", "").value(seen.found.version.to_string());
    let fields = filled(vec![new_parent.required(), version], given, refused);
    Ok(OrganizationFormPage {
        shell: frame.shell(title.clone(), "organizations"),
        title,
        action: format!("/organizations/{id}/move"),
        label: "Move".into(),
        error: above(&fields, refused),
        fields,
        preview_href: format!("/organizations/{id}/move/preview"),
        preview: seen.numbers(refused),
        warnings: seen.warnings(refused),
        back: format!("/organizations/{id}"),
    })
}

/// What a move is about.
struct Seen {
    found: Organization,
    /// From where to where, once that was chosen.
    parent: Option<Organization>,
    branch: counts::Branch,
    held: Vec<Held>,
}

impl Seen {
    async fn read(app: &App, frame: &Frame, id: Uuid, parent_id: Option<Uuid>) -> Result<Seen> {
        let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
        app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let found = queries::find_visible(tx, &scope, id).await?;
                let parent = match parent_id {
                    Some(parent_id) => queries::find_visible(tx, &scope, parent_id).await?,
                    None => None,
                };
                let held = match &parent {
                    Some(parent) => counts::held(tx, id, parent.id, NAMED).await?,
                    None => vec![],
                };
                Ok(Seen {
                    found: found.ok_or_else(Error::not_found)?,
                    branch: counts::branch(tx, id, now).await?,
                    parent,
                    held,
                })
            })
        })
        .await
    }

    /// What must be returned first, the most first; what is not named is counted.
    fn warnings(&self, refused: Option<&Error>) -> Vec<String> {
        let mut warnings: Vec<String> = self.held.iter().map(returning).collect();
        let fact = |name: &str| refused?.facts.get(name)?.as_i64();
        let left = fact("pools").unwrap_or_default() - self.held.len() as i64;
        if left > 0 {
            let licenses = format::count(left, "more license", "more licenses");
            let units = format::count(fact("units").unwrap_or_default(), "unit", "units");
            warnings.push(format!("And of {licenses}: {units} in all."));
        }
        warnings
    }

    /// What moves along, once a parent was chosen that would take it.
    fn numbers(&self, refused: Option<&Error>) -> Vec<(String, String)> {
        let Some(parent) = self.parent.as_ref().filter(|_| refused.is_none()) else {
            return vec![];
        };
        let branch = &self.branch;
        let below = branch.organizations - 1;
        vec![
            ("To".into(), parent.name.clone()),
            (
                "Moves along".into(),
                format::count(below, "organization below it", "organizations below it"),
            ),
            (
                "Own licenses, which stay its own".into(),
                format::number(branch.licenses),
            ),
            (
                "People, whose rights from above change".into(),
                format::number(branch.people),
            ),
        ]
    }
}

/// "Return 20 units of DNA-ADV, order SO-1, to Norvik Networks first; 5 of them are in use."
fn returning((sku, order, units, in_use, giver): &Held) -> String {
    let order = order
        .as_ref()
        .map_or(String::new(), |order| format!(" of order {order}"));
    let units = format::count(*units, "unit", "units");
    let used = match in_use {
        0 => String::new(),
        in_use => format!("; {} of them in use", format::number(*in_use)),
    };
    format!("Return {units} of {sku}{order} to {giver} first{used}.")
}
