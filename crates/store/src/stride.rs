//! Long readings, step by step.

use std::time::{Duration, Instant};

use crate::{Db, Reading, Result};

/// Where others read meanwhile, nothing is read after a step for so many times as long as the step took.
const ASIDE: u32 = 2;
/// That long at most.
const LONGEST: Duration = Duration::from_millis(250);

/// A reading of much, in steps that are each a snapshot of their own. Whoever reads a little meets it in one of three
/// moments at most; where nobody does, it does not wait. Two that stride do not wait for each other.
#[derive(Debug, Default)]
pub struct Stride {
    /// How long the step before took, where others read during it.
    met: Option<Duration>,
}

impl Stride {
    /// Reads the next step, as [`Db::read`] does.
    pub async fn read<T: Send + 'static>(&mut self, db: &Db, run: impl Reading<T>) -> Result<T> {
        self.step_aside().await;
        let (before, begun) = (db.reads(), Instant::now());
        let out = db.read_aside(run).await;
        self.met = (db.reads() != before).then(|| begun.elapsed());
        out
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "time itself is what is left to others"
    )]
    async fn step_aside(&mut self) {
        if let Some(rest) = self.rest() {
            tokio::time::sleep(rest).await;
        }
    }

    fn rest(&mut self) -> Option<Duration> {
        let took = self.met.take()?;
        Some(took.saturating_mul(ASIDE).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_twice_as_long_as_the_step_and_has_an_end() {
        let after = |millis| {
            let met = Some(Duration::from_millis(millis));
            Stride { met }.rest()
        };
        assert_eq!(Stride::default().rest(), None);
        assert_eq!(after(20), Some(Duration::from_millis(40)));
        assert_eq!(after(2_000), Some(LONGEST));
    }
}
