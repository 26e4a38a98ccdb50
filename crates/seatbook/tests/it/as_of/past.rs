//! The past, as the journal tells it.

use serde_json::json;
use uuid::Uuid;

use super::{Told, customers, edit, issued, now, on, path, set};
use crate::{
    both_engines,
    harness::{TestApp, random_id},
};

both_engines! {
    /// Units, dates and whoever had them, day by day; what is gone since was there, what came since was not.
    async fn a_day_is_told_as_it_was(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Aurora").await;
        let (license, pool) = issued(&app, "MDR", json!({"start_date": "2026-06-01"})).await;
        let (gone, gone_pool) = issued(&app, "GONE", json!({"sales_order": "SO-2"})).await;
        set(&app, "2026-06-02T08:00:00Z");
        let share = app.allocate(pool, customer, 30).await;
        set(&app, "2026-06-03T08:00:00Z");
        edit(&app, license, json!({"quantity": 80, "start_date": "2026-05-01"})).await;
        app.operator.delete(&format!("/api/v1/licenses/{gone}")).await.expect(200);
        set(&app, "2026-06-04T08:00:00Z");
        app.allocate(pool, customer, 5).await;
        app.operator.act(&format!("/api/v1/licenses/{license}/pause")).await.expect(200);

        assert_eq!(on(&app.operator, app.provider, "2026-05-31").await, Told::new(), "before anything began");
        let first = on(&app.operator, app.provider, "2026-06-01").await;
        assert_eq!(first.len(), 2);
        assert_eq!(first[&pool], json!({"license_id": license, "quantity": 50, "allocated": 0, "assigned": 0,
            "start_date": "2026-06-01", "end_date": "2027-05-31", "paused": false}));
        assert_eq!(first[&gone_pool]["quantity"], 50, "what was removed since was there");
        let second = on(&app.operator, app.provider, "2026-06-02").await;
        assert_eq!((&second[&pool]["quantity"], &second[&pool]["allocated"]), (&json!(50), &json!(30)));
        let third = on(&app.operator, app.provider, "2026-06-03").await;
        assert_eq!(third.len(), 1);
        assert_eq!((&third[&pool]["quantity"], &third[&pool]["end_date"]), (&json!(80), &json!("2027-04-30")));
        assert_eq!(on(&app.operator, app.provider, "2026-06-04").await, now(&app.operator, app.provider).await);
        assert_eq!(on(&app.operator, app.provider, "2026-06-04").await[&pool]["paused"], true);

        assert_eq!(customers(&app.operator, pool, "2026-06-01").await, []);
        assert_eq!(customers(&app.operator, pool, "2026-06-02").await, [("Aurora".into(), 30, 0)]);
        assert_eq!(customers(&app.operator, pool, "2026-06-04").await, [("Aurora".into(), 35, 0)]);
        assert_eq!(on(&app.operator, customer, "2026-06-03").await[&share]["quantity"], 30);
        let old = app.operator.get(&format!("{}&q=so-2&status=active", path(app.provider, "2026-06-01"))).await.expect(200);
        assert_eq!((&old["total"], &old["items"][0]["status"], &old["at"]),
            (&json!(1), &json!("active"), &json!("2026-06-01T23:59:59.999999Z")));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whatever happened: each evening is told later as it was seen then. The seed is printed.
    async fn evenings_are_told_as_they_were_seen(app: TestApp) {
        let seed = u64::from_be_bytes(random_id().into_bytes()[8..].try_into().expect("eight bytes"));
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let customer = app.organization(partner, "customer", "Aurora").await;
        let places = [app.provider, partner, customer];
        let mut held: Vec<(Uuid, Uuid)> = vec![issued(&app, "FIRST", json!({})).await];
        let mut evenings = Vec::new();
        for day in 2..=25 {
            let date = format!("2026-06-{day:02}");
            set(&app, &format!("{date}T09:00:00Z"));
            for step in 0..dice.below(4) {
                app.clock.advance_seconds(60);
                happens(&app, &mut dice, (&mut held, &places, format!("SKU-{day}-{step}"))).await;
            }
            let mut seen = Vec::new();
            for place in places {
                seen.push(now(&app.operator, place).await);
            }
            evenings.push((date, seen));
        }
        set(&app, "2026-07-01T09:00:00Z");
        for (date, seen) in evenings {
            for (place, seen) in places.iter().zip(seen) {
                assert_eq!(on(&app.operator, *place, &date).await, seen, "{date}, seed {seed}");
            }
        }
        app.prove();
        app.end().await;
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("a small number")
    }
}

/// One thing that may be refused, and then changes nothing.
async fn happens(
    app: &TestApp,
    dice: &mut Dice,
    (held, places, code): (&mut Vec<(Uuid, Uuid)>, &[Uuid; 3], String),
) {
    let (license, pool) = held[dice.below(held.len())];
    let units = 1 + dice.below(19) as i64;
    let path = format!("/api/v1/licenses/{license}");
    match dice.below(7) {
        0 => held.push(issued(app, &code, json!({"quantity": 10 + units})).await),
        1 => drop(
            app.operator
                .patch(&path, json!({"quantity": 10 * units}))
                .await,
        ),
        2 => drop(app.operator.act(&format!("{path}/pause")).await),
        3 => drop(app.operator.act(&format!("{path}/resume")).await),
        4 => drop(app.operator.delete(&path).await),
        _ => {
            let (from, to) = match dice.below(5) < 3 {
                true => (pool, places[1]),
                false => {
                    let path = format!(
                        "/api/v1/pools?organization_id={}&license_id={license}",
                        places[1]
                    );
                    let found = app.operator.get(&path).await.expect(200);
                    match found["items"][0]["id"].as_str() {
                        Some(id) => (id.parse().expect("an id"), places[2]),
                        None => return,
                    }
                }
            };
            let sign = if dice.below(10) < 7 { 1 } else { -1 };
            let body = json!({"pool_id": from, "organization_id": to, "units": sign * units});
            drop(app.operator.post("/api/v1/allocations", body).await);
        }
    }
}

both_engines! {
    /// A pool that changed more often than is read from its beginning is told as well.
    async fn a_busy_pool_is_told(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Aurora").await;
        let (license, pool) = issued(&app, "BUSY", json!({"quantity": 1_000})).await;
        for _ in 0..150 {
            app.clock.advance_seconds(1);
            app.allocate(pool, customer, 1).await;
        }
        set(&app, "2026-06-02T09:00:00Z");
        edit(&app, license, json!({"quantity": 2_000})).await;
        for _ in 0..150 {
            app.clock.advance_seconds(1);
            app.allocate(pool, customer, 1).await;
        }
        set(&app, "2026-06-03T09:00:00Z");
        assert_eq!(on(&app.operator, app.provider, "2026-05-31").await, Told::new());
        for (date, quantity, allocated) in [("2026-06-01", 1_000, 150), ("2026-06-02", 2_000, 300)] {
            let told = on(&app.operator, app.provider, date).await;
            assert_eq!((&told[&pool]["quantity"], &told[&pool]["allocated"]), (&json!(quantity), &json!(allocated)));
            assert_eq!(customers(&app.operator, pool, date).await, [("Aurora".into(), allocated, 0)]);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Days that are none are said, others' organizations are not there, and who may not see customers is told so.
    async fn what_cannot_be_told_is_said(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let other = app.organization(app.provider, "partner", "Other").await;
        let (_, pool) = issued(&app, "MDR", json!({})).await;
        let paula = app.member(partner, "partner_administrator").await;
        for (date, code) in [("yesterday", "date.malformed"), ("2026-06-31", "date.malformed"), ("2037-01-01", "out_of_calendar")] {
            assert_eq!(app.operator.get(&path(app.provider, date)).await.field(), code, "{date}");
        }
        let foreign = paula.get(&path(other, "2026-05-01")).await.expect(404);
        let nobody = paula.get(&path(random_id(), "2026-05-01")).await.expect(404);
        assert_eq!(foreign["code"], nobody["code"]);
        let of_pool = format!("/api/v1/as-of/pools/{pool}/customers?date=2026-05-01");
        paula.get(&of_pool).await.expect(404);
        assert_eq!(app.operator.get(&format!("{}&sort=colour", path(app.provider, "2026-05-01"))).await.field(), "sort.unknown");
        app.end().await;
    }
}
