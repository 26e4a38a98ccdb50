//! Callers are remembered for a moment; a right that is taken or given acts at the next request all the same, at
//! every server on the book.

use std::net::SocketAddr;

use reqwest::Method;
use seatbook::recovery::machine::{PATH, signed};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Beside, Browser, PASSWORD, Person, TestApp, send},
};

/// Every server on the test's book: one, or two where the engine takes them.
struct Servers {
    addresses: Vec<SocketAddr>,
    second: Option<Beside>,
}

impl Servers {
    async fn of(app: &TestApp) -> Servers {
        let second = app.beside().await;
        let addresses = [app.address]
            .into_iter()
            .chain(second.as_ref().map(|it| it.address));
        Servers {
            addresses: addresses.collect(),
            second,
        }
    }

    /// What a person's token is answered everywhere. Afterwards everybody remembers them.
    async fn answer(&self, person: &Person, path: &str, status: u16) {
        for address in &self.addresses {
            let answer = person.at(*address).get(path).await;
            assert_eq!(
                answer.status, status,
                "{path} at {address}: {}",
                answer.text
            );
        }
    }

    /// The same of a browser's session.
    async fn show(&self, browser: &Browser, path: &str, status: u16) {
        for address in &self.addresses {
            let answer = browser.at(*address).get(path).await;
            assert_eq!(
                answer.status, status,
                "{path} at {address}: {}",
                answer.text
            );
        }
    }

    async fn end(self) {
        if let Some(second) = self.second {
            second.end().await;
        }
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {body}"))
        .to_owned()
}

async fn partner(app: &TestApp, name: &str) -> Uuid {
    app.organization(app.provider, "partner", name).await
}

async fn membership(app: &TestApp, person: &Person) -> String {
    let found = app
        .operator
        .get(&format!("/api/v1/people/{}", person.id))
        .await
        .expect(200);
    format!(
        "/api/v1/memberships/{}",
        text(&found["memberships"][0], "id")
    )
}

const ME: &str = "/api/v1/me";
const PEOPLE: &str = "/api/v1/people";

both_engines! {
    /// A token revoked, and one whose time has come.
    async fn tokens_end_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let person = app.member(app.provider, "account_manager").await;
        let token = async |end: Option<store::Timestamp>| {
            let body = json!({"name": "T", "permissions": ["catalog.read"], "expires_at": end});
            let made = person.post("/api/v1/tokens", body).await.expect(201);
            let program = Person::new(app.address, person.id, text(&made, "token"));
            servers.answer(&program, ME, 200).await;
            (program, text(&made, "id"))
        };
        let (program, id) = token(None).await;
        person.delete(&format!("/api/v1/tokens/{id}")).await.expect(200);
        servers.answer(&program, ME, 401).await;
        let (program, _) = token(Some(app.app.gate.now().plus_seconds(30))).await;
        app.clock.advance_seconds(29);
        servers.answer(&program, ME, 200).await;
        app.clock.advance_seconds(1);
        servers.answer(&program, ME, 401).await;
        servers.end().await;
        app.end().await;
    }
}

both_engines! {
    /// A membership given another role, a second one, and none any more.
    async fn memberships_change_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let (one, other) = (partner(&app, "One").await, partner(&app, "Other").await);
        let person = app.member(one, "reader").await;
        let held = membership(&app, &person).await;
        servers.answer(&person, PEOPLE, 403).await;
        app.operator.put(&held, json!({"role": "partner_administrator"})).await.expect(200);
        servers.answer(&person, PEOPLE, 200).await;
        app.operator.put(&held, json!({"role": "reader"})).await.expect(200);
        servers.answer(&person, PEOPLE, 403).await;
        let second = json!({"person_id": person.id, "organization_id": other, "role": "partner_administrator"});
        let second = app.operator.post("/api/v1/memberships", second).await.id();
        servers.answer(&person, PEOPLE, 200).await;
        app.operator.delete(&format!("/api/v1/memberships/{second}")).await.expect(200);
        servers.answer(&person, PEOPLE, 403).await;
        app.operator.delete(&held).await.expect(200);
        servers.answer(&person, ME, 401).await;
        servers.end().await;
        app.end().await;
    }
}

both_engines! {
    /// A role of one's own made narrower and wider, and a second factor demanded of a built-in and a custom one.
    async fn roles_change_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let one = partner(&app, "One").await;
        let facts = |permissions: &[&str]| json!({"organization_id": one, "name": "Watcher", "permissions": permissions});
        let made = app.operator.post("/api/v1/roles", facts(&["people.read"])).await.expect(201);
        let (role, path) = (text(&made, "role"), format!("/api/v1/roles/{}", text(&made, "role")));
        let (browser, person) = app.browser_of(one, &role).await;
        servers.answer(&person, PEOPLE, 200).await;
        app.operator.put(&path, json!({"name": "Watcher", "permissions": ["organizations.read"]})).await.expect(200);
        servers.answer(&person, PEOPLE, 403).await;
        app.operator.put(&path, json!({"name": "Watcher", "permissions": ["people.read"]})).await.expect(200);
        servers.answer(&person, PEOPLE, 200).await;
        servers.show(&browser, PEOPLE, 200).await;
        for (required, status) in [(true, 403), (false, 200)] {
            let facts = json!({"name": "Watcher", "permissions": ["people.read"], "requires_second_factor": required});
            app.operator.put(&path, facts).await.expect(200);
            servers.show(&browser, ME, status).await;
        }
        let held = membership(&app, &person).await;
        app.operator.put(&held, json!({"role": "partner_administrator"})).await.expect(200);
        servers.show(&browser, PEOPLE, 200).await;
        for (required, status) in [(true, 403), (false, 200)] {
            let demand = "/api/v1/roles/partner_administrator/second-factor";
            app.operator.put(demand, json!({"required": required})).await.expect(200);
            servers.show(&browser, ME, status).await;
        }
        servers.end().await;
        app.end().await;
    }
}

both_engines! {
    /// A person deactivated, an organization suspended, and one moved below a suspended one: all out, and back in.
    async fn suspension_acts_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let (one, other) = (partner(&app, "One").await, partner(&app, "Other").await);
        let (browser, person) = app.browser_of(one, "partner_administrator").await;
        let both = async |status: u16| {
            servers.answer(&person, ME, status).await;
            servers.show(&browser, ME, status).await;
        };
        both(200).await;
        let suspend = |organization: Uuid, verb: &'static str| format!("/api/v1/organizations/{organization}/{verb}");
        app.operator.act(&suspend(one, "suspend")).await.expect(200);
        both(401).await;
        app.operator.act(&suspend(one, "resume")).await.expect(200);
        both(200).await;
        app.operator.act(&suspend(other, "suspend")).await.expect(200);
        both(200).await;
        app.operator.post(&suspend(one, "move"), json!({"parent_id": other})).await.expect(200);
        both(401).await;
        app.operator.post(&suspend(one, "move"), json!({"parent_id": app.provider})).await.expect(200);
        both(200).await;
        app.operator.act(&format!("/api/v1/people/{}/deactivate", person.id)).await.expect(200);
        both(401).await;
        app.operator.act(&format!("/api/v1/people/{}/activate", person.id)).await.expect(200);
        servers.answer(&person, ME, 200).await;
        servers.end().await;
        app.end().await;
    }
}

both_engines! {
    /// A session signed out, ended from another browser, by a new password, and by a password's reset.
    async fn sessions_end_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        let email = text(&person.get(ME).await.expect(200), "email");
        let other = Browser::new(app.address);
        let enter = async |password: &str| {
            other.sign_in(&email, password).await.goes("/");
            servers.show(&other, ME, 200).await;
        };
        enter(PASSWORD).await;
        other.form("/sign-out", &[]).await.goes("/sign-in?out=1");
        servers.show(&other, ME, 401).await;
        enter(PASSWORD).await;
        browser.form("/account/sessions/end-all", &[]).await.goes("/account?done=sessions");
        servers.show(&other, ME, 401).await;
        servers.show(&browser, ME, 200).await;
        enter(PASSWORD).await;
        let new = "a wholly new password";
        browser.form("/account/password", &[("current", PASSWORD), ("password", new)]).await.goes("/account?done=password");
        servers.show(&other, ME, 401).await;
        enter(new).await;
        let mut draw = browser.request(Method::POST, PATH).body(email.clone());
        for (name, value) in signed(app.app.gate.vault(), &email, app.app.gate.now()) {
            draw = draw.header(name, value);
        }
        let link = text(&send(draw).await.expect(200), "link");
        Browser::new(app.address).form(&browser.path(&link), &[("password", PASSWORD)]).await.page(200);
        servers.show(&other, ME, 401).await;
        servers.show(&browser, ME, 401).await;
        servers.answer(&person, ME, 200).await;
        servers.end().await;
        app.end().await;
    }
}

both_engines! {
    /// An organization chosen at one server is the one acted for at the other.
    async fn the_organization_acted_for_changes_at_once(app: TestApp) {
        let servers = Servers::of(&app).await;
        let one = partner(&app, "Nordwind").await;
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        let second = json!({"person_id": person.id, "organization_id": one, "role": "reader"});
        app.operator.post("/api/v1/memberships", second).await.expect(201);
        for (organization, name) in [(one, "Nordwind"), (app.provider, "Provider")] {
            servers.show(&browser, "/account", 200).await;
            browser.form("/session/organization", &[("organization", &organization.to_string())]).await.goes("/");
            for address in &servers.addresses {
                let page = browser.at(*address).get("/account").await.page(200);
                assert!(page.contains(&format!("<strong>{name}</strong>")), "{address}");
            }
        }
        servers.end().await;
        app.end().await;
    }
}
