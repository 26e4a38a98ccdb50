//! Tokens as their person sees them.

use serde::Serialize;
use store::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{access::tokens, scope::Permission};

/// An API token of yours. The token itself is not kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its last four characters, to tell tokens apart.
    pub hint: String,
    /// What it may do at most. It never does more than you may yourself.
    pub permissions: Vec<Permission>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends; absent for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

impl From<tokens::Token> for Token {
    fn from(row: tokens::Token) -> Self {
        Token {
            id: row.id,
            name: row.name,
            hint: row.hint,
            permissions: row.permissions,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl Token {
    /// `active`, `expired` or `revoked`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            _ => "active",
        }
    }
}
