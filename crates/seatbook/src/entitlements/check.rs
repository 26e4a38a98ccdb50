//! The question and the answer.

use rules::lifecycle::{Facts, State};
use serde::{Deserialize, Serialize};
use store::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why the answer is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntitlementReason)]
pub enum Reason {
    /// A unit of an active license is bound.
    Assigned,
    /// A unit is bound whose license ended, and its use is tolerated until `grace_until`.
    Grace,
    /// No unit is bound; or there is no such holder or product.
    NotAssigned,
    /// The license is paused.
    Paused,
    /// The license has ended, or was terminated or superseded.
    Expired,
    /// The license has not begun.
    NotBegun,
    /// The organization, or one above it, is suspended.
    Suspended,
}

/// Whether a holder may use a product now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entitlement {
    /// Yes or no.
    pub entitled: bool,
    /// Why.
    pub reason: Reason,
    /// Units bound, of all assignments that say yes.
    pub units: i64,
    /// The assignment that says so; the one that lasts longest where several do.
    pub assignment_id: Option<Uuid>,
    /// When its license ends; absent for one without an end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Until when use is tolerated after the end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grace_until: Option<Timestamp>,
}

/// A bound unit, as far as the answer needs it.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) assignment_id: Uuid,
    pub(super) organization_id: Uuid,
    pub(super) units: i64,
    /// Its organization, or one above it, is suspended.
    pub(super) blocked: bool,
    pub(super) license: Facts,
}

impl Entitlement {
    /// The answer, of all units that are bound.
    pub(super) fn of(bound: &[Bound], now: Timestamp) -> Entitlement {
        let mut best: Option<(u8, Reason, &Bound)> = None;
        let mut units = 0;
        for one in bound {
            let (rank, reason) = judged(one, now);
            if rank >= GRACE {
                units += one.units;
            }
            let better =
                best.is_none_or(|(known, _, other)| (known, end(other)) < (rank, end(one)));
            if better {
                best = Some((rank, reason, one));
            }
        }
        let Some((rank, reason, one)) = best else {
            return Entitlement::no(Reason::NotAssigned);
        };
        if one.blocked {
            return Entitlement::no(Reason::Suspended);
        }
        let instant = |at: Option<jiff::Timestamp>| at.map(Timestamp::new);
        Entitlement {
            entitled: rank >= GRACE,
            reason,
            units,
            assignment_id: Some(one.assignment_id),
            ends_at: instant(one.license.ends_at),
            grace_until: instant(one.license.grace_until).filter(|_| reason == Reason::Grace),
        }
    }

    fn no(reason: Reason) -> Entitlement {
        Entitlement {
            entitled: false,
            reason,
            units: 0,
            assignment_id: None,
            ends_at: None,
            grace_until: None,
        }
    }
}

/// From here on the answer is yes.
const GRACE: u8 = 3;

/// How good an assignment is: an active one beats one in grace, and that one which says no.
fn judged(bound: &Bound, now: Timestamp) -> (u8, Reason) {
    match bound.license.state(now.get()) {
        State::Active => (4, Reason::Assigned),
        State::Grace => (GRACE, Reason::Grace),
        State::Paused => (2, Reason::Paused),
        State::Draft | State::Scheduled | State::PendingActivation => (1, Reason::NotBegun),
        State::Expired | State::Terminated | State::Superseded => (0, Reason::Expired),
    }
}

fn end(bound: &Bound) -> jiff::Timestamp {
    bound.license.ends_at.unwrap_or(jiff::Timestamp::MAX)
}
