//! Every list that can be had as a file.

use seatbook::scope::Permission;
use serde_json::json;

use super::{Workbook, exported, lines, said};
use crate::both_engines;

both_engines! {
    /// Each list has its columns and its rows, and filters hold.
    async fn every_list_is_written(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let other = app.organization(app.provider, "customer", "=Acme").await;
        let (license, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, partner, 20).await;
        app.allocate(pool, other, 5).await;
        for (name, email) in [("Anna Berg", "anna@example.org"), ("Ben Cole", "ben@example.org")] {
            let holder = json!({"organization_id": partner, "name": name, "email": email});
            app.operator.post("/api/v1/holders", holder).await.expect(201);
        }
        let sale = json!({"seller_id": app.provider, "sku_id": sku, "quantity": 2, "issue": true, "name": "Sold",
            "price_minor": 1_250, "currency": "EUR"});
        app.operator.post("/api/v1/licenses/sell", sale).await.expect(201);
        let whole = [
            ("customers", json!({"license_id": license}), "Customer", 2),
            ("subscriptions", json!({"organization_id": partner}), "UUID", 1),
            ("organizations", json!({}), "Organization", 2),
            ("skus", json!({}), "SKU", 1),
            ("holders", json!({}), "Holder", 2),
            ("holders", json!({"organization_id": app.provider}), "Holder", 0),
            ("holders", json!({"query": "q=berg"}), "Holder", 1),
            ("organizations", json!({"query": "kind=partner"}), "Organization", 1),
            ("sales", json!({}), "Name", 1),
            ("invoices", json!({}), "Number", 0),
        ];
        for (list, more, heading, rows) in whole {
            let mut body = json!({"list": list, "format": "csv"});
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let lines = lines(&exported(&app, &app.operator, body).await);
            assert_eq!((lines[0][0].as_str(), lines.len()), (heading, rows + 1), "{list}: {lines:?}");
        }
        for list in ["journal", "jobs"] {
            let lines = lines(&exported(&app, &app.operator, json!({"list": list, "format": "csv"})).await);
            assert!(lines.len() > 5 && lines.iter().all(|line| line.len() == lines[0].len()), "{list}: {lines:?}");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Customers come with their units, a name that looks like a formula stays a name, and prices are for those who may
    /// see them.
    async fn customers_and_prices_are_what_the_page_says(app: TestApp) {
        let product = app.operator.post("/api/v1/products", json!({"code": "PHONE", "name": "Phone"})).await.id();
        let sku = json!({"code": "PHONE", "name": "Phone", "product_id": product, "price_minor": 1_250, "currency": "EUR"});
        let sku = app.operator.post("/api/v1/skus", sku).await.id();
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let (license, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, partner, 20).await;
        let acme = app.organization(app.provider, "customer", "=Acme").await;
        app.allocate(pool, acme, 5).await;
        let body = json!({"list": "customers", "license_id": license, "query": "sort=-units&col=-"});
        let mut book = Workbook::of(exported(&app, &app.operator, body).await);
        assert_eq!(book.formulas(), 0);
        let rows: Vec<Vec<String>> = book.rows().iter().map(|row| row.iter().map(said).collect()).collect();
        assert_eq!(rows[0], ["Customer", "Units", "In use there", "Leaves on"]);
        assert_eq!(rows[1], ["Nordlicht", "20", "0", ""]);
        assert_eq!(rows[2], ["=Acme", "5", "0", ""]);
        assert_eq!(rows[3], ["Total", "25", "0", ""]);

        let price = |lines: Vec<Vec<String>>| {
            let at = lines[0].iter().position(|it| it == "Price").expect("a price");
            lines[1][at].clone()
        };
        let body = json!({"list": "skus", "format": "csv"});
        let seen = price(lines(&exported(&app, &app.operator, body.clone()).await));
        assert_eq!(seen, "12.50");
        let reader = app.member(partner, "reader").await;
        assert_eq!(price(lines(&exported(&app, &reader, body).await)), "", "not for a reader");
        app.end().await;
    }
}

both_engines! {
    /// What organizations hold is for those who may read licenses, in the file as on the page.
    async fn what_organizations_hold_is_not_for_everybody(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let (_, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, partner, 20).await;
        let held = |lines: Vec<Vec<String>>| {
            let at = |heading: &str| lines[0].iter().position(|it| it == heading).expect("a column");
            ["Licenses", "Units"].map(|heading| lines[1][at(heading)].clone())
        };
        let body = json!({"list": "organizations", "format": "csv"});
        let seen = held(lines(&exported(&app, &app.operator, body.clone()).await));
        assert_eq!(seen, ["1", "20"]);
        let limited = app.limited(&app.operator, &[Permission::OrganizationsRead]).await;
        assert_eq!(held(lines(&exported(&app, &limited, body).await)), ["", ""]);
        app.end().await;
    }
}
