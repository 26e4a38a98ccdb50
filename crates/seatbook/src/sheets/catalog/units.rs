//! From drafts to products and SKUs, each with a key of its own.

use std::collections::HashMap;

use super::{
    super::{
        cells::{Remark, price_of},
        kinds::{Sheet, Unit, What},
    },
    drafts::{Book, Draft, Drafts, kind_of},
};
use crate::catalog::upsert::{ProductRow, RowKey, SkuRow};

/// Characters of a key that tell two equal codes apart.
const TELLING: usize = 8;

/// The key of each draft. Where several have one code, each gets the beginning of its reference.
pub fn told_apart(drafts: &Drafts) -> Vec<RowKey> {
    let mut sharing: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, draft) in drafts.all.iter().enumerate() {
        sharing.entry(draft.code()).or_default().push(place);
    }
    let key = |draft: &Draft| {
        let (code, reference) = (draft.code().to_owned(), draft.reference.clone());
        match (sharing.get(code.as_str()), &reference) {
            (Some(places), Some(own)) if places.len() > 1 => {
                let code = format!("{code}-{}", telling(own));
                RowKey {
                    reference,
                    code,
                    told_apart: true,
                }
            }
            _ => RowKey {
                reference,
                code,
                told_apart: false,
            },
        }
    };
    drafts.all.iter().map(key).collect()
}

fn telling(reference: &str) -> String {
    reference.chars().take(TELLING).collect()
}

impl Book {
    /// Writes units: products, then SKUs; of SKUs with a bad row none.
    pub fn write(&mut self, sheet: &mut Sheet, components: &[RowKey], skus: &[RowKey]) {
        self.spread(sheet);
        let mut units = Vec::new();
        for (draft, key) in self.components.all.iter().zip(components) {
            let rows: Vec<i64> = draft.rows().filter(|row| !sheet.is_bad(*row)).collect();
            if !rows.is_empty() {
                let name = draft.name().map(str::to_owned);
                let what = What::Product(ProductRow {
                    key: key.clone(),
                    name,
                    ..ProductRow::default()
                });
                units.push(Unit { rows, what });
            }
        }
        let taken = Taken::of(components);
        let mut sold = Vec::new();
        for (draft, key) in self.skus.all.iter().zip(skus) {
            if draft.rows().any(|row| sheet.is_bad(row)) {
                continue;
            }
            let rows: Vec<i64> = draft.rows().collect();
            let product = product_row(draft, key, &taken);
            let row = sku_row(draft, key, product.key.clone(), components);
            let is_component = taken.same(&product.key).is_some();
            let known = self.products.entry(product.key.code.clone());
            let known = known.or_insert_with(|| (product, vec![]));
            if !is_component {
                known.1.extend(&rows);
            }
            sold.push(Unit {
                rows,
                what: What::Sku(row),
            });
        }
        let own = std::mem::take(&mut self.products)
            .into_values()
            .filter(|(_, rows)| !rows.is_empty());
        units.extend(own.map(|(row, rows)| Unit {
            rows,
            what: What::Product(row),
        }));
        units.extend(sold);
        sheet.units = units;
    }

    /// A SKU is taken whole: where one of its rows is bad, the others are not used either.
    fn spread(&self, sheet: &mut Sheet) {
        for draft in &self.skus.all {
            let Some(bad) = draft.rows().find(|row| sheet.is_bad(*row)) else {
                continue;
            };
            let good: Vec<i64> = draft.rows().filter(|row| !sheet.is_bad(*row)).collect();
            for row in good {
                let message = format!("The SKU is left out, because its row {bad} has a problem.");
                sheet.remark(
                    row,
                    Remark {
                        column: None,
                        code: "sku.incomplete".into(),
                        message,
                        error: true,
                    },
                );
            }
        }
    }
}

/// The components by what they may be taken for.
pub struct Taken<'a> {
    by_code: HashMap<&'a str, &'a RowKey>,
    by_reference: HashMap<String, &'a RowKey>,
}

impl<'a> Taken<'a> {
    /// These components.
    pub fn of(components: &'a [RowKey]) -> Self {
        let referred = components
            .iter()
            .filter_map(|key| Some((key.reference.as_ref()?.to_lowercase(), key)));
        Taken {
            by_code: components
                .iter()
                .map(|key| (key.code.as_str(), key))
                .collect(),
            by_reference: referred.collect(),
        }
    }

    /// The component that is the same thing: by reference, or by code where neither has one.
    pub fn same(&self, key: &RowKey) -> Option<&'a RowKey> {
        match &key.reference {
            Some(reference) => self.by_reference.get(&reference.to_lowercase()).copied(),
            None => self
                .by_code
                .get(key.code.as_str())
                .copied()
                .filter(|other| other.reference.is_none()),
        }
    }

    /// Whether another thing has this code.
    pub fn clashes(&self, key: &RowKey) -> bool {
        self.same(key).is_none() && self.by_code.contains_key(key.code.as_str())
    }
}

/// The product a SKU sells: the one its rows name, or one of its own.
fn product_row(draft: &Draft, sku: &RowKey, taken: &Taken<'_>) -> ProductRow {
    let fact = |name: &str| draft.facts.get(name).cloned();
    let facts = ProductRow {
        unit: fact("unit"),
        units: fact("units"),
        kind: fact("kind").and_then(|word| kind_of(&word)),
        ..ProductRow::default()
    };
    if let Some(code) = fact("product_code").or_else(|| fact("product_name")) {
        let key = RowKey {
            code,
            ..RowKey::default()
        };
        return ProductRow {
            key,
            name: fact("product_name"),
            ..facts
        };
    }
    // A SKU with the key of a component is that component, sold by itself.
    if let Some(same) = taken.same(sku) {
        return ProductRow {
            key: same.clone(),
            ..facts
        };
    }
    let mut key = sku.clone();
    // A component that has the code already keeps it.
    if taken.clashes(&key) {
        let mark = key
            .reference
            .as_deref()
            .map_or_else(|| "SKU".into(), telling);
        key = RowKey {
            code: format!("{}-{mark}", key.code),
            told_apart: true,
            ..key
        };
    }
    ProductRow {
        key,
        name: draft.name().map(str::to_owned),
        ..facts
    }
}

fn sku_row(draft: &Draft, key: &RowKey, product: RowKey, components: &[RowKey]) -> SkuRow {
    let fact = |name: &str| draft.facts.get(name).cloned();
    let price = fact("price").zip(fact("currency"));
    let included = draft
        .components
        .iter()
        .map(|(place, _)| components[*place].clone());
    SkuRow {
        key: key.clone(),
        name: draft.name().map(str::to_owned),
        product,
        r#type: fact("type"),
        tier: fact("tier"),
        class: fact("class"),
        validity: fact("validity"),
        grace_days: fact("grace_days").and_then(|days| days.parse().ok()),
        price: price.and_then(|(price, currency)| price_of(&price, &currency)),
        components: Some(included.collect()).filter(|all: &Vec<RowKey>| !all.is_empty()),
    }
}
