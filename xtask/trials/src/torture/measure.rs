//! A figure with the limit that it is to keep.

use std::fmt;

use super::Trial;
use crate::report::Row;

/// What was measured, how much it was, and how much it may be.
#[derive(Clone, Debug)]
pub struct Measure {
    what: &'static str,
    figure: f64,
    unit: &'static str,
    bound: Bound,
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    AtMost,
    AtLeast,
    Exactly,
}

impl Bound {
    fn as_str(self) -> &'static str {
        match self {
            Bound::AtMost => "at most",
            Bound::AtLeast => "at least",
            Bound::Exactly => "exactly",
        }
    }
}

impl Measure {
    pub fn at_most(what: &'static str, figure: (f64, &'static str), limit: f64) -> Self {
        Measure::of(what, figure, (Bound::AtMost, limit))
    }

    pub fn at_least(what: &'static str, figure: (f64, &'static str), limit: f64) -> Self {
        Measure::of(what, figure, (Bound::AtLeast, limit))
    }

    pub fn exactly(what: &'static str, figure: (f64, &'static str), limit: f64) -> Self {
        Measure::of(what, figure, (Bound::Exactly, limit))
    }

    fn of(
        what: &'static str,
        (figure, unit): (f64, &'static str),
        (bound, limit): (Bound, f64),
    ) -> Self {
        Measure {
            what,
            figure,
            unit,
            bound,
            limit,
        }
    }

    pub fn holds(&self) -> bool {
        match self.bound {
            Bound::AtMost => self.figure <= self.limit,
            Bound::AtLeast => self.figure >= self.limit,
            Bound::Exactly => (self.figure - self.limit).abs() < 0.5,
        }
    }

    /// Its line in the report.
    pub fn row(&self, name: &str, trial: Trial, command: String) -> Row {
        let figure = (self.figure * 1000.0).round() / 1000.0;
        Row::new(vec![
            ("name", format!("{name}: {}", self.what).into()),
            ("engine", trial.engine.as_str().into()),
            ("figure", figure.into()),
            ("unit", self.unit.into()),
            ("bound", self.bound.as_str().into()),
            ("limit", self.limit.into()),
            ("holds", self.holds().into()),
            ("seed", trial.seed.into()),
            ("command", command.into()),
        ])
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measure {
            what,
            figure,
            unit,
            limit,
            ..
        } = self;
        let bound = self.bound.as_str();
        write!(f, "{what}: {figure:.2} {unit}, {bound} {limit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_or_not() {
        assert!(Measure::at_most("wait", (5.0, "s"), 5.0).holds());
        assert!(!Measure::at_most("wait", (5.1, "s"), 5.0).holds());
        assert!(!Measure::at_least("calls", (999.0, "calls"), 1000.0).holds());
        assert!(!Measure::exactly("effects", (101.0, "effects"), 100.0).holds());
    }
}
