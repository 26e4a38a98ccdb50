//! Pages of lists.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::legible::with_zero_byte;
use crate::error::{Error, Result};

/// Rows in one page where the client does not say.
const DEFAULT_LIMIT: i64 = 50;
/// Rows in one page at most.
pub const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Send this as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows in a page: 1 to 200, 50 unless said.
    pub limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    /// The page a list's parameters ask for.
    pub fn of(limit: Option<i64>, cursor: Option<String>) -> Self {
        Paging { limit, cursor }
    }

    /// The limit, held to its range.
    pub fn limit(&self) -> Result<i64> {
        match self.limit {
            None => Ok(DEFAULT_LIMIT),
            Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
            Some(_) => Err(Error::invalid(
                "limit",
                "limit.out_of_range",
                "A page has 1 to 200 rows.",
            )),
        }
    }

    /// The place the cursor points to.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>> {
        self.cursor.as_deref().map(Cursor::read).transpose()
    }
}

/// A place in a sorted list: the sort key and id of the last row seen. It holds no right: the scope of
/// whoever sends it decides what is found behind it.
pub struct Cursor;

impl Cursor {
    /// Writes a place.
    pub fn write<K: Serialize>(key: &K) -> String {
        BASE64.encode(serde_json::to_vec(key).unwrap_or_default())
    }

    /// Reads a place.
    pub fn read<K: DeserializeOwned>(text: &str) -> Result<K> {
        let bytes = BASE64.decode(text).ok();
        let bytes = bytes.filter(|bytes| with_zero_byte(bytes).is_none());
        let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.ok_or_else(|| {
            Error::invalid(
                "cursor",
                "cursor.invalid",
                "This cursor was not made by this list.",
            )
        })
    }
}

impl<T> List<T> {
    /// Makes a page of rows read with one more than `limit`: the extra row tells that there is a next page.
    pub fn page<K: Serialize>(mut items: Vec<T>, limit: i64, key: impl FnOnce(&T) -> K) -> Self {
        let more = items.len() as i64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or_default());
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| Cursor::write(&key(last)));
        List { items, next_cursor }
    }

    /// The same page with its rows shown otherwise.
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> List<U> {
        List {
            items: self.items.into_iter().map(show).collect(),
            next_cursor: self.next_cursor,
        }
    }
}
