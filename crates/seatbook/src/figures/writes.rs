//! Every statement that changes a figure.

use std::collections::HashMap;

use store::{Date, Param, Result, Timestamp, Tx, inserts, placeholders};
use uuid::Uuid;

use super::counting::{Balance, Counted, Ending, Moves};

/// How far somebody has followed: the number of the last entry, and the last license that began or ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) seq: i64,
    pub(super) clock_at: Timestamp,
    pub(super) clock_id: Uuid,
    pub(super) turns: i64,
}

/// How far it was followed.
pub(super) async fn place(tx: &mut Tx<'_>) -> Result<Spot> {
    let sql = "SELECT seq, clock_at, clock_id, turns FROM figure_place WHERE id = 1";
    let row: (i64, Timestamp, Option<Uuid>, i64) = tx.query_one(sql, &[]).await?;
    Ok(Spot {
        seq: row.0,
        clock_at: row.1,
        clock_id: row.2.unwrap_or(Uuid::nil()),
        turns: row.3,
    })
}

/// Says how far it is followed now; `false` where somebody else went on from the same place meanwhile.
pub(super) async fn set_place(tx: &mut Tx<'_>, from: &Spot, to: &Spot) -> Result<bool> {
    let sql = "UPDATE figure_place SET seq = $2, clock_at = $3, clock_id = $4, turns = turns + 1
        WHERE id = 1 AND turns = $1";
    let params: [&dyn Param; 4] = [&from.turns, &to.seq, &to.clock_at, &to.clock_id];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Writes what is counted of pools.
pub(super) async fn put_pools(tx: &mut Tx<'_>, pools: &HashMap<Uuid, Counted>) -> Result<()> {
    let mut params: Vec<&dyn Param> = Vec::with_capacity(pools.len() * 11);
    for (id, counted) in pools {
        params.extend_from_slice(&[
            id as &dyn Param,
            &counted.organization_id,
            &counted.product_id,
            &counted.version,
            &counted.quantity,
            &counted.allocated,
            &counted.assigned,
            &counted.active,
            &counted.month,
            &counted.worth_minor,
            &counted.currency,
        ]);
    }
    let head = "INSERT INTO figure_pool (pool_id, organization_id, product_id, version, quantity, allocated, assigned,
        active, month, worth_minor, currency)";
    let tail =
        "ON CONFLICT (pool_id) DO UPDATE SET organization_id = excluded.organization_id,
        product_id = excluded.product_id, version = excluded.version, quantity = excluded.quantity,
        allocated = excluded.allocated, assigned = excluded.assigned, active = excluded.active, month = excluded.month,
        worth_minor = excluded.worth_minor, currency = excluded.currency";
    all(tx, (head, tail), 11, &params).await
}

/// Forgets pools that are gone.
pub(super) async fn forget_pools(tx: &mut Tx<'_>, gone: &[Uuid]) -> Result<()> {
    for some in gone.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!("DELETE FROM figure_pool WHERE pool_id IN {places}");
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

/// Adds to the sums.
pub(super) async fn add(tx: &mut Tx<'_>, moves: &Moves) -> Result<()> {
    let totals = moves.totals();
    let mut params: Vec<&dyn Param> = Vec::new();
    // Also where it comes to nothing: what was held and is gone again has weeks.
    for ((organization_id, product_id), it) in &totals {
        params.extend_from_slice(&[
            organization_id as &dyn Param,
            product_id,
            &it.licenses,
            &it.quantity,
            &it.allocated,
            &it.assigned,
        ]);
    }
    let head =
        "INSERT INTO figure (organization_id, product_id, licenses, quantity, allocated, assigned)";
    let tail = "ON CONFLICT (organization_id, product_id) DO UPDATE SET
        licenses = figure.licenses + excluded.licenses, quantity = figure.quantity + excluded.quantity,
        allocated = figure.allocated + excluded.allocated, assigned = figure.assigned + excluded.assigned";
    all(tx, (head, tail), 6, &params).await?;
    add_months(tx, moves).await?;
    for ((organization_id, product_id, monday), moved) in &moves.weeks {
        let key = (*organization_id, *product_id, Date(*monday));
        if (moved.quantity, moved.allocated, moved.assigned) != (0, 0, 0) {
            add_week(tx, key, moved).await?;
        }
    }
    Ok(())
}

async fn add_months(tx: &mut Tx<'_>, moves: &Moves) -> Result<()> {
    let months: Vec<(Uuid, Date, &str, Ending)> = moves
        .months
        .iter()
        .filter(|(_, moved)| **moved != (0, 0, 0))
        .map(|((id, month, currency), moved)| (*id, Date(*month), currency.as_str(), *moved))
        .collect();
    let mut params: Vec<&dyn Param> = Vec::with_capacity(months.len() * 6);
    for (organization_id, month, currency, (licenses, quantity, worth)) in &months {
        params.extend_from_slice(&[
            organization_id as &dyn Param,
            month,
            currency,
            licenses,
            quantity,
            worth,
        ]);
    }
    let head = "INSERT INTO figure_month (organization_id, month, currency, licenses, quantity, worth_minor)";
    let tail = "ON CONFLICT (organization_id, month, currency) DO UPDATE SET
        licenses = figure_month.licenses + excluded.licenses, quantity = figure_month.quantity + excluded.quantity,
        worth_minor = figure_month.worth_minor + excluded.worth_minor";
    all(tx, (head, tail), 6, &params).await
}

/// Adds to a week and to every later one that has a row, so that what is told late comes out the same.
async fn add_week(
    tx: &mut Tx<'_>,
    (organization_id, product_id, week): (Uuid, Uuid, Date),
    moved: &Balance,
) -> Result<()> {
    let sql = "SELECT week, quantity, allocated, assigned FROM figure_week
        WHERE organization_id = $1 AND product_id = $2 AND week <= $3 ORDER BY week DESC LIMIT 1";
    let latest: Option<(Date, i64, i64, i64)> = tx
        .query_opt(sql, &[&organization_id, &product_id, &week])
        .await?;
    let (quantity, allocated, assigned) = latest.map_or((0, 0, 0), |it| (it.1, it.2, it.3));
    if latest.is_none_or(|it| it.0 != week) {
        let sql = "INSERT INTO figure_week (organization_id, product_id, week, quantity, allocated, assigned)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let params: [&dyn Param; 6] = [
            &organization_id,
            &product_id,
            &week,
            &quantity,
            &allocated,
            &assigned,
        ];
        tx.execute(sql, &params).await?;
    }
    let sql = "UPDATE figure_week SET quantity = quantity + $4, allocated = allocated + $5, assigned = assigned + $6
        WHERE organization_id = $1 AND product_id = $2 AND week >= $3";
    let params: [&dyn Param; 6] = [
        &organization_id,
        &product_id,
        &week,
        &moved.quantity,
        &moved.allocated,
        &moved.assigned,
    ];
    tx.execute(sql, &params).await?;
    Ok(())
}

async fn all(
    tx: &mut Tx<'_>,
    around: (&str, &str),
    width: usize,
    params: &[&dyn Param],
) -> Result<()> {
    for (sql, portion) in inserts(around, width, params) {
        tx.execute(&sql, portion).await?;
    }
    Ok(())
}
