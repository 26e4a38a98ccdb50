//! From a code to a license of one's own.

use serde_json::json;

use super::{Market, SELL, redeem};
use crate::{
    both_engines,
    harness::{Racer, id, race},
};

both_engines! {
    /// The whole license becomes the customer's, in its zone, from today where the plan says so; the same again is
    /// the same answer.
    async fn a_code_is_redeemed(app: TestApp) {
        let market = Market::open(&app).await;
        let sku = app.operator.get(&format!("/api/v1/skus/{}", market.sku)).await.expect(200);
        let at_activation = json!({"code": "ACT", "name": "From activation", "product_id": sku["product_id"], "validity": "P1M", "starts_at_activation": true});
        let plan = app.operator.post("/api/v1/skus", at_activation).await.id();
        let zone = json!({"parent_id": market.partner, "kind": "customer", "name": "Tokyo", "time_zone": "Asia/Tokyo"});
        let tokyo = app.operator.post("/api/v1/organizations", zone).await.id();
        let sold = market.manager.post(SELL, market.sale(4, json!({"sku_id": plan}))).await.expect(201);
        assert_eq!((&sold["license"]["status"], &sold["license"]["end_date"]), (&json!("pending_activation"), &json!(null)));
        let code = sold["code"].as_str().expect("a code").to_lowercase();
        let typed = format!("{}-{}", &code[..4], &code[4..]);
        let admin = app.member(tokyo, "customer_administrator").await;
        let mine = redeem(&admin, tokyo, &typed).await.expect(200);
        let license = &mine["license"];
        assert_eq!((&license["status"], &license["time_zone"], &mine["again"]), (&json!("active"), &json!("Asia/Tokyo"), &json!(false)));
        assert!(license["end_date"].is_string() && license["activated_at"].is_string());
        assert_eq!(id(&license["organization_id"]), tokyo);
        assert_eq!(redeem(&admin, tokyo, &code).await.expect(200)["again"], true);
        let used = market.manager.delete(&format!("/api/v1/licenses/{}", id(&license["id"]))).await;
        assert_eq!(used.code(409), "license.used");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Unknown, used by another, revoked, expired and another subtree's: one answer, to the byte.
    async fn wrong_codes_are_one_answer(app: TestApp) {
        let market = Market::open(&app).await;
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let stranger = app.member(elsewhere, "customer_administrator").await;
        let (used, first) = market.unassigned(1).await;
        redeem(&market.admin, market.customer, &first).await.expect(200);
        let (revoked, second) = market.unassigned(1).await;
        market.manager.act(&format!("/api/v1/licenses/{revoked}/activation-code/revoke")).await.expect(200);
        let (renewed, third) = market.unassigned(1).await;
        market.manager.act(&format!("/api/v1/licenses/{renewed}/activation-code/renew")).await.expect(200);
        let sibling = app.organization(market.partner, "customer", "Sibling").await;
        let other = app.member(sibling, "customer_administrator").await;
        let mut answers = vec![];
        for code in [&first, &second, &third, "ZZZZZZZZ", "no code"] {
            let mut answer = redeem(&other, sibling, code).await.expect(422);
            answer.as_object_mut().expect("an object").remove("request_id");
            answers.push(answer);
        }
        let (_, fourth) = market.unassigned(1).await;
        let mut foreign = redeem(&stranger, elsewhere, &fourth).await.expect(422);
        foreign.as_object_mut().expect("an object").remove("request_id");
        answers.push(foreign);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!(answers[0]["fields"][0]["code"], "activation.unknown");
        assert_eq!(app.balance(market.pool).await, [50, 3, 0, 47]);
        let shown = format!("/api/v1/licenses/{used}/activation-code");
        assert_eq!(market.manager.get(&shown).await.expect(200)["code"], first.as_str());
        assert_eq!(market.admin.get(&shown).await.code(403), "permission.missing");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Many customers redeem one code at the same moment: one has it, the others are told what everybody is told.
    async fn one_of_many_redeems(app: TestApp) {
        let market = Market::open(&app).await;
        let mut customers = vec![];
        for number in 0..8 {
            customers.push(app.organization(market.partner, "customer", &format!("Racer {number}")).await);
        }
        for _ in 0..3 {
            let (license, code) = market.unassigned(2).await;
            let racers = customers.iter().map(|customer| Racer {
                method: "POST",
                path: "/api/v1/activation-codes/redeem".into(),
                body: json!({"organization_id": customer, "code": code}),
            });
            let answers = race(app.address, &app.operator, racers.collect()).await;
            let won = answers.iter().filter(|(status, _)| *status == 200).count();
            assert!(answers.iter().all(|(status, _)| [200, 422].contains(status)), "{answers:#?}");
            assert_eq!(won, 1);
            let owner = app.operator.get(&format!("/api/v1/licenses/{license}")).await.expect(200);
            assert!(customers.contains(&id(&owner["organization_id"])));
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The seller may choose the owner by hand; the code is worth nothing then, and neither is a second choice.
    async fn a_license_is_given_by_hand(app: TestApp) {
        let market = Market::open(&app).await;
        let (license, code) = market.unassigned(3).await;
        let give = format!("/api/v1/licenses/{license}/give");
        let given = market.manager.post(&give, json!({"customer_id": market.customer})).await.expect(200);
        assert_eq!((&given["status"], &given["used"]), (&json!("active"), &json!(false)));
        assert_eq!(redeem(&market.admin, market.customer, &code).await.code(422), "invalid");
        let twice = market.manager.post(&give, json!({"customer_id": market.customer})).await;
        assert_eq!(twice.code(409), "activation.not_live");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A code whose day passes is worth nothing from that day; the sweep gives its units back.
    async fn a_code_expires(app: TestApp) {
        let market = Market::open(&app).await;
        let now = app.app.gate.now();
        let soon = json!({"code_expires_at": now.plus_seconds(3_600)});
        let sold = market.manager.post(SELL, market.sale(5, soon)).await.expect(201);
        let code = sold["code"].as_str().expect("a code").to_owned();
        app.clock.advance_seconds(7_200);
        assert_eq!(redeem(&market.admin, market.customer, &code).await.code(422), "invalid");
        assert_eq!(app.balance(market.pool).await, [50, 5, 0, 45]);
        for _ in 0..2 {
            seatbook::activation::sweep::run(&app.app, app.app.gate.now()).await.expect("it sweeps");
        }
        assert_eq!(app.balance(market.pool).await, [50, 0, 0, 50]);
        let license = format!("/api/v1/licenses/{}", id(&sold["license"]["id"]));
        assert_eq!(market.manager.get(&license).await.expect(200)["status"], "terminated");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A license that ended while it waited goes to nobody, by hand or by code; its code ends when its day comes, and
    /// holds up no other.
    async fn what_ended_goes_to_nobody(app: TestApp) {
        let market = Market::open(&app).await;
        let soon = json!({"code_expires_at": app.app.gate.now().plus_seconds(3_600)});
        let sold = market.manager.post(SELL, market.sale(5, soon)).await.expect(201);
        let (license, code) = (id(&sold["license"]["id"]), sold["code"].as_str().expect("a code").to_owned());
        market.manager.act(&format!("/api/v1/licenses/{license}/terminate")).await.expect(200);
        assert_eq!(app.balance(market.pool).await, [50, 0, 0, 50]);
        let give = format!("/api/v1/licenses/{license}/give");
        let given = market.manager.post(&give, json!({"customer_id": market.customer})).await;
        assert_eq!(given.code(409), "license.ended");
        assert_eq!(redeem(&market.admin, market.customer, &code).await.code(422), "invalid");
        app.clock.advance_seconds(7_200);
        seatbook::activation::sweep::run(&app.app, app.app.gate.now()).await.expect("it sweeps");
        let shown = format!("/api/v1/licenses/{license}/activation-code");
        assert_eq!(market.manager.get(&shown).await.expect(200)["code_state"], "expired");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A suspended customer is sold nothing, through any door.
    async fn a_suspended_customer_is_sold_nothing(app: TestApp) {
        let market = Market::open(&app).await;
        let (license, _) = market.unassigned(1).await;
        app.operator.act(&format!("/api/v1/organizations/{}/suspend", market.customer)).await.expect(200);
        let named = json!({"customer_id": market.customer});
        let sold = market.manager.post(SELL, market.sale(1, named.clone())).await;
        assert_eq!(sold.code(409), "organization.suspended");
        let given = market.manager.post(&format!("/api/v1/licenses/{license}/give"), named).await;
        assert_eq!(given.code(409), "organization.suspended");
        app.prove();
        app.end().await;
    }
}
