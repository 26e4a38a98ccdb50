//! From components as they are asked for to SKUs with units.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    facts::ComponentIn,
    model::MOST_UNITS,
    queries::{self, Selling},
    writes::Part,
};
use crate::{
    catalog::{self, facts::Wrong},
    error::Result,
    gate::Tx,
};

/// The most components of one plan.
const MOST_COMPONENTS: usize = 50;
/// SKUs of a product that a refusal names.
const NAMED: i64 = 5;

/// The components, in their order; what is wrong with them is added to the rest.
pub(super) async fn resolve(
    tx: &mut Tx<'_>,
    given: &[ComponentIn],
    wrong: &mut Wrong,
) -> Result<Vec<Part>> {
    if given.is_empty() {
        wrong.add("components", "required", "Give at least one component.");
    }
    if given.len() > MOST_COMPONENTS {
        let message = format!("A plan has at most {MOST_COMPONENTS} components.");
        wrong.add("components", "too_many", message);
        return Ok(vec![]);
    }
    let shelf = Shelf::read(tx, given).await?;
    let (mut parts, mut seen) = (Vec::with_capacity(given.len()), HashSet::new());
    for (place, component) in given.iter().enumerate() {
        let field = |name: &str| format!("components[{place}].{name}");
        if !(1..=MOST_UNITS).contains(&component.units) {
            let message = "A component has 1 to 999,999 units.";
            wrong.add(&field("units"), "units.out_of_range", message);
        }
        let named = match component.sku_id {
            None if component.product_id.is_some() => "product_id",
            _ => "sku_id",
        };
        match shelf.sku(component) {
            Err((name, code, message)) => wrong.add(&field(name), code, message),
            Ok(sku_id) if !seen.insert(sku_id) => {
                let message = "This SKU is a component already.";
                wrong.add(&field(named), "plan.component_twice", message);
            }
            Ok(sku_id) => parts.push(Part {
                sku_id,
                units: component.units,
            }),
        }
    }
    Ok(parts)
}

/// What the catalog has of the SKUs and products that were named.
struct Shelf {
    /// The product of each SKU.
    skus: HashMap<Uuid, Uuid>,
    /// What sells each product that was named without a SKU.
    products: HashMap<Uuid, Selling>,
}

impl Shelf {
    async fn read(tx: &mut Tx<'_>, given: &[ComponentIn]) -> Result<Shelf> {
        let ids: Vec<Uuid> = given.iter().filter_map(|it| it.sku_id).collect();
        let skus = catalog::queries::skus_of_ids(tx, &ids).await?;
        let mut products = HashMap::new();
        for component in given.iter().filter(|it| it.sku_id.is_none()) {
            let Some(product_id) = component.product_id else {
                continue;
            };
            if let Some(found) = queries::selling(tx, product_id, NAMED).await? {
                products.insert(product_id, found);
            }
        }
        Ok(Shelf {
            skus: skus
                .into_iter()
                .map(|sku| (sku.id, sku.product_id))
                .collect(),
            products,
        })
    }

    /// The SKU that is meant, or which field is wrong, by which code and why.
    fn sku(
        &self,
        given: &ComponentIn,
    ) -> std::result::Result<Uuid, (&'static str, &'static str, String)> {
        match (given.sku_id, given.product_id) {
            (None, None) => Err(("sku_id", "required", "Choose a SKU.".into())),
            (Some(sku_id), product_id) => match (self.skus.get(&sku_id), product_id) {
                (None, _) => Err(("sku_id", "sku.unknown", "There is no such SKU.".into())),
                (Some(sold), Some(wanted)) if *sold != wanted => {
                    let message = "The SKU beside it sells another product.".into();
                    Err(("product_id", "component.which_sku", message))
                }
                (Some(_), _) => Ok(sku_id),
            },
            (None, Some(product_id)) => match self.products.get(&product_id) {
                None => {
                    let message = "There is no such product.".into();
                    Err(("product_id", "catalog.product_unknown", message))
                }
                Some(selling) => match selling.skus.as_slice() {
                    [(sku_id, _)] => Ok(*sku_id),
                    several => Err(("product_id", "component.which_sku", which(selling, several))),
                },
            },
        }
    }
}

fn which(selling: &Selling, skus: &[(Uuid, String)]) -> String {
    let name = &selling.name;
    if skus.is_empty() {
        return format!("No SKU sells {name}; add one first.");
    }
    let codes: Vec<&str> = skus.iter().map(|(_, code)| code.as_str()).collect();
    let more = if selling.more { " and others" } else { "" };
    format!(
        "Several SKUs sell {name}: {}{more}. Say which.",
        codes.join(", ")
    )
}
