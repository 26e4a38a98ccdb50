//! One plan to many customers: chosen, checked and shown, then given to those that fit, with the pages following along.

use serde_json::json;

use crate::{harness::Engine, on_both, plan_stage, stage::Stage};

on_both!(a_plan_goes_to_many);

async fn a_plan_goes_to_many(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let world = plan_stage::Stage::open(app, 100).await;
    app.organization(world.partner, "customer", "Borealis")
        .await;
    let corona = app.organization(world.partner, "customer", "Corona").await;
    let order =
        json!({"seller_id": world.partner, "organization_id": corona, "plan_id": world.suite});
    let had = world.manager.post(plan_stage::ASSIGN, order).await;
    had.expect(201);
    let manager = stage.member(world.partner, "account_manager").await;
    manager
        .opens(&format!("/catalog/plans/{}", world.standard))
        .await;
    manager.follows("Assign to many customers").await;
    manager.fills("Units of Worry-Free", "40").await;

    // One by one, by a search that knows those below only; then all of them.
    manager.chooses("Customer", "Borealis").await;
    manager.presses("Add customer").await;
    manager.ticks("All customers below Nordlicht").await;
    manager.presses("Check").await;
    manager.sees("Checked, nothing done").await;
    manager.sees("your units are enough for 1 of 2").await;
    let refused = manager.row("Corona");
    refused.sees("Corona has Worry-Free already").await;
    refused.finds("link", "Review crossgrade").await;

    manager.presses("Assign to 2 customers").await;
    manager.sees("Done for 1 customer; 2 were refused.").await;
    manager.row("Borealis").sees("have too little").await;
    manager.row("Aurora").follows("See its service plan").await;
    manager.sees("0 of 40 users in use").await;
    app.prove();
    drop(manager);
    stage.end().await;
}
