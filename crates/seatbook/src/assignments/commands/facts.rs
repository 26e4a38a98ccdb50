//! What a set of wanted bindings is judged by: read once for all rows.

use std::collections::{HashMap, HashSet};

use rules::{picking::Short, telephone};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::judge::Good;
use crate::{
    assignments::{
        model::{Binding, Notice, RefusedRow, Wanted},
        queries::{self, Plain, Source},
    },
    catalog::{self, model::Product},
    error::{Error, Result},
    holders::{self, model::Holder},
};

/// The book, as far as the rows concern it.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) products: HashMap<Uuid, Product>,
    /// Pairs of add-on and base.
    pub(super) fits: HashSet<(Uuid, Uuid)>,
    pub(super) holders: HashMap<Uuid, Holder>,
    pub(super) by_extension: HashMap<String, Holder>,
    /// Who has a direct number.
    pub(super) by_number: HashMap<String, Uuid>,
    /// Holder and product of open assignments, of products of which a holder has one.
    pub(super) held: HashSet<(Uuid, Uuid)>,
    pub(super) bases: HashMap<Uuid, Binding>,
    /// Base and product of open add-ons.
    pub(super) bound: HashSet<(Uuid, Uuid)>,
    /// In the order in which they are used.
    pub(super) sources: Vec<Source>,
}

impl Facts {
    /// A pool that was picked.
    pub fn source(&self, pool_id: Uuid) -> Result<&Source> {
        let found = self.sources.iter().find(|it| it.pool.pool == pool_id);
        found.ok_or_else(|| Error::internal("a pool was picked that was not read"))
    }

    pub(super) async fn read(
        tx: &mut Tx<'_>,
        organization_id: Uuid,
        rows: &[Wanted],
        now: Timestamp,
    ) -> Result<Facts> {
        if let [row] = rows
            && let Some(ids) = plain(row)
            && let Some(found) = queries::plain(tx, (organization_id, now), ids).await?
        {
            return Ok(Facts::of(found));
        }
        let named = Named::by(rows);
        let products = catalog::queries::products_of_ids(tx, &named.products.in_order()).await?;
        let fits = catalog::queries::fits_among(tx, &named.add_ons.in_order()).await?;
        let mut holders =
            holders::queries::of_ids(tx, organization_id, &named.holders.in_order()).await?;
        let extensions =
            holders::queries::of_extensions(tx, organization_id, &named.extensions.in_order())
                .await?;
        let numbers =
            holders::queries::of_dids(tx, organization_id, &named.numbers.in_order()).await?;
        let bases = queries::bindings(tx, &named.bases.in_order()).await?;
        let bound = queries::open_add_ons(tx, &named.bases.in_order()).await?;
        holders.extend(extensions.iter().cloned());
        let ids: Vec<Uuid> = holders.iter().map(|holder| holder.id).collect();
        // Only of these a holder has one.
        let single = products.iter().filter(|product| !product.many_per_holder);
        let single: Vec<Uuid> = single.map(|product| product.id).collect();
        let held = queries::held_among(tx, &ids, &single).await?;
        let (products_by_pick, pools) = (named.picked.in_order(), named.pools.in_order());
        let sources =
            queries::sources(tx, (organization_id, now), &products_by_pick, &pools).await?;
        Ok(Facts {
            products: products.into_iter().map(|it| (it.id, it)).collect(),
            fits: fits.into_iter().collect(),
            holders: holders.into_iter().map(|it| (it.id, it)).collect(),
            by_extension: extensions
                .into_iter()
                .filter_map(|it| Some((it.extension.clone()?, it)))
                .collect(),
            by_number: numbers
                .into_iter()
                .filter_map(|it| Some((it.did?, it.id)))
                .collect(),
            held: held.into_iter().collect(),
            bases: bases.into_iter().map(|it| (it.id, it)).collect(),
            bound: bound
                .iter()
                .filter_map(|it| Some((it.base_id?, it.product_id)))
                .collect(),
            sources,
        })
    }
}

impl Facts {
    /// What was read at once for one row.
    fn of(found: Plain) -> Facts {
        let Plain {
            product,
            holder,
            source,
            held,
        } = found;
        let held = held.then_some((holder.id, product.id));
        Facts {
            held: held.into_iter().collect(),
            products: HashMap::from([(product.id, product)]),
            holders: HashMap::from([(holder.id, holder)]),
            sources: vec![source],
            ..Facts::default()
        }
    }
}

/// Product, holder and pool of a row that names nothing beside them.
fn plain(row: &Wanted) -> Option<[Uuid; 3]> {
    let only = row.add_ons.is_empty() && row.base_id.is_none();
    let only = only && row.extension.is_none() && row.number.is_none();
    only.then_some([row.product_id, row.holder_id?, row.pool_id?])
}

/// Not enough units of one of a row's products.
pub(super) fn exhausted(
    facts: &Facts,
    (place, row): (usize, &Wanted),
    short: Short<Uuid>,
) -> RefusedRow {
    let product = facts.products.get(&short.product);
    let name = product.map_or("it", |product| product.name.as_str());
    let field = match short.part {
        0 if row.pool_id.is_some() => "pool_id".to_owned(),
        0 => "product_id".to_owned(),
        part => format!("add_ons[{}]", part - 1),
    };
    let closed = row
        .pool_id
        .filter(|_| short.part == 0)
        .is_some_and(|pool_id| {
            let named = facts
                .sources
                .iter()
                .find(|source| source.pool.pool == pool_id);
            named.is_some_and(|source| !source.open)
        });
    let refused = if closed {
        let message = "Its license is not active now: it has not begun, is paused or has ended; or its organization is suspended.";
        RefusedRow::new(place, field, "pool.closed", message)
    } else {
        let message = format!("{} of {name} wanted, {} free.", short.wanted, short.free);
        RefusedRow::new(place, field, "pool.exhausted", message)
    };
    refused
        .with("product_id", short.product.to_string())
        .with("wanted", short.wanted)
        .with("free", short.free)
}

/// An add-on whose license ends before that of its base, or after it.
pub(super) fn notices(facts: &Facts, fine: &Good) -> Vec<Notice> {
    let end = |pool_id: Uuid| {
        let source = facts
            .sources
            .iter()
            .find(|source| source.pool.pool == pool_id);
        source.map(|source| source.pool.ends)
    };
    let base = fine.pools.first().copied().and_then(end);
    let add_ons = fine.products.iter().zip(&fine.pools).skip(1);
    add_ons
        .filter_map(|((product_id, _), pool_id)| {
            let (base, add_on) = (base?, end(*pool_id)?);
            let name = facts.products.get(product_id)?.name.as_str();
            let (code, message) = match (add_on, base) {
                (add_on, base) if add_on == base => return None,
                (Some(add_on), base) if base.is_none_or(|base| add_on < base) => (
                    "add_on.ends_first",
                    format!("{name} ends before its base does."),
                ),
                _ => (
                    "add_on.outlives_base",
                    format!("{name} is paid for longer than its base."),
                ),
            };
            Some(Notice {
                row: fine.row,
                code: code.into(),
                message,
            })
        })
        .collect()
}

/// What the rows name, each thing once.
#[derive(Default)]
struct Named {
    products: HashSet<Uuid>,
    /// Products whose pool is to be picked.
    picked: HashSet<Uuid>,
    add_ons: HashSet<Uuid>,
    holders: HashSet<Uuid>,
    pools: HashSet<Uuid>,
    bases: HashSet<Uuid>,
    extensions: HashSet<String>,
    numbers: HashSet<String>,
}

impl Named {
    fn by(rows: &[Wanted]) -> Named {
        let mut named = Named::default();
        for row in rows {
            named.products.insert(row.product_id);
            named.products.extend(&row.add_ons);
            named.picked.extend(&row.add_ons);
            match row.pool_id {
                Some(pool_id) => _ = named.pools.insert(pool_id),
                None => _ = named.picked.insert(row.product_id),
            }
            named.add_ons.extend(&row.add_ons);
            if row.base_id.is_some() {
                named.add_ons.insert(row.product_id);
            }
            named.holders.extend(row.holder_id);
            named.bases.extend(row.base_id);
            let extension = row.extension.as_deref().map(telephone::extension);
            named
                .extensions
                .extend(extension.and_then(|read| read.ok()));
            let number = row.number.as_deref().map(telephone::number);
            named.numbers.extend(number.and_then(|read| read.ok()));
        }
        named
    }
}

/// A set in one order, so that the same rows ask the same statements.
trait InOrder<T> {
    fn in_order(&self) -> Vec<T>;
}

impl<T: Clone + Ord> InOrder<T> for HashSet<T> {
    fn in_order(&self) -> Vec<T> {
        let mut all: Vec<T> = self.iter().cloned().collect();
        all.sort_unstable();
        all
    }
}
