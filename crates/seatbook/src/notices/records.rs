//! Every statement about what was told.

use std::collections::HashMap;

use store::{Date, FromRow, Param, Row, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    model::{LicenseNoticesOut, NoticeTold, Said},
    queries,
};
use crate::{
    error::Result,
    licenses::model::License,
    scope::{Permission, Scope, queries::below_any},
};

/// What was told of one license and is shown, at most.
const SHOWN: i64 = 100;

/// Adds a digest; `false` where the organization was told on that day.
pub async fn insert_digest(
    tx: &mut Tx<'_>,
    (id, organization_id): (Uuid, Uuid),
    day: Option<Date>,
    now: Timestamp,
) -> Result<bool> {
    let sql =
        "INSERT INTO notice_digest (id, organization_id, day, told_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, day) DO NOTHING";
    let rows = tx
        .execute(sql, &[&id, &organization_id, &day, &now])
        .await?;
    Ok(rows == 1)
}

/// Whether an organization was told of ends on that day.
pub async fn was_told_on(tx: &mut Tx<'_>, organization_id: Uuid, day: Date) -> Result<bool> {
    let sql = "SELECT day FROM notice_digest WHERE organization_id = $1 AND day = $2";
    let found: Option<(Date,)> = tx.query_opt(sql, &[&organization_id, &day]).await?;
    Ok(found.is_some())
}

/// Adds a mail to the digest that it carries.
pub async fn insert_mail(tx: &mut Tx<'_>, digest_id: Uuid, mail_id: Uuid) -> Result<()> {
    let sql = "INSERT INTO notice_mail (digest_id, mail_id) VALUES ($1, $2)";
    tx.execute(sql, &[&digest_id, &mail_id]).await?;
    Ok(())
}

/// Keeps that an organization was told; `false` where that lead time was told, or passed by, before.
pub async fn insert(tx: &mut Tx<'_>, it: &Said, (state, digest_id): (&str, Uuid)) -> Result<bool> {
    let sql = "INSERT INTO notice (license_id, organization_id, end_date, lead_days, state, digest_id)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (license_id, organization_id, end_date, lead_days) DO NOTHING";
    let params: [&dyn Param; 6] = [
        &it.license_id,
        &it.organization_id,
        &it.end_date,
        &it.lead_days,
        &state,
        &digest_id,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// What was said of these licenses.
pub async fn said(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Vec<Said>> {
    if license_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = license_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, params.len());
    let sql = format!(
        "SELECT license_id, organization_id, end_date, lead_days FROM notice WHERE license_id IN {places}"
    );
    Ok(tx.query(&sql, &params).await?)
}

/// Writes whether units are low; gives the new version, or nothing where somebody wrote the same.
pub async fn set_low(
    tx: &mut Tx<'_>,
    license_id: Uuid,
    low: bool,
    now: Timestamp,
) -> Result<Option<i64>> {
    let sql = "INSERT INTO low_pool (license_id, low, since, version) VALUES ($1, $2, $3, 1)
        ON CONFLICT (license_id) DO UPDATE SET low = excluded.low, since = excluded.since,
        version = low_pool.version + 1 WHERE low_pool.low <> excluded.low RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&license_id, &low, &now]).await?;
    Ok(row.map(|(version,)| version))
}

/// Whether units of a license were low when they were last looked at, and since when.
pub async fn low_since(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Option<Timestamp>> {
    let sql = "SELECT since FROM low_pool WHERE license_id = $1 AND low = TRUE";
    let row: Option<(Timestamp,)> = tx.query_opt(sql, &[&license_id]).await?;
    Ok(row.map(|(since,)| since))
}

/// Free units that an organization is told of.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The license.
    pub license_id: Uuid,
    /// Which fall.
    pub fall: i64,
    /// Units that were free then.
    pub free: i64,
    /// Of how many.
    pub quantity: i64,
}

impl FromRow for Alert {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Alert {
            license_id: row.get(0)?,
            fall: row.get(1)?,
            free: row.get(2)?,
            quantity: row.get(3)?,
        })
    }
}

/// Notes an alert that is to be told.
pub async fn insert_alert(tx: &mut Tx<'_>, alert: &Alert, organization_id: Uuid) -> Result<()> {
    let sql = "INSERT INTO low_alert (license_id, organization_id, fall, free, quantity, state)
        VALUES ($1, $2, $3, $4, $5, 'due')";
    let params: [&dyn Param; 5] = [
        &alert.license_id,
        &organization_id,
        &alert.fall,
        &alert.free,
        &alert.quantity,
    ];
    tx.execute(sql, &params).await?;
    Ok(())
}

/// Organizations that are to be told that units run low.
pub async fn alerted(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT DISTINCT a.organization_id FROM low_alert a
        JOIN organization_node n ON n.id = a.organization_id AND n.blocked = FALSE
        WHERE a.state = 'due' ORDER BY a.organization_id LIMIT $1";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes what an organization is to be told of, into a digest.
pub async fn take_alerts(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    digest_id: Uuid,
) -> Result<Vec<Alert>> {
    let sql = "UPDATE low_alert SET state = 'told', digest_id = $2 WHERE organization_id = $1 AND state = 'due'
        RETURNING license_id, fall, free, quantity";
    Ok(tx.query(sql, &[&organization_id, &digest_id]).await?)
}

/// Keeps that there was nobody to tell of an alert.
pub async fn set_untold(tx: &mut Tx<'_>, alert: &Alert, organization_id: Uuid) -> Result<()> {
    let sql = "UPDATE low_alert SET state = 'nobody' WHERE license_id = $1 AND organization_id = $2 AND fall = $3";
    tx.execute(sql, &[&alert.license_id, &organization_id, &alert.fall])
        .await?;
    Ok(())
}

struct Stored(NoticeTold, Option<Uuid>);

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let told = NoticeTold {
            kind: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            state: row.get(3)?,
            end_date: row.get(4)?,
            lead_days: row.get(5)?,
            free: row.get(6)?,
            quantity: row.get(7)?,
            told_at: row.get(8)?,
            mail_ids: vec![],
        };
        Ok(Stored(told, row.get(9)?))
    }
}

/// What was told of a license to organizations that the scope can see, the newest first.
pub async fn told(tx: &mut Tx<'_>, scope: &Scope, license_id: Uuid) -> Result<Vec<NoticeTold>> {
    let roots = scope.roots(Permission::LicensesRead);
    // The first of the two says of which type the columns are that it has not.
    let ends = "SELECT 'expiry' AS kind, n.license_id, n.organization_id, n.state, n.end_date, n.lead_days,
        CAST(NULL AS BIGINT) AS free, CAST(NULL AS BIGINT) AS quantity, n.digest_id FROM notice n";
    let lows = "SELECT 'low', a.license_id, a.organization_id, a.state, NULL, NULL, a.free, a.quantity, a.digest_id
        FROM low_alert a";
    let mut select = Select::new(format!(
        "SELECT t.kind, t.organization_id, o.name, t.state, t.end_date, t.lead_days, t.free, t.quantity, d.told_at,
         t.digest_id FROM ({ends} UNION ALL {lows}) t JOIN organization o ON o.id = t.organization_id
         LEFT JOIN notice_digest d ON d.id = t.digest_id"
    ));
    select.and("t.license_id = ?", &license_id);
    below_any(&mut select, "t.organization_id", &roots);
    let limit = select.bind(&SHOWN);
    // An alert that is still due is newer than all that were told.
    let tail = format!(
        " ORDER BY CASE WHEN d.told_at IS NULL THEN 0 ELSE 1 END, d.told_at DESC, o.name, t.lead_days LIMIT {limit}"
    );
    let sql = select.sql(&tail);
    let rows: Vec<Stored> = tx.query(&sql, select.params()).await?;
    let digests: Vec<Uuid> = rows.iter().filter_map(|it| it.1).collect();
    let mails = mails(tx, &digests).await?;
    let with_mails = |Stored(told, digest_id): Stored| NoticeTold {
        mail_ids: digest_id
            .filter(|_| told.state == "told")
            .and_then(|id| mails.get(&id).cloned())
            .unwrap_or_default(),
        ..told
    };
    Ok(rows.into_iter().map(with_mails).collect())
}

/// The mails of digests.
async fn mails(tx: &mut Tx<'_>, digest_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    let mut found: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    if digest_ids.is_empty() {
        return Ok(found);
    }
    let params: Vec<&dyn Param> = digest_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, params.len());
    let sql = format!(
        "SELECT digest_id, mail_id FROM notice_mail WHERE digest_id IN {places} ORDER BY mail_id"
    );
    for (digest_id, mail_id) in tx.query::<(Uuid, Uuid)>(&sql, &params).await? {
        found.entry(digest_id).or_default().push(mail_id);
    }
    Ok(found)
}

/// How the notices of a license go out, and what was told of it.
pub async fn of_license(
    tx: &mut Tx<'_>,
    scope: &Scope,
    license: &License,
) -> Result<LicenseNoticesOut> {
    let notices = queries::rule(tx, license.id).await?;
    let policy = queries::policy(tx, license.authority()).await?.facts;
    let own_days = notices.facts.lead_days.clone();
    Ok(LicenseNoticesOut {
        effective_audience: notices.facts.audience.unwrap_or(policy.audience),
        effective_lead_days: own_days.unwrap_or(policy.lead_days),
        policy_of: license.authority(),
        low_since: low_since(tx, license.id).await?,
        told: told(tx, scope, license.id).await?,
        notices,
    })
}

/// Whether some organization could not be told of a license's present last day, or of its units.
pub async fn is_untold(tx: &mut Tx<'_>, license_id: Uuid, end_date: Option<Date>) -> Result<bool> {
    let sql = "SELECT (SELECT count(*) FROM notice WHERE license_id = $1 AND end_date = $2 AND state = 'nobody')
        + (SELECT count(*) FROM low_alert a JOIN low_pool s ON s.license_id = a.license_id AND s.version = a.fall
           WHERE a.license_id = $1 AND a.state = 'nobody')";
    let (count,): (i64,) = tx.query_one(sql, &[&license_id, &end_date]).await?;
    Ok(count > 0)
}
