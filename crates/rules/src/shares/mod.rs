//! Shares: how one pool is split among child organizations.
//!
//! Owns: the judgement of an edited allocation grid, all rows at once.
//! Does not own: reading the pool, moving the units, permissions, or license states (`lifecycle`).
//! Keeps true: `quantity = allocated + assigned + free` with `free ≥ 0`; no share falls below what
//! its organization uses; a row that changed meanwhile is refused, never overwritten.

use std::collections::BTreeMap;

/// The most units one share can hold.
pub const MAX_UNITS: i64 = 999_999_999;

/// A pool as it stands now. Its facts obey the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool<O> {
    /// Units the pool has.
    pub quantity: i64,
    /// Units bound to holders at this pool.
    pub assigned: i64,
    /// What its child organizations hold, one entry each.
    pub children: Vec<Child<O>>,
}

/// The share of one child organization as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<O> {
    /// Who holds the share.
    pub organization: O,
    /// Units in the share.
    pub quantity: i64,
    /// Units the organization has itself passed on or assigned.
    pub in_use: i64,
}

/// A row of the grid that the editor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<O> {
    /// Whose share it is.
    pub organization: O,
    /// The quantity the editor saw; 0 for a new row.
    pub seen: i64,
    /// The quantity the editor wants; 0 removes the share.
    pub quantity: i64,
}

/// What changes, and what the pool looks like afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePlan<O> {
    /// The shares that change, by organization; a row that changes nothing is left out.
    pub deltas: Vec<Delta<O>>,
    /// Units allocated to all children before.
    pub allocated_before: i64,
    /// Units allocated to all children afterwards.
    pub allocated_after: i64,
    /// Units left in the pool afterwards.
    pub free_after: i64,
}

/// The change of one share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<O> {
    /// Whose share changes.
    pub organization: O,
    /// Units before.
    pub before: i64,
    /// Units afterwards.
    pub after: i64,
    /// Units that move: out of the pool when positive, back into it when negative.
    pub delta: i64,
}

/// Why a grid is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach<O> {
    /// The shares do not fit the pool.
    Exceeds {
        /// Units the pool has.
        total: i64,
        /// Units it would need: all shares, plus what is bound to holders here.
        wanted: i64,
        /// Units missing.
        excess: i64,
    },
    /// A share would fall below what its organization uses.
    BelowUse {
        /// Whose share it is.
        organization: O,
        /// Units the editor wants.
        wanted: i64,
        /// Units passed on or assigned.
        in_use: i64,
        /// Units to free first.
        to_free: i64,
    },
    /// The share changed since the editor saw it.
    Changed {
        /// Whose share it is.
        organization: O,
        /// Units the editor saw.
        seen: i64,
        /// Units there are.
        current: i64,
        /// Units the editor wants.
        wanted: i64,
    },
    /// Several rows are for the same organization.
    Duplicate {
        /// Whose rows they are.
        organization: O,
    },
    /// A share below zero.
    Negative {
        /// Whose share it is.
        organization: O,
        /// Units the editor wants.
        quantity: i64,
    },
    /// A share above [`MAX_UNITS`].
    TooLarge {
        /// Whose share it is.
        organization: O,
        /// Units the editor wants.
        quantity: i64,
    },
}

/// Judges the changed rows of a grid against the pool, in any order.
///
/// Every breach is reported: those of rows by organization, then [`Breach::Exceeds`]. The sum is
/// judged only when every row counts, because a duplicate or impossible row has no true sum.
pub fn plan<O: Copy + Ord>(
    pool: &Pool<O>,
    wanted: &[Wanted<O>],
) -> Result<SharePlan<O>, Vec<Breach<O>>> {
    let current: BTreeMap<O, Child<O>> = pool
        .children
        .iter()
        .map(|child| (child.organization, *child))
        .collect();
    let mut rows = wanted.to_vec();
    rows.sort_by_key(|row| row.organization);

    let (mut deltas, mut breaches, mut uncounted) = (Vec::new(), Vec::new(), false);
    for same in rows.chunk_by(|a, b| a.organization == b.organization) {
        let row = same[0];
        if let Some(breach) = impossible(same) {
            breaches.push(breach);
            uncounted = true;
            continue;
        }
        let none = Child {
            organization: row.organization,
            quantity: 0,
            in_use: 0,
        };
        let child = current.get(&row.organization).copied().unwrap_or(none);
        breaches.extend(stale(row, child));
        breaches.extend(below_use(row, child));
        if row.quantity != child.quantity {
            deltas.push(Delta::between(child, row.quantity));
        }
    }

    let allocated_before: i64 = pool.children.iter().map(|child| child.quantity).sum();
    let allocated_after = allocated_before + deltas.iter().map(|delta| delta.delta).sum::<i64>();
    let free_after = pool.quantity - pool.assigned - allocated_after;
    if free_after < 0 && !uncounted {
        breaches.push(Breach::Exceeds {
            total: pool.quantity,
            wanted: allocated_after + pool.assigned,
            excess: -free_after,
        });
    }
    if breaches.is_empty() {
        Ok(SharePlan {
            deltas,
            allocated_before,
            allocated_after,
            free_after,
        })
    } else {
        Err(breaches)
    }
}

impl<O> SharePlan<O> {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// Units that leave the pool in sum; negative when units come back.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.allocated_after - self.allocated_before
    }
}

impl<O> Delta<O> {
    fn between(child: Child<O>, after: i64) -> Self {
        let before = child.quantity;
        Self {
            organization: child.organization,
            before,
            after,
            delta: after - before,
        }
    }
}

/// Finds rows of one organization that mean nothing, whatever the pool holds.
fn impossible<O: Copy>(same: &[Wanted<O>]) -> Option<Breach<O>> {
    let Wanted {
        organization,
        quantity,
        ..
    } = same[0];
    if same.len() > 1 {
        Some(Breach::Duplicate { organization })
    } else if quantity < 0 {
        Some(Breach::Negative {
            organization,
            quantity,
        })
    } else if quantity > MAX_UNITS {
        Some(Breach::TooLarge {
            organization,
            quantity,
        })
    } else {
        None
    }
}

fn stale<O: Copy>(row: Wanted<O>, child: Child<O>) -> Option<Breach<O>> {
    (row.seen != child.quantity).then_some(Breach::Changed {
        organization: row.organization,
        seen: row.seen,
        current: child.quantity,
        wanted: row.quantity,
    })
}

fn below_use<O: Copy>(row: Wanted<O>, child: Child<O>) -> Option<Breach<O>> {
    (row.quantity < child.in_use).then(|| Breach::BelowUse {
        organization: row.organization,
        wanted: row.quantity,
        in_use: child.in_use,
        to_free: child.in_use - row.quantity,
    })
}

#[cfg(test)]
mod tests;
