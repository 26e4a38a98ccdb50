//! Ending, binding and passing on at the same moment: no unit is lost, none is there twice.

use serde_json::{Value, json};

use super::{bind, passed, path, shared_product};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{Racer, race},
};

fn post(path: String, body: Value) -> Racer {
    Racer {
        method: "POST",
        path,
        body,
    }
}

fn decided(answers: &[(u16, Value)]) -> usize {
    for (status, body) in answers {
        assert!(
            matches!(status, 200 | 201 | 404 | 409 | 412 | 422),
            "{status}: {body}"
        );
    }
    answers.iter().filter(|(status, _)| *status < 300).count()
}

both_engines! {
    /// Bindings of a share are terminated, freed and made while the parent takes units back and gives more.
    async fn a_share_keeps_its_sums(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let (root, share) = passed(&app, &stage, 6).await;
        let product = shared_product(&app).await;
        for round in 0..5 {
            let names: Vec<String> = ["A", "B", "C"].map(|name| format!("{name}{round}")).to_vec();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let bound = bind(&app, &stage, product, &names[..2]).await;
            let late = stage.user(names[2]).await;
            let row = json!({"product_id": product, "holder_id": late});
            let racers = vec![
                post(path(bound[0], "terminate"), json!({})),
                post(path(bound[0], "terminate"), json!({})),
                post("/api/v1/assignments/unassign".into(), json!({"ids": [bound[0], bound[1]]})),
                post("/api/v1/assignments".into(), json!({"organization_id": stage.customer, "rows": [row]})),
                post(path(share, "terminate"), json!({"units": 1})),
                post(path(share, "reductions"), json!({"quantity": 1, "assignment_ids": [bound[1]]})),
                post("/api/v1/allocations".into(), json!({"pool_id": root, "organization_id": stage.customer, "units": 2})),
                post("/api/v1/allocations".into(), json!({"pool_id": root, "organization_id": stage.customer, "units": -1})),
            ];
            decided(&race(app.address, &app.operator, racers).await);
            let open = stage.admin.get(&format!("/api/v1/assignments?organization_id={}&product_id={product}", stage.customer)).await.expect(200);
            let open: Vec<_> = open["items"].as_array().expect("items").iter().map(|it| it["id"].clone()).collect();
            if !open.is_empty() {
                stage.admin.post("/api/v1/assignments/unassign", json!({"ids": open})).await.expect(200);
            }
            let [quantity, ..] = app.balance(share).await;
            let fill = json!({"pool_id": root, "organization_id": stage.customer, "units": 6 - quantity});
            if quantity != 6 {
                app.operator.post("/api/v1/allocations", fill).await.expect(201);
            }
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Ten bring the same unit back: one does. Ten decide about one renewal: they take turns or are told.
    async fn a_unit_comes_back_once(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let holder = stage.someone;
        let row = json!([{"product_id": stage.room, "holder_id": holder, "units": 2}]);
        let made = stage.assign(row).await.expect(201);
        let unit = crate::harness::id(&made["assigned"][0]["id"]);
        stage.admin.post(&path(unit, "terminate"), json!({})).await.expect(200);
        let back = (0..10).map(|_| post(path(unit, "reactivate"), json!(null))).collect();
        assert_eq!(decided(&race(app.address, &stage.admin, back).await), 1);
        assert_eq!(app.balance(stage.room_pool).await, [5, 0, 2, 3]);
        let stop = (1..=10).map(|units| post(path(stage.desk_pool, "unsubscribe"), json!({"units": 1 + units % 5}))).collect();
        assert!(decided(&race(app.address, &stage.admin, stop).await) >= 1);
        app.prove();
        app.end().await;
    }
}
