//! A list that was told of another day: searched, filtered, sorted and cut into pages where it stands, in memory.

use rules::{
    lifecycle::{State, expiring_soon},
    text,
};
use store::Timestamp;

use crate::{
    api::Cursor,
    error::Result,
    holdings::sort::Sort,
    licenses::model::{Pool, Status},
};

/// Rows that can be told of another day at once.
pub const MOST: i64 = 5_000;

/// What such a list is narrowed to, and its order.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Any part of order, reference, SKU or product.
    pub keyword: String,
    /// Whose license was in this state.
    pub status: Option<Status>,
    /// By what.
    pub sort: Sort,
    /// The largest first.
    pub descending: bool,
}

/// A page of rows, and how many there are in all.
#[derive(Clone, Debug, Default)]
pub struct Cut<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// All rows that fit.
    pub total: usize,
    /// Rows before this page.
    pub skipped: usize,
}

impl<T> Cut<T> {
    /// A page of rows in their order.
    pub fn of(rows: Vec<T>, skipped: usize, limit: usize) -> Cut<T> {
        let total = rows.len();
        Cut {
            rows: rows.into_iter().skip(skipped).take(limit).collect(),
            total,
            skipped,
        }
    }

    /// The same page with its rows shown otherwise.
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> Cut<U> {
        Cut {
            rows: self.rows.into_iter().map(show).collect(),
            total: self.total,
            skipped: self.skipped,
        }
    }

    /// Where the page after begins.
    pub fn next(&self) -> Option<String> {
        let behind = self.skipped + self.rows.len();
        (behind < self.total).then(|| Cursor::write(&behind))
    }

    /// Where the page before begins.
    pub fn previous(&self, limit: usize) -> Option<String> {
        (self.skipped > 0).then(|| Cursor::write(&self.skipped.saturating_sub(limit)))
    }
}

/// How many rows a cursor leaves out.
pub fn skipped(cursor: Option<&str>) -> Result<usize> {
    cursor.map_or(Ok(0), Cursor::read)
}

impl Wanted {
    /// The rows that fit, in order.
    pub fn of(&self, mut pools: Vec<Pool>, at: Timestamp) -> Vec<Pool> {
        let keyword = plain(&self.keyword);
        pools.retain(|pool| self.is_in_state(pool, at) && words_of(pool).contains(&keyword));
        pools.sort_by_cached_key(|pool| (self.key(pool, at), pool.id));
        if self.descending {
            pools.reverse();
        }
        pools
    }

    fn is_in_state(&self, pool: &Pool, at: Timestamp) -> bool {
        match self.status {
            None => true,
            Some(Status::Is(state)) => pool.state(at) == state,
            Some(Status::ExpiringSoon) => {
                let days = u16::try_from(pool.expiring_days).unwrap_or(u16::MAX);
                let end = pool.ends_at.map(Timestamp::get);
                pool.state(at) == State::Active && expiring_soon(end, at.get(), days)
            }
        }
    }

    fn key(&self, pool: &Pool, at: Timestamp) -> Key {
        match self.sort {
            Sort::Order => Key::text(&pool.sales_order),
            Sort::Sku => Key::Text(pool.sku_code.clone()),
            Sort::Start => Key::Number(pool.starts_at.as_micros()),
            Sort::End => pool
                .ends_at
                .map_or(Key::Nothing, |end| Key::Number(end.as_micros())),
            Sort::Quantity => Key::Number(pool.quantity),
            Sort::Product => Key::Text(pool.product_name.clone()),
            Sort::Available => Key::Number(pool.available(at)),
            Sort::Assigned => Key::Number(pool.allocated),
            Sort::Type => Key::text(&pool.sku_type),
            Sort::Tier => Key::text(&pool.sku_tier),
            Sort::Class => Key::text(&pool.sku_class),
        }
    }
}

/// What a row is sorted by. What has no key stands behind all others, as in lists of today.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Number(i64),
    Nothing,
}

impl Key {
    fn text(text: &Option<String>) -> Key {
        text.clone().map_or(Key::Nothing, Key::Text)
    }
}

/// A keyword as texts are searched for it.
pub fn plain(keyword: &str) -> String {
    text::lowercase(&text::normalize_key(keyword))
}

fn words_of(pool: &Pool) -> String {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    text::search_text(&[
        pool.sku_code.clone(),
        pool.product_name.clone(),
        said(&pool.sales_order),
        said(&pool.support_reference),
    ])
}
