//! Every statement that changes service plans.

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::facts::PlanFacts;
use crate::error::Result;

/// A component as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// What is ordered.
    pub sku_id: Uuid,
    /// Units that a customer gets unless somebody says otherwise.
    pub units: i64,
}

/// Adds a plan; `false` where its code is taken.
pub async fn insert(tx: &mut Tx<'_>, id: Uuid, facts: &PlanFacts, at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO service_plan (id, code, name, edition, billing, term, auto_renews, notice_days, full_plan_id,
        end_of_sale, end_of_life, composition, created_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, 1) ON CONFLICT DO NOTHING";
    let values: [&dyn Param; 12] = [
        &id,
        &facts.code,
        &facts.name,
        &facts.edition.as_str(),
        &facts.billing.as_str(),
        &facts.term,
        &facts.auto_renews,
        &facts.notice_days,
        &facts.full_plan_id,
        &facts.end_of_sale,
        &facts.end_of_life,
        &at,
    ];
    let added = tx.execute(sql, &values).await? == 1;
    if added {
        index(tx, id, facts).await?;
    }
    Ok(added)
}

/// Writes facts over version `version` of a plan; `false` where it is another, or where the edition would change of one
/// that a customer was given.
pub async fn update(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    facts: &PlanFacts,
) -> Result<bool> {
    let sql = "UPDATE service_plan SET code = $3, name = $4, edition = $5, billing = $6, term = $7, auto_renews = $8,
        notice_days = $9, full_plan_id = $10, end_of_sale = $11, end_of_life = $12, version = version + 1
        WHERE id = $1 AND version = $2 AND (assigned_at IS NULL OR edition = $5)";
    let values: [&dyn Param; 12] = [
        &id,
        &version,
        &facts.code,
        &facts.name,
        &facts.edition.as_str(),
        &facts.billing.as_str(),
        &facts.term,
        &facts.auto_renews,
        &facts.notice_days,
        &facts.full_plan_id,
        &facts.end_of_sale,
        &facts.end_of_life,
    ];
    let written = tx.execute(sql, &values).await? == 1;
    if written {
        index(tx, id, facts).await?;
    }
    Ok(written)
}

/// Goes on to the next composition of version `version` of a plan; `false` where it is another.
pub async fn next_composition(tx: &mut Tx<'_>, id: Uuid, version: i64) -> Result<bool> {
    let sql = "UPDATE service_plan SET composition = composition + 1, version = version + 1
        WHERE id = $1 AND version = $2";
    Ok(tx.execute(sql, &[&id, &version]).await? == 1)
}

/// Writes what a composition is made of.
pub async fn insert_components(
    tx: &mut Tx<'_>,
    (plan_id, composition): (Uuid, i64),
    parts: &[Part],
) -> Result<()> {
    let positions: Vec<i64> = (0..).take(parts.len()).collect();
    let mut values: Vec<&dyn Param> = Vec::with_capacity(parts.len() * 5);
    for (part, position) in parts.iter().zip(&positions) {
        values.extend_from_slice(&[&plan_id, &composition, position, &part.sku_id, &part.units]);
    }
    let places = placeholders(parts.len(), 5);
    let sql = format!(
        "INSERT INTO service_plan_component (plan_id, composition, position, sku_id, units) VALUES {places}"
    );
    tx.execute(&sql, &values).await?;
    Ok(())
}

/// Removes version `version` of a plan with all its compositions; `false` where it is another, or a customer was given
/// it. The plan goes last of all, so whoever is refused here has to be undone.
pub async fn delete(tx: &mut Tx<'_>, id: Uuid, version: i64) -> Result<bool> {
    for sql in [
        "DELETE FROM service_plan_component WHERE plan_id = $1",
        "DELETE FROM service_plan_search_text WHERE id = $1",
    ] {
        tx.execute(sql, &[&id]).await?;
    }
    let sql = "DELETE FROM service_plan WHERE id = $1 AND version = $2 AND assigned_at IS NULL";
    Ok(tx.execute(sql, &[&id, &version]).await? == 1)
}

/// Writes down that a customer is given the plan; says whether there is such a plan. It comes before all that follows
/// from what the plan is: until this transaction ends, nobody else changes it.
pub async fn mark_assigned(tx: &mut Tx<'_>, id: Uuid, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE service_plan SET assigned_at = coalesce(assigned_at, $2) WHERE id = $1";
    Ok(tx.execute(sql, &[&id, &at]).await? == 1)
}

/// Writes what keyword search looks in.
async fn index(tx: &mut Tx<'_>, id: Uuid, facts: &PlanFacts) -> Result<()> {
    let text = rules::text::search_text(&[&facts.code, &facts.name]);
    let sql = "INSERT INTO service_plan_search_text (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    tx.execute(sql, &[&id, &text]).await?;
    Ok(())
}
