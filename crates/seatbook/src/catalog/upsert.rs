//! Many products or SKUs at once, as files bring them: what is new is added, what differs is changed.
//!
//! Planning is the same for a preview and for the write: it compares rows with the shelf and writes nothing.

use std::collections::{HashMap, HashSet};

use store::Tx;
use uuid::Uuid;

use super::{
    facts::{ProductFacts, SkuFacts},
    model::{Product, ProductKind, Sku},
    queries,
};
use crate::error::{Error, FieldError, Result};

/// How a row names a product or SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// The key by which another system knows it; it decides where there is one.
    pub reference: Option<String>,
    /// Its code.
    pub code: String,
    /// The code was made up to tell it from another; one that the book gave it already stays.
    pub told_apart: bool,
}

/// A product as a file says it. What is `None` stays as it is, or is the default of a new one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProductRow {
    /// Which.
    pub key: RowKey,
    /// Its name.
    pub name: Option<String>,
    /// What one unit is.
    pub unit: Option<String>,
    /// What several units are.
    pub units: Option<String>,
    /// Base or add-on.
    pub kind: Option<ProductKind>,
}

/// A SKU as a file says it. What is `None` stays as it is, or is the default of a new one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SkuRow {
    /// Which.
    pub key: RowKey,
    /// Its name.
    pub name: Option<String>,
    /// The product it sells.
    pub product: RowKey,
    /// Its type.
    pub r#type: Option<String>,
    /// Its tier.
    pub tier: Option<String>,
    /// Its class.
    pub class: Option<String>,
    /// How long a license runs.
    pub validity: Option<String>,
    /// Days of grace.
    pub grace_days: Option<i64>,
    /// List price in minor units, and its currency.
    pub price: Option<(i64, String)>,
    /// The products it includes, all of them.
    pub components: Option<Vec<RowKey>>,
}

/// What a row comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Planned<F> {
    /// It is new.
    Create(F),
    /// It is there and something differs.
    Update {
        /// The row.
        id: Uuid,
        /// Its version.
        version: i64,
        /// As it is.
        before: F,
        /// As it will be.
        after: F,
    },
    /// The book says the same.
    Same,
    /// It cannot be taken.
    Refused(Vec<FieldError>),
}

/// What is found by code or reference.
pub trait Keyed {
    /// Its code.
    fn code(&self) -> &str;
    /// Its reference.
    fn reference(&self) -> Option<&str>;
}

impl Keyed for Product {
    fn code(&self) -> &str {
        &self.code
    }
    fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

impl Keyed for (Sku, Vec<Uuid>) {
    fn code(&self) -> &str {
        &self.0.code
    }
    fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }
}

/// What the book holds of the things some rows name.
#[derive(Debug)]
pub struct Shelf<T> {
    items: Vec<T>,
    by_code: HashMap<String, usize>,
    by_reference: HashMap<String, usize>,
}

impl<T: Keyed> Shelf<T> {
    fn of(items: Vec<T>) -> Self {
        let mut shelf = Shelf {
            items: vec![],
            by_code: HashMap::new(),
            by_reference: HashMap::new(),
        };
        items.into_iter().for_each(|item| shelf.put(item));
        shelf
    }

    /// Puts something on the shelf, such as a product that a preview would have made.
    pub fn put(&mut self, item: T) {
        let place = self.items.len();
        self.by_code.insert(item.code().to_owned(), place);
        if let Some(reference) = item.reference() {
            self.by_reference.insert(reference.to_owned(), place);
        }
        self.items.push(item);
    }

    /// What the key names, if anything; refused where code and reference name two things.
    pub fn find(&self, key: &RowKey) -> std::result::Result<Option<&T>, FieldError> {
        let by_code = self.by_code.get(&key.code).copied();
        let by_reference = key
            .reference
            .as_ref()
            .and_then(|it| self.by_reference.get(it).copied());
        match (by_reference, by_code) {
            (Some(one), Some(other)) if one != other && !key.told_apart => {
                Err(belongs_to_another(key))
            }
            (Some(place), _) => Ok(Some(&self.items[place])),
            (None, Some(place)) => {
                let item = &self.items[place];
                match (item.reference(), &key.reference) {
                    (Some(theirs), Some(ours)) if theirs != ours => Err(belongs_to_another(key)),
                    _ => Ok(Some(item)),
                }
            }
            (None, None) => Ok(None),
        }
    }
}

fn belongs_to_another(key: &RowKey) -> FieldError {
    FieldError {
        field: "code".into(),
        code: "catalog.code_taken".into(),
        message: format!(
            "The code “{}” belongs to something else in the catalog.",
            key.code
        ),
    }
}

/// Codes and references of keys, each once.
fn keys<'a>(keys: impl Iterator<Item = &'a RowKey>) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut codes, mut references) = (HashSet::new(), HashSet::new());
    for key in keys {
        codes.insert(key.code.as_str());
        references.extend(key.reference.as_deref());
    }
    let sorted = |set: HashSet<&'a str>| {
        let mut all: Vec<&str> = set.into_iter().collect();
        all.sort_unstable();
        all
    };
    (sorted(codes), sorted(references))
}

/// What the book holds of the products that these keys name.
pub async fn products<'a>(
    tx: &mut Tx<'_>,
    named: impl Iterator<Item = &'a RowKey>,
) -> Result<Shelf<Product>> {
    let (codes, references) = keys(named);
    let mut found = queries::products_of_keys(tx, &codes, &references).await?;
    found.sort_by_key(|product| product.id);
    found.dedup_by_key(|product| product.id);
    Ok(Shelf::of(found))
}

/// What the book holds of the SKUs that these keys name, with their components.
pub async fn skus<'a>(
    tx: &mut Tx<'_>,
    named: impl Iterator<Item = &'a RowKey>,
) -> Result<Shelf<(Sku, Vec<Uuid>)>> {
    let (codes, references) = keys(named);
    let mut found = queries::skus_of_keys(tx, &codes, &references).await?;
    found.sort_by_key(|sku| sku.id);
    found.dedup_by_key(|sku| sku.id);
    let ids: Vec<Uuid> = found.iter().map(|sku| sku.id).collect();
    let mut components: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (sku_id, product_id) in queries::component_pairs(tx, &ids).await? {
        components.entry(sku_id).or_default().push(product_id);
    }
    let with = found.into_iter().map(|sku| {
        let mut included = components.remove(&sku.id).unwrap_or_default();
        included.sort_unstable();
        (sku, included)
    });
    Ok(Shelf::of(with.collect()))
}

/// Compares a product's row with the shelf.
pub fn plan_product(row: &ProductRow, shelf: &Shelf<Product>) -> Planned<ProductFacts> {
    let found = match shelf.find(&row.key) {
        Ok(found) => found,
        Err(why) => return Planned::Refused(vec![why]),
    };
    let before = found.map(ProductFacts::of);
    let mut facts = before.clone().unwrap_or_else(|| ProductFacts {
        name: row.key.code.clone(),
        ..ProductFacts::default()
    });
    name_it(
        &row.key,
        before.is_some(),
        &mut facts.code,
        &mut facts.reference,
    );
    set(&mut facts.name, &row.name);
    // A new unit has another plural, unless the file says one.
    if row.unit.is_some() && row.unit != facts.unit {
        (facts.unit, facts.units) = (row.unit.clone(), row.units.clone());
    }
    set_some(&mut facts.units, &row.units);
    set(&mut facts.kind, &row.kind);
    decide(
        facts.checked(),
        before,
        found.map(|product| (product.id, product.version)),
    )
}

/// Compares a SKU's row with the shelves. `may_price` says whether the caller may set list prices.
pub fn plan_sku(
    row: &SkuRow,
    shelf: &Shelf<(Sku, Vec<Uuid>)>,
    products: &Shelf<Product>,
    may_price: bool,
) -> Planned<SkuFacts> {
    let (found, product_id, components) = match resolve(row, shelf, products) {
        Ok(all) => all,
        Err(why) => return Planned::Refused(vec![why]),
    };
    let before = found.map(|(sku, components)| SkuFacts::of(sku, components.clone()));
    let mut facts = before.clone().unwrap_or_else(|| SkuFacts {
        name: row.key.code.clone(),
        ..SkuFacts::default()
    });
    name_it(
        &row.key,
        before.is_some(),
        &mut facts.code,
        &mut facts.reference,
    );
    facts.product_id = product_id;
    set(&mut facts.name, &row.name);
    set_some(&mut facts.r#type, &row.r#type);
    set_some(&mut facts.tier, &row.tier);
    set_some(&mut facts.class, &row.class);
    set_some(&mut facts.validity, &row.validity);
    set(&mut facts.grace_days, &row.grace_days);
    set(&mut facts.components, &components);
    if let Some((minor, currency)) = &row.price {
        let price = (Some(*minor), Some(currency.to_uppercase()));
        let differs = (facts.price_minor, facts.currency.clone()) != price;
        if differs && !may_price {
            return Planned::Refused(vec![no_price_right()]);
        }
        (facts.price_minor, facts.currency) = price;
    }
    decide(
        facts.checked(),
        before,
        found.map(|(sku, _)| (sku.id, sku.version)),
    )
}

type Resolved<'a> = (Option<&'a (Sku, Vec<Uuid>)>, Uuid, Option<Vec<Uuid>>);

fn resolve<'a>(
    row: &SkuRow,
    shelf: &'a Shelf<(Sku, Vec<Uuid>)>,
    products: &Shelf<Product>,
) -> std::result::Result<Resolved<'a>, FieldError> {
    let product = |key: &RowKey| match products.find(key)? {
        Some(product) => Ok(product.id),
        None => Err(FieldError {
            field: "product".into(),
            code: "catalog.product_unknown".into(),
            message: format!("There is no product “{}”.", key.code),
        }),
    };
    let components = row.components.as_ref();
    let components = components
        .map(|all| all.iter().map(product).collect())
        .transpose()?;
    Ok((shelf.find(&row.key)?, product(&row.product)?, components))
}

/// Code and reference as the row says them; a known thing keeps what the row leaves open.
fn name_it(key: &RowKey, known: bool, code: &mut String, reference: &mut Option<String>) {
    if !(known && key.told_apart) {
        code.clone_from(&key.code);
    }
    set_some(reference, &key.reference);
}

fn set<T: Clone>(field: &mut T, said: &Option<T>) {
    if let Some(said) = said {
        field.clone_from(said);
    }
}

fn set_some<T: Clone>(field: &mut Option<T>, said: &Option<T>) {
    if said.is_some() {
        field.clone_from(said);
    }
}

fn decide<F: PartialEq>(
    checked: Result<F>,
    before: Option<F>,
    row: Option<(Uuid, i64)>,
) -> Planned<F> {
    match (checked, before, row) {
        (Err(error), ..) => Planned::Refused(error.fields),
        (Ok(after), Some(before), Some((id, version))) if after != before => Planned::Update {
            id,
            version,
            before,
            after,
        },
        (Ok(_), Some(_), Some(_)) => Planned::Same,
        (Ok(after), ..) => Planned::Create(after),
    }
}

fn no_price_right() -> FieldError {
    FieldError {
        field: "price".into(),
        code: "permission.missing".into(),
        message: "Setting a list price needs the permission “prices.edit” at the provider.".into(),
    }
}

/// Somebody added the same code since the rows were compared with the book.
pub fn changed_meanwhile() -> Error {
    let message = "Somebody changed the catalog at the same moment; please try again.";
    Error::conflict("catalog.changed", message)
}

/// Another product or SKU has its code or reference.
pub fn taken(noun: &str, field: &'static str) -> Error {
    let message = format!("Another {noun} has this {field}.");
    Error::invalid(field, "catalog.key_taken", message)
}
