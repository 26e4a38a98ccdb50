//! The statements of the check.

use std::{collections::HashMap, sync::LazyLock};

use rules::lifecycle::Facts;
use store::{FromRow, Row, Select, Timestamp, Tx};
use uuid::Uuid;

use super::check::Bound;
use crate::{
    error::{Error, Result},
    licenses::model::standing,
    scope::{Permission, Scope, queries::within_any},
};

/// The organization as it is asked for, by id or reference. 404 where the scope cannot see it.
pub(super) async fn organization(tx: &mut Tx<'_>, scope: &Scope, named: &str) -> Result<Uuid> {
    let roots = scope.require(Permission::AssignmentsRead)?;
    let id: Option<Uuid> = named.parse().ok();
    let mut select = Select::new("SELECT n.id FROM organization_node n");
    let reference = named.to_owned();
    match &id {
        Some(id) => _ = select.and("n.id = ?", id),
        None => {
            let by = "n.id = (SELECT id FROM organization WHERE reference = ?)";
            select.and(by, &reference);
        }
    }
    // Mostly the right is held at the very organization, or at the root.
    let own = id.is_some_and(|id| roots.contains(&id));
    let inside = "SELECT descendant_id FROM organization_closure";
    let mut within = Select::new(inside);
    within_any(&mut within, "ancestor_id", &roots);
    let found: Option<(Uuid,)> = tx.query_opt(&select.sql(""), select.params()).await?;
    let (id,) = found.ok_or_else(Error::not_found)?;
    if own || scope.sees_everything(Permission::AssignmentsRead) {
        return Ok(id);
    }
    within.and("descendant_id = ?", &id);
    let seen: Option<(Uuid,)> = tx
        .query_opt(&within.sql(" LIMIT 1"), within.params())
        .await?;
    seen.map(|_| id).ok_or_else(Error::not_found)
}

/// The organization's present holder of this id, reference or e-mail address.
async fn holder(tx: &mut Tx<'_>, organization_id: Uuid, named: &str) -> Result<Option<Uuid>> {
    if let Ok(id) = named.parse() {
        return Ok(Some(id));
    }
    let sql = "SELECT id FROM holder WHERE organization_id = $1 AND left_at IS NULL
        AND (reference = $2 OR email = $3) ORDER BY id LIMIT 1";
    let email = rules::text::lowercase(named);
    let row: Option<(Uuid,)> = tx
        .query_opt(sql, &[&organization_id, &named.to_owned(), &email])
        .await?;
    Ok(row.map(|(id,)| id))
}

/// The product of this id or code.
async fn product(tx: &mut Tx<'_>, named: &str) -> Result<Option<Uuid>> {
    if let Ok(id) = named.parse() {
        return Ok(Some(id));
    }
    let sql = "SELECT id FROM product WHERE code = $1";
    let row: Option<(Uuid,)> = tx.query_opt(sql, &[&named.to_owned()]).await?;
    Ok(row.map(|(id,)| id))
}

/// The ids of a question that names everything by its id, where no more need be asked to know that the caller sees the
/// organization.
pub(super) fn ids(scope: &Scope, [organization, holder, product]: [&str; 3]) -> Option<[Uuid; 3]> {
    let id = |text: &str| text.parse().ok();
    let ids = [id(organization)?, id(holder)?, id(product)?];
    let seen = scope.sees_everything(Permission::AssignmentsRead)
        || scope.roots(Permission::AssignmentsRead).contains(&ids[0]);
    seen.then_some(ids)
}

/// What stands in a question's names, each looked up once.
#[derive(Default)]
pub(super) struct Names {
    holders: HashMap<String, Option<Uuid>>,
    products: HashMap<String, Option<Uuid>>,
}

impl Names {
    /// The holder and the product of a question; nothing where one of them is not known.
    pub(super) async fn find(
        &mut self,
        tx: &mut Tx<'_>,
        organization_id: Uuid,
        (holder_name, product_name): (&str, &str),
    ) -> Result<Option<(Uuid, Uuid)>> {
        if !self.holders.contains_key(holder_name) {
            let found = holder(tx, organization_id, holder_name).await?;
            self.holders.insert(holder_name.to_owned(), found);
        }
        if !self.products.contains_key(product_name) {
            let found = product(tx, product_name).await?;
            self.products.insert(product_name.to_owned(), found);
        }
        let known =
            |names: &HashMap<String, Option<Uuid>>, name| names.get(name).copied().flatten();
        Ok(known(&self.holders, holder_name).zip(known(&self.products, product_name)))
    }
}

const BOUND: &str = "SELECT a.id, a.units, l.standing, l.awaits_activation, (l.paused OR l.held), l.starts_at,
    l.ends_at, l.grace_until, n.blocked, a.organization_id FROM assignment a JOIN license l ON l.id = a.license_id
    JOIN organization_node n ON n.id = a.organization_id";

/// What the holder has itself, then what belongs to it. The organization stands in no condition: SQLite, which knows
/// nothing of how many rows there are, would take the index that begins with it, and walk through all units of the
/// product there.
fn of_holder(joined: &str) -> String {
    format!(
        "{BOUND}{joined} a.holder_id = $1 AND a.ended_at IS NULL
         UNION ALL {BOUND}{joined} a.user_id = $1 AND a.holder_id <> $1 AND a.ended_at IS NULL"
    )
}

static DIRECT: LazyLock<String> = LazyLock::new(|| of_holder(" WHERE a.product_id = $2 AND"));

static INCLUDED: LazyLock<String> = LazyLock::new(|| {
    of_holder(" JOIN sku_component c ON c.sku_id = l.sku_id AND c.product_id = $2 WHERE")
});

/// Units of a product that a holder has, itself or by what belongs to it: one look at an index for each.
pub(super) async fn direct(tx: &mut Tx<'_>, ids: [Uuid; 3]) -> Result<Vec<Bound>> {
    bound(tx, &DIRECT, ids).await
}

/// Units of SKUs that a product comes with, which a holder has, itself or by what belongs to it.
pub(super) async fn included(tx: &mut Tx<'_>, ids: [Uuid; 3]) -> Result<Vec<Bound>> {
    bound(tx, &INCLUDED, ids).await
}

async fn bound(
    tx: &mut Tx<'_>,
    sql: &str,
    [organization_id, holder_id, product_id]: [Uuid; 3],
) -> Result<Vec<Bound>> {
    let mut found: Vec<Bound> = tx.query(sql, &[&holder_id, &product_id]).await?;
    found.retain(|bound| bound.organization_id == organization_id);
    Ok(found)
}

impl FromRow for Bound {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (starts_at, ends_at, grace_until): (Timestamp, Option<Timestamp>, Option<Timestamp>) =
            (row.get(5)?, row.get(6)?, row.get(7)?);
        Ok(Bound {
            assignment_id: row.get(0)?,
            units: row.get(1)?,
            blocked: row.get(8)?,
            organization_id: row.get(9)?,
            license: Facts {
                standing: standing(&row.get::<String>(2)?)?,
                awaits_activation: row.get(3)?,
                paused: row.get(4)?,
                starts_at: Some(starts_at.get()),
                ends_at: ends_at.map(Timestamp::get),
                grace_until: grace_until.map(Timestamp::get),
            },
        })
    }
}
