//! Handlers of the pages about roles.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    commands::{CreateRole, DeleteRole, DemandSecondFactor, EditRole},
    model::{Role, RoleFacts},
    pages::{MatrixGroup, MatrixRow, RoleColumn, RoleFormPage, RolesPage, noun, permission_groups},
    queries,
};
use crate::{
    access::{door::refusal, pages::marked},
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::Field,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    gate::Caller,
    scope::{Permission, tree},
};

/// Every role and what it allows.
pub async fn list(State(app): State<App>, frame: Frame) -> PageResult {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let root = tree::root(&mut tx).await?;
            Ok((queries::list(&mut tx, &scope).await?, root))
        })
    });
    let (roles, root) = read.await?;
    let edits_at = frame.caller.scope.roots(Permission::RolesEdit);
    let page = RolesPage {
        shell: frame.shell("Roles", "roles"),
        groups: matrix(&roles),
        roles: roles.into_iter().map(column).collect(),
        may_manage: !edits_at.is_empty(),
        may_demand: root.is_some_and(|root| edits_at.contains(&root)),
    };
    Ok(html(StatusCode::OK, page.render()))
}

fn column(role: Role) -> RoleColumn {
    RoleColumn {
        id: role.role,
        label: role.name,
        built_in: role.built_in,
        second_factor: role.requires_second_factor,
        people: role.people,
    }
}

fn matrix(roles: &[Role]) -> Vec<MatrixGroup> {
    let mut groups: Vec<MatrixGroup> = vec![];
    for permission in Permission::ALL {
        let label = noun(*permission);
        let row = MatrixRow {
            key: permission.as_str().into(),
            label: permission.describe().into(),
            granted: roles
                .iter()
                .map(|role| role.permissions.contains(permission))
                .collect(),
        };
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.rows.push(row),
            None => groups.push(MatrixGroup {
                label,
                rows: vec![row],
            }),
        }
    }
    groups
}

/// A form for a new role, made at the organization acted for.
pub async fn new(frame: Frame) -> PageResult {
    frame.caller.scope.require(Permission::RolesEdit)?;
    let page = form_page(&frame, None, &RoleFacts::default());
    Ok(html(StatusCode::OK, sheet(&frame, &page)))
}

fn form_page(frame: &Frame, before: Option<&Role>, facts: &RoleFacts) -> RoleFormPage {
    let title = if before.is_some() {
        "Change role"
    } else {
        "New role"
    };
    let place = before.map(|role| format!("/roles/{}", role.role));
    let hint = match before {
        Some(_) => "It counts from the next step of everybody who holds the role.".to_owned(),
        None => format!(
            "It can be given at {} and below.",
            frame.visitor.organization
        ),
    };
    let name = Field::text("name", "Name").value(&facts.name).hint(hint);
    let factor = Field::new("checkbox", "second_factor", "Asks for a second factor").value(
        if facts.requires_second_factor {
            "on"
        } else {
            ""
        },
    );
    let mut fields = vec![name.required(), factor];
    if let Some(role) = before {
        fields.push(Field::new("hidden", "version", "").value(role.version.to_string()));
    }
    let held = frame
        .caller
        .scope
        .grants()
        .iter()
        .flat_map(|grant| &grant.permissions);
    let held: Vec<Permission> = held.chain(&facts.permissions).copied().collect();
    let offered: Vec<Permission> = Permission::ALL
        .iter()
        .filter(|it| held.contains(it))
        .copied()
        .collect();
    RoleFormPage {
        shell: frame.shell(title, "roles"),
        title: title.into(),
        action: place
            .as_ref()
            .map_or("/roles/new".into(), |place| format!("{place}/edit")),
        fields,
        groups: permission_groups(&offered, &facts.permissions),
        delete_href: place
            .map(|place| format!("{place}/delete"))
            .unwrap_or_default(),
        error: None,
    }
}

fn sheet(frame: &Frame, page: &RoleFormPage) -> askama::Result<String> {
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}

fn read_facts(form: &Form) -> RoleFacts {
    RoleFacts {
        name: form.text("name").into(),
        permissions: form
            .all("permission")
            .filter_map(Permission::parse)
            .collect(),
        requires_second_factor: !form.text("second_factor").is_empty(),
    }
}

/// Makes a role.
pub async fn create(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let facts = read_facts(&form);
    let command = CreateRole {
        organization_id: frame.visitor.organization_id,
        facts: facts.clone(),
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/roles")),
        Err(error) => {
            let mut page = form_page(&frame, None, &facts);
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, sheet(&frame, &page)))
        }
    }
}

/// A form for a role that somebody made.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let role = find(&app, &frame.caller, &id.to_string()).await?;
    let facts = RoleFacts {
        name: role.name.clone(),
        permissions: role.permissions.clone(),
        requires_second_factor: role.requires_second_factor,
    };
    let page = form_page(&frame, Some(&role), &facts);
    Ok(html(StatusCode::OK, sheet(&frame, &page)))
}

/// Changes a role.
pub async fn update(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let facts = read_facts(&form);
    let command = EditRole {
        id,
        version: form.parse("version", "a version")?,
        facts: facts.clone(),
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/roles")),
        Err(error) => {
            let role = find(&app, &frame.caller, &id.to_string()).await?;
            let mut page = form_page(&frame, Some(&role), &facts);
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, sheet(&frame, &page)))
        }
    }
}

async fn find(app: &App, caller: &Caller, word: &str) -> Result<Role> {
    let (scope, word) = (caller.scope.clone(), word.to_owned());
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, &word).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// Asks before a role is removed.
pub async fn confirm(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = delete_page(&app, &frame, id).await?;
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

async fn delete_page(app: &App, frame: &Frame, id: Uuid) -> Result<Confirm> {
    let role = find(app, &frame.caller, &id.to_string()).await?;
    let held = format::count(role.people, "person holds", "people hold");
    Ok(Confirm {
        shell: frame.shell("Delete role", "roles"),
        title: format!("Delete {}?", role.name),
        lead: "A role can be deleted while nobody holds it.".into(),
        facts: vec![("People who hold it".into(), role.people.to_string())],
        warnings: (role.people > 0)
            .then(|| format!("{held} this role. Give them another first."))
            .into_iter()
            .collect(),
        fields: vec![],
        tone: "bad",
        allowed: role.people == 0,
        action: format!("/roles/{id}/delete"),
        label: "Delete".into(),
        back: "/roles".into(),
        back_label: "Roles".into(),
        error: None,
    })
}

fn confirm_sheet(frame: &Frame, page: &Confirm) -> askama::Result<String> {
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}

/// Removes a role.
pub async fn delete(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = DeleteRole { id, version: None };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/roles")),
        Err(error) => {
            let mut page = delete_page(&app, &frame, id).await?;
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, confirm_sheet(&frame, &page)))
        }
    }
}

/// Asks whether a built-in role demands a second factor.
pub async fn demand_form(
    State(app): State<App>,
    frame: Frame,
    Path(word): Path<String>,
) -> PageResult {
    let page = demand_page(&app, &frame, &word).await?;
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

async fn demand_page(app: &App, frame: &Frame, word: &str) -> Result<Confirm> {
    let role = find(app, &frame.caller, word).await?;
    let tick = Field::new("checkbox", "required", "Asks for a second factor").value(
        if role.requires_second_factor {
            "on"
        } else {
            ""
        },
    );
    let hint = "Who holds the role and has none sets it up before anything else.";
    Ok(Confirm {
        shell: frame.shell("Second factor", "roles"),
        title: format!("Second factor of {}", role.name),
        lead: "It concerns everybody who holds the role, in every organization.".into(),
        facts: vec![("People who hold it".into(), role.people.to_string())],
        warnings: vec![],
        fields: vec![tick.hint(hint)],
        tone: "warn",
        allowed: true,
        action: format!("/roles/{}/second-factor", role.role),
        label: "Save".into(),
        back: "/roles".into(),
        back_label: "Roles".into(),
        error: None,
    })
}

/// Demands a second factor of a built-in role, or no more.
pub async fn demand(
    State(app): State<App>,
    frame: Frame,
    Path(role): Path<String>,
    form: Form,
) -> PageResult {
    let command = DemandSecondFactor {
        role: role.clone(),
        required: !form.text("required").is_empty(),
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/roles")),
        Err(error) => {
            let mut page = demand_page(&app, &frame, &role).await?;
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, confirm_sheet(&frame, &page)))
        }
    }
}
