//! Selling: a license for a customer, or for whoever redeems its code. Its units are issued by who may issue, else
//! drawn from a pool of the seller (product.md, "Where units come from").

use jiff::tz::TimeZone;
use rules::activation::most_live;
use serde::Serialize;
use store::{Date, Timestamp};
use uuid::Uuid;

use super::record;
use crate::{
    activation::{
        codes::Drawn,
        guard,
        model::{CodeState, Limits, Sold},
        queries::{self, NewCode},
    },
    catalog::model::Sku,
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{
        commands::{
            Birth, EXPIRING_DAYS, check_facts, check_within, dates, draw, end_date, find_sku, tidy,
            within,
        },
        model::{License, Pool},
        pools,
    },
    organizations::{self, model::Organization},
    plans::model::Edition,
    scope::{Permission, tree},
};

/// Sells a license: to a customer at once, or to whoever redeems its code. Either way it has a code by which people
/// name it.
#[derive(Clone, Debug, Serialize)]
pub struct SellLicense {
    /// What, to whom, and where its units come from.
    #[serde(flatten)]
    pub sale: Sale,
    /// From when its code is worth nothing, and its units go back; never unless said.
    pub expires_at: Option<Timestamp>,
    /// Codes drawn for it, of which it gets the first that is free.
    #[serde(skip)]
    pub drawn: Vec<Drawn>,
    /// The limits on guessing, from which follows how many codes may be live.
    #[serde(skip)]
    pub limits: Limits,
}

impl Command for SellLicense {
    const NAME: &'static str = "licenses.sell";
    const SECRET: bool = true;
    type Outcome = Sold;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Sold> {
        let waits = self.sale.customer_id.is_none();
        if self.expires_at.is_some_and(|at| at <= tx.now()) {
            let message = "The code would have expired already.";
            return Err(Error::invalid("code_expires_at", "in_the_past", message));
        }
        let license = sell(tx, &self.sale).await?;
        if waits {
            check_budget(tx, self.sale.seller_id, self.limits).await?;
        }
        let state = if waits {
            CodeState::Live
        } else {
            CodeState::Given
        };
        let expires_at = self.expires_at.filter(|_| waits);
        for drawn in &self.drawn {
            let new = NewCode {
                license_id: license.id,
                organization_id: self.sale.seller_id,
                drawn,
                state,
                expires_at,
                now: tx.now(),
            };
            if queries::insert(tx, &new).await? {
                record(tx, (license.id, self.sale.seller_id), (None, state), 1);
                return Ok(Sold {
                    code: drawn.code.0.clone(),
                    license,
                    state,
                    expires_at,
                });
            }
        }
        Err(taken())
    }
}

/// Every code drawn is in use: a chance of one in a trillion, three times over. Asking again draws others.
pub(super) fn taken() -> Error {
    let message = "The codes that were drawn are in use; please try again.";
    Error::conflict("activation.code_taken", message)
}

/// Refuses one more live code where a guesser would need less than ten years for a hit, at as many guesses as the
/// limits let all customers of the seller have.
async fn check_budget(tx: &mut Tx<'_>, seller_id: Uuid, limits: Limits) -> Result<()> {
    guard::hold_one(tx, seller_id).await?;
    let most = most_live(limits.partner_tries);
    if queries::count_live(tx, seller_id, most).await? < most {
        return Ok(());
    }
    let message = format!(
        "{most} codes wait to be redeemed, and one more would be too easy to guess. Take back codes that nobody \
         needs, or give licenses to customers directly."
    );
    Err(Error::conflict("activation.too_many_live", message).with("most_live_codes", most))
}

/// What is sold, to whom, and where its units come from.
#[derive(Clone, Debug, Serialize)]
pub struct Sale {
    /// Who sells it and bills it.
    pub seller_id: Uuid,
    /// The customer, somewhere below the seller; none for whoever redeems the code.
    pub customer_id: Option<Uuid>,
    /// The plan.
    pub sku_id: Uuid,
    /// Units, 1 to 999,999,999.
    pub quantity: i64,
    /// New units are issued; else they are drawn from the seller's own.
    pub issue: bool,
    /// The pool of the seller from which they are drawn; the one that ends first and has enough, unless said.
    pub source_pool_id: Option<Uuid>,
    /// The first day; today unless said, and the day of activation where the SKU says so.
    pub start_date: Option<Date>,
    /// A name to find it by.
    pub name: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Price of one unit for the term, in minor units, and its currency.
    pub price: Option<(i64, String)>,
}

/// Sells a license. It waits for its owner where there is none yet: closed, with its units held.
async fn sell(tx: &mut Tx<'_>, sale: &Sale) -> Result<License> {
    permit(tx, sale).await?;
    let texts = [("name", &sale.name), ("note", &sale.note)];
    check_facts(sale.quantity, sale.price.as_ref(), &texts)?;
    if sale.issue && sale.source_pool_id.is_some() {
        let message = "Units are either issued or drawn from a pool.";
        return Err(Error::invalid("source_pool_id", "issued", message));
    }
    let seller = organizations::queries::find(tx, sale.seller_id)
        .await?
        .ok_or_else(Error::not_found)?;
    let owner = match sale.customer_id {
        Some(customer_id) => find_customer(tx, sale.seller_id, customer_id).await?,
        None => seller,
    };
    let sku = find_sku(tx, sale.sku_id).await?;
    let source = match (sale.issue, sale.source_pool_id) {
        (true, _) => None,
        (false, Some(pool_id)) => Some(find_source(tx, sale, &sku, pool_id).await?),
        (false, None) => Some(pick_source(tx, sale, &sku).await?),
    };
    let zone = TimeZone::get(&owner.time_zone).map_err(Error::internal)?;
    let start = sale.start_date.unwrap_or_else(|| tx.today(&zone));
    let end = match (sale.customer_id, sku.starts_at_activation) {
        // Its term begins when somebody activates it, so no end is known before.
        (None, true) => None,
        _ => last_day(start, &sku, source.as_ref())?,
    };
    let birth = Birth {
        dates: within(
            dates(start, end, &zone, sku.grace_days, EXPIRING_DAYS)?,
            source.as_ref(),
        ),
        owner,
        sku,
        quantity: sale.quantity,
        words: [tidy(&sale.name), tidy(&sale.note), None, None],
        price: sale.price.clone(),
        seller_id: Some(sale.seller_id),
        source_pool_id: source.as_ref().map(|pool| pool.id),
        awaits_activation: sale.customer_id.is_none(),
        edition: Edition::Full,
    };
    if let Some(pool) = &source {
        draw(tx, pool.id, sale.quantity).await?;
    }
    let license = birth.write(tx).await?;
    check_within(tx, &license).await?;
    Ok(license)
}

async fn permit(tx: &mut Tx<'_>, sale: &Sale) -> Result<()> {
    tx.require(Permission::LicensesSell, sale.seller_id).await?;
    if sale.issue {
        tx.require(Permission::LicensesIssue, sale.seller_id)
            .await?;
    }
    if sale.price.is_some() {
        tx.require(Permission::PricesEdit, sale.seller_id).await?;
    }
    Ok(())
}

/// The customer, where it is below the seller and open. One elsewhere answers like one that does not exist.
pub async fn find_customer(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    customer_id: Uuid,
) -> Result<Organization> {
    let below = customer_id != seller_id && tree::is_within(tx, customer_id, seller_id).await?;
    let found = match below {
        true => organizations::queries::find(tx, customer_id).await?,
        false => None,
    };
    let found = found.ok_or_else(|| {
        let message = "There is no such customer below the seller.";
        Error::invalid("customer_id", "customer.unknown", message)
    })?;
    let node = tree::find(tx, customer_id).await?;
    if node.is_some_and(|node| node.blocked) {
        let message = "This organization is suspended.";
        return Err(Error::conflict("organization.suspended", message)
            .with("organization_id", customer_id.to_string()));
    }
    Ok(found)
}

/// The pool that units are drawn from: one of the seller's own, of the product that is sold.
async fn find_source(tx: &mut Tx<'_>, sale: &Sale, sku: &Sku, pool_id: Uuid) -> Result<Pool> {
    let found = pools::find(tx, pool_id).await?;
    let Some(pool) = found.filter(|pool| pool.organization_id == sale.seller_id) else {
        let message = "The seller has no such pool.";
        return Err(Error::invalid("source_pool_id", "pool.unknown", message));
    };
    if pool.product_name != sku.product_name {
        let message = format!(
            "This pool holds {}, and the plan sells {}.",
            pool.product_name, sku.product_name
        );
        return Err(Error::invalid(
            "source_pool_id",
            "pool.other_product",
            message,
        ));
    }
    Ok(pool)
}

/// The pool that units are drawn from where none is said: of those that have enough, the one that ends first
/// (product.md, "Which unit").
async fn pick_source(tx: &mut Tx<'_>, sale: &Sale, sku: &Sku) -> Result<Pool> {
    let now = tx.now();
    let wanted = (sale.seller_id, sku.product_id, sale.quantity);
    if let Some(pool) = pools::first_with(tx, wanted, now).await? {
        return Ok(pool);
    }
    let most = pools::most_free(tx, sale.seller_id, sku.product_id, now).await?;
    let message = format!(
        "{} {} are wanted; the fullest pool of your own that is active has {most} free.",
        sale.quantity, sku.units
    );
    Err(Error::conflict("pool.exhausted", message)
        .with("wanted", sale.quantity)
        .with("available", most))
}

/// The last day: by the SKU's validity, and never behind the license that the units come from.
pub(super) fn last_day(start: Date, sku: &Sku, source: Option<&Pool>) -> Result<Option<Date>> {
    let own = end_date(start, sku.validity)?;
    let most = source.and_then(|pool| pool.end_date);
    Ok([own, most].into_iter().flatten().min())
}
