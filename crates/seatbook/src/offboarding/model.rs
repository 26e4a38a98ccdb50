//! An offboarding as a row, and what ends with it.

use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// How far an offboarding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OffboardingState)]
pub enum State {
    /// Its day has not come; it can be withdrawn.
    Planned,
    /// The organization is suspended, and its units are being freed.
    Leaving,
    /// It has left.
    Left,
    /// It stays.
    Withdrawn,
}

impl State {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::Leaving => "leaving",
            State::Left => "left",
            State::Withdrawn => "withdrawn",
        }
    }

    fn parse(word: &str) -> store::Result<State> {
        let all = [
            State::Planned,
            State::Leaving,
            State::Left,
            State::Withdrawn,
        ];
        let found = all.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("offboarding state {word:?}")))
    }
}

/// An organization that leaves on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offboarding {
    /// Its id.
    pub id: Uuid,
    /// Who leaves.
    pub organization_id: Uuid,
    /// With whom it was agreed. The journal does not hold it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub contact: String,
    /// Why it leaves.
    pub reason: String,
    /// The day on which its units return, in its own zone.
    #[schema(value_type = String, format = Date)]
    pub leaves_on: Date,
    /// The instant at which that day begins.
    #[schema(value_type = String, format = DateTime)]
    pub leaves_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// Who decided it.
    pub decided_by: Uuid,
    /// When that was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// When it had left, or was to stay.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl Offboarding {
    /// What the journal keeps: a contact may be a person, and stands where it can be erased.
    pub(super) fn for_journal(&self) -> Offboarding {
        Offboarding {
            contact: String::new(),
            ..self.clone()
        }
    }
}

impl FromRow for Offboarding {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Offboarding {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            contact: row.get(2)?,
            reason: row.get(3)?,
            leaves_on: row.get(4)?,
            leaves_at: row.get(5)?,
            state: State::parse(&row.get::<String>(6)?)?,
            decided_by: row.get(7)?,
            decided_at: row.get(8)?,
            ended_at: row.get(9)?,
            version: row.get(10)?,
        })
    }
}

/// What ends when an organization leaves: of it, and of all below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OffboardingEnds)]
pub struct Ends {
    /// Organizations that are suspended, itself included.
    pub organizations: i64,
    /// Assignments that end, add-ons included.
    pub assignments: i64,
    /// Users, devices and others that lose their units.
    pub holders: i64,
    /// Licenses of which it holds units that it was passed.
    pub shares: i64,
    /// Those units, which return.
    pub units: i64,
    /// Licenses of its own that are terminated.
    pub licenses: i64,
    /// Invoices to it on which something is open; they stay as they are.
    pub open_invoices: i64,
}

/// An offboarding and what ends with it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OffboardingPlan)]
pub struct Plan {
    /// The offboarding.
    #[serde(flatten)]
    pub offboarding: Offboarding,
    /// What ends.
    pub ends: Ends,
}

/// Somebody or something that loses units.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OffboardingLoser)]
pub struct Loser {
    /// The holder.
    pub holder_id: Uuid,
    /// Their name.
    pub name: String,
    /// Units that end, add-ons included.
    pub units: i64,
}

impl FromRow for Loser {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Loser {
            holder_id: row.get(0)?,
            name: row.get(1)?,
            units: row.get(2)?,
        })
    }
}

/// How it is about the leaving of an organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Departure {
    /// The organization.
    pub organization_id: Uuid,
    /// That it leaves; none where nobody decided so.
    pub offboarding: Option<Offboarding>,
    /// What ends, or would end, as things are now.
    pub ends: Ends,
    /// Who loses units, by name, the first 50; none where holders may not be seen.
    pub holders: Vec<Loser>,
}
