//! The lines: numbers, differences, order, pages, and who sees what.

use serde_json::{Value, json};

use super::{Trade, asks, bills, told, written};
use crate::both_engines;

both_engines! {
    /// Every case once: agrees, not billed, billed too much, taken back, passed on, nothing at all.
    async fn differences_are_said_first(app: TestApp) {
        let trade = Trade::open(&app).await;
        let known = trade.known_book().await;
        let page = asks(&app.operator, "month=2026-06").await;
        let names = ["organization_name", "purchased", "allocated", "in_use", "invoiced", "unbilled", "agrees"];
        assert_eq!(told(&page, &names), [
            json!(["Birch", 10, 0, 0, 0, 10, false]),
            json!(["Cedar", 15, 0, 0, 20, -5, false]),
            json!(["Doug", 8, 0, 0, 0, 8, false]),
            json!(["Elm", 0, 30, 4, 0, 30, false]),
            json!(["Alder", 10, 0, 0, 10, 0, true]),
        ]);
        assert_eq!(told(&page, &["difference"])[1], json!(["invoiced 20, holds 15: 5 billed too much"]));
        assert_eq!(page["totals"], json!({"lines": 5, "differences": 4, "not_billed": 48, "billed_too_much": 5}));
        assert_eq!((&page["month"], &page["statement_id"]), (&json!("2026-06"), &Value::Null));
        assert!(page["items"][0].get("stated").is_none(), "{page}");
        let only = asks(&app.operator, "month=2026-06&differences=true&q=DER").await;
        assert!(told(&only, &names).is_empty(), "{only}");
        let found = asks(&app.operator, "month=2026-06&q=alder").await;
        assert_eq!(told(&found, &["organization_id"]), [json!([known.alder])]);
        let found = asks(&app.operator, "month=2026-06&q=product+of+desk&limit=200").await;
        assert_eq!(found["totals"]["lines"], 5);
        // Nothing ran in the month before, which is the one that is meant where none is named.
        let before = asks(&app.operator, "").await;
        assert_eq!((&before["month"], before["items"].as_array().map(Vec::len)), (&json!("2026-05"), Some(0)));
        for (query, code) in [("month=2026-07", "month.invalid"), ("month=June", "month.invalid"), ("sort=colour", "sort.unknown"),
            ("limit=0", "limit.out_of_range"), ("cursor=odd", "cursor.invalid")] {
            assert_eq!(app.operator.get(&format!("/api/v1/reconciliation?{query}")).await.field(), code);
        }
        // Who moved away is no customer any more.
        let away = app.organization(app.provider, "partner", "Away").await;
        let birch = format!("/api/v1/organizations/{}/move", known.birch);
        app.operator.post(&birch, json!({"parent_id": away})).await.expect(200);
        let left = asks(&app.operator, "month=2026-06&q=birch").await;
        assert!(told(&left, &names).is_empty(), "{left}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// In each order every line is on one page.
    async fn every_order_shows_each_line_once(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.known_book().await;
        for (sort, first) in [("difference", "Birch"), ("-difference", "Alder"), ("customer", "Alder"), ("-customer", "Elm"),
            ("product", "Alder"), ("-purchased", "Cedar"), ("purchased", "Elm"), ("-allocated", "Elm"), ("-in_use", "Elm"),
            ("-invoiced", "Cedar"), ("stated", "Alder")] {
            let mut seen = vec![];
            let mut cursor = String::new();
            loop {
                let page = asks(&app.operator, &format!("month=2026-06&limit=2&sort={sort}{cursor}")).await;
                seen.extend(told(&page, &["organization_name"]));
                assert_eq!(page["totals"]["lines"], 5);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen[0], json!([first]), "{sort}");
            seen.sort_by_key(ToString::to_string);
            assert_eq!(seen, ["Alder", "Birch", "Cedar", "Doug", "Elm"].map(|name| json!([name])), "{sort}");
        }
        let page = asks(&app.operator, "month=2026-06&limit=2&sort=customer").await;
        let cursor = page["next_cursor"].as_str().expect("more").to_owned();
        let other = app.operator.get(&format!("/api/v1/reconciliation?month=2026-06&cursor={cursor}")).await;
        assert_eq!(other.field(), "cursor.invalid");
        app.end().await;
    }
}

both_engines! {
    /// A partner sees its own customers, and what is between it and them; invoices take their permissions at the seller.
    async fn each_sees_what_is_its_own(app: TestApp) {
        let trade = Trade::open(&app).await;
        let known = trade.known_book().await;
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let pool = app.allocate(known.pool, partner, 20).await;
        let own = app.organization(partner, "customer", "Grün").await;
        app.allocate(pool, own, 7).await;
        bills(&app, partner, json!({"legal_name": "Nordlicht", "city": "Kiel", "country": "DE", "tax_category": "zero"})).await;
        let paula = app.member(partner, "partner_administrator").await;
        let names = ["organization_name", "allocated", "in_use", "invoiced"];
        let hers = asks(&paula, "month=2026-06").await;
        assert_eq!(told(&hers, &names), [json!(["Grün", 7, 0, 0])]);
        let reader = app.member(partner, "reader").await;
        let unbilled = asks(&reader, "month=2026-06").await;
        assert_eq!(told(&unbilled, &names), [json!(["Grün", 7, 0, null])]);
        assert_eq!((&unbilled["items"][0]["agrees"], unbilled["totals"].get("not_billed")), (&json!(true), None));
        // From above one sees the partner's customers, and not what it bills them.
        let above = asks(&app.operator, &format!("month=2026-06&organization_id={partner}")).await;
        assert_eq!(told(&above, &names), [json!(["Grün", 7, 0, null])]);
        let provider = app.provider;
        let upwards = paula.get(&format!("/api/v1/reconciliation?organization_id={provider}")).await;
        assert_eq!(upwards.code(404), "not_found");
        let beside = paula.get(&format!("/api/v1/reconciliation?organization_id={}", known.birch)).await;
        assert_eq!(beside.code(404), "not_found");
        let nobody = app.limited(&app.operator, &[]).await;
        assert_eq!(nobody.get("/api/v1/reconciliation").await.code(403), "permission.missing");
        let text = hers.to_string() + &above.to_string();
        assert!(!text.contains("price") && !text.contains("minor"), "{text}");
        app.end().await;
    }
}

both_engines! {
    /// The same lines as a file, with what differs in words; a name that looks like a formula is none.
    async fn lines_are_had_as_a_file(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.known_book().await;
        let odd = trade.customer("=1+1").await;
        trade.sells(odd, 3).await;
        let lines = written(&app, "month=2026-06&sort=customer").await;
        assert_eq!(lines.len(), 7, "{lines:?}");
        let line = |number: usize| lines[number].join(",");
        assert!(line(0).ends_with("Purchased,Allocated,In use,Invoiced,Not billed,Difference"), "{}", line(0));
        assert!(line(1).starts_with("'=1+1,,Product of DESK,DESK,3,0,0,0,3,"), "{}", line(1));
        assert_eq!(line(2), "Alder,,Product of DESK,DESK,10,0,0,10,0,");
        assert!(lines.concat().contains(&"invoiced 20, holds 15: 5 billed too much".to_owned()), "{lines:?}");
        assert_eq!(written(&app, "month=2026-06&differences=1&q=alder").await.len(), 1);
        assert_eq!(written(&app, "month=2026-06&col=in_use").await[0].join(","),
            "Customer,Customer reference,Product,Product code,In use,Difference");
        app.end().await;
    }
}
