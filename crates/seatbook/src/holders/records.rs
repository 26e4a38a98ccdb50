//! Every statement that writes holders.

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{Holder, HolderFacts};
use crate::error::Result;

/// Rows named in one statement.
const ROWS: usize = 500;

/// Adds holders and says how many: fewer than given means that a name of one is taken.
pub async fn insert(tx: &mut Tx<'_>, new: &[Holder]) -> Result<u64> {
    let head = "INSERT INTO holder (id, organization_id, kind, name, email, extension, did, serial, reference,
        owner_id, bindings, created_at, version)";
    let kinds: Vec<&str> = new.iter().map(|holder| holder.kind.as_str()).collect();
    let mut params: Vec<&dyn Param> = Vec::with_capacity(new.len() * 13);
    for (holder, kind) in new.iter().zip(&kinds) {
        params.extend_from_slice(&[
            &holder.id as &dyn Param,
            &holder.organization_id,
            kind,
            &holder.name,
            &holder.email,
            &holder.extension,
            &holder.did,
            &holder.serial,
            &holder.reference,
            &holder.owner_id,
            &holder.bindings,
            &holder.created_at,
            &holder.version,
        ]);
    }
    let text = (head, "ON CONFLICT DO NOTHING");
    let added = tx.insert(text, 13, &params).await?;
    if added == new.len() as u64 {
        index(tx, new).await?;
    }
    Ok(added)
}

/// Makes holders findable by what they are called now.
pub async fn index(tx: &mut Tx<'_>, holders: &[Holder]) -> Result<()> {
    let words: Vec<String> = holders.iter().map(words).collect();
    let params: Vec<&dyn Param> = holders
        .iter()
        .zip(&words)
        .flat_map(|(holder, words)| [&holder.id as &dyn Param, words])
        .collect();
    let text = (
        "INSERT INTO holder_search_text (id, text)",
        "ON CONFLICT (id) DO UPDATE SET text = excluded.text",
    );
    tx.insert(text, 2, &params).await?;
    Ok(())
}

fn words(holder: &Holder) -> String {
    let parts: Vec<&str> = [
        &holder.email,
        &holder.extension,
        &holder.did,
        &holder.serial,
        &holder.reference,
    ]
    .into_iter()
    .filter_map(|part| part.as_deref())
    .chain([holder.name.as_str()])
    .collect();
    rules::text::search_text(&parts)
}

/// Writes facts over version `version`; says the new one, or nothing where it was another.
pub async fn set_facts(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: i64,
    facts: &HolderFacts,
) -> Result<Option<i64>> {
    let sql = "UPDATE holder SET name = $3, email = $4, extension = $5, did = $6, serial = $7, reference = $8,
        version = version + 1 WHERE id = $1 AND version = $2 RETURNING version";
    let row: Option<(i64,)> = tx
        .query_opt(
            sql,
            &[
                &id,
                &version,
                &facts.name,
                &facts.email,
                &facts.extension,
                &facts.did,
                &facts.serial,
                &facts.reference,
            ],
        )
        .await?;
    Ok(row.map(|(version,)| version))
}

/// Writes whose it is, and its direct number, over version `version`; `false` where it was another.
pub async fn set_owner(
    tx: &mut Tx<'_>,
    holder: &Holder,
    owner_id: Option<Uuid>,
    did: &Option<String>,
) -> Result<bool> {
    let sql = "UPDATE holder SET owner_id = $3, did = $4, version = version + 1 WHERE id = $1 AND version = $2";
    let params: [&dyn Param; 4] = [&holder.id, &holder.version, &owner_id, did];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Counts bindings up or down, of holders that are present, and says of how many. A holder that left meanwhile
/// is not counted, nor one whose unit somebody else was faster to free; the caller notices by the number.
pub async fn count_bindings(tx: &mut Tx<'_>, deltas: &[(Uuid, i64)]) -> Result<u64> {
    let mut counted = 0;
    for (delta, ids) in grouped(deltas) {
        for chunk in ids.chunks(ROWS) {
            let mut params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
            params.push(&delta);
            let sql = format!(
                "UPDATE holder SET bindings = bindings + ${last}
                 WHERE id IN {} AND left_at IS NULL AND bindings + ${last} >= 0",
                placeholders(1, chunk.len()),
                last = params.len(),
            );
            counted += tx.execute(&sql, &params).await?;
        }
    }
    Ok(counted)
}

/// The ids by what they are counted by, each in order.
fn grouped(deltas: &[(Uuid, i64)]) -> Vec<(i64, Vec<Uuid>)> {
    let mut groups: std::collections::BTreeMap<i64, Vec<Uuid>> = Default::default();
    for (id, delta) in deltas {
        groups.entry(*delta).or_default().push(*id);
    }
    groups
        .into_iter()
        .map(|(delta, mut ids)| {
            ids.sort_unstable();
            (delta, ids)
        })
        .collect()
}

/// Marks a holder as gone, over version `version`; `false` where it was another. It has no bindings left.
pub async fn set_left(tx: &mut Tx<'_>, id: Uuid, version: i64, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE holder SET left_at = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND left_at IS NULL AND bindings = 0";
    Ok(tx.execute(sql, &[&id, &version, &at]).await? == 1)
}

/// Marks holders as gone that have no bindings; gives each with its organization and new version.
pub async fn leave(tx: &mut Tx<'_>, ids: &[Uuid], at: Timestamp) -> Result<Vec<(Uuid, Uuid, i64)>> {
    let mut left = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(ROWS) {
        let mut params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        params.push(&at);
        let sql = format!(
            "UPDATE holder SET left_at = ${}, version = version + 1
             WHERE id IN {} AND left_at IS NULL AND bindings = 0 RETURNING id, organization_id, version",
            params.len(),
            placeholders(1, chunk.len())
        );
        left.extend(tx.query::<(Uuid, Uuid, i64)>(&sql, &params).await?);
    }
    Ok(left)
}

/// Takes from everything a user owned its owner; gives each with its new version.
pub async fn disown(tx: &mut Tx<'_>, owner_id: Uuid) -> Result<Vec<(Uuid, i64)>> {
    let sql = "UPDATE holder SET owner_id = NULL, version = version + 1 WHERE owner_id = $1 RETURNING id, version";
    Ok(tx.query(sql, &[&owner_id]).await?)
}

/// Forgets who a holder was: what is left is the record that somebody held units.
/// Gives the new version, or nothing where it is present.
pub async fn erase(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<i64>> {
    tx.execute("DELETE FROM holder_search_text WHERE id = $1", &[&id])
        .await?;
    let sql = "UPDATE holder SET name = '(erased)', email = NULL, extension = NULL, did = NULL, serial = NULL,
        reference = NULL, version = version + 1 WHERE id = $1 AND left_at IS NOT NULL RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&id]).await?;
    Ok(row.map(|(version,)| version))
}
