//! The journal through the door.

use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, TestApp, random_id},
};

/// Commands of a page of entries, each with the name it concerns.
fn commands(answer: Answer) -> Vec<String> {
    let body = answer.expect(200);
    let items = body["items"].as_array().expect("items").clone();
    items
        .iter()
        .map(|item| item["command"].as_str().expect("a command").to_owned())
        .collect()
}

async fn add(app: &TestApp, parent: Uuid, kind: &str, name: &str) -> Uuid {
    app.clock.advance_seconds(60);
    let body = json!({"parent_id": parent, "kind": kind, "name": name});
    app.operator.post("/api/v1/organizations", body).await.id()
}

both_engines! {
    /// The newest first; narrowed by command, person, organization and time; paged by a cursor.
    async fn entries_are_found(app: TestApp) {
        let partner = add(&app, app.provider, "partner", "P").await;
        let customer = add(&app, partner, "customer", "C").await;
        app.clock.advance_seconds(60);
        app.operator.put(&format!("/api/v1/organizations/{customer}"), json!({"name": "C2"})).await.expect(200);
        let get = async |query: &str| commands(app.operator.get(&format!("/api/v1/journal{query}")).await);
        let all = ["organizations.edit", "organizations.create", "organizations.create", "tokens.create", "platform.set_up"];
        assert_eq!(get("").await[..3], all[..3]);
        assert_eq!(get("").await.len(), 5);
        assert_eq!(get("?q=EDIT").await, all[..1]);
        assert_eq!(get("?q=olga").await, all[..3], "whatever Olga did");
        assert_eq!(get("?q=operator%40provider").await, all[..3]);
        assert_eq!(get("?command=organizations.create").await.len(), 2);
        assert_eq!(get(&format!("?organization_id={customer}")).await, all[..1]);
        assert_eq!(get(&format!("?organization_id={partner}")).await, all[..2]);
        assert_eq!(get(&format!("?organization_id={}", random_id())).await, Vec::<String>::new());
        assert_eq!(get("?from=2026-06-01T12:02:00Z").await, all[..2]);
        assert_eq!(get("?from=2026-06-01T12:01:00Z&until=2026-06-01T12:03:00Z").await, all[1..3]);
        let first = app.operator.get("/api/v1/journal?limit=2").await.expect(200);
        let next = first["next_cursor"].as_str().expect("more");
        assert_eq!(get(&format!("?cursor={next}")).await.len(), 3);
        assert_eq!(app.operator.get("/api/v1/journal?from=yesterday").await.expect(422)["fields"][0]["field"], "from");
        app.end().await;
    }
}

both_engines! {
    /// An entry says who, when, through which door, and what each row was and became.
    async fn an_entry_says_what_it_changed(app: TestApp) {
        let customer = add(&app, app.provider, "customer", "Before").await;
        let edited = app.operator.put(&format!("/api/v1/organizations/{customer}"), json!({"name": "After"})).await;
        let id = edited.headers["seatbook-journal-id"].to_str().expect("an id").to_owned();
        let entry = app.operator.get(&format!("/api/v1/journal/{id}")).await.expect(200);
        assert_eq!((&entry["command"], &entry["actor"], &entry["origin"]), (&json!("organizations.edit"), &json!("Olga Operator"), &json!("api")));
        assert_eq!((&entry["at"], &entry["organization_id"]), (&json!("2026-06-01T12:01:00Z"), &json!(customer)));
        assert!(entry["token_id"].is_string() && entry["request_id"].is_string());
        let change = &entry["changes"][0];
        assert_eq!((&change["noun"], &change["row_id"], &change["version"]), (&json!("organization"), &json!(customer), &json!(2)));
        assert_eq!((&change["before"]["name"], &change["after"]["name"]), (&json!("Before"), &json!("After")));
        assert_eq!(entry["changes"].as_array().map(Vec::len), Some(1));
        app.end().await;
    }
}

both_engines! {
    /// Whoever holds the right at a branch reads that branch; the rest is not there.
    async fn entries_are_seen_where_the_right_is_held(app: TestApp) {
        let (one, other) = (add(&app, app.provider, "partner", "One").await, add(&app, app.provider, "partner", "Other").await);
        add(&app, one, "customer", "Below one").await;
        let entry = add_below(&app, other).await;
        let reader = app.member(one, "reader").await;
        let mut branch = commands(reader.get("/api/v1/journal").await);
        branch.sort();
        assert_eq!(branch, ["invitations.accept", "invitations.create", "organizations.create"]);
        let hidden = reader.get(&format!("/api/v1/journal/{entry}")).await.expect(404);
        assert_eq!(hidden, reader.get(&format!("/api/v1/journal/{}", random_id())).await.expect(404));
        let blind = app.limited(&app.operator, &[Permission::JobsRead]).await;
        assert_eq!(blind.get("/api/v1/journal").await.code(403), "permission.missing");
        assert_eq!(blind.get(&format!("/api/v1/journal/{entry}")).await.code(404), "not_found");
        let seen: Value = app.operator.get(&format!("/api/v1/journal/{entry}")).await.expect(200);
        assert_eq!(seen["organization_id"], json!(other));
        app.end().await;
    }
}

async fn add_below(app: &TestApp, parent: Uuid) -> String {
    let body = json!({"parent_id": parent, "kind": "customer", "name": "Below other"});
    let added = app.operator.post("/api/v1/organizations", body).await;
    added.headers["seatbook-journal-id"]
        .to_str()
        .expect("an id")
        .to_owned()
}

both_engines! {
    /// The journal's pages: who did what, before and after, in words; the rest is not there.
    async fn the_journal_reads_as_a_page(app: TestApp) {
        let partner = add(&app, app.provider, "partner", "Nordlicht").await;
        let customer = add(&app, partner, "customer", "Before").await;
        let edited = app.operator.put(&format!("/api/v1/organizations/{customer}"), json!({"name": "After"})).await;
        let id = edited.headers["seatbook-journal-id"].to_str().expect("an id").to_owned();
        let other = add_below(&app, app.provider).await;
        let (browser, _) = app.browser_of(partner, "reader").await;
        let page = browser.get("/journal").await.text;
        for word in ["Changed an organization", "Added an organization", "Olga Operator", "API", "Before", "After"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        assert!(!page.contains("Below other"), "{page}");
        let narrowed = browser.get("/journal?command=organizations.edit").await.text;
        assert!(narrowed.contains("1 entry"), "{narrowed}");
        assert!(browser.get("/journal?q=nobody").await.text.contains("Nothing matches"));
        let branch = browser.get(&format!("/journal?organization={customer}")).await.text;
        assert!(branch.contains("Changed an organization"), "{branch}");
        let entry = browser.get(&format!("/journal/{id}")).await.text;
        for word in ["Organization, name", "Before", "After", "organizations.edit", "2026-06-01T12:02:00Z"] {
            assert!(entry.contains(word), "{word}: {entry}");
        }
        let hidden = browser.get(&format!("/journal/{other}")).await;
        assert!(hidden.status.as_u16() == 404 && hidden.text.contains("<html"), "{}", hidden.text);
        app.end().await;
    }
}
