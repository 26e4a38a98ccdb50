//! A2: the licenses page, and A5: editing a license.

use serde_json::json;

use crate::{harness::Engine, on_both, stage::Stage, visitor::Visitor};

on_both!(the_list_is_read, a_license_is_edited);

/// Two licenses under SO-1, one under SO-2; 30 of the first stand at a partner.
async fn book(engine: Engine) -> (Stage, uuid::Uuid) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let partner = app.organization(app.provider, "partner", "Nordlicht").await;
    let year = app.insert_sku("EDGE-1Y", Some("P1Y")).await;
    let three = app.insert_sku("EDGE-3Y", Some("P3Y")).await;
    let (license, pool) = app.license(app.provider, year, 50).await;
    app.license(app.provider, three, 20).await;
    let other = json!({"organization_id": app.provider, "sku_id": year, "quantity": 8, "sales_order": "SO-2"});
    app.operator
        .post("/api/v1/licenses", other)
        .await
        .expect(201);
    app.allocate(pool, partner, 30).await;
    (stage, license)
}

async fn heads(who: &Visitor) -> Vec<String> {
    cells(who, "#rows thead th").await
}

/// What is written in these cells, in order.
async fn cells(who: &Visitor, selector: &str) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('{selector}')].map(it => it.innerText.trim())"
    );
    let texts = who.runs(&script).await;
    let texts = texts.as_array().expect("texts").iter();
    texts
        .filter_map(|text| text.as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn the_list_is_read(engine: Engine) {
    let (stage, _) = book(engine).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.follows("Licenses").await;
    shows_facts(&olga).await;
    narrows_and_sorts(&olga).await;
    chooses_columns(&olga).await;
    leads_to_the_tenants(&olga).await;
    drop(olga);
    stage.end().await;
}

async fn shows_facts(olga: &Visitor) {
    let expected = [
        "SKU",
        "Type",
        "Tier",
        "Class",
        "Start",
        "End",
        "Quantity",
        "Available",
        "Assigned",
        "Status",
    ];
    assert_eq!(heads(olga).await[..10], expected);
    assert_eq!(cells(olga, "#rows .group strong").await, ["SO-1", "SO-2"]);
    let row = olga.row("EDGE-3Y");
    for fact in [
        "Device",
        "Premium",
        "Class 2",
        "1 Jun 2026",
        "31 May 2029",
        "20",
        "Active",
    ] {
        row.sees(fact).await;
    }
}

async fn narrows_and_sorts(olga: &Visitor) {
    olga.fills("Search", "so-2").await;
    olga.sees_no("SO-1").await;
    olga.fills("Search", "nothing like it").await;
    olga.sees("Nothing matches").await;
    olga.follows("Clear search and filters").await;
    olga.sees("SO-1").await;

    olga.chooses("Group by", "By SKU").await;
    olga.row("EDGE-1Y Product of EDGE-1Y 2 licenses")
        .sees("58 units")
        .await;
    assert_eq!(
        cells(olga, "#rows .group strong").await,
        ["EDGE-1Y", "EDGE-3Y"]
    );
    olga.chooses("Group by", "By sales order").await;
    olga.row("SO-1 2 licenses").sees("70 units").await;

    let quantities = "#rows td[data-label=Quantity]";
    olga.follows("Quantity").await;
    olga.until(async || (cells(olga, quantities).await == ["8", "20", "50"]).then_some(()))
        .await
        .expect("the fewest stand first");
    olga.follows("Quantity").await;
    olga.until(async || (cells(olga, quantities).await == ["50", "20", "8"]).then_some(()))
        .await
        .expect("the most stand first");
}

async fn chooses_columns(olga: &Visitor) {
    olga.presses("Columns").await;
    olga.ticks("Tier").await;
    olga.sees_no("Premium").await;
    olga.opens("/licenses").await;
    olga.sees_no("Premium").await;
    assert!(
        !heads(olga).await.contains(&"Tier".to_owned()),
        "the choice is kept"
    );
}

async fn leads_to_the_tenants(olga: &Visitor) {
    let given = olga.row("30");
    given.follows("30").await;
    olga.finds("field", "Search tenants").await;
    olga.row("Nordlicht").sees("30").await;
    olga.presses("Close").await;
    olga.misses("field", "Search tenants").await;

    olga.row("EDGE-3Y").follows("Assign").await;
    olga.sees("Update license assignment").await;
    let by_link = olga.driver.current_url().await.expect("an address");
    olga.follows("Licenses").await;
    let button = olga.finds("button", "Update assignment").await;
    assert!(
        !button.is_enabled().await.expect("a button"),
        "nothing is selected"
    );
    olga.ticks("Select EDGE-3Y, SO-1").await;
    olga.sees("1 selected").await;
    olga.presses("Update assignment").await;
    olga.sees("Update license assignment").await;
    assert_eq!(
        olga.driver.current_url().await.expect("an address"),
        by_link
    );
}

/// What is fixed cannot be changed, what belongs to the sales order reaches all of it, and the quantity goes down
/// to what is in use.
async fn a_license_is_edited(engine: Engine) {
    let (stage, license) = book(engine).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.opens(&format!("/licenses/{license}")).await;
    olga.follows("Edit").await;
    for fixed in ["Owner", "Sales order", "SKU"] {
        olga.sees(fixed).await;
        olga.misses("field", fixed).await;
    }
    olga.sees("1 other license of sales order SO-1").await;
    olga.fills("Support reference", "CASE-77").await;
    // The parts of a date field are typed in the browser's order: month, day, year.
    olga.types("First day", "06152026").await;
    olga.fills("Quantity", "29").await;
    olga.presses("Save changes").await;
    olga.sees("30 devices are in use; free 1 before you lower the quantity to 29.")
        .await;
    assert_eq!(
        olga.value("Support reference").await,
        "CASE-77",
        "what was typed stands"
    );
    olga.fills("Quantity", "30").await;
    olga.presses("Save changes").await;
    olga.sees("14 Jun 2027").await;

    olga.follows("Licenses").await;
    olga.row("EDGE-3Y").sees("15 Jun 2026").await;
    olga.row("EDGE-3Y").sees("14 Jun 2029").await;
    olga.sees("CASE-77").await;
    olga.row("8 8 Assign").sees("1 Jun 2026").await;
    olga.row("EDGE-3Y").follows("EDGE-3Y").await;
    olga.sees("CASE-77").await;
    drop(olga);
    stage.end().await;
}
