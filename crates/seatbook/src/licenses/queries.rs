//! Every statement about licenses and pools.

use store::{Date, Param, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::model::{License, standing_word};
use crate::{
    error::{Error, Result},
    scope::{Permission, Scope, queries::below_any},
};

const LICENSE: &str = "SELECT l.id, l.organization_id, o.name, p.id, l.sku_id, s.code, r.name, r.unit, r.units,
    l.name, l.note, l.sales_order, l.support_reference, l.start_date, l.end_date, l.time_zone, l.starts_at,
    l.ends_at, l.grace_until, l.standing, l.awaits_activation, l.paused, l.used, l.expiring_days, p.quantity,
    p.allocated, p.assigned, l.created_at, l.version, l.seller_id, p.parent_id, l.activated_at, l.held,
    l.edition, l.unbundled, l.follows_id
    FROM license l JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
    JOIN organization o ON o.id = l.organization_id
    JOIN sku s ON s.id = l.sku_id JOIN product r ON r.id = l.product_id";

/// The license, whoever asks: for commands that have asked for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<License>> {
    Ok(tx
        .query_opt(&format!("{LICENSE} WHERE l.id = $1"), &[&id])
        .await?)
}

/// The license, where the scope can see its owner.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<License>> {
    let roots = scope.roots(Permission::LicensesRead);
    let mut select = Select::new(LICENSE);
    select.and("l.id = ?", &id);
    below_any(&mut select, "l.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// The licenses of these ids, in no order, for callers that have found them visible.
pub async fn of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<License>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!("{LICENSE} WHERE l.id IN {}", placeholders(1, ids.len()));
    Ok(tx.query(&sql, &params).await?)
}

/// A license as it is written, with its root pool.
pub struct NewLicense {
    /// The facts; `version` is 1.
    pub license: License,
    /// The SKU's product.
    pub product_id: Uuid,
    /// Price of one unit for one term, and its currency.
    pub price: Option<(i64, String)>,
    /// When it is over for good.
    pub over_at: Option<Timestamp>,
    /// From when it counts as expiring soon.
    pub expiring_at: Option<Timestamp>,
    /// Whether it renews by itself while nobody decided about that.
    pub renews: bool,
}

/// Writes a license and its root pool.
pub async fn insert(tx: &mut Tx<'_>, new: &NewLicense) -> Result<()> {
    insert_alone(tx, new).await?;
    let l = &new.license;
    tx.execute(
        "INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open, starts_at,
         ends_at, sales_order, sku_code, product_id, created_at, version)
         VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10, $11, $12, 1)",
        &[
            &l.pool_id, &l.id, &l.organization_id, &l.source_pool_id, &l.quantity, &l.is_open(), &l.starts_at,
            &l.ends_at, &l.sales_order, &l.sku_code, &new.product_id, &l.created_at,
        ],
    )
    .await?;
    Ok(())
}

/// Writes a license whose pool is there already.
pub async fn insert_alone(tx: &mut Tx<'_>, new: &NewLicense) -> Result<()> {
    let l = &new.license;
    let (price, currency) = new.price.clone().unzip();
    tx.execute(
        "INSERT INTO license (id, organization_id, sku_id, product_id, name, note, sales_order, support_reference,
         start_date, end_date, time_zone, starts_at, ends_at, grace_until, over_at, expiring_at, standing,
         awaits_activation, paused, used, expiring_days, price_minor, currency, created_at, version, seller_id,
         activated_at, edition, follows_id, renews)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, FALSE, FALSE,
         $19, $20, $21, $22, 1, $23, $24, $25, $26, $27)",
        &[
            &l.id, &l.organization_id, &l.sku_id, &new.product_id, &l.name, &l.note, &l.sales_order,
            &l.support_reference, &l.start_date, &l.end_date, &l.time_zone, &l.starts_at, &l.ends_at,
            &l.grace_until, &new.over_at, &new.expiring_at, &standing_word(l.standing), &l.awaits_activation,
            &l.expiring_days, &price, &currency, &l.created_at, &l.seller_id, &l.activated_at,
            &l.edition.as_str(), &l.follows_id, &new.renews,
        ],
    )
    .await?;
    index(tx, l).await
}

/// Makes the license findable by what it says now.
pub async fn index(tx: &mut Tx<'_>, l: &License) -> Result<()> {
    let parts: Vec<&str> = [&l.name, &l.note, &l.sales_order, &l.support_reference]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .chain([l.sku_code.as_str(), &l.product_name, &l.organization_name])
        .collect();
    let text = rules::text::search_text(&parts);
    let put = "INSERT INTO license_search_text (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    tx.execute(put, &[&l.id, &text]).await?;
    Ok(())
}

/// When a license begins and ends.
#[derive(Clone, Debug)]
pub struct Dates {
    /// The first day.
    pub start_date: Date,
    /// The last day.
    pub end_date: Option<Date>,
    /// The first day's first instant.
    pub starts_at: Timestamp,
    /// The instant after the last day.
    pub ends_at: Option<Timestamp>,
    /// Until when use is tolerated.
    pub grace_until: Option<Timestamp>,
    /// When it is over for good.
    pub over_at: Option<Timestamp>,
    /// From when it counts as expiring soon.
    pub expiring_at: Option<Timestamp>,
}

/// Words, reference and dates of a license.
pub struct Facts<'a> {
    /// A name to find it by.
    pub name: &'a Option<String>,
    /// A note.
    pub note: &'a Option<String>,
    /// The number under which support knows the order.
    pub support_reference: &'a Option<String>,
    /// Days before the end from which it counts as expiring soon.
    pub expiring_days: i64,
    /// Its dates.
    pub dates: &'a Dates,
}

/// Writes facts over version `version`; says the new one, or nothing where it was another.
pub async fn set_facts(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: i64,
    facts: &Facts<'_>,
) -> Result<Option<i64>> {
    let dates = facts.dates;
    let sql = "UPDATE license SET name = $3, note = $4, support_reference = $5, expiring_days = $6, start_date = $7,
        end_date = $8, starts_at = $9, ends_at = $10, grace_until = $11, over_at = $12, expiring_at = $13,
        version = version + 1 WHERE id = $1 AND version = $2 RETURNING version";
    let row: Option<(i64,)> = tx
        .query_opt(
            sql,
            &[
                &id,
                &version,
                facts.name,
                facts.note,
                facts.support_reference,
                &facts.expiring_days,
                &dates.start_date,
                &dates.end_date,
                &dates.starts_at,
                &dates.ends_at,
                &dates.grace_until,
                &dates.over_at,
                &dates.expiring_at,
            ],
        )
        .await?;
    Ok(row.map(|(version,)| version))
}

/// Writes the price of one unit for the term.
pub async fn set_price(tx: &mut Tx<'_>, id: Uuid, (minor, currency): &(i64, String)) -> Result<()> {
    let sql = "UPDATE license SET price_minor = $2, currency = $3 WHERE id = $1";
    tx.execute(sql, &[&id, minor, currency]).await?;
    Ok(())
}

/// Counts a term that begins where the one that ended at an instant does, and holds the license until its new dates
/// are written, whose change is counted; gives its number. Nothing where the end is another by now: of any number who
/// try at once one succeeds.
pub async fn begin_term(tx: &mut Tx<'_>, id: Uuid, ended: Timestamp) -> Result<Option<i64>> {
    let sql = "UPDATE license SET terms = terms + 1 WHERE id = $1 AND ends_at = $2 AND standing = 'issued'
        RETURNING terms";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&id, &ended]).await?;
    Ok(row.map(|(terms,)| terms))
}

/// How many terms a license has had, the present one included.
pub async fn count_terms(tx: &mut Tx<'_>, id: Uuid) -> Result<i64> {
    let sql = "SELECT terms FROM license WHERE id = $1";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&id]).await?;
    Ok(row.map_or(1, |(terms,)| terms))
}

/// Writes what people decided; says the new version, or nothing where it was another.
pub async fn set_standing(tx: &mut Tx<'_>, license: &License) -> Result<Option<i64>> {
    let sql = "UPDATE license SET standing = $3, paused = $4, version = version + 1
        WHERE id = $1 AND version = $2 RETURNING version";
    let word = standing_word(license.standing);
    let row: Option<(i64,)> = tx
        .query_opt(
            sql,
            &[&license.id, &license.version, &word, &license.paused],
        )
        .await?;
    Ok(row.map(|(version,)| version))
}

/// What becoming somebody's changes about a license.
pub struct Ownership<'a> {
    /// The owner.
    pub organization_id: Uuid,
    /// Its zone, from now on the license's.
    pub time_zone: &'a str,
    /// From when to when.
    pub dates: &'a Dates,
    /// When it got its owner.
    pub activated_at: Timestamp,
    /// Whether that is a use of it.
    pub used: bool,
}

/// Gives a license its owner, over the version that was read; says the new one, or nothing where it was another or
/// somebody else owns it by now.
pub async fn set_owner(
    tx: &mut Tx<'_>,
    license: &License,
    ownership: &Ownership<'_>,
) -> Result<Option<i64>> {
    let dates = ownership.dates;
    let sql = "UPDATE license SET organization_id = $3, time_zone = $4, start_date = $5, end_date = $6, starts_at = $7,
        ends_at = $8, grace_until = $9, over_at = $10, expiring_at = $11, activated_at = $12, used = $13,
        awaits_activation = FALSE, version = version + 1
        WHERE id = $1 AND version = $2 AND awaits_activation = TRUE RETURNING version";
    let row: Option<(i64,)> = tx
        .query_opt(
            sql,
            &[
                &license.id,
                &license.version,
                &ownership.organization_id,
                &ownership.time_zone,
                &dates.start_date,
                &dates.end_date,
                &dates.starts_at,
                &dates.ends_at,
                &dates.grace_until,
                &dates.over_at,
                &dates.expiring_at,
                &ownership.activated_at,
                &(license.used || ownership.used),
            ],
        )
        .await?;
    Ok(row.map(|(version,)| version))
}

/// The licenses whose units were drawn from pools of this one, by id.
pub async fn drawn_from(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Vec<License>> {
    let sql = format!(
        "{LICENSE} JOIN pool up ON up.id = p.parent_id WHERE up.license_id = $1 AND l.id <> $1 ORDER BY l.id"
    );
    Ok(tx.query(&sql, &[&license_id]).await?)
}

/// Holds a drawn license, or lets it go on.
pub async fn set_held(tx: &mut Tx<'_>, license_id: Uuid, held: bool) -> Result<()> {
    let sql = "UPDATE license SET held = $2, version = version + 1 WHERE id = $1";
    tx.execute(sql, &[&license_id, &held]).await?;
    Ok(())
}

/// How many licenses have dates outside of those of the license they were drawn from: this one, and those drawn
/// from it. What waits for its owner has no dates yet, and what is over by decision needs none.
pub async fn outlives(tx: &mut Tx<'_>, license_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM license l
        JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id
        JOIN pool up ON up.id = p.parent_id JOIN license s ON s.id = up.license_id
        WHERE (l.id = $1 OR s.id = $1) AND s.id <> l.id AND l.standing = 'issued' AND l.awaits_activation = FALSE
          AND (l.starts_at < s.starts_at OR (s.ends_at IS NOT NULL AND (l.ends_at IS NULL OR l.ends_at > s.ends_at)))";
    Ok(tx.query_one::<(i64,)>(sql, &[&license_id]).await?.0)
}

/// Removes a license that was never used, with its pool; `false` where it was.
pub async fn delete(tx: &mut Tx<'_>, license: &License) -> Result<bool> {
    tx.execute(
        "DELETE FROM license_search_text WHERE id = $1",
        &[&license.id],
    )
    .await?;
    let pool = "DELETE FROM pool WHERE id = $1 AND allocated = 0 AND assigned = 0";
    if tx.execute(pool, &[&license.pool_id]).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM license WHERE id = $1 AND version = $2 AND used = FALSE";
    Ok(tx.execute(sql, &[&license.id, &license.version]).await? == 1)
}

/// Marks a license as used: from now on it can be terminated, not deleted.
pub async fn mark_used(tx: &mut Tx<'_>, license_id: Uuid) -> Result<()> {
    tx.execute(
        "UPDATE license SET used = TRUE WHERE id = $1 AND used = FALSE",
        &[&license_id],
    )
    .await?;
    Ok(())
}

/// Counts a change of a license's units as one of the license; gives its new version.
pub async fn count_change(tx: &mut Tx<'_>, license_id: Uuid) -> Result<i64> {
    let sql = "UPDATE license SET version = version + 1 WHERE id = $1 RETURNING version";
    Ok(tx.query_one::<(i64,)>(sql, &[&license_id]).await?.0)
}

/// The licenses of one owner on one sales order, by id.
pub async fn on_order(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    sales_order: &str,
) -> Result<Vec<License>> {
    let sql =
        format!("{LICENSE} WHERE l.sales_order = $1 AND l.organization_id = $2 ORDER BY l.id");
    Ok(tx.query(&sql, &[&sales_order, &organization_id]).await?)
}

/// The unit price of a license, for those who may see it: the seller and the buyer, with `prices.read`.
pub async fn find_price(
    tx: &mut Tx<'_>,
    scope: &Scope,
    license: &License,
) -> Result<Option<(i64, String)>> {
    let seller = match license.seller_id {
        Some(seller_id) => Some(seller_id),
        None => crate::scope::tree::find(tx, license.organization_id)
            .await?
            .and_then(|node| node.parent_id),
    };
    let sides = [Some(license.organization_id), seller];
    let sees = scope
        .roots(Permission::PricesRead)
        .into_iter()
        .any(|root| sides.contains(&Some(root)));
    if !sees {
        return Ok(None);
    }
    let sql = "SELECT price_minor, currency FROM license WHERE id = $1";
    let row: Option<(Option<i64>, Option<String>)> = tx.query_opt(sql, &[&license.id]).await?;
    Ok(row.and_then(|(price, currency)| price.zip(currency)))
}

/// The pool's license, or 404.
pub async fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<License> {
    find(tx, id).await?.ok_or_else(Error::not_found)
}
