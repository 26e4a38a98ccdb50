//! Reduction: who loses a unit when there are to be fewer of them than are in use.
//!
//! Owns: the order in which bindings give way, by rule, and whether a choice by hand will do.
//! Does not own: reading bindings, how many units must go, freeing them.
//! Keeps true: what is taken is enough, and none of it could be left out; a binding gives way whole; the same
//! bindings get the same answer, in whatever order they are read.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A binding that may give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<B> {
    /// Which.
    pub id: B,
    /// The units it binds.
    pub units: i64,
    /// Since when.
    pub assigned: Timestamp,
    /// When it was last used; never, where nobody has seen it used.
    pub used: Option<Timestamp>,
}

/// Who gives way first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Whoever never used it, the oldest binding first; then whoever has not used it for longest.
    #[default]
    NeverUsed,
    /// Whoever has given no sign of life for longest, counting the binding itself as one.
    IdleLongest,
    /// Whoever got it last.
    Newest,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 3] = [Rule::NeverUsed, Rule::IdleLongest, Rule::Newest];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Rule::NeverUsed => "never_used",
            Rule::IdleLongest => "idle_longest",
            Rule::Newest => "newest",
        }
    }

    /// The rule a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Rule> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }

    /// Puts bindings in the order in which they give way.
    pub fn sort<B: Copy + Ord>(self, bindings: &mut [Binding<B>]) {
        let idle = |binding: &Binding<B>| binding.used.unwrap_or(binding.assigned);
        match self {
            Rule::NeverUsed => {
                bindings.sort_by_key(|it| (it.used.is_some(), idle(it), it.id));
            }
            Rule::IdleLongest => bindings.sort_by_key(|it| (idle(it), it.id)),
            Rule::Newest => bindings.sort_by_key(|it| Reverse((it.assigned, it.id))),
        }
    }
}

/// Why nobody is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused<B> {
    /// The bindings together have fewer units than must go.
    TooFew {
        /// How many are missing.
        missing: i64,
    },
    /// These were chosen although the others are enough.
    Needless(Vec<B>),
}

/// Takes bindings by rule until `units` are free; the first to give way stands first.
pub fn by_rule<B: Copy + Ord>(
    open: &[Binding<B>],
    units: i64,
    rule: Rule,
) -> Result<Vec<B>, Refused<B>> {
    let mut order = open.to_vec();
    rule.sort(&mut order);
    let mut taken: Vec<Binding<B>> = Vec::new();
    let mut free = 0;
    for binding in order {
        if free >= units {
            break;
        }
        free += binding.units;
        taken.push(binding);
    }
    if free < units {
        return Err(Refused::TooFew {
            missing: units - free,
        });
    }
    let needless = needless(&taken, units);
    taken.retain(|binding| !needless.contains(&binding.id));
    Ok(taken.iter().map(|binding| binding.id).collect())
}

/// Takes the bindings that somebody chose, if they are enough and none of them could be left out.
pub fn by_hand<B: Copy + Ord>(chosen: &[Binding<B>], units: i64) -> Result<Vec<B>, Refused<B>> {
    let free: i64 = chosen.iter().map(|binding| binding.units).sum();
    if free < units {
        return Err(Refused::TooFew {
            missing: units - free,
        });
    }
    match needless(chosen, units) {
        needless if needless.is_empty() => Ok(chosen.iter().map(|binding| binding.id).collect()),
        needless => Err(Refused::Needless(needless)),
    }
}

/// What can be left out and the rest still frees enough, the last first.
fn needless<B: Copy>(taken: &[Binding<B>], units: i64) -> Vec<B> {
    let mut free: i64 = taken.iter().map(|binding| binding.units).sum();
    let mut needless = Vec::new();
    for binding in taken.iter().rev() {
        if free - binding.units >= units {
            free -= binding.units;
            needless.push(binding.id);
        }
    }
    needless
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn binding(id: u16, units: i64, assigned: i64, used: Option<i64>) -> Binding<u16> {
        Binding {
            id,
            units,
            assigned: at(assigned),
            used: used.map(at),
        }
    }

    #[test]
    fn each_rule_has_its_order() {
        let open = [
            binding(1, 1, 10, Some(90)),
            binding(2, 1, 80, None),
            binding(3, 1, 20, Some(30)),
            binding(4, 1, 50, None),
        ];
        assert_eq!(by_rule(&open, 3, Rule::NeverUsed), Ok(vec![4, 2, 3]));
        assert_eq!(by_rule(&open, 3, Rule::IdleLongest), Ok(vec![3, 4, 2]));
        assert_eq!(by_rule(&open, 2, Rule::Newest), Ok(vec![2, 4]));
        assert_eq!(by_rule(&open, 0, Rule::Newest), Ok(vec![]));
        let short = Refused::TooFew { missing: 1 };
        assert_eq!(by_rule(&open, 5, Rule::Newest), Err(short));
    }

    #[test]
    fn nobody_loses_what_need_not_go() {
        let open = [binding(1, 2, 1, None), binding(2, 3, 2, None)];
        assert_eq!(by_rule(&open, 3, Rule::NeverUsed), Ok(vec![2]));
        let chosen = [binding(1, 2, 1, None), binding(2, 3, 2, None)];
        assert_eq!(by_hand(&chosen, 2), Err(Refused::Needless(vec![2])));
        assert_eq!(by_hand(&chosen, 4), Ok(vec![1, 2]));
        assert_eq!(by_hand(&chosen, 6), Err(Refused::TooFew { missing: 1 }));
    }

    #[test]
    fn words_are_read_back() {
        for rule in Rule::ALL {
            assert_eq!(Rule::parse(rule.as_str()), Some(rule));
        }
        assert_eq!(Rule::parse("loudest"), None);
    }

    fn bindings() -> impl Strategy<Value = Vec<Binding<u16>>> {
        let one = (1i64..5, 0i64..20, prop::option::of(0i64..40));
        prop::collection::vec(one, 0..24).prop_map(|all| {
            let numbered = all.into_iter().zip(0u16..);
            numbered
                .map(|((units, assigned, used), id)| binding(id, units, assigned, used))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn enough_goes_and_no_more(open in bindings(), units in 0i64..60, rule in 0usize..3) {
            let total: i64 = open.iter().map(|it| it.units).sum();
            match by_rule(&open, units, Rule::ALL[rule]) {
                Err(Refused::TooFew { missing }) => prop_assert_eq!(missing, units - total),
                Err(other) => prop_assert!(false, "{:?}", other),
                Ok(taken) => {
                    let of = |id: &u16| open.iter().find(|it| it.id == *id).map_or(0, |it| it.units);
                    let free: i64 = taken.iter().map(of).sum();
                    prop_assert!(free >= units);
                    for id in &taken {
                        prop_assert!(free - of(id) < units, "{} could stay", id);
                    }
                    let chosen: Vec<_> = taken.iter().filter_map(|id| open.iter().find(|it| it.id == *id)).copied().collect();
                    prop_assert_eq!(by_hand(&chosen, units), Ok(taken));
                }
            }
        }

        #[test]
        fn the_order_of_reading_does_not_matter(open in bindings(), units in 0i64..60, rule in 0usize..3) {
            let mut turned = open.clone();
            turned.reverse();
            prop_assert_eq!(by_rule(&open, units, Rule::ALL[rule]), by_rule(&turned, units, Rule::ALL[rule]));
        }

        #[test]
        fn the_first_of_the_order_decide(open in bindings(), units in 0i64..12, rule in 0usize..3) {
            // Each binding has a unit at least, so nobody behind the first `units` of them is ever needed: that is
            // how many are read of a large pool.
            let rule = Rule::ALL[rule];
            let mut first = open.clone();
            rule.sort(&mut first);
            first.truncate(units as usize);
            let whole = by_rule(&open, units, rule);
            if whole.is_ok() {
                prop_assert_eq!(by_rule(&first, units, rule), whole);
            }
        }
    }
}
