//! Every statement about plan subscriptions.

use store::{Param, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    commands::Terms,
    model::{Part, PlanSubscription},
};
use crate::{
    error::{Error, Result},
    licenses,
    scope::{Permission, Scope, queries::below_any},
};

const SUBSCRIPTION: &str = "SELECT q.id, q.organization_id, o.name, q.seller_id, q.plan_id, s.code, s.name, s.edition,
    q.composition, s.composition, q.declined, q.start_date, q.end_date, q.time_zone, q.auto_renews, q.notice_days,
    q.standing, q.successor_id, q.ended_at, q.created_at, q.version
    FROM plan_subscription q JOIN organization o ON o.id = q.organization_id JOIN service_plan s ON s.id = q.plan_id";

/// The subscription, whoever asks: for commands that ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<PlanSubscription>> {
    Ok(tx
        .query_opt(&format!("{SUBSCRIPTION} WHERE q.id = $1"), &[&id])
        .await?)
}

/// The subscription, or 404.
pub async fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<PlanSubscription> {
    find(tx, id).await?.ok_or_else(Error::not_found)
}

/// The subscription, where the scope can see its customer.
pub async fn find_visible(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<PlanSubscription>> {
    let roots = scope.roots(Permission::LicensesRead);
    let mut select = Select::new(SUBSCRIPTION);
    select.and("q.id = ?", &id);
    below_any(&mut select, "q.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Which subscriptions.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this customer.
    pub organization_id: Option<Uuid>,
    /// Those of this plan.
    pub plan_id: Option<Uuid>,
    /// Those whose plan is made of other parts by now, and about which nobody has decided.
    pub locked: bool,
    /// Those whose plan is made of other parts by now, which was declined for them.
    pub declined: bool,
    /// Those that have an earlier composition than their plan, whatever was decided.
    pub earlier: bool,
    /// With those that another one took the place of, or that were ended.
    pub with_ended: bool,
    /// Those behind this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Subscriptions that the scope can see, the newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<PlanSubscription>> {
    let roots = scope.require(Permission::LicensesRead)?;
    let mut select = Select::new(SUBSCRIPTION);
    below_any(&mut select, "q.organization_id", &roots);
    if let Some(id) = &filter.organization_id {
        select.and("q.organization_id = ?", id);
    }
    if let Some(id) = &filter.plan_id {
        select.and("q.plan_id = ?", id);
    }
    if !filter.with_ended {
        select.and_raw("q.standing = 'running'");
    }
    if filter.locked {
        select.and_raw(LOCKED);
    }
    if filter.declined {
        select.and_raw("s.composition > q.composition AND s.composition <= q.declined");
    }
    if filter.earlier {
        select.and_raw("s.composition > q.composition");
    }
    if let Some(after) = &filter.after {
        select.and("q.id < ?", after);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY q.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// A condition: the plan is made of other parts by now, and nobody has said yet what becomes of it here.
pub const LOCKED: &str =
    "q.standing = 'running' AND s.composition > q.composition AND s.composition > q.declined";

/// The most that are locked by one plan and found at once.
pub const MOST_LOCKED: i64 = 10_000;

/// Every locked subscription of a plan that the scope may decide about, as whoever sold it; by id.
pub async fn locked_of(
    tx: &mut Tx<'_>,
    scope: &Scope,
    plan_id: Uuid,
) -> Result<Vec<PlanSubscription>> {
    let roots = scope.require(Permission::LicensesSell)?;
    let mut select = Select::new(SUBSCRIPTION);
    select.and("q.plan_id = ?", &plan_id).and_raw(LOCKED);
    below_any(&mut select, "q.seller_id", &roots);
    below_any(&mut select, "q.organization_id", &roots);
    let limit = select.bind(&MOST_LOCKED);
    let sql = select.sql(&format!(" ORDER BY q.id LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// The licenses of a subscription, in the order of its components.
pub async fn parts(tx: &mut Tx<'_>, subscription_id: Uuid) -> Result<Vec<Part>> {
    let sql = "SELECT license_id, position FROM plan_subscription_part WHERE subscription_id = $1
        ORDER BY position, license_id";
    let rows: Vec<(Uuid, i64)> = tx.query(sql, &[&subscription_id]).await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let mut found = licenses::queries::of_ids(tx, &ids).await?;
    let part = |(id, position)| {
        let place = found.iter().position(|license| license.id == id)?;
        let license = found.swap_remove(place);
        Some(Part { position, license })
    };
    Ok(rows.into_iter().filter_map(part).collect())
}

/// The running subscriptions that these licenses are parts of: license and subscription.
pub async fn running_with(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    if license_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = license_ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!(
        "SELECT t.license_id, q.id FROM plan_subscription_part t
         JOIN plan_subscription q ON q.id = t.subscription_id AND q.standing = 'running'
         WHERE t.license_id IN {} ORDER BY t.license_id, q.id",
        placeholders(1, license_ids.len())
    );
    Ok(tx.query(&sql, &params).await?)
}

/// Writes a subscription; its version is 1.
pub async fn insert(tx: &mut Tx<'_>, new: &PlanSubscription) -> Result<()> {
    tx.execute(
        "INSERT INTO plan_subscription (id, organization_id, seller_id, plan_id, composition, declined, start_date,
         end_date, time_zone, auto_renews, notice_days, standing, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
        &[
            &new.id, &new.organization_id, &new.seller_id, &new.plan_id, &new.composition, &new.declined,
            &new.start_date, &new.end_date, &new.time_zone, &new.auto_renews, &new.notice_days,
            &new.standing.as_str(), &new.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// Makes a license a part of a subscription.
pub async fn insert_part(
    tx: &mut Tx<'_>,
    subscription_id: Uuid,
    (license_id, position): (Uuid, i64),
) -> Result<()> {
    let sql = "INSERT INTO plan_subscription_part (subscription_id, license_id, position) VALUES ($1, $2, $3)";
    tx.execute(sql, &[&subscription_id, &license_id, &position])
        .await?;
    Ok(())
}

/// Gives a license that stays a part of a subscription another place among them.
pub async fn set_position(
    tx: &mut Tx<'_>,
    subscription_id: Uuid,
    (license_id, position): (Uuid, i64),
) -> Result<()> {
    let sql = "UPDATE plan_subscription_part SET position = $3 WHERE subscription_id = $1 AND license_id = $2";
    tx.execute(sql, &[&subscription_id, &license_id, &position])
        .await?;
    Ok(())
}

/// Lets a license be a part of a subscription no more.
pub async fn delete_part(tx: &mut Tx<'_>, subscription_id: Uuid, license_id: Uuid) -> Result<()> {
    let sql = "DELETE FROM plan_subscription_part WHERE subscription_id = $1 AND license_id = $2";
    tx.execute(sql, &[&subscription_id, &license_id]).await?;
    Ok(())
}

/// Writes which composition a running subscription has, and which it declined, over version `version`; `false` where it
/// was another, or it runs no more.
pub async fn set_composition(
    tx: &mut Tx<'_>,
    decided: &PlanSubscription,
    version: i64,
) -> Result<bool> {
    let sql = "UPDATE plan_subscription SET composition = $3, declined = $4, version = version + 1
        WHERE id = $1 AND version = $2 AND standing = 'running'";
    let params: [&dyn Param; 4] = [
        &decided.id,
        &version,
        &decided.composition,
        &decided.declined,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Writes what was decided about a subscription over version `version`; `false` where it was another.
pub async fn set_standing(
    tx: &mut Tx<'_>,
    decided: &PlanSubscription,
    version: i64,
) -> Result<bool> {
    let sql = "UPDATE plan_subscription SET standing = $3, successor_id = $4, ended_at = $5, version = version + 1
        WHERE id = $1 AND version = $2";
    let word = decided.standing.as_str();
    let params: [&dyn Param; 5] = [
        &decided.id,
        &version,
        &word,
        &decided.successor_id,
        &decided.ended_at,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Writes what was said anew of a running subscription over version `version`; `false` where it was another.
pub async fn set_terms(tx: &mut Tx<'_>, id: Uuid, version: i64, terms: Terms) -> Result<bool> {
    let sql = "UPDATE plan_subscription SET end_date = $3, auto_renews = $4, notice_days = $5, version = version + 1
        WHERE id = $1 AND version = $2 AND standing = 'running'";
    let params: [&dyn Param; 5] = [
        &id,
        &version,
        &terms.end_date,
        &terms.auto_renews,
        &terms.notice_days,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Removes a subscription with what it says of its parts.
pub async fn delete(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    for sql in [
        "DELETE FROM plan_trial WHERE subscription_id = $1",
        "DELETE FROM plan_subscription_part WHERE subscription_id = $1",
        "DELETE FROM plan_subscription WHERE id = $1",
    ] {
        tx.execute(sql, &[&id]).await?;
    }
    Ok(())
}

/// The products that a customer has tried, of these.
pub async fn tried(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    product_ids: &[Uuid],
) -> Result<Vec<Uuid>> {
    let mut select = Select::new("SELECT product_id FROM plan_trial t");
    select.and("t.organization_id = ?", &organization_id);
    let places: Vec<String> = product_ids.iter().map(|id| select.bind(id)).collect();
    select.and_raw(&format!("t.product_id IN ({})", places.join(", ")));
    let rows: Vec<(Uuid,)> = tx.query(&select.sql(""), select.params()).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The products that a subscription tries.
pub async fn tries(tx: &mut Tx<'_>, subscription_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT product_id FROM plan_trial WHERE subscription_id = $1";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&subscription_id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Records that a customer tries a product; `false` where it does or did already.
pub async fn insert_trial(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    product_id: Uuid,
    subscription_id: Uuid,
) -> Result<bool> {
    let sql =
        "INSERT INTO plan_trial (organization_id, product_id, subscription_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    let params: [&dyn Param; 3] = [&organization_id, &product_id, &subscription_id];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// The seller's pool from which units of a component are drawn: of those that are open from the first instant to the
/// last and have that many free, the one that ends first; without one, of those that are open now the one that ends
/// last.
pub async fn source(
    tx: &mut Tx<'_>,
    (seller_id, product_id, units): (Uuid, Uuid, i64),
    now: Timestamp,
    until: Option<Timestamp>,
) -> Result<Option<Uuid>> {
    let head = "SELECT p.id FROM pool p WHERE p.organization_id = $1 AND p.product_id = $2
        AND p.quantity - p.allocated - p.assigned >= $3 AND p.open = TRUE AND p.starts_at <= $4
        AND (p.ends_at IS NULL OR p.ends_at > $4)";
    if let Some(until) = until {
        let sql = format!(
            "{head} AND (p.ends_at IS NULL OR p.ends_at >= $5)
             ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id LIMIT 1"
        );
        let params: [&dyn Param; 5] = [&seller_id, &product_id, &units, &now, &until];
        if let Some((id,)) = tx.query_opt::<(Uuid,)>(&sql, &params).await? {
            return Ok(Some(id));
        }
    }
    let sql = format!("{head} ORDER BY p.ends_at DESC, p.id LIMIT 1");
    let params: [&dyn Param; 4] = [&seller_id, &product_id, &units, &now];
    let found: Option<(Uuid,)> = tx.query_opt(&sql, &params).await?;
    Ok(found.map(|(id,)| id))
}

/// What a customer has and a plan includes: pool, its license's SKU, component SKU, product both include.
pub type Shared = (Uuid, Uuid, Uuid, Uuid);

/// Every product that a pool of a customer and one of these SKUs both include, shareable ones left out. What is over,
/// waits for its owner or has no units shares nothing.
pub async fn shared(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    sku_ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Shared>> {
    const INCLUDED: &str = "(SELECT id AS sku_id, product_id FROM sku UNION SELECT sku_id, product_id FROM sku_component)";
    let mut select = Select::new(format!(
        "SELECT p.id, l.sku_id, n.sku_id, n.product_id FROM pool p JOIN license l ON l.id = p.license_id
         JOIN {INCLUDED} i ON i.sku_id = l.sku_id JOIN {INCLUDED} n ON n.product_id = i.product_id
         JOIN product x ON x.id = n.product_id AND x.shareable = FALSE"
    ));
    select
        .and("p.organization_id = ?", &organization_id)
        .and_raw("p.quantity > 0 AND l.standing = 'issued' AND l.awaits_activation = FALSE")
        .and("(l.over_at IS NULL OR l.over_at > ?)", &now);
    let places: Vec<String> = sku_ids.iter().map(|id| select.bind(id)).collect();
    select.and_raw(&format!("n.sku_id IN ({})", places.join(", ")));
    let sql = select.sql(" ORDER BY p.id, n.sku_id, n.product_id");
    Ok(tx.query(&sql, select.params()).await?)
}

/// All products that SKUs include, their own among them and shareable ones left out: SKU and product.
pub async fn included(tx: &mut Tx<'_>, sku_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    if sku_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = sku_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, sku_ids.len());
    let sql = format!(
        "SELECT i.sku_id, i.product_id FROM
         (SELECT id AS sku_id, product_id FROM sku UNION SELECT sku_id, product_id FROM sku_component) i
         JOIN product x ON x.id = i.product_id AND x.shareable = FALSE WHERE i.sku_id IN {places}"
    );
    Ok(tx.query(&sql, &params).await?)
}

/// The pools of a seller from which units of these products can be drawn now, those that end first before the others:
/// each with its product and what is free of it.
pub async fn open_pools(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    product_ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<(Uuid, Uuid, i64)>> {
    let mut select =
        Select::new("SELECT p.id, p.product_id, p.quantity - p.allocated - p.assigned FROM pool p");
    select
        .and("p.organization_id = ?", &seller_id)
        .and_raw("p.open = TRUE AND p.quantity > p.allocated + p.assigned")
        .and(
            "p.starts_at <= ? AND (p.ends_at IS NULL OR p.ends_at > ?)",
            &now,
        );
    let places: Vec<String> = product_ids.iter().map(|id| select.bind(id)).collect();
    select.and_raw(&format!("p.product_id IN ({})", places.join(", ")));
    let sql = select.sql(" ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id");
    Ok(tx.query(&sql, select.params()).await?)
}
