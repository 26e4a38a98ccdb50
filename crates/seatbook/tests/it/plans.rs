//! Service plans through the door.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, TestApp, send},
    imports::imported,
};

const PLANS: &str = "/api/v1/service-plans";

/// A plan of one SKU, ten units.
fn plan(code: &str, sku: Uuid) -> Value {
    json!({"code": code, "name": format!("{code} plan"), "components": [{"sku_id": sku, "units": 10}]})
}

fn place(id: Uuid) -> String {
    format!("{PLANS}/{id}")
}

/// The codes of the plans that a list holds.
async fn codes(app: &TestApp, query: &str) -> Vec<String> {
    let found = app
        .operator
        .get(&format!("{PLANS}{query}"))
        .await
        .expect(200);
    let items = found["items"].as_array().expect("items").iter();
    items
        .filter_map(|it| it["code"].as_str().map(str::to_owned))
        .collect()
}

/// Every field that is wrong, and its code.
fn wrong(answer: Answer) -> Vec<(String, String)> {
    let body = answer.expect(422);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = body["fields"].as_array().expect("fields").iter();
    fields
        .map(|it| (text(&it["field"]), text(&it["code"])))
        .collect()
}

fn pair(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

/// A customer was given the plan, as the room that gives plans writes it down.
async fn assign(app: &TestApp, id: Uuid) {
    let now = app.app.gate.now();
    let given = app.app.gate.db().plumb(store::Place::ALONE, move |mut tx| {
        Box::pin(async move {
            let marked = seatbook::plans::queries::mark_assigned(&mut tx, id, now).await;
            marked.map_err(|error| store::Error::Value(error.to_string()))
        })
    });
    assert!(given.await.expect("it is written"), "there is such a plan");
}

both_engines! {
    /// A plan is added with defaults, shown, changed under If-Match, and removed; what it is made of carries units.
    async fn plans_are_kept(app: TestApp) {
        let (phones, mail) = (app.insert_sku("PHONE", Some("P1Y")).await, app.insert_sku("MAIL", Some("P1Y")).await);
        let mut body = plan(" SUITE\u{a0}1 ", phones);
        body["components"] = json!([{"sku_id": phones, "units": 1}, {"sku_id": mail, "units": 999_999}]);
        let preview = app.operator.post(&format!("{PLANS}?preview=true"), body.clone()).await.expect(200);
        assert_eq!(preview["code"], "SUITE 1");
        assert!(codes(&app, "").await.is_empty(), "a preview keeps nothing");
        let made = app.operator.post(PLANS, body).await.expect(201);
        assert_eq!((&made["edition"], &made["billing"], &made["term"]), (&json!("full"), &json!("yearly"), &json!("P1Y")));
        assert_eq!((&made["auto_renews"], &made["notice_days"], &made["state"]), (&json!(true), &json!(30), &json!("on_sale")));
        assert_eq!((&made["composition"], &made["components_of"]), (&json!(1), &json!(1)));
        let second = &made["components"][1];
        assert_eq!((&second["sku_code"], &second["unit"], &second["units"]), (&json!("MAIL"), &json!("device"), &json!(999_999)));
        let id: Uuid = made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");

        let edit = |version: &str, body: Value| {
            send(app.operator.request(Method::PATCH, &place(id)).header("If-Match", version).json(&body))
        };
        let changed = edit("\"1\"", json!({"name": "Suite", "billing": "monthly", "end_of_sale": "2027-01-01"})).await.expect(200);
        assert_eq!((&changed["name"], &changed["code"], &changed["version"]), (&json!("Suite"), &json!("SUITE 1"), &json!(2)));
        assert_eq!((&changed["end_of_sale"], &changed["term"]), (&json!("2027-01-01"), &json!("P1Y")));
        assert_eq!(edit("\"1\"", json!({"name": "Late"})).await.code(412), "version.stale");
        let same = edit("\"2\"", json!({"name": "Suite"})).await.expect(200);
        assert_eq!(same["version"], 2, "nothing changed");
        let cleared = edit("\"2\"", json!({"end_of_sale": null})).await.expect(200);
        assert_eq!((&cleared["end_of_sale"], &cleared["version"]), (&Value::Null, &json!(3)));

        let monthly = json!({"code": "M", "name": "Monthly", "billing": "monthly", "edition": "not_for_resale",
            "components": [{"sku_id": mail, "units": 5}]});
        let monthly = app.operator.post(PLANS, monthly).await.expect(201);
        assert_eq!((&monthly["term"], &monthly["edition"]), (&json!("P1M"), &json!("not_for_resale")));
        app.operator.delete(&place(id)).await.expect(200);
        assert_eq!(app.operator.get(&place(id)).await.code(404), "not_found");
        assert_eq!(codes(&app, "").await, ["M"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Everything that is wrong is told at once, field by field.
    async fn wrong_fields_are_told_at_once(app: TestApp) {
        let sku = app.insert_sku("S", Some("P1Y")).await;
        let full = app.operator.post(PLANS, plan("FULL", sku)).await.id();
        let nothing = Uuid::from_u128(7);
        let body = json!({"code": "FULL", "name": " ", "term": "a year", "notice_days": 3_661, "full_plan_id": full,
            "end_of_sale": "2026-08-01", "end_of_life": "2026-07-31", "components": [
                {"sku_id": sku, "units": 0}, {"sku_id": nothing, "units": 1_000_000}, {"sku_id": sku, "units": 1},
                {"units": 1}, {"product_id": nothing, "units": -1}]});
        assert_eq!(wrong(app.operator.post(PLANS, body).await), [
            pair("term", "malformed"),
            pair("notice_days", "out_of_range"),
            pair("full_plan_id", "plan.not_trial"),
            pair("end_of_life", "before_start"),
            pair("name", "required"),
            pair("code", "plan.code_taken"),
            pair("components[0].units", "units.out_of_range"),
            pair("components[1].units", "units.out_of_range"),
            pair("components[1].sku_id", "sku.unknown"),
            pair("components[2].sku_id", "plan.component_twice"),
            pair("components[3].sku_id", "required"),
            pair("components[4].units", "units.out_of_range"),
            pair("components[4].product_id", "catalog.product_unknown"),
        ]);
        let made_of = |components: Value| {
            let mut body = plan("X", sku);
            body["components"] = components;
            app.operator.post(PLANS, body)
        };
        assert_eq!(wrong(made_of(json!([])).await), [pair("components", "required")]);
        let many = json!(vec![json!({"sku_id": sku, "units": 1}); 51]);
        assert_eq!(wrong(made_of(many).await), [pair("components", "too_many")]);
        for (units, status) in [(0, 422), (1, 200), (999_999, 200), (1_000_000, 422)] {
            let mut body = plan("X", sku);
            body["components"][0]["units"] = json!(units);
            app.operator.post(&format!("{PLANS}?preview=true"), body).await.expect(status);
        }
        for (days, status) in [(-1, 422), (0, 200), (3_660, 200)] {
            let mut body = plan("X", sku);
            body["notice_days"] = json!(days);
            app.operator.post(&format!("{PLANS}?preview=true"), body).await.expect(status);
        }
        let patch = json!({"code": "", "notice_days": -1});
        assert_eq!(wrong(app.operator.patch(&place(full), patch).await), [pair("notice_days", "out_of_range"), pair("code", "required")]);
        app.end().await;
    }
}

both_engines! {
    /// A component is a SKU, or a product that exactly one SKU sells.
    async fn a_product_stands_for_its_only_sku(app: TestApp) {
        let sku = app.insert_sku("ONE", Some("P1Y")).await;
        let product = app.operator.get(&format!("/api/v1/skus/{sku}")).await.expect(200)["product_id"].clone();
        let by_product = |units: i64| json!([{"product_id": product, "units": units}]);
        let mut body = plan("P", sku);
        body["components"] = by_product(3);
        let made = app.operator.post(PLANS, body.clone()).await.expect(201);
        assert_eq!(made["components"][0]["sku_id"], json!(sku));
        let twice = json!([{"sku_id": sku, "units": 1}, {"product_id": product, "units": 2}]);
        body["components"] = twice;
        body["code"] = json!("TWICE");
        assert_eq!(wrong(app.operator.post(PLANS, body.clone()).await), [pair("components[1].product_id", "plan.component_twice")]);

        let second = json!({"code": "TWO", "name": "Two", "product_id": product});
        app.operator.post("/api/v1/skus", second).await.expect(201);
        body["components"] = by_product(3);
        let refused = app.operator.post(PLANS, body.clone()).await.expect(422);
        assert_eq!(refused["fields"][0]["code"], "component.which_sku");
        assert!(refused["fields"][0]["message"].as_str().expect("text").contains("ONE, TWO"), "{refused}");
        let unsold = app.operator.post("/api/v1/products", json!({"code": "NONE", "name": "None"})).await.id();
        body["components"] = json!([{"product_id": unsold, "units": 1}, {"product_id": unsold, "sku_id": sku, "units": 1}]);
        assert_eq!(wrong(app.operator.post(PLANS, body).await), [
            pair("components[0].product_id", "component.which_sku"),
            pair("components[1].product_id", "component.which_sku"),
        ]);
        app.end().await;
    }
}

both_engines! {
    /// Other components are the next composition; earlier ones stay to be read, and the journal says both.
    async fn compositions_follow_each_other(app: TestApp) {
        let (one, other) = (app.insert_sku("ONE", Some("P1Y")).await, app.insert_sku("OTHER", Some("P1Y")).await);
        let id = app.operator.post(PLANS, plan("SUITE", one)).await.id();
        let path = format!("{}/compositions", place(id));
        let both = json!({"components": [{"sku_id": one, "units": 10}, {"sku_id": other, "units": 5}]});
        let preview = app.operator.post(&format!("{path}?preview=true"), both.clone()).await.expect(200);
        assert_eq!(preview["composition"], 2);
        let answer = app.operator.post(&path, both).await;
        let entry = answer.headers["seatbook-journal-id"].to_str().expect("an id").to_owned();
        assert!(answer.headers["location"].to_str().expect("a place").ends_with("?composition=2"));
        let next = answer.expect(201);
        assert_eq!((&next["composition"], &next["version"]), (&json!(2), &json!(2)));
        let turned = json!({"components": [{"sku_id": other, "units": 5}, {"sku_id": one, "units": 10}]});
        assert_eq!(app.operator.post(&path, turned).await.code(409), "plan.composition_same");
        let fewer = json!({"components": [{"sku_id": one, "units": 0}]});
        assert_eq!(wrong(app.operator.post(&path, fewer).await), [pair("components[0].units", "units.out_of_range")]);

        let units = json!({"components": [{"sku_id": one, "units": 11}, {"sku_id": other, "units": 5}]});
        let stale = app.operator.request(Method::POST, &path).header("If-Match", "\"1\"").json(&units);
        assert_eq!(send(stale).await.code(412), "version.stale");
        assert_eq!(app.operator.post(&path, units).await.expect(201)["composition"], 3);
        let first = app.operator.get(&format!("{}?composition=1", place(id))).await.expect(200);
        assert_eq!((&first["composition"], &first["components_of"]), (&json!(3), &json!(1)));
        assert_eq!(first["components"].as_array().map(Vec::len), Some(1));
        for none in [0, 4] {
            assert_eq!(app.operator.get(&format!("{}?composition={none}", place(id))).await.code(404), "not_found");
        }
        let told = app.operator.get(&format!("/api/v1/journal/{entry}")).await.expect(200);
        let change = &told["changes"][0];
        assert_eq!((&change["noun"], &change["version"]), (&json!("service_plan"), &json!(2)));
        assert_eq!((&change["before"]["composition"], &change["after"]["composition"]), (&json!(1), &json!(2)));
        assert_eq!(change["after"]["components"][1], json!({"sku_id": other, "sku_code": "OTHER", "units": 5}));
        app.prove();
        app.tamper("DELETE FROM service_plan_component WHERE composition = 2").await;
        assert!(app.verify().1.contains("OFF  every composition"), "what is lost is found");
        app.end().await;
    }
}

both_engines! {
    /// Lists are searched and narrowed; what is at the end of its life is left out from its day on.
    async fn plans_run_out(app: TestApp) {
        let sku = app.insert_sku("S", Some("P1Y")).await;
        let full = app.operator.post(PLANS, plan("GOLD", sku)).await.id();
        let mut trial = plan("TASTE", sku);
        (trial["edition"], trial["full_plan_id"]) = (json!("trial"), json!(full));
        let made = app.operator.post(PLANS, trial).await.expect(201);
        assert_eq!((&made["auto_renews"], &made["full_plan_id"]), (&json!(false), &json!(full)));
        let mut old = plan("OLD", sku);
        (old["end_of_sale"], old["end_of_life"]) = (json!("2026-06-02"), json!("2026-06-03"));
        let old = app.operator.post(PLANS, old).await.id();
        assert_eq!(codes(&app, "").await, ["GOLD", "OLD", "TASTE"]);
        assert_eq!(codes(&app, "?q=old").await, ["GOLD", "OLD"]);
        assert_eq!(codes(&app, "?q=old+plan&edition=full").await, ["GOLD", "OLD"]);
        assert_eq!(codes(&app, "?edition=trial").await, ["TASTE"]);
        let page = app.operator.get(&format!("{PLANS}?limit=2")).await.expect(200);
        assert_eq!(page["items"][1]["components"].as_array().map(Vec::len), Some(1));
        let next = page["next_cursor"].as_str().expect("a cursor");
        assert_eq!(codes(&app, &format!("?limit=2&cursor={next}")).await, ["TASTE"]);
        assert_eq!(wrong(app.operator.get(&format!("{PLANS}?edition=gratis")).await), [pair("edition", "parameter.invalid")]);

        let state = async || app.operator.get(&place(old)).await.expect(200)["state"].clone();
        assert_eq!((state().await, codes(&app, "?on_sale=false").await.len()), (json!("on_sale"), 0));
        app.clock.advance_seconds(86_400);
        assert_eq!(state().await, "end_of_sale");
        assert_eq!(codes(&app, "?on_sale=true").await, ["GOLD", "TASTE"]);
        assert_eq!(codes(&app, "?on_sale=false").await, ["OLD"]);
        app.clock.advance_seconds(86_400);
        assert_eq!(state().await, "end_of_life");
        assert_eq!(codes(&app, "").await, ["GOLD", "TASTE"]);
        assert!(codes(&app, "?on_sale=false").await.is_empty());
        assert_eq!(codes(&app, "?include_ended=true").await, ["GOLD", "OLD", "TASTE"]);
        assert_eq!(codes(&app, "?include_ended=true&on_sale=false").await, ["OLD"]);
        app.end().await;
    }
}

both_engines! {
    /// A plan that a customer was given keeps its edition and stays; so does one that a trial becomes.
    async fn what_is_in_use_stays(app: TestApp) {
        let sku = app.insert_sku("S", Some("P1Y")).await;
        let full = app.operator.post(PLANS, plan("FULL", sku)).await.id();
        let mut trial = plan("TRIAL", sku);
        (trial["edition"], trial["full_plan_id"]) = (json!("trial"), json!(full));
        let trial = app.operator.post(PLANS, trial).await.id();
        let refused = app.operator.delete(&place(full)).await.expect(409);
        assert_eq!((&refused["code"], &refused["plan_ids"]), (&json!("plan.in_use"), &json!([trial])));
        assert_eq!(app.operator.patch(&place(full), json!({"edition": "trial"})).await.code(409), "plan.in_use");
        let itself = app.operator.patch(&place(trial), json!({"full_plan_id": trial})).await;
        assert_eq!(wrong(itself), [pair("full_plan_id", "plan.not_full")]);
        let freed = app.operator.patch(&place(trial), json!({"edition": "not_for_resale"})).await.expect(200);
        assert_eq!(freed["full_plan_id"], Value::Null, "only a trial becomes another plan");

        assign(&app, trial).await;
        assert_eq!(app.operator.patch(&place(trial), json!({"edition": "full"})).await.code(409), "plan.in_use");
        assert_eq!(app.operator.delete(&place(trial)).await.code(409), "plan.in_use");
        let kept = app.operator.patch(&place(trial), json!({"name": "Kept", "edition": "not_for_resale"})).await.expect(200);
        assert_eq!(kept["name"], "Kept", "all else can be said anew");
        app.operator.delete(&place(full)).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Everybody who reads the catalog reads its plans; only the provider changes them.
    async fn plans_are_the_providers(app: TestApp) {
        let sku = app.insert_sku("S", Some("P1Y")).await;
        let id = app.operator.post(PLANS, plan("SUITE", sku)).await.id();
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let anna = app.member(partner, "partner_administrator").await;
        assert_eq!(anna.get(&place(id)).await.expect(200)["code"], "SUITE");
        assert_eq!(anna.get(PLANS).await.expect(200)["items"][0]["code"], "SUITE");
        assert_eq!(anna.post(PLANS, plan("OWN", sku)).await.code(403), "permission.missing");
        assert_eq!(anna.patch(&place(id), json!({"name": "X"})).await.code(403), "permission.missing");
        assert_eq!(anna.delete(&place(id)).await.code(403), "permission.missing");
        let nobody = app.limited(&app.operator, &[]).await;
        assert_eq!(nobody.get(PLANS).await.code(403), "permission.missing");
        assert_eq!(nobody.get(&place(id)).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// A catalog as it really is comes in by a file; plans are made of its SKUs.
    async fn plans_are_made_of_an_imported_catalog(app: TestApp) {
        imported(&app).await;
        let skus = app.operator.get("/api/v1/skus?limit=200").await.expect(200);
        let skus = skus["items"].as_array().expect("items");
        assert!(skus.len() > 1);
        let marked = app.operator.post("/api/v1/products/mark-shareable", json!({"in_more_than": 2})).await.expect(200);
        assert!(!marked["items"].as_array().expect("items").is_empty());
        let component = |sku: &Value, units: i64| json!({"sku_id": sku["id"], "units": units});
        let body = json!({"code": "OFFICE", "name": "Office and more", "components": [component(&skus[0], 25), component(&skus[1], 5)]});
        let made = app.operator.post(PLANS, body).await.expect(201);
        assert_eq!((&made["components"][0]["sku_code"], &made["components"][1]["units"]), (&skus[0]["code"], &json!(5)));
        // A SKU of the file sells one product that nothing else sells, so the product stands for it.
        let body = json!({"code": "MORE", "name": "More", "components": [{"product_id": skus[1]["product_id"], "units": 1}]});
        let more = app.operator.post(PLANS, body).await.expect(201);
        assert_eq!(more["components"][0]["sku_id"], skus[1]["id"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The console's pages: the list, the form that keeps what was typed, with and without script, one page each.
    async fn plans_have_pages(app: TestApp) {
        let (one, other) = (app.insert_sku("ONE", Some("P1Y")).await.to_string(), app.insert_sku("OTHER", Some("P1Y")).await.to_string());
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        assert!(browser.get("/catalog/plans").await.page(200).contains("There is no service plan yet"));
        assert!(browser.get("/catalog").await.page(200).contains("href=\"/catalog/plans\""));
        assert!(browser.get("/catalog/plans/new").await.page(200).contains("name=\"units.new0\""));
        let facts = [("name", "Suite <1>"), ("code", "SUITE"), ("edition", "full"), ("billing", "yearly"), ("term", "P1Y"),
            ("notice_days", "30"), ("auto_renews", "on")];
        let rows = [("row", "a"), ("sku.a", one.as_str()), ("units.a", "0"), ("row", "b"), ("sku.b", ""), ("units.b", "7"),
            ("row", "c"), ("sku.c", ""), ("units.c", "")];
        let form = |more: &[(&'static str, &'static str)]| [&facts[..], &rows[..], more].concat();
        let added = browser.form("/catalog/plans/new", &form(&[("step", "add")])).await.page(200);
        assert!(added.contains("Suite &#60;1&#62;") && added.contains("name=\"units.new2\""), "{added}");
        let removed = browser.form("/catalog/plans/new", &form(&[("step", "remove a")])).await.page(200);
        assert!(!removed.contains("name=\"units.a\"") && removed.contains("name=\"units.b\""), "{removed}");
        let bad = browser.form("/catalog/plans/new", &form(&[("step", "save")])).await.page(422);
        for words in ["id=\"units-a-error\"", "A component has 1 to 999,999 units.", "id=\"sku-b-error\"", "Choose a SKU.", "value=\"7\""] {
            assert!(bad.contains(words), "{words} in {bad}");
        }
        let good = [("row", "a"), ("sku.a", one.as_str()), ("units.a", "10")];
        let made = browser.form("/catalog/plans/new", &[&facts[..], &good[..]].concat()).await;
        assert_eq!(made.status.as_u16(), 303, "{}", made.text);
        let page = made.headers["location"].to_str().expect("a place").to_owned();
        let shown = browser.get(&page).await.page(200);
        assert!(shown.contains("10 devices") && shown.contains("On sale"), "{shown}");

        let both = [("row", "a"), ("sku.a", one.as_str()), ("units.a", "10"), ("row", "b"), ("sku.b", other.as_str()), ("units.b", "5")];
        let same = browser.form(&format!("{page}/composition"), &good).await.page(422);
        assert!(same.contains("already."), "{same}");
        browser.form(&format!("{page}/composition"), &both).await.goes(&page);
        let shown = browser.get(&page).await.page(200);
        assert!(shown.contains("Earlier compositions") && shown.contains("Product of OTHER"), "{shown}");
        let edit = [&facts[..], &[("version", "2"), ("end_of_sale", "soon")]].concat();
        assert!(browser.form(&format!("{page}/edit"), &edit).await.page(422).contains("“soon” is not a day."));
        let edit = [&facts[..], &[("version", "2"), ("end_of_sale", "2026-06-01")]].concat();
        browser.form(&format!("{page}/edit"), &edit).await.goes(&page);
        assert!(browser.get(&page).await.page(200).contains("It cannot be assigned any more."));
        assert!(browser.get("/catalog/plans?q=suite").await.page(200).contains("End of sale"));
        assert!(browser.get("/catalog/plans/options?q=suite").await.page(200).contains("role=\"option\""));
        browser.form(&format!("{page}/delete"), &[("version", "3")]).await.goes("/catalog/plans");
        browser.get(&page).await.page(404);
        app.end().await;
    }
}
