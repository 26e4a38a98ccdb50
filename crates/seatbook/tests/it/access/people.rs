//! People, memberships and invitations.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Browser, PASSWORD, Person, TestApp},
};

async fn organization(app: &TestApp, parent: Uuid, kind: &str, name: &str) -> Uuid {
    let body = json!({"parent_id": parent, "kind": kind, "name": name});
    app.operator.post("/api/v1/organizations", body).await.id()
}

async fn invite(by: &Person, email: &str, organization: Uuid, role: &str) -> Answer {
    let body = json!({"email": email, "organization_id": organization, "role": role});
    by.post("/api/v1/invitations", body).await
}

fn text(body: &Value, name: &str) -> String {
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {body}"))
        .to_owned()
}

/// The one membership that `by` sees of a person.
async fn membership(by: &Person, person: Uuid) -> Value {
    by.get(&format!("/api/v1/people/{person}"))
        .await
        .expect(200)["memberships"][0]
        .clone()
}

both_engines! {
    /// People are found by name and address, in pages, and only those of one's own subtree.
    async fn people_are_found_below_oneself(app: TestApp) {
        let partner = organization(&app, app.provider, "partner", "P").await;
        let customer = organization(&app, partner, "customer", "C").await;
        let other = organization(&app, app.provider, "customer", "O").await;
        let boss = app.member(partner, "partner_administrator").await;
        let reader = app.member(customer, "reader").await;
        let stranger = app.member(other, "customer_administrator").await;
        let ids = |body: Value| -> Vec<Uuid> {
            let items = body["items"].as_array().expect("items").clone();
            items.iter().map(|item| text(item, "id").parse().expect("an id")).collect()
        };
        let seen = ids(boss.get("/api/v1/people").await.expect(200));
        assert!(seen.contains(&boss.id) && seen.contains(&reader.id) && seen.len() == 2);
        let all = app.operator.get("/api/v1/people?limit=3").await.expect(200);
        let rest = app.operator.get(&format!("/api/v1/people?cursor={}", text(&all, "next_cursor"))).await.expect(200);
        assert_eq!(ids(all).len() + ids(rest).len(), 4);
        let found = app.operator.get("/api/v1/people?q=olga").await.expect(200);
        assert_eq!(found["items"][0]["email"], "operator@provider.example");
        assert_eq!(app.operator.get("/api/v1/people?q=PROVIDER.exam").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
        let at = format!("/api/v1/people?organization_id={customer}&role=reader");
        assert_eq!(ids(app.operator.get(&at).await.expect(200)), [reader.id]);

        assert_eq!(reader.get("/api/v1/people").await.code(403), "permission.missing");
        let random = boss.get(&format!("/api/v1/people/{}", Uuid::from_u128(7))).await.text;
        for foreign in [stranger.id, app.operator.id] {
            assert_eq!(boss.get(&format!("/api/v1/people/{foreign}")).await.text, random);
        }
        app.end().await;
    }
}

both_engines! {
    /// An invitation looks the same for a known address, is shown once, works once, can be renewed and revoked.
    async fn invitations_live_and_end(app: TestApp) {
        let customer = organization(&app, app.provider, "customer", "C").await;
        let (browser, known) = app.browser_of(app.provider, "reader").await;
        let email = text(&known.get("/api/v1/me").await.expect(200), "email");
        let one = invite(&app.operator, &email, customer, "customer_administrator").await.expect(201);
        let new = invite(&app.operator, "nobody@else.example", customer, "customer_administrator").await.expect(201);
        let shape = |body: &Value| body.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        assert_eq!(shape(&one), shape(&new));
        let pages = Browser::new(app.address);
        let page = |link: &Value| pages.path(link["link"].as_str().expect("a link"));
        let (of_known, of_new) = (pages.get(&page(&one)).await.page(200), pages.get(&page(&new)).await.page(200));
        let same = of_known.replace(&email, "E").replace(&page(&one), "L");
        assert_eq!(same, of_new.replace("nobody@else.example", "E").replace(&page(&new), "L"));
        let listed = app.operator.get("/api/v1/invitations").await;
        assert!(!listed.text.contains(page(&one).trim_start_matches("/invitations/")));

        // Somebody signed in confirms; a wrong password joins nobody.
        assert!(pages.form(&page(&one), &[("password", "wrong password")]).await.page(401).contains("not right"));
        browser.form(&page(&one), &[]).await.goes("/");
        assert_eq!(known.get("/api/v1/me").await.expect(200)["grants"].as_array().map(Vec::len), Some(2));
        pages.form(&page(&one), &[("password", PASSWORD)]).await.page(404);
        assert!(browser.get("/account").await.page(200).contains("<strong>C</strong>"));
        browser.form("/session/organization", &[("organization", &app.provider.to_string())]).await.goes("/");
        assert!(browser.get("/account").await.page(200).contains("<strong>Provider</strong>"));

        let id = text(&new, "id");
        let renewed = app.operator.act(&format!("/api/v1/invitations/{id}/renew")).await.expect(200);
        pages.get(&page(&new)).await.page(404);
        pages.get(&page(&renewed)).await.page(200);
        app.clock.advance_seconds(7 * 24 * 3600);
        pages.get(&page(&renewed)).await.page(404);
        app.operator.delete(&format!("/api/v1/invitations/{id}")).await.expect(200);
        assert_eq!(app.operator.delete(&format!("/api/v1/invitations/{id}")).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// Nobody gives more than they hold, nor takes it away, nor outlives their own rights through a link.
    async fn nobody_reaches_beyond_themselves(app: TestApp) {
        let partner = organization(&app, app.provider, "partner", "P").await;
        let boss = app.member(partner, "partner_administrator").await;
        let peer = app.member(partner, "operator").await;
        let wide = invite(&boss, "a@b.example", partner, "operator").await;
        assert_eq!(wide.code(403), "role.too_wide");
        assert_eq!(invite(&boss, "a@b.example", app.provider, "reader").await.code(404), "not_found");
        assert_eq!(invite(&boss, "a@b.example", partner, "king").await.expect(422)["fields"][0]["field"], "role");
        assert_eq!(invite(&boss, "nonsense", partner, "reader").await.expect(422)["fields"][0]["field"], "email");
        let held = text(&membership(&boss, peer.id).await, "id");
        let path = format!("/api/v1/memberships/{held}");
        assert_eq!(boss.delete(&path).await.code(403), "role.too_wide");
        assert_eq!(boss.put(&path, json!({"role": "reader"})).await.code(403), "role.too_wide");
        assert_eq!(boss.act(&format!("/api/v1/people/{}/deactivate", peer.id)).await.code(403), "role.too_wide");

        let link = text(&invite(&boss, "late@b.example", partner, "reader").await.expect(201), "link");
        let mine = text(&membership(&app.operator, boss.id).await, "id");
        app.operator.delete(&format!("/api/v1/memberships/{mine}")).await.expect(200);
        assert_eq!(boss.get("/api/v1/me").await.code(401), "token.refused");
        let pages = Browser::new(app.address);
        let late = pages.form(&pages.path(&link), &[("name", "Late"), ("password", PASSWORD)]).await;
        assert!(late.page(409).contains("does not work any more"));
        app.end().await;
    }
}

both_engines! {
    /// Rights act at the next request of the same connection; the last operator stays.
    async fn rights_act_at_the_next_request(app: TestApp) {
        let customer = organization(&app, app.provider, "customer", "C").await;
        let (browser, person) = app.browser_of(customer, "customer_administrator").await;
        let held = membership(&app.operator, person.id).await;
        let path = format!("/api/v1/memberships/{}", text(&held, "id"));
        person.get("/api/v1/people").await.expect(200);
        app.operator.put(&path, json!({"role": "reader"})).await.expect(200);
        assert_eq!(person.get("/api/v1/people").await.code(403), "permission.missing");
        assert_eq!(app.operator.request(reqwest::Method::DELETE, &path).header("If-Match", "\"1\"").send().await.expect("answers").status(), 412);
        let standing = app.operator.act(&format!("/api/v1/people/{}/deactivate", person.id)).await.expect(200);
        assert_eq!(standing["active"], false);
        assert_eq!(person.get("/api/v1/me").await.code(401), "token.refused");
        assert_eq!(browser.get("/api/v1/me").await.code(401), "unauthenticated");
        app.operator.act(&format!("/api/v1/people/{}/activate", person.id)).await.expect(200);
        person.get("/api/v1/me").await.expect(200);
        assert_eq!(browser.get("/api/v1/me").await.code(401), "unauthenticated");

        app.operator.act(&format!("/api/v1/organizations/{customer}/suspend")).await.expect(200);
        assert_eq!(person.get("/api/v1/me").await.code(401), "token.refused");
        app.operator.act(&format!("/api/v1/organizations/{customer}/resume")).await.expect(200);
        person.get("/api/v1/me").await.expect(200);

        let own = text(&membership(&app.operator, app.operator.id).await, "id");
        let own = format!("/api/v1/memberships/{own}");
        assert_eq!(app.operator.delete(&own).await.code(409), "person.last_operator");
        assert_eq!(app.operator.put(&own, json!({"role": "reader"})).await.code(409), "person.last_operator");
        assert_eq!(app.operator.act(&format!("/api/v1/people/{}/deactivate", app.operator.id)).await.code(409), "person.last_operator");
        let second = app.member(app.provider, "operator").await;
        second.delete(&own).await.expect(200);
        assert_eq!(app.operator.get("/api/v1/me").await.code(401), "token.refused");
        app.end().await;
    }
}

both_engines! {
    /// Somebody one sees can be given a role elsewhere; somebody foreign answers like nobody at all.
    async fn memberships_are_given(app: TestApp) {
        let partner = organization(&app, app.provider, "partner", "P").await;
        let customer = organization(&app, partner, "customer", "C").await;
        let boss = app.member(partner, "partner_administrator").await;
        let reader = app.member(partner, "reader").await;
        let add = |person: Uuid| boss.post("/api/v1/memberships", json!({"person_id": person, "organization_id": customer, "role": "account_manager"}));
        let made = add(reader.id).await.expect(201);
        assert_eq!((&made["organization"], &made["role_name"]), (&json!("C"), &json!("Account manager")));
        assert_eq!(add(reader.id).await.code(409), "membership.exists");
        let random = add(Uuid::from_u128(9)).await;
        assert_eq!(random.status, 422);
        assert_eq!(add(app.operator.id).await.text, random.text);
        let foreign = membership(&app.operator, app.operator.id).await;
        let random = boss.delete(&format!("/api/v1/memberships/{}", Uuid::from_u128(9))).await.text;
        assert_eq!(boss.delete(&format!("/api/v1/memberships/{}", text(&foreign, "id"))).await.text, random);
        assert_eq!(boss.get(&format!("/api/v1/memberships/{}", text(&foreign, "id"))).await.text, random);
        app.end().await;
    }
}
