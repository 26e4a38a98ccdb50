//! A3 and A4: the update page, its remaining number, its refusals and its job.

use serde_json::json;
use thirtyfour::Key;

use crate::{
    harness::{Engine, id},
    on_both,
    stage::Stage,
    visitor::Visitor,
};

on_both!(units_are_split_among_tenants);

/// 50 units of EDGE-1Y at the provider, and two partners; gives their pool.
async fn book(stage: &Stage) -> uuid::Uuid {
    let app = &stage.app;
    for name in ["Aurora", "Nordlicht"] {
        app.organization(app.provider, "partner", name).await;
    }
    let sku = app.insert_sku("EDGE-1Y", Some("P1Y")).await;
    app.license(app.provider, sku, 50).await.1
}

/// Opens a row for a tenant and gives it a quantity.
async fn adds(who: &Visitor, tenant: &str, units: &str) {
    who.presses("Add tenant").await;
    who.chooses("Tenant", tenant).await;
    who.fills("Quantity", units).await;
    who.presses("Save this row").await;
}

/// How many units the page says remain.
async fn remaining(who: &Visitor) -> String {
    let left = who
        .runs("return document.querySelector('[data-left]').textContent")
        .await;
    left.as_str().expect("a number").to_owned()
}

async fn units_are_split_among_tenants(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let pool = book(&stage).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.opens(&format!("/pools/{pool}/allocations")).await;
    says_what_it_is_about(&olga).await;
    counts_with_every_key(&olga).await;
    changes_rows_before_anything_is_saved(&olga).await;
    refuses_more_than_there_is(&stage, &olga, pool).await;
    does_the_rest_as_a_job(&stage, &olga, pool).await;
    keeps_what_is_in_use(&stage, &olga, pool).await;
    drop(olga);
    stage.end().await;
}

async fn says_what_it_is_about(olga: &Visitor) {
    for fact in [
        "License information",
        "EDGE-1Y",
        "SO-1",
        "1 Jun 2026",
        "31 May 2027",
        "No tenant has units",
    ] {
        olga.sees(fact).await;
    }
    let stars = olga
        .runs("return document.querySelectorAll('.shares .star').length")
        .await;
    assert_eq!(stars, json!(2), "tenant and quantity must be filled");
    assert_eq!(remaining(olga).await, "50");
}

async fn counts_with_every_key(olga: &Visitor) {
    olga.presses("Add tenant").await;
    olga.presses("Save this row").await;
    olga.sees("Choose a tenant.").await;
    olga.chooses("Tenant", "Nord").await;
    olga.row("Nordlicht").sees("new here").await;
    assert_eq!(olga.value("Quantity").await, "", "nobody has said how many");
    for (key, left) in [("2", "48"), ("0", "30"), ("0", "−150")] {
        olga.types("Quantity", key).await;
        assert_eq!(remaining(olga).await, left);
    }
    olga.sees("150 devices more than this license has.").await;
    olga.keys(Key::Backspace).await;
    assert_eq!(remaining(olga).await, "30");
    olga.presses("Save this row").await;
    olga.row("Nordlicht").sees("+20").await;
}

async fn changes_rows_before_anything_is_saved(olga: &Visitor) {
    olga.row("Nordlicht").presses("Edit this row").await;
    olga.row("Nordlicht").fills("Quantity", "25").await;
    olga.row("Nordlicht").presses("Save this row").await;
    assert_eq!(remaining(olga).await, "25");
    olga.row("Nordlicht").presses("Remove this row").await;
    assert_eq!(remaining(olga).await, "50");
    olga.sees("No tenant has units of this license yet").await;
}

async fn refuses_more_than_there_is(stage: &Stage, olga: &Visitor, pool: uuid::Uuid) {
    adds(olga, "Aurora", "20").await;
    adds(olga, "Nordlicht", "31").await;
    olga.presses("Assign").await;
    olga.sees("Nothing was saved.").await;
    olga.sees("add up to 1 device more than this license has")
        .await;
    assert_eq!(remaining(olga).await, "−1", "what was typed stands");
    assert_eq!(stage.app.balance(pool).await, [50, 0, 0, 50]);
    olga.row("Nordlicht").presses("Edit this row").await;
    olga.row("Nordlicht").fills("Quantity", "30").await;
    olga.row("Nordlicht").presses("Save this row").await;
}

async fn does_the_rest_as_a_job(stage: &Stage, olga: &Visitor, pool: uuid::Uuid) {
    olga.presses("Assign").await;
    olga.sees_at("/licenses").await;
    olga.sees("Update of SO-1, EDGE-1Y").await;
    olga.sees("Done").await;
    olga.row("EDGE-1Y").finds("link", "50").await;
    assert_eq!(stage.app.balance(pool).await, [50, 50, 0, 0]);
    olga.follows("Open job").await;
    olga.finds("heading", "Update of SO-1, EDGE-1Y").await;
    olga.sees("2 of 2").await;
    olga.follows("Licenses").await;
    olga.row("EDGE-1Y").follows("50").await;
    olga.follows("Update assignment").await;
    olga.row("Nordlicht").sees("30").await;
}

/// What a partner has passed on cannot be taken back from it.
async fn keeps_what_is_in_use(stage: &Stage, olga: &Visitor, pool: uuid::Uuid) {
    let app = &stage.app;
    let shares = app
        .operator
        .get(&format!("/api/v1/pools/{pool}/allocations"))
        .await
        .expect(200);
    let shares = shares["items"].as_array().expect("shares");
    let share = shares
        .iter()
        .find(|it| it["organization_name"] == "Nordlicht")
        .expect("it has one");
    let (partner, its_pool) = (id(&share["organization_id"]), id(&share["pool_id"]));
    let customer = app.organization(partner, "customer", "Clinics").await;
    app.allocate(its_pool, customer, 22).await;
    olga.opens(&format!("/pools/{pool}/allocations")).await;
    let row = olga.row("Nordlicht");
    row.sees("22 in use, cannot go below").await;
    row.presses("Remove this row").await;
    row.sees("Nordlicht has 22 in use: free 22 there first.")
        .await;
    row.presses("Edit this row").await;
    row.fills("Quantity", "20").await;
    row.presses("Save this row").await;
    row.sees("Nordlicht has 22 in use: free 2 there first.")
        .await;
    row.fills("Quantity", "22").await;
    row.presses("Save this row").await;
    olga.presses("Assign").await;
    olga.sees("Done").await;
    olga.row("EDGE-1Y").finds("link", "42").await;
    assert_eq!(app.balance(pool).await, [50, 42, 0, 8]);
}

/// The picker asks the server while somebody types, and shows a screenful of what it knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tenants_are_searched_and_not_loaded() {
    let stage = Stage::set_up(Engine::Sqlite).await;
    let pool = book(&stage).await;
    for number in 0..60 {
        let name = format!("Customer {number:02}");
        stage
            .app
            .organization(stage.app.provider, "customer", &name)
            .await;
    }
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.opens(&format!("/pools/{pool}/allocations")).await;
    olga.presses("Add tenant").await;
    olga.sees("More match: keep typing to narrow them.").await;
    let shown = olga
        .runs("return document.querySelectorAll('[role=option]').length")
        .await;
    assert!(
        shown.as_u64().is_some_and(|shown| shown > 0 && shown <= 30),
        "{shown}"
    );
    olga.types("Tenant", "customer 47").await;
    olga.sees_no("Customer 01").await;
    olga.keys(Key::Enter).await;
    assert_eq!(olga.value("Tenant").await, "Customer 47");
    drop(olga);
    stage.end().await;
}

/// The whole way from the licenses page to the job, and a refusal on it, without a mouse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough() {
    let stage = Stage::set_up(Engine::Sqlite).await;
    let pool = book(&stage).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.opens("/licenses").await;
    olga.tabs_to("Assign EDGE-1Y").await;
    olga.keys(Key::Enter).await;
    olga.sees("Update license assignment").await;
    for (tenant, units) in [("auro", "20"), ("nord", "31")] {
        olga.tabs_to("Add tenant").await;
        olga.keys(Key::Enter).await;
        olga.tabs_to("Tenant").await;
        olga.keys(tenant).await;
        olga.finds(
            "option",
            if tenant == "auro" {
                "Aurora"
            } else {
                "Nordlicht"
            },
        )
        .await;
        olga.misses(
            "option",
            if tenant == "auro" {
                "Nordlicht"
            } else {
                "Aurora"
            },
        )
        .await;
        olga.keys(Key::Enter).await;
        olga.tabs_to("Quantity").await;
        olga.keys(units).await;
        olga.keys(Key::Enter).await;
        olga.tabs_to("Edit this row").await;
    }
    olga.tabs_to("Assign").await;
    olga.keys(Key::Enter).await;
    olga.sees("Nothing was saved.").await;
    assert_eq!(stage.app.balance(pool).await, [50, 0, 0, 50]);

    olga.tabs_to("Remove this row").await;
    olga.keys(Key::Enter).await;
    olga.tabs_to("Assign").await;
    olga.keys(Key::Enter).await;
    olga.sees_at("/licenses").await;
    olga.sees("Done").await;
    assert_eq!(
        stage.app.balance(pool).await[3],
        30,
        "the row that was added last stood first"
    );
    drop(olga);
    stage.end().await;
}

/// Where script does not run, the same page works as a form: rows are found, added, refused, removed and saved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_is_not_needed() {
    let stage = Stage::set_up(Engine::Sqlite).await;
    let pool = book(&stage).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.without_script().await;
    olga.opens("/licenses").await;
    olga.row("EDGE-1Y").follows("Assign").await;
    olga.misses("button", "Add tenant").await;
    olga.fills("Find a tenant to add", "nord").await;
    olga.presses("Search").await;
    olga.chooses("Tenant", "Nordlicht").await;
    olga.fills("Quantity", "51").await;
    olga.presses("Assign").await;
    olga.sees("Nothing was saved.").await;
    olga.fills("Quantity", "30").await;
    olga.presses("Assign").await;
    olga.sees_at("/licenses").await;
    olga.sees("Update of SO-1, EDGE-1Y").await;
    let done = async || {
        olga.opens("/licenses").await;
        let balance = stage.app.balance(pool).await;
        (balance == [50, 30, 0, 20]).then_some(())
    };
    olga.until(done).await.expect("the job is done");
    olga.opens("/licenses").await;
    olga.row("EDGE-1Y").follows("30").await;
    olga.row("Nordlicht").sees("30").await;
    drop(olga);
    stage.end().await;
}
