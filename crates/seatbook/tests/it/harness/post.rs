//! The same book behind a server that is set up in another way.

use std::{path::Path, sync::Arc};

use seatbook::config::Settings;

use super::{TestApp, serve_on};

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

    async fn again(self, set_up: impl FnOnce(&mut Settings)) -> TestApp {
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
