//! One holder: what is said about it, what it uses, what it used, what belongs to it.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::State, http::StatusCode};
use store::Tx;
use uuid::Uuid;

use super::{
    assigning::holder_line,
    assignment::{ending, span},
    lines,
    pages::{HolderPage, UseRow},
};
use crate::{
    api::Id,
    app::App,
    assignments::{self, model::Assignment, queries::Filter},
    console::{
        answer::html,
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    gate::Caller,
    holders::{
        self,
        model::{Holder, Kind},
    },
    organizations::tabs::Place,
    scope::Permission,
};

/// Assignments shown, open and ended.
const SHOWN: i64 = 200;

/// `/holders/{id}`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let seen =
        app.read(move |mut tx| Box::pin(async move { Seen::read(&mut tx, &caller, id).await }));
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = seen.await?.page(&frame, &moment);
    Ok(html(StatusCode::OK, page.render()))
}

/// What the page needs of the book, read in one snapshot.
struct Seen {
    place: Place,
    found: Holder,
    belongings: Vec<Holder>,
    uses: Vec<Assignment>,
    used: Vec<Assignment>,
    add_ons: HashMap<Uuid, Vec<String>>,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<Seen> {
        let found = holders::queries::find_visible(tx, &caller.scope, id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        let at = found.organization_id;
        let place = Place::read(tx, caller, at, Permission::HoldersRead).await?;
        let all = match place.may(Permission::AssignmentsRead) {
            true => assignments_of(tx, caller, &found).await?,
            false => vec![],
        };
        let (uses, mut used): (Vec<Assignment>, Vec<Assignment>) =
            all.into_iter().partition(|it| it.ended_at.is_none());
        used.sort_by_key(|it| std::cmp::Reverse(it.ended_at));
        let ids: Vec<Uuid> = uses.iter().map(|it| it.id).collect();
        Ok(Seen {
            belongings: holders::queries::owned_by(tx, id).await?,
            add_ons: lines::add_ons(tx, &ids).await?,
            place,
            found,
            uses,
            used,
        })
    }

    fn page(mut self, frame: &Frame, moment: &Moment) -> HolderPage {
        let found = &self.found;
        let present = found.left_at.is_none();
        let may = |permission| self.place.may(permission);
        let mut row =
            |it: &Assignment| use_row(it, self.add_ons.remove(&it.id), (found.id, moment));
        let uses = self.uses.iter().map(&mut row).collect();
        let used = self.used.iter().map(&mut row).collect();
        let left = found
            .left_at
            .map(|at| format::moment(at.get(), &moment.zone));
        HolderPage {
            shell: frame.shell(found.name.clone(), "holders"),
            tabs: self.place.tabs("holders"),
            id: found.id.to_string(),
            name: found.name.clone(),
            kind: holders::pages::badge(found.kind),
            left: left.unwrap_or_default(),
            facts: facts(found, moment),
            owner: found
                .owner_id
                .map(|id| (id.to_string(), found.owner_name.clone().unwrap_or_default())),
            ownable: found.kind != Kind::User,
            belongings: self.belongings.iter().map(holder_line).collect(),
            uses,
            used,
            may_edit: present && may(Permission::HoldersEdit),
            may_leave: may(Permission::HoldersEdit) && may(Permission::AssignmentsSet),
            may_assign: present && may(Permission::AssignmentsSet) && self.place.counts_licenses(),
        }
    }
}

/// A user's units and those of what belongs to them; of anything else, its own. Add-ons are told with their base.
async fn assignments_of(
    tx: &mut Tx<'_>,
    caller: &Caller,
    holder: &Holder,
) -> Result<Vec<Assignment>> {
    let filter = Filter {
        organization_id: Some(holder.organization_id),
        user_id: (holder.kind == Kind::User).then_some(holder.id),
        holder_id: (holder.kind != Kind::User).then_some(holder.id),
        bases_only: true,
        with_ended: true,
        limit: SHOWN,
        ..Filter::default()
    };
    assignments::queries::list(tx, &caller.scope, &filter).await
}

fn use_row(
    it: &Assignment,
    add_ons: Option<Vec<String>>,
    (holder_id, moment): (Uuid, &Moment),
) -> UseRow {
    UseRow {
        id: it.id.to_string(),
        product: it.product_name.clone(),
        through: match it.holder_id == holder_id {
            true => it
                .user_name
                .clone()
                .filter(|_| it.user_id != Some(holder_id)),
            false => Some(it.holder_name.clone()),
        }
        .unwrap_or_default(),
        add_ons: add_ons.unwrap_or_default(),
        time: span(it, moment),
        ending: ending(it.ending.as_deref()),
    }
}

fn facts(found: &Holder, moment: &Moment) -> Vec<(String, String)> {
    let added = found.created_at.get().to_zoned(moment.zone.clone()).date();
    let said = [
        ("E-mail", found.email.clone()),
        ("Extension", found.extension.clone()),
        ("Number", found.did.as_deref().map(|did| format!("+{did}"))),
        ("Serial number", found.serial.clone()),
        ("Reference", found.reference.clone()),
        ("Added", Some(format::date(added))),
    ];
    said.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
