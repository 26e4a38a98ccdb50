//! The verbs of mails.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Body, Mail, NewMail, State},
    queries::{self, MailRow},
};
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

/// The longest name or subject: what is longer is cut.
const LONGEST: usize = 250;
/// The files of one mail together: mail servers seldom take more than 25 MiB, of which base64 takes a third.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// Writes a mail, in the transaction of the command that needs it: both stand or neither does. The command has
/// asked for its permission. The same cause again gives the mail that there is already.
pub async fn queue(tx: &mut Tx<'_>, new: NewMail) -> Result<Uuid> {
    let new = plain(new);
    let bytes: usize = new.attachments.iter().map(|file| file.content.len()).sum();
    if bytes > MOST_BYTES {
        return Err(Error::internal(format!(
            "a mail with {bytes} bytes of files"
        )));
    }
    let (premises, id) = (tx.premises(), tx.new_id());
    let body = serde_json::to_string(&Body {
        text: new.content.text.clone(),
        html: new.content.html.clone(),
    })?;
    let state = match premises.sends_mail() {
        true => State::Queued,
        false => State::Kept,
    };
    let row = MailRow {
        id,
        message_id: format!("<{id}@{}>", premises.host()),
        new: &new,
        body: premises.seal(&body)?,
        state,
        now: tx.now(),
    };
    if !queries::insert(tx, &row).await? {
        let found = queries::find_by_cause(tx, &new.cause).await?;
        return found.ok_or_else(|| Error::internal("a mail vanished while it was written"));
    }
    for (position, file) in (0..).zip(&new.attachments) {
        let place = (tx.new_id(), id, position);
        queries::insert_attachment(tx, place, file).await?;
    }
    let after = json!({"kind": new.kind, "state": state, "attachments": new.attachments.len()});
    tx.changed(Change {
        noun: "mail",
        row_id: id,
        version: 1,
        organization_id: Some(new.organization_id),
        before: None,
        after: Some(after),
    });
    tx.queued(format!("mail {}", new.kind));
    Ok(id)
}

/// Takes back the mail that was written for this, where it has not left yet: what it is about is over. The command has
/// asked for its permission. One that is being sent, or was, stays as it is.
pub async fn withdraw(tx: &mut Tx<'_>, cause: &str, why: &str) -> Result<()> {
    let Some(id) = queries::find_by_cause(tx, cause).await? else {
        return Ok(());
    };
    let before = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    if queries::withdraw(tx, &before, why).await? == 1 {
        tx.changed(Change {
            noun: "mail",
            row_id: id,
            version: before.version + 1,
            organization_id: Some(before.organization_id),
            before: Some(json!({"state": before.state})),
            after: Some(json!({"state": State::Failed})),
        });
    }
    Ok(())
}

/// Holds every mail that waits or is on its way, so that it is sent only when somebody says so: in a restored book, it
/// may have been sent after the backup. Says how many. For the command that releases such a book.
pub async fn hold(tx: &mut Tx<'_>, why: &str) -> Result<i64> {
    let waiting = queries::waiting(tx).await?;
    queries::hold(tx, why).await?;
    for (id, organization_id, state, version) in &waiting {
        tx.changed(Change {
            noun: "mail",
            row_id: *id,
            version: version + 1,
            organization_id: Some(*organization_id),
            before: Some(json!({"state": state})),
            after: Some(json!({"state": State::Kept})),
        });
    }
    Ok(waiting.len() as i64)
}

/// One line, whatever it was made of: a line break cannot be written into a header at all.
fn whole(text: &str) -> String {
    rules::text::normalize_key(&text.replace(char::is_control, " "))
}

/// One line of a length that mail programs show.
pub(super) fn line(text: &str) -> String {
    whole(text).chars().take(LONGEST).collect()
}

/// The same mail with headers of one line each, whatever they were made of.
fn plain(new: NewMail) -> NewMail {
    let mut new = NewMail {
        sender: line(&new.sender),
        to_address: whole(&new.to_address),
        to_name: line(&new.to_name),
        reply_to: new.reply_to.as_deref().map(whole),
        ..new
    };
    new.content.subject = line(&new.content.subject);
    for file in &mut new.attachments {
        file.name = line(&file.name).replace(['/', '\\', '"'], "-");
        file.media_type = line(&file.media_type);
    }
    new
}

/// Sends a mail that is kept or came to nothing, or one that waits, at once. It stays the same mail.
#[derive(Clone, Debug, Serialize)]
pub struct SendMail {
    /// Which.
    pub id: Uuid,
    /// The version the caller saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for SendMail {
    const NAME: &'static str = "mails.send";
    type Outcome = Mail;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Mail> {
        let before = permitted(tx, self.id, self.version).await?;
        if matches!(before.state, State::Sent | State::Sending) {
            let message = "This mail was sent, or is being sent; it is not sent a second time.";
            return Err(Error::conflict("mail.sent", message).with("state", before.state.as_str()));
        }
        if !tx.premises().sends_mail() {
            let message =
                "No mail server is set up, so nothing can be sent. Start Seatbook with --smtp-url.";
            return Err(Error::conflict("mail.not_set_up", message));
        }
        let now = tx.now();
        if queries::requeue(tx, &before, now).await? == 0 {
            return Err(stale(&before));
        }
        let after = queries::find(tx, before.id)
            .await?
            .ok_or_else(Error::not_found)?;
        tx.changed(Change {
            noun: "mail",
            row_id: after.id,
            version: after.version,
            organization_id: Some(after.organization_id),
            before: Some(json!({"state": before.state})),
            after: Some(json!({"state": after.state})),
        });
        tx.queued(format!("mail {}", after.kind));
        Ok(after)
    }
}

/// The mail, for somebody who may send it.
async fn permitted(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Mail> {
    let Some(mail) = queries::find(tx, id).await? else {
        tx.unguarded("there is nothing to guard");
        return Err(Error::not_found());
    };
    tx.require(Permission::MailsSend, mail.organization_id)
        .await?;
    if version.is_some_and(|version| version != mail.version) {
        return Err(stale(&mail));
    }
    Ok(mail)
}

fn stale(mail: &Mail) -> Error {
    let message = "This mail changed while you looked at it; please look again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", mail.version)
}
