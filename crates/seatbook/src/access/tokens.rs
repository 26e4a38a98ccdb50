//! API tokens: their shape and their rows. A token is `sb_`, thirty base62 characters (178 bits), six of checksum.
//!
//! The prefix lets leak scanners find it, the checksum lets a mistyped one be refused before the
//! database is asked.

use store::{FromRow, Json, Row, Timestamp, Tx};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    scope::{Permission, queries::permissions_of},
    secrets::Secret,
};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "sb_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;

/// Draws a new token.
pub fn draw() -> Result<Secret<String>> {
    let mut text = String::from(PREFIX);
    while text.len() < PREFIX.len() + RANDOM {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(Error::internal)?;
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters.
        if byte[0] < 248 {
            text.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    text += &checksum(&text);
    Ok(Secret(text))
}

/// Whether a text can be a token at all.
pub fn is_plausible(text: &str) -> bool {
    let body = PREFIX.len() + RANDOM;
    text.is_ascii()
        && text.len() == body + CHECKSUM
        && text.starts_with(PREFIX)
        && text[body..] == checksum(&text[..body])
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
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
pub async fn insert(tx: &mut Tx<'_>, token: &TokenRow<'_>) -> Result<()> {
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

/// A token as its person sees it.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// What for.
    pub name: String,
    /// Its last four characters.
    pub hint: String,
    /// What it may do at most.
    pub permissions: Vec<Permission>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

/// The columns of [`Token`].
pub const COLUMNS: &str =
    "SELECT t.id, t.person_id, t.name, t.hint, t.permissions, t.created_at, t.expires_at,
    t.used_at, t.revoked_at, t.version FROM api_token t";

impl FromRow for Token {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Token {
            id: row.get(0)?,
            person_id: row.get(1)?,
            name: row.get(2)?,
            hint: row.get(3)?,
            permissions: permissions_of(&row.get(4)?),
            created_at: row.get(5)?,
            expires_at: row.get(6)?,
            used_at: row.get(7)?,
            revoked_at: row.get(8)?,
            version: row.get(9)?,
        })
    }
}

/// One of a person's own tokens.
pub async fn find_own(tx: &mut Tx<'_>, person_id: Uuid, id: Uuid) -> Result<Option<Token>> {
    let sql = format!("{COLUMNS} WHERE t.id = $1 AND t.person_id = $2");
    Ok(tx.query_opt(&sql, &[&id, &person_id]).await?)
}

/// Revokes a token; `false` where it was revoked already.
pub async fn revoke(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE api_token SET revoked_at = $2, version = version + 1 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &[&id, &now]).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_token_is_plausible_and_a_mistyped_one_is_not() {
        let token = draw().expect("draws").0;
        assert!(is_plausible(&token));
        let mistyped = token.replacen(
            &token[10..11],
            if &token[10..11] == "a" { "b" } else { "a" },
            1,
        );
        assert!(!is_plausible(&mistyped));
        assert!(!is_plausible("sb_"));
        assert!(!is_plausible(""));
    }
}
