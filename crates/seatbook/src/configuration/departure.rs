//! Holders that leave, are forgotten or change hands; what they lose is said first.

use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    unassigning::lines,
    user::{self, holder_field, keep_choice},
};
use crate::{
    api::Id,
    app::App,
    assignments::{
        commands::{DeleteHolder, HandOver, HolderLeaves},
        model::{Assignment, Freed},
        queries,
    },
    console::{
        answer::go,
        fields::{Choice, Field, above, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::{Confirm, Sheet},
    },
    error::{Error, Result},
    gate::Command,
    holders::{
        self,
        model::{Holder, Kind},
    },
    scope::Permission,
};

/// `/holders/{id}/leave`.
pub async fn leave(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = Going::leaving(&app, &frame, id).await?.page(&frame, None);
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Lets it leave.
pub async fn leaves(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = HolderLeaves { id, version: None };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/holders/{id}"))),
        Err(error) if error.is_refusal() => {
            let going = Going::leaving(&app, &frame, id).await?;
            Ok(going
                .page(&frame, Some(error.message))
                .shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/holders/{id}/erase`.
pub async fn erase(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = Going::erasing(&app, &frame, id).await?.page(&frame, None);
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Forgets who it was.
pub async fn erases(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let holder = find(&app, &frame, id).await?;
    let command = DeleteHolder { id, version: None };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    match done {
        Ok(_) => Ok(go(frame.fragment, &list(&holder))),
        Err(error) if error.is_refusal() => {
            let going = Going::erasing(&app, &frame, id).await?;
            Ok(going
                .page(&frame, Some(error.message))
                .shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// The list it stood in.
fn list(holder: &Holder) -> String {
    format!("/organizations/{}/holders", holder.organization_id)
}

/// A holder about to go, and what goes with it.
struct Going {
    holder: Holder,
    erases: bool,
    freed: Freed,
    lost: Vec<Assignment>,
    belongings: i64,
    why_not: Option<String>,
}

impl Going {
    async fn leaving(app: &App, frame: &Frame, id: Uuid) -> Result<Going> {
        let command = HolderLeaves { id, version: None };
        Going::read(app, frame, (id, false), command).await
    }

    async fn erasing(app: &App, frame: &Frame, id: Uuid) -> Result<Going> {
        let command = DeleteHolder { id, version: None };
        Going::read(app, frame, (id, true), command).await
    }

    async fn read<C: Command<Outcome = Freed> + Clone>(
        app: &App,
        frame: &Frame,
        (id, erases): (Uuid, bool),
        command: C,
    ) -> Result<Going> {
        let holder = find(app, frame, id).await?;
        frame.caller.scope.require(Permission::HoldersEdit)?;
        let (freed, why_not) = match user::preview(app, frame, &command).await? {
            Ok(freed) => (freed, None),
            Err(refused) => (Freed::default(), Some(refused.message)),
        };
        let ended = freed.ended.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let lost = queries::of_ids(&mut tx, &ended).await?;
                let belongings = holders::queries::owned_by(&mut tx, id).await?;
                Ok((lost, belongings.len() as i64))
            })
        });
        let (lost, belongings) = read.await?;
        Ok(Going {
            holder,
            erases,
            freed,
            lost,
            belongings,
            why_not,
        })
    }

    fn page(&self, frame: &Frame, error: Option<String>) -> Confirm {
        let Holder { id, name, .. } = &self.holder;
        let (title, lead, label, word) = match self.erases {
            false => (
                format!("Let {name} leave?"),
                "Its units become free at once, and its e-mail address, extension and number may be given to \
                 another. What it used stays in the history.",
                "Let leave",
                "leave",
            ),
            true => (
                format!("Erase {name}?"),
                "Its units become free, and its name, e-mail address, numbers and references are deleted for \
                 good. The history keeps that somebody used the units, without saying who.",
                "Erase",
                "erase",
            ),
        };
        Confirm {
            shell: frame.shell(title.clone(), "holders"),
            title,
            lead: lead.into(),
            facts: vec![
                (
                    "Units that become free".into(),
                    format::number(self.freed.units),
                ),
                ("Add-ons among them".into(), format::number(self.add_ons())),
                (
                    "Devices and extensions left to nobody".into(),
                    format::number(self.belongings),
                ),
            ],
            warnings: self.warnings(),
            fields: vec![],
            tone: if self.erases { "bad" } else { "warn" },
            allowed: self.why_not.is_none(),
            action: format!("/holders/{id}/{word}"),
            label: label.into(),
            back: format!("/holders/{id}"),
            back_label: name.clone(),
            error,
        }
    }

    fn add_ons(&self) -> i64 {
        self.lost.iter().filter(|it| it.base_id.is_some()).count() as i64
    }

    fn warnings(&self) -> Vec<String> {
        let bases = self.lost.iter().filter(|it| it.base_id.is_none());
        let bases: Vec<Assignment> = bases.cloned().collect();
        let lost = lines(&bases, &self.lost);
        self.why_not.clone().into_iter().chain(lost).collect()
    }
}

/// `/holders/{id}/hand-over`.
pub async fn hand_over(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let holder = find(&app, &frame, id).await?;
    Ok(sheet(&frame, &holder, (&[], None))?.shown(&frame, StatusCode::OK))
}

/// Gives it to a user, or to nobody.
pub async fn give(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let holder = find(&app, &frame, id).await?;
    let done = match form.parse("owner_id", "a user") {
        Ok(owner_id) => {
            let version = None;
            let command = HandOver {
                id,
                version,
                owner_id,
            };
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/holders/{id}"))),
        Err(error) if error.is_refusal() => {
            let mut page = sheet(&frame, &holder, (&form.pairs, Some(&error)))?;
            keep_choice(&app, &frame, &mut page.fields).await?;
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn sheet(
    frame: &Frame,
    holder: &Holder,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Sheet> {
    frame.caller.scope.require(Permission::HoldersEdit)?;
    if holder.kind == Kind::User {
        let message = "A user belongs to nobody.";
        return Err(Error::conflict("holder.user_has_no_owner", message));
    }
    let choice = holder.owner_id.map(|id| Choice {
        value: id.to_string(),
        label: holder.owner_name.clone().unwrap_or_default(),
    });
    let at = (holder.organization_id, "user");
    let field = Field {
        value: choice
            .as_ref()
            .map_or_else(String::new, |it| it.value.clone()),
        choices: choice.into_iter().collect(),
        ..holder_field("owner_id", "Belongs to", at)
    };
    let fields =
        vec![field.hint("Its units go on with whoever has it. Leave it empty for nobody.")];
    let fields = filled(fields, given, refused);
    let title = format!("Hand over {}", holder.name);
    Ok(Sheet {
        shell: frame.shell(title.clone(), "holders"),
        title,
        lead: String::new(),
        error: above(&fields, refused),
        fields,
        action: format!("/holders/{}/hand-over", holder.id),
        label: "Hand over".into(),
        back: format!("/holders/{}", holder.id),
        back_label: holder.name.clone(),
    })
}

async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<Holder> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { holders::queries::find_visible(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}
