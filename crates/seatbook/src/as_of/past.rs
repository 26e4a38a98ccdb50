//! What an organization held on a past day: its pools of that day, with their licenses as they were.

use std::collections::{BTreeSet, HashMap};

use rules::lifecycle::Standing;
use serde_json::{Map, Value, json};
use store::{Param, Tx, placeholders};
use uuid::Uuid;

use super::{
    day::Day,
    list::MOST,
    tracks::{self, Track, too_large},
};
use crate::{
    error::Result,
    licenses::{
        self,
        model::{License, Pool},
        pools,
    },
};

/// What a pool has; the rest of it is its license's.
const BALANCE: [&str; 3] = ["quantity", "allocated", "assigned"];
/// Ids bound in one statement.
const AT_ONCE: usize = 500;

/// A pool as it was, before its license is looked at.
#[derive(Clone, Debug)]
pub struct Then {
    /// The pool.
    pub id: Uuid,
    /// Its license then.
    pub license_id: Uuid,
    /// Whose it was.
    pub organization_id: Uuid,
    /// The pool its units came from.
    pub parent_id: Option<Uuid>,
    /// All units, those passed on, and those bound.
    pub balance: (i64, i64, i64),
}

/// The pools that an organization had when a day was over.
pub async fn pools(tx: &mut Tx<'_>, organization_id: Uuid, day: &Day) -> Result<Vec<Pool>> {
    let (bound, limit) = (day.bound(), MOST + 1);
    let born =
        "SELECT row_id FROM change WHERE organization_id = $1 AND noun = 'pool' AND version = 1
        AND journal_id < $2 LIMIT $3";
    let born: Vec<(Uuid,)> = tx.query(born, &[&organization_id, &bound, &limit]).await?;
    let held = "SELECT id FROM pool WHERE organization_id = $1 LIMIT $2";
    let held: Vec<(Uuid,)> = tx.query(held, &[&organization_id, &limit]).await?;
    let ids: BTreeSet<Uuid> = born.into_iter().chain(held).map(|(id,)| id).collect();
    let mut found = as_they_were(tx, ids.into_iter().collect(), day).await?;
    found.retain(|it| it.organization_id == organization_id);
    // A pool that was emptied again stood for its history, not for the list.
    found.retain(|it| it.balance.0 > 0 || it.parent_id.is_none());
    with_licenses(tx, found, day).await
}

/// These pools as they were; those that were not there are left out.
pub async fn as_they_were(tx: &mut Tx<'_>, ids: Vec<Uuid>, day: &Day) -> Result<Vec<Then>> {
    if ids.len() as i64 > MOST {
        return Err(too_large());
    }
    let mut today: HashMap<Uuid, Pool> = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let found = pools::of_ids(tx, some).await?;
        today.extend(found.into_iter().map(|pool| (pool.id, pool)));
    }
    let versions = today.iter().map(|(id, pool)| (*id, pool.version)).collect();
    let mut tracks = tracks::read(tx, "pool", (&ids, &versions), (day, &BALANCE)).await?;
    let then = |id: Uuid| {
        let track = tracks.remove(&id).filter(|track| track.exists)?;
        then(id, &track, today.get(&id))
    };
    Ok(ids.into_iter().filter_map(then).collect())
}

fn then(id: Uuid, track: &Track, today: Option<&Pool>) -> Option<Then> {
    let [quantity, allocated, assigned] = BALANCE.map(|field| track.number(field));
    let parent_id = match track.field("parent_id") {
        Some(_) => track.id("parent_id"),
        None => today.and_then(|pool| pool.parent_id),
    };
    Some(Then {
        id,
        license_id: track
            .id("license_id")
            .or_else(|| today.map(|pool| pool.license_id))?,
        organization_id: track
            .id("organization_id")
            .or_else(|| today.map(|pool| pool.organization_id))?,
        parent_id,
        balance: (quantity, allocated, assigned),
    })
}

async fn with_licenses(tx: &mut Tx<'_>, found: Vec<Then>, day: &Day) -> Result<Vec<Pool>> {
    let ids: BTreeSet<Uuid> = found.iter().map(|it| it.license_id).collect();
    let licenses = licenses_of(tx, ids.into_iter().collect(), day).await?;
    let skus: BTreeSet<Uuid> = licenses.values().map(|it| it.sku_id).collect();
    let attributes = attributes(tx, &skus.into_iter().collect::<Vec<_>>()).await?;
    let pool = |it: Then| {
        let license = licenses.get(&it.license_id)?;
        let attributes = attributes.get(&license.sku_id).cloned();
        Some(pool(it, license, attributes.unwrap_or_default()))
    };
    Ok(found.into_iter().filter_map(pool).collect())
}

/// Licenses as they were, with the names that their products have today.
pub async fn licenses_of(
    tx: &mut Tx<'_>,
    ids: Vec<Uuid>,
    day: &Day,
) -> Result<HashMap<Uuid, License>> {
    let mut rows: HashMap<Uuid, (i64, Map<String, Value>)> = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        for license in licenses::queries::of_ids(tx, some).await? {
            if let Value::Object(row) = serde_json::to_value(&license)? {
                rows.insert(license.id, (license.version, row));
            }
        }
    }
    // Every field of a license may be asked for, so each is read from its first change on, however many there are.
    let versions = HashMap::new();
    let tracks = tracks::read(tx, "license", (&ids, &versions), (day, &[])).await?;
    let mut licenses = HashMap::with_capacity(ids.len());
    for (id, track) in tracks {
        if !track.exists {
            continue;
        }
        let mut row = rows.remove(&id).map_or_else(removed, |(_, row)| row);
        track.over(&mut row);
        licenses.insert(id, serde_json::from_value(Value::Object(row))?);
    }
    Ok(licenses)
}

/// What the journal of an earlier Seatbook did not say of a license that was removed since: nothing in particular.
fn removed() -> Map<String, Value> {
    let unsaid = json!({
        "awaits_activation": false, "paused": false, "used": false, "held": false, "edition": "full",
        "unbundled": false, "allocated": 0, "assigned": 0, "expiring_days": 30, "standing": Standing::Issued,
    });
    match unsaid {
        Value::Object(unsaid) => unsaid,
        _ => Map::new(),
    }
}

/// Type, tier and class.
type Attributes = [Option<String>; 3];

async fn attributes(tx: &mut Tx<'_>, skus: &[Uuid]) -> Result<HashMap<Uuid, Attributes>> {
    type Found = (Uuid, Option<String>, Option<String>, Option<String>);
    let mut attributes = HashMap::with_capacity(skus.len());
    for some in skus.chunks(AT_ONCE) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT id, type, tier, class FROM sku WHERE id IN {}",
            placeholders(1, some.len())
        );
        let found: Vec<Found> = tx.query(&sql, &params).await?;
        let each = |(id, kind, tier, class)| (id, [kind, tier, class]);
        attributes.extend(found.into_iter().map(each));
    }
    Ok(attributes)
}

fn pool(then: Then, license: &License, [sku_type, sku_tier, sku_class]: Attributes) -> Pool {
    let (quantity, allocated, assigned) = then.balance;
    Pool {
        id: then.id,
        license_id: then.license_id,
        organization_id: then.organization_id,
        parent_id: then.parent_id,
        quantity,
        allocated,
        assigned,
        free: quantity - allocated - assigned,
        sku_code: license.sku_code.clone(),
        sku_type,
        sku_tier,
        sku_class,
        product_name: license.product_name.clone(),
        unit: license.unit.clone(),
        units: license.units.clone(),
        sales_order: license.sales_order.clone(),
        support_reference: license.support_reference.clone(),
        start_date: license.start_date,
        end_date: license.end_date,
        starts_at: license.starts_at,
        ends_at: license.ends_at,
        grace_until: license.grace_until,
        standing: license.standing,
        awaits_activation: license.awaits_activation,
        paused: license.paused || license.held,
        expiring_days: license.expiring_days,
        version: 0,
        renews: false,
    }
}
