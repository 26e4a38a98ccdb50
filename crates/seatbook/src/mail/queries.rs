//! Every statement about mails but those of the deliverer, which are in `posting`.

use store::{Json, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Attachment, Enclosure, Mail, NewMail, State, Stored};
use crate::{
    error::Result,
    gate::Caller,
    scope::{self, Permission, Scope, queries::below_any},
};

pub(super) const COLUMNS: &str =
    "SELECT m.id, m.organization_id, m.kind, m.message_id, m.sender, m.to_address, m.to_name, m.reply_to,
    m.subject, m.state, m.attempts, m.resent_unknown, m.answer, m.due_at, m.begun_at, m.sent_at, m.created_at,
    m.version";

/// The mail, whoever asks: for commands, which then ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Mail>> {
    let sql = format!("{COLUMNS} FROM mail m WHERE m.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The mail with its sealed body, whoever asks: for the deliverer.
pub(super) async fn find_stored(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Stored>> {
    let sql = format!("{COLUMNS}, m.body, m.readers FROM mail m WHERE m.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The mails that are going to be sent: which, whose, how they stand, their version.
pub(super) async fn waiting(tx: &mut Tx<'_>) -> Result<Vec<(Uuid, Uuid, String, i64)>> {
    let sql =
        "SELECT id, organization_id, state, version FROM mail WHERE state IN ('queued', 'sending')
        ORDER BY id";
    Ok(tx.query(sql, &[]).await?)
}

/// Keeps them all.
pub(super) async fn hold(tx: &mut Tx<'_>, why: &str) -> Result<u64> {
    let sql = "UPDATE mail SET state = 'kept', worker = NULL, answer = $1, version = version + 1
        WHERE state IN ('queued', 'sending')";
    Ok(tx.execute(sql, &[&why]).await?)
}

/// The mail that was written for this.
pub async fn find_by_cause(tx: &mut Tx<'_>, cause: &str) -> Result<Option<Uuid>> {
    let found: Option<(Uuid,)> = tx
        .query_opt("SELECT id FROM mail WHERE cause = $1", &[&cause])
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The mail with its sealed body, where the scope can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Stored>> {
    let roots = scope.roots(Permission::MailsRead);
    let mut select = Select::new(format!("{COLUMNS}, m.body, m.readers FROM mail m"));
    select.and("m.id = ?", &id);
    below_any(&mut select, "m.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Whether the caller may open it: holds, at its organization, what its readers must hold.
pub async fn may_open(tx: &mut Tx<'_>, caller: &Caller, stored: &Stored) -> Result<bool> {
    let at = stored.mail.organization_id;
    let mut held = scope::queries::permissions_at(tx, caller.actor_id, at).await?;
    if let Some(limits) = &caller.limits {
        held.retain(|permission| limits.contains(permission));
    }
    Ok(stored.readers.admit(&held))
}

/// What a list of mails is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of address, name or subject.
    pub keyword: Option<String>,
    /// On behalf of this organization itself.
    pub organization_id: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In one of these states; in any where there is none.
    pub states: Vec<State>,
    /// Written before this one, the last row seen.
    pub before: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

/// Mails the scope can see, the newest first.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Mail>> {
    let roots = scope.require(Permission::MailsRead)?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let mut select = Select::new(format!("{COLUMNS} FROM mail m"));
    below_any(&mut select, "m.organization_id", &roots);
    if let Some(keyword) = &keyword {
        select.and(
            "m.id IN (SELECT id FROM mail_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some(organization_id) = &filter.organization_id {
        select.and("m.organization_id = ?", organization_id);
    }
    if let Some(kind) = &filter.kind {
        select.and("m.kind = ?", kind);
    }
    if !states.is_empty() {
        let places: Vec<String> = states.iter().map(|state| select.bind(state)).collect();
        select.and_raw(&format!("m.state IN ({})", places.join(", ")));
    }
    if let Some(before) = &filter.before {
        select.and("m.id < ?", before);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY m.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// The files of a mail, in their order, without their content.
pub async fn enclosures(tx: &mut Tx<'_>, mail_id: Uuid) -> Result<Vec<Enclosure>> {
    let sql = "SELECT id, name, media_type, size FROM mail_attachment WHERE mail_id = $1 ORDER BY position";
    Ok(tx.query(sql, &[&mail_id]).await?)
}

/// The files of a mail, in their order, or the one of them that is asked for.
pub async fn attachments(
    tx: &mut Tx<'_>,
    mail_id: Uuid,
    one: Option<Uuid>,
) -> Result<Vec<Attachment>> {
    let mut select = Select::new("SELECT name, media_type, content FROM mail_attachment");
    select.and("mail_id = ?", &mail_id);
    if let Some(id) = &one {
        select.and("id = ?", id);
    }
    let sql = select.sql(" ORDER BY position");
    let rows: Vec<(String, String, Vec<u8>)> = tx.query(&sql, select.params()).await?;
    let file = |(name, media_type, content)| Attachment {
        name,
        media_type,
        content,
    };
    Ok(rows.into_iter().map(file).collect())
}

/// A mail about to be written.
pub(super) struct MailRow<'a> {
    pub(super) id: Uuid,
    pub(super) message_id: String,
    pub(super) new: &'a NewMail,
    pub(super) body: String,
    pub(super) state: State,
    pub(super) now: Timestamp,
}

/// Adds the row; says whether its cause was new.
pub(super) async fn insert(tx: &mut Tx<'_>, row: &MailRow<'_>) -> Result<bool> {
    let MailRow { id, new, now, .. } = row;
    let (state, readers) = (row.state.as_str(), Json(new.readers.to_json()));
    let added = tx
        .execute(
            "INSERT INTO mail (id, organization_id, kind, cause, message_id, sender, to_address, to_name, reply_to,
             subject, body, readers, state, attempts, resent_unknown, due_at, answer, created_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, $14, '', $14, 1)
             ON CONFLICT (cause) DO NOTHING",
            &[
                id, &new.organization_id, &new.kind, &new.cause, &row.message_id, &new.sender, &new.to_address,
                &new.to_name, &new.reply_to, &new.content.subject, &row.body, &readers, &state, now,
            ],
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    let text = rules::text::search_text(&[&new.to_address, &new.to_name, &new.content.subject]);
    let index = "INSERT INTO mail_search_text (id, text) VALUES ($1, $2)";
    tx.execute(index, &[id, &text]).await?;
    Ok(true)
}

/// Adds one file of a mail.
pub(super) async fn insert_attachment(
    tx: &mut Tx<'_>,
    (id, mail_id, position): (Uuid, Uuid, i64),
    file: &Attachment,
) -> Result<()> {
    let size = i64::try_from(file.content.len()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO mail_attachment (id, mail_id, position, name, media_type, size, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &id,
            &mail_id,
            &position,
            &file.name,
            &file.media_type,
            &size,
            &file.content,
        ],
    )
    .await?;
    Ok(())
}

/// Ends a mail that has not left and is not on its way, and says why; says how many rows that was.
pub(super) async fn withdraw(tx: &mut Tx<'_>, mail: &Mail, why: &str) -> Result<u64> {
    let sql = "UPDATE mail SET state = 'failed', answer = $3, version = version + 1
         WHERE id = $1 AND version = $2 AND state IN ('kept', 'queued')";
    Ok(tx.execute(sql, &[&mail.id, &mail.version, &why]).await?)
}

/// Puts a mail that is kept, waits or came to nothing into the queue, due at once; says how many rows that was.
pub(super) async fn requeue(tx: &mut Tx<'_>, mail: &Mail, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE mail SET state = 'queued', due_at = $3, attempts = 0, version = version + 1
         WHERE id = $1 AND version = $2 AND state IN ('kept', 'queued', 'failed')";
    Ok(tx.execute(sql, &[&mail.id, &mail.version, &now]).await?)
}
