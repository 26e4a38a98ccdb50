//! Roles and API tokens.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Browser, Person, TestApp, send},
};

async fn partner(app: &TestApp) -> Uuid {
    let body = json!({"parent_id": app.provider, "kind": "partner", "name": "P"});
    app.operator.post("/api/v1/organizations", body).await.id()
}

async fn role(
    by: &Person,
    organization: Uuid,
    name: &str,
    permissions: &[&str],
) -> crate::harness::Answer {
    let body = json!({"organization_id": organization, "name": name, "permissions": permissions});
    by.post("/api/v1/roles", body).await
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

both_engines! {
    /// A role is made, given, changed for everybody at once, and removed once nobody holds it.
    async fn roles_are_made_and_act_at_once(app: TestApp) {
        let partner = partner(&app).await;
        let boss = app.member(partner, "partner_administrator").await;
        let made = role(&boss, partner, "Watcher", &["organizations.read", "people.read"]).await.expect(201);
        let id = text(&made, "role");
        let watcher = app.member(partner, &id).await;
        watcher.get("/api/v1/people").await.expect(200);
        assert_eq!(watcher.get("/api/v1/me").await.expect(200)["grants"][0]["permissions"], json!(["organizations.read", "people.read"]));
        let path = format!("/api/v1/roles/{id}");
        let facts = json!({"name": "Watcher", "permissions": ["organizations.read"]});
        let late = app.operator.request(reqwest::Method::PUT, &path).header("If-Match", "\"7\"").json(&facts);
        assert_eq!(send(late).await.code(412), "version.stale");
        boss.put(&path, facts).await.expect(200);
        assert_eq!(watcher.get("/api/v1/people").await.code(403), "permission.missing");
        assert_eq!(boss.delete(&path).await.code(409), "role.in_use");
        let held = app.operator.get(&format!("/api/v1/people/{}", watcher.id)).await.expect(200);
        let held = text(&held["memberships"][0], "id");
        boss.put(&format!("/api/v1/memberships/{held}"), json!({"role": "reader"})).await.expect(200);
        boss.delete(&path).await.expect(200);
        assert_eq!(boss.get(&path).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// Roles are never wider than their maker, and foreign ones are not there.
    async fn roles_stay_within_their_maker(app: TestApp) {
        let partner = partner(&app).await;
        let boss = app.member(partner, "partner_administrator").await;
        assert_eq!(role(&boss, partner, "Mint", &["licenses.issue"]).await.code(403), "role.too_wide");
        assert_eq!(role(&boss, app.provider, "Up", &["people.read"]).await.code(404), "not_found");
        assert_eq!(role(&boss, partner, "Reader", &[]).await.expect(422)["fields"].as_array().map(Vec::len), Some(2));
        assert_eq!(role(&boss, partner, "A", &["nonsense"]).await.expect(422)["fields"][0]["field"], "permissions[0]");
        role(&boss, partner, "A", &["people.read"]).await.expect(201);
        assert_eq!(role(&boss, partner, "A", &["people.read"]).await.expect(422)["fields"][0]["code"], "role.name_taken");

        let above = text(&role(&app.operator, app.provider, "From above", &["people.read"]).await.expect(201), "role");
        let above = format!("/api/v1/roles/{above}");
        boss.get(&above).await.expect(200);
        assert_eq!(boss.delete(&above).await.code(403), "permission.missing");
        let other = json!({"parent_id": app.provider, "kind": "partner", "name": "Q"});
        let other = app.operator.post("/api/v1/organizations", other).await.id();
        let foreign = text(&role(&app.operator, other, "Foreign", &["people.read"]).await.expect(201), "role");
        let random = format!("/api/v1/roles/{}", Uuid::from_u128(5));
        let foreign = format!("/api/v1/roles/{foreign}");
        assert_eq!(boss.get(&foreign).await.text, boss.get(&random).await.text);
        assert_eq!(boss.delete(&foreign).await.text, boss.delete(&random).await.text);
        let names = boss.get("/api/v1/roles").await.expect(200);
        let names: Vec<&str> = names["items"].as_array().expect("items").iter().filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(names[5..], ["A", "From above"]);
        app.end().await;
    }
}

both_engines! {
    /// A demanded second factor comes before anything else.
    async fn a_second_factor_is_demanded(app: TestApp) {
        let partner = partner(&app).await;
        let (browser, boss) = app.browser_of(partner, "partner_administrator").await;
        let path = "/api/v1/roles/partner_administrator/second-factor";
        assert_eq!(boss.put(path, json!({"required": true})).await.code(403), "permission.missing");
        assert_eq!(app.operator.put("/api/v1/roles/king/second-factor", json!({"required": true})).await.code(404), "not_found");
        browser.get("/people").await.page(200);
        app.operator.put(path, json!({"required": true})).await.expect(200);
        browser.get("/people").await.goes("/account");
        assert_eq!(browser.get("/api/v1/me").await.code(403), "second_factor.required");
        assert!(browser.get("/account").await.page(200).contains("asks for a second factor"));
        browser.form("/account/second-factor", &[]).await.goes("/account?set_up=1");
        assert!(browser.get("/account").await.page(200).contains("<svg xmlns"));
        app.operator.put(path, json!({"required": false})).await.expect(200);
        browser.get("/people").await.page(200);
        app.end().await;
    }
}

both_engines! {
    /// A token does no more than it was given and no more than its person may, ends, and is revoked.
    async fn tokens_are_held_to_their_permissions(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "account_manager").await;
        let token = |body: Value| browser.post("/api/v1/tokens", body);
        let end = app.app.gate.now().plus_seconds(3600);
        let made = token(json!({"name": "Nightly", "permissions": ["organizations.read", "catalog.edit"], "expires_at": end})).await.expect(201);
        let nightly = Person::new(app.address, person.id, text(&made, "token"));
        nightly.get("/api/v1/organizations").await.expect(200);
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "A"});
        assert_eq!(nightly.post("/api/v1/organizations", body.clone()).await.code(403), "permission.missing");
        assert_eq!(nightly.get("/api/v1/me").await.expect(200)["grants"][0]["permissions"], json!(["organizations.read"]));
        person.post("/api/v1/organizations", body).await.expect(201);
        let path = format!("/api/v1/tokens/{}", text(&made, "id"));
        assert!(browser.get(&path).await.expect(200)["used_at"].is_string());
        assert!(!browser.get("/api/v1/tokens").await.text.contains(&text(&made, "token")));
        let random = app.operator.get(&format!("/api/v1/tokens/{}", Uuid::from_u128(3))).await.text;
        assert_eq!(app.operator.get(&path).await.text, random);
        assert_eq!(app.operator.delete(&path).await.text, random);
        app.clock.advance_seconds(3600);
        assert_eq!(nightly.get("/api/v1/me").await.code(401), "token.refused");
        let again = person.post("/api/v1/tokens", json!({"name": "Daily", "permissions": ["catalog.read"]})).await.expect(201);
        let daily = Person::new(app.address, person.id, text(&again, "token"));
        daily.get("/api/v1/me").await.expect(200);
        person.delete(&format!("/api/v1/tokens/{}", text(&again, "id"))).await.expect(200);
        assert_eq!(daily.get("/api/v1/me").await.code(401), "token.refused");
        assert_eq!(person.post("/api/v1/tokens", json!({"name": " ", "permissions": []})).await.expect(422)["fields"][0]["field"], "name");
        app.end().await;
    }
}

both_engines! {
    /// The same in the console: tokens, roles and people by forms alone.
    async fn the_console_does_it_too(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let made = browser.form("/tokens/new", &[("name", "Nightly"), ("scope", "catalog.read"), ("expires", "2026-06-30")]).await.page(200);
        let token = made.split("sb_").nth(1).expect("a token")[..36].to_owned();
        let program = Person::new(app.address, Uuid::nil(), format!("sb_{token}"));
        assert_eq!(program.get("/api/v1/me").await.expect(200)["grants"][0]["permissions"], json!(["catalog.read"]));
        assert!(browser.form("/tokens/new", &[("name", "None")]).await.page(422).contains("Choose what the token may do"));
        assert!(browser.get("/tokens").await.page(200).contains("Nightly"));

        browser.form("/roles/new", &[("name", "Clerk"), ("permission", "people.read"), ("permission", "catalog.read")]).await.goes("/roles");
        assert!(browser.form("/roles/new", &[("name", "Clerk"), ("permission", "people.read")]).await.page(422).contains("has a role of that name"));
        let roles = browser.get("/roles").await.page(200);
        assert!(roles.contains("Clerk") && roles.contains("Permission matrix"));

        let provider = app.provider.to_string();
        let form = [("email", "carla@clerk.example"), ("organization_id", provider.as_str()), ("role", "reader")];
        let invited = browser.form("/people/invite", &form).await.page(200);
        let link = invited.split("/invitations/").nth(1).expect("a link")[..43].to_owned();
        let people = browser.get("/people").await.page(200);
        assert!(people.contains("carla@clerk.example") && people.contains("Invited"));
        let carla = Browser::new(app.address);
        let joining = [("name", "Carla Clerk"), ("password", crate::harness::PASSWORD)];
        carla.form(&format!("/invitations/{link}"), &joining).await.goes("/");
        assert_eq!(carla.get("/people").await.page(403).matches("Not permitted").count() > 0, true);
        let found = browser.get("/people?q=carla").await.page(200);
        assert!(found.contains("Carla Clerk") && !found.contains("Olga"));
        let member = found.split("/people/").find(|it| it.get(36..41) == Some("/edit")).expect("a link")[..36].to_owned();
        assert!(browser.get(&format!("/people/{member}/edit")).await.page(200).contains("Change role"));
        browser.form(&format!("/people/{member}/edit"), &[("role", "account_manager"), ("version", "1")]).await.goes("/people");
        assert!(browser.form(&format!("/people/{member}/edit"), &[("role", "reader"), ("version", "1")]).await.page(412).contains("meantime"));
        carla.get("/people").await.page(200);
        browser.form(&format!("/people/{member}/remove"), &[]).await.goes("/people");
        carla.get("/people").await.goes("/sign-in?next=%2Fpeople");
        app.end().await;
    }
}
