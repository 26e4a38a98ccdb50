//! The book recomputed from the journal: every pool from the changes that made it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use store::{Json, Tx};
use uuid::Uuid;

use super::Check;
use crate::error::Result;

/// Changes read at once.
const CHUNK: i64 = 5_000;

#[derive(Default)]
struct Rebuilt {
    state: Map<String, Value>,
    version: i64,
    gone: bool,
}

/// Replays all changes of pools: each must begin where the one before ended, and the last must be what the
/// pool says now.
pub(super) async fn pools(tx: &mut Tx<'_>) -> Result<Check> {
    let mut findings = Vec::new();
    let mut rebuilt: BTreeMap<Uuid, Rebuilt> = BTreeMap::new();
    let mut after: (Uuid, i64) = (Uuid::nil(), 0);
    let mut seen = 0;
    loop {
        let sql = "SELECT row_id, version, before, after FROM change
            WHERE noun = 'pool' AND (row_id, version) > ($1, $2) ORDER BY row_id, version LIMIT $3";
        let rows: Vec<(Uuid, i64, Option<Json>, Option<Json>)> =
            tx.query(sql, &[&after.0, &after.1, &CHUNK]).await?;
        let Some(last) = rows.last() else { break };
        after = (last.0, last.1);
        seen += rows.len() as i64;
        for (id, version, before, after) in rows {
            apply(
                rebuilt.entry(id).or_default(),
                (id, version, before, after),
                &mut findings,
            );
        }
    }
    compare(tx, rebuilt, &mut findings).await?;
    Ok(Check::new(
        "every balance is what the journal adds up to",
        seen,
        findings,
    ))
}

type Step = (Uuid, i64, Option<Json>, Option<Json>);

fn apply(pool: &mut Rebuilt, (id, version, before, after): Step, findings: &mut Vec<String>) {
    pool.version = version;
    for (name, value) in fields(before) {
        let known = pool.state.get(&name);
        if name != "open" && known.is_some_and(|known| *known != value) {
            let known = known.cloned().unwrap_or_default();
            findings.push(format!(
                "{id} version {version}: {name} began at {value}, the one before ended at {known}"
            ));
        }
    }
    match after {
        Some(after) => pool.state.extend(fields(Some(after))),
        None => pool.gone = true,
    }
}

fn fields(json: Option<Json>) -> Map<String, Value> {
    match json {
        Some(Json(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

async fn compare(
    tx: &mut Tx<'_>,
    mut rebuilt: BTreeMap<Uuid, Rebuilt>,
    findings: &mut Vec<String>,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let sql =
            "SELECT id, quantity, allocated, assigned FROM pool WHERE id > $1 ORDER BY id LIMIT $2";
        let rows: Vec<(Uuid, i64, i64, i64)> = tx.query(sql, &[&after, &CHUNK]).await?;
        let Some(last) = rows.last() else { break };
        after = last.0;
        for (id, quantity, allocated, assigned) in rows {
            let Some(pool) = rebuilt.remove(&id) else {
                findings.push(format!("{id}: no journal entry made this pool"));
                continue;
            };
            for (name, found) in [
                ("quantity", quantity),
                ("allocated", allocated),
                ("assigned", assigned),
            ] {
                let expected = pool
                    .state
                    .get(name)
                    .and_then(Value::as_i64)
                    .unwrap_or_default();
                if expected != found {
                    findings.push(format!(
                        "{id}: {name} is {found}, the journal adds up to {expected}"
                    ));
                }
            }
        }
    }
    let lost = rebuilt.into_iter().filter(|(_, pool)| !pool.gone);
    findings
        .extend(lost.map(|(id, _)| format!("{id}: the journal has this pool, the book does not")));
    Ok(())
}

/// Versions of every changed row count without gaps, and the row is at the last of them: a missing number is
/// a lost entry.
pub(super) async fn versions(tx: &mut Tx<'_>) -> Result<Check> {
    let (rows,): (i64,) = tx.query_one("SELECT count(*) FROM change", &[]).await?;
    let gaps: Vec<(String, Uuid, i64, i64)> = tx
        .query(
            "SELECT noun, row_id, count(*), max(version) FROM change GROUP BY noun, row_id
             HAVING count(*) <> max(version) OR min(version) <> 1",
            &[],
        )
        .await?;
    let mut findings: Vec<String> = gaps
        .into_iter()
        .map(|(noun, id, count, last)| format!("{noun} {id}: {count} entries up to version {last}"))
        .collect();
    for noun in [
        "organization",
        "license",
        "pool",
        "product",
        "sku",
        "invoice",
        "redemption_request",
        "unit_request",
        "holder",
        "assignment",
        "subscription",
        "service_plan",
        "plan_subscription",
        "crossgrade",
        "license_term",
        "next_term",
        "rollout",
        "mail",
    ] {
        let sql = format!(
            "SELECT r.id, r.version, coalesce(max(c.version), 0) FROM {noun} r
             LEFT JOIN change c ON c.noun = '{noun}' AND c.row_id = r.id
             GROUP BY r.id, r.version HAVING r.version <> coalesce(max(c.version), 0)"
        );
        let behind: Vec<(Uuid, i64, i64)> = tx.query(&sql, &[]).await?;
        findings.extend(behind.into_iter().map(|(id, version, recorded)| {
            format!("{noun} {id}: the row is at version {version}, the journal at {recorded}")
        }));
    }
    Ok(Check::new(
        "every change of every row is in the journal",
        rows,
        findings,
    ))
}
