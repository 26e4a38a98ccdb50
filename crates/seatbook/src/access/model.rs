//! People and their credentials as rows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{FromRow, Json, Row, Timestamp};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    journal::Change,
    scope::queries::Held,
};

/// What a request's credential leads to.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The person.
    pub person_id: Uuid,
    /// The token's permissions, where it was a token.
    pub permissions: Option<Json>,
    /// The token or session.
    pub id: Uuid,
    /// When a session was last seen, or a token used.
    pub seen_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, however much it is used.
    pub ends_at: Option<Timestamp>,
    /// What a browser's session says beside that.
    pub browser: Option<Browser>,
}

/// What a session says about who looks at the page.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Whether a second factor is on.
    pub second_factor: bool,
    /// The organization acted for; the first one where none was chosen.
    pub organization_id: Option<Uuid>,
}

/// A role held, with what the pages say about where.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The role and where.
    pub held: Held,
    /// The organization's name.
    pub organization: String,
    /// The organization's zone.
    pub time_zone: String,
    /// `provider`, `partner` or `customer`.
    pub kind: String,
    /// Whether the role demands a second factor.
    pub requires_second_factor: bool,
}

impl FromRow for Seat {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let demanded: (Option<bool>, Option<bool>) = (row.get(7)?, row.get(8)?);
        Ok(Seat {
            held: Held::from_row(row)?,
            organization: row.get(5)?,
            time_zone: row.get(6)?,
            kind: row.get(9)?,
            requires_second_factor: demanded.0.or(demanded.1).unwrap_or_default(),
        })
    }
}

/// A person, with everything by which they prove who they are.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The hash of their password.
    pub password_hash: Option<String>,
    /// Wrong codes since the last right one.
    pub failures: i64,
    /// When the last wrong code came.
    pub failed_at: Option<Timestamp>,
    /// The second factor's secret, sealed.
    pub totp_secret: Option<String>,
    /// Whether the second factor is on.
    pub totp_confirmed: bool,
    /// The last time step accepted.
    pub totp_step: i64,
    /// Whether they may sign in.
    pub active: bool,
    /// Counts their changes.
    pub version: i64,
}

impl FromRow for Person {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Person {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            password_hash: row.get(3)?,
            failures: row.get(4)?,
            failed_at: row.get(5)?,
            totp_secret: row.get(6)?,
            totp_confirmed: row.get(7)?,
            totp_step: row.get(8)?,
            active: row.get(9)?,
            version: row.get(10)?,
        })
    }
}

/// A step in a person's life, for the journal: what was done, never the name or the address.
pub fn person_step(id: Uuid, version: i64, what: &str) -> Change {
    let after: Value = json!({ "what": what });
    Change {
        noun: "person",
        row_id: id,
        version,
        organization_id: None,
        before: (version > 1).then(|| json!({})),
        after: Some(after),
    }
}

/// A browser that is signed in, as the account page lists it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When it was last used.
    pub seen_at: Timestamp,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// What it is found by.
    pub fingerprint: String,
    /// Whether a code must follow before it is worth anything.
    pub awaits_second_factor: bool,
    /// The organization acted for.
    pub organization_id: Option<Uuid>,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Now.
    pub now: Timestamp,
}

/// A new API token: the only time its secret is shown.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewToken {
    /// Its id.
    pub id: Uuid,
    /// The token itself. It is not kept and cannot be shown again.
    pub token: String,
}

/// An e-mail address in its one spelling, or what is wrong with it.
pub fn email(text: &str) -> Result<String> {
    let wrong = |_| {
        Error::invalid(
            "email",
            "email.invalid",
            "Please give an e-mail address, such as ann@example.com.",
        )
    };
    text.parse::<rules::email::EmailAddress>()
        .map(String::from)
        .map_err(wrong)
}

/// A person's name in its one spelling, or what is wrong with it.
pub fn name(text: &str) -> Result<String> {
    let name = rules::text::normalize_key(text);
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::invalid(
            "name",
            "required",
            "Please give a name of 1 to 200 characters.",
        ));
    }
    Ok(name)
}
