//! The verbs of addresses.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{CalendarFeed, NEEDED, NewCalendarFeed, address},
    queries,
};
use crate::{
    error::Result,
    gate::{Command, Tx},
    journal::Change,
    secrets::{Secret, fingerprint},
};

/// Makes the address of an organization's calendar, or another one: the old one leads nowhere from then on.
#[derive(Clone, Debug, Serialize)]
pub struct RenewFeed {
    /// Whose.
    pub organization_id: Uuid,
    /// The drawn secret.
    pub secret: Secret<String>,
}

impl Command for RenewFeed {
    const NAME: &'static str = "calendars.renew";
    const SECRET: bool = true;
    type Outcome = NewCalendarFeed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<NewCalendarFeed> {
        tx.require(NEEDED, self.organization_id).await?;
        let Secret(secret) = &self.secret;
        let hint = &secret[secret.len().saturating_sub(4)..];
        let made = (tx.actor_id(), tx.now());
        let print = fingerprint(secret);
        let version = queries::put(tx, self.organization_id, (&print, hint), made).await?;
        record(tx, self.organization_id, version, true);
        Ok(NewCalendarFeed {
            url: address(tx.premises().base_url(), secret),
            feed: queries::get(tx, self.organization_id).await?,
        })
    }
}

/// Withdraws the address of an organization's calendar: it leads nowhere from then on.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawFeed {
    /// Whose.
    pub organization_id: Uuid,
}

impl Command for WithdrawFeed {
    const NAME: &'static str = "calendars.withdraw";
    type Outcome = CalendarFeed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<CalendarFeed> {
        tx.require(NEEDED, self.organization_id).await?;
        if let Some(version) = queries::withdraw(tx, self.organization_id).await? {
            record(tx, self.organization_id, version, false);
        }
        queries::get(tx, self.organization_id).await
    }
}

fn record(tx: &mut Tx<'_>, organization_id: Uuid, version: i64, there: bool) {
    tx.changed(Change {
        noun: "calendar_feed",
        row_id: organization_id,
        version,
        organization_id: Some(organization_id),
        before: None,
        after: Some(json!({"there": there})),
    });
}
