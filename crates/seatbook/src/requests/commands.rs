//! The verbs of requests.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::UnitRequest,
    queries::{self, Decision, NewRequest, Whose},
};
use crate::{
    activation::{commands::SellLicense, model::Sold},
    catalog,
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{commands::tidy, model::MAX_UNITS},
    scope::{Permission, tree},
};

/// Requests of one customer that may wait at a time.
const MOST_WAITING: i64 = 50;

/// Asks the organization above for units.
#[derive(Clone, Debug, Serialize)]
pub struct RequestUnits {
    /// The customer that asks.
    pub organization_id: Uuid,
    /// What is wanted.
    pub sku_id: Uuid,
    /// How many, 1 to 999,999,999.
    pub quantity: i64,
    /// What for.
    pub note: Option<String>,
}

impl Command for RequestUnits {
    const NAME: &'static str = "requests.ask";
    type Outcome = UnitRequest;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<UnitRequest> {
        tx.require(Permission::UnitsRequest, self.organization_id)
            .await?;
        self.check()?;
        let node = tree::find(tx, self.organization_id).await?;
        let Some(partner_id) = node.and_then(|node| node.parent_id) else {
            let message = "Nobody stands above this organization whom it could ask.";
            return Err(Error::conflict("request.nobody_above", message));
        };
        if catalog::queries::find_sku(tx, self.sku_id).await?.is_none() {
            return Err(Error::invalid(
                "sku_id",
                "sku.unknown",
                "There is no such SKU.",
            ));
        }
        let own = Whose::Of(self.organization_id);
        if queries::count_waiting(tx, own).await? >= MOST_WAITING {
            let message =
                "Many of your requests wait already; withdraw some, or wait for an answer.";
            return Err(Error::conflict("request.too_many_waiting", message));
        }
        let id = tx.new_id();
        let new = NewRequest {
            id,
            organization_id: self.organization_id,
            partner_id,
            sku_id: self.sku_id,
            quantity: self.quantity,
            note: &tidy(&self.note),
            person_id: tx.actor_id(),
            now: tx.now(),
        };
        queries::insert(tx, &new).await?;
        let made = get(tx, id).await?;
        record(tx, None, &made);
        Ok(made)
    }
}

impl RequestUnits {
    fn check(&self) -> Result<()> {
        if !(1..=MAX_UNITS).contains(&self.quantity) {
            let message = "Ask for 1 to 999,999,999 units.";
            return Err(Error::invalid("quantity", "quantity.out_of_range", message));
        }
        long_enough("note", &self.note)
    }
}

fn long_enough(field: &'static str, text: &Option<String>) -> Result<()> {
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > 2_000)
    {
        return Err(Error::invalid(
            field,
            "too_long",
            "At most 2,000 characters.",
        ));
    }
    Ok(())
}

/// Approves a request: the units are sold to the customer in the same transaction.
#[derive(Clone, Debug, Serialize)]
pub struct ApproveRequest {
    /// Which.
    pub id: Uuid,
    /// The version the account manager saw; any where there is none.
    pub version: Option<i64>,
    /// What is sold: customer and seller are the request's, plan and quantity may be others than were asked for.
    pub sell: SellLicense,
    /// What is said to it.
    pub answer: Option<String>,
}

impl Command for ApproveRequest {
    const NAME: &'static str = "requests.approve";
    const SECRET: bool = true;
    type Outcome = Sold;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Sold> {
        let before = open(tx, self.id, self.version).await?;
        tx.require(Permission::LicensesSell, before.partner_id)
            .await?;
        waits(&before)?;
        let mut sell = self.sell.clone();
        sell.sale.seller_id = before.partner_id;
        sell.sale.customer_id = Some(before.organization_id);
        let sold = sell.run(tx).await?;
        decide(
            tx,
            before,
            ("approved", &self.answer),
            Some(sold.license.id),
        )
        .await?;
        Ok(sold)
    }
}

/// Says no to a request.
#[derive(Clone, Debug, Serialize)]
pub struct RefuseRequest {
    /// Which.
    pub id: Uuid,
    /// The version the account manager saw; any where there is none.
    pub version: Option<i64>,
    /// Why.
    pub answer: Option<String>,
}

impl Command for RefuseRequest {
    const NAME: &'static str = "requests.refuse";
    type Outcome = UnitRequest;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<UnitRequest> {
        let before = open(tx, self.id, self.version).await?;
        tx.require(Permission::LicensesSell, before.partner_id)
            .await?;
        waits(&before)?;
        decide(tx, before, ("refused", &self.answer), None).await
    }
}

/// Takes a request back.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawRequest {
    /// Which.
    pub id: Uuid,
    /// The version the customer saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for WithdrawRequest {
    const NAME: &'static str = "requests.withdraw";
    type Outcome = UnitRequest;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<UnitRequest> {
        let before = open(tx, self.id, self.version).await?;
        tx.require(Permission::UnitsRequest, before.organization_id)
            .await?;
        waits(&before)?;
        decide(tx, before, ("withdrawn", &None), None).await
    }
}

async fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<UnitRequest> {
    queries::find(tx, id).await?.ok_or_else(Error::not_found)
}

/// The request, in the version that was seen. What state it is in is said after the permission was asked for.
async fn open(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<UnitRequest> {
    let mut found = get(tx, id).await?;
    if version.is_some_and(|seen| seen != found.version) && found.state == "waiting" {
        found.state = "changed".into();
    }
    Ok(found)
}

fn waits(request: &UnitRequest) -> Result<()> {
    if request.state == "waiting" {
        return Ok(());
    }
    Err(decided(request))
}

fn decided(request: &UnitRequest) -> Error {
    let message = "This request was decided or changed in the meantime; look at it again.";
    Error::conflict("request.decided", message).with("state", request.state.clone())
}

async fn decide(
    tx: &mut Tx<'_>,
    before: UnitRequest,
    (state, answer): (&'static str, &Option<String>),
    license_id: Option<Uuid>,
) -> Result<UnitRequest> {
    long_enough("answer", answer)?;
    let decision = Decision {
        state,
        answer: &tidy(answer),
        license_id,
        person_id: tx.actor_id(),
        now: tx.now(),
    };
    if !queries::decide(tx, before.id, &decision).await? {
        return Err(decided(&before));
    }
    let after = get(tx, before.id).await?;
    record(tx, Some(&before), &after);
    Ok(after)
}

/// Records one step: what was asked and what became of it, not what people wrote to each other.
fn record(tx: &mut Tx<'_>, before: Option<&UnitRequest>, after: &UnitRequest) {
    let facts = |it: &UnitRequest| json!({"state": it.state, "sku_id": it.sku_id, "quantity": it.quantity, "license_id": it.license_id});
    tx.changed(Change {
        noun: "unit_request",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: before.map(facts),
        after: Some(facts(after)),
    });
}
