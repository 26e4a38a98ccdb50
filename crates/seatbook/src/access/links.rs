//! Links that let somebody in once: the first set-up, an invitation, a reset.

use serde_json::{Value, json};
use store::{FromRow, Lane, Place, Row, Timestamp, Tx};
use uuid::Uuid;

use crate::{
    app::App,
    error::Result,
    journal::Change,
    scope::tree,
    secrets::{fingerprint, random_text},
};

/// A set-up link lives as long as its server; this bounds one that was forgotten.
const SET_UP_SECONDS: i64 = 30 * 24 * 3600;
/// An invitation can be accepted this long.
pub const INVITATION_SECONDS: i64 = 7 * 24 * 3600;
/// A reset can be used this long.
pub const RESET_SECONDS: i64 = 3600;

/// A stored link. Its secret is not stored.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// `set_up`, `invitation` or `reset`.
    pub kind: String,
    /// Whom it is for.
    pub email: String,
    /// Where the person will belong.
    pub organization_id: Option<Uuid>,
    /// The role there, as memberships store it.
    pub role: Option<String>,
    /// The custom role.
    pub role_id: Option<Uuid>,
    /// Who made it.
    pub invited_by: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

const COLUMNS: &str =
    "SELECT id, kind, email, organization_id, role, role_id, invited_by, created_at,
    expires_at, version FROM invitation";

impl FromRow for Link {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Link {
            id: row.get(0)?,
            kind: row.get(1)?,
            email: row.get(2)?,
            organization_id: row.get(3)?,
            role: row.get(4)?,
            role_id: row.get(5)?,
            invited_by: row.get(6)?,
            created_at: row.get(7)?,
            expires_at: row.get(8)?,
            version: row.get(9)?,
        })
    }
}

impl Link {
    /// One step of its life, for the journal: no address, no secret.
    pub fn step(&self, version: i64, after: Option<&str>) -> Change {
        let state = |state: &str| -> Value {
            json!({"state": state, "organization_id": self.organization_id, "role": self.role})
        };
        Change {
            noun: "invitation",
            row_id: self.id,
            version,
            organization_id: self.organization_id,
            before: (version > 1).then(|| state("open")),
            after: after.map(state),
        }
    }
}

/// The link with this secret, where it is of this kind and still good.
pub async fn find(
    tx: &mut Tx<'_>,
    kind: &str,
    secret: &str,
    now: Timestamp,
) -> Result<Option<Link>> {
    let sql = format!(
        "{COLUMNS} WHERE fingerprint = $1 AND kind = $2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3"
    );
    Ok(tx
        .query_opt(&sql, &[&fingerprint(secret), &kind, &now])
        .await?)
}

/// The open invitation with this id.
pub async fn find_open(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Link>> {
    let sql = format!(
        "{COLUMNS} WHERE id = $1 AND kind = 'invitation' AND used_at IS NULL AND revoked_at IS NULL"
    );
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// Stores a new link under the fingerprint of its secret.
pub async fn insert(tx: &mut Tx<'_>, link: &Link, secret: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO invitation (id, kind, fingerprint, email, organization_id, role, role_id, invited_by,
         created_at, expires_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
        &[
            &link.id, &link.kind, &fingerprint(secret), &link.email, &link.organization_id, &link.role,
            &link.role_id, &link.invited_by, &link.created_at, &link.expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// Uses the link up; `false` where somebody else did.
pub async fn spend(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> store::Result<bool> {
    let sql = "UPDATE invitation SET used_at = $2, version = version + 1
        WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2";
    Ok(tx.execute(sql, &[&id, &now]).await? == 1)
}

/// Takes the link back; `false` where it was used or taken back already.
pub async fn revoke(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE invitation SET revoked_at = $2, version = version + 1
        WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL";
    Ok(tx.execute(sql, &[&id, &now]).await? == 1)
}

/// Gives an open invitation a new secret and a new end; the old link is worth nothing from then on.
pub async fn renew(tx: &mut Tx<'_>, id: Uuid, secret: &str, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE invitation SET fingerprint = $2, expires_at = $3, version = version + 1
        WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL";
    Ok(tx
        .execute(sql, &[&id, &fingerprint(secret), &until])
        .await?
        == 1)
}

/// Open invitations that offer a role.
pub async fn offers_of_role(tx: &mut Tx<'_>, role_id: Uuid, now: Timestamp) -> Result<i64> {
    let sql = "SELECT count(*) FROM invitation
        WHERE role_id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2";
    let (offers,) = tx.query_one(sql, &[&role_id, &now]).await?;
    Ok(offers)
}

/// Lets go of a role that is about to be removed: ended invitations need it no more.
pub async fn forget_role(tx: &mut Tx<'_>, role_id: Uuid, now: Timestamp) -> Result<()> {
    let sql = "UPDATE invitation SET role_id = NULL
        WHERE role_id = $1 AND (used_at IS NOT NULL OR revoked_at IS NOT NULL OR expires_at <= $2)";
    tx.execute(sql, &[&role_id, &now]).await?;
    Ok(())
}

/// How many links for a new password were drawn for this address since then.
pub async fn count_resets(tx: &mut Tx<'_>, email: &str, since: Timestamp) -> Result<i64> {
    let sql =
        "SELECT count(*) FROM invitation WHERE kind = 'reset' AND email = $1 AND created_at > $2";
    let (drawn,) = tx.query_one(sql, &[&email, &since]).await?;
    Ok(drawn)
}

/// Takes every link for a new password of this address back that nobody used; gives their ids.
pub async fn end_resets(tx: &mut Tx<'_>, email: &str, now: Timestamp) -> Result<Vec<Uuid>> {
    let sql = "UPDATE invitation SET revoked_at = $2, version = version + 1
        WHERE kind = 'reset' AND email = $1 AND used_at IS NULL AND revoked_at IS NULL RETURNING id";
    let ended: Vec<(Uuid,)> = tx.query(sql, &[&email, &now]).await?;
    Ok(ended.into_iter().map(|(id,)| id).collect())
}

/// Draws a link that sets a person's password anew, and takes older ones back.
pub async fn draw_reset(app: &App, email: &str) -> Result<Option<String>> {
    let (now, secret, id) = (app.gate.now(), random_text(32)?, random_id()?);
    let email = super::model::email(email)?;
    let path = format!("/reset/{secret}");
    let made = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        let (email, secret) = (email.clone(), secret.clone());
        Box::pin(async move {
            let sql = "SELECT id FROM person WHERE email = $1 AND active = TRUE";
            let known: Option<(Uuid,)> = tx.query_opt(sql, &[&email]).await?;
            if known.is_none() {
                return Ok(false);
            }
            replace(
                &mut tx,
                new("reset", id, &email, (now, RESET_SECONDS)),
                &secret,
            )
            .await?;
            Ok(true)
        })
    });
    let base = app.settings.base_url();
    Ok(made.await?.then(|| format!("{base}{path}")))
}

/// Draws the link of the first set-up, while there is something to set up. An older one ends with it.
pub async fn draw_set_up(app: &App) -> Result<Option<String>> {
    let (now, secret, id) = (app.gate.now(), random_text(32)?, random_id()?);
    let path = format!("/set-up/{secret}");
    let root = app.read(|mut tx| Box::pin(async move { tree::root(&mut tx).await }));
    if root.await?.is_some() {
        return Ok(None);
    }
    let place = Place {
        lane: Lane::Interactive,
        ..Place::ALONE
    };
    let made = app.gate.db().plumb(place, move |mut tx| {
        let secret = secret.clone();
        Box::pin(async move {
            replace(
                &mut tx,
                new("set_up", id, "", (now, SET_UP_SECONDS)),
                &secret,
            )
            .await
        })
    });
    made.await?;
    Ok(Some(format!("{}{path}", app.settings.base_url())))
}

/// A link that gives nobody a role.
pub fn new(kind: &str, id: Uuid, email: &str, (now, seconds): (Timestamp, i64)) -> Link {
    Link {
        id,
        kind: kind.into(),
        email: email.into(),
        organization_id: None,
        role: None,
        role_id: None,
        invited_by: None,
        created_at: now,
        expires_at: now.plus_seconds(seconds),
        version: 1,
    }
}

/// One link of a kind for one address at a time.
async fn replace(tx: &mut Tx<'_>, link: Link, secret: &str) -> store::Result<()> {
    let end = "UPDATE invitation SET revoked_at = $3, version = version + 1
        WHERE kind = $1 AND email = $2 AND used_at IS NULL AND revoked_at IS NULL";
    tx.execute(end, &[&link.kind, &link.email, &link.created_at])
        .await?;
    let put =
        "INSERT INTO invitation (id, kind, fingerprint, email, created_at, expires_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, 1)";
    let print = fingerprint(secret);
    let params: [&dyn store::Param; 6] = [
        &link.id,
        &link.kind,
        &print,
        &link.email,
        &link.created_at,
        &link.expires_at,
    ];
    tx.execute(put, &params).await?;
    Ok(())
}

/// An id for a row that no command makes.
pub fn random_id() -> Result<Uuid> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(crate::error::Error::internal)?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid())
}
