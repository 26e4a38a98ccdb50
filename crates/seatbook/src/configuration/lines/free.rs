//! Pools with free units.

use std::collections::HashMap;

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::{Filter, Word};
use crate::{
    catalog::model::ProductKind,
    error::Result,
    licenses::{model::Pool, pools},
};

/// A pool with free units, and its product.
#[derive(Clone, Debug)]
pub struct Free {
    /// The pool.
    pub pool: Pool,
    /// Base or add-on.
    pub kind: ProductKind,
}

/// In which order pools with free units are read, and how many.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Of telephones first, then of other bases and of add-ons, by product and end: so many, and one more.
    Sorted(i64),
    /// The next of a list of any length, behind a pool.
    Behind(Uuid, i64),
}

/// The organization's pools that can give units now. A keyword that is no UUID asks for
/// holders, and a free unit has none.
pub async fn free(
    tx: &mut Tx<'_>,
    filter: &Filter,
    (now, way): (Timestamp, Way),
) -> Result<Vec<Free>> {
    let word = filter.word();
    if filter.user_id.is_some() || matches!(word, Some(Word::Like(_))) {
        return Ok(vec![]);
    }
    let mut select =
        Select::new("SELECT p.id, r.kind FROM pool p JOIN product r ON r.id = p.product_id");
    select
        .and("p.organization_id = ?", &filter.organization_id)
        .and_raw("p.open = TRUE AND p.quantity > p.allocated + p.assigned")
        .and("p.starts_at <= ?", &now)
        .and("(p.ends_at IS NULL OR p.ends_at > ?)", &now);
    if let Some(product_id) = &filter.product_id {
        select.and("p.product_id = ?", product_id);
    }
    if let Some(Word::Id(id)) = &word {
        select.and_all("(p.id = ? OR p.license_id = ?)", &[id, id]);
    }
    let tail = match &way {
        Way::Sorted(most) => {
            let order =
                "r.has_extensions DESC, r.kind DESC, r.name, p.ends_at IS NULL, p.ends_at, p.id";
            format!(" ORDER BY {order} LIMIT {}", most + 1)
        }
        Way::Behind(pool_id, most) => {
            select.and("p.id > ?", pool_id);
            format!(" ORDER BY p.id LIMIT {most}")
        }
    };
    let sql = select.sql(&tail);
    let rows: Vec<(Uuid, String)> = tx.query(&sql, select.params()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let mut found: HashMap<Uuid, Pool> = pools::of_ids(tx, &ids)
        .await?
        .into_iter()
        .map(|pool| (pool.id, pool))
        .collect();
    let free = |(id, kind): (Uuid, String)| {
        Some(Free {
            pool: found.remove(&id)?,
            kind: ProductKind::parse(&kind).unwrap_or_default(),
        })
    };
    Ok(rows.into_iter().filter_map(free).collect())
}
