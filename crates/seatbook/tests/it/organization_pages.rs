//! The pages about organizations, as somebody with a browser uses them.

use reqwest::Method;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Browser, TestApp, send},
};

/// The operator's browser.
async fn operator(app: &TestApp) -> Browser {
    app.browser_of(app.provider, "operator").await.0
}

/// The part of a page that the module asks for.
async fn fragment(browser: &Browser, path: &str) -> String {
    let request = browser.request(Method::GET, path).header("X-Fragment", "1");
    send(request).await.page(200)
}

/// Checks that all of these words stand on a page, one behind the other.
#[track_caller]
fn in_order(page: &str, words: &[&str]) {
    let mut rest = page;
    for word in words {
        let (_, behind) = rest
            .split_once(word)
            .unwrap_or_else(|| panic!("{word:?} of {words:?} in {page}"));
        rest = behind;
    }
}

/// The rows of the tree, as names with their depth.
fn tree(page: &str) -> Vec<(String, String)> {
    let cells = page.split("<div class=\"tree-cell ").skip(1);
    let cell = |cell: &str| {
        let depth = cell[..2].to_owned();
        let strong = cell
            .split_once("<strong>")
            .and_then(|(_, rest)| rest.split_once("</strong>"));
        let name = strong.expect("a name").0;
        let name = name.rsplit_once("</span>").map_or(name, |(_, name)| name);
        (name.to_owned(), depth)
    };
    cells.map(cell).collect()
}

fn rows(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|(name, depth)| ((*name).to_owned(), (*depth).to_owned()))
        .collect()
}

both_engines! {
    /// The tree shows parents before children; search, kind and state make it flat with the way down.
    async fn the_tree_is_shown_and_searched(app: TestApp) {
        let north = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        let alpha = app.organization(app.provider, "partner", "Alpha Distribution").await;
        let clinic = app.organization(north, "customer", "Aurora Hospitals").await;
        app.organization(clinic, "customer", "Aurora West").await;
        app.organization(alpha, "customer", "Zinc & Söhne").await;
        let sku = app.insert_sku("SEC-1", Some("P1Y")).await;
        let (_, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, north, 20).await;
        let browser = operator(&app).await;
        let page = browser.get("/organizations").await.page(200);
        assert_eq!(tree(&page), rows(&[
            ("Alpha Distribution", "d0"), ("Zinc &#38; Söhne", "d1"), ("Nordlicht Partners", "d0"),
            ("Aurora Hospitals", "d1"), ("Aurora West", "d2"),
        ]));
        assert!(page.contains(&format!("/organizations?below={north}")) && page.contains(">20<"), "{page}");
        let found = fragment(&browser, "/organizations?q=aurora").await;
        assert_eq!(tree(&found), rows(&[("Aurora Hospitals", "d0"), ("Aurora West", "d0")]));
        assert!(found.contains("Nordlicht Partners › Aurora Hospitals") && !found.contains("<html"), "{found}");
        let partners = fragment(&browser, "/organizations?kind=partner&sort=-name").await;
        assert_eq!(tree(&partners), rows(&[("Nordlicht Partners", "d0"), ("Alpha Distribution", "d0")]));
        let below = browser.get(&format!("/organizations?below={north}")).await.page(200);
        assert_eq!(tree(&below), rows(&[("Aurora Hospitals", "d0"), ("Aurora West", "d1")]));
        assert!(below.contains("Below Nordlicht Partners"), "{below}");
        app.operator.act(&format!("/api/v1/organizations/{clinic}/suspend")).await.expect(200);
        let suspended = fragment(&browser, "/organizations?suspended=1").await;
        assert_eq!(tree(&suspended), rows(&[("Aurora Hospitals", "d0"), ("Aurora West", "d0")]));
        assert_eq!(browser.get(&format!("/organizations?below={}", Uuid::nil())).await.status, 404);

        let (partner, _) = app.browser_of(alpha, "partner_administrator").await;
        let own = partner.get("/organizations").await.page(200);
        assert_eq!(tree(&own), rows(&[("Zinc &#38; Söhne", "d0")]));
        assert_eq!(partner.get(&format!("/organizations/{north}")).await.status, 404);
        app.end().await;
    }
}

both_engines! {
    /// A form adds an organization once, names what is wrong, keeps what was typed; another changes it.
    async fn organizations_are_added_and_edited(app: TestApp) {
        let browser = operator(&app).await;
        let north = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        let form = browser.get(&format!("/organizations/new?parent={north}")).await.page(200);
        assert!(form.contains(&format!("value=\"{north}\" selected")), "{form}");
        let parent = north.to_string();
        let bad = [("parent_id", parent.as_str()), ("kind", "customer"), ("name", " "), ("time_zone", "Mars/Base"), ("website", "aurora.example")];
        let again = browser.form("/organizations/new", &bad).await.page(422);
        in_order(&again, &["Nordlicht Partners", "Give the organization a name.", "aurora.example", "is no IANA time zone"]);
        let good = [
            ("idempotency_key", "once"), ("parent_id", parent.as_str()), ("kind", "customer"), ("name", "Aurora Hospitals"),
            ("reference", "C-77"), ("time_zone", "Europe/Oslo"), ("note", "Ring first."), ("pricing_model", "license"),
        ];
        let added = browser.form("/organizations/new", &good).await;
        let place = added.headers["location"].to_str().expect("a place").to_owned();
        browser.form("/organizations/new", &good).await.goes(&place);
        let page = browser.get(&place).await.page(200);
        in_order(&page, &["Nordlicht Partners", "Aurora Hospitals", "C-77", "Europe/Oslo", "Ring first."]);
        assert_eq!(tree(&browser.get("/organizations").await.page(200)).len(), 2);

        let edit = format!("{place}/edit");
        let change = [("name", "Aurora AG"), ("version", "1"), ("time_zone", "Europe/Oslo"), ("note", "")];
        browser.form(&edit, &change).await.goes(&place);
        let late = browser.form(&edit, &change).await.page(422);
        assert!(late.contains("Somebody changed this organization in the meantime"), "{late}");
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("Aurora AG") && !page.contains("Ring first."), "{page}");
        let (reader, _) = app.browser_of(north, "reader").await;
        assert_eq!(reader.get(&edit).await.status, 403);
        assert_eq!(reader.get("/organizations/new").await.status, 403);
        assert!(!reader.get(&place).await.page(200).contains("/edit"));
        app.end().await;
    }
}

both_engines! {
    /// A move is previewed with what goes along; where units must be returned first, it says which and how many.
    async fn a_move_says_what_must_be_returned(app: TestApp) {
        let north = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        let south = app.organization(app.provider, "partner", "Sur Telecom").await;
        let clinic = app.organization(north, "customer", "Aurora Hospitals").await;
        let west = app.organization(clinic, "customer", "Aurora West").await;
        let sku = app.insert_sku("SEC-1", Some("P1Y")).await;
        let (_, pool) = app.license(app.provider, sku, 50).await;
        let partners = app.allocate(pool, north, 30).await;
        let held = app.allocate(partners, clinic, 20).await;
        app.allocate(held, west, 5).await;
        let browser = operator(&app).await;
        let (place, to) = (format!("/organizations/{clinic}"), south.to_string());
        let path = format!("{place}/move");
        let preview = fragment(&browser, &format!("{path}/preview?parent_id={to}")).await;
        let needed = "Return 20 units of SEC-1 of order SO-1 to Nordlicht Partners first; 5 of them in use.";
        assert!(preview.contains(needed) && !preview.contains("<form"), "{preview}");
        let refused = browser.form(&path, &[("parent_id", &to), ("step", "save")]).await.page(409);
        in_order(&refused, &["It holds 20 units of its present parent", "Sur Telecom", needed]);
        let circle = browser.form(&path, &[("parent_id", &west.to_string())]).await.page(422);
        assert!(circle.contains("cannot move below itself"), "{circle}");
        assert!(browser.get(&place).await.page(200).contains("Nordlicht Partners"));

        app.operator.post("/api/v1/allocations", serde_json::json!({"pool_id": held, "organization_id": west, "units": -5})).await.expect(201);
        app.operator.post("/api/v1/allocations", serde_json::json!({"pool_id": partners, "organization_id": clinic, "units": -20})).await.expect(201);
        let shown = browser.form(&path, &[("parent_id", &to), ("step", "preview")]).await.page(200);
        in_order(&shown, &["Sur Telecom", "Moves along", "1 organization below it"]);
        browser.form(&path, &[("parent_id", &to), ("step", "save")]).await.goes(&place);
        let page = browser.get(&place).await.page(200);
        assert!(page.contains("Sur Telecom") && !page.contains("Nordlicht Partners"), "{page}");
        app.end().await;
    }
}

both_engines! {
    /// Suspending says who is shut out, shuts them out, and is taken back; the provider cannot be suspended.
    async fn suspending_says_who_is_shut_out(app: TestApp) {
        let north = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        let clinic = app.organization(north, "customer", "Aurora Hospitals").await;
        let sku = app.insert_sku("SEC-1", Some("P1Y")).await;
        let (_, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, north, 30).await;
        let (inside, _) = app.browser_of(clinic, "customer_administrator").await;
        let browser = operator(&app).await;
        let place = format!("/organizations/{north}");
        let asked = browser.get(&format!("{place}/suspend")).await.page(200);
        let sum = asked.split_once("<dl class=\"sum\">").expect("numbers").1;
        let numbers: Vec<&str> = sum.split("<dd>").skip(1).map(|it| it.split('<').next().unwrap_or_default()).collect();
        assert_eq!(numbers, ["2", "1", "1", "1"], "organizations, people, tokens, licenses: {asked}");
        browser.form(&format!("{place}/suspend"), &[]).await.goes(&place);
        assert_eq!(inside.get("/organizations").await.status, 303, "to the sign-in");
        assert!(browser.get(&place).await.page(200).contains("Its units stay where they are"));
        let twice = browser.get(&format!("{place}/suspend")).await.page(200);
        assert!(twice.contains("It is suspended already.") && !twice.contains(">Suspend</button>"), "{twice}");
        let above = browser.get(&format!("/organizations/{clinic}/resume")).await.page(200);
        assert!(above.contains("an organization above it is"), "{above}");
        browser.form(&format!("{place}/resume"), &[]).await.goes(&place);
        inside.get("/organizations").await.page(200);
        let root = format!("/organizations/{}/suspend", app.provider);
        assert!(browser.form(&root, &[]).await.page(409).contains("The provider cannot be suspended."));
        assert_eq!(browser.get(&format!("{place}/launch")).await.status, 404);
        assert_eq!(inside.get(&format!("/organizations/{clinic}/suspend")).await.status, 403);
        app.end().await;
    }
}

both_engines! {
    /// The picker offers twenty of many, narrowed by what was typed, and nobody outside the subtree.
    async fn the_picker_offers_a_few_of_many(app: TestApp) {
        let north = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        for number in 0..300 {
            app.organization(app.provider, "customer", &format!("Tenant {number:03}")).await;
        }
        let browser = operator(&app).await;
        let offered = |page: &str| page.matches("role=\"option\"").count();
        let all = fragment(&browser, "/organizations/options?q=").await;
        assert_eq!(offered(&all), 20);
        assert!(all.contains("More match") && all.len() < 10_000, "{all}");
        let some = fragment(&browser, "/organizations/options?q=tenant%20007").await;
        assert!(offered(&some) == 1 && some.contains("data-label=\"Tenant 007\""), "{some}");
        let page = browser.get("/organizations").await.page(200);
        assert_eq!(tree(&page).len(), 100);
        assert!(page.contains("100 of 301 organizations"), "{page}");
        let last = browser.get("/organizations?cursor=300").await.page(200);
        assert_eq!(tree(&last), rows(&[("Tenant 299", "d0")]));
        let (partner, _) = app.browser_of(north, "partner_administrator").await;
        assert_eq!(offered(&fragment(&partner, "/organizations/options?q=").await), 1);

        app.insert_sku("SEC-1", None).await;
        let sku = fragment(&browser, "/catalog/skus/options?q=").await;
        assert!(offered(&sku) == 1 && sku.contains("SEC-1"), "{sku}");
        app.end().await;
    }
}
