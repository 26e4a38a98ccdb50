//! People and their credentials as rows.

use serde::{Deserialize, Serialize};
use store::{Json, Timestamp};
use uuid::Uuid;

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
}

/// A new API token: the only time its secret is shown.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewToken {
    /// Its id.
    pub id: Uuid,
    /// The token itself. It is not kept and cannot be shown again.
    pub token: String,
}
