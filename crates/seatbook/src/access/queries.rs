//! Every statement about people and their credentials.

use store::{Json, Timestamp, Tx};
use uuid::Uuid;

use super::{
    model::{Browser, Credential, NewSession, Person, Seat, Session},
    recognise::SESSION_SECONDS,
};
use crate::{error::Result, scope::queries::HELD};

/// Id, person, permissions, when it was used, when it was made, when it ends.
type TokenRow = (
    Uuid,
    Uuid,
    Json,
    Option<Timestamp>,
    Timestamp,
    Option<Timestamp>,
);

/// The token with this fingerprint, if it may still be used at `now`.
pub async fn find_token(
    tx: &mut Tx<'_>,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<Credential>> {
    let row: Option<TokenRow> = tx
        .query_opt(
            "SELECT t.id, t.person_id, t.permissions, t.used_at, t.created_at, t.expires_at FROM api_token t
             JOIN person p ON p.id = t.person_id AND p.active = TRUE
             WHERE t.fingerprint = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)",
            &[&fingerprint, &now],
        )
        .await?;
    Ok(row.map(
        |(id, person_id, permissions, seen_at, created_at, ends_at)| Credential {
            person_id,
            permissions: Some(permissions),
            id,
            seen_at,
            created_at,
            ends_at,
            browser: None,
        },
    ))
}

/// The session with this fingerprint: signed in, or awaiting its second factor.
pub async fn find_session(
    tx: &mut Tx<'_>,
    fingerprint: &str,
    awaits_second_factor: bool,
) -> Result<Option<Credential>> {
    struct Found(Credential);
    impl store::FromRow for Found {
        fn from_row(row: &store::Row<'_>) -> store::Result<Self> {
            let created_at: Timestamp = row.get(3)?;
            Ok(Found(Credential {
                id: row.get(0)?,
                person_id: row.get(1)?,
                seen_at: Some(row.get(2)?),
                created_at,
                ends_at: Some(created_at.plus_seconds(SESSION_SECONDS)),
                permissions: None,
                browser: Some(Browser {
                    organization_id: row.get(4)?,
                    name: row.get(5)?,
                    email: row.get(6)?,
                    second_factor: row.get(7)?,
                }),
            }))
        }
    }
    let found: Option<Found> = tx
        .query_opt(
            "SELECT s.id, s.person_id, s.seen_at, s.created_at, s.organization_id, p.name, p.email, p.totp_confirmed
             FROM session s JOIN person p ON p.id = s.person_id AND p.active = TRUE
             WHERE s.fingerprint = $1 AND s.awaits_second_factor = $2",
            &[&fingerprint, &awaits_second_factor],
        )
        .await?;
    Ok(found.map(|Found(credential)| credential))
}

/// Everywhere a person may act as of this moment, the highest place first.
pub async fn seats(tx: &mut Tx<'_>, person_id: Uuid) -> Result<Vec<Seat>> {
    let sql = format!(
        "SELECT {HELD}, o.name, o.time_zone, r.requires_second_factor, p.requires_second_factor, o.kind FROM membership m
         JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
         JOIN organization o ON o.id = n.id
         LEFT JOIN role r ON r.id = m.role_id
         LEFT JOIN role_policy p ON p.role = m.role
         WHERE m.person_id = $1 AND m.active = TRUE ORDER BY n.depth, o.name, m.id"
    );
    Ok(tx.query(&sql, &[&person_id]).await?)
}

const PERSON: &str =
    "SELECT id, email, name, password_hash, failures, failed_at, totp_secret, totp_confirmed,
    totp_step, active, version FROM person";

/// One person.
pub async fn find_person(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Person>> {
    Ok(tx
        .query_opt(&format!("{PERSON} WHERE id = $1"), &[&id])
        .await?)
}

/// The person with this address.
pub async fn find_by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<Person>> {
    Ok(tx
        .query_opt(&format!("{PERSON} WHERE email = $1"), &[&email])
        .await?)
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
    if rows == 1 {
        index(tx, id, email, name).await?;
    }
    Ok(rows == 1)
}

/// Calls a person something else; says the new version.
pub async fn set_name(tx: &mut Tx<'_>, person: &Person, name: &str) -> Result<i64> {
    let sql = "UPDATE person SET name = $2, version = version + 1 WHERE id = $1 RETURNING version";
    let (version,) = tx.query_one(sql, &[&person.id, &name]).await?;
    index(tx, person.id, &person.email, name).await?;
    Ok(version)
}

async fn index(tx: &mut Tx<'_>, id: Uuid, email: &str, name: &str) -> Result<()> {
    let text = rules::text::search_text(&[name, email]);
    let put = "INSERT INTO person_search_text (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    tx.execute(put, &[&id, &text]).await?;
    Ok(())
}

/// Gives a person this password from now on; says the new version.
pub async fn set_password(tx: &mut Tx<'_>, person_id: Uuid, hash: &str) -> Result<i64> {
    let sql = "UPDATE person SET password_hash = $2, failures = 0, failed_at = NULL, version = version + 1
        WHERE id = $1 RETURNING version";
    let (version,) = tx.query_one(sql, &[&person_id, &hash]).await?;
    Ok(version)
}

/// Lets a person sign in, or no more; says the new version.
pub async fn set_active(tx: &mut Tx<'_>, person_id: Uuid, active: bool) -> Result<Option<i64>> {
    let sql = "UPDATE person SET active = $2, version = version + 1 WHERE id = $1 AND active <> $2 RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&person_id, &active]).await?;
    Ok(row.map(|(version,)| version))
}

/// Opens a session.
pub async fn insert_session(tx: &mut Tx<'_>, new: &NewSession) -> store::Result<()> {
    tx.execute(
        "INSERT INTO session (id, person_id, fingerprint, awaits_second_factor, organization_id, created_at,
         seen_at, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
        &[
            &new.id, &new.person_id, &new.fingerprint, &new.awaits_second_factor, &new.organization_id,
            &new.now, &new.user_agent,
        ],
    )
    .await?;
    Ok(())
}

/// Ends the session with this fingerprint.
pub async fn end_session(tx: &mut Tx<'_>, fingerprint: &str) -> store::Result<()> {
    tx.execute(
        "DELETE FROM session WHERE fingerprint = $1",
        &[&fingerprint],
    )
    .await?;
    Ok(())
}

/// Ends one session of a person; `false` where it is not theirs.
pub async fn end_session_of(tx: &mut Tx<'_>, person_id: Uuid, id: Uuid) -> store::Result<bool> {
    let sql = "DELETE FROM session WHERE person_id = $1 AND id = $2";
    Ok(tx.execute(sql, &[&person_id, &id]).await? == 1)
}

/// Ends every session of a person but the one that asks.
pub async fn end_sessions(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    but: Option<Uuid>,
) -> store::Result<()> {
    let but = but.unwrap_or_default();
    let sql = "DELETE FROM session WHERE person_id = $1 AND id <> $2";
    tx.execute(sql, &[&person_id, &but]).await?;
    Ok(())
}

/// A person's open sessions, the latest first.
pub async fn sessions(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    (begun, seen): (Timestamp, Timestamp),
) -> Result<Vec<Session>> {
    let sql = "SELECT id, user_agent, seen_at FROM session
        WHERE person_id = $1 AND awaits_second_factor = FALSE AND created_at > $2 AND seen_at > $3
        ORDER BY seen_at DESC, id LIMIT 100";
    let rows: Vec<(Uuid, String, Timestamp)> = tx.query(sql, &[&person_id, &begun, &seen]).await?;
    let session = |(id, user_agent, seen_at)| Session {
        id,
        user_agent,
        seen_at,
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Notes that a session or a token was used.
pub async fn touch(
    tx: &mut Tx<'_>,
    (is_token, id): (bool, Uuid),
    now: Timestamp,
) -> store::Result<()> {
    let sql = if is_token {
        "UPDATE api_token SET used_at = $2 WHERE id = $1"
    } else {
        "UPDATE session SET seen_at = $2 WHERE id = $1"
    };
    tx.execute(sql, &[&id, &now]).await?;
    Ok(())
}

/// Acts for another organization from now on; `false` where the person does not belong to it.
pub async fn set_session_organization(
    tx: &mut Tx<'_>,
    session_id: Uuid,
    organization_id: Uuid,
) -> store::Result<bool> {
    let sql = "UPDATE session SET organization_id = $2 WHERE id = $1 AND EXISTS (SELECT 1 FROM membership m
        WHERE m.person_id = session.person_id AND m.organization_id = $2 AND m.active = TRUE)";
    Ok(tx.execute(sql, &[&session_id, &organization_id]).await? == 1)
}

/// Wrong codes since the last right one.
pub async fn code_failures(
    tx: &mut Tx<'_>,
    person_id: Uuid,
) -> store::Result<(i64, Option<Timestamp>)> {
    let sql = "SELECT failures, failed_at FROM person WHERE id = $1";
    Ok(tx.query_opt(sql, &[&person_id]).await?.unwrap_or_default())
}

/// Counts a wrong code, or forgets them all after a right one.
pub async fn count_code(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    wrong_at: Option<Timestamp>,
) -> store::Result<()> {
    let more = i64::from(wrong_at.is_some());
    let sql = "UPDATE person SET failures = (failures + 1) * $2, failed_at = $3 WHERE id = $1";
    tx.execute(sql, &[&person_id, &more, &wrong_at]).await?;
    Ok(())
}

/// Accepts the code of a time step; `false` where that step or a later one was accepted before.
pub async fn spend_step(tx: &mut Tx<'_>, person_id: Uuid, step: i64) -> store::Result<bool> {
    let sql = "UPDATE person SET totp_step = $2 WHERE id = $1 AND totp_step < $2 AND totp_confirmed = TRUE";
    Ok(tx.execute(sql, &[&person_id, &step]).await? == 1)
}

/// Uses a recovery code up; `false` where there is no such code, or no more.
pub async fn spend_recovery_code(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    print: &str,
    now: Timestamp,
) -> store::Result<bool> {
    let sql = "UPDATE recovery_code SET used_at = $3
        WHERE person_id = $1 AND fingerprint = $2 AND used_at IS NULL";
    Ok(tx.execute(sql, &[&person_id, &print, &now]).await? == 1)
}

/// Keeps the secret of a second factor that is not on yet; says the new version, nothing where one is on.
pub async fn begin_second_factor(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    sealed: &str,
) -> Result<Option<i64>> {
    let sql = "UPDATE person SET totp_secret = $2, version = version + 1
        WHERE id = $1 AND totp_confirmed = FALSE RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&person_id, &sealed]).await?;
    Ok(row.map(|(version,)| version))
}

/// Turns the second factor on; says the new version, nothing where there is none to turn on.
pub async fn confirm_second_factor(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    step: i64,
) -> Result<Option<i64>> {
    let sql = "UPDATE person SET totp_confirmed = TRUE, totp_step = $2, version = version + 1
        WHERE id = $1 AND totp_confirmed = FALSE AND totp_secret IS NOT NULL RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&person_id, &step]).await?;
    Ok(row.map(|(version,)| version))
}

/// Turns the second factor off; says the new version.
pub async fn end_second_factor(tx: &mut Tx<'_>, person_id: Uuid) -> Result<i64> {
    let sql = "UPDATE person SET totp_confirmed = FALSE, totp_secret = NULL, version = version + 1
        WHERE id = $1 RETURNING version";
    let (version,) = tx.query_one(sql, &[&person_id]).await?;
    Ok(version)
}

/// Counts a change that is kept beside the person's row; says the new version.
pub async fn count_change(tx: &mut Tx<'_>, person_id: Uuid) -> Result<i64> {
    let sql = "UPDATE person SET version = version + 1 WHERE id = $1 RETURNING version";
    let (version,) = tx.query_one(sql, &[&person_id]).await?;
    Ok(version)
}

/// Replaces a person's recovery codes.
pub async fn set_recovery_codes(tx: &mut Tx<'_>, person_id: Uuid, prints: &[String]) -> Result<()> {
    tx.execute(
        "DELETE FROM recovery_code WHERE person_id = $1",
        &[&person_id],
    )
    .await?;
    for print in prints {
        let sql = "INSERT INTO recovery_code (person_id, fingerprint) VALUES ($1, $2)";
        tx.execute(sql, &[&person_id, &print]).await?;
    }
    Ok(())
}

/// Recovery codes that still count.
pub async fn recovery_codes_left(tx: &mut Tx<'_>, person_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at IS NULL";
    let (left,) = tx.query_one(sql, &[&person_id]).await?;
    Ok(left)
}

/// Demands a second factor of a built-in role, or no more; says the row and its version.
pub async fn demand_second_factor(
    tx: &mut Tx<'_>,
    id: Uuid,
    role: &str,
    required: bool,
) -> Result<(Uuid, i64)> {
    let sql =
        "INSERT INTO role_policy (id, role, requires_second_factor, version) VALUES ($1, $2, $3, 1)
        ON CONFLICT (role) DO UPDATE SET requires_second_factor = excluded.requires_second_factor,
        version = role_policy.version + 1 RETURNING id, version";
    Ok(tx.query_one(sql, &[&id, &role, &required]).await?)
}

/// Ends every session, and every link for a new password: in a restored book, those that were ended or used since
/// would count again. Says how many sessions there were.
pub async fn end_everything(tx: &mut Tx<'_>, now: Timestamp) -> Result<i64> {
    let links = "UPDATE invitation SET revoked_at = $1, version = version + 1
        WHERE kind = 'reset' AND used_at IS NULL AND revoked_at IS NULL";
    tx.execute(links, &[&now]).await?;
    let ended = tx.execute("DELETE FROM session", &[]).await?;
    Ok(i64::try_from(ended).unwrap_or(i64::MAX))
}

/// Forgets what no longer counts: ended sessions, and wrong passwords of yesterday.
pub async fn purge(tx: &mut Tx<'_>, sessions: Timestamp, failures: Timestamp) -> store::Result<()> {
    tx.execute("DELETE FROM session WHERE created_at < $1", &[&sessions])
        .await?;
    tx.execute(
        "DELETE FROM sign_in_failure WHERE failed_at < $1",
        &[&failures],
    )
    .await?;
    Ok(())
}
