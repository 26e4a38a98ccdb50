//! The weeks as two lines: all units, and those in use.

use jiff::civil::Date;

use super::model::Week;
use crate::console::{charts, format};

/// The weeks as a picture and as a table.
#[derive(Clone, Debug, Default)]
pub struct Trend {
    weeks: Vec<Week>,
}

/// One week of the table.
#[derive(Clone, Debug)]
pub struct WeekRow {
    /// Its Monday.
    pub week: String,
    /// Units committed.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units assigned.
    pub assigned: i64,
    /// Those in use, in per cent.
    pub share: String,
}

impl Trend {
    /// Of these weeks, the earliest first.
    pub fn of(weeks: Vec<Week>) -> Trend {
        Trend { weeks }
    }

    /// Whether there is more to see than one week.
    pub fn tells(&self) -> bool {
        let mut before = self.weeks.iter().rev().skip(1);
        before.any(|week| week.quantity > 0)
    }

    /// "since 6 Oct 2025".
    pub fn since(&self) -> String {
        let first = self.weeks.first();
        first.map_or_else(String::new, |week| format!("since {}", day(week.monday)))
    }

    /// The corners of the line of all units.
    pub fn quantities(&self) -> String {
        self.line(|week| week.quantity)
    }

    /// The corners of the line of those in use.
    pub fn used(&self) -> String {
        self.line(in_use)
    }

    /// The picture's size, as SVG says it.
    pub fn view_box(&self) -> String {
        charts::view_box()
    }

    /// The most units there ever were.
    pub fn most(&self) -> i64 {
        let all = self
            .weeks
            .iter()
            .map(|week| week.quantity.max(in_use(week)));
        all.max().unwrap_or_default()
    }

    /// The weeks as a table, the latest first.
    pub fn rows(&self) -> Vec<WeekRow> {
        let row = |week: &Week| WeekRow {
            week: day(week.monday),
            quantity: week.quantity,
            allocated: week.allocated,
            assigned: week.assigned,
            share: match week.quantity {
                0 => "–".into(),
                all => format!("{} %", (in_use(week) * 100 + all / 2) / all),
            },
        };
        self.weeks.iter().rev().map(row).collect()
    }

    fn line(&self, of: impl Fn(&Week) -> i64) -> String {
        let values: Vec<i64> = self.weeks.iter().map(of).collect();
        charts::corners(&values, self.most())
    }
}

fn in_use(week: &Week) -> i64 {
    week.allocated + week.assigned
}

fn day(day: Date) -> String {
    format::date(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn lines_stay_in_the_picture() {
        let week = |day, quantity, assigned| Week {
            monday: date(2026, 6, day),
            quantity,
            allocated: 0,
            assigned,
        };
        let trend = Trend::of(vec![week(1, 10, 0), week(8, 10, 5)]);
        assert!(trend.tells());
        assert_eq!(trend.quantities(), "0,4 1100,4");
        assert_eq!(trend.used(), "0,196 1100,100");
        assert_eq!(trend.rows()[0].share, "50 %");
        assert!(!Trend::of(vec![week(1, 10, 0)]).tells());
    }
}
