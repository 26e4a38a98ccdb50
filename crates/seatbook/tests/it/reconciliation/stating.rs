//! A distributor's statement laid beside it.

use serde_json::{Value, json};

use super::{Trade, asks, bills, states, told, written};
use crate::{both_engines, harness::id};

/// Alder twice, Birch by its product's name, somebody unknown, an unknown product, no number, and nothing at all.
const FILE: &str = "Customer,SKU,Qty,Net amount,Currency\n\
    Alder,DESK,7,70.00,EUR\n\
    alder,desk,5,50.00,EUR\n\
    Birch,Product of DESK,10,100.00,EUR\n\
    Zorro Ltd,DESK,3,30.00,EUR\n\
    Cedar,CHAIR,1,,\n\
    Doug,DESK,some,,\n\
    Doug,,8,,\n";

const NAMES: [&str; 4] = ["organization_name", "stated", "overstated", "agrees"];

both_engines! {
    /// The fourth number stands beside the others; what matches nothing says why, by row and column.
    async fn a_statement_is_laid_beside_it(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.known_book().await;
        let made = states(&app.operator, (app.provider, "2026-06"), FILE).await.expect(201);
        assert_eq!((&made["row_count"], &made["matched"], &made["month"]), (&json!(7), &json!(3), &json!("2026-06")));
        let page = asks(&app.operator, "month=2026-06").await;
        assert_eq!(page["statement_id"], made["id"]);
        assert_eq!(told(&page, &NAMES), [
            json!(["Alder", 12, 2, false]),
            json!(["Birch", 10, 0, false]),
            json!(["Cedar", 0, -15, false]),
            json!(["Doug", 0, -8, false]),
            json!(["Elm", 0, -30, false]),
        ]);
        assert_eq!(told(&page, &["difference"])[0], json!(["distributor says 12, holds 10: 2 more than held"]));
        assert_eq!(page["totals"]["stated_otherwise"], 4);
        let rows = format!("/api/v1/statements/{}/rows", id(&made["id"]));
        let unmatched = app.operator.get(&format!("{rows}?matched=false")).await.expect(200);
        let why = |it: &Value| json!([it["number"], it["remarks"][0]["column"], it["remarks"][0]["code"]]);
        let found: Vec<Value> = unmatched["items"].as_array().expect("items").iter().map(why).collect();
        assert_eq!(found, [json!([5, "Customer", "customer.unknown"]), json!([6, "SKU", "product.unknown"]),
            json!([7, "Qty", "number.malformed"]), json!([8, "SKU", "required"])]);
        let matched = app.operator.get(&format!("{rows}?matched=true&limit=1")).await.expect(200);
        let first = &matched["items"][0];
        assert_eq!((&first["customer"], &first["organization_name"], &first["amount_minor"], &first["currency"]),
            (&json!("Alder"), &json!("Alder"), &json!(7_000), &json!("EUR")));
        let rest = matched["next_cursor"].as_str().expect("more");
        let rest = app.operator.get(&format!("{rows}?matched=true&cursor={rest}")).await.expect(200);
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(2));
        // Another month has none.
        assert_eq!(asks(&app.operator, "month=2026-05").await["statement_id"], Value::Null);
        let file = written(&app, "month=2026-06&q=alder").await;
        assert_eq!(file[0][9], "Distributor says", "{file:?}");
        assert!(file[1].join(",").contains("10,0,0,10,0,12,2,"), "{file:?}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Columns are said by hand, a newer file takes the place of the older one, and it can be taken away.
    async fn a_statement_is_mapped_replaced_and_taken_away(app: TestApp) {
        let trade = Trade::open(&app).await;
        let known = trade.known_book().await;
        let odd = "Who;What;How many\nAlder;DESK;10\nBirch;DESK;9\n";
        let made = states(&app.operator, (app.provider, "2026-06"), odd).await.expect(201);
        assert_eq!((&made["matched"], &made["mapping"]), (&json!(0), &json!({})));
        let unread = asks(&app.operator, "month=2026-06").await;
        assert_eq!((&unread["statement_id"], unread["items"][0].get("stated")), (&made["id"], None));
        let place = format!("/api/v1/statements/{}", id(&made["id"]));
        let map = format!("{place}/mapping");
        let columns = json!({"mapping": {"customer": "who", "product": "What", "quantity": "How many"}});
        for (wrong, code) in [(json!({"mapping": {"customer": "Who"}}), "required"),
            (json!({"mapping": {"customer": "Nobody"}}), "column.unknown"),
            (json!({"mapping": {"customer": "Who", "product": "What", "quantity": "How many", "colour": "Who"}}), "field.unknown")] {
            assert_eq!(app.operator.put(&map, wrong).await.field(), code);
        }
        let seen = app.operator.put(&format!("{map}?preview=true"), columns.clone()).await.expect(200);
        assert_eq!((&seen["matched"], &app.operator.get(&place).await.expect(200)["matched"]), (&json!(2), &json!(0)));
        let mapped = app.operator.put(&map, columns.clone()).await.expect(200);
        assert_eq!((&mapped["matched"], &mapped["version"]), (&json!(2), &json!(2)));
        let stale = app.operator.request(reqwest::Method::PUT, &map).header("If-Match", "\"1\"").json(&columns);
        assert_eq!(crate::harness::send(stale).await.code(412), "version.stale");
        let page = asks(&app.operator, "month=2026-06&q=bi").await;
        assert_eq!(told(&page, &NAMES), [json!(["Birch", 9, -1, false])]);
        // Who comes later is found by matching again.
        let by_reference = "Customer no,SKU,Units\nA-17,DESK,10\n";
        let made = states(&app.operator, (app.provider, "2026-06"), by_reference).await.expect(201);
        assert_eq!(app.operator.get(&place).await.code(404), "not_found");
        assert_eq!(made["matched"], 0);
        let place = format!("/api/v1/statements/{}", id(&made["id"]));
        let alder = format!("/api/v1/organizations/{}", known.alder);
        app.operator.put(&alder, json!({"name": "Alder", "reference": "A-17"})).await.expect(200);
        let again = json!({"mapping": {"customer": "Customer no", "product": "SKU", "quantity": "Units"}});
        let mapped = app.operator.put(&format!("{place}/mapping"), again).await.expect(200);
        assert_eq!(mapped["matched"], 1);
        let list = app.operator.get("/api/v1/statements").await.expect(200);
        assert_eq!(told(&list, &["id"]), [json!([made["id"]])]);
        app.operator.delete(&place).await.expect(200);
        assert_eq!(app.operator.get(&place).await.code(404), "not_found");
        assert!(asks(&app.operator, "month=2026-06").await["items"][0].get("stated").is_none());
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What cannot be read is refused with its reason, and 90 days later a statement is gone.
    async fn statements_are_refused_and_forgotten(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.customer("Alder").await;
        let rows = "Customer,SKU,Qty\nAlder,DESK,1\n";
        for (month, rows, code) in [("2026-07", rows, "month.invalid"), ("soon", rows, "month.invalid"), ("2026-06", "", "required"),
            ("2026-06", "Customer,SKU,Qty\n", "file.no_rows")] {
            assert_eq!(states(&app.operator, (app.provider, month), rows).await.field(), code);
        }
        let mut long = String::from("Customer,SKU,Qty\n");
        long.extend((0..20_001).map(|_| "Alder,DESK,1\n"));
        assert_eq!(states(&app.operator, (app.provider, "2026-06"), &long).await.field(), "statement.too_many_rows");
        let made = states(&app.operator, (app.provider, "2026-06"), rows).await.expect(201);
        let place = format!("/api/v1/statements/{}", id(&made["id"]));
        let forgets = async |days: i64| {
            app.clock.advance_seconds(days * 86_400);
            let gone = seatbook::statements::sweep::forget(app.app.gate.db(), app.app.gate.now()).await;
            gone.expect("it forgets")
        };
        assert_eq!(forgets(90).await, 0);
        app.operator.get(&place).await.expect(200);
        assert_eq!(forgets(1).await, 1);
        app.operator.get(&place).await.code(404);
        app.end().await;
    }
}

both_engines! {
    /// Who imports files sends them, for its own customers; amounts are for who may see prices there.
    async fn statements_are_their_organizations(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.known_book().await;
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        bills(&app, partner, json!({"legal_name": "Nordlicht", "city": "Kiel", "country": "DE", "tax_category": "zero"})).await;
        let own = app.organization(partner, "customer", "Grün").await;
        let file = format!("{FILE}Grün,DESK,4,40.00,EUR\n");
        let paula = app.member(partner, "partner_administrator").await;
        let made = states(&paula, (partner, "2026-06"), &file).await.expect(201);
        assert_eq!(made["matched"], 1, "others' customers are nobody's");
        let page = asks(&paula, "month=2026-06").await;
        assert_eq!(told(&page, &["organization_id", "held", "stated"]), [json!([own, 0, 4])]);
        let place = format!("/api/v1/statements/{}", id(&made["id"]));
        let rows = format!("{place}/rows?matched=true");
        assert_eq!(paula.get(&rows).await.expect(200)["items"][0]["amount_minor"], 4_000);
        let clerk = app.member(partner, "customer_administrator").await;
        let unpriced = clerk.get(&rows).await.expect(200);
        assert_eq!((&unpriced["items"][0]["quantity"], unpriced["items"][0].get("amount_minor")), (&json!(4), None));
        // Rights held further up show no amounts either.
        assert!(app.operator.get(&rows).await.expect(200)["items"][0].get("amount_minor").is_none());
        let reader = app.member(partner, "reader").await;
        assert_eq!(asks(&reader, "month=2026-06").await["items"][0]["stated"], 4);
        assert_eq!(reader.get(&place).await.code(404), "not_found");
        assert_eq!(states(&reader, (partner, "2026-06"), FILE).await.code(403), "permission.missing");
        assert_eq!(states(&paula, (app.provider, "2026-06"), FILE).await.code(404), "not_found");
        app.end().await;
    }
}
