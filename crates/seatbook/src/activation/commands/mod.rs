//! The verbs of activation.

mod ending;
mod hand_over;
mod redeem;
mod sell;

pub use ending::{ExpireCode, GiveLicense, RenewCode, RevokeCode};
pub use redeem::{DecideRedemption, Redeem};
pub use sell::{Sale, SellLicense, find_customer};

use serde_json::json;
use uuid::Uuid;

use super::{
    model::{CodeState, StoredCode},
    queries,
};
use crate::{
    error::{Error, Result},
    gate::Tx,
    journal::Change,
    licenses::{self, commands::authorize, model::License},
    scope::Permission,
};

/// Records one step of a code's life: what became of it, never what it is.
fn record(
    tx: &mut Tx<'_>,
    (license_id, organization_id): (Uuid, Uuid),
    (before, after): (Option<CodeState>, CodeState),
    version: i64,
) {
    let state = |state: CodeState| json!({"state": state.as_str()});
    tx.changed(Change {
        noun: "activation_code",
        row_id: license_id,
        version,
        organization_id: Some(organization_id),
        before: before.map(state),
        after: Some(state(after)),
    });
}

/// A license that its seller may decide about, with its code. Others see neither: whether a license is there is not
/// said to whoever cannot see its seller.
async fn of_seller(tx: &mut Tx<'_>, license_id: Uuid) -> Result<(License, StoredCode)> {
    let license = licenses::queries::find(tx, license_id).await?;
    let license = license.ok_or_else(Error::not_found)?;
    license.seller_id.ok_or_else(Error::not_found)?;
    authorize(tx, &license, Permission::LicensesSell).await?;
    let code = queries::of_license(tx, license_id).await?;
    Ok((license, code.ok_or_else(Error::not_found)?))
}

/// Only a live code can be given out anew, taken back or overtaken by hand.
fn not_live(code: &StoredCode) -> Error {
    let message = match code.state {
        CodeState::Redeemed => "A customer has redeemed this code.",
        CodeState::Given => "This license was given to its customer by hand.",
        CodeState::Revoked => "This code was taken back.",
        CodeState::Expired => "This code has expired.",
        CodeState::Live => "Somebody changed this code at the same moment; please look again.",
    };
    Error::conflict("activation.not_live", message).with("state", code.state.as_str())
}
