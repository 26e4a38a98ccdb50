//! Catalogs as files bring them: a row names a SKU, and perhaps a product that it includes.

mod drafts;
mod oddities;
mod units;

use std::collections::HashMap;

use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    cells::Outcome,
    kinds::{Asker, Field, Judged, What, field},
};
use crate::{
    catalog::{
        commands::{keep_products, keep_skus, may_price, require},
        facts::ProductFacts,
        model::Product,
        upsert::{self, Planned, ProductRow, RowKey, Shelf, SkuRow, plan_product, plan_sku},
    },
    error::{Error, Result},
    gate,
    scope::{Permission, missing, tree},
};
pub use drafts::understand;

/// The fields of a catalog.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "sku_code",
            "SKU code",
            "By which it is ordered.",
            &["skucode", "stringid", "sku", "skupartnumber", "code"],
        )
    },
    field(
        "sku_name",
        "SKU name",
        "Its code, where there is none.",
        &["skuname", "productdisplayname", "name", "title"],
    ),
    field(
        "sku_reference",
        "SKU key",
        "By which its vendor knows it; decides which SKU a row means.",
        &["skureference", "skuid", "guid", "reference"],
    ),
    field(
        "product_code",
        "Product code",
        "A product of its own, where there is none.",
        &["productcode", "product"],
    ),
    field("product_name", "Product name", "", &["productname"]),
    field(
        "unit",
        "Unit",
        "What one unit is: user unless said.",
        &["unit", "unitname"],
    ),
    field("units", "Units", "What several are.", &["units"]),
    field(
        "kind",
        "Kind",
        "base or add-on; base unless said.",
        &["kind", "productkind", "baseoraddon"],
    ),
    field("type", "Type", "", &["type", "skutype"]),
    field("tier", "Tier", "", &["tier", "skutier"]),
    field("class", "Class", "", &["class", "skuclass"]),
    field(
        "validity",
        "Validity",
        "P1Y, P12M or P30D; for ever where there is none.",
        &["validity", "term", "duration"],
    ),
    field("grace_days", "Days of grace", "", &["gracedays", "grace"]),
    field(
        "price",
        "List price",
        "Of one unit, such as 12.50.",
        &["price", "listprice", "unitprice"],
    ),
    field("currency", "Currency", "EUR, USD …", &["currency"]),
    field(
        "component_code",
        "Component code",
        "A product that comes with the SKU.",
        &["componentcode", "component", "serviceplanname"],
    ),
    field(
        "component_name",
        "Component name",
        "",
        &[
            "componentname",
            "serviceplansincludedfriendlynames",
            "serviceplanfriendlyname",
        ],
    ),
    field(
        "component_reference",
        "Component key",
        "By which its vendor knows it.",
        &["componentreference", "componentid", "serviceplanid"],
    ),
];

/// What would become of products and SKUs. Products that are not there yet are thought to be.
pub async fn judge(tx: &mut Tx<'_>, asker: &Asker, units: &[&What]) -> Result<Vec<Judged>> {
    let may_price = asks_provider(tx, asker, Permission::PricesRead).await?
        && asks_provider(tx, asker, Permission::PricesEdit).await?;
    if !asks_provider(tx, asker, Permission::CatalogEdit).await? {
        return Err(missing(Permission::CatalogEdit));
    }
    let mut products =
        upsert::products(tx, units.iter().flat_map(|what| product_keys(what))).await?;
    let skus = upsert::skus(tx, units.iter().filter_map(|what| sku_key(what))).await?;
    let mut judged = Vec::with_capacity(units.len());
    for (place, what) in units.iter().enumerate() {
        judged.push(match what {
            What::Product(row) => {
                let planned = plan_product(row, &products);
                if let Planned::Create(facts) = &planned {
                    products.put(imagined(place, facts));
                }
                verdict(&planned)
            }
            What::Sku(row) => verdict(&plan_sku(row, &skus, &products, may_price)),
            _ => Judged::bad(vec![]),
        });
    }
    Ok(judged)
}

async fn asks_provider(tx: &mut Tx<'_>, asker: &Asker, permission: Permission) -> Result<bool> {
    let root = tree::root(tx).await?.ok_or_else(Error::not_found)?;
    asker.may(tx, permission, root).await
}

/// Writes products, then SKUs.
pub async fn keep(tx: &mut gate::Tx<'_>, units: &[&What]) -> Result<Vec<Judged>> {
    require(tx, Permission::CatalogEdit).await?;
    let may_price = may_price(tx).await?;
    let mut judged: HashMap<usize, Judged> = HashMap::new();
    let rows: Vec<(usize, &ProductRow)> = only(units, |what| match what {
        What::Product(row) => Some(row),
        _ => None,
    });
    let mut shelf = upsert::products(tx, rows.iter().map(|(_, row)| &row.key)).await?;
    let mut plan = Vec::with_capacity(rows.len());
    for (place, row) in &rows {
        let planned = plan_product(row, &shelf);
        // Two rows of one file may want one code: the second is refused, not the whole file.
        if let Planned::Create(facts) = &planned {
            shelf.put(imagined(*place, facts));
        }
        plan.push(planned);
    }
    judged.extend(
        rows.iter()
            .zip(&plan)
            .map(|((place, _), planned)| (*place, verdict(planned))),
    );
    keep_products(tx, plan).await?;
    let rows: Vec<(usize, &SkuRow)> = only(units, |what| match what {
        What::Sku(row) => Some(row),
        _ => None,
    });
    let products: Shelf<Product> =
        upsert::products(tx, units.iter().flat_map(|what| product_keys(what))).await?;
    let shelf = upsert::skus(tx, rows.iter().map(|(_, row)| &row.key)).await?;
    let plan: Vec<_> = rows
        .iter()
        .map(|(_, row)| plan_sku(row, &shelf, &products, may_price))
        .collect();
    judged.extend(
        rows.iter()
            .zip(&plan)
            .map(|((place, _), planned)| (*place, verdict(planned))),
    );
    keep_skus(tx, plan).await?;
    let missing = || Judged::bad(vec![]);
    Ok((0..units.len())
        .map(|place| judged.remove(&place).unwrap_or_else(missing))
        .collect())
}

fn only<'a, T>(
    units: &'a [&'a What],
    pick: impl Fn(&'a What) -> Option<&'a T>,
) -> Vec<(usize, &'a T)> {
    let picked = units
        .iter()
        .enumerate()
        .filter_map(|(place, what)| Some((place, pick(what)?)));
    picked.collect()
}

fn product_keys(what: &What) -> Vec<&RowKey> {
    match what {
        What::Product(row) => vec![&row.key],
        What::Sku(row) => row
            .components
            .iter()
            .flatten()
            .chain([&row.product])
            .collect(),
        _ => vec![],
    }
}

fn sku_key(what: &What) -> Option<&RowKey> {
    match what {
        What::Sku(row) => Some(&row.key),
        _ => None,
    }
}

fn verdict<F: std::fmt::Debug>(planned: &Planned<F>) -> Judged {
    match planned {
        Planned::Create(facts) => Judged::good(Outcome::Create, format!("{facts:?}")),
        Planned::Update { version, after, .. } => {
            Judged::good(Outcome::Update, format!("{version} {after:?}"))
        }
        Planned::Same => Judged::good(Outcome::Same, String::new()),
        Planned::Refused(errors) => Judged::bad(errors.clone()),
    }
}

/// A product that a preview would have made; its id only tells it from others.
fn imagined(place: usize, facts: &ProductFacts) -> Product {
    let blank = Product {
        id: Uuid::from_u128(place as u128 + 1),
        code: String::new(),
        reference: None,
        name: String::new(),
        unit: String::new(),
        units: String::new(),
        kind: facts.kind,
        shareable: false,
        many_per_holder: false,
        has_extensions: false,
        created_at: Timestamp::from_micros(0),
        version: 1,
    };
    facts.clone().onto(blank)
}
