//! Editing. References and dates reach every license of the same sales order, quantity reaches down to use.

use jiff::tz::TimeZone;
use rules::lifecycle::Standing;
use serde::Serialize;
use store::Date;
use uuid::Uuid;

use super::{
    authorize, copy_into_pools, current, dates,
    decide::{check_within, draw, record_quantity},
    end_date,
    issue::{check_facts, find_sku, tidy},
    record, stale, within,
};
use crate::{
    catalog,
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{
        carrying,
        model::{License, MAX_UNITS},
        pools,
        queries::{self, Dates, Facts},
    },
    plans::model::Edition,
    scope::Permission,
};

/// Changes a license. Owner, order and SKU are fixed (product.md, A5). What is not said stays.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EditLicense {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Units in all, not below what is passed on or bound.
    pub quantity: Option<i64>,
    /// The number under which support knows the order: of every license on the order.
    pub support_reference: Option<String>,
    /// The first day, of every license on the order; the last day follows from each SKU's validity.
    pub start_date: Option<Date>,
    /// A name to find it by.
    pub name: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Days before the end from which it counts as expiring soon.
    pub expiring_days: Option<i64>,
    /// Price of one unit for the term, in minor units, and its currency: what is billed from now on.
    pub price: Option<(i64, String)>,
}

impl Command for EditLicense {
    const NAME: &'static str = "licenses.edit";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let (before, edited) = self.run_alone(tx).await?;
        if self.reaches_order(&before) {
            let order = before.sales_order.clone().unwrap_or_default();
            for sibling in queries::on_order(tx, before.organization_id, &order).await? {
                if sibling.id != before.id {
                    self.write(tx, &sibling, false).await?;
                }
            }
        }
        Ok(edited)
    }
}

impl EditLicense {
    /// Changes this license and none of its neighbours on the order: what an undo needs, which puts each of
    /// them back to what it was. Gives it as it was and as it is.
    pub async fn run_alone(&self, tx: &mut Tx<'_>) -> Result<(License, License)> {
        let found = queries::get(tx, self.id).await?;
        authorize(tx, &found, Permission::LicensesEdit).await?;
        let before = current(found, self.version)?;
        self.check(&before)?;
        if self.reaches_plan(&before) {
            check_unlocked(tx, &[before.pool_id]).await?;
        }
        // More units are new units, and only who may issue makes those; drawn ones come from a pool.
        let more = self
            .quantity
            .is_some_and(|quantity| quantity > before.quantity);
        if more && before.source_pool_id.is_none() {
            authorize(tx, &before, Permission::LicensesIssue).await?;
        }
        if let Some(quantity) = self
            .quantity
            .filter(|quantity| *quantity != before.quantity)
        {
            change_quantity(tx, &before, quantity).await?;
        }
        if let Some(price) = &self.price {
            authorize(tx, &before, Permission::PricesEdit).await?;
            check_facts(before.quantity, Some(price), &[])?;
            queries::set_price(tx, before.id, price).await?;
        }
        let edited = self.write(tx, &before, true).await?;
        Ok((before, edited))
    }

    fn check(&self, before: &License) -> Result<()> {
        if self
            .quantity
            .is_some_and(|quantity| !(1..=MAX_UNITS).contains(&quantity))
        {
            let message = "A license has 1 to 999,999,999 units.";
            return Err(Error::invalid("quantity", "quantity.out_of_range", message));
        }
        for (field, text, most) in [
            ("name", &self.name, 200),
            ("support_reference", &self.support_reference, 200),
            ("note", &self.note, 2_000),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > most)
            {
                return Err(Error::invalid(
                    field,
                    "too_long",
                    format!("At most {most} characters."),
                ));
            }
        }
        if self
            .expiring_days
            .is_some_and(|days| !(0..=3_660).contains(&days))
        {
            return Err(Error::invalid(
                "expiring_days",
                "out_of_range",
                "0 to 3,660 days.",
            ));
        }
        if self.quantity.is_some() || self.start_date.is_some() {
            check_edition(before)?;
        }
        let ended = matches!(before.standing, Standing::Terminated | Standing::Superseded);
        if ended && (self.quantity.is_some() || self.start_date.is_some()) {
            return Err(Error::conflict(
                "license.ended",
                "This license has ended; its units and dates stay as they are.",
            ));
        }
        Ok(())
    }

    /// Whether something changes that a service plan says of its parts.
    fn reaches_plan(&self, before: &License) -> bool {
        let units = self.quantity.is_some_and(|it| it != before.quantity);
        let start = self.start_date.is_some_and(|it| it != before.start_date);
        units || start || self.price.is_some()
    }

    /// Whether something changes that a whole order shares.
    fn reaches_order(&self, before: &License) -> bool {
        let reference = self.support_reference.is_some()
            && tidy(&self.support_reference) != before.support_reference;
        let start = self
            .start_date
            .is_some_and(|start| start != before.start_date);
        before.sales_order.is_some() && (reference || start)
    }

    /// Writes one license of the order: `own` is the one that was edited, with all its fields.
    async fn write(&self, tx: &mut Tx<'_>, before: &License, own: bool) -> Result<License> {
        let said = |said: &Option<String>, was: &Option<String>| {
            if said.is_some() {
                tidy(said)
            } else {
                was.clone()
            }
        };
        let (name, note) = if own {
            (
                said(&self.name, &before.name),
                said(&self.note, &before.note),
            )
        } else {
            (before.name.clone(), before.note.clone())
        };
        let support_reference = said(&self.support_reference, &before.support_reference);
        let expiring_days = self
            .expiring_days
            .filter(|_| own)
            .unwrap_or(before.expiring_days);
        let dates = self.dates(tx, before, expiring_days).await?;
        let facts = Facts {
            name: &name,
            note: &note,
            support_reference: &support_reference,
            expiring_days,
            dates: &dates,
        };
        queries::set_facts(tx, before.id, before.version, &facts)
            .await?
            .ok_or_else(|| stale(before))?;
        let after = queries::get(tx, before.id).await?;
        if after.starts_at != before.starts_at || after.ends_at != before.ends_at {
            copy_into_pools(tx, before, &after).await?;
            check_within(tx, &after).await?;
        }
        queries::index(tx, &after).await?;
        record(tx, before, &after)?;
        Ok(after)
    }

    async fn dates(&self, tx: &mut Tx<'_>, before: &License, expiring_days: i64) -> Result<Dates> {
        let sku = catalog::queries::find_sku(tx, before.sku_id).await?;
        let sku = sku.ok_or_else(|| Error::internal("a license without its SKU"))?;
        let zone = TimeZone::get(&before.time_zone).map_err(Error::internal)?;
        let (start, end) = match self.start_date.filter(|start| *start != before.start_date) {
            Some(start) => {
                check_first_term(tx, before).await?;
                (start, end_date(start, sku.validity)?)
            }
            None => (before.start_date, before.end_date),
        };
        let source = match before.source_pool_id {
            Some(pool_id) => pools::find(tx, pool_id).await?,
            None => None,
        };
        let dates = dates(start, end, &zone, sku.grace_days, expiring_days)?;
        Ok(within(dates, source.as_ref()))
    }
}

/// A trial, and what is not for resale, is as it was given (product.md, C5).
pub fn check_edition(license: &License) -> Result<()> {
    let (code, what) = match license.edition {
        Edition::Full => return Ok(()),
        Edition::Trial => ("trial.not_modifiable", "A trial"),
        Edition::NotForResale => ("license.units_fixed", "A license that is not for resale"),
    };
    let message = format!("{what} stays as it was given; assign the full service plan instead.");
    Err(Error::conflict(code, message).with("license_id", license.id.to_string()))
}

/// Parts of a service plan that is made of others by now stay as they are until somebody approves or declines those.
/// The pools are those of any licenses; only a license's own pool is its license.
pub async fn check_unlocked(tx: &mut Tx<'_>, pool_ids: &[Uuid]) -> Result<()> {
    let Some((license_id, plan_id, name)) = carrying::locked(tx, pool_ids).await? else {
        return Ok(());
    };
    Err(locked((plan_id, &name)).with("license_id", license_id.to_string()))
}

/// Nobody has said yet what becomes of a plan here that is made of other parts by now.
pub fn locked((plan_id, name): (Uuid, &str)) -> Error {
    let message = format!(
        "“{name}” is made of other parts by now. Approve or decline that for this customer first."
    );
    Error::conflict("plan.locked", message).with("plan_id", plan_id.to_string())
}

/// The first day of a license that has renewed is behind it: its terms follow one another from there.
async fn check_first_term(tx: &mut Tx<'_>, license: &License) -> Result<()> {
    if queries::count_terms(tx, license.id).await? == 1 {
        return Ok(());
    }
    let message = "This license has had a term before; its first day stays as it is.";
    Err(Error::conflict("license.renewed", message).with("license_id", license.id.to_string()))
}

/// Gives a license another last day: it reaches its pools, and stays within the license that its units were drawn from.
/// For commands that have asked for the permission, and have written units and price before.
pub async fn set_last_day(tx: &mut Tx<'_>, before: &License, end: Date) -> Result<License> {
    let sku = find_sku(tx, before.sku_id).await?;
    let zone = TimeZone::get(&before.time_zone).map_err(Error::internal)?;
    let source = match before.source_pool_id {
        Some(pool_id) => pools::find(tx, pool_id).await?,
        None => None,
    };
    let (start, expiring_days) = (before.start_date, before.expiring_days);
    let dates = dates(start, Some(end), &zone, sku.grace_days, expiring_days)?;
    let facts = Facts {
        name: &before.name,
        note: &before.note,
        support_reference: &before.support_reference,
        expiring_days,
        dates: &within(dates, source.as_ref()),
    };
    queries::set_facts(tx, before.id, before.version, &facts)
        .await?
        .ok_or_else(|| stale(before))?;
    let after = queries::get(tx, before.id).await?;
    copy_into_pools(tx, before, &after).await?;
    check_within(tx, &after).await?;
    record(tx, before, &after)?;
    Ok(after)
}

/// Gives a license another number of units: drawn from the pool its units come from, or new where there is none. For
/// commands that have asked for the permission.
pub async fn change_quantity(tx: &mut Tx<'_>, before: &License, quantity: i64) -> Result<()> {
    let delta = quantity - before.quantity;
    if let Some(source_pool_id) = before.source_pool_id {
        draw(tx, source_pool_id, delta).await?;
    }
    let Some((now, version)) = pools::change_quantity(tx, before.pool_id, delta).await? else {
        let in_use = before.allocated + before.assigned;
        let to_free = in_use - quantity;
        let message = format!(
            "{in_use} {} are in use; free {to_free} before you lower the quantity to {quantity}.",
            before.units
        );
        let refused = Error::conflict("license.below_use", message);
        return Err(refused.with("in_use", in_use).with("to_free", to_free));
    };
    record_quantity(tx, before, (now - delta, now), version);
    Ok(())
}
