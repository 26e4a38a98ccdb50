//! What renews, what does not, and finding it.

use serde_json::json;

use super::{bind, ids_of, passed, path, show};
use crate::{assignments::stage::Stage, both_engines, harness::id};

both_engines! {
    /// Everything renews until somebody says otherwise, and can be taken back.
    async fn a_renewal_is_stopped_and_taken_up_again(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let seen = show(&stage, stage.desk_license).await;
        assert_eq!((&seen["id"], &seen["auto_renews"], &seen["version"]), (&json!(stage.desk_pool), &json!(true), &json!(0)));
        assert_eq!((&seen["expiry_date"], &seen["renewal_date"], &seen["notice_date"]),
            (&json!("2027-05-31"), &json!("2027-06-01"), &json!("2027-05-02")));
        let stopped = stage.admin.post(&path(stage.desk_pool, "unsubscribe"), json!({})).await.expect(200);
        assert_eq!((&stopped["auto_renews"], &stopped["lapsing"], &stopped["renewal_date"]), (&json!(false), &json!(3), &json!(null)));
        assert_eq!((&stopped["unsubscribed_by"], &stopped["version"]), (&json!(stage.admin.id), &json!(1)));
        let stale = stage.admin.request(reqwest::Method::POST, &path(stage.desk_pool, "reactivate")).header("If-Match", "\"0\"");
        assert_eq!(crate::harness::send(stale).await.code(412), "version.stale");
        let again = stage.admin.act(&path(stage.desk_pool, "reactivate")).await.expect(200);
        assert_eq!((&again["auto_renews"], &again["lapsing"], &again["version"]), (&json!(true), &json!(0), &json!(2)));
        assert_eq!(stage.admin.act(&path(stage.desk_pool, "reactivate")).await.code(409), "subscription.not_ended");
        let edited = stage.admin.patch(&format!("/api/v1/subscriptions/{}", stage.desk_pool), json!({"notice_days": 60})).await;
        assert_eq!(edited.expect(200)["notice_date"], "2027-04-02");
        stage.admin.post(&path(stage.desk_pool, "unsubscribe"), json!({})).await.expect(200);
        app.clock.advance_seconds(396 * 86_400);
        assert_eq!(stage.admin.act(&path(stage.desk_pool, "reactivate")).await.code(409), "reactivation.too_late");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A number up to the free units is safe; above it, whoever would lose theirs is named and must be accepted.
    async fn a_number_is_unsubscribed(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let bound = bind(&app, &stage, stage.desk, &["Anna", "Ben", "Cleo"]).await;
        let place = path(stage.desk_pool, "unsubscribe");
        let stop = |body| stage.admin.post(&place, body);
        let safe = stop(json!({"units": 2})).await.expect(200);
        assert_eq!((&safe["lapsing"], &safe["auto_renews"], &safe["losers"]), (&json!(2), &json!(true), &json!([])));
        let refused = stop(json!({"units": 4, "rule": "newest"})).await.expect(409);
        assert_eq!((&refused["code"], &refused["to_free"]), (&json!("reduction.not_accepted"), &json!(2)));
        assert_eq!(ids_of(&refused["losers"], "assignment_id"), [bound[2], bound[1]]);
        let accept = json!({"units": 4, "rule": "newest", "fingerprint": refused["fingerprint"]});
        bind(&app, &stage, stage.desk, &["Dora"]).await;
        assert_eq!(stop(accept).await.code(409), "preview.stale");
        let hand = json!({"units": 4, "assignment_ids": [bound[0], bound[1], bound[2]]});
        let done = stop(hand).await.expect(200);
        assert_eq!((&done["lapsing"], done["losers"].as_array().map(Vec::len)), (&json!(4), Some(3)));
        assert_eq!(app.balance(stage.desk_pool).await, [5, 0, 4, 1], "until the renewal nothing changes");
        assert_eq!(stop(json!({"units": 6})).await.field(), "units.out_of_range");
        assert_eq!(stop(json!({"units": 4, "rule": "loudest"})).await.field(), "rule.unknown");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A share is unsubscribed by whoever has it; the license's own renewal stays.
    async fn a_share_has_its_own_renewal(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let (root, share) = passed(&app, &stage, 4).await;
        stage.admin.post(&path(share, "unsubscribe"), json!({"units": 3})).await.expect(200);
        let own = app.operator.get(&format!("/api/v1/subscriptions/{root}")).await.expect(200);
        assert_eq!((&own["lapsing"], &own["version"]), (&json!(0), &json!(0)));
        let below = json!({"units": 7});
        assert_eq!(app.operator.post(&path(root, "unsubscribe"), below).await.code(409), "reduction.passed_on");
        // A license without an end renews nothing.
        let product = json!({"code": "ever", "name": "Ever"});
        let product = app.operator.post("/api/v1/products", product).await.id();
        let sku = app.operator.post("/api/v1/skus", json!({"code": "ever", "name": "Ever", "product_id": product})).await.id();
        let (license, pool) = app.license(stage.customer, sku, 3).await;
        assert_eq!(stage.admin.post(&path(pool, "unsubscribe"), json!({})).await.code(409), "subscription.no_end");
        stage.admin.patch(&format!("/api/v1/subscriptions/{pool}"), json!({"notice_days": 5})).await.expect(200);
        app.operator.delete(&format!("/api/v1/licenses/{license}")).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Any UUID finds its subscription, for whoever may see it.
    async fn a_uuid_finds_it(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let (root, share) = passed(&app, &stage, 4).await;
        let (recording, recording_pool) = stage.add_on("recording", 4).await;
        let row = json!([{"product_id": stage.phone, "holder_id": stage.someone, "add_ons": [recording]}]);
        let made = stage.assign(row).await.expect(201);
        let (base, add_on) = (id(&made["assigned"][0]["id"]), id(&made["assigned"][0]["add_ons"][0]["id"]));
        let license = id(&show(&stage, share).await["license_id"]);
        let finds = async |uuid| {
            let list = stage.admin.get(&format!("/api/v1/subscriptions?uuid={uuid}")).await.expect(200);
            ids_of(&list["items"], "id")
        };
        for (uuid, pool) in [(base, stage.phone_pool), (add_on, recording_pool), (stage.desk_license, stage.desk_pool),
            (stage.desk_pool, stage.desk_pool), (license, share)] {
            assert_eq!(finds(uuid).await, [pool]);
        }
        assert!(finds(root).await.is_empty() && finds(stage.someone).await.is_empty());
        let all = app.operator.get(&format!("/api/v1/subscriptions?uuid={license}&limit=1")).await.expect(200);
        let next = app.operator.get(&format!("/api/v1/subscriptions?uuid={license}&limit=1&cursor={}", all["next_cursor"].as_str().expect("more"))).await.expect(200);
        let mut both = [ids_of(&all["items"], "id"), ids_of(&next["items"], "id")].concat();
        both.sort_unstable();
        let mut expected = vec![root, share];
        expected.sort_unstable();
        assert_eq!(both, expected);
        let list = stage.admin.get(&format!("/api/v1/subscriptions?organization_id={}", stage.customer)).await.expect(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(5));
        assert_eq!(stage.admin.get("/api/v1/subscriptions").await.field(), "required");
        app.end().await;
    }
}
