//! Forms over holders: adding one, and changing what is said about it.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    commands::{AddHolders, EditHolder, NewHolder},
    model::{Holder, HolderFacts, Kind},
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::go,
        fields::{Field, above, filled},
        form::{Form, pairs, value},
        frame::{Frame, PageResult},
        pages::Sheet,
    },
    error::{Error, Result},
    organizations::{self, forms::organization_field},
    scope::Permission,
};

const KINDS: [(&str, &str); 4] = [
    ("user", "User"),
    ("device", "Device"),
    ("screen", "Screen"),
    ("extension", "Extension"),
];

/// `/holders/new?organization=`.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let page = new_page(&app, &frame, (&given, None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Adds it, or shows the form again with what is wrong.
pub async fn create(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let done = match wanted(&form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => {
            let id = done.outcome.first().map(|holder| holder.id);
            Ok(go(
                frame.fragment,
                &format!("/holders/{}", id.unwrap_or_default()),
            ))
        }
        Err(error) if error.is_refusal() => {
            let page = new_page(&app, &frame, (&form.pairs, Some(&error))).await?;
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/holders/{id}/edit`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = edit_page(&app, &frame, id, (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Saves, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match form.parse("version", "a version") {
        Ok(version) => {
            let facts = facts(&form);
            let command = EditHolder { id, version, facts };
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/holders/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = edit_page(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(form: &Form) -> Result<AddHolders> {
    let row = NewHolder {
        kind: Kind::parse(form.text("kind")).unwrap_or_default(),
        facts: facts(form),
        owner_id: None,
    };
    Ok(AddHolders {
        organization_id: form.need("organization_id", "the organization it belongs to")?,
        rows: vec![row],
    })
}

fn facts(form: &Form) -> HolderFacts {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    HolderFacts {
        name: form.text("name").to_owned(),
        email: text("email"),
        extension: text("extension"),
        did: text("did"),
        serial: text("serial"),
        reference: text("reference"),
    }
}

async fn new_page(
    app: &App,
    frame: &Frame,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Sheet> {
    frame.caller.scope.require(Permission::HoldersEdit)?;
    let asked = [
        value(given, "organization_id"),
        value(given, "organization"),
    ];
    let asked = asked.iter().find_map(|id| id.parse().ok());
    let id = asked.unwrap_or(frame.visitor.organization_id);
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { organizations::queries::find_visible(&mut tx, &scope, id).await })
    });
    let organization = read.await?;
    let mut fields = vec![
        organization_field("organization_id", "Organization", organization.as_ref()).required(),
        Field::select("kind", "Kind", &KINDS),
    ];
    fields.extend(fact_fields(&HolderFacts::default(), None));
    let fields = filled(fields, given, refused);
    let place = organization.map_or_else(
        || "/holders".to_owned(),
        |organization| format!("/organizations/{}/holders", organization.id),
    );
    Ok(Sheet {
        shell: frame.shell("New holder", "holders"),
        title: "New holder".into(),
        lead: "A user, device, screen or extension that can be given units.".into(),
        action: "/holders/new".into(),
        label: "Add holder".into(),
        error: above(&fields, refused),
        fields,
        back: place,
        back_label: "Holders".into(),
    })
}

async fn edit_page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Sheet> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    let found: Holder = read.await?.ok_or_else(Error::not_found)?;
    frame.caller.scope.require(Permission::HoldersEdit)?;
    let title = format!("Edit {}", found.name);
    let mut fields = fact_fields(&HolderFacts::of(&found), Some(found.kind));
    fields.push(Field::new("hidden", "version", "").value(found.version.to_string()));
    let fields = filled(fields, given, refused);
    Ok(Sheet {
        shell: frame.shell(title.clone(), "holders"),
        title,
        lead: String::new(),
        action: format!("/holders/{id}/edit"),
        label: "Save".into(),
        error: above(&fields, refused),
        fields,
        back: format!("/holders/{id}"),
        back_label: found.name,
    })
}

/// The fields of what is said about a holder, with what is said now.
fn fact_fields(facts: &HolderFacts, kind: Option<Kind>) -> Vec<Field> {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = Field::text("name", "Name").value(facts.name.clone());
    let name = match kind {
        Some(_) => name.required(),
        None => {
            name.hint("A device may be called by its serial number, an extension by its digits.")
        }
    };
    let extension = Field::text("extension", "Extension").value(said(&facts.extension));
    let extension = match kind {
        Some(Kind::Extension) => extension.required(),
        _ => extension,
    };
    vec![
        name,
        Field::new("email", "email", "E-mail").value(said(&facts.email)),
        extension.hint("3 to 5 digits, unique in the organization."),
        Field::text("did", "Number")
            .value(
                facts
                    .did
                    .as_deref()
                    .map(|did| format!("+{did}"))
                    .unwrap_or_default(),
            )
            .hint("Its direct number, in any spelling."),
        Field::text("serial", "Serial number").value(said(&facts.serial)),
        Field::text("reference", "Reference")
            .value(said(&facts.reference))
            .hint("The key by which your other systems know it."),
    ]
}
