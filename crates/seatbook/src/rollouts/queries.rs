//! Every statement about rollouts.

use std::collections::BTreeMap;

use store::{Json, Param, Select, Tx};
use uuid::Uuid;

use super::{
    checking::Answer,
    model::{Counts, Rollout, RolloutRow, RowState, State},
};
use crate::{
    error::{Error, Result},
    scope::{
        Permission, Scope,
        queries::{below_any, check_visible},
    },
};

const ROLLOUT: &str = "SELECT r.id, r.seller_id, r.plan_id, s.code, s.name, r.action, r.terms,
    r.composition, r.state, r.only_if_all_fit, r.row_count, r.check_job_id, r.apply_job_id, r.actor_id, r.created_at, r.ended_at, r.version
    FROM rollout r JOIN service_plan s ON s.id = r.plan_id";

/// A subscription that was taken back is gone, and with it the way there.
const ROW: &str = "SELECT r.position, r.organization_id, o.name, r.state, r.code, r.message, q.id
    FROM rollout_row r JOIN organization o ON o.id = r.organization_id
    LEFT JOIN plan_subscription q ON q.id = r.subscription_id";

/// The rollout, whoever asks: for commands and jobs that ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Rollout>> {
    Ok(tx
        .query_opt(&format!("{ROLLOUT} WHERE r.id = $1"), &[&id])
        .await?)
}

/// The rollout, or 404.
pub async fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Rollout> {
    find(tx, id).await?.ok_or_else(Error::not_found)
}

/// The rollout, where the scope can see its seller's licenses; its prices where it can see those.
pub async fn get_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Rollout> {
    let roots = scope.roots(Permission::LicensesRead);
    let mut select = Select::new(ROLLOUT);
    select.and("r.id = ?", &id);
    below_any(&mut select, "r.seller_id", &roots);
    let found = tx.query_opt(&select.sql(""), select.params()).await?;
    hide_prices(tx, scope, found.ok_or_else(Error::not_found)?).await
}

/// Which rollouts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this plan.
    pub plan_id: Option<Uuid>,
    /// Those that are so far.
    pub state: Option<State>,
    /// Those behind this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Rollouts that the scope can see, the newest first.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Rollout>> {
    let roots = scope.require(Permission::LicensesRead)?;
    let state = filter.state.map(State::as_str);
    let mut select = Select::new(ROLLOUT);
    below_any(&mut select, "r.seller_id", &roots);
    if let Some(id) = &filter.plan_id {
        select.and("r.plan_id = ?", id);
    }
    if let Some(state) = &state {
        select.and("r.state = ?", state);
    }
    if let Some(after) = &filter.after {
        select.and("r.id < ?", after);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY r.id DESC LIMIT {limit}"));
    let found: Vec<Rollout> = tx.query(&sql, select.params()).await?;
    let mut shown = Vec::with_capacity(found.len());
    for rollout in found {
        shown.push(hide_prices(tx, scope, rollout).await?);
    }
    Ok(shown)
}

/// The rollout with its prices for who may see the seller's, and without them for others.
pub async fn hide_prices(tx: &mut Tx<'_>, scope: &Scope, rollout: Rollout) -> Result<Rollout> {
    let mut components = rollout.terms.components.iter();
    if components.all(|it| it.price_minor.is_none()) {
        return Ok(rollout);
    }
    let seen = check_visible(tx, scope, Permission::PricesRead, rollout.seller_id).await;
    Ok(match seen {
        Ok(()) => rollout,
        Err(_) => Rollout {
            terms: rollout.terms.clone().without_prices(),
            ..rollout
        },
    })
}

/// Customers of rollouts by their answer.
pub async fn counts(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Counts>> {
    let mut counts: BTreeMap<Uuid, Counts> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(counts);
    }
    let mut select = Select::new("SELECT rollout_id, state, count(*) FROM rollout_row");
    let places: Vec<String> = ids.iter().map(|id| select.bind(id)).collect();
    select.and_raw(&format!("rollout_id IN ({})", places.join(", ")));
    let sql = select.sql(" GROUP BY rollout_id, state");
    let found: Vec<(Uuid, String, i64)> = tx.query(&sql, select.params()).await?;
    for (id, state, count) in found {
        let of = counts.entry(id).or_default();
        match RowState::parse(&state) {
            Some(RowState::Waiting) => of.waiting = count,
            Some(RowState::Fits) => of.fits = count,
            Some(RowState::Refused) => of.refused = count,
            Some(RowState::Done) => of.done = count,
            None => {}
        }
    }
    Ok(counts)
}

/// Customers of one rollout by their answer.
pub async fn counts_of(tx: &mut Tx<'_>, id: Uuid) -> Result<Counts> {
    Ok(counts(tx, &[id]).await?.remove(&id).unwrap_or_default())
}

/// Customers of a rollout in their order, behind a place.
pub async fn rows(
    tx: &mut Tx<'_>,
    id: Uuid,
    state: Option<RowState>,
    (after, limit): (i64, i64),
) -> Result<Vec<RolloutRow>> {
    let word = state.map(RowState::as_str);
    let mut select = Select::new(ROW);
    select
        .and("r.rollout_id = ?", &id)
        .and("r.position > ?", &after);
    if let Some(word) = &word {
        select.and("r.state = ?", word);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY r.position LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// One customer of a rollout.
pub async fn find_row(tx: &mut Tx<'_>, id: Uuid, position: i64) -> Result<Option<RolloutRow>> {
    let sql = format!("{ROW} WHERE r.rollout_id = $1 AND r.position = $2");
    Ok(tx.query_opt(&sql, &[&id, &position]).await?)
}

/// Adds a rollout with its customers, none of which was looked at, each with the plan subscription that it is about;
/// its version is 1.
pub async fn insert(
    tx: &mut Tx<'_>,
    new: &Rollout,
    customers: &[(Uuid, Option<Uuid>)],
) -> Result<()> {
    let terms = Json(serde_json::to_value(&new.terms)?);
    tx.execute(
        "INSERT INTO rollout (id, seller_id, plan_id, action, terms, composition, state, only_if_all_fit, row_count,
         check_job_id, actor_id, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)",
        &[
            &new.id, &new.seller_id, &new.plan_id, &new.action.as_str(), &terms, &new.composition,
            &new.state.as_str(), &new.only_if_all_fit, &new.row_count, &new.check_job_id, &new.actor_id,
            &new.created_at,
        ],
    )
    .await?;
    let positions: Vec<i64> = (1..).take(customers.len()).collect();
    let waiting = RowState::Waiting.as_str();
    let mut params: Vec<&dyn Param> = Vec::with_capacity(customers.len() * 6);
    for (position, (customer, subscription)) in positions.iter().zip(customers) {
        params.extend_from_slice(&[&new.id as &dyn Param, position, customer]);
        params.extend_from_slice(&[&waiting as &dyn Param, &"", subscription]);
    }
    let head = "INSERT INTO rollout_row (rollout_id, position, organization_id, state, message, subscription_id)";
    tx.insert((head, ""), 6, &params).await?;
    Ok(())
}

/// Moves a rollout on, over the version before; `false` where it was another.
pub async fn set_state(tx: &mut Tx<'_>, after: &Rollout) -> Result<bool> {
    let sql =
        "UPDATE rollout SET state = $3, only_if_all_fit = $4, apply_job_id = $5, ended_at = $6,
        version = version + 1 WHERE id = $1 AND version = $2";
    let (before, state) = (after.version - 1, after.state.as_str());
    let params: [&dyn Param; 6] = [
        &after.id,
        &before,
        &state,
        &after.only_if_all_fit,
        &after.apply_job_id,
        &after.ended_at,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Says that it is done for a customer that fitted; `false` where its row was settled before.
pub async fn set_done(
    tx: &mut Tx<'_>,
    (id, position): (Uuid, i64),
    subscription_id: Uuid,
) -> Result<bool> {
    let sql = "UPDATE rollout_row SET state = 'done', subscription_id = $3
        WHERE rollout_id = $1 AND position = $2 AND state = 'fits'";
    let params: [&dyn Param; 3] = [&id, &position, &subscription_id];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Writes answers of customers for whom it is not done. They follow from the book and change nothing in it.
pub async fn set_answers(tx: &mut Tx<'_>, id: Uuid, answers: &[Answer]) -> Result<()> {
    let sql = "UPDATE rollout_row SET state = $3, code = $4, message = $5
        WHERE rollout_id = $1 AND position = $2 AND state <> 'done'";
    let none = (None, String::new());
    let rows: Vec<(&i64, &str, Option<&String>, &String)> = answers
        .iter()
        .map(|it| match &it.refused {
            Some((code, message)) => (&it.position, "refused", Some(code), message),
            None => (&it.position, "fits", none.0, &none.1),
        })
        .collect();
    let params: Vec<[&dyn Param; 5]> = rows
        .iter()
        .map(|(position, state, code, message)| {
            [&id as &dyn Param, *position, state, code, *message]
        })
        .collect();
    let statements: Vec<(&str, &[&dyn Param])> = params
        .iter()
        .map(|params| (sql, params.as_slice()))
        .collect();
    tx.execute_all(&statements).await?;
    Ok(())
}

/// The organizations of these that lie below a seller, with their names.
pub async fn below(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(500) {
        let mut select = Select::new(
            "SELECT o.id, o.name FROM organization_closure c JOIN organization o ON o.id = c.descendant_id",
        );
        select
            .and("c.ancestor_id = ?", &seller_id)
            .and_raw("c.distance > 0");
        let places: Vec<String> = chunk.iter().map(|id| select.bind(id)).collect();
        select.and_raw(&format!("c.descendant_id IN ({})", places.join(", ")));
        let rows: Vec<(Uuid, String)> = tx.query(&select.sql(""), select.params()).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// How many customers that fit have nothing of a component yet: it is new for them, as `compositions` has it.
pub async fn without(tx: &mut Tx<'_>, rollout: &Rollout, sku_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM rollout_row r JOIN plan_subscription q ON q.id = r.subscription_id
        WHERE r.rollout_id = $1 AND r.state = 'fits'
          AND NOT EXISTS (SELECT 1 FROM service_plan_component c
            WHERE c.plan_id = q.plan_id AND c.composition = q.composition AND c.sku_id = $2)
          AND NOT EXISTS (SELECT 1 FROM plan_subscription_part t JOIN license l ON l.id = t.license_id
            WHERE t.subscription_id = q.id AND l.sku_id = $2)";
    let (count,): (i64,) = tx.query_one(sql, &[&rollout.id, &sku_id]).await?;
    Ok(count)
}
