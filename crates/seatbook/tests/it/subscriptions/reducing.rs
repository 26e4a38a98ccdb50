//! Fewer units than are in use: who loses theirs, and when.

use rules::reduction::{Binding, Rule};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bind, ids_of, passed, path, shared_product, show};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{TestApp, id},
};

/// Says that somebody's unit was used when the last one was bound.
async fn used(app: &TestApp, name: &str) {
    let sql = format!(
        "INSERT INTO assignment_use (assignment_id, used_at)
         SELECT a.id, (SELECT max(assigned_at) FROM assignment) FROM assignment a
         WHERE a.holder_id = (SELECT id FROM holder WHERE name = '{name}')"
    );
    app.tamper(&sql).await;
}

async fn planned(stage: &Stage, quantity: i64, rule: &str) -> Value {
    let place = path(stage.desk_pool, "reductions");
    let place = format!("{place}?quantity={quantity}&rule={rule}");
    stage.admin.get(&place).await.expect(200)
}

both_engines! {
    /// Each rule names who gives way; the accepted plan is applied in one step, and a stale one is not.
    async fn a_plan_is_seen_and_applied(app: TestApp) {
        let stage = Stage::set(&app, 4).await;
        let bound = bind(&app, &stage, stage.desk, &["Anna", "Ben", "Cleo", "Dora"]).await;
        for name in ["Anna", "Cleo"] {
            used(&app, name).await;
        }
        let losers = async |quantity, rule| ids_of(&planned(&stage, quantity, rule).await["losers"], "assignment_id");
        assert_eq!(losers(1, "never_used").await, [bound[1], bound[3], bound[0]]);
        assert_eq!(losers(1, "idle_longest").await[0], bound[1]);
        assert_eq!(losers(2, "newest").await, [bound[3], bound[2]]);
        let plan = planned(&stage, 2, "never_used").await;
        assert_eq!((&plan["to_free"], &plan["total"]), (&json!(2), &json!(4)));
        let place = path(stage.desk_pool, "reductions");
        let reduce = |body| stage.admin.post(&place, body);
        assert_eq!(reduce(json!({"quantity": 2})).await.code(409), "reduction.not_accepted");
        let accept = json!({"quantity": 2, "fingerprint": plan["fingerprint"]});
        stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [bound[1]]})).await.expect(200);
        assert_eq!(reduce(accept).await.code(409), "preview.stale");
        let plan = planned(&stage, 2, "never_used").await;
        let done = reduce(json!({"quantity": 2, "fingerprint": plan["fingerprint"]})).await.expect(200);
        assert_eq!((&done["ended"], &done["now"]), (&json!([bound[3]]), &json!(true)));
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 2, 0]);
        let ended = stage.admin.get(&format!("/api/v1/assignments/{}", bound[3])).await.expect(200);
        assert_eq!(ended["ending"], "reduced");
        assert_eq!(reduce(json!({"quantity": 2})).await.field(), "quantity.not_lower");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// By hand: enough, and nobody needless; a base takes its add-ons, whose pool keeps its units.
    async fn a_person_chooses(app: TestApp) {
        let stage = Stage::set(&app, 4).await;
        let bound = bind(&app, &stage, stage.desk, &["Anna", "Ben", "Cleo"]).await;
        let reduce = |quantity: i64, chosen: &[Uuid]| {
            let body = json!({"quantity": quantity, "assignment_ids": chosen});
            let place = path(stage.desk_pool, "reductions");
            let admin = stage.admin.clone();
            async move { admin.post(&place, body).await }
        };
        assert_eq!(reduce(1, &bound[..1]).await.code(409), "reduction.too_few");
        assert_eq!(reduce(2, &bound[..2]).await.code(409), "reduction.needless");
        assert_eq!(reduce(2, &[stage.someone]).await.code(409), "preview.stale");
        reduce(2, &bound[2..]).await.expect(200);
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 2, 0]);
        let (recording, recording_pool) = stage.add_on("recording", 4).await;
        let row = json!([{"product_id": stage.phone, "holder_id": stage.someone, "add_ons": [recording]}]);
        let base = id(&stage.assign(row).await.expect(201)["assigned"][0]["id"]);
        let body = json!({"quantity": 0, "assignment_ids": [base]});
        let done = stage.admin.post(&path(stage.phone_pool, "reductions"), body).await.expect(200);
        assert_eq!(done["plan"]["losers"][0]["add_ons"], 1);
        assert_eq!((app.balance(stage.phone_pool).await, app.balance(recording_pool).await), ([0, 0, 0, 0], [4, 0, 0, 4]));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A share is lowered by whoever has it, and its units go back; the parent frees nobody of theirs.
    async fn a_share_is_lowered_by_whoever_has_it(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let (root, share) = passed(&app, &stage, 4).await;
        let product = shared_product(&app).await;
        let bound = bind(&app, &stage, product, &["Anna", "Ben"]).await;
        let from_above = json!({"quantity": 3});
        assert_eq!(app.operator.post(&path(root, "reductions"), from_above).await.code(409), "reduction.passed_on");
        let body = json!({"quantity": 1, "assignment_ids": [bound[0]]});
        let later = json!({"quantity": 1, "assignment_ids": [bound[0]], "when": "renewal"});
        let kept = stage.admin.post(&path(share, "reductions"), later).await.expect(200);
        assert_eq!((&kept["now"], &kept["ended"]), (&json!(false), &json!([])));
        let seen = show(&stage, share).await;
        assert_eq!((&seen["lapsing"], &seen["losers"]), (&json!(3), &json!([bound[0]])));
        let done = stage.admin.post(&path(share, "reductions"), body).await.expect(200);
        assert_eq!(done["returned_to"], json!(root));
        assert_eq!((app.balance(share).await, app.balance(root).await), ([1, 0, 1, 0], [10, 1, 0, 9]));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The book reads bindings in the order in which the rules have them give way.
    async fn the_book_and_the_rules_agree(app: TestApp) {
        use seatbook::subscriptions::queries;
        let stage = Stage::set(&app, 9).await;
        bind(&app, &stage, stage.desk, &["A", "B", "C", "D", "E", "F"]).await;
        for name in ["B", "E", "A"] {
            used(&app, name).await;
        }
        let pool = stage.desk_pool;
        for rule in Rule::ALL {
            let read = app.app.read(move |mut tx| Box::pin(async move { queries::candidates(&mut tx, pool, rule, 100).await }));
            let read: Vec<Binding<Uuid>> = read.await.expect("read").iter().map(|it| it.binding).collect();
            let mut sorted = read.clone();
            sorted.reverse();
            rule.sort(&mut sorted);
            assert_eq!((read.len(), read), (6, sorted), "{rule:?}");
        }
        app.end().await;
    }
}
