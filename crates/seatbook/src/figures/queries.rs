//! Every statement that reads figures. Few pools are added up at once; of many, the sums are read that follow the book.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil};
use store::{Date, Param, Timestamp, Tx};
use uuid::Uuid;

use super::{
    follower,
    model::{Amount, MOST_WORTH, MonthEnding, ProductFigures, Since, Week, weeks},
};
use crate::error::Result;

/// Up to so many pools are added up while somebody waits.
pub const FEW: i64 = 500;

/// What an organization holds, added up.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// How many pools were added up for this; nothing where there are too many for that.
    pub few: Option<i64>,
    /// Where the figures are not of this moment: of when they are.
    pub as_of: Option<Timestamp>,
    /// By product, the most units first; only what is held in active licenses.
    pub products: Vec<ProductFigures>,
    /// What ends in each of the months asked for, whether anything does or not.
    pub months: Vec<MonthEnding>,
}

/// Pools whose license is active at `$2`, at the organization `$1`: the same as [`super::counting`] judges.
const ACTIVE: &str = "FROM pool p JOIN license l ON l.id = p.license_id
    WHERE p.organization_id = $1 AND p.quantity > 0 AND p.open = TRUE AND p.starts_at <= $2
      AND (p.ends_at IS NULL OR p.ends_at > $2)";

/// What an organization holds, with what ends in `months` months from a day on.
pub async fn read(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    (first, months): (civil::Date, i64),
) -> Result<Figures> {
    let first = first.first_of_month();
    let after = first.checked_add(months.months()).unwrap_or(first);
    let range = (Date(first), Date(after));
    let size = size(tx, organization_id).await?;
    if size <= FEW {
        return Ok(Figures {
            few: Some(size),
            as_of: None,
            products: added_up(tx, organization_id, now).await?,
            months: by_month(ending(tx, organization_id, now, range).await?, range),
        });
    }
    Ok(Figures {
        few: None,
        as_of: as_of(tx, now).await?,
        products: kept(tx, organization_id).await?,
        months: by_month(kept_ending(tx, organization_id, range).await?, range),
    })
}

/// How many pools an organization has, no further than [`FEW`] and one more.
async fn size(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<i64> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT id FROM pool WHERE organization_id = $1 AND quantity > 0 LIMIT {}) counted",
        FEW + 1
    );
    Ok(tx.query_one::<(i64,)>(&sql, &[&organization_id]).await?.0)
}

/// Of when the sums are, where that is not now.
pub async fn as_of(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "SELECT clock_at, EXISTS (SELECT 1 FROM journal WHERE seq IS NULL) FROM figure_place WHERE id = 1";
    let (at, unnumbered): (Timestamp, bool) = tx.query_one(sql, &[]).await?;
    let late = unnumbered || follower::is_due(tx, now).await?;
    Ok(late.then_some(at))
}

/// Product, name, units, licenses, committed, passed on, bound.
type ProductRow = (Uuid, String, String, i64, i64, i64, i64);

fn product(row: ProductRow) -> ProductFigures {
    let (product_id, product_name, units, licenses, quantity, allocated, assigned) = row;
    ProductFigures {
        product_id,
        product_name,
        units,
        licenses,
        quantity,
        allocated,
        assigned,
        free: quantity - allocated - assigned,
    }
}

async fn added_up(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
) -> Result<Vec<ProductFigures>> {
    let sql = format!(
        "SELECT r.id, r.name, r.units, h.licenses, h.quantity, h.allocated, h.assigned FROM product r JOIN (
           SELECT l.product_id AS product_id, count(*) AS licenses, CAST(sum(p.quantity) AS BIGINT) AS quantity,
             CAST(sum(p.allocated) AS BIGINT) AS allocated, CAST(sum(p.assigned) AS BIGINT) AS assigned {ACTIVE}
           GROUP BY l.product_id) h ON h.product_id = r.id
         ORDER BY h.quantity DESC, r.name, r.id"
    );
    let rows: Vec<ProductRow> = tx.query(&sql, &[&organization_id, &now]).await?;
    Ok(rows.into_iter().map(product).collect())
}

async fn kept(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<ProductFigures>> {
    let sql = "SELECT r.id, r.name, r.units, f.licenses, f.quantity, f.allocated, f.assigned
        FROM figure f JOIN product r ON r.id = f.product_id
        WHERE f.organization_id = $1 AND f.licenses > 0 ORDER BY f.quantity DESC, r.name, r.id";
    let rows: Vec<ProductRow> = tx.query(sql, &[&organization_id]).await?;
    Ok(rows.into_iter().map(product).collect())
}

/// A day of the month, the currency of the price, licenses, units, worth.
type EndingRow = (Date, String, i64, i64, i64);

async fn ending(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    (first, after): (Date, Date),
) -> Result<Vec<EndingRow>> {
    let sql = format!(
        "SELECT e.end_date, e.currency, count(*), CAST(sum(e.quantity) AS BIGINT), CAST(sum(e.worth) AS BIGINT) FROM (
           SELECT l.end_date AS end_date, p.quantity AS quantity,
             CASE WHEN p.organization_id = l.organization_id THEN coalesce(l.currency, '') ELSE '' END AS currency,
             CASE WHEN p.organization_id = l.organization_id AND l.price_minor <= {MOST_WORTH} / p.quantity
               THEN l.price_minor * p.quantity ELSE 0 END AS worth
           {ACTIVE} AND l.end_date >= $3 AND l.end_date < $4) e
         GROUP BY e.end_date, e.currency"
    );
    let params: [&dyn Param; 4] = [&organization_id, &now, &first, &after];
    Ok(tx.query(&sql, &params).await?)
}

async fn kept_ending(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    (first, after): (Date, Date),
) -> Result<Vec<EndingRow>> {
    let sql = "SELECT month, currency, licenses, quantity, worth_minor FROM figure_month
        WHERE organization_id = $1 AND month >= $2 AND month < $3 AND licenses > 0";
    Ok(tx.query(sql, &[&organization_id, &first, &after]).await?)
}

/// One row for each month, in their order; worth in no currency is none.
fn by_month(rows: Vec<EndingRow>, (first, after): (Date, Date)) -> Vec<MonthEnding> {
    let mut sums: BTreeMap<civil::Date, (i64, i64, BTreeMap<String, i64>)> = BTreeMap::new();
    let mut month = first.0;
    while month < after.0 {
        sums.insert(month, Default::default());
        let Ok(next) = month.checked_add(1.month()) else {
            break;
        };
        month = next;
    }
    for (day, currency, licenses, quantity, worth) in rows {
        let sum = sums.entry(day.0.first_of_month()).or_default();
        (sum.0, sum.1) = (sum.0 + licenses, sum.1 + quantity);
        if !currency.is_empty() {
            *sum.2.entry(currency).or_default() += worth;
        }
    }
    let amount = |(currency, amount_minor)| Amount {
        amount_minor,
        currency,
    };
    let row = |(month, (licenses, quantity, values)): (civil::Date, (_, _, BTreeMap<_, _>))| {
        MonthEnding {
            month: month.strftime("%Y-%m").to_string(),
            licenses,
            quantity,
            values: values.into_iter().map(amount).collect(),
        }
    };
    sums.into_iter().map(row).collect()
}

/// What an organization held week by week, of one product or of all: from a Monday, or from when there was anything, to
/// another Monday.
pub async fn history(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    product_id: Option<Uuid>,
    (first, last): (civil::Date, civil::Date),
) -> Result<Vec<Week>> {
    let from = Date(first);
    let mut params: Vec<&dyn Param> = vec![&organization_id, &from];
    let mut only = "";
    if let Some(product_id) = &product_id {
        params.push(product_id);
        only = " AND f.product_id = $3";
    }
    // Kept apart, the first week is looked up once for a product and not for each of its weeks.
    let sql = format!(
        "WITH held AS MATERIALIZED (SELECT f.product_id AS product_id, coalesce((SELECT max(x.week) FROM figure_week x
            WHERE x.organization_id = f.organization_id AND x.product_id = f.product_id AND x.week <= $2), $2) AS since
          FROM figure f WHERE f.organization_id = $1{only})
        SELECT w.product_id, w.week, w.quantity, w.allocated, w.assigned FROM held
        JOIN figure_week w ON w.organization_id = $1 AND w.product_id = held.product_id AND w.week >= held.since
        ORDER BY w.week"
    );
    let rows: Vec<(Uuid, Date, i64, i64, i64)> = tx.query(&sql, &params).await?;
    let since =
        |row: (Uuid, Date, i64, i64, i64)| -> Since { (row.0, row.1.0, row.2, row.3, row.4) };
    let states: Vec<Since> = rows.into_iter().map(since).collect();
    Ok(weeks(&states, (first, last)))
}
