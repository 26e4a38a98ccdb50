//! The pages about holders, as somebody with a browser uses them.

use reqwest::Method;
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, TestApp, send},
};

async fn operator(app: &TestApp) -> Browser {
    app.browser_of(app.provider, "operator").await.0
}

async fn fragment(browser: &Browser, path: &str) -> String {
    let request = browser.request(Method::GET, path).header("X-Fragment", "1");
    send(request).await.page(200)
}

#[track_caller]
fn says(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "{word:?} in {page}");
    }
}

both_engines! {
    /// Holders are found by any field, kind and whether they have units; a picker offers the first of them.
    async fn holders_are_found_by_any_field(app: TestApp) {
        let book = app.telephones(2).await;
        let laptop = json!({"organization_id": book.customer, "kind": "device", "serial": "NB-0001", "owner_id": book.people[0]});
        app.operator.post("/api/v1/holders", laptop).await.expect(201);
        app.assigned(&book, book.people[0], "0101", &[]).await;
        let browser = operator(&app).await;
        let place = format!("/organizations/{}/holders", book.customer);
        says(&browser.get(&place).await.page(200), &["Anna Berg", "Bruno Koch", "NB-0001", "Extension 0101"]);
        for (query, found, missing) in [
            ("?q=nb-0001", "NB-0001", "Bruno Koch"),
            ("?q=0101", "Extension 0101", "Bruno Koch"),
            ("?kind=device", "NB-0001", "Bruno Koch"),
            ("?units=with", "Anna Berg", "Bruno Koch"),
            ("?units=without", "Bruno Koch", "Extension 0101"),
        ] {
            let page = fragment(&browser, &format!("{place}{query}")).await;
            assert!(page.contains(found) && !page.contains(missing), "{query}: {page}");
        }
        says(&browser.get("/holders?q=anna").await.page(200), &["Anna Berg", "Aurora Hospitals"]);
        let options = format!("/holders/options?organization={}&kind=user&q=", book.customer);
        let offered = fragment(&browser, &options).await;
        assert_eq!(offered.matches("role=\"option\"").count(), 2, "{offered}");
        let other = app.organization(app.provider, "partner", "Nordlicht").await;
        let (stranger, _) = app.browser_of(other, "partner_administrator").await;
        assert_eq!(fragment(&stranger, &options).await.matches("role=\"option\"").count(), 0);
        assert!(stranger.get("/holders").await.page(200).contains("No holders yet"));
        assert_eq!(stranger.get(&place).await.status, 404);
        app.end().await;
    }
}

both_engines! {
    /// A form adds a holder, names what is wrong and keeps what was typed; another changes it.
    async fn holders_are_added_and_edited(app: TestApp) {
        let book = app.telephones(1).await;
        let (browser, _) = app.browser_of(book.customer, "customer_administrator").await;
        says(&browser.get("/holders/new").await.page(200), &["Aurora Hospitals", "Extension"]);
        let customer = book.customer.to_string();
        let bad = [("organization_id", customer.as_str()), ("kind", "user"), ("name", "Carla Roth"), ("email", "carla")];
        let again = browser.form("/holders/new", &bad).await.page(422);
        says(&again, &["This is no e-mail address.", "Carla Roth"]);
        let good = [("idempotency_key", "once"), bad[0], bad[1], bad[2], ("email", "carla@aurora.example"), ("did", "+49 555 77123")];
        let added = browser.form("/holders/new", &good).await;
        let place = added.headers["location"].to_str().expect("a place").to_owned();
        browser.form("/holders/new", &good).await.goes(&place);
        says(&browser.get(&place).await.page(200), &["Carla Roth", "carla@aurora.example", "+4955577123", "No units."]);
        let edit = format!("{place}/edit");
        let change = [("name", "Carla Roth-Berg"), ("version", "1"), ("did", "+4955577123")];
        browser.form(&edit, &change).await.goes(&place);
        let late = browser.form(&edit, &change).await.page(422);
        assert!(late.contains("Somebody changed this holder in the meantime"), "{late}");
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("Carla Roth-Berg") && !page.contains("carla@aurora.example"), "{page}");
        let (reader, _) = app.browser_of(book.customer, "reader").await;
        assert_eq!(reader.get(&edit).await.status, 403);
        assert!(!reader.get(&place).await.page(200).contains("/edit"));
        app.end().await;
    }
}

both_engines! {
    /// Before somebody leaves, the page says which units become free; erasing forgets who it was.
    async fn leaving_says_what_becomes_free(app: TestApp) {
        let book = app.telephones(3).await;
        let anna = app.assigned(&book, book.people[0], "101", &[book.add_ons[0].0]).await;
        let browser = operator(&app).await;
        let place = format!("/holders/{}", book.people[0]);
        says(&browser.get(&place).await.page(200), &["Phone System", "Call Recording", "Extension 101"]);
        let asked = browser.get(&format!("{place}/leave")).await.page(200);
        says(&asked, &["Let Anna Berg leave?", "<dd>2</dd>", "loses Phone System, and with it Call Recording."]);
        assert_eq!(app.balance(book.phone.1).await, [3, 0, 1, 2]);
        browser.form(&format!("{place}/leave"), &[]).await.goes(&place);
        assert_eq!(app.balance(book.phone.1).await, [3, 0, 0, 3]);
        says(&browser.get(&place).await.page(200), &["Left on", "Used before", "Holder left"]);
        assert_eq!(browser.form(&format!("{place}/leave"), &[]).await.status, 409);
        let list = format!("/organizations/{}/holders", book.customer);
        assert!(!browser.get(&list).await.page(200).contains("Anna Berg"));
        assert!(fragment(&browser, &format!("{list}?left=1")).await.contains("Anna Berg"));
        says(&browser.get(&format!("{place}/erase")).await.page(200), &["Erase Anna Berg?"]);
        browser.form(&format!("{place}/erase"), &[]).await.goes(&list);
        let page = browser.get(&format!("/assignments/{anna}")).await.page(200);
        assert!(page.contains("Holder left") && !page.contains("Anna"), "{page}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A telephone is handed over with its unit, and to nobody; a user belongs to nobody at all.
    async fn an_extension_changes_hands(app: TestApp) {
        let book = app.telephones(1).await;
        app.assigned(&book, book.people[0], "101", &[]).await;
        let found = app.operator.get("/api/v1/holders?kind=extension").await.expect(200);
        let extension = found["items"][0]["id"].as_str().expect("an id").to_owned();
        let browser = operator(&app).await;
        let path = format!("/holders/{extension}/hand-over");
        says(&browser.get(&path).await.page(200), &["Hand over Extension 101", "Anna Berg"]);
        let (place, bruno) = (format!("/holders/{extension}"), book.people[1].to_string());
        browser.form(&path, &[("owner_id", &bruno)]).await.goes(&place);
        says(&browser.get(&format!("/holders/{bruno}")).await.page(200), &["Extension 101", "Phone System"]);
        let wrong = browser.form(&path, &[("owner_id", &extension)]).await.page(422);
        assert!(wrong.contains("The organization has no such user."), "{wrong}");
        browser.form(&path, &[("owner_id", "")]).await.goes(&place);
        assert!(!browser.get(&place).await.page(200).contains("Belongs to"));
        assert_eq!(browser.get(&format!("/holders/{bruno}/hand-over")).await.status, 409);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An add-on's page says which bases it is made for, and a base's page which add-ons it has.
    async fn the_catalog_says_what_fits(app: TestApp) {
        let book = app.telephones(1).await;
        let (phone, recording) = (book.phone.0, book.add_ons[0].0);
        let browser = operator(&app).await;
        let place = format!("/catalog/products/{recording}");
        says(&browser.get(&place).await.page(200), &["Made for", "Phone System"]);
        says(&browser.get(&format!("/catalog/products/{phone}")).await.page(200), &["Add-ons", "Call Recording", "Mobile"]);
        let path = format!("{place}/fits");
        says(&browser.get(&path).await.page(200), &[&format!("name=\"base.{phone}\""), "checked"]);
        browser.form(&path, &[]).await.goes(&place);
        assert!(browser.get(&place).await.page(200).contains("It fits no base yet"));
        browser.form(&path, &[(&format!("base.{phone}"), "on")]).await.goes(&place);
        says(&browser.get(&place).await.page(200), &["Phone System"]);
        assert_eq!(browser.get(&format!("/catalog/products/{phone}/fits")).await.status, 409);
        let (reader, _) = app.browser_of(app.provider, "reader").await;
        assert_eq!(reader.get(&path).await.status, 403);
        app.end().await;
    }
}
