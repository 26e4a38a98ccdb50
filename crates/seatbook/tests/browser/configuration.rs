//! D1 and D2: what an organization has, and who uses it: by the customer's own administrator.

use serde_json::json;
use thirtyfour::Key;

use crate::{
    harness::{Engine, TestApp},
    on_both,
    stage::Stage,
    visitor::Visitor,
};

on_both!(
    units_are_given_handed_on_and_freed,
    a_late_answer_opens_no_list,
    add_ons_come_and_go,
    lines_are_found,
    many_at_once,
    holders_come_and_leave,
);

/// A unit's menu.
async fn opens_menu(who: &Visitor, row: &str, entry: &str) {
    who.row(row).presses("More for").await;
    who.follows(entry).await;
}

async fn administrator(stage: &Stage, app: &TestApp, units: i64) -> (Visitor, uuid::Uuid) {
    let book = app.telephones(units).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    petra.follows("Configuration").await;
    (petra, book.customer)
}

async fn units_are_given_handed_on_and_freed(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let (petra, _) = administrator(&stage, &stage.app, 3).await;
    // D1: per product its name, base or add-on, available, assigned of the total.
    petra.follows("Information").await;
    for fact in ["Base", "0 / 3"] {
        petra.row("Phone System").sees(fact).await;
    }
    petra.row("Call Recording").sees("Add-on").await;
    petra.row("Phone System").follows("Phone System").await;

    petra.row("3 extensions").follows("Assign").await;
    petra.chooses("User", "Anna").await;
    petra.fills("Extension", "7").await;
    petra.presses("Assign").await;
    petra.sees("An extension has 3 to 5 digits.").await;
    petra.fills("Extension", "0101").await;
    petra.fills("Number", "+49 555 0101").await;
    petra.presses("Assign").await;
    petra.row("Anna Berg").sees("0101").await;
    petra.row("Anna Berg").sees("+495550101").await;
    petra.sees("2 extensions").await;

    opens_menu(&petra, "Anna Berg", "Manage user").await;
    petra.chooses("New user", "Bruno").await;
    petra.presses("Reassign").await;
    petra.row("Bruno Koch").sees("0101").await;
    petra.row("Bruno Koch").follows("Phone System").await;
    petra.sees("Who had it before").await;
    petra.row("Anna Berg").follows("Anna Berg").await;
    petra.sees("Reassigned").await;

    petra.page().follows("Configuration").await;
    opens_menu(&petra, "Bruno Koch", "Manage user").await;
    petra.follows("Unassign").await;
    petra
        .sees("Bruno Koch, extension 0101 loses Phone System.")
        .await;
    petra.presses("Unassign").await;
    petra.sees("3 extensions").await;
    petra.sees_no("Bruno Koch").await;
    drop(petra);
    stage.end().await;
}

/// Holds back what the page asks for, until `held` is called.
const HOLDS: &str = "window.held = []; const ask = window.fetch; window.fetch = (...words) =>
    new Promise(goes => held.push(() => ask(...words).then(answer => (goes(answer.clone()), answer.text()))));";

async fn a_late_answer_opens_no_list(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let (petra, _) = administrator(&stage, &stage.app, 3).await;
    petra.row("3 extensions").follows("Assign").await;
    petra.ticks("User").await;
    petra.finds("option", "Bruno").await;
    petra.runs(HOLDS).await;
    petra.types("User", "Br").await;
    let asked = petra.until(async || (petra.runs("return held.length").await == 1).then_some(()));
    asked.await.expect("the page asks for what is typed");
    petra.keys(Key::Enter).await;
    let late = "return held[0]().then(() => new Promise(goes => setTimeout(goes)))
        .then(() => document.querySelectorAll('[role=listbox]:popover-open').length)";
    assert_eq!(petra.runs(late).await, 0, "{}", petra.reads().await);
    drop(petra);
    stage.end().await;
}

async fn add_ons_come_and_go(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let book = app.telephones(3).await;
    app.assigned(&book, book.people[0], "101", &[]).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    petra.follows("Configuration").await;
    opens_menu(&petra, "Anna Berg", "Manage add-ons").await;
    petra.ticks("Call Recording").await;
    petra.ticks("Mobile").await;
    petra.presses("Save").await;
    petra.row("Anna Berg").sees("Call Recording").await;
    petra.row("Anna Berg").sees("Mobile").await;

    opens_menu(&petra, "Anna Berg", "Manage add-ons").await;
    petra.finds("button", "Copy the UUID of Mobile").await;
    petra.ticks("Remove Call Recording").await;
    petra.sees("Saving removes what is struck out").await;
    petra.presses("Save").await;
    petra.row("Anna Berg").sees_no("Call Recording").await;

    opens_menu(&petra, "Anna Berg", "Unassign").await;
    petra.sees("loses Phone System, and with it Mobile.").await;
    petra.presses("Unassign").await;
    petra.sees_no("Anna Berg").await;
    app.prove();
    drop(petra);
    stage.end().await;
}

async fn lines_are_found(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let book = app.telephones(4).await;
    let anna = app.assigned(&book, book.people[0], "101", &[]).await;
    app.assigned(&book, book.people[1], "0102", &[]).await;
    let other = json!({"code": "developer", "name": "Developer"});
    let other = app.operator.post("/api/v1/products", other).await.id();
    let sku = json!({"code": "DEV-1Y", "name": "Developer, 1 year", "product_id": other, "validity": "P1Y"});
    let sku = app.operator.post("/api/v1/skus", sku).await.id();
    app.license(book.customer, sku, 5).await;
    let row = json!({"product_id": other, "holder_id": book.people[0]});
    app.assign(book.customer, row).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    petra.follows("Configuration").await;
    petra.chooses("Base license", "Developer").await;
    petra.sees_no("0102").await;
    petra.row("Anna Berg").sees("Developer").await;
    petra.chooses("Base license", "All base licenses").await;
    petra.fills("Search", "bruno").await;
    petra.sees_no("Anna Berg").await;
    petra.row("Bruno Koch").sees("0102").await;
    petra.fills("Search", "101").await;
    petra.sees_no("Bruno Koch").await;
    petra.fills("Search", &anna.to_string()).await;
    petra.row("Anna Berg").sees("101").await;
    petra
        .row("Anna Berg")
        .presses("Copy the UUID of Phone System")
        .await;
    petra.sees("Copied").await;
    drop(petra);
    stage.end().await;
}

async fn many_at_once(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let (petra, _) = administrator(&stage, &stage.app, 3).await;
    petra.row("3 extensions").presses("More for").await;
    petra.follows("Assign to several").await;
    petra.ticks("Select Anna Berg").await;
    petra.ticks("Select Bruno Koch").await;
    petra.sees("2 selected").await;
    petra.presses("Assign to them").await;
    petra.sees("Assign Phone System to 2 holders?").await;
    petra.presses("Assign").await;
    petra.ticks("Select Phone System of Anna Berg").await;
    petra.ticks("Select Phone System of Bruno Koch").await;
    petra.presses("Unassign selected").await;
    petra.sees("Unassign 2 units?").await;
    petra.sees("Anna Berg loses Phone System.").await;
    petra.presses("Unassign").await;
    petra.sees("3 extensions").await;
    petra.sees_no("selected").await;
    drop(petra);
    stage.end().await;
}

async fn holders_come_and_leave(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let (petra, _) = administrator(&stage, &stage.app, 1).await;
    petra.follows("Holders").await;
    petra.follows("New holder").await;
    petra.fills("Name", "Carla Roth").await;
    petra.fills("E-mail", "carla@aurora.example").await;
    petra.presses("Add holder").await;
    petra.sees("carla@aurora.example").await;
    petra.follows("Assign a unit").await;
    petra.row("1 extension").follows("Assign").await;
    petra.chooses("User", "Carla").await;
    petra.presses("Assign").await;
    petra.row("Carla Roth").follows("Carla Roth").await;
    petra.presses("More").await;
    petra.follows("Let leave").await;
    petra.sees("Carla Roth loses Phone System.").await;
    petra.presses("Let leave").await;
    petra.sees("Left on").await;
    petra.sees("Holder left").await;
    drop(petra);
    stage.end().await;
}
