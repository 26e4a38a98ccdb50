//! Issuing: the one way units come into being.

use jiff::tz::TimeZone;
use rules::{lifecycle::Standing, money::Currency};
use serde::Serialize;
use serde_json::json;
use store::{Date, Lane, Place};
use uuid::Uuid;

use super::{dates, end_date};
use crate::{
    catalog,
    error::{Error, FieldError, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        model::{License, MAX_UNITS},
        queries::{self, NewLicense},
    },
    organizations,
    scope::Permission,
};

/// Days before the end from which a license counts as expiring soon, unless it says otherwise.
const EXPIRING_DAYS: i64 = 30;

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
        let sku = catalog::queries::find_sku(tx, self.sku_id).await?;
        let sku =
            sku.ok_or_else(|| Error::invalid("sku_id", "sku.unknown", "There is no such SKU."))?;
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
        let dates = dates(start, end, &zone, sku.grace_days, EXPIRING_DAYS)?;
        let (over_at, expiring_at) = (dates.over_at, dates.expiring_at);
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
            name: tidy(&self.name),
            note: tidy(&self.note),
            sales_order: tidy(&self.sales_order),
            support_reference: tidy(&self.support_reference),
            start_date: dates.start_date,
            end_date: dates.end_date,
            time_zone: owner.time_zone,
            starts_at: dates.starts_at,
            ends_at: dates.ends_at,
            grace_until: dates.grace_until,
            standing: Standing::Issued,
            awaits_activation: false,
            paused: false,
            used: false,
            expiring_days: EXPIRING_DAYS,
            quantity: self.quantity,
            allocated: 0,
            assigned: 0,
            created_at: tx.now(),
            version: 1,
        };
        let new = NewLicense {
            license,
            product_id: sku.product_id,
            price: self.price.clone(),
            over_at,
            expiring_at,
        };
        queries::insert(tx, &new).await?;
        record(tx, &new.license)?;
        Ok(new.license)
    }
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
        let mut wrong = Vec::new();
        let mut complain = |field: &str, code: &'static str, message: String| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message,
            });
        };
        if !(1..=MAX_UNITS).contains(&self.quantity) {
            complain(
                "quantity",
                "quantity.out_of_range",
                "A license has 1 to 999,999,999 units.".into(),
            );
        }
        if let Some((minor, currency)) = &self.price {
            if *minor < 0 {
                complain(
                    "price_minor",
                    "price.negative",
                    "A price is not negative.".into(),
                );
            }
            if currency.parse::<Currency>().is_err() {
                complain(
                    "currency",
                    "currency.unknown",
                    format!("“{currency}” is no ISO 4217 currency."),
                );
            }
        }
        for (field, text) in [
            ("name", &self.name),
            ("note", &self.note),
            ("sales_order", &self.sales_order),
            ("support_reference", &self.support_reference),
        ] {
            let most = if field == "note" { 2_000 } else { 200 };
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
}

/// Text without stray spaces; nothing where nothing is left.
pub(super) fn tidy(text: &Option<String>) -> Option<String> {
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
        "license_id": license.id, "organization_id": license.organization_id, "parent_id": null,
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
