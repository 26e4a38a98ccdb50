//! Every statement about policies and rules, and about what they make due.

use serde::Serialize;
use store::{FromRow, Param, Row, Select, Timestamp, Tx, placeholders};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{
    Ending, LEAD_DAYS, LicenseNotices, LicenseNoticesFacts, NoticePolicy, NoticePolicyFacts, stored,
};
use crate::{error::Result, scope::queries::count_to};

/// The policy of an organization, as it is while nobody said anything where nobody did.
pub async fn policy(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<NoticePolicy> {
    let sql = "SELECT organization_id, audience, lead_days, version FROM notice_policy WHERE organization_id = $1";
    let found = tx.query_opt(sql, &[&organization_id]).await?;
    Ok(found.unwrap_or_else(|| NoticePolicy {
        organization_id,
        facts: NoticePolicyFacts::default(),
        version: 0,
    }))
}

/// Writes a policy over version `seen`, 0 where there was none; `false` where it was another.
pub async fn put_policy(tx: &mut Tx<'_>, new: &NoticePolicy, seen: i64) -> Result<bool> {
    let sql = match seen {
        0 => {
            "INSERT INTO notice_policy (organization_id, audience, lead_days, longest_days, version)
             VALUES ($1, $2, $3, $4, CAST($5 AS BIGINT) + 1) ON CONFLICT (organization_id) DO NOTHING"
        }
        _ => {
            "UPDATE notice_policy SET audience = $2, lead_days = $3, longest_days = $4, version = version + 1
             WHERE organization_id = $1 AND version = $5"
        }
    };
    let it = &new.facts;
    let longest = longest(&it.lead_days);
    let params: [&dyn Param; 5] = [
        &new.organization_id,
        &it.audience.as_str(),
        &stored(&it.lead_days),
        &longest,
        &seen,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// What was said about one license.
pub async fn rule(tx: &mut Tx<'_>, license_id: Uuid) -> Result<LicenseNotices> {
    let sql =
        "SELECT license_id, audience, lead_days, low_units, low_percent, version FROM notice_rule
        WHERE license_id = $1";
    let found = tx.query_opt(sql, &[&license_id]).await?;
    Ok(found.unwrap_or_else(|| LicenseNotices {
        license_id,
        facts: LicenseNoticesFacts::default(),
        version: 0,
    }))
}

/// Writes what is said about a license over version `seen`, 0 where there was nothing; `false` where it was another.
pub async fn put_rule(tx: &mut Tx<'_>, new: &LicenseNotices, seen: i64) -> Result<bool> {
    let sql = match seen {
        0 => {
            "INSERT INTO notice_rule (license_id, audience, lead_days, longest_days, low_units, low_percent, version)
             VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT) + 1) ON CONFLICT (license_id) DO NOTHING"
        }
        _ => {
            "UPDATE notice_rule SET audience = $2, lead_days = $3, longest_days = $4, low_units = $5, low_percent = $6,
             version = version + 1 WHERE license_id = $1 AND version = $7"
        }
    };
    let it = &new.facts;
    let longest = it.lead_days.as_deref().map_or(0, longest);
    let params: [&dyn Param; 7] = [
        &new.license_id,
        &it.audience.map(super::model::Audience::as_str),
        &it.lead_days.as_deref().map(stored),
        &longest,
        &it.low_units,
        &it.low_percent,
        &seen,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

fn longest(lead_days: &[i64]) -> i64 {
    lead_days.iter().copied().max().unwrap_or_default()
}

/// The longest lead time that anybody asked for: beyond it nothing is due.
pub async fn longest_lead(tx: &mut Tx<'_>) -> Result<i64> {
    let sql = "SELECT coalesce((SELECT max(longest_days) FROM notice_policy), 0),
        coalesce((SELECT max(longest_days) FROM notice_rule), 0)";
    let (general, own): (i64, i64) = tx.query_one(sql, &[]).await?;
    Ok(general.max(own).max(longest(&LEAD_DAYS)))
}

/// What is told of a license that runs: paused ones too, for their clock goes on. One that awaits its owner has no last
/// day yet, and one that was ended or is over has none to come.
const ENDING: &str =
    "SELECT l.id, l.organization_id, coalesce(l.seller_id, n.parent_id), l.end_date, l.time_zone,
    l.ends_at, r.audience, r.lead_days, p.audience, p.lead_days
    FROM license l JOIN organization_node n ON n.id = l.organization_id
    LEFT JOIN notice_rule r ON r.license_id = l.id
    LEFT JOIN notice_policy p ON p.organization_id = coalesce(l.seller_id, l.organization_id)
    WHERE l.standing = 'issued' AND l.awaits_activation = FALSE AND l.end_date IS NOT NULL";

/// Licenses that end behind a place and before an instant, the soonest first.
pub async fn endings(
    tx: &mut Tx<'_>,
    (after, id): (Timestamp, Uuid),
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Ending>> {
    let sql = format!(
        "{ENDING} AND l.ends_at <= $3 AND (l.ends_at, l.id) > ($1, $2) ORDER BY l.ends_at, l.id LIMIT $4"
    );
    Ok(tx.query(&sql, &[&after, &id, &before, &limit]).await?)
}

/// Those of these licenses that still run, the soonest first.
pub async fn endings_of(
    tx: &mut Tx<'_>,
    license_ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Ending>> {
    if license_ids.is_empty() {
        return Ok(vec![]);
    }
    let ids = license_ids.iter().map(|id| id as &dyn Param);
    let params: Vec<&dyn Param> = ids.chain([&now as &dyn Param]).collect();
    let sql = format!(
        "{ENDING} AND l.id IN {} AND l.ends_at > ${} ORDER BY l.ends_at, l.id",
        placeholders(1, license_ids.len()),
        params.len()
    );
    Ok(tx.query(&sql, &params).await?)
}

/// Whether the free units of `pool p` are below the threshold of `notice_rule r`.
const IS_LOW: &str = "(coalesce(p.quantity - p.allocated - p.assigned < r.low_units, FALSE)
    OR coalesce((p.quantity - p.allocated - p.assigned) * 100 < r.low_percent * p.quantity, FALSE))";

macro_rules! watched {
    ($tables:literal) => {
        concat!(
            "FROM ",
            $tables,
            " CROSS JOIN pool p LEFT JOIN low_pool s ON s.license_id = l.id
            WHERE l.id = r.license_id AND p.license_id = l.id AND p.organization_id = l.organization_id
              AND (r.low_units IS NOT NULL OR r.low_percent IS NOT NULL) AND l.standing = 'issued'
              AND l.awaits_activation = FALSE"
        )
    };
}

/// Licenses with a threshold that run, from their rules. The order in which tables are named is the order in which SQLite
/// reads them: left to itself it would go through all licenses that run.
const WATCHED: &str = watched!("notice_rule r CROSS JOIN license l");

/// The same, from the licenses.
const HELD: &str = watched!("license l CROSS JOIN notice_rule r");

/// Licenses behind an id whose units have run low, or are enough again, since they were last looked at.
pub async fn turned(tx: &mut Tx<'_>, after: Uuid, now: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let sql = format!(
        "SELECT r.license_id {WATCHED} AND r.license_id > $1 AND (l.ends_at IS NULL OR l.ends_at > $2)
         AND {IS_LOW} <> coalesce(s.low, FALSE) ORDER BY r.license_id LIMIT $3"
    );
    let rows: Vec<(Uuid,)> = tx.query(&sql, &[&after, &now, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether the free units of a license are below its threshold, how many are free, and of how many; nothing where it
/// has none.
pub async fn judge(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Option<(bool, i64, i64)>> {
    let sql = format!(
        "SELECT {IS_LOW}, p.quantity - p.allocated - p.assigned, p.quantity {WATCHED} AND r.license_id = $1"
    );
    Ok(tx.query_opt(&sql, &[&license_id]).await?)
}

/// A license that runs low.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LowPool {
    /// The license.
    pub license_id: Uuid,
    /// Its SKU's code.
    pub sku_code: String,
    /// The product.
    pub product_name: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// Units free.
    pub free: i64,
    /// All units.
    pub quantity: i64,
}

impl FromRow for LowPool {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(LowPool {
            license_id: row.get(0)?,
            sku_code: row.get(1)?,
            product_name: row.get(2)?,
            units: row.get(3)?,
            free: row.get(4)?,
            quantity: row.get(5)?,
        })
    }
}

/// Rules of anybody that are gone through for those of one organization.
const GONE_THROUGH: i64 = 1_000;

/// Licenses of an organization whose free units are below their threshold now, the fewest first.
pub async fn low(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<LowPool>> {
    let mut with_threshold = Select::new("");
    with_threshold.and_raw("(low_units IS NOT NULL OR low_percent IS NOT NULL)");
    let rules = "SELECT license_id FROM notice_rule";
    let rules = count_to(tx, &with_threshold, rules, GONE_THROUGH).await?;
    // Where few licenses of anybody have a threshold, they are gone through: an organization may have very many.
    let (from, whose) = match rules <= GONE_THROUGH {
        true => (WATCHED, format!("LIMIT {GONE_THROUGH}")),
        false => (HELD, "AND l.organization_id = $1".to_owned()),
    };
    let sql = format!(
        "SELECT low.id, p.sku_code, t.name, t.units, p.quantity - p.allocated - p.assigned, p.quantity
         FROM (SELECT l.id AS id, p.id AS pool_id, l.organization_id AS organization_id {from}
           AND (l.ends_at IS NULL OR l.ends_at > $2) AND {IS_LOW} {whose}) low
         JOIN pool p ON p.id = low.pool_id JOIN product t ON t.id = p.product_id
         WHERE low.organization_id = $1 ORDER BY 5, low.id LIMIT $3"
    );
    Ok(tx.query(&sql, &[&organization_id, &now, &limit]).await?)
}
