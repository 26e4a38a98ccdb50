//! A mail as it leaves: one message, whoever carries it.

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    message::{
        Attachment as Part, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use store::BoxFuture;
use uuid::Uuid;

use super::{
    commands::line,
    model::{Attachment, Body, Mail, Opened, Stored},
    queries,
};
use crate::{
    app::App,
    error::{self, Error},
    gate::Caller,
};

/// Carries mails away. The one implementation speaks SMTP; tests bring another.
pub trait Mailer: Send + Sync + 'static {
    /// Carries one mail; says what came of it.
    fn carry<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Verdict>;
}

/// What came of carrying a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A mail server has taken it; its words.
    Taken(String),
    /// It did not leave, and may later; why.
    Later(String),
    /// It did not leave and never will; why.
    Never(String),
    /// It may have left: the line broke before the mail server had answered.
    Unknown(String),
}

/// The mail as the caller may see it: with its body and files where they may read them.
pub async fn show(app: &App, caller: Caller, id: Uuid) -> error::Result<Opened> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let stored = queries::find_visible(&mut tx, &caller.scope, id).await?;
            let stored = stored.ok_or_else(Error::not_found)?;
            let readable = queries::may_open(&mut tx, &caller, &stored).await?;
            let attachments = match readable {
                true => queries::enclosures(&mut tx, id).await?,
                false => vec![],
            };
            Ok((stored, readable, attachments))
        })
    });
    let (stored, readable, attachments) = read.await?;
    let body = match readable {
        true => Some(unsealed(app, &stored)?),
        false => None,
    };
    let (text, html) = body.map(|body| (body.text, body.html)).unzip();
    Ok(Opened {
        mail: stored.mail,
        readable,
        text,
        html,
        attachments,
    })
}

/// One file of a mail that the caller may read.
pub async fn file(
    app: &App,
    caller: Caller,
    (id, attachment_id): (Uuid, Uuid),
) -> error::Result<Attachment> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let stored = queries::find_visible(&mut tx, &caller.scope, id).await?;
            let stored = stored.ok_or_else(Error::not_found)?;
            if !queries::may_open(&mut tx, &caller, &stored).await? {
                return Err(Error::not_found());
            }
            queries::attachments(&mut tx, id, Some(attachment_id)).await
        })
    });
    read.await?.pop().ok_or_else(Error::not_found)
}

fn unsealed(app: &App, stored: &Stored) -> error::Result<Body> {
    let text = app.gate.vault().open_if_sealed(&stored.body)?;
    Ok(serde_json::from_str(&text)?)
}

/// An opened mail.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The mail.
    pub mail: Mail,
    /// What it says.
    pub body: Body,
    /// What goes with it.
    pub attachments: Vec<Attachment>,
}

impl Letter {
    /// The mail whoever asks: for the deliverer.
    pub(super) async fn open(app: &App, id: Uuid) -> error::Result<Letter> {
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let stored = queries::find_stored(&mut tx, id).await?;
                let files = queries::attachments(&mut tx, id, None).await?;
                Ok((stored.ok_or_else(Error::not_found)?, files))
            })
        });
        let (stored, attachments) = read.await?;
        let body = unsealed(app, &stored)?;
        Ok(Letter {
            mail: stored.mail,
            body,
            attachments,
        })
    }

    /// The message under the server's own address. Made again, it differs in nothing but the lines between its
    /// parts: the date is that of its writing.
    pub fn message(&self, from: &Mailbox) -> Result<Message, String> {
        let mail = &self.mail;
        let name = Some(line(&mail.sender)).filter(|name| !name.is_empty());
        let written = u64::try_from(mail.created_at.as_micros()).unwrap_or_default();
        let mut builder = Message::builder()
            .from(Mailbox::new(name.or(from.name.clone()), from.email.clone()))
            .to(mailbox(&mail.to_name, &mail.to_address)?)
            .subject(line(&mail.subject))
            .message_id(Some(mail.message_id.clone()))
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(written))
            // So that nobody's absence is answered to it (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ));
        if let Some(address) = &mail.reply_to {
            builder = builder.reply_to(mailbox(&mail.sender, address)?);
        }
        let said = MultiPart::alternative()
            .singlepart(SinglePart::plain(self.body.text.clone()))
            .singlepart(SinglePart::html(self.body.html.clone()));
        let whole = match self.attachments.as_slice() {
            [] => said,
            files => files
                .iter()
                .fold(MultiPart::mixed().multipart(said), |whole, file| {
                    whole.singlepart(part(file))
                }),
        };
        builder.multipart(whole).map_err(|error| error.to_string())
    }
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox, String> {
    let address: Address = address
        .parse()
        .map_err(|error| format!("“{address}” is no address that mail can be sent to: {error}"))?;
    let name = Some(line(name)).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address))
}

fn part(file: &Attachment) -> SinglePart {
    let unknown = || ContentType::parse("application/octet-stream").expect("it is a media type");
    let kind = ContentType::parse(&file.media_type).unwrap_or_else(|_| unknown());
    Part::new(line(&file.name)).body(file.content.clone(), kind)
}

#[cfg(test)]
mod tests {
    use store::Timestamp;
    use uuid::Uuid;

    use super::{super::model::State, *};

    fn letter() -> Letter {
        let mail = Mail {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            kind: "test".into(),
            message_id: "<a@example.com>".into(),
            sender: "Evil\r\nBcc: all@example.com".into(),
            to_address: "ann@example.com".into(),
            to_name: "Änne \"Q\"\r\nX-Evil: 1".into(),
            reply_to: None,
            subject: "Grüße\r\nX-Evil: 2".into(),
            state: State::Sending,
            attempts: 1,
            resent_unknown: 0,
            answer: String::new(),
            due_at: None,
            begun_at: None,
            sent_at: None,
            created_at: Timestamp::from_micros(0),
            version: 1,
        };
        let body = Body {
            text: "Hello".into(),
            html: "<p>Hello</p>".into(),
        };
        Letter {
            mail,
            body,
            attachments: vec![Attachment {
                name: "a\r\nX-Evil: 3.pdf".into(),
                media_type: "application/pdf\r\nX-Evil: 4".into(),
                content: vec![0, 1, 2],
            }],
        }
    }

    /// Even where the row was never cleaned: no value becomes a header of its own.
    #[test]
    fn nothing_breaks_out_of_its_header() {
        let from = "Seatbook <licenses@example.com>"
            .parse()
            .expect("an address");
        let message = letter().message(&from).expect("a message").formatted();
        let text = String::from_utf8(message).expect("ASCII");
        for line in text.split("\r\n") {
            let name = line.split(':').next().unwrap_or_default().to_lowercase();
            assert!(!["bcc", "x-evil"].contains(&name.as_str()), "{text}");
        }
        assert!(text.contains("Message-ID: <a@example.com>"), "{text}");
        assert!(text.contains("Date: Thu, 01 Jan 1970 00:00:00"), "{text}");
    }

    #[test]
    fn an_address_that_is_none_is_said() {
        let mut letter = letter();
        letter.mail.to_address = "ann@example.com>, <all@example.com".into();
        let from = "licenses@example.com".parse().expect("an address");
        assert!(
            letter
                .message(&from)
                .expect_err("refused")
                .contains("no address")
        );
    }
}
