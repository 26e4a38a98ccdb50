//! A mail as a row, and as rooms hand it in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::scope::Permission;

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailState)]
pub enum State {
    /// No mail server was set up when it was written; it stays here until somebody sends it.
    Kept,
    /// It will be sent, or tried again.
    Queued,
    /// It is being sent; or nobody knows whether it left, and it will be sent again.
    Sending,
    /// A mail server took it.
    Sent,
    /// A mail server refused it, or it was tried too often.
    Failed,
}

impl State {
    /// All of them.
    pub const ALL: [State; 5] = [
        State::Kept,
        State::Queued,
        State::Sending,
        State::Sent,
        State::Failed,
    ];

    /// Its word in rows and badges.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Kept => "kept",
            State::Queued => "queued",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Failed => "failed",
        }
    }

    pub(super) fn parse(word: &str) -> store::Result<State> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("{word:?} is no state of a mail")))
    }
}

/// What a mail says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its subject: no secrets, for whoever sees the mail sees it.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// A file that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called, such as `invoice-2026-0042.pdf`.
    pub name: String,
    /// What it is, such as `application/pdf`.
    pub media_type: String,
    /// The file.
    pub content: Vec<u8>,
}

/// Who may read a mail's body and attachments, of those who may see that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readers {
    /// All of them.
    All,
    /// Those who hold all of these at the mail's organization: what the mail lets its reader do is nothing they
    /// could not do themselves.
    Holding(Vec<Permission>),
    /// Nobody: what stands in it is for one person alone.
    Nobody,
}

impl Readers {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Readers::All => json!("all"),
            Readers::Holding(permissions) => json!(permissions),
            Readers::Nobody => json!("none"),
        }
    }

    /// What cannot be understood is for nobody.
    pub(super) fn from_json(value: &Value) -> Readers {
        if value == "all" {
            return Readers::All;
        }
        let words = value.as_array().filter(|words| !words.is_empty());
        let parse = |word: &Value| Permission::parse(word.as_str()?);
        let known = words.and_then(|words| words.iter().map(parse).collect());
        known.map_or(Readers::Nobody, Readers::Holding)
    }

    /// Whether somebody who holds these may read.
    pub(super) fn admit(&self, held: &[Permission]) -> bool {
        match self {
            Readers::All => true,
            Readers::Holding(needed) => needed.iter().all(|permission| held.contains(permission)),
            Readers::Nobody => false,
        }
    }
}

/// What a command hands in.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// On whose behalf it is.
    pub organization_id: Uuid,
    /// Such as `invitation`.
    pub kind: &'static str,
    /// What it is for, such as `invitation:…:1`: the same cause again is the same mail, not a second one.
    pub cause: String,
    /// The name it comes under; empty for the server's own.
    pub sender: String,
    /// Where it goes.
    pub to_address: String,
    /// Whom it goes to; empty where nobody knows.
    pub to_name: String,
    /// Who reads the answer.
    pub reply_to: Option<String>,
    /// What it says.
    pub content: Content,
    /// What goes with it.
    pub attachments: Vec<Attachment>,
    /// Who may read it in the Outbox.
    pub readers: Readers,
}

/// A mail that was sent, is on its way, or is kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// Its id.
    pub id: Uuid,
    /// On whose behalf it is.
    pub organization_id: Uuid,
    /// What sort of mail: `invitation`, `invoice` …
    pub kind: String,
    /// Its Message-ID, the same however often it is sent.
    pub message_id: String,
    /// The name it comes under; empty for the server's own.
    pub sender: String,
    /// Where it goes.
    pub to_address: String,
    /// Whom it goes to; empty where nobody knows.
    pub to_name: String,
    /// Who reads the answer.
    pub reply_to: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried since somebody last told it to be sent.
    pub attempts: i64,
    /// How often it was sent again because nobody knew whether it had left: the recipient may have it as often
    /// besides.
    pub resent_unknown: i64,
    /// The last words of the mail server, or why there were none; empty while there were none.
    pub answer: String,
    /// When it is tried next; absent where it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// When it was last tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub begun_at: Option<Timestamp>,
    /// When a mail server took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts what people did to it; send it as `If-Match`.
    pub version: i64,
}

impl FromRow for Mail {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let state = State::parse(&row.get::<String>(9)?)?;
        let waits = matches!(state, State::Queued | State::Sending);
        Ok(Mail {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            kind: row.get(2)?,
            message_id: row.get(3)?,
            sender: row.get(4)?,
            to_address: row.get(5)?,
            to_name: row.get(6)?,
            reply_to: row.get(7)?,
            subject: row.get(8)?,
            state,
            attempts: row.get(10)?,
            resent_unknown: row.get(11)?,
            answer: row.get(12)?,
            due_at: row.get::<Timestamp>(13).map(|due| waits.then_some(due))?,
            begun_at: row.get(14)?,
            sent_at: row.get(15)?,
            created_at: row.get(16)?,
            version: row.get(17)?,
        })
    }
}

/// What a mail says, as it is stored before it is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Body {
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// A mail with its body still sealed, and who may open it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The mail.
    pub mail: Mail,
    /// Its body, sealed.
    pub body: String,
    /// Who may read it.
    pub readers: Readers,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Stored {
            mail: Mail::from_row(row)?,
            body: row.get(18)?,
            readers: Readers::from_json(&row.get::<Json>(19)?.0),
        })
    }
}

/// A file that goes with a mail, without its content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MailAttachment)]
pub struct Enclosure {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub size: i64,
}

impl FromRow for Enclosure {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Enclosure {
            id: row.get(0)?,
            name: row.get(1)?,
            media_type: row.get(2)?,
            size: row.get(3)?,
        })
    }
}

/// A mail with what it says, where you may read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Opened {
    /// The mail.
    #[serde(flatten)]
    pub mail: Mail,
    /// Whether you may read it: an invitation holds a link that gives its role to whoever follows it, so it is
    /// read by those who hold all that the role allows.
    pub readable: bool,
    /// What it says, as text; absent where you may not read it.
    pub text: Option<String>,
    /// What it says, as HTML; absent where you may not read it.
    pub html: Option<String>,
    /// The files that go with it; none where you may not read it.
    pub attachments: Vec<Enclosure>,
}
