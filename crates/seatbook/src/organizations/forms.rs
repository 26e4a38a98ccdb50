//! Forms over organizations: adding one, and changing what is said about it.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use uuid::Uuid;

use super::{
    commands::{CreateOrganization, EditOrganization},
    model::{Kind, Organization, OrganizationFacts, PricingModel},
    pages::OrganizationFormPage,
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, part_or_page},
        fields::{Choice, Field, above, filled},
        form::{Form, pairs, value},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    scope::Permission,
};

const PRICING: [(&str, &str); 2] = [
    ("license", "By licenses it bought"),
    ("usage", "By what it used"),
];

/// `/organizations/new?parent=`.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let page = new_page(&app, &frame, (&given, None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
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
            let place = format!("/organizations/{}", done.outcome.id);
            Ok(go(frame.fragment, &place))
        }
        Err(error) if error.is_refusal() => {
            let page = new_page(&app, &frame, (&form.pairs, Some(&error))).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/organizations/{id}/edit`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = edit_page(&app, &frame, id, (&[], None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// Saves, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match form.parse("version", "a version") {
        Ok(version) => {
            let facts = facts(&form);
            let command = EditOrganization { id, version, facts };
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = edit_page(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// The form: in the drawer where the module asks for it, else as a page.
pub fn shown(frame: &Frame, status: StatusCode, page: &OrganizationFormPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// A select of organizations that offers one and asks for more while somebody types.
pub fn organization_field(name: &str, label: &str, found: Option<&Organization>) -> Field {
    let choice = found.map(|found| Choice {
        value: found.id.to_string(),
        label: found.name.clone(),
    });
    Field {
        value: choice
            .as_ref()
            .map_or_else(String::new, |choice| choice.value.clone()),
        choices: choice.into_iter().collect(),
        ..Field::select(name, label, &[]).source("/organizations/options")
    }
}

fn wanted(form: &Form) -> Result<CreateOrganization> {
    let kind = match form.text("kind") {
        "partner" => Kind::Partner,
        "customer" => Kind::Customer,
        _ => return Err(Error::invalid("kind", "required", "Say what it is.")),
    };
    Ok(CreateOrganization {
        parent_id: form.need("parent_id", "the organization above it")?,
        kind,
        facts: facts(form),
    })
}

fn facts(form: &Form) -> OrganizationFacts {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    OrganizationFacts {
        name: form.text("name").to_owned(),
        reference: text("reference"),
        website: text("website"),
        tax_id: text("tax_id"),
        note: text("note"),
        pricing_model: match form.text("pricing_model") {
            "usage" => PricingModel::Usage,
            _ => PricingModel::License,
        },
        time_zone: text("time_zone"),
    }
}

async fn new_page(
    app: &App,
    frame: &Frame,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<OrganizationFormPage> {
    frame
        .caller
        .scope
        .require(Permission::OrganizationsCreate)?;
    let asked = [value(given, "parent_id"), value(given, "parent")];
    let asked = asked.iter().find_map(|id| id.parse().ok());
    let parent = find(app, frame, asked.unwrap_or(frame.visitor.organization_id)).await?;
    let mut kinds = vec![("customer", "Customer"), ("partner", "Partner")];
    if parent
        .as_ref()
        .is_some_and(|parent| parent.kind == Kind::Customer)
    {
        kinds.truncate(1);
    }
    let zone = parent
        .as_ref()
        .map_or("", |parent| parent.time_zone.as_str());
    let mut fields = vec![
        organization_field("parent_id", "Below", parent.as_ref()).required(),
        Field::select("kind", "Kind", &kinds).required(),
    ];
    fields.extend(fact_fields(None, zone));
    let fields = filled(fields, given, refused);
    Ok(OrganizationFormPage {
        shell: frame.shell("New organization", "organizations"),
        title: "New organization".into(),
        action: "/organizations/new".into(),
        label: "Add organization".into(),
        error: above(&fields, refused),
        fields,
        preview_href: String::new(),
        preview: vec![],
        warnings: vec![],
        back: parent.map_or_else(
            || "/organizations".into(),
            |parent| format!("/organizations/{}", parent.id),
        ),
    })
}

async fn edit_page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<OrganizationFormPage> {
    let found = find(app, frame, id).await?.ok_or_else(Error::not_found)?;
    frame.caller.scope.require(Permission::OrganizationsEdit)?;
    let title = format!("Edit {}", found.name);
    let version = Field::new("hidden", "version", "").value(found.version.to_string());
    let mut fields = fact_fields(Some(&found), "");
    fields.push(version);
    let fields = filled(fields, given, refused);
    Ok(OrganizationFormPage {
        shell: frame.shell(title.clone(), "organizations"),
        title,
        action: format!("/organizations/{id}/edit"),
        label: "Save".into(),
        error: above(&fields, refused),
        fields,
        preview_href: String::new(),
        preview: vec![],
        warnings: vec![],
        back: format!("/organizations/{id}"),
    })
}

/// The fields of what is said about an organization, with what is said now.
fn fact_fields(found: Option<&Organization>, parents_zone: &str) -> Vec<Field> {
    let said = |of: fn(&Organization) -> Option<String>| found.and_then(of).unwrap_or_default();
    let zone_hint = match parents_zone {
        "" => "In which its days begin and end, such as Europe/Berlin.".to_owned(),
        zone => format!("In which its days begin and end; {zone} unless you say another."),
    };
    vec![
        Field::text("name", "Legal name")
            .value(said(|it| Some(it.name.clone())))
            .required(),
        Field::text("reference", "Reference")
            .value(said(|it| it.reference.clone()))
            .hint("The number by which your other systems know it; optional."),
        Field::text("website", "Web site").value(said(|it| it.website.clone())),
        Field::text("tax_id", "Tax number").value(said(|it| it.tax_id.clone())),
        Field::text("time_zone", "Time zone")
            .value(said(|it| Some(it.time_zone.clone())))
            .hint(zone_hint),
        Field::select("pricing_model", "Pays", &PRICING)
            .value(said(|it| Some(it.pricing_model.as_str().into()))),
        Field::new("textarea", "note", "Note").value(said(|it| Some(it.note.clone()))),
    ]
}

async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<Option<Organization>> {
    let scope = frame.caller.scope.clone();
    app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    })
    .await
}
