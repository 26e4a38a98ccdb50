//! A whole Seatbook with workers, and a Chromium to visit it with.

use std::{fs, path::PathBuf, sync::Arc};

use seatbook::{
    access::links,
    demo,
    jobs::Runner,
    mail::{Deliverer, Smtp},
    router,
};
use serde_json::json;

use crate::{
    chromium::Chromium,
    harness::{Engine, PASSWORD, TestApp},
    visitor::{Look, Visitor},
};

/// Where a journey takes place. Visitors are dropped before it, so that their browsers end before their driver.
pub struct Stage {
    pub app: TestApp,
    runner: Runner,
    /// None where no mail leaves.
    deliverer: Option<Deliverer>,
    chromium: Chromium,
}

impl Stage {
    /// Nobody has set anything up.
    pub async fn blank(engine: Engine) -> Stage {
        Stage::around(TestApp::blank(engine, None).await)
    }

    /// A provider and its operator, who has a password.
    pub async fn set_up(engine: Engine) -> Stage {
        Stage::around(TestApp::start(engine).await)
    }

    /// The same, where mails leave by a mail server.
    pub async fn with_mail(engine: Engine, smtp_url: &str) -> Stage {
        Stage::around(TestApp::start(engine).await.with_mail(smtp_url).await)
    }

    /// The demo's book, as it is told on the day on which tests begin.
    pub async fn demo(engine: Engine) -> Stage {
        let app = TestApp::blank(engine, None).await;
        demo::prepare(&app.app).await.expect("the book is filled");
        app.follow().await;
        Stage::around(app)
    }

    fn around(app: TestApp) -> Stage {
        let runner = Runner::start(app.app.clone(), router::KINDS);
        let smtp = Smtp::of(&app.app.settings).expect("the settings are right");
        let deliverer = smtp.map(|smtp| Deliverer::start(app.app.clone(), Arc::new(smtp)));
        Stage {
            app,
            runner,
            deliverer,
            chromium: Chromium::start(),
        }
    }

    /// Somebody with a browser that nobody has used before.
    pub async fn visitor(&self, look: Look) -> Visitor {
        let base = format!("http://{}", self.app.address);
        Visitor::new(self.chromium.open().await, base, look).await
    }

    /// Somebody who works here, signed in: a role at an organization.
    pub async fn member(&self, organization: uuid::Uuid, role: &str) -> Visitor {
        let invitation = json!({"email": format!("{role}@example.com"), "organization_id": organization, "role": role});
        let invited = self.app.operator.post("/api/v1/invitations", invitation);
        let invited = invited.await.expect(201);
        let link = invited["link"].as_str().expect("a link");
        let visitor = self.visitor(Look::Light).await;
        visitor.opens(link).await;
        visitor.fills("Your name", "Petra Person").await;
        visitor.fills("Password", PASSWORD).await;
        visitor.presses("Join").await;
        visitor.sees_at("/").await;
        visitor
    }

    /// Somebody of the demo's book, signed in.
    pub async fn demo_person(&self, email: &str, look: Look) -> Visitor {
        let visitor = self.visitor(look).await;
        visitor.signs_in(email, demo::PASSWORD).await;
        visitor
    }

    /// The link that the first start prints.
    pub async fn set_up_link(&self) -> String {
        let drawn = links::draw_set_up(&self.app.app).await;
        drawn.expect("it is drawn").expect("nobody has set it up")
    }

    /// Ends workers and server; the browser ends with the stage.
    pub async fn end(self) {
        self.runner.stop().await;
        if let Some(deliverer) = self.deliverer {
            deliverer.stop().await;
        }
        self.app.end().await;
    }
}

/// A file where the browser finds it, until the test is over.
pub struct Kept(PathBuf);

impl Kept {
    /// Writes one for this engine; its name begins with `what`.
    pub fn csv(engine: Engine, what: &str, rows: &str) -> Kept {
        let name = format!("{what}-{engine:?}-{}.csv", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, rows).expect("a file");
        Kept(path)
    }

    /// Where it is.
    pub fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        let name = self.0.file_name().and_then(|name| name.to_str());
        name.expect("a name")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
