//! Redeeming: a code becomes a license of the customer who knows it.

use serde::Serialize;
use serde_json::json;
use store::{Lane, Place};
use uuid::Uuid;

use super::{hand_over::hand_over, record};
use crate::{
    activation::{
        guard::{self, Guesser, Standing},
        model::{CodeState, Limits, Redemption, StoredCode},
        queries::{self, NewRequest},
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{self, model::License},
    scope::{Permission, tree},
    secrets::Secret,
};

/// Redemptions of one customer that may wait at a time: more would only be guesses kept for later.
const MOST_WAITING: i64 = 20;

/// Where redemptions meet: the partner's row is not known before they run, so all of them meet in one place.
const MEETING: u128 = 0x7265_6465_656d;

/// Redeems a code for an organization, whole. A wrong code is an answer and no refusal, since it is counted: a
/// refusal would take the count back with everything else.
#[derive(Clone, Debug, Serialize)]
pub struct Redeem {
    /// The customer whose license it shall be.
    pub organization_id: Uuid,
    /// What was typed, as it is looked up.
    pub fingerprint: Secret<String>,
    /// The limits on guessing.
    #[serde(skip)]
    pub limits: Limits,
}

impl Command for Redeem {
    const NAME: &'static str = "activation.redeem";
    type Outcome = Redemption;

    /// Whoever redeems below one partner begins with that partner's row: all of them meet on one connection, so that
    /// a crowd takes turns without waiting for locks.
    fn place(&self) -> Place {
        Place {
            lane: Lane::Interactive,
            shard: Some(MEETING),
            pipelined: false,
        }
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Redemption> {
        let Secret(fingerprint) = &self.fingerprint;
        tx.require(Permission::LicensesRedeem, self.organization_id)
            .await?;
        if let Some(license) = own(tx, fingerprint, self.organization_id).await? {
            return Ok(Redemption::Redeemed {
                license: Box::new(license),
                again: true,
            });
        }
        let guesser = guesser(tx, self.organization_id).await?;
        guard::hold(tx, guesser).await?;
        let now = tx.now();
        if guard::stand(tx, guesser, self.limits, now).await? == Standing::Watched {
            return wait(tx, guesser, fingerprint).await;
        }
        match evaluate(tx, fingerprint, self.organization_id).await? {
            Some(license) => Ok(Redemption::Redeemed {
                license: Box::new(license),
                again: false,
            }),
            None => {
                let id = tx.new_id();
                guard::count_failure(tx, id, guesser, now).await?;
                Ok(Redemption::Unknown)
            }
        }
    }
}

async fn guesser(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Guesser> {
    let node = tree::find(tx, organization_id).await?;
    let Some(partner_id) = node.and_then(|node| node.parent_id) else {
        let message = "Nobody sells to this organization, so there is nothing it could redeem.";
        return Err(Error::conflict("activation.no_seller", message));
    };
    Ok(Guesser {
        organization_id,
        partner_id,
    })
}

/// The license that this organization redeemed with this code before: its own replay, which is no guess.
async fn own(tx: &mut Tx<'_>, fingerprint: &str, organization_id: Uuid) -> Result<Option<License>> {
    let code = queries::of_fingerprint(tx, fingerprint).await?;
    match code.filter(|code| code.redeemed_by == Some(organization_id)) {
        Some(code) => licenses::queries::find(tx, code.license_id).await,
        None => Ok(None),
    }
}

/// Redeems the code if it is one that this customer can redeem. Nothing where it is unknown, used, revoked, expired
/// or another's: the caller cannot tell them apart either.
async fn evaluate(
    tx: &mut Tx<'_>,
    fingerprint: &str,
    organization_id: Uuid,
) -> Result<Option<License>> {
    let found = queries::of_fingerprint(tx, fingerprint).await?;
    let Some(code) = found.filter(|code| code.state == CodeState::Live) else {
        return Ok(None);
    };
    if !redeemable(tx, &code, organization_id).await? {
        return Ok(None);
    }
    let now = tx.now();
    if !queries::redeem(tx, code.license_id, organization_id, now).await? {
        return Ok(None);
    }
    let whose = (code.license_id, code.organization_id);
    let steps = (Some(CodeState::Live), CodeState::Redeemed);
    record(tx, whose, steps, code.version + 1);
    let license = licenses::queries::get(tx, code.license_id).await?;
    hand_over(tx, &license, organization_id, true)
        .await
        .map(Some)
}

/// Whether the code was sold above this organization, and its license has not ended or been stopped.
async fn redeemable(tx: &mut Tx<'_>, code: &StoredCode, organization_id: Uuid) -> Result<bool> {
    let below = organization_id != code.organization_id
        && tree::is_within(tx, organization_id, code.organization_id).await?;
    let license = licenses::queries::find(tx, code.license_id).await?;
    let now = tx.now();
    Ok(below
        && license.is_some_and(|license| {
            license.awaits_activation && !license.facts().paused && !license.state(now).is_over()
        }))
}

/// Puts a redemption before the account manager. The same one again is the one that waits.
async fn wait(tx: &mut Tx<'_>, guesser: Guesser, fingerprint: &str) -> Result<Redemption> {
    let known = queries::waiting(tx, guesser.organization_id, fingerprint).await?;
    if let Some(request_id) = known {
        return Ok(Redemption::Waiting { request_id });
    }
    if queries::count_waiting(tx, guesser.organization_id).await? >= MOST_WAITING {
        let message =
            "Many of your redemptions wait for approval already; ask your account manager.";
        return Err(Error::conflict("activation.too_many_waiting", message));
    }
    let request_id = tx.new_id();
    let new = NewRequest {
        id: request_id,
        organization_id: guesser.organization_id,
        partner_id: guesser.partner_id,
        fingerprint,
        person_id: tx.actor_id(),
        now: tx.now(),
    };
    queries::insert_request(tx, &new).await?;
    record_request(
        tx,
        (request_id, guesser.organization_id),
        None,
        ("waiting", 1),
    );
    Ok(Redemption::Waiting { request_id })
}

/// The account manager's word about a redemption that waits. Approving looks at the code now: a wrong one is
/// refused, and said so to the account manager alone.
#[derive(Clone, Debug, Serialize)]
pub struct DecideRedemption {
    /// Which.
    pub id: Uuid,
    /// The version the account manager saw; any where there is none.
    pub version: Option<i64>,
    /// Redeem it, if it is right.
    pub approve: bool,
}

impl Command for DecideRedemption {
    const NAME: &'static str = "activation.decide";
    type Outcome = Redemption;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Redemption> {
        let found = queries::find_request(tx, self.id).await?;
        let (request, fingerprint) = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::LicensesSell, request.partner_id)
            .await?;
        if self.version.is_some_and(|seen| seen != request.version) || request.state != "waiting" {
            let message = "Somebody decided this redemption in the meantime.";
            return Err(
                Error::conflict("activation.decided", message).with("state", request.state.clone())
            );
        }
        let license = match self.approve {
            true => evaluate(tx, &fingerprint, request.organization_id).await?,
            false => None,
        };
        let by = (tx.actor_id(), tx.now());
        let license_id = license.as_ref().map(|license| license.id);
        if !queries::decide(tx, self.id, license_id, by).await? {
            let message = "Somebody decided this redemption in the meantime.";
            return Err(Error::conflict("activation.decided", message));
        }
        let state = if license_id.is_some() {
            "redeemed"
        } else {
            "refused"
        };
        let (whose, version) = ((request.id, request.organization_id), request.version + 1);
        record_request(tx, whose, Some("waiting"), (state, version));
        Ok(match license {
            Some(license) => Redemption::Redeemed {
                license: Box::new(license),
                again: false,
            },
            None => Redemption::Unknown,
        })
    }
}

/// Records one step of a redemption that waits.
fn record_request(
    tx: &mut Tx<'_>,
    (id, organization_id): (Uuid, Uuid),
    before: Option<&str>,
    (after, version): (&str, i64),
) {
    let state = |state: &str| json!({"state": state});
    tx.changed(Change {
        noun: "redemption_request",
        row_id: id,
        version,
        organization_id: Some(organization_id),
        before: before.map(state),
        after: Some(state(after)),
    });
}
