//! The catalog through the door.

use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Person, TestApp, token},
};

async fn product(app: &TestApp, code: &str) -> Uuid {
    let body = json!({"code": code, "name": format!("{code} product"), "unit": "device"});
    app.operator.post("/api/v1/products", body).await.id()
}

fn sku(code: &str, product: Uuid) -> Value {
    json!({"code": code, "name": format!("{code} SKU"), "product_id": product, "validity": "P1Y"})
}

/// The operator with a token that is held to these permissions.
async fn limited(app: &TestApp, permissions: &[Permission]) -> Person {
    let secret = token(&app.app, app.operator.id, permissions.to_vec()).await;
    Person::new(app.address, app.operator.id, secret)
}

both_engines! {
    /// Products are added with defaults filled in, found by search, changed under If-Match.
    async fn products_are_kept(app: TestApp) {
        let operator = &app.operator;
        let made = operator.post("/api/v1/products", json!({
            "code": " BASE\u{a0}01 ", "name": "Phone  System", "kind": "base"
        })).await.expect(201);
        assert_eq!((&made["code"], &made["name"]), (&json!("BASE 01"), &json!("Phone System")));
        assert_eq!((&made["unit"], &made["units"]), (&json!("user"), &json!("users")));
        let id = made["id"].as_str().expect("an id");
        let found = operator.get("/api/v1/products?q=one+sys").await.expect(200);
        assert_eq!(found["items"][0]["id"], made["id"]);
        let changed = json!({"code": "BASE 01", "name": "Telephone", "unit": "extension", "kind": "add_on"});
        let put = operator.request(reqwest::Method::PUT, &format!("/api/v1/products/{id}"));
        let changed = crate::harness::send(put.header("If-Match", "\"1\"").json(&changed)).await.expect(200);
        assert_eq!((&changed["units"], &changed["version"]), (&json!("extensions"), &json!(2)));
        let put = operator.request(reqwest::Method::PUT, &format!("/api/v1/products/{id}"));
        let again = json!({"code": "BASE 01", "name": "Late"});
        assert_eq!(crate::harness::send(put.header("If-Match", "\"1\"").json(&again)).await.code(412), "version.stale");
        let twin = operator.post("/api/v1/products", json!({"code": "BASE 01", "name": "Twin"})).await.expect(422);
        assert_eq!(twin["fields"][0]["code"], "catalog.key_taken");
        let empty = operator.post("/api/v1/products", json!({"code": " ", "name": ""})).await.expect(422);
        assert_eq!(empty["fields"].as_array().map(Vec::len), Some(2));
        app.end().await;
    }
}

both_engines! {
    /// A SKU carries its product's unit and its components; what is malformed is named field by field.
    async fn skus_are_kept_with_components(app: TestApp) {
        let operator = &app.operator;
        let (main, extra, other) = (product(&app, "MAIN").await, product(&app, "EXTRA").await, product(&app, "OTHER").await);
        let mut body = sku("GOLD-1Y", main);
        body["components"] = json!([extra, other, extra]);
        body["price_minor"] = json!(1250);
        body["currency"] = json!("eur");
        let made = operator.post("/api/v1/skus", body.clone()).await.expect(201);
        assert_eq!((&made["unit"], &made["currency"]), (&json!("device"), &json!("EUR")));
        assert_eq!(made["components"].as_array().map(Vec::len), Some(2));
        let id = made["id"].as_str().expect("an id");
        body["components"] = json!([other]);
        body["validity"] = json!("P12M");
        let changed = operator.put(&format!("/api/v1/skus/{id}"), body.clone()).await.expect(200);
        assert_eq!((&changed["components"][0]["code"], &changed["version"]), (&json!("OTHER"), &json!(2)));
        let found = operator.get(&format!("/api/v1/skus?component_id={other}")).await.expect(200);
        assert_eq!(found["items"][0]["code"], "GOLD-1Y");
        body["code"] = json!("BAD");
        body["validity"] = json!("1 year");
        body["grace_days"] = json!(900);
        body["currency"] = json!("XXX");
        let refused = operator.post("/api/v1/skus", body).await.expect(422);
        let fields: Vec<&str> = refused["fields"].as_array().expect("fields").iter()
            .filter_map(|field| field["field"].as_str()).collect();
        assert_eq!(fields, ["grace_days", "validity", "currency"]);
        let unknown = operator.post("/api/v1/skus", sku("X", Uuid::nil())).await.expect(422);
        assert_eq!(unknown["fields"][0]["code"], "catalog.product_unknown");
        app.end().await;
    }
}

both_engines! {
    /// List prices are the provider's own: without `prices.read` there, nobody sees or loses one.
    async fn prices_are_shown_to_few(app: TestApp) {
        let main = product(&app, "MAIN").await;
        let mut body = sku("GOLD", main);
        body["price_minor"] = json!(990);
        body["currency"] = json!("EUR");
        let id = app.operator.post("/api/v1/skus", body.clone()).await.id();
        let reader = limited(&app, &[Permission::CatalogRead]).await;
        let seen = reader.get(&format!("/api/v1/skus/{id}")).await.expect(200);
        assert_eq!(seen["price_minor"], Value::Null);
        assert_eq!(reader.get("/api/v1/skus").await.expect(200)["items"][0]["currency"], Value::Null);
        assert_eq!(reader.put(&format!("/api/v1/skus/{id}"), body.clone()).await.code(403), "permission.missing");
        let editor = limited(&app, &[Permission::CatalogRead, Permission::CatalogEdit]).await;
        assert_eq!(editor.put(&format!("/api/v1/skus/{id}"), body).await.code(403), "permission.missing");
        let renamed = editor.put(&format!("/api/v1/skus/{id}"), sku("GOLDEN", main)).await.expect(200);
        assert_eq!((&renamed["code"], &renamed["price_minor"]), (&json!("GOLDEN"), &Value::Null));
        let kept = app.operator.get(&format!("/api/v1/skus/{id}")).await.expect(200);
        assert_eq!(kept["price_minor"], 990);
        let nobody = limited(&app, &[Permission::OrganizationsRead]).await;
        assert_eq!(nobody.get(&format!("/api/v1/skus/{id}")).await.code(404), "not_found");
        assert_eq!(nobody.get("/api/v1/products").await.code(403), "permission.missing");
        app.end().await;
    }
}

both_engines! {
    /// What comes with many SKUs is marked shareable at once, after a preview that keeps nothing.
    async fn frequent_components_are_marked(app: TestApp) {
        let (main, common, rare) = (product(&app, "MAIN").await, product(&app, "COMMON").await, product(&app, "RARE").await);
        for (code, parts) in [("A", vec![common, rare]), ("B", vec![common]), ("C", vec![common])] {
            let mut body = sku(code, main);
            body["components"] = json!(parts);
            app.operator.post("/api/v1/skus", body).await.expect(201);
        }
        let body = json!({"in_more_than": 2});
        let path = "/api/v1/products/mark-shareable";
        let preview = app.operator.post(&format!("{path}?preview=true"), body.clone()).await.expect(200);
        assert_eq!(preview["items"].as_array().map(Vec::len), Some(1));
        let unmarked = app.operator.get(&format!("/api/v1/products/{common}")).await.expect(200);
        assert_eq!(unmarked["shareable"], false);
        app.operator.post(path, body.clone()).await.expect(200);
        let marked = app.operator.get(&format!("/api/v1/products/{common}")).await.expect(200);
        assert_eq!((&marked["shareable"], &marked["version"]), (&json!(true), &json!(2)));
        assert_eq!(app.operator.post(path, body).await.expect(200)["items"], json!([]));
        app.end().await;
    }
}

both_engines! {
    /// The console's pages: lists, forms that say what is wrong and keep what was typed, one page each.
    async fn the_catalog_has_pages(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        assert!(browser.get("/catalog").await.page(200).contains("The catalog is empty"));
        let key = ("idempotency_key", "once");
        let bad = browser.form("/catalog/products/new", &[key, ("name", ""), ("code", "P<1>")]).await.page(422);
        assert!(bad.contains("Give a name.") && bad.contains("P&#60;1&#62;"), "{bad}");
        browser.form("/catalog/products/new", &[("name", "Phone"), ("code", "P1"), ("unit", "phone")]).await;
        let fields = [("name", "Phone, a year"), ("code", "P1-1Y"), ("product", "P1"), ("validity", "P1Y"),
            ("price", "12.5"), ("currency", "EUR"), ("components", "P1\nnothing"), ("grace_days", "0")];
        let bad = browser.form("/catalog/skus/new", &fields).await.page(422);
        assert!(bad.contains("There is no product “nothing”."), "{bad}");
        let mut fields = fields.to_vec();
        fields[6] = ("components", "P1");
        let made = browser.form("/catalog/skus/new", &fields).await;
        let place = made.headers["location"].to_str().expect("a place").to_owned();
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("12.50 EUR") && page.contains("1 year"), "{page}");
        assert!(browser.get(&format!("{place}/edit")).await.page(200).contains("keep the dates"));
        fields[0] = ("name", "Phone, one year");
        fields.push(("version", "1"));
        browser.form(&format!("{place}/edit"), &fields).await.goes(&place);
        assert_eq!(browser.form(&format!("{place}/edit"), &fields).await.status, 422, "an old version is refused");
        assert!(browser.get("/catalog?q=one+year").await.page(200).contains("P1-1Y"));
        assert!(browser.get("/catalog?show=products").await.page(200).contains("Mark shareable"));
        assert!(browser.get("/catalog/skus/options?q=p1").await.page(200).contains("role=\"option\""));
        assert!(browser.get("/catalog/shareable?more_than=5").await.page(200).contains("more than 5"));
        let (reader, _) = app.browser_of(app.provider, "reader").await;
        let page = reader.get(&place).await.page(200);
        assert!(!page.contains("12.50") && !page.contains("/edit"));
        assert_eq!(reader.get("/catalog/products/new").await.status, 403);
        app.end().await;
    }
}
