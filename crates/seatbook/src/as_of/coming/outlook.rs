//! The terms to come: how long licenses go on by themselves, each no longer than the one it was drawn from.

use std::collections::{BTreeSet, HashMap};

use jiff::{civil, tz::TimeZone};
use rules::{
    lifecycle::Standing,
    term::{Validity, exclusive_end_instant},
};
use store::{Date, FromRow, Param, Row, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{super::day::Day, AT_ONCE, shares::Decided};
use crate::{
    error::{Error, Result},
    licenses::model::{Pool, standing},
    renewals::model::period_from,
};

/// A chain of licenses, each drawn from the one before, is no longer than this.
const CHAIN: usize = 64;

/// The terms to come of licenses, and of those that they were drawn from.
pub(super) struct Outlook(HashMap<Uuid, Line>);

/// One license, as far as its renewal goes.
#[derive(Clone, Debug)]
struct Line {
    id: Uuid,
    source_id: Option<Uuid>,
    end: Option<civil::Date>,
    zone: TimeZone,
    /// From which its periods may count.
    anchors: Vec<Date>,
    /// How long a term is; none where it never renews.
    every: Option<Validity>,
    /// Units from the next term on.
    next: Option<i64>,
    own_pool_id: Uuid,
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let validity = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let (start, end): (Date, Option<Date>) = (row.get(3)?, row.get(4)?);
        let (edition, word): (String, String) = (row.get(6)?, row.get(8)?);
        let (awaits, unbundled): (bool, bool) = (row.get(9)?, row.get(7)?);
        let (by_itself, decided): (bool, Option<bool>) = (row.get(10)?, row.get(11)?);
        let (lapsing, quantity): (Option<i64>, i64) = (row.get(12)?, row.get(13)?);
        let plan: Option<bool> = row.get(15)?;
        let runs_out = edition != "full" || unbundled || awaits;
        let on = match plan {
            Some(plan) => plan,
            None => decided.unwrap_or(by_itself) && lapsing.unwrap_or_default() < quantity.max(1),
        };
        let term = validity(row.get(16)?).or(validity(row.get(14)?));
        let goes_on = on && !runs_out && standing(&word)? == Standing::Issued;
        Ok(Line {
            id: row.get(0)?,
            own_pool_id: row.get(1)?,
            source_id: row.get(2)?,
            end: end.map(|end| end.0),
            zone: TimeZone::get(&row.get::<String>(5)?).unwrap_or(TimeZone::UTC),
            anchors: vec![start],
            every: term.filter(|_| goes_on),
            next: row.get(17)?,
        })
    }
}

impl Outlook {
    /// Reads licenses with all that they were drawn from.
    pub(super) async fn read(tx: &mut Tx<'_>, licenses: BTreeSet<Uuid>) -> Result<Outlook> {
        let mut outlook = Outlook(HashMap::with_capacity(licenses.len()));
        let mut wanted = licenses;
        while !wanted.is_empty() {
            let ids: Vec<Uuid> = wanted.iter().copied().collect();
            for some in ids.chunks(AT_ONCE) {
                outlook.add(tx, some).await?;
            }
            let sources = ids.iter().filter_map(|id| outlook.0.get(id)?.source_id);
            wanted = sources.filter(|id| !outlook.0.contains_key(id)).collect();
        }
        Ok(outlook)
    }

    async fn add(&mut self, tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<()> {
        let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, ids.len());
        let sql = format!(
            "SELECT l.id, p.id, up.license_id, l.start_date, l.end_date, l.time_zone, l.edition, l.unbundled, l.standing,
             l.awaits_activation, l.renews, s.auto_renews, s.lapsing, p.quantity, k.validity, b.auto_renews,
             (SELECT v.term FROM service_plan v WHERE v.id = b.plan_id), n.quantity
             FROM license l JOIN sku k ON k.id = l.sku_id
             JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
             LEFT JOIN pool up ON up.id = p.parent_id LEFT JOIN subscription s ON s.id = p.id
             LEFT JOIN next_term n ON n.id = l.id
             LEFT JOIN plan_subscription b ON b.standing = 'running' AND b.id IN
               (SELECT t.subscription_id FROM plan_subscription_part t WHERE t.license_id = l.id)
             WHERE l.id IN {places} ORDER BY b.id"
        );
        for line in tx.query::<Line>(&sql, &params).await? {
            self.0.entry(line.id).or_insert(line);
        }
        let terms = format!(
            "SELECT license_id, start_date FROM license_term WHERE number > 1 AND license_id IN {places} ORDER BY number"
        );
        let terms: Vec<(Uuid, Date)> = tx.query(&terms, &params).await?;
        for (license_id, start_date) in terms {
            if let Some(line) = self.0.get_mut(&license_id) {
                line.anchors.push(start_date);
            }
        }
        Ok(())
    }

    /// Whether a license has another term by the day.
    pub(super) fn renews_until(&self, license_id: Uuid, day: civil::Date) -> Result<bool> {
        let end = self.0.get(&license_id).and_then(|line| line.end);
        Ok(end.is_some() && self.end(license_id, day, 0)? != end)
    }

    /// The last day of a license, once everything was renewed that is over before a day.
    fn end(&self, license_id: Uuid, day: civil::Date, depth: usize) -> Result<Option<civil::Date>> {
        let Some(line) = self.0.get(&license_id) else {
            return Ok(None);
        };
        let (Some(mut end), Some(every)) = (line.end, line.every) else {
            return Ok(line.end);
        };
        let mut anchors = line.anchors.clone();
        while end < day && depth < CHAIN {
            let first = end.tomorrow().map_err(Error::internal)?;
            // What it was drawn from goes on first, and it goes on no longer than that.
            let source = match line.source_id {
                Some(source_id) => self.end(source_id, first, depth + 1)?,
                None => None,
            };
            if source.is_some_and(|source| source <= end) {
                break;
            }
            let period = period_from(every, &anchors, first)?;
            end = source.map_or(period.end(), |source| source.min(period.end()));
            anchors.push(Date(first));
        }
        Ok(Some(end))
    }

    /// A pool as it is when its license has had its terms: (what was decided about it, whether there was one).
    pub(super) fn renew(
        &self,
        pool: &mut Pool,
        (decided, renewed): (Option<&Decided>, bool),
        day: &Day,
    ) -> Result<()> {
        let Some(line) = self.0.get(&pool.license_id).filter(|_| renewed) else {
            return Ok(());
        };
        let is_own = line.own_pool_id == pool.id;
        if let Some(decided) = decided {
            let lost = decided.lapses((pool.quantity, pool.allocated, pool.free), !is_own);
            pool.assigned -= (lost - pool.free).max(0);
            pool.quantity -= lost;
        }
        pool.quantity = match line.next {
            Some(next) if is_own => pool.quantity.max(next),
            _ => pool.quantity,
        };
        pool.free = pool.quantity - pool.allocated - pool.assigned;
        let Some(end) = self.end(pool.license_id, day.date, 0)? else {
            return Ok(());
        };
        let grace = pool
            .grace_until
            .zip(pool.ends_at)
            .map(|(grace, ends)| grace.get().duration_since(ends.get()));
        let over = exclusive_end_instant(end, &line.zone).map_err(Error::internal)?;
        pool.end_date = Some(Date(end));
        pool.ends_at = Some(Timestamp::new(over));
        pool.grace_until = grace
            .and_then(|grace| over.checked_add(grace).ok())
            .map(Timestamp::new);
        Ok(())
    }
}
