//! How many units a pool had, and had passed on, at the end of each of the last months: told by the journal.

use jiff::civil::Date;
use serde_json::Value;
use store::{Json, Timestamp, Tx};
use uuid::Uuid;

use crate::{
    console::{charts, format::Moment},
    error::Result,
    licenses::model::Pool,
};

/// Months before the present one.
const MONTHS: i64 = 11;
/// Changes looked through for one that says a figure: where units come and go by the thousand, one that changed nothing
/// else may be far. Such a month is left out.
const LOOKED_THROUGH: i64 = 500;

/// One month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// “Nov 2026”.
    pub label: String,
    /// All units at its end, or now.
    pub quantity: i64,
    /// Units passed on then.
    pub allocated: i64,
}

/// The months as a line each for all units and for those passed on, and as a table.
#[derive(Clone, Debug, Default)]
pub struct Trend {
    /// The months, the earliest first.
    pub months: Vec<Month>,
}

impl Trend {
    /// Whether there is more to see than one month.
    pub fn tells(&self) -> bool {
        let mut before = self.months.iter().rev().skip(1);
        before.any(|month| month.quantity > 0)
    }

    /// The corners of the line of all units.
    pub fn quantities(&self) -> String {
        self.line(|month| month.quantity)
    }

    /// The corners of the line of those passed on.
    pub fn allocations(&self) -> String {
        self.line(|month| month.allocated)
    }

    /// The picture's size, as SVG says it.
    pub fn view_box(&self) -> String {
        charts::view_box()
    }

    fn line(&self, of: impl Fn(&Month) -> i64) -> String {
        let values: Vec<i64> = self.months.iter().map(of).collect();
        let most = self.months.iter().map(|month| month.quantity).max();
        charts::corners(&values, most.unwrap_or_default())
    }
}

/// Reads the figures of a pool at the ends of the last months, and as they are now.
pub async fn read(tx: &mut Tx<'_>, pool: &Pool, moment: &Moment) -> Result<Trend> {
    let mut months = Vec::new();
    let (mut first, last) = (0, pool.version);
    for back in (1..=MONTHS).rev() {
        let Some((label, end)) = month_end(moment, back) else {
            continue;
        };
        first = last_before(tx, pool.id, (first, last), end).await?;
        let figures = figures(tx, pool.id, first).await?;
        months.extend(figures.map(|(quantity, allocated)| Month {
            label,
            quantity,
            allocated,
        }));
    }
    months.push(Month {
        label: named(moment.today),
        quantity: pool.quantity,
        allocated: pool.allocated,
    });
    Ok(Trend { months })
}

fn named(day: Date) -> String {
    day.strftime("%b %Y").to_string()
}

/// The name of the month so many back, and the instant at which it was over.
fn month_end(moment: &Moment, back: i64) -> Option<(String, Timestamp)> {
    let span = |months| jiff::Span::new().try_months(months).ok();
    let first = moment.today.first_of_month();
    let month = first.checked_sub(span(back)?).ok()?;
    let over = first.checked_sub(span(back - 1)?).ok()?;
    let over = rules::term::first_instant(over, &moment.zone).ok()?;
    Some((named(month), Timestamp::new(over)))
}

/// The last version of a pool before an instant, between two of them; 0 where it had none. Halves what is left, so that
/// nobody reads all changes.
async fn last_before(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    (mut known, mut most): (i64, i64),
    end: Timestamp,
) -> Result<i64> {
    let sql = "SELECT j.at FROM change c JOIN journal j ON j.id = c.journal_id
        WHERE c.noun = 'pool' AND c.row_id = $1 AND c.version = $2";
    while known < most {
        let middle = known + (most - known + 1) / 2;
        let at: Option<(Timestamp,)> = tx.query_opt(sql, &[&pool_id, &middle]).await?;
        match at {
            Some((at,)) if at < end => known = middle,
            _ => most = middle - 1,
        }
    }
    Ok(known)
}

/// Units of a pool, and those passed on, at a version; nothing where the last changes do not say.
async fn figures(tx: &mut Tx<'_>, pool_id: Uuid, version: i64) -> Result<Option<(i64, i64)>> {
    if version == 0 {
        return Ok(Some((0, 0)));
    }
    let sql = "SELECT after FROM change WHERE noun = 'pool' AND row_id = $1 AND version <= $2
        ORDER BY version DESC LIMIT $3";
    let rows: Vec<(Option<Json>,)> = tx
        .query(sql, &[&pool_id, &version, &LOOKED_THROUGH])
        .await?;
    let all = (rows.len() as i64) < LOOKED_THROUGH;
    let latest = |figure: &str| {
        let mut after = rows.iter().filter_map(|(after,)| after.as_ref());
        let found = after.find_map(|Json(after)| after.get(figure).and_then(Value::as_i64));
        // Whose whole history never said it had none.
        found.or(all.then_some(0))
    };
    Ok(latest("quantity").zip(latest("allocated")))
}
