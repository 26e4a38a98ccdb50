//! What pools and licenses were like at an earlier instant: told by the first change after it, which says what it found.

use std::collections::HashMap;

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::queries::{self, Asked, Holding};
use crate::{
    error::Result, holdings::places::padded, journal::first_id, scope::queries::within_any,
};

/// Pools asked about at once.
const AT_ONCE: usize = 500;
/// What a pool has.
const BALANCE: [&str; 3] = ["quantity", "allocated", "assigned"];

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

/// What customers held, each pool with the license that it was of.
pub async fn holdings(
    tx: &mut Tx<'_>,
    asked: &Asked<'_>,
    stretch: Stretch,
) -> Result<Vec<Holding>> {
    let carried = match stretch.at < stretch.now {
        true => queries::carried(tx, asked, stretch.at).await?,
        false => HashMap::new(),
    };
    let mut holdings = queries::holdings(tx, asked, &carried).await?;
    put_back(tx, &mut holdings, stretch).await?;
    Ok(holdings)
}

/// Puts holdings back to what they were.
async fn put_back(tx: &mut Tx<'_>, holdings: &mut Vec<Holding>, stretch: Stretch) -> Result<()> {
    let changed = |it: &&Holding| stretch.of(it) < stretch.now;
    let past: Vec<(Uuid, Uuid)> = holdings
        .iter()
        .filter(changed)
        .map(|it| (it.pool_id, it.license_id))
        .collect();
    let mut found = Found::default();
    for some in past.chunks(AT_ONCE) {
        let pools = padded(some.iter().map(|it| it.0).collect());
        found.read_balances(tx, &pools, stretch).await?;
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

/// What a figure was before the change that was found, and what it was after it: nothing where none was found.
type BeforeAndAfter = (Option<i64>, Option<i64>);

/// What changes after the stretch say of the time before them.
#[derive(Default)]
struct Found {
    balances: HashMap<Uuid, [BeforeAndAfter; 3]>,
    standings: HashMap<Uuid, String>,
}

impl Found {
    /// One look through the changes of these pools, for all that a pool has.
    async fn read_balances(
        &mut self,
        tx: &mut Tx<'_>,
        pools: &[Uuid],
        stretch: Stretch,
    ) -> Result<()> {
        type Figure = Option<i64>;
        type Row = (Uuid, Figure, Figure, Figure, Figure, Figure, Figure);
        let earliest = first_id(stretch.begins);
        let first = |it: &str| {
            format!(", min(c.version) FILTER (WHERE c.after ->> '{it}' IS NOT NULL) AS {it}")
        };
        let mut select = Select::new(format!(
            "SELECT c.row_id{} FROM pool p CROSS JOIN license l CROSS JOIN change c CROSS JOIN journal j",
            BALANCE.map(first).concat()
        ));
        within_any(&mut select, "p.id", pools);
        select
            .and_raw("l.id = p.license_id AND c.noun = 'pool' AND c.row_id = p.id")
            .and_raw("j.id = c.journal_id");
        let at = select.bind(&stretch.at);
        // By its id an entry is known to be too early without being looked at.
        select.and("c.journal_id >= ?", &earliest).and_raw(&format!(
            "j.at >= CASE WHEN l.ends_at < {at} THEN l.ends_at ELSE {at} END"
        ));
        let firsts = select.sql(" GROUP BY c.row_id");
        let said = |it: &str| {
            let figure = |when: &str| format!(", CAST({it}.{when} ->> '{it}' AS BIGINT)");
            [figure("before"), figure("after")].concat()
        };
        let change = |it: &str| {
            format!(
                " LEFT JOIN change {it} ON {it}.noun = 'pool' AND {it}.row_id = f.row_id
                 AND {it}.version = f.{it}"
            )
        };
        let (said, changes) = (BALANCE.map(said).concat(), BALANCE.map(change).concat());
        let sql = format!("SELECT f.row_id{said} FROM ({firsts}) f{changes}");
        let rows: Vec<Row> = tx.query(&sql, select.params()).await?;
        let figures = |it: Row| (it.0, [(it.1, it.2), (it.3, it.4), (it.5, it.6)]);
        self.balances.extend(rows.into_iter().map(figures));
        Ok(())
    }

    async fn read_standings(
        &mut self,
        tx: &mut Tx<'_>,
        licenses: &[Uuid],
        stretch: Stretch,
    ) -> Result<()> {
        let earliest = first_id(stretch.at);
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
        let rows: Vec<(Uuid, String)> = tx.query(&sql, select.params()).await?;
        for (id, standing) in rows {
            // The first of a license says how it was.
            self.standings.entry(id).or_insert(standing);
        }
        Ok(())
    }

    /// A pool that came into being later had nothing, but for what was bought by then and written down afterwards.
    fn tell(&self, holding: &mut Holding) {
        if let Some([quantity, allocated, assigned]) = self.balances.get(&holding.pool_id) {
            let then = |(before, after): BeforeAndAfter, present: i64| match after {
                Some(_) => before.unwrap_or_default(),
                None => present,
            };
            let bought = quantity.1.filter(|_| holding.own);
            let quantity = (quantity.0.or(bought), quantity.1);
            holding.quantity = then(quantity, holding.quantity);
            holding.allocated = then(*allocated, holding.allocated);
            holding.assigned = then(*assigned, holding.assigned);
        }
        if let Some(standing) = self.standings.get(&holding.license_id) {
            holding.standing.clone_from(standing);
        }
    }
}
