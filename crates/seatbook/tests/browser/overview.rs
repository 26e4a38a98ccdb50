//! What account managers look at first every morning: the overview of the demo, and the rows behind its numbers.

use serde_json::Value;

use crate::{
    harness::Engine,
    on_both,
    stage::Stage,
    visitor::{Look, Visitor},
};

on_both!(numbers_of_the_overview_lead_to_their_rows);

/// The links of a part of the page with what they say.
const LINKS: &str = "return [...document.querySelectorAll('section[aria-labelledby=PART] a')]
    .map(a => [a.getAttribute('href'), a.textContent.trim()])";
/// How many rows a list shows.
const ROWS: &str = "return document.querySelectorAll('#rows tbody tr td').length === 0 ? 0
    : [...document.querySelectorAll('#rows tbody tr')].filter(row => row.querySelector('td a')).length";

async fn numbers_of_the_overview_lead_to_their_rows(engine: Engine) {
    let stage = Stage::demo(engine).await;
    let ingrid = stage
        .demo_person("ingrid@norvik.example", Look::Light)
        .await;
    for part in [
        "Units by product",
        "Use over time",
        "Ending by month",
        "Ending next",
        "Waiting",
        "Latest changes",
    ] {
        ingrid.finds("heading", part).await;
    }
    let months = links(&ingrid, "months-head").await;
    assert!(!months.is_empty(), "something ends");
    for (href, count) in months {
        ingrid.opens(&href).await;
        ingrid.sees("ending in").await;
        let found = ingrid.runs(ROWS).await.as_i64().expect("a number");
        assert_eq!(found.to_string(), count, "{href}");
    }
    ingrid.opens("/").await;
    let products = links(&ingrid, "products-head").await;
    assert!(!products.is_empty());
    for (href, name) in products {
        ingrid.opens(&href).await;
        ingrid.sees(&format!("Only {name}.")).await;
        assert!(ingrid.runs(ROWS).await.as_i64() > Some(0), "{href}");
    }
    ingrid.opens("/").await;
    for (href, words) in links(&ingrid, "tasks-head").await {
        ingrid.opens(&href).await;
        let count = words.split(' ').next().unwrap_or_default().to_owned();
        if href.starts_with("/invoices") {
            let found = ingrid.runs(ROWS).await.as_i64().expect("a number");
            assert_eq!(found.to_string(), count, "{href}: {words}");
        }
    }
    one_product_by_keyboard(&ingrid).await;
    drop(ingrid);
    stage.end().await;
}

/// The line of one product is chosen without a mouse, and the table under it says the same in numbers.
async fn one_product_by_keyboard(ingrid: &Visitor) {
    ingrid.opens("/").await;
    let choices =
        "return [...document.querySelectorAll('#trend-product option')].map(o => o.textContent)";
    let choices = ingrid.runs(choices).await;
    let product = choices[1].as_str().expect("a product").to_owned();
    ingrid.chooses("Product", &product).await;
    ingrid.presses("Show").await;
    let chosen = "return document.querySelector('#trend-product').selectedOptions[0].textContent";
    let there = ingrid.until(async || {
        (ingrid.runs(chosen).await == product.as_str()
            && ingrid.runs("return location.search").await != "")
            .then_some(())
    });
    assert!(there.await.is_some(), "{}", ingrid.reads().await);
    let weeks =
        "return document.querySelectorAll('section[aria-labelledby=trend-head] tbody tr').length";
    assert!(
        ingrid.runs(weeks).await.as_i64() > Some(4),
        "the story is weeks long"
    );
}

async fn links(who: &Visitor, part: &str) -> Vec<(String, String)> {
    let found = who.runs(&LINKS.replace("PART", part)).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let links = found.as_array().expect("links").iter();
    let mut links: Vec<_> = links.map(|it| (text(&it[0]), text(&it[1]))).collect();
    links.dedup();
    let mut seen = Vec::new();
    links.retain(|it| {
        !seen.contains(&it.0) && {
            seen.push(it.0.clone());
            true
        }
    });
    links
}
