//! Setting a password anew.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::{commands::ended, links, model::person_step, queries},
    error::Result,
    gate::{Command, Tx},
    secrets::Secret,
};

/// Sets a password by a link, and ends every session.
#[derive(Clone, Debug, Serialize)]
pub struct ResetPassword {
    /// The link's secret.
    pub link: Secret<String>,
    /// The hash of the new password.
    pub password_hash: Secret<String>,
}

impl Command for ResetPassword {
    const NAME: &'static str = "people.reset_password";
    type Outcome = Uuid;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        tx.unguarded("the link is the guard");
        let (Secret(secret), Secret(hash), now) = (&self.link, &self.password_hash, tx.now());
        let link = links::find(tx, "reset", secret, now)
            .await?
            .ok_or_else(ended)?;
        let person = queries::find_by_email(tx, &link.email)
            .await?
            .ok_or_else(ended)?;
        if !links::spend(tx, link.id, now).await? {
            return Err(ended());
        }
        let version = queries::set_password(tx, person.id, hash).await?;
        queries::end_sessions(tx, person.id, None).await?;
        tx.changed(person_step(person.id, version, "password"));
        Ok(person.id)
    }
}
