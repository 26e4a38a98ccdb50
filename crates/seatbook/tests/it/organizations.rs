//! Organizations through the door.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Racer, TestApp, race, send},
};

async fn add(app: &TestApp, parent: Uuid, kind: &str, name: &str) -> Uuid {
    app.operator
        .post(
            "/api/v1/organizations",
            json!({"parent_id": parent, "kind": kind, "name": name}),
        )
        .await
        .id()
}

fn names(answer: Answer) -> Vec<String> {
    let body = answer.expect(200);
    let items = body["items"].as_array().expect("items").clone();
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

both_engines! {
    /// A tree is built, listed by name, searched, paged, and changed under If-Match.
    async fn a_tree_is_built_and_found(app: TestApp) {
        let partner = add(&app, app.provider, "partner", "Nordlicht Partners").await;
        let customer = add(&app, partner, "customer", "  Grünwald\u{a0}& Söhne ").await;
        add(&app, partner, "customer", "Aurora Hospitals").await;
        let operator = &app.operator;
        assert_eq!(names(operator.get("/api/v1/organizations?q=grünw").await), ["Grünwald & Söhne"]);
        assert_eq!(
            names(operator.get(&format!("/api/v1/organizations?parent_id={partner}")).await),
            ["Aurora Hospitals", "Grünwald & Söhne"]
        );
        let page = operator.get("/api/v1/organizations?limit=3").await.expect(200);
        let rest = operator.get(&format!("/api/v1/organizations?cursor={}", page["next_cursor"].as_str().expect("more"))).await;
        assert_eq!(names(rest), ["Provider"]);

        let path = format!("/api/v1/organizations/{customer}");
        let changed = operator.put(&path, json!({"name": "Grünwald AG", "time_zone": "Europe/Berlin"})).await.expect(200);
        assert_eq!((&changed["version"], &changed["time_zone"]), (&json!(2), &json!("Europe/Berlin")));
        let late = operator.request(Method::PUT, &path).header("If-Match", "\"1\"").json(&json!({"name": "X"}));
        assert_eq!(crate::harness::send(late).await.code(412), "version.stale");
        assert_eq!(names(operator.get("/api/v1/organizations?q=söhne").await), Vec::<String>::new());
        app.end().await;
    }
}

both_engines! {
    /// What is wrong is named, all of it, and nothing is done.
    async fn bad_input_is_named(app: TestApp) {
        let operator = &app.operator;
        let post = |body| operator.post("/api/v1/organizations", body);
        let wrong = post(json!({"parent_id": app.provider, "kind": "customer", "name": " ", "time_zone": "Mars/Base"})).await.expect(422);
        assert_eq!(wrong["fields"].as_array().expect("fields").len(), 2, "{wrong}");
        let unknown = post(json!({"parent_id": app.provider, "kind": "customer", "name": "A", "colour": 1})).await.expect(422);
        assert_eq!(unknown["fields"][0]["field"], "colour", "{unknown}");
        let kind = post(json!({"parent_id": app.provider, "kind": "planet", "name": "A"})).await.expect(422);
        assert_eq!(kind["fields"][0]["field"], "kind", "{kind}");
        assert_eq!(post(json!({"parent_id": Uuid::nil(), "kind": "customer", "name": "A"})).await.code(404), "not_found");
        let malformed = operator.request(Method::POST, "/api/v1/organizations").header("content-type", "application/json").body("{");
        assert_eq!(crate::harness::send(malformed).await.code(400), "body.malformed");
        let text = operator.request(Method::POST, "/api/v1/organizations").header("content-type", "text/plain").body("{}");
        assert_eq!(crate::harness::send(text).await.code(415), "body.not_json");
        assert_eq!(operator.get("/api/v1/organizations?colour=1").await.expect(422)["fields"][0]["field"], "colour");
        assert_eq!(operator.get("/api/v1/organizations/none").await.code(404), "not_found");
        assert_eq!(names(operator.get("/api/v1/organizations").await), ["Provider"]);
        app.end().await;
    }
}

both_engines! {
    /// PostgreSQL keeps no zero byte in a text: wherever one stands, it is named before anybody looks for it.
    async fn a_zero_byte_is_named(app: TestApp) {
        let operator = &app.operator;
        let named = |answer: Answer| answer.expect(422)["fields"][0].clone();
        let asked = named(operator.get("/api/v1/organizations?q=a%00b").await);
        assert_eq!((&asked["field"], &asked["code"]), (&json!("q"), &json!("text.zero_byte")));
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "A\u{0}B"});
        assert_eq!(named(operator.post("/api/v1/organizations", body).await)["field"], "name");
        let deep = json!({"rows": [{"child_id": Uuid::nil(), "note": ["a", "\u{0}"]}]});
        assert_eq!(named(operator.post("/api/v1/allocations", deep).await)["field"], "rows[0].note[1]");
        let spelled = json!({"parent_id": app.provider, "kind": "customer", "name": r"A\u0000B"});
        operator.post("/api/v1/organizations", spelled).await.expect(201);
        assert_eq!(operator.get("/api/v1/organizations/%00").await.code(404), "not_found");
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        browser.get("/organizations?q=%00").await.page(422);
        browser.form("/organizations/new", &[("name", "A\u{0}")]).await.page(422);

        let form = reqwest::multipart::Form::new().text("kind", "organ\u{0}izations");
        let sent = operator.request(Method::POST, "/api/v1/imports").multipart(form);
        assert_eq!(named(crate::harness::send(sent).await)["field"], "kind");
        let mapping = reqwest::multipart::Form::new().text("kind", "organizations").text("mapping", r#"{"name": "A\u0000"}"#);
        let sent = operator.request(Method::POST, "/api/v1/imports").multipart(mapping);
        assert_eq!(named(crate::harness::send(sent).await)["field"], "mapping");
        let export = json!({"list": "holders", "query": "q=%00"});
        assert_eq!(named(operator.post("/api/v1/exports", export).await)["field"], "query");
        // What holders are sorted by, and behind whom to go on: `["A\u0000",nil]`.
        let cursor = "WyJBXHUwMDAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0";
        let asked = named(operator.get(&format!("/api/v1/holders?cursor={cursor}")).await);
        assert_eq!(asked["code"], "cursor.invalid");
        let none = operator.request(Method::POST, "/api/v1/imports");
        assert_eq!(crate::harness::send(none).await.code(400), "body.malformed");
        app.end().await;
    }
}

both_engines! {
    /// The same key and body is one effect and one answer; another body is refused; a refusal is kept too.
    async fn a_repeated_request_is_one_request(app: TestApp) {
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "Once"});
        let first = app.operator.post_with_key("/api/v1/organizations", "k1", body.clone()).await;
        let again = app.operator.post_with_key("/api/v1/organizations", "k1", body).await;
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(first.headers["seatbook-journal-id"], again.headers["seatbook-journal-id"]);
        assert_eq!(first.expect(201), again.expect(201));
        let other = json!({"parent_id": app.provider, "kind": "customer", "name": "Twice"});
        let other = app.operator.post_with_key("/api/v1/organizations", "k1", other).await;
        assert_eq!(other.code(422), "idempotency.mismatch");
        assert_eq!(names(app.operator.get("/api/v1/organizations").await), ["Once", "Provider"]);

        let taken = json!({"parent_id": Uuid::nil(), "kind": "customer", "name": "Never"});
        let refused = app.operator.post_with_key("/api/v1/organizations", "k2", taken.clone()).await;
        let again = app.operator.post_with_key("/api/v1/organizations", "k2", taken).await;
        assert_eq!(refused.expect(404), again.expect(404));
        app.end().await;
    }
}

both_engines! {
    /// A preview answers as the write would and keeps nothing.
    async fn a_preview_keeps_nothing(app: TestApp) {
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "Perhaps"});
        let preview = app.operator.post("/api/v1/organizations?preview=true", body).await;
        assert_eq!(preview.headers["seatbook-preview"], "true");
        assert_eq!(preview.expect(200)["name"], "Perhaps");
        assert_eq!(names(app.operator.get("/api/v1/organizations").await), ["Provider"]);
        app.end().await;
    }
}

both_engines! {
    /// Branches move whole and never below themselves; suspension reaches everything below.
    async fn branches_move_and_are_suspended(app: TestApp) {
        let a = add(&app, app.provider, "partner", "A").await;
        let b = add(&app, app.provider, "partner", "B").await;
        let deep = add(&app, a, "partner", "A1").await;
        let leaf = add(&app, deep, "customer", "Leaf").await;
        let operator = &app.operator;
        let circle = operator.post(&format!("/api/v1/organizations/{a}/move"), json!({"parent_id": deep})).await;
        assert_eq!(circle.expect(422)["fields"][0]["code"], "organization.circle");
        operator.post(&format!("/api/v1/organizations/{deep}/move"), json!({"parent_id": b})).await.expect(200);
        operator.act(&format!("/api/v1/organizations/{b}/suspend")).await.expect(200);
        let seen = operator.get(&format!("/api/v1/organizations/{leaf}")).await.expect(200);
        assert_eq!((&seen["blocked"], &seen["suspended"]), (&json!(true), &json!(false)));
        operator.post(&format!("/api/v1/organizations/{deep}/move"), json!({"parent_id": a})).await.expect(200);
        let seen = operator.get(&format!("/api/v1/organizations/{leaf}")).await.expect(200);
        assert_eq!(seen["blocked"], false);
        assert_eq!(operator.act(&format!("/api/v1/organizations/{}/suspend", app.provider)).await.code(409), "organization.is_root");
        app.end().await;
    }
}

both_engines! {
    /// Without a credential, with a mistyped one, with an ended one: 401, and nothing said.
    async fn strangers_are_told_nothing(app: TestApp) {
        let nobody = crate::harness::Person::nobody(app.address, Uuid::nil());
        assert_eq!(nobody.get("/api/v1/organizations").await.code(401), "unauthenticated");
        let mistyped = nobody.request(Method::GET, "/api/v1/organizations").bearer_auth("sb_nonsense");
        assert_eq!(crate::harness::send(mistyped).await.code(401), "token.refused");
        app.end().await;
    }
}

both_engines! {
    /// Eight edits that want the same reference at once: one gets it, the others are told that it is taken.
    async fn a_reference_is_given_once(app: TestApp) {
        let mut racers = Vec::new();
        for n in 0..8 {
            let id = add(&app, app.provider, "customer", &format!("C{n}")).await;
            let body = json!({"name": format!("C{n}"), "reference": "R-1"});
            racers.push(Racer { method: "PUT", path: format!("/api/v1/organizations/{id}"), body });
        }
        let answers = race(app.address, &app.operator, racers).await;
        let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [&[200][..], &[422; 7]].concat(), "{answers:?}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A write answers with the version it left, so that the next one can say what it saw.
    async fn a_write_says_its_version(app: TestApp) {
        let id = add(&app, app.provider, "customer", "C").await;
        let path = format!("/api/v1/organizations/{id}");
        let edited = app.operator.put(&path, json!({"name": "D"})).await;
        assert_eq!(edited.headers["etag"], "\"2\"");
        let stale = app.operator.request(Method::PUT, &path).header("if-match", "\"1\"").json(&json!({"name": "E"}));
        assert_eq!(send(stale).await.code(412), "version.stale");
        app.end().await;
    }
}
