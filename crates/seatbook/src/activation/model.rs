//! Codes and redemptions as rows and answers.

use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{config::Settings, licenses::model::License};

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    /// Whoever has it can redeem it.
    Live,
    /// A customer redeemed it.
    Redeemed,
    /// The seller chose the owner by hand, so nobody can redeem it.
    Given,
    /// The seller took it back.
    Revoked,
    /// Its day passed.
    Expired,
}

impl CodeState {
    const ALL: [CodeState; 5] = [
        CodeState::Live,
        CodeState::Redeemed,
        CodeState::Given,
        CodeState::Revoked,
        CodeState::Expired,
    ];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            CodeState::Live => "live",
            CodeState::Redeemed => "redeemed",
            CodeState::Given => "given",
            CodeState::Revoked => "revoked",
            CodeState::Expired => "expired",
        }
    }

    /// The state a stored word names.
    pub fn parse(word: &str) -> store::Result<CodeState> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("code state {word:?}")))
    }
}

/// A code as it is stored: nothing in it says what it is.
#[derive(Clone, Debug)]
pub struct StoredCode {
    /// The license it is of.
    pub license_id: Uuid,
    /// Who sold that: it can be redeemed below.
    pub organization_id: Uuid,
    /// The code, sealed.
    pub sealed: String,
    /// What became of it.
    pub state: CodeState,
    /// From when it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// Who redeemed it.
    pub redeemed_by: Option<Uuid>,
    /// Counts its changes.
    pub version: i64,
}

impl FromRow for StoredCode {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(StoredCode {
            license_id: row.get(0)?,
            organization_id: row.get(1)?,
            sealed: row.get(2)?,
            state: CodeState::parse(&row.get::<String>(3)?)?,
            expires_at: row.get(4)?,
            redeemed_by: row.get(5)?,
            version: row.get(6)?,
        })
    }
}

/// A sold license with its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sold {
    /// The license.
    pub license: License,
    /// Its code, in the clear.
    pub code: String,
    /// What became of it.
    pub state: CodeState,
    /// From when it is worth nothing.
    pub expires_at: Option<Timestamp>,
}

/// How many guesses are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Wrong codes of one customer organization in an hour; past it, it has to wait.
    pub customer_tries: i64,
    /// Wrong codes of all customers of one partner in an hour; past it, the account manager approves each
    /// redemption.
    pub partner_tries: i64,
}

impl Limits {
    /// As the operator set them.
    pub fn of(settings: &Settings) -> Limits {
        Limits {
            customer_tries: settings.code_tries,
            partner_tries: settings.code_tries_partner,
        }
    }
}

/// What a redemption came to. All three are answers of a command that is kept: a wrong code is counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Redemption {
    /// The license is the customer's.
    Redeemed {
        /// The license.
        license: Box<License>,
        /// It was theirs before: this is the same answer again.
        again: bool,
    },
    /// No code that this customer can redeem.
    Unknown,
    /// The account manager has to approve it.
    Waiting {
        /// What waits.
        request_id: Uuid,
    },
}

/// A redemption that waits for the account manager, or did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RedemptionRequest {
    /// Its id.
    pub id: Uuid,
    /// The customer that wants to redeem.
    pub organization_id: Uuid,
    /// The customer's name.
    pub organization_name: String,
    /// Who decides: the organization above the customer.
    pub partner_id: Uuid,
    /// `waiting`, `redeemed` or `refused`.
    pub state: String,
    /// The license that was redeemed.
    pub license_id: Option<Uuid>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl FromRow for RedemptionRequest {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(RedemptionRequest {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            partner_id: row.get(3)?,
            state: row.get(4)?,
            license_id: row.get(5)?,
            created_at: row.get(6)?,
            decided_at: row.get(7)?,
            version: row.get(8)?,
        })
    }
}

/// What a seller may still give out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// The limits on guessing.
    #[serde(flatten)]
    pub limits: Limits,
    /// Codes of this seller that can be redeemed now.
    pub live_codes: i64,
    /// How many there may be, so that somebody who guesses as often as the limits let them needs ten years on
    /// average.
    pub most_live_codes: i64,
}
