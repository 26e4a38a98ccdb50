//! A statement, its rows, and the month it is about.

use std::fmt;

use jiff::{Span, civil, tz::TimeZone};
use rules::term::first_instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use store::{Date, FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    console::format,
    error::{Error, Result},
    rows::cells::{Cells, Mapping, Remark, Staged},
};

/// Months that a page offers.
const OFFERED: i64 = 24;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(civil::Date);

impl Month {
    /// The month a day lies in.
    pub fn of(day: civil::Date) -> Month {
        Month(day.first_of_month())
    }

    /// The month `2026-05` names.
    pub fn parse(text: &str) -> Option<Month> {
        let first: civil::Date = format!("{text}-01").parse().ok()?;
        let month = Month(first);
        (month.to_string() == text).then_some(month)
    }

    /// The same, refused where it is none or has not begun yet.
    pub fn read(text: &str, today: civil::Date) -> Result<Month> {
        let found = Month::parse(text).filter(|month| month.first() <= today);
        let message = "Give a month such as 2026-05 that has begun.";
        found.ok_or_else(|| Error::invalid("month", "month.invalid", message))
    }

    /// The months that a page offers, the present one first.
    pub fn choices(today: civil::Date) -> Vec<Month> {
        let present = Month::of(today);
        (0..OFFERED).map(|back| present.back(back)).collect()
    }

    /// So many months before this one.
    pub fn back(self, months: i64) -> Month {
        let span = Span::new().try_months(months);
        let earlier = span.and_then(|span| self.0.checked_sub(span));
        Month(earlier.unwrap_or(self.0))
    }

    /// Its first day.
    pub fn first(self) -> civil::Date {
        self.0
    }

    /// Its last day.
    pub fn last(self) -> civil::Date {
        self.0.last_of_month()
    }

    /// The instant at which it begins in a zone.
    pub fn begins(self, zone: &TimeZone) -> Result<Timestamp> {
        let at = first_instant(self.0, zone);
        at.map(Timestamp::new).map_err(|_| beyond())
    }

    /// The instant at which it is over in a zone.
    pub fn is_over(self, zone: &TimeZone) -> Result<Timestamp> {
        let next = self.last().tomorrow().map_err(|_| beyond())?;
        Month(next).begins(zone)
    }

    /// “May 2026”.
    pub fn label(self) -> String {
        self.0.strftime("%b %Y").to_string()
    }
}

fn beyond() -> Error {
    Error::internal("a month beyond the calendar")
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Month, D::Error> {
        let text = String::deserialize(deserializer)?;
        Month::parse(&text).ok_or_else(|| de::Error::custom("a month such as 2026-05"))
    }
}

/// What a distributor said about one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Its id.
    pub id: Uuid,
    /// Whose customers it names.
    pub organization_id: Uuid,
    /// The month it is about, such as `2026-05`.
    #[schema(value_type = String)]
    pub month: Month,
    /// The file's name.
    pub file_name: String,
    /// Its heading line.
    pub headings: Vec<String>,
    /// Which field is read from which column, counted from zero.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub mapping: Mapping,
    /// Its rows, without the heading.
    pub row_count: i64,
    /// Rows that are of a customer and a product you have; none while a column that must be there is not known.
    pub matched: i64,
    /// When it was uploaded. 90 days later it is forgotten.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl Statement {
    /// Rows that match nothing.
    pub fn unmatched(&self) -> i64 {
        self.row_count - self.matched
    }
}

impl FromRow for Statement {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Statement {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            month: Month::of(row.get::<Date>(2)?.0),
            file_name: row.get(3)?,
            headings: read(row.get(4)?)?,
            mapping: read(row.get(5)?)?,
            row_count: row.get(6)?,
            matched: row.get(7)?,
            created_at: row.get(8)?,
            version: row.get(9)?,
        })
    }
}

fn read<T: de::DeserializeOwned>(json: Json) -> store::Result<T> {
    serde_json::from_value(json.0).map_err(|error| store::Error::Value(error.to_string()))
}

/// One row of a statement, and what it was found to be about.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatementRow {
    /// Its place in the file; the heading is 1.
    pub number: i64,
    /// The customer as it is written there.
    pub customer: String,
    /// The product as it is written there.
    pub product: String,
    /// The number of units as it is written there.
    pub units: String,
    /// The customer it is about, directly below you.
    pub organization_id: Option<Uuid>,
    /// Its name.
    pub organization_name: Option<String>,
    /// The product it is about.
    pub product_id: Option<Uuid>,
    /// Its name.
    pub product_name: Option<String>,
    /// Units; below zero where they are given back.
    pub quantity: Option<i64>,
    /// What the distributor charges for them; absent where it may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// The amount's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Whether it has a customer, a product and a number of units: only then it counts.
    pub matched: bool,
    /// What is wrong with it.
    pub remarks: Vec<Remark>,
}

impl StatementRow {
    /// A row as it is stored, its cells by the columns they are read from; without its amount where that is not to be
    /// seen.
    pub(super) fn of(stored: Stored, mapping: &Mapping, priced: bool) -> StatementRow {
        let cells = Cells::of(&stored.row, mapping);
        let cell = |field: &str| cells.get(field).unwrap_or_default();
        let amount = stored.amount.clone().filter(|_| priced);
        let (amount_minor, currency) = amount.unzip();
        StatementRow {
            number: stored.row.number,
            customer: cell("customer"),
            product: cell("product"),
            units: cell("quantity"),
            organization_id: stored.organization.as_ref().map(|it| it.0),
            product_id: stored.product.as_ref().map(|it| it.0),
            organization_name: stored.organization.map(|it| it.1),
            product_name: stored.product.map(|it| it.1),
            quantity: stored.quantity,
            amount_minor,
            currency,
            matched: stored.matched,
            remarks: stored.remarks,
        }
    }

    /// The amount as people read it; empty where there is none to be seen.
    pub fn amount(&self) -> String {
        match (self.amount_minor, &self.currency) {
            (Some(minor), Some(currency)) => format::money(minor, currency),
            _ => String::new(),
        }
    }
}

/// A row as it stands in the table.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    row: Staged,
    organization: Option<(Uuid, String)>,
    product: Option<(Uuid, String)>,
    quantity: Option<i64>,
    amount: Option<(i64, String)>,
    matched: bool,
    remarks: Vec<Remark>,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let named = |at: usize| -> store::Result<Option<(Uuid, String)>> {
            let (id, name): (Option<Uuid>, Option<String>) = (row.get(at)?, row.get(at + 1)?);
            Ok(id.zip(name))
        };
        let (minor, currency): (Option<i64>, Option<String>) = (row.get(7)?, row.get(8)?);
        let remarks: Option<Json> = row.get(10)?;
        Ok(Stored {
            row: Staged::from_row(row)?,
            organization: named(2)?,
            product: named(4)?,
            quantity: row.get(6)?,
            amount: minor.zip(currency),
            matched: row.get(9)?,
            remarks: remarks.map(read).transpose()?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_are_read_and_written() {
        let may = Month::parse("2026-05").expect("a month");
        assert_eq!(
            (may.first(), may.last()),
            (date(2026, 5, 1), date(2026, 5, 31))
        );
        assert_eq!(
            (may.to_string(), may.label()),
            ("2026-05".into(), "May 2026".into())
        );
        assert_eq!(may.back(5).to_string(), "2025-12");
        for odd in ["2026-5", "2026-13", "2026-05-01", "May", ""] {
            assert_eq!(Month::parse(odd), None, "{odd}");
        }
        let today = date(2026, 6, 1);
        assert!(Month::read("2026-06", today).is_ok());
        assert!(Month::read("2026-07", today).is_err());
    }

    #[test]
    fn a_month_is_over_where_one_is() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let may = Month::of(date(2026, 5, 17));
        let over = may.is_over(&zone).expect("an instant");
        assert_eq!(over.to_string(), "2026-05-31T22:00:00Z");
    }
}
