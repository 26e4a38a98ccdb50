//! Which customer and product a row of a statement is about, and why not.

use std::collections::HashMap;

use store::Tx;
use uuid::Uuid;

use crate::{
    error::Result,
    rows::{
        cells::{Cells, Mapping, Remark, Staged, forgiving, price_of, units_of},
        sheet::{Field, field},
    },
};

/// The fields of a statement, required ones first.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "customer",
            "Customer",
            "By its reference, else by its name.",
            &[
                "customerreference",
                "customernumber",
                "customerid",
                "customerno",
                "customer",
                "endcustomer",
                "customername",
                "endcustomername",
                "company",
                "companyname",
                "tenant",
                "tenantname",
                "organization",
                "organizationname",
                "organisation",
                "account",
                "accountname",
                "reference",
                "client",
                "kundennummer",
                "kunde",
            ],
        )
    },
    Field {
        required: true,
        ..field(
            "product",
            "Product",
            "By the code of a SKU, else by code or name of a product.",
            &[
                "skucode",
                "sku",
                "skuid",
                "productcode",
                "productid",
                "partnumber",
                "articlenumber",
                "article",
                "itemnumber",
                "item",
                "product",
                "productname",
                "offer",
                "license",
                "artikelnummer",
                "artikel",
            ],
        )
    },
    Field {
        required: true,
        ..field(
            "quantity",
            "Units",
            "Whole numbers; below zero where units are given back.",
            &[
                "quantity",
                "units",
                "qty",
                "seats",
                "licenses",
                "count",
                "users",
                "billablequantity",
                "billedquantity",
                "menge",
                "anzahl",
            ],
        )
    },
    field(
        "amount",
        "Amount",
        "What the distributor charges for the row.",
        &[
            "amount",
            "total",
            "net",
            "netamount",
            "linetotal",
            "totalprice",
            "price",
            "betrag",
        ],
    ),
    field(
        "currency",
        "Currency",
        "Of the amount, such as EUR.",
        &["currency", "currencycode", "curr", "waehrung", "währung"],
    ),
];

/// What a row of a statement was found to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The customer, directly below.
    pub organization_id: Option<Uuid>,
    /// The product.
    pub product_id: Option<Uuid>,
    /// Units.
    pub quantity: Option<i64>,
    /// The amount and its currency.
    pub amount: Option<(i64, String)>,
    /// What is wrong with it.
    pub remarks: Vec<Remark>,
}

impl Found {
    /// Whether it has all that is counted.
    pub fn is_matched(&self) -> bool {
        self.organization_id.is_some() && self.product_id.is_some() && self.quantity.is_some()
    }
}

/// What words mean: one thing, or several that nobody can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    One(Uuid),
    Several,
}

/// Words as people write them, and what they mean. Of two sorts of words the earlier one counts.
#[derive(Debug, Default)]
struct Words {
    sorts: [HashMap<String, Meaning>; 2],
}

impl Words {
    fn learn(&mut self, sort: usize, word: Option<&str>, id: Uuid) {
        let word = forgiving(word.unwrap_or_default());
        if word.is_empty() {
            return;
        }
        let meaning = self.sorts[sort].entry(word).or_insert(Meaning::One(id));
        if *meaning != Meaning::One(id) {
            *meaning = Meaning::Several;
        }
    }

    fn meaning(&self, word: &str) -> Option<Meaning> {
        let word = forgiving(word);
        let mut sorts = self.sorts.iter();
        sorts.find_map(|sort| sort.get(&word)).copied()
    }
}

/// All that a row can be about.
#[derive(Debug, Default)]
pub struct Known {
    customers: Words,
    products: Words,
}

impl Known {
    /// The organizations directly below one, and the catalog.
    pub async fn read(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Known> {
        let mut known = Known::default();
        let sql = "SELECT o.id, o.reference, o.name FROM organization_node n JOIN organization o ON o.id = n.id
            WHERE n.parent_id = $1";
        let customers: Vec<(Uuid, Option<String>, String)> =
            tx.query(sql, &[&organization_id]).await?;
        for (id, reference, name) in &customers {
            known.customers.learn(0, reference.as_deref(), *id);
            known.customers.learn(1, Some(name), *id);
        }
        let sql = "SELECT product_id, reference, code FROM sku";
        let skus: Vec<(Uuid, Option<String>, String)> = tx.query(sql, &[]).await?;
        for (id, reference, code) in &skus {
            known.products.learn(0, reference.as_deref(), *id);
            known.products.learn(0, Some(code), *id);
        }
        let sql = "SELECT id, reference, code, name FROM product";
        let products: Vec<(Uuid, Option<String>, String, String)> = tx.query(sql, &[]).await?;
        for (id, reference, code, name) in &products {
            known.products.learn(1, reference.as_deref(), *id);
            known.products.learn(1, Some(code), *id);
            known.products.learn(1, Some(name), *id);
        }
        Ok(known)
    }

    /// What a row says, and what is wrong with it by row and column.
    pub fn find(&self, row: &Staged, mapping: &Mapping, headings: &[String]) -> Found {
        let reading = Reading {
            cells: Cells::of(row, mapping),
            mapping,
            headings,
        };
        let mut remarks = Vec::new();
        let customer = reading.meant("customer", &self.customers);
        let product = reading.meant("product", &self.products);
        let (units, amount) = (reading.units(), reading.amount());
        Found {
            organization_id: settled(customer, &mut remarks),
            product_id: settled(product, &mut remarks),
            quantity: settled(units, &mut remarks),
            amount: settled(amount, &mut remarks).flatten(),
            remarks,
        }
    }
}

fn settled<T>(read: std::result::Result<T, Remark>, remarks: &mut Vec<Remark>) -> Option<T> {
    read.map_err(|remark| remarks.push(remark)).ok()
}

/// One row with the names of its columns.
struct Reading<'a> {
    cells: Cells<'a>,
    mapping: &'a Mapping,
    headings: &'a [String],
}

impl Reading<'_> {
    fn remark(&self, field: &str, code: &str, message: String) -> Remark {
        let place = self.mapping.get(field);
        Remark {
            column: place.and_then(|place| self.headings.get(*place)).cloned(),
            code: code.into(),
            message,
            error: true,
        }
    }

    fn need(&self, field: &str) -> std::result::Result<String, Remark> {
        let said = self.cells.get(field);
        said.ok_or_else(|| self.remark(field, "required", "The cell is empty.".into()))
    }

    fn meant(&self, field: &str, words: &Words) -> std::result::Result<Uuid, Remark> {
        let said = self.need(field)?;
        let (code, message) = match (words.meaning(&said), field == "customer") {
            (Some(Meaning::One(id)), _) => return Ok(id),
            (Some(Meaning::Several), true) => (
                "customer.ambiguous",
                format!("Several of your customers are called “{said}”; give the reference."),
            ),
            (Some(Meaning::Several), false) => (
                "product.ambiguous",
                format!("Several products are called “{said}”; give the code of the SKU."),
            ),
            (None, true) => (
                "customer.unknown",
                format!("No customer directly below you is called “{said}”."),
            ),
            (None, false) => (
                "product.unknown",
                format!("The catalog has no SKU or product “{said}”."),
            ),
        };
        Err(self.remark(field, code, message))
    }

    fn units(&self) -> std::result::Result<i64, Remark> {
        let said = self.need("quantity")?;
        let (sign, digits) = signed(&said);
        let units = units_of(digits).filter(|units| *units <= crate::licenses::model::MAX_UNITS);
        units.map(|units| sign * units).ok_or_else(|| {
            let message = format!("“{said}” is not a whole number of units.");
            self.remark("quantity", "number.malformed", message)
        })
    }

    /// An amount counts with its currency only; a row without one counts as well.
    fn amount(&self) -> std::result::Result<Option<(i64, String)>, Remark> {
        let (Some(amount), Some(currency)) = (self.cells.get("amount"), self.cells.get("currency"))
        else {
            return Ok(None);
        };
        let (sign, digits) = signed(&amount);
        let read = price_of(digits, &currency);
        read.map(|(minor, currency)| Some((sign * minor, currency)))
            .ok_or_else(|| {
                let message = format!("“{amount} {currency}” is not an amount.");
                let said = self.remark("amount", "price.malformed", message);
                Remark {
                    error: false,
                    ..said
                }
            })
    }
}

/// What is given back has a minus sign, of either kind.
fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix(['-', '−']) {
        Some(digits) => (-1, digits.trim_start()),
        None => (1, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> (Known, [Uuid; 3]) {
        let ids = [1, 2, 3].map(Uuid::from_u128);
        let mut known = Known::default();
        known.customers.learn(0, Some("C-17"), ids[0]);
        known.customers.learn(1, Some("Aurora Hospitals"), ids[0]);
        known.customers.learn(1, Some("Twin"), ids[0]);
        known.customers.learn(1, Some("twin."), ids[1]);
        known.products.learn(0, Some("MDR-1Y"), ids[2]);
        (known, ids)
    }

    fn found(cells: &[&str]) -> Found {
        let headings = ["Customer", "SKU", "Qty", "Amount", "Currency"].map(String::from);
        let mapping = crate::rows::sheet::guess(FIELDS, &headings);
        let row = Staged {
            number: 2,
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        };
        known().0.find(&row, &mapping, &headings)
    }

    #[test]
    fn a_row_is_understood_forgivingly() {
        let ids = known().1;
        for customer in ["c17", "aurora  HOSPITALS"] {
            let found = found(&[customer, "mdr 1y", "1 200", "12,50", "eur"]);
            assert!(found.is_matched() && found.remarks.is_empty(), "{found:?}");
            assert_eq!(
                (found.organization_id, found.product_id),
                (Some(ids[0]), Some(ids[2]))
            );
            assert_eq!(
                (found.quantity, found.amount),
                (Some(1_200), Some((1_250, "EUR".into())))
            );
        }
        assert_eq!(
            found(&["C-17", "MDR-1Y", "-5", "-1.5", "EUR"]).quantity,
            Some(-5)
        );
    }

    #[test]
    fn what_matches_nothing_says_why() {
        for (cells, code, column) in [
            (["Nobody", "MDR-1Y", "1"], "customer.unknown", "Customer"),
            (["Twin", "MDR-1Y", "1"], "customer.ambiguous", "Customer"),
            (["C-17", "XYZ", "1"], "product.unknown", "SKU"),
            (["C-17", "MDR-1Y", "many"], "number.malformed", "Qty"),
            (
                ["C-17", "MDR-1Y", "-9223372036854775808"],
                "number.malformed",
                "Qty",
            ),
            (["C-17", "MDR-1Y", ""], "required", "Qty"),
        ] {
            let found = found(&cells);
            assert!(!found.is_matched(), "{cells:?}");
            let remark = &found.remarks[0];
            assert_eq!(
                (remark.code.as_str(), remark.column.as_deref()),
                (code, Some(column))
            );
        }
        let odd = found(&["C-17", "MDR-1Y", "1", "a lot", "EUR"]);
        assert!(odd.is_matched() && !odd.remarks[0].error, "{odd:?}");
    }
}
