//! How an operator sets the server up: flags and `SEATBOOK_*` variables.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, builder::ArgPredicate};

/// Settings of a running server. Flags win over variables.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Where the book is: a file, or `postgres://user@host/database`. The demo keeps its own,
    /// `seatbook-demo.db`, unless this says otherwise.
    #[arg(
        long,
        env = "SEATBOOK_DATABASE",
        default_value = "seatbook.db",
        default_value_if("demo", ArgPredicate::IsPresent, "seatbook-demo.db")
    )]
    pub database: String,
    /// The address to listen on.
    #[arg(long, env = "SEATBOOK_LISTEN", default_value = "127.0.0.1:7327")]
    pub listen: SocketAddr,
    /// The address people use, such as `https://licenses.example.com`; links and cookies follow it.
    #[arg(long, env = "SEATBOOK_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// The file of the key that seals secrets; made at the first start. Keep it out of backups.
    #[arg(long, env = "SEATBOOK_KEY_FILE", default_value = "seatbook.key")]
    pub key_file: PathBuf,
    /// The key itself, instead of a file: 32 bytes in URL-safe base64.
    #[arg(long, env = "SEATBOOK_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Days within which an ended subscription or a terminated unit can be taken back.
    #[arg(long, env = "SEATBOOK_REACTIVATION_DAYS", default_value_t = 30,
        value_parser = clap::value_parser!(i64).range(0..=3_660))]
    pub reactivation_days: i64,
    /// Wrong activation codes of one customer that are answered in an hour; then it has to wait.
    #[arg(long, env = "SEATBOOK_CODE_TRIES", default_value_t = 5,
        value_parser = clap::value_parser!(i64).range(1..=1_000_000_000))]
    pub code_tries: i64,
    /// Wrong activation codes of all customers of one partner that are answered in an hour; then the account manager
    /// approves each redemption. How many codes may be live follows from it.
    #[arg(long, env = "SEATBOOK_CODE_TRIES_PARTNER", default_value_t = 100,
        value_parser = clap::value_parser!(i64).range(1..=1_000_000_000))]
    pub code_tries_partner: i64,
    /// The mail server: `smtps://user:password@host`, or `smtp://user:password@host:587?tls=required`. Without
    /// it, mails are kept and can be read in the console's Outbox.
    #[arg(long, env = "SEATBOOK_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Whom mails come from: `Seatbook <licenses@example.com>`. Needed with `--smtp-url`.
    #[arg(long, env = "SEATBOOK_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// The folder of your brand: logo, colour, words, fonts and template of invoices. Read and tried at the start.
    #[arg(long, env = "SEATBOOK_BRAND")]
    pub brand: Option<PathBuf>,
    /// Log lines as JSON.
    #[arg(long, env = "SEATBOOK_LOG_JSON")]
    pub log_json: bool,
    /// The bearer token by which `/metrics` is read. Without it, it is answered on this machine alone, and only where
    /// no public URL is set.
    #[arg(long, env = "SEATBOOK_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Seconds between being told to stop and taking no more connections: as long as a load balancer takes to see
    /// that `/readyz` says no.
    #[arg(long, env = "SEATBOOK_STOP_DELAY", default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(0..=300))]
    pub stop_delay: u64,
    /// Fill an empty book with a made-up one to try things with, and say how to sign in.
    #[arg(long)]
    pub demo: bool,
    /// How much may come in at once, and how slowly.
    #[arg(skip)]
    pub bounds: Bounds,
}

/// What the door allows. There are no flags for it: an operator has no better numbers, and tests have smaller ones.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once; fewer where the system gives fewer open files.
    pub connections: usize,
    /// Requests answered at once. Beyond that one more would only wait, and hold memory while it does.
    pub requests: usize,
    /// Bodies on their way at once that did not come with their heads: so many of people and programs that were
    /// recognised, and so many of others.
    pub slow_bodies: usize,
    /// How long a body may take before it is a slow one.
    pub prompt: Duration,
    /// How long a slow one may take before it has to keep to [`Bounds::bytes_per_second`].
    pub grace: Duration,
    /// What a slow body has to bring on average: no line of today is slower.
    pub bytes_per_second: u64,
    /// How long a head may take once it was begun.
    pub head: Duration,
    /// How long a connection may be idle. Proxies keep connections for up to a minute, and one that is gone when they
    /// come back is a failed request to somebody.
    pub idle: Duration,
    /// How long a client may take nothing of its answer.
    pub unread: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connections: 8_192,
            requests: 4_096,
            slow_bodies: 256,
            prompt: Duration::from_secs(1),
            grace: Duration::from_secs(10),
            bytes_per_second: 1_024,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            unread: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Whether cookies may travel without TLS: only where nobody but this machine can listen.
    pub fn is_plain_loopback(&self) -> bool {
        let near = ["http://localhost", "http://127.", "http://[::1]"];
        let address = self.public_url.as_deref().unwrap_or("http://localhost");
        self.listen.ip().is_loopback() && near.iter().any(|prefix| address.starts_with(prefix))
    }

    /// Whether mails leave this server; else they are kept.
    pub fn sends_mail(&self) -> bool {
        self.smtp_url.is_some()
    }

    /// The base of links given to people, without a slash at its end.
    pub fn base_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}
