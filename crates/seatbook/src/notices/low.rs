//! Units that run low: noticed once for each fall, then told.

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;

use super::{
    commands::{nothing_due, record_low},
    letters::{self, Letter, Side},
    model::recipients,
    queries,
    records::{self, Alert},
    telling::{name, record},
};
use crate::{
    console::format,
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{self, model::License},
    mail::templates::{self, LowPoolDigest, LowPoolRow},
    organizations,
    scope::{Permission, tree},
};

/// Looks at the free units of one license: notes that they fell below its threshold, with who is to be told, or that
/// there are enough again.
#[derive(Clone, Debug, Serialize)]
pub struct WatchUnits {
    /// The license.
    pub license_id: Uuid,
}

impl Command for WatchUnits {
    const NAME: &'static str = "notices.watch";
    /// Whether they are low.
    type Outcome = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let license = licenses::queries::get(tx, self.license_id).await?;
        let owner_id = license.organization_id;
        tx.require(Permission::LicensesRead, owner_id).await?;
        let judged = queries::judge(tx, license.id).await?;
        let (low, free, quantity) = judged.ok_or_else(nothing_due)?;
        let Some(fall) = record_low(tx, license.id, owner_id, low).await? else {
            return Err(nothing_due());
        };
        if low {
            let alert = Alert {
                license_id: license.id,
                fall,
                free,
                quantity,
            };
            note(tx, &license, &alert).await?;
        }
        Ok(low)
    }
}

/// Notes an alert for each organization that is told. One that is suspended is told nothing.
async fn note(tx: &mut Tx<'_>, license: &License, alert: &Alert) -> Result<()> {
    let node = tree::find(tx, license.organization_id).await?;
    let above = node.and_then(|node| node.parent_id);
    let own = queries::rule(tx, license.id).await?.facts.audience;
    let general = queries::policy(tx, license.authority()).await?;
    let audience = own.unwrap_or(general.facts.audience);
    let sides = recipients(
        audience,
        license.organization_id,
        license.seller_id.or(above),
    );
    for organization_id in sides {
        let node = tree::find(tx, organization_id).await?;
        if node.is_some_and(|node| !node.blocked) {
            records::insert_alert(tx, alert, organization_id).await?;
        }
    }
    Ok(())
}

/// Tells an organization of all units that ran low.
#[derive(Clone, Debug, Serialize)]
pub struct TellLow {
    /// Who is told.
    pub organization_id: Uuid,
}

impl Command for TellLow {
    const NAME: &'static str = "notices.tell_low";
    /// How many mails that were.
    type Outcome = usize;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize> {
        tx.require(Permission::LicensesRead, self.organization_id)
            .await?;
        let found = organizations::queries::find(tx, self.organization_id).await?;
        let organization = found.ok_or_else(Error::not_found)?;
        let (digest_id, now) = (tx.new_id(), tx.now());
        records::insert_digest(tx, (digest_id, organization.id), None, now).await?;
        // One conditional UPDATE: of two servers one takes them, and the other takes none.
        let mut alerts = records::take_alerts(tx, organization.id, digest_id).await?;
        if alerts.is_empty() {
            return Err(nothing_due());
        }
        alerts.sort_by_key(|alert| (alert.free, alert.license_id));
        let ids: Vec<Uuid> = alerts.iter().map(|alert| alert.license_id).collect();
        let found = licenses::queries::of_ids(tx, &ids).await?;
        let by_id: HashMap<Uuid, License> = found.into_iter().map(|it| (it.id, it)).collect();
        let of = |alert: &Alert| by_id.get(&alert.license_id);
        let side = |alert: &Alert| Some(Side::of(organization.id, of(alert)?.organization_id));
        let vanished = || Error::internal("a license vanished while it was told of");
        let sides: Option<Vec<Side>> = alerts.iter().map(side).collect();
        let sides = sides.ok_or_else(vanished)?;
        let rows: Option<Vec<LowPoolRow>> =
            alerts.iter().map(|it| Some(row(of(it)?, it))).collect();
        let rows = rows.ok_or_else(vanished)?;
        let letters = letters::letters(tx, &organization, &sides).await?;
        for (place, alert) in alerts.iter().enumerate() {
            if !letters.iter().any(|it| it.places.contains(&place)) {
                records::set_untold(tx, alert, organization.id).await?;
            }
        }
        let url = letters::place(tx.premises().base_url(), &organization, &sides);
        let content = |letter: &Letter| {
            templates::low_pool(&LowPoolDigest {
                name: letter.name.clone(),
                rows: letter.places.iter().map(|at| rows[*at].clone()).collect(),
                portal_url: url.clone(),
            })
        };
        letters::send(
            tx,
            (digest_id, "low_pool"),
            &organization,
            &letters,
            content,
        )
        .await?;
        record(
            tx,
            digest_id,
            organization.id,
            (alerts.len(), letters.len()),
        );
        Ok(letters.len())
    }
}

fn row(license: &License, alert: &Alert) -> LowPoolRow {
    LowPoolRow {
        license: name(license),
        product: license.product_name.clone(),
        organization: license.organization_name.clone(),
        free: format::count(alert.free, &license.unit, &license.units),
        quantity: format::number(alert.quantity),
    }
}
