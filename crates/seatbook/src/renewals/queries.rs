//! Every statement about terms.

use jiff::civil;
use rules::{
    billing::Slice,
    term::{self},
};
use store::{Date, Param, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Ahead, Circumstances, NextTerm, Obstacle, Origin, Renewal, Term, period_from};
use crate::{
    error::{Error, Result},
    licenses::{
        self,
        model::{License, Pool},
    },
    scope::Scope,
    subscriptions::{self, model::Decision},
};

const TERM: &str =
    "SELECT id, number, start_date, end_date, origin, quantity, price_minor, currency, version
    FROM license_term WHERE license_id = $1";

/// The terms of a license that had more than one, in order.
pub async fn of_license(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Vec<Term>> {
    let sql = format!("{TERM} ORDER BY number");
    Ok(tx.query(&sql, &[&license_id]).await?)
}

/// What was said of the next term of a license.
pub async fn next_term(tx: &mut Tx<'_>, license_id: Uuid) -> Result<NextTerm> {
    let sql = "SELECT quantity, price_minor, currency, version FROM next_term WHERE id = $1";
    let found: Option<NextTerm> = tx.query_opt(sql, &[&license_id]).await?;
    Ok(found.unwrap_or_default())
}

/// What the renewal of a license depends on, beside the license itself.
pub async fn circumstances(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Circumstances> {
    let sql = "SELECT k.validity, l.edition, l.unbundled, l.terms, l.price_minor, l.currency, src.end_date, b.id,
        b.auto_renews, (SELECT s.term FROM service_plan s WHERE s.id = b.plan_id) FROM license l JOIN sku k ON k.id = l.sku_id
        JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
        LEFT JOIN pool up ON up.id = p.parent_id LEFT JOIN license src ON src.id = up.license_id
        LEFT JOIN plan_subscription b ON b.standing = 'running' AND b.id IN
          (SELECT t.subscription_id FROM plan_subscription_part t WHERE t.license_id = l.id)
        WHERE l.id = $1 ORDER BY b.id LIMIT 1";
    let found: Option<Circumstances> = tx.query_opt(sql, &[&license_id]).await?;
    found.ok_or_else(Error::not_found)
}

/// The next period of a license: the whole one that begins after its last day, and as much of it as the license its
/// units were drawn from allows.
pub async fn next_period(
    tx: &mut Tx<'_>,
    license: &License,
    circumstances: &Circumstances,
) -> Result<std::result::Result<Slice, Obstacle>> {
    if let Some(obstacle) = circumstances.obstacle(license) {
        return Ok(Err(obstacle));
    }
    let (Some(end), Some(every)) = (license.end_date, circumstances.term) else {
        return Ok(Err(Obstacle::NoEnd));
    };
    let first = after(end)?;
    let full = period_from(every, &anchors(tx, license).await?, first)?;
    let last = circumstances
        .source_end
        .map_or(full.end(), |it| it.0.min(full.end()));
    let billed = term::Term::new(first, last).map_err(Error::internal)?;
    Ok(Ok(Slice { full, billed }))
}

/// The days from which the periods of a license may count: its first one, and those on which a term began.
pub async fn anchors(tx: &mut Tx<'_>, license: &License) -> Result<Vec<Date>> {
    let terms = of_license(tx, license.id).await?;
    let mut anchors = vec![license.start_date];
    anchors.extend(terms.iter().skip(1).map(|term| term.start_date));
    Ok(anchors)
}

/// The day after.
pub fn after(day: Date) -> Result<civil::Date> {
    day.0.tomorrow().map_err(Error::internal)
}

/// A pool seen from the terms of its license, with prices for those who may see them.
pub async fn renewal(tx: &mut Tx<'_>, scope: &Scope, pool: &Pool) -> Result<Renewal> {
    let license = licenses::queries::get(tx, pool.license_id).await?;
    let circumstances = circumstances(tx, license.id).await?;
    let decided = subscriptions::queries::decisions(tx, &[pool.id]).await?;
    let decided = decided.into_values().next();
    let decided = decided.unwrap_or_else(|| Decision::undecided(pool));
    let own = pool.id == license.pool_id;
    let price = match own {
        true => licenses::queries::find_price(tx, scope, &license).await?,
        false => None,
    };
    let period = next_period(tx, &license, &circumstances).await?;
    let obstacle = match (period.as_ref().err(), circumstances.plan) {
        (Some(obstacle), _) => Some(*obstacle),
        (None, Some((_, false))) => Some(Obstacle::PlanEnds),
        (None, Some((_, true))) => None,
        (None, None) => license_off(tx, &license, &decided, own).await?,
    };
    let renews = obstacle.is_none() || obstacle == Some(Obstacle::SourceEnds);
    let next = match (period, renews) {
        (Ok(slice), true) => {
            let coming = coming(tx, pool, (&decided, own), (slice, circumstances.terms)).await?;
            // A price is for the validity of the SKU; a plan may have terms of another length.
            let price = price.clone();
            let price = price.filter(|_| circumstances.term == circumstances.validity);
            Some(with_price(tx, coming, (slice, price), license.id).await?)
        }
        _ => None,
    };
    Ok(Renewal {
        subscription_id: pool.id,
        license_id: license.id,
        own,
        renews: renews && obstacle.is_none(),
        obstacle,
        terms: terms(tx, &license, (own, price)).await?,
        next,
    })
}

/// Whether it is off: for the license's own pool by what was decided, for a share also where the license's own is.
async fn license_off(
    tx: &mut Tx<'_>,
    license: &License,
    decided: &Decision,
    own: bool,
) -> Result<Option<Obstacle>> {
    let goes_on = |it: &Decision, quantity| it.auto_renews && it.lapsing < quantity;
    let mut on = goes_on(decided, i64::MAX);
    if let Some(root) = licenses::pools::find(tx, license.pool_id).await? {
        let root_decided = subscriptions::queries::decisions(tx, &[root.id]).await?;
        let root_decided = root_decided.into_values().next();
        let root_decided = root_decided.unwrap_or_else(|| Decision::undecided(&root));
        on = goes_on(&root_decided, root.quantity.max(1)) && (own || on);
    }
    Ok((!on).then_some(Obstacle::Off))
}

/// The units of the next term of a license's own pool, and their price where another was said: as it was decided.
pub async fn planned(tx: &mut Tx<'_>, pool: &Pool) -> Result<(i64, Option<(i64, String)>)> {
    let decided = subscriptions::queries::decisions(tx, &[pool.id]).await?;
    let lapsing = decided.get(&pool.id).map_or(0, |it| it.lapsing);
    let said = next_term(tx, pool.license_id).await?;
    let less = lapsing.min(pool.quantity - pool.allocated);
    let more = said.quantity.filter(|more| *more > pool.quantity);
    Ok((more.unwrap_or(pool.quantity - less), said.price))
}

/// The term to come of a pool, without its price.
async fn coming(
    tx: &mut Tx<'_>,
    pool: &Pool,
    (decided, own): (&Decision, bool),
    (slice, terms): (Slice, i64),
) -> Result<Ahead> {
    let said = match own {
        true => next_term(tx, pool.license_id).await?,
        false => NextTerm::default(),
    };
    let lapsing = decided.lapsing.min(pool.quantity - pool.allocated);
    let more = said.quantity.filter(|more| *more > pool.quantity);
    Ok(Ahead {
        number: terms + 1,
        start_date: Date(slice.billed.start()),
        end_date: Date(slice.billed.end()),
        quantity: more.unwrap_or(pool.quantity - lapsing),
        scheduled: more.is_some() || said.price.is_some() || lapsing > 0,
        price_minor: None,
        amount_minor: None,
        currency: None,
        formula: None,
    })
}

/// The same with the price that was said for it, or the one that holds now, where that is seen.
async fn with_price(
    tx: &mut Tx<'_>,
    coming: Ahead,
    (slice, price): (Slice, Option<(i64, String)>),
    license_id: Uuid,
) -> Result<Ahead> {
    let Some(price) = price else {
        return Ok(coming);
    };
    let said = next_term(tx, license_id).await?.price;
    coming.priced(slice, said.unwrap_or(price))
}

/// The terms of a license so far; the only one of a license that has not renewed is written nowhere else.
async fn terms(
    tx: &mut Tx<'_>,
    license: &License,
    (own, price): (bool, Option<(i64, String)>),
) -> Result<Vec<Term>> {
    let mut terms = of_license(tx, license.id).await?;
    if let (true, Some(end_date)) = (terms.is_empty(), license.end_date) {
        terms.push(Term {
            id: None,
            number: 1,
            start_date: license.start_date,
            end_date,
            origin: Origin::Issued,
            quantity: None,
            price_minor: None,
            currency: None,
            version: 0,
        });
    }
    let sees = price.is_some();
    if let Some(present) = terms.last_mut() {
        present.quantity = Some(license.quantity);
        (present.price_minor, present.currency) = price.unzip();
    }
    for term in &mut terms {
        term.quantity = term.quantity.filter(|_| own);
        if !sees {
            (term.price_minor, term.currency) = (None, None);
        }
    }
    Ok(terms)
}

/// Writes a term.
pub async fn insert(tx: &mut Tx<'_>, license_id: Uuid, term: &Term) -> Result<()> {
    let sql = "INSERT INTO license_term (id, license_id, number, start_date, end_date, origin, quantity, price_minor,
        currency, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)";
    tx.execute(
        sql,
        &[
            &term.id,
            &license_id,
            &term.number,
            &term.start_date,
            &term.end_date,
            &term.origin.as_str(),
            &term.quantity,
            &term.price_minor,
            &term.currency,
        ],
    )
    .await?;
    Ok(())
}

/// Writes what a term came to over the version that was read; `false` where it was another.
pub async fn set(tx: &mut Tx<'_>, term: &Term) -> Result<bool> {
    let sql = "UPDATE license_term SET end_date = $3, quantity = $4, price_minor = $5, currency = $6, origin = $7,
        version = version + 1 WHERE id = $1 AND version = $2";
    let rows = tx
        .execute(
            sql,
            &[
                &term.id,
                &term.version,
                &term.end_date,
                &term.quantity,
                &term.price_minor,
                &term.currency,
                &term.origin.as_str(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Writes what the next term shall be over the version that was read; `false` where it was another.
pub async fn set_next(tx: &mut Tx<'_>, license_id: Uuid, said: &NextTerm) -> Result<bool> {
    let (price, currency) = said.price.clone().unzip();
    let said_of = (&said.quantity, &price, &currency);
    let rows = if said.version == 0 {
        let sql = "INSERT INTO next_term (id, quantity, price_minor, currency, version) VALUES ($1, $2, $3, $4, 1)
            ON CONFLICT (id) DO NOTHING";
        tx.execute(sql, &[&license_id, said_of.0, said_of.1, said_of.2])
            .await?
    } else {
        let sql = "UPDATE next_term SET quantity = $3, price_minor = $4, currency = $5, version = version + 1
            WHERE id = $1 AND version = $2";
        let params: [&dyn Param; 5] = [&license_id, &said.version, said_of.0, said_of.1, said_of.2];
        tx.execute(sql, &params).await?
    };
    Ok(rows == 1)
}

/// Licenses of an organization that run and have an end, those that end first before the others.
pub async fn running(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let sql = "SELECT l.id FROM license l WHERE l.organization_id = $1 AND l.standing = 'issued' AND l.ends_at > $2
          AND l.awaits_activation = FALSE AND l.edition = 'full' AND l.unbundled = FALSE
        ORDER BY l.ends_at, l.id LIMIT $3";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &now, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A place in what is due: the end of a term, and whose it is.
pub type Due = (Uuid, Timestamp);

/// Licenses whose term is over and that renew, and are no part of a service plan: those that ended first before the
/// others. One whose source ends no later waits until that has renewed.
pub async fn due(
    tx: &mut Tx<'_>,
    now: Timestamp,
    (after_id, after_end): Due,
    limit: i64,
) -> Result<Vec<Due>> {
    const CAN: &str = "JOIN sku k ON k.id = l.sku_id LEFT JOIN pool up ON up.id = p.parent_id
        LEFT JOIN license src ON src.id = up.license_id
        WHERE l.ends_at <= $1 AND (l.ends_at, l.id) > ($2, $3) AND l.standing = 'issued' AND l.awaits_activation = FALSE
          AND l.edition = 'full' AND l.unbundled = FALSE AND k.validity IS NOT NULL
          AND coalesce(s.lapsing, 0) < p.quantity AND (src.id IS NULL OR src.ends_at IS NULL OR src.ends_at > l.ends_at)
          AND NOT EXISTS (SELECT 1 FROM plan_subscription_part t JOIN plan_subscription b ON b.id = t.subscription_id
            WHERE t.license_id = l.id AND b.standing = 'running')";
    let sql = format!(
        "SELECT l.id, l.ends_at FROM license l
         JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
         LEFT JOIN subscription s ON s.id = p.id {CAN} AND l.renews = TRUE AND coalesce(s.auto_renews, TRUE) = TRUE
         UNION SELECT l.id, l.ends_at FROM subscription s JOIN pool p ON p.id = s.id
         JOIN license l ON l.id = p.license_id AND l.organization_id = p.organization_id {CAN} AND s.auto_renews = TRUE
         ORDER BY 2, 1 LIMIT $4"
    );
    Ok(tx
        .query(&sql, &[&now, &after_end, &after_id, &limit])
        .await?)
}

/// Service plans that customers have, that renew, and of which a license is over; by id.
pub async fn due_plans(
    tx: &mut Tx<'_>,
    now: Timestamp,
    after_id: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let sql = "SELECT b.id FROM plan_subscription b WHERE b.standing = 'running' AND b.auto_renews = TRUE AND b.id > $2
          AND EXISTS (SELECT 1 FROM plan_subscription_part t JOIN license l ON l.id = t.license_id
            WHERE t.subscription_id = b.id AND l.standing = 'issued' AND l.ends_at <= $1)
          AND NOT EXISTS (SELECT 1 FROM plan_subscription_part t JOIN license l ON l.id = t.license_id
            JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
            LEFT JOIN pool up ON up.id = p.parent_id LEFT JOIN license src ON src.id = up.license_id
            WHERE t.subscription_id = b.id AND l.standing = 'issued'
              AND (l.edition <> 'full' OR src.ends_at <= l.ends_at))
        ORDER BY b.id LIMIT $3";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&now, &after_id, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
