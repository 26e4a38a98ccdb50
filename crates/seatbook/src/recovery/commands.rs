//! Setting a password anew.

use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::{
        commands::ended,
        links::{self, Link, RESET_SECONDS},
        model::person_step,
        passwords, queries,
    },
    console::format,
    error::{Error, Result},
    gate::{Command, Tx},
    mail::{
        self, NewMail, Readers,
        templates::{self, ResetMail},
    },
    scope::tree,
    secrets::Secret,
};

/// Links that one account gets within an hour.
const MOST_AN_HOUR: i64 = 3;

/// Mails a link for a new password to whoever has this address. Older links end with it.
///
/// Refused where nobody has it, or where its person got enough links; whoever asks is told neither.
#[derive(Clone, Debug, Serialize)]
pub struct MailReset {
    /// The address, as people have it.
    #[serde(skip)]
    pub email: String,
    /// The fingerprint under which it is counted how often somebody asked.
    #[serde(skip)]
    pub print: String,
    /// The link's secret, drawn by the door.
    pub secret: Secret<String>,
}

impl Command for MailReset {
    const NAME: &'static str = "people.mail_reset";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("the link goes to the person's own address, and nobody else sees it");
        // Or of many who ask at once, each would find that two links were drawn.
        passwords::hold_failures(tx, &self.print).await?;
        let person = queries::find_by_email(tx, &self.email).await?;
        let person = person.filter(|person| person.active);
        let person = person.ok_or_else(Error::not_found)?;
        let now = tx.now();
        let drawn = links::count_resets(tx, &person.email, now.plus_seconds(-3600)).await?;
        if drawn >= MOST_AN_HOUR {
            return Err(Error::not_found());
        }
        for older in links::end_resets(tx, &person.email, now).await? {
            mail::withdraw(tx, &cause(older), "Not sent: there is a newer link.").await?;
        }
        let link = links::new("reset", tx.new_id(), &person.email, (now, RESET_SECONDS));
        let Secret(secret) = &self.secret;
        links::insert(tx, &link, secret).await?;
        write(tx, &link, secret).await
    }
}

/// Writes the mail with the link, on behalf of whoever runs this Seatbook: a customer's administrators need not know
/// that somebody forgot a password. Nobody but its recipient may read it.
async fn write(tx: &mut Tx<'_>, link: &Link, secret: &str) -> Result<()> {
    let root = tree::root(tx).await?.ok_or_else(Error::not_found)?;
    tx.concerns(root);
    let content = templates::reset(&ResetMail {
        link: format!("{}/reset/{secret}", tx.premises().base_url()),
        until: format!(
            "{} UTC",
            format::moment(link.expires_at.get(), &TimeZone::UTC)
        ),
    })?;
    let new = NewMail {
        organization_id: root,
        kind: "reset",
        cause: cause(link.id),
        sender: String::new(),
        to_address: link.email.clone(),
        to_name: String::new(),
        reply_to: None,
        content,
        attachments: vec![],
        readers: Readers::Nobody,
    };
    mail::queue(tx, new).await.map(drop)
}

/// What the mail with a link is for.
fn cause(link_id: Uuid) -> String {
    format!("reset:{link_id}")
}

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
