//! Every statement about people and their credentials.

use store::{Json, Timestamp, Tx};
use uuid::Uuid;

use super::model::Credential;
use crate::error::Result;

/// The token with this fingerprint, if it may still be used at `now`.
pub async fn find_token(
    tx: &mut Tx<'_>,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<Credential>> {
    let row: Option<(Uuid, Uuid, Json, Option<Timestamp>, Timestamp)> = tx
        .query_opt(
            "SELECT t.id, t.person_id, t.permissions, t.used_at, t.created_at FROM api_token t
             JOIN person p ON p.id = t.person_id AND p.active = TRUE
             WHERE t.fingerprint = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)",
            &[&fingerprint, &now],
        )
        .await?;
    Ok(row.map(
        |(id, person_id, permissions, seen_at, created_at)| Credential {
            person_id,
            permissions: Some(permissions),
            id,
            seen_at,
            created_at,
        },
    ))
}

/// The signed-in session with this fingerprint.
pub async fn find_session(tx: &mut Tx<'_>, fingerprint: &str) -> Result<Option<Credential>> {
    let row: Option<(Uuid, Uuid, Timestamp, Timestamp)> = tx
        .query_opt(
            "SELECT s.id, s.person_id, s.seen_at, s.created_at FROM session s
             JOIN person p ON p.id = s.person_id AND p.active = TRUE
             WHERE s.fingerprint = $1 AND s.awaits_second_factor = FALSE",
            &[&fingerprint],
        )
        .await?;
    Ok(row.map(|(id, person_id, seen_at, created_at)| Credential {
        person_id,
        permissions: None,
        id,
        seen_at: Some(seen_at),
        created_at,
    }))
}

/// Adds a person; `false` where the e-mail address is known.
pub async fn insert_person(
    tx: &mut Tx<'_>,
    id: Uuid,
    email: &str,
    name: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO person (id, email, name, failures, totp_confirmed, totp_step, active, created_at, version)
             VALUES ($1, $2, $3, 0, FALSE, 0, TRUE, $4, 1) ON CONFLICT (email) DO NOTHING",
            &[&id, &email, &name, &now],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives a person this password from now on.
pub async fn set_password(tx: &mut Tx<'_>, person_id: Uuid, hash: &str) -> Result<()> {
    let sql = "UPDATE person SET password_hash = $2, failures = 0, failed_at = NULL, version = version + 1 WHERE id = $1";
    tx.execute(sql, &[&person_id, &hash]).await?;
    Ok(())
}

/// A token as it is stored.
pub struct TokenRow<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// What for.
    pub name: &'a str,
    /// What it is found by.
    pub fingerprint: &'a str,
    /// Its last four characters.
    pub hint: &'a str,
    /// What it may do at most.
    pub permissions: Json,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Stores a token.
pub async fn insert_token(tx: &mut Tx<'_>, token: &TokenRow<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO api_token (id, person_id, name, fingerprint, hint, permissions, created_at, expires_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
        &[
            &token.id, &token.person_id, &token.name, &token.fingerprint, &token.hint, &token.permissions,
            &token.created_at, &token.expires_at,
        ],
    )
    .await?;
    Ok(())
}
