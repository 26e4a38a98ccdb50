//! C1 to C4: a customer gets a service plan, moves to a larger one with everybody's unit, and back; both moves are taken
//! back from the journal. C5: a changed composition is approved. C6: what a customer has of a plan is changed.

use serde_json::{Value, json};
use thirtyfour::By;

use crate::{
    harness::{self, Browser, Engine, TestApp, id},
    on_both, plan_stage,
    stage::Stage,
    visitor::Visitor,
};

on_both!(
    a_customer_moves_up_and_down,
    a_changed_composition_is_approved,
    a_plan_is_changed
);

/// Opens the sheet and chooses a plan in it.
async fn picks(manager: &Visitor, plan: &str) {
    manager.follows("Assign service plan").await;
    manager.chooses("Service plan", plan).await;
    manager.finds("field", "Units of Worry-Free").await;
}

/// C1: finds the customer in the table, opens it, and then its tab.
async fn opens_the_tab(manager: &Visitor) {
    manager.follows("Organizations").await;
    manager.follows("Aurora").await;
    manager.sees("Directly below").await;
    // The menu has an entry of the same name, for what one's own organization holds.
    let tab = manager
        .driver
        .find(By::Css("nav.tabs a[href$='/licenses']"));
    let tab = tab.await.expect("the tab");
    tab.click().await.expect("it opens");
    manager.sees("No licenses yet").await;
}

/// C3: reviews what becomes of the overlap, choice by choice, and carries everybody over.
async fn moves_up(manager: &Visitor, review: &str) {
    picks(manager, "Plan SUITE").await;
    manager
        .sees("Aurora has Worry-Free already: 80 of 80 users in use")
        .await;
    manager.fills("Units of XDR", "7").await;
    manager.presses("Review crossgrade").await;
    manager.sees_at(review).await;
    manager.sees("80 users in use go over").await;
    manager.ticks("End the old one").await;
    manager.sees("80 lose a unit of Worry-Free").await;
    manager.ticks("Transfer").await;
    manager.sees_no("lose a unit of").await;
    manager.sees("XDR, 7 users").await;
    manager.presses("Confirm").await;
    manager
        .sees("Aurora moved to “Plan SUITE”; 80 units in use went over.")
        .await;
    manager
        .row("Worry-Free")
        .sees("80 of 80 users in use")
        .await;
}

/// C4: what is left over stands apart.
async fn moves_down(manager: &Visitor) {
    picks(manager, "Plan WFS").await;
    manager.presses("Review crossgrade").await;
    manager.sees("XDR, 7 users, runs until 31 May 2027").await;
    manager.presses("Confirm").await;
    manager.sees("2 licenses are left over.").await;
}

/// Takes the last move back that was not taken back yet.
async fn takes_back(manager: &Visitor) {
    manager.opens("/journal").await;
    let move_of_aurora = "Undo: Moved a customer to another service plan";
    manager.follows(move_of_aurora).await;
    manager
        .sees("Undo “Moved a customer to another service plan”?")
        .await;
    manager.presses("Undo").await;
    manager.sees("Takes this back").await;
}

/// C4: what nobody has used of it is deleted.
async fn clears_up(manager: &Visitor) {
    manager.row("XDR").follows("Delete").await;
    manager.sees("Nobody has used it").await;
    manager.presses("Delete").await;
    manager.sees_no("XDR").await;
    let left = manager.row("Email Security");
    left.sees("0 of 5 users in use").await;
}

async fn a_customer_moves_up_and_down(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let world = plan_stage::Stage::open(app, 100).await;
    let manager = stage.member(world.partner, "account_manager").await;
    let tab = format!("/organizations/{}/licenses", world.customer);
    opens_the_tab(&manager).await;

    // C2: units of each component.
    picks(&manager, "Plan WFS").await;
    manager.fills("Units of Worry-Free", "80").await;
    manager.sees("20 left there").await;
    manager.presses("Save").await;
    manager
        .sees("Aurora has “Plan WFS” now, with 1 license.")
        .await;
    manager.row("Worry-Free").sees("0 of 80 users in use").await;
    let bound = world.bind(app, 80).await;
    // What happens at one instant stands in the journal in any order.
    app.clock.advance_seconds(60);

    moves_up(&manager, &format!("{tab}/crossgrade")).await;
    assert_eq!(carried_to(&manager, &world, app).await, bound);

    app.clock.advance_seconds(60);
    manager.opens(&tab).await;
    moves_down(&manager).await;
    assert_eq!(carried_to(&manager, &world, app).await, bound);
    app.prove();

    for plan in ["Plan SUITE", "Plan WFS"] {
        takes_back(&manager).await;
        manager.opens(&tab).await;
        manager.sees(plan).await;
        manager
            .row("Worry-Free")
            .sees("80 of 80 users in use")
            .await;
        assert_eq!(carried_to(&manager, &world, app).await, bound);
        app.prove();
    }

    moves_up(&manager, &format!("{tab}/crossgrade")).await;
    moves_down(&manager).await;
    clears_up(&manager).await;
    app.prove();
    drop(manager);
    stage.end().await;
}

/// Who has a unit of the customer's Worry-Free, as the license says that the tab shows.
async fn carried_to(
    manager: &Visitor,
    world: &plan_stage::Stage,
    app: &TestApp,
) -> Vec<uuid::Uuid> {
    manager
        .opens(&format!("/organizations/{}/licenses", world.customer))
        .await;
    manager.row("Worry-Free").follows("Worry-Free").await;
    manager.sees("Latest changes").await;
    let url = manager.driver.current_url().await.expect("an address");
    let license = url.path().rsplit('/').next().and_then(|id| id.parse().ok());
    let bound = world.bound(app, license.expect("a license")).await;
    manager
        .opens(&format!("/organizations/{}/licenses", world.customer))
        .await;
    bound
}

/// C5: a changed composition locks the plan for its customers until the partner approves it.
async fn a_changed_composition_is_approved(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let world = plan_stage::Stage::open(app, 100).await;
    world.assign(world.standard, json!({})).await.expect(201);
    let parts = json!([{"sku_id": world.worry_free.sku, "units": 25}, {"sku_id": world.xdr.sku, "units": 10}]);
    let compose = format!("/api/v1/service-plans/{}/compositions", world.standard);
    let body = json!({"components": parts});
    app.operator.post(&compose, body).await;
    let manager = stage.member(world.partner, "account_manager").await;

    manager
        .opens(&format!("/catalog/plans/{}", world.standard))
        .await;
    manager
        .follows("Customers with an earlier composition")
        .await;
    manager.row("Aurora").sees("Locked").await;
    manager.row("Aurora").follows("Review change").await;
    manager.sees("90 left there").await;
    manager.fills("Units of XDR", "101").await;
    manager.sees("XDR: 101 users wanted, 100 free").await;
    manager.fills("Units of XDR", "7").await;
    manager.sees("93 left there").await;
    manager.presses("Decline").await;
    manager.sees("The new composition was declined").await;
    manager.follows("Review change").await;
    manager.fills("Units of XDR", "7").await;
    manager.presses("Approve").await;
    manager.sees("The new composition was approved").await;
    manager.row("XDR").sees("0 of 7 users in use").await;
    manager.misses("link", "Review change").await;
    app.prove();
    drop(manager);
    stage.end().await;
}

/// C6: units, renewal and notice on one form; whoever loses a unit is seen before.
async fn a_plan_is_changed(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let world = plan_stage::Stage::open(app, 100).await;
    let units = world.units(world.worry_free, 12);
    let given = world.assign(world.standard, units).await.expect(201);
    world.bind(app, 3).await;
    let manager = stage.member(world.partner, "account_manager").await;
    let tab = format!("/organizations/{}/licenses", world.customer);
    manager.opens(&tab).await;
    manager.follows("Plan WFS").await;
    manager.follows("Change subscription").await;
    manager.fills("Units of Worry-Free", "14").await;
    manager.sees("Change of Worry-Free").await;
    manager
        .chooses("At the end of its term", "Does not renew")
        .await;
    manager.fills("Days of notice", "10").await;
    manager.presses("Save").await;
    manager.sees("3 of 14 users in use").await;
    manager.sees("does not renew").await;

    manager.follows("Change subscription").await;
    manager.fills("Units of Worry-Free", "2").await;
    manager.sees("1 loses a unit of Worry-Free").await;
    manager.ticks("I have seen who loses their unit").await;
    manager.presses("Save").await;
    manager.sees("2 of 2 users in use").await;
    let path = format!("/api/v1/plan-subscriptions/{}", harness::id(&given["id"]));
    let now = app.operator.get(&path).await.expect(200);
    assert_eq!(now["notice_days"], json!(10));
    app.prove();
    drop(manager);
    stage.end().await;
}

/// The pages over the service plan of a customer.
pub async fn places(ingrid: &Browser, (provider, partner): (&str, &str)) -> Vec<String> {
    let customer = json!({"parent_id": partner, "kind": "customer", "name": "Plan AG"});
    let customer = ingrid.post("/api/v1/organizations", customer).await.id();
    let skus = ingrid.get("/api/v1/skus?limit=2").await.expect(200);
    let part = |at: usize| json!({"sku_id": skus["items"][at]["id"], "units": 5});
    let parts = json!([part(0)]);
    let plan = json!({"code": "AXE", "name": "Axe", "components": parts});
    let plan = ingrid.post("/api/v1/service-plans", plan).await.id();
    let order =
        json!({"seller_id": provider, "organization_id": customer, "plan_id": plan, "issue": true});
    let given = ingrid.post("/api/v1/plan-subscriptions", order).await;
    let given = given.expect(201);
    let other = json!({"components": [part(0), part(1)]});
    let composed = format!("/api/v1/service-plans/{plan}/compositions");
    ingrid.post(&composed, other).await;
    let many = json!({"seller_id": provider, "organization_ids": [customer, partner], "plan_id": plan, "issue": true});
    let many = ingrid.post("/api/v1/rollouts", many).await.id();
    let (given, license) = (id(&given["id"]), id(&given["parts"][0]["license"]["id"]));
    let all = ingrid.get("/api/v1/plan-subscriptions").await.expect(200);
    let mut all = all["items"].as_array().expect("items").iter();
    let newest =
        |it: &&Value| it["edition"] == "full" && it["composition"] == it["newest_composition"];
    let newest = id(&all.find(newest).expect("one that is not locked")["id"]);
    let tab = format!("/organizations/{customer}/licenses");
    vec![
        tab.clone(),
        format!("{tab}/assign?plan_id={plan}"),
        format!("{tab}/crossgrade?plan_id={plan}"),
        format!("{tab}/{license}/delete"),
        format!("/plan-subscriptions/{given}"),
        format!("/plan-subscriptions/{given}/composition"),
        format!("/plan-subscriptions/{newest}/change"),
        format!("/catalog/plans/{plan}/customers"),
        format!("/rollouts/{many}"),
        format!("/rollouts/{many}/cancel"),
        format!("/rollouts/decide?plan_id={plan}&action=approve"),
    ]
}
