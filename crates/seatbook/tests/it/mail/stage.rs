//! What the tests of mails stand on: mailers that do as they are told, mails to write.

use std::sync::{Arc, Mutex, PoisonError};

use seatbook::{
    error::Result,
    gate::{Command, Key, Tx},
    mail::{
        Attachment, Content, Letter, Mailer, NewMail, Readers, Smtp, Verdict, deliver_until_idle,
        queue,
    },
    scope::Permission,
};
use serde::Serialize;
use serde_json::Value;
use store::BoxFuture;
use uuid::Uuid;

use crate::harness::TestApp;

/// A port at which nobody listens.
pub async fn nowhere() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.expect("loopback listens").local_addr();
    address.expect("an address").port()
}

/// Says what it is told to say, and remembers what it was given.
#[derive(Default)]
pub struct Parrot {
    pub words: Mutex<Vec<Verdict>>,
    pub given: Mutex<Vec<String>>,
}

impl Parrot {
    /// Says these one after the other, and the last for ever.
    pub fn saying(mut words: Vec<Verdict>) -> Arc<Parrot> {
        words.reverse();
        Arc::new(Parrot {
            words: Mutex::new(words),
            given: Mutex::default(),
        })
    }

    /// The Message-IDs of what it was given.
    pub fn given(&self) -> Vec<String> {
        self.given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Mailer for Parrot {
    fn carry<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Verdict> {
        let given = letter.mail.message_id.clone();
        self.given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(given);
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let word = match words.len() {
            0 => Verdict::Taken("250 OK".into()),
            1 => words[0].clone(),
            _ => words.pop().expect("there are two"),
        };
        Box::pin(async move { word })
    }
}

/// Carries by another, and dies before it can say so: the server's answer is never written down.
pub struct Dying {
    pub mailer: Smtp,
    pub dead: tokio::sync::Notify,
}

impl Mailer for Dying {
    fn carry<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let verdict = self.mailer.carry(letter).await;
            assert!(matches!(verdict, Verdict::Taken(_)), "{verdict:?}");
            self.dead.notify_one();
            std::future::pending().await
        })
    }
}

/// A mail on somebody's behalf.
pub fn to(organization_id: Uuid, address: &str) -> NewMail {
    NewMail {
        organization_id,
        kind: "test",
        cause: format!("test:{address}"),
        sender: "Nordlicht Partners".into(),
        to_address: address.into(),
        to_name: String::new(),
        reply_to: None,
        content: Content {
            subject: "Hidden greetings".into(),
            text: "Hidden words.\n".into(),
            html: "<p>Hidden words.</p>".into(),
        },
        attachments: vec![],
        readers: Readers::All,
    }
}

/// A file with every byte in it.
pub fn pdf(name: &str) -> Attachment {
    Attachment {
        name: name.into(),
        media_type: "application/pdf".into(),
        content: (0..=255).cycle().take(3_000).collect(),
    }
}

/// A command as rooms have it: it writes a mail.
#[derive(Clone, Serialize)]
struct Write {
    #[serde(skip)]
    new: NewMail,
}

impl Command for Write {
    const NAME: &'static str = "test.write";
    type Outcome = Uuid;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        tx.require(Permission::PeopleEdit, self.new.organization_id)
            .await?;
        queue(tx, self.new.clone()).await
    }
}

impl TestApp {
    /// Writes a mail by a command.
    pub async fn post_mail(&self, new: NewMail) -> Uuid {
        let caller = self.caller(&self.operator).await;
        let key = Key::mint().expect("random");
        let done = self.app.gate.submit(&caller, key, Write { new }).await;
        done.expect("written").outcome
    }

    pub async fn mail(&self, id: Uuid) -> Value {
        self.operator
            .get(&format!("/api/v1/mails/{id}"))
            .await
            .expect(200)
    }

    /// The mail server that the settings name.
    pub fn smtp(&self) -> Smtp {
        let smtp = Smtp::of(&self.app.settings).expect("the settings are right");
        smtp.expect("one is set up")
    }

    /// Sends what is due, until nothing is.
    pub async fn deliver(&self) {
        self.deliver_by(Arc::new(self.smtp())).await;
    }

    pub async fn deliver_by(&self, mailer: Arc<dyn Mailer>) {
        deliver_until_idle(&self.app, mailer)
            .await
            .expect("delivered");
    }
}
