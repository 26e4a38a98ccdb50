//! Picking: which pools the units of new assignments come from.
//!
//! Owns: the order of pools, and one pass over many rows that takes units as it goes.
//! Does not own: reading pools, whether a product fits, moving the units.
//! Keeps true: no pool gives more than it has free; the units of one part come from one pool; a row gets all
//! of its parts or takes nothing; the same rows on the same pools get the same answer.

use jiff::Timestamp;

/// A pool that may give units now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool<P, D> {
    /// Which.
    pub pool: P,
    /// Whose units it holds.
    pub product: D,
    /// When its license ends; never for none.
    pub ends: Option<Timestamp>,
    /// When its license began.
    pub starts: Timestamp,
    /// Units it can give.
    pub free: i64,
}

/// What a row needs of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<P, D> {
    /// The product.
    pub product: D,
    /// Units.
    pub units: i64,
    /// The pool they shall come from; by the order of pools where there is none.
    pub pool: Option<P>,
}

/// Why a row gets nothing: the first part for which no pool has enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short<D> {
    /// Which part of the row.
    pub part: usize,
    /// The product.
    pub product: D,
    /// Units wanted.
    pub wanted: i64,
    /// The most one of the pools has left.
    pub free: i64,
}

impl<P: Copy + Ord, D> Pool<P, D> {
    /// Its place in the order in which pools are used: the one that ends first, then the one that began first,
    /// then by id. A license without an end comes last.
    #[must_use]
    pub fn rank(&self) -> (Timestamp, Timestamp, P) {
        (self.ends.unwrap_or(Timestamp::MAX), self.starts, self.pool)
    }
}

/// Gives each row the pools of its parts, or says what it lacks. `pools` stand in the order in which they are
/// used; what rows take is no longer free for those after them.
pub fn pick<P: Copy + Eq, D: Copy + Eq>(
    pools: &mut [Pool<P, D>],
    rows: &[Vec<Part<P, D>>],
) -> Vec<Result<Vec<P>, Short<D>>> {
    rows.iter().map(|row| pick_row(pools, row)).collect()
}

fn pick_row<P: Copy + Eq, D: Copy + Eq>(
    pools: &mut [Pool<P, D>],
    parts: &[Part<P, D>],
) -> Result<Vec<P>, Short<D>> {
    let mut taken: Vec<(usize, i64)> = Vec::with_capacity(parts.len());
    for (part, wanted) in parts.iter().enumerate() {
        let fits = |pool: &Pool<P, D>| {
            pool.product == wanted.product && wanted.pool.is_none_or(|named| named == pool.pool)
        };
        let place = pools
            .iter()
            .position(|pool| fits(pool) && pool.free >= wanted.units);
        let Some(place) = place else {
            for (place, units) in taken {
                pools[place].free += units;
            }
            let free = pools.iter().filter(|pool| fits(pool)).map(|pool| pool.free);
            return Err(Short {
                part,
                product: wanted.product,
                wanted: wanted.units,
                free: free.max().unwrap_or(0),
            });
        };
        pools[place].free -= wanted.units;
        taken.push((place, wanted.units));
    }
    Ok(taken
        .into_iter()
        .map(|(place, _)| pools[place].pool)
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pool(pool: u8, product: u8, ends: Option<i64>, free: i64) -> Pool<u8, u8> {
        let second = |second| Timestamp::from_second(second).unwrap_or_default();
        Pool {
            pool,
            product,
            ends: ends.map(second),
            starts: Timestamp::UNIX_EPOCH,
            free,
        }
    }

    fn part(product: u8, units: i64) -> Part<u8, u8> {
        Part {
            product,
            units,
            pool: None,
        }
    }

    #[test]
    fn what_ends_first_is_used_first() {
        let mut pools = [
            pool(1, 7, None, 5),
            pool(2, 7, Some(200), 1),
            pool(3, 7, Some(100), 1),
        ];
        pools.sort_by_key(Pool::rank);
        let rows = vec![vec![part(7, 1)]; 3];
        let picked: Vec<_> = pick(&mut pools, &rows)
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        assert_eq!(picked, [3, 2, 1]);
    }

    #[test]
    fn units_are_not_split_and_a_row_takes_all_or_nothing() {
        let mut pools = [
            pool(1, 7, Some(1), 2),
            pool(2, 7, Some(2), 3),
            pool(3, 8, None, 1),
        ];
        let rows = [
            vec![part(7, 4)],
            vec![part(7, 3), part(8, 2)],
            vec![part(7, 3), part(8, 1)],
        ];
        let picked = pick(&mut pools, &rows);
        let short = |part, product, wanted, free| Short {
            part,
            product,
            wanted,
            free,
        };
        assert_eq!(picked[0], Err(short(0, 7, 4, 3)));
        assert_eq!(picked[1], Err(short(1, 8, 2, 1)));
        assert_eq!(picked[2], Ok(vec![2, 3]));
    }

    proptest! {
        #[test]
        fn no_pool_gives_more_than_it_has(
            free in prop::collection::vec((0u8..3, 0i64..6), 1..8),
            wanted in prop::collection::vec(prop::collection::vec((0u8..3, 1i64..4), 1..4), 0..12),
        ) {
            let mut pools: Vec<_> = free.iter().enumerate()
                .map(|(place, (product, free))| pool(place as u8, *product, Some(place as i64), *free)).collect();
            let before = pools.clone();
            let rows: Vec<Vec<_>> = wanted.iter()
                .map(|row| row.iter().map(|(product, units)| part(*product, *units)).collect()).collect();
            let picked = pick(&mut pools, &rows);
            for (now, then) in pools.iter().zip(&before) {
                let given: i64 = picked.iter().zip(&rows).filter_map(|(picked, row)| picked.as_ref().ok().map(|p| (p, row)))
                    .flat_map(|(picked, row)| picked.iter().zip(row))
                    .filter(|(pool, _)| **pool == now.pool).map(|(_, part)| part.units).sum();
                prop_assert!(now.free >= 0);
                prop_assert_eq!(now.free + given, then.free);
            }
        }
    }
}
