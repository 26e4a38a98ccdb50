//! The verbs of billing profiles: saying what is so, parking, and lifting that.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    model::{BillingFacts, BillingProfile},
    queries,
};
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    scope::{self, Permission},
};

/// Says what stands on invoices about an organization.
#[derive(Clone, Debug, Serialize)]
pub struct SetBillingProfile {
    /// Whose.
    pub organization_id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said from now on; kept in the profile alone, as an e-mail address is among it.
    #[serde(skip)]
    pub facts: BillingFacts,
}

impl Command for SetBillingProfile {
    const NAME: &'static str = "billing.edit";
    type Outcome = BillingProfile;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<BillingProfile> {
        tx.require(Permission::BillingEdit, self.organization_id)
            .await?;
        let facts = self.facts.clone().checked()?;
        let before = queries::get(tx, self.organization_id).await?;
        if self.version.is_some_and(|seen| seen != before.version) {
            let message = "Somebody changed this profile in the meantime; look at it again.";
            return Err(
                Error::new(Kind::Stale, "version.stale", message).with("version", before.version)
            );
        }
        if facts.taxed() != before.facts.taxed() {
            let held = require_seller(tx, self.organization_id, Permission::BillingEdit).await;
            held.map_err(|_| taxed_by_seller())?;
        }
        let after = BillingProfile {
            facts,
            ..before.clone()
        };
        write(tx, &before, after).await
    }
}

/// Lets an organization be invoiced again after somebody looked at why it was parked.
#[derive(Clone, Debug, Serialize)]
pub struct Unpark {
    /// Whose invoicing.
    pub organization_id: Uuid,
}

impl Command for Unpark {
    const NAME: &'static str = "billing.unpark";
    type Outcome = BillingProfile;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<BillingProfile> {
        tx.require(Permission::OrganizationsRead, self.organization_id)
            .await?;
        require_seller(tx, self.organization_id, Permission::InvoicesSend)
            .await
            .map_err(|_| scope::missing(Permission::InvoicesSend))?;
        let before = queries::get(tx, self.organization_id).await?;
        if before.parked_reason.is_none() {
            let message = "Its invoicing is not parked.";
            return Err(Error::conflict("billing.not_parked", message));
        }
        let after = BillingProfile {
            parked_reason: None,
            parked_at: None,
            ..before.clone()
        };
        write(tx, &before, after).await
    }
}

/// Parks the invoicing of an organization: called by whoever finds that an invoice would be wrong.
pub async fn park(tx: &mut Tx<'_>, before: &BillingProfile, reason: &str) -> Result<()> {
    let after = BillingProfile {
        parked_reason: Some(reason.to_owned()),
        parked_at: Some(tx.now()),
        ..before.clone()
    };
    if before.version == 0 {
        return write(tx, before, after).await.map(drop);
    }
    let now = tx.now();
    let version = queries::park(tx, before.organization_id, (reason, now)).await?;
    marked(tx, (before, after), version)
}

/// Keeps the currency of an organization's first invoice. Whoever was faster has kept theirs.
pub async fn set_currency(tx: &mut Tx<'_>, before: &BillingProfile, currency: &str) -> Result<()> {
    if before.currency.is_some() || before.version == 0 {
        return Ok(());
    }
    let after = BillingProfile {
        currency: Some(currency.to_owned()),
        ..before.clone()
    };
    let version = queries::set_currency(tx, before.organization_id, currency).await?;
    marked(tx, (before, after), version)
}

/// Records a mark that was set, if it was not set already.
fn marked(
    tx: &mut Tx<'_>,
    (before, after): (&BillingProfile, BillingProfile),
    version: Option<i64>,
) -> Result<()> {
    let Some(version) = version else {
        return Ok(());
    };
    let (mut old, mut new) = journal::difference(before, &after)?;
    for side in [&mut old, &mut new] {
        side.as_object_mut().map(|fields| fields.remove("version"));
    }
    record(tx, after.organization_id, version, (Some(old), new));
    Ok(())
}

/// Asks for a permission where the organization's seller is: at the one above it.
async fn require_seller(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    permission: Permission,
) -> Result<()> {
    let node = scope::tree::find(tx, organization_id).await?;
    let node = node.ok_or_else(Error::not_found)?;
    tx.require(permission, node.parent_id.unwrap_or(organization_id))
        .await
}

/// Writes and records a profile.
async fn write(
    tx: &mut Tx<'_>,
    before: &BillingProfile,
    after: BillingProfile,
) -> Result<BillingProfile> {
    if !queries::put(tx, &after, before.version).await? {
        let message = "Somebody changed this profile at the same moment; please look again.";
        return Err(Error::conflict("billing.changed", message));
    }
    let version = before.version + 1;
    let after = BillingProfile { version, ..after };
    let (old, new) = match before.version {
        0 => (None, serde_json::to_value(after.for_journal())?),
        _ => {
            let (old, new) = journal::difference(&before.for_journal(), &after.for_journal())?;
            (Some(old), new)
        }
    };
    record(tx, after.organization_id, version, (old, new));
    Ok(after)
}

fn record(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    version: i64,
    (before, after): (Option<Value>, Value),
) {
    tx.changed(Change {
        noun: "billing_profile",
        row_id: organization_id,
        version,
        organization_id: Some(organization_id),
        before,
        after: Some(after),
    });
}

fn taxed_by_seller() -> Error {
    let message = "How an organization is taxed is said by whoever sells to it.";
    Error::new(Kind::Forbidden, "billing.taxed_by_seller", message)
}
