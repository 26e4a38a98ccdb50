//! D4: what is held ends: a unit found by its UUID, a quantity below its use, a renewal.

use crate::{harness::Engine, on_both, stage::Stage};

on_both!(units_end_and_come_back, a_quantity_goes_below_its_use);

async fn units_end_and_come_back(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let book = app.telephones(3).await;
    let recording = [book.add_ons[0].0];
    let anna = app.assigned(&book, book.people[0], "101", &recording).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    petra.follows("Configuration").await;
    petra.follows("Subscriptions").await;
    petra.fills("Search", &anna.to_string()).await;
    petra.sees_no("REC-1Y").await;
    petra.follows("Open PS-1Y").await;
    petra.follows("Terminate the unit of Extension 101").await;
    petra.sees("loses 1 extension at once").await;
    petra
        .sees("The add-ons bound to it stop with it: Call Recording.")
        .await;
    petra.presses("Terminate").await;
    petra.sees("Terminated lately").await;
    petra.follows("Reactivate the unit of Extension 101").await;
    petra.presses("Reactivate").await;
    petra
        .finds("link", "Terminate the unit of Extension 101")
        .await;

    petra.follows("Unsubscribe").await;
    petra.fills("Units", "2").await;
    petra.presses("Unsubscribe").await;
    petra.sees("2 of 3 extensions do not renew.").await;
    petra.follows("Renew again").await;
    petra.presses("Reactivate").await;
    petra.sees_no("do not renew").await;
    app.prove();
    drop(petra);
    stage.end().await;
}

async fn a_quantity_goes_below_its_use(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let book = app.telephones(3).await;
    app.assigned(&book, book.people[0], "101", &[]).await;
    app.assigned(&book, book.people[1], "102", &[]).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    petra.follows("Configuration").await;
    petra.follows("Subscriptions").await;
    petra.follows("Open PS-1Y").await;
    petra.follows("Lower the quantity").await;
    petra.fills("New quantity", "1").await;
    petra.presses("Show who loses theirs").await;
    petra.sees("1 unit in use has to go").await;
    petra.presses("Lower to 1 now").await;
    petra.sees("1 in use").await;
    app.prove();
    drop(petra);
    stage.end().await;
}
