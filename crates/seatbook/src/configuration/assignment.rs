//! One assignment: who has the unit, what is bound to it, and where it came from.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use store::Tx;
use uuid::Uuid;

use super::{pages::AssignmentPage, user::holder_of};
use crate::{
    api::Id,
    app::App,
    assignments::{model::Assignment, queries},
    console::{
        answer::html,
        badges::Badge,
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    gate::Caller,
    journal,
    organizations::tabs::Place,
    scope::Permission,
};

/// Links of the chain that are shown.
const CHAIN: usize = 20;

/// `/assignments/{id}`.
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
    found: Assignment,
    base: Option<Assignment>,
    add_ons: Vec<Assignment>,
    chain: Vec<Assignment>,
    changes: Vec<journal::queries::Latest>,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<Seen> {
        let found = queries::find_visible(tx, &caller.scope, id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        let at = found.organization_id;
        let place = Place::read(tx, caller, at, Permission::AssignmentsRead).await?;
        let base = match found.base_id {
            Some(base_id) => queries::of_ids(tx, &[base_id]).await?.pop(),
            None => None,
        };
        let bound = queries::open_add_ons(tx, &[id]).await?;
        let bound: Vec<Uuid> = bound.iter().map(|add_on| add_on.id).collect();
        let mut chain: Vec<Assignment> = Vec::new();
        let mut before = found.follows_id;
        while let (Some(id), true) = (before, chain.len() < CHAIN) {
            let link = queries::of_ids(tx, &[id]).await?.pop();
            before = link.as_ref().and_then(|link| link.follows_id);
            chain.extend(link);
        }
        Ok(Seen {
            add_ons: queries::of_ids(tx, &bound).await?,
            changes: journal::queries::latest_of(tx, "assignment", id, 8).await?,
            place,
            found,
            base,
            chain,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment) -> AssignmentPage {
        let found = &self.found;
        let may_set = self.place.may(Permission::AssignmentsSet);
        let add_on = |it: Assignment| {
            (
                it.id.to_string(),
                it.product_name.clone(),
                since(&it, moment),
            )
        };
        let link = |it: Assignment| (it.id.to_string(), holder_of(&it), span(&it, moment));
        let change = |(at, who, command): journal::queries::Latest| {
            let when = format::ago(at.get(), moment.now.get());
            (when, who.unwrap_or_else(|| "Seatbook".into()), command)
        };
        AssignmentPage {
            shell: frame.shell(
                format!("{} for {}", found.product_name, holder_of(found)),
                "configuration",
            ),
            tabs: self.place.tabs("configuration"),
            id: found.id.to_string(),
            product: found.product_name.clone(),
            holder: holder_of(found),
            holder_href: format!("/holders/{}", found.user_id.unwrap_or(found.holder_id)),
            state: state(found),
            facts: facts(found, moment),
            ids: ids(found),
            base: self
                .base
                .map(|base| (base.id.to_string(), base.product_name)),
            add_ons: self.add_ons.into_iter().map(add_on).collect(),
            chain: self.chain.into_iter().map(link).collect(),
            changes: self.changes.into_iter().map(change).collect(),
            may_change: may_set && found.ended_at.is_none(),
        }
    }
}

fn facts(found: &Assignment, moment: &Moment) -> Vec<(String, String)> {
    let number = found.did.as_deref().map(|did| format!("+{did}"));
    let end = found
        .ended_at
        .map(|at| format::moment(at.get(), &moment.zone));
    let ends = found.ends_at.map(|at| {
        // The end is kept as the instant after the last day.
        let last = at.plus_seconds(-1).get();
        format::date(last.to_zoned(moment.zone.clone()).date())
    });
    let said = [
        (
            "Units",
            (found.units > 1).then(|| format::number(found.units)),
        ),
        ("Extension", found.extension.clone()),
        ("Number", number),
        ("Since", Some(since(found, moment))),
        ("Until", end),
        ("License runs until", ends),
    ];
    said.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn ids(found: &Assignment) -> Vec<(String, String)> {
    vec![
        ("UUID".to_owned(), found.id.to_string()),
        ("License UUID".to_owned(), found.license_id.to_string()),
    ]
}

fn since(found: &Assignment, moment: &Moment) -> String {
    format::moment(found.assigned_at.get(), &moment.zone)
}

/// "1 Jun 2026 to 3 Jun 2026".
pub(super) fn span(found: &Assignment, moment: &Moment) -> String {
    let day = |at: store::Timestamp| format::date(at.get().to_zoned(moment.zone.clone()).date());
    match found.ended_at {
        Some(end) => format!("{} to {}", day(found.assigned_at), day(end)),
        None => format!("since {}", day(found.assigned_at)),
    }
}

/// Why an assignment ended, in words.
pub(super) fn ending(word: Option<&str>) -> &'static str {
    match word {
        None => "",
        Some("reassigned") => "Reassigned",
        Some("left") => "Holder left",
        Some("terminated") => "Terminated",
        Some("reduced") => "Reduced",
        Some("undone") => "Taken back",
        Some(_) => "Unassigned",
    }
}

fn state(found: &Assignment) -> Badge {
    let (tone, icon, label) = match ending(found.ending.as_deref()) {
        "" => ("good", "check", "In use"),
        ended => ("mute", "stop", ended),
    };
    Badge {
        tone,
        icon,
        label: label.into(),
    }
}
