//! Every statement about organizations that leave. What ends is read over the whole branch.

use std::collections::HashMap;

use store::{Date, Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{Departure, Ends, Loser, Offboarding, State};
use crate::{
    error::{Error, Result},
    gate::Caller,
    organizations::{model::Organization, tabs::Place},
    scope::Permission,
};

/// Losers that are named.
const NAMED: i64 = 50;

const OFFBOARDING: &str =
    "SELECT f.id, f.organization_id, f.contact, f.reason, f.leaves_on, f.leaves_at, f.state,
    f.decided_by, f.decided_at, f.ended_at, f.version FROM offboarding f";

/// The offboarding of an organization that is not over.
pub async fn open(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Option<Offboarding>> {
    let sql = format!("{OFFBOARDING} WHERE f.organization_id = $1 AND f.ended_at IS NULL");
    Ok(tx.query_opt(&sql, &[&organization_id]).await?)
}

/// One offboarding, whoever asks.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Offboarding>> {
    let sql = format!("{OFFBOARDING} WHERE f.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// On which day these organizations leave; those that stay are missing.
pub async fn days(tx: &mut Tx<'_>, organization_ids: &[Uuid]) -> Result<HashMap<Uuid, Date>> {
    let mut found = HashMap::new();
    for some in organization_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!(
            "SELECT organization_id, leaves_on FROM offboarding WHERE ended_at IS NULL AND organization_id IN {places}"
        );
        found.extend(tx.query::<(Uuid, Date)>(&sql, &params).await?);
    }
    Ok(found)
}

/// Offboardings whose day has come, in their order, behind one of them.
pub async fn due(
    tx: &mut Tx<'_>,
    now: Timestamp,
    (at, id): (Timestamp, Uuid),
    limit: i64,
) -> Result<Vec<(Timestamp, Uuid)>> {
    let sql = "SELECT leaves_at, id FROM offboarding WHERE ended_at IS NULL AND leaves_at <= $1
        AND (leaves_at, id) > ($2, $3) ORDER BY leaves_at, id LIMIT $4";
    Ok(tx.query(sql, &[&now, &at, &id, &limit]).await?)
}

/// Writes a new one; `false` where the organization leaves already.
pub async fn insert(tx: &mut Tx<'_>, new: &Offboarding) -> Result<bool> {
    let sql = "INSERT INTO offboarding (id, organization_id, contact, reason, leaves_on, leaves_at, state, decided_by,
         decided_at, ended_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 1) ON CONFLICT DO NOTHING";
    let params: [&dyn Param; 9] = [
        &new.id,
        &new.organization_id,
        &new.contact,
        &new.reason,
        &new.leaves_on,
        &new.leaves_at,
        &new.state.as_str(),
        &new.decided_by,
        &new.decided_at,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Writes how far it is, over the version that was seen; `false` where it was another.
pub async fn set_state(
    tx: &mut Tx<'_>,
    seen: &Offboarding,
    state: State,
    ended_at: Option<Timestamp>,
) -> Result<bool> {
    let sql = "UPDATE offboarding SET state = $3, ended_at = $4, version = version + 1
        WHERE id = $1 AND version = $2 AND ended_at IS NULL";
    let params: [&dyn Param; 4] = [&seen.id, &seen.version, &state.as_str(), &ended_at];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// What would end now.
pub async fn ends(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Ends> {
    let bound = "SELECT count(*), count(DISTINCT a.holder_id) FROM organization_closure c
        JOIN assignment a ON a.organization_id = c.descendant_id
        WHERE c.ancestor_id = $1 AND a.ended_at IS NULL";
    let (assignments, holders): (i64, i64) = tx.query_one(bound, &[&organization_id]).await?;
    let held = "SELECT count(*), CAST(coalesce(sum(p.quantity), 0) AS BIGINT)
        FROM pool p JOIN license l ON l.id = p.license_id
        WHERE p.organization_id = $1 AND p.quantity > 0 AND l.organization_id <> p.organization_id";
    let (shares, units): (i64, i64) = tx.query_one(held, &[&organization_id]).await?;
    let rest = "SELECT (SELECT count(*) FROM organization_closure c WHERE c.ancestor_id = $1),
        (SELECT count(*) FROM organization_closure c JOIN license l ON l.organization_id = c.descendant_id
         WHERE c.ancestor_id = $1 AND l.standing IN ('draft', 'issued')),
        (SELECT count(*) FROM organization_closure c JOIN invoice i ON i.buyer_id = c.descendant_id
         JOIN invoice_balance b ON b.invoice_id = i.id
         WHERE c.ancestor_id = $1 AND i.state = 'finalized' AND i.kind = 'invoice'
           AND b.paid_minor + b.credited_minor < i.total_minor)";
    let (organizations, licenses, open_invoices): (i64, i64, i64) =
        tx.query_one(rest, &[&organization_id]).await?;
    Ok(Ends {
        organizations,
        assignments,
        holders,
        shares,
        units,
        licenses,
        open_invoices,
    })
}

async fn losers(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<Loser>> {
    let sql = "SELECT h.id, h.name, CAST(sum(a.units) AS BIGINT) FROM organization_closure c
        JOIN assignment a ON a.organization_id = c.descendant_id JOIN holder h ON h.id = a.holder_id
        WHERE c.ancestor_id = $1 AND a.ended_at IS NULL GROUP BY h.id, h.name ORDER BY h.name, h.id LIMIT $2";
    Ok(tx.query(sql, &[&organization_id, &NAMED]).await?)
}

/// How it is about the leaving of an organization, for somebody who may let it leave.
pub async fn departure(
    tx: &mut Tx<'_>,
    caller: &Caller,
    organization_id: Uuid,
) -> Result<(Organization, Departure)> {
    let needed = Permission::OrganizationsSuspend;
    let place = Place::read(tx, caller, organization_id, needed).await?;
    if caller
        .limits
        .as_ref()
        .is_some_and(|it| !it.contains(&needed))
    {
        return Err(crate::scope::missing(needed));
    }
    let holders = match place.may(Permission::HoldersRead) {
        true => losers(tx, organization_id).await?,
        false => vec![],
    };
    let departure = Departure {
        organization_id,
        offboarding: open(tx, organization_id).await?,
        ends: ends(tx, organization_id).await?,
        holders,
    };
    Ok((place.organization, departure))
}

/// Open assignments at or below an organization, by id.
pub async fn bound(tx: &mut Tx<'_>, organization_id: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT a.id FROM organization_closure c JOIN assignment a ON a.organization_id = c.descendant_id
        WHERE c.ancestor_id = $1 AND a.ended_at IS NULL ORDER BY a.id LIMIT $2";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &limit]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Licenses at or below an organization that nobody has ended: those drawn from others before these.
pub async fn licenses(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT l.id FROM organization_closure c JOIN license l ON l.organization_id = c.descendant_id
        WHERE c.ancestor_id = $1 AND l.standing IN ('draft', 'issued')
        ORDER BY c.distance DESC, l.created_at DESC, l.id DESC";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// What an organization and those below it have of service plans.
pub async fn plans(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT q.id FROM organization_closure c
        JOIN plan_subscription q ON q.organization_id = c.descendant_id
        WHERE c.ancestor_id = $1 AND q.standing = 'running' ORDER BY q.id";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Pools at or below an organization that hold units it was passed, those passed on last first.
pub async fn shares(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<Uuid>> {
    let sql =
        "SELECT p.id FROM organization_closure c JOIN pool p ON p.organization_id = c.descendant_id
        JOIN license l ON l.id = p.license_id
        WHERE c.ancestor_id = $1 AND p.quantity > 0 AND p.parent_id IS NOT NULL
          AND l.organization_id <> p.organization_id
        ORDER BY c.distance DESC, p.id";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// The organization that leaves, or 404.
pub(super) async fn organization(tx: &mut Tx<'_>, id: Uuid) -> Result<Organization> {
    let found = crate::organizations::queries::find(tx, id).await?;
    found.ok_or_else(Error::not_found)
}
