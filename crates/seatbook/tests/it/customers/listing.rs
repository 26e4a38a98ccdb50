//! The list of customers, in every order, page by page; and the key metrics.

use serde_json::{Value, json};

use super::{Stage, column};
use crate::{
    both_engines,
    harness::{Engine, TestApp},
};

/// Gives shares to customers past every rule, from the first to the last number.
async fn plant(app: &TestApp, first: i64, last: i64) {
    let planted = format!(
        "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
    );
    let ids = match app.engine {
        Engine::Sqlite => "unhex(printf('%032x', i))",
        Engine::Postgres => "CAST(lpad(to_hex(i), 32, '0') AS UUID)",
    };
    let partner = "(SELECT id FROM organization WHERE name = 'Nordlicht')";
    for sql in [
        format!(
            "{planted} INSERT INTO organization_node (id, parent_id, depth, suspended, blocked)
             SELECT {ids}, {partner}, 2, FALSE, FALSE FROM n"
        ),
        format!(
            "{planted} INSERT INTO organization (id, kind, name, note, pricing_model, time_zone, created_at, version)
             SELECT {ids}, 'customer', 'Planted ' || (100000 + i), '', 'license', 'UTC', o.created_at, 1
             FROM n, organization o WHERE o.name = 'Nordlicht'"
        ),
        format!(
            "{planted} INSERT INTO organization_search_text (id, text) SELECT {ids}, 'planted ' || (100000 + i) FROM n"
        ),
        format!(
            "{planted} INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned,
             open, starts_at, ends_at, sales_order, sku_code, product_id, created_at, version)
             SELECT {ids}, p.license_id, {ids}, p.id, i, 0, 0, p.open, p.starts_at, p.ends_at, p.sales_order,
             p.sku_code, p.product_id, p.created_at, 1 FROM n, pool p WHERE p.organization_id = {partner} AND p.sku_code = 'MDR-1Y'"
        ),
    ] {
        app.tamper(&sql).await;
    }
}

both_engines! {
    /// Each order has every customer once, on pages of two, whatever two of them have in common.
    async fn every_order_shows_each_customer_once(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("Delta", 5), ("Alpha", 30), ("Charlie", 5), ("Bravo", 10), ("Echo", 5)] {
            app.clock.advance_seconds(60);
            let (customer, _) = stage.customer(&app, name, units).await;
            if name == "Bravo" {
                let leaf = app.organization(customer, "customer", "Leaf").await;
                let own = stage.paula.get(&format!("/api/v1/pools?organization_id={customer}")).await.expect(200);
                let own = crate::harness::id(&own["items"][0]["id"]);
                app.allocate(own, leaf, 4).await;
            }
        }
        let emptied = stage.customer(&app, "Foxtrot", 3).await.0;
        let back = json!({"pool_id": stage.pool, "organization_id": emptied, "units": -3});
        stage.paula.post("/api/v1/allocations", back).await.expect(201);
        for (sort, first) in [("name", "Alpha"), ("-name", "Echo"), ("units", "5"), ("-units", "Alpha"),
            ("-in_use", "Bravo"), ("-usage", "Bravo"), ("changed", "Delta"), ("-changed", "Echo"), ("kind", "")] {
            let mut seen = vec![];
            let mut cursor = String::new();
            loop {
                let path = format!("{}?limit=2&sort={sort}{cursor}", stage.list());
                let page = stage.paula.get(&path).await.expect(200);
                seen.extend(column(&page, "name"));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            if first.chars().next().is_some_and(char::is_alphabetic) {
                assert_eq!(seen[0], first, "{sort}: {seen:?}");
            }
            seen.sort_by_key(ToString::to_string);
            assert_eq!(seen, ["Alpha", "Bravo", "Charlie", "Delta", "Echo"].map(Value::from), "{sort}");
        }
        let found = stage.paula.get(&format!("{}?q=RAV", stage.list())).await.expect(200);
        assert_eq!((column(&found, "name"), &found["items"][0]["in_use"]), (vec![json!("Bravo")], &json!(4)));
        let odd = stage.paula.get(&format!("{}?sort=colour", stage.list())).await;
        assert_eq!(odd.field(), "sort.unknown");
        app.end().await;
    }
}

both_engines! {
    /// Above 5,000 customers the orders that an index holds remain, and search finds the few it names; above 10,000 all
    /// names are walked for theirs.
    async fn a_long_list_is_walked(app: TestApp) {
        let stage = Stage::set(&app).await;
        plant(&app, 1, 5_100).await;
        let first = stage.paula.get(&format!("{}?limit=3", stage.list())).await.expect(200);
        assert_eq!(column(&first, "name"), ["Planted 100001", "Planted 100002", "Planted 100003"].map(Value::from));
        let next = first["next_cursor"].as_str().expect("more");
        let second = stage.paula.get(&format!("{}?limit=1&cursor={next}", stage.list())).await.expect(200);
        assert_eq!(column(&second, "name"), [json!("Planted 100004")]);
        let most = stage.paula.get(&format!("{}?sort=-units&limit=2", stage.list())).await.expect(200);
        assert_eq!(column(&most, "quantity"), [json!(5_100), json!(5_099)]);
        let found = stage.paula.get(&format!("{}?q=102345&sort=changed", stage.list())).await.expect(200);
        assert_eq!(column(&found, "quantity"), [json!(2_345)]);
        let long = stage.paula.get(&format!("{}?sort=usage", stage.list())).await;
        assert_eq!(long.field(), "sort.list_too_long");
        let page = app.browser_of(stage.partner, "partner_administrator").await.0;
        let page = page.get(&format!("/licenses/{}/customers?sort=usage", stage.license)).await.page(200);
        assert!(page.contains("More than 5,000 customers cannot be sorted") && page.contains("100 of 5,100 customers"));
        plant(&app, 5_101, 10_100).await;
        let walked = stage.paula.get(&format!("{}?limit=3", stage.list())).await.expect(200);
        assert_eq!(walked["items"], first["items"]);
        let second = stage.paula.get(&format!("{}?limit=1&cursor={next}", stage.list())).await.expect(200);
        assert_eq!(column(&second, "name"), [json!("Planted 100004")]);
        app.end().await;
    }
}

both_engines! {
    /// Commitment, what is left, customers, renewal; the price for whoever may see it, by the month.
    async fn the_metrics_add_up(app: TestApp) {
        let stage = Stage::set(&app).await;
        stage.customer(&app, "Aurora", 100).await;
        stage.customer(&app, "Borealis", 110).await;
        let share = stage.paula.get(&format!("/api/v1/pools/{}/metrics", stage.pool)).await.expect(200);
        assert_eq!((&share["quantity"], &share["allocated"], &share["unallocated"], &share["customers"]),
            (&json!(1_000), &json!(210), &json!(790), &json!(2)));
        assert_eq!(share.get("price_minor"), None, "a share has none");
        let sku = app.insert_sku("OWN-1Y", Some("P1Y")).await;
        let own = json!({"organization_id": stage.partner, "sku_id": sku, "quantity": 30, "price_minor": 12_000, "currency": "EUR"});
        let own = app.operator.post("/api/v1/licenses", own).await.expect(201);
        let path = format!("/api/v1/pools/{}/metrics", own["pool_id"].as_str().expect("an id"));
        let priced = stage.paula.get(&path).await.expect(200);
        assert_eq!((&priced["price_minor"], &priced["monthly_minor"], &priced["currency"]),
            (&json!(12_000), &json!(30_000), &json!("EUR")));
        assert_eq!((&priced["end_date"], &priced["renews_on"]), (&json!("2027-05-31"), &json!("2027-06-01")));
        let reader = app.member(stage.partner, "reader").await;
        assert_eq!(reader.get(&path).await.expect(200).get("monthly_minor"), None);
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(elsewhere, "partner_administrator").await;
        assert_eq!(stranger.get(&path).await.code(404), "not_found");
        app.end().await;
    }
}
