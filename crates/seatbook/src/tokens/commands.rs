//! The verbs of tokens. Making one stands in `access`, where the machine makes them too.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    access::tokens,
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
};

/// Revokes a token of one's own. Its next request is refused.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeToken {
    /// Which.
    pub id: Uuid,
}

impl Command for RevokeToken {
    const NAME: &'static str = "tokens.revoke";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own");
        let (person_id, now) = (tx.actor_id(), tx.now());
        let token = tokens::find_own(tx, person_id, self.id)
            .await?
            .ok_or_else(Error::not_found)?;
        if tokens::revoke(tx, token.id, now).await? {
            tx.changed(Change {
                noun: "api_token",
                row_id: token.id,
                version: token.version + 1,
                organization_id: None,
                before: Some(json!({"revoked": false})),
                after: Some(json!({"revoked": true})),
            });
        }
        Ok(())
    }
}
