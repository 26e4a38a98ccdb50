//! Every statement that reads invoices.

use std::collections::HashMap;

use rules::billing::Billing;
use store::{Date, FromRow, Json, Param, Row, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    model::{Invoice, Line, Payment},
    status::{LATEST, Side, Status},
};
use crate::{
    error::Result,
    scope::{Permission, Scope},
};

const INVOICE: &str = "SELECT i.id, i.issuer_id, s.name, i.buyer_id, b.name, i.state, i.kind, i.series, i.number,
    i.issued_on, i.due_on, i.currency, i.net_minor, i.tax_minor, i.total_minor, i.tax_rounding, i.note, i.corrects_id,
    c.id, coalesce(p.paid_minor, 0), coalesce(p.credited_minor, 0), i.overdue_at, i.created_at, i.finalized_at,
    i.version
    FROM invoice i JOIN organization s ON s.id = i.issuer_id JOIN organization b ON b.id = i.buyer_id
    LEFT JOIN invoice c ON c.corrects_id = i.id LEFT JOIN invoice_balance p ON p.invoice_id = i.id";

/// The organizations whose invoices a scope sees. Amounts are between seller and buyer: rights held further up do not
/// reach them. The seller's people need to see prices, too.
pub struct Sides {
    /// As issuer, drafts included.
    pub issuers: Vec<Uuid>,
    /// As buyer, what is finalized.
    pub buyers: Vec<Uuid>,
}

impl Sides {
    /// Those of a scope.
    pub fn of(scope: &Scope) -> Sides {
        let priced = scope.roots(Permission::PricesRead);
        let buyers = scope.roots(Permission::InvoicesRead);
        let issuers = buyers.iter().filter(|id| priced.contains(id));
        Sides {
            issuers: issuers.copied().collect(),
            buyers,
        }
    }

    fn narrow<'a>(&'a self, select: &mut Select<'a>) {
        let mut list = |ids: &'a [Uuid]| {
            let places: Vec<String> = ids.iter().map(|id| select.bind(id)).collect();
            match places.is_empty() {
                true => "NULL".into(),
                false => places.join(", "),
            }
        };
        let (issuers, buyers) = (list(&self.issuers), list(&self.buyers));
        select.and_raw(&format!(
            "(i.issuer_id IN ({issuers}) OR (i.state = 'finalized' AND i.buyer_id IN ({buyers})))"
        ));
    }
}

/// The invoice, whoever asks: for commands that have asked for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Invoice>> {
    let sql = format!("{INVOICE} WHERE i.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The invoice, where the scope is on one of its sides.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Invoice>> {
    let sides = Sides::of(scope);
    let mut select = Select::new(INVOICE);
    select.and("i.id = ?", &id);
    sides.narrow(&mut select);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// What a list of invoices is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of number, parties, SKU or license name.
    pub keyword: Option<String>,
    /// Of this issuer or buyer.
    pub organization_id: Option<Uuid>,
    /// That this organization issued, or received.
    pub side: Option<(Side, Uuid)>,
    /// That bill, or credit, this license.
    pub license_id: Option<Uuid>,
    /// Standing so.
    pub status: Option<Status>,
    /// Older than this one.
    pub before: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

/// Invoices that the scope can see, the newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<Invoice>> {
    scope.require(Permission::InvoicesRead)?;
    let sides = Sides::of(scope);
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(INVOICE);
    sides.narrow(&mut select);
    if let Some(keyword) = &keyword {
        select.and(
            "i.id IN (SELECT id FROM invoice_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some(id) = &filter.organization_id {
        select.and_all("(i.issuer_id = ? OR i.buyer_id = ?)", &[id, id]);
    }
    match &filter.side {
        Some((Side::Issued, id)) => drop(select.and("i.issuer_id = ?", id)),
        Some((Side::Received, id)) => drop(select.and("i.buyer_id = ?", id)),
        None => {}
    }
    if let Some(id) = &filter.license_id {
        let lines = "i.id IN (SELECT x.invoice_id FROM invoice_line x WHERE x.license_id = ?)";
        select.and(lines, id);
    }
    if let Some(status) = filter.status {
        let condition = status.condition();
        match condition.contains('?') {
            true => select.and(&condition, &now),
            false => select.and_raw(&condition),
        };
    }
    if let Some(before) = &filter.before {
        select.and("i.id < ?", before);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY i.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

const LINE: &str = "SELECT position, license_id, sku_code, description, first_day, last_day, days, of_days,
    period_start, quantity, unit, units, unit_price_minor, net_minor, tax_category, tax_rate_basis_points, tax_minor,
    rule FROM invoice_line";

/// The lines of an invoice, in their order.
pub async fn lines(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<Vec<Line>> {
    let sql = format!("{LINE} WHERE invoice_id = $1 ORDER BY position");
    Ok(tx.query(&sql, &[&invoice_id]).await?)
}

/// Both parties and the texts as they were when it was finalized; empty for a draft.
pub async fn snapshot(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<serde_json::Value> {
    let sql = "SELECT snapshot FROM invoice WHERE id = $1";
    Ok(tx.query_one::<(Json,)>(sql, &[&invoice_id]).await?.0.0)
}

const PAYMENT: &str =
    "SELECT m.id, m.invoice_id, m.amount_minor, m.paid_on, m.reference, m.reverses_id, r.id,
    m.recorded_by, m.recorded_at FROM payment m LEFT JOIN payment r ON r.reverses_id = m.id";

/// The payments of an invoice, counter-entries among them, in the order they were recorded.
pub async fn payments(tx: &mut Tx<'_>, invoice_id: Uuid) -> Result<Vec<Payment>> {
    let sql = format!("{PAYMENT} WHERE m.invoice_id = $1 ORDER BY m.id");
    Ok(tx.query(&sql, &[&invoice_id]).await?)
}

/// The payment, whoever asks.
pub async fn find_payment(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Payment>> {
    let sql = format!("{PAYMENT} WHERE m.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// A license with what billing it needs.
#[derive(Clone, Debug)]
pub struct Billable {
    /// The license.
    pub license_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
    /// Who sold it.
    pub seller_id: Option<Uuid>,
    /// Price of one unit for one validity.
    pub price: Option<(i64, String)>,
    /// Its units.
    pub quantity: i64,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Option<Date>,
    /// How long one period is; none where it is bought once.
    pub validity: Option<String>,
    /// Whether it is issued: neither a draft nor ended by decision.
    pub issued: bool,
    /// Nobody has redeemed its code yet.
    pub awaits_activation: bool,
    /// A name to find it by.
    pub name: Option<String>,
    /// Its SKU's code.
    pub sku_code: String,
    /// The product.
    pub product_name: String,
    /// ("device", "devices").
    pub unit: (String, String),
    /// Its terms in order, where it has had more than one.
    pub terms: Vec<BilledTerm>,
}

/// One term of a license, as it is billed.
#[derive(Clone, Debug)]
pub struct BilledTerm {
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
    /// The units it had.
    pub quantity: i64,
    /// Price of one unit for one validity.
    pub price: Option<(i64, String)>,
}

impl FromRow for Billable {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (price, currency): (Option<i64>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Billable {
            license_id: row.get(0)?,
            owner_id: row.get(1)?,
            seller_id: row.get(2)?,
            price: price.zip(currency),
            quantity: row.get(5)?,
            start: row.get(6)?,
            end: row.get(7)?,
            validity: row.get(8)?,
            issued: row.get::<String>(9)? == "issued",
            awaits_activation: row.get(10)?,
            name: row.get(11)?,
            sku_code: row.get(12)?,
            product_name: row.get(13)?,
            unit: (row.get(14)?, row.get(15)?),
            terms: vec![],
        })
    }
}

/// What billing these licenses needs, by id; unknown ids are missing.
pub async fn billables(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Vec<Billable>> {
    let mut found = Vec::with_capacity(license_ids.len());
    for some in license_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT l.id, l.organization_id, l.seller_id, l.price_minor, l.currency, p.quantity, l.start_date, l.end_date,
             s.validity, l.standing, l.awaits_activation, l.name, s.code, r.name, r.unit, r.units
             FROM license l JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
             JOIN sku s ON s.id = l.sku_id JOIN product r ON r.id = l.product_id
             WHERE l.id IN {} ORDER BY l.id",
            placeholders(1, some.len())
        );
        found.extend(tx.query::<Billable>(&sql, &params).await?);
    }
    let mut terms = billed_terms(tx, license_ids).await?;
    for license in &mut found {
        license.terms = terms.remove(&license.license_id).unwrap_or_default();
    }
    Ok(found)
}

/// The terms of these licenses, where they have had more than one.
async fn billed_terms(
    tx: &mut Tx<'_>,
    license_ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<BilledTerm>>> {
    type Row = (Uuid, Date, Date, i64, Option<i64>, Option<String>);
    let mut found: HashMap<Uuid, Vec<BilledTerm>> = HashMap::new();
    for some in license_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT license_id, start_date, end_date, quantity, price_minor, currency FROM license_term
             WHERE license_id IN {} ORDER BY license_id, number",
            placeholders(1, some.len())
        );
        for (license_id, start, end, quantity, price, currency) in
            tx.query::<Row>(&sql, &params).await?
        {
            found.entry(license_id).or_default().push(BilledTerm {
                start,
                end,
                quantity,
                price: price.zip(currency),
            });
        }
    }
    Ok(found)
}

/// Days of a license that an invoice or draft bills: from the first to the last, or without an end.
pub type Covered = (Uuid, Date, Option<Date>);

/// The days of these licenses that are billed already, drafts included.
pub async fn covered(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Vec<Covered>> {
    let mut found = Vec::new();
    for some in license_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!(
            "SELECT c.license_id, x.first_day, x.last_day FROM invoice_coverage c
             JOIN invoice_line x ON x.invoice_id = c.invoice_id AND x.license_id = c.license_id
               AND x.period_start = c.period_start
             WHERE c.license_id IN {places}"
        );
        found.extend(tx.query::<Covered>(&sql, &params).await?);
    }
    Ok(found)
}

/// Where these licenses stand with their invoices at an instant; those that nothing bills are unbilled.
pub async fn billing_of(
    tx: &mut Tx<'_>,
    license_ids: &[Uuid],
    now: Timestamp,
) -> Result<HashMap<Uuid, Billing>> {
    let mut found: HashMap<Uuid, Billing> = license_ids
        .iter()
        .map(|id| (*id, Billing::of(None)))
        .collect();
    for some in license_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!(
            "SELECT l.id, i.state, i.total_minor, coalesce(p.paid_minor, 0), coalesce(p.credited_minor, 0), i.overdue_at
             FROM license l JOIN invoice i ON i.id = ({LATEST})
             LEFT JOIN invoice_balance p ON p.invoice_id = i.id WHERE l.id IN {places}"
        );
        let rows: Vec<(Uuid, String, i64, i64, i64, Option<Timestamp>)> =
            tx.query(&sql, &params).await?;
        for (id, state, total_minor, paid_minor, credited_minor, overdue_at) in rows {
            let facts = rules::billing::InvoiceStanding::parse(&state).map(|standing| {
                rules::billing::Facts {
                    standing,
                    balance: rules::billing::Balance {
                        total_minor,
                        paid_minor,
                        credited_minor,
                    },
                    late: overdue_at.is_some_and(|at| at <= now),
                }
            });
            found.insert(id, Billing::of(facts));
        }
    }
    Ok(found)
}
