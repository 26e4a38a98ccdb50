//! Choices that can be made again: a seed, and what follows from it.

use std::hash::{BuildHasher, Hasher, RandomState};

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to choose what to do next.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The choices of one part of a trial, apart from those of every other part.
    pub fn of(seed: u64, parts: &[u64]) -> Self {
        let mut random = Random(seed);
        for part in parts {
            random = Random(random.next() ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but not including `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From `from` through `to`.
    pub fn within(&mut self, from: i64, to: i64) -> i64 {
        from + (self.below((to - from + 1).unsigned_abs())).cast_signed()
    }

    /// The index of something in a list of this length.
    pub fn index(&mut self, length: usize) -> usize {
        (self.below(length as u64)) as usize
    }
}

/// A seed that nobody has chosen. It fits into a JSON number.
pub fn fresh_seed() -> u64 {
    RandomState::new().build_hasher().finish() >> 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same_and_parts_choose_apart() {
        let draw = |seed, parts: &[u64]| {
            let mut random = Random::of(seed, parts);
            [random.next(), random.next()]
        };
        assert_eq!(draw(7, &[1, 2]), draw(7, &[1, 2]));
        assert_ne!(draw(7, &[1, 2]), draw(7, &[2, 1]));
        assert_ne!(draw(7, &[1]), draw(8, &[1]));
    }

    #[test]
    fn both_ends_are_within() {
        let mut random = Random::of(1, &[]);
        let drawn: Vec<i64> = (0..200).map(|_| random.within(-2, 2)).collect();
        assert_eq!(
            (drawn.iter().min(), drawn.iter().max()),
            (Some(&-2), Some(&2))
        );
    }
}
