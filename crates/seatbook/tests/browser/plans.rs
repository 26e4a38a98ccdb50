//! Service plans, as the provider keeps them: one is made of two components, and made of others later, with keys alone.

use thirtyfour::Key;

use crate::{harness::Engine, on_both, stage::Stage};

on_both!(a_plan_is_made_and_changed);

async fn a_plan_is_made_and_changed(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    for code in ["MAIL", "PHONE"] {
        stage.app.insert_sku(code, Some("P1Y")).await;
    }
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.follows("Catalog").await;
    olga.follows("Service plans").await;
    olga.sees("There is no service plan yet").await;
    olga.follows("New service plan").await;
    olga.fills("Name", "Phone and mail").await;
    olga.fills("Code", "SUITE").await;
    olga.chooses("SKU", "PHONE").await;
    olga.row("devices").fills("Units", "10").await;
    olga.presses("Add component").await;
    olga.row("units").chooses("SKU", "MAIL").await;
    olga.row("MAIL").fills("Units", "0").await;
    olga.presses("Add service plan").await;
    olga.row("MAIL")
        .sees("A component has 1 to 999,999 units.")
        .await;
    assert_eq!(olga.value("Name").await, "Phone and mail");
    olga.row("MAIL").fills("Units", "5").await;
    olga.presses("Add service plan").await;
    olga.sees("On sale").await;
    olga.row("PHONE").sees("10 devices").await;
    olga.row("MAIL").sees("5 devices").await;

    olga.tabs_to("Change composition").await;
    olga.keys(Key::Enter).await;
    olga.sees("composition 2").await;
    olga.row("PHONE").presses("Remove this component").await;
    olga.tabs_to("Add component").await;
    olga.keys(Key::Enter).await;
    olga.finds("option", "PHONE").await;
    olga.keys("PHONE").await;
    olga.misses("option", "Product of MAIL").await;
    olga.keys(Key::Enter).await;
    olga.tabs_to("Units").await;
    olga.keys("3").await;
    olga.keys(Key::Enter).await;
    olga.sees("Earlier compositions").await;
    olga.sees("Composition 2").await;
    olga.row("PHONE").sees("3 devices").await;
    olga.follows("Service plans").await;
    olga.row("SUITE").sees("On sale").await;
    stage.app.prove();
    drop(olga);
    stage.end().await;
}
