//! The laws of shares: never oversold, consistent, whatever the order, and idempotent.

use proptest::prelude::*;

use super::*;

fn pool(quantity: i64, assigned: i64, children: &[(u8, i64, i64)]) -> Pool<u8> {
    let child = |&(organization, quantity, in_use)| Child {
        organization,
        quantity,
        in_use,
    };
    Pool {
        quantity,
        assigned,
        children: children.iter().map(child).collect(),
    }
}

fn row(organization: u8, seen: i64, quantity: i64) -> Wanted<u8> {
    Wanted {
        organization,
        seen,
        quantity,
    }
}

#[test]
fn a_grid_is_split_and_the_rest_stays_free() {
    let before = pool(100, 10, &[(1, 30, 5), (2, 20, 0), (3, 5, 5)]);
    let rows = [row(4, 0, 25), row(2, 20, 0), row(1, 30, 40), row(3, 5, 5)];
    let delta = |organization, before, after| Delta {
        organization,
        before,
        after,
        delta: after - before,
    };
    let planned = plan(&before, &rows).expect("the shares fit");
    assert_eq!(
        planned.deltas,
        [delta(1, 30, 40), delta(2, 20, 0), delta(4, 0, 25)]
    );
    assert_eq!(
        (planned.allocated_before, planned.allocated_after),
        (55, 70)
    );
    assert_eq!((planned.free_after, planned.net()), (20, 15));
}

#[test]
fn the_excess_is_named() {
    let before = pool(100, 10, &[(1, 30, 0)]);
    let refused = plan(&before, &[row(1, 30, 60), row(2, 0, 31)]);
    assert_eq!(
        refused,
        Err(vec![Breach::Exceeds {
            total: 100,
            wanted: 101,
            excess: 1
        }])
    );
    assert_eq!(
        plan(&before, &[row(1, 30, 90)]).map(|planned| planned.free_after),
        Ok(0)
    );
}

#[test]
fn every_row_is_judged_at_once() {
    let before = pool(100, 0, &[(1, 30, 20), (2, 20, 20), (3, 10, 0)]);
    let rows = [
        row(9, 3, 90),
        row(1, 30, 12),
        row(2, 15, 19),
        row(3, 10, 10),
    ];
    let below = |organization, wanted, in_use, to_free| Breach::BelowUse {
        organization,
        wanted,
        in_use,
        to_free,
    };
    let refused = vec![
        below(1, 12, 20, 8),
        Breach::Changed {
            organization: 2,
            seen: 15,
            current: 20,
            wanted: 19,
        },
        below(2, 19, 20, 1),
        Breach::Changed {
            organization: 9,
            seen: 3,
            current: 0,
            wanted: 90,
        },
        Breach::Exceeds {
            total: 100,
            wanted: 131,
            excess: 31,
        },
    ];
    assert_eq!(plan(&before, &rows), Err(refused));
}

#[test]
fn impossible_rows_have_no_sum() {
    let before = pool(10, 0, &[(1, 5, 0)]);
    let rows = [
        row(1, 5, 11),
        row(2, 0, i64::MIN),
        row(3, 0, MAX_UNITS + 1),
        row(4, 0, 1),
        row(4, 0, 1),
        row(4, 0, 2),
    ];
    let refused = vec![
        Breach::Negative {
            organization: 2,
            quantity: i64::MIN,
        },
        Breach::TooLarge {
            organization: 3,
            quantity: MAX_UNITS + 1,
        },
        Breach::Duplicate { organization: 4 },
    ];
    assert_eq!(plan(&before, &rows), Err(refused));
}

#[test]
fn the_largest_share_is_granted() {
    let planned = plan(&pool(MAX_UNITS, 0, &[]), &[row(1, 0, MAX_UNITS)]);
    assert_eq!(planned.map(|planned| planned.free_after), Ok(0));
}

#[test]
fn a_removed_share_is_not_silently_made_again() {
    let before = pool(10, 0, &[]);
    let changed = Breach::Changed {
        organization: 1,
        seen: 5,
        current: 0,
        wanted: 6,
    };
    assert_eq!(plan(&before, &[row(1, 5, 6)]), Err(vec![changed]));
    assert!(
        plan(&before, &[row(1, 0, 0)])
            .expect("nothing is asked for")
            .is_empty()
    );
}

fn lawful_pool() -> impl Strategy<Value = Pool<u8>> {
    let child = (0i64..40, 0i64..40);
    (
        prop::collection::btree_map(0u8..12, child, 0..8),
        0i64..40,
        0i64..120,
    )
        .prop_map(|(held, assigned, free)| {
            let children: Vec<_> = held
                .into_iter()
                .map(|(organization, (in_use, unused))| Child {
                    organization,
                    quantity: in_use + unused,
                    in_use,
                })
                .collect();
            let allocated: i64 = children.iter().map(|child| child.quantity).sum();
            Pool {
                quantity: allocated + assigned + free,
                assigned,
                children,
            }
        })
}

/// The quantity an organization holds.
fn held(pool: &Pool<u8>, organization: u8) -> i64 {
    let children = pool.children.iter();
    children
        .filter(|child| child.organization == organization)
        .map(|child| child.quantity)
        .sum()
}

/// Rows of an editor who saw the truth.
fn honest() -> impl Strategy<Value = (Pool<u8>, Vec<Wanted<u8>>)> {
    (
        lawful_pool(),
        prop::collection::btree_map(0u8..14, 0i64..90, 0..8),
    )
        .prop_map(|(pool, wanted)| {
            let rows = wanted
                .into_iter()
                .map(|(id, want)| row(id, held(&pool, id), want));
            let rows = rows.collect();
            (pool, rows)
        })
}

/// Rows of anybody: stale, double, negative, beyond any bound.
fn wild() -> impl Strategy<Value = (Pool<u8>, Vec<Wanted<u8>>)> {
    let quantity = prop_oneof![8 => -1i64..90, 1 => any::<i64>()];
    let line = (0u8..14, prop::option::of(0i64..80), quantity);
    (lawful_pool(), prop::collection::vec(line, 0..10)).prop_map(|(pool, lines)| {
        let rows = lines
            .into_iter()
            .map(|(id, seen, want)| row(id, seen.unwrap_or_else(|| held(&pool, id)), want));
        let rows = rows.collect();
        (pool, rows)
    })
}

fn apply(pool: &Pool<u8>, plan: &SharePlan<u8>) -> Pool<u8> {
    let mut after = pool.clone();
    for delta in &plan.deltas {
        let in_use = after
            .children
            .iter()
            .find(|c| c.organization == delta.organization);
        let in_use = in_use.map_or(0, |child| child.in_use);
        after
            .children
            .retain(|child| child.organization != delta.organization);
        let organization = delta.organization;
        after.children.push(Child {
            organization,
            quantity: delta.after,
            in_use,
        });
    }
    after
}

proptest! {
    #[test]
    fn never_oversells((pool, rows) in prop_oneof![honest(), wild()]) {
        if let Ok(planned) = plan(&pool, &rows) {
            let after = apply(&pool, &planned);
            let allocated: i64 = after.children.iter().map(|child| child.quantity).sum();
            prop_assert_eq!(allocated, planned.allocated_after);
            prop_assert_eq!(pool.quantity, allocated + pool.assigned + planned.free_after);
            prop_assert!(planned.free_after >= 0);
            prop_assert!(after.children.iter().all(|child| child.quantity >= child.in_use));
        }
    }

    #[test]
    fn deltas_add_up((pool, rows) in honest()) {
        if let Ok(planned) = plan(&pool, &rows) {
            prop_assert!(planned.deltas.is_sorted_by(|a, b| a.organization < b.organization));
            for delta in &planned.deltas {
                prop_assert_eq!(delta.before, held(&pool, delta.organization));
                prop_assert_eq!(delta.delta, delta.after - delta.before);
                prop_assert_ne!(delta.delta, 0);
            }
            let moved: i64 = planned.deltas.iter().map(|delta| delta.delta).sum();
            prop_assert_eq!(moved, planned.net());
        }
    }

    #[test]
    fn order_does_not_matter(
        (pool, rows, shuffled) in wild().prop_flat_map(|(pool, rows)| {
            (Just(pool), Just(rows.clone()), Just(rows).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(plan(&pool, &rows), plan(&pool, &shuffled));
    }

    #[test]
    fn twice_is_once((pool, rows) in honest()) {
        if let Ok(planned) = plan(&pool, &rows) {
            let after = apply(&pool, &planned);
            let again: Vec<_> =
                rows.iter().map(|r| row(r.organization, r.quantity, r.quantity)).collect();
            let second = plan(&after, &again).expect("what was granted stays granted");
            prop_assert!(second.is_empty());
            prop_assert_eq!(second.free_after, planned.free_after);
        }
    }

    #[test]
    fn an_honest_grid_that_fits_is_granted((pool, rows) in honest()) {
        let fits = pool.assigned + rows.iter().map(|row| row.quantity - row.seen).sum::<i64>()
            + pool.children.iter().map(|child| child.quantity).sum::<i64>() <= pool.quantity;
        let uses = |child: &Child<u8>| rows.iter()
            .all(|row| row.organization != child.organization || row.quantity >= child.in_use);
        let granted = fits && pool.children.iter().all(uses);
        prop_assert_eq!(plan(&pool, &rows).is_ok(), granted);
    }
}
