//! Every statement of a reconciliation: what customers hold, what is on their invoices, what both are called. The order
//! in which tables are named is the order in which SQLite reads them: from customers to what they have.

use std::collections::{BTreeMap, HashMap};

use store::{Date, FromRow, Row, Select, Timestamp, Tx};
use uuid::Uuid;

use super::{model::Only, order::Place};
use crate::{
    error::{Error, Result},
    holdings::places::{GATHERED, padded},
    journal::first_id,
    scope::queries::within_any,
    statements::model::Month,
};

/// Names looked up at once.
const AT_ONCE: usize = 500;
/// Pools that were carried, in one statement: each is laid beside all of their licenses.
const CARRIED_AT_ONCE: usize = 64;

/// Whose customers, which of them, and which month.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The organization above them.
    pub seller_id: Uuid,
    /// Those, or all.
    pub customers: Option<&'a [Uuid]>,
    /// The month.
    pub month: Month,
}

impl Asked<'_> {
    /// Over `organization_node n`.
    fn narrow<'s>(&'s self, select: &mut Select<'s>) {
        select.and("n.parent_id = ?", &self.seller_id);
        if let Some(customers) = self.customers {
            within_any(select, "n.id", customers);
        }
    }
}

/// A pool of a customer: of a license it was sold, or passed from a pool of the seller.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The pool.
    pub pool_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// The customer.
    pub organization_id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Units.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound.
    pub assigned: i64,
    /// The customer owns the license.
    pub own: bool,
    /// When the license ended or will.
    pub ends_at: Option<Timestamp>,
    /// What was decided about the license.
    pub standing: String,
}

impl FromRow for Holding {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (organization_id, owner): (Uuid, Uuid) = (row.get(2)?, row.get(7)?);
        Ok(Holding {
            pool_id: row.get(0)?,
            license_id: row.get(1)?,
            organization_id,
            product_id: row.get(3)?,
            quantity: row.get(4)?,
            allocated: row.get(5)?,
            assigned: row.get(6)?,
            own: owner == organization_id,
            ends_at: row.get(8)?,
            standing: row.get(9)?,
        })
    }
}

/// Whether all customers of an organization can be laid side by side at once.
pub async fn is_gathered(tx: &mut Tx<'_>, seller_id: Uuid) -> Result<bool> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM organization_node n CROSS JOIN pool p
         WHERE n.parent_id = $1 AND p.organization_id = n.id LIMIT {}) c",
        GATHERED + 1
    );
    Ok(tx.query_one::<(i64,)>(&sql, &[&seller_id]).await?.0 <= GATHERED)
}

/// Pools that went to another license from an instant on, with the license that each was of by then.
pub async fn carried(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
    at: Timestamp,
) -> Result<HashMap<Uuid, Uuid>> {
    let earliest = first_id(at);
    let mut select = Select::new(
        "SELECT c.row_id, c.before ->> 'license_id'
         FROM organization_node n CROSS JOIN pool p CROSS JOIN change c CROSS JOIN journal j",
    );
    asked.narrow(&mut select);
    select
        .and_raw("p.organization_id = n.id AND c.noun = 'pool' AND c.row_id = p.id")
        .and_raw("j.id = c.journal_id")
        .and("c.journal_id >= ?", &earliest)
        .and("j.at >= ?", &at)
        .and_raw("c.before ->> 'license_id' IS NOT NULL");
    let sql = select.sql(" ORDER BY c.row_id, c.version");
    let rows: Vec<(Uuid, String)> = tx.query(&sql, select.params()).await?;
    let mut carried = HashMap::new();
    for (pool_id, license_id) in rows {
        let license_id = license_id.parse::<Uuid>().map_err(Error::internal)?;
        // The first of a pool says how it was.
        carried.entry(pool_id).or_insert(license_id);
    }
    Ok(carried)
}

/// The pools of customers whose licenses ran in the month, as they are now; those that were `carried` since with the
/// license that they were of.
pub async fn holdings(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
    carried: &HashMap<Uuid, Uuid>,
) -> Result<Vec<Holding>> {
    let mut found = ran(tx, asked, None).await?;
    found.retain(|it| !carried.contains_key(&it.pool_id));
    let pairs = carried.iter().map(|(pool, license)| (*pool, *license));
    let pairs: Vec<(Uuid, Uuid)> = pairs.collect();
    for some in pairs.chunks(CARRIED_AT_ONCE) {
        let (pools, licenses): (Vec<Uuid>, Vec<Uuid>) = some.iter().copied().unzip();
        let (pools, licenses) = (padded(pools), padded(licenses));
        let then = ran(tx, asked, Some((pools.as_slice(), licenses.as_slice()))).await?;
        let is_pair = |it: &Holding| carried.get(&it.pool_id) == Some(&it.license_id);
        found.extend(then.into_iter().filter(is_pair));
    }
    Ok(found)
}

/// Pools with licenses that ran in the month: each with its own, or these with any of those.
async fn ran(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
    these: Option<(&[Uuid], &[Uuid])>,
) -> Result<Vec<Holding>> {
    let (first, last) = (Date(asked.month.first()), Date(asked.month.last()));
    let from = match these {
        Some(_) => "pool p CROSS JOIN organization_node n",
        None => "organization_node n CROSS JOIN pool p",
    };
    let mut select = Select::new(format!(
        "SELECT p.id, l.id, p.organization_id, l.product_id, p.quantity, p.allocated, p.assigned,
         l.organization_id, l.ends_at, l.standing
         FROM {from} CROSS JOIN license l LEFT JOIN pool above ON above.id = p.parent_id"
    ));
    asked.narrow(&mut select);
    select.and_raw("p.organization_id = n.id");
    match these {
        Some((pools, licenses)) => {
            within_any(&mut select, "p.id", pools);
            within_any(&mut select, "l.id", licenses);
        }
        None => {
            select.and_raw("l.id = p.license_id");
        }
    }
    let whose = "((l.organization_id = p.organization_id AND l.seller_id = ?)
        OR (l.organization_id <> p.organization_id AND above.organization_id = ?))";
    select
        .and_all(whose, &[&asked.seller_id, &asked.seller_id])
        .and_raw("l.standing <> 'draft'")
        .and_raw("l.awaits_activation = FALSE")
        .and("l.start_date <= ?", &last)
        .and("(l.end_date IS NULL OR l.end_date >= ?)", &first);
    Ok(tx.query(&select.sql(""), select.params()).await?)
}

/// Units billed, and on which invoice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Billed {
    /// Units.
    pub units: i64,
    /// The invoice, where it is one.
    pub invoice: Only,
}

/// A line of a finalized invoice or credit note.
struct BilledLine {
    buyer_id: Uuid,
    product_id: Uuid,
    license_id: Uuid,
    first_day: Date,
    quantity: i64,
    is_credit: bool,
    invoice_id: Uuid,
    corrects_id: Option<Uuid>,
}

impl FromRow for BilledLine {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(BilledLine {
            buyer_id: row.get(0)?,
            product_id: row.get(1)?,
            license_id: row.get(2)?,
            first_day: row.get(3)?,
            quantity: row.get(4)?,
            is_credit: row.get::<String>(5)? == "credit_note",
            invoice_id: row.get(6)?,
            corrects_id: row.get(7)?,
        })
    }
}

/// Units on invoices of the seller for days of the month, by customer and product. Of each license the latest days
/// count: where it was billed for two periods that meet in the month, its units are the same ones.
pub async fn billed(tx: &mut Tx<'_>, asked: &Asked<'_>) -> Result<BTreeMap<(Uuid, Uuid), Billed>> {
    let (first, last) = (Date(asked.month.first()), Date(asked.month.last()));
    let mut select = Select::new(
        "SELECT i.buyer_id, l.product_id, x.license_id, x.first_day, x.quantity, i.kind, i.id, i.corrects_id
         FROM organization_node n CROSS JOIN invoice i CROSS JOIN invoice_line x CROSS JOIN license l",
    );
    asked.narrow(&mut select);
    select
        .and_raw("i.buyer_id = n.id AND x.invoice_id = i.id AND l.id = x.license_id")
        // Not by the index of issuers: an issuer has far more invoices than a few customers.
        .and("(i.issuer_id = ?) = TRUE", &asked.seller_id)
        .and_raw("i.state = 'finalized'")
        .and("x.first_day <= ?", &last)
        .and("(x.last_day IS NULL OR x.last_day >= ?)", &first);
    let lines: Vec<BilledLine> = tx.query(&select.sql(""), select.params()).await?;
    Ok(latest(&lines))
}

/// What is billed for the latest days of each license, added up.
fn latest(lines: &[BilledLine]) -> BTreeMap<(Uuid, Uuid), Billed> {
    let mut last_days: HashMap<(Uuid, Uuid), Date> = HashMap::new();
    for line in lines {
        let day = last_days
            .entry((line.buyer_id, line.license_id))
            .or_insert(line.first_day);
        *day = (*day).max(line.first_day);
    }
    let credited: Vec<Uuid> = lines.iter().filter_map(|line| line.corrects_id).collect();
    let mut billed: BTreeMap<(Uuid, Uuid), Billed> = BTreeMap::new();
    for line in lines {
        if last_days[&(line.buyer_id, line.license_id)] != line.first_day {
            continue;
        }
        let entry = billed.entry((line.buyer_id, line.product_id)).or_default();
        let sign = if line.is_credit { -1 } else { 1 };
        entry.units += sign * line.quantity;
        if !line.is_credit && !credited.contains(&line.invoice_id) {
            entry.invoice.and(line.invoice_id);
        }
    }
    billed
}

/// A customer as it is called.
pub type Customer = (Uuid, String, Option<String>);

/// What these are called, as far as they are customers of the seller still.
pub async fn customers(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Customer>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let some = padded(some.to_vec());
        let mut select = Select::new(
            "SELECT o.id, o.name, o.reference FROM organization_node n JOIN organization o ON o.id = n.id",
        );
        within_any(&mut select, "n.id", &some);
        select.and("(n.parent_id = ?) = TRUE", &seller_id);
        let rows: Vec<Customer> = tx.query(&select.sql(""), select.params()).await?;
        found.extend(rows.into_iter().map(|row| (row.0, row)));
    }
    Ok(found)
}

/// A product as it is called: id, code, name, unit, units.
pub type Product = (Uuid, String, String, String, String);

/// What these products are called.
pub async fn products(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Product>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let some = padded(some.to_vec());
        let mut select = Select::new("SELECT id, code, name, unit, units FROM product");
        within_any(&mut select, "id", &some);
        let rows: Vec<Product> = tx.query(&select.sql(""), select.params()).await?;
        found.extend(rows.into_iter().map(|row| (row.0, row)));
    }
    Ok(found)
}

/// The next customers of an organization by name: from the one a place stands within, or behind the one it is through
/// with.
pub async fn walk(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    from: Option<&Place>,
    limit: i64,
) -> Result<Vec<Customer>> {
    let mut select = Select::new(
        "SELECT o.id, o.name, o.reference FROM organization o CROSS JOIN organization_node n",
    );
    select
        .and_raw("n.id = o.id")
        .and("n.parent_id = ?", &seller_id);
    if let Some(Place::Behind { customer, product }) = from {
        let sign = if product.is_some() { ">=" } else { ">" };
        let (name, id) = (select.bind(&customer.0), select.bind(&customer.1));
        select.and_raw(&format!("(o.name, o.id) {sign} ({name}, {id})"));
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY o.name, o.id LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn line(license: u128, first_day: Date, quantity: i64, invoice: u128) -> BilledLine {
        BilledLine {
            buyer_id: Uuid::from_u128(1),
            product_id: Uuid::from_u128(2),
            license_id: Uuid::from_u128(license),
            first_day,
            quantity,
            is_credit: false,
            invoice_id: Uuid::from_u128(invoice),
            corrects_id: None,
        }
    }

    #[test]
    fn the_latest_days_of_each_license_count() {
        let (early, late) = (Date(date(2026, 5, 15)), Date(date(2026, 6, 15)));
        let credit = BilledLine {
            is_credit: true,
            corrects_id: Some(Uuid::from_u128(22)),
            ..line(7, late, 12, 23)
        };
        let lines = [
            line(7, early, 10, 21),
            line(7, late, 12, 22),
            credit,
            line(7, late, 11, 24),
            line(8, early, 5, 21),
        ];
        let found = latest(&lines);
        let billed = found[&(Uuid::from_u128(1), Uuid::from_u128(2))];
        assert_eq!((billed.units, billed.invoice), (16, Only::Several));
        assert_eq!(
            latest(&lines[..3])
                .into_values()
                .next()
                .map(|it| (it.units, it.invoice)),
            Some((0, Only::Nothing))
        );
    }
}
