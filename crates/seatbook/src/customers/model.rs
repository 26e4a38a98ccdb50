//! A customer of a pool, the pool's key metrics, and how a list of customers is sorted.

use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::Cursor,
    error::{Error, Result},
    holdings::places::{Key, Kind, Place},
};

/// An organization that was passed units of a pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    /// The organization.
    pub organization_id: Uuid,
    /// Its name.
    pub name: String,
    /// `partner` or `customer`.
    pub kind: String,
    /// Its own pool of the license.
    pub pool_id: Uuid,
    /// Units it was passed.
    pub quantity: i64,
    /// Units of them it has itself passed on or bound.
    pub in_use: i64,
    /// When that last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// The day on which it leaves, where that is decided.
    #[schema(value_type = Option<String>, format = Date)]
    pub leaves_on: Option<Date>,
}

impl FromRow for Customer {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Customer {
            organization_id: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            pool_id: row.get(3)?,
            quantity: row.get(4)?,
            in_use: row.get(5)?,
            changed_at: row.get(6)?,
            leaves_on: row.get(7)?,
        })
    }
}

/// What is worth knowing of a pool whose units are passed on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PoolMetrics)]
pub struct Metrics {
    /// The pool.
    pub pool_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// The commitment: all units of the pool.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound to own holders.
    pub assigned: i64,
    /// Units that can still be passed on.
    pub unallocated: i64,
    /// Organizations that were passed units.
    pub customers: i64,
    /// The license's last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// The first day of the next term, where there is one.
    #[schema(value_type = Option<String>, format = Date)]
    pub renews_on: Option<Date>,
    /// Price of one unit for one validity of the SKU; absent where it may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// What all units cost in a month: a twelfth of a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_minor: Option<i64>,
    /// The currency of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// An organization whose name sounds like another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CustomerAlike)]
pub struct Alike {
    /// The organization.
    pub organization_id: Uuid,
    /// Its name.
    pub name: String,
}

/// By what a list of customers is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    Name,
    /// By partner or customer.
    Kind,
    /// By units.
    Units,
    /// By units in use there.
    InUse,
    /// By the share in use.
    Usage,
    /// By the last change.
    Changed,
}

impl Sort {
    const ALL: [Sort; 6] = [
        Sort::Name,
        Sort::Kind,
        Sort::Units,
        Sort::InUse,
        Sort::Usage,
        Sort::Changed,
    ];

    /// Its word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Kind => "kind",
            Sort::Units => "units",
            Sort::InUse => "in_use",
            Sort::Usage => "usage",
            Sort::Changed => "changed",
        }
    }

    /// The sort a word names.
    pub fn parse(word: &str) -> Option<Sort> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }

    /// The sort of a parameter, and whether the largest come first.
    pub fn read(word: Option<&str>) -> Result<(Sort, bool)> {
        let word = word.unwrap_or("name");
        let (key, descending) = match word.strip_prefix('-') {
            Some(key) => (key, true),
            None => (word, false),
        };
        let message = || format!("A list of customers is not sorted by “{key}”.");
        let sort = Sort::parse(key);
        let sort = sort.ok_or_else(|| Error::invalid("sort", "sort.unknown", message()))?;
        Ok((sort, descending))
    }

    /// Whether an index holds its order, for lists of any length.
    pub const fn any_length(self) -> bool {
        matches!(self, Sort::Name | Sort::Units)
    }

    /// The key over `pool p` and `organization o`.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Sort::Name => "o.name",
            Sort::Kind => "o.kind",
            Sort::Units => "p.quantity",
            Sort::InUse => "p.allocated + p.assigned",
            Sort::Usage => "(p.allocated + p.assigned) * 10000 / p.quantity",
            Sort::Changed => {
                "coalesce((SELECT j.at FROM change c JOIN journal j ON j.id = c.journal_id
                 WHERE c.noun = 'pool' AND c.row_id = p.id AND c.version = p.version), p.created_at)"
            }
        }
    }

    pub(super) const fn of_kind(self) -> Kind {
        match self {
            Sort::Name | Sort::Kind => Kind::Text,
            Sort::Units | Sort::InUse | Sort::Usage => Kind::Number,
            Sort::Changed => Kind::Instant,
        }
    }

    /// A place as a cursor, which serves this order only.
    pub fn cursor(self, descending: bool, place: &Place) -> String {
        Cursor::write(&(self.as_str(), descending, place.back, &place.key, place.id))
    }

    /// The place a cursor holds; refused where it is of another order.
    pub fn place(self, descending: bool, cursor: &str) -> Result<Place> {
        let read: (String, bool, bool, Key, Uuid) = Cursor::read(cursor)?;
        let (word, down, back, key, id) = read;
        let fits = key != Key::Nothing && key.fits(self.of_kind());
        if word == self.as_str() && down == descending && fits {
            return Ok(Place { back, key, id });
        }
        let message = "This cursor was made by this list in another order.";
        Err(Error::invalid("cursor", "cursor.invalid", message))
    }
}
