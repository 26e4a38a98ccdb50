//! What pools and licenses were like at an earlier instant: told by the first change after it, which says what it found.

use std::collections::HashMap;

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::queries::Holding;
use crate::{error::Result, holdings::places::padded, scope::queries::within_any};

/// Pools asked about at once.
const AT_ONCE: usize = 500;

/// The stretch that is asked about: when it began, and when it was over or is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The first instant.
    pub begins: Timestamp,
    /// The instant at which the numbers hold.
    pub at: Timestamp,
    /// The instant it is now.
    pub now: Timestamp,
}

impl Stretch {
    /// The instant for one pool: that at which its license ended, where that was within the stretch. What is over gives
    /// its units back, and would otherwise seem never to have been held.
    fn of(&self, holding: &Holding) -> Timestamp {
        let ended = holding.ends_at.filter(|ends_at| *ends_at < self.at);
        ended.unwrap_or(self.at)
    }
}

/// Puts holdings back to what they were.
pub async fn put_back(
    tx: &mut Tx<'_>,
    holdings: &mut Vec<Holding>,
    stretch: Stretch,
) -> Result<()> {
    let changed = |it: &&Holding| stretch.of(it) < stretch.now;
    let past: Vec<(Uuid, Uuid)> = holdings
        .iter()
        .filter(changed)
        .map(|it| (it.pool_id, it.license_id))
        .collect();
    let mut found = Found::default();
    for some in past.chunks(AT_ONCE) {
        let pools = padded(some.iter().map(|it| it.0).collect());
        for field in ["quantity", "allocated", "assigned"] {
            found.read(tx, (&pools, field), stretch).await?;
        }
        if stretch.at < stretch.now {
            let licenses = padded(some.iter().map(|it| it.1).collect());
            found.read_standings(tx, &licenses, stretch).await?;
        }
    }
    for holding in holdings.iter_mut() {
        found.tell(holding);
    }
    holdings.retain(|it| it.standing == "issued");
    Ok(())
}

/// What a figure was before the change that was found, and what it was after it.
type BeforeAndAfter = (Option<i64>, Option<i64>);

/// What changes after the stretch say of the time before them.
#[derive(Default)]
struct Found {
    figures: HashMap<(Uuid, &'static str), BeforeAndAfter>,
    standings: HashMap<Uuid, Option<String>>,
}

impl Found {
    async fn read(
        &mut self,
        tx: &mut Tx<'_>,
        (pools, field): (&[Uuid], &'static str),
        stretch: Stretch,
    ) -> Result<()> {
        let earliest = earliest_id(stretch.begins);
        let mut select = Select::new(
            "SELECT c.row_id, min(c.version) AS version
             FROM pool p CROSS JOIN license l CROSS JOIN change c CROSS JOIN journal j",
        );
        within_any(&mut select, "p.id", pools);
        select
            .and_raw("l.id = p.license_id AND c.noun = 'pool' AND c.row_id = p.id")
            .and_raw("j.id = c.journal_id");
        let at = select.bind(&stretch.at);
        // By its id an entry is known to be too early without being looked at.
        select.and("c.journal_id >= ?", &earliest).and_raw(&format!(
            "j.at >= CASE WHEN l.ends_at < {at} THEN l.ends_at ELSE {at} END AND c.after ->> '{field}' IS NOT NULL"
        ));
        let firsts = select.sql(" GROUP BY c.row_id");
        let sql = format!(
            "SELECT d.row_id, CAST(d.before ->> '{field}' AS BIGINT), CAST(d.after ->> '{field}' AS BIGINT)
             FROM ({firsts}) f
             JOIN change d ON d.noun = 'pool' AND d.row_id = f.row_id AND d.version = f.version"
        );
        let rows: Vec<(Uuid, Option<i64>, Option<i64>)> = tx.query(&sql, select.params()).await?;
        let figures = rows
            .into_iter()
            .map(|(id, before, after)| ((id, field), (before, after)));
        self.figures.extend(figures);
        Ok(())
    }

    async fn read_standings(
        &mut self,
        tx: &mut Tx<'_>,
        licenses: &[Uuid],
        stretch: Stretch,
    ) -> Result<()> {
        let earliest = earliest_id(stretch.at);
        let mut select = Select::new(
            "SELECT c.row_id, c.before ->> 'standing' FROM change c JOIN journal j ON j.id = c.journal_id",
        );
        select.and_raw("c.noun = 'license'");
        within_any(&mut select, "c.row_id", licenses);
        select
            .and("c.journal_id >= ?", &earliest)
            .and("j.at >= ?", &stretch.at)
            .and_raw("c.before ->> 'standing' IS NOT NULL");
        let sql = select.sql(" ORDER BY c.row_id, c.version");
        let rows: Vec<(Uuid, Option<String>)> = tx.query(&sql, select.params()).await?;
        for (id, standing) in rows {
            // The first of a license says how it was.
            self.standings.entry(id).or_insert(standing);
        }
        Ok(())
    }

    /// A pool that came into being later had nothing, but for what was bought by then and written down afterwards.
    fn tell(&self, holding: &mut Holding) {
        let own = holding.own;
        let figure = |field: &'static str, present: i64| {
            let said = self.figures.get(&(holding.pool_id, field));
            said.map_or(present, |(before, after)| {
                let first = after.filter(|_| own && field == "quantity");
                before.or(first).unwrap_or_default()
            })
        };
        let quantity = figure("quantity", holding.quantity);
        let allocated = figure("allocated", holding.allocated);
        let assigned = figure("assigned", holding.assigned);
        (holding.quantity, holding.allocated, holding.assigned) = (quantity, allocated, assigned);
        if let Some(Some(standing)) = self.standings.get(&holding.license_id) {
            holding.standing.clone_from(standing);
        }
    }
}

/// An id that is smaller than those of all entries from an instant on.
fn earliest_id(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_micros() / 1_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_an_instant_are_behind_it() {
        let at = |micros| earliest_id(Timestamp::from_micros(micros));
        let later = uuid::Builder::from_unix_timestamp_millis(2_000, &[255; 10]).into_uuid();
        assert!(at(2_000_000) <= later && later < at(2_001_000));
        assert!(at(1_999_999) < at(2_000_000));
    }
}
