//! Products and SKUs as rows, and what is said about new ones.

use rules::{
    money::{Currency, Money},
    term::Validity,
};
use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether a product stands by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// It is assigned to a holder.
    #[default]
    Base,
    /// It is bound to a base assignment.
    AddOn,
}

impl ProductKind {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProductKind::Base => "base",
            ProductKind::AddOn => "add_on",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            ProductKind::Base => "Base",
            ProductKind::AddOn => "Add-on",
        }
    }

    /// The kind a stored word names.
    pub fn parse(word: &str) -> Option<ProductKind> {
        match word {
            "base" => Some(ProductKind::Base),
            "add_on" => Some(ProductKind::AddOn),
            _ => None,
        }
    }
}

/// A product: the thing that is licensed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Its id.
    pub id: Uuid,
    /// Its code, unique.
    pub code: String,
    /// The key by which other systems know it, unique.
    pub reference: Option<String>,
    /// Its name.
    pub name: String,
    /// What one unit is, such as `user`.
    pub unit: String,
    /// What several units are, such as `users`.
    pub units: String,
    /// Base or add-on.
    pub kind: ProductKind,
    /// It never counts as an overlap between two SKUs that include it.
    pub shareable: bool,
    /// One holder may have several units of it at a time.
    pub many_per_holder: bool,
    /// Its units belong to telephone extensions, which can be configured by file.
    pub has_extensions: bool,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl FromRow for Product {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Product {
            id: row.get(0)?,
            code: row.get(1)?,
            reference: row.get(2)?,
            name: row.get(3)?,
            unit: row.get(4)?,
            units: row.get(5)?,
            kind: stored_kind(&row.get::<String>(6)?)?,
            shareable: row.get(7)?,
            many_per_holder: row.get(8)?,
            has_extensions: row.get(9)?,
            created_at: row.get(10)?,
            version: row.get(11)?,
        })
    }
}

/// A SKU: a product with edition, term and price, under the code by which it is ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sku {
    /// Its id.
    pub id: Uuid,
    /// Its code, unique.
    pub code: String,
    /// The key by which other systems know it, unique.
    pub reference: Option<String>,
    /// Its name.
    pub name: String,
    /// The product it sells.
    pub product_id: Uuid,
    /// The product's code.
    pub product_code: String,
    /// The product's name.
    pub product_name: String,
    /// What one unit is, such as `user`.
    pub unit: String,
    /// What several units are, such as `users`.
    pub units: String,
    /// Whether the product is base or add-on.
    pub product_kind: ProductKind,
    /// Its type, such as `Subscription`.
    pub r#type: Option<String>,
    /// Its tier, such as `Gold`.
    pub tier: Option<String>,
    /// Its class, such as `Commercial`.
    pub class: Option<String>,
    /// How long a license runs: an ISO 8601 duration of whole days, such as `P1Y`; without it, for ever.
    #[schema(value_type = Option<String>)]
    pub validity: Option<Validity>,
    /// Days of grace after the end.
    pub grace_days: i64,
    /// Whether the term begins when the license gets its owner, instead of on a day said beforehand.
    pub starts_at_activation: bool,
    /// The list price of one unit for one validity, in minor units; only for those who may see the
    /// provider's prices.
    pub price_minor: Option<i64>,
    /// The list price's ISO 4217 currency.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl Sku {
    /// The list price, where there is one.
    pub fn price(&self) -> Option<Money> {
        Some(Money::new(self.price_minor?, self.currency?))
    }

    /// The same SKU for somebody who may not see its price.
    pub fn without_price(self) -> Self {
        Sku {
            price_minor: None,
            currency: None,
            ..self
        }
    }

    /// Type, tier and class, as far as there are any, for people.
    pub fn attributes(&self) -> String {
        let all = [&self.r#type, &self.tier, &self.class];
        let some: Vec<&str> = all.into_iter().filter_map(Option::as_deref).collect();
        some.join(" · ")
    }
}

impl FromRow for Sku {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let validity: Option<String> = row.get(13)?;
        let currency: Option<String> = row.get(16)?;
        Ok(Sku {
            id: row.get(0)?,
            code: row.get(1)?,
            reference: row.get(2)?,
            name: row.get(3)?,
            product_id: row.get(4)?,
            product_code: row.get(5)?,
            product_name: row.get(6)?,
            unit: row.get(7)?,
            units: row.get(8)?,
            product_kind: stored_kind(&row.get::<String>(9)?)?,
            r#type: row.get(10)?,
            tier: row.get(11)?,
            class: row.get(12)?,
            validity: validity.map(|text| stored(&text)).transpose()?,
            grace_days: row.get(14)?,
            price_minor: row.get(15)?,
            currency: currency.map(|text| stored(&text)).transpose()?,
            created_at: row.get(17)?,
            version: row.get(18)?,
            starts_at_activation: row.get(19)?,
        })
    }
}

/// A product that comes with a SKU, without a quantity of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Component {
    /// The product.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// It never counts as an overlap between two SKUs that include it.
    pub shareable: bool,
}

impl FromRow for Component {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Component {
            id: row.get(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            shareable: row.get(3)?,
        })
    }
}

/// A SKU with the products it includes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkuWithComponents {
    /// The SKU.
    #[serde(flatten)]
    pub sku: Sku,
    /// The products that come with it, by name.
    pub components: Vec<Component>,
}

impl SkuWithComponents {
    /// The same for somebody who sees list prices, or does not.
    pub fn seen(self, with_price: bool) -> Self {
        let sku = if with_price {
            self.sku
        } else {
            self.sku.without_price()
        };
        SkuWithComponents { sku, ..self }
    }
}

fn stored_kind(word: &str) -> store::Result<ProductKind> {
    ProductKind::parse(word).ok_or_else(|| store::Error::Value(format!("product kind {word:?}")))
}

fn stored<T: std::str::FromStr>(text: &str) -> store::Result<T> {
    text.parse()
        .map_err(|_| store::Error::Value(format!("{text:?} in the catalog")))
}
