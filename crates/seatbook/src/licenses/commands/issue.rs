//! Issuing: the one way units come into being.

use jiff::tz::TimeZone;
use rules::{lifecycle::Standing, money::Currency};
use serde::Serialize;
use serde_json::json;
use store::{Date, Lane, Place};
use uuid::Uuid;

use super::{dates, end_date};
use crate::{
    catalog::{self, model::Sku},
    error::{Error, FieldError, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        model::{License, MAX_UNITS},
        queries::{self, Dates, NewLicense},
    },
    organizations::{self, model::Organization},
    plans::model::Edition,
    scope::Permission,
};

/// Days before the end from which a license counts as expiring soon, unless it says otherwise.
pub const EXPIRING_DAYS: i64 = 30;

/// Issues a license to an organization: its units are new, and all of them start in its own pool.
#[derive(Clone, Debug, Serialize)]
pub struct IssueLicense {
    /// The owner.
    pub organization_id: Uuid,
    /// What is ordered.
    pub sku_id: Uuid,
    /// Units, 1 to 999,999,999.
    pub quantity: i64,
    /// The order it comes with.
    pub sales_order: Option<String>,
    /// The number under which support knows the order.
    pub support_reference: Option<String>,
    /// The first day; today in the owner's zone unless said.
    pub start_date: Option<Date>,
    /// The last day; computed from the SKU's validity unless said.
    pub end_date: Option<Date>,
    /// A name to find it by.
    pub name: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Price of one unit for the term, in minor units, and its currency.
    pub price: Option<(i64, String)>,
}

impl Command for IssueLicense {
    const NAME: &'static str = "licenses.issue";
    type Outcome = License;

    /// It writes rows of its own alone, so any number of them share a commit.
    fn place(&self) -> Place {
        Place {
            lane: Lane::Interactive,
            shard: Some(self.organization_id.as_u128()),
            pipelined: true,
        }
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        self.permit(tx).await?;
        self.check()?;
        let owner = organizations::queries::find(tx, self.organization_id)
            .await?
            .ok_or_else(Error::not_found)?;
        let sku = find_sku(tx, self.sku_id).await?;
        let zone = TimeZone::get(&owner.time_zone).map_err(Error::internal)?;
        let start = self.start_date.unwrap_or_else(|| tx.today(&zone));
        let end = match self.end_date {
            Some(end) => Some(end),
            None => end_date(start, sku.validity)?,
        };
        if end.is_some_and(|end| end < start) {
            return Err(Error::invalid(
                "end_date",
                "before_start",
                "The last day lies before the first.",
            ));
        }
        let birth = Birth {
            dates: dates(start, end, &zone, sku.grace_days, EXPIRING_DAYS)?,
            owner,
            sku,
            quantity: self.quantity,
            words: [
                &self.name,
                &self.note,
                &self.sales_order,
                &self.support_reference,
            ]
            .map(tidy),
            price: self.price.clone(),
            seller_id: None,
            source_pool_id: None,
            awaits_activation: false,
            edition: Edition::Full,
        };
        birth.write(tx).await
    }
}

/// A license about to be written, however it comes into being.
pub struct Birth {
    /// Who owns it; the seller, as long as nobody does.
    pub owner: Organization,
    /// What is ordered.
    pub sku: Sku,
    /// Units.
    pub quantity: i64,
    /// From when to when.
    pub dates: Dates,
    /// Name, note, sales order and support reference.
    pub words: [Option<String>; 4],
    /// Price of one unit for the term, in minor units, and its currency.
    pub price: Option<(i64, String)>,
    /// Who sold it.
    pub seller_id: Option<Uuid>,
    /// The pool its units are drawn from.
    pub source_pool_id: Option<Uuid>,
    /// Whether it waits for an owner.
    pub awaits_activation: bool,
    /// Full, trial or not for resale.
    pub edition: Edition,
}

impl Birth {
    /// Writes the license and its pool, and records both.
    pub async fn write(self, tx: &mut Tx<'_>) -> Result<License> {
        let new = self.deliver(tx);
        queries::insert(tx, &new).await?;
        record(tx, &new.license)?;
        Ok(new.license)
    }

    /// The license as it will be written, with a pool of its own.
    pub(super) fn deliver(self, tx: &mut Tx<'_>) -> NewLicense {
        let [name, note, sales_order, support_reference] = self.words;
        let (dates, sku, owner) = (self.dates, self.sku, self.owner);
        let given = self.seller_id.is_some() && !self.awaits_activation;
        // What somebody sold is renewed by decision, and what is over already is history.
        let ahead = dates.ends_at.is_some_and(|end| end > tx.now());
        let renews = ahead && self.seller_id.is_none() && sku.validity.is_some();
        let license = License {
            id: tx.new_id(),
            organization_id: owner.id,
            organization_name: owner.name,
            pool_id: tx.new_id(),
            sku_id: sku.id,
            sku_code: sku.code,
            product_name: sku.product_name,
            unit: sku.unit,
            units: sku.units,
            name,
            note,
            sales_order,
            support_reference,
            start_date: dates.start_date,
            end_date: dates.end_date,
            time_zone: owner.time_zone,
            starts_at: dates.starts_at,
            ends_at: dates.ends_at,
            grace_until: dates.grace_until,
            standing: Standing::Issued,
            awaits_activation: self.awaits_activation,
            paused: false,
            used: false,
            expiring_days: EXPIRING_DAYS,
            quantity: self.quantity,
            allocated: 0,
            assigned: 0,
            created_at: tx.now(),
            version: 1,
            seller_id: self.seller_id,
            source_pool_id: self.source_pool_id,
            activated_at: given.then(|| tx.now()),
            held: false,
            edition: self.edition,
            unbundled: false,
            follows_id: None,
        };
        NewLicense {
            license,
            product_id: sku.product_id,
            price: self.price,
            over_at: dates.over_at,
            expiring_at: dates.expiring_at,
            renews,
        }
    }
}

/// The SKU, or what is wrong with naming it.
pub async fn find_sku(tx: &mut Tx<'_>, id: Uuid) -> Result<Sku> {
    let sku = catalog::queries::find_sku(tx, id).await?;
    sku.ok_or_else(|| Error::invalid("sku_id", "sku.unknown", "There is no such SKU."))
}

impl IssueLicense {
    async fn permit(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.require(Permission::LicensesIssue, self.organization_id)
            .await?;
        if self.price.is_some() {
            tx.require(Permission::PricesEdit, self.organization_id)
                .await?;
        }
        Ok(())
    }

    /// What is wrong with it by itself, whatever the book holds.
    pub fn check(&self) -> Result<()> {
        let texts = [
            ("name", &self.name),
            ("note", &self.note),
            ("sales_order", &self.sales_order),
            ("support_reference", &self.support_reference),
        ];
        check_facts(self.quantity, self.price.as_ref(), &texts)
    }
}

/// What is wrong with the facts of a new license by themselves.
pub fn check_facts(
    quantity: i64,
    price: Option<&(i64, String)>,
    texts: &[(&str, &Option<String>)],
) -> Result<()> {
    let mut wrong = Vec::new();
    let mut complain = |field: &str, code: &'static str, message: String| {
        wrong.push(FieldError {
            field: field.into(),
            code: code.into(),
            message,
        });
    };
    if !(1..=MAX_UNITS).contains(&quantity) {
        let message = "A license has 1 to 999,999,999 units.";
        complain("quantity", "quantity.out_of_range", message.into());
    }
    if let Some((minor, currency)) = price {
        if *minor < 0 {
            let message = "A price is not negative.";
            complain("price_minor", "price.negative", message.into());
        }
        if currency.parse::<Currency>().is_err() {
            let message = format!("“{currency}” is no ISO 4217 currency.");
            complain("currency", "currency.unknown", message);
        }
    }
    for (field, text) in texts {
        let most = if *field == "note" { 2_000 } else { 200 };
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > most)
        {
            complain(field, "too_long", format!("At most {most} characters."));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(wrong))
    }
}

/// Text without stray spaces; nothing where nothing is left.
pub fn tidy(text: &Option<String>) -> Option<String> {
    text.as_deref()
        .map(rules::text::normalize_key)
        .filter(|text| !text.is_empty())
}

fn record(tx: &mut Tx<'_>, license: &License) -> Result<()> {
    let organization_id = Some(license.organization_id);
    tx.changed(Change {
        noun: "license",
        row_id: license.id,
        version: 1,
        organization_id,
        before: None,
        after: Some(serde_json::to_value(license)?),
    });
    let pool = json!({
        "license_id": license.id, "organization_id": license.organization_id, "parent_id": license.source_pool_id,
        "quantity": license.quantity, "allocated": 0, "assigned": 0,
    });
    let row_id = license.pool_id;
    tx.changed(Change {
        noun: "pool",
        row_id,
        version: 1,
        organization_id,
        before: None,
        after: Some(pool),
    });
    Ok(())
}
