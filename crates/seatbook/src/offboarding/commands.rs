//! The verbs of offboarding: deciding that an organization leaves, that it stays, and letting it leave.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::to_value;
use store::{Date, Timestamp};
use uuid::Uuid;

use super::{
    model::{Offboarding, Plan, State},
    queries,
};
use crate::{
    assignments::{self, commands::free, model::Ending},
    error::{Error, FieldError, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    licenses::{self, commands::terminate, pools},
    organizations::commands::SuspendOrganization,
    plan_subscriptions,
    scope::{Permission, tree},
    subscriptions::commands::lower,
};

/// Assignments that one step frees.
const AT_ONCE: i64 = 1_000;
const LONGEST_CONTACT: usize = 200;
const LONGEST_REASON: usize = 2_000;

/// Decides that an organization leaves on a day. Where that day has begun already, it leaves at once.
#[derive(Clone, Debug, Serialize)]
pub struct PlanOffboarding {
    /// Who leaves.
    pub organization_id: Uuid,
    /// With whom it was agreed; kept beside the journal.
    #[serde(skip)]
    pub contact: String,
    /// Why it leaves.
    pub reason: String,
    /// The day on which its units return, in its own zone.
    pub leaves_on: Date,
}

impl Command for PlanOffboarding {
    const NAME: &'static str = "offboarding.plan";
    type Outcome = Plan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Plan> {
        permit(tx, self.organization_id).await?;
        let organization = queries::organization(tx, self.organization_id).await?;
        let zone = TimeZone::get(&organization.time_zone).map_err(Error::internal)?;
        let leaves_at = self.check(tx.today(&zone), &zone)?;
        let new = Offboarding {
            id: tx.new_id(),
            organization_id: self.organization_id,
            contact: rules::text::trim(&self.contact).to_owned(),
            reason: rules::text::trim(&self.reason).to_owned(),
            leaves_on: self.leaves_on,
            leaves_at,
            state: State::Planned,
            decided_by: tx.actor_id(),
            decided_at: tx.now(),
            ended_at: None,
            version: 1,
        };
        if !queries::insert(tx, &new).await? {
            let message = "It is decided already that it leaves; withdraw that first.";
            return Err(Error::conflict("offboarding.planned", message));
        }
        record(tx, None, &new)?;
        let ends = queries::ends(tx, self.organization_id).await?;
        let offboarding = match leaves_at <= tx.now() {
            true => step(tx, new).await?,
            false => new,
        };
        Ok(Plan {
            offboarding: offboarding.for_journal(),
            ends,
        })
    }
}

impl PlanOffboarding {
    /// Every field that is wrong; else the instant at which the day begins.
    fn check(&self, today: Date, zone: &TimeZone) -> Result<Timestamp> {
        let mut wrong = Vec::new();
        for (field, text, most) in [
            ("contact", &self.contact, LONGEST_CONTACT),
            ("reason", &self.reason, LONGEST_REASON),
        ] {
            let length = rules::text::trim(text).chars().count();
            let (code, message) = match length {
                0 => ("required", "This must be said.".to_owned()),
                length if length > most => ("too_long", format!("At most {most} characters.")),
                _ => continue,
            };
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message,
            });
        }
        if self.leaves_on < today {
            wrong.push(FieldError {
                field: "leaves_on".into(),
                code: "offboarding.past".into(),
                message: "It leaves today or on a later day.".into(),
            });
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        let far = |_| {
            let message = "This day lies beyond the calendar.";
            Error::invalid("leaves_on", "out_of_calendar", message)
        };
        let begins = rules::term::first_instant(self.leaves_on.0, zone).map_err(far)?;
        Ok(Timestamp::new(begins))
    }
}

/// Decides that an organization stays, before its day has come.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawOffboarding {
    /// Who stays.
    pub organization_id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for WithdrawOffboarding {
    const NAME: &'static str = "offboarding.withdraw";
    type Outcome = Offboarding;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Offboarding> {
        permit(tx, self.organization_id).await?;
        let found = queries::open(tx, self.organization_id).await?;
        let before = found.ok_or_else(nothing_planned)?;
        if self.version.is_some_and(|seen| seen != before.version) {
            let message = "Somebody changed this in the meantime; look at it again.";
            let stale = Error::new(Kind::Stale, "version.stale", message);
            return Err(stale.with("version", before.version));
        }
        if before.state != State::Planned || before.leaves_at <= tx.now() {
            let message = "Its day has come: it is leaving.";
            return Err(Error::conflict("offboarding.begun", message));
        }
        let ended_at = Some(tx.now());
        let after = set(tx, before, (State::Withdrawn, ended_at)).await?;
        Ok(after.for_journal())
    }
}

/// Lets an organization leave whose day has come, or goes on with that. Submitted by the clock alone.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Leave {
    /// The offboarding.
    pub id: Uuid,
}

impl Command for Leave {
    const NAME: &'static str = "offboarding.leave";
    type Outcome = Offboarding;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Offboarding> {
        let found = queries::find(tx, self.id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        let suspend = Permission::OrganizationsSuspend;
        tx.require(suspend, found.organization_id).await?;
        if found.ended_at.is_some() || found.leaves_at > tx.now() {
            return Err(nothing_planned());
        }
        let after = step(tx, found).await?;
        Ok(after.for_journal())
    }
}

/// Suspends the organization first, so that nothing new begins, and frees units in parts, so that nobody waits for all
/// of them. With the last part its licenses end, and what it was passed goes back, from the leaves of the tree up.
async fn step(tx: &mut Tx<'_>, before: Offboarding) -> Result<Offboarding> {
    let id = before.organization_id;
    let version = None;
    // Whoever comes second here waits, and then finds another version.
    let begun = set(tx, before, (State::Leaving, None)).await?;
    if !queries::organization(tx, id).await?.suspended {
        let suspended = true;
        let command = SuspendOrganization {
            id,
            version,
            suspended,
        };
        command.run(tx).await?;
    }
    let bound = queries::bound(tx, id, AT_ONCE).await?;
    if !bound.is_empty() {
        let ending = assignments::queries::bindings(tx, &bound).await?;
        free(tx, ending, Ending::Left).await?;
    }
    if bound.len() as i64 == AT_ONCE {
        return Ok(begun);
    }
    for plan_id in queries::plans(tx, id).await? {
        let plan = plan_subscriptions::queries::get(tx, plan_id).await?;
        plan_subscriptions::commands::end(tx, plan).await?;
    }
    for license_id in queries::licenses(tx, id).await? {
        let license = licenses::queries::get(tx, license_id).await?;
        terminate(tx, license).await?;
    }
    for pool_id in queries::shares(tx, id).await? {
        let pool = pools::find(tx, pool_id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        let units = pool.free;
        if units > 0 {
            lower(tx, &[], &[(pool, units)]).await?;
        }
    }
    let ended_at = Some(tx.now());
    set(tx, begun, (State::Left, ended_at)).await
}

/// Asks for everything that leaving does: at the organization, and where its units return.
async fn permit(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<()> {
    for permission in [
        Permission::OrganizationsSuspend,
        Permission::AssignmentsSet,
        Permission::LicensesTerminate,
    ] {
        tx.require(permission, organization_id).await?;
    }
    let node = tree::find(tx, organization_id).await?;
    let node = node.ok_or_else(Error::not_found)?;
    let Some(parent_id) = node.parent_id else {
        let message = "The provider does not leave.";
        return Err(Error::conflict("organization.is_root", message));
    };
    // Nobody lets their own organization leave: whoever looks after it does.
    for permission in [Permission::OrganizationsSuspend, Permission::AllocationsSet] {
        tx.require_above(permission, parent_id).await?;
    }
    Ok(())
}

/// Writes and records how far it is.
async fn set(
    tx: &mut Tx<'_>,
    before: Offboarding,
    (state, ended_at): (State, Option<Timestamp>),
) -> Result<Offboarding> {
    if !queries::set_state(tx, &before, state, ended_at).await? {
        let message = "Somebody changed this at the same moment; please look again.";
        return Err(Error::conflict("offboarding.changed", message));
    }
    let after = Offboarding {
        state,
        ended_at,
        version: before.version + 1,
        ..before.clone()
    };
    record(tx, Some(&before), &after)?;
    Ok(after)
}

fn record(tx: &mut Tx<'_>, before: Option<&Offboarding>, after: &Offboarding) -> Result<()> {
    let (old, new) = match before {
        None => (None, to_value(after.for_journal())?),
        Some(before) => {
            let (old, new) = journal::difference(&before.for_journal(), &after.for_journal())?;
            (Some(old), new)
        }
    };
    tx.changed(Change {
        noun: "offboarding",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: old,
        after: Some(new),
    });
    Ok(())
}

fn nothing_planned() -> Error {
    let message = "Nobody decided that it leaves, or it has left.";
    Error::conflict("offboarding.none", message)
}
