//! A real mail server, and the same book behind a Seatbook that is set up in another way.

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use seatbook::config::{Bounds, Settings};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

use super::{TestApp, serve_on};

/// A certificate for 127.0.0.1 with its key, for these tests alone.
pub const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail/untrusted.pem");
/// Longer than any mail takes to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// A real mail server (aiosmtpd), alone with its test.
pub struct PostOffice {
    // Killed when it is dropped, and ends by itself where its test was killed.
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl PostOffice {
    pub async fn open() -> PostOffice {
        PostOffice::open_at(0, None).await
    }

    /// Behind a password and TLS, under a certificate that nobody trusts who is not told to.
    pub async fn open_secure() -> PostOffice {
        PostOffice::start(0, &["p@ss word", CERTIFICATE]).await
    }

    /// At a port, or at any; behind a password, or open to all.
    pub async fn open_at(port: u16, password: Option<&str>) -> PostOffice {
        PostOffice::start(port, password.as_slice()).await
    }

    async fn start(port: u16, guards: &[&str]) -> PostOffice {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail/server.py");
        let mut child = tokio::process::Command::new(python().await)
            .args(["-W", "ignore", script])
            .arg(port.to_string())
            .args(guards)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
        let first = lines.next_line().await.expect("it speaks");
        let port = first.and_then(|line| line.parse().ok()).expect("a port");
        PostOffice {
            _child: child,
            lines,
            port,
        }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next mail it was given.
    pub async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("a mail arrives").expect("it speaks");
        serde_json::from_str(&line.expect("it runs")).expect("JSON")
    }
}

/// A Python that has aiosmtpd: the system's, where another comes first in the path.
async fn python() -> &'static str {
    for name in ["python3", "/usr/bin/python3"] {
        let mut look = tokio::process::Command::new(name);
        let look = look.args(["-c", "import aiosmtpd"]).stderr(Stdio::null());
        if look.status().await.is_ok_and(|status| status.success()) {
            return name;
        }
    }
    panic!("no Python here has aiosmtpd, the mail server of these tests; run `cargo xtask test`")
}

impl TestApp {
    /// Ends the server and starts one on the same book that has a mail server set up.
    pub async fn with_mail(self, smtp_url: &str) -> TestApp {
        self.again(|settings| {
            settings.smtp_url = Some(smtp_url.to_owned());
            settings.mail_from = Some("Seatbook <licenses@provider.example>".into());
        })
        .await
    }

    /// Ends the server and starts one on the same book that prints in this brand, whether it works or not.
    pub async fn with_brand(self, folder: &Path) -> TestApp {
        self.again(|settings| settings.brand = Some(folder.to_owned()))
            .await
    }

    /// Ends the server and starts one on the same book with other settings.
    pub async fn again(self, set_up: impl FnOnce(&mut Settings)) -> TestApp {
        self.server.abort();
        let db = self.app.gate.db().clone();
        let place = (self.scratch.database(), Arc::clone(&self.clock));
        let (app, address, server) = serve_on(db, place, set_up).await;
        TestApp {
            operator: self.operator.at(address),
            app,
            address,
            server,
            ..self
        }
    }
}

/// The usual settings.
pub(super) fn settings(database: &str, listen: SocketAddr) -> Settings {
    Settings {
        database: database.into(),
        listen,
        public_url: None,
        key_file: "unused".into(),
        key: None,
        reactivation_days: 30,
        code_tries: 5,
        code_tries_partner: 100,
        smtp_url: None,
        mail_from: None,
        brand: None,
        log_json: false,
        metrics_token: None,
        stop_delay: 0,
        demo: false,
        bounds: Bounds::default(),
    }
}
