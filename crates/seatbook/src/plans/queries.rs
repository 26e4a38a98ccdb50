//! Every statement that reads service plans.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use store::{Date, FromRow, Param, Row, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{Component, Edition, ServicePlan, WholePlan};
pub use super::writes::mark_assigned;
use crate::{
    error::Result,
    scope::{Permission, Scope},
};

const PLAN: &str = "SELECT id, code, name, edition, billing, term, auto_renews, notice_days, full_plan_id, end_of_sale,
    end_of_life, composition, created_at, version FROM service_plan";

const COMPONENT: &str =
    "SELECT c.position, c.sku_id, s.code, s.product_id, p.name, p.unit, p.units, c.units,
    c.plan_id, c.composition FROM service_plan_component c JOIN sku s ON s.id = c.sku_id
    JOIN product p ON p.id = s.product_id";

/// The plan.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ServicePlan>> {
    Ok(tx
        .query_opt(&format!("{PLAN} WHERE id = $1"), &[&id])
        .await?)
}

/// What a composition of a plan is made of, in order.
pub async fn components(
    tx: &mut Tx<'_>,
    plan_id: Uuid,
    composition: i64,
) -> Result<Vec<Component>> {
    let sql =
        format!("{COMPONENT} WHERE c.plan_id = $1 AND c.composition = $2 ORDER BY c.position");
    Ok(tx.query(&sql, &[&plan_id, &composition]).await?)
}

/// The day it is at the provider: the one on which a plan is sold no more is counted there.
pub async fn today(tx: &mut Tx<'_>, now: Timestamp) -> Result<Date> {
    let sql = "SELECT o.time_zone FROM organization o JOIN organization_node n ON n.id = o.id
        WHERE n.parent_id IS NULL";
    let zone: Option<(String,)> = tx.query_opt(sql, &[]).await?;
    let zone = zone.and_then(|(zone,)| TimeZone::get(&zone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    Ok(Date(now.get().to_zoned(zone).date()))
}

/// The plan with its present components, or those of another composition it has had. The catalog is everybody's to read
/// who holds `catalog.read` anywhere, and a plan at the end of its life is still found by its id.
pub async fn find_visible(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (id, composition): (Uuid, Option<i64>),
    now: Timestamp,
) -> Result<Option<WholePlan>> {
    let found = find(tx, id).await?;
    let Some(plan) = found.filter(|_| scope.holds(Permission::CatalogRead)) else {
        return Ok(None);
    };
    let composition = composition.unwrap_or(plan.composition);
    if !(1..=plan.composition).contains(&composition) {
        return Ok(None);
    }
    let components = components(tx, id, composition).await?;
    Ok(Some(WholePlan {
        state: plan.sale_state(today(tx, now).await?),
        components_of: composition,
        components,
        plan,
    }))
}

/// What a list of plans is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of code or name.
    pub keyword: Option<String>,
    /// Plans of this edition.
    pub edition: Option<Edition>,
    /// Plans that can be assigned today, or those that cannot.
    pub on_sale: Option<bool>,
    /// Those at the end of their life too.
    pub include_ended: bool,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

/// Plans by name, with their components.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<WholePlan>> {
    scope.require(Permission::CatalogRead)?;
    let today = today(tx, now).await?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let edition = filter.edition.map(Edition::as_str);
    let mut select = Select::new(PLAN);
    if let Some(keyword) = &keyword {
        select.and(
            "id IN (SELECT id FROM service_plan_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some(edition) = &edition {
        select.and("edition = ?", edition);
    }
    if !filter.include_ended {
        select.and("(end_of_life IS NULL OR end_of_life > ?)", &today);
    }
    let sold =
        "(end_of_life IS NULL OR end_of_life > ?) AND (end_of_sale IS NULL OR end_of_sale > ?)";
    match filter.on_sale {
        Some(true) => select.and_all(sold, &[&today, &today]),
        Some(false) => select.and_all("(end_of_life <= ? OR end_of_sale <= ?)", &[&today, &today]),
        None => &mut select,
    };
    if let Some((name, id)) = &filter.after {
        select.and_all("(name, id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY name, id LIMIT {limit}"));
    let plans: Vec<ServicePlan> = tx.query(&sql, select.params()).await?;
    with_components(tx, plans, today).await
}

async fn with_components(
    tx: &mut Tx<'_>,
    plans: Vec<ServicePlan>,
    today: Date,
) -> Result<Vec<WholePlan>> {
    let mut components: HashMap<Uuid, Vec<Component>> = HashMap::new();
    for chunk in plans.chunks(500) {
        let params: Vec<&dyn Param> = chunk.iter().map(|plan| &plan.id as &dyn Param).collect();
        let places = placeholders(1, chunk.len());
        let sql = format!(
            "{COMPONENT} JOIN service_plan t ON t.id = c.plan_id AND t.composition = c.composition
             WHERE c.plan_id IN {places} ORDER BY c.plan_id, c.position"
        );
        for part in tx.query::<PlanPart>(&sql, &params).await? {
            components
                .entry(part.plan_id)
                .or_default()
                .push(part.component);
        }
    }
    let whole = plans.into_iter().map(|plan| WholePlan {
        state: plan.sale_state(today),
        components_of: plan.composition,
        components: components.remove(&plan.id).unwrap_or_default(),
        plan,
    });
    Ok(whole.collect())
}

/// A component with the plan and composition it is of.
struct PlanPart {
    plan_id: Uuid,
    composition: i64,
    component: Component,
}

impl FromRow for PlanPart {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(PlanPart {
            plan_id: row.get(8)?,
            composition: row.get(9)?,
            component: Component::from_row(row)?,
        })
    }
}

/// The compositions before the present one, the newest first, at most so many.
pub async fn earlier(
    tx: &mut Tx<'_>,
    plan: &ServicePlan,
    most: i64,
) -> Result<Vec<(i64, Vec<Component>)>> {
    let sql = format!(
        "{COMPONENT} WHERE c.plan_id = $1 AND c.composition < $2 AND c.composition >= $3
         ORDER BY c.composition DESC, c.position"
    );
    let from = plan.composition - most;
    let parts: Vec<PlanPart> = tx
        .query(&sql, &[&plan.id, &plan.composition, &from])
        .await?;
    let mut found: Vec<(i64, Vec<Component>)> = Vec::new();
    for part in parts {
        match found.last_mut() {
            Some((number, components)) if *number == part.composition => {
                components.push(part.component);
            }
            _ => found.push((part.composition, vec![part.component])),
        }
    }
    Ok(found)
}

/// Whether another plan has this code.
pub async fn code_taken(tx: &mut Tx<'_>, code: &str, but: Uuid) -> Result<bool> {
    let sql = "SELECT id FROM service_plan WHERE code = $1 AND id <> $2";
    let found: Option<(Uuid,)> = tx.query_opt(sql, &[&code, &but]).await?;
    Ok(found.is_some())
}

/// Whether a customer was ever given it.
pub async fn was_assigned(tx: &mut Tx<'_>, id: Uuid) -> Result<bool> {
    let sql = "SELECT id FROM service_plan WHERE id = $1 AND assigned_at IS NOT NULL";
    let found: Option<(Uuid,)> = tx.query_opt(sql, &[&id]).await?;
    Ok(found.is_some())
}

/// The trials that become this plan when they are converted, by name.
pub async fn trials_of(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<ServicePlan>> {
    let sql = format!("{PLAN} WHERE full_plan_id = $1 ORDER BY name, id");
    Ok(tx.query(&sql, &[&id]).await?)
}

/// Whether there is no plan at all.
pub async fn is_empty(tx: &mut Tx<'_>) -> Result<bool> {
    let any: Option<(Uuid,)> = tx
        .query_opt("SELECT id FROM service_plan LIMIT 1", &[])
        .await?;
    Ok(any.is_none())
}

/// What sells a product.
#[derive(Clone, Debug)]
pub struct Selling {
    /// The product's name.
    pub name: String,
    /// Its SKUs, by code: (id, code).
    pub skus: Vec<(Uuid, String)>,
    /// There are more.
    pub more: bool,
}

/// The first SKUs that sell a product, if there is such a product.
pub async fn selling(tx: &mut Tx<'_>, product_id: Uuid, most: i64) -> Result<Option<Selling>> {
    let sql = "SELECT name FROM product WHERE id = $1";
    let Some((name,)) = tx.query_opt::<(String,)>(sql, &[&product_id]).await? else {
        return Ok(None);
    };
    let sql = "SELECT id, code FROM sku WHERE product_id = $1 ORDER BY code LIMIT $2";
    let mut skus: Vec<(Uuid, String)> = tx.query(sql, &[&product_id, &(most + 1)]).await?;
    let more = skus.len() as i64 > most;
    skus.truncate(usize::try_from(most).unwrap_or_default());
    Ok(Some(Selling { name, skus, more }))
}

/// Plans that can be seen on a day, those on sale before the others; by a keyword where there is one.
pub async fn offers(
    tx: &mut Tx<'_>,
    keyword: Option<&str>,
    today: Date,
    limit: i64,
) -> Result<Vec<ServicePlan>> {
    let keyword = keyword.map(rules::text::like_pattern);
    let mut select = Select::new(PLAN);
    select.and("(end_of_life IS NULL OR end_of_life > ?)", &today);
    if let Some(keyword) = &keyword {
        let found = "id IN (SELECT id FROM service_plan_search WHERE text LIKE ?)";
        select.and(found, keyword);
    }
    let (day, limit) = (select.bind(&today), select.bind(&limit));
    let order = format!(
        " ORDER BY CASE WHEN end_of_sale <= {day} THEN 1 ELSE 0 END, name, id LIMIT {limit}"
    );
    Ok(tx.query(&select.sql(&order), select.params()).await?)
}
