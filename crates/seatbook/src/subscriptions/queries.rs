//! Every statement about subscriptions.

use std::collections::HashMap;

use rules::reduction::{Binding, Rule};
use store::{FromRow, Json, Param, Row, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{Decision, Subscription};
use crate::{
    api::{Cursor, List},
    app::App,
    assignments::{self, model::Assignment},
    error::{Error, Result},
    gate::Caller,
    holdings::{self, sort::Sort},
    licenses::{self, model::Pool, pools},
    scope::{Permission, Scope, queries::below_any},
};

const DECISION: &str =
    "SELECT s.id, s.license_id, s.organization_id, s.auto_renews, s.notice_days, s.lapsing,
    s.rule, s.losers, s.unsubscribed_at, s.unsubscribed_by, s.version FROM subscription s";

/// What was decided about these pools.
pub async fn decisions(tx: &mut Tx<'_>, pool_ids: &[Uuid]) -> Result<HashMap<Uuid, Decision>> {
    let mut found = HashMap::new();
    for some in pool_ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!("{DECISION} WHERE s.id IN {}", placeholders(1, some.len()));
        for decision in tx.query::<Decision>(&sql, &params).await? {
            found.insert(decision.id, decision);
        }
    }
    Ok(found)
}

/// What was decided about pools of a license that let units go when it renews, the deepest in the tree first.
pub async fn letting_go(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Vec<Decision>> {
    let sql = format!(
        "{DECISION} JOIN organization_node n ON n.id = s.organization_id
         WHERE s.license_id = $1 AND (s.auto_renews = FALSE OR s.lapsing > 0) ORDER BY n.depth DESC, s.id"
    );
    Ok(tx.query(&sql, &[&license_id]).await?)
}

/// These pools with what was decided about them, at an instant and a number of days of grace.
pub async fn of_pools(
    tx: &mut Tx<'_>,
    pools: &[Pool],
    at: (Timestamp, i64),
) -> Result<Vec<Subscription>> {
    let ids: Vec<Uuid> = pools.iter().map(|pool| pool.id).collect();
    let mut decided = decisions(tx, &ids).await?;
    let of = |pool: &Pool| Subscription::of(pool, decided.remove(&pool.id), at);
    Ok(pools.iter().map(of).collect())
}

/// What an id stands for.
#[derive(Clone, Debug)]
pub enum Named {
    /// A pool, or the own pool of a license.
    Pool(Box<Pool>),
    /// An assignment or add-on, and the pool its units come from.
    Assignment(Box<Assignment>, Box<Pool>),
}

impl Named {
    /// The pool.
    pub fn pool(&self) -> &Pool {
        match self {
            Named::Pool(pool) | Named::Assignment(_, pool) => pool,
        }
    }
}

impl Named {
    /// What an id stands for, where the caller can see it.
    pub async fn find(app: &App, caller: &Caller, id: Uuid) -> Result<Named> {
        let scope = caller.scope.clone();
        let read =
            app.read(move |mut tx| Box::pin(async move { named(&mut tx, &scope, id).await }));
        read.await?.ok_or_else(Error::not_found)
    }
}

/// What an id stands for, where the scope can see it: a pool, a license, an assignment or an add-on.
pub async fn named(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Named>> {
    if let Some(pool) = pools::find_visible(tx, scope, id).await? {
        return Ok(Some(Named::Pool(Box::new(pool))));
    }
    if let Some(license) = licenses::queries::find_visible(tx, scope, id).await? {
        let pool = pools::find_visible(tx, scope, license.pool_id).await?;
        return Ok(pool.map(|pool| Named::Pool(Box::new(pool))));
    }
    let Some(found) = assignments::queries::find_visible(tx, scope, id).await? else {
        return Ok(None);
    };
    let pool = pools::find_visible(tx, scope, found.pool_id).await?;
    Ok(pool.map(|pool| Named::Assignment(Box::new(found), Box::new(pool))))
}

/// The pool that an id stands for, or its license's own, whoever asks: for commands that ask for their permission.
pub async fn pool_of(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Pool>> {
    if let Some(pool) = pools::find(tx, id).await? {
        return Ok(Some(pool));
    }
    match licenses::queries::find(tx, id).await? {
        Some(license) => pools::find(tx, license.pool_id).await,
        None => Ok(None),
    }
}

/// Which subscriptions are asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The one that this UUID belongs to.
    pub uuid: Option<Uuid>,
    /// Of this organization itself; must be said where no UUID is.
    pub organization_id: Option<Uuid>,
    /// Any part of name, order, reference, SKU or product.
    pub keyword: Option<String>,
    /// Rows at most.
    pub limit: i64,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// A page of subscriptions: those a UUID finds, by id, or those of an organization, in the order in which they end.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: Asked,
    at: (Timestamp, i64),
) -> Result<List<Subscription>> {
    let cursor = asked.cursor.as_deref();
    if let Some(id) = asked.uuid {
        let after = cursor.map(Cursor::read).transpose()?;
        let wanted = (id, asked.organization_id);
        let found = found_by(tx, scope, wanted, (after, asked.limit + 1)).await?;
        let found = of_pools(tx, &found, at).await?;
        return Ok(List::page(found, asked.limit, |last| last.id));
    }
    let organization_id = asked.organization_id.ok_or_else(|| {
        let message = "Say whose subscriptions, or a UUID to find one by.";
        Error::invalid("organization_id", "required", message)
    })?;
    let place = |cursor| Sort::End.place(false, cursor);
    let filter = holdings::pools::Filter {
        keyword: asked.keyword,
        from: cursor.map(place).transpose()?,
        ..holdings::pools::Filter::of(organization_id, asked.limit)
    };
    let found = holdings::pools::page(tx, scope, &filter, at.0).await?;
    Ok(List {
        items: of_pools(tx, &found.pools, at).await?,
        next_cursor: found.next.map(|next| Sort::End.cursor(false, &next)),
    })
}

/// The pools that an id finds, that the scope can see, by id: every pool of a license, and the pool of a pool,
/// assignment or add-on. Narrowed to an organization where one is named.
pub async fn found_by(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (id, organization_id): (Uuid, Option<Uuid>),
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<Pool>> {
    let bound = assignments::queries::find_visible(tx, scope, id).await?;
    let named = bound.map_or(id, |assignment| assignment.pool_id);
    let roots = scope.require(Permission::LicensesRead)?;
    let mut select = Select::new("SELECT p.id FROM pool p");
    select.and_all("(p.id = ? OR p.license_id = ?)", &[&named, &named]);
    below_any(&mut select, "p.organization_id", &roots);
    if let Some(organization_id) = &organization_id {
        select.and("p.organization_id = ?", organization_id);
    }
    if let Some(after) = &after {
        select.and("p.id > ?", after);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY p.id LIMIT {limit}"));
    let ids: Vec<(Uuid,)> = tx.query(&sql, select.params()).await?;
    let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
    let mut found = pools::of_ids(tx, &ids).await?;
    found.sort_by_key(|pool| pool.id);
    Ok(found)
}

/// An open binding that may give way, with what people read of it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What the rules need.
    pub binding: Binding<Uuid>,
    /// Who or what holds it.
    pub holder_id: Uuid,
    /// Their name.
    pub holder_name: String,
    /// The person behind it, where that is somebody else.
    pub user_name: Option<String>,
    /// Add-ons bound to it.
    pub add_ons: i64,
}

impl FromRow for Candidate {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (assigned, used): (Timestamp, Option<Timestamp>) = (row.get(2)?, row.get(3)?);
        Ok(Candidate {
            binding: Binding {
                id: row.get(0)?,
                units: row.get(1)?,
                assigned: assigned.get(),
                used: used.map(Timestamp::get),
            },
            holder_id: row.get(4)?,
            holder_name: row.get(5)?,
            user_name: row.get(6)?,
            add_ons: row.get(7)?,
        })
    }
}

const CANDIDATE: &str = "SELECT a.id, a.units, a.assigned_at, u.used_at, a.holder_id, h.name,
    CASE WHEN a.user_id <> a.holder_id THEN w.name END, a.add_ons
    FROM assignment a JOIN holder h ON h.id = a.holder_id LEFT JOIN holder w ON w.id = a.user_id
    LEFT JOIN assignment_use u ON u.assignment_id = a.id";

/// The first open bindings of a pool in the order in which they give way: the order of [`Rule::sort`], which a test
/// holds to it.
pub async fn candidates(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    rule: Rule,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let order = match rule {
        Rule::NeverUsed => {
            "CASE WHEN u.used_at IS NULL THEN 0 ELSE 1 END, coalesce(u.used_at, a.assigned_at), a.id"
        }
        Rule::IdleLongest => "coalesce(u.used_at, a.assigned_at), a.id",
        Rule::Newest => "a.assigned_at DESC, a.id DESC",
    };
    let sql = format!(
        "{CANDIDATE} WHERE a.pool_id = $1 AND a.ended_at IS NULL ORDER BY {order} LIMIT $2"
    );
    Ok(tx.query(&sql, &[&pool_id, &limit]).await?)
}

/// The open bindings of a pool with these ids, in the order of the ids.
pub async fn chosen(tx: &mut Tx<'_>, pool_id: Uuid, ids: &[Uuid]) -> Result<Vec<Candidate>> {
    let mut found: HashMap<Uuid, Candidate> = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let mut select = Select::new(CANDIDATE);
        select
            .and("a.pool_id = ?", &pool_id)
            .and_raw("a.ended_at IS NULL");
        let places: Vec<String> = some.iter().map(|id| select.bind(id)).collect();
        select.and_raw(&format!("a.id IN ({})", places.join(", ")));
        for candidate in tx
            .query::<Candidate>(&select.sql(""), select.params())
            .await?
        {
            found.insert(candidate.binding.id, candidate);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The add-ons that ended together with a base, by being terminated.
pub async fn ended_with(
    tx: &mut Tx<'_>,
    (base_id, holder_id): (Uuid, Uuid),
    at: Timestamp,
) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM assignment
        WHERE holder_id = $1 AND base_id = $2 AND ended_at = $3 AND ending = 'terminated' ORDER BY id";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&holder_id, &base_id, &at]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Why and when an assignment ended, and whether another goes on from it.
pub async fn ending(
    tx: &mut Tx<'_>,
    id: Uuid,
) -> Result<Option<(Option<String>, Option<Timestamp>, bool)>> {
    let sql =
        "SELECT a.ending, a.ended_at, EXISTS (SELECT 1 FROM assignment f WHERE f.follows_id = a.id)
        FROM assignment a WHERE a.id = $1";
    Ok(tx.query_opt(sql, &[&id]).await?)
}

/// What was terminated of a pool since an instant and not brought back, the latest first: id, holder, units, when.
pub type Gone = (Uuid, String, i64, Timestamp);

/// The base assignments and add-ons of a pool that can be brought back.
pub async fn terminated(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Gone>> {
    let sql = "SELECT a.id, h.name, a.units, a.ended_at FROM assignment a JOIN holder h ON h.id = a.holder_id
        WHERE a.pool_id = $1 AND a.ending = 'terminated' AND a.ended_at >= $2
          AND NOT EXISTS (SELECT 1 FROM assignment f WHERE f.follows_id = a.id)
        ORDER BY a.ended_at DESC, a.id DESC LIMIT $3";
    Ok(tx.query(sql, &[&pool_id, &since, &limit]).await?)
}

/// Writes the first decision about a pool; `false` where somebody was faster.
pub async fn insert(tx: &mut Tx<'_>, new: &Decision) -> Result<bool> {
    let losers = Json(serde_json::to_value(&new.losers)?);
    let rule = new.rule.map(Rule::as_str);
    let rows = tx
        .execute(
            "INSERT INTO subscription (id, license_id, organization_id, auto_renews, notice_days, lapsing, rule, losers,
             unsubscribed_at, unsubscribed_by, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)
             ON CONFLICT (id) DO NOTHING",
            &[
                &new.id, &new.license_id, &new.organization_id, &new.auto_renews, &new.notice_days, &new.lapsing,
                &rule, &losers, &new.unsubscribed_at, &new.unsubscribed_by,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Writes a decision over version `version`; `false` where it was another.
pub async fn set(tx: &mut Tx<'_>, decided: &Decision, version: i64) -> Result<bool> {
    let losers = Json(serde_json::to_value(&decided.losers)?);
    let rule = decided.rule.map(Rule::as_str);
    let rows = tx
        .execute(
            "UPDATE subscription SET auto_renews = $3, notice_days = $4, lapsing = $5, rule = $6, losers = $7,
             unsubscribed_at = $8, unsubscribed_by = $9, version = version + 1 WHERE id = $1 AND version = $2",
            &[
                &decided.id, &version, &decided.auto_renews, &decided.notice_days, &decided.lapsing, &rule, &losers,
                &decided.unsubscribed_at, &decided.unsubscribed_by,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Files what was decided about a pool under another license.
pub async fn carry(tx: &mut Tx<'_>, id: Uuid, license_id: Uuid) -> Result<()> {
    let sql = "UPDATE subscription SET license_id = $2, version = version + 1 WHERE id = $1";
    tx.execute(sql, &[&id, &license_id]).await?;
    Ok(())
}
