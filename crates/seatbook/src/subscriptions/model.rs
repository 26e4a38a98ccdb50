//! Subscriptions as rows, what is decided about them, and what came of it.

use jiff::ToSpan;
use rules::{lifecycle::State, reduction::Rule};
use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::licenses::model::Pool;

/// Days before the end from which the next term is announced, unless somebody said otherwise.
const NOTICE_DAYS: i64 = 30;

/// What was decided about the renewal of a pool's units. Where there is no row, nobody decided anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The pool, and so the subscription.
    pub id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// Whether it renews at all.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
    /// Units that shall not renew although the others do.
    pub lapsing: i64,
    /// By which rule whoever loses a unit then was chosen; none for a choice by hand.
    pub rule: Option<Rule>,
    /// The assignments that end then, as they were accepted.
    pub losers: Vec<Uuid>,
    /// Since when it, or a part of it, shall not renew.
    pub unsubscribed_at: Option<Timestamp>,
    /// Who said so.
    pub unsubscribed_by: Option<Uuid>,
    /// Counts its changes; 0 while nobody decided anything.
    pub version: i64,
}

impl Decision {
    /// How it is while nobody decided anything: all units renew where the license does by itself.
    pub fn undecided(pool: &Pool) -> Decision {
        Decision {
            id: pool.id,
            license_id: pool.license_id,
            organization_id: pool.organization_id,
            auto_renews: pool.renews && pool.ends_at.is_some(),
            notice_days: NOTICE_DAYS,
            lapsing: 0,
            rule: None,
            losers: vec![],
            unsubscribed_at: None,
            unsubscribed_by: None,
            version: 0,
        }
    }
}

impl FromRow for Decision {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (rule, losers): (Option<String>, Json) = (row.get(6)?, row.get(7)?);
        Ok(Decision {
            id: row.get(0)?,
            license_id: row.get(1)?,
            organization_id: row.get(2)?,
            auto_renews: row.get(3)?,
            notice_days: row.get(4)?,
            lapsing: row.get(5)?,
            rule: rule.as_deref().and_then(Rule::parse),
            losers: serde_json::from_value(losers.0)
                .map_err(|error| store::Error::Value(error.to_string()))?,
            unsubscribed_at: row.get(8)?,
            unsubscribed_by: row.get(9)?,
            version: row.get(10)?,
        })
    }
}

/// A pool seen from its renewal: a license's own units, or the share an organization was passed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its id: that of the pool.
    pub id: Uuid,
    /// The license.
    pub license_id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// The pool its units were passed on from; none for a license's own.
    pub parent_id: Option<Uuid>,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `device`.
    pub unit: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// The order the license came with.
    pub sales_order: Option<String>,
    /// All units.
    pub total: i64,
    /// Units passed on to child organizations.
    pub allocated: i64,
    /// Units bound to holders.
    pub assigned: i64,
    /// Units that can be used today: free ones of an active license.
    pub available: i64,
    /// Units neither passed on nor bound, whatever the license's state.
    pub free: i64,
    /// The last day of the term.
    #[schema(value_type = Option<String>, format = Date)]
    pub expiry_date: Option<Date>,
    /// The first day of the next term; none where nothing renews.
    #[schema(value_type = Option<String>, format = Date)]
    pub renewal_date: Option<Date>,
    /// From when the next term is announced.
    #[schema(value_type = Option<String>, format = Date)]
    pub notice_date: Option<Date>,
    /// Whether it renews by itself.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
    /// Units that do not renew: all of them where it does not renew at all.
    pub lapsing: i64,
    /// Assignments that end at the renewal, as they were accepted.
    pub losers: Vec<Uuid>,
    /// Since when it, or a part of it, shall not renew.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unsubscribed_at: Option<Timestamp>,
    /// Who said so.
    pub unsubscribed_by: Option<Uuid>,
    /// Until when that can be taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reactivate_until: Option<Timestamp>,
    /// The license's state now.
    #[schema(value_type = String)]
    pub status: State,
    /// Counts what was decided about it; send it as `If-Match`. 0 while nobody decided anything.
    pub version: i64,
}

impl Subscription {
    /// A pool with what was decided about it, at an instant.
    pub fn of(pool: &Pool, decision: Option<Decision>, (now, days): (Timestamp, i64)) -> Self {
        let status = pool.state(now);
        let decision = decision.unwrap_or_else(|| Decision::undecided(pool));
        let over = matches!(status, State::Terminated | State::Superseded);
        let auto_renews = decision.auto_renews && pool.end_date.is_some() && !over;
        let lapsing = match auto_renews || pool.end_date.is_none() {
            true => decision.lapsing.min(pool.quantity),
            false => pool.quantity,
        };
        let end = pool.end_date.map(|end| end.0);
        let renewal = end.filter(|_| auto_renews && lapsing < pool.quantity);
        let renewal = renewal.and_then(|end| end.tomorrow().ok());
        let notice = renewal.and_then(|day| day.checked_sub(decision.notice_days.days()).ok());
        let reactivate_until = decision.unsubscribed_at.and(pool.ends_at);
        Subscription {
            id: pool.id,
            license_id: pool.license_id,
            organization_id: pool.organization_id,
            parent_id: pool.parent_id,
            sku_code: pool.sku_code.clone(),
            product_name: pool.product_name.clone(),
            unit: pool.unit.clone(),
            units: pool.units.clone(),
            sales_order: pool.sales_order.clone(),
            total: pool.quantity,
            allocated: pool.allocated,
            assigned: pool.assigned,
            available: pool.available(now),
            free: pool.free,
            expiry_date: pool.end_date,
            renewal_date: renewal.map(Date),
            notice_date: notice.map(Date),
            auto_renews,
            notice_days: decision.notice_days,
            lapsing,
            losers: decision.losers,
            unsubscribed_at: decision.unsubscribed_at,
            unsubscribed_by: decision.unsubscribed_by,
            reactivate_until: reactivate_until.map(|end| end.plus_seconds(days * 86_400)),
            status,
            version: decision.version,
        }
    }
}

/// Who gives way where more units go than are free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// By a rule; whoever that hits was seen, which `fingerprint` says.
    Rule {
        /// The rule.
        rule: Rule,
        /// The fingerprint of the plan that was seen.
        fingerprint: Option<String>,
    },
    /// These assignments, by hand.
    Hand(Vec<Uuid>),
}

/// The choice where nobody made one.
impl Default for Choice {
    fn default() -> Self {
        Choice::Rule {
            rule: Rule::default(),
            fingerprint: None,
        }
    }
}

/// Who would lose a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Loser {
    /// The assignment that ends.
    pub assignment_id: Uuid,
    /// Whose it is.
    pub holder_id: Uuid,
    /// Units it frees.
    pub units: i64,
    /// Add-ons that go with it.
    pub add_ons: i64,
}

/// What it takes to lower a pool to a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReductionPlan)]
pub struct Plan {
    /// The pool.
    pub subscription_id: Uuid,
    /// Units now.
    pub total: i64,
    /// Units afterwards.
    pub quantity: i64,
    /// Units in use that must be freed for it.
    pub to_free: i64,
    /// Who loses a unit, in the order in which they give way.
    pub losers: Vec<Loser>,
    /// What says that this plan was seen: send it to have it applied.
    pub fingerprint: String,
}

/// A pool that lost units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoweredPool {
    /// Which.
    pub pool_id: Uuid,
    /// Units that left it.
    pub units: i64,
    /// Units it has now.
    pub quantity: i64,
    /// The pool that has them again; none where they left the book with the license's quantity.
    pub returned_to: Option<Uuid>,
}

/// What stopped at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnitsTerminated)]
pub struct Terminated {
    /// The assignments that ended, base and add-on.
    pub ended: Vec<Uuid>,
    /// How many of them were add-ons that went with their base.
    pub add_ons: i64,
    /// Units that stopped.
    pub units: i64,
    /// The pools they left.
    pub pools: Vec<LoweredPool>,
}

/// A reduction, applied or kept for the renewal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReductionDone)]
pub struct Reduced {
    /// What it took.
    pub plan: Plan,
    /// Whether it was done at once; else it waits for the renewal.
    pub now: bool,
    /// The assignments that ended, base and add-on.
    pub ended: Vec<Uuid>,
    /// The pool that has the units again; none where they left the book, or stay until the renewal.
    pub returned_to: Option<Uuid>,
}

/// What was taken up again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = UnitsReactivated)]
pub struct Reactivated {
    /// The new assignments, the base first; empty where a renewal was taken up again.
    pub assignment_ids: Vec<Uuid>,
    /// Units that are back.
    pub units: i64,
}
