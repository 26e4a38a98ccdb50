//! The address of a calendar, and the days that stand in it.

use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::Result,
    scope::Permission,
    secrets::{Secret, random_text},
};

/// What it takes to make and withdraw an address: whoever may decide about renewals is who needs their days.
pub const NEEDED: Permission = Permission::SubscriptionsEnd;

/// The random bytes of an address.
const SECRET_BYTES: usize = 24;
/// Their length as text.
pub(super) const SECRET_LETTERS: usize = SECRET_BYTES / 3 * 4;

/// Draws the secret of an address: 192 bits, so that a bare fingerprint is enough and no limit on guessing is needed.
pub fn draw() -> Result<Secret<String>> {
    random_text(SECRET_BYTES).map(Secret)
}

/// Where a calendar is read.
pub fn address(base_url: &str, secret: &str) -> String {
    format!("{base_url}/calendars/{secret}.ics")
}

/// The address of an organization's calendar, as it can be seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarFeed {
    /// Whose.
    pub organization_id: Uuid,
    /// The last characters of its secret; absent where there is no address.
    pub hint: Option<String>,
    /// When it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Counts its changes; 0 while there never was one.
    pub version: i64,
}

impl FromRow for CalendarFeed {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let there: bool = row.get(1)?;
        let (hint, created_at): (String, Timestamp) = (row.get(2)?, row.get(3)?);
        Ok(CalendarFeed {
            organization_id: row.get(0)?,
            hint: there.then_some(hint),
            created_at: there.then_some(created_at),
            version: row.get(4)?,
        })
    }
}

/// A new address. It is not shown again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewCalendarFeed {
    /// Where the calendar is read, without signing in.
    pub url: String,
    /// What is seen of it from now on.
    #[serde(flatten)]
    pub feed: CalendarFeed,
}

/// A license as a calendar shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The license.
    pub id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is of.
    pub product: String,
    /// Its owner's name.
    pub owner: String,
    /// Its first day.
    pub start_date: Date,
    /// Its last day, inclusive.
    pub end_date: Option<Date>,
    /// When it was last changed.
    pub revised_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
    /// Its units.
    pub quantity: i64,
    /// One of them.
    pub unit: String,
    /// Several.
    pub units: String,
    /// It is paused by hand.
    pub paused: bool,
}

impl FromRow for Entry {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Entry {
            id: row.get(0)?,
            owner_id: row.get(1)?,
            name: row.get(2)?,
            product: row.get(3)?,
            owner: row.get(4)?,
            start_date: row.get(5)?,
            end_date: row.get(6)?,
            revised_at: row.get(7)?,
            version: row.get(8)?,
            quantity: row.get(9)?,
            unit: row.get(10)?,
            units: row.get(11)?,
            paused: row.get(12)?,
        })
    }
}
