//! The types both engines can store, and rows read back from either.
//!
//! | here | SQLite | PostgreSQL |
//! |---|---|---|
//! | [`Timestamp`] | INTEGER, microseconds | timestamptz |
//! | [`Date`] | TEXT, `2026-01-31` | date |
//! | [`Json`] | TEXT | jsonb |
//! | `Uuid` | BLOB of 16 | uuid |
//! | `i64`, `bool`, `String` | INTEGER, INTEGER, TEXT | bigint, boolean, text |

use std::error::Error as StdError;

use jiff::civil;
use rusqlite::types::{FromSqlError, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{IsNull, Type, private::BytesMut};

use crate::{Error, Result};

/// Anything both drivers can bind.
pub trait Param: rusqlite::ToSql + tokio_postgres::types::ToSql + Sync {}
impl<T: rusqlite::ToSql + tokio_postgres::types::ToSql + Sync> Param for T {}

/// Anything both drivers can read back.
pub trait Column:
    rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a> + Send
{
}
impl<T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a> + Send> Column for T {}

/// One row of an answer, of either engine.
pub struct Row<'a> {
    source: Source<'a>,
    first: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    pub(crate) fn of(source: Source<'a>) -> Self {
        Row { source, first: 0 }
    }

    /// The same row without its first columns: how one that holds several things is read.
    pub fn after(&self, columns: usize) -> Row<'a> {
        Row {
            source: self.source,
            first: self.first + columns,
        }
    }

    /// Reads column `index`, counted from zero.
    pub fn get<T: Column>(&self, index: usize) -> Result<T> {
        let index = self.first + index;
        match self.source {
            Source::Sqlite(row) => row.get(index).map_err(|e| Error::Value(e.to_string())),
            Source::Postgres(row) => row.try_get(index).map_err(|e| Error::Value(e.to_string())),
        }
    }
}

/// A type that is read from a whole row.
pub trait FromRow: Send + Sized {
    /// Reads the columns in the order the statement names them.
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

macro_rules! tuples {
    ($(($($t:ident $i:tt),+))+) => { $(
        impl<$($t: Column),+> FromRow for ($($t,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self> { Ok(($(row.get::<$t>($i)?,)+)) }
        }
    )+ };
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5) (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// An instant in UTC, to the microsecond: the finest that both engines keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Takes an instant and forgets what is finer than a microsecond.
    pub fn new(at: jiff::Timestamp) -> Self {
        Self::from_micros(at.as_microsecond())
    }

    /// The instant `micros` microseconds after the epoch, held to the years a calendar can show.
    pub fn from_micros(micros: i64) -> Self {
        Timestamp(
            jiff::Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            }),
        )
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The same instant for calendar arithmetic.
    pub fn get(self) -> jiff::Timestamp {
        self.0
    }

    /// This instant moved by whole seconds, held to the years a calendar can show.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(
            self.as_micros()
                .saturating_add(seconds.saturating_mul(1_000_000)),
        )
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Timestamp::new(at)
    }
}

impl rusqlite::ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_micros().into())
    }
}

impl rusqlite::types::FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> std::result::Result<Self, FromSqlError> {
        value.as_i64().map(Timestamp::from_micros)
    }
}

/// Microseconds from the epoch of Unix to that of PostgreSQL, 2000-01-01.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl tokio_postgres::types::ToSql for Timestamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Answer<IsNull> {
        out.extend_from_slice(&(self.as_micros() - POSTGRES_EPOCH_MICROS).to_be_bytes());
        Ok(IsNull::No)
    }
    tokio_postgres::types::accepts!(TIMESTAMPTZ);
    tokio_postgres::types::to_sql_checked!();
}

impl<'a> tokio_postgres::types::FromSql<'a> for Timestamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Answer<Self> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Timestamp::from_micros(
            micros.saturating_add(POSTGRES_EPOCH_MICROS),
        ))
    }
    tokio_postgres::types::accepts!(TIMESTAMPTZ);
}

/// A day of the calendar, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub civil::Date);

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<civil::Date> for Date {
    fn from(day: civil::Date) -> Self {
        Date(day)
    }
}

impl rusqlite::ToSql for Date {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl rusqlite::types::FromSql for Date {
    fn column_result(value: ValueRef<'_>) -> std::result::Result<Self, FromSqlError> {
        let text = value.as_str()?;
        text.parse()
            .map(Date)
            .map_err(|e| FromSqlError::Other(Box::new(e)))
    }
}

const POSTGRES_EPOCH_DAY: civil::Date = civil::date(2000, 1, 1);

impl tokio_postgres::types::ToSql for Date {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Answer<IsNull> {
        let days = POSTGRES_EPOCH_DAY
            .until((jiff::Unit::Day, self.0))?
            .get_days();
        out.extend_from_slice(&days.to_be_bytes());
        Ok(IsNull::No)
    }
    tokio_postgres::types::accepts!(DATE);
    tokio_postgres::types::to_sql_checked!();
}

impl<'a> tokio_postgres::types::FromSql<'a> for Date {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Answer<Self> {
        let days = i32::from_be_bytes(raw.try_into()?);
        Ok(Date(
            POSTGRES_EPOCH_DAY.checked_add(jiff::Span::new().try_days(days)?)?,
        ))
    }
    tokio_postgres::types::accepts!(DATE);
}

/// A JSON document, kept as text by one engine and as jsonb by the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

impl rusqlite::ToSql for Json {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl rusqlite::types::FromSql for Json {
    fn column_result(value: ValueRef<'_>) -> std::result::Result<Self, FromSqlError> {
        let text = value.as_str()?;
        serde_json::from_str(text)
            .map(Json)
            .map_err(|e| FromSqlError::Other(Box::new(e)))
    }
}

impl tokio_postgres::types::ToSql for Json {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Answer<IsNull> {
        tokio_postgres::types::Json(&self.0).to_sql(kind, out)
    }
    tokio_postgres::types::accepts!(JSON, JSONB);
    tokio_postgres::types::to_sql_checked!();
}

impl<'a> tokio_postgres::types::FromSql<'a> for Json {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Answer<Self> {
        tokio_postgres::types::Json::<serde_json::Value>::from_sql(kind, raw)
            .map(|json| Json(json.0))
    }
    tokio_postgres::types::accepts!(JSON, JSONB);
}

type Answer<T> = std::result::Result<T, Box<dyn StdError + Sync + Send>>;
