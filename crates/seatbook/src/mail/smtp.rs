//! How a mail server is spoken to.

use std::time::Duration;

use axum::http::Uri;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{self, response::Response},
};
use store::BoxFuture;
use tokio::time::timeout;

use super::letter::{Letter, Mailer, Verdict};
use crate::{
    config::Settings,
    error::{Error, Result},
};

/// Until there is a line to the mail server, with TLS and a sign-in.
const GREETING: Duration = Duration::from_secs(60);
/// For one mail over it. Both together end before others take the mail over.
const TALK: Duration = Duration::from_secs(180);

/// The mail server that the settings name.
pub struct Smtp {
    line: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// None where none is set up. What cannot work is said now, at the start.
    pub fn of(settings: &Settings) -> Result<Option<Smtp>> {
        let Some(url) = &settings.smtp_url else {
            return Ok(None);
        };
        check(url).map_err(Error::internal)?;
        let line = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| {
            Error::internal(format!("--smtp-url cannot be understood: {error}"))
        })?;
        let from = settings.mail_from.as_deref().unwrap_or_default();
        let from = from.parse().map_err(|_| {
            let message = "--smtp-url needs --mail-from, an address such as “Seatbook <licenses@example.com>”";
            Error::internal(message)
        })?;
        Ok(Some(Smtp {
            line: line.timeout(Some(GREETING)).build(),
            from,
        }))
    }
}

/// Refuses what would carry links, codes and a password across a network for everybody to read. Says nothing of
/// the address itself: it holds the password.
fn check(url: &str) -> std::result::Result<(), &'static str> {
    let parsed: Uri = url.parse().map_err(|_| {
        "--smtp-url is no address such as smtps://user:password@host or smtp://user:password@host:587?tls=required"
    })?;
    let (host, query) = (
        parsed.host().unwrap_or_default(),
        parsed.query().unwrap_or_default(),
    );
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let near = host == "localhost" || address.is_ok_and(|it| it.is_loopback());
    match parsed.scheme_str() {
        Some("smtps") => Ok(()),
        Some("smtp") if near || query.contains("tls=") => Ok(()),
        Some("smtp") => Err(
            "--smtp-url names a mail server on another machine without TLS: add \
            ?tls=required, or ?tls=opportunistic where it has none",
        ),
        _ => Err("--smtp-url begins with smtps:// or smtp://"),
    }
}

impl Mailer for Smtp {
    fn carry<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let message = match letter.message(&self.from) {
                Ok(message) => message,
                Err(why) => return Verdict::Never(why),
            };
            // By itself, and first: what goes wrong here has not let the mail out of the house.
            match timeout(GREETING, self.line.test_connection()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return Verdict::Later("The mail server hung up.".into()),
                Ok(Err(error)) => return Verdict::Later(unreached(&error)),
                Err(_) => return Verdict::Later("The mail server does not answer.".into()),
            }
            let (envelope, text) = (message.envelope(), message.formatted());
            match timeout(TALK, self.line.send_raw(envelope, &text)).await {
                Ok(Ok(response)) => Verdict::Taken(words(&response)),
                Ok(Err(error)) => verdict(&error),
                Err(_) => Verdict::Unknown("The mail server did not answer in time.".into()),
            }
        })
    }
}

fn unreached(error: &smtp::Error) -> String {
    match error.status() {
        Some(_) => format!("The mail server lets nobody in: {}", said(error)),
        None => format!("The mail server cannot be reached: {error}"),
    }
}

fn verdict(error: &smtp::Error) -> Verdict {
    match error {
        _ if error.is_permanent() => {
            Verdict::Never(format!("The mail server refused it: {}", said(error)))
        }
        _ if error.is_transient() => {
            Verdict::Later(format!("The mail server put it off: {}", said(error)))
        }
        // The mail server cannot do what this mail needs, such as letters beyond ASCII in an address.
        _ if error.is_client() => Verdict::Never(error.to_string()),
        _ => Verdict::Unknown(format!("The line to the mail server broke: {error}")),
    }
}

/// "550 5.1.1 There is nobody here of that name."
fn said(error: &smtp::Error) -> String {
    let code = error.status().map(|code| code.to_string());
    let text = std::error::Error::source(error).map(ToString::to_string);
    [code, text]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_read_is_refused() {
        assert!(check("smtps://user:p%40ss@mail.example.com").is_ok());
        assert!(check("smtp://user:pass@mail.example.com:587?tls=required").is_ok());
        assert!(check("smtp://relay.example.com?tls=opportunistic").is_ok());
        assert!(check("smtp://127.0.0.1:2525").is_ok());
        assert!(check("smtp://localhost").is_ok());
        assert!(check("smtp://user:pass@mail.example.com").is_err());
        assert!(check("smtp://127.evil.example.com").is_err());
        assert!(check("https://mail.example.com").is_err());
        assert!(check("mail.example.com").is_err());
        assert!(check("").is_err());
    }
}
