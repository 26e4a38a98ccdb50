//! What is said about a product or a SKU, new or changed, and whether it can be said.

use rules::{money::Currency, term::Validity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Product, ProductKind, Sku};
use crate::error::{Error, FieldError, Result};

/// The longest code or reference, in characters.
pub const LONGEST_CODE: usize = 120;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;
const LONGEST_WORD: usize = 60;
/// The most components one SKU may include.
pub const MOST_COMPONENTS: usize = 1_000;
const LONGEST_GRACE: i64 = 366;

/// What is said about a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductFacts {
    /// Its code, unique; 1 to 120 characters.
    pub code: String,
    /// The key by which other systems know it, such as a vendor's GUID; unique.
    #[serde(default)]
    pub reference: Option<String>,
    /// Its name, 1 to 200 characters.
    pub name: String,
    /// What one unit is, such as `device`; `user` unless said.
    #[serde(default)]
    pub unit: Option<String>,
    /// What several units are, such as `devices`; the unit with an s unless said.
    #[serde(default)]
    pub units: Option<String>,
    /// `base` or `add_on`; `base` unless said.
    #[serde(default)]
    pub kind: ProductKind,
    /// It never counts as an overlap between two SKUs that include it.
    #[serde(default)]
    pub shareable: bool,
    /// One holder may have several units of it at a time; one unless said.
    #[serde(default)]
    pub many_per_holder: bool,
    /// Its units belong to telephone extensions, which can be configured by file. Only a base has them.
    #[serde(default)]
    pub has_extensions: bool,
}

/// What is said about a SKU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkuFacts {
    /// Its code, unique; 1 to 120 characters.
    pub code: String,
    /// The key by which other systems know it, such as a vendor's GUID; unique.
    #[serde(default)]
    pub reference: Option<String>,
    /// Its name, 1 to 200 characters.
    pub name: String,
    /// The product it sells.
    pub product_id: Uuid,
    /// Its type, such as `Subscription`.
    #[serde(default)]
    pub r#type: Option<String>,
    /// Its tier, such as `Gold`.
    #[serde(default)]
    pub tier: Option<String>,
    /// Its class, such as `Commercial`.
    #[serde(default)]
    pub class: Option<String>,
    /// How long a license runs: an ISO 8601 duration of whole days, such as `P1Y`, `P12M` or `P30D`; without
    /// it, for ever.
    #[serde(default)]
    pub validity: Option<String>,
    /// Days of grace after the end, 0 to 366; none unless said.
    #[serde(default)]
    pub grace_days: i64,
    /// Whether the term begins when the license gets its owner, instead of on a day said beforehand.
    #[serde(default)]
    pub starts_at_activation: bool,
    /// The list price of one unit for one validity, in minor units. It needs `prices.edit` at the provider;
    /// without that right the price stays as it is, and sending one is refused.
    #[serde(default)]
    pub price_minor: Option<i64>,
    /// The list price's ISO 4217 currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// The products that come with it: all of them, at most 1,000.
    #[serde(default)]
    pub components: Vec<Uuid>,
}

/// Complaints about fields, gathered so that all are named at once.
#[derive(Debug, Default)]
pub struct Wrong(Vec<FieldError>);

impl Wrong {
    /// One more.
    pub fn add(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        });
    }

    /// A text that must be there.
    pub fn text(&mut self, field: &str, text: &str, longest: usize) -> String {
        let text = rules::text::normalize_key(text);
        if text.is_empty() {
            self.add(field, "required", format!("Give a {field}."));
        }
        self.length(field, &text, longest);
        text
    }

    /// A text that may be absent; one of nothing but spaces is.
    fn maybe(&mut self, field: &str, text: Option<String>, longest: usize) -> Option<String> {
        let text = text.map(|text| rules::text::normalize_key(&text));
        let text = text.filter(|text| !text.is_empty())?;
        self.length(field, &text, longest);
        Some(text)
    }

    fn length(&mut self, field: &str, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.add(
                field,
                "too_long",
                format!("At most {longest} characters, please."),
            );
        }
    }

    /// What was meant, or everything that is wrong with it.
    pub fn judge<T>(self, good: T) -> Result<T> {
        if self.0.is_empty() {
            Ok(good)
        } else {
            Err(Error::invalid_fields(self.0))
        }
    }
}

impl ProductFacts {
    /// The same facts with stray spaces gone and units filled in, or every field that is wrong.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        let unit = wrong.maybe("unit", self.unit, LONGEST_WORD);
        let unit = unit.unwrap_or_else(|| "user".into());
        let units = wrong.maybe("units", self.units, LONGEST_WORD);
        if self.has_extensions && self.kind == ProductKind::AddOn {
            let message = "Extensions belong to a base; an add-on is bound to one.";
            wrong.add("has_extensions", "product.not_base", message);
        }
        let facts = ProductFacts {
            code: wrong.text("code", &self.code, LONGEST_CODE),
            reference: wrong.maybe("reference", self.reference, LONGEST_CODE),
            name: wrong.text("name", &self.name, LONGEST_NAME),
            units: Some(units.unwrap_or_else(|| format!("{unit}s"))),
            unit: Some(unit),
            kind: self.kind,
            shareable: self.shareable,
            many_per_holder: self.many_per_holder,
            has_extensions: self.has_extensions,
        };
        wrong.judge(facts)
    }

    /// What is said about a product now.
    pub fn of(product: &Product) -> Self {
        let product = product.clone();
        ProductFacts {
            code: product.code,
            reference: product.reference,
            name: product.name,
            unit: Some(product.unit),
            units: Some(product.units),
            kind: product.kind,
            shareable: product.shareable,
            many_per_holder: product.many_per_holder,
            has_extensions: product.has_extensions,
        }
    }

    /// The product as these facts, which have been checked, leave it.
    pub fn onto(self, product: Product) -> Product {
        Product {
            code: self.code,
            reference: self.reference,
            name: self.name,
            unit: self.unit.unwrap_or(product.unit),
            units: self.units.unwrap_or(product.units),
            kind: self.kind,
            shareable: self.shareable,
            many_per_holder: self.many_per_holder,
            has_extensions: self.has_extensions,
            ..product
        }
    }
}

impl SkuFacts {
    /// The same facts with stray spaces gone and components once each, or every field that is wrong.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        let mut components = self.components;
        components.sort_unstable();
        components.dedup();
        if components.len() > MOST_COMPONENTS {
            let message = format!("A SKU includes at most {MOST_COMPONENTS} products.");
            wrong.add("components", "too_many", message);
        }
        if !(0..=LONGEST_GRACE).contains(&self.grace_days) {
            let message = format!("Grace is 0 to {LONGEST_GRACE} days.");
            wrong.add("grace_days", "out_of_range", message);
        }
        let validity = wrong.maybe("validity", self.validity, LONGEST_WORD);
        if let Some(Err(why)) = validity.as_deref().map(str::parse::<Validity>) {
            let message = format!("Write a validity as P1Y, P12M or P30D: this is {why}.");
            wrong.add("validity", "malformed", message);
        }
        let currency = wrong.maybe("currency", self.currency, LONGEST_WORD);
        let currency = check_price(&mut wrong, self.price_minor, currency);
        let facts = SkuFacts {
            code: wrong.text("code", &self.code, LONGEST_CODE),
            reference: wrong.maybe("reference", self.reference, LONGEST_CODE),
            name: wrong.text("name", &self.name, LONGEST_NAME),
            r#type: wrong.maybe("type", self.r#type, LONGEST_WORD),
            tier: wrong.maybe("tier", self.tier, LONGEST_WORD),
            class: wrong.maybe("class", self.class, LONGEST_WORD),
            validity,
            currency,
            components,
            ..self
        };
        wrong.judge(facts)
    }

    /// What is said about a SKU now.
    pub fn of(sku: &Sku, components: Vec<Uuid>) -> Self {
        let sku = sku.clone();
        SkuFacts {
            code: sku.code,
            reference: sku.reference,
            name: sku.name,
            product_id: sku.product_id,
            r#type: sku.r#type,
            tier: sku.tier,
            class: sku.class,
            validity: sku.validity.map(|validity| validity.to_string()),
            grace_days: sku.grace_days,
            starts_at_activation: sku.starts_at_activation,
            price_minor: sku.price_minor,
            currency: sku.currency.map(|currency| currency.to_string()),
            components,
        }
    }

    /// Whether a list price is said.
    pub fn has_price(&self) -> bool {
        self.price_minor.is_some()
    }
}

/// A price has an amount that is not negative and a currency, or neither; the code in capitals.
fn check_price(wrong: &mut Wrong, minor: Option<i64>, currency: Option<String>) -> Option<String> {
    match (minor, currency) {
        (None, None) => None,
        (Some(minor), Some(currency)) => {
            if minor < 0 {
                wrong.add(
                    "price_minor",
                    "negative",
                    "A list price is not below nothing.",
                );
            }
            let known = currency.parse::<Currency>();
            if known.is_err() {
                let message = format!("“{currency}” is no ISO 4217 currency, such as EUR.");
                wrong.add("currency", "unknown", message);
            }
            known.ok().map(|currency| currency.to_string())
        }
        (Some(_), None) => {
            wrong.add(
                "currency",
                "required",
                "Say in which currency the price is.",
            );
            None
        }
        (None, Some(_)) => {
            wrong.add(
                "price_minor",
                "required",
                "Give the price in minor units, or leave out the currency.",
            );
            None
        }
    }
}
