//! What is counted of a pool, and what a change of that moves in the sums.

use std::collections::BTreeMap;

use jiff::{civil, tz::TimeZone};
use serde_json::Value;
use store::{Date, FromRow, Row, Timestamp};
use uuid::Uuid;

use super::model::{MOST_WORTH, monday};

/// What is counted of one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) organization_id: Uuid,
    pub(super) product_id: Uuid,
    /// The version of the pool that the balance is of; 0 where nothing is known of it.
    pub(super) version: i64,
    pub(super) quantity: i64,
    pub(super) allocated: i64,
    pub(super) assigned: i64,
    pub(super) active: bool,
    pub(super) month: Option<Date>,
    pub(super) worth_minor: Option<i64>,
    pub(super) currency: Option<String>,
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Counted {
            organization_id: row.get(1)?,
            product_id: row.get(2)?,
            version: row.get(3)?,
            quantity: row.get(4)?,
            allocated: row.get(5)?,
            assigned: row.get(6)?,
            active: row.get(7)?,
            month: row.get(8)?,
            worth_minor: row.get(9)?,
            currency: row.get(10)?,
        })
    }
}

/// What the book says of a pool now.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    organization_id: Uuid,
    product_id: Uuid,
    open: bool,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    end_date: Option<Date>,
    price: Option<(i64, String)>,
    /// Version, units, units passed on, units bound.
    balance: [i64; 4],
}

impl FromRow for Facts {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (price, currency): (Option<i64>, Option<String>) = (row.get(7)?, row.get(8)?);
        Ok(Facts {
            organization_id: row.get(1)?,
            product_id: row.get(2)?,
            open: row.get(3)?,
            starts_at: row.get(4)?,
            ends_at: row.get(5)?,
            end_date: row.get(6)?,
            price: price.zip(currency),
            balance: [row.get(9)?, row.get(10)?, row.get(11)?, row.get(12)?],
        })
    }
}

impl Counted {
    /// Takes what a change says of the balance. One that comes out of turn, as the numbers of the journal do not follow
    /// the versions of a row, is no matter if it is known already; else what the book says now is taken, with all of
    /// the changes up to that.
    pub(super) fn take(&mut self, (version, after): (i64, &Value), facts: Option<&Facts>) {
        if version <= self.version {
            return;
        }
        if let (Some(facts), true) = (facts, version > self.version + 1) {
            [self.version, self.quantity, self.allocated, self.assigned] = facts.balance;
            return;
        }
        self.version = version;
        let said = |figure: &str| after.get(figure).and_then(Value::as_i64);
        for (name, figure) in [
            ("quantity", &mut self.quantity),
            ("allocated", &mut self.allocated),
            ("assigned", &mut self.assigned),
        ] {
            *figure = said(name).unwrap_or(*figure);
        }
    }

    /// What follows from the license at an instant. Without facts the pool is gone, and nothing counts.
    pub(super) fn judge(mut self, facts: Option<&Facts>, at: Timestamp) -> Counted {
        let Some(facts) = facts else {
            self.active = false;
            return self;
        };
        let units = self.quantity;
        let worth = |(price, _): &(i64, String)| {
            price
                .checked_mul(units)
                .filter(|worth| *worth <= MOST_WORTH)
        };
        self.organization_id = facts.organization_id;
        self.product_id = facts.product_id;
        self.active =
            facts.open && facts.starts_at <= at && facts.ends_at.is_none_or(|ends_at| ends_at > at);
        self.month = facts.end_date.map(|day| Date(day.0.first_of_month()));
        self.worth_minor = facts.price.as_ref().and_then(worth);
        self.currency = facts.price.as_ref().map(|(_, currency)| currency.clone());
        self
    }
}

/// What is added to the sums of a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) licenses: i64,
    pub(super) quantity: i64,
    pub(super) allocated: i64,
    pub(super) assigned: i64,
}

impl Balance {
    fn add(&mut self, counted: &Counted, sign: i64) {
        self.licenses += sign * i64::from(counted.quantity > 0);
        self.quantity += sign * counted.quantity;
        self.allocated += sign * counted.allocated;
        self.assigned += sign * counted.assigned;
    }
}

/// What is added to the sums of a month: licenses, units, worth.
pub(super) type Ending = (i64, i64, i64);

/// What a batch adds to the sums.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// By organization, product and Monday.
    pub(super) weeks: BTreeMap<(Uuid, Uuid, civil::Date), Balance>,
    /// By organization, month of end and currency.
    pub(super) months: BTreeMap<(Uuid, civil::Date, String), Ending>,
}

impl Moves {
    /// A pool is counted otherwise since an instant.
    pub(super) fn count(&mut self, (was, is): (&Counted, &Counted), at: Timestamp) {
        if was == is {
            return;
        }
        let week = monday(at.get().to_zoned(TimeZone::UTC).date());
        for (counted, sign) in [(was, -1), (is, 1)] {
            if !counted.active {
                continue;
            }
            let key = (counted.organization_id, counted.product_id, week);
            self.weeks.entry(key).or_default().add(counted, sign);
            if let Some(month) = counted.month {
                let currency = counted.currency.clone().unwrap_or_default();
                let key = (counted.organization_id, month.0, currency);
                let ending = self.months.entry(key).or_default();
                ending.0 += sign * i64::from(counted.quantity > 0);
                ending.1 += sign * counted.quantity;
                ending.2 += sign * counted.worth_minor.unwrap_or_default();
            }
        }
    }

    /// The same by organization and product, whenever it was.
    pub(super) fn totals(&self) -> BTreeMap<(Uuid, Uuid), Balance> {
        let mut totals: BTreeMap<(Uuid, Uuid), Balance> = BTreeMap::new();
        for ((organization_id, product_id, _), moved) in &self.weeks {
            let total = totals.entry((*organization_id, *product_id)).or_default();
            total.licenses += moved.licenses;
            total.quantity += moved.quantity;
            total.allocated += moved.allocated;
            total.assigned += moved.assigned;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(ends_at: i64) -> Facts {
        Facts {
            organization_id: Uuid::from_u128(1),
            product_id: Uuid::from_u128(2),
            open: true,
            starts_at: Timestamp::from_micros(10),
            ends_at: Some(Timestamp::from_micros(ends_at)),
            end_date: Some(Date(civil::date(2026, 6, 30))),
            price: Some((250, "EUR".into())),
            balance: [7, 40, 20, 10],
        }
    }

    #[test]
    fn what_begins_is_added_and_what_ends_is_taken_away() {
        let mut before = Counted::default();
        before.take((1, &json!({"quantity": 4, "assigned": 1})), None);
        let facts = facts(100);
        let at = Timestamp::from_micros;
        let early = before.clone().judge(Some(&facts), at(9));
        let active = early.clone().judge(Some(&facts), at(10));
        assert!(!early.active && active.active);
        assert_eq!(active.worth_minor, Some(1_000));
        let mut moves = Moves::default();
        moves.count((&early, &active), at(10));
        let total = moves.totals().into_values().next().expect("a sum");
        assert_eq!((total.licenses, total.quantity, total.assigned), (1, 4, 1));
        assert_eq!(moves.months.values().next(), Some(&(1, 4, 1_000)));
        let over = active.clone().judge(Some(&facts), at(100));
        moves.count((&active, &over), at(100));
        let total = moves.totals().into_values().next();
        assert_eq!(total, Some(Balance::default()));
        assert_eq!(moves.months.values().next(), Some(&(0, 0, 0)));
    }

    #[test]
    fn changes_out_of_turn_come_to_the_same() {
        let (facts, mut counted) = (facts(100), Counted::default());
        counted.take((1, &json!({"quantity": 4})), Some(&facts));
        counted.take((3, &json!({"quantity": 9})), Some(&facts));
        assert_eq!((counted.version, counted.quantity), (7, 40));
        counted.take((2, &json!({"quantity": 5})), Some(&facts));
        assert_eq!((counted.version, counted.quantity), (7, 40));
        counted.take((8, &json!({"quantity": 41})), Some(&facts));
        assert_eq!((counted.version, counted.quantity), (8, 41));
    }

    #[test]
    fn what_is_gone_counts_nothing() {
        let active = Counted {
            quantity: 3,
            ..Counted::default()
        };
        let active = active.judge(Some(&facts(100)), Timestamp::from_micros(50));
        assert!(!active.judge(None, Timestamp::from_micros(50)).active);
    }
}
