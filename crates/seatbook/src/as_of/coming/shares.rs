//! What was decided about the renewal of pools, and what comes back of those below one.

use std::collections::HashMap;

use store::{Date, FromRow, Json, Param, Row, Tx, placeholders};
use uuid::Uuid;

use super::{
    super::{day::Day, list::MOST, tracks::too_large},
    AT_ONCE,
};
use crate::{error::Result, licenses::model::Pool};

/// A pool below one of these, of which something changes by itself.
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// The pool its units came from.
    pub(super) source_id: Uuid,
    /// Its license.
    pub(super) license_id: Uuid,
    /// It is the own pool of a license that was drawn, not a part of one.
    drawn: bool,
    quantity: i64,
    allocated: i64,
    free: i64,
    decided: Decided,
    /// Units its license shall have from the next term on.
    next: Option<i64>,
    /// Its organization leaves by the day.
    leaves: bool,
}

impl FromRow for Share {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (quantity, allocated, assigned): (i64, i64, i64) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(Share {
            source_id: row.get(0)?,
            license_id: row.get(1)?,
            drawn: row.get(2)?,
            quantity,
            allocated,
            free: quantity - allocated - assigned,
            decided: Decided {
                auto_renews: row.get::<Option<bool>>(6)?.unwrap_or(true),
                lapsing: row.get::<Option<i64>>(7)?.unwrap_or_default(),
                named: named(row.get(8)?),
            },
            next: row.get(9)?,
            leaves: row.get(10)?,
        })
    }
}

impl Share {
    /// Units that go back to where they came from.
    fn lost(&self, renewed: bool) -> i64 {
        match (self.leaves, renewed) {
            (true, _) => self.quantity,
            (false, true) => self
                .decided
                .lapses((self.quantity, self.allocated, self.free), !self.drawn),
            (false, false) => 0,
        }
    }

    /// The same, as its source sees it.
    pub(super) fn gives_back(&self, source: &mut Pool, renewed: bool) {
        let lost = self.lost(renewed);
        source.allocated -= lost;
        source.free += lost;
    }

    /// A drawn license that shall have more draws more, where that is free.
    pub(super) fn takes_more(&self, source: &mut Pool, renewed: bool) {
        let left = self.quantity - self.lost(renewed);
        let more = self.next.map_or(0, |next| next - left);
        if self.drawn && renewed && !self.leaves && more > 0 && more <= source.free {
            source.allocated += more;
            source.free -= more;
        }
    }
}

/// The pools below these of which something was decided.
pub(super) async fn shares(tx: &mut Tx<'_>, sources: &[Uuid], day: &Day) -> Result<Vec<Share>> {
    let (limit, leaves_on) = (MOST + 1, Date(day.date));
    let mut shares: Vec<Share> = Vec::new();
    for some in sources.chunks(AT_ONCE) {
        let mut params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        params.extend([&leaves_on as &dyn Param, &limit]);
        let (places, day_at, limit_at) =
            (placeholders(1, some.len()), some.len() + 1, some.len() + 2);
        let sql = format!(
            "SELECT c.parent_id, c.license_id, c.license_id <> p.license_id, c.quantity, c.allocated, c.assigned,
             s.auto_renews, s.lapsing, s.losers, n.quantity, f.id IS NOT NULL
             FROM pool p JOIN pool c ON c.parent_id = p.id
             LEFT JOIN subscription s ON s.id = c.id AND (s.lapsing > 0 OR s.auto_renews = FALSE)
             LEFT JOIN next_term n ON n.id = c.license_id AND c.license_id <> p.license_id
             LEFT JOIN (SELECT DISTINCT x.descendant_id AS id FROM offboarding o
               JOIN organization_closure x ON x.ancestor_id = o.organization_id
               WHERE o.ended_at IS NULL AND o.leaves_on <= ${day_at}) f ON f.id = c.organization_id
             WHERE p.id IN {places} AND c.quantity > 0 AND (s.id IS NOT NULL OR n.id IS NOT NULL OR f.id IS NOT NULL)
             LIMIT ${limit_at}"
        );
        shares.extend(tx.query::<Share>(&sql, &params).await?);
        if shares.len() as i64 > MOST {
            return Err(too_large());
        }
    }
    Ok(shares)
}

/// What was decided about the renewal of a pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    auto_renews: bool,
    lapsing: i64,
    /// Bindings that end for it.
    named: i64,
}

impl Decided {
    /// Units that leave a pool with the term, of (all, passed on, free). A share that does not renew ends for everybody
    /// in it; units that are passed on stay, and so do those of people whom nobody named.
    pub(super) fn lapses(
        &self,
        (quantity, allocated, free): (i64, i64, i64),
        is_share: bool,
    ) -> i64 {
        let all = quantity - allocated;
        match self.auto_renews {
            true => self.lapsing.min(all).min(free + self.named),
            false if is_share => all,
            false => 0,
        }
    }
}

fn named(losers: Option<Json>) -> i64 {
    losers.map_or(0, |Json(losers)| {
        losers.as_array().map_or(0, |losers| losers.len() as i64)
    })
}

/// What was decided about these pools.
pub(super) async fn decided(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Decided>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT id, auto_renews, lapsing, losers FROM subscription WHERE id IN {}",
            placeholders(1, some.len())
        );
        let rows: Vec<(Uuid, bool, i64, Option<Json>)> = tx.query(&sql, &params).await?;
        found.extend(rows.into_iter().map(|(id, auto_renews, lapsing, losers)| {
            let named = named(losers);
            (
                id,
                Decided {
                    auto_renews,
                    lapsing,
                    named,
                },
            )
        }));
    }
    Ok(found)
}
