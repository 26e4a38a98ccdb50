//! Every statement about addresses and the days that stand at them.

use store::{Timestamp, Tx};
use uuid::Uuid;

use super::model::{CalendarFeed, Entry};
use crate::error::Result;

/// Licenses of one sort in one calendar at most: those that end, or begin, next.
const MOST: i64 = 1_000;
/// Days for which an end that has passed is still shown.
const PAST_DAYS: i64 = 90;

/// The address of an organization, as it is while there never was one where there was none.
pub async fn get(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<CalendarFeed> {
    let sql = "SELECT organization_id, fingerprint IS NOT NULL, hint, created_at, version FROM calendar_feed
        WHERE organization_id = $1";
    let found = tx.query_opt(sql, &[&organization_id]).await?;
    Ok(found.unwrap_or(CalendarFeed {
        organization_id,
        hint: None,
        created_at: None,
        version: 0,
    }))
}

/// Gives an organization another address, or its first; gives the version.
pub async fn put(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    (fingerprint, hint): (&str, &str),
    (person_id, now): (Uuid, Timestamp),
) -> Result<i64> {
    let sql = "INSERT INTO calendar_feed (organization_id, fingerprint, hint, created_by, created_at, version)
        VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (organization_id) DO UPDATE SET fingerprint = excluded.fingerprint,
        hint = excluded.hint, created_by = excluded.created_by, created_at = excluded.created_at,
        version = calendar_feed.version + 1 RETURNING version";
    let (version,): (i64,) = tx
        .query_one(
            sql,
            &[&organization_id, &fingerprint, &hint, &person_id, &now],
        )
        .await?;
    Ok(version)
}

/// Withdraws an address; gives the version, or nothing where there is none.
pub async fn withdraw(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Option<i64>> {
    let sql = "UPDATE calendar_feed SET fingerprint = NULL, version = version + 1
        WHERE organization_id = $1 AND fingerprint IS NOT NULL RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&organization_id]).await?;
    Ok(row.map(|(version,)| version))
}

/// Whose calendar stands at an address: id and name. A suspended organization has none.
pub async fn find(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<(Uuid, String)>> {
    let sql =
        "SELECT o.id, o.name FROM calendar_feed f JOIN organization o ON o.id = f.organization_id
        JOIN organization_node n ON n.id = o.id AND n.blocked = FALSE WHERE f.fingerprint = $1";
    Ok(tx.query_opt(sql, &[&fingerprint]).await?)
}

/// Licenses that were issued and have their owner, with the instant of their last change.
const ENTRY: &str = "SELECT l.id, l.organization_id, coalesce(l.name, s.code), r.name, o.name, l.start_date, l.end_date,
    coalesce(j.at, l.created_at), l.version, p.quantity, r.unit, r.units, l.paused
    FROM license l JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
    JOIN organization o ON o.id = l.organization_id JOIN sku s ON s.id = l.sku_id
    JOIN product r ON r.id = l.product_id
    LEFT JOIN change c ON c.noun = 'license' AND c.row_id = l.id AND c.version = l.version
    LEFT JOIN journal j ON j.id = c.journal_id
    WHERE l.standing = 'issued' AND l.awaits_activation = FALSE";

/// Whose licenses: each side has an index of its own.
const SIDES: [&str; 2] = ["l.organization_id = $1", "l.seller_id = $1"];

/// Licenses that an organization owns or sold and that end from some time ago on.
pub async fn endings(tx: &mut Tx<'_>, organization_id: Uuid, now: Timestamp) -> Result<Vec<Entry>> {
    let since = now.plus_seconds(-PAST_DAYS * 86_400);
    let mut found = Vec::new();
    for side in SIDES {
        let sql =
            format!("{ENTRY} AND {side} AND l.ends_at > $2 ORDER BY l.ends_at, l.id LIMIT $3");
        let entries: Vec<Entry> = tx.query(&sql, &[&organization_id, &since, &MOST]).await?;
        found.extend(entries);
    }
    Ok(found)
}

/// Licenses that an organization owns or sold and that have not begun.
pub async fn beginnings(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for side in SIDES {
        let sql =
            format!("{ENTRY} AND {side} AND l.starts_at > $2 ORDER BY l.starts_at, l.id LIMIT $3");
        let entries: Vec<Entry> = tx.query(&sql, &[&organization_id, &now, &MOST]).await?;
        found.extend(entries);
    }
    Ok(found)
}
