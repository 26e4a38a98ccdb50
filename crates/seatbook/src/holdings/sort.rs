//! The closed set of sorts.

use super::places::{Key, Kind, Place, Way};
use crate::{
    api::Cursor,
    error::{Error, Result},
    licenses::model::Status,
};
use uuid::Uuid;

/// By what a list of pools is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// By the sales order; without one last.
    Order,
    /// By the SKU's code.
    Sku,
    /// By the first day.
    Start,
    /// By the end, then the id: the order in which units are used; without an end last.
    End,
    /// By the quantity.
    Quantity,
    /// By the product's name.
    Product,
    /// By what can be used today.
    Available,
    /// By what was passed on.
    Assigned,
    /// By the SKU's type.
    Type,
    /// By the SKU's tier.
    Tier,
    /// By the SKU's class.
    Class,
}

impl Sort {
    /// All of them.
    pub const ALL: [Sort; 11] = [
        Sort::Order,
        Sort::Sku,
        Sort::Start,
        Sort::End,
        Sort::Quantity,
        Sort::Product,
        Sort::Available,
        Sort::Assigned,
        Sort::Type,
        Sort::Tier,
        Sort::Class,
    ];

    /// Its word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Order => "order",
            Sort::Sku => "sku",
            Sort::Start => "start",
            Sort::End => "end",
            Sort::Quantity => "quantity",
            Sort::Product => "product",
            Sort::Available => "available",
            Sort::Assigned => "assigned",
            Sort::Type => "type",
            Sort::Tier => "tier",
            Sort::Class => "class",
        }
    }

    /// The sort a word names.
    pub fn parse(word: &str) -> Option<Sort> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }

    /// Whether an index holds its order, for lists of any length. What changes with every allocation, or
    /// belongs to another noun, is sorted only where the list can be gathered.
    pub const fn any_length(self) -> bool {
        matches!(
            self,
            Sort::Order | Sort::Sku | Sort::Start | Sort::End | Sort::Quantity
        )
    }

    /// The key as SQL; `?` takes the instant now.
    pub(super) fn key(self) -> String {
        let key = match self {
            Sort::Order => "p.sales_order",
            Sort::Sku => "p.sku_code",
            Sort::Start => "p.starts_at",
            Sort::End => "p.ends_at",
            Sort::Quantity => "p.quantity",
            Sort::Product => "r.name",
            Sort::Assigned => "p.allocated",
            Sort::Type => "s.type",
            Sort::Tier => "s.tier",
            Sort::Class => "s.class",
            Sort::Available => {
                let active = Status::Is(rules::lifecycle::State::Active).condition();
                return format!(
                    "CASE WHEN {active} THEN p.quantity - p.allocated - p.assigned ELSE 0 END"
                );
            }
        };
        key.to_owned()
    }

    /// The tables beside `pool p` and `license l` that the key needs: a name and a condition.
    pub(super) const fn beside(self) -> Option<(&'static str, &'static str)> {
        match self {
            Sort::Product => Some(("product r", "r.id = l.product_id")),
            Sort::Type | Sort::Tier | Sort::Class => Some(("sku s", "s.id = l.sku_id")),
            _ => None,
        }
    }

    pub(super) const fn kind(self) -> Kind {
        match self {
            Sort::Start | Sort::End => Kind::Instant,
            Sort::Quantity | Sort::Available | Sort::Assigned => Kind::Number,
            _ => Kind::Text,
        }
    }

    const fn nullable(self) -> bool {
        matches!(
            self,
            Sort::Order | Sort::End | Sort::Type | Sort::Tier | Sort::Class
        )
    }

    /// The way through the list from a place.
    pub(super) fn way(self, descending: bool, from: Option<&Place>) -> Way<'_> {
        Way {
            kind: self.kind(),
            nullable: self.nullable(),
            down: descending != from.is_some_and(|from| from.back),
            from,
        }
    }

    /// A place as a cursor, which serves this order only.
    pub fn cursor(self, descending: bool, place: &Place) -> String {
        let word = self.word(descending);
        Cursor::write(&(word, place.back, &place.key, place.id))
    }

    /// The place a cursor holds; refused where it is of another order.
    pub fn place(self, descending: bool, cursor: &str) -> Result<Place> {
        let (word, back, key, id): (String, bool, Key, Uuid) = Cursor::read(cursor)?;
        if word == self.word(descending) && key.fits(self.kind()) {
            return Ok(Place { back, key, id });
        }
        let message = "This cursor was made by this list in another order.";
        Err(Error::invalid("cursor", "cursor.invalid", message))
    }

    fn word(self, descending: bool) -> String {
        let sign = if descending { "-" } else { "" };
        format!("{sign}{}", self.as_str())
    }
}
