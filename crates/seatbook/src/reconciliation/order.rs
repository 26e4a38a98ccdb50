//! How lines are sorted, and places in a list of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Line;
use crate::{
    api::Cursor,
    error::{Error, Result},
};

/// By what lines are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// What differs first, then by name.
    Difference,
    /// By customer.
    Customer,
    /// By product.
    Product,
    /// By units sold to it.
    Purchased,
    /// By units passed to it.
    Allocated,
    /// By units in use there.
    InUse,
    /// By units on invoices.
    Invoiced,
    /// By what the distributor says.
    Stated,
}

impl Sort {
    const ALL: [Sort; 8] = [
        Sort::Difference,
        Sort::Customer,
        Sort::Product,
        Sort::Purchased,
        Sort::Allocated,
        Sort::InUse,
        Sort::Invoiced,
        Sort::Stated,
    ];

    /// Its word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Difference => "difference",
            Sort::Customer => "customer",
            Sort::Product => "product",
            Sort::Purchased => "purchased",
            Sort::Allocated => "allocated",
            Sort::InUse => "in_use",
            Sort::Invoiced => "invoiced",
            Sort::Stated => "stated",
        }
    }

    /// The sort a word names.
    pub fn parse(word: &str) -> Option<Sort> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// A sort, and whether it goes the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub sort: Sort,
    /// The largest first.
    pub descending: bool,
}

impl Order {
    /// What a list has unless somebody says otherwise: differences first.
    pub const USUAL: Order = Order {
        sort: Sort::Difference,
        descending: false,
    };

    /// What a list has that is too long for any other.
    pub const WALKED: Order = Order {
        sort: Sort::Customer,
        descending: false,
    };

    /// The order a parameter names.
    pub fn read(word: &str) -> Result<Order> {
        let (key, descending) = match word.strip_prefix('-') {
            Some(key) => (key, true),
            None => (word, false),
        };
        let message = || format!("A reconciliation is not sorted by “{key}”.");
        let sort = Sort::parse(key);
        let sort = sort.ok_or_else(|| Error::invalid("sort", "sort.unknown", message()))?;
        Ok(Order { sort, descending })
    }

    /// As an address says it.
    pub fn word(self) -> String {
        let sign = if self.descending { "-" } else { "" };
        format!("{sign}{}", self.sort.as_str())
    }

    /// Where a line stands in this order.
    pub fn rank(self, line: &Line) -> Rank {
        let number = match self.sort {
            Sort::Difference => i64::from(line.agrees),
            Sort::Customer | Sort::Product => 0,
            Sort::Purchased => line.purchased,
            Sort::Allocated => line.allocated,
            Sort::InUse => line.in_use,
            Sort::Invoiced => line.invoiced.unwrap_or_default(),
            Sort::Stated => line.stated.unwrap_or_default(),
        };
        let (customer, product) = (&line.organization_name, &line.product_name);
        let names = match self.sort {
            Sort::Product => [product, customer],
            _ => [customer, product],
        };
        Rank {
            number,
            names: names.map(|name| name.to_lowercase()),
            ids: (line.organization_id, line.product_id),
        }
    }
}

/// Where a line stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    number: i64,
    names: [String; 2],
    ids: (Uuid, Uuid),
}

/// A place in a list, and which way a page leads from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Before or behind a line of a list that was gathered.
    At {
        /// The order's word.
        order: String,
        /// To the page before.
        back: bool,
        /// The line.
        rank: Rank,
    },
    /// Behind a customer, or behind a product of it, in a list that is walked.
    Behind {
        /// The customer's name and id.
        customer: (String, Uuid),
        /// The product's name and id; none where the customer is through.
        product: Option<(String, Uuid)>,
    },
}

impl Place {
    /// The place as a cursor.
    pub fn cursor(&self) -> String {
        Cursor::write(self)
    }

    /// The place a cursor holds; refused where it is of another order.
    pub fn read(cursor: &str, order: Order) -> Result<Place> {
        let place: Place = Cursor::read(cursor)?;
        match &place {
            Place::At { order: word, .. } if *word != order.word() => {
                let message = "This cursor was made by this list in another order.";
                Err(Error::invalid("cursor", "cursor.invalid", message))
            }
            _ => Ok(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_comes_first_and_then_names() {
        let lines = [("b", 5), ("A", 5), ("c", 6)].map(|(name, invoiced)| Line {
            organization_name: name.into(),
            purchased: 5,
            invoiced: Some(invoiced),
            ..Line::default()
        });
        let mut lines = lines.map(Line::settled);
        lines.sort_by_key(|line| Order::USUAL.rank(line));
        let names = lines.map(|line| line.organization_name);
        assert_eq!(names, ["c", "A", "b"]);
    }
}
