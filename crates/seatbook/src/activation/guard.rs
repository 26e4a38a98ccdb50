//! The limits on guessing, counted in the database: any number of servers count as one, and a restart forgets
//! nothing.

use store::{Db, Place, Timestamp, Tx};
use uuid::Uuid;

use super::model::Limits;
use crate::error::{Error, Kind, Result};

/// The hour in which guesses are counted: the one that ends now.
const WINDOW_SECONDS: i64 = 3_600;

/// Who guesses, and under whom.
#[derive(Clone, Copy, Debug)]
pub struct Guesser {
    /// The customer.
    pub organization_id: Uuid,
    /// The organization above it.
    pub partner_id: Uuid,
}

/// Where somebody who would redeem stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Their code is looked at.
    Free,
    /// Too many wrong codes under the partner: the account manager decides.
    Watched,
}

/// Holds the rows of customer and partner, in the order of their ids, so that nobody else's try under either is
/// counted meanwhile.
pub async fn hold(tx: &mut Tx<'_>, guesser: Guesser) -> Result<()> {
    let mut both = [guesser.organization_id, guesser.partner_id];
    both.sort();
    for id in both {
        hold_one(tx, id).await?;
    }
    Ok(())
}

/// Holds the row of one organization.
pub async fn hold_one(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<()> {
    let sql = "INSERT INTO redemption_guard (organization_id, tries) VALUES ($1, 1)
        ON CONFLICT (organization_id) DO UPDATE SET tries = redemption_guard.tries + 1";
    tx.execute(sql, &[&organization_id]).await?;
    Ok(())
}

/// Counts the wrong codes of the last hour; refused where the customer has tried too many. The rows are held.
pub async fn stand(
    tx: &mut Tx<'_>,
    guesser: Guesser,
    limits: Limits,
    now: Timestamp,
) -> Result<Standing> {
    let since = now.plus_seconds(-WINDOW_SECONDS);
    let own = "SELECT at FROM redemption_failure WHERE organization_id = $1 AND at > $2 ORDER BY at DESC LIMIT $3";
    let own: Vec<(Timestamp,)> = tx
        .query(
            own,
            &[&guesser.organization_id, &since, &limits.customer_tries],
        )
        .await?;
    if own.len() as i64 >= limits.customer_tries {
        let oldest = own.last().map_or(now, |(at,)| *at);
        return Err(locked(oldest.plus_seconds(WINDOW_SECONDS), now));
    }
    let all = "SELECT count(*) FROM redemption_failure WHERE partner_id = $1 AND at > $2";
    let (all,): (i64,) = tx.query_one(all, &[&guesser.partner_id, &since]).await?;
    if all >= limits.partner_tries {
        return Ok(Standing::Watched);
    }
    Ok(Standing::Free)
}

fn locked(until: Timestamp, now: Timestamp) -> Error {
    let seconds = (until.as_micros() - now.as_micros()) / 1_000_000 + 1;
    let minutes = seconds.div_euclid(60) + 1;
    let message = format!(
        "Too many wrong codes. Try again in {minutes} minutes, or ask whoever gave you the code."
    );
    Error::new(Kind::TooMany, "activation.locked", message).with("retry_after", seconds)
}

/// Counts a wrong code.
pub async fn count_failure(
    tx: &mut Tx<'_>,
    id: Uuid,
    guesser: Guesser,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO redemption_failure (id, organization_id, partner_id, at) VALUES ($1, $2, $3, $4)";
    tx.execute(
        sql,
        &[&id, &guesser.organization_id, &guesser.partner_id, &now],
    )
    .await?;
    Ok(())
}

/// Forgets wrong codes that no limit counts any more. That is no change to the book.
pub async fn forget(db: &Db, now: Timestamp) -> Result<u64> {
    let before = now.plus_seconds(-WINDOW_SECONDS);
    let place = Place::BULK;
    let forget = db.plumb(place, move |mut tx| {
        Box::pin(async move {
            tx.execute("DELETE FROM redemption_failure WHERE at < $1", &[&before])
                .await
        })
    });
    Ok(forget.await?)
}
