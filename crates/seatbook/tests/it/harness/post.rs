//! The same book behind a server from which mails leave.

use std::sync::Arc;

use seatbook::config::Settings;

use super::{TestApp, serve_on};

impl TestApp {
    /// Ends the server and starts one on the same book that has a mail server set up.
    pub async fn with_mail(self, smtp_url: &str) -> TestApp {
        let set_up = |settings: &mut Settings| {
            settings.smtp_url = Some(smtp_url.to_owned());
            settings.mail_from = Some("Seatbook <licenses@provider.example>".into());
        };
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
