//! Passing units on through the door: the one law, the two editors, the race for the last units.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Racer, TestApp, race},
};

fn row(organization: Uuid, seen: i64, quantity: i64) -> Value {
    json!({"organization_id": organization, "seen": seen, "quantity": quantity})
}

/// A provider's pool of 50 and two tenants.
async fn fifty(app: &TestApp) -> (Uuid, Uuid, Uuid) {
    let sku = app.insert_sku("FW", Some("P1Y")).await;
    let (_, pool) = app.license(app.provider, sku, 50).await;
    let one = app.organization(app.provider, "partner", "T1").await;
    (
        pool,
        one,
        app.organization(app.provider, "customer", "T2").await,
    )
}

both_engines! {
    /// T1 20 and T2 30 of 50 are accepted; 20 and 31 are refused, naming the excess, and nothing is saved.
    async fn shares_fit_or_nothing_is_saved(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let path = format!("/api/v1/pools/{pool}/allocations");
        let over = app.operator.put(&path, json!({"rows": [row(one, 0, 20), row(two, 0, 31)]})).await.expect(409);
        assert_eq!((&over["code"], &over["excess"]), (&json!("pool.exhausted"), &json!(1)));
        assert_eq!(app.balance(pool).await, [50, 0, 0, 50]);
        let fits = app.operator.put(&path, json!({"rows": [row(one, 0, 20), row(two, 0, 30)]})).await.expect(200);
        assert_eq!((&fits["allocated"], &fits["free"]), (&json!(50), &json!(0)));
        let list = app.operator.get(&path).await.expect(200);
        let names: Vec<_> = list["items"].as_array().expect("items").iter().map(|i| (i["organization_name"].clone(), i["quantity"].clone())).collect();
        assert_eq!(names, [(json!("T1"), json!(20)), (json!("T2"), json!(30))]);
        app.end().await;
    }
}

both_engines! {
    /// A share cannot go below what that tenant passed on itself; the answer says how many to free.
    async fn a_share_covers_its_use(app: TestApp) {
        let (pool, one, _) = fifty(&app).await;
        let child = app.allocate(pool, one, 20).await;
        let leaf = app.organization(one, "customer", "Leaf").await;
        app.allocate(child, leaf, 15).await;
        let path = format!("/api/v1/pools/{pool}/allocations");
        let refused = app.operator.put(&path, json!({"rows": [row(one, 20, 12)]})).await.expect(409);
        assert_eq!((&refused["code"], &refused["rows"][0]["to_free"]), (&json!("allocation.below_use"), &json!(3)));
        app.operator.put(&path, json!({"rows": [row(one, 20, 15)]})).await.expect(200);
        assert_eq!(app.balance(pool).await, [50, 15, 0, 35]);
        assert_eq!(app.balance(child).await, [15, 15, 0, 0]);
        app.end().await;
    }
}

both_engines! {
    /// Nothing is taken back from a tenant that has less: refused, as many were never given or were passed on.
    async fn only_what_was_given_is_taken_back(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let back = |organization: Uuid, units: i64| {
            let body = json!({"pool_id": pool, "organization_id": organization, "units": -units});
            app.operator.post("/api/v1/allocations", body)
        };
        let to_free = |body: Value| (body["code"].clone(), body["rows"][0]["to_free"].clone());
        let refused = |units: i64| (json!("allocation.below_use"), json!(units));
        // Of nobody's units, while others have some, and more than there are.
        assert_eq!(to_free(back(two, 2).await.expect(409)), refused(2));
        app.allocate(pool, one, 20).await;
        assert_eq!(to_free(back(two, 2).await.expect(409)), refused(2));
        assert_eq!(to_free(back(one, 21).await.expect(409)), refused(1));
        assert_eq!(app.balance(pool).await, [50, 20, 0, 30]);
        app.end().await;
    }
}

both_engines! {
    /// A row that somebody changed meanwhile is refused with both values; the other rows are not saved either.
    async fn two_editors_do_not_overwrite_each_other(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let path = format!("/api/v1/pools/{pool}/allocations");
        app.operator.put(&path, json!({"rows": [row(one, 0, 10)]})).await.expect(200);
        app.operator.put(&path, json!({"rows": [row(one, 10, 12)]})).await.expect(200);
        let late = app.operator.put(&path, json!({"rows": [row(one, 10, 20), row(two, 0, 5)]})).await.expect(409);
        assert_eq!(late["code"], "allocation.changed");
        let refused = &late["rows"][0];
        assert_eq!((&refused["seen"], &refused["current"], &refused["wanted"]), (&json!(10), &json!(12), &json!(20)));
        assert_eq!(app.balance(pool).await, [50, 12, 0, 38]);
        app.end().await;
    }
}

both_engines! {
    /// Rows that cannot be meant are named: twice the same tenant, negative, not a child, unchanged.
    async fn bad_rows_are_named(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let leaf = app.organization(one, "customer", "Leaf").await;
        let path = format!("/api/v1/pools/{pool}/allocations");
        let put = |rows: Value| app.operator.put(&path, json!({"rows": rows}));
        let field = |body: Value| (body["fields"][0]["field"].clone(), body["fields"][0]["code"].clone());
        assert_eq!(field(put(json!([row(one, 0, 1), row(one, 0, 2)])).await.expect(422)).1, "duplicate");
        assert_eq!(field(put(json!([row(two, 0, 1), row(one, 0, -2)])).await.expect(422)), (json!("rows[1].quantity"), json!("negative")));
        assert_eq!(field(put(json!([row(leaf, 0, 1)])).await.expect(422)).1, "allocation.no_child");
        assert_eq!(field(put(json!([row(Uuid::nil(), 0, 1)])).await.expect(422)).1, "allocation.no_child");
        assert_eq!(field(put(json!([row(one, 0, 0)])).await.expect(422)).1, "rows.unchanged");
        assert_eq!(field(put(json!([])).await.expect(422)).1, "rows.out_of_range");
        app.end().await;
    }
}

both_engines! {
    /// 64 clients whose last bytes arrive at once want one of the last 50 units each: exactly 50 get one, the
    /// others are told what is free, nobody sees a failure.
    async fn the_last_units_are_given_once(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let racers = (0..64).map(|n| Racer {
            method: "POST",
            path: "/api/v1/allocations".into(),
            body: json!({"pool_id": pool, "organization_id": if n % 2 == 0 { one } else { two }, "units": 1}),
        });
        let answers = race(app.address, &app.operator, racers.collect()).await;
        let granted = answers.iter().filter(|(status, _)| *status == 201).count();
        let refused: Vec<&Value> = answers.iter().filter(|(status, _)| *status == 409).map(|(_, body)| body).collect();
        assert_eq!((granted, refused.len()), (50, 14), "{answers:?}");
        assert!(refused.iter().all(|body| body["code"] == "pool.exhausted" && body["free"] == 0), "{refused:?}");
        assert_eq!(app.balance(pool).await, [50, 50, 0, 0]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The first units of a child, given through two servers at the same moment (one, where a book has one), add up: whoever gives a difference has not
    /// looked, so nobody is told that it changed.
    async fn first_units_from_two_servers_add_up(app: TestApp) {
        let (pool, ..) = fifty(&app).await;
        let beside = app.beside().await;
        let second = beside.as_ref().map_or(app.address, |it| it.address);
        for turn in 0..6 {
            let child = app.organization(app.provider, "customer", &format!("Child {turn}")).await;
            let racers = || (0..4).map(|_| Racer {
                method: "POST",
                path: "/api/v1/allocations".into(),
                body: json!({"pool_id": pool, "organization_id": child, "units": 1}),
            }).collect();
            let there = app.operator.at(second);
            let (here, there) = tokio::join!(race(app.address, &app.operator, racers()), race(second, &there, racers()));
            let answers = [here, there].concat();
            assert!(answers.iter().all(|(status, _)| *status == 201), "{answers:?}");
        }
        assert_eq!(app.balance(pool).await, [50, 48, 0, 2]);
        app.prove();
        if let Some(beside) = beside {
            beside.end().await;
        }
        app.end().await;
    }
}

both_engines! {
    /// Two grids that each want 30 more of 50: one wins.
    async fn two_grids_race_and_one_wins(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        let grid = |tenant| Racer {
            method: "PUT",
            path: format!("/api/v1/pools/{pool}/allocations"),
            body: json!({"rows": [row(tenant, 0, 30)]}),
        };
        let answers = race(app.address, &app.operator, vec![grid(one), grid(two)]).await;
        let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{answers:?}");
        assert_eq!(app.balance(pool).await, [50, 30, 0, 20]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An organization that holds units of the parent it would leave stays until they are returned.
    async fn a_holder_does_not_move_away(app: TestApp) {
        let (pool, one, two) = fifty(&app).await;
        app.allocate(pool, two, 5).await;
        let move_to = format!("/api/v1/organizations/{two}/move");
        let refused = app.operator.post(&move_to, json!({"parent_id": one})).await.expect(409);
        assert_eq!((&refused["code"], &refused["units"]), (&json!("organization.holds_allocations"), &json!(5)));
        app.operator.post("/api/v1/allocations", json!({"pool_id": pool, "organization_id": two, "units": -5})).await.expect(201);
        app.operator.post(&move_to, json!({"parent_id": one})).await.expect(200);
        app.end().await;
    }
}
