//! What a command may know of the server it runs on: things that stay as they are while it runs.

use std::sync::Arc;

use crate::{error::Result, secrets::Vault};

/// The server's address, what seals its secrets, and whether mails leave it.
#[derive(Clone)]
pub struct Premises {
    vault: Vault,
    base_url: Arc<str>,
    sends_mail: bool,
}

impl Premises {
    /// A server that nobody has given an address, and that keeps its mails.
    pub(super) fn new(vault: Vault) -> Self {
        Premises {
            vault,
            base_url: "http://localhost".into(),
            sends_mail: false,
        }
    }

    pub(super) fn at(self, base_url: &str, sends_mail: bool) -> Self {
        Premises {
            base_url: base_url.into(),
            sends_mail,
            ..self
        }
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The base of links given to people, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The host of [`Premises::base_url`], as the right half of a Message-ID.
    pub fn host(&self) -> &str {
        let (_, rest) = self
            .base_url
            .split_once("://")
            .unwrap_or(("", &self.base_url));
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        match !host.is_empty() && host.chars().all(plain) {
            true => host,
            false => "localhost",
        }
    }

    /// Whether mails leave this server; else they are kept in its Outbox.
    pub fn sends_mail(&self) -> bool {
        self.sends_mail
    }

    /// Seals what must not stand in the database as it is.
    pub fn seal(&self, text: &str) -> Result<String> {
        self.vault.seal(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_a_message_id_can_hold() {
        let host = |url: &str| {
            Premises::new(Vault::for_tests())
                .at(url, true)
                .host()
                .to_owned()
        };
        assert_eq!(
            host("https://licenses.example.com/x"),
            "licenses.example.com"
        );
        assert_eq!(host("http://127.0.0.1:7327"), "127.0.0.1");
        assert_eq!(host("http://[::1]:7327"), "localhost");
        assert_eq!(host("https://büro.example"), "localhost");
    }
}
