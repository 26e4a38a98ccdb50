//! Every statement that writes assignments.

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{Binding, Ending};
use crate::error::Result;

/// Rows named in one statement.
const ROWS: usize = 500;

/// Writes new assignments and says how many: fewer than given means that a holder has one of the product, or
/// the base has that add-on, by now.
pub async fn insert(tx: &mut Tx<'_>, new: &[Binding], at: Timestamp) -> Result<u64> {
    let (bases, add_ons): (Vec<&Binding>, Vec<&Binding>) =
        new.iter().partition(|binding| binding.base_id.is_none());
    // An add-on refers to its base, so the bases must all be there before.
    let added = insert_rows(tx, &bases, at).await?;
    if added < bases.len() as u64 {
        return Ok(added);
    }
    Ok(added + insert_rows(tx, &add_ons, at).await?)
}

async fn insert_rows(tx: &mut Tx<'_>, new: &[&Binding], at: Timestamp) -> Result<u64> {
    let head = "INSERT INTO assignment (id, license_id, pool_id, organization_id, product_id, holder_id, user_id,
        base_id, units, single, add_ons, assigned_at, follows_id, version)";
    let mut params: Vec<&dyn Param> = Vec::with_capacity(new.len() * 14);
    for binding in new {
        params.extend_from_slice(&[
            &binding.id as &dyn Param,
            &binding.license_id,
            &binding.pool_id,
            &binding.organization_id,
            &binding.product_id,
            &binding.holder_id,
            &binding.user_id,
            &binding.base_id,
            &binding.units,
            &binding.single,
            &binding.add_ons,
            &at,
            &binding.follows_id,
            &binding.version,
        ]);
    }
    let added = tx.insert((head, "ON CONFLICT DO NOTHING"), 14, &params);
    Ok(added.await?)
}

/// Ends open assignments; gives those that it ended, each with its new version.
pub async fn end(
    tx: &mut Tx<'_>,
    ids: &[Uuid],
    ending: Ending,
    at: Timestamp,
) -> Result<Vec<(Uuid, i64)>> {
    let word = ending.as_str();
    let mut ended = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(ROWS) {
        let mut params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        params.extend_from_slice(&[&at, &word]);
        let places = placeholders(1, chunk.len());
        let (at, word) = (chunk.len() + 1, chunk.len() + 2);
        let sql = format!(
            "UPDATE assignment SET ended_at = ${at}, ending = ${word}, add_ons = 0, version = version + 1
             WHERE id IN {places} AND ended_at IS NULL RETURNING id, version"
        );
        ended.extend(tx.query::<(Uuid, i64)>(&sql, &params).await?);
    }
    Ok(ended)
}

/// Counts add-ons of open bases up or down by one number; gives each base with how many it has and its version. One
/// that ended meanwhile is not counted.
pub async fn count_add_ons(
    tx: &mut Tx<'_>,
    base_ids: &[Uuid],
    delta: i64,
) -> Result<Vec<(Uuid, i64, i64)>> {
    let mut counted = Vec::with_capacity(base_ids.len());
    for chunk in base_ids.chunks(ROWS) {
        let mut params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        params.push(&delta);
        let sql = format!(
            "UPDATE assignment SET add_ons = add_ons + ${last}, version = version + 1
             WHERE id IN {} AND ended_at IS NULL AND add_ons + ${last} >= 0 RETURNING id, add_ons, version",
            placeholders(1, chunk.len()),
            last = params.len(),
        );
        counted.extend(tx.query::<(Uuid, i64, i64)>(&sql, &params).await?);
    }
    Ok(counted)
}

/// Writes the hour in which units were last used.
pub async fn set_used(tx: &mut Tx<'_>, ids: &[Uuid], at: Timestamp) -> Result<()> {
    // In one order, so that two servers that write the same ones do not wait for each other.
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let params: Vec<&dyn Param> = ids.iter().flat_map(|id| [id as &dyn Param, &at]).collect();
    let text = (
        "INSERT INTO assignment_use (assignment_id, used_at)",
        "ON CONFLICT (assignment_id) DO UPDATE SET used_at = excluded.used_at
         WHERE assignment_use.used_at < excluded.used_at",
    );
    tx.insert(text, 2, &params).await?;
    Ok(())
}

/// Files the open assignments of a license whose pools are of another one now under that; all of them, ended ones too,
/// where `with_ended`. An assignment is of the license and the product that its pool is of, so that is no change of
/// its own.
pub async fn carry(
    tx: &mut Tx<'_>,
    (from, to): (Uuid, Uuid),
    (product_id, single): (Uuid, bool),
    with_ended: bool,
) -> Result<u64> {
    let which = match with_ended {
        true => "",
        false => "AND ended_at IS NULL AND pool_id IN (SELECT id FROM pool WHERE license_id = $2)",
    };
    let sql = format!(
        "UPDATE assignment SET license_id = $2, product_id = $3, single = $4 WHERE license_id = $1 {which}"
    );
    let params: [&dyn Param; 4] = [&from, &to, &product_id, &single];
    Ok(tx.execute(&sql, &params).await?)
}
