//! The shape of the tree: nodes and their closure.

use store::Tx;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Takes the lock that orders all changes of the tree. The first statement of each of them.
pub async fn lock(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE tree_lock SET turns = turns + 1 WHERE id = 1", &[])
        .await?;
    Ok(())
}

/// A place in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Its parent; the root has none.
    pub parent_id: Option<Uuid>,
    /// Steps from the root.
    pub depth: i64,
    /// It was suspended itself.
    pub suspended: bool,
    /// It or one above it is suspended.
    pub blocked: bool,
}

/// The place of an organization.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Node>> {
    let row: Option<(Option<Uuid>, i64, bool, bool)> = tx
        .query_opt(
            "SELECT parent_id, depth, suspended, blocked FROM organization_node WHERE id = $1",
            &[&id],
        )
        .await?;
    Ok(row.map(|(parent_id, depth, suspended, blocked)| Node {
        parent_id,
        depth,
        suspended,
        blocked,
    }))
}

/// The root, once there is one.
pub async fn root(tx: &mut Tx<'_>) -> Result<Option<Uuid>> {
    let row: Option<(Uuid,)> = tx
        .query_opt(
            "SELECT id FROM organization_node WHERE parent_id IS NULL",
            &[],
        )
        .await?;
    Ok(row.map(|(id,)| id))
}

/// Adds a leaf below `parent_id`, or the root where that is `None`.
pub async fn plant(tx: &mut Tx<'_>, id: Uuid, parent_id: Option<Uuid>) -> Result<()> {
    lock(tx).await?;
    let parent = match parent_id {
        Some(parent_id) => Some(find(tx, parent_id).await?.ok_or_else(Error::not_found)?),
        None => None,
    };
    let depth = parent.map_or(0, |parent| parent.depth + 1);
    let blocked = parent.is_some_and(|parent| parent.blocked);
    tx.execute(
        "INSERT INTO organization_node (id, parent_id, depth, suspended, blocked) VALUES ($1, $2, $3, FALSE, $4)",
        &[&id, &parent_id, &depth, &blocked],
    )
    .await?;
    tx.execute(
        "INSERT INTO organization_closure (ancestor_id, descendant_id, distance) VALUES ($1, $1, 0)",
        &[&id],
    )
    .await?;
    if let Some(parent_id) = parent_id {
        connect(tx, id, parent_id).await?;
    }
    Ok(())
}

/// Puts the whole branch of `id` below `parent_id`. The caller has taken the lock and made sure that the
/// new parent is not inside the branch.
pub async fn transplant(tx: &mut Tx<'_>, id: Uuid, parent_id: Uuid) -> Result<()> {
    let before = find(tx, id).await?.ok_or_else(Error::not_found)?;
    let parent = find(tx, parent_id).await?.ok_or_else(Error::not_found)?;
    tx.execute(
        "DELETE FROM organization_closure
         WHERE descendant_id IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id = $1)
           AND ancestor_id IN (SELECT ancestor_id FROM organization_closure WHERE descendant_id = $1 AND distance > 0)",
        &[&id],
    )
    .await?;
    tx.execute(
        "UPDATE organization_node SET parent_id = $2 WHERE id = $1",
        &[&id, &parent_id],
    )
    .await?;
    let deeper = parent.depth + 1 - before.depth;
    tx.execute(
        "UPDATE organization_node SET depth = depth + $2
         WHERE id IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id = $1)",
        &[&id, &deeper],
    )
    .await?;
    connect(tx, id, parent_id).await?;
    recompute_blocked(tx, id).await
}

/// Takes a leaf out of the tree. The caller has taken the lock and made sure that nothing refers to it.
pub async fn uproot(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute(
        "DELETE FROM organization_closure WHERE descendant_id = $1",
        &[&id],
    )
    .await?;
    tx.execute("DELETE FROM organization_node WHERE id = $1", &[&id])
        .await?;
    Ok(())
}

/// Suspends or resumes one organization; everything below follows.
pub async fn set_suspended(tx: &mut Tx<'_>, id: Uuid, suspended: bool) -> Result<()> {
    tx.execute(
        "UPDATE organization_node SET suspended = $2 WHERE id = $1",
        &[&id, &suspended],
    )
    .await?;
    recompute_blocked(tx, id).await
}

/// Whether `id` is `ancestor_id` or lies below it.
pub async fn is_within(tx: &mut Tx<'_>, id: Uuid, ancestor_id: Uuid) -> Result<bool> {
    let row: Option<(i64,)> = tx
        .query_opt(
            "SELECT distance FROM organization_closure WHERE ancestor_id = $1 AND descendant_id = $2",
            &[&ancestor_id, &id],
        )
        .await?;
    Ok(row.is_some())
}

async fn connect(tx: &mut Tx<'_>, id: Uuid, parent_id: Uuid) -> Result<()> {
    tx.execute(
        "INSERT INTO organization_closure (ancestor_id, descendant_id, distance)
         SELECT up.ancestor_id, down.descendant_id, up.distance + down.distance + 1
         FROM organization_closure up, organization_closure down
         WHERE up.descendant_id = $2 AND down.ancestor_id = $1",
        &[&id, &parent_id],
    )
    .await?;
    Ok(())
}

async fn recompute_blocked(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute(
        "UPDATE organization_node SET blocked = EXISTS (
           SELECT 1 FROM organization_closure c JOIN organization_node up ON up.id = c.ancestor_id
           WHERE c.descendant_id = organization_node.id AND up.suspended = TRUE)
         WHERE id IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id = $1)",
        &[&id],
    )
    .await?;
    Ok(())
}
