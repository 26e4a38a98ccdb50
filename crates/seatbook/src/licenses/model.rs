//! Licenses and pools as rows.

use rules::lifecycle::{Facts, Standing, State};
use serde::{Deserialize, Serialize};
use store::{Column, Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows;
use crate::plans::model::Edition;

/// The largest quantity one license can have.
pub const MAX_UNITS: i64 = rules::shares::MAX_UNITS;

/// A license, with its SKU and the balance of its root pool.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct License {
    /// Its id.
    pub id: Uuid,
    /// The organization that owns it.
    pub organization_id: Uuid,
    /// The owner's name.
    pub organization_name: String,
    /// The pool at the owner, which holds all units.
    pub pool_id: Uuid,
    /// What was ordered.
    pub sku_id: Uuid,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `device`.
    pub unit: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// A name to find it by.
    pub name: Option<String>,
    /// A note for those who look after it.
    pub note: Option<String>,
    /// The order it came with.
    pub sales_order: Option<String>,
    /// The number under which support knows the order.
    pub support_reference: Option<String>,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day, inclusive; none for a license without an end.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// The zone in which its days begin and end; fixed at issue.
    pub time_zone: String,
    /// The instant the first day begins.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// The instant after the last day.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Until when its use is tolerated after the end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grace_until: Option<Timestamp>,
    /// What people decided: draft, issued, terminated or superseded.
    #[schema(value_type = String)]
    pub standing: Standing,
    /// Nobody has redeemed its code yet.
    pub awaits_activation: bool,
    /// Paused: nothing new, checks say no.
    pub paused: bool,
    /// It was allocated, assigned or redeemed at some time, so it can no longer be deleted.
    pub used: bool,
    /// Days before the end from which it counts as expiring soon.
    pub expiring_days: i64,
    /// All units.
    pub quantity: i64,
    /// Units passed on to child organizations.
    pub allocated: i64,
    /// Units bound to the owner's own holders.
    pub assigned: i64,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
    /// Who sold it, keeps its words and bills it; none for what its owner bought elsewhere.
    pub seller_id: Option<Uuid>,
    /// The pool its units were drawn from; none where they were issued.
    pub source_pool_id: Option<Uuid>,
    /// When it got its owner, by a code or by the seller's hand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub activated_at: Option<Timestamp>,
    /// The license its units were drawn from is paused or over.
    pub held: bool,
    /// Full, trial or not for resale: the units of the latter two cannot be changed.
    pub edition: Edition,
    /// It was left over from a service plan that its owner has no more, and runs to its own end.
    pub unbundled: bool,
    /// The license it took over from, with its bindings.
    pub follows_id: Option<Uuid>,
}

impl License {
    /// Whether its units can be passed on and bound, as far as people decided.
    pub fn is_open(&self) -> bool {
        self.standing == Standing::Issued && !self.paused && !self.awaits_activation && !self.held
    }

    /// Who may change what it is: the seller, else the owner.
    pub fn authority(&self) -> Uuid {
        self.seller_id.unwrap_or(self.organization_id)
    }

    /// The facts from which its state follows.
    pub fn facts(&self) -> Facts {
        Facts {
            standing: self.standing,
            awaits_activation: self.awaits_activation,
            paused: self.paused || self.held,
            starts_at: Some(self.starts_at.get()),
            ends_at: self.ends_at.map(Timestamp::get),
            grace_until: self.grace_until.map(Timestamp::get),
        }
    }

    /// Its state at an instant.
    pub fn state(&self, now: Timestamp) -> State {
        self.facts().state(now.get())
    }

    /// Units neither passed on nor bound.
    pub fn free(&self) -> i64 {
        self.quantity - self.allocated - self.assigned
    }
}

impl FromRow for License {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(License {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            pool_id: row.get(3)?,
            sku_id: row.get(4)?,
            sku_code: row.get(5)?,
            product_name: row.get(6)?,
            unit: row.get(7)?,
            units: row.get(8)?,
            name: row.get(9)?,
            note: row.get(10)?,
            sales_order: row.get(11)?,
            support_reference: row.get(12)?,
            start_date: row.get(13)?,
            end_date: row.get(14)?,
            time_zone: row.get(15)?,
            starts_at: row.get(16)?,
            ends_at: row.get(17)?,
            grace_until: row.get(18)?,
            standing: standing(&row.get::<String>(19)?)?,
            awaits_activation: row.get(20)?,
            paused: row.get(21)?,
            used: row.get(22)?,
            expiring_days: row.get(23)?,
            quantity: row.get(24)?,
            allocated: row.get(25)?,
            assigned: row.get(26)?,
            created_at: row.get(27)?,
            version: row.get(28)?,
            seller_id: row.get(29)?,
            source_pool_id: row.get(30)?,
            activated_at: row.get(31)?,
            held: row.get(32)?,
            edition: row
                .get::<String>(33)
                .map(|word| Edition::parse(&word))?
                .unwrap_or_default(),
            unbundled: row.get(34)?,
            follows_id: row.get(35)?,
        })
    }
}

/// What is stored for a standing.
pub fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Draft => "draft",
        Standing::Issued => "issued",
        Standing::Terminated => "terminated",
        Standing::Superseded => "superseded",
    }
}

/// The standing a stored word names.
pub fn standing(word: &str) -> store::Result<Standing> {
    [
        Standing::Draft,
        Standing::Issued,
        Standing::Terminated,
        Standing::Superseded,
    ]
    .into_iter()
    .find(|standing| standing_word(*standing) == word)
    .ok_or_else(|| store::Error::Value(format!("license standing {word:?}")))
}

/// A pool with what is worth knowing of its license: how an organization sees what it holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Pool {
    /// Its id.
    pub id: Uuid,
    /// The license whose units it holds.
    pub license_id: Uuid,
    /// The organization that holds them.
    pub organization_id: Uuid,
    /// The pool they were passed on from; none for the license's own.
    pub parent_id: Option<Uuid>,
    /// Units here.
    pub quantity: i64,
    /// Units passed on to child organizations.
    pub allocated: i64,
    /// Units bound to own holders.
    pub assigned: i64,
    /// Units free.
    pub free: i64,
    /// The SKU's code.
    pub sku_code: String,
    /// The SKU's type.
    pub sku_type: Option<String>,
    /// The SKU's tier.
    pub sku_tier: Option<String>,
    /// The SKU's class.
    pub sku_class: Option<String>,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `device`.
    pub unit: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// The order the license came with.
    pub sales_order: Option<String>,
    /// The number under which support knows the order.
    pub support_reference: Option<String>,
    /// The license's first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The license's last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// The instant the first day begins.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// The instant after the last day.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Until when use is tolerated after the end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grace_until: Option<Timestamp>,
    /// What people decided about the license.
    #[schema(value_type = String)]
    pub standing: Standing,
    /// Nobody has redeemed the license's code yet.
    pub awaits_activation: bool,
    /// The license is paused, or the one it was drawn from is.
    pub paused: bool,
    /// Days before the end from which it counts as expiring soon.
    pub expiring_days: i64,
    /// Counts its changes.
    pub version: i64,
    /// Whether its license renews by itself while nobody decided about that.
    #[serde(default)]
    pub renews: bool,
}

impl Pool {
    /// The state of its license at an instant.
    pub fn state(&self, now: Timestamp) -> State {
        let facts = Facts {
            standing: self.standing,
            awaits_activation: self.awaits_activation,
            paused: self.paused,
            starts_at: Some(self.starts_at.get()),
            ends_at: self.ends_at.map(Timestamp::get),
            grace_until: self.grace_until.map(Timestamp::get),
        };
        facts.state(now.get())
    }

    /// Units that can be used today: free ones of an active license.
    pub fn available(&self, now: Timestamp) -> i64 {
        if self.state(now) == State::Active {
            self.free
        } else {
            0
        }
    }
}

impl FromRow for Pool {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (quantity, allocated, assigned): (i64, i64, i64) =
            (row.get(4)?, row.get(5)?, row.get(6)?);
        Ok(Pool {
            id: row.get(0)?,
            license_id: row.get(1)?,
            organization_id: row.get(2)?,
            parent_id: row.get(3)?,
            quantity,
            allocated,
            assigned,
            free: quantity - allocated - assigned,
            sku_code: row.get(7)?,
            sku_type: row.get(8)?,
            sku_tier: row.get(9)?,
            sku_class: row.get(10)?,
            product_name: row.get(11)?,
            unit: row.get(12)?,
            units: row.get(13)?,
            sales_order: row.get(14)?,
            support_reference: row.get(15)?,
            start_date: row.get(16)?,
            end_date: row.get(17)?,
            starts_at: row.get(18)?,
            ends_at: row.get(19)?,
            grace_until: row.get(20)?,
            standing: standing(&row.get::<String>(21)?)?,
            awaits_activation: row.get(22)?,
            paused: row.get(23)?,
            expiring_days: row.get(24)?,
            version: row.get(25)?,
            renews: row.get(26)?,
        })
    }
}

/// A pool with what a list is sorted by.
pub struct Keyed<K> {
    /// The pool.
    pub pool: Pool,
    /// Nothing, where it has none.
    pub key: Option<K>,
}

impl<K: Column> FromRow for Keyed<K> {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Keyed {
            pool: Pool::from_row(row)?,
            key: row.get(rows::COLUMNS)?,
        })
    }
}

/// What a list can be narrowed to: a state as a condition in SQL. The badge comes from
/// [`rules::lifecycle`], and a test holds the two together, since a state is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A state of the lifecycle.
    Is(State),
    /// Active, and near its end.
    ExpiringSoon,
}

impl Status {
    /// Reads a filter's word.
    pub fn parse(word: &str) -> Option<Status> {
        if word == "expiring_soon" {
            return Some(Status::ExpiringSoon);
        }
        word.parse().ok().map(Status::Is)
    }

    /// The condition on `license l`; every `?` takes the instant now.
    pub fn condition(self) -> String {
        const RUNNING: &str = "l.standing = 'issued' AND (l.over_at IS NULL OR l.over_at > ?)";
        const UNMARKED: &str =
            "l.paused = FALSE AND l.held = FALSE AND l.awaits_activation = FALSE";
        const STARTED: &str = "l.starts_at <= ? AND (l.ends_at IS NULL OR l.ends_at > ?)";
        match self {
            Status::Is(State::Draft) => "l.standing = 'draft'".into(),
            Status::Is(State::Terminated) => "l.standing = 'terminated'".into(),
            Status::Is(State::Superseded) => "l.standing = 'superseded'".into(),
            Status::Is(State::Expired) => "l.standing = 'issued' AND l.over_at <= ?".into(),
            Status::Is(State::Paused) => {
                format!("{RUNNING} AND (l.paused = TRUE OR l.held = TRUE)")
            }
            Status::Is(State::PendingActivation) => {
                format!(
                    "{RUNNING} AND l.paused = FALSE AND l.held = FALSE AND l.awaits_activation = TRUE"
                )
            }
            Status::Is(State::Grace) => format!("{RUNNING} AND {UNMARKED} AND l.ends_at <= ?"),
            Status::Is(State::Scheduled) => {
                format!(
                    "{RUNNING} AND {UNMARKED} AND l.starts_at > ? AND (l.ends_at IS NULL OR l.ends_at > ?)"
                )
            }
            Status::Is(State::Active) => format!("{RUNNING} AND {UNMARKED} AND {STARTED}"),
            Status::ExpiringSoon => {
                format!("{RUNNING} AND {UNMARKED} AND {STARTED} AND l.expiring_at <= ?")
            }
        }
    }
}
