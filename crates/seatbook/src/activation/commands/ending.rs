//! Codes that end in some other way than being redeemed.

use serde::Serialize;
use uuid::Uuid;

use super::{hand_over::hand_over, not_live, of_seller, record, sell::taken};
use crate::{
    activation::{
        codes::Drawn,
        model::{CodeState, Sold},
        queries,
    },
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    licenses::{self, commands::terminate, model::License},
    scope::Permission,
};

/// Gives a license another code; the old one is worth nothing from then on.
#[derive(Clone, Debug, Serialize)]
pub struct RenewCode {
    /// The license.
    pub license_id: Uuid,
    /// Codes drawn for it, of which it gets the first that is free.
    #[serde(skip)]
    pub drawn: Vec<Drawn>,
}

impl Command for RenewCode {
    const NAME: &'static str = "activation.renew_code";
    const SECRET: bool = true;
    type Outcome = Sold;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Sold> {
        let (license, code) = of_seller(tx, self.license_id).await?;
        if code.state != CodeState::Live {
            return Err(not_live(&code));
        }
        for drawn in &self.drawn {
            if queries::redraw(tx, license.id, drawn).await? {
                let whose = (license.id, code.organization_id);
                let live = CodeState::Live;
                record(tx, whose, (Some(live), live), code.version + 1);
                return Ok(Sold {
                    code: drawn.code.0.clone(),
                    license,
                    state: live,
                    expires_at: code.expires_at,
                });
            }
        }
        match queries::of_license(tx, self.license_id).await? {
            Some(now) if now.state != CodeState::Live => Err(not_live(&now)),
            _ => Err(taken()),
        }
    }
}

/// Takes a code back: nobody can redeem it, the license ends, and its units go back to where they were drawn from.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeCode {
    /// The license.
    pub license_id: Uuid,
}

impl Command for RevokeCode {
    const NAME: &'static str = "activation.revoke_code";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        end(tx, self.license_id, CodeState::Revoked).await
    }
}

/// Ends a code whose day has passed, and its license with it. It is worth nothing from that day on, whenever this
/// is done.
#[derive(Clone, Debug, Serialize)]
pub struct ExpireCode {
    /// The license.
    pub license_id: Uuid,
}

impl Command for ExpireCode {
    const NAME: &'static str = "activation.expire_code";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let code = queries::of_license(tx, self.license_id).await?;
        let due = code
            .and_then(|code| code.expires_at)
            .is_some_and(|at| at <= tx.now());
        if !due {
            let message = "This code has not expired.";
            return Err(Error::conflict("activation.not_expired", message));
        }
        end(tx, self.license_id, CodeState::Expired).await
    }
}

async fn end(tx: &mut Tx<'_>, license_id: Uuid, state: CodeState) -> Result<License> {
    let (license, code) = of_seller(tx, license_id).await?;
    if !queries::end(tx, license_id, state).await? {
        return Err(not_live(&code));
    }
    let whose = (license.id, code.organization_id);
    record(tx, whose, (Some(CodeState::Live), state), code.version + 1);
    // Somebody may have ended the license itself before.
    if license.state(tx.now()).is_over() {
        return Ok(license);
    }
    terminate(tx, license).await
}

/// Gives a license that waits for its owner to a customer; its code cannot be redeemed any more.
#[derive(Clone, Debug, Serialize)]
pub struct GiveLicense {
    /// The license.
    pub license_id: Uuid,
    /// Its owner from now on.
    pub customer_id: Uuid,
}

impl Command for GiveLicense {
    const NAME: &'static str = "licenses.give";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let (license, code) = of_seller(tx, self.license_id).await?;
        // A customer elsewhere answers like one that does not exist, and one here needs the right there.
        match tx.require(Permission::LicensesSell, self.customer_id).await {
            Err(error) if error.kind == Kind::NotFound => {
                let message = "There is no such customer below the seller.";
                return Err(Error::invalid("customer_id", "customer.unknown", message));
            }
            asked => asked?,
        }
        if !queries::end(tx, license.id, CodeState::Given).await? {
            return Err(not_live(&code));
        }
        let steps = (Some(CodeState::Live), CodeState::Given);
        record(
            tx,
            (license.id, code.organization_id),
            steps,
            code.version + 1,
        );
        let license = licenses::queries::get(tx, license.id).await?;
        hand_over(tx, &license, self.customer_id, false).await
    }
}
