//! Telling an organization what ends, once for each last day and lead time: rows and mails in one transaction.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use store::{Date, Timestamp};
use uuid::Uuid;

use super::{
    commands::nothing_due,
    letters::{self, Letter, Side},
    model::{Due, Ending, Said},
    queries, records,
};
use crate::{
    console::format,
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{self, model::License},
    mail::templates::{self, ExpiryDigest, ExpiryRow},
    organizations::{self, model::Organization},
    scope::Permission,
};

/// Tells an organization what is due of these licenses, all at once.
#[derive(Clone, Debug, Serialize)]
pub struct TellEnds {
    /// Who is told.
    pub organization_id: Uuid,
    /// Licenses that something is due of.
    pub license_ids: Vec<Uuid>,
}

impl Command for TellEnds {
    const NAME: &'static str = "notices.tell";
    /// How many mails that were.
    type Outcome = usize;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize> {
        tx.require(Permission::LicensesRead, self.organization_id)
            .await?;
        let found = organizations::queries::find(tx, self.organization_id).await?;
        let organization = found.ok_or_else(Error::not_found)?;
        let (digest_id, now) = (tx.new_id(), tx.now());
        let today = Some(day(&organization, now));
        // Whoever is second finds the day taken, and its rows too.
        if !records::insert_digest(tx, (digest_id, organization.id), today, now).await? {
            return Err(nothing_due());
        }
        let due = self.due(tx).await?;
        if due.is_empty() {
            return Err(nothing_due());
        }
        let side = |(ending, _): &(Ending, Due)| Side::of(organization.id, ending.owner_id);
        let sides: Vec<Side> = due.iter().map(side).collect();
        let letters = letters::letters(tx, &organization, &sides).await?;
        let told = |place: usize| letters.iter().any(|it| it.places.contains(&place));
        for (place, (ending, due)) in due.iter().enumerate() {
            let state = if told(place) { "told" } else { "nobody" };
            self.say(tx, (ending, due), (state, digest_id)).await?;
        }
        let rows = rows(tx, &due, now).await?;
        let url = letters::place(tx.premises().base_url(), &organization, &sides);
        let content = |letter: &Letter| {
            templates::expiry_notice(&ExpiryDigest {
                name: letter.name.clone(),
                rows: letter.places.iter().map(|at| rows[*at].clone()).collect(),
                portal_url: url.clone(),
            })
        };
        let sent = (digest_id, "expiry_notice");
        letters::send(tx, sent, &organization, &letters, content).await?;
        record(tx, digest_id, organization.id, (due.len(), letters.len()));
        Ok(letters.len())
    }
}

impl TellEnds {
    /// What is due of the licenses now, the soonest first.
    async fn due(&self, tx: &mut Tx<'_>) -> Result<Vec<(Ending, Due)>> {
        let (now, id) = (tx.now(), self.organization_id);
        let endings = queries::endings_of(tx, &self.license_ids, now).await?;
        let said = records::said(tx, &self.license_ids).await?;
        let told = endings
            .into_iter()
            .filter(|ending| ending.recipients().contains(&id));
        let due = told.filter_map(|ending| Some((ending.due(now, id, &said)?, ending)));
        Ok(due.map(|(due, ending)| (ending, due)).collect())
    }

    /// Keeps that one of them was told, and which lead times passed by with it.
    async fn say(
        &self,
        tx: &mut Tx<'_>,
        (ending, due): (&Ending, &Due),
        (state, digest_id): (&str, Uuid),
    ) -> Result<()> {
        let said = |lead_days: i64| Said {
            license_id: ending.license_id,
            organization_id: self.organization_id,
            end_date: ending.end_date,
            lead_days,
        };
        if !records::insert(tx, &said(due.lead_days), (state, digest_id)).await? {
            return Err(nothing_due());
        }
        for lead_days in &due.passed_by {
            records::insert(tx, &said(*lead_days), ("passed", digest_id)).await?;
        }
        Ok(())
    }
}

/// The organization's own day.
pub(super) fn day(organization: &Organization, now: Timestamp) -> Date {
    let zone = jiff::tz::TimeZone::get(&organization.time_zone);
    let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
    Date(now.get().to_zoned(zone).date())
}

/// What a license is called.
pub(super) fn name(license: &License) -> String {
    let name = license.name.clone().filter(|name| !name.is_empty());
    name.unwrap_or_else(|| license.sku_code.clone())
}

async fn rows(tx: &mut Tx<'_>, due: &[(Ending, Due)], now: Timestamp) -> Result<Vec<ExpiryRow>> {
    let ids: Vec<Uuid> = due.iter().map(|(ending, _)| ending.license_id).collect();
    let found = licenses::queries::of_ids(tx, &ids).await?;
    let by_id: HashMap<Uuid, License> = found.into_iter().map(|it| (it.id, it)).collect();
    let row = |(ending, _): &(Ending, Due)| {
        let license = by_id.get(&ending.license_id)?;
        Some(ExpiryRow {
            license: name(license),
            product: license.product_name.clone(),
            units: format::count(license.quantity, &license.unit, &license.units),
            organization: license.organization_name.clone(),
            ends: format::date(ending.end_date.0),
            days: ending.days_left(now),
        })
    };
    let rows: Option<Vec<ExpiryRow>> = due.iter().map(row).collect();
    rows.ok_or_else(|| Error::internal("a license vanished while it was told of"))
}

/// Records a digest with how many licenses it is about, and how many mails it went out as.
pub(super) fn record(
    tx: &mut Tx<'_>,
    id: Uuid,
    organization_id: Uuid,
    (licenses, mails): (usize, usize),
) {
    tx.changed(Change {
        noun: "notice_digest",
        row_id: id,
        version: 1,
        organization_id: Some(organization_id),
        before: None,
        after: Some(json!({"licenses": licenses, "mails": mails})),
    });
}
