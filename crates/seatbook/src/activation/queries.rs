//! Every SQL statement about codes and waiting redemptions.

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    codes::Drawn,
    model::{CodeState, RedemptionRequest, Sold, StoredCode},
};
use crate::{
    error::Result,
    licenses,
    scope::{Permission, Scope, queries::check_visible},
    secrets::Vault,
};

const CODE: &str =
    "SELECT license_id, organization_id, sealed, state, expires_at, redeemed_by, version
    FROM activation_code";

/// The code of a license.
pub async fn of_license(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Option<StoredCode>> {
    let sql = format!("{CODE} WHERE license_id = $1");
    Ok(tx.query_opt(&sql, &[&license_id]).await?)
}

/// A sold license with its code, for those who may sell where its seller is.
pub async fn sold(
    tx: &mut Tx<'_>,
    scope: &Scope,
    license_id: Uuid,
    vault: &Vault,
) -> Result<Option<Sold>> {
    let license = licenses::queries::find_visible(tx, scope, license_id).await?;
    let (Some(license), Some(code)) = (license, of_license(tx, license_id).await?) else {
        return Ok(None);
    };
    check_visible(tx, scope, Permission::LicensesSell, code.organization_id).await?;
    Ok(Some(Sold {
        license,
        code: vault.open_if_sealed(&code.sealed)?,
        state: code.state,
        expires_at: code.expires_at,
    }))
}

/// The codes of these licenses, in no order.
pub async fn of_licenses(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Vec<StoredCode>> {
    if license_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = license_ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!(
        "{CODE} WHERE license_id IN {}",
        placeholders(1, params.len())
    );
    Ok(tx.query(&sql, &params).await?)
}

/// The code with this fingerprint.
pub async fn of_fingerprint(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<StoredCode>> {
    let sql = format!("{CODE} WHERE fingerprint = $1");
    Ok(tx.query_opt(&sql, &[&fingerprint]).await?)
}

/// A code about to be written.
pub struct NewCode<'a> {
    /// The license it is of.
    pub license_id: Uuid,
    /// Who sold that.
    pub organization_id: Uuid,
    /// The code.
    pub drawn: &'a Drawn,
    /// `live` or `given`.
    pub state: CodeState,
    /// From when it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// When.
    pub now: Timestamp,
}

/// Writes a code; `false` where the same is in use.
pub async fn insert(tx: &mut Tx<'_>, new: &NewCode<'_>) -> Result<bool> {
    let sql = "INSERT INTO activation_code (license_id, organization_id, fingerprint, sealed, state, expires_at,
        created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (fingerprint) DO NOTHING";
    let rows = tx
        .execute(
            sql,
            &[
                &new.license_id,
                &new.organization_id,
                &new.drawn.fingerprint,
                &new.drawn.sealed,
                &new.state.as_str(),
                &new.expires_at,
                &new.now,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives a live code other characters; `false` where it is live no more.
pub async fn redraw(tx: &mut Tx<'_>, license_id: Uuid, drawn: &Drawn) -> Result<bool> {
    let sql = "UPDATE activation_code SET fingerprint = $2, sealed = $3, version = version + 1
        WHERE license_id = $1 AND state = 'live'
          AND NOT EXISTS (SELECT 1 FROM activation_code other WHERE other.fingerprint = $2)";
    let rows = tx
        .execute(sql, &[&license_id, &drawn.fingerprint, &drawn.sealed])
        .await?;
    Ok(rows == 1)
}

/// Ends a live code in some other way than redeeming it; `false` where it is live no more.
pub async fn end(tx: &mut Tx<'_>, license_id: Uuid, state: CodeState) -> Result<bool> {
    let sql = "UPDATE activation_code SET state = $2, version = version + 1
        WHERE license_id = $1 AND state = 'live'";
    Ok(tx.execute(sql, &[&license_id, &state.as_str()]).await? == 1)
}

/// Redeems a live code: one conditional UPDATE, so of any number who try at once one succeeds.
pub async fn redeem(
    tx: &mut Tx<'_>,
    license_id: Uuid,
    organization_id: Uuid,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE activation_code SET state = 'redeemed', redeemed_by = $2, redeemed_at = $3, version = version + 1
        WHERE license_id = $1 AND state = 'live' AND (expires_at IS NULL OR expires_at > $3)";
    let rows = tx
        .execute(sql, &[&license_id, &organization_id, &now])
        .await?;
    Ok(rows == 1)
}

/// Codes of a seller that can be redeemed, counted up to `most`.
pub async fn count_live(tx: &mut Tx<'_>, organization_id: Uuid, most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 AS one FROM activation_code
        WHERE organization_id = $1 AND state = 'live' LIMIT $2) live";
    let row: (i64,) = tx.query_one(sql, &[&organization_id, &most]).await?;
    Ok(row.0)
}

/// Licenses whose codes have passed their day, some at a time.
pub async fn lapsed(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT license_id FROM activation_code
        WHERE state = 'live' AND expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&now, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Drawn licenses that are over and still hold free units, some at a time.
pub async fn spent(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT l.id FROM license l
        JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
        WHERE l.seller_id IS NOT NULL AND p.parent_id IS NOT NULL AND p.quantity > p.allocated + p.assigned
          AND ((l.standing = 'issued' AND l.over_at <= $1) OR l.standing IN ('terminated', 'superseded'))
        ORDER BY l.id LIMIT $2";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&now, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

const REQUEST: &str = "SELECT r.id, r.organization_id, o.name, r.partner_id, r.state, r.license_id, r.created_at,
    r.decided_at, r.version FROM redemption_request r JOIN organization o ON o.id = r.organization_id";

/// A waiting redemption, with the fingerprint it is about.
pub async fn find_request(
    tx: &mut Tx<'_>,
    id: Uuid,
) -> Result<Option<(RedemptionRequest, String)>> {
    let found: Option<RedemptionRequest> = tx
        .query_opt(&format!("{REQUEST} WHERE r.id = $1"), &[&id])
        .await?;
    let Some(request) = found else {
        return Ok(None);
    };
    let sql = "SELECT fingerprint FROM redemption_request WHERE id = $1";
    let (fingerprint,): (String,) = tx.query_one(sql, &[&id]).await?;
    Ok(Some((request, fingerprint)))
}

/// The redemptions under a partner, the newest first, behind an id.
pub async fn requests(
    tx: &mut Tx<'_>,
    partner_id: Uuid,
    state: Option<&str>,
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<RedemptionRequest>> {
    let mut select = store::Select::new(REQUEST);
    select.and("r.partner_id = ?", &partner_id);
    if let Some(state) = &state {
        select.and("r.state = ?", state);
    }
    if let Some(after) = &after {
        select.and("r.id < ?", after);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY r.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// A redemption about to wait.
pub struct NewRequest<'a> {
    /// Its id.
    pub id: Uuid,
    /// The customer.
    pub organization_id: Uuid,
    /// Who decides.
    pub partner_id: Uuid,
    /// Of the code.
    pub fingerprint: &'a str,
    /// Who asked.
    pub person_id: Uuid,
    /// When.
    pub now: Timestamp,
}

/// Writes a redemption that waits.
pub async fn insert_request(tx: &mut Tx<'_>, new: &NewRequest<'_>) -> Result<()> {
    let sql = "INSERT INTO redemption_request (id, organization_id, partner_id, fingerprint, person_id, state,
        created_at, version) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, 1)";
    tx.execute(
        sql,
        &[
            &new.id,
            &new.organization_id,
            &new.partner_id,
            &new.fingerprint,
            &new.person_id,
            &new.now,
        ],
    )
    .await?;
    Ok(())
}

/// The redemption of this code by this customer that waits already.
pub async fn waiting(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    fingerprint: &str,
) -> Result<Option<Uuid>> {
    let sql = "SELECT id FROM redemption_request
        WHERE organization_id = $1 AND fingerprint = $2 AND state = 'waiting'";
    let row: Option<(Uuid,)> = tx.query_opt(sql, &[&organization_id, &fingerprint]).await?;
    Ok(row.map(|(id,)| id))
}

/// How many redemptions of a customer wait.
pub async fn count_waiting(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<i64> {
    let sql =
        "SELECT count(*) FROM redemption_request WHERE organization_id = $1 AND state = 'waiting'";
    Ok(tx.query_one::<(i64,)>(sql, &[&organization_id]).await?.0)
}

/// Decides a waiting redemption; `false` where somebody did.
pub async fn decide(
    tx: &mut Tx<'_>,
    id: Uuid,
    license_id: Option<Uuid>,
    (person_id, now): (Uuid, Timestamp),
) -> Result<bool> {
    let state = if license_id.is_some() {
        "redeemed"
    } else {
        "refused"
    };
    let sql = "UPDATE redemption_request SET state = $2, license_id = $3, decided_by = $4, decided_at = $5,
        version = version + 1 WHERE id = $1 AND state = 'waiting'";
    let rows = tx
        .execute(sql, &[&id, &state, &license_id, &person_id, &now])
        .await?;
    Ok(rows == 1)
}
