//! What was sold, in pages: which licenses, then everything about them.

use std::collections::HashMap;

use rules::{activation::Code, billing::Billing, money::Money};
use store::{Param, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use crate::{
    activation::{self, codes, model::Sold},
    error::Result,
    invoices,
    licenses::{self, model::Status},
    secrets::Vault,
};

/// What the list is narrowed to.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whose sales.
    pub seller_id: Uuid,
    /// One customer's.
    pub customer_id: Option<Uuid>,
    /// In this state.
    pub status: Option<Status>,
    /// Any part of name, note, SKU, product or customer, or a whole code.
    pub keyword: Option<String>,
    /// Behind this license, or before it.
    pub from: Option<From>,
    /// Rows at most.
    pub limit: i64,
}

/// Where a page begins: the newest stand first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Those that are older than this one.
    After(Uuid),
    /// Those that are newer, up to this one.
    Before(Uuid),
}

impl From {
    /// What stands in the address.
    pub fn write(self) -> String {
        match self {
            From::After(id) => format!("after.{id}"),
            From::Before(id) => format!("before.{id}"),
        }
    }

    /// What an address says; nothing where it is no place.
    pub fn read(text: &str) -> Option<From> {
        let (way, id) = text.split_once('.')?;
        let id = id.parse().ok()?;
        match way {
            "after" => Some(From::After(id)),
            "before" => Some(From::Before(id)),
            _ => None,
        }
    }
}

/// A sold license as the list shows it.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The license and its code.
    pub sold: Sold,
    /// Where its invoices stand.
    pub billing: Billing,
    /// Price of one unit for the term, in minor units, and its currency.
    pub price: Option<(i64, String)>,
}

impl Sale {
    /// Price of one unit, and of all of them.
    pub fn amounts(&self) -> (Option<Money>, Option<Money>) {
        let price = self.price.as_ref();
        let price =
            price.and_then(|(minor, currency)| Some(Money::new(*minor, currency.parse().ok()?)));
        let quantity = self.sold.license.quantity;
        let all = price.and_then(|price| price.checked_mul(quantity).ok());
        (price, all)
    }
}

/// A page of what was sold, the newest first, and whether more stands on either side.
#[derive(Debug, Default)]
pub struct Page {
    /// The licenses.
    pub sales: Vec<Sale>,
    /// The page before.
    pub previous: Option<From>,
    /// The page after.
    pub next: Option<From>,
}

/// One page.
pub async fn page(
    tx: &mut Tx<'_>,
    filter: &Filter,
    (vault, now): (&Vault, Timestamp),
) -> Result<Page> {
    let found = ids(tx, filter, (vault, now)).await?;
    let sales = of_ids(tx, &found.0, (vault, now)).await?;
    let (first, last) = (found.0.first().copied(), found.0.last().copied());
    Ok(Page {
        sales,
        previous: first.filter(|_| found.1).map(From::Before),
        next: last.filter(|_| found.2).map(From::After),
    })
}

/// The ids of a page, and whether there is a page before and one after.
async fn ids(
    tx: &mut Tx<'_>,
    filter: &Filter,
    (vault, now): (&Vault, Timestamp),
) -> Result<(Vec<Uuid>, bool, bool)> {
    let mut select = Select::new("SELECT l.id FROM license l");
    let pattern = filter.keyword.as_deref().map(rules::text::like_pattern);
    let code = filter
        .keyword
        .as_deref()
        .and_then(|it| Code::parse(it).ok());
    let print = code.map(|code| codes::fingerprint(vault, &code));
    narrow(&mut select, filter, (&pattern, &print), &now);
    let backwards = match &filter.from {
        Some(From::Before(id)) => {
            select.and("l.id > ?", id);
            true
        }
        Some(From::After(id)) => {
            select.and("l.id < ?", id);
            false
        }
        None => false,
    };
    let wanted = filter.limit + 1;
    let limit = select.bind(&wanted);
    let order = if backwards { "ASC" } else { "DESC" };
    let sql = select.sql(&format!(" ORDER BY l.id {order} LIMIT {limit}"));
    let rows: Vec<(Uuid,)> = tx.query(&sql, select.params()).await?;
    let more = rows.len() as i64 > filter.limit;
    let most = usize::try_from(filter.limit).unwrap_or_default();
    let mut ids: Vec<Uuid> = rows.into_iter().take(most).map(|(id,)| id).collect();
    if backwards {
        ids.reverse();
        return Ok((ids, more, true));
    }
    Ok((ids, filter.from.is_some(), more))
}

fn narrow<'a>(
    select: &mut Select<'a>,
    filter: &'a Filter,
    (pattern, print): (&'a Option<String>, &'a Option<String>),
    now: &'a Timestamp,
) {
    select.and("l.seller_id = ?", &filter.seller_id);
    if let Some(customer_id) = &filter.customer_id {
        select.and("l.organization_id = ?", customer_id);
    }
    if let Some(status) = filter.status {
        let condition = status.condition();
        let places = condition.matches('?').count();
        let instants: Vec<&'a dyn Param> = vec![now; places];
        select.and_all(&condition, &instants);
    }
    let text = "l.id IN (SELECT id FROM license_search WHERE text LIKE ?)";
    let by_code = "l.id IN (SELECT license_id FROM activation_code WHERE fingerprint = ?)";
    match (pattern, print) {
        (Some(pattern), Some(print)) => {
            select.and_all(&format!("({text} OR {by_code})"), &[pattern, print]);
        }
        (Some(pattern), None) => {
            select.and(text, pattern);
        }
        _ => {}
    }
}

/// These sales, in this order.
pub async fn of_ids(
    tx: &mut Tx<'_>,
    ids: &[Uuid],
    (vault, now): (&Vault, Timestamp),
) -> Result<Vec<Sale>> {
    let licenses = licenses::queries::of_ids(tx, ids).await?;
    let mut licenses: HashMap<Uuid, _> = licenses.into_iter().map(|it| (it.id, it)).collect();
    let codes = activation::queries::of_licenses(tx, ids).await?;
    let mut codes: HashMap<Uuid, _> = codes.into_iter().map(|it| (it.license_id, it)).collect();
    let mut prices = prices(tx, ids).await?;
    let billing = invoices::queries::billing_of(tx, ids, now).await?;
    let mut sales = Vec::with_capacity(ids.len());
    for id in ids {
        if let (Some(license), Some(code)) = (licenses.remove(id), codes.remove(id)) {
            sales.push(Sale {
                sold: Sold {
                    license,
                    code: vault.open_if_sealed(&code.sealed)?,
                    state: code.state,
                    expires_at: code.expires_at,
                },
                billing: billing.get(id).copied().unwrap_or(Billing::Unbilled),
                price: prices.remove(id),
            });
        }
    }
    Ok(sales)
}

async fn prices(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, (i64, String)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!(
        "SELECT id, price_minor, currency FROM license WHERE price_minor IS NOT NULL AND id IN {}",
        placeholders(1, params.len())
    );
    let rows: Vec<(Uuid, i64, String)> = tx.query(&sql, &params).await?;
    let price = |(id, minor, currency)| (id, (minor, currency));
    Ok(rows.into_iter().map(price).collect())
}

/// The customers of a seller, by name: what the list can be narrowed to.
pub async fn customers(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, String)>> {
    let sql = "SELECT o.id, o.name FROM organization o WHERE o.id IN
        (SELECT l.organization_id FROM license l WHERE l.seller_id = $1 AND l.awaits_activation = FALSE)
        ORDER BY o.name, o.id LIMIT $2";
    Ok(tx.query(sql, &[&seller_id, &limit]).await?)
}

/// Whether a seller has sold anything yet.
pub async fn any(tx: &mut Tx<'_>, seller_id: Uuid) -> Result<bool> {
    let sql = "SELECT id FROM license WHERE seller_id = $1 LIMIT 1";
    let row: Option<(Uuid,)> = tx.query_opt(sql, &[&seller_id]).await?;
    Ok(row.is_some())
}

/// How many redemptions wait for this account manager.
pub async fn redemptions(tx: &mut Tx<'_>, seller_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM redemption_request WHERE partner_id = $1 AND state = 'waiting'";
    Ok(tx.query_one::<(i64,)>(sql, &[&seller_id]).await?.0)
}
