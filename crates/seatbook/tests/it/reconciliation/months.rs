//! Months that are over: told from the journal, as they were.

use seatbook::activation::sweep;
use serde_json::json;
use store::Timestamp;

use super::{Trade, asks, told};
use crate::{both_engines, crossgrades::stage::Stage, harness::TestApp};

const NAMES: [&str; 6] = [
    "organization_name",
    "purchased",
    "allocated",
    "in_use",
    "invoiced",
    "unbilled",
];

/// Moves the clock to an instant, and ends what is over then.
async fn at(app: &TestApp, instant: &str) {
    let now = Timestamp::new(instant.parse().expect("an instant"));
    app.clock.set(now);
    sweep::run(&app.app, now).await.expect("it sweeps");
}

both_engines! {
    /// What changes afterwards is not seen in the month before: units, shares, use, an end by decision.
    async fn a_month_stays_as_it_was(app: TestApp) {
        let trade = Trade::open(&app).await;
        let known = trade.known_book().await;
        let june = asks(&app.operator, "month=2026-06").await;
        at(&app, "2026-07-02T10:00:00Z").await;
        assert_eq!(asks(&app.operator, "").await["items"], june["items"]);
        let late = trade.customer("Gale").await;
        app.allocate(known.pool, late, 9).await;
        let alders = app.operator.get(&format!("/api/v1/licenses?organization_id={}", known.alder)).await.expect(200);
        let alders = crate::harness::id(&alders["items"][0]["id"]);
        trade.changes(alders, json!({"quantity": 25})).await;
        let birches = app.operator.get(&format!("/api/v1/licenses?organization_id={}", known.birch)).await.expect(200);
        let birches = crate::harness::id(&birches["items"][0]["id"]);
        app.operator.act(&format!("/api/v1/licenses/{birches}/terminate")).await.expect(200);
        let elm = app.operator.get("/api/v1/organizations?q=elm").await.expect(200);
        let elm = crate::harness::id(&elm["items"][0]["id"]);
        app.allocate(known.pool, elm, 12).await;
        let then = asks(&app.operator, "month=2026-06").await;
        assert_eq!((&then["items"], &then["totals"]), (&june["items"], &june["totals"]));
        let now = asks(&app.operator, "month=2026-07&sort=customer").await;
        assert_eq!(told(&now, &NAMES), [
            json!(["Alder", 25, 0, 0, 10, 15]),
            json!(["Cedar", 15, 0, 0, 20, -5]),
            json!(["Doug", 8, 0, 0, 0, 8]),
            json!(["Elm", 0, 42, 4, 0, 42]),
            json!(["Gale", 0, 9, 0, 0, 9]),
        ]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A license that ended within the month counts as it was at its end, though its units went back since; one that was
    /// written down late counts from its first day.
    async fn what_ended_and_what_came_late_counts(app: TestApp) {
        let trade = Trade::open(&app).await;
        let customer = trade.customer("Alder").await;
        let source = json!({"organization_id": app.provider, "sku_id": trade.sku, "quantity": 50, "start_date": "2026-05-01"});
        let source = app.operator.post("/api/v1/licenses", source).await.expect(201);
        let product = app.operator.get("/api/v1/products?q=desk").await.expect(200);
        let monthly = json!({"code": "MONTH", "name": "By the month", "product_id": product["items"][0]["id"], "validity": "P1M"});
        let monthly = app.operator.post("/api/v1/skus", monthly).await.id();
        let drawn = json!({"sku_id": monthly, "quantity": 7, "source_pool_id": source["pool_id"], "start_date": "2026-05-15"});
        let drawn = trade.sells_as(customer, drawn).await;
        trade.invoices(drawn).await;
        at(&app, "2026-06-20T10:00:00Z").await;
        let ended = app.operator.get(&format!("/api/v1/licenses/{drawn}")).await.expect(200);
        assert_eq!(ended["status"], "expired", "{ended}");
        let june = asks(&app.operator, "month=2026-06").await;
        assert_eq!(told(&june, &NAMES), [json!(["Alder", 7, 0, 0, 7, 0])]);
        at(&app, "2026-07-05T10:00:00Z").await;
        let late = json!({"quantity": 5, "issue": true, "start_date": "2026-06-10"});
        let late = trade.sells_as(customer, late).await;
        let june = asks(&app.operator, "month=2026-06").await;
        assert_eq!(told(&june, &NAMES), [json!(["Alder", 12, 0, 0, 7, 5])]);
        trade.invoices(late).await;
        let june = asks(&app.operator, "month=2026-06").await;
        assert_eq!(told(&june, &NAMES), [json!(["Alder", 12, 0, 0, 12, 0])]);
        let july = asks(&app.operator, "month=2026-07").await;
        assert_eq!(told(&july, &NAMES), [json!(["Alder", 5, 0, 0, 5, 0])]);
        let may = asks(&app.operator, "month=2026-05").await;
        assert_eq!(told(&may, &NAMES), [json!(["Alder", 7, 0, 0, 7, 0])]);
        app.end().await;
    }
}

both_engines! {
    /// Units that a crossgrade took to another license afterwards were of the old one then.
    async fn what_was_carried_since_counts_where_it_was(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        stage.assign(stage.standard, json!({})).await.expect(201);
        stage.bind(&app, 3).await;
        let asked = |month: &str| format!("month={month}&organization_id={}", stage.partner);
        let june = asks(&app.operator, &asked("2026-06")).await;
        let names = ["product_name", "purchased", "in_use"];
        assert_eq!(told(&june, &names), [json!(["Worry-Free", 25, 3])]);
        at(&app, "2026-07-02T10:00:00Z").await;
        stage.crossgrade(stage.suite, json!({}), json!([])).await.expect(201);
        let then = asks(&app.operator, &asked("2026-06")).await;
        assert_eq!((&then["items"], &then["totals"]), (&june["items"], &june["totals"]));
        let now = asks(&app.operator, &asked("2026-07")).await;
        assert_eq!(told(&now, &names), [json!(["Email Security", 5, 0]), json!(["Worry-Free", 25, 3]), json!(["XDR", 10, 0])]);
        app.prove();
        app.end().await;
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

both_engines! {
    /// Whatever is done afterwards, each month says later what it said in its last second.
    async fn months_say_what_they_said(app: TestApp) {
        let trade = Trade::open(&app).await;
        let (_, pool) = app.license(app.provider, trade.sku, 10_000).await;
        let mut customers = Vec::new();
        for name in ["Alder", "Birch", "Cedar"] {
            customers.push(trade.customer(name).await);
        }
        let (mut dice, mut sold, mut said) = (Dice(7), Vec::new(), Vec::new());
        for (month, last) in [("2026-06", "2026-06-30"), ("2026-07", "2026-07-31"), ("2026-08", "2026-08-31")] {
            for _ in 0..14 {
                app.clock.advance_seconds(3_600);
                let customer = customers[dice.below(3) as usize];
                match dice.below(5) {
                    0 => {
                        let license = trade.sells(customer, 1 + dice.below(20) as i64).await;
                        if dice.below(2) == 0 {
                            trade.invoices(license).await;
                        }
                        sold.push(license);
                    }
                    1 if !sold.is_empty() => {
                        let license = sold[dice.below(sold.len() as u64) as usize];
                        trade.changes(license, json!({"quantity": 30 + dice.below(20)})).await;
                    }
                    2 if sold.len() > 2 => {
                        let license = sold.swap_remove(0);
                        app.operator.act(&format!("/api/v1/licenses/{license}/terminate")).await.expect(200);
                    }
                    3 => {
                        // Fewer than it has is refused, which changes nothing either.
                        let back = json!({"pool_id": pool, "organization_id": customer, "units": -(1 + dice.below(9) as i64)});
                        app.operator.post("/api/v1/allocations", back).await;
                    }
                    _ => {
                        app.allocate(pool, customer, 1 + dice.below(9) as i64).await;
                    }
                }
            }
            at(&app, &format!("{last}T23:59:59Z")).await;
            let now = asks(&app.operator, &format!("month={month}&sort=customer")).await;
            said.push((month, now));
            app.clock.advance_seconds(1);
        }
        for (month, then) in said {
            let now = asks(&app.operator, &format!("month={month}&sort=customer")).await;
            assert_eq!((&now["items"], &now["totals"]), (&then["items"], &then["totals"]), "{month}");
        }
        app.prove();
        app.end().await;
    }
}
