//! Requests at the same moment: units are never bound twice, nor lost.

use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::Stage;
use crate::{
    both_engines,
    harness::{Racer, TestApp, id, race},
};

fn post(path: String, body: Value) -> Racer {
    Racer {
        method: "POST",
        path,
        body,
    }
}

fn assign(stage: &Stage, product: Uuid, holder: Uuid) -> Racer {
    let row = json!({"product_id": product, "holder_id": holder});
    let body = json!({"organization_id": stage.customer, "rows": [row]});
    post("/api/v1/assignments".into(), body)
}

fn won(answers: &[(u16, Value)]) -> usize {
    for (status, body) in answers {
        assert!(
            matches!(status, 200 | 201 | 404 | 409 | 412 | 422),
            "{status}: {body}"
        );
    }
    answers.iter().filter(|(status, _)| *status < 300).count()
}

both_engines! {
    /// Thirty ask for the last ten: ten get one. Twenty bind one holder: one does.
    async fn the_last_units_are_bound_once(app: TestApp) {
        let stage = Stage::set(&app, 10).await;
        let mut racers = Vec::new();
        for number in 0..30 {
            let holder = stage.user(&format!("User {number}")).await;
            racers.push(assign(&stage, stage.desk, holder));
        }
        let answers = race(app.address, &stage.admin, racers).await;
        assert_eq!(won(&answers), 10);
        assert_eq!(app.balance(stage.desk_pool).await, [10, 0, 10, 0]);
        let same = (0..20).map(|_| assign(&stage, stage.phone, stage.someone)).collect();
        assert_eq!(won(&race(app.address, &stage.admin, same).await), 1);
        assert_eq!(app.balance(stage.phone_pool).await, [10, 0, 1, 9]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A base is freed and handed on, its holder leaves and add-ons are bound, all at once: one order of them
    /// explains what is left.
    async fn a_base_and_its_add_ons_agree(app: TestApp) {
        let stage = Stage::set(&app, 40).await;
        let (recording, pool) = stage.add_on("recording", 40).await;
        for round in 0..12 {
            let (anna, ben) = (stage.user(&format!("Anna {round}")).await, stage.user(&format!("Ben {round}")).await);
            let made = stage.assign(json!([{"product_id": stage.phone, "holder_id": anna}])).await.expect(201);
            let base = id(&made["assigned"][0]["id"]);
            let racers = vec![
                post(format!("/api/v1/assignments/{base}/add-ons"), json!({"product_ids": [recording]})),
                post("/api/v1/assignments/unassign".into(), json!({"ids": [base]})),
                post(format!("/api/v1/assignments/{base}/reassign"), json!({"holder_id": ben})),
                post(format!("/api/v1/holders/{anna}/leave"), json!({})),
                assign(&stage, stage.desk, anna),
            ];
            won(&race(app.address, &stage.admin, racers).await);
        }
        let bound = balance(&app, pool).await;
        assert!(bound <= 12, "{bound} add-ons");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Somebody leaves while being given a device and an extension: nothing of theirs is left with a unit.
    async fn nobody_leaves_with_something_new(app: TestApp) {
        let stage = Stage::set(&app, 40).await;
        for round in 0..8 {
            let anna = stage.user(&format!("Anna {round}")).await;
            let device = json!({"organization_id": stage.customer, "kind": "device", "name": format!("Device {round}")});
            let device = stage.admin.post("/api/v1/holders", device).await.id();
            stage.assign(json!([{"product_id": stage.desk, "holder_id": device}])).await.expect(201);
            let extension = json!([{"product_id": stage.phone, "extension": (200 + round).to_string(), "holder_id": anna}]);
            let racers = vec![
                post(format!("/api/v1/holders/{anna}/leave"), json!({})),
                post(format!("/api/v1/holders/{device}/hand-over"), json!({"owner_id": anna})),
                post("/api/v1/assignments".into(), json!({"organization_id": stage.customer, "rows": extension})),
            ];
            won(&race(app.address, &stage.admin, racers).await);
        }
        app.prove();
        app.end().await;
    }
}

async fn balance(app: &TestApp, pool: Uuid) -> i64 {
    app.balance(pool).await[2]
}
